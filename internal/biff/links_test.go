package biff_test

import (
	"fmt"
	"slices"
	"testing"

	"sekisho/internal/biff"
	"sekisho/internal/fixture"
)

// linked is a workbook of a worksheet with these records in its globals, or before BIFF5 in its sheet.
func linked(gen int, records ...fixture.BIFFRecord) []byte {
	if gen < 5 {
		return bare(gen, records...)
	}
	return fixture.XLBook{Sheets: []fixture.XLSheet{{Name: "S"}}, Records: records}.BIFF(gen)
}

// text8 is a text with its length of one byte.
func text8(s string) []byte { return append([]byte{byte(len(s))}, s...) }

// text16 is one of BIFF8 with a length of two bytes.
func text16(s string) []byte { return append([]byte{byte(len(s)), 0, 0}, s...) }

// External names have flags from BIFF3 on, and a sheet's number from BIFF5 on.
func TestCommandsInLinksOfEveryGeneration(t *testing.T) {
	link := "cmd\x03 /C calc"
	old := raw(0x0017, text8(link)...)
	for gen, records := range map[int][]fixture.BIFFRecord{
		2: {old, raw(0x0023, text8("A0")...)},
		3: {old, raw(0x0223, append([]byte{0, 0}, text8("A0")...)...)},
		4: {old, raw(0x0223, append([]byte{0, 0}, text8("A0")...)...)},
		5: {old, raw(0x0023, append(make([]byte, 6), text8("A0")...)...)},
		8: {raw(0x01AE, append([]byte{0, 0}, text16(link)...)...), raw(0x0023, append(make([]byte, 6), 2, 0, 'A', '0')...)},
	} {
		if got := read(t, linked(gen, records...), biff.Options{}).DDE; !slices.Equal(got, []string{"cmd|' /C calc'!A0"}) {
			t.Errorf("BIFF%d: %q", gen, got)
		}
	}
}

// Links of OLE objects have the shape of DDE and ask nobody (MS-XLS 2.4.105, fOleLink).
func TestLinksOfObjectsAreNoCommands(t *testing.T) {
	book := raw(0x01AE, append([]byte{0, 0}, text16("cmd\x03 /C calc")...)...)
	for flags, want := range map[byte]int{0x00: 1, 0x10: 0, 0x02: 1} {
		name := raw(0x0023, append([]byte{flags, 0, 0, 0, 0, 0}, 2, 0, 'A', '0')...)
		if got := read(t, linked(8, book, name), biff.Options{}).DDE; len(got) != want {
			t.Errorf("flags %#x: %q", flags, got)
		}
	}
}

// What stands before a name without a link, or of other kinds, is no command.
func TestExternalNamesWithoutALink(t *testing.T) {
	name := raw(0x0023, append(make([]byte, 6), 2, 0, 'A', '0')...)
	for what, records := range map[string][]fixture.BIFFRecord{
		"alone": {name}, "this workbook": {raw(0x01AE, 1, 0, 0x01, 0x04), name}, "an add-in": {raw(0x01AE, 1, 0, 0x01, 0x3A), name},
		"a path with program and topic": {raw(0x01AE, append([]byte{0, 0}, text16("\x01cmd\x03a")...)...), name}, "cut": {raw(0x01AE, 1), raw(0x0023, 1)},
	} {
		if res := read(t, linked(8, records...), biff.Options{}); len(res.DDE) > 0 || len(res.Problems) > 0 {
			t.Errorf("%s: %q, %v", what, res.DDE, res.Problems)
		}
	}
}

// Excel puts _xlbgnm. before items that look like a cell; the reader shows what is asked for.
func TestItemsThatLookLikeCells(t *testing.T) {
	got := read(t, linked(8, raw(0x01AE, append([]byte{0, 0}, text16("cmd\x03/c x")...)...), raw(0x0023, append(append(make([]byte, 6), 10, 0), "_xlbgnm.A1"...)...)), biff.Options{}).DDE
	if !slices.Equal(got, []string{"cmd|'/c x'!A1"}) {
		t.Errorf("%q", got)
	}
}

// External sheets of BIFF5: a sheet of this book, this sheet, add-ins, another book with its sheet in brackets.
func TestExternalSheetsOfBIFF5(t *testing.T) {
	sheet := fixture.XLSheet{Name: "M", Macro: true}
	for i := range 5 {
		ref := append([]byte{0x3A, byte(i + 1), 0}, make([]byte, 8+4)...)
		sheet.Cells = append(sheet.Cells, fixture.XLCell{Row: i, Tokens: p(fixture.PtgRaw(append(ref, 0, 0, 0)...))})
	}
	var records []fixture.BIFFRecord
	for _, s := range []string{"\x03Sheet 2", "\x02", "\x3A", "\x01\x01@host\x03share\x03[a.xls]Data", "\x01\x01Cb.xls"} {
		records = append(records, raw(0x0017, text8(s)...))
	}
	sheet.Records = records // sheets of BIFF5 have their own
	res := read(t, fixture.XLBook{Sheets: []fixture.XLSheet{sheet}}.BIFF(5), biff.Options{})
	if !slices.Equal(res.Links, []string{`\\host\share\a.xls`}) {
		t.Errorf("links %q", res.Links)
	}
	want := []string{"A1='Sheet 2'!$A$1→0", "A2=M!$A$1→0", "A3=#REF!→0", `A4='\\host\share\[a.xls]Data'!$A$1→0`, `A5='C:\b.xls'!$A$1→0`}
	if got := cells(res.Book); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Links to hosts are told once each record, up to a limit; those of a person's own disk never.
func TestLinksAreCounted(t *testing.T) {
	var records []fixture.BIFFRecord
	for i := range 300 {
		records = append(records, raw(0x01AE, append([]byte{0, 0}, text16(fmt.Sprintf("\x01\x01@host\x03share\x03%03d.xls", i))...)...))
	}
	if res := read(t, linked(8, records...), biff.Options{}); len(res.Links) != 256 || res.Links[255] != `\\host\share\255.xls` {
		t.Errorf("%d links", len(res.Links))
	}
	records = []fixture.BIFFRecord{raw(0x01AE, append([]byte{0, 0}, text16("cmd\x03 /C calc")...)...)}
	for i := range 300 {
		records = append(records, raw(0x0023, append(append(make([]byte, 6), 4, 0), fmt.Sprintf("N%03d", i)...)...))
	}
	if res := read(t, linked(8, records...), biff.Options{}); len(res.DDE) != 256 {
		t.Errorf("%d commands", len(res.DDE))
	}
}
