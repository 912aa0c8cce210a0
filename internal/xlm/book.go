package xlm

import (
	"slices"
	"strings"
)

// cell is a cell of the workbook or one that a macro has written.
type cell struct {
	f        *formula // kept as far as nodesMax goes
	source   string   // of the formula, "" for a constant
	at       base     // what its relative references are meant against
	v        value    // the constant, or what was saved with the formula
	by       string   // the cell that wrote it, "" for the file
	fold     value    // the formula's value without running anything
	folded   bool     // fold has been worked out
	foldedAt int      // when the machine's version was this
	busy     bool     // it is being worked out: a formula that needs itself
}

// column is one column of one sheet.
type column struct{ sheet, col int }

const (
	nodesMax = 1 << 15 // nodes of formulas kept parsed, 6 MB; others are parsed each time
	parseMax = 8 << 20 // bytes parsed in all, two seconds; honest macros have some ten thousand
	keptMax  = 1 << 14 // cells kept as they were last seen, 5 MB; others are made anew
)

// book is the workbook, indexed.
type book struct {
	w      *Workbook
	sheets map[string]int // by name in lower case
	index  map[place]int32
	cells  map[addr]*cell
	rows   map[column][]int32 // rows of formulas of macro sheets, ascending; those that macros write are added
	names  map[string][]int   // indexes in w.Names by key
	order  []place            // cells of macro sheets with formulas, in the order of the file
	nodes  int
	parsed int  // bytes of formulas parsed so far
	cut    bool // a limit was met
}

// place is a cell packed: sheet, 20 bits of row, 14 of column.
type place uint64

// placeOf packs an address that is valid.
func placeOf(a addr) place { return place(a.sheet)<<34 | place(a.row)<<14 | place(a.col) }

// addr unpacks it.
func (p place) addr() addr {
	return addr{int(p >> 34), int(p>>14) & (rowsMax - 1), int(p) & (colsMax - 1)}
}

// newBook indexes at most most cells.
func newBook(w *Workbook, most int) *book {
	b := &book{w: w, sheets: map[string]int{}, cells: map[addr]*cell{}, rows: map[column][]int32{}, names: map[string][]int{}}
	n := 0
	for i := range w.Sheets {
		n += len(w.Sheets[i].Cells)
	}
	b.index = make(map[place]int32, min(n, most)) // at once: a map that grows holds its cells twice
	for i := range w.Sheets {
		key := strings.ToLower(w.Sheets[i].Name)
		if _, ok := b.sheets[key]; !ok {
			b.sheets[key] = i
		}
	}
	for _, macros := range [...]bool{true, false} { // macro sheets first, should there be too many cells
		for i := range w.Sheets {
			if b.macroSheet(i) == macros {
				most -= b.add(i, most)
				b.cut = b.cut || most < 0
			}
		}
	}
	for _, rows := range b.rows {
		slices.Sort(rows)
	}
	for i := range w.Names {
		key := nameKey(w.Names[i].Name)
		b.names[key] = append(b.names[key], i)
	}
	return b
}

// add indexes the first most cells of a sheet and says how many it has. Of cells that are there twice the first counts.
func (b *book) add(sheet, most int) int {
	list := b.w.Sheets[sheet].Cells
	for i := range list[:min(len(list), max(0, most))] {
		c := &list[i]
		at := addr{sheet, c.Row, c.Col}
		if !at.area().valid() {
			continue
		}
		if _, ok := b.index[placeOf(at)]; ok {
			continue
		}
		b.index[placeOf(at)] = int32(i)
		if c.Formula != "" && b.macroSheet(sheet) {
			col := column{sheet, c.Col}
			b.rows[col] = append(b.rows[col], int32(c.Row))
			b.order = append(b.order, placeOf(at))
		}
	}
	return len(list)
}

// cell is the cell of the file, nil for an empty one.
func (b *book) cell(at addr) *cell {
	if c := b.cells[at]; c != nil {
		return c
	}
	if at.sheet < 0 {
		return nil
	}
	i, ok := b.index[placeOf(at)]
	if !ok {
		return nil
	}
	from := &b.w.Sheets[at.sheet].Cells[i]
	c := &cell{source: strings.TrimPrefix(from.Formula, "="), v: constant(from.Value)}
	if len(b.cells) < keptMax {
		b.cells[at] = c
	}
	return c
}

