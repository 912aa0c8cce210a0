package lzh

import (
	"bufio"
	"io"
)

// bits reads a bit stream, the highest bit of each byte first.
type bits struct {
	r    *bufio.Reader
	word uint64 // the next ones, left-aligned
	have uint
	err  error
}

func (b *bits) fill() {
	for b.have <= 56 {
		c, err := b.r.ReadByte()
		if err != nil {
			break // peek shows zeros; what takes them fails
		}
		b.word |= uint64(c) << (56 - b.have)
		b.have += 8
	}
}

// peek is the next 16 bits, with zeros behind the end.
func (b *bits) peek() uint32 {
	if b.have < 16 {
		b.fill()
	}
	return uint32(b.word >> 48)
}

func (b *bits) skip(n uint) {
	if n > b.have {
		b.fail(io.ErrUnexpectedEOF)
		n = b.have
	}
	b.word <<= n
	b.have -= n
}

// take reads n bits, at most 16.
func (b *bits) take(n uint) int {
	v := b.peek() >> (16 - n)
	b.skip(n)
	return int(v)
}

func (b *bits) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

const maxCode = 16 // bits

// code is a canonical prefix code, its words ordered by length, then by symbol.
type code struct {
	fast    [1 << fastBits]uint16 // symbol and length of words of up to fastBits bits, 0 for the others
	limit   [maxCode + 1]uint32   // first word of more than this length, left-aligned in 16 bits
	base    [maxCode + 1]int      // place in symbols of the first word of a length, less that word
	symbols []uint16
	only    int // the only symbol, whose word is empty; -1 when there are words
}

const (
	fastBits  = 9
	fastShift = 5 // of the symbol in fast
)

// single makes a code without words.
func (c *code) single(sym int) { c.only = sym }

// build makes the code of lengths and reports whether they are those of one.
func (c *code) build(lengths []uint8) bool {
	c.only = -1
	var count, next [maxCode + 1]int
	for _, n := range lengths {
		count[n]++
	}
	word, place := 0, 0
	for n := 1; n <= maxCode; n++ {
		c.base[n], next[n] = place-word, place
		word, place = word+count[n], place+count[n]
		if word > 1<<n {
			return false
		}
		c.limit[n] = uint32(word) << (maxCode - n)
		word <<= 1
	}
	c.symbols = append(c.symbols[:0], make([]uint16, place)...)
	for sym, n := range lengths {
		if n > 0 {
			c.symbols[next[n]] = uint16(sym)
			next[n]++
		}
	}
	c.fill()
	return true
}

func (c *code) fill() {
	clear(c.fast[:])
	word := uint32(0)
	for n := 1; n <= fastBits; n++ {
		for ; word < c.limit[n]; word += 1 << (maxCode - n) {
			e := c.symbols[int(word>>(maxCode-n))+c.base[n]]<<fastShift | uint16(n)
			from := word >> (maxCode - fastBits)
			for i := range uint32(1) << (fastBits - n) {
				c.fast[from+i] = e
			}
		}
	}
}

// symbol reads a word of c.
func (b *bits) symbol(c *code) int {
	if c.only >= 0 {
		return c.only
	}
	word := b.peek()
	if e := c.fast[word>>(maxCode-fastBits)]; e != 0 {
		b.skip(uint(e & (1<<fastShift - 1)))
		return int(e >> fastShift)
	}
	for n := fastBits + 1; n <= maxCode; n++ {
		if word < c.limit[n] {
			b.skip(uint(n))
			return int(c.symbols[int(word>>(maxCode-n))+c.base[n]])
		}
	}
	b.fail(errCode)
	return 0
}

// window is what matches copy from. It begins as spaces, which compressors use.
type window struct {
	buf  []byte
	pos  int
	from int // of the match being copied
	left int // of it
}

// newWindow is a window filled with one byte.
func newWindow(size int, fill byte) window {
	w := window{buf: make([]byte, size)}
	for i := range w.buf {
		w.buf[i] = fill
	}
	return w
}

func (w *window) put(c byte) byte {
	w.buf[w.pos] = c
	if w.pos++; w.pos == len(w.buf) {
		w.pos = 0
	}
	return c
}

// match begins a match of n bytes at from, which may be negative by less than the window.
func (w *window) match(from, n int) {
	w.from, w.left = (from+len(w.buf))%len(w.buf), n
}

// fill continues the match into p, up to an edge of the window, and returns the number of bytes.
func (w *window) fill(p []byte) int {
	n := min(w.left, len(p), len(w.buf)-w.from, len(w.buf)-w.pos)
	from, to := w.buf[w.from:w.from+n], w.buf[w.pos:w.pos+n]
	if back := w.pos - w.from; back > 0 && back < n { // what is copied is copied again
		for k := copy(to, from[:back]); k < n; k *= 2 {
			copy(to[k:], to[:k])
		}
	} else {
		copy(to, from)
	}
	copy(p, to)
	w.left -= n
	w.from = (w.from + n) % len(w.buf)
	w.pos = (w.pos + n) % len(w.buf)
	return n
}
