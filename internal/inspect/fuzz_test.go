package inspect

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

// FuzzScan holds that no file makes a panic, that no more is unpacked than the budget, that what was cut short is told, and that every path of
// a report or finding starts at a listed file.
func FuzzScan(f *testing.F) {
	for _, b := range carriers(f) {
		f.Add(b)
	}
	const limit = 1 << 20
	s, err := New(Options{Bytes: limit, Files: 200, SpoolDir: f.TempDir(), Passwords: []string{"p"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		scan := s.Begin()
		kind, err := scan.File(context.Background(), finding.Path{"1"}, "", bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		finish(t, scan)
		if scan.bytes > limit || scan.count > 200 {
			t.Errorf("%d bytes, %d files", scan.bytes, scan.count)
		}
		r := scan.Result()
		if len(r.Files) == 0 || r.Files[0].Kind != kind || r.Files[0].Path != "1" {
			t.Errorf("kind %q, files %v", kind, r.Files)
		}
		for _, found := range r.Findings {
			if found.Kind == finding.ParserError {
				t.Errorf("panic: %s", found.Detail)
			}
			if limits(found.Kind) && !r.Incomplete {
				t.Errorf("%v, but not incomplete", found)
			}
			if !strings.HasPrefix(found.Path.String(), "1") {
				t.Errorf("path of %v", found)
			}
		}
	})
}

func BenchmarkScan(b *testing.B) {
	doc := fixture.DocVBA(downloader)
	for _, bb := range []struct {
		name string
		file []byte
	}{
		{"doc", doc},
		{"docm", fixture.DOCM(downloader)},
		{"zip of doc", zipOf(entry("a.doc", doc))},
		{"zip of 10 MB", zipOf(entry("a", bytes.Repeat(fixture.Noise(1<<16), 160)))},
		{"text", []byte("hello\n")},
	} {
		b.Run(bb.name, func(b *testing.B) {
			s, err := New(Options{Journal: b.TempDir() + "/journal"})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(bb.file)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Begin().File(context.Background(), nil, "", bytes.NewReader(bb.file), int64(len(bb.file))); err != nil {
					b.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// carriers is a file of each format that is looked into, with something in it.
func carriers(t testing.TB) [][]byte {
	doc := fixture.DocVBA(downloader)
	mail := fixture.Message("a@example.com", "b@example.com", "s", fixture.TextPart("x"), fixture.FilePart("a.zip", "a/b", fixture.Zip("a", "b")))
	return [][]byte{
		doc, fixture.DOCM(downloader), fixture.XLSVBA(quiet), fixture.DocEncrypted(), locked(fixture.XLSM(quiet)), zipOf(entry("a.doc", doc)), nested(3, doc), mail.Bytes(),
		zipOf(fixture.ZIPEntry{Name: "a", Password: "p"}, fixture.ZIPEntry{Name: "b", Unlisted: true}), fixture.ZipBombOverlapping(20, 1<<16),
		packed("a.doc", packed("b.exe", exe())), fixture.WordText{Pieces: []string{"\x13DDEAUTO cmd x\x15"}, Template: `\\h\s`}.Bytes(),
		fixture.Msg{RTF: fixture.CompressRTF("x"), Attached: []fixture.Attached{{Long: "a", Data: doc}, {Message: &fixture.Msg{}}}}.Bytes(),
		fixture.PPTShow([][]byte{fixture.PPTShape(2, 5, "x"), fixture.PPTAction(1, "m"), fixture.PPTAtom(0, 0x1011, packed("c.zip", zipOf()))}, map[uint32]int{5: 2}),
		tnefOf(fixture.TNEFFile{Title: "a.doc", Data: doc}), pdfWith("a.doc", doc), pdfOf("<< /OpenAction << /S /Launch /Win << /F (cmd.exe) /P (/c) >> >> >>"),
		fixture.CMSStreamed(fixture.CMSSigned, attaching("a.doc", doc), 900), fixture.CMS(fixture.CMSCompressed, fixture.Deflated(attaching("a.js", []byte("x")))),
		fixture.PGPPacket(8, append([]byte{2}, fixture.Deflated(fixture.PGPPacket(11, fixture.PGPLiteral("a.doc", doc)))...)), invitation("ATTACH;VALUE=BINARY:UEsDBA=="),
		zipOf(lockedEntry("a.doc", "p", doc), fixture.ZIPEntry{Name: "b", Data: []byte("text"), Password: "p", AES: 3}, fixture.ZIPEntry{Name: "c", Data: []byte("x"), Flags: 1}),
		zipOf(fixture.ZIPEntry{Name: "x", Data: []byte("x"), Method: 95, Packed: fixture.XZ([]byte("x"))}),
		fixture.CAB{Folders: []fixture.CABFolder{{Method: 3 | 15<<8, Files: []fixture.CABFile{{Name: "a.doc", Data: doc}}}}, Next: "n"}.Bytes(),
		fixture.LZH{Files: []fixture.LZHFile{{Name: "a.doc", Data: doc, Method: "-lh5-", Level: 2}}}.Bytes(), fixture.LZW([]byte("text text text"), 12, 3),
		gz(t, "a", tarOf(t, "b", []byte("c"))), []byte(bz2Text), zst(t, []byte("x")), []byte("Rar!\x1A\x07"),
		fixture.RTF(fixture.RTFObject(fixture.OLE1Package("a.js", "", []byte("x"))) + `{\*\template \\\\a}`), fixture.OneNote([]string{"x"}, fixture.OneNoteFile{Name: "a.doc", Data: doc}),
		fixture.ISO{Files: []fixture.DiskFile{{Name: "a.doc", Data: doc}}}.Bytes(), fixture.VHDFixed(fixture.FAT{Clusters: 100, Files: []fixture.DiskFile{{Name: "a", Data: []byte("x")}}}.Bytes()),
		fixture.Link{Base: `C:\a.exe`, Arguments: "x", Env: "e", Tail: zipOf()}.Bytes(), []byte("[InternetShortcut]\nURL=file://a/b"), []byte(encoded), []byte(wsf), []byte(hta),
		[]byte(smuggling(zipOf(entry("a.js", []byte("x"))), "a.zip")), []byte(`<svg onload="x()"><script>y</script></svg>`), headerOf("PE\x00\x00", 2), []byte("@echo off\nset a=b\n%a:~0,1%"),
	}
}
