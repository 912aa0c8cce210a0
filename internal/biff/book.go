package biff

import (
	"context"
	"io"

	"sekisho/internal/xlm"
)

// book is the read of one workbook stream.
type book struct {
	env
	ctx    context.Context
	path   string
	open   func(int64) io.Reader
	o      Options // Cells, Formulas, Names and TextMost count down
	res    *Result
	err    error
	rs     *records
	body   continued
	cipher Cipher
	locked int64 // where the cipher begins; -1 for nowhere

	bound   []sheet
	subs    []substream
	defined []name
	named   bool  // one of them is a macro's
	sst     int64 // place of the string table, -1 for none
	page    int
	shown   []supBook // before BIFF8: those of the globals; every sheet has its own
	second  bool      // sheets are read again: links were noted
	counted bool      // the list of supporting links has begun
	blocked bool      // encrypted, and no password opens it
	beats   int
	end     int64  // of the records in the stream
	left    int64  // bytes that may still be read as sheets
	out     []byte // text not yet handed on
}

// sheet is an entry of the sheet list (MS-XLS 2.4.28 BoundSheet8).
type sheet struct {
	name  string
	at    int64
	dt    int
	state int
}

// substream is a BOF that was met.
type substream struct {
	at    int64
	gen   generation
	dt    int
	depth int // in how many others it lies
}

// name is a defined name before its formula is decoded (MS-XLS 2.4.150 Lbl).
type name struct {
	xlm.Name
	rgce, rgcb []byte
	vba        bool // a procedure of VBA
}

// newBook starts with the first record of the stream.
func newBook(ctx context.Context, path string, open func(int64) io.Reader, o Options) *book {
	b := &book{ctx: ctx, path: path, open: open, o: o.withDefaults(), res: &Result{}, locked: -1, sst: -1, page: 1252}
	b.rs = newRecords(open(0))
	b.body.rs = b.rs
	b.env.page = b.decodePage
	b.books = []supBook{{}} // of BIFF5: itself; SupBook starts the list anew
	return b
}

// decodePage decodes text of the workbook's code page.
func (b *book) decodePage(text []byte) string {
	if b.o.Page == nil {
		return narrowText(text)
	}
	return b.o.Page(b.page, text)
}

// beatsEvery is how many records pass between two looks at the context: about a megabyte of the stream.
const beatsEvery = 1 << 14

// beat is false when the context has ended.
func (b *book) beat() bool {
	if b.beats++; b.beats%beatsEvery == 0 && b.err == nil {
		b.err = b.ctx.Err()
	}
	return b.err == nil
}

// scan walks all records: it reads the globals, notes every substream, and passes over the rest by their headers.
func (b *book) scan() {
	depth := 0
	for b.rs.next() && b.beat() && !b.blocked {
		if _, ok := isBOF(b.rs.id); ok {
			b.begin(depth)
			depth++
			continue
		}
		switch {
		case b.rs.id == idEOF:
			depth = max(0, depth-1)
		case b.inGlobals(depth):
			b.global()
		default:
			b.passing()
		}
	}
	b.end = b.rs.pos
	b.follow()
	b.flush()
}

// begin notes a substream.
func (b *book) begin(depth int) {
	at := b.rs.at
	g, dt := bof(b.rs.id, b.rs.body())
	if len(b.subs) == 0 {
		b.gen = g
	} else if b.gen < 8 {
		if b.shown == nil {
			b.shown = b.books
		}
		b.books = []supBook{{}}
	}
	if len(b.subs) < manyMost {
		b.subs = append(b.subs, substream{at, g, dt, depth})
	} else if dt == dtMacro {
		b.res.problem(true, "BOF", "more than %d substreams", manyMost)
	}
}

// inGlobals says whether the record belongs to the workbook and not to one of its sheets. Before BIFF5 there is only a sheet, unless it is a
// workspace.
func (b *book) inGlobals(depth int) bool {
	if len(b.subs) == 0 || depth > 1 {
		return false
	}
	return len(b.subs) == 1 || b.gen < 5
}

