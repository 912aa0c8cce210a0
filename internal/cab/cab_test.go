package cab

import (
	"errors"
	"slices"
	"testing/iotest"

	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

// program is data as programs have it: repeats near and far, calls, bytes that do not repeat.
func program(n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	var b []byte
	for len(b) < n {
		switch rnd.IntN(4) {
		case 0:
			b = append(b, 0xE8, byte(rnd.Int()), byte(rnd.Int()), byte(rnd.IntN(3)), 0)
		case 1:
			b = append(b, 0xE8, byte(rnd.Int()), byte(rnd.Int()), 0xFF, 0xFF)
		case 2:
			b = fmt.Appendf(b, "push %d; mov eax, %d;", rnd.IntN(50), rnd.IntN(9))
		case 3:
			from := rnd.IntN(len(b) + 1)
			b = append(b, b[from:min(len(b), from+rnd.IntN(400))]...)
		}
	}
	return b[:n]
}

func read(t *testing.T, b []byte) *Archive {
	t.Helper()
	a, err := Read(bytes.NewReader(b), int64(len(b)), Options{})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return a
}

func contentOf(t *testing.T, f *File) []byte {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatalf("%s: %v", f.Name, err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Errorf("%s: %v after %d bytes", f.Name, err, len(b))
	}
	return b
}

func TestMethods(t *testing.T) {
	a, b, c := program(100_000), []byte("small"), []byte(strings.Repeat("text ", 50_000))
	for _, tt := range []struct {
		name   string
		method uint16
		raw    []byte
	}{
		{"stored", 0, nil}, {"MSZIP", 1, nil}, {"LZX of 32 KB", 3 | 15<<8, nil}, {"LZX of 64 KB", 3 | 16<<8, nil}, {"LZX of 128 KB", 3 | 17<<8, nil},
		{"LZX of 2 MB", 3 | 21<<8, nil}, {"LZX uncompressed", 3 | 18<<8, []byte{1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cab := fixture.CAB{Folders: []fixture.CABFolder{{Method: tt.method, Raw: tt.raw, Files: []fixture.CABFile{{Name: "a.exe", Data: a}, {Name: "b", Data: b},
				{Name: `dir\c.txt`, Data: c}, {Name: "empty"}}}}}.Bytes()
			arc := read(t, cab)
			for i, want := range [][]byte{a, b, c, nil} {
				if got := contentOf(t, &arc.Files[i]); !bytes.Equal(got, want) {
					t.Errorf("%s: %d bytes, want %d", arc.Files[i].Name, len(got), len(want))
				}
			}
		})
	}
}

func files(n ...string) (list []fixture.CABFile) {
	for _, name := range n {
		list = append(list, fixture.CABFile{Name: name, Data: []byte("content of " + name)})
	}
	return list
}

// Shapes that honest programs write.
func TestShapes(t *testing.T) {
	one := []fixture.CABFolder{{Method: 1, Files: files("a.txt", "b.txt")}}
	two := append(one[:1:1], fixture.CABFolder{Files: files("c.txt")}, fixture.CABFolder{Method: 3 | 15<<8, Files: files("d.txt")})
	for _, tt := range []struct {
		name string
		cab  []byte
		want []string
	}{
		{"folders of all methods", fixture.CAB{Folders: two}.Bytes(), []string{"a.txt", "b.txt", "c.txt", "d.txt"}},
		{"reserved areas", fixture.CAB{Folders: two, Reserve: 20}.Bytes(), []string{"a.txt", "b.txt", "c.txt", "d.txt"}},
		{"a signature behind it", append(fixture.CAB{Folders: one}.Bytes(), make([]byte, 1000)...), []string{"a.txt", "b.txt"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := read(t, tt.cab)
			if a.Cut || a.Limit || a.Prev != "" || a.Next != "" {
				t.Errorf("%+v", a)
			}
			var names []string
			for i := range a.Files {
				names = append(names, a.Files[i].Name)
				if got := contentOf(t, &a.Files[i]); string(got) != "content of "+a.Files[i].Name {
					t.Errorf("%s holds %q", a.Files[i].Name, got)
				}
			}
			if d := cmp.Diff(tt.want, names); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPartsOfASet(t *testing.T) {
	first := files("whole.txt", "begun.txt")
	first[1].Folder, first[1].Grow = 0xFFFE, 100
	a := read(t, fixture.CAB{Folders: []fixture.CABFolder{{Files: first}}, Next: "disk2.cab", Index: 7}.Bytes())
	if a.Next != "disk2.cab" || a.Prev != "" || a.Index != 7 || !a.Files[1].Next {
		t.Errorf("%+v", a)
	}
	if got := contentOf(t, &a.Files[0]); string(got) != "content of whole.txt" {
		t.Errorf("%q", got)
	}
	r, err := a.Files[1].Open()
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); string(b) != "content of begun.txt" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q, %v", b, err)
	}
	second := append(files("rest.txt"), files("own.txt")...)
	second[0].Folder = 0xFFFD
	a = read(t, fixture.CAB{Folders: []fixture.CABFolder{{Files: second}, {Files: files("new.txt")}}, Prev: "disk1.cab"}.Bytes())
	for i, want := range []error{ErrPart, ErrPart, nil} {
		if _, err := a.Files[i].Open(); !errors.Is(err, want) {
			t.Errorf("%s: %v", a.Files[i].Name, err)
		}
	}
	if a.Prev != "disk1.cab" || !a.Files[0].Prev {
		t.Errorf("%+v", a)
	}
}

func TestWhatIsWrong(t *testing.T) {
	data := []fixture.CABFile{{Name: "a", Data: program(70_000)}}
	lzx := fixture.CAB{Folders: []fixture.CABFolder{{Method: 3 | 15<<8, Files: data}}}.Bytes()
	damaged := bytes.Clone(lzx)
	for i := len(damaged) / 2; i < len(damaged)/2+40; i++ {
		damaged[i] ^= 0x5A
	}
	for _, tt := range []struct {
		name string
		cab  []byte
		open error
		read error
	}{
		{"Quantum", fixture.CAB{Folders: []fixture.CABFolder{{Method: 2 | 15<<8, Files: data}}}.Bytes(), ErrMethod, nil},
		{"unknown method", fixture.CAB{Folders: []fixture.CABFolder{{Method: 9, Files: data}}}.Bytes(), ErrMethod, nil},
		{"window that LZX does not have", fixture.CAB{Folders: []fixture.CABFolder{{Method: 3 | 14<<8, Files: data}}}.Bytes(), ErrCorrupt, nil},
		{"folder that is not there", fixture.CAB{Folders: []fixture.CABFolder{{Files: []fixture.CABFile{{Name: "a", Folder: 9}}}}}.Bytes(), ErrCorrupt, nil},
		{"place behind the folder", fixture.CAB{Folders: []fixture.CABFolder{{Files: []fixture.CABFile{{Name: "a", At: 1 << 30, Grow: 1}}}}}.Bytes(), nil, io.ErrUnexpectedEOF},
		{"size beyond the folder", fixture.CAB{Folders: []fixture.CABFolder{{Files: []fixture.CABFile{{Name: "a", Data: []byte("x"), Grow: 9}}}}}.Bytes(), nil, io.ErrUnexpectedEOF},
		{"no MSZIP", fixture.CAB{Folders: []fixture.CABFolder{{Method: 1, Files: data, Raw: []byte("XX")}}}.Bytes(), nil, ErrCorrupt},
		{"MSZIP of nothing", fixture.CAB{Folders: []fixture.CABFolder{{Method: 1, Files: data, Raw: []byte("CK")}}}.Bytes(), nil, ErrCorrupt},
		{"stored block too short", fixture.CAB{Folders: []fixture.CABFolder{{Files: data, Raw: []byte("XX")}}}.Bytes(), nil, ErrCorrupt},
		{"LZX damaged", damaged, nil, ErrCorrupt},
		{"LZX cut", lzx[:len(lzx)/2], nil, io.ErrUnexpectedEOF},
		{"LZX cut in its first block", lzx[:100], nil, io.ErrUnexpectedEOF},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := read(t, tt.cab)
			r, err := a.Files[0].Open()
			if !errors.Is(err, tt.open) {
				t.Fatalf("Open: %v", err)
			}
			if err != nil {
				return
			}
			if _, err := io.Copy(io.Discard, r); !errors.Is(err, tt.read) {
				t.Errorf("read: %v", err)
			}
		})
	}
}

func TestListCutShort(t *testing.T) {
	b := fixture.CAB{Folders: []fixture.CABFolder{{Files: files("one", "two", "three")}}}.Bytes()
	a := read(t, b[:bytes.Index(b, []byte("three"))])
	if !a.Cut || len(a.Files) != 2 {
		t.Errorf("cut %v, %d files", a.Cut, len(a.Files))
	}
	long := fixture.CAB{Folders: []fixture.CABFolder{{Files: files("one", strings.Repeat("n", 300))}}}.Bytes()
	if a := read(t, long); a.Cut || len(a.Files) != 2 || len(a.Files[1].Name) != 300 {
		t.Errorf("a name of 300 bytes: cut %v, %d files", a.Cut, len(a.Files))
	}
	a, err := Read(bytes.NewReader(b), int64(len(b)), Options{Files: 2})
	if err != nil || !a.Limit || a.Cut || len(a.Files) != 2 {
		t.Errorf("limit: %+v, %v", a, err)
	}
}

// Files that overlap make the folder begin anew: not for each of thousands.
func TestOverlappingFilesCostLittle(t *testing.T) {
	list := []fixture.CABFile{{Name: "all", Data: make([]byte, 1<<20)}}
	for i := range 500 {
		list = append(list, fixture.CABFile{Name: fmt.Sprint(i), At: ^uint32(0) - 200_000 + 1, Grow: 1000})
	}
	a := read(t, fixture.CAB{Folders: []fixture.CABFolder{{Method: 1, Files: list}}}.Bytes())
	opened := 0
	for i := range a.Files {
		if r, err := a.Files[i].Open(); err == nil {
			opened++
			if _, err := io.Copy(io.Discard, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if opened < 2 || opened > maxRestarts+2 || a.restarts <= maxRestarts {
		t.Errorf("%d opened, %d restarts", opened, a.restarts)
	}
}

func TestNotACabinet(t *testing.T) {
	good := fixture.CAB{Folders: []fixture.CABFolder{{Files: files("a")}}}.Bytes()
	far := bytes.Clone(good)
	far[18] = 0xFF
	for name, b := range map[string][]byte{"empty": nil, "text": []byte(strings.Repeat("text ", 20)), "short": good[:30], "files beyond the end": far} {
		if _, err := Read(bytes.NewReader(b), int64(len(b)), Options{}); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadersErrorIsOurTrouble(t *testing.T) {
	b := fixture.CAB{Folders: []fixture.CABFolder{{Files: files("a")}}}.Bytes()
	disk := errors.New("disk")
	if _, err := Read(failing{b, 0, disk}, int64(len(b)), Options{}); !errors.Is(err, disk) {
		t.Errorf("header: %v", err)
	}
	a, err := Read(failing{b, len(b) - 5, disk}, int64(len(b)), Options{})
	if err == nil {
		_, err = io.ReadAll(must(a.Files[0].Open()))
	}
	if !errors.Is(err, disk) {
		t.Errorf("data: %v", err)
	}
}

func must(r io.Reader, err error) io.Reader {
	if err != nil {
		return iotest.ErrReader(err)
	}
	return r
}

// failing fails on what lies behind the first bytes.
type failing struct {
	b   []byte
	n   int
	err error
}

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if int(off)+len(p) <= f.n {
		return copy(p, f.b[off:]), nil
	}
	return copy(p, f.b[min(int(off), f.n):f.n]), f.err
}

func TestFind(t *testing.T) {
	cab := fixture.CAB{Folders: []fixture.CABFolder{{Files: files("a")}}}.Bytes()
	decoy := append([]byte("MSCF\x00\x00\x00\x00"), make([]byte, 40)...)
	for _, tt := range []struct {
		name string
		file []byte
		want int64
	}{
		{"behind a program", slices.Concat(make([]byte, 70_000), cab), 70_000},
		{"behind a signature that is none", slices.Concat(decoy, make([]byte, 65_500), cab), int64(len(decoy)) + 65_500},
		{"across two reads", slices.Concat(make([]byte, 64<<10-4), cab), 64<<10 - 4},
		{"nowhere", slices.Concat(decoy, decoy), -1},
		{"in nothing", nil, -1},
	} {
		if got, err := Find(bytes.NewReader(tt.file), int64(len(tt.file))); got != tt.want || err != nil {
			t.Errorf("%s: %d, %v", tt.name, got, err)
		}
	}
	if _, err := Find(failing{cab, 0, io.ErrClosedPipe}, int64(len(cab))); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("reader's error: %v", err)
	}
}

func TestCodes(t *testing.T) {
	var h huffman
	for _, tt := range []struct {
		name    string
		lengths []uint8
		ok      bool
	}{
		{"complete", []uint8{1, 2, 2}, true}, {"empty", []uint8{0, 0}, true}, {"incomplete", []uint8{3, 0, 2}, true}, {"too many", []uint8{1, 1, 1}, false},
		{"long", []uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 16}, true},
	} {
		if ok := h.build(tt.lengths); ok != tt.ok {
			t.Errorf("%s: %v", tt.name, ok)
		}
	}
	for sym, word := range map[int]uint32{0: 0, 8: 0xFF00, 9: 0xFF80, 15: 0xFFFE, 16: 0xFFFF} {
		if got, n := h.lookup(word); got != sym || n != min(sym+1, 16) {
			t.Errorf("%x: symbol %d of %d bits, want %d", word, got, n, sym)
		}
	}
	h.build([]uint8{2})
	if _, n := h.lookup(0xFFFF); n != 0 {
		t.Errorf("a word outside the code has %d bits", n)
	}
}
