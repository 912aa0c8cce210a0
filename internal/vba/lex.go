package vba

// Tokens (MS-VBAL 3). A module is read once, byte by byte; a token is a place in the source and, for a word, its number in the project's names.
// Nothing is copied. Conditional compilation is not resolved here: all branches are tokens.

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word, literal or mark of a module's source (MS-VBAL 3.3). Comments and white space are left out.
type token struct {
	off, end uint32 // text; of a string what stands between the quotes
	sym      sym    // of a word; else one of the kinds below, or punct of the byte
	line     int32
}

const (
	tString sym = -1
	tNumber sym = -2
	tNamed  sym = -3 // ":=" of a named argument
	tLine   sym = -4 // end of a logical line
	tColon  sym = -5 // end of a statement within a line
)

// punct is the sign of a mark, below those of the kinds of tokens.
func punct(c byte) sym { return -16 - sym(c) }

// lexer splits source into tokens in one pass.
type lexer struct {
	src  string   // UTF-8
	pos  int      // of the next byte
	line int32    // of it, from 1
	tab  *symbols // where names get their numbers
}

// next reads one token; ok is false at the end of the source.
func (s *lexer) next() (t token, ok bool) {
	for s.pos < len(s.src) {
		start, line := s.pos, s.line
		switch c := s.src[start]; {
		case c == ' ' || c == '\r' || c >= utf8.RuneSelf && s.space() > 0 || c == '\t' || c == 0x19:
			s.blank()
			continue
		case c == '\n': // MS-VBAL 3.2.1: sources come with LF
			s.pos++
			s.line++
			return token{sym: tLine, line: line}, true
		case c == ':': // MS-VBAL 5.4.1: statements of a line
			s.pos++
			if s.at() == '=' {
				s.pos++
				return token{sym: tNamed, line: line}, true
			}
			return token{sym: tColon, line: line}, true
		case c == '\'': // MS-VBAL 3.3.1
			s.comment()
			continue
		case c == '"': // MS-VBAL 3.3.4
			t = s.literal()
		case c == '#' && s.date() > 0: // MS-VBAL 3.3.3
			s.pos += s.date()
			t = token{off: uint32(start), end: uint32(s.pos), sym: tNumber}
		case c == '[' && s.bracketed(): // MS-VBAL 3.3.5.3
			t = token{off: uint32(start + 1), end: uint32(s.pos - 1), sym: s.tab.intern(s.src[start+1 : s.pos-1])}
		case '0' <= c && c <= '9' || c == '&' && s.radix() || c == '.' && start+1 < len(s.src) && isDigit(s.src[start+1]) && !s.member():
			s.number()
			end := s.pos
			if s.suffix(); c == '&' { // its suffix says how wide it is
				end = s.pos
			}
			t = token{off: uint32(start), end: uint32(end), sym: tNumber}
		case s.word(): // MS-VBAL 3.3.5
			t = token{off: uint32(start), end: uint32(s.pos), sym: s.tab.intern(s.src[start:s.pos])}
			s.suffix()
		default:
			s.pos = start + 1
			t = token{off: uint32(start), end: uint32(start + 1), sym: punct(c)}
		}
		t.line = line
		return t, true
	}
	return token{}, false
}

// at is the byte at the cursor, 0 behind the end.
func (s *lexer) at() byte {
	if s.pos < len(s.src) {
		return s.src[s.pos]
	}
	return 0
}

// space is the length of the white space at the cursor (MS-VBAL 3.2.2: tab, EOM, space, the wide space, Unicode class Zs).
func (s *lexer) space() int {
	switch c := s.at(); {
	case c == ' ' || c == '\t' || c == '\r' || c == 0x19:
		return 1
	case c >= utf8.RuneSelf:
		if r, n := utf8.DecodeRuneInString(s.src[s.pos:]); unicode.Is(unicode.Zs, r) {
			return n
		}
	}
	return 0
}

// blank skips white space; an underscore behind it at the end of a line continues the line (MS-VBAL 3.2.2).
func (s *lexer) blank() {
	for n := s.space(); n > 0; n = s.space() {
		s.pos += n
	}
	if s.at() != '_' {
		return
	}
	mark := s.pos
	s.pos++
	for n := s.space(); n > 0; n = s.space() {
		s.pos += n
	}
	if s.at() != '\n' {
		s.pos = mark
		return
	}
	s.pos++
	s.line++
}

// comment skips to the end of the logical line: a continuation continues a comment too (MS-VBAL 3.3.1).
func (s *lexer) comment() {
	for s.pos < len(s.src) && s.src[s.pos] != '\n' {
		if s.space() > 0 {
			s.blank()
		} else {
			s.pos++
		}
	}
}

