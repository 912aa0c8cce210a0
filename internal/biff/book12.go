package biff

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"sekisho/internal/xlm"
)

// Part is a part of an XLSB package.
type Part struct {
	Name  string
	Macro bool // its relationship, its content type or its name says macro sheet
	Open  func() (io.ReadCloser, error)
}

// Parts is a workbook of an XLSB package, as content types and relationships tell it.
type Parts struct {
	Book    Part
	Strings Part              // shared strings; Open is nil where there are none
	Related map[string]Part   // parts that relationships of the workbook lead to, by Id
	Books   map[string]string // targets of external links, by Id
	Sheets  []Part            // further parts that are macro sheets
}

// book12 is the read of one workbook.
type book12 struct {
	book
	p     Parts
	parts []*Part // of the sheets, in the order of the workbook's list
	used  map[string]bool
}

// ReadParts reads a workbook of an XLSB package. The error is the context's.
func ReadParts(ctx context.Context, p Parts, o Options) (*Result, error) {
	b := &book12{p: p, used: map[string]bool{}}
	b.book = book{ctx: ctx, path: p.Book.Name, o: o.withDefaults(), res: &Result{}, locked: -1, sst: -1}
	b.gen = 12
	w := &xlm.Workbook{Path: p.Book.Name}
	b.read(&p.Book, true, func(rs *records12) { b.global12(w, rs) })
	b.unlisted(w)
	for i := range b.defined {
		w.Names = append(w.Names, b.defined[i].Name)
	}
	texts := b.strings12(w)
	if b.err == nil && (b.named || hasMacroSheet(w)) {
		b.res.Book = w
		b.decodeNames(w)
		b.cells12(w, texts)
	}
	return b.res, b.err
}

// read calls f with each record of a part. grave says that macros may be in it.
func (b *book12) read(p *Part, grave bool, f func(*records12)) {
	if p.Open == nil {
		return
	}
	r, err := p.Open()
	if err != nil {
		b.res.problem(grave, p.Name, "%q", err.Error())
		return
	}
	defer r.Close()
	rs := newRecords12(r)
	for rs.next() && b.beat() {
		f(rs)
		if rs.long {
			b.res.problem(grave, p.Name, "record %d longer than %d bytes", rs.id, record12Most)
		}
	}
	if rs.err != nil {
		b.res.problem(grave && !errors.Is(rs.err, io.ErrUnexpectedEOF), p.Name, "%q", rs.err.Error())
	}
}

// global12 reads a record of the workbook part (MS-XLSB 2.1.7.62).
func (b *book12) global12(w *xlm.Workbook, rs *records12) {
	switch rs.id {
	case brtBundleSh:
		b.bundle(w, &cursor{b: rs.body()})
	case brtSupSelf:
		b.addBook(supBook{})
	case brtSupSame:
		b.addBook(supBook{kind: bookSame})
	case brtSupAddin:
		b.addBook(supBook{kind: bookAddIn})
	case brtSupBookSrc:
		c := &cursor{b: rs.body()}
		b.addBook(supBook{kind: bookExternal, path: b.p.Books[c.wide32()]})
	case brtPlaceholderName:
		c := &cursor{b: rs.body()}
		b.placeholder(c.wide32())
	case brtExternSheet:
		b.externSheet12(&cursor{b: rs.body()})
	case brtName:
		b.name12(&cursor{b: rs.body()})
	}
}

func (b *book12) addBook(s supBook) {
	if len(b.books) < manyMost {
		b.books = append(b.books, s)
	}
}

// placeholder takes the name of a function of an add-in, or of a name that the sheet of the formula decides on
// (MS-XLSB 2.4.750 BrtPlaceholderName).
func (b *book12) placeholder(text string) {
	if n := len(b.books); n > 0 && b.books[n-1].kind <= bookAddIn {
		if b.o.Names -= len(text) + 16; b.o.Names >= 0 {
			b.books[n-1].names = append(b.books[n-1].names, text)
		}
	}
}

// bundle reads an entry of the sheet list (MS-XLSB 2.4, BrtBundleSh).
func (b *book12) bundle(w *xlm.Workbook, c *cursor) {
	if len(w.Sheets) >= manyMost {
		b.res.problem(true, b.path, "more than %d sheets", manyMost)
		return
	}
	state := c.u32()
	c.u32()
	id := c.wide32()
	s := xlm.Sheet{Name: c.wide32(), State: xlm.State(min(state, 2))}
	b.sheets = append(b.sheets, s.Name)
	b.bound = append(b.bound, sheet{name: s.Name})
	part, ok := b.p.Related[id]
	if ok {
		b.used[part.Name] = true
		s.Path = part.Name
		if part.Macro {
			s.Kind = xlm.MacroSheet
		}
	}
	w.Sheets = append(w.Sheets, s)
	b.parts = append(b.parts, &part)
}

