package oleparse

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/richardlehane/mscfb"

	"sekisho/internal/fixture"
)

// openBytes reads a compound file down to its streams.
func openBytes(b []byte, o Options) (*compound, *Document) {
	s := newReading(context.Background(), o)
	return s.compound(bytes.NewReader(b), int64(len(b)), "", 0), s.doc
}

// noise is data no two sectors of which are alike.
func noise(n int) []byte {
	b := make([]byte, n)
	rand.New(rand.NewSource(int64(n))).Read(b)
	return b
}

// bigFile has streams on both sides of the mini stream cutoff and of a sector, a control prefix and an empty storage.
func bigFile(major uint16) []byte {
	var nodes []fixture.Node
	for _, n := range []int{0, 1, 63, 64, 65, 511, 512, 4095, 4096, 4097, 40000} {
		nodes = append(nodes, fixture.Stream(fmt.Sprint("s", n), noise(n)))
	}
	return fixture.OLEVersion(major, append(nodes, fixture.Stream("\x05SummaryInformation", noise(200)),
		fixture.Storage("empty"), fixture.Storage("A", fixture.Storage("B", fixture.Stream("deep", noise(5000)))))...)
}

func TestStreamsReadTheSameFromEveryPlaceAndByMscfb(t *testing.T) {
	for _, major := range []uint16{3, 4} {
		agree(t, bigFile(major))
		c, doc := openBytes(bigFile(major), Options{})
		if len(doc.Problems) > 0 {
			t.Fatalf("version %d: %v", major, doc.Problems)
		}
		for _, id := range c.order {
			e := &c.entries[id]
			if e.kind != typeStream {
				continue
			}
			for _, from := range []int64{0, 1, 64, e.size / 2, e.size} {
				want := noise(int(e.size))[min(from, e.size):]
				if got, err := io.ReadAll(c.open(id, min(from, e.size))); err != nil || !bytes.Equal(got, want) {
					t.Errorf("version %d, %q from %d: %d of %d bytes, %v", major, e.name, from, len(got), len(want), err)
				}
			}
		}
	}
}

func TestStreamPathsKeepStoragesAndControlPrefixes(t *testing.T) {
	_, doc := openBytes(bigFile(3), Options{})
	got := strings.Join(doc.Streams, " ")
	for _, want := range []string{"\x05SummaryInformation", "A/B/deep", "s0"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
}

func TestAFileWithADIFATChainIsRead(t *testing.T) {
	data := noise(8 << 20) // more than 109 FAT sectors of 128 entries of 512 bytes
	c, doc := openBytes(fixture.OLE(fixture.Stream("big", data)), Options{})
	got, err := io.ReadAll(c.open(c.find(c.root, typeStream, "big"), 0))
	if c.h.numDIFAT == 0 || len(doc.Problems) > 0 || err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d DIFAT sectors, %d bytes, %v, %v", c.h.numDIFAT, len(got), err, doc.Problems)
	}
}

// entryAt is where the directory entry of that name begins in a fixture.
func entryAt(t *testing.T, b []byte, name string) int {
	t.Helper()
	at := (int(binary.LittleEndian.Uint32(b[48:])) + 1) * 512
	for ; at < len(b); at += entryLen {
		if e := parseEntry(b[at:at+entryLen], 3); e.name == name {
			return at
		}
	}
	t.Fatalf("no entry %q", name)
	return 0
}

func put32(b []byte, at int, v uint32) { binary.LittleEndian.PutUint32(b[at:], v) }

