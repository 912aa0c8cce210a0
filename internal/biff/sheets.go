package biff

import (
	"cmp"
	"fmt"
	"slices"

	"sekisho/internal/xlm"
)

// finish puts the workbook together once its records were walked.
func (b *book) finish() {
	if b.rs.err != nil {
		b.res.problem(false, "stream", "%v", b.rs.err)
	}
	if b.gen < 8 && b.shown != nil {
		b.books = b.shown
	}
	b.second = true
	w := &xlm.Workbook{Path: b.path}
	places := b.list(w)
	for i := range b.defined {
		w.Names = append(w.Names, b.defined[i].Name)
	}
	if !b.named && !hasMacroSheet(w) || b.err != nil {
		return
	}
	b.res.Book = w
	b.decodeNames(w)
	texts := b.strings()
	order := make([]int, len(w.Sheets))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(places[i], places[j]) })
	b.left = sheetsPerByte * (b.end + readAhead)
	for _, macros := range []bool{true, false} { // macro sheets first: the limits are theirs
		for _, i := range order {
			if (w.Sheets[i].Kind == xlm.MacroSheet) == macros && b.isPlace(places[i]) {
				b.readSheet(&w.Sheets[i], places[i], texts)
			}
		}
	}
}

// sheetsPerByte is how often the stream's bytes may be part of a sheet. Those of a sound one are once; a list of sheets that begin inside each other
// is read no further.
const sheetsPerByte = 4

// isPlace says whether a sheet can begin there: at the very beginning only where the stream is nothing but a sheet.
func (b *book) isPlace(at int64) bool {
	return at > 0 || len(b.subs) > 0 && b.subs[0].dt != dtGlobals && b.subs[0].dt != dtWorkspace
}

// list puts the sheets into the workbook: those of the sheet list, then macro sheets that it does not have. It returns their places.
func (b *book) list(w *xlm.Workbook) []int64 {
	at := make(map[int64]*substream, len(b.subs))
	for i := range b.subs {
		at[b.subs[i].at] = &b.subs[i]
	}
	var places []int64
	add := func(s xlm.Sheet, place int64) {
		w.Sheets = append(w.Sheets, s)
		places = append(places, place)
	}
	for _, s := range b.bound {
		sub := at[s.at]
		delete(at, s.at)
		add(xlm.Sheet{Name: s.name, Kind: kindOf(s.dt, sub), State: xlm.State(min(s.state, 2))}, s.at)
	}
	for i := range b.subs {
		s := &b.subs[i]
		switch {
		case at[s.at] == nil:
		case b.gen < 5 && i == 0 && s.dt != dtWorkspace:
			add(xlm.Sheet{Name: "Sheet1", Kind: kindOf(0, s)}, s.at)
		case s.dt == dtMacro:
			name := fmt.Sprintf("@%#x", s.at)
			add(xlm.Sheet{Path: b.path + name, Name: name, Kind: xlm.MacroSheet}, s.at)
		}
	}
	return places
}

// kindOf says what a sheet is. Where list and substream disagree, one of them saying macro sheet is enough.
func kindOf(listed int, s *substream) xlm.SheetKind {
	kind := xlm.Worksheet
	switch listed { // MS-XLS 2.4.28
	case 1:
		return xlm.MacroSheet
	case 2:
		kind = xlm.Chart
	case 6:
		kind = xlm.Module
	}
	if s != nil {
		switch s.dt {
		case dtMacro:
			return xlm.MacroSheet
		case dtChart:
			return xlm.Chart
		case dtModule:
			return xlm.Module
		}
	}
	return kind
}

// seek goes to a record and sets the cipher that holds there.
func (b *book) seek(at int64) bool {
	if !b.rs.forward(at) {
		b.rs.reset(b.open(at), at)
	}
	b.rs.cipher = nil
	if b.locked >= 0 && at >= b.locked {
		b.rs.cipher = b.cipher
	}
	return b.rs.next()
}

