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
	m.budget, m.folding = wayWork, true
	v := m.eval(m.definition(n).root, addr{sheet: max(n.Sheet, 0)})
	m.folding = false
	if v.kind != reference || v.area.sheet == noSheet {
		return addr{}, false
	}
	return v.area.first(), true
}

// others follows the macros that do not start by themselves: those with names, then what nothing has reached, from the top of each column.
func (m *machine) others() {
	for i := range m.b.w.Names {
		if at, ok := m.refersTo(&m.b.w.Names[i]); ok && m.b.macroSheet(at.sheet) && !m.ran[placeOf(at)] {
			m.begin(start{at: at})
		}
	}
	m.run()
	for _, p := range m.b.order {
		at := p.addr()
		if len(m.queue) < waysMax && m.b.macroSheet(at.sheet) && !m.ran[placeOf(at)] {
			m.begin(start{at: at})
			m.run()
		}
	}
}

// everything works out each formula of macro sheets once where it stands, and looks at names, texts and links to other programs.
func (m *machine) everything() {
	m.folding, m.f, m.mem = true, nil, m.first
	m.left = foldWork
	chars := 0
	if m.j.rep.Present {
		for _, at := range m.b.order {
			if m.ctx.Err() != nil {
				return
			}
			chars += m.one(at.addr())
		}
	}
	if chars >= manyChars && len(m.j.rep.Autoexec) > 0 {
		m.j.where = "CHAR"
		m.j.suspicious("CHAR", "texts are put together from the codes of their characters")
	}
	m.names()
	m.j.sheets()
}

// manyChars is how many letters a workbook must spell as CHAR(code): honest macros spell line ends and quotes so, which do not count.
const manyChars = 16

// one works out one formula and counts its CHARs.
func (m *machine) one(at addr) (chars int) {
	c := m.b.cell(at)
	f := m.b.formula(c)
	m.j.at, m.j.where = at, ""
	m.j.links(f)
	walk(f.root, func(n *node) {
		if n.op == opCall && n.text == "CHAR" && len(n.args) == 1 && n.args[0].op == opNumber && n.args[0].num > 34 {
			chars++
		}
	})
	shown := f.src
	if !m.share(f) || f.bad {
		m.j.unreadable(m.b.where(at), f)
	} else if v := m.folded(at, c); v.kind == text && v.str != "" && f.root.op != opText {
		m.j.literal(v.str)
		shown += " → " + quote(clip(v.str, lineMax))
	}
	m.j.line(m.b.where(at), shown)
	return chars
}

// share gives a formula its work: its own size always, and a quarter of what is left, so that one that asks for half the workbook leaves
// something for those behind it. What earlier ones overdrew is paid first; false says that nothing is left.
func (m *machine) share(f *formula) bool {
	own := 2*len(f.src) + 64
	m.left += own
	m.budget, m.depth = max(own, m.left/4), 0
	if m.left <= 0 {
		m.cut = true
	}
	return m.left > 0
}

// names works out what names stand for: they may hold whole formulas.
func (m *machine) names() {
	for i := range m.b.w.Names {
		n := &m.b.w.Names[i]
		if n.Formula == "" || m.ctx.Err() != nil {
			continue
		}
		f := m.definition(n)
		m.j.where = n.Name
		m.j.links(f)
		if !m.share(f) || f.bad {
			m.j.unreadable(n.Name, f)
			continue
		}
		m.eval(f.root, addr{sheet: max(n.Sheet, 0)})
	}
}

// sheets looks at the constants of macro sheets, and at all where something starts by itself; and at formulas of worksheets for links.
func (j *judge) sheets() {
	for s := range j.b.w.Sheets {
		texts := j.rep.Present && (j.b.macroSheet(s) || len(j.rep.Autoexec) > 0)
		list := j.b.w.Sheets[s].Cells
		for i := range list[:min(len(list), j.o.Cells)] {
			c := &list[i]
			j.at, j.where = addr{s, c.Row, c.Col}, ""
			switch {
			case c.Formula == "" && texts:
				j.literal(c.Value)
			case c.Formula != "" && !j.b.macroSheet(s) && strings.IndexByte(c.Formula, '|') >= 0:
				j.links(parse(c.Formula, base{}))
			}
		}
	}
}

// links notes what a formula asks of other programs.
func (j *judge) links(f *formula) {
	if strings.IndexByte(f.src, '|') < 0 {
		return
	}
	walk(f.root, func(n *node) {
		if n.op == opDDE && len(j.rep.DDE) < hitsMax {
			j.rep.DDE = append(j.rep.DDE, Hit{Keyword: "DDE", Where: j.place(), Text: clip(n.text, hitText)})
		}
	})
}
