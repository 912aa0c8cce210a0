package xlm

import (
	"slices"
	"strings"
)

// known says whether a name is a function's even where it has the shape of a cell.
func known(name string) bool {
	_, ok := builtinOf(name)
	return ok
}

// builtinOf finds a function that only computes.
func builtinOf(name string) (builtin, bool) {
	if b, ok := textFunctions[name]; ok {
		return b, true
	}
	b, ok := mathFunctions[name]
	return b, ok
}

// call works out a function or runs a macro by its name.
func (m *machine) call(n *node, at addr) value {
	if n.sheet == "" {
		if b, ok := builtinOf(n.text); ok {
			return m.builtin(b, n, at)
		}
		for _, group := range [...]func(*machine, *node, addr) (value, bool){(*machine).control, (*machine).write, (*machine).lookUp, (*machine).outside} {
			if v, ok := group(m, n, at); ok {
				return v
			}
		}
	}
	if a, ok := m.aliases[strings.ToLower(n.text)]; ok {
		return m.j.calls(m, a, n, n.args, at)
	}
	if to, ok := m.routine(n, at); ok {
		return m.macro(to, n.args, at)
	}
	m.args(n.args, at)
	return value{}
}

// routine is where the macro of a name begins.
func (m *machine) routine(n *node, at addr) (addr, bool) {
	if v, ok := m.mem.name(nameKey(n.text)); ok && v.kind == reference {
		return v.area.first(), true
	}
	sheet := m.b.sheet(n.sheet, at.sheet)
	if d, ok := m.b.name(n.text, sheet); ok && d.Formula != "" && m.deeper() {
		v := m.eval(m.definition(d).root, addr{sheet: at.sheet})
		m.depth--
		if v.kind == reference {
			return v.area.first(), true
		}
	}
	if a, ok := parseA1(n.text); ok {
		a.sheet = sheet
		return a.first(), true
	}
	return addr{}, false
}

// builtin calls a function that only computes. An argument that is not known makes the result so, an error is the result.
func (m *machine) builtin(b builtin, n *node, at addr) value {
	args := make([]value, 0, len(n.args))
	open := false
	for _, a := range n.args {
		var v value
		if b.wide {
			v = m.wide(a, at)
		} else if v = m.scalar(a, at); v.kind == failure {
			return v
		}
		open = open || v.kind == unknown
		args = append(args, v)
	}
	switch {
	case len(args) < b.least || len(args) > b.most:
		return errValue
	case open && !b.wide:
		return value{str: hint(n, args)}
	case b.wide && !partial(n.text) && slices.ContainsFunc(flat(args), func(v value) bool { return v.kind == unknown }):
		return value{}
	}
	if !m.room(args) {
		return value{}
	}
	v := b.f(args)
	m.spend(len(v.str) / 64)
	return v
}

// partial says whether a function of many values gives something where not all of them are known.
func partial(name string) bool {
	switch name {
	case "CONCATENATE", "CONCAT", "TEXTJOIN", "AND", "OR", "T":
		return true
	}
	return false
}

// hint keeps the part of a text that is known through functions that change it little.
func hint(n *node, args []value) string {
	switch n.text {
	case "TRIM", "UPPER", "LOWER", "SUBSTITUTE", "CLEAN", "LEFT", "RIGHT", "PROPER", "REPLACE":
		return args[0].str
	}
	return ""
}

// target is the place an argument names: a reference, or a text that spells one.
func (m *machine) target(n *node, at addr) (area, bool) {
	v := m.eval(n, at)
	if v.kind == reference {
		return v.area, true
	}
	if s, ok := v.text(); ok && v.kind == text {
		return m.spelled(s, at)
	}
	return area{}, false
}

// spelled reads a reference or a name from a text, in R1C1 or A1 notation.
func (m *machine) spelled(s string, at addr) (area, bool) {
	for _, r1c1 := range [...]bool{true, false} {
		f := parse(s, base{row: at.row, col: at.col, r1c1: r1c1})
		if f.bad || f.root.op != opArea && f.root.op != opName && f.root.op != opRange {
			continue
		}
		if v := m.eval(f.root, at); v.kind == reference {
			return v.area, true
		}
	}
	return area{}, false
}

