package oleparse

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// nativeHead is enough of \x01Ole10Native for what stands before the data: three strings, none longer than a Windows path (32,767 characters, in
// practice 260).
const nativeHead = 8 << 10

// packed is what the Packager writes into \x01Ole10Native. MS-OLEDS 2.3.6 calls it NativeData and leaves it to the program: two bytes 02 00,
// label, path, icon number, type, temporary path, size, data; then the three strings again in UTF-16.
type packed struct {
	label, source, temp string
	command             string // of a package that runs a command line
	at, size            int64  // of the data in the stream
}

// Types of a package.
const (
	packedCommand = 1
	packedFile    = 3
)

// readNative hands out the data of \x01Ole10Native: a package's file by its name, and other programs' data without one.
func (c *compound) readNative(o *Object, streams map[string]int) {
	id, ok := streams[nativeStream]
	if !ok {
		return
	}
	e := &c.entries[id]
	head := c.head(id, make([]byte, min(e.size, nativeHead)))
	p, ok := parsePacked(head, e.size, c.ansi())
	if !ok {
		c.readRawNative(id, head)
		return
	}
	c.readTail(&p, id)
	o.Kind, o.Name = ObjectPackage, p.name()
	if p.command != "" {
		o.Target = p.command
		c.addLink(Link{Path: c.path(id), Type: LinkOLE, Target: p.command, Remote: isRemote(p.command)})
		if startsProgram(p.command) {
			c.addFile(c.path(id), "command line.cmd", func() (io.Reader, error) { return strings.NewReader(p.command), nil })
		}
		return
	}
	if c.addFile(c.path(id), o.Name, c.from(id, p.at, p.size)) {
		c.r.doc.Files[len(c.r.doc.Files)-1].Also = []string{baseName(p.label), baseName(p.source), baseName(p.temp)}
	}
}

// readRawNative hands out native data that is no package: behind its size, or from the start where there is no size.
func (c *compound) readRawNative(id int, head []byte) {
	size := c.entries[id].size
	b := cursor{b: head}
	at := int64(4)
	if n := int64(b.u32()); n > size || n == 0 {
		at = 0
	}
	if size > at {
		c.addFile(c.path(id), "", c.from(id, at, size-at))
	}
}

// parsePacked reads a package's head from a stream of size bytes; page is the code page of its names. The size before it is not believed and may be
// missing.
func parsePacked(head []byte, size int64, page int) (packed, bool) {
	for _, at := range [...]int64{4, 0} {
		if p, ok := parsePackedAt(head, at, size, page); ok {
			return p, true
		}
	}
	return packed{}, false
}

func parsePackedAt(head []byte, at, size int64, page int) (p packed, ok bool) {
	b := cursor{b: head}
	b.take(at)
	usual := b.u16() == 2
	label, source := b.text(), b.text()
	b.u16() // icon number
	typ := b.u16()
	if b.bad || !printable(label) || !printable(source) || !usual && (typ != packedFile || len(label) == 0) {
		return p, false
	}
	p.label, p.source = decodeText(page, label), decodeText(page, source)
	if typ == packedCommand {
		p.command = decodeText(page, b.text())
		return p, p.command != ""
	}
	p.temp = decodeText(page, tempPath(&b))
	n := int64(b.u32())
	p.at = int64(b.pos)
	if b.bad || p.at > size || !usual && n > size-p.at {
		return p, false
	}
	if p.size = n; n == 0 || n > size-p.at { // what is there is there, whatever the size says
		p.size = size - p.at
	}
	return p, true
}

// tempPath reads the temporary path by its length, or up to its NUL where the length does not lead there.
func tempPath(b *cursor) []byte {
	n := int64(b.u32())
	start := *b
	if t := b.take(n); !b.bad && (n == 0 || t[n-1] == 0) {
		return []byte(strings.TrimRight(string(t), "\x00"))
	}
	*b = start
	return b.text()
}

// printable says whether b may be a name: no control characters.
func printable(b []byte) bool {
	for _, v := range b {
		if v < ' ' {
			return false
		}
	}
	return true
}

// tailMax bounds the strings in UTF-16 behind the data.
const tailMax = 6 << 10

// readTail takes the strings in UTF-16 in the place of those in the code page: temporary path, label, path.
func (c *compound) readTail(p *packed, id int) {
	left := c.entries[id].size - p.at - p.size
	if left < 4 {
		return
	}
	tail := make([]byte, min(left, tailMax))
	r := c.open(id, p.at+p.size)
	n, _ := readFull(r, tail)
	b := cursor{b: tail[:n]}
	var wide [3]string
	for i := range wide {
		wide[i] = utf16String(b.take(2 * int64(b.u32())))
	}
	if b.bad || !plainText(wide[0]) || !plainText(wide[1]) || !plainText(wide[2]) {
		return
	}
	for i, s := range [...]*string{&p.temp, &p.label, &p.source} {
		if wide[i] != "" {
			*s = wide[i]
		}
	}
}

// plainText is printable for text in UTF-8.
func plainText(s string) bool {
	return !strings.ContainsFunc(strings.TrimRight(s, "\x00"), func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError })
}

// name is the file's name: the label unless the path has another extension, which is what decides how the file is opened.
func (p *packed) name() string {
	label, source := baseName(p.label), baseName(p.source)
	if source == "" {
		source = baseName(p.temp)
	}
	if label == "" || source != "" && !strings.EqualFold(extension(label), extension(source)) {
		return source
	}
	return label
}

// baseName is the last part of a path of Windows or of another system.
func baseName(s string) string {
	return s[strings.LastIndexAny(s, `\/:`)+1:]
}

func extension(s string) string {
	return s[max(0, strings.LastIndexByte(s, '.')):]
}

// startsProgram tells a command line that starts a program from the path of a document, which a package may link to as well.
func startsProgram(command string) bool {
	for word := range strings.FieldsFuncSeq(strings.ToLower(command), func(r rune) bool { return unicode.IsSpace(r) || r == '"' }) {
		switch extension(word) {
		case ".exe", ".com", ".bat", ".cmd", ".scr", ".pif", ".vbs", ".js", ".hta", ".ps1":
			return true
		}
	}
	first, rest, _ := strings.Cut(strings.ToLower(strings.TrimSpace(command)), " ")
	switch baseName(first) {
	case "cmd", "powershell", "mshta", "wscript", "cscript", "rundll32", "regsvr32", "explorer", "msiexec", "certutil":
		return rest != ""
	}
	return false
}
