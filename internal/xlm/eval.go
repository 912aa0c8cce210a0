package xlm

import "strings"

// spend takes n units of work, about a node of a formula each; false says that there is no more.
func (m *machine) spend(n int) bool {
	m.left -= n
	m.budget -= n
	if m.left < 0 || m.budget < 0 || m.left&1023 == 0 && m.ctx.Err() != nil {
		m.cut = true
		return false
	}
	return true
}

// depthMax bounds formulas that ask for cells that ask for cells, and macros that call macros. Each takes some hundred bytes of stack a
// node; Excel's own macros nest below 64.
const depthMax = 200

// deeper counts one level in; false says that it is too deep.
func (m *machine) deeper() bool {
	if m.depth >= depthMax {
		return false
	}
	m.depth++
	return true
}

// eval works a node out. at is the cell it stands in. A reference stays a reference.
func (m *machine) eval(n *node, at addr) value {
	if !m.spend(1) {
		return value{}
	}
	switch n.op {
	case opMissing:
		return value{kind: empty}
	case opNumber:
		return num(n.num)
	case opText:
		return str(n.text)
	case opBool:
		return truth(n.num != 0)
	case opError:
		return value{kind: failure, str: n.text}
	case opArray:
		return m.constantArray(n, at)
	case opArea:
		return m.reference(n, at)
	case opName:
		return m.variable(n, at)
	case opChain:
		return m.chain(n, at)
	case opNegate, opPercent:
		return m.unary(n, at)
	case opRange:
		a, b := m.eval(n.args[0], at), m.eval(n.args[1], at)
		if a.kind == reference && b.kind == reference && a.area.sheet == b.area.sheet {
			return ref(a.area.with(b.area))
		}
	case opUnion:
		return m.eval(n.args[0], at)
	case opCall:
		return m.call(n, at)
	case opRefCall:
		if v := m.eval(n.args[0], at); v.kind == reference {
			return m.macro(v.area.first(), n.args[1:], at)
		}
	}
	return value{}
}

// constantArray is {1,2;3,4}.
func (m *machine) constantArray(n *node, at addr) value {
	v := value{kind: array, cols: n.cols}
	for _, e := range n.args {
		v.elems = append(v.elems, m.eval(e, at))
	}
	return v
}

// reference is a place in a sheet of the workbook.
func (m *machine) reference(n *node, at addr) value {
	if n.sheet == "" { // a name may have the shape of a cell beyond the sheet of its time
		if _, ok := m.mem.name(nameKey(n.text)); ok && n.text != "" {
			return m.variable(n, at)
		}
		if _, ok := m.b.names[nameKey(n.text)]; ok && n.text != "" {
			return m.variable(n, at)
		}
	}
	a := n.area
	a.sheet = m.b.sheet(n.sheet, at.sheet)
	return ref(a)
}

// variable is the value of a name: what SET.NAME gave it, else its definition.
func (m *machine) variable(n *node, at addr) value {
	if v, ok := m.mem.name(nameKey(n.text)); ok {
		return v
	}
	d, ok := m.b.name(n.text, m.b.sheet(n.sheet, at.sheet))
	if !ok || d.Formula == "" || m.naming[d] || !m.deeper() { // a name that needs itself has no value
		return value{}
	}
	m.naming[d] = true
	defer func() { m.depth--; delete(m.naming, d) }()
	from := addr{sheet: max(d.Sheet, 0)}
	if d.Sheet < 0 {
		from.sheet = at.sheet
	}
	return m.eval(m.definition(d).root, from)
}

// definition is a name's formula, parsed.
func (m *machine) definition(d *Name) *formula {
	f := m.j.parsed[d]
	if f == nil {
		f = m.b.parse(d.Formula, base{})
		if m.b.nodes < nodesMax {
			m.b.nodes += f.nodes
			m.j.parsed[d] = f
		}
	}
	return f
}

// unary is a minus or a percent sign.
func (m *machine) unary(n *node, at addr) value {
	v := m.scalar(n.args[0], at)
	f, ok := v.number()
	switch {
	case v.kind == failure || v.kind == unknown:
		return v
	case !ok:
		return errValue
	case n.op == opPercent:
		return num(f / 100)
	}
	return num(-f)
}

// chain works out operators of one precedence.
func (m *machine) chain(n *node, at addr) value {
	if n.ops[0] == '&' {
		parts := make([]value, len(n.args))
		for i, a := range n.args {
			parts[i] = m.scalar(a, at)
		}
		if !m.room(parts) {
			return value{}
		}
		return join(parts)
	}
	v := m.scalar(n.args[0], at)
	for i, o := range n.ops {
		v = operate(o, v, m.scalar(n.args[i+1], at))
	}
	return v
}

// room pays for a text made of others.
func (m *machine) room(parts []value) bool {
	n := 0
	for i := range parts {
		n += len(parts[i].str)
	}
	return m.spend(n / 64)
}

