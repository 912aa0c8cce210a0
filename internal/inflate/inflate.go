// Package inflate decodes DEFLATE (RFC 1951) and Deflate64 (APPNOTE 6.3.10, 4.4.5, method 9) so that decoding can stop anywhere and be taken up
// there again: a Mark holds all that a Reader knows. Deflate64 has no public specification; it is DEFLATE with a window of 64 KB, two more distance
// codes, and a length code 285 with sixteen extra bits.
//
// Codes are read as leniently as any program reads them: a set of one code may be incomplete, and a block need not have a code for its end.
//
// # Limits
//
// A Reader has about 150 KB and allocates nothing from a number in the data; the time is linear in input and output. What comes out is the caller's
// to bound.
package inflate

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrCorrupt is the error of data that nothing can be made of. What stands before the fault has been delivered.
var ErrCorrupt = errors.New("inflate: corrupt data")

// Format is the dialect.
type Format uint8

// The dialects.
const (
	Deflate Format = iota
	Deflate64
)

const (
	outSize  = 128 << 10 // twice the window of Deflate64: moving what a match may reach costs no more than a byte for each that is decoded
	inBuffer = 16 << 10
	maxMatch = 258 // RFC 1951 3.2.5
)

// window is how far back a match may reach.
func (f Format) window() int {
	if f == Deflate64 {
		return 64 << 10
	}
	return 32 << 10 // RFC 1951 2
}

// phase is what comes next in the data.
type phase uint8

const (
	atBlock  phase = iota // a block's header
	inStored              // bytes of a stored block
	inCodes               // symbols of a compressed block
	atEnd                 // nothing
)

// Reader is an io.Reader of what a stream of compressed data decodes to. At the end it gives io.EOF, where the input breaks off io.ErrUnexpectedEOF,
// and the input's own error where it has one. The zero Reader is made ready by Reset or Resume.
type Reader struct {
	in   *bufio.Reader
	own  *bufio.Reader // in, where Reset was given none
	next []byte        // input that in has ready
	pos  int           // how much of next is taken
	read int64         // bytes taken before next
	b    uint64        // bits taken and not used, the next one lowest
	n    uint          // how many
	err  error         // of the input, or of the data

	state
	out    [outSize]byte
	rd, wr int   // delivered, decoded: places in out
	base   int64 // bytes decoded before out's first

	lit, dist *table
	dynamic   [2]table
	fixed     [2]table
	hasFixed  bool
}

// state is what decoding goes on with besides the window: no pointers, so that a copy is a save.
type state struct {
	format  Format
	phase   phase
	final   bool
	isFixed bool
	stored  int // bytes left of a stored block
	length  int // bytes left of a match
	back    int // its distance
	nlit    int
	ndist   int
	lengths [maxLit + maxDist]uint8 // of the block's codes
}

// NewReader reads r, as Reset does.
func NewReader(r io.Reader, f Format) *Reader {
	z := new(Reader)
	z.Reset(r, f)
	return z
}

// Reset begins anew with r. Of a *bufio.Reader no byte behind the data's end is taken.
func (z *Reader) Reset(r io.Reader, f Format) {
	z.input(r)
	z.read, z.b, z.n, z.base, z.rd, z.wr = 0, 0, 0, 0, 0, 0
	z.state = state{format: f}
}

func (z *Reader) input(r io.Reader) {
	z.next, z.pos, z.err = nil, 0, nil
	if b, ok := r.(*bufio.Reader); ok {
		z.in = b
		return
	}
	if z.own == nil {
		z.own = bufio.NewReaderSize(nil, inBuffer)
	}
	z.own.Reset(r)
	z.in = z.own
}

// Read is io.Reader.
func (z *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for z.rd == z.wr {
		if z.err != nil {
			return 0, z.err
		}
		if z.wr > outSize-2*maxMatch {
			z.slide()
		}
		z.decode(min(outSize, z.wr+len(p)))
		z.giveBack()
	}
	n := copy(p, z.out[z.rd:z.wr])
	z.rd += n
	return n, nil
}

