package oleparse

import (
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd    tokenKind = iota // of a statement: line end or colon
	tokenWord                    // identifier or keyword
	tokenString                  // between the quotes, doubled ones left as they are
	tokenNumber
	tokenPunct // one byte
)

type token struct {
	kind tokenKind
	text string
	line int
}

// is compares a word without case.
func (t token) is(word string) bool { return t.kind == tokenWord && equalFold(t.text, word) }

func (t token) punct(c byte) bool { return t.kind == tokenPunct && t.text[0] == c }

// equalFold compares ASCII without case; word is in lower case.
func equalFold(s, word string) bool {
	if len(s) != len(word) {
		return false
	}
	for i := range len(s) {
		if lower(s[i]) != word[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// scanner splits source into tokens (MS-VBAL 3.2, 3.3), in one pass. Comments are left out; a line continuation is white space.
type scanner struct {
	src  string
	pos  int
	line int
}

// statement appends the tokens of the next statement to buf; more is false behind the last. A statement of more tokens than VBA could compile
// (a logical line has at most 25 physical ones of 1023 characters) is cut into several.
func (s *scanner) statement(buf []token) (_ []token, more bool) {
	const most = 25 * 1023
	for len(buf) < most && s.pos < len(s.src) {
		t, ok := s.next(len(buf) == 0)
		if !ok {
			continue
		}
		if t.kind == tokenEnd {
			return buf, true
		}
		buf = append(buf, t)
	}
	return buf, s.pos < len(s.src)
}

// next reads one token; ok is false for white space and comments.
func (s *scanner) next(first bool) (t token, ok bool) {
	start, line := s.pos, s.line
	switch c := s.src[s.pos]; {
	case c == ' ' || c == '\t':
		s.blank()
		return t, false
	case c == '\n' || c == ':':
		s.skip(1)
		return token{kind: tokenEnd, line: line}, true
	case c == '\'':
		s.comment()
		return t, false
	case c == '"':
		return token{tokenString, s.literal(), line}, true
	case '0' <= c && c <= '9' || c == '&' && s.radix():
		s.skip(1)
		s.word()
		return token{tokenNumber, s.src[start:s.pos], line}, true
	case !s.word():
		s.skip(1)
		return token{tokenPunct, s.src[start:s.pos], line}, true
	}
	t = token{tokenWord, s.src[start:s.pos], line}
	if first && t.is("rem") { // MS-VBAL 5.2.3.1: at the start of a statement only
		s.comment()
		return t, false
	}
	return t, true
}

func (s *scanner) skip(n int) {
	for range n {
		if s.src[s.pos] == '\n' {
			s.line++
		}
		s.pos++
	}
}

// blank skips white space; an underscore behind it at the end of a line continues the line (MS-VBAL 3.2.2).
func (s *scanner) blank() {
	for s.pos < len(s.src) && (s.src[s.pos] == ' ' || s.src[s.pos] == '\t') {
		s.pos++
	}
	if n := s.continuation(); n > 0 {
		s.skip(n)
	}
}

// continuation is the length of an underscore with the line end behind it, 0 where there is none.
func (s *scanner) continuation() int {
	if s.pos >= len(s.src) || s.src[s.pos] != '_' {
		return 0
	}
	for i := s.pos + 1; i < len(s.src); i++ {
		switch s.src[i] {
		case ' ', '\t':
		case '\n':
			return i + 1 - s.pos
		default:
			return 0
		}
	}
	return 0
}

// comment skips to the end of the logical line: a continuation continues a comment too.
func (s *scanner) comment() {
	for s.pos < len(s.src) && s.src[s.pos] != '\n' {
		if c := s.src[s.pos]; c == ' ' || c == '\t' {
			s.blank()
		} else {
			s.pos++
		}
	}
}

// literal reads a string (MS-VBAL 3.3.4); it ends with the line at the latest.
func (s *scanner) literal() string {
	start := s.pos + 1
	for s.pos++; s.pos < len(s.src) && s.src[s.pos] != '\n'; s.pos++ {
		if s.src[s.pos] != '"' {
			continue
		}
		if s.pos+1 >= len(s.src) || s.src[s.pos+1] != '"' {
			s.pos++
			return s.src[start : s.pos-1]
		}
		s.pos++
	}
	return s.src[start:s.pos]
}

// radix says whether a hexadecimal or octal number begins here (MS-VBAL 3.3.2).
func (s *scanner) radix() bool {
	if s.pos+1 >= len(s.src) {
		return false
	}
	c := lower(s.src[s.pos+1])
	return c == 'h' || c == 'o'
}

// word reads an identifier (MS-VBAL 3.3.5), or the rest of a number; it is false where none begins.
func (s *scanner) word() bool {
	start := s.pos
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		n := 1
		switch {
		case lower(c) >= 'a' && lower(c) <= 'z', '0' <= c && c <= '9', c == '_' && s.pos > start:
		case c < utf8.RuneSelf:
			return s.pos > start
		default:
			var r rune
			if r, n = utf8.DecodeRuneInString(s.src[s.pos:]); !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
				return s.pos > start
			}
		}
		s.pos += n
	}
	return s.pos > start
}
