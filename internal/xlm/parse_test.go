package xlm

import (
	"fmt"
	"strings"
	"testing"
)

// tree writes a formula's nodes with brackets around every operation.
func tree(n *node) string {
	var args []string
	for _, a := range n.args {
		args = append(args, tree(a))
	}
	sheet := ""
	if n.sheet != "" {
		sheet = n.sheet + "!"
	}
	switch n.op {
	case opNumber:
		return fmt.Sprint(n.num)
	case opText:
		return fmt.Sprintf("%q", n.text)
	case opBool:
		return strings.ToUpper(fmt.Sprint(n.num != 0))
	case opError, opDDE:
		return n.text
	case opArea:
		return sheet + n.area.a1("")
	case opName:
		return sheet + n.text
	case opCall:
		return sheet + n.text + "(" + strings.Join(args, ",") + ")"
	case opRefCall:
		return "run(" + strings.Join(args, ",") + ")"
	case opArray:
		return fmt.Sprintf("{%d: %s}", n.cols, strings.Join(args, ","))
	case opNegate:
		return "[-" + args[0] + "]"
	case opPercent:
		return "[" + args[0] + "%]"
	case opRange:
		return "[" + args[0] + ":" + args[1] + "]"
	case opUnion:
		return "[" + strings.Join(args, " or ") + "]"
	case opChain:
		var b strings.Builder
		b.WriteString("[" + args[0])
		for i, o := range n.ops {
			b.WriteString(" " + string(o) + " " + args[i+1])
		}
		return b.String() + "]"
	}
	return "_"
}

func TestFormulasAreReadAsExcelDoes(t *testing.T) {
	for _, tt := range []struct{ formula, want string }{
		// what binds how tightly
		{`1+2*3`, `[1 + [2 * 3]]`},
		{`1*2+3`, `[[1 * 2] + 3]`},
		{`1-2+3`, `[1 - 2 + 3]`},
		{`2^3^4`, `[2 ^ 3 ^ 4]`},
		{`-2^2`, `[[-2] ^ 2]`},
		{`2^-2`, `[2 ^ [-2]]`},
		{`-5%`, `[-[5%]]`},
		{`1&2=3&4`, `[[1 & 2] = [3 & 4]]`},
		{`1&2+3`, `[1 & [2 + 3]]`},
		{`1<=2`, `[1 l 2]`},
		{`1>=2`, `[1 g 2]`},
		{`1<>2`, `[1 n 2]`},
		{`1< >2`, `[1 < _]`},
		{`((1))`, `1`},
		{`(1+2)*3`, `[[1 + 2] * 3]`},
		{`--1`, `[-[-1]]`},
		{`---1`, `[-1]`},
		{`+1`, `1`},
		// constants
		{`"a""b"`, `"a\"b"`},
		{`""`, `""`},
		{`TRUE`, `TRUE`},
		{`false`, `FALSE`},
		{`#div/0!`, `#DIV/0!`},
		{`#GETTING_DATA`, `#GETTING_DATA`},
		{`1.5E3`, `1500`},
		{`1E`, `1`},
		{`.5`, `0.5`},
		{`{1,2;3,4}`, `{2: 1,2,3,4}`},
		{`{1\2;3\4}`, `{2: 1,2,3,4}`},
		{`{"a",TRUE,#N/A,-1}`, `{4: "a",TRUE,#N/A,[-1]}`},
		// references
		{`$A$1`, `A1`},
		{`A1:B2`, `A1:B2`},
		{`A1:B2:C3`, `A1:C3`},
		{`B2:A1`, `A1:B2`},
		{`A:C`, `A:C`},
		{`$A:$C`, `A:C`},
		{`1:3`, `1:3`},
		{`$1:$3`, `1:3`},
		{`INDEX(A1,1):B2`, `[INDEX(A1,1):B2]`},
		{`(A1,B2)`, `[A1 or B2]`},
		{`Sheet1!A1`, `Sheet1!A1`},
		{`'My sheet'!A1`, `My sheet!A1`},
		{`'it''s'!A1`, `it's!A1`},
		{`[Book.xls]Sheet1!A1`, `[Book.xls]Sheet1!A1`},
		{`'C:\[Book.xls]Sheet 1'!A1`, `C:\[Book.xls]Sheet 1!A1`},
		{`!A1`, `!!A1`},
		{`Sheet1:Sheet3!A1`, `Sheet1!A1`}, // the first of them
		{`Sheet1!#REF!`, `#REF!`},
		{`A1#`, `A1`},
		{`@A1`, `A1`},
		// names and calls
		{`rate`, `rate`},
		{`Sheet1!rate`, `Sheet1!rate`},
		{`\name`, `\name`},
		{`名前`, `名前`},
		{`sum(1,2)`, `SUM(1,2)`},
		{`SUM (1)`, `SUM(1)`},
		{`SUM()`, `SUM()`},
		{`SUM(,)`, `SUM(_,_)`},
		{`SUM(1;2)`, `SUM(1,2)`},
		{`_xlfn.CONCAT(1)`, `CONCAT(1)`},
		{`_xlfn._xlws.SORT(1)`, `SORT(1)`},
		{`OPEN?("x")`, `OPEN("x")`},
		{`LOG10(1)`, `LOG10(1)`},
		{`A5()`, `run(A5)`},
		{`A5(1,2)`, `run(A5,1,2)`},
		{`A1:B2()`, `run(A1:B2)`},
		{`Sheet1!go()`, `Sheet1!GO()`},
		{`[1]!go(1)`, `[1]!GO(1)`},
		{`F(G(H(1)))`, `F(G(H(1)))`},
		// links to other programs
		{`cmd|'/c calc'!A0`, `cmd|/c calc!A0`},
		{`'a b'|'c d'!'e f'`, `a b|c d!e f`},
		{`1+cmd|x!y`, `[1 + cmd|x!y]`},
		// white space, and the sign before it
		{" =  1 +\n2 ", `[1 + 2]`},
		{`=1`, `1`},
	} {
		if got := tree(parse(tt.formula, base{}).root); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.formula, got, tt.want)
		}
	}
}

