package biff_test

import (
	"strings"
	"testing"

	"sekisho/internal/biff"
	"sekisho/internal/fixture"
)

// decode decodes the tokens of cell C4 in a workbook with the sheets Macro1 and "My sheet" and the names First and Second.
func decode(t testing.TB, gen int, extra []byte, tokens ...fixture.Ptg) (string, []biff.Problem) {
	t.Helper()
	b := fixture.XLBook{
		Sheets: []fixture.XLSheet{
			{Name: "Macro1", Macro: true, Cells: []fixture.XLCell{{Row: 3, Col: 2, Tokens: tokens, Extra: extra}}},
			{Name: "My sheet"}, {Name: "R1C1"}, {Name: "O'Neil"},
		},
		Names: []fixture.XLName{{Name: "First", Tokens: p(fixture.PtgInt(1))}, {Name: "Second", Tokens: p(fixture.PtgInt(2))}},
	}
	res := readAs(t, gen, b, biff.Options{})
	if res.Book == nil || len(res.Book.Sheets[0].Cells) != 1 {
		t.Fatalf("no cell; problems %v", res.Problems)
	}
	return res.Book.Sheets[0].Cells[0].Formula, res.Problems
}

func TestFormulas(t *testing.T) {
	i, str, op := fixture.PtgInt, fixture.PtgStr, fixture.PtgOp
	add, mul, pow, cat, union, minus, paren := op(fixture.OpAdd), op(fixture.OpMul), op(fixture.OpPower), op(fixture.OpConcat),
		op(fixture.OpUnion), op(fixture.OpMinus), op(fixture.OpParen)
	sub, percent, eq := op(fixture.OpSub), op(fixture.OpPercent), op(fixture.OpEQ)
	for want, tokens := range map[string][]fixture.Ptg{
		"1+2":               p(i(1), i(2), add),
		"1+2*3":             p(i(1), i(2), i(3), mul, add),
		"(1+2)*3":           p(i(1), i(2), add, i(3), mul), // the parentheses were left out
		"((1+2))*3":         p(i(1), i(2), add, paren, paren, i(3), mul),
		"1-(2-3)":           p(i(1), i(2), i(3), sub, sub),
		"1-2-3":             p(i(1), i(2), sub, i(3), sub),
		"-1^2":              p(i(1), minus, i(2), pow), // negation binds tighter
		"-(1^2)":            p(i(1), i(2), pow, minus),
		"(2^3)%":            p(i(2), i(3), pow, percent),
		"1&2=3":             p(i(1), i(2), cat, i(3), eq),
		"1&(2=3)":           p(i(1), i(2), i(3), eq, cat),
		`"a""b"&"c"`:        p(str(`a"b`), str("c"), cat),
		"-1.5":              p(fixture.PtgNum(-1.5)),
		"1E+21":             p(fixture.PtgNum(1e21)),
		"TRUE":              p(fixture.PtgBool(true)),
		"#N/A":              p(fixture.PtgRaw(0x1C, 0x2A)),
		"#DIV/0!":           p(fixture.PtgRaw(0x1C, 0x07)),
		"$A$1":              p(fixture.PtgRef(0, 0)),
		"$IV$100":           p(fixture.PtgRef(99, 255)),
		"$A$1:$C$2":         p(fixture.PtgArea(0, 0, 1, 2)),
		"B3":                p(fixture.PtgRefN(-1, -1)),
		"Macro1!$B$2":       p(fixture.PtgRef3D(0, 1, 1)),
		"'My sheet'!$B$2":   p(fixture.PtgRef3D(1, 1, 1)),
		"'R1C1'!$A$1":       p(fixture.PtgRef3D(2, 0, 0)),
		"'O''Neil'!$A$1":    p(fixture.PtgRef3D(3, 0, 0)),
		"Second":            p(fixture.PtgName(2)),
		"#NAME?":            p(fixture.PtgName(99)),
		"CHAR(65)":          p(i(65), fixture.PtgFunc(fixture.FnChar)),
		"MID($A$1,1,2)":     p(fixture.PtgRef(0, 0), i(1), i(2), fixture.PtgFunc(fixture.FnMid)),
		"IF(1,,2)":          p(i(1), op(fixture.OpMissing), i(2), fixture.PtgFuncVar(fixture.FnIf, 3)),
		"RUN($A$1)":         p(fixture.PtgRef(0, 0), fixture.PtgCommand(fixture.CmdRun, 1)),
		"FORMULA.FILL(1,2)": p(i(1), i(2), fixture.PtgCommand(fixture.CmdFormulaFill, 2)),
		"First(1,2)":        p(fixture.PtgName(1), i(1), i(2), fixture.PtgFuncVar(fixture.FnUser, 3)),
		"First()":           p(fixture.PtgName(1), fixture.PtgFuncVar(fixture.FnUser, 1)),
		"EXEC(1&2)":         p(i(1), i(2), cat, fixture.PtgFuncVar(fixture.FnExec, 1)),
		"EXEC((1,2))":       p(i(1), i(2), union, fixture.PtgFuncVar(fixture.FnExec, 1)), // a union is no second argument
		"SUM($A$1)":         p(fixture.PtgRef(0, 0), fixture.PtgRaw(0x19, 0x10, 0, 0)),
		"IF(1,2)":           p(i(1), fixture.PtgRaw(0x19, 0x02, 9, 0), i(2), fixture.PtgRaw(0x19, 0x08, 3, 0), fixture.PtgFuncVar(fixture.FnIf, 2)),
		"CHOOSE(1,2)":       p(i(1), fixture.PtgRaw(0x19, 0x04, 1, 0, 0, 0, 0, 0), i(2), fixture.PtgFuncVar(100, 2)),
		"7":                 p(fixture.PtgRaw(0x19, 0x40, 0, 3), i(7)),
		"#REF!":             p(fixture.PtgRef3D(77, 0, 0)),
		"$A$1 $A$2":         p(fixture.PtgRef(0, 0), fixture.PtgRef(1, 0), op(fixture.OpIntersect)),
	} {
		for _, gen := range []int{5, 8, 12} {
			if got, problems := decode(t, gen, nil, tokens...); got != want || len(problems) > 0 {
				t.Errorf("BIFF%d: %q, want %q; problems %v", gen, got, want, problems)
			}
		}
	}
}

