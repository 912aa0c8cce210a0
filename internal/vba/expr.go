package vba

// Expressions (MS-VBAL 5.6). What cannot be computed is the zero value, not known; no expression is an error, and each consumes at least a token
// or ends.

import (
	"math"
	"slices"
	"strings"
)

// depthMax bounds nested parentheses and calls of an expression: the compiler of VBA gives up long before.
const depthMax = 64

// expr evaluates the expression at the cursor (MS-VBAL 5.6). What follows it is left.
func (r *run) expr() value { return r.binary(0) }

// Binding powers of the binary operators (MS-VBAL 5.6.9).
const (
	powImp = iota + 1
	powEqv
	powXor
	powOr
	powAnd
	powNot
	powCompare
	powConcat
	powAdd
	powMod
	powIntDiv
	powMul
	powNeg
	powExp
)

// operator is the binary operator at the cursor, its power, and how many tokens it takes.
func (r *run) operator() (op sym, power, n int) {
	s := r.peek(0)
	switch s {
	case wImp: // MS-VBAL 5.6.9.8.6
		return s, powImp, 1
	case wEqv: // MS-VBAL 5.6.9.8.5
		return s, powEqv, 1
	case wXor: // MS-VBAL 5.6.9.8.4
		return s, powXor, 1
	case wOr: // MS-VBAL 5.6.9.8.3
		return s, powOr, 1
	case wAnd: // MS-VBAL 5.6.9.8.2
		return s, powAnd, 1
	case wIs, wLike, punct('='): // MS-VBAL 5.6.9.5 to 5.6.9.7
		return s, powCompare, 1
	case punct('<'):
		if next := r.peek(1); next == punct('=') {
			return opLE, powCompare, 2
		} else if next == punct('>') {
			return opNE, powCompare, 2
		}
		return s, powCompare, 1
	case punct('>'):
		if r.peek(1) == punct('=') {
			return opGE, powCompare, 2
		}
		return s, powCompare, 1
	case punct('&'): // MS-VBAL 5.6.9.4
		return s, powConcat, 1
	case punct('+'), punct('-'): // MS-VBAL 5.6.9.3.2, 5.6.9.3.3
		return s, powAdd, 1
	case wMod: // MS-VBAL 5.6.9.3.6
		return s, powMod, 1
	case punct('\\'): // MS-VBAL 5.6.9.3.6
		return s, powIntDiv, 1
	case punct('*'), punct('/'): // MS-VBAL 5.6.9.3.4, 5.6.9.3.5
		return s, powMul, 1
	case punct('^'): // MS-VBAL 5.6.9.3.7
		return s, powExp, 1
	}
	return 0, 0, 0
}

// Operators of two marks.
const (
	opLE sym = -1000 - iota
	opGE
	opNE
)

// binary evaluates operators that bind tighter than power, by precedence climbing (MS-VBAL 5.6.9.1). Operators of one power go from the left. Past
// depthMax the rest of the statement is not known; its calls are still judged by unserved.
func (r *run) binary(power int) value {
	if r.nest++; r.nest > depthMax {
		r.nest--
		r.pos = r.end
		return value{}
	}
	left := r.unary()
	for {
		op, p, n := r.operator()
		if n == 0 || p <= power {
			break
		}
		r.pos += n
		left = r.compute(op, left, r.binary(p))
	}
	r.nest--
	return left
}

// unary evaluates a sign, Not, or an operand (MS-VBAL 5.6.9.3.1, 5.6.9.8.1). ByVal before an argument changes nothing here.
func (r *run) unary() value {
	switch r.peek(0) {
	case punct('-'):
		r.pos++
		if n, ok := r.binary(powNeg).number(); ok {
			return num(-n)
		}
		return value{}
	case punct('+'), wByVal:
		r.pos++
		return r.binary(powNeg)
	case wNot:
		r.pos++
		if n, ok := r.binary(powNot).integer(); ok {
			return num(float64(^n))
		}
		return value{}
	}
	return r.primary()
}

// compute applies a binary operator (MS-VBAL 5.6.9.3 to 5.6.9.8).
func (r *run) compute(op sym, a, b value) value {
	switch op {
	case punct('&'):
		return r.join(a, b)
	case punct('+'):
		if a.k == text || b.k == text {
			_, an := a.number()
			_, bn := b.number()
			if !(an && b.k == number) && !(bn && a.k == number) {
				return r.join(a, b)
			}
		}
	case punct('='), punct('<'), punct('>'), opLE, opGE, opNE:
		return r.compare(op, a, b)
	case wIs, wLike:
		return value{}
	}
	x, ok := a.number()
	y, ok2 := b.number()
	if !ok || !ok2 {
		return value{}
	}
	return arithmetic(op, x, y)
}

// arithmetic applies an operator to numbers (MS-VBAL 5.6.9.3). What the language would stop at (a division by 0, an overflow) is not known.
func arithmetic(op sym, x, y float64) value {
	switch op {
	case punct('+'):
		return num(x + y)
	case punct('-'):
		return num(x - y)
	case punct('*'):
		return num(x * y)
	case punct('/'):
		if y != 0 {
			return num(x / y)
		}
		return value{}
	case punct('^'):
		if n := math.Pow(x, y); !math.IsNaN(n) && !math.IsInf(n, 0) {
			return num(n)
		}
		return value{}
	}
	i, ok := num(x).integer()
	k, ok2 := num(y).integer()
	if !ok || !ok2 {
		return value{}
	}
	return bitwise(op, i, k)
}

