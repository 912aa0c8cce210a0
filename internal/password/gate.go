package password

import (
	"slices"
	"sync"
	"unicode/utf8"
)

// Most lines of most mails speak of no password. A gate tells them at a glance, without folding them whole; it may let a line pass that has no keyword,
// never stop one that has.
type gate struct {
	pairs [utf8.RuneSelf][utf8.RuneSelf][]keyword // keywords by their first two runes, where both are ASCII
	other [1 << 16]bool                           // hashes of the first two runes of the others
	alone []rune                                  // keywords of one rune
}

var gates = sync.OnceValue(func() *gate {
	g := &gate{}
	for _, list := range keywords().words {
		for _, k := range list {
			switch r := k.runes; {
			case len(r) == 1:
				g.alone = append(g.alone, r[0])
			case r[0] < utf8.RuneSelf && r[1] < utf8.RuneSelf:
				g.pairs[r[0]][r[1]] = append(g.pairs[r[0]][r[1]], k)
			default:
				g.other[hashPair(r[0], r[1])] = true
			}
		}
	}
	return g
})

func hashPair(a, b rune) uint16 { return uint16(a)*61 + uint16(b) }

// mayMention reports whether a line can hold a keyword.
func mayMention(line string) bool {
	g, table := gates(), foldTable()
	for i := 0; i < len(line); {
		a, n := foldedAt(table, line, i)
		if a == complicated || a >= utf8.RuneSelf && slices.Contains(g.alone, a) {
			return true
		}
		if i += n; i >= len(line) {
			return false
		}
		if c := line[i]; a < utf8.RuneSelf && c < utf8.RuneSelf {
			if anyAt(g.pairs[a][lower(c)], line[i+1:]) {
				return true
			}
			continue
		}
		b, m := foldedAt(table, line, i)
		switch {
		case b == complicated, g.other[hashPair(a, b)]:
			return true
		case a < utf8.RuneSelf && b < utf8.RuneSelf && anyAt(g.pairs[a][b], line[i+m:]): // in full width, or with a mark
			return true
		}
	}
	return false
}

// anyAt reports whether one of the keywords may go on with s behind its first two letters.
func anyAt(list []keyword, s string) bool {
	for _, k := range list {
		if goesOn(k.runes[2:], s) {
			return true
		}
	}
	return false
}

func goesOn(rest []rune, s string) bool {
	for i, r := range rest {
		if i >= len(s) {
			return false
		}
		if r >= utf8.RuneSelf || s[i] >= utf8.RuneSelf {
			return true // for the other reading
		}
		if rune(lower(s[i])) != r {
			return false
		}
	}
	return true
}

// foldedAt is the rune at i as folding makes it, and the bytes of it. Where one rune becomes none or several, or what stands before it
// matters, it is complicated.
func foldedAt(table *[1 << 16]uint16, s string, i int) (rune, int) {
	if c := s[i]; c < utf8.RuneSelf {
		return rune(lower(c)), 1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	if r >= 1<<16 {
		return complicated, n
	}
	return rune(table[r]), n
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
