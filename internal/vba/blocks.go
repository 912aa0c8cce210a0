package vba

// Blocks (MS-VBAL 5.4.2). An operation is told by the first word or two; which statement ends which block is found when a procedure is first run.

// operation says what a statement does, and how many words tell it.
func operation(t []token) (op, uint32) {
	next := wNone
	if len(t) > 1 {
		next = t[1].sym
	}
	switch t[0].sym {
	case wIf: // MS-VBAL 5.4.2.8
		return opIf, 1
	case wElseIf: // MS-VBAL 5.4.2.8
		return opElseIf, 1
	case wElse: // MS-VBAL 5.4.2.8
		return opElse, 1
	case wEndIf: // MS-VBAL 5.4.2.8: in one word
		return opEndIf, 1
	case wFor: // MS-VBAL 5.4.2.3, 5.4.2.4
		if next == wEach {
			return opForEach, 2
		}
		return opFor, 1
	case wNext: // MS-VBAL 5.4.2.3; of "Next k, i" the first loop counts
		return opNext, 1
	case wDo: // MS-VBAL 5.4.2.6
		return opDo, 1
	case wLoop: // MS-VBAL 5.4.2.6
		return opLoop, 1
	case wWhile: // MS-VBAL 5.4.2.2
		return opWhile, 1
	case wWend: // MS-VBAL 5.4.2.2
		return opWend, 1
	case wWith: // MS-VBAL 5.4.2.21
		return opWith, 1
	case wSelect: // MS-VBAL 5.4.2.10
		return opSelect, min(2, uint32(len(t)))
	case wCase: // MS-VBAL 5.4.2.10
		return opCase, 1
	case wDim, wReDim, wStatic: // MS-VBAL 5.4.3.1, 5.4.3.3
		return opDim, 1
	case wConst: // MS-VBAL 5.2.3.2, 5.4.3.2
		return opConst, 1
	case wPublic, wPrivate, wGlobal:
		return opConst, 2
	case wOn: // MS-VBAL 5.4.2.13, 5.4.2.16, 5.4.4.1
		return opOn, 1
	case wOpen: // MS-VBAL 5.4.5.1
		return opOpen, 1
	case wGoTo, wGoSub, wResume, wReturn: // MS-VBAL 5.4.2.12, 5.4.2.14, 5.4.2.15, 5.4.4.2: not followed
		return opSkip, 0
	case wEnd: // MS-VBAL 5.4.2.22, or the end of a block
		return ending(next)
	case wExit: // MS-VBAL 5.4.2.5, 5.4.2.7, 5.4.2.17
		if next == wFor || next == wDo {
			return opExit, 2
		}
		return opLeave, 1
	}
	return opPlain, 0
}

// ending is End with the word behind it.
func ending(next sym) (op, uint32) {
	switch next {
	case wIf:
		return opEndIf, 2
	case wSelect:
		return opEndSelect, 2
	case wWith:
		return opEndWith, 2
	}
	return opLeave, 1
}

// blocks fills match: from each opening statement to the next of its block, and from the last back to the first.
func (m *module) blocks(p *proc) {
	p.match = make([]uint32, p.hi-p.lo)
	type open struct {
		at, first uint32
		end       op
	}
	var stack []open
	for i := p.lo; i < p.hi; i++ {
		p.match[i-p.lo] = p.hi
		o := m.stmts[i].op
		if end := closes(o); end != opPlain {
			stack = append(stack, open{i, i, end})
			continue
		}
		n := len(stack) - 1
		if n < 0 {
			continue
		}
		switch top := &stack[n]; {
		case top.end == o:
			p.match[top.at-p.lo], p.match[i-p.lo] = i, top.first
			stack = stack[:n]
		case top.end == opEndIf && (o == opElseIf || o == opElse), top.end == opEndSelect && o == opCase:
			p.match[top.at-p.lo], top.at = i, i
		}
	}
}

// closes is the end of the block that o opens.
func closes(o op) op {
	switch o {
	case opIf: // MS-VBAL 5.4.2.8
		return opEndIf
	case opFor, opForEach: // MS-VBAL 5.4.2.3, 5.4.2.4
		return opNext
	case opDo: // MS-VBAL 5.4.2.6
		return opLoop
	case opWhile: // MS-VBAL 5.4.2.2
		return opWend
	case opSelect: // MS-VBAL 5.4.2.10
		return opEndSelect
	case opWith: // MS-VBAL 5.4.2.21
		return opEndWith
	}
	return opPlain
}
