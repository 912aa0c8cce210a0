package lists

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"strings"
)

const (
	lineMax     = 8 << 10 // bytes of a line or CSV record: the longest URL, quoted, with a description
	problemsMax = 5       // told of one file: who mends one mends the others
)

// Report is what became of a list's file.
type Report struct {
	Entries     int       `json:"entries"`     // in force, each once
	Read        int       `json:"read"`        // entries that were taken
	Left        int       `json:"left"`        // well-formed, and not for this list: of another type, expired, revoked, not to be used for detection
	Unsupported int       `json:"unsupported"` // patterns that need more than a look-up
	Bad         int       `json:"bad"`         // lines or values that cannot be read
	Problems    []Problem `json:"problems,omitempty"`
}

// Problem is something wrong in a file. Its text repeats nothing of it.
type Problem struct {
	Line int    `json:"line"`
	Text string `json:"text"`
}

func (p Problem) String() string { return fmt.Sprintf("line %d: %s", p.Line, p.Text) }

// FileError is why a file is not taken.
type FileError struct {
	Line int // 0 where none is to blame
	Err  error
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("line %d: %v", e.Line, e.Err)
}

func (e *FileError) Unwrap() error { return e.Err }

var (
	errLine    = fmt.Errorf("a line or record longer than %d bytes", lineMax)
	errBinary  = errors.New("not a text file")
	errEmpty   = errors.New("an empty file: a download that failed? A comment makes an empty list")
	errWrong   = errors.New("more values that cannot be read than entries: another kind of file?")
	errEntries = fmt.Errorf("more than %d entries", entriesMax)
	errColumn  = errors.New("no such column")
	errJSON    = errors.New("neither an attribute of MISP nor an object of STIX in it")
)

// reading is one pass over a file.
type reading struct {
	ctx  context.Context
	src  Source
	emit func(Item) error
	at   func() int // the line that is being read
	rep  Report
}

// read parses a whole file. The error is a *FileError for the file, else our own trouble.
func (r *reading) read(f io.ReadSeeker) error {
	first := make([]byte, 512)
	n, err := io.ReadFull(f, first)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	first = first[:n]
	if n == 0 {
		return &FileError{Err: errEmpty}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	switch r.format(first) {
	case formatCSV:
		err = r.csv(f)
	case formatMISP:
		err = r.misp(f, isJSON(first))
	case formatSTIX:
		err = r.json(f)
	default:
		err = r.lines(f)
	}
	if err == nil && r.rep.Bad > r.rep.Read+r.rep.Left+r.rep.Unsupported {
		err = &FileError{Line: r.firstLine(), Err: errWrong}
	}
	return err
}

func (r *reading) firstLine() int {
	if len(r.rep.Problems) == 0 {
		return 0
	}
	return r.rep.Problems[0].Line
}

func isJSON(first []byte) bool {
	text := bytes.TrimLeft(bytes.TrimPrefix(first, []byte("\xEF\xBB\xBF")), " \t\r\n")
	return len(text) > 0 && (text[0] == '{' || text[0] == '[' && !bytes.HasPrefix(text, []byte("[.")))
}

// format is the source's, or the one that the file looks like.
func (r *reading) format(first []byte) string {
	switch {
	case r.src.Format != formatAuto:
		return r.src.Format
	case isJSON(first):
		return formatSTIX // one reader finds either in JSON
	case r.src.Column != "" || strings.EqualFold(filepath.Ext(r.src.File), ".csv"):
		return formatCSV
	}
	return formatLines
}

// value takes one value of a file. The error ends the reading.
func (r *reading) value(t Type, text string) error {
	items, err := Parse(t, text)
	if err != nil {
		r.bad(err)
		return nil
	}
	taken := false
	for _, it := range items {
		if !r.src.takes(it.Type) {
			continue
		}
		taken = true
		if err := r.emit(it); err != nil {
			return err
		}
	}
	if !taken {
		r.rep.Left++
		return nil
	}
	if r.rep.Read++; r.rep.Read > entriesMax {
		return &FileError{Line: r.at(), Err: errEntries}
	}
	if r.rep.Read%1024 == 0 {
		return r.ctx.Err()
	}
	return nil
}

func (r *reading) bad(err error) {
	r.rep.Bad++
	r.tell(err)
}

func (r *reading) tell(err error) {
	if len(r.rep.Problems) < problemsMax {
		r.rep.Problems = append(r.rep.Problems, Problem{r.at(), err.Error()})
	}
}

// lines reads one entry a line. "#" begins a comment, what follows the entry is not read: the name behind a hash, say.
func (r *reading) lines(f io.Reader) error {
	in := bufio.NewReaderSize(f, lineMax)
	n := 0
	r.at = func() int { return n }
	for {
		n++
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return &FileError{Line: n, Err: errLine}
		case err != nil && !errors.Is(err, io.EOF):
			return err
		case bytes.IndexByte(line, 0) >= 0:
			return &FileError{Line: n, Err: errBinary}
		}
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\xEF\xBB\xBF"))
		}
		if text := r.entry(string(line)); text != "" {
			if err := r.value(r.src.Type, text); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}

// entry is what a line lists, "" for none. A hosts file has an address of this machine before each name.
func (r *reading) entry(line string) string {
	fields := strings.Fields(line)
	if len(fields) == 0 || fields[0][0] == '#' {
		return ""
	}
	if len(fields) > 1 && r.src.Type != IP && fields[1][0] != '#' {
		if a, err := netip.ParseAddr(fields[0]); err == nil && (a.IsLoopback() || a.IsUnspecified()) {
			fields = fields[1:]
		}
	}
	text, _, _ := strings.Cut(fields[0], "#")
	return text
}
