package biff_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"sekisho/internal/biff"
	"sekisho/internal/fixture"
)

// count is how many problems of a place there are.
func count(problems []biff.Problem, where string) int {
	n := 0
	for _, p := range problems {
		if p.Where == where {
			n++
		}
	}
	return n
}

// A person reads the first problems; one that is worse than the last of them takes its place.
func TestProblemsAreCounted(t *testing.T) {
	var stream []byte
	stream = append(stream, fixture.BIFF()...)
	stream = stream[:len(stream)-4]
	for range 100 { // names that end early
		stream = append(stream, 0x18, 0, 6, 0, 0, 0, 0, 200, 0, 0)
	}
	res := read(t, stream, biff.Options{})
	if len(res.Problems) != 64 || unread(res.Problems) {
		t.Errorf("%d problems, unread %v", len(res.Problems), unread(res.Problems))
	}
	for range 3 { // and sheets that are met behind them cannot be told apart
		stream = append(stream, bytes.Repeat([]byte{0x09, 0x08, 0x08, 0, 0, 6, 0x40, 0, 0, 0, 0, 0}, 30000)...)
	}
	if res = read(t, stream, biff.Options{}); len(res.Problems) != 64 || !unread(res.Problems) {
		t.Errorf("%d problems, unread %v", len(res.Problems), unread(res.Problems))
	}
}

func TestMoreSheetsThanCanBeNumbered(t *testing.T) {
	stream := fixture.BIFF()
	stream = stream[:len(stream)-4]
	stream = append(stream, bytes.Repeat([]byte{0x85, 0, 8, 0, 0, 0, 0, 0, 0, 1, 0, 0}, 1<<16+1)...)
	res := read(t, stream, biff.Options{})
	if res.Book == nil || len(res.Book.Sheets) != 1<<16 || count(res.Problems, "BoundSheet") != 1 {
		t.Errorf("problems %v", res.Problems)
	}
}

func TestMoreNamesThanTheLimit(t *testing.T) {
	b := fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "M", Macro: true}}}
	for i := range 100 {
		b.Names = append(b.Names, fixture.XLName{Name: fmt.Sprint("n", i), Tokens: p(fixture.PtgInt(1))})
	}
	for _, gen := range []int{5, 8, 12} {
		res := readAs(t, gen, b, biff.Options{Names: 1000})
		if n := len(res.Book.Names); n < 5 || n > 15 || !unread(res.Problems) {
			t.Errorf("BIFF%d: %d names, problems %v", gen, n, res.Problems)
		}
		if res = readAs(t, gen, b, biff.Options{}); len(res.Book.Names) != 100 || len(res.Problems) > 0 {
			t.Errorf("BIFF%d: %d names, problems %v", gen, len(res.Book.Names), res.Problems)
		}
	}
}

// A formula has at most 64 KiB of tokens, however many Continue records say that there are more.
func TestTokensOfAFormulaAreBounded(t *testing.T) {
	body := append(make([]byte, 20), 0xFF, 0xFF)
	stream := macroSheet(raw(0x0006, body...)).BIFF(8)
	at := bytes.Index(stream, []byte{0x06, 0, 22, 0}) + 4 + 22
	var more []byte
	for range 60 {
		more = append(more, 0x3C, 0, 0x00, 0x20)
		more = append(more, bytes.Repeat([]byte{0x1E, 1, 0, 0x12}, 0x2000/4)...)
	}
	stream = append(append(bytes.Clone(stream[:at]), more...), stream[at:]...)
	res := read(t, stream, biff.Options{})
	if len(res.Problems) == 0 || !unread(res.Problems) {
		t.Errorf("problems %v", res.Problems)
	}
	if n := len(res.Book.Sheets[0].Cells[0].Formula); n > 64<<10 {
		t.Errorf("%d bytes of text", n)
	}
}

// Sheets that begin inside each other are read a few times over and no further, so that the cost stays that of the stream.
func TestSheetsThatOverlap(t *testing.T) {
	const sheets = 200
	var cells []byte
	for i := range 20000 {
		cells = append(cells, 0x03, 0x02, 14, 0, byte(i), byte(i>>8), 0, 0, 0, 0)
		cells = append(cells, half...)
	}
	bof := []byte{0x09, 0x08, 16, 0, 0, 6, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	globals := append([]byte{0x09, 0x08, 16, 0, 0, 6, 5, 0}, make([]byte, 12)...)
	first := len(globals) + sheets*(4+9) + 4
	for i := range sheets {
		globals = append(globals, 0x85, 0, 9, 0)
		globals = binary.LittleEndian.AppendUint32(globals, uint32(first+i*len(bof)))
		globals = append(globals, 0, 1, 1, 0, 'm')
	}
	globals = append(globals, 0x0A, 0, 0, 0)
	stream := append(append(globals, bytes.Repeat(bof, sheets)...), cells...)
	res := read(t, stream, biff.Options{Cells: 1 << 30})
	kept := 0
	for _, s := range res.Book.Sheets {
		kept += len(s.Cells)
	}
	if kept < 20000 || kept > 6*20000 || !unread(res.Problems) {
		t.Errorf("%d cells kept, problems %v", kept, res.Problems)
	}
}

// What is written of other sheets of another workbook, and of its path, is bounded too.
func TestLinksThatPromiseTooMuch(t *testing.T) {
	body := append([]byte{0xFF, 0xFF}, text16("\x01\x01@host\x03share\x03a.xls")...)
	stream := linked(8, raw(0x01AE, body...))
	if res := read(t, stream, biff.Options{}); len(res.Links) != 1 || len(res.Problems) > 0 {
		t.Errorf("65,535 sheets that are not there: %q, %v", res.Links, res.Problems)
	}
	long := append([]byte{0, 0, 0xFF, 0x03, 0}, "\x01\x01@host\x03"+strings.Repeat("x", 2000)...)
	if res := read(t, linked(8, raw(0x01AE, long...)), biff.Options{}); len(res.Links) != 1 || len(res.Links[0]) > 1100 {
		t.Errorf("a path of 1,023 characters: %d links", len(res.Links))
	}
	xtis := append([]byte{0xFF, 0xFF}, make([]byte, 6*3)...)
	if res := read(t, linked(8, raw(0x0017, xtis...)), biff.Options{}); len(res.Problems) > 0 {
		t.Errorf("external sheets that are not there: %v", res.Problems)
	}
}

// A cell beyond the limit of formulas is kept without its formula.
func TestFormulasPastTheLimitKeepTheirCells(t *testing.T) {
	b := macroSheet()
	for i := range 10 {
		b.Sheets[0].Cells = append(b.Sheets[0].Cells, fixture.XLCell{Row: i, Tokens: exec(), Value: 1.0})
	}
	for _, gen := range []int{5, 8, 12} {
		res := readAs(t, gen, b, biff.Options{Formulas: 100})
		got := cells(res.Book)
		if len(got) != 10 || got[0] != `A1=EXEC("calc")→1` || got[9] != "A10=→1" || !unread(res.Problems) {
			t.Errorf("BIFF%d: %q", gen, got)
		}
	}
}
