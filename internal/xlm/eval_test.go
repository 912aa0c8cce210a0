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

// sample is a formula and what it shows.
type sample struct{ formula, want string }

// works tells of each formula that gives something else in a sheet with a few cells.
func works(t *testing.T, samples []sample) {
	t.Helper()
	for _, s := range samples {
		if got := worth(t, s.formula, "A1: 10", "A2: 20", "A3: text", "B1: TRUE", "B2: #N/A", "C1: 65"); got != s.want {
			t.Errorf("%s: %s, want %s", s.formula, got, s.want)
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
