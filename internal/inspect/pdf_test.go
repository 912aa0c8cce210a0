package inspect

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/password"
)

// pdfOf is a PDF with an object beside the catalogue.
func pdfOf(object string) []byte {
	return fixture.PDF{Objects: []fixture.PDFObject{{Text: "<< /Type /Catalog >>"}, {Text: object}}}.Bytes()
}

func pdfWith(name string, content []byte) []byte {
	return fixture.PDF{Objects: fixture.PDFEmbedding(name, content)}.Bytes()
}

func TestPDF(t *testing.T) {
	for _, tt := range []struct {
		name           string
		file           []byte
		findings, tree []string
	}{
		{"plain", pdfOf("<< /S /URI /URI (https://example.test/) >>"), nil, []string{" pdf"}},
		{"link to an archive", pdfOf("<< /S /URI /URI (https://example.test/a.zip) >>"), []string{"mail.document-link"}, []string{" pdf"}},
		{"form with a script", pdfOf("<< /AA << /K << /S /JavaScript /JS (AFNumber_Keystroke) >> >> >>"), []string{"pdf.javascript"}, []string{" pdf"}},
		{"script that opens the file inside", pdfOf("<< /OpenAction << /S /JavaScript /JS (this.exportDataObject\\({nLaunch:2}\\)) >> >>"),
			[]string{"pdf.javascript", "pdf.launch"}, []string{" pdf"}},
		{"button that opens the file inside", pdfOf("<< /S /JavaScript /JS (this.exportDataObject\\({nLaunch:2}\\)) >>"), []string{"pdf.javascript"}, []string{" pdf"}},
		{"program with parameters", pdfOf("<< /S /Launch /Win << /F (cmd.exe) /P (/c calc) >> >>"), []string{"pdf.launch"}, []string{" pdf"}},
		{"program", pdfOf("<< /S /Launch /F (tool.exe) >>"), []string{"pdf.launch"}, []string{" pdf"}},
		{"script file on another machine", pdfOf(`<< /S /GoToR /F (\\\\host\\a.vbs) >>`), []string{"pdf.launch"}, []string{" pdf"}},
		{"document opened by itself", pdfOf("<< /OpenAction << /S /Launch /F (a.doc) >> >>"), []string{"pdf.launch"}, []string{" pdf"}},
		{"document of another machine opened by itself", pdfOf(`<< /AA << /O << /S /GoToE /F (\\\\host\\a.pdf) >> >> >>`), []string{"pdf.launch"}, []string{" pdf"}},
		{"address that starts a program", pdfOf("<< /S /URI /URI (search-ms:query=a&crumb=location:\\\\\\\\host) >>"), []string{"pdf.launch"}, []string{" pdf"}},
		{"address of a program", pdfOf("<< /S /URI /URI (file:///C:/a.exe) >>"), []string{"pdf.launch"}, []string{" pdf"}},
		{"address of a document", pdfOf("<< /S /URI /URI (file:///C:/a.doc) >>"), nil, []string{" pdf"}},
		{"link to a document", pdfOf("<< /S /Launch /F (prices.xls) >>"), nil, []string{" pdf"}},
		{"link to a document of the firm", pdfOf(`<< /S /GoToR /F (\\\\server\\share\\a.pdf) >>`), nil, []string{" pdf"}},
		{"form sent", pdfOf("<< /S /SubmitForm /F (https://example.test/) >>"), nil, []string{" pdf"}},
		{"invoice with its data", pdfWith("factur-x.xml", []byte("<?xml version='1.0'?><a/>")), []string{"pdf.embedded factur-x.xml"}, []string{" pdf", "factur-x.xml xml"}},
		{"document with a macro", pdfWith("a.doc", fixture.DocVBA(quiet)), []string{"vba.present a.doc", "pdf.embedded a.doc"}, []string{" pdf", "a.doc doc"}},
		{"script by its name", pdfWith("a.js", []byte("var a")), []string{"script.file a.js", "pdf.embedded a.js"}, []string{" pdf", "a.js script"}},
		{"file without a name", fixture.PDF{Objects: []fixture.PDFObject{{Text: "<< /Type /EmbeddedFile >>", Stream: []byte("words")}}}.Bytes(),
			[]string{"pdf.embedded object 1"}, []string{" pdf", "object 1 text"}},
		{"PDF in PDF", pdfWith("a.pdf", pdfOf("<< /S /Launch /F (a.exe) >>")), []string{"pdf.launch a.pdf", "pdf.embedded a.pdf"}, []string{" pdf", "a.pdf pdf"}},
		{"behind a picture's beginning", append([]byte("GIF89a"), pdfOf("<< /S /Launch /F (a.exe) >>")...), []string{"pdf.launch"}, []string{" gif"}},
		{"limit", pdfOf("/Launch"), []string{"scan.incomplete"}, []string{" pdf"}},
		{"for a certificate", fixture.PDF{Objects: fixture.PDFEmbedding("a", []byte("x")), Lock: &fixture.PDFLock{Revision: 4, User: "u", Owner: "o", Handler: "Adobe.PubSec"}}.Bytes(),
			[]string{"pdf.encrypted"}, []string{" pdf encrypted"}},
		{"locked for changes only", fixture.PDF{Objects: fixture.PDFEmbedding("a.js", []byte("x")), Lock: &fixture.PDFLock{Revision: 4, Owner: "o"}}.Bytes(),
			[]string{"script.file a.js", "pdf.embedded a.js"}, []string{" pdf", "a.js script"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, r := scanFile(t, Options{}, tt.file)
			if diff := cmp.Diff(tt.findings, lines(r)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.tree, tree(r)); diff != "" || r.Incomplete != (tt.name == "limit") {
				t.Errorf("incomplete %v: %s", r.Incomplete, diff)
			}
		})
	}
}

