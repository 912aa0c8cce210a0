package biff

import (
	"fmt"
	"strconv"
	"strings"
)

// formula is one formula to be decoded: its tokens, what stands behind them, and the cell it is seen from.
type formula struct {
	rgce, rgcb []byte
	row, col   int
	in         string // the sheet, or the name that it belongs to
	grave      bool   // it belongs to a macro sheet, or to a name that starts by itself
}

// where is the formula's place, for people.
func (f *formula) where() string {
	if f.row < 0 {
		return f.in
	}
	return quoteSheet(f.in) + "!" + cellRef{place{f.row, true}, place{f.col, true}}.String()
}

// shared is the array or shared formula that a PtgExp points to.
type shared struct{ row, col int }

// decoder walks the tokens of one formula (MS-XLS 2.5.198.104 Rgce, MS-XLSB 2.5.97).
type decoder struct {
	*env
	f     formula
	c     cursor // tokens
	extra cursor // rgcb
	exp   *shared
	why   string // what could not be decoded
}

// decode returns a formula as text. exp is set where the formula stands elsewhere. why says what could not be decoded: the text is
// then what was put together by that time.
func (e *env) decode(f formula) (text string, exp *shared, why string) {
	d := &decoder{env: e, f: f, c: cursor{b: f.rgce}, extra: cursor{b: f.rgcb}}
	e.tree.reset()
	for len(d.c.b) > 0 && d.why == "" && d.exp == nil {
		d.token(d.c.u8())
		if d.c.bad {
			d.fail("tokens end early")
		}
	}
	if d.exp != nil {
		return "", d.exp, d.why
	}
	text, cut := e.tree.text()
	switch {
	case cut:
		d.fail("text longer than %d bytes", textMost)
	case e.tree.short:
		d.fail("a token lacks operands")
	case len(e.tree.stack) != 1 && len(f.rgce) > 0:
		d.fail("%d operands where there should be one", len(e.tree.stack))
	}
	return text, nil, d.why
}

// fail ends the decoding and says why; the first reason stays.
func (d *decoder) fail(format string, args ...any) {
	if d.why == "" {
		d.why = fmt.Sprintf(format, args...)
	}
}

// found pushes what a reference to something by number came to; a number that leads nowhere reads as Excel shows it.
func (d *decoder) found(s string, ok bool) {
	if !ok && s == "" {
		s = "#REF!"
	}
	d.tree.push(s)
}

// token decodes one token. Tokens from 0x20 on come in three classes of operands, which do not matter here (MS-XLS 2.5.198.25).
func (d *decoder) token(id int) {
	switch {
	case id >= 0x80:
		d.fail("token %#02x", id)
	case id >= 0x40:
		d.classed(id&0x1F | 0x20)
	case id >= 0x20:
		d.classed(id)
	case id >= 0x03 && id <= 0x15:
		d.operator(id)
	default:
		d.basic(id)
	}
}

// infixes are the binary operators from PtgAdd to PtgRange.
var infixes = [...]struct {
	text string
	bind uint8
}{
	{"+", bindAdd}, {"-", bindAdd}, {"*", bindMultiply}, {"/", bindMultiply}, {"^", bindPower}, {"&", bindConcat}, {"<", bindCompare},
	{"<=", bindCompare}, {"=", bindCompare}, {">=", bindCompare}, {">", bindCompare}, {"<>", bindCompare}, {" ", bindIntersect},
	{",", bindUnion}, {":", bindRange},
}

// operator decodes the operators, and the parentheses that were typed (PtgAdd to PtgParen).
func (d *decoder) operator(id int) {
	switch id {
	case 0x12:
		d.tree.join(prefix, bindSign, "+", 1)
	case 0x13:
		d.tree.join(prefix, bindSign, "-", 1)
	case 0x14:
		d.tree.join(postfix, bindPercent, "%", 1)
	case 0x15:
		d.tree.join(paren, bindAtom, "", 1)
	default:
		d.tree.join(infix, infixes[id-3].bind, infixes[id-3].text, 2)
	}
}

// basic decodes constants and what steers the evaluation.
func (d *decoder) basic(id int) {
	switch id {
	case 0x01, 0x02: // PtgExp, PtgTbl
		d.elsewhere(id)
	case 0x16: // PtgMissArg
		d.tree.push("")
	case 0x17:
		d.tree.push(quoteText(d.text()))
	case 0x18:
		d.extended()
	case 0x19:
		d.attribute()
	case 0x1A, 0x1B: // tSheet, tEndSheet of BIFF3 and BIFF4: only the position of a sheet's name
		d.c.take(d.sheetToken(id))
	case 0x1C:
		d.tree.push(errorText(d.c.u8()))
	case 0x1D:
		d.tree.push(boolText(d.c.u8()))
	case 0x1E:
		d.tree.push(strconv.Itoa(d.c.u16()))
	case 0x1F:
		d.tree.push(number(d.c.f64()))
	default:
		d.fail("token %#02x", id)
	}
}

// sheetToken is the length of the tokens that say between which sheets of a BIFF3 or BIFF4 workspace a reference is.
func (d *decoder) sheetToken(id int) int {
	switch {
	case d.gen >= 5:
		d.fail("token %#02x", id)
		return 0
	case id == 0x1A && d.gen == 2:
		return 7
	case id == 0x1A:
		return 10
	case d.gen == 2:
		return 3
	}
	return 4
}

// elsewhere notes where an array formula, shared formula or data table begins (MS-XLS 2.5.198.58, MS-XLSB 2.5.97).
func (d *decoder) elsewhere(id int) {
	row, col := 0, 0
	switch {
	case d.gen >= 12:
		row = int(d.c.u32())
		col = int(d.extra.u32()) // PtgExtraCol
	case d.gen == 2:
		row, col = d.c.u16(), d.c.u8()
	default:
		row, col = d.c.u16(), d.c.u16()
	}
	if id == 0x02 {
		d.tree.push("TABLE()")
		return
	}
	d.exp = &shared{row, col}
}

