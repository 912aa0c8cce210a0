package medium

import "io"

// Extent is a piece of content. Offset is negative where nothing is stored: it reads as zeros.
type Extent struct{ Offset, Length int64 }

// Hole is the Offset of what is not stored.
const Hole = -1

// Chain reads size bytes of content out of extents. Where the extents or the medium end before, so does the content, with io.ErrUnexpectedEOF.
func (m *Medium) Chain(list []Extent, size int64) io.Reader {
	return &chain{m: m, list: list, left: size}
}

type chain struct {
	m    *Medium
	list []Extent
	at   int64 // within list[0]
	left int64
}

func (c *chain) Read(p []byte) (int, error) {
	for len(c.list) > 0 && c.at >= c.list[0].Length {
		c.list, c.at = c.list[1:], 0
	}
	switch {
	case c.left <= 0:
		return 0, io.EOF
	case len(c.list) == 0:
		return 0, io.ErrUnexpectedEOF
	case len(p) == 0:
		return 0, nil
	}
	e := c.list[0]
	p = p[:min(int64(len(p)), c.left, e.Length-c.at)]
	n, err := len(p), error(nil)
	if e.Offset < 0 {
		clear(p)
	} else {
		n, err = c.m.ReadAt(p, e.Offset+c.at)
	}
	c.at += int64(n)
	c.left -= int64(n)
	if err == io.EOF || err == nil && n == 0 { // the medium ends
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Reader reads the structures that lie in content, a folder's records, on the account.
type Reader struct {
	m *Medium
	r io.Reader
}

// Structures makes a reader of content one of structures.
func (m *Medium) Structures(r io.Reader) *Reader { return &Reader{m, r} }

// Next returns the next n bytes, or as many as are left; nil at the end.
func (r *Reader) Next(n int) []byte {
	if n <= 0 || n > maxRead || !r.m.spend(int64(n)) {
		return nil
	}
	b := make([]byte, n)
	got, err := io.ReadFull(r.r, b)
	if err != nil && got == 0 {
		return nil
	}
	return b[:got]
}
