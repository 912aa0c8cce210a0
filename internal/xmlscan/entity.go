package xmlscan

import (
	"bytes"
	"unicode/utf8"
)

// refMax is the longest reference looked for, "&" and ";" included: "&#x0010FFFF;" has twelve, and zeros may stand before it.
const refMax = 32

// unescape resolves references (XML 4.1, 4.6). Without any it returns b itself, else a slice of scratch, which all
// attributes of a tag share.
func (s *Scanner) unescape(b []byte) []byte {
	i := bytes.IndexByte(b, '&')
	if i < 0 {
		return b
	}
	from := len(s.scratch)
	for i >= 0 {
		s.scratch = append(s.scratch, b[:i]...)
		b = b[i:]
		n := s.reference(b)
		b = b[n:]
		i = bytes.IndexByte(b, '&')
	}
	s.scratch = append(s.scratch, b...)
	return s.scratch[from:]
}

// reference appends what the reference at the start of b stands for and returns its length. One that stands for nothing stays as it is.
func (s *Scanner) reference(b []byte) int {
	end := bytes.IndexByte(b[:min(len(b), refMax)], ';')
	if end < 0 {
		s.malformed = true
		s.scratch = append(s.scratch, '&')
		return 1
	}
	r, ok := named(b[1:end])
	if !ok {
		s.malformed = true
		s.scratch = append(s.scratch, b[:end+1]...)
		return end + 1
	}
	s.scratch = utf8.AppendRune(s.scratch, r)
	return end + 1
}

func named(b []byte) (rune, bool) {
	switch string(b) {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(b) > 1 && b[0] == '#' {
		return number(b[1:])
	}
	return 0, false
}

// number reads a character reference. "X" is against XML 4.1 and forgiven.
func number(b []byte) (rune, bool) {
	base, n := 10, 0
	if b[0] == 'x' || b[0] == 'X' {
		base, b = 16, b[1:]
	}
	for _, c := range b {
		d := digit(c)
		if d >= base {
			return 0, false
		}
		if n = n*base + d; n > utf8.MaxRune {
			return 0, false
		}
	}
	return rune(n), len(b) > 0 && utf8.ValidRune(rune(n))
}

func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return 99
}