// literal reads a string (MS-VBAL 3.3.4); it ends with the line at the latest.
func (s *lexer) literal() token {
	start := s.pos + 1
	for s.pos = start; s.pos < len(s.src) && s.src[s.pos] != '\n'; s.pos++ {
		if s.src[s.pos] != '"' {
			continue
		}
		if s.pos+1 >= len(s.src) || s.src[s.pos+1] != '"' {
			s.pos++
			return token{off: uint32(start), end: uint32(s.pos - 1), sym: tString}
		}
		s.pos++
	}
	return token{off: uint32(start), end: uint32(min(s.pos, len(s.src))), sym: tString}
}

// date is the length of a date literal as the editor writes it (MS-VBAL 3.3.3), 0 where none begins: #1/31/2020 1:30:00 PM#.
func (s *lexer) date() int {
	const longest = 24
	for i := 1; i < longest && s.pos+i < len(s.src); i++ {
		switch c := lower(s.src[s.pos+i]); {
		case c == '#' && i > 3:
			return i + 1
		case isDigit(c), c == '/', c == ':', c == '-', c == ' ' && i > 1, c == 'a', c == 'p', c == 'm':
		default:
			return 0
		}
	}
	return 0
}

// radix says whether a hexadecimal or octal number begins here (MS-VBAL 3.3.2).
func (s *lexer) radix() bool {
	if s.pos+2 >= len(s.src) {
		return false
	}
	switch c := s.src[s.pos+2]; lower(s.src[s.pos+1]) {
	case 'h':
		return hexDigit(c) >= 0
	case 'o':
		return isDigit(c)
	}
	return false
}

// member says whether what stands before is a name: the point behind it is no decimal one.
func (s *lexer) member() bool {
	if s.pos == 0 {
		return false
	}
	c := s.src[s.pos-1]
	return isNameByte(c) || c == ')'
}

// number skips an integer or floating point number without its suffix (MS-VBAL 3.3.2). An exponent needs a digit: "1e" is 1 and a name.
func (s *lexer) number() {
	if s.src[s.pos] == '&' {
		for s.pos += 2; hexDigit(s.at()) >= 0; s.pos++ {
		}
		return
	}
	for c := s.at(); isDigit(c) || c == '.'; c = s.at() {
		s.pos++
	}
	if lower(s.at()) != 'e' {
		return
	}
	mark := s.pos
	if s.pos++; s.at() == '+' || s.at() == '-' {
		s.pos++
	}
	if !isDigit(s.at()) {
		s.pos = mark
		return
	}
	for isDigit(s.at()) {
		s.pos++
	}
}

// word reads an identifier (MS-VBAL 3.3.5); it is false where none begins. The code pages of East Asia allow nearly every character of theirs.
func (s *lexer) word() bool {
	start := s.pos
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		switch {
		case isLetter(c), (c == '_' || isDigit(c)) && s.pos > start:
			s.pos++
		case c < utf8.RuneSelf, s.space() > 0:
			return s.pos > start
		default:
			r, n := utf8.DecodeRuneInString(s.src[s.pos:])
			if r == utf8.RuneError && n < 2 {
				return s.pos > start
			}
			s.pos += n
		}
	}
	return s.pos > start
}

// bracketed reads a name in brackets (MS-VBAL 3.3.5.3): a member, or a function of the language. Other brackets are left to the program.
func (s *lexer) bracketed() bool {
	n := strings.IndexAny(s.src[s.pos:min(len(s.src), s.pos+64)], "]\n")
	if n < 2 || s.src[s.pos+n] != ']' {
		return false
	}
	low := strings.ToLower(s.src[s.pos+1 : s.pos+n])
	member := s.pos > 0 && (s.src[s.pos-1] == '.' || s.src[s.pos-1] == '!')
	if sinks[low] == nil && names[low] == nil && !member {
		return false
	}
	s.pos += n + 1
	return true
}

// suffix skips the type character of a name or number (MS-VBAL 3.3.5.3). An ampersand is one unless an operand follows.
func (s *lexer) suffix() {
	switch s.at() {
	case '$', '%', '@':
		s.pos++
	case '!', '#': // before a name it leads to a member (MS-VBAL 5.6.14)
		if s.pos+1 >= len(s.src) || !isNameByte(s.src[s.pos+1]) && s.src[s.pos+1] != '[' {
			s.pos++
		}
	case '&':
		i := s.pos + 1
		for i < len(s.src) && s.src[i] == ' ' && i < s.pos+8 {
			i++
		}
		if i >= len(s.src) || strings.IndexByte(",):\n=+-*/&<>", s.src[i]) >= 0 {
			s.pos++
		}
	}
}

// lower is an ASCII letter in lower case.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// isNameByte says whether an ASCII character may stand inside a name (MS-VBAL 3.3.5.1.1).
func isNameByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' }

// hexDigit is the value of a hexadecimal digit, -1 of anything else.
func hexDigit(c byte) int {
	switch c = lower(c); {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
