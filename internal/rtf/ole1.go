package rtf

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
)

// Kind is what an Object is.
type Kind string

// The kinds of objects.
const (
	KindEmbedded Kind = "embedded" // another program's document
	KindPackage  Kind = "package"  // a file
	KindLinked   Kind = "link"     // lies elsewhere
	KindRaw      Kind = "raw"      // no OLE 1.0 object; the bytes as they are
	KindEmpty    Kind = "empty"
)

// Object is one \objdata.
type Object struct {
	Number   int // from 1, in the order of reading
	Kind     Kind
	Class    string // ProgID in the object's header
	Declared string // ProgID that \objclass claims
	CLSID    string // \oleclsid
	Name     string // of a package: the file's
	Source   string // of a package: the path it came from
	Target   string // of a link
	Update   bool   // \objupdate: loaded when the document is opened, not when it is clicked on
	Control  bool   // \objocx
	Linked   bool   // \objautlink, \objlink

	// What the content shows when it has been read.
	Root     string // CLSID of a compound file's root as {…}, "" for none
	Equation bool   // the old equation editor opens it
	Attacked string // the fault that the class is known for, as CVE number
}

// declared is what control words say of the object that follows.
type declared struct {
	class, clsid            string
	update, linked, control bool
}

const (
	maxName = 256  // of names and targets kept; a path has 260 characters at most
	headMax = 4096 // an object's header: three names, a package's three paths
)

// MS-OLEDS 2.2.1, ObjectHeader.FormatID
const (
	formatLinked       = 1
	formatEmbedded     = 2
	formatPresentation = 5
)

// hand parses the object in d and gives its content to the caller.
func (p *parser) hand(d *data) error {
	r := bufio.NewReaderSize(d, headMax)
	head, _ := r.Peek(headMax)
	o := &Object{
		Number: p.handed, Kind: KindRaw, Declared: p.declared.class, CLSID: p.declared.clsid, Update: p.declared.update,
		Control: p.declared.control, Linked: p.declared.linked,
	}
	native := p.native(o, head, r)
	o.judge()
	err := p.o.Object(o, &classWatch{r: native, o: o})
	if o.Kind == KindLinked {
		p.link(LinkObject, o.Target)
	}
	return err
}

// native is the content of the object whose first bytes are head, and what these say goes to o.
func (p *parser) native(o *Object, head []byte, r *bufio.Reader) io.Reader {
	if len(head) == 0 {
		o.Kind = KindEmpty
		return r
	}
	c := cursor{b: head}
	c.u32() // OLEVersion: Word takes any
	format := c.u32()
	class, topic := c.ansi(), c.ansi()
	c.ansi() // ItemName
	switch {
	case c.bad || format > formatPresentation || format != formatLinked && format != formatEmbedded:
		return carved(r, head, 0)
	case format == formatLinked: // 2.2.6
		o.Kind, o.Class, o.Target = KindLinked, p.name(class), p.name(topic)
		return carved(r, head, c.off)
	}
	size := c.u32() // 2.2.5, NativeDataSize
	if c.bad {
		return carved(r, head, 0)
	}
	o.Kind, o.Class = KindEmbedded, p.name(class)
	discard(r, c.off)
	if strings.EqualFold(o.Class, "Package") {
		return p.packaged(o, io.LimitReader(r, int64(size)))
	}
	if at := magicAt(head[c.off:]); at > 0 { // a header that lies about its own length
		discard(r, at)
		return r
	}
	return io.LimitReader(r, int64(size))
}

// name is a string of an object's header.
func (p *parser) name(b []byte) string {
	b, _, _ = bytes.Cut(b, []byte{0})
	return p.text.decode(b[:min(len(b), maxName)])
}

// packaged is the file in a Package object: what Ole10Native holds behind its size.
func (p *parser) packaged(o *Object, r io.Reader) io.Reader {
	br := bufio.NewReaderSize(r, headMax)
	head, _ := br.Peek(headMax)
	c := cursor{b: head}
	c.u16()
	label, path := c.zero(), c.zero()
	c.u16()
	kind := c.u16()
	o.Kind = KindPackage
	if kind == packageLink {
		o.Name, o.Source = p.name(label), p.name(path)
		o.Kind, o.Target = KindLinked, o.Source
		return strings.NewReader("")
	}
	temp := c.ansi()
	size := c.u32()
	if c.bad {
		return carved(br, head, 0)
	}
	o.Name, o.Source = p.name(label), p.name(path)
	if o.Name == "" {
		o.Name = baseName(o.Source)
	}
	if o.Name == "" {
		o.Name = baseName(p.name(temp))
	}
	discard(br, c.off)
	return io.LimitReader(br, int64(size))
}

const packageLink = 1 // the package names a file instead of holding it

// baseName is the last component of a Windows path.
func baseName(s string) string { return s[strings.LastIndexAny(s, `\/:`)+1:] }

// carved is what follows the first bytes where no length can be believed: from the first signature of a file on, else all of it.
func carved(r *bufio.Reader, head []byte, from int) io.Reader {
	discard(r, from+max(0, magicAt(head[from:])))
	return r
}

// magicAt is where the first signature of a file stands in b, -1 for none.
func magicAt(b []byte) int {
	at := -1
	for _, sig := range []string{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "PK\x03\x04", "{\\rt", "%PDF-", "ITSF\x03"} {
		if i := bytes.Index(b, []byte(sig)); i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	if i := bytes.Index(b, []byte("MZ")); i >= 0 && (at < 0 || i < at) && bytes.Contains(b[i:], []byte("This program")) {
		at = i
	}
	return at
}

// discard drops bytes that Peek has shown.
func discard(r *bufio.Reader, n int) {
	if _, err := r.Discard(n); err != nil {
		return // the next Read says it again
	}
}

// cursor reads a header. Once it ran over the end it is bad.
type cursor struct {
	b   []byte
	off int
	bad bool
}

func (c *cursor) take(n int64) []byte {
	if c.bad || n > int64(len(c.b)-c.off) {
		c.bad = true
		return nil
	}
	b := c.b[c.off : c.off+int(n)]
	c.off += int(n)
	return b
}

func (c *cursor) u16() uint16 {
	if b := c.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// ansi is a LengthPrefixedAnsiString (MS-OLEDS 2.1.4).
func (c *cursor) ansi() []byte { return c.take(int64(c.u32())) }

// zero is a string that ends with a zero.
func (c *cursor) zero() []byte {
	i := bytes.IndexByte(c.b[c.off:], 0)
	if c.bad || i < 0 {
		c.bad = true
		return nil
	}
	b := c.b[c.off : c.off+i]
	c.off += i + 1
	return b
}
