package xlm

import "strings"

const (
	writesMax = 1 << 14 // cells and names that macros write; the longest loaders seen write some thousand
	fillMax   = 1 << 10 // cells that one command fills
)

// write is what puts formulas and values into cells.
func (m *machine) write(n *node, at addr) (value, bool) {
	switch n.text {
	case "FORMULA", "FORMULA.ARRAY":
		m.enterFormula(n, at, 1)
	case "FORMULA.FILL":
		m.enterFormula(n, at, fillMax)
	case "SET.VALUE":
		m.setValue(n, at)
	case "COPY", "CUT":
		m.copyCells(n, at)
	case "DEFINE.NAME":
		m.defineName(n, at)
	case "SELECT", "FORMULA.GOTO":
		m.selectCell(n, at)
	default:
		return value{}, false
	}
	return truth(true), true
}

// selectCell is SELECT(reference or text). A relative text is meant from the selection.
func (m *machine) selectCell(n *node, at addr) {
	if len(n.args) == 0 {
		return
	}
	v := m.eval(n.args[0], at)
	s, isText := v.text()
	from := m.active
	m.active = nil
	switch {
	case v.kind == reference:
		m.active = &v.area
	case !isText:
	case from != nil:
		at = from.first()
		fallthrough
	case !strings.Contains(s, "["):
		if a, ok := m.spelled(s, at); ok {
			m.active = &a
		}
	}
}

// enterFormula is FORMULA(text, reference) and its kin: the text goes into the first cells of the reference, or of the selection.
// References in the text are in R1C1 notation.
func (m *machine) enterFormula(n *node, at addr, most int) {
	if len(n.args) == 0 {
		return
	}
	v := m.scalar(n.args[0], at)
	var to area
	ok := false
	if len(n.args) > 1 && n.args[1].op != opMissing {
		to, ok = m.target(n.args[1], at)
	} else if m.active != nil {
		to, ok = *m.active, true
	}
	m.j.built(m, n, v, to, ok, at)
	if !ok || m.folding || m.f == nil || to.sheet == noSheet {
		return
	}
	for i := range min(most, to.rows()*to.cols()) {
		cell1 := addr{to.sheet, to.row + i/to.cols(), to.col + i%to.cols()}
		if !m.put(cell1, entered(v, cell1), at) {
			return
		}
	}
}

// entered is the cell that a typed text makes: a formula behind "=", else a constant.
func entered(v value, to addr) *cell {
	s, ok := v.text()
	if !ok || v.kind != text || !strings.HasPrefix(s, "=") || len(s) == 1 {
		if v.kind == text {
			v = constant(s)
		}
		return &cell{v: v}
	}
	return &cell{source: s[1:], at: base{row: to.row, col: to.col, r1c1: true}}
}

// put writes a cell on this way, and says whether another one may be written.
func (m *machine) put(at addr, c *cell, by addr) bool {
	if m.writes++; m.writes > writesMax || !at.area().valid() || !m.keep(c.v) || !m.spend(8+len(c.source)/16) {
		m.cut = true
		return false
	}
	m.version++
	c.by = m.b.where(by)
	if c.source != "" {
		m.b.note(at)
	}
	m.mem.cells[at] = c
	return true
}

// setValue is SET.VALUE(reference, values): formulas stay what they are, their values change.
func (m *machine) setValue(n *node, at addr) {
	if len(n.args) == 0 {
		return
	}
	to, ok := m.target(n.args[0], at)
	v := value{kind: empty}
	if len(n.args) > 1 {
		v = m.wide(n.args[1], at)
	}
	if !ok || m.folding || m.f == nil || to.sheet == noSheet {
		return
	}
	for i := range min(fillMax, to.rows()*to.cols()) {
		cell1 := addr{to.sheet, to.row + i/to.cols(), to.col + i%to.cols()}
		if !m.assignCell(cell1, element(v, i/to.cols(), i%to.cols()), at) {
			return
		}
	}
}

// element is one of an array's values; a single value is every element.
func element(v value, row, col int) value {
	if v.kind != array {
		return v
	}
	cols := max(v.cols, 1)
	rows := len(v.elems) / cols
	if rows == 1 {
		row = 0
	}
	if cols == 1 {
		col = 0
	}
	if i := row*cols + col; col < cols && i < len(v.elems) {
		return v.elems[i]
	}
	return errNA
}

// assignCell gives a cell a value. A formula that stands there stays, and has run.
func (m *machine) assignCell(to addr, v value, by addr) bool {
	c := &cell{v: v}
	if old := m.current(to); old != nil && old.source != "" {
		c.source, c.f, c.at = old.source, old.f, old.at
		if m.writes++; m.writes > writesMax || !m.keep(v) || !m.spend(8) {
			m.cut = true
			return false
		}
		m.version++
		m.mem.cells[to] = c
		m.ran[placeOf(to)] = true
		return true
	}
	return m.put(to, c, by)
}

// copyCells is COPY(from, to), formulas included.
func (m *machine) copyCells(n *node, at addr) {
	if len(n.args) < 2 {
		m.args(n.args, at)
		return
	}
	src, ok1 := m.target(n.args[0], at)
	dst, ok2 := m.target(n.args[1], at)
	if !ok1 || !ok2 || m.folding || m.f == nil || src.sheet == noSheet || dst.sheet == noSheet {
		return
	}
	for i := range min(fillMax, src.rows()*src.cols()) {
		row, col := i/src.cols(), i%src.cols()
		c := m.current(addr{src.sheet, src.row + row, src.col + col})
		if c == nil {
			c = &cell{v: value{kind: empty}}
		}
		if !m.put(addr{dst.sheet, dst.row + row, dst.col + col}, &cell{source: c.source, at: c.at, v: c.v}, at) {
			return
		}
	}
}

// defineName is DEFINE.NAME(name, refers to).
func (m *machine) defineName(n *node, at addr) {
	if len(n.args) < 2 {
		return
	}
	name, ok := m.scalar(n.args[0], at).text()
	v := m.eval(n.args[1], at)
	if s, isText := v.text(); isText && v.kind == text && strings.HasPrefix(s, "=") {
		f := parse(s, base{row: at.row, col: at.col, r1c1: true})
		v = m.eval(f.root, at)
	}
	if ok && name != "" && m.f != nil && !m.folding {
		m.setVariable(name, v)
	}
}
