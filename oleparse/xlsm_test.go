package oleparse

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
	"sekisho/internal/xlm"
)

const macroCells = `<row r="1"><c r="A1" t="b"><f>EXEC("calc")</f><v>0</v></c></row><row r="2"><c r="A2"><f>HALT()</f></c></row>`

func bookOf(t *testing.T, p []fixture.Part) *xlm.Workbook {
	t.Helper()
	d := readParts(t, p)
	if len(d.Workbooks) != 1 {
		t.Fatalf("%d workbooks, problems %v", len(d.Workbooks), d.Problems)
	}
	return d.Workbooks[0]
}

func TestMacroSheetsOfPackagesAreRead(t *testing.T) {
	w := bookOf(t, fixture.MacroBook(fixture.AutoOpen("Macro1!$A$1")+`<definedName name="f" function="1" xlm="1" hidden="1" localSheetId="0">Macro1!$A$2</definedName>`,
		fixture.MacroSheet{Name: "Macro1", State: "veryHidden", Cells: macroCells},
		fixture.MacroSheet{Name: "S", Rel: "worksheet", Root: "worksheet", Part: "worksheets/sheet1.xml", Cells: `<row><c><v>7</v></c><c t="inlineStr"><is><t>a</t><t>b</t></is></c></row>`}))
	want := &xlm.Workbook{
		Path: "xl/workbook.xml",
		Sheets: []xlm.Sheet{
			{Path: "xl/macrosheets/sheet1.xml", Name: "Macro1", Kind: xlm.MacroSheet, State: xlm.VeryHidden,
				Cells: []xlm.Cell{{Formula: `EXEC("calc")`, Value: "FALSE"}, {Row: 1, Formula: "HALT()"}}},
			{Path: "xl/worksheets/sheet1.xml", Name: "S", Cells: []xlm.Cell{{Value: "7"}, {Col: 1, Value: "ab"}}},
		},
		Names: []xlm.Name{
			{Name: "Auto_Open", Formula: "Macro1!$A$1", Sheet: -1, Builtin: true},
			{Name: "f", Formula: "Macro1!$A$2", Sheet: 0, Hidden: true, Macro: true},
		},
	}
	if d := cmp.Diff(want, w); d != "" {
		t.Error(d)
	}
}

func TestAMacroSheetIsFoundByAnyOfItsMarks(t *testing.T) {
	tests := []struct {
		name  string
		sheet fixture.MacroSheet
	}{
		{"root element of the name space's usual prefix", fixture.MacroSheet{Rel: "worksheet"}},
		{"root element with another prefix", fixture.MacroSheet{Rel: "worksheet", Root: "q:macrosheet"}},
		{"relationship", fixture.MacroSheet{Root: "worksheet"}},
		{"relationship of an international one", fixture.MacroSheet{Root: "worksheet", Rel: "xlIntlMacrosheet"}},
		{"content type", fixture.MacroSheet{Root: "worksheet", Rel: "worksheet", Type: "application/vnd.ms-excel.macrosheet+xml"}},
		{"content type of an international one", fixture.MacroSheet{Root: "worksheet", Rel: "worksheet", Type: "application/vnd.ms-excel.intlmacrosheet+xml"}},
		{"part with a picture's name", fixture.MacroSheet{Part: "media/image1.png"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.sheet.Name, tt.sheet.Cells = "M", macroCells
			w := bookOf(t, fixture.MacroBook("", tt.sheet))
			if len(w.Sheets) != 1 || w.Sheets[0].Kind != xlm.MacroSheet || len(w.Sheets[0].Cells) != 2 {
				t.Errorf("%+v", w.Sheets)
			}
		})
	}
}

func TestAMacroSheetThatNoWorkbookListsIsRead(t *testing.T) {
	parts := fixture.MacroBook("", fixture.MacroSheet{Name: "M", Cells: macroCells})
	for i := range parts {
		parts[i].Data = strings.ReplaceAll(parts[i].Data, `<sheet name`, `<other name`)
	}
	d := readParts(t, parts)
	if n := len(d.Workbooks); n != 2 || len(d.Workbooks[1].Sheets) != 1 || len(d.Workbooks[1].Sheets[0].Cells) != 2 {
		t.Errorf("%d workbooks", n)
	}
}