func TestADamagedFileStillGivesItsMacros(t *testing.T) {
	long := strings.Repeat("' nothing to see here, only a comment with some length to it\n", 300)
	for _, tc := range []struct {
		name   string
		harm   func(b []byte) []byte
		unread bool
	}{
		{"byte order mark of a big-endian file", func(b []byte) []byte { b[28], b[29] = 0xFF, 0xFE; return b }, false},
		{"no FAT sectors counted", func(b []byte) []byte { put32(b, 44, 0); return b }, false},
		{"too many FAT sectors counted", func(b []byte) []byte { put32(b, 44, 0xFFFFFF00); return b }, false},
		{"DIFAT sectors counted that are not there", func(b []byte) []byte { put32(b, 72, 7); return b }, false},
		{"DIFAT chain into itself", func(b []byte) []byte { put32(b, 68, 0); put32(b, 72, 9); return b }, false},
		{"mini FAT sectors miscounted", func(b []byte) []byte { put32(b, 64, 900000000); return b }, false},
		{"version 4 with small sectors", func(b []byte) []byte { b[26] = 4; return b }, false},
		{"impossible sector shift", func(b []byte) []byte { b[30] = 77; return b }, false},
		{"directory sectors miscounted", func(b []byte) []byte { put32(b, 40, 0xFFFF); return b }, false},
		{"another mini stream cutoff", func(b []byte) []byte { put32(b, 56, 64); return b }, true},
		{"last sector cut", func(b []byte) []byte { return b[:len(b)-300] }, false},
		{"root is its own child", func(b []byte) []byte { put32(b, entryAt(t, b, "Root Entry")+76, 0); return b }, false},
		{"sibling that does not exist", func(b []byte) []byte { put32(b, entryAt(t, b, "Macros")+68, 0x7777); return b }, false},
		{"siblings in a ring", func(b []byte) []byte {
			put32(b, entryAt(t, b, "Macros")+72, uint32((entryAt(t, b, "Macros")-entryAt(t, b, "Root Entry"))/entryLen))
			return b
		}, false},
		{"storage without children", func(b []byte) []byte { put32(b, entryAt(t, b, "Macros")+76, noStream); return b }, false},
		{"root of another type", func(b []byte) []byte { b[entryAt(t, b, "Root Entry")+66] = 1; return b }, false},
		{"stream longer than the file", func(b []byte) []byte { put32(b, entryAt(t, b, "WordDocument")+120, 0x7FFFFFFF); return b }, false},
		{"directory chain in a ring", func(b []byte) []byte { ring(b, binary.LittleEndian.Uint32(b[48:])); return b }, true},
		{"directory starts outside the file", func(b []byte) []byte { put32(b, 48, 0x00FFFFFF); return b }, true},
		{"directory of nothing", func(b []byte) []byte { put32(b, 48, endOfChain); return b }, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := readBytes(t, tc.harm(fixture.DocVBA(fixture.HarmlessMacro+long)))
			m := modulesOf(d)
			if len(m) == 0 || !strings.Contains(m[0].Source, "Sub AutoOpen()") || !strings.HasSuffix(m[0].Source, long) {
				t.Errorf("modules %v", m)
			}
			if d.Unread() != tc.unread {
				t.Errorf("unread %v: %v", d.Unread(), d.Problems)
			}
		})
	}
}

// ring makes a sector follow itself in the FAT.
func ring(b []byte, sect uint32) {
	fat := (int(binary.LittleEndian.Uint32(b[76:])) + 1) * 512
	put32(b, fat+4*int(sect), sect)
}

