package inspect

import (
	"bufio"
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
	switch extension(f.Name) { // whatever its first cell looks like, Excel opens it as what its name says
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
	links  []string
}

func (c *cells) read(r io.Reader) error {
	in := bufio.NewReaderSize(transform.NewReader(r, unicode.BOMOverride(transform.Nop)), copyBuffer)
	for len(c.links) < csvHits {
		b, err := in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			c.end()
			return nil
		case err != nil:
			return err
		}
		c.add(b)
	}
	return nil
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
