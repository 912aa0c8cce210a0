package zipinspect

import (
	"encoding/binary"
	"errors"
	"io"
)

// errDeflate is damage in deflated data.
var errDeflate = errors.New("deflate: corrupt data")

const (
	history   = 32 << 10 // RFC 1951 2: a distance reaches so far back
	outSize   = 64 << 10 // the window, and as much again before it is moved
	longest   = 258      // RFC 1951 3.2.5
	inBuffer  = 16 << 10 // compressed bytes read at a time
	firstRead = 2 << 10  // the first time: of most entries only the beginning is asked for
	idleReads = 100      // as bufio
)

// inflater unpacks deflated data (RFC 1951). It decodes no more than it is asked for: what a part of a document is, its first bytes tell, and
// most parts need not be unpacked any further. It is kept from one entry to the next: its memory costs more than most entries.
type inflater struct {
	src io.Reader
	err error // after the bytes up to w

	in       [inBuffer]byte
	ip, iend int
	bits     uint64
	n        uint // valid bits
	eof      bool
	started  bool

	out  [outSize + longest]byte
	r, w int

	final   bool
	stored  int  // bytes of a stored block still to come
	huffman bool // inside a block of codes
	lit     *table
	dist    *table
	ownLit  table
	ownDist table
	lengths [litCodes + distCodes]uint8
}

func (f *inflater) reset(src io.Reader) {
	f.src, f.err = src, nil
	f.ip, f.iend, f.bits, f.n, f.eof, f.started = 0, 0, 0, 0, false, false
	f.r, f.w, f.final, f.stored, f.huffman = 0, 0, false, 0, false
}

// buffered is how many bytes were read from src and not used.
func (f *inflater) buffered() int { return f.iend - f.ip + int(f.n/8) }

// Read is io.Reader.
func (f *inflater) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for f.r == f.w {
		if f.err != nil {
			return 0, f.err
		}
		if f.w >= outSize-history {
			copy(f.out[:history], f.out[f.w-history:f.w])
			f.r, f.w = history, history
		}
		f.err = f.decode(min(f.w+len(p), outSize))
	}
	n := copy(p, f.out[f.r:f.w])
	f.r += n
	return n, nil
}

