package fat

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
		b, err := io.ReadAll(f.Content())
		line := fmt.Sprintf("%s %.10q", f.Name, b)
		if len(b) > 10 {
			line += fmt.Sprintf(" %d", len(b))
		}
		if err != nil {
			line += " " + err.Error()
		}
		out = append(out, line)
	}
	return out
}

func file(name, data string) fixture.DiskFile {
	return fixture.DiskFile{Name: name, Data: []byte(data)}
}

// sizes of a volume, by the number of its clusters.
var sizes = map[string]fixture.FAT{"FAT12": {}, "FAT16": {Clusters: 5000}, "FAT32": {Clusters: 70_000, Wide: true}}

func TestRead(t *testing.T) {
	long := strings.Repeat("0123456789", 200)
	for name, v := range sizes {
		v.Files = []fixture.DiskFile{file("README.TXT", "short"), file("請求書 2022年.xls", long), file("sub/deep/a.b.c", "inner"), file("EMPTY", "")}
		v.Deleted = []string{"gone.exe"}
		b := v.Bytes()
		if got := Name(b); got != name {
			t.Errorf("%s is called %q", name, got)
		}
		l := read(b)
		want := []string{`README.TXT "short"`, `請求書 2022年.xls "0123456789" 2000`, `EMPTY ""`, `sub/deep/a.b.c "inner"`}
		if diff := cmp.Diff(want, lines(l)); diff != "" || l.Limit != "" || l.Problems != nil {
			t.Errorf("%s: %s %s %v", name, diff, l.Limit, l.Problems)
		}
	}
}

