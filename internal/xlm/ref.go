package xlm

import (
	"strconv"
	"strings"
)

// The size of a sheet since Excel 2007 (MS-XLSB 2.2.1); earlier ones were smaller.
const (
	rowsMax = 1 << 20
	colsMax = 1 << 14
)

// area is a rectangle of cells, both corners included. sheet is an index in Workbook.Sheets, or one of the constants below.
type area struct {
	sheet                int
	row, col, row2, col2 int
}

const noSheet = -1 // a sheet that is not in this workbook

// addr is one cell.
type addr struct{ sheet, row, col int }

// area is the cell as a rectangle.
func (a addr) area() area { return area{a.sheet, a.row, a.col, a.row, a.col} }

// first is the upper left cell.
func (a area) first() addr { return addr{a.sheet, a.row, a.col} }

// single says whether it is one cell.
func (a area) single() bool { return a.row == a.row2 && a.col == a.col2 }

// rows is how many rows it has.
func (a area) rows() int { return a.row2 - a.row + 1 }

// cols is how many columns it has.
func (a area) cols() int { return a.col2 - a.col + 1 }

// valid says whether it lies in a sheet.
func (a area) valid() bool {
	return a.row >= 0 && a.col >= 0 && a.row <= a.row2 && a.col <= a.col2 && a.row2 < rowsMax && a.col2 < colsMax
}

// ordered is the rectangle with its corners in order.
func (a area) ordered() area {
	if a.row > a.row2 {
		a.row, a.row2 = a.row2, a.row
	}
	if a.col > a.col2 {
		a.col, a.col2 = a.col2, a.col
	}
	return a
}

// with is the smallest rectangle around both.
func (a area) with(b area) area {
	return area{a.sheet, min(a.row, b.row), min(a.col, b.col), max(a.row2, b.row2), max(a.col2, b.col2)}
}

// moved is a cell or area of rows × cols cells at a distance from a.
func (a area) moved(rows, cols int) area {
	return area{a.sheet, a.row + rows, a.col + cols, a.row2 + rows, a.col2 + cols}
}

// parseA1 reads one cell in A1 notation.
func parseA1(s string) (area, bool) {
	col, n := letters(strings.TrimPrefix(s, "$"))
	if n == 0 {
		return area{}, false
	}
	rest := strings.TrimPrefix(s, "$")[n:]
	rest = strings.TrimPrefix(rest, "$")
	row, m := digits(rest)
	if m == 0 || m != len(rest) || row < 1 || row > rowsMax || col < 1 || col > colsMax {
		return area{}, false
	}
	return area{row: row - 1, col: col - 1, row2: row - 1, col2: col - 1}, true
}

// letters reads a column's letters, at most three.
func letters(s string) (col, n int) {
	for n < len(s) && n < 4 && s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z' {
		col = col*26 + int(s[n]|0x20-'a') + 1
		n++
	}
	if n > 3 {
		return 0, 0
	}
	return col, n
}

// digits reads a number of at most seven digits; more makes it none.
func digits(s string) (v, n int) {
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		if n == 7 {
			return 0, 0
		}
		v = v*10 + int(s[n]-'0')
		n++
	}
	return v, n
}

// wholeColumns reads A:C and $1:$3 at the start of s.
func wholeColumns(s string) (area, int, bool) {
	one := func(s string) (v, n int, isCol bool) {
		t := strings.TrimPrefix(s, "$")
		if v, n = letters(t); n > 0 {
			return v, n + len(s) - len(t), true
		}
		v, n = digits(t)
		return v, n + len(s) - len(t), false
	}
	v, n, isCol := one(s)
	if v == 0 || n >= len(s) || s[n] != ':' {
		return area{}, 0, false
	}
	w, m, alsoCol := one(s[n+1:])
	if w == 0 || isCol != alsoCol || n+1+m < len(s) && wordEnd(s[n+1+m:]) > 0 {
		return area{}, 0, false
	}
	a := area{row: v - 1, row2: w - 1, col2: colsMax - 1}.ordered()
	if isCol {
		a = area{col: v - 1, col2: w - 1, row2: rowsMax - 1}.ordered()
	}
	return a, n + 1 + m, a.valid()
}