// What every node was written as is a part of the formula, for people to see.
func TestNodesKnowTheirText(t *testing.T) {
	f := parse(`IF(A1+2*B1,"x""y",-SUM( C1:C2 )%)`, base{})
	for path, want := range map[string]string{"0": "A1+2*B1", "0.1": "2*B1", "1": `"x""y"`, "2": "-SUM( C1:C2 )%", "2.0.0": "SUM( C1:C2 )"} {
		n := f.root
		for _, i := range strings.Split(path, ".") {
			n = n.args[i[0]-'0']
		}
		if n.src != want {
			t.Errorf("%s: %q, want %q", path, n.src, want)
		}
	}
}

func TestNestingIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name, open, inner, shut string
		depth                   int
	}{
		{"parentheses", "(", "1", ")", nestingMax}, {"functions", "F(", "1", ")", nestingMax}, {"arrays", "{", "1", "}", nestingMax},
	} {
		for _, over := range []bool{false, true} {
			n := tt.depth - 1
			if over {
				n = tt.depth + 1
			}
			f := parse(strings.Repeat(tt.open, n)+tt.inner+strings.Repeat(tt.shut, n), base{})
			if tt.name == "arrays" && !over {
				continue // an array holds no array, but is read as far as it goes
			}
			if f.bad != over {
				t.Errorf("%d %s: bad %v", n, tt.name, f.bad)
			}
		}
	}
	if f := parse("A1"+strings.Repeat("%", nestingMax+1), base{}); !f.bad {
		t.Error("percents without end")
	}
}

func TestLengthIsBounded(t *testing.T) {
	for n, bad := range map[int]bool{formulaMax: false, formulaMax + 1: true} {
		if f := parse(`"`+strings.Repeat("x", n-2)+`"`, base{}); f.bad != bad {
			t.Errorf("%d bytes: bad %v", n, f.bad)
		}
	}
	if f := parse(strings.Repeat(" ", 10)+strings.Repeat("1", formulaMax+1), base{}); !f.bad || f.root == nil || len(f.src) != formulaMax+1 {
		t.Error("a formula that is too long has no root")
	}
}

func TestR1C1IsReadFromItsCell(t *testing.T) {
	for _, tt := range []struct{ formula, want string }{
		{`R1C1`, `A1`}, {`RC`, `F6`}, {`R[-1]C[1]`, `G5`}, {`R1C1:RC`, `A1:F6`}, {`R3`, `3:3`}, {`C3`, `C:C`}, {`Sheet1!R1C1`, `Sheet1!A1`},
		{`RATE(1)`, `RATE(1)`}, {`CHAR(RC[1])`, `CHAR(G6)`}, {`RC+RC[-5]`, `[F6 + A6]`}, {`rc[1]&""`, `[G6 & ""]`}, {`Rx`, `Rx`}, {`R1C1()`, `run(A1)`},
	} {
		if got := tree(parse(tt.formula, base{row: 5, col: 5, r1c1: true}).root); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.formula, got, tt.want)
		}
	}
}

func TestFunctionNamesLoseTheirPrefixes(t *testing.T) {
	for in, want := range map[string]string{
		"exec": "EXEC", "_xlfn.BITXOR": "BITXOR", "_xlfn._xlws.FILTER": "FILTER", "_xludf.X": "X", "_xll.Go": "GO", "_xlfn.": "_XLFN.", "OPEN?": "OPEN", "a.b": "A.B",
	} {
		if got := functionName(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// Words are names, references and functions; what ends them is not part of them.
func TestWhereWordsEnd(t *testing.T) {
	for in, want := range map[string]int{
		"abc": 3, "abc+1": 3, "a_b.c?d": 7, "$A$1:": 4, "": 0, "(": 0, "名前(": 6, "a b": 1, "a\u3000b": 1, `\x`: 2, "a!": 1, "1a": 2,
	} {
		if got := wordEnd(in); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func TestNamesInWhatCannotBeRead(t *testing.T) {
	for in, want := range map[string]string{
		`EXEC("x")&&`: "EXEC", `)(CALL (1) register.id(2)`: "REGISTER.ID", `a(b(c(`: "A,B,C", `((1))`: "", `"text (in) quotes`: "", strings.Repeat("F(", 100): strings.TrimSuffix(strings.Repeat("F,", 64), ","),
	} {
		if got := strings.Join(namesBefore(in), ","); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
