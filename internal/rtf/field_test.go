package rtf_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
	"sekisho/internal/rtf"
)

func TestFields(t *testing.T) {
	inst := func(s string) string { return `{\field{\*\fldinst ` + s + `}{\fldrslt x}}` }
	for _, tt := range []struct {
		name, body string
		dde, links []string
	}{
		{"DDE", inst(`DDE excel sheet`), []string{"excel sheet"}, nil},
		{"DDEAUTO in quotes", inst(`DDEAUTO "C:\\\\a\\\\b.exe" "/k x"`), []string{`C:\a\b.exe /k x`}, nil},
		{"any case", inst(` ddeAuto a b`), []string{"a b"}, nil},
		{"in pieces", inst(`{D}{\b D}{\unheardof E}AUTO{\*\unheardof Z} a`), []string{"a"}, nil},
		{"escaped", inst(`\'44\u68?E a`), []string{"a"}, nil},
		{"across lines", inst("DD\r\nE a"), []string{"a"}, nil},
		{"no group", `\fldinst DDE a`, []string{"a"}, nil},
		{"letters from QUOTE", inst(`{\field{\*\fldinst QUOTE 68 68 0x45}{\fldrslt lie}} a`), []string{"a"}, nil},
		{"a result as instruction", inst(`{\field{\*\fldinst REF a}{\fldrslt DDEAUTO}} a`), []string{"a"}, nil},
		{"deeper than instructions are told apart", strings.Repeat(`{\field{\*\fldinst `, 40) + `DDE a` + strings.Repeat(`}}`, 40), []string{"a"}, nil},
		{"only a word like it", inst(`DDEX a`) + inst(`PAGE`) + inst(`HYPERLINK "https://example.com/"`), nil, nil},
		{"remote text", inst(`INCLUDETEXT "https://example.com/a.docx"`), nil, []string{"field https://example.com/a.docx remote"}},
		{"remote picture on a share", inst(`INCLUDEPICTURE "\\\\\\\\host\\\\a.png" \\d`), nil, []string{`field \\host\a.png remote`}},
		{"local picture", inst(`INCLUDEPICTURE "C:\\\\a.png"`), nil, []string{`field C:\a.png`}},
		{"linked object", inst(`LINK Excel.Sheet.8 "https://example.com/a.xls" R1C1`), nil, []string{"field https://example.com/a.xls remote"}},
		{"template", `{\*\template \\\\host@SSL\\a.dot}`, nil, []string{`template \\host@SSL\a.dot remote`}},
		{"template in Unicode", `{\*\template \u104?ttps://example.com/a}`, nil, []string{"template https://example.com/a remote"}},
		{"template of this machine", `{\template C:\\a\\Normal.dot}`, nil, []string{`template C:\a\Normal.dot`}},
		{"linked OLE object", fixture.RTFObject(fixture.OLE1Link("Word.Document.8", "http://example.com/a.doc")), nil,
			[]string{"object http://example.com/a.doc remote"}},
		{"file URL of a host", inst(`INCLUDETEXT "file://host/a"`) + inst(`INCLUDETEXT "file:///C:/a"`), nil,
			[]string{"field file://host/a remote", "field file:///C:/a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, _, _ := read(t, fixture.RTF(tt.body), rtf.Options{})
			var dde, links []string
			for _, c := range doc.DDE {
				dde = append(dde, c.Text)
			}
			for _, l := range doc.Links {
				s := string(l.Type) + " " + l.Target
				if l.Remote {
					s += " remote"
				}
				links = append(links, s)
			}
			if diff := cmp.Diff(tt.dde, dde); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.links, links); diff != "" {
				t.Error(diff)
			}
		})
	}
}
