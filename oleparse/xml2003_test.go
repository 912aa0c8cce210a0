package oleparse

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"sekisho/internal/fixture"
)

func TestXMLOf2003GivesTextLinksAndCommands(t *testing.T) {
	const spreadsheet = `<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet><Table><Row>`
	for name, tc := range map[string]struct{ file, text, links, commands string }{
		"text":               {string(fixture.Word2003(`<w:p><w:r><w:t>one</w:t></w:r></w:p><w:p><w:r><w:t>two</w:t></w:r></w:p>`)), "one\ntwo\n", "", ""},
		"field of one":       {`<w:fldSimple w:instr="DDE excel file item"/>`, "", "", "excel file item"},
		"template":           {`<w:attachedTemplate w:val="https://example.com/t"/>`, "", "template https://example.com/t", ""},
		"local template":     {`<w:attachedTemplate w:val="C:\t.dot"/><w:attachedTemplate w:val=""/>`, "", "", ""},
		"frame":              {`<w:frame><w:sourceFileName w:val="\\host\f.htm"/></w:frame>`, "", `frame \\host\f.htm`, ""},
		"subdocument":        {`<w:subDoc w:link="http://example.com/s"/>`, "", "other http://example.com/s", ""},
		"linked picture":     {`<v:imagedata src="http://example.com/p"/>`, "", "other http://example.com/p", ""},
		"cells":              {spreadsheet + `<Cell Formula="=cmd|'/c x'!A0"><Data>a</Data></Cell><Cell><Data>b</Data></Cell>`, "a\nb\n", "", "=cmd|'/c x'!A0"},
		"name":               {spreadsheet + `<NamedRange Name="x" RefersTo="=cmd|'/c x'!A0"/>`, "", "", "=cmd|'/c x'!A0"},
		"linked book":        {spreadsheet + `<SupBook><Path>cmd|/c</Path></SupBook>`, "", "", "cmd|/c"},
		"field never ended":  {`<w:fldChar w:fldCharType="begin"/><w:instrText>DDEAUTO a b</w:instrText>`, "", "", "a b"},
		"formula of a macro": {spreadsheet + `<Cell Formula="=IF(A1=&quot;|&quot;,1,2)"/>`, "", "", ""},
	} {
		var text strings.Builder
		d, err := ReadXML(t.Context(), strings.NewReader(tc.file), Options{Text: &text})
		if err != nil || d.Kind != "xml" || len(d.Problems) > 0 {
			t.Fatalf("%s: %v, %v", name, err, d)
		}
		var links, commands []string
		for _, l := range d.Links {
			links = append(links, string(l.Type)+" "+l.Target)
		}
		for _, c := range d.DDE {
			commands = append(commands, c.Text)
		}
		if text.String() != tc.text || strings.Join(links, ",") != tc.links || strings.Join(commands, ",") != tc.commands {
			t.Errorf("%s: %q, %q, %q", name, text.String(), links, commands)
		}
	}
}

func TestXMLOf2003ThatCannotBeRead(t *testing.T) {
	d, err := ReadXML(t.Context(), io.MultiReader(strings.NewReader("<a>"), iotest.ErrReader(io.ErrClosedPipe)), Options{})
	if err != nil || !d.Unread() {
		t.Errorf("%v, %v", err, d.Problems)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ReadXML(ctx, strings.NewReader("<a/>"), Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
