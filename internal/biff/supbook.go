package biff

import (
	"slices"
	"strings"
)

// supBook reads a supporting link (MS-XLS 2.4.271).
func (b *book) supBook() {
	const self, addIn = 0x0401, 0x3A01
	if !b.counted {
		b.books, b.counted = nil, true // the list begins here
	}
	if len(b.books) >= manyMost {
		return
	}
	c := b.body.begin()
	tabs, n := c.u16(), c.u16()
	s := supBook{}
	switch n {
	case self:
	case addIn:
		s.kind = bookAddIn
	default:
		flags := c.u8()
		s.external(c.chars(min(n, pathMost), flags&1 != 0))
		for ; tabs > 0 && !c.bad && len(s.sheets) < sheetsOfBook; tabs-- {
			s.sheets = append(s.sheets, c.unicode())
		}
	}
	b.books = append(b.books, s)
	b.link(&s)
}

const (
	pathMost     = 1 << 12 // characters of a path; MS-XLS allows 255
	sheetsOfBook = 1 << 10 // sheets named of another book; only their names are shown
)

// oldExternSheet reads an external sheet of BIFF2 to BIFF5: one path or sheet name.
func (b *book) oldExternSheet() {
	c := cursor{b: b.rs.body()}
	raw := c.take(min(c.u8(), len(c.b)))
	s := supBook{}
	switch {
	case len(raw) > 0 && raw[0] == 0x03: // a sheet of this book
		s.sheets = []string{b.bytes(raw[1:])}
	case len(raw) > 0 && raw[0] == 0x3A: // functions of add-ins
		s.kind = bookAddIn
	case len(raw) == 1 && raw[0] <= 0x04: // this sheet, this book
	case len(raw) > 0:
		s.external(b.bytes(raw))
		if sheet := s.path; s.kind == bookExternal && strings.Contains(sheet, "]") {
			at := strings.LastIndexByte(sheet, ']')
			s.path, s.sheets = strings.Replace(sheet[:at], "[", "", 1), []string{sheet[at+1:]}
		}
	}
	if len(b.books) < manyMost {
		b.books = append(b.books, s)
		b.link(&s)
	}
}

// external takes a virtual path (MS-XLS 2.5.277). Program and topic of DDE and OLE links are divided by a character 3.
func (s *supBook) external(path string) {
	s.kind = bookExternal
	if program, topic, ok := strings.Cut(strings.TrimPrefix(path, "\x01"), "\x03"); ok && !strings.HasPrefix(path, "\x01") {
		s.kind, s.path, s.topic = bookDDE, program, topic
		return
	}
	s.path = virtualPath(path)
}

// virtualPath spells out the marks for volumes, shares and folders (MS-XLS 2.5.277).
func virtualPath(path string) string {
	rest, encoded := strings.CutPrefix(path, "\x01")
	if !encoded {
		return path
	}
	var out strings.Builder
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == 0x01 && i+1 < len(rest):
			i++
			if rest[i] == '@' {
				out.WriteString(`\\`) // a share
			} else {
				out.WriteString(rest[i:i+1] + `:\`)
			}
		case c == 0x02, c == 0x03:
			out.WriteByte('\\')
		case c == 0x04:
			out.WriteString(`..\`)
		case c == 0x05 && i+1 < len(rest):
			i++ // the length of an address, which follows
		case c > 0x08:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// remote says whether a path leads to another host.
func remote(path string) bool {
	low := strings.ToLower(path)
	if strings.HasPrefix(low, `\\`) || strings.HasPrefix(low, "//") {
		return !strings.HasPrefix(low, `\\.\`) && !strings.HasPrefix(low, `\\?\c:`)
	}
	for _, scheme := range []string{"http:", "https:", "ftp:", "ftps:"} {
		if strings.HasPrefix(low, scheme) {
			return true
		}
	}
	return false
}

// link notes a book on another host.
func (b *book) link(s *supBook) {
	if !b.second && s.kind == bookExternal && remote(s.path) && len(b.res.Links) < linksMost {
		b.res.Links = append(b.res.Links, s.path)
	}
}

// externName reads a name of the last supporting link (MS-XLS 2.4.105 ExternName): of DDE it is the item that is asked for.
func (b *book) externName() {
	const fOLELink = 0x10
	c := cursor{b: b.rs.body()}
	flags := 0
	if b.gen >= 3 { // BIFF2 has nothing but the name
		flags = c.u16()
	}
	if b.gen >= 5 {
		c.u32()
	}
	n, text := c.u8(), ""
	if b.gen >= 8 {
		text = c.chars(min(n, len(c.b)), c.u8()&1 != 0)
	} else {
		text = b.bytes(c.take(min(n, len(c.b))))
	}
	if len(b.books) == 0 {
		return
	}
	s := &b.books[len(b.books)-1]
	if b.o.Names -= len(text) + 16; b.o.Names < 0 {
		return
	}
	s.names = append(s.names, text)
	if flags&fOLELink == 0 {
		b.dde(s, text)
	}
}

// stdName is the item that every DDE link has beside those that are asked for.
const stdName = "StdDocumentName"

// dde notes an item of a DDE link that is a command.
func (b *book) dde(s *supBook, item string) {
	if b.second || s.kind != bookDDE || !isCommand(s.path, s.topic) {
		return
	}
	text := s.prefix("") + quoteItem(strings.TrimPrefix(item, "_xlbgnm.")) // Excel puts it before names that look like a cell
	n := len(b.res.DDE)
	switch std := s.prefix("") + stdName; {
	case n > 0 && b.res.DDE[n-1] == std:
		b.res.DDE[n-1] = text
	case item == stdName && n > 0 && strings.HasPrefix(b.res.DDE[n-1], s.prefix("")):
	case n < linksMost:
		b.res.DDE = append(b.res.DDE, text)
	}
}

// isCommand tells a DDE link that starts a program with arguments from one that asks a data feed for a value ("MTX|DATA!XYZ"): the program has a path
// or runs commands for others, or the topic has switches.
func isCommand(program, topic string) bool {
	if strings.ContainsAny(program, `\/:.`) || strings.HasPrefix(topic, "/") || strings.HasPrefix(topic, "-") {
		return true
	}
	for _, s := range []string{" /", " -", "%", "http:", "https:", "|", "&"} {
		if strings.Contains(topic, s) {
			return true
		}
	}
	return slices.Contains(runners[:], strings.ToLower(strings.TrimSpace(program)))
}

// runners are the programs of Windows that run what their arguments say.
var runners = [...]string{"cmd", "command", "powershell", "pwsh", "mshta", "wscript", "cscript", "rundll32", "regsvr32", "msiexec", "bitsadmin",
	"certutil", "forfiles", "wmic", "explorer", "schtasks", "curl", "ftp", "hh", "control", "start", "msexcel"}
