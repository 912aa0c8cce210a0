package biff

import "strings"

// How tightly the operators bind, as Excel reads them back: negation before %, % before ^, and unlike elsewhere negation before ^.
const (
	bindCompare = iota + 1
	bindConcat
	bindAdd
	bindMultiply
	bindPower
	bindPercent
	bindSign
	bindUnion
	bindIntersect
	bindRange
	bindAtom
)

// textMost bounds the text of one formula. Excel takes 8,192 characters; a name of 255 characters takes a token of five bytes.
const textMost = 64 << 10

// shape is how a node is written.
type shape uint8

const (
	leaf shape = iota
	prefix
	postfix
	infix
	paren
	call
)

// node is an operand of a formula: its text, or an operator or function with operands.
type node struct {
	shape shape
	bind  uint8
	text  string
	from  int // its operands are kids[from:to]
	to    int
}

// tree puts the operands of one formula together. It grows by one node a token, and it is written out without recursion, so that neither
// deep nor long formulas cost more than their tokens.
type tree struct {
	nodes []node
	kids  []int
	stack []int
	short bool // a token found fewer operands than it needs
	todo  []piece
}

// reset forgets a formula and keeps its memory.
func (t *tree) reset() {
	t.nodes, t.kids, t.stack, t.short = t.nodes[:0], t.kids[:0], t.stack[:0], false
}

// push puts an operand on the stack.
func (t *tree) push(text string) { t.join(leaf, bindAtom, text, 0) }

// join takes the last n operands from the stack and puts the node over them there.
func (t *tree) join(s shape, bind uint8, text string, n int) {
	if n > len(t.stack) {
		n, t.short = len(t.stack), true
	}
	from := len(t.kids)
	rest := len(t.stack) - n
	t.kids = append(t.kids, t.stack[rest:]...)
	t.nodes = append(t.nodes, node{s, bind, text, from, len(t.kids)})
	t.stack = append(t.stack[:rest], len(t.nodes)-1)
}

// callNamed is a call whose first operand is the function's name.
func (t *tree) callNamed(n int) {
	if n < 1 || n > len(t.stack) {
		t.short = true
		t.join(call, bindAtom, "#NAME?", min(max(n, 0), len(t.stack)))
		return
	}
	at := len(t.stack) - n
	first := &t.nodes[t.stack[at]]
	if first.shape != leaf { // no name: what it does must not be lost
		t.join(call, bindAtom, "#NAME?", n)
		return
	}
	name := strings.TrimPrefix(first.text, "_xlfn.") // functions newer than the format
	copy(t.stack[at:], t.stack[at+1:])
	t.stack = t.stack[:len(t.stack)-1]
	t.join(call, bindAtom, name, n-1)
}

// piece is something still to be written: a node, or text where node is negative.
type piece struct {
	node int
	text string
}

// text writes the operands on the stack; a whole formula leaves one. cut says that the text is longer than it may be.
func (t *tree) text() (s string, cut bool) {
	if len(t.stack) == 1 && t.nodes[t.stack[0]].shape == leaf {
		return t.nodes[t.stack[0]].text, false
	}
	var out strings.Builder
	t.todo = t.todo[:0]
	for i := len(t.stack) - 1; i >= 0; i-- {
		t.todo = append(t.todo, piece{t.stack[i], ""})
		if i > 0 {
			t.todo = append(t.todo, piece{-1, ","})
		}
	}
	for len(t.todo) > 0 {
		p := t.todo[len(t.todo)-1]
		t.todo = t.todo[:len(t.todo)-1]
		if out.Len()+len(p.text) > textMost {
			return out.String(), true
		}
		out.WriteString(p.text)
		if p.node >= 0 {
			t.open(p.node)
		}
	}
	return out.String(), false
}

// open puts the pieces of a node on the list, the last first.
func (t *tree) open(id int) {
	n := &t.nodes[id]
	kids := t.kids[n.from:n.to]
	switch n.shape {
	case leaf:
		t.later(n.text)
	case prefix:
		t.operands(kids, n.bind, "")
		t.later(n.text)
	case postfix:
		t.later(n.text)
		t.operands(kids, n.bind, "")
	case infix:
		t.infix(n, kids)
	case paren:
		t.later(")")
		t.operands(kids, 0, ",")
		t.later("(")
	case call:
		t.later(")")
		t.operands(kids, bindUnion+1, ",") // a union would read as two arguments
		t.later("(")
		t.later(n.text)
	}
}

// later notes text to be written before what was noted until now.
func (t *tree) later(text string) { t.todo = append(t.todo, piece{-1, text}) }

// infix writes a binary operator. All of Excel's group to the left.
func (t *tree) infix(n *node, kids []int) {
	if len(kids) > 1 {
		t.operand(kids[1], n.bind+1)
	}
	t.later(n.text)
	if len(kids) > 0 {
		t.operand(kids[0], n.bind)
	}
}

// operands writes operands that bind less than bind in parentheses.
func (t *tree) operands(kids []int, bind uint8, between string) {
	for i := len(kids) - 1; i >= 0; i-- {
		t.operand(kids[i], bind)
		if i > 0 && between != "" {
			t.later(between)
		}
	}
}

// operand writes one operand, in parentheses where it would be read otherwise. Excel keeps those that were typed (PtgParen); a formula
// made by other hands may lack them. As an argument only a union needs them.
func (t *tree) operand(id int, bind uint8) {
	n := &t.nodes[id]
	need := n.bind < bind
	if bind == bindUnion+1 {
		need = n.shape == infix && n.bind == bindUnion
	}
	if need {
		t.later(")")
	}
	t.todo = append(t.todo, piece{id, ""})
	if need {
		t.later("(")
	}
}
