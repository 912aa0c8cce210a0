package ntfs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/diskimage/medium"
	"sekisho/internal/fixture"
)

func read(b []byte) *medium.Listing {
	return Read(medium.New(bytes.NewReader(b), int64(len(b))), medium.Options{})
}

// lines are a volume's files: name and content.
func lines(l *medium.Listing) []string {
	var out []string
	for _, f := range l.Files {
		out = append(out, line(f))
	}
	return out
}

func line(f medium.File) string {
	switch {
	case f.Encrypted:
		return f.Name + " encrypted"
	case f.Unread != "":
		return f.Name + " unread"
	}
	b, err := io.ReadAll(io.LimitReader(f.Content(), 1<<20))
	s := fmt.Sprintf("%s %.10q", f.Name, b)
	if len(b) > 10 {
		s += fmt.Sprintf(" %d", len(b))
	}
	if err != nil {
		s += " " + err.Error()
	}
	return s
}

func TestRead(t *testing.T) {
	long := []byte(strings.Repeat("0123456789", 500))
	for _, tt := range []struct {
		name string
		file fixture.NTFSFile
		want []string
	}{
		{"resident", fixture.NTFSFile{Name: "a.txt", Data: []byte("A")}, []string{`a.txt "A"`}},
		{"empty", fixture.NTFSFile{Name: "a.txt"}, []string{`a.txt ""`}},
		{"non-resident", fixture.NTFSFile{Name: "請求書.doc", Data: long}, []string{`請求書.doc "0123456789" 5000`}},
		{"in folders", fixture.NTFSFile{Name: "sub/deep/a", Data: []byte("A")}, []string{`sub/deep/a "A"`}},
		{"stream", fixture.NTFSFile{Name: "a.txt", Data: []byte("A"), Stream: "S"}, []string{`a.txt "A"`, `a.txt:stream "S"`}},
		{"runs in two records", fixture.NTFSFile{Name: "a", Data: long, Spread: true}, []string{`a "0123456789" 5000`}},
		{"hole", fixture.NTFSFile{Name: "a", Data: long, Hole: 3}, []string{`a "0123456789" 6536`}},
		{"not all written", fixture.NTFSFile{Name: "a", Data: long, Written: 5}, []string{`a "01234\x00\x00\x00\x00\x00" 5000`}},
		{"compressed", fixture.NTFSFile{Name: "a", Data: bytes.Repeat(long, 4), Compressed: true}, []string{`a "0123456789" 20000`}},
		{"encrypted", fixture.NTFSFile{Name: "a", Data: long, Encrypted: true}, []string{`a encrypted`}},
		{"deleted", fixture.NTFSFile{Name: "a", Data: long, Deleted: true}, nil},
		{"overlay filter", fixture.NTFSFile{Name: "a", Data: long, WOF: true}, []string{"a unread", `a:WofCompressedData "x"`}},
		{"hard link", fixture.NTFSFile{Name: "sub/a.txt", Data: []byte("A"), Link: "b.bat"}, []string{`sub/a.txt "A"`, `b.bat "A"`}},
		{"two names", fixture.NTFSFile{Name: "a long name.txt", Data: []byte("A"), Short: true}, []string{`a long name.txt "A"`}},
	} {
		for _, fragmented := range []bool{false, true} {
			b := fixture.NTFS{Files: []fixture.NTFSFile{tt.file}, Fragmented: fragmented, Own: true}.Bytes()
			if !Is(b) {
				t.Fatal("no boot sector")
			}
			l := read(b)
			if diff := cmp.Diff(tt.want, lines(l)); diff != "" || l.Problems != nil || l.Limit != "" {
				t.Errorf("%s, fragmented %v: %s %v %s", tt.name, fragmented, diff, l.Problems, l.Limit)
			}
		}
	}
}

