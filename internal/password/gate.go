package password

import (
	"slices"
	"sync"
	"unicode/utf8"
)

// Most texts speak of no password. A gate tells them at a glance, without folding them or taking them apart into lines; it may let a text pass that has no
// keyword, never stop one that has.
type gate struct {
	pairs [utf8.RuneSelf][utf8.RuneSelf]uint8 // which keywords begin with two ASCII runes: a place in lists, 0 for none
	lists [][]keyword
	three bitset // first three runes of these, by class; small, so that it stays in the processor's cache
	first bitset // first runes of the others
	other bitset // hashes of their first two runes
	alone []rune // keywords of one rune
	quiet bitset // runes of three bytes, as they stand, with which no keyword begins
}

var gates = sync.OnceValue(func() *gate {
	g := &gate{lists: make([][]keyword, 1)}
	for _, list := range keywords().words {
		for _, k := range list {
			g.add(k)
		}
	}
	for r, a := range foldTable() {
		a, dash := rune(a), isDash(rune(r))
		if r >= 0x1000 && (dash || a >= utf8.RuneSelf && !g.first.has(uint16(a)) && !slices.Contains(g.alone, a)) {
			g.quiet.add(uint16(r))
		}
	}
	return g
})

func (g *gate) add(k keyword) {
	switch r := k.runes; {
	case len(r) == 1:
		g.alone = append(g.alone, r[0])
	case r[0] < utf8.RuneSelf && r[1] < utf8.RuneSelf:
		at := &g.pairs[r[0]][r[1]]
		if *at == 0 {
			*at, g.lists = uint8(len(g.lists)), append(g.lists, nil) // a test holds that there are fewer than 256
		}
		g.lists[*at] = append(g.lists[*at], k)
		third := uint16(0)
		if len(r) > 2 && r[2] < utf8.RuneSelf {
			third = classes[r[2]]
		}
		g.three.add(classes[r[0]]<<10 | classes[r[1]]<<5 | third)
	default:
		g.first.add(uint16(r[0]))
		g.other.add(hashPair(r[0], r[1]))
	}
}

// bitset has a bit for each number of 16 bits.
type bitset [1 << 16 / 64]uint64

func (b *bitset) add(n uint16)      { b[n/64] |= 1 << (n % 64) }
func (b *bitset) has(n uint16) bool { return b[n/64]>>(n%64)&1 != 0 }

func hashPair(a, b rune) uint16 { return uint16(a)*61 + uint16(b) }

// mayMention reports whether a text can hold a keyword, other than one that only the end of what is read of a line cuts out of a longer word.
func mayMention(text string) bool {
	g, table := gates(), foldTable()
	for i := 0; ; {
		if i = g.latin(text, g.past(text, i)); i == len(text) {
			return false
		}
		a, n := foldedAt(table, text, i)
		switch {
		case a == complicated && !dashAt(text[i:]), a >= utf8.RuneSelf && slices.Contains(g.alone, a):
			return true
		case a < utf8.RuneSelf && a != complicated || g.first.has(uint16(a)):
			if g.pair(table, text, i, a, n) {
				return true
			}
		}
		i += n
	}
}

// past goes past runes of three bytes with which no keyword begins, as most of a Japanese text are.
func (g *gate) past(text string, i int) int {
	for ; i+2 < len(text) && 0xE1 <= text[i] && text[i] < 0xF0 && text[i+1]&0xC0 == 0x80 && text[i+2]&0xC0 == 0x80; i += 3 {
		if r := uint16(text[i])<<12 | uint16(text[i+1]&0x3F)<<6 | uint16(text[i+2]&0x3F); !g.quiet.has(r) {
			break
		}
	}
	return i
}

// classes are letters as numbers of five bits, in either case; 0 for all others, wide for what is beyond ASCII.
var classes = func() (t [256]uint16) {
	for i := range uint16(26) {
		t['a'+i], t['A'+i] = i+1, i+1
	}
	for c := utf8.RuneSelf; c < len(t); c++ {
		t[c] = wide
	}
	return t
}()

const (
	wide  = 1 << 15
	three = wide - 1 // the classes of three runes
)

// latin is the first place from i on where a keyword in ASCII may begin, or which is less than three bytes before a rune beyond it; the text's length for none.
func (g *gate) latin(text string, i int) int {
	last := uint16(0)
	for at := i; at < len(text); at++ {
		class := classes[text[at]]
		if class == wide {
			return max(i, at-2)
		}
		last = (last<<5 | class) & three
		if g.three.has(last) && at >= i+2 && g.asciiAt(text, at-2) {
			return at - 2
		}
	}
	if len(text) >= i+2 && g.asciiAt(text, len(text)-2) { // two letters at the end
		return len(text) - 2
	}
	return len(text)
}

// asciiAt reports whether a keyword may begin with the two ASCII runes at i.
func (g *gate) asciiAt(text string, i int) bool {
	return anyAt(g.lists[g.pairs[lower(text[i])][lower(text[i+1])]], text, i, i+2)
}

// pair reports whether a keyword may begin with the rune at i, of n bytes, which folds to a, and the one behind it that folding does not drop.
func (g *gate) pair(table *[1 << 16]uint16, text string, i int, a rune, n int) bool {
	next := i + n
	for isKana(a) && dashAt(text[next:]) {
		_, n = utf8.DecodeRuneInString(text[next:])
		next += n
	}
	if next == len(text) {
		return false
	}
	b, n := foldedAt(table, text, next)
	switch {
	case b == complicated:
		return !dashAt(text[next:])
	case a >= utf8.RuneSelf || b >= utf8.RuneSelf:
		return g.other.has(hashPair(a, b))
	}
	return anyAt(g.lists[g.pairs[a][b]], text, i, next+n)
}

// anyAt reports whether one of the keywords may stand at i of a text; its first two letters end at next.
func anyAt(list []keyword, text string, i, next int) bool {
	for k := range list {
		if list[k].weak && i > 0 && letter(text[i-1]) {
			continue // inside another word
		}
		if goesOn(list[k].runes[2:], text[next:]) {
			return true
		}
	}
	return false
}

// goesOn reports whether s may go on with the rest of a keyword of Latin letters, and end it.
func goesOn(rest []rune, s string) bool {
	for _, r := range rest {
		switch {
		case s == "":
			return false
		case r >= utf8.RuneSelf: // zipパス
			return true
		}
		f, n := foldedAt(foldTable(), s, 0)
		if f == complicated {
			return true
		}
		if f != r {
			return false
		}
		s = s[n:]
	}
	return s == "" || !letter(s[0])
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

// dashAt reports whether s begins with a rune that folding drops behind kana, which pair knows. Anywhere else it is a dash or the sign for one (一), and those
// begin no keyword.
func dashAt(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return isDash(r)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
