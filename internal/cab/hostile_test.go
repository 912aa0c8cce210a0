package cab

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// A file that says that it began in an earlier cabinet, of which there is none, does not keep the others of its folder from being read.
func TestAFalsePartHidesNothing(t *testing.T) {
	for _, number := range []uint16{0xFFFD, 0xFFFF} {
		list := files("false.txt", "evil.doc")
		list[0].Folder = number
		a := read(t, fixture.CAB{Folders: []fixture.CABFolder{{Method: 1, Files: list}}}.Bytes())
		for i := range a.Files {
			switch f := &a.Files[i]; f.Name {
			case "false.txt":
				if err := f.Check(); !errors.Is(err, ErrPart) || !f.Prev || f.Next != (number == 0xFFFF) {
					t.Errorf("%#x: %+v, %v", number, f, err)
				}
			default:
				if got := string(contentOf(t, f)); got != "content of evil.doc" {
					t.Errorf("%#x: %q", number, got)
				}
			}
		}
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		name string
		file fixture.CABFile
		want string
	}{
		{"ASCII", fixture.CABFile{Name: `dir\a.txt`}, `dir\a.txt`},
		{"UTF-8, said", fixture.CABFile{Name: "請求書.doc", UTF: true}, "請求書.doc"},
		{"UTF-8, not said", fixture.CABFile{Name: "請求書.doc"}, "請求書.doc"},
		{"UTF-8 that is none", fixture.CABFile{Name: "\x90\xBF.doc", UTF: true}, "\uFFFD.doc"},
		{"Shift_JIS", fixture.CABFile{Name: "\x90\xBF\x8B\x81\x8F\x91.doc"}, "請求書.doc"},
		{"Windows-1252", fixture.CABFile{Name: "r\xE9sum\xE9.doc"}, "résumé.doc"},
		{"beyond what is kept", fixture.CABFile{Name: strings.Repeat("n", maxName+100)}, strings.Repeat("n", maxName)},
		{"nothing", fixture.CABFile{}, ""},
	} {
		behind := fixture.CABFile{Name: "behind", Data: []byte("x"), At: 1}
		tt.file.Data = []byte("y")
		a := read(t, fixture.CAB{Folders: []fixture.CABFolder{{Files: []fixture.CABFile{tt.file, behind}}}}.Bytes())
		if len(a.Files) != 2 || a.Cut || a.Files[0].Name != tt.want {
			t.Errorf("%s: %d files, %.60q", tt.name, len(a.Files), a.Files[0].Name)
		}
	}
}

// head is a cabinet's header with one number changed.
func head(change func(le []byte)) []byte {
	b := fixture.CAB{Folders: []fixture.CABFolder{{Files: files("a", "b")}}}.Bytes()
	change(b)
	return b
}

// TestNumbersThatLie: what the header says of sizes and places costs nothing, and a list that is not all there is said to be cut.
func TestNumbersThatLie(t *testing.T) {
	put := func(at int, v uint32) func([]byte) {
		return func(b []byte) { binary.LittleEndian.PutUint32(b[at:], v) }
	}
	put16 := func(at int, v uint16) func([]byte) {
		return func(b []byte) { binary.LittleEndian.PutUint16(b[at:], v) }
	}
	for _, tt := range []struct {
		name   string
		b      []byte
		format bool // it is no cabinet
		files  int
		cut    bool
	}{
		{"as it is", head(func([]byte) {}), false, 2, false},
		{"size of the cabinet", head(put(8, 0xFFFFFFFF)), false, 2, false},
		{"the list behind the file", head(put(16, 0xFFFFFFFF)), true, 0, false},
		{"more files than there are", head(put16(28, 0xFFFF)), false, 2, true},
		{"no files", head(put16(28, 0)), false, 0, false},
		{"more folders than there are", head(put16(26, 0xFFFF)), false, 2, false},
		{"no folders", head(put16(26, 0)), false, 2, false},
		{"another version", head(func(b []byte) { b[25] = 2 }), true, 0, false},
		{"reserved areas beyond the end", head(put16(30, 4)), false, 2, false},
		{"a neighbour whose name has no end", head(func(b []byte) { b[30] = 3; b[len(b)-1] = 1 }), false, 2, false},
	} {
		a, err := Read(bytes.NewReader(tt.b), int64(len(tt.b)), Options{})
		if tt.format {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if !tt.cut && len(a.Files) < tt.files || tt.cut && !a.Cut {
			t.Errorf("%s: %d files, cut %v", tt.name, len(a.Files), a.Cut)
		}
		for i := range a.Files {
			drain(t, &a.Files[i])
		}
	}
}

// later fails behind so many bytes.
type later struct {
	b    []byte
	from int64
}

func (l later) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > l.from {
		return 0, io.ErrClosedPipe
	}
	return bytes.NewReader(l.b).ReadAt(p, off)
}

