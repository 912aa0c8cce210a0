package inspect

import (
	"bytes"
	"context"
	"errors"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"sekisho/internal/finding"
	"sekisho/internal/xlm"
	"sekisho/oleparse"
)

// csvFile looks at attached text as Excel opens comma-separated values (RFC 4180 and its kin): a cell that begins as a formula is one, and may
// start another program by DDE. Text without "|" and "!" is only passed over.
type csvFile struct{}

var _ Inspector = csvFile{}

func (csvFile) Name() string { return "csv" }

func (csvFile) Match(f *File) bool {
	switch f.Kind {
	case KindText, KindSLK: // a list whose first column is called ID begins as SYLK does
		return f.listed
	}
	switch extension(f.typed) { // whatever its first cell looks like, Excel opens it as what its name says
	case ".csv", ".tsv", ".tab", ".prn":
		return f.listed
	}
	return false
}

// csvSeparators are what Excel splits cells at, by the system's settings.
const csvSeparators = ",;\t"

const (
	cellMax = 8192 // characters of a formula (ECMA-376-1 18.3.1.40)
	csvHits = 4    // cells reported of one file
)

func (csvFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	marks, err := csvMarks(f.reader(ctx))
	if err != nil || !marks {
		return err
	}
	head, err := f.peek(ctx, 0, make([]byte, headSize))
	if err != nil {
		return err
	}
	for _, sep := range append(toldSeparator(head), csvSeparators...) {
		c := &cells{sep: sep}
		if err := c.read(f.reader(ctx)); err != nil {
			return err
		}
		for _, link := range c.links {
			s.report(f).DDE = true
			s.found(f, finding.New(finding.OfficeDDE, f.Path, "cell %q", short(link)))
		}
		if len(c.links) > 0 {
			return nil
		}
	}
	return nil
}

// toldSeparator is the separator that the first line tells Excel: "sep=x".
func toldSeparator(head []byte) []byte {
	if utf16(head) {
		head = narrow(head)
	}
	head = bytes.TrimPrefix(textStart(head), []byte(`"`))
	if len(head) > 4 && bytes.EqualFold(head[:4], []byte("sep=")) {
		return head[4:5:5]
	}
	return nil
}

// csvMarks says whether both characters of a DDE link occur.
func csvMarks(r io.Reader) (bool, error) {
	buf := make([]byte, copyBuffer)
	pipe, bang := false, false
	for !pipe || !bang {
		n, err := r.Read(buf)
		pipe = pipe || bytes.IndexByte(buf[:n], '|') >= 0
		bang = bang || bytes.IndexByte(buf[:n], '!') >= 0
		switch {
		case errors.Is(err, io.EOF):
			return pipe && bang, nil
		case err != nil:
			return false, err
		}
	}
	return true, nil
}

// cells splits text into cells at one separator.
type cells struct {
	sep    byte
	cell   []byte
	quoted bool // inside quotes
	closed bool // a quote that may have ended them
	rows   int
	links  []string
}

// csvRows is what Excel reads of a text: a sheet has no more (ECMA-376-1 18.3.1.73).
const csvRows = 1 << 20

func (c *cells) read(r io.Reader) error {
	in := transform.NewReader(r, unicode.BOMOverride(transform.Nop))
	buf, marks := make([]byte, copyBuffer), string([]byte{c.sep, '"', '\n', '\r', 0})
	for len(c.links) < csvHits && c.rows < csvRows {
		n, err := in.Read(buf)
		c.take(buf[:n], marks)
		switch {
		case errors.Is(err, io.EOF):
			c.end()
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// take reads text, what stands between two of the marks at once.
func (c *cells) take(b []byte, marks string) {
	for len(b) > 0 && len(c.links) < csvHits {
		n := bytes.IndexAny(b, marks)
		if n < 0 {
			n = len(b)
		}
		if n > 0 {
			c.closed = false
			c.cell = append(c.cell, b[:min(n, max(0, cellMax+1-len(c.cell)))]...)
		}
		if b = b[n:]; len(b) > 0 {
			c.add(b[0])
			b = b[1:]
		}
	}
}

// add takes one byte (RFC 4180 2): quotes stand around a cell, and twice for one inside.
func (c *cells) add(b byte) {
	switch {
	case b == '"' && c.quoted:
		c.quoted, c.closed = false, true
	case b == '"' && c.closed:
		c.quoted, c.closed = true, false
		c.put(b)
	case b == '"' && len(bytes.TrimLeft(c.cell, " ")) == 0:
		c.quoted = true
	case !c.quoted && (b == c.sep || b == '\n' || b == '\r'):
		if b == '\n' {
			c.rows++
		}
		c.end()
	case b == 0: // not text, but Excel takes no offence
	default:
		c.closed = false
		c.put(b)
	}
}

func (c *cells) put(b byte) {
	if len(c.cell) <= cellMax {
		c.cell = append(c.cell, b)
	}
}

// end looks at the cell that is complete.
func (c *cells) end() {
	cell := bytes.TrimLeft(c.cell, " \t")
	c.cell, c.quoted, c.closed = c.cell[:0], false, false
	if len(cell) > cellMax || !oleparse.IsCellFormula(cell) {
		return
	}
	if link, _, ok := xlm.DDE(string(cell)); ok {
		c.links = append(c.links, link)
	}
}
