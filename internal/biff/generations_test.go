package biff_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"sekisho/internal/biff"
	"sekisho/internal/fixture"
)

// bare is a macro sheet of BIFF2 to BIFF4 with these records.
func bare(gen int, records ...fixture.BIFFRecord) []byte {
	id, size := map[int]uint16{2: 0x0009, 3: 0x0209, 4: 0x0409}[gen], map[int]int{2: 4, 3: 6, 4: 6}[gen]
	all := []fixture.BIFFRecord{{ID: id, Data: append([]byte{byte(gen), 0, 0x40, 0}, make([]byte, size-4)...)}}
	var stream []byte
	for _, r := range append(append(all, records...), fixture.BIFFRecord{ID: 0x000A}) {
		stream = binary.LittleEndian.AppendUint16(stream, r.ID)
		stream = binary.LittleEndian.AppendUint16(stream, uint16(len(r.Data)))
		stream = append(stream, r.Data...)
	}
	return stream
}

// raw is a record of these bytes.
func raw(id uint16, b ...byte) fixture.BIFFRecord { return fixture.BIFFRecord{ID: id, Data: b} }

var half = binary.LittleEndian.AppendUint64(nil, math.Float64bits(0.5))

// BIFF2 has three bytes of attributes in each cell, integers, and texts with a length of one byte.
func TestCellsOfBIFF2(t *testing.T) {
	stream := bare(2,
		raw(0x0002, 0, 0, 0, 0, 0, 0, 0, 0x34, 0x12), raw(0x0003, append([]byte{1, 0, 0, 0, 0, 0, 0}, half...)...),
		raw(0x0004, 2, 0, 0, 0, 0, 0, 0, 2, 'o', 'k'), raw(0x0005, 3, 0, 0, 0, 0, 0, 0, 1, 0), raw(0x0005, 4, 0, 0, 0, 0, 0, 0, 7, 1),
		raw(0x0001, 5, 0, 0, 0, 0, 0, 0), // Blank
	)
	want := []string{"A1=→4660", "A2=→0.5", "A3=→ok", "A4=→TRUE", "A5=→#DIV/0!"}
	if got := cells(read(t, stream, biff.Options{}).Book); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCellsOfBIFF3AndBIFF4(t *testing.T) {
	for _, gen := range []int{3, 4} {
		stream := bare(gen, record(0x0203, 0, 0, half...), record(0x0204, 1, 0, 2, 0, 'o', 'k'), record(0x0205, 2, 0, 0, 0), record(0x0205, 3, 0, 42, 1),
			record(0x027E, 4, 0, 7<<2|2, 0, 0, 0))
		want := []string{"A1=→0.5", "A2=→ok", "A3=→FALSE", "A4=→#N/A", "A5=→7"}
		if got := cells(read(t, stream, biff.Options{}).Book); !slices.Equal(got, want) {
			t.Errorf("BIFF%d: %q, want %q", gen, got, want)
		}
	}
}

// The text that a formula came to stands in a record behind it.
func TestResultsOfFormulas(t *testing.T) {
	isText := []byte{0, 0, 0, 0, 0, 0, 0xFF, 0xFF}
	is := func(kind, v byte) []byte { return []byte{kind, 0, v, 0, 0, 0, 0xFF, 0xFF} }
	nan := binary.LittleEndian.AppendUint64(nil, math.Float64bits(math.NaN()))
	formula := func(row byte, value []byte) fixture.BIFFRecord {
		return record(0x0006, row, 0, append(append(slices.Clone(value), 0, 0, 0, 0, 0, 0, 3, 0), 0x1E, 7, 0)...)
	}
	res := read(t, macroSheet(
		formula(0, isText), raw(0x0207, 2, 0, 0, 'o', 'k'), raw(0x0207, 2, 0, 0, 'n', 'o'), // nothing waits for the second one
		formula(1, is(1, 1)), formula(2, is(2, 0x17)), formula(3, is(3, 0)), formula(4, is(9, 0)), formula(5, half), formula(6, nan),
		formula(7, isText), formula(8, is(3, 0)), raw(0x0207, 2, 0, 0, 'n', 'o'), // the formula between has none
	).BIFF(8), biff.Options{})
	want := []string{"A1=7→ok", "A2=7→TRUE", "A3=7→#REF!", "A4=7→", "A5=7→", "A6=7→0.5", "A7=7→", "A8=7→", "A9=7→"}
	if got := cells(res.Book); !slices.Equal(got, want) || len(res.Problems) > 0 {
		t.Errorf("%q, want %q; %v", got, want, res.Problems)
	}
	for gen, f := range map[int][]fixture.BIFFRecord{
		2: {raw(0x0006, append(append([]byte{0, 0, 0, 0, 0, 0, 0}, isText...), 0, 3, 0x1E, 7, 0)...), raw(0x0007, 2, 'o', 'k')},
		3: {record(0x0206, 0, 0, append(slices.Clone(isText), 0, 0, 3, 0, 0x1E, 7, 0)...), raw(0x0207, 2, 0, 'o', 'k')},
		4: {record(0x0406, 0, 0, append(slices.Clone(isText), 0, 0, 3, 0, 0x1E, 7, 0)...), raw(0x0207, 2, 0, 'o', 'k')},
	} {
		if got := cells(read(t, bare(gen, f...), biff.Options{}).Book); !slices.Equal(got, []string{"A1=7→ok"}) {
			t.Errorf("BIFF%d: %q", gen, got)
		}
	}
}

func TestFormulasThatEndEarly(t *testing.T) {
	res := read(t, macroSheet(record(0x0006, 3, 2, 1, 2, 3)).BIFF(8), biff.Options{})
	if len(res.Problems) != 1 || !res.Problems[0].Unread || res.Problems[0].Where != "M!C4" {
		t.Errorf("problems %v", res.Problems)
	}
	short := record(0x0006, 0, 0, append(make([]byte, 14), 99, 0, 0x1E, 7, 0)...) // 99 bytes of tokens, three are there
	if got := cells(read(t, macroSheet(short).BIFF(8), biff.Options{}).Book); !slices.Equal(got, []string{"A1=7→0"}) {
		t.Errorf("%q", got)
	}
}

// Formulas, and the arrays behind them, go on in Continue records.
func TestFormulasThatAreContinued(t *testing.T) {
	var long []fixture.Ptg
	for i := range 60 {
		if long = append(long, fixture.PtgStr(strings.Repeat("x", 200))); i > 0 {
			long = append(long, fixture.PtgOp(fixture.OpConcat))
		}
	}
	b := fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "M", Macro: true, Cells: []fixture.XLCell{{Tokens: long}, {Row: 1, Tokens: exec()}}}}}
	for _, gen := range []int{5, 8} {
		got := cells(read(t, b.BIFF(gen), biff.Options{}).Book)
		if len(got) != 2 || len(got[0]) != len(`A1=→0`)+60*202+59 || got[1] != `A2=EXEC("calc")→0` {
			t.Errorf("BIFF%d: %d cells, the first of %d bytes", gen, len(got), len(got[0]))
		}
	}
}

