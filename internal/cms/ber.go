package cms

import (
	"bufio"
	"context"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// Tags (X.690 8.1.2) with their class and whether they are constructed.
const (
	tagEnd            = 0x00
	tagOctets         = 0x04
	tagOID            = 0x06
	tagOctetsInPieces = 0x24
	tagSequence       = 0x30
	tagContext0       = 0xA0
)

// tlv is an element's tag and length.
type tlv struct {
	tag  int
	at   int64
	head int   // bytes of tag and length
	size int64 // -1 is indefinite
}

// headMax is the longest tag and length that are read.
const headMax = 16

// element reads the tag and length that b begins with (X.690 8.1.2, 8.1.3).
func element(b []byte) (e tlv, ok bool) {
	if len(b) < 2 {
		return e, false
	}
	e.tag, e.head = int(b[0]), 1
	if b[0]&0x1F == 0x1F { // a tag of many bytes, which nothing here has
		for e.tag = -1; e.head < len(b) && e.head < 6 && b[e.head]&0x80 != 0; e.head++ {
		}
		e.head++
	}
	if e.head >= len(b) {
		return e, false
	}
	n := int(b[e.head])
	e.head++
	switch {
	case n == 0x80:
		e.size = -1
		return e, true
	case n < 0x80:
		e.size = int64(n)
		return e, true
	}
	n &= 0x7F
	if n > 8 || e.head+n > len(b) {
		return e, false
	}
	for _, c := range b[e.head : e.head+n] {
		if e.size >= 1<<48 {
			return e, false
		}
		e.size = e.size<<8 | int64(c)
	}
	e.head += n
	return e, true
}

func (s span) end() int64 { return s.at + s.size }

// inside is the place of the content, which ends where what is around it ends.
func (e tlv) inside(end int64) span {
	at := e.at + int64(e.head)
	if e.size < 0 {
		return span{at, max(0, end-at)}
	}
	return span{at, max(0, min(e.size, end-at))}
}

// behind is what is left of s behind an element of definite length.
func (e tlv) behind(s span) span {
	at := min(e.at+int64(e.head)+max(0, e.size), s.end())
	return span{at, s.end() - at}
}

// parser is the state of one Read.
type parser struct {
	ctx    context.Context
	r      io.ReaderAt
	size   int64
	msg    *Message
	err    error
	window []byte
	at     int64
	passed int
}

const windowSize = 4096

// bytes are up to n bytes at off. They are valid until the next call.
func (p *parser) bytes(off int64, n int) []byte {
	n = int(min(int64(n), windowSize, max(0, p.size-off)))
	if i := off - p.at; i >= 0 && i+int64(n) <= int64(len(p.window)) {
		return p.window[i : i+int64(n)]
	}
	if p.err == nil {
		p.err = p.ctx.Err()
	}
	if p.err != nil || n == 0 {
		return nil
	}
	if p.window == nil {
		p.window = make([]byte, 0, windowSize)
	}
	got, err := p.r.ReadAt(p.window[:min(windowSize, p.size-off)], off)
	p.at, p.window = off, p.window[:got]
	if err != nil && !errors.Is(err, io.EOF) {
		p.err = err
	}
	return p.window[:min(n, got)]
}

// element reads the element that s begins with.
func (p *parser) element(s span) (tlv, bool) {
	if s.size < 2 {
		return tlv{}, false
	}
	e, ok := element(p.bytes(s.at, int(min(s.size, headMax))))
	e.at = s.at
	return e, ok
}

// skipMax is how many elements are passed to find the end of one of indefinite length.
const skipMax = 1 << 16

// skip passes an element: of one of indefinite length all that is in it, up to the end of contents (X.690 8.1.5).
func (p *parser) skip(e tlv, s span, depth int) (rest span, ok bool) {
	if e.size >= 0 {
		return e.behind(s), true
	}
	if depth >= depthMax {
		p.msg.Cut = true
		return s, false
	}
	s = e.inside(s.end())
	for {
		inner, ok := p.element(s)
		if p.passed++; p.passed > skipMax {
			p.msg.Cut = true
		}
		if !ok || p.msg.Cut {
			return s, false
		}
		if inner.tag == tagEnd {
			return inner.behind(s), true
		}
		if s, ok = p.skip(inner, s, depth+1); !ok {
			return s, false
		}
	}
}

// inflater decompresses zlib data (RFC 3274 2, RFC 1950) as far as it can be read; its check sum is not asked.
type inflater struct {
	in  *bufio.Reader
	out io.Reader
}

func newInflater(r io.Reader) io.Reader { return &inflater{in: bufio.NewReader(r)} }

func (z *inflater) Read(p []byte) (int, error) {
	if z.out == nil {
		if _, err := z.in.Discard(2); err != nil { // RFC 1950 2.2, CMF and FLG
			return 0, err
		}
		z.out = flate.NewReader(z.in)
	}
	return tolerant(z.out.Read(p))
}

// tolerant ends what is damaged.
func tolerant(n int, err error) (int, error) {
	var corrupt flate.CorruptInputError
	if errors.As(err, &corrupt) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}
