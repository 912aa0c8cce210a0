package rtf

import (
	"context"
	"errors"
	"io"
)

const window = 32 << 10 // one read

// source is the file, read forward through a window.
type source struct {
	ctx  context.Context
	r    io.ReaderAt
	size int64
	base int64 // offset of buf[0]
	buf  []byte
	pos  int // in buf
	err  error
}

func newSource(ctx context.Context, r io.ReaderAt, size int64) *source {
	return &source{ctx: ctx, r: r, size: size, buf: make([]byte, 0, window)}
}

func (s *source) offset() int64 { return s.base + int64(s.pos) }

// seek goes to off.
func (s *source) seek(off int64) { s.base, s.pos, s.buf = off, 0, s.buf[:0] }

// fill makes rest not empty; false at the end of the file or after an error.
func (s *source) fill() bool {
	if s.pos < len(s.buf) {
		return true
	}
	s.seek(s.offset())
	if s.err != nil || s.base >= s.size {
		return false
	}
	if s.err = s.ctx.Err(); s.err != nil {
		return false
	}
	n, err := s.r.ReadAt(s.buf[:min(window, s.size-s.base)], s.base)
	s.buf = s.buf[:n]
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n > 0
}

// rest is what the window still holds.
func (s *source) rest() []byte { return s.buf[s.pos:] }

// next takes one byte.
func (s *source) next() (byte, bool) {
	if !s.fill() {
		return 0, false
	}
	s.pos++
	return s.buf[s.pos-1], true
}

// peek shows the next byte, 0 at the end.
func (s *source) peek() byte {
	if !s.fill() {
		return 0
	}
	return s.buf[s.pos]
}
