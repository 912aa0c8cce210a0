package medium

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func over(b string) *Medium { return New(bytes.NewReader([]byte(b)), int64(len(b))) }

func TestAtGivesAllOrNothing(t *testing.T) {
	m := over("0123456789")
	for _, tt := range []struct {
		off  int64
		n    int
		want string
	}{{0, 3, "012"}, {7, 3, "789"}, {8, 3, ""}, {-1, 3, ""}, {3, 0, ""}, {1 << 62, 1, ""}, {0, 1 << 30, ""}} {
		if got := string(m.At(tt.off, tt.n)); got != tt.want {
			t.Errorf("At(%d, %d) = %q", tt.off, tt.n, got)
		}
		if got := string(m.Entry(tt.off, tt.n)); got != tt.want {
			t.Errorf("Entry(%d, %d) = %q", tt.off, tt.n, got)
		}
	}
	if m.Over() || m.Err() != nil {
		t.Error("a refusal is no trouble")
	}
}

// counting counts the bytes that are read.
type counting struct {
	io.ReaderAt
	n int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.n += len(p)
	return c.ReaderAt.ReadAt(p, off)
}

func TestEntriesAreReadTogether(t *testing.T) {
	b := make([]byte, 100_000)
	for i := range b {
		b[i] = byte(i / 7)
	}
	r := &counting{ReaderAt: bytes.NewReader(b)}
	m := New(r, int64(len(b)))
	for off := int64(0); off+7 <= m.Size; off += 7 {
		if got := m.Entry(off, 7); !bytes.Equal(got, b[off:off+7]) {
			t.Fatalf("%d: %v", off, got)
		}
	}
	if r.n > 3*len(b) || m.account.left != m.Size*readings+readFloor {
		t.Errorf("%d bytes read of %d, %d left", r.n, len(b), m.account.left)
	}
}

func TestStructuresEndWithTheAccount(t *testing.T) {
	m := over("0123456789")
	s := m.Section(2, 100)
	if s.Size != 8 {
		t.Errorf("size of the section: %d", s.Size)
	}
	n := 0
	for s.At(0, 8) != nil {
		n++
	}
	if want := (10*readings + readFloor) / minRead; n != want || !m.Over() {
		t.Errorf("%d reads, want %d; over %v", n, want, m.Over())
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestErrorsOfTheFileAreKept(t *testing.T) {
	disk := errors.New("disk")
	m := New(failing{disk}, 10)
	if m.At(0, 1) != nil || m.Err() != disk {
		t.Errorf("error %v", m.Err())
	}
	m = New(failing{io.EOF}, 10)
	if m.At(0, 1) != nil || m.Err() != nil {
		t.Errorf("a file that ends is no error: %v", m.Err())
	}
}

func TestChain(t *testing.T) {
	m := over("0123456789")
	for _, tt := range []struct {
		name string
		list []Extent
		size int64
		want string
		err  error
	}{
		{"pieces", []Extent{{5, 2}, {0, 3}}, 5, "56012", nil},
		{"empty", nil, 0, "", nil},
		{"shorter than its extents", []Extent{{0, 5}}, 2, "01", nil},
		{"hole", []Extent{{0, 1}, {Hole, 2}, {1, 1}}, 4, "0\x00\x001", nil},
		{"empty extent", []Extent{{0, 0}, {3, 1}}, 1, "3", nil},
		{"extents that end before", []Extent{{0, 2}}, 3, "01", io.ErrUnexpectedEOF},
		{"medium that ends before", []Extent{{8, 100}}, 100, "89", io.ErrUnexpectedEOF},
		{"behind the medium", []Extent{{1 << 60, 1}}, 1, "", io.ErrUnexpectedEOF},
	} {
		b, err := io.ReadAll(m.Chain(tt.list, tt.size))
		if string(b) != tt.want || err != tt.err {
			t.Errorf("%s: %q, %v", tt.name, b, err)
		}
	}
}

func TestListingLimits(t *testing.T) {
	for _, tt := range []struct {
		o    Options
		want string
		n    int
	}{
		{Options{}, "", 5}, {Options{Entries: 3}, "entries", 3}, {Options{Names: 9}, "names", 4}, {Options{Extents: 3}, "extents", 1},
	} {
		l := List(tt.o)
		for i := 0; i < 5 && l.Keep(2); i++ {
			l.Add(File{Name: fmt.Sprintf("f%d", i)})
		}
		if l.Limit != tt.want || len(l.Files) != tt.n {
			t.Errorf("%+v: %q, %d files", tt.o, l.Limit, len(l.Files))
		}
	}
}

func TestTreeVisitsEachPlaceOnce(t *testing.T) {
	var got []string
	tree := NewTree(List(Options{Depth: 3}), 1, 1)
	tree.Walk(func(in *Folder[int]) {
		got = append(got, in.Path)
		tree.Enter(in, "self/", int64(in.Data), in.Data)
		tree.Enter(in, "root/", 1, 1)
		tree.Enter(in, "sub/", int64(in.Data+1), in.Data+1)
	})
	if diff := cmp.Diff([]string{"", "sub/", "sub/sub/", "sub/sub/sub/"}, got); diff != "" || tree.Limit != "depth" {
		t.Errorf("%s, limit %q", diff, tree.Limit)
	}
}

func TestStructuresReadsFoldersInPieces(t *testing.T) {
	m := over("0123456789")
	r := m.Structures(m.Chain([]Extent{{0, 10}}, 10))
	var got []string
	for b := r.Next(4); b != nil; b = r.Next(4) {
		got = append(got, string(b))
	}
	if diff := cmp.Diff([]string{"0123", "4567", "89"}, got); diff != "" {
		t.Error(diff)
	}
}
