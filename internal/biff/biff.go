// Package biff reads Excel's binary workbooks as far as macros, links and text go: BIFF2 to BIFF5 and BIFF8 ([MS-XLS], and for what is older the
// records it descends from), and BIFF12 ([MS-XLSB]).
//
// Macro sheets are found by structure: the sheet list, the BOF of every substream that a walk over the record headers meets, and the places
// that the sheet list points to. What any of them calls a macro sheet is one. Only workbooks with macro sheets, or with names that start by
// themselves, are read further: then the cells of all sheets become text, formulas decoded from their tokens as Excel would show them.
//
// # Limits
//
//   - Cells, and bytes of texts of formulas: see [Options]. Macro sheets come first; what of a worksheet is past the limit is left out
//     without a word, what of a macro sheet is, is a Problem{Unread: true}.
//   - A formula has at most 64 KiB of tokens and of text; Excel takes 8,192 characters.
//   - Sheets, substreams, names and external books: 65,536 each, which is what the formats' own numbers can tell apart.
//   - The stream is read once; that of a workbook with macros three times at most (string table, then sheets).
//   - Inside formulas, natural language references, fields of pivot tables and references into tables read as errors; functions newer than the
//     format are calls by name, as the format has them.
//   - Not read: text of drawing objects before BIFF8.
package biff

import (
	"context"
	"fmt"
	"io"

	"sekisho/internal/xlm"
)

// Cipher decrypts the records of an encrypted workbook (MS-XLS 2.2.10).
type Cipher interface {
	// Decrypt decrypts in place the body of one record; offset is where the body begins in the stream. What stands in clear text
	// (record headers, BOF, FilePass, BoundSheet8.lbPlyPos …) is the caller's business: it is handed in and put back.
	Decrypt(id uint16, offset int64, data []byte)
}

// Options bound a read. The zero value of a field is its default.
type Options struct {
	Cells    int                             // cells kept in all; 131,072, which take 6 MB: the largest macro sheets seen have some thousands
	Formulas int                             // bytes of formulas' texts and tokens in all, and of the string table; 8 MiB: the longest formula has 8 KiB
	Names    int                             // bytes of defined names and their tokens; 8 MiB: honest workbooks have some thousands of names of 100 bytes
	Text     io.Writer                       // takes texts of cells, headers and drawings, one a line; nil for nobody
	TextMost int64                           // bytes written to Text; 4 MiB: lures are short and stand early
	Page     func(page int, b []byte) string // bytes of a code page to text; nil for Latin-1

	// FilePass takes the body of the FilePass record (MS-XLS 2.4.117) and returns the cipher of the password that opens the workbook,
	// nil where none does.
	FilePass func(filePass []byte, biff8 bool) Cipher
}

func (o Options) withDefaults() Options {
	if o.Cells <= 0 {
		o.Cells = 1 << 17
	}
	if o.Formulas <= 0 {
		o.Formulas = 8 << 20
	}
	if o.Names <= 0 {
		o.Names = 8 << 20
	}
	if o.TextMost <= 0 {
		o.TextMost = 4 << 20
	}
	return o
}

// Result is what was read of a workbook.
type Result struct {
	Book      *xlm.Workbook // nil where nothing in it is a macro
	Encrypted bool
	Opened    bool     // by Options.FilePass
	DDE       []string // prog|'topic'!item
	Links     []string // other workbooks on remote hosts
	Problems  []Problem
}

// Problem is something malformed or out of a limit, with where.
type Problem struct {
	Where  string // sheet, cell or record
	Text   string
	Unread bool // macros that Excel might run were not read
}

const (
	manyMost     = 1 << 16 // sheets, substreams, names, books: the formats number them with 16 bits
	problemsMost = 64      // a person reads the first few
	linksMost    = 256     // as many links; a workbook that names more tells nothing new
)

// problem notes something malformed. Of many the first are kept, and the last of them makes room for one that is worse.
func (r *Result) problem(unread bool, where, format string, args ...any) {
	p := Problem{where, fmt.Sprintf(format, args...), unread}
	switch n := len(r.Problems); {
	case n < problemsMost:
		r.Problems = append(r.Problems, p)
	case unread && !r.Problems[n-1].Unread:
		r.Problems[n-1] = p
	}
}

// Read reads a workbook stream; open returns its bytes from an offset on. path names it in the result. The error is the context's: what open's
// readers say is taken for the stream's end.
func Read(ctx context.Context, path string, open func(from int64) io.Reader, o Options) (*Result, error) {
	b := newBook(ctx, path, open, o)
	defer b.rs.release()
	if b.scan(); b.blocked {
		return b.res, b.err
	}
	b.finish()
	return b.res, b.err
}