// text is the text of a PtgStr: ShortXLUnicodeString, XLWideString with a short length, or bytes of the code page.
func (d *decoder) text() string {
	switch {
	case d.gen >= 12:
		return d.c.chars(d.c.u16(), true)
	case d.gen >= 8:
		n := d.c.u8()
		return d.c.chars(n, d.c.u8()&1 != 0)
	}
	return d.bytes(d.c.take(d.c.u8()))
}

// quoteText writes a string constant as formulas have them.
func quoteText(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// attribute decodes PtgAttr*: jumps and spaces say nothing about the formula (MS-XLS 2.5.198.33 ff.).
func (d *decoder) attribute() {
	const choose, sum = 0x04, 0x10
	kind, n, size := d.c.u8(), 0, 2
	if d.gen == 2 {
		n, size = d.c.u8(), 1
	} else {
		n = d.c.u16()
	}
	switch {
	case kind&choose != 0:
		d.c.take((n + 1) * size)
	case kind&sum != 0:
		d.tree.join(call, bindAtom, "SUM", 1)
	}
}

// extended decodes the tokens of two bytes (MS-XLS 2.5.198): natural language references, fields of pivot tables, tables.
func (d *decoder) extended() {
	switch kind := d.c.u8(); kind {
	case 0x19: // PtgList (MS-XLSB 2.5.97)
		d.c.take(12)
		d.tree.push("#REF!")
	default:
		d.c.take(4)
		d.tree.push("#NAME?")
	}
}

// classed decodes operands and functions.
func (d *decoder) classed(id int) {
	switch id {
	case 0x20:
		d.array()
	case 0x21, 0x22, 0x38:
		d.call(id)
	case 0x23:
		d.name()
	case 0x24, 0x2C:
		r := d.c.ref(d.gen)
		d.tree.push(d.seen(r, id == 0x2C).String())
	case 0x25, 0x2D:
		a, b := d.c.areaRef(d.gen)
		d.tree.push(area(d.seen(a, id == 0x2D), d.seen(b, id == 0x2D), d.gen))
	case 0x26, 0x27, 0x28, 0x29, 0x2E, 0x2F:
		d.memory(id)
	case 0x2A:
		d.c.take(d.refSize())
		d.tree.push("#REF!")
	case 0x2B:
		d.c.take(d.areaSize())
		d.tree.push("#REF!")
	case 0x39:
		d.nameX()
	case 0x3A, 0x3B, 0x3C, 0x3D:
		d.threeD(id)
	default:
		d.fail("token %#02x", id)
	}
}

// seen makes the offsets of PtgRefN and PtgAreaN places. Names are seen from A1.
func (d *decoder) seen(r cellRef, offset bool) cellRef {
	if offset {
		return r.from(d.f.row, d.f.col, d.gen)
	}
	return r
}

// refSize is the length of a reference to a cell.
func (d *decoder) refSize() int {
	switch {
	case d.gen >= 12:
		return 6
	case d.gen >= 8:
		return 4
	}
	return 3
}

// areaSize is the length of a reference to a range.
func (d *decoder) areaSize() int { return 2 * d.refSize() }

// memory skips what is kept of an expression's last result; the expression itself follows (MS-XLS 2.5.198.70 ff.).
func (d *decoder) memory(id int) {
	size := 2
	if d.gen == 2 {
		size = 1
	}
	switch id {
	case 0x26, 0x27, 0x28:
		d.c.take(4 - (2 - size))
	}
	d.c.take(size)
	if id == 0x26 {
		d.skipAreas()
	}
}

// skipAreas skips the PtgExtraMem of a PtgMemArea (MS-XLS 2.5.198.61).
func (d *decoder) skipAreas() {
	switch {
	case d.gen >= 12:
		n := d.extra.u32()
		d.extra.take(int(min(int64(n)*16, int64(len(d.extra.b)))))
	case d.gen >= 8:
		d.extra.take(min(8*d.extra.u16(), len(d.extra.b)))
	default:
		d.extra.take(min(6*d.extra.u16(), len(d.extra.b)))
	}
}

// call decodes PtgFunc, PtgFuncVar and the tFuncCE of the first generations (MS-XLS 2.5.198.62, .63).
func (d *decoder) call(id int) {
	args, n, cmd := -1, 0, id == 0x38
	if id != 0x21 {
		args = d.c.u8() & 0x7F
	}
	if d.gen <= 3 {
		n = d.c.u8()
	} else {
		n = d.c.u16()
	}
	if id == 0x22 && d.gen > 3 {
		cmd = n&0x8000 != 0
		n &= 0x7FFF
	}
	switch {
	case cmd:
		d.callCommand(n, args)
	case n == userFunction:
		d.tree.callNamed(max(args, 0))
	default:
		d.callFunction(n, args)
	}
}

// callFunction puts a function of the Ftab over its operands; args is negative where the function's own number counts.
func (d *decoder) callFunction(n, args int) {
	name, fixed, ok := function(n)
	if args < 0 {
		args = fixed
	}
	if !ok {
		d.fail("function %#x", n)
		return
	}
	d.tree.join(call, bindAtom, name, args)
}

// callCommand puts a command of the Cetab over its operands (fCeFunc).
func (d *decoder) callCommand(n, args int) {
	name, ok := command(n)
	if !ok {
		d.fail("command %#x", n)
		return
	}
	d.tree.join(call, bindAtom, name, max(args, 0))
}
