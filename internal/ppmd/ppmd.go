// Package ppmd decodes compression method 98 of ZIP (APPNOTE 5.10): PPMd, version I, revision 1. APPNOTE gives the two bytes before the data
// only; the model is Dmitry Shkarin's ("PPM: one step to practicality", 2002, and his PPMd var.I), the range coder Dmitry Subbotin's. Facts on
// both were taken from the public-domain Ppmd8.c of 7-Zip, as libarchive has it, too: the order in which blocks of memory are used is part of
// the format, since the model starts over, or is pruned, when its memory is full.
//
// The data says itself where it ends, by an escape from the context of order 0.
//
// # Limits
//
// The header asks for 1 to 256 MB. That is an address space: pages of 48 KB come as they are used, up to 64 MB, beyond which the reader ends
// with ErrMemory. It frees them at the end and on an error. A symbol costs at most as many steps as the order has contexts of 256 symbols. Pruning visits states,
// several times each when several contexts lead to theirs; visits are counted, and a multiple of what was decoded is ErrWork. Restoration method 2 (freeze) is ErrMethod: 7-Zip and
// libarchive refuse it as well, since its makers differ in it.
package ppmd

import (
	"errors"
	"io"
)

// The errors callers branch on.
var (
	ErrMethod  = errors.New("ppmd: model restoration method not supported")
	ErrCorrupt = errors.New("ppmd: data is corrupt")
	ErrMemory  = errors.New("ppmd: the model needs more memory than the limit")
	ErrWork    = errors.New("ppmd: pruning the model takes more steps than the limit")
)

const (
	maxOrder = 16

	// maxMemory bounds the pages of one reader. 7-Zip asks for 16 MB by default; at its highest level for 16 times the file's size at most.
	maxMemory = 64 << 20

	// visitsPerSymbol bounds the states that pruning visits. Honest data, packed by order 16 into the smallest memory, needs a fraction of it.
	visitsPerSymbol = 64
)

// Reader is the content.
type Reader struct {
	d   rangeDecoder
	m   *model
	err error
}

// NewReader reads the two bytes before the data: order less one, megabytes of memory less one, restoration method.
func NewReader(in io.ByteReader) (*Reader, error) {
	z := &Reader{d: rangeDecoder{in: in}}
	z.d.next()
	z.d.next()
	if z.d.err != nil {
		return nil, z.d.err
	}
	word := z.d.code>>8 | z.d.code&0xFF<<8
	order, size, method := word&15+1, (word>>4&255+1)<<20, word>>12
	switch {
	case order < 2:
		return nil, ErrCorrupt
	case method > 1:
		return nil, ErrMethod
	}
	z.d.code = 0
	z.d.start()
	if z.d.err != nil {
		return nil, z.d.err
	}
	z.m = newModel(order, size, method == 1)
	return z, nil
}

// Read is io.Reader. The error is io.EOF behind the end mark, io.ErrUnexpectedEOF where the input ends before it, one of the package or the input's.
func (z *Reader) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && z.err == nil {
		symbol := z.m.decode(&z.d)
		switch {
		case z.d.err != nil:
			z.err = z.d.err
		case symbol == endMark:
			z.err = io.EOF
		default:
			p[n] = byte(symbol)
			n++
			z.err = z.m.within()
		}
	}
	if z.err != nil {
		z.m = nil
		return n, z.err
	}
	return n, nil
}

// within checks the limits after a symbol, which uses few pages.
func (m *model) within() error {
	m.symbols++
	switch {
	case m.used > maxMemory:
		return ErrMemory
	case m.visits > m.maxVisits():
		return ErrWork
	}
	return nil
}

func (m *model) maxVisits() int64 { return visitsPerSymbol*m.symbols + int64(m.size/stateSize) }
