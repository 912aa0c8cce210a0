package iso

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

func read(b []byte) []View {
	return Read(medium.New(bytes.NewReader(b), int64(len(b))), medium.Options{})
}

// lines are a view's files: name and content.
func lines(v View) []string {
	var out []string
	for _, f := range v.Files {
		if f.Unread != "" {
			out = append(out, f.Name+" unread")
			continue
		}
		b, err := io.ReadAll(f.Content())
		line := fmt.Sprintf("%s %.20q", f.Name, b)
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

func TestViews(t *testing.T) {
	two := []fixture.DiskFile{file("a.txt", "A"), file("sub/deep/b.txt", "B")}
	many := []fixture.DiskFile{}
	for i := range 200 {
		many = append(many, file(fmt.Sprintf("f%03d.txt", i), "x"))
	}
	for _, tt := range []struct {
		name string
		disc fixture.ISO
		want []string // of the first view
	}{
		{"plain", fixture.ISO{Files: two}, []string{`A.TXT "A"`, `SUB/DEEP/B.TXT "B"`}},
		{"Rock Ridge", fixture.ISO{Files: two, RockRidge: true}, []string{`a.txt "A"`, `sub/deep/b.txt "B"`}},
		{"Joliet", fixture.ISO{Files: two, Joliet: []fixture.DiskFile{file("請求書.txt", "A")}}, []string{`請求書.txt "A"`}},
		{"empty", fixture.ISO{}, nil},
		{"empty file", fixture.ISO{Files: []fixture.DiskFile{file("a", "")}}, []string{`A ""`}},
		{"folder in itself", fixture.ISO{Files: two, Cycle: true}, []string{`A.TXT "A"`, `SUB/DEEP/B.TXT "B"`}},
		{"sections", fixture.ISO{Files: []fixture.DiskFile{{Name: "a", Data: bytes.Repeat([]byte("0123456789"), 1000), Sections: 3}}}, []string{`A "01234567890123456789"`}},
		{"size beyond the image", fixture.ISO{Files: []fixture.DiskFile{{Name: "a", Data: []byte("A"), Claim: 1 << 31}}},
			[]string{fmt.Sprintf("A %.20q unexpected EOF", "A"+strings.Repeat("\x00", 30))}},
		{"no ending", fixture.ISO{Files: []fixture.DiskFile{file("readme.", "A")}}, []string{`README "A"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			views := read(tt.disc.Bytes())
			if len(views) == 0 {
				t.Fatal("no view")
			}
			if diff := cmp.Diff(tt.want, lines(views[0])); diff != "" || len(views[0].Problems) > 0 || views[0].Limit != "" {
				t.Errorf("%s %v %s", diff, views[0].Problems, views[0].Limit)
			}
		})
	}
	if v := read(fixture.ISO{Files: many, RockRidge: true}.Bytes()); len(v[0].Files) != 200 || v[0].Files[199].Name != "f199.txt" {
		t.Errorf("a folder of several sectors: %d files", len(v[0].Files))
	}
}

func TestSectionsAreOneFile(t *testing.T) {
	data := fixture.Noise(9000)
	v := read(fixture.ISO{Files: []fixture.DiskFile{{Name: "a", Data: data, Sections: 3}, file("b", "B")}}.Bytes())
	b, err := io.ReadAll(v[0].Files[0].Content())
	if err != nil || !bytes.Equal(b, data) || len(v[0].Files) != 2 {
		t.Errorf("%d bytes of %d, %v, %d files", len(b), len(data), err, len(v[0].Files))
	}
}

func TestInterleavedFiles(t *testing.T) {
	data := fixture.Noise(5 * sector)
	b := patch(t, fixture.ISO{Files: []fixture.DiskFile{{Name: "a", Data: data}}}, "A;1", func(r []byte) {
		r[26], r[27] = 1, 1
		le.PutUint32(r[10:], 2*sector+100)
	})
	got, err := io.ReadAll(read(b)[0].Files[0].Content())
	want := append(append(bytes.Clone(data[:sector]), data[2*sector:3*sector]...), data[4*sector:4*sector+100]...)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestWindowsShowsJolietFirst(t *testing.T) {
	v := read(fixture.ISO{Files: []fixture.DiskFile{file("a", "A")}, Enhanced: []fixture.DiskFile{file("b", "B")}, Joliet: []fixture.DiskFile{file("c", "C")}}.Bytes())
	var got []string
	for _, view := range v {
		got = append(got, view.Name+": "+strings.Join(lines(view), " "))
	}
	if diff := cmp.Diff([]string{`Joliet: c "C"`, `ISO 9660: A "A"`, `ISO 9660:1999: b "B"`}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFoldersThatOnlyThePathTableLeadsTo(t *testing.T) {
	disc := fixture.ISO{Files: []fixture.DiskFile{file("a", "A"), file("sub/b", "B")}, Stray: []fixture.DiskFile{file("c", "C"), file("deep/d", "D")}}
	b := disc.Bytes()
	v := read(b)
	if len(v) != 2 || v[1].Name != pathTable {
		t.Fatalf("%d views", len(v))
	}
	if diff := cmp.Diff([]string{`STRAY/C "C"`, `STRAY/DEEP/D "D"`}, lines(v[1])); diff != "" {
		t.Error(diff)
	}
	table := b[16*sector+140:]
	entry := b[int(le.Uint32(table))*sector+10:]
	le.PutUint32(entry[2:], 20) // no folder begins there
	if v := read(b); len(v) != 1 {
		t.Errorf("a path table that leads nowhere: %s", v[1].Name)
	}
	le.PutUint32(table, 1<<31)
	if v := read(b); len(v) != 1 {
		t.Error("a path table outside of the image")
	}
}

func TestParentsInAPathTableInACircle(t *testing.T) {
	all := []path{{"root", 1, 0}, {"a", 3, 0}, {"b", 2, 0}, {"c", 3, 0}}
	if got := pathOf(all, 3); got != "a/b/c" {
		t.Error(got)
	}
}

// Windows learns how large a folder is from the record of itself that it begins with.
func TestFolderLargerThanItsParentSays(t *testing.T) {
	var many []fixture.DiskFile
	for i := range 100 {
		many = append(many, file(fmt.Sprintf("sub/f%03d.txt", i), "x"))
	}
	b := patch(t, fixture.ISO{Files: many}, "SUB", func(r []byte) { le.PutUint32(r[10:], sector) })
	if n := len(read(b)[0].Files); n != 100 {
		t.Errorf("%d files", n)
	}
}

// A name of Rock Ridge that would make another kind of file of it is not what Windows shows.
func TestRockRidgeWithAnotherEnding(t *testing.T) {
	b := fixture.ISO{Files: []fixture.DiskFile{file("doc.txt", "A")}, RockRidge: true}.Bytes()
	i := bytes.Index(b, []byte("DOC.TXT;1"))
	copy(b[i:], "DOC.EXE;1")
	if diff := cmp.Diff([]string{`DOC.EXE "A"`}, lines(read(b)[0])); diff != "" {
		t.Error(diff)
	}
}

// patch changes the record of the file id in the plain view.
func patch(t *testing.T, disc fixture.ISO, id string, change func(rec []byte)) []byte {
	t.Helper()
	b := disc.Bytes()
	i := bytes.Index(b, []byte(id))
	if i < 0 {
		t.Fatalf("no record %q", id)
	}
	change(b[i-recordLen:])
	return b
}

func TestHostileRecords(t *testing.T) {
	disc := fixture.ISO{Files: []fixture.DiskFile{file("a", "A"), file("b", "B")}}
	for _, tt := range []struct {
		name   string
		change func(rec []byte)
		want   []string
	}{
		{"identifier longer than the record", func(r []byte) { r[32] = 200 }, nil},
		{"record of one byte", func(r []byte) { r[0] = 1 }, nil},
		{"big-endian numbers differ", func(r []byte) { binary.BigEndian.PutUint32(r[6:], 99) }, []string{`A "A"`, `B "B"`}},
		{"behind an extended attribute record", func(r []byte) { r[1] = 1; binary.LittleEndian.PutUint32(r[2:], binary.LittleEndian.Uint32(r[2:])-1) },
			[]string{`A "A"`, `B "B"`}},
		{"interleaved, in one unit", func(r []byte) { r[26], r[27] = 1, 1 }, []string{`A "A"`, `B "B"`}},
		{"interleaved, of four gigabytes", func(r []byte) { r[13], r[26], r[27] = 0xFF, 1, 255 },
			[]string{fmt.Sprintf("A %.20q unexpected EOF", "A"+strings.Repeat("\x00", 30)), `B "B"`}},
		{"a gap without units", func(r []byte) { r[27] = 1 }, []string{`A "A"`, `B "B"`}},
		{"outside of the image", func(r []byte) { binary.LittleEndian.PutUint32(r[2:], 1<<31) }, []string{`A "" unexpected EOF`, `B "B"`}},
		{"folder outside of the image", func(r []byte) { r[25] = 2; binary.LittleEndian.PutUint32(r[2:], 1<<31) }, []string{`B "B"`}},
		{"section that nothing follows", func(r []byte) { r[25] = 0x80 }, []string{`A "A"`, `B "B"`}},
		{"hidden", func(r []byte) { r[25] = 1 }, []string{`A "A"`, `B "B"`}},
	} {
		v := read(patch(t, disc, "A;1", tt.change))
		if diff := cmp.Diff(tt.want, lines(v[0])); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestVolumesThatCannotBeRead(t *testing.T) {
	good := fixture.ISO{Files: []fixture.DiskFile{file("a", "A")}}.Bytes()
	cut := good[:17*sector]
	lost := bytes.Clone(good)
	binary.LittleEndian.PutUint32(lost[16*sector+158:], 1<<31)
	for name, b := range map[string][]byte{"cut off behind the descriptor": cut, "root outside": lost} {
		v := read(b)
		if len(v) == 2 { // the path table knows where the root is
			if diff := cmp.Diff([]string{`A "A"`}, lines(v[1])); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			v = v[:1]
		}
		if len(v) != 1 || len(v[0].Problems) != 1 || !v[0].Problems[0].Unread || len(v[0].Files) > 0 {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if v := read(nil); v != nil {
		t.Errorf("nothing: %v", v)
	}
	if v := read(make([]byte, 1<<20)); v != nil {
		t.Errorf("zeros: %v", v)
	}
}

func TestNamesInTheSystemsCharacterSet(t *testing.T) {
	b := patch(t, fixture.ISO{Files: []fixture.DiskFile{file("abcd.t", "A")}}, "ABCD.T;1", func(r []byte) {
		copy(r[recordLen:], "\x90\xBF\x8B\x81") // CP932
	})
	if diff := cmp.Diff([]string{`請求.T "A"`}, lines(read(b)[0])); diff != "" {
		t.Error(diff)
	}
}

func TestFoldersThatOverlapEndWithTheAccount(t *testing.T) {
	b := make([]byte, 2<<20)
	copy(b, fixture.ISO{}.Bytes())
	root := 24
	for s := root; s+1 < len(b)/sector; s++ { // each sector is a folder that holds all the rest
		copy(b[s*sector:], "\x22\x00")
		rec := b[s*sector:]
		rec[25], rec[32], rec[33] = 2, 1, 'd'
		binary.LittleEndian.PutUint32(rec[2:], uint32(s+1))
		binary.LittleEndian.PutUint32(rec[10:], 1<<31)
	}
	m := medium.New(bytes.NewReader(b), int64(len(b)))
	v := Read(m, medium.Options{Depth: 1 << 20})
	if !m.Over() || len(v) == 0 {
		t.Errorf("over %v", m.Over())
	}
}

// FuzzRead holds that every file listed can be read to its end, is no larger than the image says, and comes from a bounded number of them.
func FuzzRead(f *testing.F) {
	for _, d := range []fixture.ISO{
		{Files: []fixture.DiskFile{file("a.txt", "A"), file("s/b.txt", "B")}, RockRidge: true, Cycle: true, Stray: []fixture.DiskFile{file("c", "C")}},
		{Files: []fixture.DiskFile{{Name: "a", Data: make([]byte, 5000), Sections: 2}}, Joliet: []fixture.DiskFile{{Name: "a", Data: []byte("x"), Claim: 1 << 30}}},
	} {
		f.Add(d.Bytes()[systemArea*sector:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		b = append(make([]byte, systemArea*sector), b...)
		m := medium.New(bytes.NewReader(b), int64(len(b)))
		for _, v := range Read(m, medium.Options{Entries: 100}) {
			if len(v.Files) > 100 {
				t.Errorf("%d files", len(v.Files))
			}
			for _, file := range v.Files {
				if file.Unread != "" {
					continue
				}
				n, err := io.Copy(io.Discard, io.LimitReader(file.Content(), 2*int64(len(b))))
				if err != nil && err != io.ErrUnexpectedEOF || n > file.Size {
					t.Errorf("%q: %d of %d bytes, %v", file.Name, n, file.Size, err)
				}
			}
		}
		if m.Err() != nil {
			t.Error(m.Err())
		}
	})
}