func TestArraysOfEveryGeneration(t *testing.T) {
	for gen, r := range map[int][2]fixture.BIFFRecord{
		2: {raw(0x0006, append(make([]byte, 7+8), 0, 4, 0x01, 0, 0, 0)...), raw(0x0021, append([]byte{0, 0, 0, 0, 0, 0, 0, 3}, 0x1E, 7, 0)...)},
		3: {record(0x0206, 0, 0, append(make([]byte, 8), 0, 0, 5, 0, 0x01, 0, 0, 0, 0)...), raw(0x0221, append([]byte{0, 0, 0, 0, 0, 0, 0, 0, 3, 0}, 0x1E, 7, 0)...)},
		4: {record(0x0406, 0, 0, append(make([]byte, 8), 0, 0, 5, 0, 0x01, 0, 0, 0, 0)...), raw(0x0221, append([]byte{0, 0, 0, 0, 0, 0, 0, 0, 3, 0}, 0x1E, 7, 0)...)},
	} {
		res := read(t, bare(gen, r[0], r[1]), biff.Options{})
		if got := cells(res.Book); !slices.Equal(got, []string{"A1=7→0"}) || len(res.Problems) > 0 {
			t.Errorf("BIFF%d: %q, problems %v", gen, got, res.Problems)
		}
	}
}

