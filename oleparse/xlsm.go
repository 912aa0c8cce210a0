package oleparse

import (
	"bytes"
	"io"
	"math"
	"path"
	"strconv"
	"strings"

	"sekisho/internal/xlm"
	"sekisho/internal/xmlscan"
)

// The macro sheets of a workbook in a package of markup ([MS-XLSX] 2.2.1, 2.2.2: sheets of the name space …/excel/2006/main in parts of their own). A
// part is one when its root element, its relationship or its content type says so. Only a workbook with one, or with names of macros, is
// read again: its list of sheets, its names, its cells as far as macros may read them.

const (
	sheetCells    = 1 << 17  // cells kept in all; the largest macro sheets seen have some thousands
	sheetText     = 16 << 20 // bytes of their formulas and values
	sharedText    = 8 << 20  // bytes of shared strings
	sheetsMax     = 4096     // Excel is bounded by memory; honest workbooks have some hundreds at most
	namesMax      = 1 << 16  // defined names
	followersText = 4 << 20  // bytes of formulas made from shared ones
)

// workbookRead is the reading of one package's workbooks.
type workbookRead struct {
	k      *opc
	cells  int
	text   int
	shared []string
	follow int
}

// macroTypes are the content types of macro sheets (MS-XLSX 2.1.2, 2.1.3).
func macroType(typ string) bool {
	return typ == "application/vnd.ms-excel.macrosheet+xml" || typ == "application/vnd.ms-excel.intlmacrosheet+xml"
}

// xmlMacroSheet says whether anything calls a part of markup a macro sheet.
func (k *opc) xmlMacroSheet(p *opcPart) bool {
	return p.root == "macrosheet" || p.root != "" && (p.roles&roleMacroSheet != 0 || macroType(k.types.of(p.key)))
}

// readMacros reads the workbooks that have macros, when all parts are known.
func (k *opc) readMacros() {
	var books, macros []*opcPart
	for _, p := range k.parts {
		switch {
		case p.root == "workbook":
			books = append(books, p)
		case k.xmlMacroSheet(p):
			macros = append(macros, p)
		}
	}
	if len(macros) == 0 && !k.macroNames {
		return
	}
	r := &workbookRead{k: k, cells: sheetCells, text: sheetText, follow: followersText}
	r.strings()
	read := make(map[*opcPart]bool)
	for _, b := range books {
		r.book(b, read)
	}
	r.unlisted(macros, read)
}

// unlisted takes macro sheets that no list of sheets names.
func (r *workbookRead) unlisted(macros []*opcPart, read map[*opcPart]bool) {
	w := &xlm.Workbook{}
	for _, p := range macros {
		if !read[p] && len(w.Sheets) < sheetsMax {
			w.Path = p.name
			w.Sheets = append(w.Sheets, xlm.Sheet{Path: p.name, Name: strings.TrimSuffix(path.Base(p.key), ".xml"), Kind: xlm.MacroSheet})
			r.sheet(p, &w.Sheets[len(w.Sheets)-1])
		}
	}
	if len(w.Sheets) > 0 {
		r.k.r.doc.Workbooks = append(r.k.r.doc.Workbooks, w)
	}
}

// book reads one workbook part: its sheets and names (ECMA-376-1 18.2.20, 18.2.6), then the cells, macro sheets first.
func (r *workbookRead) book(p *opcPart, read map[*opcPart]bool) {
	w := &xlm.Workbook{Path: p.name}
	var parts []*opcPart
	var name *xlm.Name
	r.each(p, func(x *xmlscan.Scanner, kind xmlscan.Kind) bool {
		switch {
		case kind == xmlscan.Text && name != nil:
			r.add(&name.Formula, x.Text())
		case kind == xmlscan.End:
			name = nil
		case kind != xmlscan.Start:
		case string(x.Name()) == "sheet" && len(w.Sheets) < sheetsMax:
			s, part := r.listed(p, x)
			w.Sheets, parts = append(w.Sheets, s), append(parts, part)
		case string(x.Name()) == "definedName" && len(w.Names) < namesMax:
			w.Names = append(w.Names, definedName(x))
			name = &w.Names[len(w.Names)-1]
		}
		return true
	})
	has := false
	for _, macros := range [...]bool{true, false} {
		for i, part := range parts {
			if part == nil || read[part] || (w.Sheets[i].Kind == xlm.MacroSheet) != macros {
				continue
			}
			has = has || macros
			if read[part] = true; has { // only macros read worksheets
				r.sheet(part, &w.Sheets[i])
			}
		}
	}
	r.k.r.doc.Workbooks = append(r.k.r.doc.Workbooks, w)
}

