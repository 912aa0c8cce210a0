package xlm

import "strings"

// statement runs what may only stand alone in a cell of a macro: blocks and loops. ok is false for everything else.
func (m *machine) statement(n *node, at addr) (v value, ok bool) {
	if n.op != opCall || n.sheet != "" {
		return value{}, false
	}
	switch {
	case n.text == "IF" && len(n.args) == 1:
		m.block(n, at)
	case n.text == "ELSE" || n.text == "ELSE.IF": // the end of the part before it
		m.jumpBehind(m.match(at, "END.IF", ""))
	case n.text == "END.IF":
	case n.text == "WHILE" && len(n.args) > 0:
		m.while(n, at)
	case n.text == "FOR" && len(n.args) >= 3:
		m.countLoop(n, at)
	case n.text == "FOR.CELL" && len(n.args) > 0:
		m.cellLoop(n, at)
	case n.text == "NEXT":
		m.next()
	case n.text == "BREAK":
		if l := len(m.f.loops); l > 0 {
			to := m.f.loops[l-1].at
			m.f.loops = m.f.loops[:l-1]
			m.jumpBehind(m.match(to, "NEXT", ""))
		}
	default:
		return value{}, false
	}
	return truth(true), true
}

// opens and closes tell how deep a statement leads.
func opens(name string, args int, end string) bool {
	if end == "NEXT" {
		return name == "WHILE" || name == "FOR" || name == "FOR.CELL"
	}
	return name == "IF" && args == 1
}

// match finds the statement that ends the block begun at at, or one called or of the same level.
func (m *machine) match(at addr, end, or string) (addr, *node) {
	level := 0
	for {
		at.row++
		next, ok := m.b.next(at)
		if !ok || !m.spend(1) {
			return at, nil
		}
		at = next
		c := m.current(at)
		if c == nil || c.source == "" {
			continue
		}
		n := m.b.formula(c).root
		if n.op != opCall {
			continue
		}
		switch {
		case level == 0 && (n.text == end || or != "" && strings.HasPrefix(n.text, or)):
			return at, n
		case n.text == end:
			level--
		case opens(n.text, len(n.args), end):
			level++
		}
	}
}

// jumpBehind goes on below a statement; where there is none the macro ends.
func (m *machine) jumpBehind(at addr, n *node) {
	if n == nil {
		m.f.done = true
		return
	}
	m.jump(addr{at.sheet, at.row + 1, at.col})
}

// jump goes on at a cell, once the formula is done.
func (m *machine) jump(to addr) { m.f.jump = &to }

// block is IF(condition) with its ELSE.IF, ELSE and END.IF. Where the condition is not known both ways are followed.
func (m *machine) block(n *node, at addr) {
	yes, known := m.scalar(n.args[0], at).bool()
	if yes && known {
		return
	}
	for to := at; ; {
		next, clause := m.match(to, "END.IF", "ELSE")
		below := addr{next.sheet, next.row + 1, next.col}
		if !known {
			if clause != nil {
				m.fork(below)
			}
			return
		}
		if clause == nil || clause.text != "ELSE.IF" || len(clause.args) == 0 {
			m.jumpBehind(next, clause)
			return
		}
		if yes, known = m.scalar(clause.args[0], next).bool(); yes || !known {
			m.jump(below)
			return
		}
		to = next
	}
}

// while runs its body while the condition holds; once where that is not known.
func (m *machine) while(n *node, at addr) {
	yes, known := m.scalar(n.args[0], at).bool()
	if !known {
		yes = !m.f.once[at]
		m.f.once[at] = true
	}
	if yes {
		m.enter(loop{at: at})
		return
	}
	m.jumpBehind(m.match(at, "NEXT", ""))
}

// enter begins a loop. One too many is not kept: its NEXT is that of the loop around it.
func (m *machine) enter(l loop) {
	if len(m.f.loops) < loopsMax {
		m.f.loops = append(m.f.loops, l)
	}
}

