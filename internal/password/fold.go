package password

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folded is a line of text for comparison. Runes are in lower case, in half or full width as is usual, without marks and long-vowel dashes:
// ﾊﾟｽﾜｰﾄﾞ, パスワ－ド and パスワード are the same, and so are PASS and ＰＡＳＳ.
type folded struct {
	text  string
	runes []rune
	at    []int32 // where each rune's original begins in text
}

// fold reuses the memory of f.
func (f *folded) fold(text string) {
	f.text, f.runes, f.at = text, f.runes[:0], f.at[:0]
	for i := 0; i < len(text); {
		c := text[i]
		if c < utf8.RuneSelf && (c != '-' || !f.afterKana()) {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			f.add(rune(c), i)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		f.other(r, text[i:i+n], i)
		i += n
	}
}

func (f *folded) add(r rune, at int) {
	f.runes, f.at = append(f.runes, r), append(f.at, int32(at))
}

// other folds a rune by its compatibility decomposition (UAX 15).
func (f *folded) other(r rune, text string, at int) {
	if r < 1<<16 {
		if folds := rune(foldTable()[r]); folds != complicated {
			f.add(folds, at)
			return
		}
	}
	if isDash(r) && f.afterKana() {
		return
	}
	f.decomposed(r, text, at)
}

// complicated stands in the table for a rune that does not fold to one rune whatever stands before it.
const complicated = 0

// foldTable is what each rune of the basic plane folds to. It never changes once it is built.
var foldTable = sync.OnceValue(func() *[1 << 16]uint16 {
	t := new([1 << 16]uint16)
	var f folded
	for r := rune(utf8.RuneSelf); r < 1<<16; r++ {
		f.runes, f.at = f.runes[:0], f.at[:0]
		if f.decomposed(r, string(r), 0); len(f.runes) == 1 && f.runes[0] < 1<<16 && !isDash(r) && !isDash(f.runes[0]) {
			t[r] = uint16(f.runes[0])
		}
	}
	return t
})

func (f *folded) decomposed(r rune, text string, at int) {
	if d := norm.NFKD.PropertiesString(text).Decomposition(); d != nil && len(d) <= ligature {
		for len(d) > 0 {
			r, n := utf8.DecodeRune(d)
			d = d[n:]
			f.plain(r, at)
		}
		return
	}
	f.plain(r, at)
}

const ligature = 12 // bytes: longer ones are whole phrases in one character (U+FDFA), and no letters of a keyword

func (f *folded) plain(r rune, at int) {
	if isDash(r) && f.afterKana() || unicode.In(r, unicode.Mn, unicode.Cf) {
		return
	}
	f.add(unicode.ToLower(r), at)
}

func (f *folded) afterKana() bool {
	n := len(f.runes)
	return n > 0 && isKana(f.runes[n-1])
}

// isKana reports whether r is a letter of katakana behind which a long-vowel mark may stand.
func isKana(r rune) bool { return 0x30A1 <= r && r <= 0x30FA }

// isDash reports whether people type r for the long-vowel mark.
func isDash(r rune) bool {
	switch r {
	case 'ー', 'ｰ', '―', '—', '–', '‐', '‑', '−', '－', '─', '-', '一':
		return true
	}
	return false
}

// offset is where the original of the rune i begins.
func (f *folded) offset(i int) int {
	if i >= len(f.at) {
		return len(f.text)
	}
	return int(f.at[i])
}

func foldString(s string) []rune {
	var f folded
	f.fold(s)
	return f.runes
}

// visible leaves out the characters that nobody sees (zero-width blanks, joiners, soft hyphens, marks of direction) and makes the blanks of all widths, as pages are
// full of, plain ones.
func visible(s string) string {
	from := firstOdd(s)
	if from < 0 {
		return s
	}
	return s[:from] + strings.Map(func(r rune) rune {
		switch {
		case !odd(r):
			return r
		case blank(r):
			return ' '
		}
		return -1
	}, s[from:])
}

// firstOdd is where the first rune stands that visible changes, -1 for none.
func firstOdd(s string) int {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c < utf8.RuneSelf:
			i++
		case 0xE3 <= c && c <= 0xEC && i+2 < len(s) && s[i+1]&0xC0 == 0x80 && s[i+2]&0xC0 == 0x80: // U+3000 to U+CFFF: kana, ideographs, Hangul
			i += 3
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if odd(r) {
				return i
			}
			i += n
		}
	}
	return -1
}

func odd(r rune) bool {
	switch {
	case r < 0xA0, 0x3000 <= r && r <= 0xD7FF:
		return false
	}
	return hidden(r) || blank(r)
}

// blank reports whether r is a space other than ASCII's and the ideographic one, which people see.
func blank(r rune) bool { return r != '　' && unicode.Is(unicode.Zs, r) }

func hidden(r rune) bool {
	return unicode.Is(unicode.Cf, r) || r == 0x034F || 0xFE00 <= r && r <= 0xFE0F
}
