// Package xmlscan splits XML 1.0 (W3C, fifth edition) into tokens as a scanner of hostile files wants them: nothing is refused. Where a
// conforming reader stops at the first fault, a [Scanner] goes on behind it and remembers that there was one, so that damage hides nothing.
//
// Text is delivered in UTF-8 with character references and the five predefined entities resolved. Comments and processing instructions
// are left out. Document type declarations are passed over and not obeyed, as Office does (ECMA-376-2 6.2.5); other entity references stay
// as they are written. UTF-8, UTF-16 (by byte order mark or by its zero bytes) and the encodings of the IANA list are read.
//
// # Limits
//
//   - A tag keeps 1 MiB and 1,024 attributes; the rest of it is passed over and [Scanner.Cut] reports it. Of attributes that differ in their prefix only
//     16 are compared.
//   - Text arrives in pieces of at most 32 KiB: one run of characters may be several tokens.
//   - 256 name space declarations are kept at a time; a prefix behind them has no name space, and Cut reports it.
//   - Nesting is counted and needs no memory, so it has no limit.
//   - Line ends and white space in attributes are left as they are written (XML 2.11, 3.3.3 would change them).
package xmlscan

import (
	"bytes"
	"io"
)

// Kind is what a token is.
type Kind uint8

// The kinds of tokens. An element without content gives Start and End.
const (
	EOF Kind = iota
	Start
	End
	Text
)

const (
	tagMax     = 1 << 20  // the longest honest attributes are pictures in base64, which Office does not write; Excel's longest formula has 8 KiB
	textMax    = 32 << 10 // half a buffer: a piece is found without moving bytes twice
	attrsMax   = 1024     // schemas of Office know fewer than 100 for one element
	bufferSize = 64 << 10
	idleReads  = 100 // as bufio: a reader that gives nothing so often is broken
)

// Scanner reads tokens. All slices it returns are valid until the next call of Next.
type Scanner struct {
	src io.Reader
	err error
	buf []byte
	lo  int // of the next token
	hi  int
	eof bool

	kind    Kind
	prefix  []byte
	name    []byte
	rest    []byte // of a start tag, behind the name
	text    []byte
	attrs   []Attr
	parsed  bool
	scratch []byte // decoded values
	empty   bool   // an End is due
	leave   bool   // the last token ended an element
	cdata   bool
	depth   int
	spaces  spaces

	malformed, cut, dtd bool
	encoding            string
	unknown             bool
}

// New returns a Scanner of r.
func New(r io.Reader) *Scanner {
	s := &Scanner{}
	s.Reset(r)
	return s
}

// Reset makes the Scanner as new, with the memory it has.
func (s *Scanner) Reset(r io.Reader) {
	buf := s.buf
	if buf == nil || len(buf) > bufferSize {
		buf = make([]byte, bufferSize)
	}
	*s = Scanner{src: r, buf: buf, attrs: s.attrs[:0], scratch: s.scratch[:0], spaces: s.spaces}
	s.spaces.pop(0)
	s.detect()
}

// Kind is the kind of the current token.
func (s *Scanner) Kind() Kind { return s.kind }

// Name is the local part of the current tag's name.
func (s *Scanner) Name() []byte { return s.name }

// Prefix is the name space prefix of the current tag's name.
func (s *Scanner) Prefix() []byte { return s.prefix }

// Text is the current piece of text.
func (s *Scanner) Text() []byte { return s.text }

// Depth is the number of elements around the current token, an element's own tags included.
func (s *Scanner) Depth() int { return s.depth }

// Malformed reports whether a conforming reader had stopped by now.
func (s *Scanner) Malformed() bool { return s.malformed }

// Cut reports whether something was passed over for its size.
func (s *Scanner) Cut() bool { return s.cut }

// DTD reports whether a document type declaration was passed over.
func (s *Scanner) DTD() bool { return s.dtd }

// Err is the error of the reader, nil at the end of the input.
func (s *Scanner) Err() error { return s.err }

// Next goes on to the next token.
func (s *Scanner) Next() Kind {
	s.kind = s.next()
	return s.kind
}

func (s *Scanner) next() Kind {
	if s.empty {
		s.empty, s.leave = false, true
		return End
	}
	if s.leave {
		s.leave = false
		s.depth = max(0, s.depth-1)
		s.spaces.pop(s.depth)
	}
	for s.lo < s.hi || s.more() {
		switch {
		case s.cdata:
			if s.cdataText() {
				return Text
			}
		case s.buf[s.lo] != '<':
			s.chars(0)
			return Text
		default:
			if k := s.markup(); k != EOF {
				return k
			}
		}
	}
	if s.depth > 0 {
		s.malformed = true
	}
	return EOF
}

