package inspect

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// scanPackage scans the archive of these parts.
func scanPackage(t *testing.T, parts []fixture.Part) (*Scan, Result) {
	t.Helper()
	s := newScan(t)
	b := fixture.Package(parts)
	if _, err := s.File(context.Background(), nil, "a.docx", bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	return s, s.Result()
}

func TestPackagesAreReported(t *testing.T) {
	const remote = "http://example.com/t.dotm"
	link := func(typ, target string) fixture.Part {
		return fixture.Rels("word/settings.xml", fixture.Rel{ID: "r", Type: typ, Target: target, External: true})
	}
	dde := "<w:p>" + fixture.WordField("", `DDEAUTO cmd "/c calc"`) + "</w:p>"
	html := fixture.Part{Name: "word/chunk.xml", Data: "<html><script>x</script></html>"}
	for name, tc := range map[string]struct {
		parts []fixture.Part
		want  string
		more  string // path and kind of another file
	}{
		"template":        {fixture.WordParts("", link("attachedTemplate", remote)), `office.remote-template word/_rels/settings.xml.rels "` + remote + `"`, ""},
		"local template":  {fixture.WordParts("", link("attachedTemplate", "Normal.dotm")), "", ""},
		"linked object":   {fixture.WordParts("", link("oleObject", remote)), `office.remote-object word/_rels/settings.xml.rels "` + remote + `"`, ""},
		"hyperlink":       {fixture.WordParts("", link("hyperlink", remote)), "", ""},
		"field":           {fixture.WordParts(dde), `office.dde word/document.xml "cmd /c calc"`, ""},
		"lure":            {fixture.WordParts("<w:p><w:t>Please enable </w:t><w:t>content.</w:t></w:p>"), `office.lure  "enable content"`, ""},
		"altChunk":        {fixture.WordParts("", fixture.Rels("word/document.xml", fixture.Rel{ID: "r", Type: "aFChunk", Target: "chunk.xml"}), html), "", "word/chunk.xml html"},
		"program as part": {fixture.WordParts("", fixture.Part{Name: "word/media/image1.png", Data: "MZ\x90\x00\x01\x02\x00"}), "", "word/media/image1.png exe"},
		"control": {fixture.WordParts("", fixture.Part{Name: "word/activeX/activeX1.xml", Data: `<ax:ocx ax:classid="{D27CDB6E-AE6D-11CF-96B8-444553540000}"/>`}),
			`office.activex word/activeX/activeX1.xml "{D27CDB6E-AE6D-11CF-96B8-444553540000}"`, ""},
		"object": {fixture.WordParts("", fixture.Part{Name: "word/embeddings/a.bin", Data: string(fixture.DocPlain())}), `ole.object word/embeddings/a.bin "a.bin"`,
			"word/embeddings/a.bin doc"},
	} {
		t.Run(name, func(t *testing.T) {
			_, r := scanPackage(t, tc.parts)
			if got := objectLines(r); got != tc.want || r.Incomplete {
				t.Errorf("incomplete %v, found %s\nwant %s", r.Incomplete, got, tc.want)
			}
			var more []string
			for _, f := range r.Files[1:] {
				more = append(more, f.Path+" "+f.Kind)
			}
			if got := strings.Join(more, ", "); got != tc.more {
				t.Errorf("files %q, want %q", got, tc.more)
			}
		})
	}
}

func TestASecondPartOfANameIsReadToo(t *testing.T) {
	dde := fixture.WordParts(fixture.WordField("", "DDE cmd x"))[2]
	_, r := scanPackage(t, append(fixture.DOCXParts(), dde, fixture.Part{Name: dde.Name, Data: "MZ\x00\x01"}))
	if got := objectLines(r); !strings.Contains(got, `office.dde word/document.xml\u{0}`) || !strings.Contains(got, "archive.listing-mismatch") {
		t.Error(got)
	}
	if len(r.Files) != 2 || r.Files[1].Kind != KindEXE {
		t.Errorf("%+v", r.Files)
	}
}

func TestPartsAreUnpackedOnce(t *testing.T) {
	object := fixture.OLE(fixture.Stream("x", bytes.Repeat([]byte("x"), 300_000)))
	parts := fixture.WordParts(strings.Repeat("<w:p><w:t>x</w:t></w:p>", 10_000), fixture.Part{Name: "word/embeddings/a.bin", Data: string(object)},
		fixture.Part{Name: "word/vbaProject.bin", Data: string(fixture.VBABin("Module1", ""))})
	total := 0
	for _, p := range parts {
		total += len(p.Data)
	}
	s, r := scanPackage(t, parts)
	if most := total + len(object) + 10_000; int(s.bytes) > most || !r.Files[0].HasVBA { // an object is copied from memory
		t.Errorf("%d bytes unpacked of %d", s.bytes, total)
	}
	styles := fixture.WordParts("", fixture.WordPart("word/styles.xml", "styles", strings.Repeat("<w:style/>", 100_000)))
	if s, _ := scanPackage(t, styles); s.bytes > 200_000 {
		t.Errorf("%d bytes unpacked of parts that do not matter", s.bytes)
	}
}

func BenchmarkPackage(b *testing.B) {
	scanner, err := New(Options{SpoolDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	run := strings.Repeat(`<w:p w:rsidR="00A77B3E"><w:pPr><w:spacing w:after="0"/></w:pPr><w:r><w:rPr><w:rFonts w:ascii="Calibri"/></w:rPr><w:t>Some text of the day </w:t></w:r></w:p>`, 1000)
	row := strings.Repeat(`<row r="1" spans="1:3"><c r="A1" s="1"><v>3.14</v></c><c r="B1" t="s"><v>17</v></c><c r="C1"><f>SUM(A1:A9)</f><v>9</v></c></row>`, 1000)
	for _, size := range []int{1, 8} {
		for name, parts := range map[string][]fixture.Part{"text": fixture.WordParts(strings.Repeat(run, size)), "cells": fixture.SheetParts("<sheetData>" + strings.Repeat(row, size) + "</sheetData>")} {
			b.Run(name+"/"+fmt.Sprint(size), func(b *testing.B) {
				data := fixture.Package(parts)
				b.SetBytes(int64(len(parts[len(parts)-1].Data)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := scanner.Begin().File(context.Background(), nil, "a", bytes.NewReader(data), int64(len(data))); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func TestAPackageThatLostItsEndsIsOne(t *testing.T) {
	whole := fixture.DOCM(downloader)
	list := bytes.Index(whole, []byte("PK\x01\x02"))
	for name, file := range map[string][]byte{
		"no directory":                    whole[:list],
		"no directory, bytes before it":   append([]byte("\x00\x01\x02\x03"), whole[:list]...),
		"no directory, first header torn": append([]byte("\x00\x00\x00\x00"), whole[4:list]...),
	} {
		if kind, r := scanFile(t, Options{}, file); !r.Files[0].HasVBA {
			t.Errorf("%s: %s, %v", name, kind, lines(r))
		}
	}
	other := append([]byte("\x00\x01\x02\x03"), fixture.Zip("a.txt", "text")...)
	if kind, r := scanFile(t, Options{}, other[:bytes.Index(other, []byte("PK\x01\x02"))]); kind != KindData || len(r.Files) > 1 {
		t.Errorf("another archive: %s, %v", kind, tree(r))
	}
}
