package oleparse

import (
	"bytes"
	"errors"
	"io"
	"path"
	"strings"
	"sync"

	"sekisho/internal/biff"
	"sekisho/internal/xmlscan"
)

// headSize is how many bytes of a part are read before anything is decided.
const headSize = 512

// keptPart and keptParts bound the compound files kept in memory until the caller has inspected them; larger ones are unpacked again.
const (
	keptPart  = 1 << 20
	keptParts = 8 << 20
)

// opc is one package.
type opc struct {
	r     *reading
	src   Parts
	parts []*opcPart
	byKey map[string]*opcPart // the first of each key
	types contentTypes
	main  string // key of the main part
	x     *xmlscan.Scanner
	head  [headSize]byte
	kept  int64 // bytes of compound files in memory

	macros     bool // it has a VBA project, so that names of procedures mean something
	rels       int  // relationships kept
	relBytes   int  // of them
	macroNames bool // a defined name is a macro's, or one that starts by itself
	fields     fieldMemory
	binary     binaryParts
	saved      map[string]map[string]string // texts of controls by the key of their part
}

// opcPart is one part.
type opcPart struct {
	name  string // as the package spells it
	key   string // as partKey makes it
	same  *opcPart
	roles role
	root  string          // local name of the root element of markup
	rels  map[string]*rel // of which it is the source, by Id
	odd   bool            // one of them is of a type that slides of a design do not have
	label string          // ProgID or control's name, as a part that refers to it says
	done  bool
}

func newOPC(r *reading, src Parts) *opc {
	k := &opc{r: r, src: src, byKey: make(map[string]*opcPart)}
	for _, name := range src.Names() {
		p := &opcPart{name: name, key: partKey(name)}
		k.parts = append(k.parts, p)
		if first := k.byKey[p.key]; first != nil {
			p.same, first.same = first.same, p
		} else {
			k.byKey[p.key] = p
		}
	}
	return k
}

// describe reads what the package says of its parts.
func (k *opc) describe() {
	k.readTypes()
	if k.byKey[relsPart] == nil {
		k.r.problem(false, "_rels/.rels", "no such part")
	}
	for _, p := range k.parts {
		if strings.HasSuffix(p.key, ".rels") {
			k.readRels(p)
		}
	}
	for _, p := range k.parts {
		k.macros = k.macros || p.roles&roleVBA != 0 || path.Base(p.key) == projectPart
	}
}

// projectPart is the usual name of the part with the VBA project (MS-OFFMACRO2 2.2.1).
const projectPart = "vbaproject.bin"

// open calls f with a part's content, the first bytes of which are in k.head.
func (k *opc) open(p *opcPart, f func(head []byte, r io.Reader)) {
	part, err := k.src.Open(p.name)
	if err != nil {
		k.r.unreadable(p.name, err)
		return
	}
	defer part.Close()
	n, err := io.ReadFull(part, k.head[:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		k.r.unreadable(p.name, err)
	}
	f(k.head[:n], &headed{k.head[:n], part})
}

// headed is a part of which the beginning was read.
type headed struct {
	head []byte
	rest io.Reader
}

func (h *headed) Read(p []byte) (int, error) {
	if len(h.head) == 0 {
		return h.rest.Read(p)
	}
	n := copy(p, h.head)
	h.head = h.head[n:]
	return n, nil
}

// scan starts k.x on a part's content and calls f. What the reader cannot go on with is unread.
func (k *opc) scan(p *opcPart, r io.Reader, f func()) {
	if k.x == nil {
		k.x = scanners.Get().(*xmlscan.Scanner)
	}
	k.x.Reset(r)
	f()
	if err := k.x.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		k.r.unreadable(p.name, err)
	}
	if k.x.Cut() {
		k.r.problem(true, p.name, "markup larger than the limit")
	}
}

// scanners recycles the memory of scanners: what a Document keeps of a part is a copy.
var scanners = sync.Pool{New: func() any { return &xmlscan.Scanner{} }}

// release gives up the scanner, and with it what it read from.
func (k *opc) release() {
	if k.x != nil {
		k.x.Reset(bytes.NewReader(nil))
		scanners.Put(k.x)
		k.x = nil
	}
}

// elements calls f at each start tag of a part until f is content.
func (k *opc) elements(p *opcPart, f func() bool) {
	k.open(p, func(_ []byte, r io.Reader) {
		k.scan(p, r, func() {
			for kind := k.x.Next(); kind != xmlscan.EOF; kind = k.x.Next() {
				if kind == xmlscan.Start && !f() {
					k.r.problem(true, p.name, "more entries than the limit")
					return
				}
			}
			switch {
			case k.x.DTD(): // ECMA-376-2 6.2.5 forbids it, Office refuses the part
				k.r.problem(false, p.name, "document type declaration")
			case k.x.Malformed():
				k.r.problem(false, p.name, "not well-formed")
			}
		})
	})
}

