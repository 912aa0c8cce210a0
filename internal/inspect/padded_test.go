package inspect

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

// small makes what is large in mail small enough for many tests.
func small() Options { return Options{Memory: 16 << 10, Padded: 1 << 20, Bytes: 100 << 20} }

// has reports whether r has a finding of that kind at that path.
func has(r Result, kind finding.Kind, path string) bool {
	return slices.ContainsFunc(r.Findings, func(f finding.Finding) bool { return f.Kind == kind && strings.HasPrefix(f.Path.String(), path) })
}

var places = []fixture.Place{fixture.Head, fixture.Middle, fixture.End}

// paddedDocs are documents with a macro, spread over size bytes.
func paddedDocs(size int64) map[string]fixture.Padded {
	docs, doc, docm := map[string]fixture.Padded{}, fixture.DocVBA(downloader), fixture.DOCM(downloader)
	for i := range 27 {
		p := fixture.PaddedOLE{File: doc, Size: size, Directory: places[i%3], FAT: places[i/3%3], Streams: places[i/9]}
		docs[fmt.Sprintf("directory %d, FAT %d, streams %d.doc", p.Directory, p.FAT, p.Streams)] = p.Content()
	}
	for _, at := range places {
		docs[fmt.Sprintf("ZIP directory %d.docm", at)] = fixture.PaddedZIP(docm, size, at)
	}
	docs["behind filling.docm"] = fixture.Padded{Size: size, Parts: []fixture.PaddedPart{{At: size - int64(len(docm)), Data: docm}}}
	chained := fixture.OLE(fixture.Stream("A", make([]byte, size)), fixture.Stream("WordDocument", fixture.WordHead(0)),
		fixture.Storage("Macros", fixture.VBAProject{Name: "Project", Modules: []fixture.VBAModule{fixture.VBAModuleOf("ThisDocument", downloader)}}.Nodes()...))
	docs["behind a stream of filling.doc"] = fixture.Padded{Size: int64(len(chained)), Parts: []fixture.PaddedPart{{At: 0, Data: chained}}}
	docs["before filling.doc"] = fixture.Padded{Size: size, Parts: []fixture.PaddedPart{{At: 0, Data: doc}}}
	return docs
}

