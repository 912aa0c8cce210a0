package archive

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// single reads a compressed file in the child: one member without a name.
type single struct {
	format Format
	r      *io.SectionReader
	done   bool
}

func (s *single) next() (*Member, io.Reader, error) {
	if s.done {
		return nil, nil, io.EOF
	}
	s.done = true
	content, err := s.content()
	if err != nil {
		return nil, nil, singleError(err)
	}
	return &Member{Size: -1}, classed{content}, nil
}

// content chooses the decoder.
func (s *single) content() (io.Reader, error) {
	b := bufio.NewReader(s.r)
	switch s.format {
	case XZ:
		if s.r.Size() < xzLeast { // which the library takes for the end
			return nil, io.ErrUnexpectedEOF
		}
		blocks, err := xzBlocks(s.r)
		if err != nil {
			return nil, err
		}
		if blocks != nil {
			(&sevenKeys{}).register()
			return &xzFiltered{in: s.r, blocks: blocks}, nil
		}
		return xz.NewReader(b)
	case LZip:
		return &lzip{b: b}, nil
	}
	return lzma.NewReader(b)
}

// classed gives the library's errors a class.
type classed struct{ r io.Reader }

func (c classed) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = singleError(err)
	}
	return n, err
}

// singleError gives the library's errors a class; its errors of filters have no value to compare.
func singleError(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	switch text := err.Error(); {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &Error{Cut, "archive: the file ends early"}
	case strings.Contains(text, "filter"):
		return &Error{Unsupported, text}
	}
	return &Error{Damaged, err.Error()}
}

// lzip reads the members of a .lz file one behind the other: header, LZMA with an end mark, CRC, sizes (lzip manual, "File format").
type lzip struct {
	b       *bufio.Reader
	r       io.Reader
	members int
}

const (
	lzipMagic   = "LZIP\x01" // and the version
	lzipHeader  = 6
	lzipTrailer = 20 // CRC-32, data size, member size
	lzipMin     = 12 // dictionaries from 4 KiB
	lzipMax     = 29 // to 512 MiB
)

func (l *lzip) Read(p []byte) (int, error) {
	for {
		if l.r == nil {
			if err := l.header(); err != nil {
				return 0, err
			}
		}
		n, err := l.r.Read(p)
		if !errors.Is(err, io.EOF) {
			return n, err
		}
		l.r = nil
		if _, err := l.b.Discard(lzipTrailer); err != nil {
			return n, io.ErrUnexpectedEOF
		}
		if n > 0 {
			return n, nil
		}
	}
}

// header begins a member; what follows the last one is no part of the file.
func (l *lzip) header() error {
	h, _ := l.b.Peek(lzipHeader)
	if len(h) < lzipHeader || string(h[:5]) != lzipMagic {
		if l.members == 0 {
			return io.ErrUnexpectedEOF
		}
		return io.EOF
	}
	size := uint32(1) << (h[5] & 31)
	size -= size / 16 * uint32(h[5]>>5)
	if bits := h[5] & 31; bits < lzipMin || bits > lzipMax {
		return &Error{Damaged, "archive: lzip: dictionary size"}
	}
	if _, err := l.b.Discard(lzipHeader); err != nil {
		return err
	}
	l.members++
	// lc=3, lp=0, pb=2, no size: the same stream as LZMA alone has it.
	head := []byte{0x5D, byte(size), byte(size >> 8), byte(size >> 16), byte(size >> 24), 255, 255, 255, 255, 255, 255, 255, 255}
	r, err := lzma.NewReader(&prefixed{head, l.b})
	if errors.Is(err, io.EOF) { // no place for the range coder's first bytes
		err = io.ErrUnexpectedEOF
	}
	l.r = r
	return err
}

// prefixed reads bytes one by one first from a header, so that a decoder takes no more of the file than it needs.
type prefixed struct {
	head []byte
	b    *bufio.Reader
}

func (p *prefixed) ReadByte() (byte, error) {
	if len(p.head) > 0 {
		c := p.head[0]
		p.head = p.head[1:]
		return c, nil
	}
	return p.b.ReadByte()
}

func (p *prefixed) Read(b []byte) (int, error) {
	if len(p.head) > 0 {
		n := copy(b, p.head)
		p.head = p.head[n:]
		return n, nil
	}
	return p.b.Read(b)
}
