package ntfs

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"

	"sekisho/internal/diskimage/medium"
)

// stream is one data attribute, which may be spread over records.
type stream struct {
	name   string
	first  attribute // that with the sizes
	whole  bool      // it was seen
	pieces []piece
}

// piece is what one record has of the runs.
type piece struct {
	vcn  uint64
	runs []medium.Extent
}

const maxStreams = 200 // of one file; programs make one or two

// stream adds an attribute to the stream of its name.
func (v *volume) stream(f *node, a attribute) {
	runs := v.runs(a)
	if a.resident {
		runs = nil
	}
	if !v.Keep(1 + len(runs) + len(a.name)/keptUnit) {
		return
	}
	s := f.stream(a.name)
	switch {
	case s == nil:
		v.Stop("entries")
	case a.resident:
		if v.Keep(len(a.content) / keptUnit) {
			a.content = bytes.Clone(a.content)
			s.first, s.whole = a, true
		}
	default:
		if a.first == 0 {
			a.content = nil
			s.first, s.whole = a, true
		}
		s.pieces = append(s.pieces, piece{a.first, runs})
	}
}

const keptUnit = 64 // bytes of resident content that count as one extent: 16 MB of it are kept at most

// stream is the file's stream of that name, nil where there are too many.
func (f *node) stream(name string) *stream {
	for _, s := range f.streams {
		if s.name == name {
			return s
		}
	}
	if len(f.streams) >= maxStreams {
		return nil
	}
	s := &stream{name: name}
	f.streams = append(f.streams, s)
	return s
}

// open makes a file of a stream; ok is false where its beginning is nowhere.
func (v *volume) open(s *stream) (f medium.File, ok bool) {
	a := s.first
	f = medium.File{Size: a.size, Place: -1, Encrypted: a.flags&flagEncrypted != 0}
	if !s.whole {
		return f, false
	}
	list := s.joined(v.cluster)
	if len(list) > 0 && a.size > 0 {
		f.Place = list[0].Offset
	}
	switch unit := v.cluster << min(a.unit, 16); {
	case f.Encrypted:
	case a.resident:
		f.Content = func() io.Reader { return bytes.NewReader(a.content) }
	case a.flags&flagCompressed != 0 && unit > maxUnit:
		f.Unread = "compressed in units that Windows does not make"
	case a.flags&flagCompressed != 0 && a.unit > 0:
		f.Content = func() io.Reader { return v.initialised(a, list, &compressed{v: v, list: list, unit: unit}) }
	default:
		f.Content = func() io.Reader { return v.initialised(a, list, v.Chain(list, a.size)) }
	}
	return f, true
}

// joined are the runs of all records in their order, up to the first that is missing.
func (s *stream) joined(cluster int64) []medium.Extent {
	slices.SortStableFunc(s.pieces, func(a, b piece) int { return cmp.Compare(a.vcn, b.vcn) })
	var list []medium.Extent
	vcn := uint64(0)
	for _, p := range s.pieces {
		if p.vcn != vcn {
			break
		}
		for _, e := range p.runs {
			vcn += uint64(e.Length / cluster)
		}
		list = append(list, p.runs...)
	}
	return list
}

// initialised gives zeros for what was never written, as Windows does, as far as the runs reach.
func (v *volume) initialised(a attribute, list []medium.Extent, r io.Reader) io.Reader {
	if a.written >= a.size {
		return &exactly{r, a.size}
	}
	hole := medium.Extent{Offset: medium.Hole, Length: -a.written}
	for _, e := range list {
		hole.Length += e.Length
	}
	return io.MultiReader(&exactly{r, a.written}, v.Chain([]medium.Extent{hole}, a.size-a.written))
}

// exactly reads left bytes, and says so where there are fewer.
type exactly struct {
	r    io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	if e.left -= int64(n); err == io.EOF && e.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

const maxUnit = 64 << 10 // Windows compresses in 16 clusters of at most 4 KB

// compressed reads content that is compressed unit by unit. One whose clusters are all stored is as it is, one with none is zeros, and one with fewer
// is LZNT1.
type compressed struct {
	v    *volume
	list []medium.Extent
	at   int64 // within list[0]
	unit int64
	out  []byte // delivered next
}

var errCompressed = errors.New("ntfs: compressed data is corrupt")

func (c *compressed) Read(p []byte) (int, error) {
	if len(c.out) == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

// next unpacks the next unit.
func (c *compressed) next() error {
	stored, have, covered := c.take()
	switch {
	case covered == 0:
		return io.EOF
	case have == 0:
		c.out = make([]byte, covered)
		return nil
	}
	in := make([]byte, have)
	if _, err := io.ReadFull(c.v.Chain(stored, have), in); err != nil {
		return err
	}
	if c.out = in; have == covered {
		return nil
	}
	c.out = make([]byte, c.unit)
	if !lznt1(c.out, in) {
		return errCompressed
	}
	return nil
}

// take removes a unit from the list: what of it is stored, how many bytes those are, and how many bytes the runs cover.
func (c *compressed) take() (stored []medium.Extent, have, covered int64) {
	for covered < c.unit && len(c.list) > 0 {
		e := c.list[0]
		n := min(e.Length-c.at, c.unit-covered)
		if e.Offset >= 0 {
			stored = append(stored, medium.Extent{Offset: e.Offset + c.at, Length: n})
			have += n
		}
		covered += n
		if c.at += n; c.at == e.Length {
			c.list, c.at = c.list[1:], 0
		}
	}
	return stored, have, covered
}
