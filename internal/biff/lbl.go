package biff

import "sekisho/internal/xlm"

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
	b.defined = append(b.defined, n)
	b.names = append(b.names, n.Name.Name)
}

func (b *book) lblFull(c *cursor, n *name) {
	flags := c.u16()
	n.Hidden, n.Macro, n.Builtin = flags&1 != 0, flags&0x0A != 0, flags&0x20 != 0 // fFunc, fProc
	c.u8()                                                                        // chKey
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

func (b *book) lbl2(c *cursor, n *name) {
	flags := c.u16() // the first byte's second bit says that it is a function or command
	n.Macro = flags&0x0002 != 0
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
		n.Formula, _ = b.formula(formula{rgce: d.rgce, rgcb: d.rgcb, row: -1, in: n.Name, grave: startsAlone(n.Name)})
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
