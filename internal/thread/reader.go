package thread

import "strings"

// reader goes through a text line by line.
type reader struct {
	persons []Person
	blocks  int     // quoted mails seen
	tries   int     // lines that might have been attributions
	block   block   // the header block that is being read
	before  [2]line // the lines before, nearest first: an attribution may take three
	maybe   *Person // of "NAME wrote:", which counts if a quotation follows
	own     own
}

// line is a line without its marks of quotation.
type line struct {
	text   string
	quotes int // marks before it
}

func (r *reader) read(text string) {
	text = seen(text)
	for text != "" {
		end := strings.IndexByte(text, '\n')
		next := end + 1
		if end < 0 {
			end, next = len(text), len(text)
		}
		r.line(unquote(clip(text[:end], maxLine)))
		text = text[next:]
	}
	r.close()
}

// invisible are signs that programs show nothing of: one within an address or a label would hide it from us, not from the reader.
var invisible = [...]string{"\u00ad", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060", "\ufeff"}

// seen is a text without them. Most texts hold none of the bytes with which they begin.
func seen(text string) string {
	if strings.IndexByte(text, 0xc2) < 0 && strings.IndexByte(text, 0xe2) < 0 && strings.IndexByte(text, 0xef) < 0 {
		return text
	}
	for _, sign := range invisible {
		text = strings.ReplaceAll(text, sign, "")
	}
	return text
}

func (r *reader) line(l line) {
	open := r.block.open()
	if r.block.take(l) {
		return
	}
	if open {
		if r.close(); r.block.take(l) {
			return
		}
	}
	r.other(l)
}

// close ends a header block. What only looked like one was text.
func (r *reader) close() {
	b := &r.block
	if !b.open() {
		return
	}
	if persons := b.persons(); len(persons) > 0 {
		for _, p := range persons {
			r.add(p)
		}
		r.blocks++
		r.own.header(b.lines[0].quotes)
		r.before = [2]line{}
	} else {
		for _, l := range b.lines {
			r.other(l)
		}
	}
	b.reset()
}

// other sees a line that is in no header block.
func (r *reader) other(l line) {
	if r.maybe != nil && l.text != "" {
		if l.quotes > r.before[0].quotes {
			r.quoted(*r.maybe, 1)
		}
		r.maybe = nil
	}
	if p, n, ok := r.attribution(l); ok {
		r.quoted(p, n)
		r.own.head(l.quotes)
		r.before = [2]line{}
		return
	}
	if l.text != "" || r.maybe == nil {
		r.before[1], r.before[0] = r.before[0], l
	}
	r.own.line(l)
}

// quoted notes who wrote the quotation that begins, of whose attribution n lines were taken for text.
func (r *reader) quoted(p Person, n int) {
	r.own.undo(n)
	r.add(p)
	r.blocks++
}

// add keeps a person who has a name or an address.
func (r *reader) add(p Person) {
	if len(r.persons) < MaxQuoted && (p.Name != "" || p.Addr != "") {
		p.Depth = r.blocks
		r.persons = append(r.persons, p)
	}
}

// unquote takes the marks off: ">" and what Japanese programs make of it, with blanks between (RFC 3676 4.5 has none).
func unquote(s string) line {
	l := line{text: trimRight(s)}
	for {
		l.text = trimLeft(l.text)
		rest, ok := strings.CutPrefix(l.text, ">")
		if !ok {
			rest, ok = strings.CutPrefix(l.text, "＞")
		}
		if !ok {
			return l
		}
		l.text, l.quotes = rest, l.quotes+1
	}
}

// The blanks beyond ASCII that stand around lines: the ideographic one and the one that does not break.
const wideBlank, hardBlank = "\u3000", "\u00a0"

func trimLeft(s string) string {
	for s != "" {
		switch {
		case s[0] == ' ' || s[0] == '\t':
			s = s[1:]
		case strings.HasPrefix(s, wideBlank):
			s = s[len(wideBlank):]
		case strings.HasPrefix(s, hardBlank):
			s = s[len(hardBlank):]
		default:
			return s
		}
	}
	return s
}

func trimRight(s string) string {
	for s != "" {
		switch c := s[len(s)-1]; {
		case c == ' ' || c == '\t' || c == '\r':
			s = s[:len(s)-1]
		case strings.HasSuffix(s, wideBlank):
			s = s[:len(s)-len(wideBlank)]
		case strings.HasSuffix(s, hardBlank):
			s = s[:len(s)-len(hardBlank)]
		default:
			return s
		}
	}
	return s
}