func TestLongNames(t *testing.T) {
	for _, name := range []string{"thirteen.long", "a", strings.Repeat("n", 255), "26 characters and not more."} {
		if got := lines(read(fixture.FAT{Files: []fixture.DiskFile{file(name, "x")}}.Bytes())); got[0] != name+` "x"` {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestFolderOfManyClusters(t *testing.T) {
	var files []fixture.DiskFile
	for i := range 300 {
		files = append(files, file(fmt.Sprintf("sub/file number %d", i), "x"))
	}
	l := read(fixture.FAT{Files: files}.Bytes())
	if n := len(l.Files); n != 300 || l.Files[299].Name != "sub/file number 299" {
		t.Errorf("%d files", n)
	}
}

func TestCircles(t *testing.T) {
	for name, v := range sizes {
		v.Files = []fixture.DiskFile{{Name: "A", Data: make([]byte, 600), Claim: 1 << 31}, file("sub/B", "B")}
		v.Cycle = "A"
		b := v.Bytes()
		f := read(b).Files[0]
		n, err := io.Copy(io.Discard, f.Content())
		if err != io.ErrUnexpectedEOF || n > int64(len(b)) {
			t.Errorf("%s: a chain in a circle gives %d bytes of a volume of %d, %v", name, n, len(b), err)
		}
		v.Files, v.Cycle = []fixture.DiskFile{file("sub/B", "B")}, "sub"
		if diff := cmp.Diff([]string{`sub/B "B"`}, lines(read(v.Bytes()))); diff != "" {
			t.Errorf("%s: a folder in itself: %s", name, diff)
		}
	}
}

func TestHostileEntries(t *testing.T) {
	v := fixture.FAT{Files: []fixture.DiskFile{file("a long name", "A"), file("B", "B")}}
	good := v.Bytes()
	root := (1 + 2*9) * 512
	if !bytes.Contains(good[root:root+96], []byte("FILE~1")) {
		t.Fatal("the root folder is elsewhere")
	}
	short := root + 32
	for _, tt := range []struct {
		name   string
		change func(b []byte)
		want   []string
	}{
		{"nothing", func([]byte) {}, []string{`a long name "A"`, `B "B"`}},
		{"long name of another entry", func(b []byte) { b[root+13]++ }, []string{`FILE~1.BIN "A"`, `B "B"`}},
		{"long name without its last part", func(b []byte) { b[root] = 0x42 }, []string{`FILE~1.BIN "A"`, `B "B"`}},
		{"long name that counts to 63", func(b []byte) { b[root] = 0x7F }, []string{`FILE~1.BIN "A"`, `B "B"`}},
		{"volume label", func(b []byte) { b[short+11] = attrVolume }, []string{`B "B"`}},
		{"end of the folder", func(b []byte) { b[root] = 0 }, nil},
		{"cluster outside", func(b []byte) { b[short+26], b[short+27] = 0xFF, 0x0F }, []string{`a long name "" unexpected EOF`, `B "B"`}},
		{"cluster 1", func(b []byte) { b[short+26] = 1 }, []string{`a long name "" unexpected EOF`, `B "B"`}},
		{"size beyond the chain", func(b []byte) { b[short+30] = 1 }, []string{fmt.Sprintf("a long name %.10q 512 unexpected EOF", "A"+strings.Repeat("\x00", 9)), `B "B"`}},
		{"hidden and system", func(b []byte) { b[short+11] = 0x26 }, []string{`a long name "A"`, `B "B"`}},
		{"first byte stands for 0xE5", func(b []byte) { b[root] = 0; b[short] = 0x05; copy(b[root:], b[short:short+64]); b[root+64] = 0 },
			[]string{"薨LE~1.BIN \"A\"", `B "B"`}},
		{"lower case", func(b []byte) { b[root+13]++; b[short+12] = 0x18 }, []string{`file~1.bin "A"`, `B "B"`}},
	} {
		b := bytes.Clone(good)
		tt.change(b)
		if diff := cmp.Diff(tt.want, lines(read(b))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestBootSectorsThatAreNone(t *testing.T) {
	good := fixture.FAT{Bare: true}.Bytes()
	if Name(good) != "FAT12" {
		t.Error("a boot sector without text fields is one")
	}
	for name, change := range map[string]func(b []byte){
		"no jump":                  func(b []byte) { b[0] = 'M' },
		"sector of 100 bytes":      func(b []byte) { b[11], b[12] = 100, 0 },
		"sector of 8192 bytes":     func(b []byte) { b[12] = 32 },
		"no sectors a cluster":     func(b []byte) { b[13] = 0 },
		"three sectors a cluster":  func(b []byte) { b[13] = 3 },
		"no reserved sector":       func(b []byte) { b[14] = 0 },
		"no FAT":                   func(b []byte) { b[16] = 0 },
		"nine FATs":                func(b []byte) { b[16] = 9 },
		"no medium":                func(b []byte) { b[21] = 0 },
		"no sectors":               func(b []byte) { b[19], b[20] = 0, 0 },
		"root folder of FAT32":     func(b []byte) { b[22] = 0; b[36] = 9 },
		"data behind the last one": func(b []byte) { b[23] = 0xFF },
	} {
		b := bytes.Clone(good)
		change(b)
		if got := Name(b); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if Name(nil) != "" || Name(make([]byte, 512)) != "" {
		t.Error("nothing is a volume")
	}
}

func TestSizesOnWhichProgramsDiffer(t *testing.T) {
	for clusters, differ := range map[int]bool{4084: false, 4085: true, 4086: true, 4087: false} {
		if l := read(fixture.FAT{Clusters: clusters}.Bytes()); (len(l.Problems) > 0) != differ {
			t.Errorf("%d clusters: %v", clusters, l.Problems)
		}
	}
}

func TestOneFATInUse(t *testing.T) {
	b := fixture.FAT{Clusters: 70_000, Wide: true, Files: []fixture.DiskFile{file("A", strings.Repeat("x", 2000))}}.Bytes()
	size := int(le.Uint32(b[36:])) * 512
	clear(b[32*512:][:size])
	b[40] = 0x81
	if diff := cmp.Diff([]string{`A "xxxxxxxxxx" 2000`}, lines(read(b))); diff != "" {
		t.Error(diff)
	}
}

func TestImageThatEndsBeforeTheVolume(t *testing.T) {
	b := fixture.FAT{Files: []fixture.DiskFile{file("A", strings.Repeat("x", 4000))}}.Bytes()
	l := read(b[:36*512])
	n, err := io.Copy(io.Discard, l.Files[0].Content())
	if err != io.ErrUnexpectedEOF || n == 0 || n >= 4000 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestClustersClaimedInMillions(t *testing.T) {
	b := fixture.FAT{Clusters: 70_000, Wide: true, Files: []fixture.DiskFile{{Name: "A", Data: make([]byte, 600), Claim: 1<<32 - 1}}, Cycle: "A"}.Bytes()[:1<<20]
	binary.LittleEndian.PutUint32(b[32:], 1<<32-1)
	n, _ := io.Copy(io.Discard, read(b).Files[0].Content())
	if n > 2<<20 {
		t.Errorf("%d bytes from an image of 1 MiB", n)
	}
}

// FuzzRead holds that every file listed can be read to its end, and that none is larger than the image or than it says.
func FuzzRead(f *testing.F) {
	two := []fixture.DiskFile{file("README.TXT", "short"), file("sub/a long name", strings.Repeat("x", 1000))}
	f.Add(fixture.FAT{Files: two, Clusters: 200, Cycle: "sub"}.Bytes())
	f.Add(fixture.ExFAT{Files: two}.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		m := medium.New(bytes.NewReader(b), int64(len(b)))
		l := Read(m, medium.Options{Entries: 50})
		if len(l.Files) > 50 || m.Err() != nil {
			t.Errorf("%d files, %v", len(l.Files), m.Err())
		}
		for _, file := range l.Files {
			n, err := io.Copy(io.Discard, file.Content())
			if err != nil && err != io.ErrUnexpectedEOF || n > file.Size || n > int64(len(b)) {
				t.Errorf("%q: %d of %d bytes, %v", file.Name, n, file.Size, err)
			}
		}
	})
}
