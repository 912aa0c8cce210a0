package cab

import "slices"

const (
	maxCode   = 16 // LZX code lengths are 0 to 16
	fastBits  = 9
	fastShift = 5 // of the symbol in an entry of the fast table
)

// huffman is a canonical prefix code, its codes ordered by length, then by symbol.
type huffman struct {
	fast    [1 << fastBits]uint16 // symbol and length of the codes of up to fastBits bits, 0 for the others
	limit   [maxCode + 2]uint32   // first code of no more than this length, left-aligned in maxCode bits
	base    [maxCode + 1]int      // place in symbols of the first code of a length, less that code
	symbols []uint16
}

// build makes the code of lengths, one per symbol. It reports whether the lengths are those of a code; one that is incomplete will do until a
// word outside it is met.
func (h *huffman) build(lengths []uint8) bool {
	var count [maxCode + 1]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	var next [maxCode + 2]int
	code, place := 0, 0
	for n := 1; n <= maxCode; n++ {
		h.base[n] = place - code
		next[n] = place
		code, place = code+count[n], place+count[n]
		if code > 1<<n {
			return false
		}
		h.limit[n] = uint32(code) << (maxCode - n)
		code <<= 1
	}
	h.symbols = slices.Grow(h.symbols[:0], place)[:place]
	for sym, n := range lengths {
		if n > 0 {
			h.symbols[next[n]] = uint16(sym)
			next[n]++
		}
	}
	h.fill()
	return true
}

// fill makes the fast table.
func (h *huffman) fill() {
	clear(h.fast[:])
	word := uint32(0)
	for n := 1; n <= fastBits; n++ {
		for ; word < h.limit[n]; word += 1 << (maxCode - n) {
			sym := h.symbols[int(word>>(maxCode-n))+h.base[n]]
			from := word >> (maxCode - fastBits)
			for i := range uint32(1) << (fastBits - n) {
				h.fast[from+i] = sym<<fastShift | uint16(n)
			}
		}
	}
}

// lookup finds the symbol at the beginning of word, which has maxCode bits, and the length of its code, 0 for none.
func (h *huffman) lookup(word uint32) (sym, n int) {
	if e := h.fast[word>>(maxCode-fastBits)]; e != 0 {
		return int(e >> fastShift), int(e & (1<<fastShift - 1))
	}
	for n := fastBits + 1; n <= maxCode; n++ {
		if word < h.limit[n] {
			return int(h.symbols[int(word>>(maxCode-n))+h.base[n]]), n
		}
	}
	return 0, 0
}
