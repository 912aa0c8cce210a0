package vba

// Procedures are run without knowing what is in the document. A value is known or it is a hole; a branch on a hole runs both ways; assignments of the
// later way win. That is no proof of what code does, but each call on the way is one that the source holds.

// run evaluates procedures as far as the source tells what they do. Where a condition is not known both branches are gone through.
type run struct {
	*judge
	globals map[sym]value // variables and constants of modules

	// of the procedure that runs
	p        *proc // the one
	index    int32
	m        *module       // where it stands
	vars     map[sym]value // its own variables and parameters
	dirty    map[sym]bool  // variables whose text grew and was not searched yet
	conds    []cond        // blocks that are open, the outermost first
	withs    []value       // objects of the With blocks that are open
	self     sym           // name of the function: its result, not a call
	at       uint32
	covering bool // going through what no run came to

	// cursor in the statement
	pos, end int
	stop     int // end of a statement's callee, -1 for none
	pending  callee
	nest     int   // of parentheses, bounded by depthMax
	saying   bool  // a text is searched
	depth    int   // of calls, bounded by callsMax
	due      []int // calls of the statement that are still to be judged
}

// cond is a block that is open: a branch or a loop.
type cond struct {
	known bool    // which branch runs is known
	done  bool    // a branch did
	of    value   // of Select Case
	loop  op      // opPlain for a branch
	open  uint32  // the statement that opened it
	name  sym     // For's variable
	i, to float64 // of For: where it is and where it ends
	step  float64 // of For
	list  []value // For Each
	folds int     // what was folded before the iteration
	idle  int     // iterations since
	again bool    // its iterations go on
}

// Limits of running; the figures of decoders seen: five nested calls, a hundred thousand repeated statements for a program of 20 KB.
const (
	callsMax = 24
	stepsMax = 400_000
	termsMax = 1 << 19 // long statements cost by their operands: an eighth of a second
	freeWork = 64      // operands that what goes through a value may cost when all are spent: a kilobyte of text

	bytesPerTerm    = 16      // going through text or an array takes as long as so many operands
	sourcePerTerm   = 32      // going over a statement again, whatever stands in it
	elementsPerTerm = 8       // of arrays, and procedures of one name
	equalPerTerm    = 1 << 14 // comparing bytes that are equal

	checkEvery = 256 // statements between two looks at the context
)

// work is what it takes to go through a value from end to end, in operands.
func (v value) work() int {
	n := len(v.s)
	if v.k != array {
		return n / bytesPerTerm
	}
	for i := range v.a.v {
		n += len(v.a.v[i].s)
	}
	return n/bytesPerTerm + len(v.a.v)/elementsPerTerm
}

// afford counts what it takes to go through values. It is false for what is long when all is spent: code that nothing repeats may go through
// a long text in each of its lines, and then all is spent.
func (j *judge) afford(list ...value) bool {
	n := 0
	for _, v := range list {
		n += v.work()
	}
	if n > freeWork && j.terms+n > termsMax {
		j.terms = max(j.terms, termsMax)
		return false
	}
	j.terms += n
	return true
}

// spent says that no statement may be run again.
func (j *judge) spent() bool { return j.steps >= stepsMax || j.terms >= termsMax }

// checked looks at the context now and then; once it has ended nothing is run any more.
func (j *judge) checked() bool {
	if j.met++; j.met%checkEvery == 0 && j.err == nil {
		j.err = j.ctx.Err()
	}
	return j.err == nil
}

// call runs the procedures of a name (MS-VBAL 5.6.13.1); the first one's result counts.
func (r *run) call(procs []int32, args []value) value {
	index := procs[0]
	for _, p := range procs[1:] { // the same name in another module: this module's own goes first
		if r.procs[p].mod == r.p.mod {
			index = p
		}
	}
	p := &r.procs[index]
	r.steps++
	r.terms += len(procs) / elementsPerTerm
	if r.depth >= callsMax || p.ran && r.spent() {
		return value{}
	}
	p.called = p.called || len(args) == 0 || !args[0].arg
	sub := &run{judge: r.judge, globals: r.globals, depth: r.depth + 1}
	vars := make(map[sym]value, 8)
	for i, q := range p.params {
		if i < len(args) {
			vars[q.name] = args[i]
		} else {
			vars[q.name] = value{k: empty}
		}
	}
	v := sub.proc(index, vars)
	for i, q := range p.params { // ByRef is the default (MS-VBAL 5.3.1.5)
		if i < len(args) && args[i].ref != 0 {
			r.assign(args[i].ref, sub.vars[q.name])
		}
	}
	return v
}

// proc runs a procedure; the result is a function's.
func (r *run) proc(index int32, vars map[sym]value) value {
	p := &r.procs[index]
	p.ran = true
	r.p, r.index, r.m, r.vars, r.self = p, index, &r.mods[p.mod], vars, p.name
	if p.match == nil && p.hi > p.lo {
		r.m.blocks(p)
	}
	// Statements met before cost a step; the first pass is paid by the source itself, so the cost stays linear in it.
	for pc := p.lo; pc < p.hi && r.checked(); {
		if r.m.seen[pc] {
			r.terms += r.m.length(pc) / sourcePerTerm
			if r.steps++; r.spent() {
				break
			}
		}
		pc = r.step(pc)
	}
	r.flush()
	result := r.vars[p.name]
	// What no branch came to is evaluated at last: nothing that a procedure holds goes unjudged.
	r.cover()
	return result
}

