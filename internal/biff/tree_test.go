package biff

import (
	"strings"
	"testing"
)

// written is the text of a tree that build makes.
func written(build func(*tree)) (string, bool) {
	var t tree
	build(&t)
	return t.text()
}

func TestParenthesesWhereAFormulaWouldReadOtherwise(t *testing.T) {
	binary := func(t *tree, bind uint8, sign string) { t.join(infix, bind, sign, 2) }
	for want, build := range map[string]func(*tree){
		"(a=b)=c": func(t *tree) {
			t.push("a")
			t.push("b")
			binary(t, bindCompare, "=")
			t.join(paren, bindAtom, "", 1)
			t.push("c")
			binary(t, bindCompare, "=")
		},
		"a=(b=c)": func(t *tree) {
			t.push("a")
			t.push("b")
			t.push("c")
			binary(t, bindCompare, "=")
			binary(t, bindCompare, "=")
		},
		"a^(b^c)": func(t *tree) {
			t.push("a")
			t.push("b")
			t.push("c")
			binary(t, bindPower, "^")
			binary(t, bindPower, "^")
		},
		"(a+b)%": func(t *tree) { t.push("a"); t.push("b"); binary(t, bindAdd, "+"); t.join(postfix, bindPercent, "%", 1) },
		"-a%":    func(t *tree) { t.push("a"); t.join(prefix, bindSign, "-", 1); t.join(postfix, bindPercent, "%", 1) },
		"(a,b) c": func(t *tree) {
			t.push("a")
			t.push("b")
			binary(t, bindUnion, ",")
			t.push("c")
			binary(t, bindIntersect, " ")
		},
		"f((a,b),)": func(t *tree) {
			t.push("a")
			t.push("b")
			binary(t, bindUnion, ",")
			t.push("")
			t.join(call, bindAtom, "f", 2)
		},
		"a+b-c": func(t *tree) { t.push("a"); t.push("b"); binary(t, bindAdd, "+"); t.push("c"); binary(t, bindAdd, "-") },
	} {
		if got, cut := written(build); got != want || cut {
			t.Errorf("%q, want %q, cut %v", got, want, cut)
		}
	}
}

// A name whose place no name takes is no function, and its operands are not lost.
func TestCallsOfWhatIsNoName(t *testing.T) {
	var tr tree
	tr.push("a")
	tr.join(prefix, bindSign, "-", 1)
	tr.push("1")
	tr.callNamed(2)
	if got, _ := tr.text(); got != "#NAME?(-a,1)" || tr.short {
		t.Errorf("%q", got)
	}
	tr.reset()
	tr.push("_xlfn.CONCAT")
	tr.push("1")
	tr.callNamed(2)
	if got, _ := tr.text(); got != "CONCAT(1)" {
		t.Errorf("newer than the format: %q", got)
	}
	tr.reset()
	tr.callNamed(5)
	if got, _ := tr.text(); got != "#NAME?()" || !tr.short {
		t.Errorf("without operands: %q", got)
	}
}

// A formula of many long names is cut at the limit, not written out.
func TestTextOfAFormulaIsBounded(t *testing.T) {
	var tr tree
	tr.push(strings.Repeat("x", 1000))
	for range 100 {
		tr.push(strings.Repeat("y", 1000))
		tr.join(infix, bindConcat, "&", 2)
	}
	got, cut := tr.text()
	if !cut || len(got) > textMost || len(got) < textMost-2000 {
		t.Errorf("%d bytes, cut %v", len(got), cut)
	}
}

func TestTreeIsEmptyAfterReset(t *testing.T) {
	var tr tree
	tr.join(call, bindAtom, "f", 3)
	if !tr.short {
		t.Error("missing operands are not noted")
	}
	tr.reset()
	if got, cut := tr.text(); got != "" || cut || tr.short {
		t.Errorf("%q, cut %v, short %v", got, cut, tr.short)
	}
}
