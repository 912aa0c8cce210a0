package inspect

import (
	"strings"
	"testing"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

const ddePage = `<html><body><table><tr><td>=cmd|'/c calc'!A0</td></tr></table><p>Enable Content</p></body></html>`

func TestWebPagesAreReadAsOfficeOpensThem(t *testing.T) {
	saved := strings.Replace(string(fixture.MHT()), "<html><body>text</body></html>", ddePage, 1)
	mail := func(p fixture.Mail) []byte {
		return fixture.Message("a@example.com", "b@example.com", "s", fixture.TextPart("x"), p).Bytes()
	}
	for name, file := range map[string][]byte{
		"by itself":    []byte(ddePage),
		"XHTML":        []byte(`<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">` + strings.TrimPrefix(ddePage, "<html>")),
		"in MHTML":     []byte(saved),
		"behind a PDF": []byte("%PDF-1.7\n1 0 obj\n" + saved),
		"attached":     mail(fixture.FilePart("a.xls", "application/vnd.ms-excel", []byte(ddePage))),
		"altChunk":     zipOf(entry("[Content_Types].xml", []byte("<Types/>")), entry("word/document.xml", []byte("<document/>")), entry("word/a.htm", []byte(ddePage))),
	} {
		_, r := scanFile(t, Options{}, file)
		if got := strings.Join(lines(r), "\n"); !strings.Contains(got, "office.dde") || !strings.Contains(got, "office.lure") || r.Incomplete {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestTheTextOfAMailIsNoDocument(t *testing.T) {
	page := fixture.Mail{Fields: []string{"Content-Type: text/html"}, Body: []byte(ddePage)}
	_, r := scanFile(t, Options{}, fixture.Message("a@example.com", "b@example.com", "s", page).Bytes())
	for _, f := range r.Findings {
		if f.Kind == finding.OfficeDDE {
			t.Errorf("%v", f)
		}
	}
}
