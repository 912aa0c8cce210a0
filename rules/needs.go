package rules

import (
	"math/bits"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

// need is facts of which one at least has to be there for a condition to be true, a bit for each. The facts of a message are such a set too.
type need [needWords]uint64

const (
	needWords = 3
	// kindBit is the first bit of kinds; below it are clues.
	kindBit = 16
)

// clue is a fact other than a kind of finding that is quickly asked for; it is its bit.
type clue uint8

const (
	noClue clue = iota
	isIncomplete
	isLocked
	isBare
	isMail    // not bare
	isInbound // the direction
	isOurs    // the direction
	isListed  // it matches some list
	isCounted // its sender's behaviour is counted
)

// kindBits is the bit of each kind. A test holds that needWords has room for them.
var kindBits = func() map[finding.Kind]int {
	m := map[finding.Kind]int{}
	for i, k := range finding.Kinds() {
		m[k] = kindBit + i
	}
	return m
}()

func (n *need) set(bit int) { n[bit/64] |= 1 << (bit % 64) }

// meets reports whether n and m have a fact in common.
func (n *need) meets(m *need) bool { return n[0]&m[0]|n[1]&m[1]|n[2]&m[2] != 0 }

func (n *need) size() (size int) {
	for _, w := range n {
		size += bits.OnesCount64(w)
	}
	return size
}

func (n *need) add(m need) {
	for i := range n {
		n[i] |= m[i]
	}
}

// possible spares the evaluation of conditions that cannot be true; most mail has few findings.
func (c *condition) possible(a *activation) bool {
	for i := range c.needs {
		if !c.needs[i].meets(&a.there) {
			return false
		}
	}
	return true
}

// gate is the need that most mail does not meet: the first of the narrowest.
func (c *condition) gate() need {
	if n, ok := fewest(c.needs); ok {
		return n
	}
	return need{^uint64(0), ^uint64(0), ^uint64(0)}
}

// clues notes the facts that needs may name, all but kinds.
func (a *activation) clues() {
	note := func(is bool, c clue) {
		if is {
			a.there.set(int(c))
		}
	}
	note(a.incomplete, isIncomplete)
	note(a.facts.Locked, isLocked)
	note(a.facts.Bare, isBare)
	note(!a.facts.Bare, isMail)
	note(a.ours(), isOurs)
	note(!a.ours(), isInbound)
	note(len(a.facts.Lists) > 0, isListed)
	note(len(a.facts.Outbound) > 0, isCounted)
}

// needs returns what has to be there for e to be true, as far as that can be told. It is sound although CEL's && and || absorb errors: an
// operand that is false makes && false whatever the other one does.
func needs(e ast.Expr) []need {
	if n, ok := fact(e); ok {
		return []need{n}
	}
	if e.Kind() != ast.CallKind {
		return nil
	}
	args := e.AsCall().Args()
	switch e.AsCall().FunctionName() {
	case operators.LogicalAnd:
		var all []need
		for _, a := range args {
			all = append(all, needs(a)...)
		}
		return all
	case operators.LogicalOr: // one need of each operand, in one
		var either need
		for _, a := range args {
			n, ok := fewest(needs(a))
			if !ok {
				return nil
			}
			either.add(n)
		}
		return []need{either}
	}
	return nil
}

// fewest returns the need with the fewest facts, the first of several.
func fewest(ns []need) (best need, ok bool) {
	for _, n := range ns {
		if !ok || n.size() < best.size() {
			best, ok = n, true
		}
	}
	return best, ok
}

// fact returns the one fact that e needs.
func fact(e ast.Expr) (n need, ok bool) {
	c := noClue
	switch {
	case isIdent(e, "incomplete"):
		c = isIncomplete
	case isIdent(e, "locked"):
		c = isLocked
	case isIdent(e, "bare"):
		c = isBare
	case e.Kind() == ast.CallKind:
		if bit, ok := hasKind(e); ok {
			n.set(bit)
			return n, true
		}
		c = called(e.AsCall().FunctionName(), e.AsCall().Args())
	}
	n.set(int(c))
	return n, c != noClue
}

// hasKind recognises "kind" in kinds, as has("kind") is expanded, and returns the kind's bit.
func hasKind(e ast.Expr) (bit int, ok bool) {
	args := e.AsCall().Args()
	if e.AsCall().FunctionName() != operators.In || !isIdent(args[1], "kinds") {
		return 0, false
	}
	k, _ := stringLiteral(args[0])
	bit, ok = kindBits[finding.Kind(k)]
	return bit, ok
}

// called returns what an operator needs.
func called(op string, args []ast.Expr) clue {
	switch op {
	case operators.LogicalNot:
		if isIdent(args[0], "bare") {
			return isMail
		}
	case operators.In:
		if isIdent(args[1], "lists") {
			return isListed
		}
	case operators.Equals, operators.NotEquals:
		return directed(args, op == operators.Equals)
	case operators.Greater, operators.GreaterEquals:
		return aboveZero(args, op == operators.Greater)
	}
	return noClue
}

// directed recognises direction == "…" and direction != "in".
func directed(args []ast.Expr, equal bool) clue {
	s, ok := stringLiteral(args[1])
	if !ok || !isIdent(args[0], "direction") {
		return noClue
	}
	in := s == string(message.In)
	switch {
	case equal && in:
		return isInbound
	case equal || in: // == "out", == "internal"; != "in"
		return isOurs
	}
	return noClue
}

// aboveZero recognises outbound["key"] > n and >= n that a count of nothing makes false.
func aboveZero(args []ast.Expr, strict bool) clue {
	if _, ok := outboundKey(args[0]); !ok || args[1].Kind() != ast.LiteralKind {
		return noClue
	}
	n, ok := args[1].AsLiteral().(types.Int)
	if ok && (n > 0 || n == 0 && strict) {
		return isCounted
	}
	return noClue
}
