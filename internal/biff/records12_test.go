package biff_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"sekisho/internal/biff"
	"sekisho/internal/fixture"
)

// brt is a record of BIFF12 (MS-XLSB 2.1.4), its length in as many bytes as it needs.
func brt(id int, body ...byte) []byte {
	var out []byte
	if id < 0x80 {
		out = append(out, byte(id))
	} else {
		out = append(out, byte(id)|0x80, byte(id>>7))
	}
	n := len(body)
	for ; n >= 0x80; n >>= 7 {
		out = append(out, byte(n)|0x80)
	}
	return append(append(out, byte(n)), body...)
}

// wide is an XLWideString.
func wide(s string) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(s)))
	for i := range len(s) {
		out = append(out, s[i], 0)
	}
	return out
}

// together puts pieces behind each other.
func together(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// part is a part with this content.
func part(name string, macro bool, data []byte) biff.Part {
	return biff.Part{Name: name, Macro: macro, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

// macro12 reads a workbook of one macro sheet of these records.
func macro12(t *testing.T, o biff.Options, records ...[]byte) *biff.Result {
	t.Helper()
	book := together(brt(131), brt(156, together(make([]byte, 8), wide("rId1"), wide("M"))...))
	res, err := biff.ReadParts(context.Background(), biff.Parts{Book: part("book", false, book),
		Strings: part("strings", false, together(brt(19, together([]byte{0}, wide("first"))...), brt(19, together([]byte{0}, wide("second"))...))),
		Related: map[string]biff.Part{"rId1": part("sheet", true, together(records...))}}, o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// row begins a row, at is what stands before the value of a cell in a column.
func row(n byte) []byte { return brt(0, n, 0, 0, 0, 0, 0, 0, 0) }

func at(col byte, rest ...byte) []byte { return append([]byte{col, 0, 0, 0, 0, 0, 0, 0}, rest...) }

func TestCellsOfEveryRecordOfBIFF12(t *testing.T) {
	res := macro12(t, biff.Options{},
		row(0), brt(1, at(9)...), brt(2, at(0, 7<<2|2, 0, 0, 0)...), brt(3, at(1, 0x17)...), brt(4, at(2, 1)...), brt(5, at(3, half...)...),
		row(1), brt(6, at(0, wide("text")...)...), brt(7, at(1, 1, 0, 0, 0)...), brt(7, at(2, 9, 0, 0, 0)...), brt(62, at(3, together([]byte{0}, wide("rich"))...)...),
		brt(5, at(4, 1, 2, 3)...), // cut: no cell
	)
	want := []string{"A1=→7", "B1=→#REF!", "C1=→TRUE", "D1=→0.5", "A2=→text", "B2=→second", "C2=→", "D2=→rich"}
	if got := cells(res.Book); !slices.Equal(got, want) || len(res.Problems) > 0 {
		t.Errorf("%q, want %q; %v", got, want, res.Problems)
	}
}

// tokens is a CellParsedFormula of =7.
var tokens = []byte{3, 0, 0, 0, 0x1E, 7, 0, 0, 0, 0, 0}

func TestFormulasOfEveryRecordOfBIFF12(t *testing.T) {
	formula := func(col byte, value []byte) []byte { return at(col, together(value, []byte{0, 0}, tokens)...) }
	res := macro12(t, biff.Options{}, row(0),
		brt(8, formula(0, wide("text"))...), brt(9, formula(1, half)...), brt(10, formula(2, []byte{0})...), brt(11, formula(3, []byte{7})...))
	want := []string{"A1=7→text", "B1=7→0.5", "C1=7→FALSE", "D1=7→#DIV/0!"}
	if got := cells(res.Book); !slices.Equal(got, want) || len(res.Problems) > 0 {
		t.Errorf("%q, want %q; %v", got, want, res.Problems)
	}
	res = macro12(t, biff.Options{}, row(3), brt(9, at(2, 1, 2, 3)...))
	if len(res.Problems) != 1 || !res.Problems[0].Unread || res.Problems[0].Where != "M!C4" {
		t.Errorf("cut: %v", res.Problems)
	}
}

func TestArraysAndSharedFormulasOfBIFF12(t *testing.T) {
	exp := at(0, together(make([]byte, 8), []byte{0, 0, 5, 0, 0, 0, 0x01, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0})...)
	area := make([]byte, 16)
	for name, shared := range map[string][]byte{
		"BrtArrFmla": brt(426, together(area, []byte{0}, tokens)...), "BrtShrFmla": brt(427, together(area, tokens)...),
	} {
		if got := cells(macro12(t, biff.Options{}, row(0), brt(9, exp...), shared).Book); !slices.Equal(got, []string{"A1=7→0"}) {
			t.Errorf("%s: %q", name, got)
		}
		if res := macro12(t, biff.Options{Formulas: 20 + 16}, row(0), brt(9, exp...), shared); !unread(res.Problems) {
			t.Errorf("%s past the limit: %v", name, res.Problems)
		}
	}
	if res := macro12(t, biff.Options{}, row(0), brt(9, exp...)); !unread(res.Problems) {
		t.Errorf("a formula that stands nowhere: %v", res.Problems)
	}
}

// Records may be of any length; what no record of a workbook needs is not looked at.
func TestLongRecordsOfBIFF12(t *testing.T) {
	long := strings.Repeat("x", 200<<10)
	res := macro12(t, biff.Options{}, row(0), brt(6, at(0, wide(long)...)...), brt(0xFF, make([]byte, 2<<20)...), brt(6, at(1, wide("behind")...)...))
	if c := res.Book.Sheets[0].Cells; len(c) != 2 || c[0].Value != long || c[1].Value != "behind" || len(res.Problems) > 0 {
		t.Errorf("%d cells, problems %v", len(c), res.Problems)
	}
	res = macro12(t, biff.Options{}, row(0), brt(6, at(0, wide(strings.Repeat("x", 1<<20))...)...), brt(6, at(1, wide("behind")...)...))
	if c := res.Book.Sheets[0].Cells; len(c) != 1 || c[0].Value != "behind" || !unread(res.Problems) {
		t.Errorf("longer than the limit: %d cells, problems %v", len(c), res.Problems)
	}
}

// A part may end anywhere: what was read is kept, and nothing is made up.
func TestPartsThatEndAnywhere(t *testing.T) {
	whole := together(row(0), brt(6, at(0, wide("one")...)...), brt(6, at(1, wide(strings.Repeat("y", 200))...)...), brt(6, at(2, wide("three")...)...))
	last := 0
	for i := range whole {
		c := macro12(t, biff.Options{}, whole[:i]).Book.Sheets[0].Cells
		if len(c) < last || len(c) > 2 {
			t.Fatalf("%d of %d bytes: %d cells", i, len(whole), len(c))
		}
		last = len(c)
	}
	if last != 2 {
		t.Errorf("%d cells before the end", last)
	}
}

// In BIFF12 links to other books have their targets in relationships, by Id.
func TestBooksOfBIFF12(t *testing.T) {
	ref := []byte{0x3A, 0, 0, 4, 0, 0, 0, 1, 0}
	formula := func(ixti byte) []byte {
		r := bytes.Clone(ref)
		r[1] = ixti
		return at(0, together(make([]byte, 8), []byte{0, 0, 9, 0, 0, 0}, r, make([]byte, 4))...)
	}
	xti := func(book byte, sheet int32) []byte {
		b := binary.LittleEndian.AppendUint32([]byte{book, 0, 0, 0}, uint32(sheet))
		return binary.LittleEndian.AppendUint32(b, uint32(sheet))
	}
	book := together(brt(131), brt(156, together(make([]byte, 8), wide("rId1"), wide("M"))...), brt(357), brt(355, wide("rId7")...), brt(667), brt(361, wide("Go")...), brt(358),
		brt(362, together([]byte{4, 0, 0, 0}, xti(0, 0), xti(1, -2), xti(0, -1), xti(9, 0))...))
	sheet := together(row(0), brt(9, formula(0)...), row(1), brt(9, formula(1)...), row(2), brt(9, formula(2)...), row(3), brt(9, formula(3)...))
	res, err := biff.ReadParts(context.Background(), biff.Parts{Book: part("book", false, book), Books: map[string]string{"rId7": `\\host\b.xlsb`},
		Related: map[string]biff.Part{"rId1": part("sheet", true, sheet)}}, biff.Options{})
	want := []string{"A1=M!$B$5→0", `A2='\\host\b.xlsb'!$B$5→0`, "A3=#REF!→0", "A4=#REF!→0"}
	if got := cells(res.Book); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, want %q; %v", got, want, res.Problems)
	}
}

func TestNamesOfBIFF12(t *testing.T) {
	name := func(flags, tab uint32, text string) []byte {
		b := append(binary.LittleEndian.AppendUint32(nil, flags), 0)
		return brt(39, together(binary.LittleEndian.AppendUint32(b, tab), wide(text), tokens)...)
	}
	none := uint32(0xFFFFFFFF)
	book := together(brt(156, together([]byte{1, 0, 0, 0, 0, 0, 0, 0}, wide("rId1"), wide("M"))...), name(0x20, none, "_xlnm.Auto_Open"), name(1, 0, "local"),
		name(8, 99, "far"), brt(39, 1, 2, 3))
	res, err := biff.ReadParts(context.Background(), biff.Parts{Book: part("book", false, book)}, biff.Options{})
	if err != nil || res.Book == nil {
		t.Fatal(res, err)
	}
	n := res.Book.Names
	if n[0].Name != "Auto_Open" || !n[0].Builtin || n[0].Formula != "7" || n[0].Sheet != -1 || n[1].Sheet != 0 || !n[1].Hidden || n[2].Sheet != -1 || !n[2].Macro {
		t.Errorf("%+v", n)
	}
	if len(res.Problems) != 1 || res.Problems[0].Where != "BrtName" || unread(res.Problems) {
		t.Errorf("cut: %v", res.Problems)
	}
	if res.Book.Sheets[0].State != 1 {
		t.Errorf("state %d", res.Book.Sheets[0].State)
	}
}

// DDE links of BIFF12 stand in parts of their own (MS-XLSB 2.1.7.25).
func TestLinkPartsOfBIFF12(t *testing.T) {
	begin := func(kind byte, program, topic string) []byte {
		return brt(360, together([]byte{kind, 0}, wide(program), wide(topic))...)
	}
	item := brt(577, wide("A0")...)
	for name, c := range map[string]struct {
		data []byte
		want []string
	}{
		"a command": {together(begin(1, "cmd", " /C calc"), item), []string{"cmd|' /C calc'!A0"}}, "a feed": {together(begin(1, "MTX", "DATA"), item), nil},
		"a workbook": {together(begin(0, "rId1", ""), item), nil}, "an OLE object": {together(begin(2, "cmd", " /C calc"), item), nil}, "an item alone": {item, nil},
	} {
		res, err := biff.ReadLink(context.Background(), part("link", false, c.data))
		if err != nil || !slices.Equal(res.DDE, c.want) {
			t.Errorf("%s: %q, error %v", name, res.DDE, err)
		}
	}
	res, err := biff.ReadLink(context.Background(), biff.Part{Name: "link", Open: func() (io.ReadCloser, error) { return nil, errors.New("method 99") }})
	if err != nil || len(res.Problems) != 1 || unread(res.Problems) {
		t.Errorf("a part that is not opened: %+v, error %v", res, err)
	}
}

// A sheet that the list has twice, or that no relationship leads to, is read once or not at all.
func TestListsOfSheetsThatLie(t *testing.T) {
	entry := func(id, name string) []byte { return brt(156, together(make([]byte, 8), wide(id), wide(name))...) }
	book := together(entry("rId1", "a"), entry("rId1", "b"), entry("rId9", "c"))
	sheet := part("sheet", true, together(row(0), brt(6, at(0, wide("x")...)...)))
	res, err := biff.ReadParts(context.Background(), biff.Parts{Book: part("book", false, book), Related: map[string]biff.Part{"rId1": sheet}, Sheets: []biff.Part{sheet}}, biff.Options{})
	if err != nil || !slices.Equal(sheets(res.Book), []string{"a/1/0", "b/1/0", "c/0/0"}) || len(res.Problems) > 0 {
		t.Errorf("%q, problems %v", sheets(res.Book), res.Problems)
	}
}

// Excel writes numbers of records in one or two bytes and lengths in one to four.
func TestNumbersOfRecordsAndLengths(t *testing.T) {
	text := wide("x")
	for name, record := range map[string][]byte{
		"shortest": brt(6, at(0, text...)...), "length in two bytes": append([]byte{6, byte(8+len(text)) | 0x80, 0}, at(0, text...)...),
		"length in four bytes": append([]byte{6, byte(8+len(text)) | 0x80, 0x80, 0x80, 0}, at(0, text...)...),
	} {
		if got := cells(macro12(t, biff.Options{}, row(0), record).Book); !slices.Equal(got, []string{"A1=→x"}) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A string table past the limit leaves something unread; the cells keep what was read.
func TestStringTableOfBIFF12PastTheLimit(t *testing.T) {
	res := macro12(t, biff.Options{Formulas: 25}, row(0), brt(7, at(0, 0, 0, 0, 0)...), brt(7, at(1, 1, 0, 0, 0)...))
	if got := cells(res.Book); !slices.Equal(got, []string{"A1=→first", "B1=→"}) || !unread(res.Problems) {
		t.Errorf("%q, problems %v", got, res.Problems)
	}
	b := fixture.XLMacro(0, exec())
	if got := cells(readParts(t, b, biff.Options{}).Book); len(got) != 1 {
		t.Errorf("without a table: %q", got)
	}
}
