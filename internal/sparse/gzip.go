package sparse

import (
	"bufio"
	"fmt"
	"io"
)

// gzipHeader is the length of a gzip member's header (RFC 1952 2.3).
func gzipHeader(r *io.SectionReader) (int64, error) {
	h := &header{r: bufio.NewReader(io.NewSectionReader(r, 0, r.Size()))}
	var fixed [10]byte
	for i := range fixed {
		fixed[i] = h.next()
	}
	flags := fixed[3]
	if flags&4 != 0 { // FEXTRA
		h.skip(int(h.next()) | int(h.next())<<8)
	}
	for _, text := range [...]byte{8, 16} { // FNAME, FCOMMENT
		for flags&text != 0 && h.next() != 0 {
		}
	}
	if flags&2 != 0 { // FHCRC
		h.skip(2)
	}
	if h.err != nil {
		return 0, fmt.Errorf("%w: gzip header: %w", ErrReach, h.err)
	}
	return h.n, nil
}

// header reads bytes and counts them. After an error they are zeros.
type header struct {
	r   *bufio.Reader
	n   int64
	err error
}

func (h *header) next() (b byte) {
	if h.err == nil {
		b, h.err = h.r.ReadByte()
		h.n++
	}
	return b
}

func (h *header) skip(n int) {
	for range n {
		h.next()
	}
}