// Some writers point to the cell before the record and not to its range.
func TestSharedFormulasByTheCellBefore(t *testing.T) {
	exp := record(0x0006, 4, 3, append(make([]byte, 14), 5, 0, 1, 4, 0, 3, 0)...)
	shared := raw(0x04BC, append([]byte{9, 0, 9, 0, 0, 0, 0, 1, 3, 0}, 0x1E, 7, 0)...)
	if got := cells(read(t, macroSheet(exp, shared).BIFF(8), biff.Options{}).Book); !slices.Equal(got, []string{"D5=7→0"}) {
		t.Errorf("%q", got)
	}
	again := raw(0x04BC, append([]byte{4, 0, 4, 0, 3, 3, 0, 1, 5, 0}, 1, 8, 0, 8, 0)...)
	if res := read(t, macroSheet(exp, again).BIFF(8), biff.Options{}); !unread(res.Problems) {
		t.Errorf("a formula in yet another cell: %v", res.Problems)
	}
}

func TestNamesOfTheFirstGenerations(t *testing.T) {
	two := raw(0x0018, append([]byte{2, 0, 0, 9, 3}, append([]byte("Auto_Open"), 0x1E, 7, 0, 3)...)...)
	three := raw(0x0218, append([]byte{0x21, 0, 0, 1, 3, 0}, append([]byte{1}, 0x1E, 7, 0)...)...)
	for gen, r := range map[int]fixture.BIFFRecord{2: two, 3: three, 4: three} {
		w := read(t, bare(gen, r), biff.Options{}).Book
		if w == nil || len(w.Names) != 1 || w.Names[0].Name != "Auto_Open" || w.Names[0].Formula != "7" {
			t.Fatalf("BIFF%d: %+v", gen, w)
		}
		if w.Names[0].Hidden != (gen > 2) || w.Names[0].Macro != (gen == 2) {
			t.Errorf("BIFF%d: flags of %+v", gen, w.Names[0])
		}
	}
}

// A name's sheet counts from 1; one of a sheet that is not there belongs to the workbook.
func TestSheetsOfNames(t *testing.T) {
	b := fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "M", Macro: true}, {Name: "S"}}, Names: []fixture.XLName{
		{Name: "a", Tokens: p(fixture.PtgInt(1)), Sheet: 2}, {Name: "b", Tokens: p(fixture.PtgInt(1))}, {Name: "c", Tokens: p(fixture.PtgInt(1)), Sheet: 9}}}
	for _, gen := range []int{5, 8} {
		n := read(t, b.BIFF(gen), biff.Options{}).Book.Names
		if n[0].Sheet != 1 || n[1].Sheet != -1 || n[2].Sheet != -1 {
			t.Errorf("BIFF%d: %+v", gen, n)
		}
	}
}

func TestNamesThatEndEarly(t *testing.T) {
	stream := append(fixture.BIFF(raw(0x0018, 0, 0, 0, 200, 0, 0)), fixture.XLMacro(0, exec()).BIFF(8)...)
	if res := read(t, stream, biff.Options{}); len(res.Problems) == 0 || res.Problems[0].Where != "Lbl" || unread(res.Problems) {
		t.Errorf("problems %v", res.Problems)
	}
}

func TestCodePagesOfMacintoshAndWindows(t *testing.T) {
	for page, want := range map[uint16]int{0x8000: 10000, 0x8001: 1252, 437: 437} {
		b := fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "M", Macro: true}}, Records: []fixture.BIFFRecord{raw(0x0042, byte(page), byte(page>>8))}}
		read(t, b.BIFF(5), biff.Options{Page: func(got int, text []byte) string {
			if got != want {
				t.Errorf("code page %#x is %d, want %d", page, got, want)
			}
			return string(text)
		}})
	}
}

