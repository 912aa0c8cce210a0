package xlm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func lines(n int, format string) []string {
	var out []string
	for i := range n {
		out = append(out, strings.ReplaceAll(format, "#", fmt.Sprint(i+1)))
	}
	return out
}

// What a hostile workbook can ask for ends at a limit, and what it plainly does is found all the same.
func TestHostileMacrosEndAtALimit(t *testing.T) {
	tests := []struct {
		name  string
		cut   bool
		cells []string
	}{
		{"endless loop", true, []string{`A1: =WHILE(TRUE)`, `A2: =x=x+1`, `A3: =NEXT()`}},
		{"endless jump", true, []string{`A1: =GOTO(A1)`}},
		{"text that doubles", true, []string{`A1: =x=x&"abc"&x`, `A2: =GOTO(A1)`}},
		{"long texts in ever new names", true, []string{`A1: =SET.NAME("n"&i,REPT("x",32767))`, `A2: =i=i+1`, `A3: =GOTO(A1)`}},
		{"arrays in ever new names", true, []string{`A1: =SET.NAME("n"&i,DEREF(B1:B16000))`, `A2: =i=i+1`, `A3: =GOTO(A1)`}},
		{"cells without end", true, []string{`A1: =FORMULA.FILL("=RC[1]&RC",C1:IV9999)`, `A2: =GOTO(A1)`}},
		{"a macro that calls itself", true, []string{`A1: =A1()&A1()`}},
		{"calls on both ways", true, []string{`A1: =IF(GET.WORKSPACE(1),A1(),A1())`, `A2: =A1()`, `A3: =A1()`}},
		{"a way at every cell", true, lines(200, `A#: =IF(GET.WORKSPACE(1),GOTO(B#))`)},
		{"cells that double", false, append(lines(5000, `C#: =D#&D#`), lines(5000, `D#: =C#&C#`)...)},
		{"sums of columns", true, lines(2000, `C#: =SUM(B1:B16000)+SUM(B1:B16000)`)},
		{"blocks without end", false, lines(5000, `A#: =IF(FALSE)`)},
		{"loops without end", false, lines(5000, `A#: =WHILE(FALSE)`)},
		{"text past what is parsed", true, lines(400, `C#: =`+strings.Repeat("1+", 15000)+`#`)},
		{"deep parentheses", false, []string{`A1: =` + strings.Repeat("(", 30000)}},
		{"signs and percents", false, []string{`A1: =` + strings.Repeat("-+", 10000) + `1` + strings.Repeat("%", 10000)}},
		{"a formula evaluated again and again", true, []string{`A1: =EVALUATE(REPT("1+",3000)&"1")`, `A2: =GOTO(A1)`}},
		{"names that need each other", false, []string{`A1: =EXEC(p&q)`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := bookOf(t, append(tt.cells, `XX999: =EXEC("calc")`)...)
			w.Names = append(w.Names, Name{Name: "p", Formula: "q&q", Sheet: -1}, Name{Name: "q", Formula: "p&p", Sheet: -1})
			r := judged(t, w)
			if r.Cut != tt.cut || !found(r, "EXEC", `EXEC("calc")`) {
				t.Errorf("cut %v, %+v", r.Cut, r.Suspicious)
			}
		})
	}
}

func TestMacrosStayWithinTheirMemory(t *testing.T) {
	for _, cells := range [][]string{
		{`A1: =SET.NAME("n"&i,REPT("x",32767))`, `A2: =i=i+1`, `A3: =GOTO(A1)`},
		{`A1: =SET.NAME("n"&i,DEREF(B1:B16000))`, `A2: =i=i+1`, `A3: =GOTO(A1)`},
		{`A1: =FORMULA.FILL(REPT("x",32767),C1:IV9999)`, `A2: =GOTO(A1)`},
		lines(20000, `A#: =REPT("x",32767)`),
	} {
		w := bookOf(t, cells...)
		b := newBook(w, 1<<20)
		m := newMachine(context.Background(), b, &judge{rep: &Report{Present: true}, b: b, o: Options{}.withDefaults(), parsed: map[*Name]*formula{}, seen: map[string]int{}})
		m.entries()
		m.run()
		m.others()
		m.everything()
		if m.kept > valuesMax || m.writes > writesMax+fillMax || m.ways > waysMax || len(b.cells) > keptMax {
			t.Errorf("%s: %d bytes, %d written, %d ways, %d cells", cells[0], m.kept, m.writes, m.ways, len(b.cells))
		}
	}
}

func TestCellsPastTheLimitAreLeftOut(t *testing.T) {
	w := bookOf(t, `A1: =HALT()`, `A2: =EXEC("calc")`)
	r, err := Judge(context.Background(), w, Options{Cells: 1})
	if err != nil || !r.Cut || len(r.Suspicious) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestTheListOfFormulasIsCapped(t *testing.T) {
	w := bookOf(t, lines(20, `A#: =HALT()`)...)
	r, err := Judge(context.Background(), w, Options{Formulas: 7})
	if err != nil || len(r.Formulas) != 7 || r.Formulas[0] != "Macro1!A1: =HALT()" {
		t.Errorf("%v, %v", r.Formulas, err)
	}
}

func TestTheContextsEndIsAnError(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Judge(ctx, bookOf(t, lines(5000, `A#: =x=x+1`)...), Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
