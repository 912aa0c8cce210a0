package inspect

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"sekisho/internal/finding"
	"sekisho/oleparse"
)

// report has a document's objects reported as those of one file.
func reportOf(t *testing.T, doc *oleparse.Document) Result {
	t.Helper()
	s := newScan(t)
	f := &File{called: "a.doc", Kind: KindDOC, report: -1}
	s.report(f)
	s.objects(f, doc)
	return s.Result()
}

func newScan(t *testing.T) *Scan {
	t.Helper()
	scanner, err := New(Options{SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return scanner.Begin()
}

func objectLines(r Result) string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, string(f.Kind)+" "+f.Path.String()+" "+f.Detail)
	}
	return strings.Join(out, "\n")
}

func TestObjectsAreReportedBySort(t *testing.T) {
	r := reportOf(t, &oleparse.Document{Objects: []oleparse.Object{
		{Path: "ObjectPool/_1", Kind: oleparse.ObjectEmbedded, Class: "Excel.Sheet.8"},
		{Path: "ObjectPool/_2", Kind: oleparse.ObjectEmbedded, Class: "Excel.Sheet.8"},
		{Path: "ObjectPool/_3", Kind: oleparse.ObjectPackage, Class: "Package", Name: "a.exe"},
		{Path: "ObjectPool/_4", Kind: oleparse.ObjectControl, Class: "Forms.TextBox.1", Name: "TextBox1"},
		{Path: "ObjectPool/_5", Kind: oleparse.ObjectLinked, Target: `\\h\s\a.doc`},
		{Path: "ObjectPool/_6", Kind: oleparse.ObjectEmbedded},
	}})
	want := `ole.object ObjectPool/_1 3: "Excel.Sheet.8", "_6"
ole.package ObjectPool/_3 "a.exe"
office.activex ObjectPool/_4 "TextBox1" ("Forms.TextBox.1")`
	if got := objectLines(r); got != want || r.Files[0].OLEObjects != 4 || r.Incomplete {
		t.Errorf("%d objects\n%s", r.Files[0].OLEObjects, got)
	}
}

func TestOnlyRemoteLinksAreFindings(t *testing.T) {
	r := reportOf(t, &oleparse.Document{Links: []oleparse.Link{
		{Path: "a", Type: oleparse.LinkTemplate, Target: "Normal.dotm"},
		{Path: "b", Type: oleparse.LinkTemplate, Target: "http://x.test/t.dotm", Remote: true},
		{Path: "c", Type: oleparse.LinkOLE, Target: `C:\a.xls`},
		{Path: "d", Type: oleparse.LinkOLE, Target: `\\h\s\a.xls`, Remote: true},
		{Path: "e", Type: oleparse.LinkFrame, Target: "http://x.test/f", Remote: true},
		{Path: "f", Type: oleparse.LinkFrame, Target: `\\h\f`, Remote: true},
	}})
	want := `office.remote-template b "http://x.test/t.dotm"
office.remote-object e "http://x.test/f"
office.external d 2: ole "\\\\h\\s\\a.xls", frame "\\\\h\\f"`
	if got := objectLines(r); got != want || r.Files[0].ExternalTemplate != "http://x.test/t.dotm" {
		t.Errorf("template %q\n%s", r.Files[0].ExternalTemplate, got)
	}
	local := reportOf(t, &oleparse.Document{Links: []oleparse.Link{{Path: "a", Type: oleparse.LinkTemplate, Target: "Normal.dotm"}}})
	if len(local.Findings) > 0 || local.Files[0].ExternalTemplate != "Normal.dotm" {
		t.Errorf("a local template: %+v", local)
	}
}

func TestCommandsAreReported(t *testing.T) {
	r := reportOf(t, &oleparse.Document{DDE: []oleparse.Command{{Path: "word/document.xml", Text: `cmd /c calc`}, {Text: `cmd /c calc`}}})
	if got := objectLines(r); got != `office.dde word/document.xml 2: "cmd /c calc"` || !r.Files[0].DDE {
		t.Error(got)
	}
}

func TestFilesInStreamsAreInspected(t *testing.T) {
	s := newScan(t)
	f := &File{called: "a.doc", Kind: KindDOC, report: -1}
	open := func() (io.Reader, error) { return strings.NewReader("MZ\x00\x01 program"), nil }
	err := s.packed(context.Background(), f, &oleparse.Document{Files: []oleparse.File{
		{Path: "ObjectPool/_1/\x01Ole10Native", Name: "a.exe", Open: open},
		{Path: "ObjectPool/_2", Open: open},
		{Path: "ObjectPool/_3", Name: "b", Open: func() (io.Reader, error) { return nil, errors.New("torn") }},
	}})
	r := s.Result()
	if err != nil || len(r.Files) != 2 || r.Files[0].Path != `ObjectPool/_1/\u{1}Ole10Native!/a.exe` || r.Files[0].Kind != KindEXE || r.Files[1].Path != "ObjectPool/_2" {
		t.Fatalf("%v, %+v", err, r.Files)
	}
	if !r.Incomplete || len(r.Findings) != 2 || r.Findings[1].Kind != finding.ScanIncomplete {
		t.Errorf("a file that cannot be opened: %+v", r.Findings)
	}
}

func TestWhatIsFetchedByAScheme(t *testing.T) {
	for target, want := range map[string]bool{
		"http://example.com/a.hta": true, "HTTPS://example.com/a": true, "mhtml:http://example.com/a!x-usc:http://example.com/b": true,
		"script:https://example.com/a.sct": true, `"http://example.com/a"`: true, " ftp://example.com/a": true, "ms-search:x": true,
		`\\host\share\a.xls`: false, "file://host/a.xls": false, `C:\a.xls`: false, "a.xls": false, "": false, "http:": false, `dir\a:b`: false,
	} {
		if got := fetched(target); got != want {
			t.Errorf("%q: %v", target, got)
		}
	}
}
