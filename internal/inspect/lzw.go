package inspect

import (
	"bufio"
	"errors"
	"io"
)

// compress(1), as ncompress and POSIX.1-2024 (compress, "Rationale") have it: codes of 9 bits and more, the lowest first, grew by one bit whenever the
// table needs it; in block mode code 256 empties the table. Codes are written in groups of eight, and what is left of a group where the width changes is
// skipped.
const (
	lzwHeader = 3
	lzwFirst  = 9  // bits of a code at the beginning
	lzwMost   = 16 // at most
	lzwClear  = 256
	lzwBlock  = 0x80 // block mode, in the header's last byte
)

var errLZW = errors.New("no such code")

// lzwReader is the content of a file of compress(1). Its tables have the size of the widest code.
type lzwReader struct {
	r      *bufio.Reader
	most   uint // bits
	block  bool
	word   uint32 // bits read ahead
	have   uint
	width  uint
	group  int // codes of this width read, modulo 8
	free   int // the next code
	last   int // code, -1 at the beginning
	first  byte
	prefix [1 << lzwMost]uint16
	suffix [1 << lzwMost]byte
	stack  [1 << lzwMost]byte
	top    int // of stack: the bytes to deliver, the next one last
	err    error
}

func newLZW(r *bufio.Reader) *lzwReader {
	z := &lzwReader{r: r, width: lzwFirst, last: -1}
	for i := range 256 {
		z.suffix[i] = byte(i)
	}
	var head [lzwHeader]byte
	if _, z.err = io.ReadFull(r, head[:]); z.err == nil {
		z.most, z.block, z.free = uint(head[2]&0x1F), head[2]&lzwBlock != 0, lzwClear
	}
	if z.block {
		z.free++
	}
	if z.err == nil && (z.most < lzwFirst || z.most > lzwMost) {
		z.err = errLZW
	}
	return z
}

// Read is io.Reader.
func (z *lzwReader) Read(p []byte) (n int, err error) {
	for n < len(p) {
		for z.top > 0 && n < len(p) {
			z.top--
			p[n] = z.stack[z.top]
			n++
		}
		if z.top == 0 && z.err == nil {
			z.next()
		}
		if z.top == 0 && z.err != nil {
			return n, z.err
		}
	}
	return n, nil
}

// next puts the string of the next code on the stack.
func (z *lzwReader) next() {
	if z.free >= 1<<z.width && z.width < z.most {
		z.widen(z.width + 1)
	}
	code := z.code()
	switch {
	case z.err != nil:
	case code == lzwClear && z.block:
		z.widen(lzwFirst)
		z.free = lzwClear // the next code makes an entry that no code names
	case z.last < 0 && code > 255, code > z.free:
		z.err = errLZW
	default:
		z.expand(code)
	}
}

func (z *lzwReader) expand(code int) {
	c := code
	if z.last >= 0 && c == z.free { // the string that this code makes
		z.push(z.first)
		c = z.last
	}
	for c > 255 {
		z.push(z.suffix[c])
		c = int(z.prefix[c])
	}
	z.first = byte(c)
	z.push(z.first)
	if z.last >= 0 && z.free < 1<<z.most {
		z.prefix[z.free], z.suffix[z.free] = uint16(z.last), z.first
		z.free++
	}
	z.last = code
}

// push puts a byte on the stack. Strings are not longer than the table: each entry is longer by one than an entry before it.
func (z *lzwReader) push(c byte) {
	z.stack[z.top] = c
	z.top++
}

// widen skips what is left of the group and changes the width.
func (z *lzwReader) widen(width uint) {
	for z.group != 0 && z.err == nil {
		z.code()
	}
	z.width = width
}

// code reads one code.
func (z *lzwReader) code() int {
	for z.have < z.width {
		c, err := z.r.ReadByte()
		if err != nil {
			z.err = err // the bits that are left are padding
			return 0
		}
		z.word |= uint32(c) << z.have
		z.have += 8
	}
	code := int(z.word & (1<<z.width - 1))
	z.word >>= z.width
	z.have -= z.width
	z.group = (z.group + 1) % 8
	return code
}