// listed is an entry of the list of sheets with its part, nil where there is none of markup (ECMA-376-1 18.2.19).
func (r *workbookRead) listed(p *opcPart, x *xmlscan.Scanner) (xlm.Sheet, *opcPart) {
	s := xlm.Sheet{Name: string(x.Plain("name"))}
	switch strings.ToLower(string(x.Plain("state"))) { // 18.18.68
	case "hidden":
		s.State = xlm.Hidden
	case "veryhidden":
		s.State = xlm.VeryHidden
	}
	rel := p.relOf(x)
	if rel == nil {
		return s, nil
	}
	part := r.k.byKey[rel.key]
	if part == nil || part.root == "" {
		return s, nil
	}
	s.Path = part.name
	switch {
	case r.k.xmlMacroSheet(part):
		s.Kind = xlm.MacroSheet
	case part.root == "chartsheet":
		s.Kind = xlm.Chart
	case part.root == "dialogsheet":
		s.Kind = xlm.Dialog
	}
	return s, part
}

// definedName reads a name's attributes (ECMA-376-1 18.2.5).
func definedName(x *xmlscan.Scanner) xlm.Name {
	n := xlm.Name{Name: string(x.Plain("name")), Sheet: -1, Hidden: isTrue(x.Plain("hidden"))}
	if rest, ok := strings.CutPrefix(n.Name, "_xlnm."); ok {
		n.Name, n.Builtin = rest, true
	}
	if i, err := strconv.Atoi(string(x.Plain("localSheetId"))); err == nil && i >= 0 {
		n.Sheet = i
	}
	n.Macro = macroName(x)
	return n
}

// macroName says whether a name is an Excel 4 macro's. VBA's procedures have names too.
func macroName(x *xmlscan.Scanner) bool {
	return !isTrue(x.Plain("vbProcedure")) && (isTrue(x.Plain("function")) || isTrue(x.Plain("xlm")))
}

func isTrue(b []byte) bool { return string(b) == "1" || string(b) == "true" }

// each calls f with every token of a part until it is content, and reports whether it was to the end.
func (r *workbookRead) each(p *opcPart, f func(*xmlscan.Scanner, xmlscan.Kind) bool) bool {
	whole := true
	r.k.open(p, func(_ []byte, in io.Reader) {
		r.k.scan(p, in, func() {
			for kind := r.k.x.Next(); kind != xmlscan.EOF && whole; kind = r.k.x.Next() {
				whole = f(r.k.x, kind)
			}
		})
	})
	return whole
}

// add appends text as far as the limit goes.
func (r *workbookRead) add(to *string, b []byte) {
	n := min(len(b), r.text, max(0, pieceMax*4-len(*to)))
	r.text -= n
	*to += string(b[:n])
}

// strings reads the shared strings (ECMA-376-1 18.4.9). Phonetic runs are not part of a string.
func (r *workbookRead) strings() {
	for _, p := range r.k.parts {
		if p.root == "sst" {
			r.table(p)
			return
		}
	}
}

