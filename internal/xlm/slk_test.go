package xlm

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readSLK(t testing.TB, s string) *Workbook {
	t.Helper()
	w, unread, err := ReadSLK(context.Background(), strings.NewReader(s))
	if err != nil || unread {
		t.Fatalf("unread %v, %v", unread, err)
	}
	return w
}

func TestSYLKIsKnownByItsFirstRecord(t *testing.T) {
	for s, want := range map[string]bool{
		"ID;PWXL;N;E\r\n": true, "ID;P": true, "id;pX": true, "\xEF\xBB\xBFID;PX": true, "ID;N;PWXL\nC;X1": true, "ID\nO;E\n": true, "ID;;\r\rC;K1": true,
		"ID;Name\n1;x\n": false, "ID,Name\n": false, "IDENTITY": false, "ID": false, "": false, "C;X1;Y1;K1\n": false, " ID;P": false,
	} {
		if IsSLK([]byte(s)) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

func TestSYLKRecords(t *testing.T) {
	w := readSLK(t, "ID;PWXL;N;E\r\nO;L;E;D;V0\r\nNN;NAuto_Open;ER5C2;KOut;F\r\nC;Y5;X2;K\"a;;b\";EFORMULA(R[-4]C,RC[1])\r\nC;Y1;X2;K\"say \"\"x\"\"\"\r\nE\r\n")
	want := &Workbook{
		Sheets: []Sheet{{Name: "SYLK", Kind: MacroSheet, Cells: []Cell{
			{Row: 4, Col: 1, Formula: "FORMULA(B1,C5)", Value: "a;b"},
			{Row: 0, Col: 1, Value: `say "x"`},
		}}},
		Names: []Name{{Name: "Auto_Open", Formula: "B5", Sheet: -1, Macro: true}},
	}
	if d := cmp.Diff(want, w); d != "" {
		t.Error(d)
	}
}

func TestSYLKInOddSpellings(t *testing.T) {
	const want = `EXEC("calc;1")`
	tests := []struct{ name, file string }{
		{"plain", "ID;P\r\nO;E\r\nC;X1;Y1;K0;EEXEC(\"calc;;1\")\r\n"},
		{"line feeds", "ID;P\nO;E\nC;X1;Y1;K0;EEXEC(\"calc;;1\")\n"},
		{"carriage returns", "ID;P\rO;E\rC;X1;Y1;K0;EEXEC(\"calc;;1\")\r"},
		{"mixed and empty lines", "ID;P\n\r\nO;E\r\r\nC;X1;Y1;K0;EEXEC(\"calc;;1\")"},
		{"lower case", "ID;P\no;e\nc;x1;y1;k0;eEXEC(\"calc;;1\")\n"},
		{"blanks", "ID;P\n O;E\n  C; X1; Y1; EEXEC(\"calc;;1\")\n"},
		{"escaped semicolon", "ID;P\nO;E\nC;X1;Y1;EEXEC(\"calc\x1B#;1\")\n"},
		{"escaped letters", "ID;P\nO;E\nC;X1;Y1;E\x1B$5X\x1B$5C(\"calc;;1\")\n"},
		{"escaped quotes", "ID;P\nO;E\nC;X1;Y1;EEXEC(\x1BN*calc;;1\x1BN*)\n"},
		{"fields in another order", "ID;P\nO;E\nC;EEXEC(\"calc;;1\");Y1;X1\n"},
		{"place of the record before", "ID;P\nO;E\nF;X1;Y1;M3\nC;EEXEC(\"calc;;1\")\n"},
		{"a matrix", "ID;P\nO;E\nC;X1;Y1;R2;C1;MEXEC(\"calc;;1\")\n"},
		{"an equals sign", "ID;P\nO;E\nC;X1;Y1;E=EXEC(\"calc;;1\")\n"},
		{"unknown records and fields", "ID;P\nZZ;Q\nQQQQQ\nO;E;Q7\nC;X1;Y1;Q;Zz;EEXEC(\"calc;;1\")\n"},
		{"macro sheet told late", "ID;P\nC;X1;Y1;EEXEC(\"calc;;1\")\nO;E\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := readSLK(t, tt.file)
			if s := w.Sheets[0]; s.Kind != MacroSheet || len(s.Cells) != 1 || s.Cells[0].Formula != want || s.Cells[0].Row != 0 || s.Cells[0].Col != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestSYLKSharedExpressions(t *testing.T) {
	w := readSLK(t, "ID;P\nC;X1;Y1;D;ERC[1]+1\nC;Y3;S;R1;C1\n")
	if c := w.Sheets[0].Cells; len(c) != 2 || c[1].Formula != "B3+1" {
		t.Errorf("%+v", c)
	}
}

func TestR1C1BecomesA1(t *testing.T) {
	tests := []struct{ from, to string }{
		{`R1C1`, `A1`}, {`RC`, `C3`}, {`R[1]C[-1]`, `B4`}, {`SUM(R1C1:R[2]C)`, `SUM(A1:C5)`}, {`"R1C1"&'R1C1'!R1C1`, `"R1C1"&'R1C1'!A1`},
		{`Sheet1!R2C2`, `Sheet1!B2`}, {`R5()`, `5:5()`}, {`R5C1()`, `A5()`}, {`ROW(RC)`, `ROW(C3)`}, {`COLUMN()+R1`, `COLUMN()+1:1`}, {`x+1E5`, `x+1E5`},
		{`cmd|'/c R1C1'!A0`, `cmd|'/c R1C1'!A0`}, {`"open R1C1`, `"open R1C1`}, {``, ``}, {`Ünïcode&RC`, `Ünïcode&C3`}, {`R1C1!RC`, `R1C1!C3`},
	}
	for _, tt := range tests {
		if got := fromR1C1(tt.from, 2, 2); got != tt.to {
			t.Errorf("%s: %s, want %s", tt.from, got, tt.to)
		}
	}
}

func TestSYLKLimitsAreTold(t *testing.T) {
	tests := []struct{ name, file string }{
		{"long record", "ID;P\nC;X1;Y1;K\"" + strings.Repeat("x", slkLine) + "\"\n"},
		{"many cells", "ID;P\n" + strings.Repeat("C;K1\n", slkCells+1)},
		{"many names", "ID;P\n" + strings.Repeat("NN;Nx;ER1C1\n", slkNames+1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w, unread, err := ReadSLK(context.Background(), strings.NewReader(tt.file))
			if !unread || err != nil || len(w.Sheets[0].Cells) > slkCells || len(w.Names) > slkNames {
				t.Errorf("unread %v, %v", unread, err)
			}
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestSYLKErrorsAreTheReaders(t *testing.T) {
	if _, _, err := ReadSLK(context.Background(), failing{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := ReadSLK(ctx, strings.NewReader("ID;P\n")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
