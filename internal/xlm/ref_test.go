package xlm

import "testing"

func TestCellsAreReadInBothNotations(t *testing.T) {
	tests := []struct {
		text string
		r1c1 bool
		want string // in A1 notation, "" for no reference
	}{
		{"A1", false, "A1"}, {"$A$1", false, "A1"}, {"a$7", false, "A7"}, {"XFD1048576", false, "XFD1048576"},
		{"XFE1", false, ""}, {"A0", false, ""}, {"A1048577", false, ""}, {"AAAA1", false, ""}, {"A", false, ""}, {"1", false, ""}, {"A99999999999999999999", false, ""},
		{"A1:B2", false, "A1:B2"}, {"B2:A1", false, "A1:B2"}, {"A:C", false, "A:C"}, {"2:3", false, "2:3"}, {"$2:$3", false, "2:3"},
		{"R5C2", true, "B5"}, {"r5c2", true, "B5"}, {"R[-1]C", true, "C2"}, {"RC[1]", true, "D3"}, {"RC", true, "C3"}, {"R[-9]C[-9]", true, "XEX1048570"},
		{"R5C2:R6C3", true, "B5:C6"}, {"R5", true, "5:5"}, {"C2", true, "B:B"}, {"R0C1", true, ""}, {"R[9999999999]C", true, ""}, {"R[", true, ""},
		{"R1C1", false, "A1"}, // no other reading in A1 notation
	}
	for _, tt := range tests {
		f := parse(tt.text, base{row: 2, col: 2, r1c1: tt.r1c1})
		got := ""
		if f.root.op == opArea && !f.bad {
			got = f.root.area.a1("")
		}
		if got != tt.want {
			t.Errorf("%q (R1C1 %v): %q, want %q", tt.text, tt.r1c1, got, tt.want)
		}
	}
}

func TestSharedFormulasMove(t *testing.T) {
	tests := []struct{ formula, want string }{
		{`A1+$A$1+$A1+A$1`, `B3+$A$1+$A3+B$1`},
		{`"A1"&'A1'!A1&LOG10(A1)`, `"A1"&'A1'!B3&LOG10(B3)`},
		{`SUM(A1:B2)*1E5`, `SUM(B3:C4)*1E5`},
		{`XFD1`, `#REF!`},
		{`A1!A1`, `A1!B3`},
		{`"open`, `"open`},
		{`名前&A1`, `名前&B3`},
	}
	for _, tt := range tests {
		if got := Moved(tt.formula, 2, 1); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.formula, got, tt.want)
		}
	}
}