func TestArrayConstants(t *testing.T) {
	num := []byte{0, 0, 0, 0, 0, 0, 0xF0, 0x3F} // 1
	biff8 := append([]byte{1, 1, 0, 1}, num...)
	biff8 = append(biff8, 2, 2, 0, 0, 'a', '"', 4, 1, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x2A, 0, 0, 0, 0, 0, 0, 0)
	biff5 := append([]byte{2, 2, 0, 1}, num...)
	biff5 = append(biff5, 2, 2, 'a', '"', 4, 1, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x2A, 0, 0, 0, 0, 0, 0, 0)
	biff12 := append([]byte{2, 0, 0, 0, 2, 0, 0, 0, 0}, num...)
	biff12 = append(biff12, 1, 2, 0, 'a', 0, '"', 0, 2, 1, 4, 0x2A, 0, 0, 0)
	for gen, c := range map[int]struct {
		unused int
		extra  []byte
	}{5: {7, biff5}, 8: {7, biff8}, 12: {14, biff12}} {
		array := fixture.PtgRaw(append([]byte{0x60}, make([]byte, c.unused)...)...)
		if got, problems := decode(t, gen, c.extra, array); got != `{1,"a""";TRUE,#N/A}` || len(problems) > 0 {
			t.Errorf("BIFF%d: %s, problems %v", gen, got, problems)
		}
		if _, problems := decode(t, gen, c.extra[:len(c.extra)-1], array); len(problems) == 0 {
			t.Errorf("BIFF%d: no problem with an array that is cut short", gen)
		}
	}
}

// What cannot be decoded keeps what was read by then, and in a macro sheet is unread.
func TestFormulasThatCannotBeDecoded(t *testing.T) {
	for name, c := range map[string]struct {
		tokens []fixture.Ptg
		text   string
	}{
		"unknown token":     {p(fixture.PtgStr("keep"), fixture.PtgRaw(0xFE)), `"keep"`},
		"unknown function":  {p(fixture.PtgInt(1), fixture.PtgFuncVar(0x7000, 1)), "1"},
		"unknown command":   {p(fixture.PtgInt(1), fixture.PtgCommand(0x7000, 1)), "1"},
		"cut token":         {p(fixture.PtgInt(1), fixture.PtgRaw(0x1F, 1)), "1,0"},
		"operand missing":   {p(fixture.PtgInt(1), fixture.PtgOp(fixture.OpAdd)), "1+"},
		"function too wide": {p(fixture.PtgInt(1), fixture.PtgFuncVar(fixture.FnExec, 9)), "EXEC(1)"},
		"operands left":     {p(fixture.PtgInt(1), fixture.PtgInt(2)), "1,2"},
		"array elsewhere":   {p(fixture.PtgExp(9, 9)), ""},
		"call of nothing":   {p(fixture.PtgFuncVar(fixture.FnUser, 0)), "#NAME?()"},
	} {
		got, problems := decode(t, 8, nil, c.tokens...)
		if len(problems) != 1 || !problems[0].Unread || problems[0].Where != "Macro1!C4" {
			t.Errorf("%s: problems %v", name, problems)
		}
		if got != c.text && name != "operand missing" {
			t.Errorf("%s: %q, want %q", name, got, c.text)
		}
	}
}

