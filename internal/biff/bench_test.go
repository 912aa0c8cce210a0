package biff_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"sekisho/internal/biff"
	"sekisho/internal/fixture"
)

// worksheet is a workbook with a large worksheet: numbers, texts and formulas as honest ones have them.
func worksheet(rows int) fixture.XLBook {
	s := fixture.XLSheet{Name: "Data"}
	for i := range rows {
		s.Cells = append(s.Cells, fixture.XLCell{Row: i, Value: float64(i)}, fixture.XLCell{Row: i, Col: 1, Value: i % 100},
			fixture.XLCell{Row: i, Col: 2, Tokens: p(fixture.PtgRef(i, 0), fixture.PtgInt(2), fixture.PtgOp(fixture.OpMul))})
	}
	b := fixture.XLBook{Sheets: []fixture.XLSheet{s}}
	for range 2000 {
		b.Strings = append(b.Strings, "an ordinary text of a cell")
	}
	return b
}

// macros is a workbook whose macro sheet builds texts as downloaders do.
func macros(rows int) fixture.XLBook {
	var f [][]fixture.Ptg
	for range rows {
		f = append(f, p(fixture.PtgInt(104), fixture.PtgFunc(fixture.FnChar), fixture.PtgStr("ttp"), fixture.PtgOp(fixture.OpConcat),
			fixture.PtgRef3D(0, 3, 4), fixture.PtgOp(fixture.OpConcat), fixture.PtgRef(9, 9), fixture.PtgCommand(fixture.CmdFormulaFill, 2)))
	}
	return fixture.XLMacro(2, f...)
}

func bench(b *testing.B, stream []byte, o biff.Options) {
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		read(b, stream, o)
	}
}

func BenchmarkWorksheet(b *testing.B) { bench(b, worksheet(20000).BIFF(8), biff.Options{}) }

func BenchmarkWorksheetText(b *testing.B) {
	bench(b, worksheet(20000).BIFF(8), biff.Options{Text: io.Discard})
}

func BenchmarkStrings(b *testing.B) {
	w := fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "S"}}}
	for range 20000 {
		w.Strings = append(w.Strings, strings.Repeat("text ", 8))
	}
	bench(b, w.BIFF(8), biff.Options{Text: io.Discard})
}

func BenchmarkMacros(b *testing.B) { bench(b, macros(20000).BIFF(8), biff.Options{}) }

func BenchmarkMacrosDoubled(b *testing.B) { bench(b, macros(40000).BIFF(8), biff.Options{}) }

func BenchmarkMacrosBIFF12(b *testing.B) {
	w := macros(20000)
	b.SetBytes(int64(len(w.Sheets[1].Brt())))
	b.ReportAllocs()
	parts := partsOf(w)
	for b.Loop() {
		if _, err := biff.ReadParts(context.Background(), parts, biff.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
