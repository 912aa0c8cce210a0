package zipinspect

import (
	"bytes"
	"math/bits"
	"sync"
)

// Alphabets of RFC 1951 3.2.5 to 3.2.7.
const (
	litCodes  = 288 // the last two take part in the fixed code and stand for nothing
	distCodes = 32
	litMax    = 286 // in a dynamic block
	distMax   = 30
	maxBits   = 15
	rootBits  = 10 // looked up at once
)

// An entry says what a code stands for: bits 0 to 3 its length (behind a link: the rest of its length), 4 to 7 its extra bits, 8 to 23 the literal, the base,
// or, of a link, where the further entries begin (then bits 4 to 7 say by how many bits they are looked up). 0 is no code.
const (
	isLiteral = 1 << 31
	isLink    = 1 << 30
	isEnd     = 1 << 29
)

// table decodes one alphabet. Behind the 1,024 root entries follow those of longer codes, 308 at most for 286 symbols (counted by zlib's enough.c),
// as no code is taken that is not complete.
type table struct {
	entry [1<<rootBits + 1<<9]uint32
	order [litCodes]uint16 // symbols by code
}

// bases are base value and extra bits of lengths and distances (RFC 1951 3.2.5).
func litEntry(sym int) uint32 {
	switch {
	case sym < 256:
		return isLiteral | uint32(sym)<<8
	case sym == 256:
		return isEnd
	case sym < 265:
		return uint32(sym-254) << 8
	case sym < 285:
		extra := uint32(sym-261) / 4
		return (3+(4+uint32(sym-265)%4)<<extra)<<8 | extra<<4
	case sym == 285:
		return 258 << 8
	}
	return 0
}

func distEntry(sym int) uint32 {
	switch {
	case sym < 4:
		return uint32(sym+1) << 8
	case sym < distMax:
		extra := uint32(sym-2) / 2
		return (1+(2+uint32(sym)%2)<<extra)<<8 | extra<<4
	}
	return 0
}

func plainEntry(sym int) uint32 { return isLiteral | uint32(sym)<<8 }

// build makes the table of a canonical code (RFC 1951 3.2.2) and reports whether the lengths are those of one: not more codes than fit, and fewer only
// where there is none, or one of one bit.
func (t *table) build(lengths []uint8, entry func(int) uint32) bool {
	var count [maxBits + 1]int
	for _, n := range lengths {
		count[n]++
	}
	used, ok := complete(&count)
	if !ok {
		return false
	}
	var place [maxBits + 2]int
	for n := 1; n <= maxBits; n++ {
		place[n+1] = place[n] + count[n]
	}
	for sym, n := range lengths {
		if n > 0 {
			t.order[place[n]] = uint16(sym)
			place[n]++
		}
	}
	t.enter(t.order[:used], &count, entry)
	return true
}

// complete checks the numbers of codes of each length and returns how many there are. count[0] is set to 0.
func complete(count *[maxBits + 1]int) (used int, ok bool) {
	count[0] = 0
	left := 1
	for n := 1; n <= maxBits; n++ {
		if left = left<<1 - count[n]; left < 0 {
			return 0, false
		}
		used += count[n]
	}
	// A block may do without codes, as long as none is met.
	return used, left == 0 || used == 0 || used == 1 && count[1] == 1
}

