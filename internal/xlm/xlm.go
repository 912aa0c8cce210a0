// Package xlm judges Excel 4 macros (MS-XLS 2.2.2, "macro sheets"): which names start by themselves, and what their formulas do when they
// are worked out. Every format's reader hands in a [Workbook] with formulas as text (ECMA-376-1 18.17.2 as Excel shows it), so there is one
// parser of formulas. SYLK files, which are text themselves, are read here.
//
// [Judge] follows the macros as Excel does: from each name that starts by itself, and then from every other macro, down the column, with jumps,
// calls, blocks and loops, through cells that the macros write themselves. What depends on the machine is not known, and a condition on it
// is followed both ways. After that every formula is worked out once more where it stands, reached or not.
//
// # Limits
//
//   - Cells: see [Options]. Formulas longer than 32 KiB or nested deeper than 128, and those behind the first 8 MiB,
//     are searched for names of functions only.
//   - Work of following: 2²¹ nodes of formulas in all, 2¹⁹ on one of at most 64 ways; of working out each formula once: a share by size.
//   - Texts of 32,767 characters (Excel's own limit), 16,384 written cells and names, 64 hits of each sort.
//   - A limit that was met is Report.Cut: cells and formulas beyond it were not seen, so the judgement is not whole.
//   - Functions that ask for the machine, the screen, dates, or formats of cells give values that are not known.
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
	DDE        []Hit    // formulas that start another program by DDE: Text is the server, topic and item
	Formulas   []string // "Macro1!A1: =EXEC(\"calc\")" as decoded, for people
	Cut        bool     // a limit was met
}

// Options bound a judgement. The zero value of a field is its default.
type Options struct {
	Cells    int // cells in all; 131,072: as many as the formats' readers keep, with what their macros make some 60 MB
	Formulas int // of Report.Formulas; 5,000: more than anybody reads
}

// withDefaults fills in what was left at zero.
func (o Options) withDefaults() Options {
	if o.Cells <= 0 {
		o.Cells = 1 << 17
	}
	if o.Formulas <= 0 {
		o.Formulas = 5_000
	}
	return o
}

// Judge judges a workbook. The error is the context's.
func Judge(ctx context.Context, w *Workbook, o Options) (*Report, error) {
	o = o.withDefaults()
	rep := &Report{}
	for i := range w.Sheets {
		s := &w.Sheets[i]
		if s.Kind != MacroSheet {
			continue
		}
		rep.Present = true
		if s.State != Visible && len(rep.Hidden) < hitsMax {
			rep.Hidden = append(rep.Hidden, s.Name)
		}
	}
	b := newBook(w, o.Cells)
	j := &judge{rep: rep, b: b, o: o, parsed: map[*Name]*formula{}, seen: map[string]int{}}
	m := newMachine(ctx, b, j)
	if rep.Present {
		m.entries()
		m.run()
		m.others()
	}
	m.everything()
	rep.Cut = m.cut || b.cut
	return rep, ctx.Err()
}
