package biff_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"sekisho/internal/biff"
	"sekisho/internal/fixture"
	"sekisho/internal/xlm"
)

// read reads a workbook stream.
func read(t testing.TB, stream []byte, o biff.Options) *biff.Result {
	t.Helper()
	open := func(from int64) io.Reader { return bytes.NewReader(stream[min(from, int64(len(stream))):]) }
	res, err := biff.Read(context.Background(), "Workbook", open, o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// partsOf is a workbook of BIFF12.
func partsOf(b fixture.XLBook) biff.Parts {
	part := func(name string, data []byte, macro bool) biff.Part {
		return biff.Part{Name: name, Macro: macro, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
	}
	p := biff.Parts{Book: part("xl/workbook.bin", b.BrtBook(), false), Related: map[string]biff.Part{}}
	for i, s := range b.Sheets {
		sheet := part(fmt.Sprintf("sheet%d.bin", i+1), s.Brt(), s.Macro)
		if s.Unlisted {
			p.Sheets = append(p.Sheets, sheet)
		} else {
			p.Related[fmt.Sprintf("rId%d", i+1)] = sheet
		}
	}
	for _, q := range b.XLSBParts() {
		if q.Name == "xl/sharedStrings.bin" {
			p.Strings = part(q.Name, []byte(q.Data), false)
		}
	}
	return p
}

// readParts reads a workbook of BIFF12.
func readParts(t testing.TB, b fixture.XLBook, o biff.Options) *biff.Result {
	t.Helper()
	res, err := biff.ReadParts(context.Background(), partsOf(b), o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// readAs reads the workbook in a generation's format.
func readAs(t testing.TB, gen int, b fixture.XLBook, o biff.Options) *biff.Result {
	t.Helper()
	if gen == 12 {
		return readParts(t, b, o)
	}
	return read(t, b.BIFF(gen), o)
}

// cells are the formulas and values of the macro sheets, as "A1=formula→value".
func cells(w *xlm.Workbook) []string {
	var out []string
	if w == nil {
		return nil
	}
	for _, s := range w.Sheets {
		if s.Kind != xlm.MacroSheet {
			continue
		}
		for _, c := range s.Cells {
			out = append(out, fmt.Sprintf("%c%d=%s→%s", 'A'+c.Col, c.Row+1, c.Formula, c.Value))
		}
	}
	return out
}

func sheets(w *xlm.Workbook) []string {
	var out []string
	if w != nil {
		for _, s := range w.Sheets {
			out = append(out, fmt.Sprintf("%s/%d/%d", s.Name, s.Kind, s.State))
		}
	}
	return out
}

func p(tokens ...fixture.Ptg) []fixture.Ptg { return tokens }

// exec is =EXEC("calc").
func exec() []fixture.Ptg { return p(fixture.PtgStr("calc"), fixture.PtgFuncVar(fixture.FnExec, 1)) }

func TestEveryGenerationGivesTheSameMacros(t *testing.T) {
	b := fixture.XLMacro(2, exec(), p(fixture.PtgStr("hi"), fixture.PtgCommand(fixture.CmdAlert, 1)), p(fixture.PtgFuncVar(fixture.FnHalt, 0)))
	b.Sheets[1].Cells = append(b.Sheets[1].Cells,
		fixture.XLCell{Row: 5, Col: 1, Value: "text"}, fixture.XLCell{Row: 5, Col: 2, Value: 1.5}, fixture.XLCell{Row: 6, Value: true})
	want := []string{`A1=EXEC("calc")→0`, `A2=ALERT("hi")→0`, "A3=HALT()→0", "B6=→text", "C6=→1.5", "A7=→TRUE"}
	for _, gen := range []int{5, 8, 12} {
		t.Run(fmt.Sprint(gen), func(t *testing.T) {
			res := readAs(t, gen, b, biff.Options{})
			if res.Book == nil {
				t.Fatalf("no workbook; problems %v", res.Problems)
			}
			if got := cells(res.Book); !slices.Equal(got, want) {
				t.Errorf("cells %q, want %q", got, want)
			}
			if got, want := sheets(res.Book), []string{"Sheet1/0/0", "Macro1/1/2"}; !slices.Equal(got, want) {
				t.Errorf("sheets %q, want %q", got, want)
			}
			if n := res.Book.Names; len(n) != 1 || n[0].Name != "Auto_Open" || n[0].Formula != "Macro1!$A$1" || n[0].Sheet != -1 {
				t.Errorf("names %+v", n)
			}
			if len(res.Problems) > 0 {
				t.Errorf("problems %v", res.Problems)
			}
		})
	}
}

func TestBareStreamsBeforeBIFF5(t *testing.T) {
	b := fixture.XLBook{
		Sheets: []fixture.XLSheet{{Name: "Sheet1", Macro: true, Cells: []fixture.XLCell{
			{Tokens: exec()}, {Row: 1, Tokens: p(fixture.PtgName(1))}, {Row: 2, Value: 2.0}, {Row: 3, Value: "x"},
			{Row: 4, Tokens: p(fixture.PtgStr("hi"), fixture.PtgCommand(fixture.CmdAlert, 1))},
		}}},
		Names: []fixture.XLName{{Name: "Auto_Open", Tokens: p(fixture.PtgRef(0, 0))}},
	}
	want := []string{`A1=EXEC("calc")→0`, "A2=Auto_Open→0", "A3=→2", "A4=→x", `A5=ALERT("hi")→0`}
	for _, gen := range []int{2, 3, 4} {
		t.Run(fmt.Sprint(gen), func(t *testing.T) {
			stream := b.BIFF(gen)
			if !biff.Is(stream) {
				t.Error("not known as a workbook")
			}
			res := read(t, stream, biff.Options{})
			if got := cells(res.Book); !slices.Equal(got, want) {
				t.Errorf("cells %q, want %q; problems %v", got, want, res.Problems)
			}
		})
	}
}

func TestWhatIsNoBareStream(t *testing.T) {
	good := fixture.XLMacro(0).BIFF(8)
	if !biff.Is(good) {
		t.Error("a workbook is not known")
	}
	change := func(at int, v byte) []byte {
		b := bytes.Clone(good)
		b[at] = v
		return b
	}
	for name, head := range map[string][]byte{
		"empty": nil, "short": good[:8], "text": []byte("\t\x00this begins with a tab and a zero"), "length": change(3, 1), "no body": change(2, 0),
		"kind": change(6, 0x77), "next record": change(21, 0xF0), "zeros": append(good[:20:20], make([]byte, 64)...),
	} {
		if biff.Is(head) {
			t.Errorf("%s is taken for a workbook", name)
		}
	}
}

// Neither list nor BOF is believed alone.
func TestMacroSheetsThatHide(t *testing.T) {
	worksheet, chart := byte(0), byte(2)
	macro := []fixture.XLCell{{Tokens: exec()}}
	for name, s := range map[string]fixture.XLSheet{
		"listed as a worksheet":           {Name: "M", Macro: true, ListAs: &worksheet, Cells: macro},
		"listed as a chart":               {Name: "M", Macro: true, ListAs: &chart, Cells: macro},
		"BOF of a worksheet":              {Name: "M", Macro: true, BOF: 0x0010, Cells: macro},
		"not listed":                      {Macro: true, Unlisted: true, Cells: macro},
		"inside another record":           {Name: "M", Macro: true, Before: []byte{0x34, 0x12, 0xFF, 0x7F}, Cells: macro},
		"behind bytes that are no record": {Name: "M", Macro: true, Before: []byte{1, 2, 3}, Cells: macro},
	} {
		t.Run(name, func(t *testing.T) {
			res := read(t, fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "Sheet1"}, s}}.BIFF(8), biff.Options{})
			if got := cells(res.Book); !slices.Equal(got, []string{`A1=EXEC("calc")→0`}) {
				t.Errorf("cells %q, problems %v", got, res.Problems)
			}
		})
	}
}

func TestMacroSheetOutsideTheListOfBIFF12(t *testing.T) {
	b := fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "Sheet1"}, {Macro: true, Unlisted: true, Cells: []fixture.XLCell{{Tokens: exec()}}}}}
	if got := cells(readParts(t, b, biff.Options{}).Book); !slices.Equal(got, []string{`A1=EXEC("calc")→0`}) {
		t.Errorf("cells %q", got)
	}
}

