package biff

import (
	"strconv"
	"strings"
)

// generation is the format's generation: 2, 3, 4, 5 (also Excel 95), 8, 12.
type generation int

// grid is how many rows and columns a sheet has; relative references wrap around at its edges.
func (g generation) grid() (rows, cols int) {
	switch {
	case g >= 12:
		return 1 << 20, 1 << 14
	case g >= 8:
		return 1 << 16, 1 << 8
	}
	return 1 << 14, 1 << 8
}

// place is a row or column of a reference.
type place struct {
	n   int
	rel bool // written without "$"
}

// cellRef is a reference to a cell; in shared formulas and names its relative parts are offsets.
type cellRef struct{ row, col place }

// from makes an offset a place, seen from a cell.
func (r cellRef) from(row, col int, g generation) cellRef {
	rows, cols := g.grid()
	if r.row.rel {
		r.row.n = (r.row.n + row) & (rows - 1)
	}
	if r.col.rel {
		r.col.n = (r.col.n + col) & (cols - 1)
	}
	return r
}

func (r cellRef) String() string {
	b := make([]byte, 0, 16)
	b = r.appendCol(b)
	return string(r.appendRow(b))
}

func (r cellRef) appendCol(b []byte) []byte {
	if !r.col.rel {
		b = append(b, '$')
	}
	return appendColumn(b, r.col.n)
}

func (r cellRef) appendRow(b []byte) []byte {
	if !r.row.rel {
		b = append(b, '$')
	}
	return strconv.AppendInt(b, int64(r.row.n+1), 10)
}

// appendColumn writes a column's letters.
func appendColumn(b []byte, n int) []byte {
	var letters [4]byte
	i := len(letters)
	for n++; n > 0 && i > 0; n = (n - 1) / 26 {
		i--
		letters[i] = byte('A' + (n-1)%26)
	}
	return append(b, letters[i:]...)
}

// area writes a range; whole columns and rows as Excel shows them.
func area(first, last cellRef, g generation) string {
	rows, cols := g.grid()
	var b []byte
	switch {
	case first.row.n == 0 && last.row.n == rows-1:
		b = append(first.appendCol(b), ':')
		return string(last.appendCol(b))
	case first.col.n == 0 && last.col.n == cols-1:
		b = append(first.appendRow(b), ':')
		return string(last.appendRow(b))
	}
	return first.String() + ":" + last.String()
}

// ref reads a reference (MS-XLS 2.5.198.109 RgceLoc, .111 RgceLocRel; MS-XLSB 2.5.97). Offsets are taken modulo the grid, which is a power
// of two: their sign does not matter.
func (c *cursor) ref(g generation) cellRef { return c.column(g, c.row(g)) }

func (c *cursor) row(g generation) int {
	if g >= 12 {
		return int(c.u32())
	}
	return c.u16()
}

// column reads the column that belongs to a row. The two flags stand above the column, before BIFF8 above the row.
func (c *cursor) column(g generation, row int) cellRef {
	flags, col := row, 0
	if g >= 8 {
		flags = c.u16()
		col = flags & 0x3FFF
	} else {
		col = c.u8()
		row &= 0x3FFF
	}
	r := cellRef{place{row, flags&0x8000 != 0}, place{col, flags&0x4000 != 0}}
	if g == 8 {
		r.col.n &= 0xFF
	}
	if g >= 12 {
		r.row.n &= 1<<20 - 1
	}
	return r
}

// areaRef reads the two corners of a range: both rows, then both columns.
func (c *cursor) areaRef(g generation) (first, last cellRef) {
	a, b := c.row(g), c.row(g)
	return c.column(g, a), c.column(g, b)
}

// quoteSheet quotes the name of a sheet, a range of sheets or a document with a sheet where Excel does.
func quoteSheet(name string) string {
	if name != "" && !looksLikeCell(name) && (name[0] < '0' || name[0] > '9') {
		return quoteItem(name)
	}
	return quoted(name)
}

// quoteItem quotes what may look like a cell: the item of a DDE link.
func quoteItem(name string) string {
	if name != "" && strings.IndexFunc(name, needsQuote) < 0 {
		return name
	}
	return quoted(name)
}

func quoted(name string) string { return "'" + strings.ReplaceAll(name, "'", "''") + "'" }

func needsQuote(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_', r == '.', r == '[', r == ']', r == ':', r >= 0x80:
		return false
	}
	return true
}

// looksLikeCell says whether a name could be read as a reference in either notation: up to three letters and then digits, or R and C with or without
// numbers.
func looksLikeCell(s string) bool {
	letters := 0
	for letters < len(s) && (s[letters]|0x20) >= 'a' && (s[letters]|0x20) <= 'z' {
		letters++
	}
	if rest := s[letters:]; rest != "" && letters > 0 && letters <= 3 && strings.Trim(rest, digits) == "" {
		return true
	}
	s = strings.ToLower(s)
	if rest, ok := strings.CutPrefix(s, "r"); ok {
		s = strings.TrimLeft(rest, digits)
		return s == "" || s[0] == 'c' && strings.Trim(s[1:], digits) == ""
	}
	return s != "" && s[0] == 'c' && strings.Trim(s[1:], digits) == ""
}

const digits = "0123456789"
