package inspect

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

func TestTricksWithNames(t *testing.T) {
	for name, want := range map[string]finding.Kind{
		"invoice.pdf.exe":          finding.NameDoubleExtension,
		"請求書.doc.lnk":              finding.NameDoubleExtension,
		"photo.JPG.SCR":            finding.NameDoubleExtension,
		"folder/invoice.xlsx.js":   finding.NameDoubleExtension,
		"invoice．ｐｄｆ.exe":          finding.NameDoubleExtension,
		"invoice.pdf .hta":         finding.NameDoubleExtension,
		"invoice.pdf.exe. ":        finding.NameDoubleExtension,
		"Schreiben_\u202Efdp.doc":  finding.NameRTLO,
		"a\u202Dbc.exe":            finding.NameRTLO,
		"a\u202Bbc.exe":            finding.NameRTLO,
		"a\u2067cod.exe":           finding.NameRTLO,
		"חשבון\u202Efdp.exe":       finding.NameRTLO,
		"note.txt            .dat": finding.NameSpaces,
		"note　　　　　　　　　　.dat":       finding.NameSpaces,
		"note.pdf\u00A0\u00A0\u00A0\u00A0\u00A0\u00A0\u00A0\u00A0\u00A0\u00A0.dat": finding.NameSpaces,
	} {
		_, r := scanNamed(t, name, []byte("words"))
		found := false
		for _, f := range r.Findings {
			found = found || f.Kind == want
		}
		if !found {
			t.Errorf("%q: %v", name, lines(r))
		}
	}
}

func TestOrdinaryNames(t *testing.T) {
	for _, name := range []string{
		"archive.tar.gz", "jquery.min.dat", "book.xlsx.zip", "report v1.2.pdf", "議事録2024.05.10.txt", "jquery.3.1.dat", "a.pdf.txt", "scan.pdf.p7m",
		"חשבון\u200F 5.pdf", "فاتورة\u200F.pdf", "\u202Areport\u202C.pdf", "a\u200Eb.pdf", "two  blanks.txt", "          leading.txt", "no extension          here", ".hidden", "",
		"readme.txt.asc", "Mr. Smith.dat",
	} {
		if _, r := scanNamed(t, name, []byte("words")); len(r.Findings) > 0 {
			t.Errorf("%q: %v", name, r.Findings)
		}
	}
}

func TestNamesInLockedArchivesAreLookedAt(t *testing.T) {
	b := zipOf(fixture.ZIPEntry{Name: "invoice.pdf.exe", Data: []byte("x"), Password: "secret"})
	_, r := scanNamed(t, "a.zip", b)
	if diff := cmp.Diff([]string{"executable.file", "name.double-extension invoice.pdf.exe", "zip.encrypted"}, sortedLines(r)); diff != "" {
		t.Error(diff)
	}
}

func TestAShortcutToADocumentIsNamedAfterIt(t *testing.T) {
	_, r := scanNamed(t, "report.xlsx.lnk", fixture.Link{Base: `C:\report.xlsx`}.Bytes())
	if diff := cmp.Diff([]string{"lnk.command"}, lines(r)); diff != "" {
		t.Error(diff)
	}
}

func TestContentUnderAnotherName(t *testing.T) {
	onenote := fixture.OneNote(nil)
	for _, tt := range []struct {
		name string
		b    []byte
		want string
	}{
		{"photo.jpg", exe(), `exe content under ".jpg"`},
		{"invoice.pdf", zipOf(entry("a", nil)), `zip content under ".pdf"`},
		{"invoice.pdf", fixture.DocVBA(quiet), `doc content under ".pdf"`},
		{"book.xlsx", fixture.XLSM(quiet), `xlsm content under ".xlsx"`},
		{"letter.rtf", fixture.DOCM(quiet), `docm content under ".rtf"`},
		{"invoice.doc", onenote, `one content under ".doc"`},
		{"invoice.pdf", fixture.Link{Base: `C:\a.exe`}.Bytes(), `lnk content under ".pdf"`},
		{"photo.png", []byte("<html><hta:application id=a><script>1</script>"), `script content under ".png"`},
	} {
		if _, r := scanNamed(t, tt.name, tt.b); detailOf(r, finding.FileTypeMismatch) != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, r.Findings, tt.want)
		}
	}
}

func TestContentThatProgramsSortOut(t *testing.T) {
	for name, b := range map[string][]byte{
		"letter.doc": []byte("{\\rtf1 x}"), "table.xls": []byte("<html><table></table></html>"), "page.xls": []byte("<?xml version=\"1.0\"?><a/>"),
		"photo.jpg": []byte("\x89PNG\r\n\x1A\n"), "old.doc": fixture.DOCM(quiet), "locked.docx": fixture.DocEncrypted(), "program.dat": exe(), "book.xlsm": fixture.XLSM(quiet),
		"letter.docx": fixture.WordText{Pieces: []string{"x"}}.Bytes(), "archive.bin": zipOf(entry("a", nil)), "photo.pdf": []byte("<html>error</html>"),
	} {
		if _, r := scanNamed(t, name, b); detailOf(r, finding.FileTypeMismatch) != "" {
			t.Errorf("%s: %v", name, r.Findings)
		}
	}
}

func TestDeclaredTypeCountsWhereTheNameSaysNothing(t *testing.T) {
	for name, want := range map[string]bool{"photo": true, "tool.exe": false} {
		mail := fixture.Message("a@example.com", "b@example.com", "s", fixture.FilePart(name, "image/png", exe()))
		_, r := scanMail(t, t.Context(), Options{}, mail.Bytes())
		if got := detailOf(r, finding.FileTypeMismatch) != ""; got != want {
			t.Errorf("%s: %v", name, r.Findings)
		}
	}
}
