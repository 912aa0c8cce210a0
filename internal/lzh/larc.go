package lzh

import (
	"bufio"
	"io"
)

// lz5 is -lz5- of LArc: eight flags in a byte, the lowest first, each for a literal or for a place in the window and a length.
type lz5 struct {
	in *bufio.Reader
	window
	flags byte
	have  int
}

func newLZ5(in *bufio.Reader) *lz5 {
	if in == nil {
		return nil
	}
	d := &lz5{in: in, window: newWindow(4096, 0)}
	b := d.buf[:0] // what LArc finds in its window at the beginning
	for c := range 256 {
		for range 13 {
			b = append(b, byte(c))
		}
	}
	for c := range 256 {
		b = append(b, byte(c))
	}
	for c := range 256 {
		b = append(b, byte(255-c))
	}
	b = append(b, make([]byte, 128)...)
	for len(b) < len(d.buf)-18 {
		b = append(b, ' ')
	}
	d.pos = len(b)
	return d
}

func (d *lz5) decode(p []byte) (n int, err error) {
	for n < len(p) {
		if d.left > 0 {
			n += d.window.fill(p[n:])
			continue
		}
		if d.have == 0 {
			if d.flags, err = d.in.ReadByte(); err != nil {
				return n, err
			}
			d.have = 8
		}
		literal := d.flags&1 == 1
		d.flags, d.have = d.flags>>1, d.have-1
		c, err := d.in.ReadByte()
		switch {
		case err != nil:
			return n, err
		case literal:
			p[n] = d.put(c)
			n++
			continue
		}
		high, err := d.in.ReadByte()
		if err != nil {
			return n, io.ErrUnexpectedEOF
		}
		d.match(int(high)>>4<<8|int(c), int(high&15)+3)
	}
	return n, nil
}

// lzs is -lzs- of LArc: a bit for a literal, or a place of 11 bits and a length of four.
type lzs struct {
	bits
	window
}

func newLZS(in *bufio.Reader) *lzs {
	if in == nil {
		return nil
	}
	d := &lzs{bits: bits{r: in}, window: newWindow(2048, ' ')}
	d.pos = len(d.buf) - 17
	return d
}

func (d *lzs) decode(p []byte) (n int, err error) {
	for n < len(p) {
		switch {
		case d.left > 0:
			n += d.window.fill(p[n:])
		case d.take(1) == 1:
			c := byte(d.take(8))
			if d.err != nil {
				return n, d.err
			}
			p[n] = d.put(c)
			n++
		default:
			from := d.take(11)
			length := d.take(4) + 2
			if d.err != nil {
				return n, d.err
			}
			d.match(from, length)
		}
	}
	return n, nil
}
