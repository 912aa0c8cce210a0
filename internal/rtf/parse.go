package rtf

import (
	"bytes"
	"context"
	"io"
	"strings"
)

// group is what a brace saves and restores.
type group struct {
	dest dest
	owns bool  // the destination began in this group
	uc   uint8 // \ucN: characters that follow \uN for readers without Unicode
	page int32 // code page of the font, 0 for the document's
}

// parser is the state of one Read.
type parser struct {
	o     Options
	doc   *Document
	src   *source
	err   error
	words map[string]dest

	groups []group // the open groups around cur
	cur    group
	over   int  // open groups beyond maxGroups
	fresh  bool // a group has just been opened
	star   bool // \* was read
	skip   int  // characters that a \uN replaced
	word   []byte

	text   textOut
	fields []field
	deeper int // open instructions beyond maxFields
	declared
	class  []byte // of \objclass, \oleclsid, \template: the text of a small destination
	active *data  // the object being read
	raw    int64  // bytes of a \bin that are still to come

	again  []pending
	seen   int64 // behind it \objdata are new ones
	budget int64 // bytes left for reading again
	handed int   // objects
	binEnd bool  // a \bin claimed more than the file has
}

func newParser(ctx context.Context, r io.ReaderAt, size int64, o Options) *parser {
	p := &parser{o: o, doc: &Document{}, src: newSource(ctx, r, size), words: destinations(), budget: rereads * (size + rereadLeast)}
	p.cur.uc = 1
	p.text = newTextOut(o.Text, o.MaxText)
	return p
}

// all reads the file, then what stands in objects inside objects.
func (p *parser) all() {
	for p.step() {
	}
	p.end()
	for len(p.again) > 0 && p.err == nil {
		next := p.again[0]
		p.again = p.again[1:]
		p.reread(next)
	}
}

// pending is content that is read after what it stands in.
type pending struct {
	at int64
	declared
	raw   bool // not hexadecimal: the rest of the file
	plain bool // data.plain
}

// reread reads the one object whose content begins at q.at.
func (p *parser) reread(q pending) {
	p.groups, p.cur, p.over = p.groups[:0], group{dest: destData, owns: true, uc: 1}, 0
	p.declared, p.star, p.skip, p.raw = q.declared, false, 0, 0
	if q.raw {
		p.raw = p.src.size - q.at
	}
	p.src.seek(q.at)
	p.object(q.plain)
	if p.budget -= max(p.src.offset()-q.at, window); p.budget < 0 && len(p.again) > 0 {
		p.problem(true, "objects inside objects are not all read")
		p.again = nil
	}
}

// end closes what the end of the file left open.
func (p *parser) end() {
	for len(p.groups) > 0 {
		p.closeGroup()
	}
	p.setDest(destText)
}

// step reads one token: a brace, a control word or symbol, or a run of text. It returns false at the end.
func (p *parser) step() bool {
	if p.err != nil || !p.src.fill() {
		if p.err == nil {
			p.err = p.src.err
		}
		return false
	}
	if p.raw > 0 {
		p.binary()
		return true
	}
	switch c := p.src.peek(); c {
	case '{':
		p.src.pos++
		p.openGroup()
	case '}':
		p.src.pos++
		p.over--
		if p.over < 0 {
			p.over = 0
			p.closeGroup()
		}
	case '\\':
		p.src.pos++
		p.control()
	default:
		p.run()
	}
	return p.err == nil
}

func (p *parser) openGroup() {
	p.skip, p.star = 0, false
	if len(p.groups) >= maxGroups {
		p.over++
		p.problem(true, "groups are nested too deep")
		return
	}
	p.groups = append(p.groups, p.cur)
	p.cur.owns, p.fresh = false, true
}

func (p *parser) closeGroup() {
	p.skip, p.star, p.fresh = 0, false, false
	p.closeDest()
	if n := len(p.groups); n > 0 {
		p.cur, p.groups = p.groups[n-1], p.groups[:n-1]
	}
}

// setDest begins a destination in the current group. One that began in the same group ends with it.
func (p *parser) setDest(d dest) {
	p.closeDest()
	p.cur.dest, p.cur.owns = d, true
	switch d {
	case destFieldInst:
		p.openField()
	case destClass, destCLSID, destTemplate:
		p.class = p.class[:0]
	case destData:
		p.data()
	}
}

// closeDest ends the destination that the current group owns.
func (p *parser) closeDest() {
	if !p.cur.owns {
		return
	}
	switch p.cur.dest {
	case destFieldInst:
		p.closeField()
	case destClass:
		p.declared.class = p.small()
	case destCLSID:
		p.declared.clsid = p.small()
	case destTemplate:
		p.link(LinkTemplate, p.small())
	case destData:
		p.active.end(len(p.groups))
	}
	p.cur.owns = false
}

// small is the text of a small destination.
func (p *parser) small() string { return strings.TrimSpace(p.text.decode(p.class)) }

// run takes text up to the next brace or backslash, or the end of the window.
func (p *parser) run() {
	b := p.src.rest()
	n := 0
	for n < len(b) && b[n] != '{' && b[n] != '}' && b[n] != '\\' {
		n++
	}
	b = b[:n]
	p.src.pos += n
	p.fresh = p.fresh && len(bytes.TrimLeft(b, " \t\r\n")) == 0
	if p.cur.dest == destData {
		p.digits(b)
		return
	}
	if p.cur.dest == destSkip {
		return
	}
	for len(b) > 0 && p.skip > 0 {
		if b[0] != '\r' && b[0] != '\n' {
			p.skip--
		}
		b = b[1:]
	}
	p.chars(b)
}

// chars takes bytes of text for the current destination.
func (p *parser) chars(b []byte) {
	switch p.cur.dest {
	case destText, destFieldRes:
		p.text.bytes(b, p.cur.page)
		if p.cur.dest == destFieldRes {
			p.fieldResult(b)
		}
	case destFieldInst:
		p.fieldChars(b)
	case destClass, destCLSID, destTemplate:
		p.class = appendMax(p.class, b, maxName)
	}
}

// char takes one character that was written as a control.
func (p *parser) char(c byte) {
	if p.skip > 0 {
		p.skip--
		return
	}
	p.chars([]byte{c})
}

// rune takes a character of \uN.
func (p *parser) rune(r rune) {
	switch p.cur.dest {
	case destText, destFieldRes:
		p.text.rune(r)
	case destFieldInst:
		p.fieldChars([]byte(string(r)))
	case destClass, destCLSID, destTemplate:
		p.class = appendMax(p.class, []byte(string(r)), maxName)
	}
}

// appendMax appends the part of b that keeps dst within limit; line ends are no text (RTF 1.9.1, "Conventions of an RTF Reader").
func appendMax(dst, b []byte, limit int) []byte {
	for _, c := range b {
		if c != '\r' && c != '\n' && c != 0 && len(dst) < limit {
			dst = append(dst, c)
		}
	}
	return dst
}