// whole is the content of the only file.
func whole(t *testing.T, f fixture.NTFSFile) []byte {
	t.Helper()
	l := read(fixture.NTFS{Files: []fixture.NTFSFile{f}}.Bytes())
	b, err := io.ReadAll(l.Files[0].Content())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestContentIsWhole(t *testing.T) {
	noise := fixture.Noise(40_000)
	mixed := append(append(bytes.Repeat([]byte("lznt1 "), 3000), noise...), make([]byte, 30_000)...)
	mixed = append(mixed, bytes.Repeat([]byte{1, 2, 3}, 9000)...)
	for _, f := range []fixture.NTFSFile{{Data: noise}, {Data: noise, Spread: true}, {Data: mixed, Compressed: true}, {Data: noise[:100], Compressed: true}} {
		f.Name = "a"
		if got := whole(t, f); !bytes.Equal(got, f.Data) {
			t.Errorf("spread %v, compressed %v: %d bytes of %d", f.Spread, f.Compressed, len(got), len(f.Data))
		}
	}
	holed := whole(t, fixture.NTFSFile{Name: "a", Data: noise, Hole: 2})
	if want := append(append(bytes.Clone(noise[:512]), make([]byte, 1024)...), noise[512:]...); !bytes.Equal(holed, want) {
		t.Error("the hole is elsewhere")
	}
}

func TestManyFiles(t *testing.T) {
	var files []fixture.NTFSFile
	for i := range 100 {
		files = append(files, fixture.NTFSFile{Name: fmt.Sprintf("f%d", i), Data: []byte("x")})
	}
	if l := read(fixture.NTFS{Files: files, Fragmented: true}.Bytes()); len(l.Files) != 100 || l.Files[99].Name != "f99" {
		t.Errorf("%d files", len(l.Files))
	}
}

// recordOf is the first record with the name, its sectors restored by the test itself.
func recordOf(t *testing.T, b []byte, name string) []byte {
	t.Helper()
	var u []byte
	for _, c := range name {
		u = append(u, byte(c), byte(c>>8))
	}
	for at := 64 * 512; at+1024 <= len(b); at += 512 {
		if r := b[at:][:1024]; string(r[:4]) == "FILE" && bytes.Contains(r[56:], u) {
			return r
		}
	}
	t.Fatalf("no record of %q", name)
	return nil
}

// attributeOf is the attribute of a kind in a record.
func attributeOf(t *testing.T, r []byte, kind uint32) []byte {
	t.Helper()
	for at := 56; at+8 < len(r); at += int(le.Uint32(r[at+4:])) {
		if le.Uint32(r[at:]) == kind {
			return r[at:]
		}
	}
	t.Fatalf("no attribute %#x", kind)
	return nil
}

func TestHostileRecords(t *testing.T) {
	long := []byte(strings.Repeat("0123456789", 100))
	data := func(change func(a []byte)) func(t *testing.T, b []byte) {
		return func(t *testing.T, b []byte) { change(attributeOf(t, recordOf(t, b, "a"), attrData)) }
	}
	for _, tt := range []struct {
		name   string
		change func(t *testing.T, b []byte)
		want   string
	}{
		{"nothing", func(*testing.T, []byte) {}, `a "0123456789" 1000`},
		{"sector not written", func(t *testing.T, b []byte) { recordOf(t, b, "a")[510] ^= 1 }, ""},
		{"update sequence outside", func(t *testing.T, b []byte) { recordOf(t, b, "a")[5] = 0xFF }, ""},
		{"attributes outside", func(t *testing.T, b []byte) { recordOf(t, b, "a")[21] = 0xFF }, ""},
		{"attribute longer than the record", data(func(a []byte) { a[6] = 1 }), ""},
		{"attribute of no length", data(func(a []byte) { a[4] = 0 }), ""},
		{"size of half a terabyte", data(func(a []byte) { a[53] = 0x7F }), `a "0123456789" 1024 unexpected EOF`},
		{"runs outside of the volume", data(func(a []byte) { a[72+5] = 0x7F }), `a "" unexpected EOF`},
		{"run of negative length", data(func(a []byte) { a[72+2] = 0x80 }), `a "" unexpected EOF`},
		{"run of sixteen bytes", data(func(a []byte) { a[72] = 0xFF }), `a "" unexpected EOF`},
		{"runs behind the attribute", data(func(a []byte) { a[33] = 0xFF }), `a "" unexpected EOF`},
		{"runs that begin later", data(func(a []byte) { a[16] = 1 }), ""},
		{"parent that is none", func(t *testing.T, b []byte) { attributeOf(t, recordOf(t, b, "a"), attrName)[24] = 99 }, `?/a "0123456789" 1000`},
		{"parent that is itself", func(t *testing.T, b []byte) { attributeOf(t, recordOf(t, b, "a"), attrName)[24] = 24 }, `?` + strings.Repeat("/a", 65) + ` "0123456789" 1000`},
		{"name longer than its attribute", func(t *testing.T, b []byte) { attributeOf(t, recordOf(t, b, "a"), attrName)[24+64] = 0xFF }, `?/ "0123456789" 1000`},
	} {
		b := fixture.NTFS{Files: []fixture.NTFSFile{{Name: "a", Data: long}}}.Bytes()
		tt.change(t, b)
		if got := strings.Join(lines(read(b)), " "); got != tt.want {
			t.Errorf("%s: %s", tt.name, got)
		}
	}
}

func TestCompressedDataThatIsNone(t *testing.T) {
	b := fixture.NTFS{Files: []fixture.NTFSFile{{Name: "a", Data: bytes.Repeat([]byte("abc"), 9000), Compressed: true}}}.Bytes()
	copy(b[512*512+2:], "\xFF\xFF\xFF\xFF") // a match before anything
	if got := line(read(b).Files[0]); got != `a "" ntfs: compressed data is corrupt` {
		t.Error(got)
	}
	b = fixture.NTFS{Files: []fixture.NTFSFile{{Name: "a", Data: bytes.Repeat([]byte("abc"), 9000), Compressed: true}}}.Bytes()
	attributeOf(t, recordOf(t, b, "a"), attrData)[34] = 12
	if got := line(read(b).Files[0]); got != "a unread" {
		t.Error(got)
	}
}

func TestLZNT1(t *testing.T) {
	for _, data := range [][]byte{nil, []byte("a"), bytes.Repeat([]byte("ab"), 5000), fixture.Noise(9000), bytes.Repeat(fixture.Noise(40), 300)} {
		out := make([]byte, len(data))
		if !lznt1(out, fixture.LZNT1(data)) || !bytes.Equal(out, data) {
			t.Errorf("%d bytes do not come back", len(data))
		}
	}
	// [MS-XCA] 3.3: the example of LZNT1.
	in := "\x38\xb0\x88\x46\x23\x20\x00\x20\x47\x20\x41\x00\x10\xa2\x47\x01\xa0\x45\x20\x44\x00\x08\x45\x01\x50\x79\x00\xc0\x45\x20\x05\x24" +
		"\x13\x88\x05\xb4\x02\x4a\x44\xef\x03\x58\x02\x8c\x09\x16\x01\x48\x45\x00\xbe\x00\x9e\x00\x04\x01\x18\x90\x00"
	want := "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\x00"
	out := make([]byte, len(want))
	if !lznt1(out, []byte(in)) || string(out) != want {
		t.Errorf("%q", out)
	}
}

func TestCopyOfTheBootSector(t *testing.T) {
	b := fixture.NTFS{Files: []fixture.NTFSFile{{Name: "a", Data: []byte("A")}}}.Bytes()
	b = append(b, b[:512]...)
	clear(b[:512])
	if diff := cmp.Diff([]string{`a "A"`}, lines(read(b))); diff != "" {
		t.Error(diff)
	}
}

func TestNoVolume(t *testing.T) {
	good := fixture.NTFS{}.Bytes()
	for name, change := range map[string]func(b []byte){
		"sector of 3 bytes":       func(b []byte) { b[11], b[12] = 3, 0 },
		"no sectors a cluster":    func(b []byte) { b[13] = 0 },
		"clusters of a gigabyte":  func(b []byte) { b[13] = 0xE2 },
		"records of a gigabyte":   func(b []byte) { b[64] = 0xE2 },
		"records of nothing":      func(b []byte) { b[64] = 0 },
		"records of 127 clusters": func(b []byte) { b[12], b[64] = 16, 127 },
	} {
		b := bytes.Clone(good)
		change(b)
		if Is(b) {
			t.Errorf("%s: a volume", name)
		}
		if l := read(b); len(l.Problems) != 1 || !l.Problems[0].Unread {
			t.Errorf("%s: %+v", name, l)
		}
	}
	for _, at := range []uint64{0, 1 << 62, 1 << 63, 3} {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint64(b[48:], at)
		if l := read(b); len(l.Problems) != 1 {
			t.Errorf("table at %d: %+v", at, l)
		}
	}
}

func TestTableOfEndlessHoles(t *testing.T) {
	b := fixture.NTFS{}.Bytes()
	a := attributeOf(t, recordOf(t, b, "$MFT"), attrData)
	copy(a[72:], "\x02\xFF\x7F\x02\xFF\x7F\x02\xFF\x7F\x00")
	m := medium.New(bytes.NewReader(b), int64(len(b)))
	if l := Read(m, medium.Options{}); len(l.Files) != 0 || m.Err() != nil {
		t.Errorf("%+v", l)
	}
}

// FuzzRead holds that every file listed can be read, or says why not, and is no larger than it says.
func FuzzRead(f *testing.F) {
	long := []byte(strings.Repeat("0123456789", 200))
	for _, file := range []fixture.NTFSFile{{Data: long, Stream: "S", Short: true}, {Data: long, Spread: true}, {Data: long, Hole: 3}, {Data: long, Compressed: true}, {Data: long, WOF: true}} {
		file.Name = "sub/a"
		b := fixture.NTFS{Files: []fixture.NTFSFile{file}, Fragmented: true}.Bytes()
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := medium.New(bytes.NewReader(b), int64(len(b)))
		l := Read(m, medium.Options{Entries: 50})
		if len(l.Files) > 50 || m.Err() != nil {
			t.Errorf("%d files, %v", len(l.Files), m.Err())
		}
		for _, file := range l.Files {
			if file.Unread != "" || file.Encrypted {
				continue
			}
			n, err := io.Copy(io.Discard, io.LimitReader(file.Content(), 1<<20))
			if err != nil && err != io.ErrUnexpectedEOF && err != errCompressed || n > file.Size {
				t.Errorf("%q: %d of %d bytes, %v", file.Name, n, file.Size, err)
			}
		}
	})
}
