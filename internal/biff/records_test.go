package biff_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"sekisho/internal/biff"
	"sekisho/internal/fixture"
)

// record is one of a sheet: row, column, format, and the rest.
func record(id uint16, row, col byte, rest ...byte) fixture.BIFFRecord {
	return fixture.BIFFRecord{ID: id, Data: append([]byte{row, 0, col, 0, 0, 0}, rest...)}
}

func macroSheet(records ...fixture.BIFFRecord) fixture.XLBook {
	return fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "M", Macro: true, Records: records}}}
}

func TestCellsOfEveryRecord(t *testing.T) {
	integer := binary.LittleEndian.AppendUint32(nil, 7<<2|2)
	hundredth := binary.LittleEndian.AppendUint32(nil, 150<<2|3)
	double := binary.LittleEndian.AppendUint32(nil, uint32(math.Float64bits(0.5)>>32))
	mul := append(append(append([]byte{0, 0}, integer...), 0, 0), double...)
	res := read(t, macroSheet(
		record(0x027E, 0, 0, integer...), record(0x027E, 0, 1, hundredth...), record(0x027E, 0, 2, double...),
		fixture.BIFFRecord{ID: 0x00BD, Data: append(append([]byte{1, 0, 1, 0}, mul...), 2, 0)},
		record(0x0205, 2, 0, 1, 0), record(0x0205, 2, 1, 0x17, 1), record(0x00D6, 3, 0, 2, 0, 0, 'o', 'k', 1, 0, 9, 9),
		record(0x0204, 4, 0, 2, 0, 1, 0x42, 0x30, 0x44, 0x30),
	).BIFF(8), biff.Options{})
	want := []string{"A1=→7", "B1=→1.5", "C1=→0.5", "B2=→7", "C2=→0.5", "A3=→TRUE", "B3=→#REF!", "A4=→ok", "A5=→あい"}
	if got := cells(res.Book); !slices.Equal(got, want) || len(res.Problems) > 0 {
		t.Errorf("%q, want %q; problems %v", got, want, res.Problems)
	}
}

func TestArrayFormulasStandInAllTheirCells(t *testing.T) {
	exp := func(row byte) fixture.BIFFRecord {
		return record(0x0006, row, 0, append(make([]byte, 14), 5, 0, 1, 1, 0, 0, 0)...)
	}
	rgce := fixture.Rgce(8, exec()...)
	array := append([]byte{1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte(len(rgce)), 0}, rgce...)
	res := read(t, macroSheet(exp(1), fixture.BIFFRecord{ID: 0x0221, Data: array}, exp(2)).BIFF(8), biff.Options{})
	if got := cells(res.Book); !slices.Equal(got, []string{`A2=EXEC("calc")→0`, `A3=EXEC("calc")→0`}) {
		t.Errorf("%q, problems %v", got, res.Problems)
	}
}

// A chart in a sheet keeps its data in records of cells.
func TestChartsInASheetAreNotItsCells(t *testing.T) {
	bof := fixture.BIFFRecord{ID: 0x0809, Data: append([]byte{0, 6, 0x20, 0}, make([]byte, 12)...)}
	res := read(t, macroSheet(bof, record(0x0203, 0, 0, make([]byte, 8)...), fixture.BIFFRecord{ID: 0x000A},
		record(0x0204, 1, 0, 1, 0, 0, 'x')).BIFF(8), biff.Options{})
	if got := cells(res.Book); !slices.Equal(got, []string{"A2=→x"}) {
		t.Errorf("%q", got)
	}
}

func TestTextInTheCodePageOfTheWorkbook(t *testing.T) {
	b := fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "\x82\xA0", Macro: true, Cells: []fixture.XLCell{{Value: "\x82\xA2"}}}},
		Records: []fixture.BIFFRecord{{ID: 0x0042, Data: []byte{0xA4, 0x03}}}}
	res := read(t, b.BIFF(5), biff.Options{Page: func(page int, text []byte) string {
		if page != 932 {
			t.Errorf("code page %d", page)
		}
		return map[string]string{"\x82\xA0": "あ", "\x82\xA2": "い"}[string(text)]
	}})
	if s := res.Book.Sheets[0]; s.Name != "あ" || s.Cells[0].Value != "い" {
		t.Errorf("sheet %+v", s)
	}
}