// TestReadersErrorIsOurTrouble: wherever the disk fails, it is no damage of the file.
func TestReadersErrorIsOurTroubleEverywhere(t *testing.T) {
	var list []fixture.CABFile
	for range 3000 {
		list = append(list, fixture.CABFile{Name: strings.Repeat("n", 200), Data: []byte("x")})
	}
	b := fixture.CAB{Reserve: 200, Prev: "p", Next: "n", Folders: []fixture.CABFolder{{Method: 1, Files: list}}}.Bytes()
	whole := read(t, b)
	for from := int64(0); from < int64(len(b)); from += 4096 {
		if a, err := Read(later{b, from}, int64(len(b)), Options{}); !errors.Is(err, io.ErrClosedPipe) && (err != nil || len(a.Files) != len(whole.Files)) {
			t.Errorf("%d bytes: %v", from, err)
		}
		if _, err := Find(later{b, from}, int64(len(b))); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("find, %d bytes: %v", from, err)
		}
	}
}

// TestFilesReadInAnyOrder give the same: a folder begins anew for what lies before.
func TestFilesReadInAnyOrder(t *testing.T) {
	list := files("a", "b", "c", "d")
	for _, method := range []uint16{0, 1, 3 | 15<<8} {
		b := fixture.CAB{Folders: []fixture.CABFolder{{Method: method, Files: list}, {Method: method, Files: list}}}.Bytes()
		for _, order := range [][]int{{0, 1, 2, 3, 4, 5, 6, 7}, {7, 6, 5, 4, 3, 2, 1, 0}, {0, 4, 1, 5, 2, 6, 3, 7}, {3, 3, 3, 3, 3, 3, 3, 3}} {
			a := read(t, b)
			for _, i := range order {
				if f := &a.Files[i]; string(contentOf(t, f)) != "content of "+f.Name {
					t.Errorf("method %d, %v: %s", method, order, f.Name)
				}
			}
		}
		a := read(t, b)
		var err error
		for range maxRestarts + 2 {
			for _, i := range []int{3, 0} {
				var r io.Reader
				if r, err = a.Files[i].Open(); err == nil {
					_, err = io.Copy(io.Discard, r)
				}
			}
		}
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("method %d: there and back without end: %v", method, err)
		}
	}
}

func TestFindPassesWhatIsNone(t *testing.T) {
	cab := fixture.CAB{Folders: []fixture.CABFolder{{Files: files("a")}}}.Bytes()
	mark := []byte("MSCF\x00\x00\x00\x00")
	for _, tt := range []struct {
		name string
		b    []byte
		want int64
	}{
		{"marks alone", bytes.Repeat(mark, 1000), -1},
		{"behind marks", slices.Concat(bytes.Repeat(mark, 1000), cab), 8000},
		{"over the edge of a buffer", slices.Concat(make([]byte, 64<<10-20), cab), 64<<10 - 20},
		{"at the end of a buffer", slices.Concat(make([]byte, 64<<10-headerLen), cab), 64<<10 - headerLen},
		{"cut in its header", slices.Concat(make([]byte, 100), cab[:headerLen-1]), -1},
		{"cut in its list", slices.Concat(make([]byte, 100), cab[:headerLen]), -1},
		{"nothing", nil, -1},
	} {
		if got, err := Find(bytes.NewReader(tt.b), int64(len(tt.b))); got != tt.want || err != nil {
			t.Errorf("%s: %d, %v", tt.name, got, err)
		}
	}
}