// parseR1C1 reads R5C2, RC[-1], R[2]C, R5, C2 at the start of s and says how many bytes it took.
func parseR1C1(s string, at base) (area, int, bool) {
	row, n, hasRow := part(s, 'r', at.row)
	col, m, hasCol := part(s[n:], 'c', at.col)
	end := n + m
	switch {
	case !hasRow && !hasCol, end < len(s) && wordEnd(s[end:]) > 0:
		return area{}, 0, false
	case !hasCol:
		return area{row: row, row2: row, col2: colsMax - 1}, end, row >= 0 && row < rowsMax
	case !hasRow:
		return area{col: col, col2: col, row2: rowsMax - 1}, end, col >= 0 && col < colsMax
	}
	a := area{row: row, col: col, row2: row, col2: col}
	return a, end, a.valid()
}

// part reads one letter with its number: absolute, in brackets relative to at, or none for at itself. Relative cells wrap around the sheet.
func part(s string, letter byte, at int) (v, n int, ok bool) {
	if s == "" || s[0]|0x20 != letter {
		return 0, 0, false
	}
	size := rowsMax
	if letter == 'c' {
		size = colsMax
	}
	if v, n = digits(s[1:]); n > 0 {
		return v - 1, n + 1, true
	}
	if len(s) < 2 || s[1] != '[' {
		return at, 1, true
	}
	end := strings.IndexByte(s[:min(len(s), 16)], ']')
	if end < 0 {
		return 0, 0, false
	}
	d, err := strconv.Atoi(s[2:end])
	if err != nil || d <= -size || d >= size {
		return 0, 0, false
	}
	return ((at+d)%size + size) % size, end + 1, true
}

// columnName is a column's letters.
func columnName(col int) string {
	var b []byte
	for col++; col > 0; col = (col - 1) / 26 {
		b = append([]byte{byte('A' + (col-1)%26)}, b...)
	}
	return string(b)
}

// String is the cell's name in A1 notation.
func (a addr) String() string { return columnName(a.col) + strconv.Itoa(a.row+1) }

// a1 is the area in A1 notation, absolute where dollar says so.
func (a area) a1(dollar string) string {
	one := func(row, col int) string { return dollar + columnName(col) + dollar + strconv.Itoa(row+1) }
	switch {
	case a.single():
		return one(a.row, a.col)
	case a.col == 0 && a.col2 == colsMax-1:
		return dollar + strconv.Itoa(a.row+1) + ":" + dollar + strconv.Itoa(a.row2+1)
	case a.row == 0 && a.row2 == rowsMax-1:
		return dollar + columnName(a.col) + ":" + dollar + columnName(a.col2)
	}
	return one(a.row, a.col) + ":" + one(a.row2, a.col2)
}

// r1c1 is the area in R1C1 notation.
func (a area) r1c1() string {
	one := func(row, col int) string { return "R" + strconv.Itoa(row+1) + "C" + strconv.Itoa(col+1) }
	if a.single() {
		return one(a.row, a.col)
	}
	return one(a.row, a.col) + ":" + one(a.row2, a.col2)
}

// ParseCell reads a cell's name as files write it ("B12").
func ParseCell(s string) (row, col int, ok bool) {
	a, ok := parseA1(s)
	return a.row, a.col, ok
}

// Moved is a formula with its relative references moved, as a cell has it that shares the formula of another one (ECMA-376-1 18.3.1.40).
func Moved(formula string, rows, cols int) string {
	var b strings.Builder
	for i := 0; i < len(formula); {
		n := 1
		switch c := formula[i]; {
		case c == '"' || c == '\'':
			if end := strings.IndexByte(formula[i+1:], c); end >= 0 {
				n = end + 2
			} else {
				n = len(formula) - i
			}
			b.WriteString(formula[i : i+n])
		case c == '$' || isWordStart(formula[i:]):
			n = max(1, wordEnd(formula[i:]))
			b.WriteString(movedCell(formula[i:i+n], formula[i+n:], rows, cols))
		case c >= '0' && c <= '9':
			n = max(1, wordEnd(formula[i:]))
			b.WriteString(formula[i : i+n])
		default:
			b.WriteByte(c)
		}
		i += n
	}
	return b.String()
}

// movedCell moves a word that is a cell's name. Before "(" it is a function, before "!" a sheet.
func movedCell(w, rest string, rows, cols int) string {
	a, ok := parseA1(w)
	if !ok || strings.HasPrefix(rest, "(") || strings.HasPrefix(rest, "!") {
		return w
	}
	col, row := "", ""
	if w[0] == '$' {
		col, cols = "$", 0
	}
	if strings.LastIndexByte(w, '$') > 0 {
		row, rows = "$", 0
	}
	a = a.moved(rows, cols)
	if !a.valid() {
		return "#REF!"
	}
	return col + columnName(a.col) + row + strconv.Itoa(a.row+1)
}
