package xlm

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzJudge holds that any macro sheet is judged within its limits, that nothing is reported but what fits them, and that EXEC in a readable formula
// is never missed.
func FuzzJudge(f *testing.F) {
	for _, p := range payloads {
		for _, way := range techniques {
			f.Add(strings.Join(way.make(p.formula), "\n"))
		}
	}
	f.Add("A1: =IF(\nA2: ={1,2;3\nA3: ='a'!B1:C2%()\nA4: =x=1\nA5: =WHILE(TRUE)\nA6: =NEXT()")
	f.Add("A1: =FORMULA.FILL(\"=RC[1]&RC\",A1:IV9999)\nA2: =GOTO(A1)")
	f.Fuzz(func(t *testing.T, text string) {
		s, want := fuzzed(text)
		w := &Workbook{Sheets: []Sheet{s, {Name: "S", Cells: s.Cells}}, Names: []Name{{Name: "Auto_Open", Formula: "Macro1!A1", Sheet: -1}, {Name: "n", Formula: text, Sheet: 1}}}
		r, err := Judge(context.Background(), w, Options{})
		if err != nil || !r.Present {
			t.Fatal(err)
		}
		if len(r.Suspicious) > hitsMax || len(r.DDE) > hitsMax {
			t.Errorf("%d hits, %d links", len(r.Suspicious), len(r.DDE))
		}
		for _, h := range r.Suspicious {
			if len(h.Text) > hitText+len(gap) || utf8.ValidString(text) && !utf8.ValidString(h.Text) {
				t.Errorf("%q", h.Text)
			}
		}
		if want && len(r.Suspicious) == 0 {
			t.Errorf("nothing in %q", text)
		}
	})
}

// fuzzed makes a sheet of lines, and says whether one of them plainly runs a program.
func fuzzed(text string) (s Sheet, exec bool) {
	s = Sheet{Name: "Macro1", Kind: MacroSheet}
	for i, line := range strings.Split(text, "\n") {
		where, what, ok := strings.Cut(line, ": ")
		row, col, isRef := ParseCell(where)
		if !ok || !isRef || i > 1000 {
			continue
		}
		c := Cell{Row: row, Col: col, Value: what}
		if formula, is := strings.CutPrefix(what, "="); is {
			c.Formula, c.Value = formula, ""
			first := len(s.Cells) == 0
			exec = exec || first && formula == `EXEC("cmd /c calc")`
		}
		s.Cells = append(s.Cells, c)
	}
	return s, exec
}

// FuzzSLK holds that SYLK is read within its limits and that what is read can be judged.
func FuzzSLK(f *testing.F) {
	f.Add([]byte("ID;P\r\nO;E\r\nNN;NAuto_open;ER101C1;KOut;F\r\nC;X1;Y101;K0;EEXEC(\"CALC.EXE\")\r\nC;X1;Y102;EHALT()\r\nE\r\n"))
	f.Add([]byte("ID;P\nF;X3;Y2\nC;K\"a;;b\x1B#;\x1BN*\";ER[1]C[-1]+cmd|'/c x'!A0\nC;S;R2;C3\nC;MRC:R5\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		w, _, err := ReadSLK(context.Background(), strings.NewReader(string(b)))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range w.Sheets[0].Cells {
			if !(addr{0, c.Row, c.Col}).area().valid() || c.Formula == "" && c.Value == "" {
				t.Errorf("%+v", c)
			}
			if !utf8.ValidString(c.Value) {
				t.Errorf("%q", c.Value)
			}
		}
		if _, err := Judge(context.Background(), w, Options{}); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzParse holds that a formula's parts are text of it, and that it is parsed the same way a second time.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`1+2*3^-4%&"x"""`, `'a b'!A1:B2`, `[1]S!$A$1`, `{1,"a";TRUE,#N/A}`, `cmd|'/c x'!A0`, `A5()`, `x(1,,)`, `_xlfn.CONCAT(A:A,1:1)`, `R[1]C:RC[-1]`} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, r1c1 bool) {
		p := parse(s, base{row: 5, col: 5, r1c1: r1c1})
		walk(p.root, func(n *node) {
			if n.src != " " && !strings.Contains(s, n.src) {
				t.Errorf("%q is not in %q", n.src, s)
			}
			if n.op == opArea && !n.area.valid() {
				t.Errorf("area %+v", n.area)
			}
		})
		if again := parse("="+p.src, base{row: 5, col: 5, r1c1: r1c1}); again.bad != p.bad || again.root.op != p.root.op {
			t.Errorf("%q is read another way behind an equals sign", s)
		}
	})
}
