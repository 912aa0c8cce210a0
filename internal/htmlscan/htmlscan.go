// Package htmlscan splits HTML (WHATWG HTML 13.2.5) into tags and text as a scanner of hostile documents wants them: nothing is refused, everything is
// read as a stream. What stands in conditional comments, which Office reads and browsers do not, is content; other comments, scripts and style
// sheets are passed over. References stay as they are written.
//
// # Limits
//
//   - Of a tag 64 KiB are kept and 256 attributes; pictures in attributes are larger and say nothing.
//   - Text arrives in pieces of at most 32 KiB.
package htmlscan

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// Kind is what a token is.
type Kind uint8

// The kinds of tokens.
const (
	EOF Kind = iota
	Start
	End
	Text
)

const (
	tagMax     = 64 << 10
	attrsMax   = 256 // no element of HTML knows more than some dozens
	bufferSize = 32 << 10
	refMax     = 34 // the longest name is CounterClockwiseContourIntegral
)

// Attr is an attribute, its name in lower case.
type Attr struct{ Name, Value string }

// Scanner reads tokens. Slices are valid until the next call of Next.
type Scanner struct {
	in   *bufio.Reader
	err  error
	low  []byte // holds name
	name []byte
	tag  []byte // from the name on
	rest []byte // what stands behind the name
	text []byte
	raw  string // the element whose content is passed over
	lt   bool   // a "<" has been read
	part []byte // a reference that the last piece cut off
	join []byte
}

// scanners are those that were closed: the buffers of one are larger than most pages of mails.
var scanners = sync.Pool{New: func() any { return &Scanner{in: bufio.NewReaderSize(nil, bufferSize)} }}

// New returns a Scanner of r.
func New(r io.Reader) *Scanner {
	s := scanners.Get().(*Scanner)
	s.in.Reset(r)
	*s = Scanner{in: s.in, low: s.low[:0], tag: s.tag[:0], part: s.part[:0], join: s.join[:0]}
	return s
}

// Close gives the Scanner back. Nobody uses it, nor a slice of it, afterwards. One that is not closed is only more garbage.
func (s *Scanner) Close() {
	s.in.Reset(nil)
	scanners.Put(s)
}

// Name is the current tag's name in lower case, with its prefix.
func (s *Scanner) Name() []byte { return s.name }

// Text is the current piece of text.
func (s *Scanner) Text() []byte { return s.text }

// Err is the error of the reader, nil at the end of the input.
func (s *Scanner) Err() error {
	if errors.Is(s.err, io.EOF) {
		return nil
	}
	return s.err
}

// Next goes on to the next token.
func (s *Scanner) Next() Kind {
	for s.err == nil {
		kind := EOF
		if s.lt {
			s.lt = false
			kind = s.markup()
		} else {
			kind = s.chars()
		}
		switch {
		case s.raw != "" && kind == End && string(s.name) == s.raw:
			s.raw = ""
		case s.raw != "" || kind == EOF:
			continue
		case kind == Start && (string(s.name) == "script" || string(s.name) == "style"): // HTML 13.2.5.4, 13.2.5.2
			s.raw = string(s.name)
		}
		return kind
	}
	return EOF
}

// chars takes text up to the next "<".
func (s *Scanner) chars() Kind {
	b, err := s.in.ReadSlice('<')
	switch {
	case err == nil:
		s.lt = true
		b = b[:len(b)-1]
	case !errors.Is(err, bufio.ErrBufferFull):
		s.err = err
	}
	if len(s.part) > 0 {
		s.join = append(append(s.join[:0], s.part...), b...)
		b, s.part = s.join, s.part[:0]
	}
	if errors.Is(err, bufio.ErrBufferFull) {
		if i := bytes.LastIndexByte(b, '&'); i >= len(b)-refMax && bytes.IndexByte(b[max(0, i):], ';') < 0 {
			s.part = append(s.part[:0], b[i:]...)
			b = b[:i]
		}
	}
	if s.text = b; len(b) == 0 {
		return EOF
	}
	return Text
}

// markup takes what follows a "<". A tag begins with a letter; anything else is text.
func (s *Scanner) markup() Kind {
	if s.raw != "" {
		return s.rawEnd()
	}
	head, _ := s.in.Peek(len("!--[if"))
	switch {
	case len(head) == 0:
		_, s.err = s.in.ReadByte()
	case bytes.HasPrefix(head, []byte("!--")) && !bytes.EqualFold(head, []byte("!--[if")):
		s.comment()
	case head[0] == '!', head[0] == '?': // a declaration, or the frame of a conditional comment
		s.toEnd()
	case head[0] == '/', 'a' <= head[0]|0x20 && head[0]|0x20 <= 'z':
		return s.element(head[0] == '/')
	default:
		s.text = []byte("<")
		return Text
	}
	return EOF
}

