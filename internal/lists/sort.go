package lists

import (
	"bufio"
	"bytes"
	"container/heap"
	"errors"
	"io"
	"os"
	"slices"
)

const (
	runHashes = 1 << 20  // sorted at once: 10 MB of memory
	runBuffer = 64 << 10 // of each run while they are merged: 6 MB for a hundred million entries
)

// sorter sorts any number of hashes in little memory: sorted runs in a file without a name, merged at the end.
type sorter struct {
	f    *os.File
	buf  []hash
	runs []*io.SectionReader
	at   int64
	n    int
}

// newSorter puts its file into dir; "" is the system's folder for such files.
func newSorter(dir string) (*sorter, error) {
	f, err := os.CreateTemp(dir, "sort.*.tmp")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &sorter{f: f}, nil
}

func (s *sorter) Close() error { return s.f.Close() }

func (s *sorter) add(h hash) error {
	s.n++
	s.buf = append(s.buf, h)
	if len(s.buf) < runHashes {
		return nil
	}
	return s.spill()
}

func (s *sorter) sortRun() {
	slices.SortFunc(s.buf, func(a, b hash) int { return bytes.Compare(a[:], b[:]) })
	s.buf = slices.Compact(s.buf)
}

func (s *sorter) spill() error {
	s.sortRun()
	w := bufio.NewWriterSize(io.NewOffsetWriter(s.f, s.at), runBuffer)
	for i := range s.buf {
		w.Write(s.buf[i][:]) // its error stays
	}
	if err := w.Flush(); err != nil {
		return err
	}
	size := int64(len(s.buf)) * hashSize
	s.runs = append(s.runs, io.NewSectionReader(s.f, s.at, size))
	s.at += size
	s.buf = s.buf[:0]
	return nil
}

// sorted visits every hash once, in order.
func (s *sorter) sorted(visit func(hash) error) error {
	if len(s.runs) == 0 {
		s.sortRun()
		for _, h := range s.buf {
			if err := visit(h); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.spill(); err != nil {
		return err
	}
	s.buf = nil
	return s.merge(visit)
}

func (s *sorter) merge(visit func(hash) error) error {
	var m merging
	for _, r := range s.runs {
		run := &run{r: bufio.NewReaderSize(r, runBuffer)}
		if ok, err := run.next(); err != nil {
			return err
		} else if ok {
			m = append(m, run)
		}
	}
	heap.Init(&m)
	var last hash
	for first := true; len(m) > 0; first = false {
		h := m[0].head
		if first || h != last {
			if err := visit(h); err != nil {
				return err
			}
		}
		last = h
		ok, err := m[0].next()
		switch {
		case err != nil:
			return err
		case ok:
			heap.Fix(&m, 0)
		default:
			heap.Pop(&m)
		}
	}
	return nil
}

// run is a sorted run while it is merged.
type run struct {
	r    *bufio.Reader
	head hash
}

func (r *run) next() (bool, error) {
	_, err := io.ReadFull(r.r, r.head[:])
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

// merging is a heap of runs by their first hash.
type merging []*run

func (m merging) Len() int           { return len(m) }
func (m merging) Less(i, j int) bool { return bytes.Compare(m[i].head[:], m[j].head[:]) < 0 }
func (m merging) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }

// Push implements heap.Interface.
func (m *merging) Push(x any) { *m = append(*m, x.(*run)) }

// Pop implements heap.Interface.
func (m *merging) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}