// decode goes on until limit, or one match behind it.
func (f *inflater) decode(limit int) error {
	for f.w < limit {
		var err error
		switch {
		case f.stored > 0:
			err = f.copyStored(limit)
		case f.huffman:
			err = f.codes(limit)
		case f.final:
			return io.EOF
		default:
			err = f.block()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// block reads a block's header (RFC 1951 3.2.3).
func (f *inflater) block() error {
	if err := f.need(3); err != nil {
		return err
	}
	f.final = f.take(1) == 1
	switch f.take(2) {
	case 0:
		return f.storedBlock()
	case 1:
		t := fixed()
		f.lit, f.dist, f.huffman = t[0], t[1], true
		return nil
	case 2:
		return f.dynamicBlock()
	}
	return errDeflate
}

// storedBlock begins a block without compression (3.2.4).
func (f *inflater) storedBlock() error {
	f.take(f.n % 8)
	if err := f.need(32); err != nil {
		return err
	}
	n := f.take(16)
	if f.take(16) != n^0xFFFF {
		return errDeflate
	}
	f.ip -= int(f.n / 8) // whole bytes go back
	f.bits, f.n = 0, 0
	f.stored = int(n)
	return nil
}

func (f *inflater) copyStored(limit int) error {
	if f.ip == f.iend && !f.fill() {
		return io.ErrUnexpectedEOF
	}
	n := copy(f.out[f.w:limit], f.in[f.ip:min(f.iend, f.ip+f.stored)])
	f.ip += n
	f.w += n
	f.stored -= n
	return nil
}

// fill reads more input behind what is left and reports whether there was any.
func (f *inflater) fill() bool {
	if f.eof {
		return false
	}
	keep := min(f.ip, 8) // a stored block may want back what bits holds
	copy(f.in[:], f.in[f.ip-keep:f.iend])
	f.ip, f.iend = keep, f.iend-f.ip+keep
	to := len(f.in)
	if !f.started {
		f.started, to = true, firstRead
	}
	for range idleReads {
		n, err := f.src.Read(f.in[f.iend:to])
		f.iend += n
		f.eof = err != nil
		if n > 0 || f.eof {
			return n > 0
		}
	}
	f.eof = true
	return false
}

// need has at least n bits ready, n up to 32.
func (f *inflater) need(n uint) error {
	for f.n < n {
		if f.ip == f.iend && !f.fill() {
			return io.ErrUnexpectedEOF
		}
		f.bits |= uint64(f.in[f.ip]) << f.n
		f.ip++
		f.n += 8
	}
	return nil
}

func (f *inflater) take(n uint) uint32 {
	v := uint32(f.bits & (1<<n - 1))
	f.bits >>= n
	f.n -= n
	return v
}

// codes decodes a block's symbols. The fast way needs eight bytes of input at hand.
func (f *inflater) codes(limit int) error {
	for f.w < limit && f.huffman {
		if f.iend-f.ip < 8 {
			if f.fill() {
				continue
			}
			if err := f.slowCode(); err != nil {
				return err
			}
			continue
		}
		if err := f.fastCodes(limit); err != nil {
			return err
		}
	}
	return nil
}

// fastCodes decodes as long as eight bytes of input are there. After a refill at least 56 bits are ready; a match takes at most 48: code of
// 15, 5 extra bits, code of 15, 13 extra bits. Bits above n are those of the bytes that come next, so that a refill may set them again.
func (f *inflater) fastCodes(limit int) (err error) {
	b, n, ip, w := f.bits, f.n, f.ip, f.w
	last := f.iend - 8
	lit, dist := f.lit, f.dist
	for ip <= last && w < limit {
		b |= binary.LittleEndian.Uint64(f.in[ip:]) << (n & 63)
		ip += int((63 - n) >> 3)
		n |= 56
		e := lit.entry[b&(1<<rootBits-1)]
		for e&isLiteral != 0 && n > 2*maxBits && w < limit { // two or three literals for one refill
			b >>= e & 15
			n -= uint(e & 15)
			f.out[w] = byte(e >> 8)
			w++
			e = lit.entry[b&(1<<rootBits-1)]
		}
		if n < 48 || w >= limit {
			continue
		}
		if e&isLink != 0 {
			b >>= rootBits
			n -= rootBits
			e = lit.entry[e>>8&0xFFFF+uint32(b)&(1<<(e>>4&15)-1)]
		}
		b >>= e & 15
		n -= uint(e & 15)
		if e&(isLiteral|isEnd) != 0 || e == 0 {
			if e&isLiteral == 0 {
				f.huffman = false
				if e == 0 {
					err = errDeflate
				}
				break
			}
			f.out[w] = byte(e >> 8)
			w++
			continue
		}
		extra := e >> 4 & 15
		length := int(e>>8&0xFFFF) + int(b&(1<<extra-1))
		b >>= extra
		n -= uint(extra)
		e = dist.entry[b&(1<<rootBits-1)]
		if e&isLink != 0 {
			b >>= rootBits
			n -= rootBits
			e = dist.entry[e>>8&0xFFFF+uint32(b)&(1<<(e>>4&15)-1)]
		}
		b >>= e & 15
		n -= uint(e & 15)
		extra = e >> 4 & 15
		back := int(e>>8&0xFFFF) + int(b&(1<<extra-1))
		b >>= extra
		n -= uint(extra)
		if e == 0 || back > w {
			err = errDeflate
			break
		}
		f.match(w, back, length)
		w += length
	}
	f.bits, f.n, f.ip, f.w = b&(1<<n-1), n, ip, w
	return err
}

// match copies length bytes from back bytes before w; the two may overlap.
func (f *inflater) match(w, back, length int) {
	if back >= length {
		copy(f.out[w:w+length], f.out[w-back:])
		return
	}
	if back == 1 {
		c := f.out[w-1]
		to := f.out[w : w+length]
		for i := range to {
			to[i] = c
		}
		return
	}
	for done := 0; done < length; {
		done += copy(f.out[w+done:w+length], f.out[w-back:w+done])
	}
}

// slowCode decodes one symbol where the input may end in it.
func (f *inflater) slowCode() error {
	e, err := f.symbol(f.lit)
	switch {
	case err != nil:
		return err
	case e&isEnd != 0:
		f.huffman = false
		return nil
	case e&isLiteral != 0:
		f.out[f.w] = byte(e >> 8)
		f.w++
		return nil
	}
	length, err := f.value(e)
	if err != nil {
		return err
	}
	if e, err = f.symbol(f.dist); err != nil {
		return err
	}
	back, err := f.value(e)
	if err != nil {
		return err
	}
	if back > f.w {
		return errDeflate
	}
	f.match(f.w, back, length)
	f.w += length
	return nil
}

// value adds its extra bits to a symbol's base.
func (f *inflater) value(e uint32) (int, error) {
	extra := uint(e >> 4 & 15)
	if err := f.need(extra); err != nil {
		return 0, err
	}
	return int(e>>8&0xFFFF) + int(f.take(extra)), nil
}

// symbol reads a code bit by bit as far as it goes.
func (f *inflater) symbol(t *table) (uint32, error) {
	for {
		e, used := t.entry[f.bits&(1<<rootBits-1)], uint(0)
		if e&isLink != 0 {
			used = rootBits
			e = t.entry[e>>8&0xFFFF+uint32(f.bits>>rootBits)&(1<<(e>>4&15)-1)]
		}
		if used += uint(e & 15); e != 0 && used <= f.n {
			f.take(used)
			return e, nil
		}
		if e == 0 && f.n >= maxBits {
			return 0, errDeflate
		}
		if err := f.need(f.n + 1); err != nil {
			return 0, err
		}
	}
}