// rawEnd takes the end tag of an element whose content is passed over. No other tag, and no comment, counts in there (HTML 13.2.5.11 to 13.2.5.29):
// what a comment in a script could hide would be what stands behind the script.
func (s *Scanner) rawEnd() Kind {
	head, _ := s.in.Peek(len(s.raw) + 2)
	if len(head) < len(s.raw)+2 || head[0] != '/' || !strings.EqualFold(string(head[1:1+len(s.raw)]), s.raw) {
		return EOF
	}
	if c := head[1+len(s.raw)]; c != '>' && c != '/' && !isSpace(c) {
		return EOF
	}
	return s.element(true)
}

// comment passes over a comment. It ends with "-->" or "--!>"; "<!-->" and "<!--->" are whole ones (HTML 13.2.5.43 to 13.2.5.52).
func (s *Scanner) comment() {
	if _, err := s.in.Discard(len("!--")); err != nil {
		s.err = err
	}
	bangFrom := 4 // dashes before "!>", those that opened it included
	for dashes, bang := 2, false; s.err == nil; {
		c, err := s.in.ReadByte()
		switch {
		case err != nil:
			s.err = err
		case c == '-' && !bang:
			dashes++
		case c == '>' && dashes >= 2:
			return
		case c == '!' && !bang && dashes >= bangFrom:
			bang = true
		default:
			dashes, bang, bangFrom = 0, false, 2
			if c == '-' {
				dashes = 1
			}
		}
	}
}

// toEnd reads to the end of a tag into s.tag. A ">" in quotes does not end it, where quotes follow an equals sign.
func (s *Scanner) toEnd() {
	s.tag = s.tag[:0]
	var state tagState
	for {
		b, err := s.in.Peek(max(1, s.in.Buffered()))
		if len(b) == 0 {
			s.err = err
			return
		}
		n, ended := state.end(b)
		s.tag = append(s.tag, b[:min(n, tagMax-len(s.tag))]...)
		if ended {
			n++
		}
		if _, s.err = s.in.Discard(n); ended || s.err != nil {
			return
		}
	}
}

// tagState is where in a tag the scanner is.
type tagState struct {
	quote byte // around what follows, 0 for none
	last  byte // before that, blanks left out
}

// end is how much of b belongs to the tag, and whether it ends there.
func (t *tagState) end(b []byte) (n int, ended bool) {
	for i := 0; i < len(b); i++ {
		if t.quote != 0 {
			n := bytes.IndexByte(b[i:], t.quote)
			if n < 0 {
				return len(b), false
			}
			i += n
			t.quote, t.last = 0, b[i]
			continue
		}
		switch c := b[i]; c {
		case '>':
			return i, true
		case ' ', '\n', '\r', '\t':
		default:
			if (c == '"' || c == '\'') && t.last == '=' {
				t.quote = c
			}
			t.last = c
		}
	}
	return len(b), false
}

// element splits the name off a tag.
func (s *Scanner) element(end bool) Kind {
	if s.toEnd(); s.err != nil {
		return EOF
	}
	kind, b := Start, s.tag
	if end {
		kind, b = End, b[1:]
	}
	s.low = s.low[:0]
	n, ascii := 0, true
	for ; n < len(b) && !isSpace(b[n]) && b[n] != '/'; n++ {
		c := b[n]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		ascii = ascii && c < utf8.RuneSelf
		s.low = append(s.low, c)
	}
	if s.name = s.low; !ascii {
		s.name = bytes.ToLower(b[:n])
	}
	s.rest = b[n:]
	return kind
}

// Attr is the value of the first attribute of that name of the current start tag, "" for none.
func (s *Scanner) Attr(name string) string {
	b := s.rest
	for range attrsMax {
		if b = bytes.TrimLeft(b, " \t\r\n\f/"); len(b) == 0 {
			break
		}
		var n, value []byte
		n, value, b = attr(b)
		if string(n) == name || strings.ToLower(string(n)) == name {
			return string(value)
		}
	}
	return ""
}

// Attrs are the attributes of the current start tag (HTML 13.1.2.3).
func (s *Scanner) Attrs() []Attr {
	var list []Attr
	for b := s.rest; len(list) < attrsMax; {
		if b = bytes.TrimLeft(b, " \t\r\n\f/"); len(b) == 0 {
			break
		}
		var name, value []byte
		name, value, b = attr(b)
		list = append(list, Attr{strings.ToLower(string(name)), string(value)})
	}
	return list
}

// attr takes the attribute at the start of b, which is not empty.
func attr(b []byte) (name, value, rest []byte) {
	n := 1 // an equals sign that begins a name belongs to it
	for n < len(b) && !isSpace(b[n]) && b[n] != '=' && b[n] != '/' {
		n++
	}
	name = b[:n]
	if b = bytes.TrimLeft(b[n:], " \t\r\n\f"); len(b) == 0 || b[0] != '=' {
		return name, nil, b
	}
	b = bytes.TrimLeft(b[1:], " \t\r\n\f")
	if len(b) > 0 && (b[0] == '"' || b[0] == '\'') {
		value, rest, _ = bytes.Cut(b[1:], b[:1])
		return name, value, rest
	}
	n = 0
	for n < len(b) && !isSpace(b[n]) {
		n++
	}
	return name, b[:n], b[n:]
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' }
