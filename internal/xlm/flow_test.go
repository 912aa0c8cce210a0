package xlm

import (
	"slices"
	"strings"
	"testing"
)

// runsOf are the texts with which a macro calls EXEC, in their order. What writes a formula is told together with the formula: both count once.
func runsOf(t testing.TB, cells ...string) []string {
	t.Helper()
	var out []string
	for _, h := range judged(t, bookOf(t, cells...)).Suspicious {
		if text, ok := strings.CutPrefix(h.Text, `EXEC("`); ok && h.Keyword == "EXEC" {
			out = append(out, strings.TrimSuffix(text, `")`))
		}
	}
	return slices.Compact(out)
}

// follows tells of each macro that calls EXEC otherwise.
func follows(t *testing.T, tests []macro) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := runsOf(t, tt.cells...); !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// macro is a macro and what it runs.
type macro struct {
	name  string
	cells []string
	want  []string
}

// Blocks take the branch whose condition holds.
func TestBlocks(t *testing.T) {
	block := func(a, b string) []string {
		return []string{
			`A1: =x="none"`, `A2: =IF(` + a + `)`, `A3: =x="first"`, `A4: =ELSE.IF(` + b + `)`, `A5: =x="second"`, `A6: =ELSE()`, `A7: =x="third"`, `A8: =END.IF()`, `A9: =EXEC(x)`,
		}
	}
	follows(t, []macro{
		{"the first", block("TRUE", "TRUE"), []string{"first"}},
		{"the second", block("FALSE", "1=1"), []string{"second"}},
		{"the third", block("0", "1=2"), []string{"third"}},
		{"none", []string{`A1: =x="none"`, `A2: =IF(FALSE)`, `A3: =x="in"`, `A4: =END.IF()`, `A5: =EXEC(x)`}, []string{"none"}},
		{"blocks in blocks", []string{`A1: =IF(TRUE)`, `A2: =IF(FALSE)`, `A3: =x="wrong"`, `A4: =ELSE()`, `A5: =x="right"`, `A6: =END.IF()`, `A7: =ELSE()`, `A8: =x="far"`, `A9: =END.IF()`, `A10: =EXEC(x)`},
			[]string{"right"}},
		{"a block without end", []string{`A1: =x="a"`, `A2: =EXEC(x)`, `A3: =IF(FALSE)`, `A4: =SET.NAME("x","b")`}, []string{"a"}},
	})
}

// An IF of several arguments is a value, or leads on.
func TestConditionsInALine(t *testing.T) {
	follows(t, []macro{
		{"a value", []string{`A1: =EXEC(IF(1<2,"yes","no"))`}, []string{"yes"}},
		{"a jump", []string{`A1: =x="a"`, `A2: =IF(1<2,GOTO(A4))`, `A3: =x="b"`, `A4: =EXEC(x)`}, []string{"a"}},
		{"no jump", []string{`A1: =x="a"`, `A2: =IF(1>2,GOTO(A4))`, `A3: =x="b"`, `A4: =EXEC(x)`}, []string{"b"}},
		{"either jump", []string{`A1: =IF(GET.WORKSPACE(1),GOTO(B1),GOTO(C1))`, `B1: =x="b"`, `B2: =EXEC(x)`, `B3: =HALT()`, `C1: =x="c"`, `C2: =EXEC(x)`, `C3: =HALT()`}, []string{"b", "c"}},
		{"a halt or not", []string{`A1: =IF(GET.WORKSPACE(1),HALT())`, `A2: =x="on"`, `A3: =EXEC(x)`}, []string{"on"}},
		{"a halt or a jump", []string{`A1: =IF(GET.WORKSPACE(1),HALT(),GOTO(B1))`, `B1: =x="on"`, `B2: =EXEC(x)`}, []string{"on"}},
		{"a return or not", []string{`A1: =IF(GET.WORKSPACE(1),,RETURN())`, `A2: =x="on"`, `A3: =EXEC(x)`}, []string{"on"}},
	})
}