func (r *workbookRead) table(p *opcPart) {
	left, in, phonetic := sharedText, false, 0
	var item []byte
	r.each(p, func(x *xmlscan.Scanner, kind xmlscan.Kind) bool {
		switch name := string(x.Name()); {
		case kind == xmlscan.Text:
			if in {
				item = append(item, x.Text()[:min(len(x.Text()), max(0, left))]...)
				left -= len(x.Text())
			}
		case name == "rPh":
			phonetic += 1 - 2*btoi(kind == xmlscan.End)
		case name == "t":
			in = kind == xmlscan.Start && phonetic == 0
		case name == "si" && kind == xmlscan.End:
			r.shared, item = append(r.shared, string(item)), item[:0]
			left -= 16
		}
		return left > 0
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sheetRead is the reading of one sheet's cells (ECMA-376-1 18.3.1.4).
type sheetRead struct {
	r       *workbookRead
	s       *xlm.Sheet
	masters map[string]xlm.Cell // of shared formulas (18.3.1.40), by si
	cell    xlm.Cell
	typ     string
	into    *string
	share   string // si of the formula at hand
	row     int
	col     int
}

func (r *workbookRead) sheet(p *opcPart, s *xlm.Sheet) {
	c := &sheetRead{r: r, s: s, row: -1, masters: make(map[string]xlm.Cell)}
	whole := r.each(p, func(x *xmlscan.Scanner, kind xmlscan.Kind) bool {
		switch kind {
		case xmlscan.Start:
			c.start(x)
		case xmlscan.Text:
			if c.into != nil {
				r.add(c.into, x.Text())
			}
		case xmlscan.End:
			c.end(string(x.Name()))
		}
		return r.cells > 0 && r.text > 0
	})
	if !whole && s.Kind == xlm.MacroSheet {
		r.k.r.problem(true, p.name, "more cells than the limit")
	}
}

func (c *sheetRead) start(x *xmlscan.Scanner) {
	switch string(x.Name()) {
	case "row":
		c.row, c.col = c.row+1, -1
		if n, err := strconv.Atoi(string(x.Plain("r"))); err == nil && n > 0 && n <= math.MaxInt32 {
			c.row = n - 1
		}
	case "c":
		c.col++
		if row, col, ok := xlm.ParseCell(string(x.Plain("r"))); ok {
			c.row, c.col = row, col
		}
		c.cell, c.typ, c.share = xlm.Cell{Row: max(0, c.row), Col: c.col}, string(x.Plain("t")), ""
	case "f":
		c.into = &c.cell.Formula
		if string(x.Plain("t")) == "shared" {
			c.share = string(x.Plain("si"))
		}
	case "v", "t":
		c.into = &c.cell.Value
	}
}

func (c *sheetRead) end(name string) {
	c.into = nil
	if name != "c" {
		return
	}
	c.sharedFormula()
	c.value()
	if c.cell.Formula == "" && c.cell.Value == "" {
		return
	}
	c.r.cells--
	c.s.Cells = append(c.s.Cells, c.cell)
}

// sharedFormula gives a cell the formula that it shares with another one (18.3.1.40).
func (c *sheetRead) sharedFormula() {
	if c.share == "" {
		return
	}
	if c.cell.Formula != "" {
		if len(c.masters) < sheetCells {
			c.masters[c.share] = c.cell
		}
		return
	}
	if m, ok := c.masters[c.share]; ok && c.r.follow > len(m.Formula) {
		c.r.follow -= len(m.Formula)
		c.cell.Formula = xlm.Moved(m.Formula, c.cell.Row-m.Row, c.cell.Col-m.Col)
	}
}

// value writes the saved value as xlm wants it (18.18.11).
func (c *sheetRead) value() {
	switch c.typ {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(c.cell.Value))
		c.cell.Value = ""
		if err == nil && i >= 0 && i < len(c.r.shared) {
			c.r.add(&c.cell.Value, []byte(c.r.shared[i]))
		}
	case "b":
		c.cell.Value = strings.ToUpper(strconv.FormatBool(isTrue(bytes.TrimSpace([]byte(c.cell.Value)))))
	}
}
