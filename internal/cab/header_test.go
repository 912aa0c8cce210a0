package cab

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// gcab is a cabinet that gcab 1.5 made of one file, with MSZIP.
const gcab = "TVNDRgAAAABtAAAAAAAAACwAAAAAAAAAAwEBAAEAAAAAAAAAQgAAAAEAAQBRAAAAAAAAAAAAIlyDGCAAYS50eHQAM6gOaiMAUQBDSwvJSFVISiwqykwtUsgvSM0rVkgsUUhJLM/TUwghR4oLAA=="

func TestCabinetOfAnotherProgram(t *testing.T) {
	b, err := base64.StdEncoding.DecodeString(gcab)
	if err != nil {
		t.Fatal(err)
	}
	a := read(t, b)
	want := strings.TrimSuffix(strings.Repeat("The barrier opens at dawn. ", 3), " ") + "\n"
	if len(a.Files) != 1 || a.Files[0].Name != "a.txt" || a.Cut || a.Limit {
		t.Fatalf("%+v", a)
	}
	if got := contentOf(t, &a.Files[0]); string(got) != want {
		t.Errorf("%q", got)
	}
}

func many() []byte {
	return fixture.CAB{Reserve: 4, Prev: "p", Next: "n", Folders: []fixture.CABFolder{{Method: 1, Files: files("one", "two")}, {Files: files("three")},
		{Method: 3 | 15<<8, Files: []fixture.CABFile{{Name: "four", Data: program(2000)}}}}}.Bytes()
}

// A cabinet cut anywhere has the files that its list still holds, each as far as it goes.
func TestCutAnywhere(t *testing.T) {
	whole := many()
	full := read(t, whole)
	for n := range whole {
		a, err := Read(bytes.NewReader(whole[:n]), int64(n), Options{})
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("%d bytes: %v", n, err)
			}
			continue
		}
		if !a.Cut && len(a.Files) != len(full.Files) {
			t.Errorf("%d bytes: %d files, not said to be cut", n, len(a.Files))
		}
		for i := range a.Files {
			r, err := a.Files[i].Open()
			if err == nil {
				_, err = io.Copy(io.Discard, r)
			}
			if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrCorrupt) {
				t.Errorf("%d bytes, %s: %v", n, a.Files[i].Name, err)
			}
		}
	}
}

func TestEveryByteDamaged(t *testing.T) {
	whole := many()
	for i := range whole {
		for _, v := range []byte{0, 0x7F, 0xFF} {
			b := bytes.Clone(whole)
			b[i] = v
			a, err := Read(bytes.NewReader(b), int64(len(b)), Options{})
			if err != nil {
				if !errors.Is(err, ErrFormat) {
					t.Fatalf("byte %d: %v", i, err)
				}
				continue
			}
			for j := range a.Files {
				drain(t, &a.Files[j])
			}
		}
	}
}

// Files are listed as their data lies, whatever their order in the list.
func TestFilesAreListedAsTheyLie(t *testing.T) {
	list := files("b", "a")
	list[0].At, list[1].At = 12, ^uint32(0)-11 // each in the other's place: their lengths are the same
	a := read(t, fixture.CAB{Folders: []fixture.CABFolder{{Method: 1, Files: list}}}.Bytes())
	if a.Files[0].Name != "a" || a.Files[1].Name != "b" {
		t.Fatalf("%q, %q", a.Files[0].Name, a.Files[1].Name)
	}
	for i := range a.Files {
		if r, err := a.Files[i].Open(); err != nil {
			t.Error(err)
		} else if _, err := io.Copy(io.Discard, r); err != nil {
			t.Error(err)
		}
	}
	if a.restarts > 0 {
		t.Errorf("%d restarts", a.restarts)
	}
}

// Each block is read once when the files are opened one after the other.
func TestLinearCost(t *testing.T) {
	var list []fixture.CABFile
	for i := range 1000 {
		list = append(list, fixture.CABFile{Name: fmt.Sprint(i), Data: program(1000)})
	}
	for _, method := range []uint16{0, 1, 3 | 15<<8} {
		b := fixture.CAB{Folders: []fixture.CABFolder{{Method: method, Files: list}}}.Bytes()
		c := &counting{r: bytes.NewReader(b)}
		a, err := Read(c, int64(len(b)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		for i := range a.Files {
			contentOf(t, &a.Files[i])
		}
		if c.n > 2*int64(len(b))+8192 {
			t.Errorf("method %#x: %d bytes read of %d", method, c.n, len(b))
		}
	}
}

type counting struct {
	r io.ReaderAt
	n int64
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// Blocks may be empty, and of any length up to 32 KB; one that says that it goes on in the next cabinet ends the folder.
func TestBlocks(t *testing.T) {
	good := fixture.CAB{Folders: []fixture.CABFolder{{Files: []fixture.CABFile{{Name: "a", Data: []byte("content")}}}}}.Bytes()
	at := bytes.LastIndex(good, []byte("content")) - 4 // cbData, cbUncomp
	for _, tt := range []struct {
		name           string
		packed, output uint16
		want           string
		err            error
	}{
		{"as it is", 7, 7, "content", nil},
		{"shorter than the file", 7, 3, "con", io.ErrUnexpectedEOF},
		{"goes on elsewhere", 7, 0, "", io.ErrUnexpectedEOF},
		{"more output than input", 3, 7, "con", ErrCorrupt},
		{"more than 32 KB", 7, 32769, "", ErrCorrupt},
		{"input behind the end", 9, 9, "", io.ErrUnexpectedEOF},
	} {
		b := bytes.Clone(good)
		b[at], b[at+1], b[at+2], b[at+3] = byte(tt.packed), byte(tt.packed>>8), byte(tt.output), byte(tt.output>>8)
		r, err := read(t, b).Files[0].Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); string(got) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
}
