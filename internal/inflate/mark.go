package inflate

import (
	"bytes"
	"io"
)

// Mark is a place in the data from which a Reader can go on. It has at most 64 KB, and a few hundred bytes where the window is one byte repeated.
type Mark struct {
	In  int64 // bytes of input before it: where the input of Resume begins
	Out int64 // bytes that Read delivered before it

	state
	bits    byte // of the byte before In, those not used
	n       uint
	window  []byte
	same    byte // of a window that is this byte size times
	size    int
	pending int // bytes at the window's end that are decoded and not delivered
}

// Mark makes one of where the Reader is. It is false behind the end and behind an error.
func (z *Reader) Mark() (*Mark, bool) {
	if z.err != nil {
		return nil, false
	}
	m := &Mark{In: z.read, state: z.state, bits: byte(z.b), n: z.n, pending: z.wr - z.rd}
	m.Out = z.base + int64(z.rd)
	m.size = int(min(z.base+int64(z.wr), int64(max(z.format.window(), m.pending))))
	m.window = bytes.Clone(z.out[z.wr-m.size : z.wr])
	if n := m.size; n > 0 && bytes.Equal(m.window[1:], m.window[:n-1]) {
		m.same, m.window = m.window[0], nil
	}
	return m, true
}

// decoded is how far back there is anything that a match may take.
func (z *Reader) decoded() int64 {
	return min(z.base+int64(z.wr), int64(z.format.window()))
}

// Resume goes on at m with r, which begins at the input's byte m.In.
func (z *Reader) Resume(r io.Reader, m *Mark) {
	z.input(r)
	z.state, z.read, z.b, z.n = m.state, m.In, uint64(m.bits), m.n
	z.wr = m.size
	if copy(z.out[:], m.window); m.window == nil {
		for i := range z.out[:m.size] {
			z.out[i] = m.same
		}
	}
	z.rd = z.wr - m.pending
	z.base = m.Out - int64(z.rd)
	switch {
	case z.phase != inCodes:
	case z.isFixed:
		z.useFixed()
	default:
		z.useDynamic() // once they were sound
	}
}
