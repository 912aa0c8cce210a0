package xlm

import (
	"math"
	"strings"
	"testing"
)

// Cells hold what their reader wrote: numbers, conditions, errors, or text.
func TestConstantsOfCells(t *testing.T) {
	for in, want := range map[string]value{
		"": {kind: empty}, "TRUE": truth(true), "FALSE": truth(false), "#N/A": errNA, "#REF!": errRef, "#nothing": str("#nothing"), "12": num(12), "1.5": num(1.5),
		"0": num(0), "0.5": num(0.5), "0e1": num(0), "007": str("007"), "-3": num(-3), "+3": num(3), "1E+21": num(1e21), "0x10": str("0x10"), "1_000": str("1_000"), "1e999": str("1e999"),
		"text": str("text"), "true": str("true"), "=A1": str("=A1"), "(1)": str("(1)"), "-": str("-"),
	} {
		if got := constant(in); got.kind != want.kind || got.num != want.num || got.str != want.str {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}

// reads is a value as a number, a whole number, a text and a condition.
func TestValuesConvert(t *testing.T) {
	for _, tt := range []struct {
		v      value
		number float64
		isNum  bool
		text   string
		isText bool
		cond   bool
		known  bool
	}{
		{num(2.5), 2.5, true, "2.5", true, true, true},
		{num(0), 0, true, "0", true, false, true},
		{truth(true), 1, true, "TRUE", true, true, true},
		{truth(false), 0, true, "FALSE", true, false, true},
		{value{kind: empty}, 0, true, "", true, false, true},
		{str("3"), 3, true, "3", true, false, false},
		{str(" 3% "), 0.03, true, " 3% ", true, false, false},
		{str("x"), 0, false, "x", true, false, false},
		{str("TRUE"), 0, false, "TRUE", true, true, true},
		{str("false"), 0, false, "false", true, false, true},
		{errNA, 0, false, "", false, false, false},
		{value{}, 0, false, "", false, false, false},
		{value{str: "part"}, 0, false, "", false, false, false},
	} {
		n, isNum := tt.v.number()
		s, isText := tt.v.text()
		cond, known := tt.v.bool()
		if n != tt.number || isNum != tt.isNum || s != tt.text || isText != tt.isText || cond != tt.cond || known != tt.known {
			t.Errorf("%+v: %v %v, %q %v, %v %v", tt.v, n, isNum, s, isText, cond, known)
		}
	}
}

func TestWholeNumbersAreBounded(t *testing.T) {
	for f, want := range map[float64]bool{0: true, math.MaxInt32: true, -math.MaxInt32: true, math.MaxInt32 + 1: false, 1e18: false} {
		if _, ok := num(f).int(); ok != want {
			t.Errorf("%v: %v", f, ok)
		}
	}
	if n, _ := num(-1.5).int(); n != -2 {
		t.Errorf("-1.5 is %d", n)
	}
	if num(math.NaN()).kind != failure || num(math.Inf(1)).kind != failure {
		t.Error("what is no number is one")
	}
}

func TestNumbersAsGeneralShowsThem(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0", 1: "1", -1: "-1", 0.1: "0.1", 1e14: "100000000000000", 1e15: "1E+15", 1.5e20: "1.5E+20", 1.0 / 3: "0.333333333333333", 123456.789: "123456.789", 1e-10: "1E-10",
	} {
		if got := general(f); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}

// Texts longer than a cell are no texts, counted in UTF-16.
func TestTextsAreBounded(t *testing.T) {
	for _, tt := range []struct {
		text string
		kind kind
	}{
		{strings.Repeat("x", textMax), text}, {strings.Repeat("x", textMax+1), failure}, {strings.Repeat("請", textMax), text}, {strings.Repeat("😀", textMax), failure},
	} {
		if got := str(tt.text).kind; got != tt.kind {
			t.Errorf("%d bytes: %d", len(tt.text), got)
		}
	}
	if join([]value{str(strings.Repeat("x", 20000)), str(strings.Repeat("x", 20000))}).kind != failure {
		t.Error("joined to more than a cell holds")
	}
}

func TestJoiningKeepsWhatIsKnown(t *testing.T) {
	for _, tt := range []struct {
		parts []value
		want  value
	}{
		{nil, str("")},
		{[]value{str("a"), num(1), truth(true), {kind: empty}}, str("a1TRUE")},
		{[]value{str("a"), {}, str("b")}, value{str: "a" + gap + "b"}},
		{[]value{str("a"), {str: "part"}}, value{str: "apart"}},
		{[]value{str("a"), errNA, {}}, errNA},
	} {
		if got := join(tt.parts); got.kind != tt.want.kind || got.str != tt.want.str {
			t.Errorf("%+v: %+v, want %+v", tt.parts, got, tt.want)
		}
	}
}

func TestValuesAreShownAsInAFormula(t *testing.T) {
	long := value{kind: array, cols: 17, elems: make([]value, 17)}
	for _, tt := range []struct {
		v    value
		want string
	}{
		{str(`a"b`), `"a""b"`}, {num(1.5), "1.5"}, {truth(false), "FALSE"}, {errDiv, "#DIV/0!"}, {value{}, "src"}, {value{str: "a…"}, `"a…"`}, {value{kind: empty}, "src"},
		{value{kind: array, cols: 2, elems: []value{num(1), str("x"), {}}}, `{1,"x",…}`}, {value{kind: array}, "src"}, {long, "src"}, {ref(addr{0, 0, 0}.area()), "src"},
	} {
		if got := tt.v.show("src"); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.v, got, tt.want)
		}
	}
}

