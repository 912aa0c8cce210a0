package xlm

import (
	"strings"
	"testing"
)

// Bytes that a line of SYLK cannot hold are written with ESC.
func TestSYLKEscapes(t *testing.T) {
	for in, want := range map[string]string{
		"a": "a", "\x1B#;": ";", "\x1B$1": "A", "\x1B :": "\n", "\x1BN*": `"`, "\x1BN&": "#", "\x1BN)": "'", "\x1BN9": "'", "\x1BNP": "-", "\x1BNx": "?", "\x1B": "\x1B", "\x1BN": "\x1BN", "\x1BZZ": "\x1BZZ",
	} {
		var got []byte
		for b := []byte(in); len(b) > 0; {
			n, c := slkByte(b)
			got, b = append(got, c), b[n:]
		}
		if string(got) != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestSYLKTextIsUTF8OrWindows(t *testing.T) {
	for in, want := range map[string]string{"plain": "plain", "caf\xE9": "café", "café": "café", "\x80": "€", "": ""} {
		if got := decodeANSI([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestSYLKValues(t *testing.T) {
	for in, want := range map[string]string{`"text"`: "text", `"a""b"`: `a"b`, "12": "12", "TRUE": "TRUE", `"open`: "open", `"`: `"`, "": "", `""`: "", "#N/A": "#N/A"} {
		if got := slkValue(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// A record's place is that of the one before where it tells none; what is outside a sheet tells none.
func TestSYLKPlaces(t *testing.T) {
	w := readSLK(t, "ID;P\nC;X2;Y3;K1\nC;X4;K2\nC;Y5;K3\nF;X9;Y9\nC;K4\nC;X0;Y1048577;K5\nC;X16385;Y-1;K6\nC;Xx;K7\nC;K8;X1\n")
	want := []string{"B3", "D3", "D5", "I9", "I9", "I9", "I9", "A9"}
	for i, c := range w.Sheets[0].Cells {
		if got := (addr{0, c.Row, c.Col}).String(); got != want[i] {
			t.Errorf("%s: %s, want %s", c.Value, got, want[i])
		}
	}
	if len(w.Sheets[0].Cells) != len(want) {
		t.Errorf("%d cells", len(w.Sheets[0].Cells))
	}
}

func TestSYLKNames(t *testing.T) {
	w := readSLK(t, "ID;P\nNN;Na;ER1C1\nNN;Nb;ER2C2;F\nNN;Nc;E\"x\";G\nNN;ER1C1\nNN;N;ER1C1\nNN;Nd\n")
	var got []string
	for _, n := range w.Names {
		s := n.Name + "=" + n.Formula
		if n.Macro {
			s += "!"
		}
		got = append(got, s)
	}
	if want := `a=A1 b=B2! c="x"! d=`; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Sheets are macro sheets where the options say so, and nothing else is one.
func TestSYLKKinds(t *testing.T) {
	for file, want := range map[string]SheetKind{"ID;P\nO;E\n": MacroSheet, "ID;P\nO;L;D\n": Worksheet, "ID;P\nO;V0;e\n": MacroSheet, "ID;P\nC;E1\n": Worksheet, "ID;P\nE\n": Worksheet, "ID;P\nO\n": Worksheet} {
		if got := readSLK(t, file).Sheets[0].Kind; got != want {
			t.Errorf("%q: %d", file, got)
		}
	}
}

// Records that share an expression name its cell; one that names nothing has none.
func TestSYLKSharing(t *testing.T) {
	for file, want := range map[string]string{
		"ID;P\nC;X1;Y1;D;ERC[1]\nC;X1;Y2;S;R1;C1\n": "B2", "ID;P\nC;X1;Y1;ERC[1]\nC;X1;Y2;S;R1\n": "B2", "ID;P\nC;X1;Y1;E1\nC;X1;Y2;S;R9;C9;K1\n": "", "ID;P\nC;X1;Y1;E1\nC;X1;Y2;S;R1;C1;E2\n": "2",
	} {
		c := readSLK(t, file).Sheets[0].Cells
		if len(c) != 2 || c[1].Formula != want {
			t.Errorf("%q: %+v, want %q", file, c, want)
		}
	}
}

// Whole files are judged like other workbooks, commands to other programs included.
func TestSYLKIsJudged(t *testing.T) {
	w := readSLK(t, "ID;P\nO;E\nNN;NAuto_Open;ER1C1\nC;X1;Y1;EEXEC(\"ca\"&\"lc\")\nC;Y2;EHALT()\nC;X1;Y3;Ecmd|'/c calc'!A0\n")
	r := judged(t, w)
	if len(r.Autoexec) != 1 || !found(r, "EXEC", `EXEC("calc")`) || len(r.DDE) != 1 || r.DDE[0].Text != "cmd|/c calc!A0" {
		t.Errorf("%+v", r)
	}
}
