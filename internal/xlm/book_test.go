package xlm

import (
	"slices"
	"strings"
	"testing"
)

func twoSheets(t testing.TB) *Workbook {
	return &Workbook{
		Sheets: []Sheet{sheetOf(t, "One", `A3: =HALT()`, `A1: =HALT()`, `A1: =EXEC("second")`, `B1: text`), sheetOf(t, "Two words", `A2: =HALT()`), {Name: "ONE"}},
		Names:  []Name{{Name: "x", Formula: "1", Sheet: -1}, {Name: "X", Formula: "2", Sheet: 1}, {Name: "_xlnm.Auto_Open", Formula: "3", Sheet: -1}, {Name: "far", Formula: "4", Sheet: 1}},
	}
}

func TestSheetsByTheirNames(t *testing.T) {
	b := newBook(twoSheets(t), 100)
	for name, want := range map[string]int{
		"One": 0, "one": 0, "TWO WORDS": 1, "[Book.xls]One": 0, `C:\dir\[b]Two words`: 1, "": 7, activeSheet: 7, "Three": noSheet,
	} {
		if got := b.sheet(name, 7); got != want {
			t.Errorf("%q: %d, want %d", name, got, want)
		}
	}
}

// A sheet's own name comes before the workbook's, and another sheet's is better than none.
func TestNamesByTheirSheets(t *testing.T) {
	b := newBook(twoSheets(t), 100)
	for _, tt := range []struct {
		name  string
		sheet int
		want  string
	}{{"x", 0, "1"}, {"x", 1, "2"}, {"X", -1, "1"}, {"auto_open", 0, "3"}, {"_xlnm.AUTO_OPEN", 0, "3"}, {"far", 0, "4"}, {"none", 0, ""}} {
		got := ""
		if n, ok := b.name(tt.name, tt.sheet); ok {
			got = n.Formula
		}
		if got != tt.want {
			t.Errorf("%s of sheet %d: %q, want %q", tt.name, tt.sheet, got, tt.want)
		}
	}
}

// Formulas are met from the top of a column, whatever their order in the file; of two in one cell the first counts.
func TestFormulasInTheirColumns(t *testing.T) {
	b := newBook(twoSheets(t), 100)
	var rows []int
	for at := (addr{0, 0, 0}); ; at.row++ {
		next, ok := b.next(at)
		if !ok {
			break
		}
		rows = append(rows, next.row)
		at = next
	}
	if !slices.Equal(rows, []int{0, 2}) || b.cell(addr{0, 0, 0}).source != "HALT()" {
		t.Errorf("rows %v", rows)
	}
	b.note(addr{0, 1, 0})
	b.note(addr{0, 1, 0})
	if at, ok := b.next(addr{0, 1, 0}); !ok || at.row != 1 || len(b.rows[column{0, 0}]) != 3 {
		t.Errorf("a formula that is written: %+v", at)
	}
	if b.cell(addr{0, 9, 9}) != nil || b.cell(addr{noSheet, 0, 0}) != nil {
		t.Error("a cell that is not there")
	}
}

// Cells past the limit are those of worksheets first.
func TestCellsPastTheLimit(t *testing.T) {
	w := twoSheets(t)
	w.Sheets = append([]Sheet{{Name: "data", Cells: []Cell{{Value: "x"}, {Row: 1, Value: "y"}}}}, w.Sheets...)
	for most, cut := range map[int]bool{7: false, 6: true, 1: true} {
		b := newBook(w, most)
		if b.cut != cut || b.cell(addr{1, 2, 0}) == nil {
			t.Errorf("%d cells: cut %v", most, b.cut)
		}
	}
}

// Cells that a file puts outside of any sheet are none.
func TestCellsOutsideASheet(t *testing.T) {
	b := newBook(&Workbook{Sheets: []Sheet{{Kind: MacroSheet, Cells: []Cell{{Row: -1, Formula: "1"}, {Row: rowsMax, Formula: "1"}, {Col: colsMax, Formula: "1"}, {Row: rowsMax - 1, Col: colsMax - 1, Formula: "1"}}}}}, 100)
	if len(b.order) != 1 || b.order[0] != placeOf(addr{0, rowsMax - 1, colsMax - 1}) {
		t.Errorf("%+v", b.order)
	}
}

func TestPlacesForPeople(t *testing.T) {
	b := newBook(twoSheets(t), 100)
	for want, at := range map[string]addr{"One!A1": {0, 0, 0}, "'Two words'!B3": {1, 2, 1}, "C4": {noSheet, 3, 2}, "D5": {99, 4, 3}} {
		if got := b.where(at); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	for name, want := range map[string]string{"One": "One!", "O'Neil": "'O''Neil'!", "": "''!", "a b": "'a b'!", "請求": "請求!"} {
		if got := sheetPrefix(name); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// A formula is parsed once as long as there is room; past the file's share only the functions it names count.
func TestParsingIsBounded(t *testing.T) {
	b := newBook(&Workbook{}, 0)
	c := &cell{source: `EXEC("x")`}
	if f := b.formula(c); f.bad || c.f != f || b.formula(c) != f {
		t.Error("not kept")
	}
	b.nodes = nodesMax
	if other := (&cell{source: "1"}); b.formula(other).bad || other.f != nil {
		t.Error("kept without room")
	}
	b.parsed = parseMax - 5
	f := b.formula(&cell{source: `EXEC("x")`})
	if !f.bad || !b.cut || strings.Join(calledIn(f), ",") != "EXEC" {
		t.Errorf("bad %v, cut %v, %q", f.bad, b.cut, calledIn(f))
	}
}

// Layers above each other: the upper one counts, and the lower one stays as it was.
func TestMemoryInLayers(t *testing.T) {
	below := newMemory(nil)
	below.cells[addr{0, 0, 0}], below.names["x"] = &cell{v: num(1)}, num(1)
	left, right := newMemory(below), newMemory(below)
	left.cells[addr{0, 0, 0}], left.names["x"] = &cell{v: num(2)}, num(2)
	for i, m := range []*memory{below, left, right} {
		want := []float64{1, 2, 1}[i]
		if v, ok := m.name("x"); !ok || v.num != want || m.cell(addr{0, 0, 0}).v.num != want {
			t.Errorf("layer %d: %v", i, v.num)
		}
	}
	if _, ok := right.name("y"); ok || right.cell(addr{0, 1, 0}) != nil {
		t.Error("what nobody wrote")
	}
}
