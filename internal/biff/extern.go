package biff

import (
	"slices"
	"strings"

	"sekisho/internal/xlm"
)

// env is what the tokens of a workbook's formulas point to.
type env struct {
	gen    generation
	sheets []string // by itab, in the order of the sheet list
	names  []string // by ilbl-1
	xtis   []xti
	books  []supBook
	tree   tree
	page   func([]byte) string // bytes of the code page to text
}

// bytes decodes text of the generations before Unicode.
func (e *env) bytes(b []byte) string {
	if e.page == nil {
		return narrowText(b)
	}
	return e.page(b)
}

// xti is what an ixti stands for (MS-XLS 2.5, XTI).
type xti struct {
	book        int
	first, last int // sheets; -1 deleted, -2 the workbook itself
}

// bookKind is what a supporting link points to (MS-XLS 2.4.271).
type bookKind uint8

const (
	bookSelf     bookKind = iota // this workbook
	bookSame                     // this workbook, by names that its formulas hold (MS-XLSB 2.4.750)
	bookAddIn                    // functions of add-ins
	bookExternal                 // another workbook
	bookDDE                      // or OLE; the external names tell
)

// supBook is a supporting link.
type supBook struct {
	kind   bookKind
	path   string // decoded
	topic  string // of DDE
	sheets []string
	names  []string
}

// where writes what stands before a reference: the sheet or sheets, with "!".
func (e *env) where(x xti) (string, bool) {
	if x.book < 0 || x.book >= len(e.books) || x.first == -1 {
		return "", false
	}
	b := &e.books[x.book]
	if x.first == -2 {
		return b.prefix(""), true
	}
	list := e.sheets
	if b.kind > bookSame || len(b.sheets) > 0 { // before BIFF8 a sheet of this workbook may stand for itself, by name
		list = b.sheets
	}
	if x.first < 0 || x.first >= len(list) {
		return "", false
	}
	name := list[x.first]
	if x.last != x.first && x.last >= 0 && x.last < len(list) {
		name += ":" + list[x.last]
	}
	return b.prefix(name), true
}

// prefix is what Excel writes for a sheet of the book: Sheet1!, [Book.xls]Sheet1!, 'C:\dir\[Book.xls]Sheet1'!, prog|topic!.
func (b *supBook) prefix(sheet string) string {
	switch {
	case b.kind == bookDDE:
		return b.path + "|" + quoteSheet(b.topic) + "!"
	case b.kind != bookExternal && sheet == "":
		return ""
	case b.kind != bookExternal:
		return quoteSheet(sheet) + "!"
	case sheet == "":
		return quoteSheet(b.path) + "!"
	}
	at := strings.LastIndexAny(b.path, `\/`) + 1
	return quoteSheet(b.path[:at]+"["+b.path[at:]+"]"+sheet) + "!"
}

// xti returns an entry of the external sheets.
func (e *env) xti(i int) (xti, bool) {
	if i < 0 || i >= len(e.xtis) {
		return xti{}, false
	}
	return e.xtis[i], true
}

// name returns a defined name by its number, which counts from 1.
func (e *env) name(n int) (string, bool) {
	if n < 1 || n > len(e.names) {
		return "#NAME?", false
	}
	return e.names[n-1], true
}

// nameOf returns a name of another book, or of this one by way of the external sheets (PtgNameX).
func (e *env) nameOf(x xti, n int) (string, bool) {
	if x.book < 0 || x.book >= len(e.books) {
		return "#REF!", false
	}
	b := &e.books[x.book]
	if b.kind == bookSelf {
		return e.name(n)
	}
	if n < 1 || n > len(b.names) {
		return "#REF!", false
	}
	name := b.names[n-1]
	if b.kind <= bookAddIn {
		return name, true
	}
	where, _ := e.where(xti{x.book, -2, -2})
	if b.kind == bookDDE {
		name = quoteItem(name)
	}
	return where + name, true
}

// builtins are the names that stand as a number (MS-XLS 2.4.150).
var builtins = [...]string{"Consolidate_Area", "Auto_Open", "Auto_Close", "Extract", "Database", "Criteria", "Print_Area", "Print_Titles",
	"Recorder", "Data_Form", "Auto_Activate", "Auto_Deactivate", "Sheet_Title", "_FilterDatabase"}

// builtin spells out a built-in name.
func builtin(name string) string {
	if name != "" && int(name[0]) < len(builtins) {
		return builtins[name[0]] + name[1:]
	}
	return name
}

// hasMacroSheet says whether a workbook has one.
func hasMacroSheet(w *xlm.Workbook) bool {
	return slices.ContainsFunc(w.Sheets, func(s xlm.Sheet) bool { return s.Kind == xlm.MacroSheet })
}
