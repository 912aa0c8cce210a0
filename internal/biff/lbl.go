package biff

import (
	"strings"

	"sekisho/internal/xlm"
)

// lbl reads a defined name (MS-XLS 2.4.150 Lbl; BIFF2 to BIFF4 have less of it).
func (b *book) lbl() {
	c := &cursor{b: append([]byte(nil), b.whole()...)}
	n := name{Name: xlm.Name{Sheet: -1}}
	if b.o.Names -= len(c.b) + 64; b.o.Names < 0 || len(b.defined) >= manyMost {
		b.res.problem(true, "Lbl", "more names than the limit")
		return
	}
	if b.gen == 2 {
		b.lbl2(c, &n)
	} else {
		b.lblFull(c, &n)
	}
	if c.bad {
		b.res.problem(false, "Lbl", "name %q: record ends early", n.Name.Name)
	}
	n.rgcb = c.b
	if n.Builtin || len(n.Name.Name) == 1 { // a character that is no name by itself
		n.Name.Name = builtin(n.Name.Name)
	}
	b.define(n)
}

// Flags of a name (MS-XLS 2.4.150, MS-XLSB 2.4.711).
const fHidden, fFunc, fOB, fProc, fBuiltin = 0x01, 0x02, 0x04, 0x08, 0x20

// nameFlags takes the flags that all generations share.
func (b *book) nameFlags(n *name, flags int) {
	n.Hidden, n.Macro, n.Builtin = flags&fHidden != 0, flags&(fFunc|fOB|fProc) != 0, flags&fBuiltin != 0
	n.vba = flags&fOB != 0
}

// define adds a name. One that starts by itself, or a macro's that is not of VBA, makes the workbook one with macros; names that begin with _xl stand
// for functions newer than the format.
func (b *book) define(n name) {
	b.defined = append(b.defined, n)
	b.names = append(b.names, n.Name.Name)
	b.named = b.named || xlm.Entry(n.Name.Name) != "" || n.Macro && !n.vba && !strings.HasPrefix(n.Name.Name, "_xl")
}

// lblFull reads the name of BIFF3 and later. The lengths of menu, description, help and status texts are passed over: those stand behind.
func (b *book) lblFull(c *cursor, n *name) {
	flags := c.u16()
	b.nameFlags(n, flags)
	c.u8() // chKey
	cch, cce := c.u8(), c.u16()
	if b.gen >= 5 {
		c.u16()
		if tab := c.u16(); tab > 0 {
			n.Sheet = tab - 1
		}
		c.u32()
	}
	if b.gen >= 8 {
		n.Name.Name = c.chars(cch, c.u8()&1 != 0)
	} else {
		n.Name.Name = b.bytes(c.take(cch))
	}
	n.rgce = c.take(min(cce, len(c.b)))
}

// lbl2 reads the name of BIFF2.
func (b *book) lbl2(c *cursor, n *name) {
	flags := c.u16() // the first byte's second bit says that it is a function or command
	b.nameFlags(n, flags&fFunc)
	c.u8()
	cch, cce := c.u8(), c.u8()
	n.Name.Name = b.bytes(c.take(cch))
	n.rgce = c.take(min(cce, len(c.b)))
}

// whole returns the body with all that continues it. It is valid until the next record where nothing does.
func (b *book) whole() []byte {
	out := b.rs.body()
	if b.rs.peekID() != idContinue {
		return out
	}
	out = append([]byte(nil), out...)
	for len(out) < formulaMost && b.rs.peekID() == idContinue && b.rs.next() {
		out = append(out, b.rs.body()...)
	}
	return out
}

// formulaMost bounds the tokens of one formula, and a record that is put together from continued ones.
const formulaMost = 64 << 10

// decodeNames turns the names' tokens into text.
func (b *book) decodeNames(w *xlm.Workbook) {
	for i := range w.Names {
		n, d := &w.Names[i], &b.defined[i]
		if n.Sheet >= len(b.bound) {
			n.Sheet = -1
		}
		n.Formula, _ = b.formula(formula{rgce: d.rgce, rgcb: d.rgcb, row: -1, in: n.Name, grave: xlm.Entry(n.Name) != ""})
	}
}

// formula decodes a formula inside the limit of all formulas.
func (b *book) formula(f formula) (string, *shared) {
	if b.o.Formulas -= len(f.rgce) + formulaCost; b.o.Formulas < 0 {
		b.res.problem(f.grave, f.where(), "more bytes of formulas than the limit")
		return "", nil
	}
	text, exp, why := b.decode(f)
	b.o.Formulas -= len(text)
	if why != "" {
		b.res.problem(f.grave, f.where(), "formula: %s", why)
	}
	return text, exp
}

// formulaCost is what an empty formula counts for.
const formulaCost = 16