// strings reads the string table for the cells that point into it.
func (b *book) strings() []string {
	if b.sst < 0 || !b.seek(b.sst) || b.rs.id != idSST {
		return nil
	}
	c := b.body.begin()
	c.u32()
	var texts []string
	var buf []byte
	for n, left := c.u32(), b.o.Formulas; n > 0 && !c.bad && b.beat(); n-- {
		buf = c.appendRich(buf[:0])
		s := string(buf)
		if left -= len(s) + 16; left < 0 {
			b.res.problem(true, "SST", "more bytes of texts than the limit")
			break
		}
		if !c.bad || s != "" {
			texts = append(texts, s)
		}
	}
	return texts
}

// reader reads the cells of one sheet.
type reader struct {
	*book
	sheet   *xlm.Sheet
	texts   []string
	shared  map[shared]formula
	pending []pending
	last    shared // the last formula's cell
	full    bool
	depth   int // substreams around the record
	chart   int // depth of a chart in the sheet, whose records are no cells; 0 outside
	awaits  int // index of the cell whose String record is still to come, -1 for none
}

// pending is a cell whose formula stands elsewhere.
type pending struct {
	cell int
	at   shared
}

// readSheet reads the cells of a sheet (MS-XLS 2.1.7.20.6, CELLTABLE).
func (b *book) readSheet(s *xlm.Sheet, at int64, texts []string) {
	if b.left < 0 || !b.seek(at) {
		return
	}
	if b.gen < 8 {
		b.books = []supBook{{}}
	}
	r := &reader{book: b, sheet: s, texts: texts, shared: map[shared]formula{}, awaits: -1}
	for more := true; more && b.beat(); more = more && b.rs.next() {
		more = r.within()
	}
	if b.left -= b.rs.pos - at; b.left < 0 && r.macro() {
		b.res.problem(true, s.Name, "sheets that overlap more than %d times", sheetsPerByte)
	}
	r.resolve()
}

// within reads a record; it is false at the sheet's end.
func (r *reader) within() bool {
	if _, ok := isBOF(r.rs.id); ok {
		r.depth++
		if _, dt := bof(r.rs.id, r.rs.body()); dt == dtChart && r.chart == 0 && r.depth > 1 {
			r.chart = r.depth
		}
		return true
	}
	if r.rs.id != idEOF {
		if r.chart == 0 {
			r.record()
		}
		return true
	}
	if r.depth == r.chart {
		r.chart = 0
	}
	r.depth--
	return r.depth > 0
}

// macro says whether what is not read matters.
func (r *reader) macro() bool { return r.sheet.Kind == xlm.MacroSheet }

// add keeps a cell, as long as there is room.
func (r *reader) add(row, col int, formula, value string) {
	if r.o.Cells <= 0 {
		if r.macro() && !r.full {
			r.res.problem(true, r.sheet.Name, "more cells than the limit")
		}
		r.full = true
		return
	}
	r.o.Cells--
	r.sheet.Cells = append(r.sheet.Cells, xlm.Cell{Row: row, Col: col, Formula: formula, Value: value})
}

// resolve gives the cells of arrays and shared formulas their formulas, as each cell sees them.
func (r *reader) resolve() {
	for _, p := range r.pending {
		c := &r.sheet.Cells[p.cell]
		f := r.here(c.Row, c.Col)
		base, ok := r.shared[p.at]
		if !ok {
			r.res.problem(f.grave, f.where(), "its formula's cell has none")
			continue
		}
		f.rgce, f.rgcb = base.rgce, base.rgcb
		var again *shared
		if c.Formula, again = r.formula(f); again != nil {
			r.res.problem(f.grave, f.where(), "its formula stands in yet another cell")
		}
		if !r.beat() {
			return
		}
	}
}

// here is a formula of a cell of the sheet, still without tokens.
func (r *reader) here(row, col int) formula {
	return formula{row: row, col: col, in: r.sheet.Name, grave: r.macro()}
}