func TestSharedStringsAndFormulasAreResolved(t *testing.T) {
	parts := append(fixture.MacroBook("", fixture.MacroSheet{Name: "M", Cells: `<row r="1"><c r="A1"><f t="shared" si="0" ref="A1:A2">EXEC(B1&amp;$B$1)</f></c>` +
		`<c r="B1" t="s"><v>1</v></c></row><row r="2"><c r="A2"><f t="shared" si="0"/></c><c r="B2" t="s"><v>9</v></c></row>`}),
		fixture.Part{Name: "xl/sharedStrings.xml", Data: `<sst><si><t>x</t></si><si><r><t>ca</t></r><rPh><t>no</t></rPh><r><t>lc</t></r></si></sst>`})
	want := []xlm.Cell{{Formula: "EXEC(B1&$B$1)"}, {Col: 1, Value: "calc"}, {Row: 1, Formula: "EXEC(B2&$B$1)"}}
	if d := cmp.Diff(want, bookOf(t, parts).Sheets[0].Cells); d != "" {
		t.Error(d)
	}
}

func TestAWorkbookWithoutMacrosIsNotReadAgain(t *testing.T) {
	sheet := fixture.MacroSheet{Name: "S", Rel: "worksheet", Root: "worksheet", Cells: `<row><c><f>SUM(1)</f></c></row>`}
	if d := readParts(t, fixture.MacroBook(`<definedName name="x">S!$A$1</definedName><definedName name="f" function="1" vbProcedure="1">#REF!</definedName>`, sheet)); len(d.Workbooks) > 0 {
		t.Errorf("%+v", d.Workbooks[0])
	}
}

func TestNamesOfMacrosAloneAreHandedIn(t *testing.T) {
	sheet := fixture.MacroSheet{Name: "S", Rel: "worksheet", Root: "worksheet", Cells: `<row><c><f>SUM(1)</f></c></row>`}
	w := bookOf(t, fixture.MacroBook(`<definedName name="x" xlm="1">EXEC("calc")</definedName>`, sheet))
	if len(w.Names) != 1 || len(w.Sheets) != 1 || w.Sheets[0].Cells != nil {
		t.Errorf("%+v", w)
	}
}

func TestMacroCellsPastTheLimitAreUnread(t *testing.T) {
	cells := strings.Repeat(`<c><v>1</v></c>`, sheetCells+1)
	d := readParts(t, fixture.MacroBook("", fixture.MacroSheet{Name: "M", Cells: "<row>" + cells + "</row>"}))
	if !d.Unread() || len(d.Workbooks[0].Sheets[0].Cells) != sheetCells {
		t.Errorf("unread %v, problems %v", d.Unread(), d.Problems)
	}
}

// FuzzMacroBook holds that any workbook and macro sheet of markup are read within the limits, and that every cell lies on a sheet.
func FuzzMacroBook(f *testing.F) {
	seed := fixture.MacroBook(fixture.AutoOpen("M!$A$1"), fixture.MacroSheet{Name: "M", State: "hidden", Cells: macroCells +
		`<c t="s"><f t="shared" si="0">A1+B$2</f><v>0</v></c><c r="D9"><f t="shared" si="0"/></c><c t="inlineStr"><is><t>x</t></is></c>`})
	at := func(name string) int {
		for i, p := range seed {
			if p.Name == name {
				return i
			}
		}
		f.Fatal(name)
		return 0
	}
	book, sheet := at("xl/workbook.xml"), at("xl/macrosheets/sheet1.xml")
	f.Add(seed[book].Data, seed[sheet].Data, `<sst><si><t>a</t></si></sst>`)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		parts := append([]fixture.Part{}, seed...)
		parts[book].Data, parts[sheet].Data = a, b
		d := readParts(t, append(parts, fixture.Part{Name: "xl/sharedStrings.xml", Data: c}))
		for _, w := range d.Workbooks {
			for _, s := range w.Sheets {
				for _, c := range s.Cells {
					if c.Row < 0 || c.Col < 0 || c.Formula == "" && c.Value == "" {
						t.Errorf("%+v", c)
					}
				}
			}
		}
	})
}