// Headers, footers, notes and labels, as each generation writes them, are text for people.
func TestTextOfEveryGeneration(t *testing.T) {
	label := func(gen int) fixture.BIFFRecord {
		if gen == 2 {
			return raw(0x0004, 0, 0, 0, 0, 0, 0, 0, 5, 'l', 'a', 'b', 'e', 'l')
		}
		return record(0x0204, 0, 0, append([]byte{5, 0}, "label"...)...)
	}
	for _, gen := range []int{2, 3, 4, 5} {
		records := []fixture.BIFFRecord{
			raw(0x0014, append([]byte{6}, "header"...)...), raw(0x0015, append([]byte{6}, "footer"...)...), raw(0x0014),
			raw(0x001C, append([]byte{0, 0, 0, 0, 4, 0}, "note"...)...), label(gen),
		}
		stream := fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "S", Records: records}}}.BIFF(5)
		if gen < 5 {
			stream = bare(gen, records...)
		}
		var text strings.Builder
		if read(t, stream, biff.Options{Text: &text}); text.String() != "header\nfooter\nnote\nlabel\n" {
			t.Errorf("BIFF%d: %q", gen, text.String())
		}
	}
	var text strings.Builder
	stream := fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "S", Records: []fixture.BIFFRecord{
		record(0x00D6, 0, 0, append([]byte{4, 0, 0}, "rich"...)...), raw(0x001C, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0), raw(0x0015, 2, 0, 1, 0x42, 0x30, 0x44, 0x30), raw(0x0014),
	}}}}.BIFF(8)
	if read(t, stream, biff.Options{Text: &text}); text.String() != "rich\nあい\n" {
		t.Errorf("BIFF8: %q", text.String())
	}
}

func TestTextBoxesThatAreDamaged(t *testing.T) {
	for name, records := range map[string][]fixture.BIFFRecord{
		"no Continue": {raw(0x01B6, append(make([]byte, 10), 6, 0)...)}, "cut": {raw(0x01B6, 1, 2, 3)}, "no characters": {raw(0x01B6, append(make([]byte, 10), 0, 0)...)},
	} {
		var text strings.Builder
		b := fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "S", Records: append(records, raw(0x0014, append([]byte{4, 0, 0}, "next"...)...))}}}
		if read(t, b.BIFF(8), biff.Options{Text: &text}); text.String() != "next\n" {
			t.Errorf("%s: %q", name, text.String())
		}
	}
}

// Kinds of sheets as list and BOF tell them.
func TestKindsOfSheets(t *testing.T) {
	for want, s := range map[string]fixture.XLSheet{
		"S/2/0": {Name: "S", ListAs: ptr(2), BOF: 0x0020}, "S/3/0": {Name: "S", ListAs: ptr(6), BOF: 0x0006}, "S/0/1": {Name: "S", State: 1},
		"S/2/2": {Name: "S", State: 3, BOF: 0x0020}, // a state that does not exist is as good as the most hidden
	} {
		b := fixture.XLBook{Sheets: []fixture.XLSheet{s, {Name: "M", Macro: true}}}
		if got := sheets(read(t, b.BIFF(8), biff.Options{}).Book); !slices.Equal(got, []string{want, "M/1/0"}) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func ptr(v byte) *byte { return &v }

// A stream that the context's end or an error cuts off is no clean one.
func TestErrorsOfTheStreamAreProblems(t *testing.T) {
	stream := fixture.XLMacro(0, exec()).BIFF(8)
	res, err := biff.Read(t.Context(), "Workbook", func(from int64) io.Reader {
		return io.MultiReader(bytes.NewReader(stream[from:]), &failing{0})
	}, biff.Options{})
	if err != nil || len(res.Problems) == 0 || !strings.Contains(fmt.Sprint(res.Problems), "checksum error") || len(cells(res.Book)) != 1 {
		t.Errorf("%+v, error %v", res, err)
	}
}
