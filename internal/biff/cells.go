package biff

import "math"

// record reads a record of a sheet.
func (r *reader) record() {
	switch r.rs.id {
	case idFormula, idFormula3, idFormula4:
		r.formulaCell()
	case idString, idString2:
		r.result()
	case idArray, idArray2, idShrFmla:
		r.sharedFormula()
	case idLabelSst:
		r.constant(func(c *cursor) string { return r.text(c.u32()) })
	case idLabel, idRString:
		r.label(6)
	case idLabel2:
		r.label(7)
	case idNumber, idNumber2:
		r.constant(func(c *cursor) string { return number(c.f64()) })
	case idInteger2:
		r.constant(func(c *cursor) string { return number(float64(c.u16())) })
	case idRK:
		r.constant(func(c *cursor) string { return number(rk(c.u32())) })
	case idMulRk:
		r.mulRk()
	case idBoolErr, idBoolErr2:
		r.constant(func(c *cursor) string { return boolErr(c.u8(), c.u8()) })
	case idExternSheet, idExternName, idExternName3:
		if r.gen < 8 {
			r.oldLink()
		}
	}
}

// boolErr is the value of a Bes (MS-XLS 2.5.10).
func boolErr(v, isErr int) string {
	if isErr != 0 {
		return errorText(v)
	}
	return boolText(v)
}

// old says whether the record has the shape of BIFF2, with three bytes of attributes.
func old(id int) bool { return id < 0x0010 && id != idFormula }

// position reads what every cell begins with (MS-XLS 2.5.13 Cell).
func (r *reader) position(c *cursor, old bool) (row, col int) {
	row, col = c.u16(), c.u16()
	if old {
		c.take(3)
	} else {
		c.take(2)
	}
	return row, col
}

// constant reads a cell whose value has a fixed length.
func (r *reader) constant(value func(*cursor) string) {
	c := &cursor{b: r.rs.body()}
	row, col := r.position(c, old(r.rs.id))
	if v := value(c); !c.bad {
		r.add(row, col, "", v)
	}
}

// text is an entry of the string table.
func (r *reader) text(i uint32) string {
	if int64(i) < int64(len(r.texts)) {
		return r.texts[i]
	}
	return ""
}

// label reads a cell with a text of its own (MS-XLS 2.4.148); at is where the text begins.
func (r *reader) label(at int64) {
	id := r.rs.id
	c := r.body.begin()
	row, col := c.u16(), c.u16()
	c.skip(at - 4)
	if v := r.string(c, id == idLabel2); !c.bad || v != "" {
		r.add(row, col, "", v)
	}
}

// string reads a text with its length: of one byte in BIFF2, else of two.
func (r *reader) string(c *continued, short bool) string {
	switch {
	case short:
		n := c.u8()
		return r.bytes(c.b[:min(n, len(c.b))])
	case r.gen >= 8:
		return c.unicode()
	}
	n := c.u16()
	return r.bytes(c.b[:min(n, len(c.b))])
}

// mulRk reads a row of numbers (MS-XLS 2.4.175).
func (r *reader) mulRk() {
	c := &cursor{b: r.rs.body()}
	row, col := c.u16(), c.u16()
	for ; len(c.b) >= 6+2; col++ {
		c.u16()
		r.add(row, col, "", number(rk(c.u32())))
	}
}

// formulaCell reads a Formula (MS-XLS 2.4.127).
func (r *reader) formulaCell() {
	c := &cursor{b: r.whole()}
	row, col := r.position(c, r.gen == 2)
	value, isText := formulaValue(c.take(8))
	cce := 0
	switch {
	case r.gen >= 5:
		c.take(6)
		cce = c.u16()
	case r.gen >= 3:
		c.take(2)
		cce = c.u16()
	default:
		c.u8()
		cce = c.u8()
	}
	f := r.here(row, col)
	if c.bad {
		r.res.problem(f.grave, f.where(), "formula ends early")
		return
	}
	f.rgce = c.take(min(cce, len(c.b)))
	f.rgcb = c.b
	text, exp := r.formula(f)
	r.addFormula(row, col, text, value, exp, isText)
}

// addFormula keeps a cell with a formula that stands here or elsewhere.
func (r *reader) addFormula(row, col int, text, value string, exp *shared, isText bool) {
	r.awaits, r.last = -1, shared{row, col}
	before := len(r.sheet.Cells)
	r.add(row, col, text, value)
	if len(r.sheet.Cells) == before {
		return
	}
	if exp != nil {
		r.pending = append(r.pending, pending{before, *exp})
	}
	if isText {
		r.awaits = before
	}
}

// formulaValue is the result saved with a formula (MS-XLS 2.5.133); a text follows in a record of its own.
func formulaValue(b []byte) (value string, isText bool) {
	c := cursor{b: b}
	if len(b) < 8 || b[6] != 0xFF || b[7] != 0xFF {
		if v := c.f64(); !math.IsNaN(v) && len(b) == 8 {
			return number(v), false
		}
		return "", false
	}
	switch b[0] {
	case 0:
		return "", true
	case 1:
		return boolText(int(b[2])), false
	case 2:
		return errorText(int(b[2])), false
	}
	return "", false
}

// result reads the text that the last formula came to (MS-XLS 2.4.268).
func (r *reader) result() {
	if r.awaits < 0 {
		return
	}
	short := r.rs.id == idString2
	r.sheet.Cells[r.awaits].Value = r.string(r.body.begin(), short)
	r.awaits = -1
}

// sharedFormula keeps the tokens of an array formula or shared formula under its first cell (MS-XLS 2.4.4, 2.4.260).
func (r *reader) sharedFormula() {
	id := r.rs.id
	c := &cursor{b: append([]byte(nil), r.whole()...)}
	at := shared{row: c.u16()}
	c.u16()
	at.col = c.u8()
	c.u8()
	cce := 0
	switch {
	case id == idShrFmla:
		c.take(2)
		cce = c.u16()
	case id == idArray2:
		c.take(1)
		cce = c.u8()
	case r.gen >= 5:
		c.take(6)
		cce = c.u16()
	default:
		c.take(2)
		cce = c.u16()
	}
	if r.o.Formulas -= len(c.b); r.o.Formulas < 0 {
		r.res.problem(r.macro(), r.sheet.Name, "more bytes of formulas than the limit")
		return
	}
	f := formula{rgce: c.take(min(cce, len(c.b)))}
	f.rgcb = c.b
	r.keepShared(at, f)
}

// keepShared keeps a formula under the first cell of its range, and under the formula before it: some writers point there.
func (r *reader) keepShared(at shared, f formula) {
	r.shared[at] = f
	if _, ok := r.shared[r.last]; !ok {
		r.shared[r.last] = f
	}
}