// more reads behind hi and reports whether there was something. Bytes before lo are given up.
func (s *Scanner) more() bool {
	if s.eof {
		return false
	}
	if s.lo > 0 {
		copy(s.buf, s.buf[s.lo:s.hi])
		s.lo, s.hi = 0, s.hi-s.lo
	}
	if s.hi == len(s.buf) {
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	for range idleReads {
		n, err := s.src.Read(s.buf[s.hi:])
		s.hi += n
		if err != nil {
			s.eof = true
			if err != io.EOF {
				s.err = err
			}
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
	s.eof, s.err = true, io.ErrNoProgress
	return false
}

// chars takes text up to the next markup, or as much as a piece may have. The first from bytes belong to it whatever they are.
func (s *Scanner) chars(from int) {
	n := from
	for {
		b := s.buf[s.lo:s.hi]
		if i := bytes.IndexByte(b[n:], '<'); i >= 0 {
			n += i
			break
		}
		if n = len(b); n > textMax || !s.more() {
			break
		}
	}
	if n > textMax {
		n = whole(s.buf[s.lo : s.lo+textMax])
	}
	s.scratch = s.scratch[:0]
	s.text = s.unescape(s.buf[s.lo : s.lo+n])
	s.lo += n
}

// whole is how much of b can be cut off without tearing a reference or a character.
func whole(b []byte) int {
	n := len(b)
	if i := bytes.LastIndexByte(b[n-refMax:], '&'); i >= 0 && bytes.IndexByte(b[n-refMax+i:], ';') < 0 {
		n -= refMax - i
	}
	for i := 1; i < 4; i++ { // RFC 3629 3: at most three bytes follow the first
		if c := b[n-i]; c >= 0xC0 {
			return n - i
		} else if c < 0x80 {
			break
		}
	}
	return n
}

// cdataText takes a piece of a CDATA section (XML 2.7).
func (s *Scanner) cdataText() bool {
	for s.hi-s.lo <= textMax && !bytes.Contains(s.buf[s.lo:s.hi], cdataEnd) && s.more() {
		continue
	}
	b := s.buf[s.lo:s.hi]
	i := bytes.Index(b, cdataEnd)
	switch {
	case i > textMax, i < 0 && len(b) > textMax:
		i = whole(b[:textMax-len(cdataEnd)])
		s.lo += i
	case i >= 0:
		s.cdata = false
		s.lo += i + len(cdataEnd)
	default:
		i, s.malformed = len(b), true
		s.lo = s.hi
	}
	s.text = b[:i]
	return i > 0
}

// Skim passes over everything up to the tag, or the text behind a tag, in which one of words stands, as far as that can be told without
// looking at tokens, and in any case before text that is broken up by a CDATA section, a comment or an instruction. It is for long stretches of equal
// markup. Depth and name spaces are not kept up.
func (s *Scanner) Skim(words [][]byte) {
	if s.empty || s.cdata {
		return
	}
	for {
		b := s.buf[s.lo:s.hi]
		last, found := stop(b, words)
		if found {
			s.lo += max(0, last)
			return
		}
		if last <= 0 && len(b) > textMax {
			return
		}
		if s.lo += max(0, last); !s.more() {
			return
		}
	}
}

// stop finds the place where Skim ends, else the last tag that it must keep because what follows is not known yet. It looks at the beginning first,
// so that a word in every cell does not cost a search of the whole buffer each time.
func stop(b []byte, words [][]byte) (last int, found bool) {
	for n := skimFirst; n < len(b); n *= 8 {
		if last, found := stopIn(b[:n], words); found {
			return last, true
		}
	}
	return stopIn(b, words)
}

const skimFirst = 128 // an ordinary cell

func stopIn(b []byte, words [][]byte) (last int, found bool) {
	at, before := len(b), len(b)
	for _, w := range words {
		if i := bytes.Index(b[:at], w); i >= 0 {
			at, before = i, i+1
		}
	}
	for _, c := range breaks {
		if i := breakAt(b[:at], c); i >= 0 {
			at, before = i, i
		}
	}
	if found = at < len(b); !found && len(b) > 0 && b[len(b)-1] == '<' { // perhaps the first half of a break
		before--
	}
	return bytes.LastIndexByte(b[:before], '<'), found
}

// breaks, behind "<", begin what may stand in the middle of a text (XML 2.5, 2.6, 2.7).
var breaks = [...]byte{'!', '?'}

// breakAt finds "<" before c, by c: among cells it is rare, and every tag has the other.
func breakAt(b []byte, c byte) int {
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], c)
		if i < 0 {
			return -1
		}
		if from += i + 1; from > 1 && b[from-2] == '<' {
			return from - 2
		}
	}
}
