package inspect

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	wideText "unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

// editData is the VBA project of a document in the form that Word gives it in XML and MHTML.
func editData() string {
	return string(fixture.ActiveMime(fixture.VBABin("ThisDocument", downloader), 0x32))
}

func TestAFlatPackageIsInspectedAsThePackageItStandsFor(t *testing.T) {
	parts := fixture.DOCMParts(downloader)
	wantKind, want := scanFile(t, Options{}, fixture.Package(parts))
	for name, file := range map[string][]byte{
		"plain":          fixture.FlatOPC(parts),
		"no declaration": bytes.TrimPrefix(fixture.FlatOPC(parts), []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`)),
		"UTF-32":         utf32(fixture.FlatOPC(parts)),
		"late root":      append([]byte("<!--"+strings.Repeat("x", 9000)+"-->"), bytes.TrimPrefix(fixture.FlatOPC(parts), []byte(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`))...),
		"UTF-16":         wide(fixture.FlatOPC(parts), true),
		"without a mark": wide(fixture.FlatOPC(parts), false),
		"other prefix":   bytes.ReplaceAll(fixture.FlatOPC(parts), []byte("pkg:"), []byte("a:")),
	} {
		file = bytes.ReplaceAll(file, []byte("xmlns:pkg="), []byte("xmlns:pkg="))
		if name == "other prefix" {
			file = bytes.ReplaceAll(file, []byte("xmlns:pkg="), []byte("xmlns:a="))
		}
		kind, got := scanFile(t, Options{}, file)
		if kind != wantKind || got.Incomplete || len(got.Files) != 1 {
			t.Fatalf("%s: %s, %v, %v", name, kind, got.Incomplete, tree(got))
		}
		if d := cmp.Diff(want.Files, got.Files); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if d := cmp.Diff(lines(want), lines(got)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// utf32 is UTF-32 without a byte order mark.
func utf32(b []byte) []byte {
	var out []byte
	for _, c := range b {
		out = append(out, c, 0, 0, 0)
	}
	return out
}

// wide is UTF-16.
func wide(b []byte, mark bool) []byte {
	b = bytes.Replace(b, []byte(`encoding="UTF-8"`), []byte(`encoding="UTF-16"`), 1)
	var out []byte
	if mark {
		out = []byte{0xFF, 0xFE}
	}
	for _, u := range wideText.Encode([]rune(string(b))) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

func TestTheProjectInActiveMimeIsTheDocuments(t *testing.T) {
	for name, file := range map[string][]byte{
		"Word 2003 XML":       fixture.Word2003("", "editdata.mso", editData()),
		"Excel's offset":      fixture.Word2003("", "editdata.mso", string(fixture.ActiveMime(fixture.VBABin("ThisDocument", downloader), 0x22A))),
		"unknown offset":      fixture.Word2003("", "editdata.mso", string(fixture.ActiveMime(fixture.VBABin("ThisDocument", downloader), 0x155))),
		"in another element":  bytes.ReplaceAll(fixture.Word2003("", "editdata.mso", editData()), []byte("binData"), []byte("other")),
		"MHTML":               fixture.MHT("editdata.mso", editData()),
		"MHTML behind blanks": append([]byte("\r\n \t\r\n"), fixture.MHT("editdata.mso", editData())...),
		"MHTML behind junk":   append([]byte("junk, and more\r\n:::\r\n"), fixture.MHT("editdata.mso", editData())...),
		"MHTML far behind":    append(bytes.Repeat([]byte("a line\r\n"), 5000), fixture.MHT("editdata.mso", editData())...),
		"MHTML in a line":     append([]byte("<junk>"), fixture.MHT("editdata.mso", editData())...),
		"saved by a browser":  append([]byte("From: <Saved by Blink>\r\nSubject: x\r\n"), fixture.MHT("editdata.mso", editData())...),
		"behind a PDF":        append(append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("0 obj\n"), 2000)...), fixture.MHT("editdata.mso", editData())...),
	} {
		_, r := scanFile(t, Options{}, file)
		f := r.Files[0]
		if f.Path != "" || !f.HasVBA || len(f.Modules) != 1 || r.Incomplete || f.Kind == KindMessage {
			t.Errorf("%s: %+v, %v", name, f, tree(r))
			continue
		}
		if !strings.HasSuffix(f.Modules[0].Stream, "/VBA/ThisDocument") || f.Modules[0].Name != "ThisDocument" {
			t.Errorf("%s: %q", name, f.Modules[0].Stream)
		}
		if n := strings.Count(strings.Join(lines(r), "\n"), "vba.present"); n != 1 {
			t.Errorf("%s: %d times vba.present", name, n)
		}
	}
}

func TestAMailIsNoDocument(t *testing.T) {
	page := fixture.MHT("editdata.mso", editData())
	for _, field := range []string{"From: a@example.com", "To: b@example.com", "Received: from x", "Message-ID: <a@b>"} {
		if kind, r := scanFile(t, Options{}, append([]byte(field+"\r\n"), page...)); kind != KindMessage || !r.Files[0].HasVBA {
			t.Errorf("%s: %s, %v", field, kind, tree(r))
		}
	}
	for _, text := range []string{"MIME-Version: 1.0 is a field\n", "the MIME-Version field\nContent-Type: text/plain\n", "x\nMIME-Version: 1.0\nContent-Type: text/html\n\n"} {
		if kind, _ := scanFile(t, Options{}, []byte("Notes.\n"+text)); kind != KindText {
			t.Errorf("%q: %s", text, kind)
		}
	}
}

func TestAPlainMsoFileIsWhatItHolds(t *testing.T) {
	kind, r := scanFile(t, Options{}, []byte(editData()))
	if kind != KindOLE || !r.Files[0].HasVBA || len(r.Files) != 1 {
		t.Errorf("%s, %v", kind, tree(r))
	}
	bad := []byte(editData())
	for i := range bad[0x32:] {
		bad[0x32+i] = 0xAA
	}
	if kind, r := scanFile(t, Options{}, bad); kind != KindMSO || !cmp.Equal(lines(r), []string{"office.unreadable"}) || r.Incomplete {
		t.Errorf("%s, %v", kind, lines(r))
	}
	sum := []byte(editData())
	sum[len(sum)-1]++
	if kind, r := scanFile(t, Options{}, sum); kind != KindOLE || !r.Files[0].HasVBA || r.Incomplete {
		t.Errorf("wrong checksum: %s, %v", kind, lines(r))
	}
	cut := []byte(editData())
	if kind, r := scanFile(t, Options{}, cut[:len(cut)-40]); kind != KindOLE || !r.Incomplete {
		t.Errorf("%s, %v", kind, lines(r))
	}
}

func TestMarkupOfOffice2003(t *testing.T) {
	field := `<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> DDEAUTO c:\\windows\\cmd.exe "/c calc" </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`
	book := func(cell string) []byte {
		return []byte(`<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table><Row>` +
			cell + `</Row></Table></Worksheet></Workbook>`)
	}
	for _, tc := range []struct {
		name string
		file []byte
		want []string
	}{
		{"nothing", fixture.Word2003(`<w:p><w:r><w:t>text</w:t></w:r></w:p>`), nil},
		{"DDE", fixture.Word2003(field), []string{"office.dde"}},
		{"local template", fixture.Word2003(`<w:attachedTemplate w:val="C:\Normal.dot"/>`), nil},
		{"remote template", fixture.Word2003(`<w:attachedTemplate w:val="http://example.com/a.dot"/>`), []string{"office.remote-template"}},
		{"picture inside", fixture.Word2003(`<v:imagedata src="wordml://1.png"/>`), nil},
		{"remote picture", fixture.Word2003(`<v:imagedata src="\\example.com\a.png"/>`), []string{"office.external"}},
		{"workbook", book(`<Cell ss:Formula="=R1C1|2"><Data ss:Type="Number">1</Data></Cell><Cell ss:Formula="=SUM(A1)"/>`), []string{"office.dde"}},
		{"plain workbook", book(`<Cell ss:Formula="=SUM(R1C1:R2C2)&amp;&quot;|&quot;"><Data ss:Type="String">a|b</Data></Cell>`), nil},
		{"other markup", []byte(`<?xml version="1.0"?><other><binData>` + fixture.Lines64([]byte(editData())) + `</binData></other>`), nil},
		{"package of something else", []byte(`<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf"><part name="x"><binaryData>AAAA</binaryData></part></package>`), nil},
	} {
		kind, r := scanFile(t, Options{}, tc.file)
		if kind != KindXML || !cmp.Equal(lines(r), tc.want) || r.Incomplete {
			t.Errorf("%s: %s, %v", tc.name, kind, lines(r))
		}
	}
}

func TestFilesInOffice2003XMLAreMembers(t *testing.T) {
	_, r := scanFile(t, Options{}, fixture.Word2003("", "wordml://1.png", "\x89PNG\r\n\x1A\n", "oledata.mso", string(fixture.ActiveMime(fixture.DocVBA(quiet), 0x32))))
	if got := tree(r); len(got) != 3 {
		t.Errorf("%v", got)
	}
}

func TestPartsOfAFlatPackageMayHaveAnyName(t *testing.T) {
	bin := fixture.Lines64(fixture.VBABin("ThisDocument", downloader))
	for _, name := range []string{"", "/", "/word/", "/[Content_Types].xml", "\\a", strings.Repeat("n", 100_000), "\xFF", "/word/vbaProject.bin"} {
		file := `<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"><pkg:part pkg:name="/word/document.xml"><pkg:xmlData><d/></pkg:xmlData></pkg:part>` +
			`<pkg:part pkg:name="` + name + `"><pkg:binaryData>` + bin + `</pkg:binaryData></pkg:part></pkg:package>`
		_, r := scanFile(t, Options{}, []byte(file))
		found := false
		for _, f := range r.Files {
			found = found || f.HasVBA
		}
		if !found {
			t.Errorf("%.40q: %v, %v", name, tree(r), lines(r))
		}
	}
}

func TestAFlatPackageThatGrowsIsStopped(t *testing.T) {
	spaces := strings.Repeat(`<pkg:part pkg:name="/a"><pkg:xmlData><a/></pkg:xmlData></pkg:part>`, 3000)
	file := `<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage" xmlns:x="` + strings.Repeat("x", 8_000) + `">` + spaces + `</pkg:package>`
	if _, r := scanFile(t, Options{Bytes: 8 << 20}, []byte(file)); !r.Incomplete {
		t.Errorf("%v", lines(r))
	}
}