func TestWorkbooksWithoutMacrosAreLeftAlone(t *testing.T) {
	b := fixture.XLBook{
		Sheets: []fixture.XLSheet{{Name: "Sheet1", Cells: []fixture.XLCell{{Tokens: p(fixture.PtgInt(1))}, {Row: 1, Value: "x"}}}},
		Names:  []fixture.XLName{{Name: "Total", Tokens: p(fixture.PtgRef3D(0, 0, 0))}, {Name: "_xlfn.IFNA", Macro: true}, {Name: "\x06", Builtin: true, Tokens: p(fixture.PtgRef3D(0, 0, 0))}},
	}
	for _, gen := range []int{5, 8, 12} {
		if res := readAs(t, gen, b, biff.Options{}); res.Book != nil || len(res.Problems) > 0 {
			t.Errorf("BIFF%d: workbook %v, problems %v", gen, res.Book, res.Problems)
		}
	}
}

func TestNamesThatStartByThemselves(t *testing.T) {
	for in, want := range map[string]string{
		"Auto_Open": "Auto_Open", "auto_open": "auto_open", "AUTO_OPEN123": "AUTO_OPEN123", "Auto_Close": "Auto_Close",
		"\x01": "Auto_Open", "\x02": "Auto_Close", "\x0A": "Auto_Activate", "Auto\x00_\x01Open": "Auto\x00_\x01Open", "\x01xyz": "Auto_Openxyz",
	} {
		b := fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "S"}}, Names: []fixture.XLName{
			{Name: in, Builtin: in[0] < ' ', Hidden: true, Tokens: p(fixture.PtgRef3D(0, 2, 0))}}}
		res := read(t, b.BIFF(8), biff.Options{})
		if res.Book == nil || res.Book.Names[0].Name != want || !res.Book.Names[0].Hidden || res.Book.Names[0].Formula != "S!$A$3" {
			t.Errorf("%q: %+v", in, res.Book)
		}
	}
}