// bitwise applies an operator of whole numbers, rounded before (MS-VBAL 5.6.9.3.6, 5.6.9.3.7, 5.6.9.8).
func bitwise(op sym, i, k int) value {
	switch op {
	case wMod:
		if k != 0 {
			return num(float64(i % k))
		}
	case punct('\\'):
		if k != 0 {
			return num(float64(i / k))
		}
	case wAnd:
		return num(float64(i & k))
	case wOr:
		return num(float64(i | k))
	case wXor:
		return num(float64(i ^ k))
	case wEqv:
		return num(float64(^(i ^ k)))
	case wImp:
		return num(float64(^i | k))
	}
	return value{}
}

// compare applies a relational operator (MS-VBAL 5.6.9.5): as numbers where one side is a number, else as text. Text with a hole is equal to nothing
// and different from nothing.
func (r *run) compare(op sym, a, b value) value {
	if a.k == array || b.k == array || !r.whole(a) || !r.whole(b) || !r.read(min(len(a.s), len(b.s))) {
		return value{}
	}
	c := 0
	x, ok := a.number()
	y, ok2 := b.number()
	if ok && ok2 && (a.k != text || b.k != text) {
		switch {
		case x < y:
			c = -1
		case x > y:
			c = 1
		}
	} else if s, t := a.string(), b.string(); r.m.textual {
		if !r.afford(a, b) {
			return value{}
		}
		c = strings.Compare(strings.ToLower(s), strings.ToLower(t))
	} else {
		c = strings.Compare(s, t)
	}
	switch op {
	case punct('='):
		return flag(c == 0)
	case punct('<'):
		return flag(c < 0)
	case punct('>'):
		return flag(c > 0)
	case opLE:
		return flag(c <= 0)
	case opGE:
		return flag(c >= 0)
	}
	return flag(c != 0)
}

// primary evaluates a literal, a name with what hangs on it, or what stands in parentheses (MS-VBAL 5.6.5 to 5.6.16).
func (r *run) primary() value {
	r.terms++
	switch s := r.peek(0); {
	case s == tString: // MS-VBAL 5.6.5
		r.pos++
		return r.literalText(r.pos - 1)
	case s == tNumber: // MS-VBAL 5.6.5
		r.pos++
		if n, ok := parseNumber(r.text(r.pos - 1)); ok {
			return num(n)
		}
		return value{}
	case s == punct('('): // MS-VBAL 5.6.6
		r.pos++
		v := r.expr()
		r.closing()
		return r.postfix(v, "")
	case s == punct('['): // MS-VBAL 5.6.16.5: evaluated by the host
		r.until(punct(']'))
		return r.postfix(value{}, "")
	case s == wNew: // MS-VBAL 5.6.8
		r.pos++
		return r.create()
	case s == wAddressOf, s == wTypeOf: // MS-VBAL 5.6.7, 5.6.16.8
		r.pos++
		return r.binary(powExp)
	case s == punct('.') || s == punct('!'): // MS-VBAL 5.6.15: of the innermost With
		return r.postfix(r.with(), "")
	case s > 0: // MS-VBAL 5.6.10
		return r.named()
	}
	if r.pos < r.end && r.peek(0) != punct(')') && r.peek(0) != punct(',') {
		r.pos++
	}
	return value{}
}

// literalText is the literal at a token. One with quotes in it is made anew each time.
func (r *run) literalText(at int) value {
	s := r.text(at)
	v := value{k: text, s: unquote(s), lit: true}
	r.terms += len(s) / 4096
	if len(v.s) < len(s) {
		r.terms += v.work()
	}
	return v
}

// until goes behind the next mark.
func (r *run) until(mark sym) {
	for r.pos++; r.pos < r.end; r.pos++ {
		if r.peek(0) == mark {
			r.pos++
			return
		}
	}
}

// closing goes behind the parenthesis that closes the one that is open.
func (r *run) closing() {
	for depth := 1; r.pos < r.end; r.pos++ {
		switch r.peek(0) {
		case punct('('):
			depth++
		case punct(')'):
			if depth--; depth == 0 {
				r.pos++
				return
			}
		}
	}
}

// arguments evaluates a list up to the closing parenthesis or the end of the statement; named ones lose their names, an omitted one is empty.
func (r *run) arguments() []value {
	var args []value
	for r.pos < r.end && r.peek(0) != punct(')') {
		if r.peek(0) == punct(',') {
			args = append(args, value{k: empty})
			r.pos++
			continue
		}
		first := false
		if r.peek(0) > 0 && r.peek(1) == tNamed {
			first = firstNames[r.tab.lowOf(r.peek(0))]
			r.pos += 2
		}
		if v := r.item(); first && len(args) < parametersMax {
			args = slices.Insert(args, 0, v)
		} else {
			args = append(args, v)
		}
		if r.peek(0) == punct(',') {
			r.pos++
		}
	}
	return args
}

// parametersMax is more than a procedure has (VBA allows 60): the order of those behind them does not matter.
const parametersMax = 64

// firstNames are names of first parameters, in lower case; a named argument may stand anywhere (MS-VBAL 5.6.13.1).
var firstNames = map[string]bool{
	"filename": true, "pathname": true, "class": true, "template": true, "macroname": true, "macro": true, "string": true, "path": true, "keys": true,
	"source": true, "command": true,
}

// item evaluates one argument. Of "1 To 5" and of what is no expression the last part counts.
func (r *run) item() (v value) {
	for r.pos < r.end && r.peek(0) != punct(',') && r.peek(0) != punct(')') {
		start := r.pos
		v = r.expr()
		if r.pos == start {
			r.pos++
		}
	}
	return v
}
