package vba

// Loops are repeated only to fold text: decoders work character by character. All of them take from one budget of repeated statements, stepsMax.

// loop runs the statements that open and close loops (MS-VBAL 5.4.2.3 to 5.4.2.7). A loop is repeated only while it folds text: what honest
// code repeats does not matter here.
func (r *run) loop(pc uint32, o op) uint32 {
	switch o {
	case opFor: // MS-VBAL 5.4.2.3
		return r.forTo(pc)
	case opForEach: // MS-VBAL 5.4.2.4
		return r.forEach(pc)
	case opDo, opWhile: // MS-VBAL 5.4.2.6, 5.4.2.2
		return r.while(pc, o)
	case opNext: // MS-VBAL 5.4.2.3, 5.4.2.4
		return r.nextOf(pc)
	}
	return r.again(pc)
}

// enter opens a loop.
func (r *run) enter(c cond) uint32 {
	c.folds = r.folds
	r.conds = append(r.conds, c)
	return c.open + 1
}

// behind is where a loop that does not run at all is left; a covering run goes into it.
func (r *run) behind(pc uint32) uint32 {
	return max(min(r.next(pc), r.p.hi-1), pc) + 1
}

// forTo opens For (MS-VBAL 5.4.2.3). The bounds are evaluated once. Where one is not known the body runs once, with the first value if that is.
func (r *run) forTo(pc uint32) uint32 {
	c := cond{loop: opFor, open: pc, step: 1}
	if c.name = r.peek(0); c.name <= 0 || r.peek(1) != punct('=') {
		r.expr()
		return r.enter(c)
	}
	r.pos += 2
	from, ok := r.expr().number()
	var ok2 bool
	if r.peek(0) == wTo {
		r.pos++
		c.to, ok2 = r.expr().number()
	}
	if r.peek(0) == wStep {
		r.pos++
		var ok3 bool
		c.step, ok3 = r.expr().number()
		ok2 = ok2 && ok3 && c.step != 0
	}
	if !ok || !ok2 {
		r.assign(c.name, value{})
		if ok { // the first pass is known
			r.assign(c.name, num(from))
		}
		return r.enter(c)
	}
	// All three are known: the body is repeated as long as it folds text.
	c.i, c.known, c.again = from, true, true
	if ended(&c) && !r.covering {
		return r.behind(pc)
	}
	r.assign(c.name, num(from))
	return r.enter(c)
}

// ended says whether For's variable has passed its end, in the direction of its step.
func ended(c *cond) bool { return c.step > 0 && c.i > c.to || c.step < 0 && c.i < c.to }

// forEach opens For Each (MS-VBAL 5.4.2.4). Only of an array is known what it goes through; else the body runs once with a hole.
func (r *run) forEach(pc uint32) uint32 {
	c := cond{loop: opForEach, open: pc, name: max(r.peek(0), 0)}
	for r.pos < r.end && r.peek(0) != wIn {
		r.pos++
	}
	r.pos++
	v := r.expr()
	if v.k == array {
		c.known, c.again, c.list = true, true, v.a.v
		if len(c.list) == 0 && !r.covering {
			return r.behind(pc)
		}
	}
	r.assign(c.name, r.shift(&c))
	return r.enter(c)
}

// shift takes the next element of For Each.
func (r *run) shift(c *cond) (v value) {
	if len(c.list) > 0 {
		v, c.list = c.list[0], c.list[1:]
	}
	return v
}

// while opens Do and While, or comes back to them.
func (r *run) while(pc uint32, o op) uint32 {
	yes, known := r.condition(o == opWhile)
	n := len(r.conds) - 1
	back := n >= 0 && r.conds[n].loop == opDo && r.conds[n].open == pc
	if known && !yes && !r.covering {
		if back {
			r.conds = r.conds[:n]
		}
		return r.behind(pc)
	}
	if !back {
		return r.enter(cond{loop: opDo, open: pc, known: known, again: true})
	}
	return pc + 1
}

// condition evaluates While or Until; without one it is true.
func (r *run) condition(while bool) (yes, known bool) {
	until := r.peek(0) == wUntil
	switch {
	case until || r.peek(0) == wWhile:
		r.pos++
	case !while:
		return true, true
	}
	n, known := r.expr().number()
	return (n != 0) != until, known
}

// top is the innermost open loop; branches that are open in it are closed. It is -1 without one.
func (r *run) top() int {
	for n := len(r.conds) - 1; n >= 0; n-- {
		if r.conds[n].loop != opPlain {
			r.conds = r.conds[:n+1]
			return n
		}
	}
	return -1
}

// goesOn says whether the loop's next iteration may fold anything.
func (r *run) goesOn(c *cond) bool {
	if r.folds > c.folds {
		c.folds, c.idle = r.folds, -idleMax
	} else {
		c.idle++
	}
	return c.again && c.idle < idleFirst && !r.covering
}

// How many iterations in a row may fold nothing, at first and once one did: a decoder skips some characters.
const (
	idleFirst = 8
	idleMax   = 256
)

// nextOf closes For and For Each, or goes back to its body.
func (r *run) nextOf(pc uint32) uint32 {
	n := r.top()
	if n < 0 {
		return pc + 1
	}
	c := &r.conds[n]
	c.i += c.step
	if !r.goesOn(c) || c.loop == opFor && ended(c) || c.loop == opForEach && len(c.list) == 0 || c.loop == opDo {
		r.conds = r.conds[:n]
		return pc + 1
	}
	if c.loop == opFor {
		r.assign(c.name, num(c.i))
	} else {
		r.assign(c.name, r.shift(c))
	}
	return c.open + 1
}

// again closes Do and While, or goes back to their beginning, where the condition at the top is evaluated again.
func (r *run) again(pc uint32) uint32 {
	n := r.top()
	if n < 0 {
		return pc + 1
	}
	yes, known := r.condition(false)
	if c := &r.conds[n]; c.loop == opDo && known && yes && r.goesOn(c) {
		return c.open
	}
	r.conds = r.conds[:n]
	return pc + 1
}

// exit leaves the innermost loop, unless it is not known whether it would.
func (r *run) exit(pc uint32) uint32 {
	for n := len(r.conds) - 1; n >= 0; n-- {
		c := r.conds[n]
		if c.loop != opPlain {
			if r.covering {
				break
			}
			r.conds = r.conds[:n]
			return r.behind(c.open)
		}
		if !c.known {
			break
		}
	}
	return pc + 1
}