func TestWhatIsNoCompoundFileIsUnreadNotClean(t *testing.T) {
	good := fixture.DocVBA("")
	for name, b := range map[string][]byte{
		"empty":          {},
		"short":          good[:511],
		"other magic":    append([]byte("PK\x03\x04"), good[4:]...),
		"header alone":   good[:512],
		"header of FAT":  good[:1024],
		"zeros after it": append(bytes.Clone(good[:512]), make([]byte, 4096)...),
	} {
		if d := readBytes(t, b); !d.Unread() {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestACutFileSaysThatMacrosAreMissing(t *testing.T) {
	whole := fixture.OLE(fixture.Storage("Macros", fixture.VBAProject{Modules: []fixture.VBAModule{
		fixture.VBAModuleOf("Module1", string(noise(30000)))}}.Nodes()...))
	for _, n := range []int{1000, 5000, 20000, len(whole) - 3000} {
		if d := readBytes(t, whole[:n]); !d.Unread() {
			t.Errorf("%d of %d bytes: %v", n, len(whole), d.Problems)
		}
	}
}

// nested is a document whose project lies under n storages.
func nested(n int) []byte {
	node := fixture.Storage("Macros", fixture.VBAProject{Modules: []fixture.VBAModule{fixture.VBAModuleOf("Module1", fixture.HarmlessMacro)}}.Nodes()...)
	for range n {
		node = fixture.Storage("x", node)
	}
	return fixture.OLE(node)
}

func TestStoragesNestedAtTheLimitAreRead(t *testing.T) {
	const around = 3 // Macros, VBA, the stream
	for _, tc := range []struct {
		n      int
		unread bool
	}{{20 - around, false}, {20 - around + 1, true}, {5000, true}} {
		d := readWith(t, nested(tc.n), Options{Depth: 20})
		if d.Unread() != tc.unread || len(modulesOf(d)) != 1 {
			t.Errorf("%d storages: unread %v, %d modules", tc.n, d.Unread(), len(modulesOf(d)))
		}
	}
}

func TestEveryLimitIsReportedAsUnread(t *testing.T) {
	var modules []fixture.VBAModule
	for i := range 10 {
		modules = append(modules, fixture.VBAModuleOf(fmt.Sprint("Module", i), strings.Repeat("x = 1\n", 100)))
	}
	project := fixture.OLE(fixture.VBAProject{Modules: modules}.Nodes()...)
	show := fixture.PPTVBA("")
	for _, tc := range []struct {
		name    string
		file    []byte
		o       Options
		modules int
	}{
		{"none", project, Options{}, 10},
		{"entries", project, Options{Entries: 6}, 10}, // the rest is found by its bytes
		{"modules", project, Options{Modules: 4}, 4},
		{"source", project, Options{Source: 1000}, 10}, // the later ones are empty
		{"unpacked", show, Options{Unpacked: 600}, 0},
	} {
		d := readWith(t, tc.file, tc.o)
		if got := len(modulesOf(d)); d.Unread() != (tc.name != "none") || got != tc.modules {
			t.Errorf("%s: unread %v, %d modules, %v", tc.name, d.Unread(), got, d.Problems)
		}
		var bytes int64
		for _, m := range modulesOf(d) {
			bytes += int64(len(m.Source))
		}
		if tc.o.Source > 0 && bytes > tc.o.Source {
			t.Errorf("%s: %d bytes of source", tc.name, bytes)
		}
	}
}

func TestProblemsAreFewButUnreadIsNeverLost(t *testing.T) {
	r := newReading(context.Background(), Options{})
	for i := range 1000 {
		r.problem(i == 999, "somewhere", "%d", i)
	}
	if len(r.doc.Problems) != problemsMax || !r.doc.Unread() {
		t.Errorf("%d problems, unread %v", len(r.doc.Problems), r.doc.Unread())
	}
}

// counter counts the bytes read of a file.
type counter struct {
	io.ReaderAt
	n int64
}

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	c.n += int64(len(p))
	return c.ReaderAt.ReadAt(p, off)
}

func bytesRead(t *testing.T, b []byte) (int64, *Document) {
	t.Helper()
	c := &counter{ReaderAt: bytes.NewReader(b)}
	d, err := ReadOLE(context.Background(), c, int64(len(b)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c.n, d
}

func TestManyStreamsOnOneChainCannotMultiplyTheWork(t *testing.T) {
	const streams = 400
	var kids []fixture.Node
	for i := range streams {
		kids = append(kids, fixture.Stream(fmt.Sprint("m", i), nil))
	}
	b := fixture.OLE(fixture.Storage("VBA", append(kids, fixture.Stream("_VBA_PROJECT", nil), fixture.Stream("dir", noise(1<<20)))...))
	dir := parseEntry(b[entryAt(t, b, "dir"):][:entryLen], 3)
	for i := range streams {
		at := entryAt(t, b, fmt.Sprint("m", i))
		put32(b, at+116, dir.start)
		put32(b, at+120, uint32(dir.size))
	}
	n, d := bytesRead(t, b)
	if most := int64(len(b))*readsPerByte + readsAtLeast; n > most || !d.Unread() {
		t.Errorf("%d bytes read of a file of %d, unread %v", n, len(b), d.Unread())
	}
}

func TestManyProjectsWithLongDirStreamsCannotMultiplyTheWork(t *testing.T) {
	dir := append(project().Dir()[:10:10], make([]byte, 1<<20)...) // PROJECTSYSKIND, then a megabyte that packs to nothing
	packed := fixture.VBACompress(dir)
	var nodes []fixture.Node
	for i := range 3 * dirsMax / len(dir) {
		nodes = append(nodes, fixture.Storage(fmt.Sprint("p", i), fixture.Stream("dir", packed)))
	}
	d := readBytes(t, fixture.OLE(nodes...))
	if most := dirsMax/len(dir) + 1; len(d.Projects) > most || !d.Unread() {
		t.Errorf("%d dir streams read, at most %d; %v", len(d.Projects), most, d.Problems)
	}
}

func TestTheSameSourceInManyPlacesCannotMultiplyTheWork(t *testing.T) {
	m := fixture.VBAModuleOf("M", strings.Repeat("'", 200000))
	one := fixture.VBACompress(m.Source)
	b := fixture.OLE(fixture.Stream("s", bytes.Repeat(one, 300)))
	put32(b, 48, 0x00FFFFFF)
	d := readWith(t, b, Options{Source: 1 << 20})
	if got := modulesOf(d); len(got) != 1 || got[0].Name != "M" || !d.Unread() { // all are alike, until the limit
		t.Errorf("%d modules, %v", len(got), d.Problems)
	}
}

func TestPaddingBehindADocumentCostsNoReading(t *testing.T) {
	doc := fixture.DocVBA("")
	n, _ := bytesRead(t, doc)
	padded, d := bytesRead(t, append(bytes.Clone(doc), make([]byte, 8<<20)...))
	if padded > n+1024 || len(modulesOf(d)) != 1 {
		t.Errorf("%d bytes read where %d do; %d modules", padded, n, len(modulesOf(d)))
	}
}

func TestWorkGrowsWithTheFile(t *testing.T) {
	file := func(modules int) []byte {
		var m []fixture.VBAModule
		for i := range modules {
			m = append(m, fixture.VBAModuleOf(fmt.Sprint("Module", i), strings.Repeat("Call f(1)\n", 500)))
		}
		return fixture.OLE(fixture.VBAProject{Modules: m}.Nodes()...)
	}
	one, _ := bytesRead(t, file(100))
	two, d := bytesRead(t, file(200))
	if float64(two) > 2.3*float64(one) || len(modulesOf(d)) != 200 {
		t.Errorf("%d bytes, then %d", one, two)
	}
}

func FuzzReadOLE(f *testing.F) {
	f.Add(fixture.DocVBA(""))
	f.Add(fixture.XLSVBA(""))
	f.Add(fixture.PPTVBA(""))
	f.Add(fixture.XLSEncrypted())
	for _, c := range crypts(fixture.VelvetSweatshop) {
		f.Add(c.XLSVBA(""))
		f.Add(c.DocVBA(""))
	}
	f.Add(fixture.Crypt{Scheme: "rc4-cryptoapi", Password: fixture.HannesRuescher}.PPTVBA(""))
	f.Add(fixture.Crypt{Scheme: "agile", Password: fixture.VelvetSweatshop}.Package(fixture.XLSM("")))
	f.Add(fixture.OLEVersion(4, fixture.Stream("s", noise(5000))))
	f.Add(nested(40))
	f.Add(formDoc(bigForm()))
	f.Add(stompDoc(fixture.VBA7Code64, "", fixture.VBACall("AutoOpen", "Shell", "calc.exe")...))
	f.Add(fixture.DocWith(wordControl(textBoxClass, "TextBox1", textBox.Saved())))
	f.Add(manyStreams())
	f.Fuzz(func(t *testing.T, b []byte) {
		n := &counter{ReaderAt: bytes.NewReader(b)}
		d, err := ReadOLE(context.Background(), n, int64(len(b)), Options{Source: 1 << 20, Unpacked: 1 << 20})
		if err != nil {
			t.Fatalf("an error for what is the document's: %v", err)
		}
		if n.n > int64(len(b))*readsPerByte+readsAtLeast {
			t.Fatalf("%d bytes read of %d", n.n, len(b))
		}
		if len(b) < headerLen && !d.Unread() {
			t.Fatal("a file without a header is read")
		}
		agree(t, b)
	})
}

// agree holds our reader against mscfb: where mscfb reads a file and we see no fault in it, both see the same streams, and where mscfb reads a
// stream to its end, our own chain gives the same bytes.
func agree(t *testing.T, b []byte) {
	lib, err := mscfb.New(bytes.NewReader(b))
	c, doc := openBytes(b, Options{})
	if err != nil || c.faults > 0 {
		return
	}
	if len(lib.File) != len(c.order) {
		t.Fatalf("%d entries, mscfb has %d; %v", len(c.order), len(lib.File), doc.Problems)
	}
	for i, id := range c.order {
		if c.entries[id].kind != typeStream {
			continue
		}
		want, err := io.ReadAll(io.LimitReader(struct{ io.Reader }{lib.File[i]}, int64(len(b))))
		got, _ := io.ReadAll(c.open(id, 0))
		if err == nil && !bytes.Equal(got, want) && lib.File[i].Size <= int64(len(b)) {
			t.Fatalf("%q: %d bytes, mscfb has %d", c.entries[id].name, len(got), len(want))
		}
	}
}

func TestEntryNames(t *testing.T) {
	name := func(s string, n int) string {
		b := make([]byte, 64)
		for i, r := range s {
			binary.LittleEndian.PutUint16(b[2*i:], uint16(r))
		}
		return entryName(b, n)
	}
	got := []string{name("VBA", 8), name("VBA", 0), name("VBA", 7), name("VBA", 700), name("VBA", 2), name("\x06DataSpaces", 24), name("a\x00b", 8)}
	if d := cmp.Diff([]string{"VBA", "VBA", "VBA", "VBA", "", "\x06DataSpaces", "a\x00b"}, got); d != "" {
		t.Error(d)
	}
}

func BenchmarkReadOLE(b *testing.B) {
	file := fixture.OLE(fixture.Stream("WordDocument", noise(150000)), fixture.Storage("Macros", fixture.VBAProject{Modules: []fixture.VBAModule{
		fixture.VBAModuleOf("ThisDocument", strings.Repeat("x = \"abc\" & Chr(64) ' comment\n", 500)),
		fixture.VBAModuleOf("Module1", strings.Repeat("If Cells(i, 3).Value > limit Then total = total + 1\n", 500))}}.Nodes()...))
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ReadOLE(context.Background(), bytes.NewReader(file), int64(len(file)), Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
