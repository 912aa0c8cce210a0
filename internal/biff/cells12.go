package biff

import "sekisho/internal/xlm"

// cells12 reads the cells of all sheets, macro sheets first: the limits are theirs.
func (b *book12) cells12(w *xlm.Workbook, texts []string) {
	for _, macros := range []bool{true, false} {
		for i := range w.Sheets {
			if (w.Sheets[i].Kind == xlm.MacroSheet) == macros {
				b.sheet12(&w.Sheets[i], b.parts[i], texts)
			}
		}
	}
}

// reader12 reads the cells of one sheet (MS-XLSB 2.1.7.61, 2.1.7.35).
type reader12 struct {
	reader
	row int
}

// sheet12 reads the part of a sheet.
func (b *book12) sheet12(s *xlm.Sheet, p *Part, texts []string) {
	r := &reader12{reader: reader{book: &b.book, sheet: s, texts: texts, shared: map[shared]formula{}, awaits: -1}}
	b.read(p, r.macro(), r.record12)
	r.resolve()
}

// record12 reads a record of the part; a row's number stands before its cells.
func (r *reader12) record12(rs *records12) {
	switch rs.id {
	case brtRowHdr:
		c := cursor{b: rs.body()}
		r.row = int(c.u32() & (1<<20 - 1))
	case brtCellRk, brtCellError, brtCellBool, brtCellReal, brtCellSt, brtCellIsst, brtCellRString:
		r.constant12(rs)
	case brtFmlaString, brtFmlaNum, brtFmlaBool, brtFmlaError:
		r.formula12(rs)
	case brtArrFmla, brtShrFmla:
		r.shared12(rs)
	}
}

// cell12 reads what every cell begins with (MS-XLSB 2.5, Cell).
func cell12(c *cursor) (col int) {
	col = int(c.u32() & (1<<14 - 1))
	c.u32()
	return col
}

// constant12 reads a cell without a formula (MS-XLSB 2.4, BrtCell…).
func (r *reader12) constant12(rs *records12) {
	c := &cursor{b: rs.body()}
	col := cell12(c)
	if v := r.value12(rs.id, c); !c.bad {
		r.add(r.row, col, "", v)
	}
}

// value12 reads the value of a cell or of a formula.
func (r *reader12) value12(id int, c *cursor) string {
	switch id {
	case brtCellRk:
		return number(rk(c.u32()))
	case brtCellError, brtFmlaError:
		return errorText(c.u8())
	case brtCellBool, brtFmlaBool:
		return boolText(c.u8())
	case brtCellReal, brtFmlaNum:
		return number(c.f64())
	case brtCellIsst:
		return r.text(c.u32())
	case brtCellRString:
		c.u8()
	}
	return c.wide32()
}

// formula12 reads a cell with a formula (MS-XLSB 2.4, BrtFmla…).
func (r *reader12) formula12(rs *records12) {
	c := &cursor{b: rs.body()}
	col := cell12(c)
	value := r.value12(rs.id, c)
	c.u16() // grbitFlags
	f := r.here(r.row, col)
	if c.bad {
		r.res.problem(f.grave, f.where(), "formula ends early")
		return
	}
	f.rgce, f.rgcb = c.parsed()
	text, exp := r.formula(f)
	r.addFormula(r.row, col, text, value, exp, false)
}

// shared12 keeps an array or shared formula under its first cell (MS-XLSB 2.4, BrtArrFmla, BrtShrFmla).
func (r *reader12) shared12(rs *records12) {
	c := &cursor{b: append([]byte(nil), rs.body()...)}
	at := shared{row: int(c.u32())}
	c.u32()
	at.col = int(c.u32())
	c.u32()
	if rs.id == brtArrFmla {
		c.u8()
	}
	if r.o.Formulas -= len(c.b); r.o.Formulas < 0 {
		r.res.problem(r.macro(), r.sheet.Name, "more bytes of formulas than the limit")
		return
	}
	var f formula
	f.rgce, f.rgcb = c.parsed()
	r.keepShared(at, f)
}
