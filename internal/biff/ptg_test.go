package biff

import (
	"fmt"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// everyGeneration are all formats of formulas.
var everyGeneration = []generation{2, 3, 4, 5, 8, 12}

// workbook is what the tokens of these tests point to: two sheets, two names, another workbook, a DDE link, and functions of an add-in.
func workbook(g generation) *env {
	return &env{
		gen: g, sheets: []string{"One", "Two two"}, names: []string{"First", "Second"},
		books: []supBook{
			{}, {kind: bookExternal, path: `C:\dir\b.xls`, sheets: []string{"Far"}, names: []string{"Theirs"}},
			{kind: bookDDE, path: "prog", topic: "a topic", names: []string{"an item", "Item2"}},
			{kind: bookAddIn, names: []string{"AddIn.Go"}},
		},
		xtis: []xti{{0, 0, 0}, {0, 0, 1}, {1, 0, 0}, {2, -2, -2}, {3, -2, -2}, {0, -1, -1}, {0, 7, 7}, {9, 0, 0}, {1, -2, -2}},
	}
}

// at decodes a formula of cell C4.
func (e *env) at(rgce, rgcb []byte) (string, string) {
	text, exp, why := e.decode(formula{rgce: rgce, rgcb: rgcb, row: 3, col: 2, in: "One"})
	if exp != nil {
		return fmt.Sprintf("→%d,%d", exp.row, exp.col), why
	}
	return text, why
}

func TestEveryOperator(t *testing.T) {
	infix := map[byte]string{3: "+", 4: "-", 5: "*", 6: "/", 7: "^", 8: "&", 9: "<", 10: "<=", 11: "=", 12: ">=", 13: ">", 14: "<>", 15: " ", 16: ",", 17: ":"}
	for _, g := range everyGeneration {
		e := workbook(g)
		for id, sign := range infix {
			if got, why := e.at([]byte{0x1E, 1, 0, 0x1E, 2, 0, id}, nil); got != "1"+sign+"2" || why != "" {
				t.Errorf("BIFF%d, token %#x: %q, %s", g, id, got, why)
			}
		}
		for id, want := range map[byte]string{0x12: "+1", 0x13: "-1", 0x14: "1%", 0x15: "(1)"} {
			if got, why := e.at([]byte{0x1E, 1, 0, id}, nil); got != want || why != "" {
				t.Errorf("BIFF%d, token %#x: %q, want %q, %s", g, id, got, want, why)
			}
		}
	}
}

// Operands come in the classes reference, value and array, which say nothing about the text.
func TestOperandsOfEveryClass(t *testing.T) {
	for _, g := range everyGeneration {
		ref := fixture.Rgce(int(g), fixture.PtgRef(4, 1))
		area := fixture.Rgce(int(g), fixture.PtgArea(4, 1, 5, 2))
		for _, class := range []byte{0x20, 0x40, 0x60} {
			ref[0], area[0] = class|0x04, class|0x05
			if got, why := workbook(g).at(ref, nil); got != "$B$5" || why != "" {
				t.Errorf("BIFF%d, token %#x: %q, %s", g, ref[0], got, why)
			}
			if got, why := workbook(g).at(area, nil); got != "$B$5:$C$6" || why != "" {
				t.Errorf("BIFF%d, token %#x: %q, %s", g, area[0], got, why)
			}
		}
	}
}

func TestConstants(t *testing.T) {
	for _, g := range everyGeneration {
		for want, tokens := range map[string][]fixture.Ptg{
			"65535": {fixture.PtgInt(65535)}, "-0.25": {fixture.PtgNum(-0.25)}, "TRUE": {fixture.PtgBool(true)}, "FALSE": {fixture.PtgBool(false)},
			"#NULL!": {fixture.PtgRaw(0x1C, 0)}, "#NUM!": {fixture.PtgRaw(0x1C, 0x24)}, `""`: {fixture.PtgStr("")}, `"é"`: {fixture.PtgStr("\xE9")},
		} {
			if g >= 12 && want == `"é"` {
				tokens = []fixture.Ptg{fixture.PtgStr("é")}
			}
			if got, why := workbook(g).at(fixture.Rgce(int(g), tokens...), nil); got != want || why != "" {
				t.Errorf("BIFF%d: %q, want %q, %s", g, got, want, why)
			}
		}
	}
	if got, _ := workbook(8).at([]byte{0x17, 2, 1, 0x42, 0x30, 0x44, 0x30}, nil); got != `"あい"` {
		t.Errorf("wide text: %s", got)
	}
}

// What only steers the evaluation is passed over in its whole length: the number behind it is read as one.
func TestTokensThatSayNothing(t *testing.T) {
	zeros := func(n int) []byte { return make([]byte, n) }
	tests := []struct {
		name  string
		token byte
		size  map[generation]int // behind the token's number
	}{
		{"PtgMemArea", 0x26, map[generation]int{2: 4, 3: 6, 4: 6, 5: 6, 8: 6, 12: 6}},
		{"PtgMemErr", 0x27, map[generation]int{2: 4, 3: 6, 4: 6, 5: 6, 8: 6, 12: 6}},
		{"PtgMemNoMem", 0x28, map[generation]int{2: 4, 3: 6, 4: 6, 5: 6, 8: 6, 12: 6}},
		{"PtgMemFunc", 0x29, map[generation]int{2: 1, 3: 2, 4: 2, 5: 2, 8: 2, 12: 2}},
		{"PtgMemAreaN", 0x2E, map[generation]int{2: 1, 3: 2, 4: 2, 5: 2, 8: 2, 12: 2}},
		{"PtgMemNoMemN", 0x2F, map[generation]int{2: 1, 3: 2, 4: 2, 5: 2, 8: 2, 12: 2}},
		{"tSheet", 0x1A, map[generation]int{2: 7, 3: 10, 4: 10}},
		{"tEndSheet", 0x1B, map[generation]int{2: 3, 3: 4, 4: 4}},
		{"PtgAttrSemi", 0x19, map[generation]int{2: 2, 3: 3, 4: 3, 5: 3, 8: 3, 12: 3}},
	}
	for _, tt := range tests {
		for g, n := range tt.size {
			rgce := append(append([]byte{tt.token}, zeros(n)...), 0x1E, 7, 0)
			if got, why := workbook(g).at(rgce, zeros(8)); got != "7" || why != "" {
				t.Errorf("BIFF%d, %s: %q, %s", g, tt.name, got, why)
			}
			if _, why := workbook(g).at(rgce[:n], zeros(8)); why == "" {
				t.Errorf("BIFF%d, %s: cut short without a word", g, tt.name)
			}
		}
	}
}

// The rectangles of a PtgMemArea stand before the values of an array that comes later.
func TestRectanglesBeforeAnArray(t *testing.T) {
	one := []byte{0, 0, 0, 0, 0, 0, 0xF0, 0x3F}
	for g, c := range map[generation]struct {
		array int
		extra []byte
	}{
		5:  {7, append(append([]byte{2, 0}, make([]byte, 12)...), 1, 1, 0, 1)},
		8:  {7, append(append([]byte{2, 0}, make([]byte, 16)...), 0, 0, 0, 1)},
		12: {14, append(append([]byte{2, 0, 0, 0}, make([]byte, 32)...), 1, 0, 0, 0, 1, 0, 0, 0, 0)},
	} {
		rgce := append([]byte{0x26, 0, 0, 0, 0, 0, 0, 0x20}, make([]byte, c.array)...)
		if got, why := workbook(g).at(rgce, append(c.extra, one...)); got != "{1}" || why != "" {
			t.Errorf("BIFF%d: %q, %s", g, got, why)
		}
	}
	if got, why := workbook(8).at([]byte{0x26, 0, 0, 0, 0, 0, 0, 0x1E, 7, 0}, []byte{0xFF, 0xFF}); got != "7" || why != "" {
		t.Errorf("more rectangles than there are: %q, %s", got, why)
	}
}

// References that were deleted keep their length (MS-XLS 2.5.198.86, .29, .87, .30).
func TestDeletedReferences(t *testing.T) {
	sizes := map[generation]int{2: 3, 3: 3, 4: 3, 5: 3, 8: 4, 12: 6}
	for g, ref := range sizes {
		for token, n := range map[byte]int{0x2A: ref, 0x2B: 2 * ref} {
			rgce := append(append([]byte{token}, make([]byte, n)...), 0x1E, 7, 0, 0x03)
			if got, why := workbook(g).at(rgce, nil); got != "#REF!+7" || why != "" {
				t.Errorf("BIFF%d, token %#x: %q, %s", g, token, got, why)
			}
		}
		if g < 5 {
			continue
		}
		head := 2 // ixti
		if g == 5 {
			head = 14
		}
		for token, n := range map[byte]int{0x3C: head + ref, 0x3D: head + 2*ref} {
			rgce := append(append([]byte{token}, make([]byte, n)...), 0x1E, 7, 0, 0x03)
			if got, why := workbook(g).at(rgce, nil); !strings.HasSuffix(got, "#REF!+7") || why != "" {
				t.Errorf("BIFF%d, token %#x: %q, %s", g, token, got, why)
			}
		}
	}
}

func TestReferencesToSheets(t *testing.T) {
	for ixti, want := range map[byte]string{
		0: "One!$B$5", 1: "'One:Two two'!$B$5", 2: `'C:\dir\[b.xls]Far'!$B$5`, 3: "prog|'a topic'!$B$5", 5: "#REF!", 6: "#REF!", 7: "#REF!",
		8: `'C:\dir\b.xls'!$B$5`, 99: "#REF!",
	} {
		if got, why := workbook(8).at([]byte{0x3A, ixti, 0, 4, 0, 1, 0}, nil); got != want || why != "" {
			t.Errorf("sheet %d: %q, want %q, %s", ixti, got, want, why)
		}
		area := strings.Replace(want, "$B$5", "$B$5:$C$6", 1)
		if got, why := workbook(8).at([]byte{0x3B, ixti, 0, 4, 0, 5, 0, 1, 0, 2, 0}, nil); got != area || why != "" {
			t.Errorf("area of sheet %d: %q, want %q, %s", ixti, got, area, why)
		}
		if got, _ := workbook(12).at([]byte{0x5A, ixti, 0, 4, 0, 0, 0, 1, 0}, nil); got != want {
			t.Errorf("BIFF12, sheet %d: %q, want %q", ixti, got, want)
		}
	}
}

// BIFF5 has the sheets in the token: a negative number is this workbook, another counts the external sheets.
func TestReferencesToSheetsOfBIFF5(t *testing.T) {
	token := func(id byte, book int16, first, last byte, rest ...byte) []byte {
		b := append([]byte{id, byte(book), byte(book >> 8)}, make([]byte, 8)...)
		return append(append(b, first, 0, last, 0), rest...)
	}
	for want, rgce := range map[string][]byte{
		"One!$B$5":                     token(0x3A, -1, 0, 0, 4, 0, 1),
		"'One:Two two'!$B$5:$C$6":      token(0x3B, -1, 0, 1, 4, 0, 5, 0, 1, 2),
		`'C:\dir\[b.xls]Far'!$B$5`:     token(0x3A, 1, 0, 0, 4, 0, 1),
		"#REF!":                        token(0x3A, 77, 0, 0, 4, 0, 1),
		`'C:\dir\[b.xls]Far'!$B$5:B$6`: token(0x3B, 1, 0, 0, 4, 0, 5, 0x40, 1, 1), // the column of the second corner is relative
	} {
		if got, why := workbook(5).at(rgce, nil); got != want || why != "" {
			t.Errorf("%q, want %q, %s", got, want, why)
		}
	}
}

func TestNamesOfOtherBooks(t *testing.T) {
	for _, tt := range []struct {
		ixti, n byte
		want    string
	}{
		{0, 1, "First"}, {0, 3, "#NAME?"}, {2, 1, `'C:\dir\b.xls'!Theirs`}, {2, 2, "#REF!"}, {3, 1, "prog|'a topic'!'an item'"}, {3, 2, "prog|'a topic'!Item2"},
		{4, 1, "AddIn.Go"}, {4, 0, "#REF!"}, {7, 1, "#REF!"}, {99, 1, "#REF!"},
	} {
		if got, why := workbook(8).at([]byte{0x39, tt.ixti, 0, tt.n, 0, 0, 0}, nil); got != tt.want || why != "" {
			t.Errorf("ixti %d, name %d: %q, want %q, %s", tt.ixti, tt.n, got, tt.want, why)
		}
	}
	for _, tt := range []struct {
		book, n byte
		want    string
	}{{0xFF, 1, "First"}, {1, 1, `'C:\dir\b.xls'!Theirs`}, {2, 1, "prog|'a topic'!'an item'"}, {3, 1, "AddIn.Go"}, {9, 1, "#REF!"}} {
		high := byte(0)
		if tt.book == 0xFF {
			high = 0xFF
		}
		rgce := append(append([]byte{0x39, tt.book, high}, make([]byte, 8)...), tt.n, 0)
		if got, why := workbook(5).at(append(rgce, make([]byte, 12)...), nil); got != tt.want || why != "" {
			t.Errorf("BIFF5, book %d, name %d: %q, want %q, %s", tt.book, tt.n, got, tt.want, why)
		}
	}
}

func TestNamesOfEveryGeneration(t *testing.T) {
	for _, g := range everyGeneration {
		for n, want := range map[int]string{1: "First", 2: "Second", 0: "#NAME?", 3: "#NAME?"} {
			if got, why := workbook(g).at(fixture.Rgce(int(g), fixture.PtgName(n), fixture.PtgInt(7), fixture.PtgOp(fixture.OpAdd)), nil); got != want+"+7" || why != "" {
				t.Errorf("BIFF%d, name %d: %q, want %q, %s", g, n, got, want, why)
			}
		}
	}
}

func TestFormulasThatStandElsewhere(t *testing.T) {
	for _, g := range everyGeneration {
		var extra []byte
		if g >= 12 {
			extra = []byte{2, 0, 0, 0} // PtgExtraCol
		}
		if got, why := workbook(g).at(fixture.Rgce(int(g), fixture.PtgExp(9, 2)), extra); got != "→9,2" || why != "" {
			t.Errorf("BIFF%d: %q, %s", g, got, why)
		}
		if g < 12 {
			table := fixture.Rgce(int(g), fixture.PtgExp(9, 2))
			table[0] = 0x02 // PtgTbl
			if got, why := workbook(g).at(table, nil); got != "TABLE()" || why != "" {
				t.Errorf("BIFF%d, data table: %q, %s", g, got, why)
			}
		}
	}
}

func TestTokensOfTwoBytes(t *testing.T) {
	for kind := byte(1); kind <= 0x1D; kind++ {
		n, want := 4, "#NAME?"
		if kind == 0x19 { // PtgList
			n, want = 12, "#REF!"
		}
		rgce := append(append([]byte{0x18, kind}, make([]byte, n)...), 0x1E, 7, 0, 0x03)
		if got, why := workbook(12).at(rgce, nil); got != want+"+7" || why != "" {
			t.Errorf("kind %#x: %q, %s", kind, got, why)
		}
	}
}

func TestJumpsOfChoose(t *testing.T) {
	for g, jumps := range map[generation][]byte{2: {0x19, 0x04, 1, 9, 9}, 5: {0x19, 0x04, 1, 0, 9, 9, 9, 9}, 8: {0x19, 0x04, 1, 0, 9, 9, 9, 9}} {
		rgce := append([]byte{0x1E, 1, 0}, jumps...)
		rgce = append(rgce, 0x1E, 2, 0)
		rgce = append(rgce, fixture.Rgce(int(g), fixture.PtgFuncVar(100, 2))...)
		if got, why := workbook(g).at(rgce, nil); got != "CHOOSE(1,2)" || why != "" {
			t.Errorf("BIFF%d: %q, %s", g, got, why)
		}
	}
	if got, _ := workbook(2).at(append(fixture.Rgce(2, fixture.PtgRef(0, 0)), 0x19, 0x10, 0), nil); got != "SUM($A$1)" {
		t.Errorf("PtgAttrSum of BIFF2: %q", got)
	}
}

func TestFunctionsOfEveryGeneration(t *testing.T) {
	one := fixture.PtgInt(1)
	for _, g := range everyGeneration {
		for want, tokens := range map[string][]fixture.Ptg{
			"EXEC(1)": {one, fixture.PtgFuncVar(fixture.FnExec, 1)}, "CHAR(1)": {one, fixture.PtgFunc(fixture.FnChar)}, "ALERT(1)": {one, fixture.PtgCommand(fixture.CmdAlert, 1)},
			"HALT()": {fixture.PtgFuncVar(fixture.FnHalt, 0)},
		} {
			if got, why := workbook(g).at(fixture.Rgce(int(g), tokens...), nil); got != want || why != "" {
				t.Errorf("BIFF%d: %q, want %q, %s", g, got, want, why)
			}
		}
	}
	// fPrompt, the upper bit of the number of arguments, asks for a dialog box (MS-XLS 2.5.198.63)
	if got, why := workbook(8).at([]byte{0x1E, 1, 0, 0x42, 0x81, 118, 0x80}, nil); got != "ALERT(1)" || why != "" {
		t.Errorf("with a dialog box: %q, %s", got, why)
	}
}

// Numbers that no token has end the formula, and what was read is kept.
func TestTokensThatDoNotExist(t *testing.T) {
	for _, g := range everyGeneration {
		for _, id := range []byte{0x00, 0x30, 0x35, 0x37, 0x3E, 0x3F, 0x80, 0xFF} {
			if got, why := workbook(g).at([]byte{0x1E, 7, 0, id}, nil); got != "7" || !strings.HasPrefix(why, "token ") {
				t.Errorf("BIFF%d, token %#x: %q, %q", g, id, got, why)
			}
		}
		if g < 5 {
			continue
		}
		for _, id := range []byte{0x1A, 0x1B} { // only in the workspaces of BIFF3 and BIFF4
			if _, why := workbook(g).at([]byte{id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, nil); !strings.HasPrefix(why, "token ") {
				t.Errorf("BIFF%d, token %#x: %q", g, id, why)
			}
		}
	}
}

func TestItemsOfArraysThatDoNotExist(t *testing.T) {
	for g, extra := range map[generation][]byte{
		5: {1, 1, 0, 0x77, 0, 0, 0, 0, 0, 0, 0, 0}, 8: {0, 0, 0, 0x77, 0, 0, 0, 0, 0, 0, 0, 0}, 12: {1, 0, 0, 0, 1, 0, 0, 0, 0x77},
	} {
		n := 7
		if g >= 12 {
			n = 14
		}
		if _, why := workbook(g).at(append([]byte{0x60}, make([]byte, n)...), extra); why != "an array's values end early" {
			t.Errorf("BIFF%d: %q", g, why)
		}
	}
	if got, why := workbook(8).at(append([]byte{0x60}, make([]byte, 7)...), append([]byte{1, 0, 0}, make([]byte, 18)...)); got != "{,}" || why != "" {
		t.Errorf("empty items: %q, %s", got, why)
	}
	if _, why := workbook(12).at(append([]byte{0x60}, make([]byte, 14)...), make([]byte, 8)); why == "" {
		t.Error("an array without items")
	}
	// BIFF5 has 0 for 256 columns
	if got, _ := workbook(5).at(append([]byte{0x60}, make([]byte, 7)...), append([]byte{0, 1, 0}, make([]byte, 9*256)...)); got != "{"+strings.Repeat(",", 255)+"}" {
		t.Errorf("256 columns: %q", got)
	}
}

func TestWhereAFormulaIs(t *testing.T) {
	for want, f := range map[string]formula{
		"Macro1!C4": {in: "Macro1", row: 3, col: 2}, "'My sheet'!A1": {in: "My sheet"}, "Auto_Open": {in: "Auto_Open", row: -1},
	} {
		if got := f.where(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
