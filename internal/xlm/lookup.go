package xlm

import "strings"

// lookUp is what works with references, conditions and formulas.
func (m *machine) lookUp(n *node, at addr) (value, bool) {
	arg := func(i int) *node {
		if i < len(n.args) {
			return n.args[i]
		}
		return &node{op: opMissing}
	}
	switch n.text {
	case "IFERROR", "IFNA":
		if v := m.scalar(arg(0), at); v.kind != failure {
			return v, true
		}
		return m.eval(arg(1), at), true
	case "CHOOSE":
		return m.choose(n, at), true
	case "INDEX":
		return m.index(m.eval(arg(0), at), m.scalar(arg(1), at), m.scalar(arg(2), at), len(n.args) < 3), true
	case "OFFSET":
		return m.offset(n, at), true
	case "INDIRECT", "TEXTREF":
		return m.indirect(m.scalar(arg(0), at), m.scalar(arg(1), at), n.text == "INDIRECT" && len(n.args) < 2, at), true
	case "EVALUATE":
		return m.evaluate(n, at), true
	case "DEREF", "TRANSPOSE":
		return m.wide(arg(0), at), true
	case "ROW", "COLUMN", "ROWS", "COLUMNS":
		return m.position(n, at), true
	case "ADDRESS":
		return address(m.args(n.args, at)), true
	case "REFTEXT":
		return m.refText(m.eval(arg(0), at), m.scalar(arg(1), at)), true
	case "ACTIVE.CELL", "SELECTION":
		if m.active != nil {
			return ref(*m.active), true
		}
		return value{}, true
	case "GET.FORMULA":
		return m.cellFormula(arg(0), at), true
	case "GET.CELL":
		return m.getCell(m.scalar(arg(0), at), arg(1), at), true
	case "MATCH":
		return m.match1(n, at), true
	}
	return m.is(n, at)
}

// is answers questions about a value's kind.
func (m *machine) is(n *node, at addr) (value, bool) {
	if !strings.HasPrefix(n.text, "IS") || len(n.args) != 1 {
		return value{}, false
	}
	if n.text == "ISREF" {
		return truth(m.eval(n.args[0], at).kind == reference), true
	}
	v := m.scalar(n.args[0], at)
	if v.kind == unknown {
		return v, true
	}
	switch n.text {
	case "ISNUMBER":
		return truth(v.kind == number), true
	case "ISTEXT":
		return truth(v.kind == text), true
	case "ISNONTEXT":
		return truth(v.kind != text), true
	case "ISBLANK":
		return truth(v.kind == empty), true
	case "ISLOGICAL":
		return truth(v.kind == boolean), true
	case "ISERROR":
		return truth(v.kind == failure), true
	case "ISERR":
		return truth(v.kind == failure && v.str != "#N/A"), true
	case "ISNA":
		return truth(v.kind == failure && v.str == "#N/A"), true
	case "ISODD", "ISEVEN":
		i, ok := v.int()
		if !ok {
			return errValue, true
		}
		return truth(i&1 == 1 == (n.text == "ISODD")), true
	}
	return value{}, false
}

// choose is CHOOSE(number, values …). Where the number is not known each value is worked out for what it does.
func (m *machine) choose(n *node, at addr) value {
	if len(n.args) < 2 {
		return errValue
	}
	i, ok := m.scalar(n.args[0], at).int()
	if !ok { // any of them
		for _, a := range n.args[1:] {
			m.eval(a, at)
		}
		return value{}
	}
	if i < 1 || i >= len(n.args) {
		return errValue
	}
	return m.eval(n.args[i], at)
}

// index is INDEX(array or reference, row, column); with one number it counts along the only row or column.
func (m *machine) index(v, r, c value, oneNumber bool) value {
	row, ok1 := r.int()
	col, ok2 := c.int()
	if !ok1 || !ok2 || row < 0 || col < 0 {
		return value{}
	}
	rows, cols := 1, 1
	switch v.kind {
	case reference:
		rows, cols = v.area.rows(), v.area.cols()
	case array:
		cols = max(v.cols, 1)
		rows = len(v.elems) / cols
	}
	if oneNumber && rows == 1 {
		row, col = 1, row
	}
	row, col = max(row, 1)-1, max(col, 1)-1
	switch {
	case row >= rows || col >= cols:
		return errRef
	case v.kind == reference:
		a := v.area
		return ref(addr{a.sheet, a.row + row, a.col + col}.area())
	case v.kind == array:
		return element(v, row, col)
	}
	return v
}

