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

func TestAreasAreWrittenInBothNotations(t *testing.T) {
	for _, tt := range []struct {
		a              area
		a1, abs, r1c1s string
	}{
		{addr{0, 0, 0}.area(), "A1", "$A$1", "R1C1"}, {area{0, 1, 2, 3, 4}, "C2:E4", "$C$2:$E$4", "R2C3:R4C5"}, {addr{0, 9, 701}.area(), "ZZ10", "$ZZ$10", "R10C702"},
		{area{0, 0, 1, rowsMax - 1, 2}, "B:C", "$B:$C", "R1C2:R1048576C3"}, {area{0, 1, 0, 2, colsMax - 1}, "2:3", "$2:$3", "R2C1:R3C16384"},
	} {
		if tt.a.a1("") != tt.a1 || tt.a.a1("$") != tt.abs || tt.a.r1c1() != tt.r1c1s {
			t.Errorf("%+v: %s, %s, %s", tt.a, tt.a.a1(""), tt.a.a1("$"), tt.a.r1c1())
		}
	}
}

func TestAreas(t *testing.T) {
	a, b := area{0, 5, 5, 6, 6}, area{0, 1, 9, 2, 9}
	if got := a.with(b); got != (area{0, 1, 5, 6, 9}) || got.rows() != 6 || got.cols() != 5 || got.single() || got.first() != (addr{0, 1, 5}) {
		t.Errorf("around both: %+v", got)
	}
	if got := (area{0, 6, 2, 1, 9}).ordered(); got != (area{0, 1, 2, 6, 9}) {
		t.Errorf("in order: %+v", got)
	}
	for _, bad := range []area{a.moved(-6, 0), a.moved(0, -6), a.moved(rowsMax, 0), a.moved(0, colsMax), {0, 2, 0, 1, 0}} {
		if bad.valid() || ref(bad).kind != failure {
			t.Errorf("%+v is valid", bad)
		}
	}
}

func TestColumnsHaveTheirLetters(t *testing.T) {
	for col, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 701: "ZZ", 702: "AAA", 16383: "XFD"} {
		got := columnName(col)
		if n, size := letters(got); got != want || n != col+1 || size != len(want) {
			t.Errorf("%d: %s, back %d", col, got, n-1)
		}
	}
}

func TestCellsByTheirNames(t *testing.T) {
	if row, col, ok := ParseCell("B12"); row != 11 || col != 1 || !ok {
		t.Errorf("%d, %d, %v", row, col, ok)
	}
	for _, bad := range []string{"", "B", "12", "B0", "B12x", "B1:C2", "ABCD1", "XFE1", "A12345678"} {
		if _, _, ok := ParseCell(bad); ok {
			t.Errorf("%q is a cell", bad)
		}
	}
}