// unlisted adds macro sheets that the workbook's list does not have.
func (b *book12) unlisted(w *xlm.Workbook) {
	for i := range b.p.Sheets {
		p := &b.p.Sheets[i]
		if !b.used[p.Name] && len(w.Sheets) < manyMost {
			b.used[p.Name] = true
			w.Sheets = append(w.Sheets, xlm.Sheet{Path: p.Name, Name: p.Name, Kind: xlm.MacroSheet})
			b.parts = append(b.parts, p)
		}
	}
}

// externSheet12 reads the table of ixti (MS-XLSB 2.4, BrtExternSheet).
func (b *book12) externSheet12(c *cursor) {
	for n := c.u32(); n > 0 && len(b.xtis) < manyMost; n-- {
		x := xti{book: int(c.u32())}
		x.first, x.last = int(int32(c.u32())), int(int32(c.u32()))
		if c.bad {
			return
		}
		b.xtis = append(b.xtis, x)
	}
}

// name12 reads a defined name (MS-XLSB 2.4.711 BrtName).
func (b *book12) name12(c *cursor) {
	if b.o.Names -= len(c.b) + 64; b.o.Names < 0 || len(b.defined) >= manyMost {
		b.res.problem(true, "BrtName", "more names than the limit")
		return
	}
	n := name{Name: xlm.Name{Sheet: -1}}
	b.nameFlags(&n, int(c.u32()&0xFF))
	c.u8()
	if tab := int32(c.u32()); tab >= 0 {
		n.Sheet = int(tab)
	}
	n.Name.Name = c.wide32()
	if c.bad {
		b.res.problem(false, "BrtName", "record ends early")
	}
	if rest, ok := strings.CutPrefix(n.Name.Name, "_xlnm."); ok { // ECMA-376-1 18.2.5
		n.Name.Name, n.Builtin = rest, true
	}
	n.rgce, n.rgcb = c.parsed()
	n.rgce, n.rgcb = bytes.Clone(n.rgce), bytes.Clone(n.rgcb)
	b.define(n)
}

// parsed reads tokens and what belongs to them (MS-XLSB 2.5.97, CellParsedFormula and its like).
func (c *cursor) parsed() (rgce, rgcb []byte) {
	rgce = c.take(int(min(int64(c.u32()), int64(len(c.b)), formulaMost)))
	rgcb = c.take(int(min(int64(c.u32()), int64(len(c.b)), formulaMost)))
	c.bad = false // what was not there is missed when it is decoded
	return rgce, rgcb
}

// strings12 reads the shared strings (MS-XLSB 2.1.7.45): for the cells of a workbook with macros, and for whoever wants the text.
func (b *book12) strings12(w *xlm.Workbook) []string {
	keep := b.named || hasMacroSheet(w)
	if !keep && (b.o.Text == nil || b.o.TextMost <= 0) {
		return nil
	}
	var texts []string
	left := b.o.Formulas
	b.read(&b.p.Strings, keep, func(rs *records12) {
		if rs.id != brtSSTItem || !keep && b.o.TextMost <= 0 {
			return
		}
		c := &cursor{b: rs.body()}
		c.u8() // MS-XLSB 2.5, RichStr: flags
		s := c.wide32()
		if b.o.Text != nil && b.o.TextMost > 0 {
			b.writeText(s)
		}
		if !keep {
			return
		}
		if left -= len(s) + 16; left < 0 {
			b.res.problem(true, b.p.Strings.Name, "more bytes of texts than the limit")
			keep = false
			return
		}
		texts = append(texts, s)
	})
	b.flush()
	return texts
}

// ReadLink reads an external link (MS-XLSB 2.1.7.25) and returns the DDE commands in it.
func ReadLink(ctx context.Context, p Part) (*Result, error) {
	b := &book12{}
	b.book = book{ctx: ctx, path: p.Name, o: Options{}.withDefaults(), res: &Result{}}
	s := supBook{}
	b.read(&p, false, func(rs *records12) {
		c := &cursor{b: rs.body()}
		switch rs.id {
		case brtBeginSupBook: // MS-XLSB 2.4, BrtBeginSupBook
			const dde = 1
			if c.u16() == dde {
				s = supBook{kind: bookDDE, path: c.wide32(), topic: c.wide32()}
			}
		case brtSupNameStart:
			b.dde(&s, c.wide32())
		}
	})
	return b.res, b.err
}
