package xmlscan

import "bytes"

var (
	commentStart = []byte("<!--")
	commentEnd   = []byte("-->")
	cdataStart   = []byte("<![CDATA[")
	cdataEnd     = []byte("]]>")
	piEnd        = []byte("?>")
	xmlns        = []byte("xmlns")
)

// markup takes what begins with "<" at lo. EOF means that nothing came of it.
func (s *Scanner) markup() Kind {
	if s.hi-s.lo < 2 && !s.more() {
		return s.stray()
	}
	switch c := s.buf[s.lo+1]; {
	case c == '!':
		s.declaration()
		return EOF
	case c == '?':
		s.skip(2, piEnd)
		return EOF
	case c == '/':
		s.endTag()
		return End
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_', c == ':', c >= 0x80: // XML 2.3 NameStartChar
		s.startTag()
		return Start
	}
	return s.stray()
}

// stray takes a "<" that begins nothing as a character.
func (s *Scanner) stray() Kind {
	s.malformed = true
	s.chars(1)
	return Text
}

func (s *Scanner) startTag() {
	b := s.tag()
	s.parsed = false
	i := s.setName(b)
	s.rest = b[i:]
	s.empty = len(s.rest) > 0 && s.rest[len(s.rest)-1] == '/'
	s.depth++
	if len(s.rest) > len(xmlns) && bytes.Contains(s.rest, xmlns) {
		s.declare()
	}
}

func (s *Scanner) endTag() {
	b := s.tag()
	s.rest, s.parsed, s.leave = nil, false, true
	s.setName(b[1:])
}

// setName takes the name at the start of a tag and returns its length.
func (s *Scanner) setName(b []byte) int {
	n, colon := 0, -1
	for n < len(b) {
		switch c := b[n]; c {
		case ' ', '\t', '\r', '\n', '/', '=', '"', '\'':
			s.splitName(b[:n], colon)
			return n
		case ':':
			if colon < 0 {
				colon = n
			}
		}
		n++
	}
	s.splitName(b, colon)
	return n
}

func (s *Scanner) splitName(b []byte, colon int) {
	s.prefix, s.name = nil, b
	if colon >= 0 {
		s.prefix, s.name = b[:colon], b[colon+1:]
	}
}

// tag takes a tag and returns what stands between its brackets. A "<" in it is against XML 3.1 and begins the next token: a quote that is
// never closed swallows nothing.
func (s *Scanner) tag() []byte {
	if i := shortTag(s.buf[s.lo:s.hi]); i > 0 {
		b := s.buf[s.lo+1 : s.lo+i]
		s.lo += i + 1
		return b
	}
	if i := plainTag(s.buf[s.lo:s.hi]); i > 0 {
		b := s.buf[s.lo+1 : s.lo+i]
		s.lo += i + 1
		return b
	}
	i, quote := 1, byte(0)
	for {
		b := s.buf[s.lo:s.hi]
		var end bool
		if i, quote, end = tagEnd(b, i, quote); end {
			closed := b[i] == '>'
			s.malformed = s.malformed || !closed
			s.lo += i
			if closed {
				s.lo++
			}
			return b[1:i]
		}
		if len(b) >= tagMax {
			s.cut = true
			return s.long(quote)
		}
		if !s.more() {
			s.malformed = true
			b = s.buf[s.lo:s.hi]
			s.lo = s.hi
			return b[1:]
		}
	}
}

// shortTag is plainTag for tags that are a name and nothing else, as most are: 0 for others.
func shortTag(b []byte) int {
	for i, c := range b[:min(len(b), shortName)] {
		if c == '>' {
			return i
		}
		if c <= ' ' || c == '"' || c == '\'' || c == '<' && i > 0 {
			return 0
		}
	}
	return 0
}

const shortName = 32 // "<w:" and the names of elements

// plainTag finds the ">" that ends a tag where nothing can be mistaken for it: all double quotes are closed before it, there are no other ones and
// no "<". It is 0 where that does not hold.
func plainTag(b []byte) int {
	i := bytes.IndexByte(b, '>')
	if i < 0 {
		return 0
	}
	if t := b[1:i]; bytes.Count(t, doubleQuote)%2 != 0 || bytes.IndexByte(t, '\'') >= 0 || bytes.IndexByte(t, '<') >= 0 {
		return 0
	}
	return i
}

var doubleQuote = []byte{'"'}

// tagEnd looks from i for the ">" outside quotes or the "<" that ends a tag.
func tagEnd(b []byte, i int, quote byte) (int, byte, bool) {
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c == '<', c == '>' && quote == 0:
			return i, 0, true
		case c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		}
	}
	return i, quote, false
}

// long takes the first tagMax bytes of a tag and passes over the others.
func (s *Scanner) long(quote byte) []byte {
	kept := bytes.Clone(s.buf[s.lo+1 : s.hi])
	for {
		s.lo = s.hi
		if !s.more() {
			s.malformed = true
			return kept
		}
		i, q, end := tagEnd(s.buf[s.lo:s.hi], 0, quote)
		if quote = q; !end {
			continue
		}
		if s.lo += i; s.buf[s.lo] == '<' {
			s.malformed = true
			return kept
		}
		if i > 0 && s.buf[s.lo-1] == '/' {
			kept = append(kept, '/')
		}
		s.lo++
		return kept
	}
}

// declaration passes over a comment (XML 2.5) or a document type (2.8), and opens a CDATA section (2.7).
func (s *Scanner) declaration() {
	for s.hi-s.lo < len(cdataStart) && s.more() {
		continue
	}
	b := s.buf[s.lo:s.hi]
	switch {
	case bytes.HasPrefix(b, commentStart):
		s.skip(len(commentStart), commentEnd)
	case bytes.HasPrefix(b, cdataStart):
		s.cdata = true
		s.lo += len(cdataStart)
	default:
		s.dtd = true
		s.doctype()
	}
}

// skip passes over everything up to and including end, which begins after the first from bytes.
func (s *Scanner) skip(from int, end []byte) {
	s.lo += min(from, s.hi-s.lo)
	for {
		b := s.buf[s.lo:s.hi]
		if i := bytes.Index(b, end); i >= 0 {
			s.lo += i + len(end)
			return
		}
		s.lo += max(0, len(b)-len(end)+1)
		if !s.more() {
			s.malformed = true
			s.lo = s.hi
			return
		}
	}
}

// doctype passes over a document type with its internal subset (XML 2.8): the markup in it is counted, brackets in quotes and comments are not.
func (s *Scanner) doctype() {
	nested, quote := 0, byte(0)
	for s.lo < s.hi || s.more() {
		c := s.buf[s.lo]
		if quote == 0 && c == '<' && nested > 0 && s.comment() {
			continue
		}
		s.lo++
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"', c == '\'':
			quote = c
		case c == '<':
			nested++
		case c == '>':
			if nested--; nested == 0 {
				return
			}
		}
	}
	s.malformed = true
}

// comment passes over a comment inside a document type.
func (s *Scanner) comment() bool {
	for s.hi-s.lo < len(commentStart) && s.more() {
		continue
	}
	if !bytes.HasPrefix(s.buf[s.lo:s.hi], commentStart) {
		return false
	}
	s.skip(len(commentStart), commentEnd)
	return true
}
