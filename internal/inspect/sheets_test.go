package inspect

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
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
