package vba

// operation says what a statement does, and how many words tell it.
func operation(t []token) (op, uint32) {
	next := wNone
	if len(t) > 1 {
		next = t[1].sym
	}
	switch t[0].sym {
	case wIf:
		return opIf, 1
	case wElseIf:
		return opElseIf, 1
	case wElse:
		return opElse, 1
	case wEndIf:
		return opEndIf, 1
	case wFor:
		if next == wEach {
			return opForEach, 2
		}
		return opFor, 1
	case wNext:
		return opNext, 1
	case wDo:
		return opDo, 1
	case wLoop:
		return opLoop, 1
	case wWhile:
		return opWhile, 1
	case wWend:
		return opWend, 1
	case wWith:
		return opWith, 1
	case wSelect:
		return opSelect, min(2, uint32(len(t)))
	case wCase:
		return opCase, 1
	case wDim, wReDim, wStatic:
		return opDim, 1
	case wConst:
		return opConst, 1
	case wPublic, wPrivate, wGlobal:
		return opConst, 2
	case wOn:
		return opOn, 1
	case wOpen:
		return opOpen, 1
	case wGoTo, wGoSub, wResume, wReturn:
		return opSkip, 0
	case wEnd:
		return ending(next)
	case wExit:
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
	case opIf:
		return opEndIf
	case opFor, opForEach:
		return opNext
	case opDo:
		return opLoop
	case opWhile:
		return opWend
	case opSelect:
		return opEndSelect
	case opWith:
		return opEndWith
	}
	return opPlain
}
