package vba

// Assignments and declarations (MS-VBAL 5.4.3). A project's variables are two maps: the procedure's and, for all modules together, the others.

import "strings"

// plain runs an assignment or a call (MS-VBAL 5.4.2.1, 5.4.3.8).
func (r *run) plain() {
	switch r.peek(0) {
	case wLet, wSet: // MS-VBAL 5.4.3.8, 5.4.3.9
		r.pos++
	case wCall: // MS-VBAL 5.4.2.1
		r.pos++
		r.expr()
		return
	case wLSet, wRSet: // MS-VBAL 5.4.3.6, 5.4.3.7: as Let, which padding does not change
		r.pos++
	case wPrint, wWrite, wPut, wGet, wClose, wName: // MS-VBAL 5.4.5
		r.file()
		return
	}
	first := r.peek(0)
	if low := r.tab.lowOf(first); low == "input" || low == "line" && r.tab.lowOf(r.peek(1)) == "input" {
		r.input()
		return
	}
	if first <= 0 && first != punct('.') && first != punct('!') {
		r.expr()
		return
	}
	end, assigns := r.head()
	if assigns {
		r.assignment(end)
		return
	}
	r.stop = end
	if first > 0 {
		r.named()
	} else {
		r.postfix(r.with(), "")
	}
	if r.pos != end {
		return
	}
	r.stop = -1
	c := r.pending
	args := r.callArguments()
	if v, ok := r.variable(c); ok && v.k != object {
		return
	}
	r.invoke(c, args)
}

// input runs Input and Line Input (MS-VBAL 5.4.5.6): what the variables then hold stands in a file.
func (r *run) input() {
	for ; r.pos < r.end; r.pos++ {
		if r.peek(0) == punct(',') && r.peek(1) > 0 {
			r.assign(r.peek(1), value{})
		}
	}
}

// callArguments evaluates the arguments of a statement, in parentheses or not; those of no call are no list.
func (r *run) callArguments() []value {
	if r.pos >= r.end {
		return nil
	}
	if r.peek(0) == punct('(') && r.matching(r.pos) == r.end-1 {
		r.pos++
	}
	args := r.arguments()
	if args == nil {
		args = []value{}
	}
	return args
}

// head finds where the name that a statement assigns to or calls ends, and whether "=" follows what stands there.
func (r *run) head() (end int, assigns bool) {
	i := r.pos
	for i < r.end {
		if s := r.m.toks[i].sym; s == punct('.') || s == punct('!') {
			i++
		}
		i++ // the name
		end = i
		for i < r.end && r.m.toks[i].sym == punct('(') {
			i = min(r.matching(i)+1, r.end)
		}
		if i >= r.end {
			return min(end, r.end), false
		}
		switch r.m.toks[i].sym {
		case punct('='):
			return end, true
		case punct('.'), punct('!'):
			if r.apart(i) {
				return end, false
			}
		default:
			return end, false
		}
	}
	return min(end, r.end), false
}

// apart says whether white space other than a line continuation stands before the point at i: it then begins an argument (MS-VBAL 5.6.12).
func (r *run) apart(i int) bool {
	src, off := r.m.in.Source, int(r.m.toks[i].off)
	if off == 0 || src[off-1] != ' ' && src[off-1] != '\t' {
		return false
	}
	return !strings.Contains(src[r.m.toks[i-1].end:off], "\n")
}

