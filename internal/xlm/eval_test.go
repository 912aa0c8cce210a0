package xlm

import (
	"context"
	"testing"
)

// worth is what a formula in Macro1!D4 shows, "?" for what is not known.
func worth(t testing.TB, src string, cells ...string) string {
	t.Helper()
	w := bookOf(t, append(cells, "D4: ="+src)...)
	w.Names = append(w.Names, Name{Name: "rate", Formula: "0.5", Sheet: -1}, Name{Name: "list", Formula: "Macro1!$A$1:$A$3", Sheet: -1}, Name{Name: "local", Formula: `"here"`, Sheet: 0})
	b := newBook(w, 1<<20)
	m := newMachine(context.Background(), b, &judge{rep: &Report{Present: true}, b: b, o: Options{}.withDefaults(), parsed: map[*Name]*formula{}, seen: map[string]int{}})
	m.budget, m.folding = wayWork, true
	return m.folded(addr{0, 3, 3}, b.cell(addr{0, 3, 3})).show("?")
}

func TestFunctionsGiveWhatExcelGives(t *testing.T) {
	cells := []string{"A1: 10", "A2: 20", "A3: text", "B1: TRUE", "B2: #N/A", "C1: 65"}
	tests := []struct{ formula, want string }{
		// operators (ECMA-376-1 18.17.2.2)
		{`1+2*3^2-4/2`, `17`}, {`-2^2`, `4`}, {`2^-1`, `0.5`}, {`50%*4`, `2`}, {`--"3"`, `3`}, {`"a"&1&TRUE`, `"a1TRUE"`}, {`1/0`, `#DIV/0!`}, {`"a"+1`, `#VALUE!`}, {`1+B2`, `#N/A`},
		{`2>=2`, `TRUE`}, {`"a"="A"`, `TRUE`}, {`1<"a"`, `TRUE`}, {`"z"<TRUE`, `TRUE`}, {`1<>2`, `TRUE`}, {`Z9=""`, `TRUE`}, {`Z9=0`, `TRUE`}, {`"b"<="a"`, `FALSE`}, {`5-3-1`, `1`}, {`1E3+.5`, `1000.5`},
		{`1=1=1`, `FALSE`}, {`TRUE+TRUE`, `2`}, {`1e400`, `#NUM!`}, {`(1+2)*3`, `9`}, {`1 + 2`, `3`},
		// references
		{`A1+A2`, `30`}, {`Macro1!A1`, `10`}, {`'macro1'!$A$1`, `10`}, {`[1]Macro1!A1`, `10`}, {`!A1`, `10`}, {`Other!A1`, `?`}, {`rate*4`, `2`}, {`RATE`, `0.5`}, {`Macro1!local`, `"here"`},
		{`nowhere`, `?`}, {`SUM(list)`, `30`}, {`SUM(A1:A3)`, `30`}, {`SUM(A:A)`, `30`}, {`SUM(A1:A2,GET.WORKSPACE(1))`, `?`}, {`SUM(A1:A2,5,TRUE,"7")`, `43`}, {`SUM((A1,A2))`, `10`}, {`OFFSET(A1,1,0)`, `20`}, {`SUM(OFFSET(A1,0,0,2,1))`, `30`},
		{`SUM(OFFSET(A1,0,0):A2)`, `30`}, {`OFFSET(A1,-1,0)`, `#REF!`}, {`INDEX(A1:A3,3)`, `"text"`}, {`INDEX(A1:C1,2)`, `TRUE`}, {`INDEX({1,2;3,4},2,1)`, `3`}, {`INDEX(A1:A3,4)`, `#REF!`},
		{`INDIRECT("A"&2)`, `20`}, {`INDIRECT("R2C1",FALSE)`, `20`}, {`INDIRECT("R[-2]C[-3]",0)`, `20`}, {`INDIRECT("Macro1!A1")`, `10`}, {`INDIRECT("(")`, `#REF!`}, {`TEXTREF("R1C1")`, `10`},
		{`ADDRESS(2,3)`, `"$C$2"`}, {`ADDRESS(2,3,4)`, `"C2"`}, {`ADDRESS(2,3,1,FALSE)`, `"R2C3"`}, {`ADDRESS(2,3,1,TRUE,"My Sheet")`, `"'My Sheet'!$C$2"`}, {`ADDRESS(0,1)`, `#VALUE!`},
		{`ROW()`, `4`}, {`COLUMN()`, `4`}, {`ROW(C7)`, `7`}, {`COLUMNS(A1:C2)`, `3`}, {`ROWS(A1:C2)`, `2`}, {`REFTEXT(A1,TRUE)`, `"Macro1!$A$1"`}, {`REFTEXT(A1)`, `"Macro1!R1C1"`}, {`A1:A3+0`, `10`},
		{`GET.CELL(5,A2)`, `20`}, {`GET.CELL(6,A3)`, `"text"`}, {`GET.FORMULA(A1)`, `10`}, {`GET.CELL(17,A1)`, `?`}, {`MATCH(20,A1:A3,0)`, `2`}, {`MATCH(9,A1:A3,0)`, `#N/A`},
		// choices and questions
		{`IF(A1>5,"y","n")`, `"y"`}, {`IF(FALSE,1)`, `FALSE`}, {`IF(A1=10,,2)`, `?`}, {`IF(GET.WORKSPACE(1),7,7)`, `7`}, {`IF(GET.WORKSPACE(1),7,8)`, `?`}, {`IFERROR(B2,"e")`, `"e"`}, {`CHOOSE(2,"a","b")`, `"b"`},
		{`CHOOSE(3,1,2)`, `#VALUE!`}, {`ISNUMBER(A1)`, `TRUE`}, {`ISTEXT(A3)`, `TRUE`}, {`ISBLANK(Z9)`, `TRUE`}, {`ISERROR(B2)`, `TRUE`}, {`ISERR(B2)`, `FALSE`}, {`ISNA(B2)`, `TRUE`}, {`ISLOGICAL(B1)`, `TRUE`},
		{`ISREF(A1)`, `TRUE`}, {`ISREF(1)`, `FALSE`}, {`ISODD(3)`, `TRUE`}, {`ISEVEN(3)`, `FALSE`}, {`ISNONTEXT(1)`, `TRUE`}, {`ISNUMBER(GET.WORKSPACE(4))`, `?`},
		{`AND(TRUE,1)`, `TRUE`}, {`AND(TRUE,GET.WORKSPACE(1))`, `?`}, {`AND(FALSE,GET.WORKSPACE(1))`, `FALSE`}, {`OR(FALSE,GET.WORKSPACE(1),TRUE)`, `TRUE`}, {`NOT(0)`, `TRUE`}, {`OR(A3)`, `FALSE`},
		// texts
		{`CHAR(C1)`, `"A"`}, {`CHAR(228)`, `"ä"`}, {`CHAR(0)`, `#VALUE!`}, {`CODE("ä")`, `228`}, {`CODE("請")`, `63`}, {`UNICHAR(35531)`, `"請"`}, {`UNICODE("請")`, `35531`}, {`MID("calc",2,2)`, `"al"`},
		{`MID("請求書",2,1)`, `"求"`}, {`MID("x",0,1)`, `#VALUE!`}, {`MID("x",5,1)`, `""`}, {`LEFT("calc")`, `"c"`}, {`LEFT("calc",9)`, `"calc"`}, {`RIGHT("calc",2)`, `"lc"`}, {`RIGHT("x",-1)`, `#VALUE!`},
		{`LEN("請求😀")`, `4`}, {`UPPER("aé")`, `"AÉ"`}, {`LOWER("AÉ")`, `"aé"`}, {`PROPER("two words-x")`, `"Two Words-X"`}, {`TRIM("  a   b ")`, `"a b"`}, {`CLEAN("a"&CHAR(10)&"b")`, `"ab"`}, {`EXACT("a","A")`, `FALSE`},
		{`REPT("ab",3)`, `"ababab"`}, {`REPT("a",99999)`, `#VALUE!`}, {`SUBSTITUTE("a-b-c","-","+")`, `"a+b+c"`}, {`SUBSTITUTE("a-b-c","-","+",2)`, `"a-b+c"`}, {`SUBSTITUTE("a","","x")`, `"a"`},
		{`SUBSTITUTE("a-b","-","+",5)`, `"a-b"`}, {`REPLACE("abcdef",2,3,"X")`, `"aXef"`}, {`REPLACE("abc",9,3,"X")`, `"abcX"`}, {`FIND("b","abc")`, `2`}, {`FIND("B","abc")`, `#VALUE!`}, {`SEARCH("B","abcb",3)`, `4`},
		{`VALUE(" 12 ")`, `12`}, {`VALUE("x")`, `#VALUE!`}, {`TEXT(5,"000")`, `"005"`}, {`TEXT(1.256,"0.00")`, `"1.26"`}, {`TEXT(5,"@")`, `"5"`}, {`TEXT(5,"dd.mm")`, `"5"`}, {`FIXED(1.256)`, `"1.26"`},
		{`CONCATENATE("a",A1,B1)`, `"a10TRUE"`}, {`_xlfn.CONCAT(A1:A3)`, `"1020text"`}, {`TEXTJOIN("-",TRUE,A1:A3,Z9)`, `"10-20-text"`}, {`T(5)`, `""`}, {`T("x")`, `"x"`}, {`N("x")`, `0`}, {`N(TRUE)`, `1`},
		// numbers
		{`MOD(-3,5)`, `2`}, {`MOD(1,0)`, `#NUM!`}, {`INT(-1.5)`, `-2`}, {`TRUNC(-1.57,1)`, `-1.5`}, {`ROUND(2.345,2)`, `2.35`}, {`ROUNDUP(1.1,0)`, `2`}, {`ROUNDDOWN(1.9,0)`, `1`}, {`ABS(-4)`, `4`}, {`SIGN(-4)`, `-1`},
		{`SQRT(-1)`, `#NUM!`}, {`POWER(2,10)`, `1024`}, {`QUOTIENT(7,2)`, `3`}, {`LOG(8,2)`, `3`}, {`LOG10(100)`, `2`}, {`FACT(5)`, `120`}, {`MAX(1,A1:A2)`, `20`}, {`MIN(A1:A3)`, `10`}, {`AVERAGE(A1:A2)`, `15`},
		{`AVERAGE(A3:A3)`, `#DIV/0!`}, {`COUNT(A1:A3)`, `2`}, {`COUNTA(A1:A3,Z9)`, `3`}, {`PRODUCT(2,3)`, `6`}, {`CEILING(1.2,1)`, `2`}, {`FLOOR(1.8,1)`, `1`}, {`PI()`, `3.14159265358979`},
		{`BITXOR(5,3)`, `6`}, {`_xlfn.BITAND(5,3)`, `1`}, {`BITOR(5,3)`, `7`}, {`BITLSHIFT(1,4)`, `16`}, {`BITRSHIFT(16,4)`, `1`}, {`BITXOR(-1,3)`, `#NUM!`},
		{`HEX2DEC("63")`, `99`}, {`HEX2DEC("FFFFFFFFFF")`, `-1`}, {`HEX2DEC("xyz")`, `#NUM!`}, {`BIN2DEC("1100011")`, `99`}, {`OCT2DEC("143")`, `99`}, {`DEC2HEX(99,4)`, `"0063"`}, {`DEC2HEX(-1)`, `"FFFFFFFFFF"`},
		{`DEC2BIN(5)`, `"101"`}, {`HEX2BIN("F")`, `"1111"`}, {`BIN2HEX("1111")`, `"F"`}, {`DECIMAL("ZZ",36)`, `1295`}, {`BASE(255,16,4)`, `"00FF"`}, {`DEC2HEX(99,1)`, `#NUM!`},
		// what is not known stays so, with the text around it
		{`"a"&GET.WORKSPACE(1)&"b"`, `"a…b"`}, {`LEFT("x"&NOW(),1)`, `"x…"`}, {`RAND()+1`, `?`}, {`NOSUCH(1)`, `?`}, {`ABS(1,2)`, `#VALUE!`}, {`{1,2,3}`, `1`},
	}
	for _, tt := range tests {
		if got := worth(t, tt.formula, cells...); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.formula, got, tt.want)
		}
	}
}