func TestPDFDetails(t *testing.T) {
	for object, want := range map[string]string{
		"<< /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> /AA << /C << /JS (b) >> >> >>": `2 OpenAction AA "app.alert(1)"`,
		"<< /S /Launch /Win << /F (cmd.exe) /P (/c calc) >> >>":                                    `Launch "cmd.exe" "/c calc"`,
		"[<< /URI (https://example.test/a.zip) >> << /URI (https://example.test/a.zip) >>]":        `2: archive "https://example.test/a.zip"`,
	} {
		if _, r := scanFile(t, Options{}, pdfOf(object)); len(r.Findings) != 1 || r.Findings[0].Detail != want {
			t.Errorf("%v, want %q", r.Findings, want)
		}
	}
}

func TestPDFWithAPassword(t *testing.T) {
	b := fixture.PDF{Objects: fixture.PDFEmbedding("a.js", []byte("x")), Lock: &fixture.PDFLock{Revision: 6, User: "secret", Owner: "o"}}.Bytes()
	for _, tt := range []struct {
		word     string
		findings []string
		tree     []string
		left     int
	}{
		{"secret", []string{"office.password-found", "script.file a.js", "pdf.embedded a.js"}, []string{" pdf encrypted", "a.js script"}, 0},
		{"other", []string{"pdf.encrypted"}, []string{" pdf encrypted"}, 1},
	} {
		s := scanner(t, Options{}).Begin()
		if _, err := s.File(context.Background(), nil, "a.pdf", bytes.NewReader(b), int64(len(b))); err != nil {
			t.Fatal(err)
		}
		s.Passwords(password.Phrase, tt.word) // it stands behind the file
		still, err := s.Finish(context.Background())
		if err != nil || len(still) != tt.left {
			t.Fatalf("%d locked, %v", len(still), err)
		}
		for _, l := range still {
			l.Content.Close()
		}
		r := s.Result()
		if diff := cmp.Diff(tt.findings, lines(r)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(tt.tree, tree(r)); diff != "" || r.Incomplete || r.Locked != (tt.left > 0) {
			t.Errorf("incomplete %v, locked %v: %s", r.Incomplete, r.Locked, diff)
		}
	}
}

func TestPDFBombEndsAtTheBudget(t *testing.T) {
	b := pdfWith("zeros", make([]byte, 8<<20))
	_, r := scanFile(t, Options{Bytes: 1 << 20}, b)
	if !r.Incomplete || len(r.Findings) == 0 || r.Findings[0].Kind != finding.LimitSize {
		t.Errorf("incomplete %v, %v", r.Incomplete, lines(r))
	}
}
