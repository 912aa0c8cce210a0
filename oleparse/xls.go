package oleparse

import (
	"context"
	"io"
	"strings"

	"sekisho/internal/biff"
)

// readWorkbooks reads the workbook streams of every storage (MS-XLS 2.1.2 Workbook, Book before BIFF8): the document's own and those of
// embedded workbooks.
func (c *compound) readWorkbooks() {
	for _, id := range c.order {
		e := &c.entries[id]
		if e.kind == typeStream && (strings.EqualFold(e.name, "Workbook") || strings.EqualFold(e.name, "Book")) {
			c.readWorkbook(id)
		}
	}
}

func (c *compound) readWorkbook(id int) {
	path := c.path(id)
	res, err := biff.Read(c.r.ctx, path, func(from int64) io.Reader { return c.plain(id, from) }, c.r.biffOptions(c.filePass))
	c.r.fail(err)
	c.r.workbook(path, res)
}

// biffOptions are the limits and hooks for a workbook.
func (r *reading) biffOptions(filePass func([]byte, bool) biff.Cipher) biff.Options {
	o := biff.Options{Page: decodeText, FilePass: filePass}
	if left := textMax - r.texts; r.o.Text != nil && left > 0 {
		o.Text, o.TextMost = textWriter{r}, int64(left)
	}
	return o
}

// textWriter hands on text inside the limit of the document.
type textWriter struct{ r *reading }

func (w textWriter) Write(b []byte) (int, error) {
	w.r.texts += len(b)
	_, err := w.r.o.Text.Write(b)
	w.r.fail(err)
	return len(b), nil
}

// workbook takes what was read of a workbook into the document.
func (r *reading) workbook(path string, res *biff.Result) {
	if res.Book != nil {
		r.doc.Workbooks = append(r.doc.Workbooks, res.Book)
	}
	for _, text := range res.DDE {
		r.doc.DDE = append(r.doc.DDE, Command{Path: path, Text: text})
	}
	for _, target := range res.Links {
		r.doc.Links = append(r.doc.Links, Link{Path: path, Type: LinkOther, Target: target, Remote: true})
	}
	for _, p := range res.Problems {
		r.problem(p.Unread, path+" "+p.Where, "%s", p.Text)
	}
}

// IsBIFF says whether a file that begins with head is a workbook without a compound file around it: BIFF2 to BIFF4, and later ones that other
// programs wrote so.
func IsBIFF(head []byte) bool { return biff.Is(head) }

// ReadBIFF reads such a workbook. The error is as of ReadOLE.
func ReadBIFF(ctx context.Context, r io.ReaderAt, size int64, o Options) (*Document, error) {
	s := newReading(ctx, o)
	s.doc.Kind = "biff"
	src := newSource(ctx, r, size)
	res, err := biff.Read(ctx, "", func(from int64) io.Reader { return io.NewSectionReader(src, from, max(0, size-from)) }, s.biffOptions(s.bareFilePass))
	s.doc.Encrypted, s.doc.Opened = res.Encrypted, res.Opened
	s.workbook("workbook", res)
	if src.spent {
		s.problem(true, "workbook", "it is read more than %d times", readsPerByte)
	}
	s.fail(src.err)
	s.fail(err)
	return s.doc, s.err
}