func bytesOf(t testing.TB, r io.Reader) []byte {
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPaddedDocumentsAreInspected(t *testing.T) {
	for name, doc := range paddedDocs(2 << 20) {
		for how, file := range map[string][]byte{"zip": fixture.ZipOf(name, doc.Reader()), "gz": fixture.GzipOf(name, doc.Reader()), "": bytesOf(t, doc.Reader())} {
			path := name
			if how == "" {
				path = ""
			}
			_, r := scanFile(t, small(), file)
			if !has(r, finding.VBAAutoexec, path) || !has(r, finding.FilePadded, path) || r.Incomplete {
				t.Errorf("%s %s: incomplete %v, %v", name, how, r.Incomplete, r.Findings)
			}
		}
	}
}

func TestWhateverAFileIsPaddedWith(t *testing.T) {
	doc := fixture.DocVBA(downloader)
	for name, fill := range map[string][]byte{
		"zeros": nil, "0xFF": {0xFF}, "blanks": []byte(" "), "a word": []byte("padding "), "seven bytes": []byte("abcdefg"), "a line": fixture.Noise(200), "2 KB": fixture.Noise(2000),
	} {
		p := fixture.PaddedOLE{File: doc, Size: 2 << 20, Directory: fixture.End, FAT: fixture.Middle}.Content()
		p.Fill = fill
		for keep, o := range map[string]Options{"kept": small(), "unpacked again": {Memory: 8 << 10, Keep: 4 << 10, Padded: 1 << 20}} {
			_, r := scanFile(t, o, fixture.ZipOf("a.doc", p.Reader()))
			if !has(r, finding.VBAAutoexec, "a.doc") || !has(r, finding.FilePadded, "a.doc") || r.Incomplete {
				t.Errorf("%s, %s: incomplete %v, %v", name, keep, r.Incomplete, r.Findings)
			}
		}
	}
}

func TestFillingOfALongPeriodIsKnownByHowItIsPacked(t *testing.T) {
	doc := fixture.PaddedOLE{File: fixture.DocVBA(downloader), Size: 12 << 20, Directory: fixture.End}.Content()
	doc.Fill = fixture.Noise(5000)
	page := strings.NewReader("<html>" + strings.Repeat("<tr><td>0</td><td>"+strings.Repeat("x", 5000)+"</td></tr>", 2000))
	for name, tc := range map[string]struct {
		file []byte
		want bool
	}{"a.doc": {fixture.ZipOf("a.doc", doc.Reader()), true}, "b.doc": {fixture.GzipOf("b.doc", doc.Reader()), true}, "c.html": {fixture.ZipOf("c.html", page), false}} {
		if _, r := scanFile(t, small(), tc.file); has(r, finding.FilePadded, name) != tc.want || r.Incomplete {
			t.Errorf("%s: incomplete %v, %v", name, r.Incomplete, r.Findings)
		}
	}
}

// paddedTo is data at the beginning of so much filling.
func paddedTo(data []byte, size int64) []byte {
	return append(bytes.Clone(data), make([]byte, size-int64(len(data)))...)
}

func TestFilesThatPeopleOpenArePadded(t *testing.T) {
	const mb = 1 << 20
	exe := append([]byte("MZ\x90\x00\x03"), fixture.Noise(9000)...)
	for name, tc := range map[string]struct {
		data []byte
		want bool
	}{
		"a.exe":              {paddedTo(exe, mb), true},
		"a.exe of less":      {paddedTo(exe, mb-1), false},
		"a.exe of contents":  {paddedTo(append(bytes.Clone(exe), fixture.Noise(200_000)...), mb), false},
		"a.lnk":              {paddedTo([]byte("\x4C\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"), mb), true},
		"a.one":              {paddedTo(fixture.OneNote([]string{"page"}), mb), true},
		"a.rtf":              {append(fixture.RTF("text"), bytes.Repeat([]byte("\n"), mb)...), true},
		"a.pdf":              {paddedTo([]byte("%PDF-1.4\n"), mb), true},
		"a.html":             {append([]byte("<html><script>x()</script>"), bytes.Repeat([]byte(" "), mb)...), true},
		"a.js":               {append([]byte("WScript.Echo(1)"), bytes.Repeat([]byte("\r\n"), mb)...), true},
		"a.txt":              {append([]byte("words"), bytes.Repeat([]byte("\r\n"), mb)...), false},
		"a.csv":              {bytes.Repeat([]byte("0,0,0,0,0\r\n"), mb/10), false},
		"a.bmp":              {paddedTo(append([]byte("BM\x36\x00\x10\x00\x00\x00\x00\x00\x36\x00\x00\x00"), fixture.Noise(40)...), mb), false},
		"a.bin":              {paddedTo(fixture.Noise(100), mb), false},
		"a.db":               {paddedTo([]byte("SQLite format 3\x00"), mb), false},
		"a.iso":              {paddedTo(diskOf(onDisk("a.txt", []byte("words"))).Bytes(), mb), false},
		"a.tar":              {paddedTo(tarOf(t, "a.txt", []byte("words")), mb), false},
		"a.zip":              {paddedTo(zipOf(entry("a.txt", []byte("words"))), mb), false},
		"a.doc of one image": {fixture.OLE(fixture.Stream("WordDocument", fixture.WordHead(0)), fixture.Stream("Data", rows(mb))), false},
	} {
		_, r := scanFile(t, small(), zipOf(fixture.ZIPEntry{Name: name, Data: tc.data, Method: 8}))
		if got := has(r, finding.FilePadded, name); got != tc.want {
			t.Errorf("%s: %v, %v", name, got, r.Findings)
		}
	}
}

// rows are the rows of a picture of a page: white, with lines of text.
func rows(size int) (out []byte) {
	for len(out) < size {
		out = append(out, bytes.Repeat([]byte{0xFF}, 100_000)...)
		out = append(out, fixture.Noise(20_000)...)
	}
	return out
}

func TestPartsOfPackagesArePadded(t *testing.T) {
	project := fixture.PaddedOLE{File: fixture.VBABin("ThisDocument", downloader), Size: 2 << 20, FAT: fixture.Middle, Directory: fixture.End}.Content()
	for name, tc := range map[string]struct {
		data []byte
		want bool
	}{
		"word/vbaProject.bin":      {bytesOf(t, project.Reader()), true},
		"word/document.xml":        {append([]byte("<w:document/>"), bytes.Repeat([]byte(" "), 2<<20)...), true},
		"word/media/image1.bmp":    {make([]byte, 2<<20), false},
		"word/embeddings/data.bin": {fixture.Noise(2 << 20), false},
	} {
		parts := slices.DeleteFunc(fixture.DOCMParts(downloader), func(p fixture.Part) bool { return p.Name == name })
		_, r := scanFile(t, small(), fixture.Package(append(parts, fixture.Part{Name: name, Data: string(tc.data)})))
		if !has(r, finding.VBAAutoexec, "") || has(r, finding.FilePadded, name) != tc.want || r.Incomplete {
			t.Errorf("%s: incomplete %v, %v", name, r.Incomplete, r.Findings)
		}
	}
}

func TestStructuresOutOfReachAreIncomplete(t *testing.T) {
	doc := fixture.PaddedOLE{File: fixture.DocVBA(downloader), Size: 2 << 20, Directory: fixture.End, FAT: fixture.End, Streams: fixture.End}.Content()
	doc.Parts = append(doc.Parts[:1:1], append([]fixture.PaddedPart{{At: 4096, Data: fixture.Noise(200_000)}}, doc.Parts[1:]...)...)
	o := Options{Memory: 8 << 10, Keep: 16 << 10, Padded: 1 << 20}
	for how, file := range map[string][]byte{"zstd": zst(t, bytesOf(t, doc.Reader())), "zstd in zip": fixture.ZipOf("a.zst", bytes.NewReader(zst(t, bytesOf(t, doc.Reader()))))} {
		_, r := scanFile(t, o, file)
		if !r.Incomplete || !slices.ContainsFunc(r.Findings, func(f finding.Finding) bool {
			return f.Kind == finding.ScanIncomplete && strings.HasPrefix(f.Detail, "structures out of reach")
		}) {
			t.Errorf("%s: incomplete %v, %v", how, r.Incomplete, r.Findings)
		}
	}
	_, r := scanFile(t, o, fixture.ZipOf("a.doc", doc.Reader()))
	if !has(r, finding.VBAAutoexec, "a.doc") || r.Incomplete {
		t.Errorf("what can be unpacked again: incomplete %v, %v", r.Incomplete, r.Findings)
	}
}

func TestWhatIsOutOfReachIsNeverSilent(t *testing.T) {
	docx := slices.Concat(fixture.DOCXParts(), []fixture.Part{{Name: "word/embeddings/oleObject1.bin", Data: string(fixture.DocVBA(downloader))}})
	files := map[string][]byte{
		"a.doc": fixture.DocVBA(downloader), "a.xls": fixture.XLSVBA(downloader), "a.ppt": fixture.PPTVBA(downloader), "a.docm": fixture.DOCM(downloader), "a.docx": fixture.Package(docx),
		"a.one": fixture.OneNote([]string{"page"}, fixture.OneNoteFile{Name: "b.doc", Data: fixture.DocVBA(downloader)}),
		"a.rtf": fixture.RTF(fixture.RTFObject(fixture.OLE1("Word.Document.8", fixture.DocVBA(downloader)))),
		"a.zip": zipOf(entry("b.doc", fixture.DocVBA(downloader))), "a.tar": tarOf(t, "b.doc", fixture.DocVBA(downloader)),
	}
	for name, data := range files {
		for how, file := range map[string][]byte{"zip": fixture.ZipOf(name, bytes.NewReader(data)), "zst": zst(t, data)} {
			_, want := scanFile(t, Options{}, file)
			if _, r := scanFile(t, Options{Memory: 1}, file); cmp.Diff(lines(want), lines(r)) != "" {
				t.Errorf("%s in %s, everything in a store: %s", name, how, cmp.Diff(lines(want), lines(r)))
			}
			if _, r := scanFile(t, Options{Memory: 1, Keep: 1}, file); !r.Incomplete && cmp.Diff(lines(want), lines(r)) != "" {
				t.Errorf("%s in %s, hardly anything kept: %s", name, how, cmp.Diff(lines(want), lines(r)))
			}
		}
	}
}

func TestWhatIsOutOfReachSparesTheNextFile(t *testing.T) {
	doc := fixture.PaddedOLE{File: fixture.DocVBA(downloader), Size: 1 << 20, Directory: fixture.End, FAT: fixture.End, Streams: fixture.End}.Content()
	doc.Parts = append(doc.Parts[:1:1], append([]fixture.PaddedPart{{At: 4096, Data: fixture.Noise(200_000)}}, doc.Parts[1:]...)...)
	file := zipOf(fixture.ZIPEntry{Name: "a.zst", Data: zst(t, bytesOf(t, doc.Reader()))}, entry("b.doc", fixture.DocVBA(downloader)))
	_, r := scanFile(t, Options{Memory: 8 << 10, Keep: 16 << 10}, file)
	if !r.Incomplete || !has(r, finding.ScanIncomplete, "a.zst") || !has(r, finding.VBAAutoexec, "b.doc") {
		t.Errorf("incomplete %v, %v", r.Incomplete, r.Findings)
	}
}

func TestUnpackingAgainHasABudget(t *testing.T) {
	data := fixture.Padded{Size: 8 << 20, Fill: fixture.Noise(32_749), Parts: []fixture.PaddedPart{{At: 0, Data: []byte("TRAP")}}}
	scanner := scanner(t, Options{Memory: 64 << 10, Keep: 64 << 10, Bytes: 10 << 20})
	reads := 0
	scanner.table = append(scanner.table, trap{"TRAP", func(ctx context.Context, f *File, _ *Scan) error {
		for ; reads < 100; reads++ {
			if _, err := f.reader(ctx).ReadAt(make([]byte, 10), f.Size/100*int64(reads*37%100)); err != nil {
				return err
			}
		}
		return nil
	}})
	scan, file := scanner.Begin(), fixture.ZipOf("a", data.Reader())
	if _, err := scan.File(context.Background(), nil, "", bytes.NewReader(file), int64(len(file))); err != nil {
		t.Fatal(err)
	}
	r := scan.Result()
	if reads < 3 || reads == 100 || !r.Incomplete || !has(r, finding.ScanIncomplete, "a") {
		t.Errorf("%d reads, incomplete %v, %v", reads, r.Incomplete, r.Findings)
	}
}

func TestFillingCountsLess(t *testing.T) {
	doc := fixture.PaddedOLE{File: fixture.DocVBA(downloader), Size: 8 << 20, Directory: fixture.End}.Content()
	one := fixture.ZIPEntry{Name: "a.doc", Data: bytesOf(t, doc.Reader()), Method: 8}
	o := Options{Memory: 16 << 10, Padded: 1 << 20, Bytes: 9 << 20}
	if _, r := scanFile(t, o, zipOf(one, one, one)); r.Incomplete {
		t.Errorf("three padded files: %v", r.Findings)
	}
	if _, r := scanFile(t, o, zipOf(one, one, one, one)); !has(r, finding.ArchiveBomb, "") {
		t.Errorf("four: %v", r.Findings)
	}
	show := fixture.OLE(fixture.Stream("PowerPoint Document", fixture.PPTObject(fixture.OLE(fixture.Stream("x", make([]byte, 4<<20))), true)))
	if _, r := scanFile(t, o, zipOf(entry("a.ppt", show), entry("b", fixture.Noise(10<<20)))); !has(r, finding.LimitSize, "") {
		t.Errorf("what does not count gives nothing back: %v", r.Findings)
	}
}

func TestScriptsAreReadBehindFilling(t *testing.T) {
	const run = "CreateObject(\"WScript.Shell\").Run \"calc.exe\"\r\n"
	for name, file := range map[string]string{
		"a.vbs":  strings.Repeat("\r\n", 15<<20) + run,
		"a.js":   strings.Repeat("//x\r\n", 6<<20) + "new ActiveX" + strings.ReplaceAll(run, "Create", ""),
		"a.hta":  "<html><hta:application>" + strings.Repeat(" ", 30<<20) + "<script language=vbscript>" + run + "</script>",
		"a.html": "<html>" + strings.Repeat(" \n", 15<<20) + "<script language=vbscript>" + run + "</script>",
	} {
		_, r := scanFile(t, Options{}, fixture.ZipOf(name, strings.NewReader(file)))
		if !has(r, finding.ScriptSuspicious, name) && !has(r, finding.ScriptFile, name) || !has(r, finding.FilePadded, name) || r.Incomplete {
			t.Errorf("%s: incomplete %v, %v", name, r.Incomplete, r.Findings)
		}
	}
}

func TestALockedFileWaitsWithoutItsFilling(t *testing.T) {
	doc := fixture.PaddedOLE{File: fixture.Crypt{Scheme: "rc4", Password: "secret"}.DocVBA(downloader), Size: 8 << 20, Directory: fixture.End}.Content()
	o := small()
	o.Passwords = []string{"secret"}
	s, file := scanner(t, o).Begin(), fixture.ZipOf("a.doc", doc.Reader())
	if _, err := s.File(context.Background(), nil, "", bytes.NewReader(file), int64(len(file))); err != nil || len(s.waiting) != 1 {
		t.Fatalf("%d files wait, %v", len(s.waiting), err)
	}
	if u := s.waiting[0].copy.(*unpacked); u.Size() != doc.Size || u.store == nil || u.store.Kept() > 1<<20 {
		t.Errorf("%d bytes, %d kept", u.Size(), u.store.Kept())
	}
	if still, err := s.Finish(context.Background()); err != nil || len(still) > 0 || !has(s.Result(), finding.VBAAutoexec, "a.doc") {
		t.Errorf("%d files stay locked, %v, %v", len(still), err, s.Result().Findings)
	}
}

func TestTheDigestOfUnpackedContent(t *testing.T) {
	s := scanner(t, Options{Memory: 64 << 10, Journal: filepath.Join(t.TempDir(), "journal")}).Begin()
	sum := func(b []byte, step int) [32]byte {
		u := s.newUnpacked(context.Background(), nil, 0)
		defer u.close(nil)
		for ; len(b) > 0; b = b[min(step, len(b)):] {
			if _, err := u.Write(b[:min(step, len(b))]); err != nil {
				t.Fatal(err)
			}
		}
		return u.sum()
	}
	if b := fixture.Noise(64 << 10); sum(b, 1000) != sha256.Sum256(b) {
		t.Error("of what is in memory: not its SHA-256")
	}
	large := append(make([]byte, 1<<20), fixture.Noise(100_000)...)
	first := sum(large, 1000)
	if first != sum(large, 32<<10) {
		t.Error("of a store: depends on how it was written")
	}
	if large[0]++; first == sum(large, 1000) {
		t.Error("of a store: the same for other content")
	}
}

// One file of the size that was seen in mail: what is allocated does not grow with it.
func TestHalfAGigabyteOfPadding(t *testing.T) {
	const size = 534_773_760
	for name, doc := range map[string]fixture.Padded{
		"a.doc":  fixture.PaddedOLE{File: fixture.DocVBA(downloader), Size: size, Directory: fixture.End, FAT: fixture.Middle}.Content(),
		"b.docm": fixture.PaddedZIP(fixture.DOCM(downloader), size, fixture.End),
	} {
		file := fixture.ZipOf(name, doc.Reader())
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, r := scanFile(t, Options{}, file)
		runtime.ReadMemStats(&after)
		if !has(r, finding.VBAAutoexec, name) || !has(r, finding.FilePadded, name) || r.Incomplete {
			t.Errorf("%s: incomplete %v, %v", name, r.Incomplete, r.Findings)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > 48<<20 {
			t.Errorf("%s: %d MB allocated", name, got>>20)
		}
	}
}