// offset is OFFSET(reference, rows, columns, height, width).
func (m *machine) offset(n *node, at addr) value {
	if len(n.args) < 3 {
		return errValue
	}
	v := m.eval(n.args[0], at)
	rows, ok1 := m.scalar(n.args[1], at).int()
	cols, ok2 := m.scalar(n.args[2], at).int()
	if v.kind != reference || !ok1 || !ok2 {
		return value{}
	}
	a := v.area.moved(rows, cols)
	for i, size := range [...]*int{&a.row2, &a.col2} {
		if len(n.args) <= 3+i || n.args[3+i].op == opMissing {
			continue
		}
		k, ok := m.scalar(n.args[3+i], at).int()
		if !ok {
			return value{}
		}
		*size = [...]int{a.row, a.col}[i] + k - 1
	}
	return ref(a)
}

// indirect is INDIRECT and TEXTREF: a text that spells a reference, in A1 notation unless told otherwise.
func (m *machine) indirect(v, style value, a1 bool, at addr) value {
	s, ok := v.text()
	if !ok {
		return value{}
	}
	if !a1 {
		a1, _ = style.bool()
	}
	f := parse(s, base{row: at.row, col: at.col, r1c1: !a1})
	if f.bad || f.root.op != opArea && f.root.op != opName && f.root.op != opRange {
		return errRef
	}
	return m.eval(f.root, at)
}

// evaluate is EVALUATE(text): the text as a formula.
func (m *machine) evaluate(n *node, at addr) value {
	if len(n.args) == 0 {
		return errValue
	}
	v := m.scalar(n.args[0], at)
	m.j.built(m, n, v, area{}, false, at)
	s, ok := v.text()
	if !ok || !m.deeper() {
		return value{}
	}
	defer func() { m.depth-- }()
	m.spend(len(s) / 16)
	return m.eval(m.b.parse(s, base{}).root, at)
}

// position is where a reference lies, or how large it is; without one it is the formula's own place.
func (m *machine) position(n *node, at addr) value {
	a := at.area()
	if len(n.args) > 0 {
		v := m.eval(n.args[0], at)
		if v.kind != reference {
			return value{}
		}
		a = v.area
	}
	return num(float64(map[string]int{"ROW": a.row + 1, "COLUMN": a.col + 1, "ROWS": a.rows(), "COLUMNS": a.cols()}[n.text]))
}

// address is ADDRESS(row, column, kind, a1, sheet).
func address(a []value) value {
	if len(a) < 2 {
		return errValue
	}
	row, ok1 := a[0].int()
	col, ok2 := a[1].int()
	at := addr{row: row - 1, col: col - 1}.area()
	if !ok1 || !ok2 || !at.valid() {
		return errValue
	}
	dollar, s := "$", ""
	if len(a) > 2 && a[2].kind == number && a[2].num == 4 {
		dollar = ""
	}
	if len(a) > 4 && a[4].kind == text {
		s = sheetPrefix(a[4].str)
	}
	if b, known := true, true; len(a) > 3 && a[3].kind != empty {
		if b, known = a[3].bool(); known && !b {
			return str(s + at.r1c1())
		}
	}
	return str(s + at.a1(dollar))
}

// refText is REFTEXT(reference, a1): a reference spelled with its sheet.
func (m *machine) refText(v, style value) value {
	if v.kind != reference || v.area.sheet == noSheet {
		return value{}
	}
	s := sheetPrefix(m.b.w.Sheets[v.area.sheet].Name)
	if a1, _ := style.bool(); a1 {
		return str(s + v.area.a1("$"))
	}
	return str(s + v.area.r1c1())
}

// cellFormula is a cell's content as a text.
func (m *machine) cellFormula(n *node, at addr) value {
	v := m.eval(n, at)
	if v.kind != reference {
		return value{}
	}
	c := m.current(v.area.first())
	if c == nil {
		return str("")
	}
	if c.source != "" {
		return str("=" + c.source)
	}
	return c.v
}

// getCell is GET.CELL(type, reference): content where it asks for that, and nothing known about formats and sizes.
func (m *machine) getCell(kind value, n *node, at addr) value {
	switch k, _ := kind.int(); k {
	case 5:
		return m.scalar(n, at)
	case 6, 41:
		return m.cellFormula(n, at)
	}
	return value{}
}

// match1 is MATCH for an exact value.
func (m *machine) match1(n *node, at addr) value {
	if len(n.args) < 2 {
		return errValue
	}
	want, list := m.scalar(n.args[0], at), m.wide(n.args[1], at)
	if want.kind == unknown || list.kind != array {
		return value{}
	}
	for i, v := range list.elems {
		if v.kind == want.kind && compare('=', v, want).num != 0 {
			return num(float64(i + 1))
		}
	}
	return errNA
}
