package xlm

import (
	"strconv"
	"strings"
)

const (
	formulaMax = 32 << 10 // bytes; Excel stores 8,192 characters of a formula (ECMA-376-1 18.3.1.40)
	nestingMax = 128      // Excel itself nests 64 functions (MS-XLS 2.5.198.104)
)

// op is what a node of a formula is.
type op uint8

const (
	opMissing op = iota // an argument left out
	opNumber
	opText
	opBool
	opError
	opArray // args row by row, cols columns
	opArea  // a reference
	opName
	opCall    // a function or macro by its name
	opRefCall // args[0] is a reference to the macro, the rest its arguments
	opChain   // operators of one precedence from left to right: args[0] ops[0] args[1] …
	opNegate
	opPercent
	opRange // the colon between references that are worked out
	opUnion
	opDDE // server|topic!item
)

// node is a formula or a part of one.
type node struct {
	op    op
	src   string // as written
	text  string // name, text, error; a function's name in upper case and without the prefix of its file format
	num   float64
	area  area   // of opArea; its sheet is not looked up yet
	sheet string // before "!", "" for none
	args  []*node
	ops   []byte
	cols  int
}

// formula is a parsed formula.
type formula struct {
	src   string // without "="
	root  *node
	bad   bool // not all of it could be read: what comes first is in root
	nodes int
}

// base is the cell against which relative R1C1 references are meant.
type base struct {
	row, col int
	r1c1     bool // the text is in R1C1 notation
}

// parse reads a formula in the notation of ECMA-376-1 18.17.2, the same that Excel shows. It never fails: bad says that text was left over.
func parse(src string, at base) *formula {
	src = strings.TrimPrefix(strings.TrimLeft(src, " \t\r\n"), "=")
	f := &formula{src: src}
	if len(src) > formulaMax {
		f.bad, f.root = true, &node{src: src}
		return f
	}
	p := &parser{s: src, base: at}
	f.root = p.comparison()
	p.space()
	f.bad = p.bad || p.i < len(p.s)
	f.nodes = p.nodes
	return f
}

// parser walks a formula once from left to right.
type parser struct {
	s     string
	i     int
	depth int
	nodes int // operands so far
	bad   bool
	base  base
}

// space skips white space.
func (p *parser) space() {
	for p.i < len(p.s) && (p.s[p.i] <= ' ') {
		p.i++
	}
}

// peek is the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

// take skips c where it is next.
func (p *parser) take(c byte) bool {
	p.space()
	if p.peek() == c && p.i < len(p.s) {
		p.i++
		return true
	}
	return false
}

// comparison reads a whole expression, from the loosest operator on.
func (p *parser) comparison() *node { return p.chain(1) }

// Operators by their characters; those of two have letters.
const (
	opLessEqual    = 'l'
	opGreaterEqual = 'g'
	opUnequal      = 'n'
)

// operator is the binary operator that is next with its length and precedence, 1 for the loosest (ECMA-376-1 18.17.2.2), 0 for none.
func (p *parser) operator() (o byte, size, level int) {
	p.space()
	if p.bad {
		return 0, 0, 0
	}
	switch c := p.peek(); c {
	case '<', '>':
		if p.i+1 < len(p.s) {
			switch next := p.s[p.i+1]; {
			case c == '<' && next == '>':
				return opUnequal, 2, 1
			case c == '<' && next == '=':
				return opLessEqual, 2, 1
			case next == '=':
				return opGreaterEqual, 2, 1
			}
		}
		return c, 1, 1
	case '=':
		return c, 1, 1
	case '&':
		return c, 1, 2
	case '+', '-':
		return c, 1, 3
	case '*', '/':
		return c, 1, 4
	case '^':
		return c, 1, 5
	}
	return 0, 0, 0
}

// chain reads operands joined by operators of a level or tighter ones.
func (p *parser) chain(level int) *node {
	p.space()
	from := p.i
	left := p.prefix()
	o, size, l := p.operator()
	for l >= level {
		n := &node{op: opChain, args: []*node{left}}
		for here := l; l == here; o, size, l = p.operator() {
			p.i += size
			n.ops = append(n.ops, o)
			n.args = append(n.args, p.chain(here+1))
		}
		n.src = strings.TrimRight(p.s[from:p.i], " ")
		left = n
	}
	return left
}

// prefix reads signs, an operand, and what may follow an operand.
func (p *parser) prefix() *node {
	p.space()
	from, minus := p.i, 0
	for c := p.peek(); c == '-' || c == '+' || c == '@'; c = p.peek() { // "@" is the implicit intersection of newer files
		if c == '-' {
			minus++
		}
		p.i++
		p.space()
	}
	n := p.postfix()
	if minus > 2 { // two make a text a number
		minus = 2 - minus&1
	}
	for range minus {
		n = &node{op: opNegate, args: []*node{n}, src: p.s[from:p.i]}
	}
	return n
}

// postfix reads an operand with the percents, ranges and calls behind it.
func (p *parser) postfix() *node {
	from := p.i
	n := p.operand()
	for chained := 0; !p.bad && p.i < len(p.s); chained++ {
		if chained == nestingMax {
			p.bad = true
			return n
		}
		switch p.s[p.i] {
		case '%':
			p.i++
			n = &node{op: opPercent, args: []*node{n}}
		case ':':
			p.i++
			n = joined(n, p.operand())
		case '(': // a macro by its reference: A5()
			if n.op != opArea && n.op != opRange {
				return n
			}
			n = &node{op: opRefCall, args: append([]*node{n}, p.arguments()...)}
		case '#': // a spilled range, ECMA-376-1's ANCHORARRAY as Excel shows it
			p.i++
		default:
			return n
		}
		n.src = p.s[from:p.i]
	}
	return n
}