func TestLoops(t *testing.T) {
	loop := func(head string) []string {
		return []string{`A1: =s=""`, `A2: =` + head, `A3: =s=s&i`, `A4: =NEXT()`, `A5: =EXEC("n"&s)`}
	}
	follows(t, []macro{
		{"up", loop(`FOR("i",1,4)`), []string{"n1234"}},
		{"with a step", loop(`FOR("i",1,7,3)`), []string{"n147"}},
		{"down", loop(`FOR("i",3,1,-1)`), []string{"n321"}},
		{"a step left out", loop(`FOR("i",1,2,)`), []string{"n12"}},
		{"never", loop(`FOR("i",2,1)`), []string{"n"}},
		{"halves", loop(`FOR("i",0,1,0.5)`), []string{"n00.51"}},
		{"cells", append(loop(`FOR.CELL("i",B1:C2)`), `B1: a`, `C1: b`, `B2: c`, `C2: d`), []string{"nabcd"}},
		{"while", []string{`A1: =s=""`, `A2: =i=0`, `A3: =WHILE(i<3)`, `A4: =i=i+1`, `A5: =s=s&i`, `A6: =NEXT()`, `A7: =EXEC("n"&s)`}, []string{"n123"}},
		{"while never", []string{`A1: =s="a"`, `A2: =WHILE(FALSE)`, `A3: =s="b"`, `A4: =NEXT()`, `A5: =EXEC(s)`}, []string{"a"}},
		{"while nobody knows, once", []string{`A1: =s=""`, `A2: =WHILE(GET.WORKSPACE(1))`, `A3: =s=s&"x"`, `A4: =NEXT()`, `A5: =EXEC("n"&s)`}, []string{"nx"}},
		{"loops in loops", []string{`A1: =s=""`, `A2: =FOR("i",1,2)`, `A3: =FOR("j",1,2)`, `A4: =s=s&i&j`, `A5: =NEXT()`, `A6: =NEXT()`, `A7: =EXEC("n"&s)`}, []string{"n11122122"}},
		{"left", []string{`A1: =FOR("i",1,9)`, `A2: =IF(i=3,BREAK())`, `A3: =IF(i=3)`, `A4: =BREAK()`, `A5: =END.IF()`, `A6: =NEXT()`, `A7: =EXEC("n"&i)`}, []string{"n3"}},
		{"left from the inner one", []string{`A1: =s=""`, `A2: =FOR("i",1,2)`, `A3: =FOR("j",1,9)`, `A4: =IF(j=2)`, `A5: =BREAK()`, `A6: =END.IF()`, `A7: =s=s&i&j`, `A8: =NEXT()`, `A9: =NEXT()`, `A10: =EXEC("n"&s)`},
			[]string{"n1121"}},
		{"a counter nobody knows", []string{`A1: =s=""`, `A2: =FOR("i",1,GET.WORKSPACE(1))`, `A3: =s=s&"x"`, `A4: =NEXT()`, `A5: =EXEC("n"&s)`}, []string{"nx"}},
		{"without NEXT", []string{`A1: =x="a"`, `A2: =EXEC(x)`, `A3: =FOR("i",2,1)`, `A4: =SET.NAME("x","b")`}, []string{"a"}},
		{"NEXT alone", []string{`A1: =NEXT()`, `A2: =x="a"`, `A3: =EXEC(x)`}, []string{"a"}},
		{"BREAK alone", []string{`A1: =BREAK()`, `A2: =x="a"`, `A3: =EXEC(x)`}, []string{"a"}},
	})
}

// Macros call others with arguments, and get back what those return.
func TestCallsOfMacros(t *testing.T) {
	follows(t, []macro{
		{"by a cell", []string{`A1: =EXEC(B1())`, `A2: =HALT()`, `B1: =RETURN("a")`}, []string{"a"}},
		{"by a name", []string{`A1: =SET.NAME("go",B1)`, `A2: =EXEC(go())`, `A3: =HALT()`, `B1: =RETURN("a")`}, []string{"a"}},
		{"by a sheet's cell", []string{`A1: =EXEC(Macro1!B1())`, `A2: =HALT()`, `B1: =RETURN("a")`}, []string{"a"}},
		{"by a text in R1C1 notation", []string{`A1: =RUN("R1C2")`, `A2: =EXEC(x)`, `A3: =HALT()`, `B1: =x="a"`, `B2: =RETURN()`}, []string{"a"}},
		{"arguments in their order", []string{`A1: =EXEC(B1("a","b"))`, `A2: =HALT()`, `B1: =ARGUMENT("p")`, `B2: =ARGUMENT("q")`, `B3: =RETURN(q&p)`}, []string{"ba"}},
		{"an argument into a cell", []string{`A1: =EXEC(B1("a"))`, `A2: =HALT()`, `B1: =ARGUMENT(,2,C1)`, `B2: =RETURN(C1&"!")`}, []string{"a!"}},
		{"a return does not", []string{`A1: =B1()`, `A2: =x="b"`, `A3: =EXEC(x)`, `B1: =RETURN()`}, []string{"b"}},
		{"a macro without RETURN", []string{`A1: =B1()`, `A2: =EXEC(x)`, `B1: =x="b"`}, []string{"b"}},
	})
}

// Macros that an event starts are followed as ways of their own.
func TestEventsLeadToMacros(t *testing.T) {
	for _, event := range []string{
		`ON.TIME(NOW(),"R1C2")`, `ON.KEY("^k","Macro1!R1C2")`, `ON.SHEET("S","R1C2")`, `ON.WINDOW("w","R1C2")`, `ON.DATA("s","R1C2")`, `ON.ENTRY("s","R1C2")`,
		`ON.DOUBLECLICK("s","R1C2")`, `ON.RECALC("s","R1C2")`, `ERROR(TRUE,B1)`, `CANCEL.KEY(TRUE,B1)`, `ASSIGN.TO.OBJECT(B1)`,
	} {
		if got := runsOf(t, `A1: =`+event, `A2: =HALT()`, `B1: =x="later"`, `B2: =EXEC(x)`); !slices.Equal(got, []string{"later"}) {
			t.Errorf("%s: %q", event, got)
		}
	}
}

// Two ways through the macros do not see what the other wrote.
func TestWaysHaveTheirOwnMemory(t *testing.T) {
	got := runsOf(t, `A1: =x="common"`, `A2: =IF(GET.WORKSPACE(1))`, `A3: =x=x&"1"`, `A4: =SET.VALUE(D1,"1")`, `A5: =ELSE()`, `A6: =x=x&"2"`, `A7: =SET.VALUE(D2,"2")`, `A8: =GOTO(A20)`,
		`A9: =END.IF()`, `A10: =EXEC(x&D1&D2)`, `A11: =HALT()`, `A20: =EXEC(x&D1&D2)`)
	if !slices.Equal(got, []string{"common11", "common22"}) {
		t.Errorf("%q", got)
	}
}
