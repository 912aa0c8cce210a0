package zipinspect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"
)

// windowSize is one read: small beside a directory, large beside a system call.
const windowSize = 64 << 10

// windows recycles windows: nothing of an Archive points into one.
var windows = sync.Pool{New: func() any { return new([windowSize]byte) }}

// source reads the file: from end to end through a window, elsewhere by small reads. Every access is checked against the size; the first
// error of the reader sticks.
type source struct {
	r     io.ReaderAt
	size  int64
	buf   []byte // the window
	start int64  // of the window in the file
	small []byte
	err   error
}

// at returns n bytes at off, or nil when they are not all there. They are valid until the next call.
func (s *source) at(off int64, n int) []byte {
	if !s.inside(off, n) {
		return nil
	}
	s.small = s.read(s.small, off, n)
	return whole(s.small, n)
}

// next is at for accesses that go through the file in order.
func (s *source) next(off int64, n int) []byte {
	if !s.inside(off, n) {
		return nil
	}
	if off < s.start || off+int64(n) > s.start+int64(len(s.buf)) {
		s.buf, s.start = s.read(s.buf, off, int(min(int64(max(n, windowSize)), s.size-off))), off
	}
	return whole(s.buf[min(off-s.start, int64(len(s.buf))):], n)
}

func whole(b []byte, n int) []byte {
	if len(b) < n {
		return nil
	}
	return b[:n]
}

func (s *source) inside(off int64, n int) bool {
	return s.err == nil && off >= 0 && off <= s.size && int64(n) <= s.size-off
}

// read fills buf, made larger when needed: n is a two-byte field's number or windowSize, and inside the file.
func (s *source) read(buf []byte, off int64, n int) []byte {
	if cap(buf) < n {
		buf = make([]byte, n)
	}
	got, err := s.r.ReadAt(buf[:n], off)
	if got < n && err != nil && !errors.Is(err, io.EOF) && s.err == nil {
		s.err = err
	}
	return buf[:got]
}

// find returns the first place of sig in [from, to), or -1. What the window holds is searched before more is read, so that a search
// that is taken up again costs nothing twice.
func (s *source) find(sig []byte, from, to int64) int64 {
	to = min(to, s.size)
	for from+int64(len(sig)) <= to {
		if s.next(from, len(sig)) == nil {
			return -1
		}
		b := s.buf[from-s.start:]
		b = b[:min(int64(len(b)), to-from)]
		if i := bytes.Index(b, sig); i >= 0 {
			return from + int64(i)
		}
		from += int64(len(b) - len(sig) + 1)
	}
	return -1
}

// signature reports whether sig stands at off.
func (s *source) signature(off int64, sig []byte) bool {
	return bytes.Equal(s.at(off, len(sig)), sig)
}

func u16(b []byte, i int) int    { return int(binary.LittleEndian.Uint16(b[i:])) }
func u32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }

// length makes a size or offset of a ZIP64 number; one that no file can have becomes a number no file reaches.
func length(v uint64) int64 {
	const unreachable = 1 << 60
	return int64(min(v, unreachable))
}
