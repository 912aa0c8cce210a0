package thread

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxSubject = 1000 // bytes of a folded subject: RFC 5322 2.1.1 has lines of 998
	maxBlob    = 80   // bytes of a [tag]
	maxWord    = 48   // bytes of a prefix before its colon
	foldRounds = 4    // lower case and NFKC undo each other for few letters, and settle in two rounds
)

// Subject is a subject taken apart.
type Subject struct {
	Base           string // folded: NFKC, lower case, single blanks; without prefixes and tags
	Reply, Forward bool
	Vacation       bool // begins as programs begin automatic answers ("Automatic reply:", 自動返信)
}

// ParseSubject takes a decoded subject apart (RFC 5256 2.1, with the prefixes of other languages).
func ParseSubject(s string) Subject {
	base := Subject{Base: fold(s)}
	for again := true; again; { // each round makes it shorter
		again = base.trailer() || base.wrapper() || base.prefix() || base.automatic() || base.blob()
	}
	return base
}

// fold makes a subject comparable. Format characters (bidirectional marks, zero-width blanks) show nothing and are dropped.
func fold(s string) string {
	if s = clip(s, 4*maxSubject); ascii(s) {
		return foldASCII(s)
	}
	s = strings.ToValidUTF8(s, "")
	for range foldRounds {
		was := s
		s = strings.Map(visible, s)
		s = strings.ToLower(norm.NFKC.String(s))
		if s = strings.Join(strings.Fields(s), " "); s == was {
			break
		}
	}
	return strings.TrimSpace(clip(s, maxSubject))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// foldASCII is fold of ASCII, in one round.
func foldASCII(s string) string {
	b := make([]byte, 0, len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ' || c == 0x7f:
			if len(b) > 0 && b[len(b)-1] != ' ' {
				b = append(b, ' ')
			}
		case 'A' <= c && c <= 'Z':
			b = append(b, c+'a'-'A')
		default:
			b = append(b, c)
		}
	}
	return strings.TrimSuffix(string(b[:min(len(b), maxSubject)]), " ")
}

func visible(r rune) rune {
	switch {
	case unicode.IsSpace(r) || unicode.IsControl(r):
		return ' '
	case unicode.Is(unicode.Cf, r):
		return -1
	}
	return r
}

// clip cuts at a rune's boundary.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// trailer takes "(fwd)" off (RFC 5256 5, subj-trailer).
func (s *Subject) trailer() bool {
	base, ok := strings.CutSuffix(s.Base, "(fwd)")
	if ok {
		s.Base, s.Forward = strings.TrimRight(base, " "), true
	}
	return ok
}

// wrapper takes "[Fwd: …]" off (RFC 5256 5, subj-fwd-hdr).
func (s *Subject) wrapper() bool {
	base, ok := strings.CutPrefix(s.Base, "[fwd:")
	if ok = ok && strings.HasSuffix(base, "]"); ok {
		s.Base, s.Forward = strings.TrimSpace(base[:len(base)-1]), true
	}
	return ok
}

// prefix takes one "Re:" off, in any language, counted or not (RFC 5256 5, subj-refwd).
func (s *Subject) prefix() bool {
	colon := strings.IndexAny(clip(s.Base, maxWord), ":∶")
	if colon < 0 {
		return false
	}
	_, size := utf8.DecodeRuneInString(s.Base[colon:])
	switch prefixes[uncount(s.Base[:colon])] {
	case isReply:
		s.Reply = true
	case isForward:
		s.Forward = true
	case isMark:
	default:
		return false
	}
	s.Base = strings.TrimLeft(s.Base[colon+size:], " ")
	return true
}

// uncount takes a counter or tag off a prefix: Re[2], Re^2, Re(2), Re*2, Re2, and blanks before the colon.
func uncount(word string) string {
	word = strings.TrimRight(word, " ")
	if i := strings.IndexByte(word, '['); i > 0 && strings.HasSuffix(word, "]") {
		return strings.TrimRight(word[:i], " ")
	}
	return strings.TrimRight(word, "0123456789^*()- ")
}

// automatic takes the beginning of an automatic answer off, which stands with a colon or before a further prefix.
func (s *Subject) automatic() bool {
	for _, word := range vacations {
		rest, ok := strings.CutPrefix(s.Base, word)
		if !ok {
			continue
		}
		trimmed := strings.TrimLeft(rest, " ")
		after, colon := strings.CutPrefix(trimmed, ":")
		next := Subject{Base: trimmed}
		if colon || next.prefix() {
			s.Vacation, s.Base = true, strings.TrimLeft(after, " ")
			return true
		}
		s.Vacation = s.Vacation || trimmed == ""
	}
	return false
}

// blob takes one tag off the front, if something is left (RFC 5256 5, subj-blob): a list's name, a ticket's number, a filter's mark.
func (s *Subject) blob() bool {
	size := 0
	switch {
	case strings.HasPrefix(s.Base, "["):
		size = strings.IndexAny(clip(s.Base[1:], maxBlob), "[]") + 2
		if size < 2 || s.Base[size-1] != ']' {
			return false
		}
	default:
		i := slices.IndexFunc(marks, func(mark string) bool { return strings.HasPrefix(s.Base, mark) })
		if i < 0 {
			return false
		}
		size = len(marks[i])
	}
	rest := strings.TrimLeft(s.Base[size:], " ")
	if rest == "" {
		return false
	}
	s.Base = rest
	return true
}
