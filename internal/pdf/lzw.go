package pdf

import (
	"bufio"
	"errors"
	"io"
)

// LZWDecode (ISO 32000-1 7.4.4): codes of 9 to 12 bits, the first bit first.
const (
	lzwClear = 256
	lzwEnd   = 257
	lzwFirst = 258
	lzwCodes = 4096
)

type lzw struct {
	in     *bufio.Reader
	early  int // codes grow so many codes early
	bits   uint32
	have   uint
	prefix [lzwCodes]uint16
	last   [lzwCodes]byte
	first  [lzwCodes]byte
	size   [lzwCodes]uint16
	next   int
	prev   int // -1: none
	out    []byte
	at     int
	done   bool
}

// newLZW begins with the table of single bytes (ISO 32000-1 7.4.4.2).
func newLZW(r io.Reader, early int) *lzw {
	z := &lzw{in: bufio.NewReader(r), early: early, next: lzwFirst, prev: -1}
	for i := range 256 {
		z.last[i], z.first[i], z.size[i] = byte(i), byte(i), 1
	}
	return z
}

func (z *lzw) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if z.at < len(z.out) {
			m := copy(p[n:], z.out[z.at:])
			n, z.at = n+m, z.at+m
			continue
		}
		if z.done {
			break
		}
		if err := z.step(); err != nil {
			return n, err
		}
	}
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// code reads the next code, lzwEnd at the end of the input.
func (z *lzw) code() (int, error) {
	width := uint(9)
	for width < 12 && z.next+z.early >= 1<<width {
		width++
	}
	for z.have < width {
		c, err := z.in.ReadByte()
		if errors.Is(err, io.EOF) {
			return lzwEnd, nil
		}
		if err != nil {
			return 0, err
		}
		z.bits, z.have = z.bits<<8|uint32(c), z.have+8
	}
	z.have -= width
	return int(z.bits >> z.have & (1<<width - 1)), nil
}

// step decodes one code.
func (z *lzw) step() error {
	c, err := z.code()
	switch {
	case err != nil:
		return err
	case c == lzwClear:
		z.next, z.prev = lzwFirst, -1
		return nil
	case c == lzwEnd, c > z.next, c == z.next && z.prev < 0, c >= lzwFirst && z.prev < 0:
		z.done = true
		return nil
	}
	if z.prev >= 0 && z.next < lzwCodes {
		z.grow(c)
	}
	if c >= z.next { // the table is full
		z.done = true
		return nil
	}
	z.emit(c)
	z.prev = c
	return nil
}

// grow adds the previous string with the first byte of the next one to the table.
func (z *lzw) grow(c int) {
	from := c
	if c == z.next {
		from = z.prev
	}
	z.prefix[z.next], z.last[z.next] = uint16(z.prev), z.first[from]
	z.first[z.next], z.size[z.next] = z.first[z.prev], z.size[z.prev]+1
	z.next++
}

// emit writes the string of a code.
func (z *lzw) emit(c int) {
	n := int(z.size[c])
	if cap(z.out) < n {
		z.out = make([]byte, n, lzwCodes)
	}
	z.out, z.at = z.out[:n], 0
	for i := n - 1; i >= 0; i-- {
		z.out[i] = z.last[c]
		c = int(z.prefix[c])
	}
}
