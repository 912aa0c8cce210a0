package xlm

import "testing"

// Formulas that a macro writes run when it gets there, in the notation of the place they stand in.
func TestMacrosThatWriteFormulas(t *testing.T) {
	follows(t, []macro{
		{"into a cell", []string{`A1: =FORMULA("=EXEC(""a"")",A2)`}, []string{"a"}},
		{"into a cell by its text", []string{`A1: =FORMULA("=EXEC(""a"")","R2C1")`}, []string{"a"}},
		{"relative to the cell", []string{`A1: =FORMULA("=EXEC(RC[1])",A2)`, `B2: a`}, []string{"a"}},
		{"a constant", []string{`A1: =FORMULA("a",B1)`, `A2: =EXEC(B1)`}, []string{"a"}},
		{"a number", []string{`A1: =FORMULA(7,B1)`, `A2: =EXEC("n"&B1+1)`}, []string{"n8"}},
		{"into all cells", []string{`A1: =FORMULA.FILL("a",B1:B3)`, `A2: =EXEC(B1&B2&B3)`}, []string{"aaa"}},
		{"into the first cell only", []string{`A1: =FORMULA("a",B1:B3)`, `A2: =EXEC("n"&B1&B2&B3)`}, []string{"na"}},
		{"as an array", []string{`A1: =FORMULA.ARRAY("a",B1)`, `A2: =EXEC(B1)`}, []string{"a"}},
		{"into the selection", []string{`A1: =SELECT(B1)`, `A2: =FORMULA("a")`, `A3: =EXEC(B1)`}, []string{"a"}},
		{"into the selection, moved", []string{`A1: =SELECT("R1C2")`, `A2: =SELECT("R[1]C")`, `A3: =FORMULA("a")`, `A4: =EXEC(B2)`}, []string{"a"}},
		{"by FORMULA.GOTO", []string{`A1: =FORMULA.GOTO("R1C2")`, `A2: =FORMULA("a")`, `A3: =EXEC(B1)`}, []string{"a"}},
		{"nowhere", []string{`A1: =FORMULA("a")`, `A2: =EXEC("n"&B1)`}, []string{"n"}},
	})
}

func TestMacrosThatWriteValues(t *testing.T) {
	follows(t, []macro{
		{"one", []string{`A1: =SET.VALUE(B1,"a")`, `A2: =EXEC(B1)`}, []string{"a"}},
		{"the same everywhere", []string{`A1: =SET.VALUE(B1:C2,"a")`, `A2: =EXEC(B1&C1&B2&C2)`}, []string{"aaaa"}},
		{"of an array", []string{`A1: =SET.VALUE(B1:C2,{"a","b";"c","d"})`, `A2: =EXEC(B1&C1&B2&C2)`}, []string{"abcd"}},
		{"of cells", []string{`A1: =SET.VALUE(B1:B2,D1:D2)`, `A2: =EXEC(B1&B2)`, `D1: a`, `D2: b`}, []string{"ab"}},
		{"nothing", []string{`A1: =SET.VALUE(B1)`, `A2: =EXEC("n"&B1)`, `B1: x`}, []string{"n"}},
		{"over a formula, which stays", []string{`A1: =SET.VALUE(B1,"a")`, `A2: =EXEC(B1)`, `A3: =HALT()`, `B1: ="x"&1`}, []string{"a"}},
		{"text that looks like a formula", []string{`A1: =SET.VALUE(B1,"=1+1")`, `A2: =EXEC(B1)`}, []string{"=1+1"}},
		{"what the formula before came to", []string{`A1: ="a"&"b"`, `A2: =EXEC(A1)`}, []string{"ab"}},
	})
}

func TestMacrosThatCopyCells(t *testing.T) {
	follows(t, []macro{
		{"a value", []string{`A1: =COPY(B1,C1)`, `A2: =EXEC(C1)`, `B1: a`}, []string{"a"}},
		{"a formula", []string{`A1: =COPY(B1,A2)`, `B1: =EXEC("a"&"b")`}, []string{"ab"}},
		{"an area", []string{`A1: =COPY(B1:B2,D1)`, `A2: =EXEC(D1&D2)`, `B1: a`, `B2: b`}, []string{"ab"}},
		{"an empty cell", []string{`A1: =COPY(B1,C1)`, `A2: =EXEC("n"&C1)`, `C1: x`}, []string{"n"}},
		{"by CUT", []string{`A1: =CUT(B1,C1)`, `A2: =EXEC(C1)`, `B1: a`}, []string{"a"}},
		{"to the clipboard only", []string{`A1: =COPY(B1)`, `A2: =EXEC("n"&C1)`, `B1: a`}, []string{"n"}},
	})
}

// Names hold values, references, or what a text says they refer to.
func TestMacrosThatDefineNames(t *testing.T) {
	follows(t, []macro{
		{"SET.NAME", []string{`A1: =SET.NAME("n","a")`, `A2: =EXEC(n)`}, []string{"a"}},
		{"SET.NAME of a bare name", []string{`A1: =SET.NAME(n,"a")`, `A2: =EXEC(n)`}, []string{"a"}},
		{"SET.NAME of a reference", []string{`A1: =SET.NAME("n",B1)`, `A2: =EXEC(n)`, `B1: a`}, []string{"a"}},
		{"SET.NAME without a value", []string{`A1: =SET.NAME("n","a")`, `A2: =SET.NAME("n")`, `A3: =EXEC("x"&n)`}, []string{"x" + gap}},
		{"an assignment", []string{`A1: =n="a"`, `A2: =EXEC(n)`}, []string{"a"}},
		{"an assignment of a question", []string{`A1: =n=(1=2)`, `A2: =EXEC("x"&n)`}, []string{"xFALSE"}},
		{"DEFINE.NAME", []string{`A1: =DEFINE.NAME("n","a")`, `A2: =EXEC(n)`}, []string{"a"}},
		{"DEFINE.NAME of a formula", []string{`A1: =DEFINE.NAME("n","=R1C2&""b""")`, `A2: =EXEC(n)`, `B1: a`}, []string{"ab"}},
		{"names differ by no case", []string{`A1: =SET.NAME("Name","a")`, `A2: =EXEC(NAME)`}, []string{"a"}},
		{"a name in the shape of a cell", []string{`A1: =SET.NAME("abc1","a")`, `A2: =EXEC(abc1)`}, []string{"a"}},
		{"a value over another one", []string{`A1: =n="a"`, `A2: =n=n&"b"`, `A3: =EXEC(n)`}, []string{"ab"}},
	})
}

// Text that a macro enters is what it would be if somebody typed it.
func TestWhatIsEntered(t *testing.T) {
	for _, tt := range []struct {
		v      value
		source string
		want   value
	}{
		{str("=A1"), "A1", value{}}, {str("="), "", str("=")}, {str("text"), "", str("text")}, {str("12"), "", num(12)}, {str("TRUE"), "", truth(true)}, {str("#N/A"), "", errNA},
		{num(3), "", num(3)}, {value{}, "", value{}}, {str(""), "", value{kind: empty}},
	} {
		c := entered(tt.v, addr{0, 4, 5})
		if c.source != tt.source || c.source == "" && (c.v.kind != tt.want.kind || c.v.num != tt.want.num || c.v.str != tt.want.str) {
			t.Errorf("%+v: %+v", tt.v, c)
		}
		if c.source != "" && c.at != (base{row: 4, col: 5, r1c1: true}) {
			t.Errorf("%+v: read against %+v", tt.v, c.at)
		}
	}
}