func TestNamesOfMacros(t *testing.T) {
	b := fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "S"}}, Names: []fixture.XLName{{Name: "Run", Macro: true, Tokens: exec()}}}
	for _, gen := range []int{5, 8, 12} {
		if w := readAs(t, gen, b, biff.Options{}).Book; w == nil || !w.Names[0].Macro || w.Names[0].Formula != `EXEC("calc")` {
			t.Errorf("BIFF%d: %+v", gen, w)
		}
	}
	stream := b.BIFF(8)
	stream[bytes.Index(stream, []byte{0x18, 0})+4] |= 0x04 // fOB: a procedure of VBA
	if w := read(t, stream, biff.Options{}).Book; w != nil {
		t.Errorf("of VBA: %+v", w)
	}
}

func TestValuesOfTheStringTableAndOfFormulas(t *testing.T) {
	b := fixture.XLBook{
		Strings: []string{"one", "zwei €", strings.Repeat("long ", 4000), "last"},
		Sheets: []fixture.XLSheet{{Name: "M", Macro: true, Cells: []fixture.XLCell{
			{Value: 0}, {Row: 1, Value: 1}, {Row: 2, Value: 3}, {Row: 3, Value: 99},
			{Row: 4, Tokens: p(fixture.PtgInt(7)), Value: "result"}, {Row: 5, Tokens: p(fixture.PtgInt(7)), Value: 2.5},
		}}},
	}
	want := []string{"A1=→one", "A2=→zwei €", "A3=→last", "A4=→", "A5=7→result", "A6=7→2.5"}
	for _, gen := range []int{8, 12} {
		if got := cells(readAs(t, gen, b, biff.Options{}).Book); !slices.Equal(got, want) {
			t.Errorf("BIFF%d: cells %q, want %q", gen, got, want)
		}
	}
}

func TestWorksheetsOfAWorkbookWithMacrosAreRead(t *testing.T) {
	b := fixture.XLMacro(0, exec())
	b.Sheets[0].Cells = []fixture.XLCell{{Row: 1, Col: 1, Value: "data"}}
	for _, gen := range []int{5, 8, 12} {
		w := readAs(t, gen, b, biff.Options{}).Book
		if c := w.Sheets[0].Cells; len(c) != 1 || c[0].Value != "data" {
			t.Errorf("BIFF%d: cells %+v", gen, c)
		}
	}
}

func TestSharedFormulasAreSeenFromTheirCells(t *testing.T) {
	shared := p(fixture.PtgRefN(-1, 1), fixture.PtgFunc(fixture.FnChar))
	col := []byte{1, 0, 0, 0} // PtgExtraCol of BIFF12
	for _, gen := range []int{5, 8, 12} {
		extra := col
		if gen < 12 {
			extra = nil
		}
		b := fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "M", Macro: true, Cells: []fixture.XLCell{
			{Row: 3, Col: 1, Tokens: p(fixture.PtgExp(3, 1)), Extra: extra, Shared: shared},
			{Row: 5, Col: 1, Tokens: p(fixture.PtgExp(3, 1)), Extra: extra},
		}}}}
		res := readAs(t, gen, b, biff.Options{})
		if got, want := cells(res.Book), []string{"B4=CHAR(C3)→0", "B6=CHAR(C5)→0"}; !slices.Equal(got, want) {
			t.Errorf("BIFF%d: cells %q, want %q; problems %v", gen, got, want, res.Problems)
		}
	}
}

