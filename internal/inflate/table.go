package inflate

import "math/bits"

const (
	maxCode  = 15 // RFC 1951 3.2.7: no code is longer
	fastBits = 10 // longer codes stand for what comes once in a thousand symbols
)

// table decodes one set of codes (RFC 1951 3.2.2).
type table struct {
	fast    [1 << fastBits]uint16 // by the next bits: symbol<<4 | length; 0 for none and for longer codes
	count   [maxCode + 1]uint16   // codes of each length
	symbols [maxLit]uint16        // in the order of their codes
}

// build makes the table of the symbols' code lengths, 0 for a symbol without one. It is false for a set in which codes are another's beginning
// or missing, except that one code alone may be one bit long, and that there may be none at all.
func (t *table) build(lengths []uint8) bool {
	t.count = [maxCode + 1]uint16{}
	for _, n := range lengths {
		t.count[n]++
	}
	used := len(lengths) - int(t.count[0])
	t.count[0] = 0
	left := 1
	var at [maxCode + 2]uint16 // first place in symbols of a length
	for n := 1; n <= maxCode; n++ {
		left = left<<1 - int(t.count[n])
		at[n+1] = at[n] + t.count[n]
		if left < 0 {
			return false
		}
	}
	if left > 0 && used != 0 && (used != 1 || t.count[1] != 1) {
		return false
	}
	for sym, n := range lengths {
		if n > 0 {
			t.symbols[at[n]] = uint16(sym)
			at[n]++
		}
	}
	t.enter()
	return true
}

// enter puts the short codes at every place that begins with them. Codes come with their first bit lowest (3.1.1), so that with each bit more the table is
// what it was, twice, and the codes of that length.
func (t *table) enter() {
	t.fast[0] = 0
	code, at := uint16(0), 0
	for n := 1; n <= fastBits; n++ {
		copy(t.fast[1<<(n-1):1<<n], t.fast[:1<<(n-1)])
		code <<= 1
		for _, sym := range t.symbols[at : at+int(t.count[n])] {
			t.fast[bits.Reverse16(code)>>(16-n)] = sym<<4 | uint16(n)
			code++
		}
		at += int(t.count[n])
	}
}

// look finds the code with which b begins, and its length, 0 for none.
func (t *table) look(b uint64) (sym int, n uint) {
	if e := t.fast[b&(1<<fastBits-1)]; e != 0 {
		return int(e >> 4), uint(e & 15)
	}
	return t.search(b)
}

// search is look for long codes.
func (t *table) search(b uint64) (sym int, n uint) {
	var code, first, at int
	for n := 1; n <= maxCode; n++ {
		code |= int(b & 1)
		b >>= 1
		count := int(t.count[n])
		if code-first < count {
			return int(t.symbols[at+code-first]), uint(n)
		}
		at += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, 0
}