func TestFormulasThatAreDamagedAreReadAsFarAsTheyGo(t *testing.T) {
	tests := []struct {
		formula string
		bad     bool
		op      op
	}{
		{`1+`, true, opChain}, {`"open`, true, opText}, {`SUM(1`, true, opCall}, {`(1`, true, opNumber}, {``, true, opMissing}, {`)`, true, opMissing}, {`[1`, true, opMissing}, {`#WHAT`, true, opMissing},
		{`'a`, true, opMissing}, {`a!`, true, opMissing}, {`a|b`, true, opMissing}, {`{1,2`, true, opArray}, {`1 2`, true, opNumber}, {`A1 B1`, true, opArea}, {`1:2`, false, opArea}, {`5()`, true, opNumber},
		{`f(1;2)`, false, opCall}, {`@A1`, false, opArea}, {`A1#`, false, opArea}, {`Sheet1:Sheet3!A1`, false, opArea}, {`[Book 1]Sheet1!A1`, false, opArea}, {`'it''s'!A1`, false, opArea}, {`SUM (1)`, false, opCall},
		{`_xlfn.X.Y(1)`, false, opCall}, {`A1()`, false, opRefCall}, {`A1:B2()`, false, opRefCall}, {`名前(1)`, false, opCall}, {`OPEN?("x")`, false, opCall}, {`cmd|'/c x'!A1`, false, opDDE}, {`'a b'|c!'d e'`, false, opDDE},
	}
	for _, tt := range tests {
		if f := parse(tt.formula, base{}); f.bad != tt.bad || f.root.op != tt.op {
			t.Errorf("%s: bad %v, %d (want %v, %d)", tt.formula, f.bad, f.root.op, tt.bad, tt.op)
		}
	}
}

func TestLinksInFormulas(t *testing.T) {
	for formula, want := range map[string]string{
		`=cmd|'/c calc'!A0`: `cmd|/c calc!A0`, `=1+SUM(cmd|'/c calc'!A0)`: `cmd|/c calc!A0`, `'x y'|'a''b'!''`: `x y|a'b!`, `"a|b!c"`: ``, `'a|b'!A1`: ``, `a|b`: ``,
	} {
		if link, _, ok := DDE(formula); link != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", formula, link, ok)
		}
	}
}