// length is how many bytes of the source a statement takes.
func (m *module) length(pc uint32) int {
	s := m.stmts[pc]
	if s.hi <= s.lo {
		return 0
	}
	return int(m.toks[s.hi-1].end) - int(m.toks[s.lo].off)
}

// cover goes through the statements that no run came to.
func (r *run) cover() {
	if r.p.covered {
		return
	}
	r.p.covered = true
	r.conds, r.withs = nil, nil
	for pc := r.p.lo; pc < r.p.hi && r.checked(); pc++ {
		if !r.m.seen[pc] {
			r.covering = true
			r.step(pc)
			r.conds = nil
		}
	}
	if r.covering {
		r.flush()
		r.covering = false
	}
}

// step runs the statement at pc and returns the next one.
func (r *run) step(pc uint32) uint32 {
	s := r.m.stmts[pc]
	r.at, r.pos, r.end, r.stop, r.nest = pc, int(s.lo), int(s.hi), -1, 0
	if !r.m.seen[pc] {
		r.m.seen[pc] = true
		r.words(s)
		defer r.unserved()
	}
	switch s.op {
	case opPlain: // MS-VBAL 5.4.2.1, 5.4.3
		r.plain()
	case opDim: // MS-VBAL 5.4.3.1, 5.4.3.3
		r.dim()
	case opConst: // MS-VBAL 5.4.3.2
		r.constants()
	case opOpen: // MS-VBAL 5.4.5.1
		r.open()
	case opOn: // MS-VBAL 5.4.2.13, 5.4.2.16: what it is computed from
		r.expr()
	case opWith: // MS-VBAL 5.4.2.21
		r.withs = append(r.withs, r.expr())
	case opEndWith:
		if n := len(r.withs); n > 0 {
			r.withs = r.withs[:n-1]
		}
	case opIf, opElseIf, opElse, opEndIf, opSelect, opCase, opEndSelect:
		return r.branch(pc, s.op)
	case opFor, opForEach, opDo, opWhile, opNext, opLoop, opWend:
		return r.loop(pc, s.op)
	case opExit: // MS-VBAL 5.4.2.5, 5.4.2.7
		return r.exit(pc)
	case opLeave: // MS-VBAL 5.4.2.17 to 5.4.2.19, 5.4.2.22
		if !r.doubtful() {
			return r.p.hi
		}
	}
	return pc + 1
}

// next is the statement of the same block that follows pc.
func (r *run) next(pc uint32) uint32 { return r.p.match[pc-r.p.lo] }

// doubtful says whether an open block's condition is not known.
func (r *run) doubtful() bool {
	for i := range r.conds {
		if !r.conds[i].known {
			return true
		}
	}
	return false
}

// branch runs If and Select (MS-VBAL 5.4.2.8, 5.4.2.10).
func (r *run) branch(pc uint32, o op) uint32 {
	switch o {
	case opIf: // MS-VBAL 5.4.2.8
		n, known := r.expr().number()
		r.conds = append(r.conds, cond{known: known, done: known && n != 0})
		if known && n == 0 && !r.covering {
			return max(r.next(pc), pc+1)
		}
		return pc + 1
	case opSelect: // MS-VBAL 5.4.2.10
		v := r.expr()
		r.conds = append(r.conds, cond{known: r.whole(v), of: v})
		return pc + 1
	}
	n := len(r.conds) - 1
	if n < 0 {
		if o == opElseIf || o == opCase {
			r.expr()
		}
		return pc + 1
	}
	c := &r.conds[n]
	switch o {
	case opEndIf, opEndSelect:
		r.conds = r.conds[:n]
	case opElseIf, opElse, opCase:
		if r.takes(c, o) {
			break
		}
		return max(r.next(pc), pc+1)
	}
	return pc + 1
}

// takes says whether the branch at the cursor runs.
func (r *run) takes(c *cond, o op) bool {
	yes := true
	switch o {
	case opElseIf:
		n, known := r.expr().number()
		yes = n != 0 || !known
		c.known = c.known && (known || c.done)
	case opCase:
		if yes = r.peek(0) == wElse; !yes {
			yes = r.matches(c)
		}
	}
	if r.covering || !c.known {
		return true
	}
	if c.done || !yes {
		return false
	}
	c.done = true
	return true
}

// matches compares Select's value with the list of a Case.
func (r *run) matches(c *cond) bool {
	found := false
	for r.pos < r.end {
		start := r.pos
		op := punct('=')
		if r.peek(0) == wIs {
			r.pos++
			if o, _, n := r.operator(); n > 0 {
				op = o
				r.pos += n
			}
		}
		v := r.compare(op, c.of, r.binary(powCompare))
		if r.peek(0) == wTo {
			r.pos++
			v = bitwiseAnd(r.compare(opGE, c.of, r.last(start)), r.compare(opLE, c.of, r.binary(powCompare)))
		}
		if v.k == unknown {
			c.known = false
		}
		found = found || v.n != 0
		if r.peek(0) == punct(',') || r.pos == start {
			r.pos++
		}
	}
	return found
}

// last evaluates again what begins at the token start.
func (r *run) last(start int) value {
	end := r.pos
	r.pos = start
	v := r.binary(powCompare)
	r.pos = end
	return v
}

// bitwiseAnd joins the two comparisons of "Case a To b"; where one is not known neither is the range.
func bitwiseAnd(a, b value) value {
	if a.k == unknown || b.k == unknown {
		return value{}
	}
	return flag(a.n != 0 && b.n != 0)
}