// joined is the range from a to b.
func joined(a, b *node) *node {
	if a.op == opNumber && b.op == opNumber { // 1:5, whole rows
		rows := area{row: int(min(a.num, rowsMax+1)) - 1, row2: int(min(b.num, rowsMax+1)) - 1, col2: colsMax - 1}.ordered()
		if !rows.valid() {
			return &node{op: opError, text: "#REF!"}
		}
		return &node{op: opArea, area: rows}
	}
	if a.op == opArea && b.op == opArea && b.sheet == "" {
		return &node{op: opArea, sheet: a.sheet, area: a.area.with(b.area)}
	}
	return &node{op: opRange, args: []*node{a, b}}
}

// operand reads one operand. Nesting deeper than nestingMax makes the formula bad.
func (p *parser) operand() *node {
	p.space()
	from := p.i
	p.nodes++
	p.depth++
	n := p.primary()
	p.depth--
	if n.src == "" {
		n.src = p.s[from:p.i]
	}
	return n
}

// primary reads an operand by its first character.
func (p *parser) primary() *node {
	if p.depth > nestingMax || p.i >= len(p.s) {
		return p.fail()
	}
	switch c := p.s[p.i]; {
	case c == '"':
		return &node{op: opText, text: p.quoted('"')}
	case c == '(':
		return p.parenthesis()
	case c == '{':
		return p.array()
	case c == '#':
		return p.errorName()
	case c >= '0' && c <= '9' || c == '.':
		return p.number()
	case c == '\'':
		return p.behindSheet(p.quoted('\''))
	case c == '!': // the active sheet's
		return p.behindSheet("")
	case c == '[' || c == '$' || isWordStart(p.s[p.i:]):
		return p.word()
	}
	return p.fail()
}

// fail says that what is next cannot be read; a node is still there, for whoever walks the formula.
func (p *parser) fail() *node {
	p.bad = true
	return &node{op: opMissing, src: " "}
}

// quoted reads a text up to the closing quote; two quotes are one. A text without an end goes to the end.
func (p *parser) quoted(q byte) string {
	p.i++
	from, doubled := p.i, false
	for p.i < len(p.s) {
		if p.s[p.i] != q {
			p.i++
			continue
		}
		if p.i+1 < len(p.s) && p.s[p.i+1] == q {
			doubled = true
			p.i += 2
			continue
		}
		text := p.s[from:p.i]
		p.i++
		if doubled {
			text = strings.ReplaceAll(text, string([]byte{q, q}), string(q))
		}
		return text
	}
	p.bad = true
	return p.s[from:]
}

// parenthesis is an expression, or a union of references.
func (p *parser) parenthesis() *node {
	p.i++
	n := p.comparison()
	if p.take(',') {
		n = &node{op: opUnion, args: []*node{n, p.comparison()}}
		for p.take(',') {
			n.args = append(n.args, p.comparison())
		}
	}
	if !p.take(')') {
		p.bad = true
	}
	return &node{op: n.op, text: n.text, num: n.num, area: n.area, sheet: n.sheet, args: n.args, ops: n.ops, cols: n.cols}
}

// array reads {1,2;3,4}.
func (p *parser) array() *node {
	p.i++
	n, cols := &node{op: opArray, cols: 1}, 1
	for !p.bad {
		n.args = append(n.args, p.prefix())
		switch {
		case p.take(','), p.take('\\'):
			cols++
		case p.take(';'):
			n.cols, cols = cols, 1
		case p.take('}'):
			n.cols = max(n.cols, cols)
			return n
		default:
			p.bad = true
		}
	}
	return n
}

// errorNames are the error values (ECMA-376-1 18.17.3).
var errorNames = [...]string{"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA", "#SPILL!", "#CALC!"}

// errorName reads an error value.
func (p *parser) errorName() *node {
	for _, e := range errorNames {
		if hasPrefixFold(p.s[p.i:], e) {
			p.i += len(e)
			return &node{op: opError, text: e}
		}
	}
	return p.fail()
}

// hasPrefixFold is strings.HasPrefix without regard to case.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// number reads a number without a sign (ECMA-376-1 18.17.2.1).
func (p *parser) number() *node {
	from := p.i
	digits := func() {
		for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
			p.i++
		}
	}
	digits()
	if p.peek() == '.' {
		p.i++
		digits()
	}
	if c := p.peek() | 0x20; c == 'e' && p.i > from {
		mark := p.i
		if p.i++; p.peek() == '-' || p.peek() == '+' {
			p.i++
		}
		if c := p.peek(); c < '0' || c > '9' {
			p.i = mark
		}
		digits()
	}
	f, err := strconv.ParseFloat(p.s[from:p.i], 64)
	if err != nil && f == 0 {
		return p.fail()
	}
	return &node{op: opNumber, num: f}
}

// arguments reads a list in parentheses. Semicolons separate too, as in versions of Excel in other languages.
func (p *parser) arguments() []*node {
	p.i++
	var list []*node
	if p.take(')') {
		return nil
	}
	for {
		p.space()
		if c := p.peek(); c == ',' || c == ';' || c == ')' || p.i == len(p.s) {
			list = append(list, &node{op: opMissing})
		} else {
			list = append(list, p.comparison())
		}
		switch {
		case p.bad:
			return list
		case p.take(','), p.take(';'):
		case p.take(')'):
			return list
		default:
			p.bad = true
			return list
		}
	}
}
