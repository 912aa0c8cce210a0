package pdf

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// source gives the bytes of a file, or of an object stream, through a window. It ends where its budget does.
type source struct {
	ctx   context.Context
	r     io.ReaderAt // nil: all of it stands in buf
	size  int64
	buf   []byte
	base  int64  // the place of buf
	left  *int64 // bytes that may still be read
	spent bool   // left was not enough
	err   error
}

const (
	windowSize = 8 << 10
	marginSize = 16 // the longest keyword and what tells it from a longer word

	// readTimes bounds what is read of a file, in times of its size: a sound one is read once, and what is of interest a second time. The rest is for
	// objects that lie inside each other.
	readTimes = 16
	readLeast = 16 << 20 // a small file may be read a few thousand times
)

// memory is a source of what stands in b.
func memory(ctx context.Context, b []byte, left *int64) *source {
	return &source{ctx: ctx, buf: b, size: int64(len(b)), left: left}
}

// fill reads the window at off.
func (s *source) fill(off int64) {
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	if s.err != nil || s.r == nil || off < 0 || off >= s.size {
		s.drop()
		return
	}
	if *s.left <= 0 {
		s.spent = true
		s.drop()
		return
	}
	if s.buf == nil {
		s.buf = make([]byte, 0, windowSize)
	}
	n, err := s.r.ReadAt(s.buf[:min(windowSize, s.size-off)], off)
	s.buf, s.base = s.buf[:n], off
	*s.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
		s.drop()
	}
}

// drop leaves an empty window.
func (s *source) drop() {
	if s.r != nil {
		s.buf, s.base = s.buf[:0], 0
	}
}

// at is the byte at off.
func (s *source) at(off int64) (c byte, ok bool) {
	if i := off - s.base; i >= 0 && i < int64(len(s.buf)) {
		if s.r == nil && !s.pay() {
			return 0, false
		}
		return s.buf[i], true
	}
	if s.r == nil || off < 0 || off >= s.size {
		return 0, false
	}
	s.fill(off)
	if len(s.buf) == 0 {
		return 0, false
	}
	return s.buf[0], true
}

// pay counts a byte of a source that needs no reading.
func (s *source) pay() bool {
	*s.left--
	s.spent = s.spent || *s.left < 0
	return *s.left >= 0
}

// window is what can be had from off on without another read: at least marginSize bytes where the file has them.
func (s *source) window(off int64) []byte {
	i := off - s.base
	if i < 0 || i >= int64(len(s.buf)) || int64(len(s.buf))-i < marginSize && s.base+int64(len(s.buf)) < s.size {
		s.fill(off)
		i = 0
	}
	return s.buf[min(i, int64(len(s.buf))):]
}

// before is the text before off, at most n bytes.
func (s *source) before(off int64, n int) []byte {
	from := max(0, off-int64(n))
	if i := from - s.base; i >= 0 && off-s.base <= int64(len(s.buf)) {
		return s.buf[i : off-s.base]
	}
	if s.r == nil || s.err != nil {
		return nil
	}
	b := make([]byte, off-from)
	got, err := s.r.ReadAt(b, from)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return b[:got]
}

// find is the place of the next word, -1 for none.
func (s *source) find(word string, off int64) int64 {
	for off < s.size {
		w := s.window(off)
		if len(w) == 0 {
			return -1
		}
		if i := bytes.Index(w, []byte(word)); i >= 0 {
			return off + int64(i)
		}
		off += max(int64(len(w)-len(word)+1), 1)
	}
	return -1
}
