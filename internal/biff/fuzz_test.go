package biff_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"unicode/utf8"

	"sekisho/internal/biff"
	"sekisho/internal/fixture"
	"sekisho/internal/xlm"
)

func seeds() []fixture.XLBook {
	full := fixture.XLMacro(2, exec(), p(fixture.PtgExp(0, 0)))
	full.Strings = []string{"one", "二"}
	full.DDE, full.Links = []string{"cmd", " /c x", "A0"}, []string{"\x01\x01@host\x03a.xls"}
	full.Sheets[1].Cells = append(full.Sheets[1].Cells, fixture.XLCell{Row: 4, Value: 1}, fixture.XLCell{Row: 5, Value: "x"},
		fixture.XLCell{Row: 6, Tokens: p(fixture.PtgExp(6, 0)), Shared: exec(), Value: "y"})
	return []fixture.XLBook{fixture.XLMacro(0, exec()), full}
}

// checkBook holds for whatever was read: limits are kept, texts are UTF-8, and a workbook that is handed on has a macro.
func checkBook(t *testing.T, res *biff.Result, o biff.Options) {
	if res.Book == nil {
		return
	}
	n, macro := 0, false
	for _, s := range res.Book.Sheets {
		n += len(s.Cells)
		macro = macro || s.Kind == xlm.MacroSheet
		for _, c := range s.Cells {
			if !utf8.ValidString(c.Formula) || !utf8.ValidString(c.Value) || c.Row < 0 || c.Col < 0 {
				t.Fatalf("cell %+v", c)
			}
		}
	}
	for _, m := range res.Book.Names {
		macro = macro || m.Macro || xlm.Entry(m.Name) != ""
		if m.Sheet < -1 || m.Sheet >= len(res.Book.Sheets) {
			t.Fatalf("name %+v of %d sheets", m, len(res.Book.Sheets))
		}
	}
	if n > o.Cells || !macro {
		t.Fatalf("%d cells, macro %v", n, macro)
	}
}

func FuzzRead(f *testing.F) {
	for _, b := range seeds() {
		for _, gen := range []int{2, 3, 4, 5, 8} {
			f.Add(b.BIFF(gen))
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		var text bytes.Buffer
		o := biff.Options{Cells: 1000, Text: &text, TextMost: 1000}
		checkBook(t, read(t, stream, o), o)
		if text.Len() > 1001 || !utf8.Valid(text.Bytes()) {
			t.Fatalf("text %q", text.Bytes())
		}
	})
}

func FuzzParts(f *testing.F) {
	for _, b := range seeds() {
		f.Add(b.BrtBook(), b.Sheets[1].Brt())
	}
	f.Fuzz(func(t *testing.T, book, sheet []byte) {
		part := func(data []byte, macro bool) biff.Part {
			return biff.Part{Name: "part", Macro: macro, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
		}
		o := biff.Options{Cells: 1000, Text: io.Discard}
		res, err := biff.ReadParts(context.Background(), biff.Parts{Book: part(book, false), Strings: part(sheet, false),
			Related: map[string]biff.Part{"rId1": part(sheet, false)}, Sheets: []biff.Part{{Name: "extra", Macro: true, Open: part(sheet, true).Open}}}, o)
		if err != nil {
			t.Fatal(err)
		}
		checkBook(t, res, o)
		link, err := biff.ReadLink(context.Background(), part(book, false))
		if err != nil || len(link.DDE) > 256 {
			t.Fatalf("%d commands, error %v", len(link.DDE), err)
		}
	})
}

// A formula that was decoded without a problem can be read back: its quotes, parentheses and braces close.
func FuzzFormula(f *testing.F) {
	for _, tokens := range [][]fixture.Ptg{exec(), p(fixture.PtgStr(`a"b`), fixture.PtgInt(1), fixture.PtgOp(fixture.OpConcat), fixture.PtgOp(fixture.OpParen)),
		p(fixture.PtgName(1), fixture.PtgRef3D(1, 2, 3), fixture.PtgFuncVar(fixture.FnUser, 2))} {
		for _, gen := range []int{5, 8, 12} {
			f.Add(gen, fixture.Rgce(gen, tokens...), []byte{1, 0, 0, 0})
		}
	}
	f.Fuzz(func(t *testing.T, gen int, rgce, rgcb []byte) {
		if gen != 5 && gen != 8 && gen != 12 || len(rgce) > 1500 || len(rgcb) > 500 {
			return
		}
		text, problems := decode(t, gen, rgcb, fixture.PtgRaw(rgce...))
		if len(problems) == 0 && !balanced(text) {
			t.Fatalf("%q", text)
		}
	})
}

func balanced(s string) bool {
	depth, quote := 0, rune(0)
	for _, r := range s {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"', r == '\'':
			quote = r
		case r == '(', r == '{':
			depth++
		case r == ')', r == '}':
			depth--
		}
		if depth < 0 {
			return false
		}
	}
	return depth == 0 && quote == 0
}