// Numbers come before texts, texts before conditions; texts differ by no case; an empty cell is what it is compared with.
func TestOrderOfValues(t *testing.T) {
	none := value{kind: empty}
	for _, tt := range []struct {
		a    value
		o    byte
		b    value
		want bool
	}{
		{num(1), '<', num(2), true}, {num(2), '<', num(1), false}, {num(9), '<', str("1"), true}, {str("z"), '<', truth(false), true}, {str("A"), '=', str("a"), true},
		{str("a"), '<', str("B"), true}, {str("b"), opGreaterEqual, str("B"), true}, {none, '=', none, true}, {none, '=', str(""), true}, {none, '=', num(0), true},
		{none, '=', truth(false), true}, {num(1), opUnequal, str("1"), true}, {truth(true), '>', truth(false), true}, {num(1), opLessEqual, num(1), true}, {num(1), '>', none, true},
	} {
		if got := compare(tt.o, tt.a, tt.b); got.kind != boolean || got.num != 0 != tt.want {
			t.Errorf("%+v %c %+v: %+v", tt.a, tt.o, tt.b, got)
		}
	}
}

// An array of one row or column goes on in the other direction (as SET.VALUE and INDEX need it).
func TestElementsOfArrays(t *testing.T) {
	row := value{kind: array, cols: 3, elems: []value{num(1), num(2), num(3)}}
	col := value{kind: array, cols: 1, elems: row.elems}
	square := value{kind: array, cols: 2, elems: []value{num(1), num(2), num(3), num(4)}}
	for _, tt := range []struct {
		v        value
		row, col int
		want     value
	}{
		{row, 0, 2, num(3)}, {row, 9, 1, num(2)}, {col, 2, 0, num(3)}, {col, 1, 9, num(2)}, {square, 1, 0, num(3)}, {square, 1, 2, errNA}, {square, 2, 0, errNA}, {num(7), 5, 5, num(7)},
		{value{kind: array}, 0, 0, errNA},
	} {
		if got := element(tt.v, tt.row, tt.col); got.kind != tt.want.kind || got.num != tt.want.num {
			t.Errorf("%d,%d: %+v, want %+v", tt.row, tt.col, got, tt.want)
		}
	}
}

func TestPiecesOfTexts(t *testing.T) {
	for _, tt := range []struct {
		s       string
		from, n int
		want    string
	}{
		{"calc", 1, 2, "al"}, {"calc", 9, 2, ""}, {"calc", 0, 99, "calc"}, {"請求書", 1, 1, "求"}, {"請求書", 9, 1, ""}, {"a😀b", 1, 2, "😀"}, {"a😀b", 3, 1, "b"}, {"a😀b", 1, 1, "\uFFFD"}, {"", 0, 1, ""},
	} {
		if got := cut(tt.s, tt.from, tt.n); got != tt.want {
			t.Errorf("%q from %d, %d: %q, want %q", tt.s, tt.from, tt.n, got, tt.want)
		}
	}
}
