package inspect

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/xlm"
	"sekisho/oleparse"
)

func sheetsOf(t *testing.T, o Options, w ...*xlm.Workbook) Result {
	t.Helper()
	s := scanner(t, o).Begin()
	f := &File{Path: finding.Path{"1"}, Kind: KindXLS, report: -1}
	if err := s.sheets(context.Background(), f, &oleparse.Document{Workbooks: w}); err != nil {
		t.Fatal(err)
	}
	return s.Result()
}

func macroBook(state xlm.State, formulas ...string) *xlm.Workbook {
	s := xlm.Sheet{Name: "Macro1", Kind: xlm.MacroSheet, State: state}
	for i, f := range formulas {
		s.Cells = append(s.Cells, xlm.Cell{Row: i, Formula: f})
	}
	return &xlm.Workbook{Path: "Workbook", Sheets: []xlm.Sheet{s}, Names: []xlm.Name{{Name: "Auto_Open", Formula: "Macro1!$A$1", Sheet: -1}}}
}

func TestMacroSheetsAreReported(t *testing.T) {
	r := sheetsOf(t, Options{Sources: true}, macroBook(xlm.VeryHidden, `EXEC("ca"&"lc")`))
	want := []string{"xlm.present 1!/Workbook", "sheet.hidden 1!/Workbook", "xlm.autoexec 1!/Workbook", "xlm.suspicious 1!/Workbook"}
	if d := cmp.Diff(want, lines(r)); d != "" {
		t.Error(d)
	}
	if got := r.Findings[3].Detail; got != `EXEC in "Macro1!A1": "EXEC(\"calc\")"` {
		t.Errorf("detail %s", got)
	}
	if !r.Files[0].HasXLM || len(r.Files[0].XLM) != 1 || !strings.HasPrefix(r.Files[0].XLM[0], `Macro1!A1: =EXEC("ca"&"lc")`) {
		t.Errorf("report %+v", r.Files[0])
	}
}

func TestFormulasAreKeptWhenAskedForOnly(t *testing.T) {
	if r := sheetsOf(t, Options{}, macroBook(xlm.Visible, `HALT()`)); r.Files[0].XLM != nil {
		t.Errorf("formulas %v", r.Files[0].XLM)
	}
}

func TestLongFormulasFitIntoADetail(t *testing.T) {
	r := sheetsOf(t, Options{}, macroBook(xlm.Visible, `EXEC("`+strings.Repeat("x\x1b", 4000)+`")`))
	if d := r.Findings[2].Detail; len(d) > finding.DetailMax || strings.ContainsRune(d, 0x1b) {
		t.Errorf("%d bytes: %q", len(d), d)
	}
}

func TestAWorkbookWithoutMacrosIsNoFinding(t *testing.T) {
	w := &xlm.Workbook{Sheets: []xlm.Sheet{{Name: "S", State: xlm.Hidden, Cells: []xlm.Cell{{Formula: `SUM(A2:A3)`}}}}}
	if r := sheetsOf(t, Options{}, w); len(r.Findings) > 0 {
		t.Errorf("%v", r.Findings)
	}
}

// The same loader in every format that holds macro sheets: what it does is told in all of them.
func TestALoaderIsJudgedInEveryFormat(t *testing.T) {
	const exec, char = 110, 111 // MS-XLS 2.5.198.17, Ftab
	letters := []fixture.Ptg{fixture.PtgStr("ca"), fixture.PtgInt('l'), fixture.PtgFunc(char), fixture.PtgOp(0x08), fixture.PtgStr("c"), fixture.PtgOp(0x08), fixture.PtgFuncVar(exec, 1)}
	book := fixture.XLMacro(2, letters)
	cells := `<row r="1"><c r="A1"><f>EXEC("ca"&amp;CHAR(108)&amp;"c")</f><v>0</v></c></row>`
	for name, file := range map[string][]byte{
		"xls":   book.XLS(),
		"xls 5": book.XLS5(),
		"xlsb":  book.XLSB(),
		"xlsm":  fixture.Package(fixture.MacroBook(fixture.AutoOpen("Macro1!$A$1"), fixture.MacroSheet{Name: "Macro1", State: "veryHidden", Cells: cells})),
		"slk":   []byte("ID;P\nO;E\nNN;NAuto_Open;ER1C1\nC;X1;Y1;EEXEC(\"ca\"&CHAR(108)&\"c\")\nE\n"),
	} {
		t.Run(name, func(t *testing.T) {
			_, r := scanFile(t, Options{}, file)
			detail := ""
			for _, f := range r.Findings {
				if f.Kind == finding.XLMSuspicious {
					detail += f.Detail
				}
			}
			if !strings.Contains(detail, `"EXEC(\"calc\")"`) || !r.Files[0].HasXLM || r.Incomplete {
				t.Errorf("%v, %s", lines(r), detail)
			}
		})
	}
}

func TestMacrosThatOutrunTheLimitsAreNotClean(t *testing.T) {
	for name, want := range map[string][]string{
		"WHILE(TRUE)": {"xlm.present 1!/Workbook", "xlm.autoexec 1!/Workbook", "scan.incomplete 1!/Workbook"},
		"HALT()":      {"xlm.present 1!/Workbook", "xlm.autoexec 1!/Workbook"},
	} {
		r := sheetsOf(t, Options{}, macroBook(xlm.Visible, name, "SET.NAME(\"x\",x+1)", "NEXT()"))
		if d := cmp.Diff(want, lines(r)); d != "" || r.Incomplete != (len(want) == 3) {
			t.Errorf("%s: incomplete %v %s", name, r.Incomplete, d)
		}
	}
}