// A workspace of Excel 4 has a header before each sheet.
func TestWorkspaceOfBIFF4(t *testing.T) {
	sheet := fixture.XLBook{Sheets: []fixture.XLSheet{{Macro: true, Cells: []fixture.XLCell{{Tokens: exec()}}}}}.BIFF(4)
	stream := []byte{0x09, 0x04, 6, 0, 0, 0, 0, 1, 0, 0}
	stream = append(stream, 0x8F, 0, 8, 0, 0, 0, 0, 0, 3, 'O', 'n', 'e')
	stream = append(stream, sheet...)
	stream = append(stream, 0x0A, 0, 0, 0)
	if !biff.Is(stream) {
		t.Error("not known as a workbook")
	}
	res := read(t, stream, biff.Options{})
	if got := sheets(res.Book); !slices.Equal(got, []string{"One/1/0"}) || len(cells(res.Book)) != 1 {
		t.Errorf("sheets %q, cells %q", got, cells(res.Book))
	}
}

func TestReferencesToOtherBooks(t *testing.T) {
	b := fixture.XLBook{
		Sheets: []fixture.XLSheet{{Name: "M", Macro: true}},
		DDE:    []string{"prog", "a topic", "an item"},
		Links:  []string{"\x01\x01Cdir\x03b.xls"},
	}
	dde := fixture.PtgRaw(0x39, 9, 0, 1, 0, 0, 0, 0, 0)   // PtgNameX: ixti 9, which is not there yet
	book := fixture.PtgRaw(0x3A, 10, 0, 4, 0, 0, 0, 0, 0) // PtgRef3d
	b.Sheets[0].Cells = []fixture.XLCell{{Tokens: p(dde)}, {Row: 1, Tokens: p(book)}}
	stream := b.BIFF(8)
	list := bytes.Index(stream, []byte{0x17, 0, 8, 0, 1, 0})
	if list < 0 {
		t.Fatal("no ExternSheet")
	}
	xtis := []byte{11, 0}
	for i := range 11 {
		supBook, first := byte(0), byte(0)
		if i >= 9 {
			supBook = byte(i - 8)
		}
		if i == 9 {
			first = 0xFE
		}
		high := byte(0)
		if first != 0 {
			high = 0xFF
		}
		xtis = append(xtis, supBook, 0, first, high, first, high)
	}
	longer := append([]byte{0x17, 0, byte(len(xtis)), 0}, xtis...)
	out := append(bytes.Clone(stream[:list]), longer...)
	out = append(out, stream[list+12:]...)
	at := bytes.Index(out, []byte{0x85, 0}) + 4
	binary.LittleEndian.PutUint32(out[at:], binary.LittleEndian.Uint32(out[at:])+uint32(len(longer)-12))
	want := []string{"A1=prog|'a topic'!'an item'→0", `A2='C:\dir\[b.xls]Sheet1'!$A$5→0`}
	if got := cells(read(t, out, biff.Options{}).Book); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestStreamThatIsNothingButAMacroSheet(t *testing.T) {
	stream := macroSheet().BIFF(8)
	second := bytes.LastIndex(stream, []byte{0x09, 0x08})
	sheet := fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "M", Macro: true, Cells: []fixture.XLCell{{Tokens: exec()}}}}}.BIFF(8)[second:]
	if got := cells(read(t, sheet, biff.Options{}).Book); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

func TestNamesByTheirPlaceholders(t *testing.T) {
	b := macroSheet()
	b.AddIns, b.Same = []string{"other", "AddIn.Function"}, []string{"Anywhere"}
	b.Sheets[0].Cells = []fixture.XLCell{
		{Tokens: p(fixture.PtgNameX(1, 2), fixture.PtgInt(1), fixture.PtgFuncVar(fixture.FnUser, 2))},
		{Row: 1, Tokens: p(fixture.PtgNameX(2, 1))}, {Row: 2, Tokens: p(fixture.PtgNameX(2, 9))},
	}
	want := []string{"A1=AddIn.Function(1)→0", "A2=Anywhere→0", "A3=#REF!→0"}
	if got := cells(readParts(t, b, biff.Options{}).Book); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
