package pdf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
	"sekisho/internal/pdf"
)

// TestStreamKeyword: what stands between the keyword and the data, and before its end (ISO 32000-1 7.3.8.1), as producers write it.
func TestStreamKeyword(t *testing.T) {
	for _, tt := range []struct{ name, begin, end, want string }{
		{"line feed", "stream\n", "\nendstream", "data"},
		{"carriage return and line feed", "stream\r\n", "\r\nendstream", "data"},
		{"carriage return alone", "stream\r", "\rendstream", "data"},
		{"blanks before the line's end", "stream \t\n", "\nendstream", "data"},
		{"two line ends", "stream\n", "\n\nendstream", "data\n"},
		{"no end", "stream\n", "", "data"},
	} {
		b := "%PDF-1.7\n1 0 obj << /Type /EmbeddedFile >>\n" + tt.begin + "data" + tt.end
		if diff := cmp.Diff([]string{"file  " + tt.want}, told(t, read(t, []byte(b)))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

func TestMoreObjectsOfInterestThanAreLookedAt(t *testing.T) {
	b := []byte("%PDF-1.7\n" + strings.Repeat("1 0 obj/JS endobj ", 1<<17+1))
	d := read(t, b)
	var texts []string
	for _, p := range d.Problems {
		if !p.Unread {
			t.Errorf("%v", p)
		}
		texts = append(texts, p.Text)
	}
	if !strings.Contains(fmt.Sprint(texts), "too many objects of interest") {
		t.Errorf("%q", texts)
	}
}

// TestRevisions: older values of an object count like the newest, and a reference means the newest.
func TestRevisions(t *testing.T) {
	for _, tt := range []struct {
		name string
		file fixture.PDF
		want []string
	}{
		{"a script that was removed", fixture.PDF{Objects: []fixture.PDFObject{text("<< >>"), text("<< /JS (old) >>")}, After: "2 0 obj << >> endobj"}, []string{"script  old"}},
		{"a script that was added", fixture.PDF{Objects: []fixture.PDFObject{text("<< >>"), text("<< >>")}, After: "2 0 obj << /JS (new) >> endobj"}, []string{"script  new"}},
		{"a text that was changed", fixture.PDF{Objects: []fixture.PDFObject{text("<< /JS 2 0 R >>"), text("(old)")}, After: "2 0 obj (new) endobj"}, []string{"script  new"}},
		{"behind the end", fixture.PDF{Objects: []fixture.PDFObject{text("<< >>")}, After: strings.Repeat("x", 5000) + "\n9 0 obj << /JS (a) >> endobj"}, []string{"script  a"}},
		{"in a comment", fixture.PDF{Objects: []fixture.PDFObject{text("<< >>")}, After: "% 9 0 obj << /JS (a) >> endobj"}, []string{"script  a"}}, // programs that mend files find it
	} {
		if diff := cmp.Diff(tt.want, told(t, read(t, tt.file.Bytes()))); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// TestNamesOfFiles: which names a specification gives, the one that programs show first (ISO 32000-1 table 44).
func TestNamesOfFiles(t *testing.T) {
	for spec, want := range map[string]string{
		"/F (a)":                        "a",
		"/F (a) /UF (b)":                "b|a",
		"/DOS (a) /Unix (b) /Mac (c)":   "a|b|c",
		"/F (a) /UF (a)":                "a",
		"/F () /UF (b)":                 "b",
		"/F 5 /UF [1]":                  "",
		"/F <FEFF8ACB6C42>":             "請求",
		"/F (C:\\\\x\\\\a.exe)":         `C:\x\a.exe`,
		"/UF (invoice\\056pdf\\056exe)": "invoice.pdf.exe",
	} {
		b := objects("", text("<< "+spec+" /EF << /F 3 0 R >> >>"), fixture.PDFObject{Text: "<< >>", Stream: []byte("x")}).Bytes()
		if diff := cmp.Diff([]string{"file " + want + " x"}, told(t, read(t, b))); diff != "" {
			t.Errorf("%s: %s", spec, diff)
		}
	}
}

// TestErrorsWhileContentIsRead: the reader's and the context's errors come out of an embedded file.
func TestErrorsWhileContentIsRead(t *testing.T) {
	b := objects("", fixture.PDFObject{Text: "<< /Type /EmbeddedFile >>", Stream: make([]byte, 100_000)}).Bytes()
	ctx, cancel := context.WithCancel(context.Background())
	f, err := pdf.Open(ctx, bytes.NewReader(b), int64(len(b)), pdf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := f.Read()
	if err != nil {
		t.Fatal(err)
	}
	r := d.Files[0].Open()
	if _, err := io.ReadFull(r, make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// later fails behind so many reads.
type later struct {
	*bytes.Reader
	n   int
	err error
}

func (l *later) ReadAt(p []byte, off int64) (int, error) {
	if l.n--; l.n < 0 {
		return 0, l.err
	}
	return l.Reader.ReadAt(p, off)
}

// TestADiskThatFailsIsNoDamage: wherever it fails the reader's error comes back, or all was read before.
func TestADiskThatFailsIsNoDamage(t *testing.T) {
	b := full(&fixture.PDFLock{Revision: 4, Owner: "o"})
	want := len(read(t, b).Scripts)
	broken := errors.New("disk")
	for n := range 400 {
		f, err := pdf.Open(context.Background(), &later{bytes.NewReader(b), n, broken}, int64(len(b)), pdf.Options{})
		var d *pdf.Document
		if err == nil {
			d, err = f.Read()
		}
		if err != nil && !errors.Is(err, broken) || err == nil && len(d.Scripts) != want {
			t.Fatalf("%d reads: %v", n, err)
		}
	}
}