func TestTextGoesToTheWriter(t *testing.T) {
	txo := append(append([]byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0}, make([]byte, 6)...), 0x3C, 0, 7, 0, 0)
	txo = append(txo, "Enable"...)
	header := append([]byte{9, 0, 0}, "&CContent"...)
	b := fixture.XLBook{Strings: []string{"Click Enable Content", "次へ"},
		Sheets: []fixture.XLSheet{{Name: "S", Records: []fixture.BIFFRecord{{ID: 0x0014, Data: header}}}}}
	stream := b.BIFF(8)
	record := append([]byte{0xB6, 0x01, 18, 0}, txo...)
	stream = append(stream[:len(stream)-4], append(record, stream[len(stream)-4:]...)...)
	var text strings.Builder
	read(t, stream, biff.Options{Text: &text})
	for _, want := range []string{"Click Enable Content", "次へ", "&CContent", "Enable\n"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in %q", want, text.String())
		}
	}
	text.Reset()
	if read(t, stream, biff.Options{Text: &text, TextMost: 5}); text.String() != "Click\n" {
		t.Errorf("limited text %q", text.String())
	}
	text.Reset()
	if readParts(t, b, biff.Options{Text: &text, TextMost: 25}); text.String() != "Click Enable Content\n次\n" {
		t.Errorf("text cut within a character %q", text.String())
	}
	text.Reset()
	if readParts(t, b, biff.Options{Text: &text}); text.String() != "Click Enable Content\n次へ\n" {
		t.Errorf("text of BIFF12 %q", text.String())
	}
}

func TestLinks(t *testing.T) {
	b := fixture.XLBook{
		Sheets: []fixture.XLSheet{{Name: "S"}},
		DDE:    []string{"cmd", " /C calc", "StdDocumentName", "cmd", " /C calc", "A0", "MTX", "DATA", "XYZ.SON", "mshta", "x", "y"},
		Links:  []string{"\x01\x01Cfolder\x03a.xls", "\x01\x01@host\x03share\x03b.xls", "\x01\x05\x13http://host/c.xls", "d.xls"},
	}
	wantDDE := []string{"cmd|' /C calc'!A0", "mshta|x!y"}
	wantLinks := []string{`\\host\share\b.xls`, "http://host/c.xls"}
	for _, gen := range []int{5, 8} {
		res := read(t, b.BIFF(gen), biff.Options{})
		if !slices.Equal(res.DDE, wantDDE) || !slices.Equal(res.Links, wantLinks) {
			t.Errorf("BIFF%d: DDE %q, links %q", gen, res.DDE, res.Links)
		}
	}
}

// xor is a cipher that depends on the place alone.
type xor struct{ seen []uint16 }

func (x *xor) Decrypt(id uint16, offset int64, data []byte) {
	x.seen = append(x.seen, id)
	for i := range data {
		data[i] ^= byte(offset + int64(i))
	}
}

// encrypt encrypts a stream as xor decrypts it, behind a FilePass put in after its BOF.
func encrypt(stream []byte) []byte {
	pass := []byte{0x2F, 0, 4, 0, 1, 2, 3, 4}
	out := append(append(bytes.Clone(stream[:20]), pass...), stream[20:]...)
	for at := 28; at+4 <= len(out); {
		id, n := uint16(out[at])|uint16(out[at+1])<<8, int(out[at+2])|int(out[at+3])<<8
		body := out[at+4 : at+4+n]
		from := 0
		switch id {
		case 0x0809:
			from = n
		case 0x0085: // the place moved by FilePass stays clear
			body[0] += byte(len(pass))
			from = 4
		}
		for i := from; i < n; i++ {
			body[i] ^= byte(at + 4 + i)
		}
		at += 4 + n
	}
	return out
}

func TestEncryptedWorkbooks(t *testing.T) {
	stream := encrypt(fixture.XLMacro(1, exec()).BIFF(8))
	var pass []byte
	x := &xor{}
	res := read(t, stream, biff.Options{FilePass: func(b []byte, biff8 bool) biff.Cipher {
		pass = bytes.Clone(b)
		if !biff8 {
			t.Error("not known as BIFF8")
		}
		return x
	}})
	if got := cells(res.Book); !slices.Equal(got, []string{`A1=EXEC("calc")→0`}) || !res.Encrypted || !res.Opened {
		t.Errorf("cells %q, encrypted %v, opened %v, problems %v", got, res.Encrypted, res.Opened, res.Problems)
	}
	if !bytes.Equal(pass, []byte{1, 2, 3, 4}) {
		t.Errorf("FilePass %v", pass)
	}
	if slices.Contains(x.seen, 0x0809) {
		t.Error("a BOF was decrypted")
	}
	closed := read(t, stream, biff.Options{FilePass: func([]byte, bool) biff.Cipher { return nil }})
	if !closed.Encrypted || closed.Opened || closed.Book != nil {
		t.Errorf("without a password: %+v", closed)
	}
}
