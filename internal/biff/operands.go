package biff

import "strings"

// name decodes PtgName (MS-XLS 2.5.198.76).
func (d *decoder) name() {
	n := 0
	switch {
	case d.gen >= 8:
		n = int(d.c.u32())
	default:
		n = d.c.u16()
		d.c.take([...]int{2: 5, 3: 8, 4: 8, 5: 12}[d.gen])
	}
	d.found(d.env.name(n))
}

// nameX decodes PtgNameX (MS-XLS 2.5.198.77).
func (d *decoder) nameX() {
	if d.gen >= 8 {
		x, ok := d.env.xti(d.c.u16())
		n := int(d.c.u32())
		if !ok {
			x.book = -1
		}
		d.found(d.nameOf(x, n))
		return
	}
	x := d.oldExtern(false)
	n := d.c.u16()
	d.c.take(12)
	d.found(d.nameOf(x, n))
}

// threeD decodes references to other sheets (MS-XLS 2.5.198.85, .28).
func (d *decoder) threeD(id int) {
	var x xti
	ok := true
	if d.gen >= 8 {
		x, ok = d.env.xti(d.c.u16())
	} else {
		x = d.oldExtern(true)
	}
	text := "#REF!"
	switch id {
	case 0x3A:
		text = d.c.ref(d.gen).String()
	case 0x3B:
		a, b := d.c.areaRef(d.gen)
		text = area(a, b, d.gen)
	case 0x3C:
		d.c.take(d.refSize())
	case 0x3D:
		d.c.take(d.areaSize())
	}
	where, found := d.where(x)
	if !ok || !found {
		where, text = "", "#REF!"
	}
	d.tree.push(where + text)
}

// oldExtern reads the sheets of a BIFF5 reference: a negative number means this workbook, others count its external sheets.
func (d *decoder) oldExtern(tabs bool) xti {
	n := int(int16(d.c.u16()))
	d.c.take(8)
	x := xti{book: n, first: -2, last: -2}
	if tabs {
		x.first, x.last = int(int16(d.c.u16())), int(int16(d.c.u16()))
	}
	if n < 0 {
		x.book = 0 // itself stands first in the list of books
	}
	if n > 0 && x.book < len(d.books) { // an external sheet is one sheet, or a book that has but one
		switch b := &d.books[x.book]; {
		case len(b.sheets) > 0:
			x.first, x.last = 0, 0
		case b.kind == bookExternal:
			x.first, x.last = -2, -2
		}
	}
	return x
}

// array decodes an array constant, whose values stand behind the tokens (MS-XLS 2.5.198.32 PtgArray, .59 PtgExtraArray).
func (d *decoder) array() {
	d.c.take([...]int{2: 6, 3: 7, 4: 7, 5: 7, 8: 7, 12: 14}[d.gen])
	x := &d.extra
	cols, rows := 0, 0
	switch {
	case d.gen >= 12:
		rows, cols = int(x.u32()), int(x.u32())
	case d.gen >= 8:
		cols = x.u8() + 1
		rows = x.u16() + 1
	default:
		cols, rows = x.u8(), x.u16()
		if cols == 0 {
			cols = 256
		}
	}
	if rows == 0 || cols == 0 {
		x.bad = true
	}
	var b strings.Builder
	for i := 0; i < rows && !x.bad; i++ { // every item takes a byte
		for j := 0; j < cols && !x.bad; j++ {
			switch {
			case j > 0:
				b.WriteByte(',')
			case i > 0:
				b.WriteByte(';')
			}
			b.WriteString(d.item())
		}
	}
	if x.bad {
		d.fail("an array's values end early")
	}
	d.tree.push("{" + b.String() + "}")
}

// item decodes a value of an array constant (MS-XLS 2.5.198.112 SerAr; MS-XLSB 2.5.97).
func (d *decoder) item() string {
	kind := d.extra.u8()
	if d.gen >= 12 {
		return d.item12(kind)
	}
	switch kind {
	case 0x00:
		d.extra.take(8)
		return ""
	case 0x01:
		return number(d.extra.f64())
	case 0x02:
		return quoteText(d.itemText())
	}
	v := d.extra.u8()
	d.extra.take(7)
	switch kind {
	case 0x04:
		return boolText(v)
	case 0x10:
		return errorText(v)
	}
	d.extra.bad = true
	return ""
}

// item12 decodes one of BIFF12, whose kinds have other numbers.
func (d *decoder) item12(kind int) string {
	switch kind {
	case 0x00:
		return number(d.extra.f64())
	case 0x01:
		return quoteText(d.extra.chars(d.extra.u16(), true))
	case 0x02:
		return boolText(d.extra.u8())
	case 0x04:
		v := d.extra.u8()
		d.extra.take(3)
		return errorText(v)
	}
	d.extra.bad = true
	return ""
}

// itemText is a text in an array constant.
func (d *decoder) itemText() string {
	if d.gen >= 8 {
		n := d.extra.u16()
		return d.extra.chars(n, d.extra.u8()&1 != 0)
	}
	return d.bytes(d.extra.take(d.extra.u8()))
}
