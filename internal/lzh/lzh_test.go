package lzh

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

// program is data as programs have it: repeats near and far, and bytes that do not repeat.
func program(n int) []byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	var b []byte
	for len(b) < n {
		switch rnd.IntN(3) {
		case 0:
			b = append(b, byte(rnd.Int()), byte(rnd.Int()), byte(rnd.IntN(3)), 0)
		case 1:
			b = fmt.Appendf(b, "push %d; mov eax, %d;", rnd.IntN(50), rnd.IntN(9))
		case 2:
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

func contentOf(t *testing.T, e *Entry) []byte {
	t.Helper()
	r, err := e.Open()
	if err != nil {
		t.Fatalf("%s: %v", e.Name, err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Errorf("%s: %v after %d bytes", e.Name, err, len(b))
	}
	return b
}

var methods = []string{"-lh0-", "-lh1-", "-lh4-", "-lh5-", "-lh6-", "-lh7-", "-lz4-", "-lz5-", "-lzs-"}

// The archives of these fixtures were tested with Lhasa 0.3.1, whose checksums agree.
func TestMethods(t *testing.T) {
	big, small := program(200_000), []byte("small")
	for _, method := range methods {
		t.Run(method, func(t *testing.T) {
			a := read(t, fixture.LZH{Files: []fixture.LZHFile{{Name: "big", Data: big, Method: method}, {Name: "small", Data: small, Method: method},
				{Name: "empty", Method: method}}}.Bytes())
			for i, want := range [][]byte{big, small, nil} {
				if got := contentOf(t, &a.Entries[i]); !bytes.Equal(got, want) {
					t.Errorf("%s: %d bytes, want %d", a.Entries[i].Name, len(got), len(want))
				}
			}
		})
	}
}

func TestOneByteAtATime(t *testing.T) {
	data := program(5000)
	for _, method := range methods {
		e := read(t, fixture.LZH{Files: []fixture.LZHFile{{Name: "a", Data: data, Method: method}}}.Bytes()).Entries[0]
		r, err := e.Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(struct{ io.Reader }{oneByte{r}}); !bytes.Equal(got, data) || err != nil {
			t.Errorf("%s: %d bytes, %v", method, len(got), err)
		}
	}
}

type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

func TestLevelsAndNames(t *testing.T) {
	sjis := "\x90\xBF\x8B\x81\x8F\x91.doc" // 請求書.doc
	for _, tt := range []struct {
		file fixture.LZHFile
		want string
	}{
		{fixture.LZHFile{Name: "plain.txt"}, "plain.txt"},
		{fixture.LZHFile{Name: `dir\plain.txt`}, "dir/plain.txt"},
		{fixture.LZHFile{Name: sjis}, "請求書.doc"},
		{fixture.LZHFile{Name: "\x95\x5C.doc"}, "表.doc"}, // the second byte is that of a backslash
		{fixture.LZHFile{Name: "Gr\x81\xE1e.txt"}, "Grüße.txt"},
		{fixture.LZHFile{Name: "請求書.doc", Level: 2, Page: codePageUTF8}, "請求書.doc"},
		{fixture.LZHFile{Name: sjis, Level: 1}, "請求書.doc"},
		{fixture.LZHFile{Name: sjis, Level: 2}, "請求書.doc"},
		{fixture.LZHFile{Name: sjis, Level: 3}, "請求書.doc"},
		{fixture.LZHFile{Name: "a.txt", Dir: "one\xFFtwo\xFF", Level: 1}, "one/two/a.txt"},
		{fixture.LZHFile{Name: "a.txt", Dir: "one\xFFtwo", Level: 2}, "one/two/a.txt"},
		{fixture.LZHFile{Name: "a.txt", Wide: "請求書.exe", Level: 2}, "請求書.exe"},
		{fixture.LZHFile{Name: strings.Repeat("n", 3000), Level: 1}, strings.Repeat("n", 3000)},
	} {
		tt.file.Data = []byte("content")
		a := read(t, fixture.LZH{Files: []fixture.LZHFile{tt.file, {Name: "next"}}}.Bytes())
		if a.Entries[0].Name != tt.want || len(a.Entries) != 2 {
			t.Errorf("level %d: %.40q, want %.40q; %d entries", tt.file.Level, a.Entries[0].Name, tt.want, len(a.Entries))
		}
		if got := contentOf(t, &a.Entries[0]); string(got) != "content" {
			t.Errorf("level %d: %q", tt.file.Level, got)
		}
	}
}

func TestWhereTheListEnds(t *testing.T) {
	files := []fixture.LZHFile{{Name: "a", Data: []byte("first")}, {Name: "b", Data: []byte("second")}, {Name: "folder/", Method: "-lhd-"}}
	whole := fixture.LZH{Files: files}.Bytes()
	for _, tt := range []struct {
		name string
		b    []byte
		want []string
		cut  bool
	}{
		{"a zero", whole, []string{"a", "b", "folder/"}, false},
		{"the end of the file", fixture.LZH{Files: files, NoEnd: true}.Bytes(), []string{"a", "b", "folder/"}, false},
		{"no header", append(fixture.LZH{Files: files, NoEnd: true}.Bytes(), strings.Repeat("no header ", 30)...), []string{"a", "b", "folder/"}, false},
		{"half a header", whole[:bytes.Index(whole, []byte("folder/"))+2], []string{"a", "b"}, true},
		{"a header of another level", bytes.Replace(whole, []byte("\x20\x00\x07folder/"), []byte("\x20\x09\x07folder/"), 1), []string{"a", "b"}, true},
		{"another archive behind the zero", append(slices.Clone(whole), whole...), []string{"a", "b", "folder/"}, false},
	} {
		var got []string
		a := read(t, tt.b)
		for _, e := range a.Entries {
			got = append(got, e.Name)
		}
		if a.Cut != tt.cut {
			t.Errorf("%s: cut %v", tt.name, a.Cut)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s:\n%s", tt.name, d)
		}
	}
	a, err := Read(bytes.NewReader(whole), int64(len(whole)), Options{Entries: 2})
	if err != nil || !a.Limit || len(a.Entries) != 2 {
		t.Errorf("limit: %+v, %v", a, err)
	}
	if a := read(t, whole); a.Limit || !a.Entries[2].Directory || a.Entries[0].Directory {
		t.Errorf("%+v", a)
	}
}

func TestWhatIsWrong(t *testing.T) {
	data := program(20_000)
	file := func(method string, packed []byte) []byte {
		return fixture.LZH{Files: []fixture.LZHFile{{Name: "a", Data: data, Method: method, Packed: packed}, {Name: "next"}}}.Bytes()
	}
	whole := file("-lh5-", nil)
	many := make([]byte, 100)
	for i := range many {
		many[i] = 0xFF
	}
	for _, tt := range []struct {
		name string
		b    []byte
		open error
		read error
	}{
		{"unknown method", file("-lhx-", []byte("x")), ErrMethod, nil},
		{"method of another program", file("-pm2-", []byte("x")), ErrMethod, nil},
		{"wrong checksum", fixture.LZH{Files: []fixture.LZHFile{{Name: "a", Data: data, BadCRC: true}}}.Bytes(), nil, ErrChecksum},
		{"cut", whole[:len(whole)/2], nil, io.ErrUnexpectedEOF},
		{"too little data", file("-lh5-", []byte("x")), nil, ErrCorrupt},
		{"too little stored", file("-lh0-", []byte("x")), nil, ErrCorrupt},
		{"too little of -lh1-", file("-lh1-", []byte("x")), nil, ErrCorrupt},
		{"too little of -lz5-", file("-lz5-", []byte{0, 1}), nil, ErrCorrupt},
		{"too little of -lzs-", file("-lzs-", []byte("x")), nil, ErrCorrupt},
		{"codes that are none", file("-lh5-", many), nil, ErrCorrupt},
		{"codes that are none, -lh7-", file("-lh7-", many), nil, ErrCorrupt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := &read(t, tt.b).Entries[0]
			if err := e.Check(); !errors.Is(err, tt.open) {
				t.Errorf("Check: %v", err)
			}
			r, err := e.Open()
			if !errors.Is(err, tt.open) {
				t.Fatalf("Open: %v", err)
			}
			if err != nil {
				return
			}
			if n, err := io.Copy(io.Discard, r); !errors.Is(err, tt.read) || n > int64(len(data)) {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
}

// A block whose codes have no bits makes any number of symbols of nothing: the claimed size ends it.
func TestCodesWithoutBits(t *testing.T) {
	packed := []byte{0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0} // 65,535 symbols; every code has the symbol 0 alone
	e := read(t, fixture.LZH{Files: []fixture.LZHFile{{Name: "a", Method: "-lh5-", Data: make([]byte, 50_000), Packed: packed}}}.Bytes()).Entries[0]
	if got := contentOf(t, &e); !bytes.Equal(got, make([]byte, 50_000)) {
		t.Errorf("%d bytes", len(got))
	}
}

func TestDamagedHeaders(t *testing.T) {
	for level := range byte(4) {
		b := fixture.LZH{Files: []fixture.LZHFile{{Name: "name.txt", Dir: "dir\xFF", Data: []byte("x"), Level: level}}}.Bytes()
		for i := range b {
			for _, v := range []byte{0, 1, 0x7F, 0xFF} {
				c := slices.Clone(b)
				c[i] = v
				if _, err := Read(bytes.NewReader(c), int64(len(c)), Options{}); err != nil && !errors.Is(err, ErrFormat) {
					t.Fatalf("level %d, byte %d: %v", level, i, err)
				}
			}
		}
	}
}

func TestNotAnArchive(t *testing.T) {
	for name, b := range map[string]string{"empty": "", "text": strings.Repeat("text ", 20), "short": "..-lh5-....",
		"level 9": "\x20\x00-lh5-............\x20\x09" + strings.Repeat("x", 40)} {
		if _, err := Read(strings.NewReader(b), int64(len(b)), Options{}); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFind(t *testing.T) {
	lzh := fixture.LZH{Files: []fixture.LZHFile{{Name: "a.txt", Data: program(3000), Method: "-lh5-"}}}.Bytes()
	second := fixture.LZH{Files: []fixture.LZHFile{{Name: "a.txt", Data: program(3000), Method: "-lh5-", Level: 2}}}.Bytes()
	decoy := []byte("usage: -lh5- or -lh7- packs\x00 and so on and so on and so on")
	for _, tt := range []struct {
		name string
		file []byte
		want int64
	}{
		{"behind a program", slices.Concat(make([]byte, 30_000), lzh), 30_000},
		{"of level 2", slices.Concat(make([]byte, 70_000), second), 70_000},
		{"behind words that look like it", slices.Concat(decoy, lzh), int64(len(decoy))},
		{"words alone", decoy, -1},
		{"cut", slices.Concat(decoy, lzh[:100]), -1},
		{"nothing", nil, -1},
	} {
		if got, err := Find(bytes.NewReader(tt.file), int64(len(tt.file))); got != tt.want || err != nil {
			t.Errorf("%s: %d, %v", tt.name, got, err)
		}
	}
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

// brokenLater fails on everything behind the first bytes.
type brokenLater struct {
	b []byte
	n int64
}

func (f brokenLater) ReadAt(p []byte, off int64) (int, error) {
	if off >= f.n {
		return 0, io.ErrClosedPipe
	}
	return copy(p, f.b[off:f.n]), io.ErrClosedPipe
}

func TestReadersErrorIsOurTrouble(t *testing.T) {
	if _, err := Read(failing{}, 1000, Options{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Read: %v", err)
	}
	if _, err := Find(failing{}, 1000); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Find: %v", err)
	}
	b := fixture.LZH{Files: []fixture.LZHFile{{Name: "a", Data: program(50_000)}}, NoEnd: true}.Bytes()
	a, err := Read(bytes.NewReader(b), int64(len(b)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	a.r = brokenLater{b, 1000}
	r, err := a.Entries[0].Open()
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("data: %v", err)
	}
}

// The cost of the list is that of its headers.
func TestLinearCost(t *testing.T) {
	for level := range byte(4) {
		var z fixture.LZH
		for i := range 2000 {
			z.Files = append(z.Files, fixture.LZHFile{Name: fmt.Sprint("file ", i), Data: []byte("x"), Level: level})
		}
		b := z.Bytes()
		c := &counting{r: bytes.NewReader(b)}
		a, err := Read(c, int64(len(b)), Options{})
		if err != nil || len(a.Entries) != 2000 {
			t.Fatalf("level %d: %v", level, err)
		}
		if most := int64(2000 * (256 + 2 + usualHeader)); c.n > most {
			t.Errorf("level %d: %d bytes read of %d", level, c.n, len(b))
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