// countLoop is FOR(name, start, end, step).
func (m *machine) countLoop(n *node, at addr) {
	name := nameKey(textOf(m.scalar(n.args[0], at)))
	l := loop{at: at, name: name, isFor: true, step: 1}
	var ok1, ok2, ok3 = false, false, true
	l.cur, ok1 = m.scalar(n.args[1], at).number()
	l.end, ok2 = m.scalar(n.args[2], at).number()
	if len(n.args) > 3 && n.args[3].op != opMissing {
		l.step, ok3 = m.scalar(n.args[3], at).number()
	}
	if !ok1 || !ok2 || !ok3 || l.step == 0 { // once, with a counter that is not known
		m.mem.names[name] = value{}
		l.end, l.step, l.name = l.cur, 1, ""
		m.enter(l)
		return
	}
	m.mem.names[name] = num(l.cur)
	if l.over() {
		m.jumpBehind(m.match(at, "NEXT", ""))
		return
	}
	m.enter(l)
}

// over says whether a counter has passed its end.
func (l *loop) over() bool { return l.step > 0 && l.cur > l.end || l.step < 0 && l.cur < l.end }

// cellLoop is FOR.CELL(name, area, skip blanks).
func (m *machine) cellLoop(n *node, at addr) {
	l := loop{at: at, name: nameKey(textOf(m.scalar(n.args[0], at))), isForCell: true}
	m.mem.names[l.name] = value{}
	if len(n.args) > 1 {
		if v := m.eval(n.args[1], at); v.kind == reference {
			l.cells = v.area
			l.end = float64(min(l.cells.rows()*l.cells.cols(), areaMax) - 1)
			m.mem.names[l.name] = ref(l.cells.first().area())
		}
	}
	m.enter(l)
}

// next is NEXT(): the innermost loop again, or what is below.
func (m *machine) next() {
	n := len(m.f.loops)
	if n == 0 {
		return
	}
	l := &m.f.loops[n-1]
	body := addr{l.at.sheet, l.at.row + 1, l.at.col}
	if !l.isFor && !l.isForCell {
		m.f.loops = m.f.loops[:n-1]
		m.jump(l.at)
		return
	}
	if l.isForCell {
		l.step = 1
	}
	l.cur += l.step
	switch {
	case l.over():
		m.f.loops = m.f.loops[:n-1]
		return
	case l.isForCell:
		i := int(l.cur)
		m.mem.names[l.name] = ref(addr{l.cells.sheet, l.cells.row + i/l.cells.cols(), l.cells.col + i%l.cells.cols()}.area())
	case l.name != "":
		m.mem.names[l.name] = num(l.cur)
	}
	m.jump(body)
}

// inline is IF(condition, then, else). Where the condition is not known both are worked out; the way goes on where it can, and the other
// one is followed later.
func (m *machine) inline(n *node, at addr) value {
	yes, known := m.scalar(n.args[0], at).bool()
	branch := func(i int) value {
		if i < len(n.args) {
			return m.eval(n.args[i], at)
		}
		return truth(i == 1)
	}
	switch {
	case known && yes:
		return branch(1)
	case known:
		return branch(2)
	case m.f == nil || m.folding:
		return either(branch(1), branch(2))
	}
	return m.both(branch)
}

// either is the value where both agree, and nothing known where they do not; a text that only one of them has is kept for people.
func either(a, b value) value {
	if a.kind == b.kind && a.num == b.num && a.str == b.str && a.area == b.area && a.kind != array {
		return a
	}
	for _, v := range [...]value{a, b} {
		if v.kind == text && v.str != "" {
			return value{kind: unknown, str: v.str}
		}
	}
	return value{}
}

// both works out two branches and keeps where each of them leads.
func (m *machine) both(branch func(int) value) value {
	f := m.f
	before := *f
	v := branch(1)
	jump, ended := f.jump, f.done || f.halt
	f.jump, f.done, f.halt = before.jump, before.done, before.halt
	w := branch(2)
	jump2, ended2 := f.jump, f.done || f.halt
	switch {
	case jump != nil && jump2 != nil, jump != nil && ended2:
		f.jump, f.done, f.halt = jump, before.done, before.halt
		if jump2 != nil {
			m.fork(*jump2)
		}
	case jump2 != nil && ended: // goes on there
		f.jump, f.done, f.halt = jump2, before.done, before.halt
	case jump != nil || jump2 != nil:
		f.jump, f.done, f.halt = nil, before.done, before.halt
		for _, to := range [...]*addr{jump, jump2} {
			if to != nil {
				m.fork(*to)
			}
		}
	case ended && ended2:
		return v
	default:
		f.done, f.halt = before.done, before.halt
	}
	return either(v, w)
}
