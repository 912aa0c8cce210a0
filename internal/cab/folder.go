package cab

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
)

// Compression methods (2.2).
const (
	methodMask = 0x000F
	stored     = 0
	mszip      = 1
	quantum    = 2
	lzxMethod  = 3
)

const maxBlock = 32 << 10 // 2.4: cbUncomp is at most this

// decoder makes the n bytes of a block of what in holds. The result is valid until the next call.
type decoder interface {
	block(in []byte, n int) ([]byte, error)
}

// stream is the content of a folder.
type stream struct {
	a      *Archive
	folder int
	at     int64 // of the next block
	left   int   // blocks
	dec    decoder
	buf    []byte
	out    []byte // of the block, not read yet
	pos    int64  // in the folder
	err    error
}

// open begins to read a folder; its buffer holds the largest block (2.4: cbData is a number of two bytes).
func (a *Archive) open(i int) *stream {
	f := a.folders[i]
	s := &stream{a: a, folder: i, at: f.start, left: f.blocks, buf: make([]byte, 1<<16+dataLen+a.reserve)}
	switch f.method & methodMask {
	case stored:
		s.dec = copied{}
	case mszip:
		s.dec = &inflater{fr: flate.NewReader(bytes.NewReader(nil))}
	case lzxMethod:
		s.dec = newLZX(windowBits(f.method))
	}
	return s
}

// windowBits is the binary logarithm of LZX's window (2.2: bits 8 to 12 of typeCompress).
func windowBits(method int) int { return method >> 8 & 0x1F }

// check says whether a folder's method can be decoded.
func check(method int) error {
	switch m := method & methodMask; m {
	case stored, mszip:
		return nil
	case lzxMethod:
		if bits := windowBits(method); bits < minWindow || bits > maxWindow {
			return errorf("LZX window of 2^%d", bits)
		}
		return nil
	case quantum:
		return fmt.Errorf("%w: Quantum", ErrMethod)
	default:
		return fmt.Errorf("%w: %d", ErrMethod, m)
	}
}

// Read is io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	for len(s.out) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.out, s.err = s.next()
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	s.pos += int64(n)
	return n, nil
}

// next decodes a block (2.4). What a damaged one gave is delivered before the error.
func (s *stream) next() ([]byte, error) {
	if s.left == 0 {
		return nil, io.EOF
	}
	s.left--
	head, err := s.read(dataLen + s.a.reserve)
	if err != nil {
		return nil, err
	}
	n, out := u16(head, 4), u16(head, 6)
	if out > maxBlock {
		return nil, errorf("a block of %d bytes", out)
	}
	in, err := s.read(n)
	if err != nil {
		return nil, err
	}
	if out == 0 { // 2.4: the block goes on in the next cabinet
		return nil, io.EOF
	}
	return s.dec.block(in, out)
}

// read is the next n bytes, valid until the next call.
func (s *stream) read(n int) ([]byte, error) {
	got, err := s.a.r.ReadAt(s.buf[:n], min(s.at, s.a.size))
	s.at += int64(n)
	switch {
	case got == n:
		return s.buf[:n], nil
	case err == nil || errors.Is(err, io.EOF):
		return nil, io.ErrUnexpectedEOF
	}
	return nil, err
}

// copied is a folder that is not compressed.
type copied struct{}

func (copied) block(in []byte, n int) ([]byte, error) {
	if len(in) < n {
		return in, errorf("a stored block of %d bytes for %d", len(in), n)
	}
	return in[:n], nil
}

// inflater is MSZIP ([MS-MCI] 2): each block is deflated by itself, with the output of the blocks before it as history.
type inflater struct {
	fr   io.ReadCloser
	in   bytes.Reader
	dict []byte
	out  [maxBlock]byte
}

func (z *inflater) block(in []byte, n int) ([]byte, error) {
	if len(in) < 2 || string(in[:2]) != "CK" {
		return nil, errorf("no MSZIP block")
	}
	z.in.Reset(in[2:])
	if err := z.fr.(flate.Resetter).Reset(&z.in, z.dict); err != nil {
		return nil, errorf("%v", err)
	}
	got, err := io.ReadFull(z.fr, z.out[:n])
	z.dict = append(z.dict, z.out[:got]...)
	z.dict = append(z.dict[:0], z.dict[max(0, len(z.dict)-maxBlock):]...)
	if err != nil {
		return z.out[:got], errorf("MSZIP: %v", err)
	}
	return z.out[:got], nil
}
