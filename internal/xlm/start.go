package xlm

import "strings"

// entries queues the names that start by themselves.
func (m *machine) entries() {
	for i := range m.b.w.Names {
		n := &m.b.w.Names[i]
		e := Entry(n.Name)
		if e == "" || n.Formula == "" || strings.Contains(n.Formula, "#REF!") { // a name whose macro was deleted starts nothing
			continue
		}
		if len(m.j.rep.Autoexec) < hitsMax {
			m.j.rep.Autoexec = append(m.j.rep.Autoexec, Hit{Keyword: e, Where: n.Name, Text: clip(n.Formula, hitText)})
		}
		if at, ok := m.refersTo(n); ok {
			m.begin(start{at: at, auto: true})
		}
	}
}

// refersTo is the cell that a name refers to.
func (m *machine) refersTo(n *Name) (addr, bool) {
	m.budget = wayWork
	v := m.variable(&node{text: n.Name}, addr{sheet: max(n.Sheet, 0)})
	if v.kind != reference || v.area.sheet == noSheet {
		return addr{}, false
	}
	return v.area.first(), true
}

// others follows the macros that do not start by themselves: those with names, then what nothing has reached, from the top of each column.
func (m *machine) others() {
	for i := range m.b.w.Names {
		if at, ok := m.refersTo(&m.b.w.Names[i]); ok && m.b.macroSheet(at.sheet) && !m.ran[at] {
			m.begin(start{at: at})
		}
	}
	m.run()
	for _, at := range m.b.order {
		if len(m.queue) < waysMax && m.b.macroSheet(at.sheet) && !m.ran[at] {
			m.begin(start{at: at})
			m.run()
		}
	}
}

// everything works out each formula once where it stands, and looks at names and texts.
func (m *machine) everything() {
	m.folding, m.f, m.mem, m.depth = true, nil, m.first, 0
	m.left = foldWork
	chars := 0
	for _, at := range m.b.order {
		if m.ctx.Err() != nil {
			return
		}
		chars += m.one(at)
	}
	if chars >= manyChars && len(m.j.rep.Autoexec) > 0 {
		m.j.where = "CHAR"
		m.j.suspicious("CHAR", "texts are put together from the codes of their characters")
	}
	m.names()
	m.j.texts()
}

// manyChars is how many letters a workbook must spell as CHAR(code): honest macros spell line ends and quotes so, which do not count.
const manyChars = 16

// one works out one formula and counts its CHARs.
func (m *machine) one(at addr) (chars int) {
	c := m.b.cells[at]
	f := c.formula()
	m.j.at, m.j.where = at, ""
	walk(f.root, func(n *node) {
		switch {
		case n.op == opDDE:
			m.j.dde(n)
		case n.op == opCall && n.text == "CHAR" && len(n.args) == 1 && n.args[0].op == opNumber && n.args[0].num > 34:
			chars++
		}
	})
	if !m.j.rep.Present {
		return 0
	}
	if f.bad {
		m.j.unreadable(m.b.where(at), f.src)
	}
	m.share(f)
	v := m.folded(at, c)
	shown := f.src
	if s := v.partly(); v.kind == text && s != "" && f.root.op != opText {
		m.j.literal(s)
		shown += " → " + quote(s)
	}
	if m.b.macroSheet(at.sheet) {
		m.j.line(m.b.where(at), shown)
	}
	return chars
}

// share gives a formula its work: a quarter of what is left, so that one that asks for half the workbook leaves something for those behind it,
// and its own size always.
func (m *machine) share(f *formula) {
	m.left = max(m.left, 2*len(f.src)+64)
	m.budget, m.depth = max(m.left/4, 2*len(f.src)+64), 0
}

// names works out what names stand for: they may hold whole formulas.
func (m *machine) names() {
	for i := range m.b.w.Names {
		n := &m.b.w.Names[i]
		if n.Formula == "" {
			continue
		}
		f := m.definition(n)
		m.j.where = n.Name
		m.share(f)
		walk(f.root, func(n *node) {
			if n.op == opDDE {
				m.j.dde(n)
			}
		})
		if f.bad {
			m.j.unreadable(n.Name, f.src)
			continue
		}
		m.eval(f.root, addr{sheet: max(n.Sheet, 0)})
	}
}

// texts looks at the constants of macro sheets, and at all where something starts by itself.
func (j *judge) texts() {
	if !j.rep.Present {
		return
	}
	for s := range j.b.w.Sheets {
		if !j.b.macroSheet(s) && len(j.rep.Autoexec) == 0 {
			continue
		}
		list := j.b.w.Sheets[s].Cells
		for i := range list[:min(len(list), j.o.Cells)] {
			if c := &list[i]; c.Formula == "" {
				j.at, j.where = addr{s, c.Row, c.Col}, ""
				j.literal(c.Value)
			}
		}
	}
}

func (j *judge) dde(n *node) {
	if len(j.rep.DDE) < hitsMax {
		j.rep.DDE = append(j.rep.DDE, Hit{Keyword: "DDE", Where: j.place(), Text: clip(n.text, hitText)})
	}
}
