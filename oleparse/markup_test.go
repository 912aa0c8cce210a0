package oleparse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

// packageTextOf reads a package for its text.
func packageTextOf(t *testing.T, p []fixture.Part) string {
	t.Helper()
	var b strings.Builder
	if _, err := ReadOOXML(context.Background(), parts(p), Options{Text: &b}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextIsThatOfParagraphs(t *testing.T) {
	const sst = `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><r><t>Enable </t></r><r><t>Content</t></r></si><si><t>b</t></si></sst>`
	const vml = `<xml xmlns:v="urn:schemas-microsoft-com:vml"><v:shape><v:textpath style="x" string="Enable &quot;Content&quot;"/></v:shape></xml>`
	for name, tc := range map[string]struct {
		parts []fixture.Part
		want  string
	}{
		"runs of a paragraph": {fixture.WordParts(`<w:p><w:r><w:t>En</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t xml:space="preserve">able </w:t></w:r><w:r><w:t>Content</w:t></w:r></w:p><w:p/><w:p><w:r><w:t>b</w:t></w:r></w:p>`),
			"Enable Content\nb\n"},
		"line break":              {fixture.WordParts(`<w:p><w:r><w:t>a</w:t><w:br/><w:t>b</w:t></w:r></w:p>`), "a\nb\n"},
		"text box":                {fixture.WordParts(`<w:p><w:r><w:t>a</w:t></w:r><w:r><w:pict><w:txbxContent><w:p><w:r><w:t>b</w:t></w:r></w:p></w:txbxContent></w:pict></w:r></w:p>`), "ab\n"},
		"deleted text":            {fixture.WordParts(`<w:p><w:del><w:r><w:delText>a</w:delText></w:r></w:del></w:p>`), ""},
		"field instruction":       {fixture.WordParts(`<w:p>` + fixture.WordField("result", "PAGE") + `</w:p>`), "result\n"},
		"slide":                   {fixture.SlideParts(`<p:txBody><a:p><a:r><a:t>マク</a:t></a:r><a:r><a:t>ロ</a:t></a:r></a:p></p:txBody>`), "マクロ\n"},
		"shared strings":          {fixture.SheetParts("", fixture.Part{Name: "xl/sharedStrings.xml", Data: sst}), "Enable Content\nb\n"},
		"string in the cell":      {fixture.SheetParts(`<sheetData><row><c r="A1" t="inlineStr"><is><t>Enable Content</t></is></c></row></sheetData>`), "Enable Content\n"},
		"drawn letters":           {fixture.SheetParts("", fixture.Part{Name: "xl/drawings/vmlDrawing1.vml", Data: vml}), "Enable \"Content\"\n"},
		"Visio":                   {fixture.SheetParts("", fixture.Part{Name: "visio/pages/page1.xml", Data: `<PageContents><Text>Enable <cp IX="0"/>Content</Text></PageContents>`}), "Enable Content\n"},
		"styles":                  {fixture.WordParts("", fixture.WordPart("word/styles.xml", "styles", "<w:t>x</w:t>")), ""},
		"custom data":             {fixture.WordParts("", fixture.Rels("word/document.xml", fixture.Rel{Type: "customXml", Target: "/x.xml"}), fixture.Part{Name: "x.xml", Data: "<a><t>x</t></a>"}), ""},
		"a schema we do not know": {fixture.WordParts("", fixture.Part{Name: "x.xml", Data: "<a><t>x</t></a>"}), "x"},
		"no element closed":       {fixture.WordParts(`<w:p><w:t>a<w:p><w:t>b`), "ab"},
	} {
		if got := packageTextOf(t, tc.parts); got != tc.want {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}

func TestTextEndsAtItsLimit(t *testing.T) {
	long := fixture.WordParts("<w:p><w:t>" + strings.Repeat("x", textMax+1000) + "</w:t></w:p><w:p>" + fixture.WordField("", "DDE cmd x") + "</w:p>")
	var n counting
	d, err := ReadOOXML(context.Background(), parts(long), Options{Text: &n})
	if err != nil || n != textMax || len(d.DDE) != 1 {
		t.Errorf("%d bytes, %d commands, %v", n, len(d.DDE), err)
	}
	if _, err := ReadOOXML(context.Background(), parts(long), Options{Text: broken{}}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("error of the writer: %v", err)
	}
}

type counting int

func (c *counting) Write(p []byte) (int, error) { *c += counting(len(p)); return len(p), nil }

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestCommandsOfWorkbooks(t *testing.T) {
	link := func(content string) []fixture.Part {
		return fixture.SheetParts("", fixture.Part{Name: "xl/externalLinks/externalLink1.xml",
			Data: `<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` + content + `</externalLink>`})
	}
	cell := func(f string) []fixture.Part {
		row := `<row r="1"><c r="A1"><v>1</v></c><c r="B1" t="s"><v>7</v></c></row>`
		return fixture.SheetParts(`<sheetData>` + strings.Repeat(row, 3000) + `<row><c r="A9"><f>` + f + `</f><v>0</v></c></row>` + strings.Repeat(row, 3000) + `</sheetData>`)
	}
	for name, tc := range map[string]struct {
		parts []fixture.Part
		want  []string
	}{
		"link by DDE":              {link(`<ddeLink ddeService="cmd" ddeTopic="/c calc.exe"><ddeItems><ddeItem name="A0"/></ddeItems></ddeLink>`), []string{"cmd|/c calc.exe"}},
		"other workbook":           {link(`<externalBook r:id="rId1"><sheetNames><sheetName val="a|b"/></sheetNames></externalBook>`), nil},
		"formula":                  {cell(`cmd|'/c calc'!A0`), []string{`cmd|'/c calc'!A0`}},
		"formula, quoted program":  {cell(`'cmd'|'/c calc'!A0`), []string{`'cmd'|'/c calc'!A0`}},
		"formula with a reference": {cell(`cmd&#124;'/c calc'!A0`), []string{`cmd|'/c calc'!A0`}},
		"formula in CDATA":         {cell(`<![CDATA[IF(1<2,cmd|'/c calc'!A0)]]>`), []string{`IF(1<2,cmd|'/c calc'!A0)`}},
		"formula with a comment":   {cell(`<!-- | -->cmd|'/c calc'!A0`), []string{`cmd|'/c calc'!A0`}},
		"formula in an argument":   {cell(`IF(1,MSEXCEL|'\..\cmd.exe /c calc'!A0)`), []string{`IF(1,MSEXCEL|'\..\cmd.exe /c calc'!A0)`}},
		"sheet named with a bar":   {cell(`'a|b'!A1+1`), nil},
		"bar in a string":          {cell(`A1&amp;"|"&amp;B1`), nil},
		"ordinary formula":         {cell(`SUM(A1:A9)`), nil},
		"defined name":             {append(fixture.SheetParts(""), fixture.Part{Name: "xl/workbook.xml.bak", Data: `<workbook><definedNames><definedName name="x">cmd|'/c calc'!A0</definedName></definedNames></workbook>`}), []string{`cmd|'/c calc'!A0`}},
		"condition":                {fixture.SheetParts(`<sheetData/><dataValidations><dataValidation><formula1>cmd|'/c calc'!A0</formula1></dataValidation></dataValidations>`), []string{`cmd|'/c calc'!A0`}},
	} {
		if diff := cmp.Diff(tc.want, commands(readParts(t, tc.parts))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestSlidesThatStartPrograms(t *testing.T) {
	click := func(tag, action, target string) []fixture.Part {
		return fixture.SlideParts(`<p:sp><a:`+tag+` r:id="rId2" action="`+action+`"/></p:sp>`,
			fixture.Rels("ppt/slides/slide1.xml", fixture.Rel{ID: "rId2", Type: "hyperlink", Target: target, External: true}))
	}
	d := readParts(t, click("hlinkMouseOver", "ppaction://program", `powershell%20-NoP%20-c%20x`))
	if diff := cmp.Diff([]string{"powershell -NoP -c x"}, commands(d)); diff != "" {
		t.Error(diff)
	}
	for _, action := range []string{"", "ppaction://hlinksldjump", "ppaction://hlinkfile"} {
		if d := readParts(t, click("hlinkClick", action, "file:///C:/a.exe")); len(d.DDE) > 0 {
			t.Errorf("%s: %v", action, d.DDE)
		}
	}
	if d := readParts(t, click("hlinkClick", "PPACTION://Macro?name=Go%41", "")); fmt.Sprint(d.Callbacks) != "[GoA]" {
		t.Errorf("%v", d.Callbacks)
	}
}

func TestLayoutsAreReadWhereSlidesInheritMore(t *testing.T) {
	layout := fixture.Part{Name: "ppt/slideLayouts/slideLayout1.xml", Data: `<p:sldLayout><a:hlinkMouseOver r:id="r" action="ppaction://program"/></p:sldLayout>`}
	rel := fixture.Rels(layout.Name, fixture.Rel{ID: "r", Type: "hyperlink", Target: "cmd.exe", External: true})
	if d := readParts(t, fixture.SlideParts("", layout, rel)); len(d.DDE) != 1 {
		t.Errorf("%v", d.DDE)
	}
}

const ribbon = `<customUI xmlns="http://schemas.microsoft.com/office/2009/07/customui" onLoad="Ribbon.Load" loadImage="Pic">
<ribbon><tabs><tab id="t" getVisible="Shown"><group id="g"><button id="b" onAction="Book1.xlsm!Click" label="on"/></group></tab></tabs></ribbon></customUI>`

func TestProceduresThatTheDocumentNames(t *testing.T) {
	sheet := func(more ...fixture.Part) []fixture.Part { return fixture.SheetParts("", more...) }
	for name, tc := range map[string]struct {
		parts          []fixture.Part
		load, callback string
	}{
		"ribbon":          {sheet(fixture.Part{Name: "customUI/customUI14.xml", Data: ribbon}), "[Ribbon.Load Pic Shown]", "[Click]"},
		"ribbon anywhere": {sheet(fixture.Part{Name: "x/y.dat", Data: strings.ReplaceAll(ribbon, "2009/07", "2006/01")}), "[Ribbon.Load Pic Shown]", "[Click]"},
		"shape":           {sheet(fixture.Part{Name: "xl/drawings/drawing1.xml", Data: `<xdr:wsDr><xdr:sp macro="[0]!Sheet1.Button1_Click"/><xdr:pic macro=""/></xdr:wsDr>`}), "[]", "[Sheet1.Button1_Click]"},
		"form control":    {sheet(fixture.Part{Name: "xl/drawings/vmlDrawing1.vml", Data: `<xml><x:ClientData><x:FmlaMacro>[0]!Go</x:FmlaMacro></x:ClientData></xml>`}), "[]", "[Go]"},
		"form field":      {fixture.WordParts(`<w:ffData><w:entryMacro w:val="In"/><w:exitMacro w:val="Out"/></w:ffData>`), "[]", "[In Out]"},
		"key":             {fixture.WordParts("", fixture.Part{Name: "word/customizations.xml", Data: `<wne:tcg><wne:keymaps><wne:keymap><wne:macro wne:macroName="PROJECT.NEWMACROS.GO"/></wne:keymap></wne:keymaps></wne:tcg>`}), "[]", "[PROJECT.NEWMACROS.GO]"},
		"nothing":         {sheet(), "[]", "[]"},
	} {
		d := readParts(t, tc.parts)
		if load, callback := fmt.Sprint(d.OnLoad), fmt.Sprint(d.Callbacks); load != tc.load || callback != tc.callback {
			t.Errorf("%s: %s, %s", name, load, callback)
		}
	}
}

func TestControlsHaveNameAndClass(t *testing.T) {
	const class = "{5512D118-5CC6-11CF-8D67-00AA00BDCE1D}"
	ocx := fixture.Part{Name: "word/activeX/activeX1.xml", Data: `<ax:ocx ax:classid="` + class + `" ax:persistence="persistStorage" r:id="rId1"/>`}
	storage := fixture.Part{Name: "word/activeX/activeX1.bin", Data: string(fixture.OLE(fixture.Stream("contents", make([]byte, 10))))}
	body := `<w:p><w:object><w:control r:id="rId5" w:name="CommandButton1" w:shapeid="_x0000_i1025"/></w:object></w:p>`
	p := fixture.WordParts(body, fixture.Rels("word/document.xml", fixture.Rel{ID: "rId5", Type: "control", Target: "activeX/activeX1.xml"}), ocx, storage,
		fixture.Rels(ocx.Name, fixture.Rel{ID: "rId1", Type: "http://schemas.microsoft.com/office/2006/relationships/activeXControlBinary", Target: "activeX1.bin"}))
	d := readParts(t, p)
	want := []Object{{Path: ocx.Name, Kind: ObjectControl, Class: class, Name: "CommandButton1"}}
	if diff := cmp.Diff(want, d.Objects); diff != "" || fmt.Sprint(d.Controls) != "[CommandButton1]" || len(d.Files) != 1 {
		t.Errorf("%v, %d files (-want +got):\n%s", d.Controls, len(d.Files), diff)
	}
	button := fixture.SheetParts(`<controls><control shapeId="1025" r:id="rId9" name="Button 1"/></controls>`,
		fixture.Rels("xl/worksheets/sheet1.xml", fixture.Rel{ID: "rId9", Type: "ctrlProp", Target: "../ctrlProps/ctrlProp1.xml"}))
	if d := readParts(t, button); len(d.Controls) > 0 {
		t.Errorf("a form control: %v", d.Controls)
	}
}

func TestObjectsHaveTheirProgID(t *testing.T) {
	ole := string(fixture.OLE(fixture.Stream("contents", make([]byte, 10))))
	rel := func(source, target string) fixture.Part {
		return fixture.Rels(source, fixture.Rel{ID: "rId7", Type: "oleObject", Target: target})
	}
	for name, p := range map[string][]fixture.Part{
		"Word":       fixture.WordParts(`<w:object><o:OLEObject Type="Embed" ProgID="Package" r:id="rId7"/></w:object>`, rel("word/document.xml", "embeddings/a.bin"), fixture.Part{Name: "word/embeddings/a.bin", Data: ole}),
		"Excel":      fixture.SheetParts(`<oleObjects><oleObject progId="Package" shapeId="1" r:id="rId7"/></oleObjects>`, rel("xl/worksheets/sheet1.xml", "/XL/embeddings/a.bin"), fixture.Part{Name: "xl/embeddings/a.bin", Data: ole}),
		"PowerPoint": fixture.SlideParts(`<p:oleObj progId="Package" r:id="rId7"><p:embed/></p:oleObj>`, rel("ppt/slides/slide1.xml", "../embeddings/a.bin"), fixture.Part{Name: "ppt/embeddings/a.bin", Data: ole}),
	} {
		d := readParts(t, p)
		if len(d.Objects) != 1 || d.Objects[0].Class != "Package" || d.Objects[0].Kind != ObjectEmbedded || len(d.Files) != 1 || len(d.Projects) > 0 {
			t.Errorf("%s: %+v, %d files", name, d.Objects, len(d.Files))
		}
	}
}

func TestFilesAreHandedOutWhole(t *testing.T) {
	small := string(fixture.OLE(fixture.Stream("s", make([]byte, 5000))))
	large := string(fixture.OLE(fixture.Stream("s", make([]byte, keptPart))))
	chunk := fixture.Rels("word/document.xml", fixture.Rel{ID: "r", Type: "aFChunk", Target: "chunk.xml"})
	d := readParts(t, fixture.WordParts("", chunk, fixture.Part{Name: "word/chunk.xml", Data: "<html/>"}, fixture.Part{Name: "a", Data: small}, fixture.Part{Name: "b", Data: large}))
	var got []string
	for _, f := range d.Files {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(f.Path, " ", string(b) == small, string(b) == large, string(b) == "<html/>"))
	}
	if diff := cmp.Diff([]string{"word/chunk.xml false false true", "a true false false", "b false true false"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnAddressThatAQueryAsks(t *testing.T) {
	for query, want := range map[string]int{
		`<webPr url="http://example.com/q"/>`: 1,
		`<dbPr connection="OLEDB;Provider=Microsoft.ACE.OLEDB.12.0;Data Source=&quot;\\example.com\s\a.accdb&quot;;Mode=Read"/>`: 1,
		`<dbPr connection="Provider=x;Data Source = http://example.com/q"/>`:                                                     1,
		`<textPr sourceFile="\\example.com\s\a.txt"/>`:                                                                           1,
		`<dbPr connection="Provider=SQLOLEDB;Data Source=server\db;User ID=a"/>`:                                                 0,
		`<textPr sourceFile="C:\a.txt"/>`:                                                                                        0,
		`<dbPr/>`:                                                                                                                0,
	} {
		d := readParts(t, fixture.SheetParts("", fixture.Part{Name: "xl/connections.xml", Data: `<connections><connection id="1" refreshOnLoad="1">` + query + `</connection></connections>`}))
		if len(d.Links) != want || want > 0 && !d.Links[0].Remote {
			t.Errorf("%s: %v", query, d.Links)
		}
	}
}

func TestDeepNestingAndAGiantAttributeAreSurvived(t *testing.T) {
	deep := fixture.WordParts(strings.Repeat("<w:a>", 300_000) + fixture.WordField("", "DDE cmd x") + strings.Repeat("</w:a>", 300_000))
	if d := readParts(t, deep); len(d.DDE) != 1 || d.Unread() {
		t.Errorf("deep: %v, %v", d.DDE, d.Problems)
	}
	giant := fixture.WordParts(`<w:p w:a="` + strings.Repeat("x", 3<<20) + `"/>` + fixture.WordField("", "DDE cmd x"))
	if d := readParts(t, giant); len(d.DDE) != 1 || !d.Unread() {
		t.Errorf("giant: %v, %v", d.DDE, d.Problems)
	}
}

func TestAPartIsDataOnlyWhereNothingElseRefersToIt(t *testing.T) {
	notes := fixture.WordPart("word/footnotes.xml", "footnotes", fixture.WordField("", "DDE cmd x"))
	data := fixture.Rel{ID: "a", Type: "customXml", Target: "footnotes.xml"}
	both := fixture.Rels("word/document.xml", data, fixture.Rel{ID: "b", Type: "footnotes", Target: "footnotes.xml"})
	if d := readParts(t, fixture.WordParts("", notes, both)); len(d.DDE) != 1 {
		t.Errorf("%v", d.DDE)
	}
}

func TestWhatAFileTellsIsKeptInBounds(t *testing.T) {
	long := strings.Repeat("x", 200_000)
	d := readParts(t, fixture.SlideParts(`<p:oleObj progId="`+long+`" r:id="rId1"/><a:hlinkClick action="ppaction://program?name=`+long+`"/>`+
		`<p:control name="`+long+`" r:id="rId2"/>`+strings.Repeat(`<ax:ocx ax:classid="`+long+`"/>`, 20),
		fixture.Rels("ppt/slides/slide1.xml", fixture.Rel{ID: "rId1", Type: "oleObject", Target: "../a.bin"}, fixture.Rel{ID: "rId2", Type: "control", Target: "../b.bin"},
			fixture.Rel{ID: "rId3", Type: "image", Target: "http://example.com/" + long, External: true}),
		fixture.Part{Name: "ppt/a.bin", Data: string(fixture.OLE(fixture.Stream("x", nil)))}))
	kept := len(d.DDE[0].Text) + len(d.Links[0].Target) + len(d.Controls[0])
	for _, o := range d.Objects {
		kept += len(o.Class) + len(o.Name)
	}
	if len(d.Objects) != 21 || kept > 2*targetMax+25*identMax {
		t.Errorf("%d objects, %d bytes", len(d.Objects), kept)
	}
}

func TestEachPartIsOpenedOnce(t *testing.T) {
	p := &opened{parts: parts(fixture.WordParts(fixture.WordField("", "PAGE"), fixture.Part{Name: "word/vbaProject.bin", Data: string(fixture.VBABin("Module1", ""))},
		fixture.Part{Name: "word/embeddings/a.bin", Data: string(fixture.DocPlain())})), times: map[string]int{}}
	d, err := ReadOOXML(context.Background(), p, Options{})
	if err != nil || len(d.Projects) != 1 || len(d.Files) != 1 {
		t.Fatalf("%v, %d projects, %d files", err, len(d.Projects), len(d.Files))
	}
	if _, err := d.Files[0].Open(); err != nil {
		t.Fatal(err)
	}
	for _, name := range p.Names() {
		if p.times[name] != 1 {
			t.Errorf("%s: %d times", name, p.times[name])
		}
	}
}

// opened counts how often each part is opened.
type opened struct {
	parts
	times map[string]int
}

func (o *opened) Open(name string) (io.ReadCloser, error) {
	o.times[name]++
	return o.parts.Open(name)
}

func TestAnElementInsideIsNotTakenForTheRoot(t *testing.T) {
	const ends = "|</row></row></row></row></row>" // more than began, as far as the skimmed rows are counted
	d := readParts(t, fixture.SheetParts(`<sheetData><row><c><v>1</v></c></row><row>`+ends+`<styles/><row><c><f>cmd|'/c calc'!A0</f></c></row></sheetData>`))
	if len(d.DDE) != 1 {
		t.Errorf("%v", d.DDE)
	}
}

// Programs pass over elements of name spaces that a document declares ignorable (ECMA-376-3 7.2), with or without what is in them.
func TestForeignElementsHideNothing(t *testing.T) {
	field := fixture.WordField("", "DDE cmd x")
	for name, body := range map[string]string{
		"inside the instruction":      fixture.WordField("", `DDE<x:t xmlns:x="y"/> cmd<x:f xmlns:x="y">z</x:f> x`),
		"around the field":            `<x:t xmlns:x="y">` + field + `</x:t>`,
		"an external book before":     `<x:externalBook/>` + field,
		"an external book of Office":  `<externalBook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"/>` + field,
		"a ribbon around":             `<x:customUI>` + field + `</x:customUI>`,
		"a sheet around":              `<x:sheetData>` + field + `</x:sheetData>`,
		"a formula that is not ended": `<x:f>` + field,
		"an end of something else":    `</x:t></x:f>` + field,
	} {
		if d := readParts(t, fixture.WordParts(body)); len(d.DDE) != 1 || d.DDE[0].Text != "cmd x" {
			t.Errorf("%s: %v", name, d.DDE)
		}
	}
	wrapped := fixture.WordParts("")
	wrapped[2].Data = `<x:styles xmlns:x="urn:y"><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">` + field + `</w:document></x:styles>`
	if d := readParts(t, wrapped); len(d.DDE) != 1 {
		t.Errorf("a root around the document: %v", d.DDE)
	}
	sheet := fixture.SheetParts(`<x:sheetData/><sheetData/><controls><control name="b" r:id="r"/></controls>`,
		fixture.Rels("xl/worksheets/sheet1.xml", fixture.Rel{ID: "r", Type: "control", Target: "../a.xml"}))
	if d := readParts(t, sheet); len(d.Controls) != 1 {
		t.Errorf("controls behind a sheet's data: %v", d.Controls)
	}
}
