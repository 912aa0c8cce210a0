package biff_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"sekisho/internal/biff"
	"sekisho/internal/fixture"
)

func unread(problems []biff.Problem) bool {
	for _, p := range problems {
		if p.Unread {
			return true
		}
	}
	return false
}

// In macro sheets a limit leaves something unread; worksheets are only read for the macros' sake.
func TestLimits(t *testing.T) {
	many := make([][]fixture.Ptg, 50)
	for i := range many {
		many[i] = exec()
	}
	macro := fixture.XLMacro(0, many...)
	data := fixture.XLMacro(0, exec())
	for i := range 50 {
		data.Sheets[0].Cells = append(data.Sheets[0].Cells, fixture.XLCell{Row: i, Value: 1.0})
	}
	for _, gen := range []int{5, 8, 12} {
		res := readAs(t, gen, macro, biff.Options{Cells: 10})
		if n := len(cells(res.Book)); n != 10 || !unread(res.Problems) {
			t.Errorf("BIFF%d: %d cells of a macro sheet, problems %v", gen, n, res.Problems)
		}
		res = readAs(t, gen, data, biff.Options{Cells: 10})
		if n := len(res.Book.Sheets[0].Cells); n != 9 || len(res.Problems) > 0 {
			t.Errorf("BIFF%d: %d cells of a worksheet, problems %v", gen, n, res.Problems)
		}
		res = readAs(t, gen, macro, biff.Options{Formulas: 100})
		if !unread(res.Problems) {
			t.Errorf("BIFF%d: formulas past the limit: problems %v", gen, res.Problems)
		}
		res = readAs(t, gen, macro, biff.Options{Names: 1})
		if !unread(res.Problems) {
			t.Errorf("BIFF%d: names past the limit: problems %v", gen, res.Problems)
		}
	}
}

func TestSharedFormulasCannotMultiply(t *testing.T) {
	var base []fixture.Ptg
	for range 400 {
		base = append(base, fixture.PtgStr("0123456789"))
	}
	cells := []fixture.XLCell{{Tokens: p(fixture.PtgExp(0, 0)), Shared: base}}
	for i := range 2000 {
		cells = append(cells, fixture.XLCell{Row: i + 1, Tokens: p(fixture.PtgExp(0, 0))})
	}
	res := read(t, fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "M", Macro: true, Cells: cells}}}.BIFF(8), biff.Options{Formulas: 100 << 10})
	total := 0
	for _, c := range res.Book.Sheets[0].Cells {
		total += len(c.Formula)
	}
	if total > 100<<10 || !unread(res.Problems) {
		t.Errorf("%d bytes of text, problems %v", total, res.Problems)
	}
}

func TestDamagedStreams(t *testing.T) {
	good := fixture.XLMacro(2, exec(), exec()).BIFF(8)
	for i := range good { // cut anywhere
		read(t, good[:i], biff.Options{Text: io.Discard})
	}
	for i := range good { // and any byte of all ones
		b := bytes.Clone(good)
		b[i] = 0xFF
		read(t, b, biff.Options{Text: io.Discard})
	}
}

func TestStringTableThatPromisesTooMuch(t *testing.T) {
	b := fixture.XLMacro(0, exec())
	b.Records = []fixture.BIFFRecord{{ID: 0x00FC, Data: []byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 3, 0, 0, 'a', 'b', 'c'}}}
	b.Sheets[1].Cells = append(b.Sheets[1].Cells, fixture.XLCell{Row: 1, Value: 0})
	var text strings.Builder
	res := read(t, b.BIFF(8), biff.Options{Text: &text})
	if text.String() != "abc\n" || res.Book.Sheets[1].Cells[1].Value != "abc" {
		t.Errorf("text %q, cells %+v", text.String(), res.Book.Sheets[1].Cells)
	}
}

func TestContinuedTextInTinyRecords(t *testing.T) {
	b := binary.LittleEndian.AppendUint32(make([]byte, 4), 1)
	b = append(b, 0xFF, 0xFF, 0) // 65,535 characters
	stream := fixture.BIFF(fixture.BIFFRecord{ID: 0x00FC, Data: b})
	stream = stream[:len(stream)-4]
	for range 65535 {
		stream = append(stream, 0x3C, 0, 2, 0, 0, 'x')
	}
	var text strings.Builder
	if read(t, stream, biff.Options{Text: &text}); text.Len() != 65536 {
		t.Errorf("%d bytes", text.Len())
	}
}

func TestRecordsThatAreTooLong(t *testing.T) {
	long := fixture.BIFFRecord{ID: 0x0018, Data: bytes.Repeat([]byte{0xFF}, 0xFFFF)}
	stream := append(fixture.BIFF(long), fixture.XLMacro(0, exec()).BIFF(8)...)
	if res := read(t, stream, biff.Options{}); len(cells(res.Book)) != 1 {
		t.Errorf("cells %q, problems %v", cells(res.Book), res.Problems)
	}
}

func TestMoreSubstreamsThanCanBeNumbered(t *testing.T) {
	bof := []byte{0x09, 0x08, 0x08, 0, 0, 6, 0x40, 0, 0, 0, 0, 0}
	res := read(t, bytes.Repeat(bof, 70000), biff.Options{})
	if !unread(res.Problems) {
		t.Errorf("problems %v", res.Problems)
	}
}

// failing gives an error after some bytes.
type failing struct{ left int }

func (f *failing) Read(b []byte) (int, error) {
	if f.left <= 0 {
		return 0, errors.New("checksum error")
	}
	n := min(f.left, len(b))
	f.left -= n
	return n, nil
}

func (f *failing) Close() error { return nil }

func TestPartsThatCannotBeRead(t *testing.T) {
	b := fixture.XLMacro(0, exec())
	open := func(data []byte) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
	}
	for name, broken := range map[string]func() (io.ReadCloser, error){
		"not opened": func() (io.ReadCloser, error) { return nil, errors.New("unknown method") },
		"breaks off": func() (io.ReadCloser, error) { return &failing{100}, nil },
	} {
		p := biff.Parts{Book: biff.Part{Name: "b", Open: open(b.BrtBook())}, Related: map[string]biff.Part{"rId2": {Name: "m", Macro: true, Open: broken}}}
		res, err := biff.ReadParts(context.Background(), p, biff.Options{})
		if err != nil || res.Book == nil || !unread(res.Problems) {
			t.Errorf("%s: %+v, error %v", name, res, err)
		}
	}
}

func TestContextEndsTheRead(t *testing.T) {
	stream := bytes.Repeat([]byte{1, 0, 0, 0}, 1<<17)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := biff.Read(ctx, "", func(int64) io.Reader { return bytes.NewReader(stream) }, biff.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
