package inspect

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
)

func TestRTFFiles(t *testing.T) {
	for _, tt := range []struct {
		name     string
		body     string
		findings []string
		files    []string
	}{
		{"text", `Hello`, nil, []string{" rtf"}},
		{"package", fixture.RTFObject(fixture.OLE1Package("a.bat", `C:\x\a.bat`, []byte("echo hello"))),
			[]string{"script.file a.bat", "rtf.object a.bat", "ole.package a.bat"}, []string{" rtf", "a.bat script"}},
		{"document with a macro", fixture.RTFObject(fixture.OLE1("Word.Document.8", fixture.DocVBA(quiet))),
			[]string{"vba.present object 1", "rtf.object object 1"}, []string{" rtf", "object 1 doc"}},
		{"equation by its class", fixture.RTFObject(fixture.OLE1("eQuation.3", []byte{1, 2, 3, 4})),
			[]string{"rtf.object object 1", "rtf.equation object 1"}, []string{" rtf", "object 1 data"}},
		{"equation by what is in it", fixture.RTFObject(fixture.OLE1("Word.Document.8", fixture.EquationFile())),
			[]string{"ole.object object 1!/Root Entry", "rtf.object object 1", "rtf.equation object 1"}, []string{" rtf", "object 1 ole"}},
		{"control", `{\object\objocx{\*\objdata 0105000002000000020000004100000000000000000001000000AA}}`,
			[]string{"rtf.object object 1", "office.activex object 1"}, []string{" rtf", "object 1 text"}},
		{"linked object", fixture.RTFObject(fixture.OLE1Link("htmlfile", "https://example.com/a.hta")),
			[]string{"rtf.object object 1", "office.remote-object"}, []string{" rtf"}},
		{"linked object on a server of the firm", fixture.RTFObject(fixture.OLE1Link("Excel.Sheet.8", `\\srv\a.xls`)),
			[]string{"rtf.object object 1", "office.external"}, []string{" rtf"}},
		{"object that is loaded before it is seen", `{\object\objemb\objupdate{\*\objdata 0105000002000000020000004100000000000000000001000000AA}}`,
			[]string{"rtf.object object 1", "ole.exploit object 1"}, []string{" rtf", "object 1 text"}},
		{"linked object of the same machine", fixture.RTFObject(fixture.OLE1Link("Excel.Sheet.8", `C:\a.xls`)),
			[]string{"rtf.object object 1"}, []string{" rtf"}},
		{"remote template", `{\*\template https://example.com/a.dotm}`, []string{"office.remote-template"}, []string{" rtf"}},
		{"template of the same machine", `{\*\template C:\\Users\\a\\Normal.dotm}`, nil, []string{" rtf"}},
		{"DDE", `{\field{\*\fldinst DDEAUTO c:\\\\a.exe "/x"}{\fldrslt x}}`, []string{"office.dde"}, []string{" rtf"}},
		{"lure", `Click {\b Enable Editing} above`, []string{"office.lure"}, []string{" rtf"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kind, r := scanFile(t, Options{}, fixture.RTF(tt.body))
			if diff := cmp.Diff(tt.findings, lines(r)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.files, tree(r)); diff != "" || kind != KindRTF {
				t.Errorf("%s: %s", kind, diff)
			}
		})
	}
}

func TestRTFFacts(t *testing.T) {
	body := fixture.RTFObject(fixture.OLE1("A", []byte("a")))
	_, r := scanFile(t, Options{}, fixture.RTF(body+body+`{\*\template \\\\host\\a.dot}{\field{\*\fldinst DDE a b}}`))
	f := r.Files[0]
	if f.RTFObjects != 2 || f.ExternalTemplate != `\\host\a.dot` || !f.DDE || r.Incomplete {
		t.Errorf("%+v, incomplete %v", f, r.Incomplete)
	}
}

func TestRTFKind(t *testing.T) {
	for _, tt := range []struct{ name, head, kind string }{
		{"usual", `{\rtf1 a}`, KindRTF},
		{"short word", `{\rt a}`, KindRTF},
		{"another word", `{\rtxyz a}`, KindRTF},
		{"behind white space", " \r\n\t{\\rtf1 a}", KindRTF},
		{"behind a byte order mark", "\xEF\xBB\xBF{\\rtf1 a}", KindRTF},
		{"with binary data", "\n{\\rtf1{\\pict\\bin3 \x00\x00\x00}}", KindRTF},
		{"upper case", `{\RTF1 a}`, KindText},
		{"later in a text", `An RTF file begins with {\rtf1`, KindText},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, _ := scanFile(t, Options{}, []byte(tt.head)); got != tt.kind {
				t.Errorf("%s, not %s", got, tt.kind)
			}
		})
	}
}

func TestRTFManyObjectsAreOneFinding(t *testing.T) {
	var body string
	for range 300 {
		body += fixture.RTFObject(fixture.OLE1("Equation.DSMT4", []byte("formula")))
	}
	_, r := scanFile(t, Options{}, fixture.RTF(body))
	if len(r.Findings) != 1 || r.Findings[0].Kind != finding.RTFObject || r.Incomplete || r.Files[0].RTFObjects != 300 {
		t.Errorf("%v, incomplete %v", r.Findings, r.Incomplete)
	}
}