// slide makes room: only what matches may reach stays.
func (z *Reader) slide() {
	n := z.wr - z.format.window()
	copy(z.out[:], z.out[n:z.wr])
	z.base += int64(n)
	z.rd, z.wr = z.rd-n, z.wr-n
}

// decode goes on until there is output up to the place end, or until there is an error: who wants the beginning pays for the beginning.
func (z *Reader) decode(end int) {
	for z.err == nil && z.wr < end {
		switch z.phase {
		case atBlock:
			z.header()
		case inStored:
			z.copyStored(end)
		case inCodes:
			z.codes(end)
		case atEnd:
			z.err = io.EOF
		}
	}
}

// fill takes as much input as there is room for, where that is at hand. The bits above n are those of the next byte, which stays untaken: taken
// later they are the same.
func (z *Reader) fill() bool {
	if len(z.next)-z.pos < 8 {
		return false
	}
	z.b |= binary.LittleEndian.Uint64(z.next[z.pos:]) << z.n
	z.pos += int((63 - z.n) >> 3)
	z.n |= 56
	return true
}

// more gets input and reports whether there is any.
func (z *Reader) more() bool {
	z.take()
	_, err := z.in.Peek(1)
	if n := z.in.Buffered(); n > 0 {
		z.next, _ = z.in.Peek(n)
		return true
	}
	if err != nil && !errors.Is(err, io.EOF) {
		z.err = err
	}
	return false
}

// take tells the input what was taken of it.
func (z *Reader) take() {
	_, _ = z.in.Discard(z.pos) // it is buffered
	z.read += int64(z.pos)
	z.next, z.pos = nil, 0
}

// giveBack returns the whole bytes that were not used. They are in next: only fill takes a byte before it is needed.
func (z *Reader) giveBack() {
	spare := z.n >> 3
	z.pos -= int(spare)
	z.n -= spare * 8
	z.b &= 1<<z.n - 1
	z.take()
}

// need reports whether n bits are there, and otherwise sets the error.
func (z *Reader) need(n uint) bool {
	if z.n >= n || z.fill() {
		return true
	}
	for z.n < n {
		if z.pos == len(z.next) && !z.more() {
			return z.ends()
		}
		z.b |= uint64(z.next[z.pos]) << z.n
		z.pos++
		z.n += 8
	}
	return true
}

// ends is where the input does.
func (z *Reader) ends() bool {
	if z.err == nil {
		z.err = io.ErrUnexpectedEOF
	}
	return false
}

// bits takes n bits, which are there.
func (z *Reader) bits(n uint) int {
	v := int(z.b & (1<<n - 1))
	z.b >>= n
	z.n -= n
	return v
}

func (z *Reader) corrupt(what string) {
	if z.err == nil {
		z.err = fmt.Errorf("%w before byte %d: %s", ErrCorrupt, z.read+int64(z.pos), what)
	}
}

// copyStored moves bytes of a stored block (RFC 1951 3.2.4). Whole bytes that were taken for bits come first.
func (z *Reader) copyStored(end int) {
	for z.stored > 0 && z.wr < end {
		if z.n >= 8 {
			z.out[z.wr] = byte(z.bits(8))
			z.wr++
			z.stored--
			continue
		}
		if z.pos == len(z.next) && !z.more() {
			z.ends()
			return
		}
		z.b = 0
		n := copy(z.out[z.wr:end], z.next[z.pos:min(len(z.next), z.pos+z.stored)])
		z.pos += n
		z.wr += n
		z.stored -= n
	}
	if z.stored == 0 {
		z.endBlock()
	}
}

func (z *Reader) endBlock() {
	z.phase = atBlock
	if z.final {
		z.phase = atEnd
	}
}