// control is what leads a macro elsewhere.
func (m *machine) control(n *node, at addr) (value, bool) {
	switch n.text {
	case "IF":
		if len(n.args) > 0 {
			return m.inline(n, at), true
		}
	case "GOTO":
		m.goTo(n, at)
	case "RUN", "CALL.MACRO":
		return m.runMacro(n, at), true
	case "RETURN":
		return m.ret(n, at), true
	case "HALT":
		m.args(n.args, at)
		if m.f != nil && !m.folding {
			m.f.halt = true
		}
	case "ARGUMENT":
		m.argument(n, at)
	case "SET.NAME":
		m.setName(n, at)
	case "ON.TIME", "ON.KEY", "ON.DATA", "ON.DOUBLECLICK", "ON.ENTRY", "ON.RECALC", "ON.SHEET", "ON.WINDOW", "ERROR", "CANCEL.KEY", "ASSIGN.TO.OBJECT":
		m.later(n, at)
	default:
		return value{}, false
	}
	return truth(true), true
}

// goTo is GOTO(reference). A jump out of the workbook leads nowhere.
func (m *machine) goTo(n *node, at addr) {
	if len(n.args) == 0 {
		return
	}
	if a, ok := m.target(n.args[0], at); ok && m.f != nil && !m.folding && a.sheet != noSheet {
		m.jump(a.first())
	}
}

// runMacro is RUN(reference or name, step).
func (m *machine) runMacro(n *node, at addr) value {
	if len(n.args) == 0 {
		return value{}
	}
	a, ok := m.target(n.args[0], at)
	if !ok || a.sheet == noSheet {
		return value{}
	}
	return m.macro(a.first(), nil, at)
}

// ret is RETURN(value): what the formula that called the macro gets.
func (m *machine) ret(n *node, at addr) value {
	v := value{kind: empty}
	if len(n.args) > 0 {
		v = m.eval(n.args[0], at)
	}
	if m.f != nil && !m.folding {
		m.f.done, m.f.ret = true, v
	}
	return v
}

// argument is ARGUMENT(name, type) or ARGUMENT(, type, reference): it takes the next value that the macro was called with.
func (m *machine) argument(n *node, at addr) {
	if m.f == nil || m.folding || len(n.args) == 0 {
		return
	}
	v := value{}
	if m.f.taken < len(m.f.args) {
		v = m.f.args[m.f.taken]
	}
	m.f.taken++
	if s, ok := m.scalar(n.args[0], at).text(); ok && s != "" {
		m.setVariable(s, v)
	} else if len(n.args) > 2 {
		if a, ok := m.target(n.args[2], at); ok {
			m.put(a.first(), &cell{v: m.single(v, at)}, at)
		}
	}
}

// setVariable gives a name a value on this way. What there is no room for is not known from then on.
func (m *machine) setVariable(name string, v value) {
	if _, was := m.mem.names[nameKey(name)]; !was {
		m.writes++
	}
	if m.writes > writesMax {
		m.cut = true
		return
	}
	m.version++
	if !m.keep(v) {
		m.cut = true
		v = value{}
	}
	m.mem.names[nameKey(name)] = v
}

// setName is SET.NAME(name, value). A value that is a reference stays one.
func (m *machine) setName(n *node, at addr) {
	if len(n.args) == 0 {
		return
	}
	v := value{}
	if len(n.args) > 1 {
		v = m.eval(n.args[1], at)
	}
	if m.folding || m.f == nil {
		return
	}
	name := n.args[0].text // a bare name is taken for itself
	if n.args[0].op != opName {
		name = textOf(m.scalar(n.args[0], at))
	}
	if name != "" {
		m.setVariable(name, v)
	}
}

// later queues macros that an event will run. Names of macros are texts; times and keys lead nowhere.
func (m *machine) later(n *node, at addr) {
	for _, a := range n.args {
		if to, ok := m.target(a, at); ok && m.f != nil && !m.folding && m.b.macroSheet(to.sheet) {
			m.fork(to.first())
		}
	}
}
