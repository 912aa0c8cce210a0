package codepage

import (
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/transform"
)

// johab is code page 1361 (KS X 1001:1992, annex 3): a pair with the first bit set is three five-bit letters of a syllable; the symbols and
// Chinese characters of KS X 1001 lie behind, two of its rows to a lead byte. Only its decoder is used.
type johab struct{}

var _ encoding.Encoding = johab{}

func (johab) NewDecoder() *encoding.Decoder { return &encoding.Decoder{Transformer: johab{}} }

func (johab) NewEncoder() *encoding.Encoder { return &encoding.Encoder{Transformer: transform.Discard} }

// Reset obeys transform.Transformer.
func (johab) Reset() {}

// Transform decodes Johab.
func (johab) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		r, n := rune(src[nSrc]), 1
		switch {
		case r < 0x80:
		case nSrc+1 < len(src):
			if r = johabPair(src[nSrc], src[nSrc+1]); r != utf8.RuneError {
				n = 2
			}
		case !atEOF:
			return nDst, nSrc, transform.ErrShortSrc
		default:
			r = utf8.RuneError
		}
		if nDst+utf8.RuneLen(r) > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += utf8.EncodeRune(dst[nDst:], r)
		nSrc += n
	}
	return nDst, nSrc, nil
}

// Letters by their five bits: initial and medial as their number in a syllable block, final with 0 for none; -1 is no letter, fill the filler.
const fill = 99

var (
	johabInitial = [32]int{0: -1, 1: fill, 2: 0, 3: 1, 4: 2, 5: 3, 6: 4, 7: 5, 8: 6, 9: 7, 10: 8, 11: 9, 12: 10, 13: 11, 14: 12, 15: 13, 16: 14, 17: 15, 18: 16, 19: 17, 20: 18,
		21: -1, 22: -1, 23: -1, 24: -1, 25: -1, 26: -1, 27: -1, 28: -1, 29: -1, 30: -1, 31: -1}
	johabMedial = [32]int{0: -1, 1: -1, 2: fill, 3: 0, 4: 1, 5: 2, 6: 3, 7: 4, 8: -1, 9: -1, 10: 5, 11: 6, 12: 7, 13: 8, 14: 9, 15: 10, 16: -1, 17: -1, 18: 11, 19: 12, 20: 13,
		21: 14, 22: 15, 23: 16, 24: -1, 25: -1, 26: 17, 27: 18, 28: 19, 29: 20, 30: -1, 31: -1}
	johabFinal = [32]int{0: -1, 1: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6, 8: 7, 9: 8, 10: 9, 11: 10, 12: 11, 13: 12, 14: 13, 15: 14, 16: 15, 17: 16, 18: -1, 19: 17, 20: 18,
		21: 19, 22: 20, 23: 21, 24: 22, 25: 23, 26: 24, 27: 25, 28: 26, 29: 27, 30: -1, 31: -1}
)

// Compatibility letters for a syllable of one letter alone (Unicode U+3131 to U+3163).
var (
	initialAlone = [...]rune{0x3131, 0x3132, 0x3134, 0x3137, 0x3138, 0x3139, 0x3141, 0x3142, 0x3143, 0x3145, 0x3146, 0x3147, 0x3148, 0x3149, 0x314A, 0x314B, 0x314C, 0x314D, 0x314E}
	finalAlone   = [...]rune{0x3000, 0x3131, 0x3132, 0x3133, 0x3134, 0x3135, 0x3136, 0x3137, 0x3139, 0x313A, 0x313B, 0x313C, 0x313D, 0x313E, 0x313F, 0x3140, 0x3141, 0x3142,
		0x3144, 0x3145, 0x3146, 0x3147, 0x3148, 0x314A, 0x314B, 0x314C, 0x314D, 0x314E}
)

// johabPair decodes two bytes; utf8.RuneError is no character.
func johabPair(a, b byte) rune {
	if a >= 0xD8 {
		return johabSymbol(a, b)
	}
	v := int(a)<<8 | int(b)
	i, m, f := johabInitial[v>>10&31], johabMedial[v>>5&31], johabFinal[v&31]
	switch {
	case i < 0 || m < 0 || f < 0:
		return utf8.RuneError
	case i != fill && m != fill:
		return rune(0xAC00 + (i*21+m)*28 + f) // Unicode 3.12, Hangul syllable composition
	case i == fill && m == fill:
		return finalAlone[f]
	case f != 0:
		return utf8.RuneError
	case i == fill:
		return rune(0x314F + m)
	}
	return initialAlone[i]
}

// johabSymbol decodes the part that is KS X 1001 in other places.
func johabSymbol(a, b byte) rune {
	if a == 0xDF || a > 0xF9 || b < 0x31 || b > 0x7E && b < 0x91 || b == 0xFF {
		return utf8.RuneError
	}
	row := 2*int(a) - 0x197
	if a < 0xE0 {
		row = 2 * (int(a) - 0xD9)
	}
	col := int(b) - 0x31
	if b >= 0x91 {
		col = int(b) - 0x43
	}
	if col >= 94 {
		row, col = row+1, col-94
	}
	if row < 0 { // rows of the user
		return utf8.RuneError
	}
	euc := [2]byte{byte(row + 0xA1), byte(col + 0xA1)}
	out, _ := korean.EUCKR.NewDecoder().Bytes(euc[:])
	r, n := utf8.DecodeRune(out)
	if n != len(out) {
		return utf8.RuneError
	}
	return r
}