// formula is the cell's formula, parsed.
func (b *book) formula(c *cell) *formula {
	if c.f != nil {
		return c.f
	}
	f := b.parse(c.source, c.at)
	if b.nodes < nodesMax {
		b.nodes += f.nodes
		c.f = f
	}
	return f
}

// parse reads a formula as long as the file's share lasts; after that only the functions it names count.
func (b *book) parse(src string, at base) *formula {
	if b.parsed += len(src); b.parsed > parseMax {
		b.cut = true
		return &formula{src: src, bad: true, root: &node{src: src}}
	}
	return parse(src, at)
}

// nameKey makes names comparable: Excel's do not differ by case.
func nameKey(s string) string { return strings.ToLower(strings.TrimPrefix(s, "_xlnm.")) }

// next is the first row at or below row with a formula in the column.
func (b *book) next(at addr) (addr, bool) {
	rows := b.rows[column{at.sheet, at.col}]
	i, _ := slices.BinarySearch(rows, int32(at.row))
	if i == len(rows) {
		return at, false
	}
	at.row = int(rows[i])
	return at, true
}

// note adds a row in which a macro wrote a formula.
func (b *book) note(at addr) {
	key := column{at.sheet, at.col}
	rows := b.rows[key]
	if i, found := slices.BinarySearch(rows, int32(at.row)); !found {
		b.rows[key] = slices.Insert(rows, i, int32(at.row))
	}
}

// sheet is the index of a sheet by its name as a formula spells it: the book before it may be any, "" is the sheet from.
func (b *book) sheet(name string, from int) int {
	if name == "" || name == activeSheet {
		return from
	}
	if i := strings.LastIndexByte(name, ']'); i >= 0 {
		name = name[i+1:]
	}
	if i, ok := b.sheets[strings.ToLower(name)]; ok {
		return i
	}
	return noSheet
}

// name finds a defined name: the sheet's own before the workbook's (MS-XLS 2.4.150 itab). Where it is defined for another sheet only, that one.
func (b *book) name(name string, sheet int) (*Name, bool) {
	var found *Name
	for _, i := range b.names[nameKey(name)] {
		n := &b.w.Names[i]
		if n.Sheet == sheet {
			return n, true
		}
		if found == nil || n.Sheet < 0 {
			found = n
		}
	}
	return found, found != nil
}

// macroSheet says whether the formulas of a sheet are macros.
func (b *book) macroSheet(sheet int) bool {
	return sheet >= 0 && sheet < len(b.w.Sheets) && b.w.Sheets[sheet].Kind == MacroSheet
}

// where names a cell for people.
func (b *book) where(at addr) string {
	if at.sheet < 0 || at.sheet >= len(b.w.Sheets) {
		return at.String()
	}
	return sheetPrefix(b.w.Sheets[at.sheet].Name) + at.String()
}

// sheetPrefix is what stands before a reference to a sheet (ECMA-376-1 18.17.2.3), in quotes where its name is no word.
func sheetPrefix(name string) string {
	if wordEnd(name) != len(name) || name == "" {
		name = "'" + strings.ReplaceAll(name, "'", "''") + "'"
	}
	return name + "!"
}

// memory is what macros have written on one way through them. Where a way divides, both go on with an own layer above the common one.
type memory struct {
	below *memory
	cells map[addr]*cell
	names map[string]value
}

// newMemory is a layer above what was written before, nil for nothing.
func newMemory(below *memory) *memory {
	return &memory{below: below, cells: map[addr]*cell{}, names: map[string]value{}}
}

// cell is what was last written there, nil where nothing was.
func (m *memory) cell(at addr) *cell {
	for ; m != nil; m = m.below {
		if c := m.cells[at]; c != nil {
			return c
		}
	}
	return nil
}

// name is the value that a name was last given.
func (m *memory) name(key string) (value, bool) {
	for ; m != nil; m = m.below {
		if v, ok := m.names[key]; ok {
			return v, true
		}
	}
	return value{}, false
}
