package xlm

import "strings"

// api is a function of a library, as far as its names are known.
type api struct{ dll, proc string }

// outside is what reaches beyond the workbook: programs, libraries, files, other programs' ears.
func (m *machine) outside(n *node, at addr) (value, bool) {
	if m.inert {
		return value{}, false
	}
	switch n.text {
	case "EXEC", "EXECUTE", "INITIATE", "POKE", "SEND.KEYS", "FOPEN", "FWRITE", "FWRITELN", "OPEN", "OPEN.TEXT", "SAVE.AS", "VBA.INSERT.FILE":
		args := m.scalars(n.args, at)
		m.j.command(m, n, args)
		return value{}, true
	case "CALL":
		return m.callLibrary(n, at), true
	case "REGISTER", "REGISTER.ID":
		return m.register(n, at), true
	}
	return value{}, false
}

// scalars works arguments out to one value each.
func (m *machine) scalars(list []*node, at addr) []value {
	out := make([]value, len(list))
	for i, n := range list {
		out[i] = m.scalar(n, at)
	}
	return out
}

// callLibrary is CALL(library, procedure, types, arguments…), or CALL(what REGISTER returned, arguments…).
func (m *machine) callLibrary(n *node, at addr) value {
	args := m.scalars(n.args, at)
	if len(args) > 0 {
		if id, ok := args[0].int(); ok && args[0].kind == number {
			if a, ok := m.handles[id]; ok {
				m.j.library(m, a, show(n, args))
				return value{}
			}
		}
	}
	a := api{}
	if len(args) > 1 {
		a = api{args[0].partly(), args[1].partly()}
	}
	m.j.library(m, a, show(n, args))
	return value{}
}

// registered tell REGISTER's numbers from others.
const registered = 1 << 20

// register is REGISTER(library, procedure, types, name …): the name then calls the procedure.
func (m *machine) register(n *node, at addr) value {
	args := m.scalars(n.args, at)
	if len(args) < 2 {
		return value{}
	}
	a := api{args[0].partly(), args[1].partly()}
	m.j.library(m, a, show(n, args))
	if m.folding && m.f != nil || m.writes >= writesMax {
		return value{}
	}
	m.writes++
	if len(args) > 3 {
		if s, ok := args[3].text(); ok && s != "" {
			m.aliases[strings.ToLower(s)] = a
		}
	}
	id := registered + len(m.handles)
	m.handles[id] = a
	return num(float64(id))
}

// show writes a call with its arguments worked out.
func show(n *node, args []value) string {
	parts := make([]string, len(args))
	for i, v := range args {
		if n.args[i].op != opMissing {
			parts[i] = v.show(n.args[i].src)
		}
	}
	name := n.text
	if n.op == opCall && len(n.src) > len(name) && strings.EqualFold(n.src[:len(name)], name) {
		name = n.src[:len(name)]
	}
	return name + "(" + strings.Join(parts, ",") + ")"
}
