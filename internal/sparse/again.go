package sparse

import (
	"errors"
	"fmt"
	"io"

	"sekisho/internal/inflate"
)

// Again reads content once more.
type Again interface {
	// readAt fills p from off, inside the content. ErrReach is the error of what cannot be read again.
	readAt(p []byte, off int64) (int, error)
}

// Plain is content that stands in r as it is.
func Plain(r io.ReaderAt) Again { return plain{r} }

// IsPlain reports whether a is Plain: no block need be kept of content that stands elsewhere as it is.
func IsPlain(a Again) bool {
	_, ok := a.(plain)
	return ok
}

type plain struct{ r io.ReaderAt }

func (a plain) readAt(p []byte, off int64) (int, error) {
	n, err := a.r.ReadAt(p, off)
	switch {
	case n == len(p):
		return n, nil
	case errors.Is(err, io.EOF):
		return n, fmt.Errorf("%w: the source has ended", ErrReach)
	}
	return n, err
}

// Budget is the number of bytes that may still be decoded again, for as many stores as share it.
type Budget struct{ Left int64 }

const (
	chunk    = 64 << 10 // what is decoded and kept at a time
	chunks   = 16       // kept of what was decoded last: a reader goes back and forth by less than this megabyte
	marksMax = 64       // 4 MB of windows
	every    = 1 << 20  // between two marks, at first
)

// Format is how content is packed.
type Format uint8

// The formats.
const (
	Deflate   Format = iota // RFC 1951
	Deflate64               // APPNOTE 4.4.5
	Gzip                    // RFC 1952: its first member
)

// Inflated is content that r unpacks to.
func Inflated(r *io.SectionReader, f Format, b *Budget) Again {
	return &inflated{in: r, format: f, budget: b, every: every}
}

// inflated decodes from the nearest mark on. The first pass over the content was somebody else's, so that marks are made when it is first read again.
type inflated struct {
	in     *io.SectionReader
	format Format
	budget *Budget
	z      *inflate.Reader
	at     int64 // of z in the content
	start  int64 // of the deflated data in in
	marks  []*inflate.Mark
	every  int64
	cache  [chunks]cached
}

// cached is the chunk of the content with that number, from 1 on.
type cached struct {
	number int64
	b      []byte
}

func (a *inflated) readAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		i, in := (off+int64(n))/chunk, (off+int64(n))%chunk
		c := &a.cache[i%chunks]
		if c.number != i+1 {
			if err := a.load(i); err != nil {
				return n, err
			}
		}
		if in >= int64(len(c.b)) {
			return n, fmt.Errorf("%w: the data ends at %d", ErrReach, i*chunk+int64(len(c.b)))
		}
		n += copy(p[n:], c.b[in:])
	}
	return n, nil
}

// load decodes up to the end of a chunk.
func (a *inflated) load(number int64) error {
	if err := a.seek(number * chunk); err != nil {
		return err
	}
	for i := a.at / chunk; i <= number; i++ {
		a.mark()
		if a.budget.Left < chunk {
			return fmt.Errorf("%w: too much would have to be unpacked again", ErrReach)
		}
		c := &a.cache[i%chunks]
		if c.b == nil {
			c.b = make([]byte, 0, chunk)
		}
		c.number = 0
		n, err := io.ReadFull(a.z, c.b[:chunk])
		a.budget.Left -= int64(n)
		a.at += int64(n)
		switch {
		case err == nil, i == number && ended(err): // the last chunk is what there is
		case ended(err):
			return fmt.Errorf("%w: %w", ErrReach, err)
		default:
			return err
		}
		c.number, c.b = i+1, c.b[:n]
	}
	return nil
}

// ended reports whether an error is the data's and not the reader's.
func ended(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, inflate.ErrCorrupt)
}

// seek moves z to off or before it: where it is, or to the nearest mark.
func (a *inflated) seek(off int64) error {
	if a.z == nil {
		if err := a.begin(); err != nil {
			return err
		}
	}
	best := a.marks[0]
	for _, m := range a.marks {
		if m.Out <= off {
			best = m
		}
	}
	if a.at <= off && a.at >= best.Out && a.at%chunk == 0 {
		return nil
	}
	a.z.Resume(io.NewSectionReader(a.in, a.start+best.In, a.in.Size()-a.start-best.In), best)
	a.at = best.Out
	return nil
}

// begin makes z and the mark of the beginning.
func (a *inflated) begin() (err error) {
	format := inflate.Deflate
	switch a.format {
	case Deflate64:
		format = inflate.Deflate64
	case Gzip:
		if a.start, err = gzipHeader(a.in); err != nil {
			return err
		}
	}
	a.z = inflate.NewReader(io.NewSectionReader(a.in, a.start, a.in.Size()-a.start), format)
	m, _ := a.z.Mark()
	a.marks = append(a.marks, m)
	return nil
}

// mark notes where z is, once it is far enough behind the last mark. Of too many marks every second is dropped.
func (a *inflated) mark() {
	if a.at < a.marks[len(a.marks)-1].Out+a.every {
		return
	}
	m, ok := a.z.Mark()
	if !ok {
		return
	}
	if len(a.marks) == marksMax {
		for i := range marksMax / 2 {
			a.marks[i] = a.marks[2*i]
		}
		clear(a.marks[marksMax/2:])
		a.marks = a.marks[:marksMax/2]
		a.every *= 2
		return
	}
	a.marks = append(a.marks, m)
}
