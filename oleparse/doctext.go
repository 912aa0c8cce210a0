package oleparse

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"strings"
)

// wordMax bounds the bytes of WordDocument that are read for text: 8 million characters in UTF-16 are more than any manual has.
const wordMax = 16 << 20

// wordText is the text of a document of Word as it is read.
type wordText struct {
	c      *compound
	path   string
	page   int
	fields fields
	hidden bool // inside the instruction of a field
}

// readWord reads the text and the fields of the document and of those embedded in it.
func (c *compound) readWord() {
	if c.r.inPackage {
		return
	}
	for _, id := range c.order {
		if e := &c.entries[id]; e.kind == typeStream && e.parent != noParent && strings.EqualFold(e.name, "WordDocument") {
			c.readWordDocument(id)
		}
	}
}

func (c *compound) readWordDocument(id int) {
	f, ok := parseFIB(readMost(c.plain(id, 0), fibHead))
	if !ok || f.flags&flagEncrypted != 0 && c.views[id] == nil {
		return
	}
	table := c.tableStream(id, &f)
	c.readAssociated(id, table, &f)
	w := &wordText{c: c, path: c.path(id), page: f.page}
	w.fields.memory = &c.r.fields
	pieces := parsePieces(c.readSpan(table, f.clx, clxMax), f.old)
	if len(pieces) > 0 {
		w.read(id, pieces)
	} else {
		w.readRange(id, &f)
	}
	w.end()
}

// tableStream is the stream with the tables (MS-DOC 2.1.2): Word 6 has them in the main stream.
func (c *compound) tableStream(id int, f *fib) int {
	if f.old {
		return id
	}
	names := [...]string{"0Table", "1Table"}
	if f.flags&flagTable1 != 0 {
		slices.Reverse(names[:])
	}
	for _, name := range names {
		if t := c.find(c.entries[id].parent, typeStream, name); t >= 0 {
			return t
		}
	}
	return id
}

// readSpan reads part of a stream, most bytes at most.
func (c *compound) readSpan(id int, s span, most int64) []byte {
	if s.size <= 0 || s.at < 0 || s.at >= c.entries[id].size {
		return nil
	}
	return readMost(c.plain(id, s.at), min(s.size, most, c.entries[id].size-s.at))
}

// readAtOnce is what readMost has room for before it knows that there is more: most of what it reads is smaller.
const readAtOnce = 16 << 10

// readMost reads up to n bytes; an error ends them.
func readMost(r io.Reader, n int64) []byte {
	if n <= headLen {
		b := make([]byte, max(n, 0))
		got, _ := io.ReadFull(r, b)
		return b[:got]
	}
	var b bytes.Buffer
	b.Grow(int(min(n, readAtOnce)) + bytes.MinRead)
	_, _ = b.ReadFrom(io.LimitReader(r, n))
	return b.Bytes()
}

// read reads pieces in their order. The bytes they lie in are read once, from the first to the last.
func (w *wordText) read(id int, pieces []piece) {
	lo, hi := pieces[0].at, int64(0)
	for _, p := range pieces {
		lo, hi = min(lo, p.at), max(hi, p.at+p.size)
	}
	b := w.c.readSpan(id, span{lo, hi - lo}, wordMax)
	left := int64(wordMax)
	for _, p := range pieces {
		from := min(p.at-lo, int64(len(b)))
		part := b[from:min(from+min(p.size, left), int64(len(b)))]
		left -= int64(len(part))
		w.take(part, p.wide)
	}
}

// readRange reads the text of a document without a piece table: Word 6's, or one whose table is damaged, of which nobody knows how the
// characters are stored.
func (w *wordText) readRange(id int, f *fib) {
	b := w.c.readSpan(id, f.text, wordMax)
	w.take(b, false)
	if !f.old {
		w.end()
		w.take(b, true)
	}
}

// textChunk is how many bytes of text are decoded at once.
const textChunk = 64 << 10

func (w *wordText) take(b []byte, wide bool) {
	for len(b) > 0 {
		n := cutText(b, wide)
		if wide {
			w.chars(utf16Text(b[:n]))
		} else {
			w.chars(decodeText(w.page, b[:n]))
		}
		b = b[n:]
	}
}

// cutText is a length at which text can be cut: not inside a pair of UTF-16, and in a code page at a paragraph, where no character of two bytes is.
func cutText(b []byte, wide bool) int {
	if len(b) <= textChunk {
		return len(b)
	}
	if i := bytes.LastIndexByte(b[:textChunk], '\r'); !wide && i >= 0 {
		return i + 1
	}
	if wide && b[textChunk-1]&0xFC == 0xD8 { // a first half
		return textChunk - 2
	}
	return textChunk
}

// utf16Text decodes UTF-16 in little-endian order; halves of pairs become U+FFFD.
func utf16Text(b []byte) string {
	if !isASCII16(b) {
		return utf16String(b)
	}
	out := make([]byte, len(b)/2)
	for i := range out {
		out[i] = b[2*i]
	}
	return string(out)
}

func isASCII16(b []byte) bool {
	for i := 0; i+1 < len(b); i += 2 {
		if binary.LittleEndian.Uint16(b[i:]) >= 0x80 {
			return false
		}
	}
	return true
}

// The characters around a field (MS-DOC 2.8.25).
const (
	fieldBegin    = "\x13"
	fieldSeparate = "\x14"
	fieldEnd      = "\x15"
	fieldMarks    = fieldBegin + fieldSeparate + fieldEnd
)

// chars takes text of the document: what the reader sees goes to the caller, what stands between the marks of a field to its instruction.
func (w *wordText) chars(s string) {
	for s != "" {
		i := strings.IndexAny(s, fieldMarks)
		if i < 0 {
			i = len(s)
		}
		w.run(s[:i])
		if s = s[i:]; s == "" {
			return
		}
		switch s[:1] {
		case fieldBegin:
			w.fields.begin()
		case fieldSeparate:
			w.fields.separate()
		case fieldEnd:
			w.endField()
		}
		w.hidden = w.inInstruction()
		s = s[1:]
	}
}

func (w *wordText) inInstruction() bool {
	return w.fields.deeper > 0 || slices.ContainsFunc(w.fields.stack, func(f field) bool { return !f.separated })
}

// run takes text without field marks.
func (w *wordText) run(s string) {
	if s == "" {
		return
	}
	if w.fields.depth() == 0 && w.c.r.o.Text == nil {
		return
	}
	s = strings.Map(visible, s)
	if w.fields.depth() > 0 {
		w.fields.text([]byte(s))
	}
	if !w.hidden {
		w.c.r.write(s)
	}
}

// visible maps the characters that stand for something else (MS-DOC 2.4.1): ends of lines, cells and pages, hyphens; anchors are left out.
func visible(r rune) rune {
	switch r {
	case '\r', 0x0B, 0x0C, 0x0E:
		return '\n'
	case 0x07:
		return '\t'
	case 0x1E:
		return '-'
	}
	if r < ' ' && r != '\t' && r != '\n' || r == 0x1F {
		return -1
	}
	return r
}

// end ends the text: a field that never ended is worked out as far as it goes.
func (w *wordText) end() {
	for w.fields.depth() > 0 {
		w.endField()
	}
	w.hidden = false
	w.c.r.write("\n")
}