// operate works out one operator; what is wrong or not known on either side is so in the result (ECMA-376-1 18.17.2.2).
func operate(o byte, a, b value) value {
	switch {
	case a.kind == failure:
		return a
	case b.kind == failure:
		return b
	case a.kind == unknown || b.kind == unknown:
		return value{}
	case isComparison(o):
		return compare(o, a, b)
	}
	x, ok1 := a.number()
	y, ok2 := b.number()
	if !ok1 || !ok2 {
		return errValue
	}
	switch o {
	case '+':
		return num(x + y)
	case '-':
		return num(x - y)
	case '*':
		return num(x * y)
	case '/':
		if y == 0 {
			return errDiv
		}
		return num(x / y)
	}
	return mathFunctions["POWER"].f([]value{num(x), num(y)})
}

// isComparison says whether an operator asks.
func isComparison(o byte) bool {
	switch o {
	case '=', '<', '>', opUnequal, opLessEqual, opGreaterEqual:
		return true
	}
	return false
}

// compare orders as Excel does: numbers before texts before conditions, texts without regard to case (ECMA-376-1 18.17.2.3).
func compare(o byte, a, b value) value {
	rank := map[kind]int{number: 1, text: 2, boolean: 3}
	if a.kind == empty {
		a = emptyAs(b)
	}
	if b.kind == empty {
		b = emptyAs(a)
	}
	c := rank[a.kind] - rank[b.kind]
	if c == 0 {
		c = int(sign(a.num - b.num))
		if a.kind == text {
			c = strings.Compare(strings.ToLower(a.str), strings.ToLower(b.str))
		}
	}
	switch o {
	case '=':
		return truth(c == 0)
	case opUnequal:
		return truth(c != 0)
	case '<':
		return truth(c < 0)
	case opLessEqual:
		return truth(c <= 0)
	case '>':
		return truth(c > 0)
	}
	return truth(c >= 0)
}

// emptyAs is what an empty cell is beside a value: an empty text, zero or FALSE.
func emptyAs(v value) value {
	if v.kind == text {
		return str("")
	}
	return value{kind: v.kind}
}

// scalar is one value: of a reference its first cell's, of an array its first element.
func (m *machine) scalar(n *node, at addr) value { return m.single(m.eval(n, at), at) }

// single is one value of what may be many.
func (m *machine) single(v value, at addr) value {
	if v.kind != reference {
		return first(v)
	}
	a := v.area
	switch { // implicit intersection with the formula's own row or column
	case a.single():
	case a.cols() == 1 && at.row >= a.row && at.row <= a.row2:
		a.row = at.row
	case a.rows() == 1 && at.col >= a.col && at.col <= a.col2:
		a.col = at.col
	}
	return m.at(a.first())
}

// areaMax bounds the cells that one argument may name; texts cut in pieces take some hundred.
const areaMax = 1 << 14

// wide is the value with every cell of a reference.
func (m *machine) wide(n *node, at addr) value {
	v := m.eval(n, at)
	if v.kind != reference {
		return v
	}
	if v.area.single() {
		return m.at(v.area.first())
	}
	return m.values(v.area)
}

// values are those of a rectangle, as many as one argument may have.
func (m *machine) values(a area) value {
	a.col2 = min(a.col2, a.col+255)
	a.row2 = min(a.row2, a.row+areaMax/a.cols()-1) // of whole columns what is likely to be filled
	if !m.spend(a.rows() * a.cols()) {
		return value{}
	}
	out := value{kind: array, cols: a.cols()}
	for r := a.row; r <= a.row2; r++ {
		for c := a.col; c <= a.col2; c++ {
			out.elems = append(out.elems, m.at(addr{a.sheet, r, c}))
		}
	}
	return out
}

// at is a cell's value: what a macro wrote there, what its formula gave when it ran, what was saved with it. Only where none is known, and when
// no macro runs, the formula is worked out for the one who asks.
func (m *machine) at(a addr) value {
	if !m.spend(1) || a.sheet == noSheet {
		return value{}
	}
	c := m.mem.cell(a)
	if c == nil {
		c = m.b.cell(a)
	}
	switch {
	case c == nil:
		return value{kind: empty}
	case c.source == "", m.ran[placeOf(a)] && c.v.kind != unknown:
		return c.v
	case !m.folding && c.v.kind != empty && c.v.kind != unknown:
		return c.v
	}
	return m.folded(a, c)
}

// folded works a cell's formula out once without running what it calls.
func (m *machine) folded(a addr, c *cell) value {
	if c.folded && c.foldedAt == m.version {
		return c.fold
	}
	if c.busy || !m.deeper() {
		return c.v
	}
	defer func(was, sheet bool, at addr) {
		m.folding, m.inert, m.j.at, m.depth, c.busy = was, sheet, at, m.depth-1, false
	}(m.folding, m.inert, m.j.at)
	m.folding, m.inert, m.j.at, c.busy = true, m.inert || !m.b.macroSheet(a.sheet), a, true
	v := m.single(m.eval(m.b.formula(c).root, a), a)
	if v.kind == unknown && v.str == "" && c.v.kind != empty {
		v = c.v
	}
	if m.left >= 0 && m.budget >= 0 && m.keep(v) {
		c.fold, c.folded, c.foldedAt = v, true, m.version
	}
	return v
}
