package vba

import (
	"fmt"
	"math"
	"testing"
)

// operators are those of MS-VBAL 5.6.9 by precedence, the tightest first, with what they yield for 7 and 2.
var operators = []struct {
	clause, mark string
	want         float64
}{
	{"5.6.9.3.7", "^", 49},
	{"5.6.9.3.4", "*", 14},
	{"5.6.9.3.5", "/", 3.5},
	{"5.6.9.3.6", "\\", 3},
	{"5.6.9.3.6", "Mod", 1},
	{"5.6.9.3.2", "+", 9},
	{"5.6.9.3.3", "-", 5},
	{"5.6.9.5", "=", 0},
	{"5.6.9.5", "<>", -1},
	{"5.6.9.5", "<", 0},
	{"5.6.9.5", ">", -1},
	{"5.6.9.5", "<=", 0},
	{"5.6.9.5", ">=", -1},
	{"5.6.9.8.2", "And", 2},
	{"5.6.9.8.3", "Or", 7},
	{"5.6.9.8.4", "Xor", 5},
	{"5.6.9.8.5", "Eqv", -6},
	{"5.6.9.8.6", "Imp", -6},
}

func TestOperatorsOfNumbers(t *testing.T) {
	for _, o := range operators {
		for _, form := range []string{"7 %s 2", "\"7\" %s 2", "7 %s \"2\"", "(7) %s (2)", "14 / 2 %s 1 * 2", "7 _\n %s _\n 2"} {
			switch o.mark {
			case "^", "*", "/": // they bind at least as tightly as what stands beside them in the other forms
				form = "7 %s 2"
			}
			got := evaluated(t, "x = "+fmt.Sprintf(form, o.mark)+"\nShell \"<\" & x")
			if want := "<" + num(o.want).string(); got != want {
				t.Errorf("%s %s: %q, want %q", o.clause, fmt.Sprintf(form, o.mark), got, want)
			}
		}
	}
}

// An operator with an operand that is not known yields nothing that is known, whichever side it stands on.
func TestOperatorsOfWhatIsNotKnown(t *testing.T) {
	for _, o := range operators {
		for _, form := range []string{"y.z %s 2", "7 %s y.z", "y.z %s y.z"} {
			if got := evaluated(t, "x = "+fmt.Sprintf(form, o.mark)+"\nShell \"<\" & x"); got != "<…" {
				t.Errorf(form+": %q", o.mark, got)
			}
		}
	}
}

// What the language would stop at is not known: no number is made up.
func TestOperatorsThatFail(t *testing.T) {
	for _, expr := range []string{"1 / 0", "1 \\ 0", "1 Mod 0", "9 ^ 9 ^ 9 ^ 9", "(-1) ^ 0.5", "1E300 \\ 2", "1E300 And 1", "Not 1E300", "\"a\" * 2", "-\"a\"", "Array(1) = 1", "x.y Like \"a\"", "x.y Is Nothing"} {
		if got := evaluated(t, "x = "+expr+"\nShell \"<\" & x"); got != "<…" {
			t.Errorf("%s: %q", expr, got)
		}
	}
	for _, op := range []sym{punct('/'), punct('\\'), wMod} {
		if v := arithmetic(op, 1, 0); v.k != unknown {
			t.Errorf("%d: %+v", op, v)
		}
	}
	if v := arithmetic(punct('^'), math.MaxFloat64, 2); v.k != unknown {
		t.Errorf("%+v", v)
	}
}

// Each operator binds as MS-VBAL 5.6.9.1 orders them: of two the tighter one is computed first, wherever it stands.
func TestPrecedence(t *testing.T) {
	for expr, want := range map[string]string{
		"2 + 3 * 4": "14", "2 * 3 + 4": "10", "2 ^ 3 * 2": "16", "2 * 2 ^ 3": "16", "-2 ^ 2": "-4", "2 * -3": "-6", "10 - 4 - 3": "3", "64 / 4 / 2": "8",
		"20 \\ 6 * 2": "1", "7 Mod 10 \\ 3": "1", "10 + 7 Mod 4": "13", "1 & 2 + 3": "15", "1 + 2 & 3": "33", "1 & 2 = 12": "-1", "1 + 1 = 2 And 3": "3",
		"Not 1 = 1": "0", "1 Or 2 And 4": "1", "1 Xor 3 Or 4": "6", "5 Eqv 5 Xor 5": "-6", "0 Imp 0 Eqv 0": "-1", "(2 + 3) * 4": "20", "2 ^ (1 + 1)": "4",
	} {
		if got := evaluated(t, "x = "+expr+"\nShell \"<\" & x"); got != "<"+want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}