// matching is the place of the parenthesis that closes the one at i, the statement's end without one.
func (r *run) matching(i int) int {
	for depth := 0; i < r.end; i++ {
		switch r.m.toks[i].sym {
		case punct('('):
			depth++
		case punct(')'):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return r.end
}

// assignment runs "name = value"; the name ends at end, behind it an index may stand.
func (r *run) assignment(end int) {
	start := r.pos
	eq := end
	if r.m.toks[eq].sym == punct('(') {
		for eq < r.end && r.m.toks[eq].sym == punct('(') {
			eq = min(r.matching(eq)+1, r.end)
		}
	}
	r.pos = eq + 1
	v := r.expr()
	full := r.end
	r.pos, r.end = start, eq
	defer func() { r.pos, r.end = full, full }()
	name := r.peek(0)
	if name > 0 && end == start+1 {
		if eq == end {
			r.assign(name, v)
		} else {
			r.element(name, v)
		}
		return
	}
	r.member(end, v)
}

// member assigns to a property.
func (r *run) member(end int, v value) {
	r.stop = end
	if r.peek(0) > 0 {
		r.named()
	} else {
		r.postfix(r.with(), "")
	}
	c := r.pending
	at := r.pos == end
	r.stop = -1
	if !at {
		return
	}
	r.search(v, c.at)
	s := &r.tab.list[c.name]
	if s.sink != nil {
		r.sink(c, s.sink, []value{v})
		if s.sink.rule == byPath && r.peek(0) == punct('(') { // a property with parameters
			for _, a := range r.group() {
				r.sink(c, s.sink, []value{a})
			}
		}
	}
	if o := c.obj.o; o != nil {
		if o.props == nil {
			o.props = make(map[sym]value)
		}
		v.ref = 0
		o.props[c.name] = v
	}
	if len(s.procs) > 0 { // Property Let
		r.call(s.procs, []value{v})
	}
}

// assign gives a variable its value.
func (r *run) assign(name sym, v value) {
	if name <= 0 {
		return
	}
	v.ref, v.arg = 0, false
	old, local := r.vars[name]
	if !local {
		if was, ok := r.globals[name]; ok {
			v = r.either(was, v)
			r.globals[name] = v
			r.grown(name, old, v)
			return
		}
	}
	if local {
		v = r.either(old, v)
	}
	r.vars[name] = v
	r.tab.list[name].simple = true
	r.grown(name, old, v)
}

// either keeps a value that is not known so where a condition that is not known decides whether a text replaces it: the other branch may have
// put there what Office comes to see.
func (r *run) either(old, v value) value {
	if old.k == unknown && v.k == text && v.lit && r.doubtful() {
		return value{}
	}
	return v
}

// grown searches what was assigned; text that grows at its end is searched when it is complete.
func (r *run) grown(name sym, old, v value) {
	if v.k != text || v.lit {
		return
	}
	// It grew at its end: searching it each time would cost the square of its length.
	if v.b != nil && old.b == v.b {
		if r.dirty == nil {
			r.dirty = make(map[sym]bool)
		}
		r.dirty[name] = true
		return
	}
	if r.dirty[name] {
		delete(r.dirty, name)
		r.search(old, -1)
	}
	r.search(v, -1)
}

// flush searches the texts that grew.
func (r *run) flush() {
	for name := range r.dirty {
		v, ok := r.vars[name]
		if !ok {
			v = r.globals[name]
		}
		r.search(v, -1)
	}
	r.dirty = nil
}

// element assigns to an element of an array, or to a part of text (MS-VBAL 5.4.3.5, Mid).
func (r *run) element(name sym, v value) {
	r.pos += 2
	base := r.pos
	args := r.arguments()
	if name == wMid && len(args) >= 2 {
		r.patch(r.m.toks[base].sym, args, v)
		return
	}
	i := 0
	ok := len(args) == 1
	if ok {
		i, ok = args[0].integer()
	}
	old, _ := r.variable(callee{name: name})
	if !ok {
		return
	}
	if old.k != array {
		if _, local := r.vars[name]; !local && len(r.tab.list[name].procs) > 0 {
			return
		}
		old = value{k: array, a: &elements{}}
		r.assign(name, old)
	}
	r.put(old.a, i, v)
}

// patch is Mid as the target of an assignment.
func (r *run) patch(name sym, args []value, v value) {
	i, ok := args[1].integer()
	if !r.afford(args[0], v) {
		return
	}
	s, t := args[0].string(), v.string()
	if !ok || name <= 0 || i < 1 || i > len(s) || !isASCII(s) || !isASCII(t) {
		return
	}
	n := min(len(t), len(s)-i+1)
	if len(args) > 2 {
		if k, ok := args[2].integer(); ok {
			n = max(0, min(n, k))
		}
	}
	if r.fold(2 * len(s)) {
		r.folds++
		r.assign(name, str(s[:i-1]+t[:n]+s[i-1+n:]))
	}
}

// dim declares variables (MS-VBAL 5.4.3.1 to 5.4.3.3).
func (r *run) dim() {
	if r.peek(0) == wPreserve {
		r.pos++
	}
	for r.pos < r.end {
		if r.peek(0) == wWithEvents {
			r.pos++
		}
		name := r.peek(0)
		if name <= 0 {
			r.pos++
			continue
		}
		r.pos++
		v, dims := value{k: empty}, []value(nil)
		if r.peek(0) == punct('(') {
			r.pos++
			base := r.pos
			dims = r.arguments()
			v = r.sized(name, base, dims)
			r.closing()
		}
		if r.peek(0) == wAs {
			r.pos++
			v = r.typed(v)
		}
		r.declare(name, v)
		for r.pos < r.end && r.peek(0) != punct(',') {
			r.pos++
		}
		r.pos++
	}
}

// sized is an array that begins empty, or the one that ReDim Preserve keeps.
func (r *run) sized(name sym, at int, dims []value) value {
	if old, ok := r.vars[name]; ok && old.k == array && r.kept() {
		return old
	}
	v := value{k: array, a: &elements{}}
	if at < r.end && r.m.toks[at].sym == tNumber && at+1 < r.end && r.m.toks[at+1].sym == wTo {
		if n, ok := parseNumber(r.text(at)); ok && n >= 0 && n < elementsMax {
			v.a.base = int(n)
		}
	}
	if len(dims) == 1 {
		if n, ok := dims[0].integer(); ok && n >= v.a.base {
			r.put(v.a, min(n, v.a.base+elementsMax-1), value{k: empty})
			for i := range v.a.v {
				v.a.v[i] = value{k: empty}
			}
		}
	}
	return v
}

// kept says whether the statement is ReDim Preserve.
func (r *run) kept() bool { return r.m.toks[r.m.stmts[r.at].lo].sym == wPreserve }

// typed reads the type of a declaration; As New makes an object, and a declared class may be one that matters once it is made.
func (r *run) typed(v value) value {
	if r.peek(0) == wNew {
		r.pos++
		return r.create()
	}
	return v
}

// declare gives a declared variable its first value: in the declarations of a module it is the project's, else the procedure's. A variable of the
// project that has a value keeps it, as modules are read in no order of their own.
func (r *run) declare(name sym, v value) {
	if r.p.name == wNone {
		if _, ok := r.globals[name]; !ok || v.k != empty {
			r.globals[name] = v
		}
		return
	}
	r.vars[name] = v
	r.tab.list[name].simple = true
}

// constants reads Const (MS-VBAL 5.2.3.2, 5.4.3.2).
func (r *run) constants() {
	for r.pos < r.end {
		name := r.peek(0)
		for r.pos < r.end && r.peek(0) != punct('=') && r.peek(0) != punct(',') {
			r.pos++
		}
		if r.peek(0) == punct('=') {
			r.pos++
			v := r.expr()
			if name > 0 {
				r.declare(name, v)
			}
			r.search(v, -1)
		}
		for r.pos < r.end && r.peek(0) != punct(',') {
			r.pos++
		}
		r.pos++
	}
}
