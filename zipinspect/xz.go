package zipinspect

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// The .xz file format, version 1.2.1. The library's own reader of it takes a dictionary of any size that the file says; this one
// takes what the data can need. Checks are not computed: the archive has a checksum of its own.
const (
	xzHeader    = 12
	xzFooter    = 12
	xzLZMA2     = 0x21               // 5.3.1
	xzIndexMax  = 1 << 20            // records: more blocks than an archive of our size can have
	xzStreamPad = "\x00\x00\x00\x00" // 2.2
)

var xzMagic = []byte("\xFD7zXZ\x00")

// xzReader is the content of one or more streams (2).
type xzReader struct {
	in    *xzSource
	dict  func(said int64) int
	check int       // bytes behind each block
	block io.Reader // nil between blocks
	ended bool
}

// xzSource counts the bytes since the block began: paddings depend on it.
type xzSource struct {
	*bufio.Reader
	n int64
}

func (s *xzSource) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.n += int64(n)
	return n, err
}

func (s *xzSource) ReadByte() (byte, error) {
	c, err := s.Reader.ReadByte()
	if err == nil {
		s.n++
	}
	return c, err
}

// xz decodes method 95. What has filters other than LZMA2 is ErrMethod.
func (e *Entry) xz(b body, n int64) (*Reader, error) {
	r := e.reader(b, n)
	x := &xzReader{in: &xzSource{Reader: r.in}, dict: func(said int64) int { return e.dictionary(said, n) }}
	err := x.stream()
	if err == nil {
		err = x.next()
	}
	switch {
	case errors.Is(err, ErrMethod):
		r.Close()
		return nil, err
	case err != nil && !errors.Is(err, io.EOF):
		return r.refuse(err)
	}
	r.dec = guarded{x}
	return r, nil
}

func (x *xzReader) Read(p []byte) (int, error) {
	for {
		if x.block == nil {
			if err := x.next(); err != nil {
				return 0, err
			}
		}
		n, err := x.block.Read(p)
		switch {
		case errors.Is(err, io.EOF):
			x.block = nil
			if err := x.skip(-x.in.n&3 + int64(x.check)); err != nil { // 3.3, 3.4
				return n, err
			}
			if n == 0 {
				continue
			}
			return n, nil
		default:
			return n, err
		}
	}
}

// stream reads a stream header (2.1.1).
func (x *xzReader) stream() error {
	head := make([]byte, xzHeader)
	if _, err := io.ReadFull(x.in, head); err != nil {
		return err
	}
	if !bytes.Equal(head[:6], xzMagic) || crc32.ChecksumIEEE(head[6:8]) != u32(head, 8) || head[6] != 0 || head[7] > 15 {
		return errors.New("xz: stream header")
	}
	x.check = [16]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}[head[7]] // 2.1.1.2
	return nil
}

// next begins the next block, of the next stream where this one has no more. At the end it is io.EOF.
func (x *xzReader) next() error {
	for {
		if x.ended {
			return io.EOF
		}
		size, err := x.in.ReadByte()
		switch {
		case err != nil:
			return unexpected(err)
		case size != 0:
			return x.header(size)
		}
		if err := x.index(); err != nil {
			return err
		}
		for more, _ := x.in.Peek(4); string(more) == xzStreamPad; more, _ = x.in.Peek(4) {
			_, _ = x.in.Discard(4)
		}
		if more, _ := x.in.Peek(len(xzMagic)); !bytes.Equal(more, xzMagic) {
			x.ended = true
			continue
		}
		if err := x.stream(); err != nil {
			return unexpected(err)
		}
	}
}

// header reads a block header, whose first byte says its size (3.1).
func (x *xzReader) header(size byte) error {
	h := make([]byte, (int(size)+1)*4) // 1,024 at most
	h[0] = size
	if _, err := io.ReadFull(x.in, h[1:]); err != nil {
		return unexpected(err)
	}
	body := h[:len(h)-4]
	if crc32.ChecksumIEEE(body) != u32(h, len(h)-4) {
		return errors.New("xz: block header")
	}
	flags, b := body[1], bytes.NewReader(body[2:])
	for _, bit := range []byte{0x40, 0x80} { // sizes, which the data knows itself
		if flags&bit != 0 {
			_, _ = varint(b)
		}
	}
	id, _ := varint(b)
	length, _ := varint(b)
	bits, err := b.ReadByte()
	switch {
	case flags&3 != 0 || id != xzLZMA2: // 3.1.2: the number of filters less one
		return fmt.Errorf("%w: xz filter %#x", ErrMethod, id)
	case err != nil || length != 1 || bits > 40:
		return errors.New("xz: LZMA2 properties")
	}
	x.in.n = 0
	x.block, err = lzma.Reader2Config{DictCap: x.dict(xzDictionary(bits))}.NewReader2(x.in)
	return err
}

// xzDictionary is the size that one byte of properties says (5.3.1).
func xzDictionary(bits byte) int64 {
	if bits == 40 {
		return 1<<32 - 1
	}
	return int64(2|bits&1) << (bits/2 + 11)
}

// index skips the index, whose first byte is read, and the footer (4, 2.1.2).
func (x *xzReader) index() error {
	x.in.n = 1
	n, err := varint(x.in)
	switch {
	case err != nil:
		return unexpected(err)
	case n > xzIndexMax:
		return fmt.Errorf("xz: index of %d records", n)
	}
	for range 2 * n {
		if _, err := varint(x.in); err != nil {
			return unexpected(err)
		}
	}
	return x.skip(-x.in.n&3 + 4 + xzFooter)
}

func (x *xzReader) skip(n int64) error {
	_, err := io.CopyN(io.Discard, x.in, n)
	return unexpected(err)
}

// varint reads a variable-length integer (1.2).
func varint(r io.ByteReader) (v uint64, err error) {
	for shift := 0; shift < 63; shift += 7 {
		c, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		if v |= uint64(c&0x7F) << shift; c < 0x80 {
			return v, nil
		}
	}
	return 0, errors.New("xz: number too long")
}

// unexpected is an end where there must be more.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
