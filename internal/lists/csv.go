package lists

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// guard keeps encoding/csv from reading a quoted field of any length.
type guard struct {
	r    io.Reader
	left int
}

func (g *guard) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, errLine
	}
	n, err := g.r.Read(p[:min(len(p), g.left)])
	g.left -= n
	return n, err
}

// csvAhead is how far encoding/csv reads ahead: its buffer.
const csvAhead = 4 << 10

// table is a CSV file (RFC 4180) on its way.
type table struct {
	csv    *csv.Reader
	guard  *guard
	before int      // leading lines that are comments
	named  []string // the heading, where that stands in a comment
}

func openTable(f io.Reader) (*table, error) {
	in := bufio.NewReaderSize(f, lineMax)
	t := &table{guard: &guard{r: in}}
	if mark, _ := in.Peek(3); string(mark) == "\xEF\xBB\xBF" {
		in.Discard(3) // what was peeked is there
	}
	for {
		c, _ := in.Peek(1)
		if string(c) != "#" {
			break
		}
		line, err := in.ReadSlice('\n')
		if t.before++; errors.Is(err, bufio.ErrBufferFull) {
			return nil, &FileError{Line: t.before, Err: errLine}
		}
		text := strings.TrimLeft(string(line), "# ")
		if fields, err := newCSV(strings.NewReader(text), comma(line)).Read(); err == nil && len(fields) > 1 {
			t.named = fields
		}
	}
	first, _ := in.Peek(512) // an error comes again
	t.csv = newCSV(t.guard, comma(first))
	return t, nil
}

func newCSV(r io.Reader, comma rune) *csv.Reader {
	c := csv.NewReader(r)
	// Feeds differ from RFC 4180 in blanks before quotation marks, marks inside fields, and records of different length.
	c.Comma, c.Comment, c.FieldsPerRecord, c.LazyQuotes, c.TrimLeadingSpace = comma, '#', -1, true, true
	return c
}

// comma is what parts the fields of the first line.
func comma(first []byte) rune {
	line, _, _ := bytes.Cut(first, []byte("\n"))
	for _, c := range ",;\t" {
		if bytes.ContainsRune(line, c) {
			return c
		}
	}
	return ','
}

// next returns the next record and its line, nil at the end.
func (t *table) next() (fields []string, line int, err error) {
	t.guard.left = lineMax + csvAhead
	fields, err = t.csv.Read()
	if len(fields) > 0 {
		line, _ = t.csv.FieldPos(0)
	}
	line += t.before
	var form *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return nil, line, nil
	case errors.Is(err, errLine):
		return nil, line, &FileError{Line: line, Err: errLine}
	case errors.As(err, &form):
		return nil, line, &FileError{Line: t.before + form.Line, Err: form.Err}
	case err != nil:
		return nil, line, err
	}
	size := 0
	for _, f := range fields {
		if size += len(f); strings.IndexByte(f, 0) >= 0 {
			return nil, line, &FileError{Line: line, Err: errBinary}
		}
	}
	if size > lineMax {
		return nil, line, &FileError{Line: line, Err: errLine}
	}
	return fields, line, nil
}

// csv reads one column of a CSV file. A column that is named is looked for in the first record, or in a comment before it.
func (r *reading) csv(f io.Reader) error {
	t, err := openTable(f)
	if err != nil {
		return err
	}
	line := 0
	r.at = func() int { return line }
	column, err := strconv.Atoi(r.src.Column)
	named := r.src.Column != "" && err != nil
	if !named {
		column = max(column, 1) - 1
	} else if column = find(t.named, r.src.Column); column >= 0 {
		named = false
	}
	for first := true; ; first = false {
		var fields []string
		if fields, line, err = t.next(); err != nil || fields == nil {
			return err
		}
		if first && named {
			if column = find(fields, r.src.Column); column < 0 {
				return &FileError{Line: line, Err: errColumn}
			}
			continue
		}
		if column >= len(fields) {
			r.bad(errColumn)
			continue
		}
		if _, err := Parse(r.src.Type, fields[column]); err != nil && first { // a heading
			continue
		}
		if err := r.value(r.src.Type, fields[column]); err != nil {
			return err
		}
	}
}

func find(fields []string, name string) int {
	return slices.IndexFunc(fields, func(f string) bool { return strings.EqualFold(strings.Trim(f, " \""), name) })
}