// enter fills the table with the symbols in the order of their codes. What is known of n bits is doubled for n+1.
func (t *table) enter(order []uint16, count *[maxBits + 1]int, entry func(int) uint32) {
	code := 0
	t.entry[0] = 0
	for n := 1; n <= rootBits; n++ {
		copy(t.entry[1<<(n-1):1<<n], t.entry[:1<<(n-1)])
		code <<= 1
		for range count[n] {
			if e := entry(int(order[0])); e != 0 {
				t.entry[reverse(code, n)] = e | uint32(n)
			}
			order = order[1:]
			code++
		}
	}
	free, link := 1<<rootBits, -1
	for n := rootBits + 1; n <= maxBits; n++ {
		code <<= 1
		for ; count[n] > 0; count[n]-- {
			c := reverse(code, n)
			if root := c & (1<<rootBits - 1); root != link {
				link = root
				width := linkWidth(n, count)
				t.entry[root] = isLink | uint32(width)<<4 | uint32(free)<<8
				free += 1 << width
			}
			at, width := int(t.entry[link]>>8&0xFFFF), int(t.entry[link]>>4&15)
			for i := c >> rootBits; i < 1<<width; i += 1 << (n - rootBits) {
				t.entry[at+i] = entry(int(order[0])) | uint32(n-rootBits)
			}
			order = order[1:]
			code++
		}
	}
}

// linkWidth is by how many bits the codes are looked up that begin as the first one left, which has n bits: as far as those still to come in count
// fill all their endings.
func linkWidth(n int, count *[maxBits + 1]int) int {
	left := 1 << (n - rootBits)
	for ; n < maxBits; n++ {
		if left -= count[n]; left <= 0 {
			break
		}
		left <<= 1
	}
	return n - rootBits
}

// reverse turns a code of n bits about: codes stand in the data with their first bit lowest (RFC 1951 3.1.1).
func reverse(code, n int) int { return int(bits.Reverse16(uint16(code)) >> (16 - n)) }

// fixed are the tables of the fixed codes (RFC 1951 3.2.6).
var fixed = sync.OnceValue(func() (t [2]*table) {
	var lit [litCodes]uint8
	for i := range lit {
		switch {
		case i < 144:
			lit[i] = 8
		case i < 256:
			lit[i] = 9
		case i < 280:
			lit[i] = 7
		default:
			lit[i] = 8
		}
	}
	dist := bytes.Repeat([]byte{5}, distCodes)
	t[0], t[1] = &table{}, &table{}
	t[0].build(lit[:], litEntry)
	t[1].build(dist, distEntry)
	return t
})

// codeOrder is the order in which the lengths of the code of code lengths stand (RFC 1951 3.2.7).
var codeOrder = [...]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamicBlock begins a block that brings its codes (RFC 1951 3.2.7).
func (f *inflater) dynamicBlock() error {
	if err := f.need(14); err != nil {
		return err
	}
	lits, dists, codes := int(f.take(5))+257, int(f.take(5))+1, int(f.take(4))+4
	if lits > litMax || dists > distMax {
		return errDeflate
	}
	var lengths [len(codeOrder)]uint8
	for _, i := range codeOrder[:codes] {
		if err := f.need(3); err != nil {
			return err
		}
		lengths[i] = uint8(f.take(3))
	}
	if !f.ownLit.build(lengths[:], plainEntry) {
		return errDeflate
	}
	if err := f.readLengths(lits + dists); err != nil {
		return err
	}
	if !f.ownLit.build(f.lengths[:lits], litEntry) || !f.ownDist.build(f.lengths[lits:lits+dists], distEntry) {
		return errDeflate
	}
	f.lit, f.dist, f.huffman = &f.ownLit, &f.ownDist, true
	return nil
}

// readLengths reads the code lengths of both alphabets, which run into each other.
func (f *inflater) readLengths(n int) error {
	for i := 0; i < n; {
		e, err := f.symbol(&f.ownLit)
		if err != nil {
			return err
		}
		sym := uint8(e >> 8)
		if sym < 16 {
			f.lengths[i] = sym
			i++
			continue
		}
		extra, least, value := uint(2), 3, uint8(0)
		switch sym {
		case 16:
			if i == 0 {
				return errDeflate
			}
			value = f.lengths[i-1]
		case 17:
			extra = 3
		case 18:
			extra, least = 7, 11
		}
		if err := f.need(extra); err != nil {
			return err
		}
		times := least + int(f.take(extra))
		if times > n-i {
			return errDeflate
		}
		for range times {
			f.lengths[i] = value
			i++
		}
	}
	return nil
}