func TestDeepAndLongFormulas(t *testing.T) {
	var deep, long []fixture.Ptg
	deep = append(deep, fixture.PtgInt(1))
	for range 4000 {
		deep = append(deep, fixture.PtgOp(fixture.OpMinus))
	}
	for i := range 1500 {
		if long = append(long, fixture.PtgInt(1)); i > 0 {
			long = append(long, fixture.PtgOp(fixture.OpConcat))
		}
	}
	if got, problems := decode(t, 8, nil, deep...); got != strings.Repeat("-", 4000)+"1" || len(problems) > 0 {
		t.Errorf("deep: %d bytes, problems %v", len(got), problems)
	}
	if got, problems := decode(t, 8, nil, long...); len(got) != 1500+1499 || len(problems) > 0 {
		t.Errorf("long: %d bytes, problems %v", len(got), problems)
	}
}

// Numbers of functions that matter here, as the C API of Excel has them too (XLCALL.H).
func TestFunctionNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "COUNT", 53: "GOTO", 88: "SET.NAME", 110: "EXEC", 111: "CHAR", 148: "INDIRECT", 149: "REGISTER", 150: "CALL",
		175: "INITIATE", 178: "EXECUTE", 186: "GET.WORKSPACE", 219: "ADDRESS", 251: "RESUME", 257: "EVALUATE", 267: "REGISTER.ID", 336: "CONCATENATE",
		347: "COUNTBLANK", 359: "HYPERLINK", 379: "RTD", 480: "IFERROR", 484: "AVERAGEIFS"} {
		if got, _ := decode(t, 12, nil, fixture.PtgInt(1), fixture.PtgFuncVar(n, 1)); got != want+"(1)" {
			t.Errorf("function %d is %s, want %s", n, got, want)
		}
	}
	for n, want := range map[int]string{0: "BEEP", 6: "FILE.DELETE", 10: "QUIT", 17: "RUN", 51: "PASTE", 61: "DEFINE.NAME", 96: "FORMULA", 97: "FORMULA.FILL",
		118: "ALERT", 131: "SEND.KEYS", 148: "ON.TIME", 149: "WAIT", 281: "WORKBOOK.ADD", 302: "WORKBOOK.NEW", 321: "ADDIN.MANAGER", 383: "WORKBOOK.HIDE",
		808: "HIDEALL.INKANNOTS"} {
		if got, _ := decode(t, 8, nil, fixture.PtgInt(1), fixture.PtgCommand(n, 1)); got != want+"(1)" {
			t.Errorf("command %d is %s, want %s", n, got, want)
		}
	}
	if got, _ := decode(t, 8, nil, fixture.PtgInt(1), fixture.PtgFuncVar(900, 1)); got != "1" {
		t.Errorf("function 900 is %s", got)
	}
}

func TestFixedArguments(t *testing.T) {
	for n, args := range map[int]int{10: 0, 27: 2, 31: 3, 61: 3, 111: 1, 117: 2, 119: 4, 150 - 18: 0, 178: 2, 316: 4, 332: 2, 337: 2, 480: 2} {
		var tokens []fixture.Ptg
		for range args {
			tokens = append(tokens, fixture.PtgInt(1))
		}
		got, problems := decode(t, 12, nil, append(tokens, fixture.PtgFunc(n))...)
		if want := "(" + strings.TrimSuffix(strings.Repeat("1,", args), ",") + ")"; !strings.HasSuffix(got, want) || len(problems) > 0 {
			t.Errorf("function %d: %s, want %s; %v", n, got, want, problems)
		}
	}
}

func TestColumnsHaveTheirLetters(t *testing.T) {
	for col, want := range map[int]string{0: "$A$1", 25: "$Z$1", 26: "$AA$1", 255: "$IV$1", 701: "$ZZ$1", 702: "$AAA$1", 16383: "$XFD$1"} {
		if got, _ := decode(t, 12, nil, fixture.PtgRef(0, col)); got != want {
			t.Errorf("column %d is %s, want %s", col, got, want)
		}
	}
	for want, area := range map[string]fixture.Ptg{"$A:$C": fixture.PtgArea(0, 0, 65535, 2), "$2:$3": fixture.PtgArea(1, 0, 2, 255)} {
		if got, _ := decode(t, 8, nil, area); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestRelativeReferencesWrapAround(t *testing.T) {
	for gen, want := range map[int]string{5: "IV16384", 8: "IV65536", 12: "XFD1048576"} {
		if got, _ := decode(t, gen, nil, fixture.PtgRefN(-4, -3)); got != want {
			t.Errorf("BIFF%d: %s, want %s", gen, got, want)
		}
	}
}
