// Package xlm judges Excel 4 macros (MS-XLS 2.2.2, "macro sheets"): which names start by themselves, and what their formulas do when their
// constant expressions are worked out. Every format's reader hands in a [Workbook] with formulas as text, so there is one parser of formulas.
//
// # Limits
//
// (to be written with the code)
package xlm

import "context"

// SheetKind is what a sheet is (MS-XLS 2.4.28 BoundSheet8.dt).
type SheetKind uint8

// The kinds of sheets.
const (
	Worksheet SheetKind = iota
	MacroSheet
	Chart
	Module
	Dialog
)

// State is a sheet's visibility (MS-XLS 2.4.28 hsState).
type State uint8

// The states.
const (
	Visible State = iota
	Hidden
	VeryHidden
)

// Workbook is one workbook as its format's reader hands it in.
type Workbook struct {
	Path   string // stream or part
	Sheets []Sheet
	Names  []Name
}

// Sheet is a sheet. Cells of worksheets are kept only where the workbook has macro sheets, which may read them.
type Sheet struct {
	Path  string // stream or part, "" where the workbook's says it
	Name  string
	Kind  SheetKind
	State State
	Cells []Cell
}

// Cell is a cell that is not empty. Rows and columns count from 0.
type Cell struct {
	Row, Col int
	Formula  string // as Excel shows it in A1 notation, without "=", names of functions in English; "" for a constant
	Value    string // constant, or the value saved with the formula: text, a number in decimal, TRUE, FALSE, #N/A …
}

// Name is a defined name (MS-XLS 2.4.150 Lbl).
type Name struct {
	Name    string // built-in names spelled out: "Auto_Open"
	Formula string // what it refers to, as in Cell
	Sheet   int    // index in Sheets of the sheet it belongs to, -1 for the workbook
	Hidden  bool
	Builtin bool
	Macro   bool // a macro's name (fFunc, fProc, fOB)
}

// Hit is a finding in a cell or name.
type Hit struct {
	Keyword string // EXEC, CALL, URLDownloadToFileA, Auto_Open …
	Where   string // "Macro1!A1", or the name
	Text    string // the formula as far as it could be worked out
}

// Report is the judgement of a workbook.
type Report struct {
	Present    bool     // a macro sheet is there
	Hidden     []string // names of macro sheets that are hidden or very hidden
	Autoexec   []Hit
	Suspicious []Hit
	Formulas   []string // "Macro1!A1: =EXEC(\"calc\")" as decoded, for people
}

// Options bound a judgement. The zero value of a field is its default.
type Options struct {
	Cells int // cells in all
}

// Judge judges a workbook. The error is the context's.
func Judge(_ context.Context, _ *Workbook, _ Options) (*Report, error) { return &Report{}, nil }