// follow looks at the places that the sheet list points to and the walk did not meet.
func (b *book) follow() {
	met := make(map[int64]bool, len(b.subs))
	for i := range b.subs {
		met[b.subs[i].at] = true
	}
	for i := range b.bound {
		at := b.bound[i].at
		if at <= 0 || met[at] || b.blocked || len(b.subs) >= manyMost || !b.beat() {
			continue
		}
		met[at] = true
		b.rs.reset(b.open(at), at)
		if !b.rs.next() {
			continue
		}
		if _, ok := isBOF(b.rs.id); ok {
			b.begin(0)
		}
	}
}

// global reads a record of the globals substream (MS-XLS 2.1.7.20.3).
func (b *book) global() {
	switch b.rs.id {
	case idCodePage:
		c := cursor{b: b.rs.body()}
		b.page = codePage(c.u16())
	case idFilePass:
		b.filePass()
	case idBoundSheet:
		b.boundSheet()
	case idSheetHeader:
		b.sheetHeader()
	case idSupBook:
		b.supBook()
	case idExternSheet:
		b.externSheet()
	case idExternName, idExternName3:
		b.externName()
	case idLbl, idLbl3:
		b.lbl()
	case idSST:
		b.stringTable()
	default:
		b.passing()
	}
}

// codePage turns the numbers that stand for Macintosh and Windows into pages (MS-XLS 2.4.52).
func codePage(n int) int {
	switch n {
	case 0x8000:
		return 10000
	case 0x8001:
		return 1252
	}
	return n
}

// filePass asks for the cipher that decrypts everything from here on.
func (b *book) filePass() {
	b.res.Encrypted = true
	body := append([]byte(nil), b.rs.body()...)
	if b.o.FilePass != nil {
		b.cipher = b.o.FilePass(body, b.gen >= 8)
	}
	if b.cipher == nil {
		b.blocked = true
		return
	}
	b.res.Opened = true
	b.rs.cipher, b.locked = b.cipher, b.rs.pos
}

// boundSheet reads an entry of the sheet list.
func (b *book) boundSheet() {
	c := cursor{b: b.rs.body()}
	s := sheet{at: int64(c.u32()), state: c.u8() & 3, dt: c.u8()}
	n := c.u8()
	if b.gen >= 8 {
		s.name = c.chars(n, c.u8()&1 != 0)
	} else {
		s.name = b.bytes(c.take(n))
	}
	if c.bad {
		b.res.problem(false, "BoundSheet", "record ends early")
	}
	b.addSheet(s)
}

// addSheet adds to the list; a sheet's place in it is its itab.
func (b *book) addSheet(s sheet) {
	if len(b.bound) >= manyMost {
		b.res.problem(true, "BoundSheet", "more than %d sheets", manyMost)
		return
	}
	b.bound = append(b.bound, s)
	b.sheets = append(b.sheets, s.name)
}

// sheetHeader reads the header of a sheet in a BIFF4 workspace, whose BOF follows.
func (b *book) sheetHeader() {
	c := cursor{b: b.rs.body()}
	c.u32()
	b.addSheet(sheet{at: b.rs.pos, dt: -1, name: b.bytes(c.take(c.u8()))})
}

// externSheet reads the table of ixti (MS-XLS 2.4.106), or one external sheet of the older generations.
func (b *book) externSheet() {
	if b.gen < 8 {
		b.oldExternSheet()
		return
	}
	c := b.body.begin()
	n := c.u16()
	for ; n > 0 && len(b.xtis) < manyMost; n-- {
		x := xti{book: c.u16()}
		x.first, x.last = int(int16(c.u16())), int(int16(c.u16()))
		if c.bad {
			return
		}
		b.xtis = append(b.xtis, x)
	}
}