// readPart reads a part by what its first bytes are.
func (k *opc) readPart(p *opcPart) {
	if p.done {
		return
	}
	p.done = true
	k.open(p, func(head []byte, r io.Reader) {
		switch {
		case IsOLE(head):
			k.readCompound(p, r)
		case p.roles&roleChunk != 0:
			k.file(p, nil, 0)
		case isMarkup(head):
			k.scan(p, r, func() { (&markup{k: k, p: p, x: k.x}).read() })
		case p.roles&roleControl != 0:
			b, _ := io.ReadAll(io.LimitReader(r, controlPart)) // as far as it goes
			k.readSaved(p, bytes.NewReader(b), int64(len(b)))
		default:
			k.binaryPart(p, biff.KindOf(head))
		}
	})
}

// isMarkup says whether a part begins as XML in UTF-8, in UTF-16, or in another encoding.
func isMarkup(head []byte) bool {
	if xmlscan.Wide(head) {
		return true
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n\x00")
	return len(head) > 0 && head[0] == '<'
}

// readCompound reads a part that is a compound file: a VBA project by its root, or by what the package says of it. Another one is an object or
// the storage of a control, and the caller's.
func (k *opc) readCompound(p *opcPart, body io.Reader) {
	most := k.r.unpackedMost()
	b, n, err := k.r.unpack(body, most+1)
	if n > most {
		k.r.problem(true, p.name, "more than the limit of unpacked bytes")
	} else if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		k.r.unreadable(p.name, err)
	}
	if k.r.o.Storage == nil {
		k.r.o.Unpacked = max(0, most-n)
	}
	if p.roles&roleVBA != 0 || path.Base(p.key) == projectPart || k.r.holdsProject(b, n) {
		k.r.compound(b, n, p.name, 1)
		return
	}
	k.file(p, b, n)
	if p.roles&roleControl != 0 {
		k.readSaved(p, b, n)
	} else {
		k.object(Object{Path: p.name, Kind: ObjectEmbedded})
	}
}

func (k *opc) object(o Object) {
	if len(k.r.doc.Objects) < objectsMax {
		k.r.doc.Objects = append(k.r.doc.Objects, o)
	}
}

// file hands a part to the caller, with its content where that is small.
func (k *opc) file(p *opcPart, b io.ReaderAt, n int64) {
	f := File{Path: p.name}
	if b != nil && n <= keptPart && k.kept+n <= keptParts {
		k.kept += n
		f.Open = func() (io.Reader, error) { return io.NewSectionReader(b, 0, n), nil }
	} else {
		f.Open = func() (io.Reader, error) { return k.src.Open(p.name) }
	}
	k.r.doc.Files = append(k.r.doc.Files, f)
}

// holdsProject says whether a compound file has a VBA storage where a part vbaProject.bin has it (MS-OVBA 2.2.1).
func (r *reading) holdsProject(b io.ReaderAt, n int64) bool {
	quiet := &reading{ctx: r.ctx, o: r.o, doc: &Document{}}
	c := &compound{r: quiet, src: newSource(r.ctx, b, n)}
	if !c.readHeader() {
		return false
	}
	c.readFAT()
	if !c.readDirectory() {
		return false
	}
	c.layOut()
	return c.find(c.root, typeStorage, "VBA") >= 0
}

// finish adds what only all parts together tell: the classes of objects and the names of controls.
func (k *opc) finish() {
	k.readBinary()
	k.readMacros()
	k.nameSaved()
	for i := range k.r.doc.Objects {
		o := &k.r.doc.Objects[i]
		p := k.byKey[partKey(o.Path)]
		switch {
		case p == nil || p.label == "":
		case o.Kind == ObjectControl:
			o.Name = p.label
		default:
			o.Class = p.label
		}
	}
}

// partKey makes names comparable (ECMA-376-2 6.2.2.3): one leading slash, no case, no escapes. A NUL ends a name.
func partKey(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	if strings.IndexByte(s, '%') >= 0 {
		s = unescapeURI(s)
	}
	if strings.IndexByte(s, '\\') >= 0 {
		s = strings.ReplaceAll(s, `\`, "/")
	}
	return strings.ToLower(path.Clean("/" + s))
}

// unescapeURI resolves percent escapes (RFC 3986 2.1) as far as they are ones.
func unescapeURI(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if hi, lo := hexDigit(s[i+1]), hexDigit(s[i+2]); hi >= 0 && lo >= 0 {
				b = append(b, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
