package xlm

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// SYLK ("symbolic link", Multiplan's interchange format) is text: records of a type and fields behind semicolons, expressions in R1C1 notation. There
// is no specification; what is known stands in Microsoft's summary of fields of 1986 (sylksum) and in SheetJS' notes.

const (
	slkLine  = 64 << 10 // bytes of a record that are read; Excel's longest formula has 8,192 characters
	slkCells = 1 << 17  // cells kept
	slkNames = 1 << 14  // names kept
	slkText  = 16 << 20 // bytes of expressions and values kept
)

// IsSLK says whether Excel takes a file that begins with head for SYLK: it opens with an ID record (the only one that must be first).
func IsSLK(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF"))
	if len(head) < 3 || !bytes.EqualFold(head[:2], []byte("ID")) {
		return false
	}
	if head[2] == ';' && len(head) > 3 && head[3]|0x20 == 'p' {
		return true
	}
	if i := bytes.IndexAny(head, "\r\n"); i == 2 || i > 0 && head[2] == ';' {
		rest := bytes.TrimLeft(head[i:], "\r\n \t")
		for _, record := range [...]string{"P;", "F;", "B;", "C;", "O;", "NN;", "W;"} {
			if bytes.HasPrefix(rest, []byte(record)) {
				return true
			}
		}
	}
	return false
}

// ReadSLK reads a SYLK file. unread says that a limit left cells or names out. The error is the reader's or the context's.
func ReadSLK(ctx context.Context, r io.Reader) (w *Workbook, unread bool, err error) {
	s := &slk{sheet: Sheet{Name: "SYLK"}, left: slkText, shared: map[addr]string{}}
	in := bufio.NewReaderSize(r, slkLine)
	for n := 0; err == nil; n++ {
		if n&1023 == 0 && ctx.Err() != nil {
			return s.book(), s.cut, ctx.Err()
		}
		var line []byte
		line, err = s.line(in)
		for part := range bytes.FieldsFuncSeq(line, func(r rune) bool { return r == '\r' || r == '\n' }) {
			s.record(part)
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return s.book(), s.cut, err
}

// slk is the reading of one file.
type slk struct {
	sheet  Sheet
	names  []Name
	row    int // of the last cell; X and Y that are left out stay as they were
	col    int
	left   int
	cut    bool
	shared map[addr]string // expressions as written, for cells that share them
	fields []field
	buf    []byte
}

// field is one field of a record: its letter and the text behind it.
type field struct {
	letter byte
	text   string
}

// line reads up to a line end; what of a line is past slkLine is passed over.
func (s *slk) line(in *bufio.Reader) ([]byte, error) {
	b, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return b, err
	}
	s.buf = append(s.buf[:0], b...)
	for errors.Is(err, bufio.ErrBufferFull) {
		s.cut = true
		_, err = in.ReadSlice('\n')
	}
	return s.buf, err
}

// book is what was read: one sheet and its names.
func (s *slk) book() *Workbook { return &Workbook{Sheets: []Sheet{s.sheet}, Names: s.names} }

// record reads one record. Types are compared without regard to case, which costs nothing.
func (s *slk) record(line []byte) {
	line = bytes.TrimLeft(line, " \t\x00")
	name, rest, ok := bytes.Cut(line, []byte(";"))
	if !ok || len(name) > 2 {
		return
	}
	switch strings.ToUpper(string(bytes.TrimSpace(name))) {
	case "C":
		s.split(rest)
		s.place()
		s.cell()
	case "F":
		s.split(rest)
		s.place()
	case "NN":
		s.split(rest)
		s.name()
	case "O":
		s.split(rest)
		for _, f := range s.fields {
			if f.letter == 'E' { // an executable sheet
				s.sheet.Kind = MacroSheet
			}
		}
	}
}

// split cuts a record's fields apart: at a semicolon, which inside a field is doubled or written as ESC "#;".
func (s *slk) split(b []byte) {
	s.fields = s.fields[:0]
	var text []byte
	for len(b) > 0 && len(s.fields) < 256 { // letters are 26; honest records repeat none
		text = text[:0]
		for len(b) > 0 {
			n, c := slkByte(b)
			b = b[n:]
			if n == 1 && c == ';' {
				if len(b) == 0 || b[0] != ';' {
					break
				}
				b = b[1:]
			}
			text = append(text, c)
		}
		t := bytes.TrimLeft(text, " ")
		if len(t) > 0 {
			s.fields = append(s.fields, field{upper(t[0]), decodeANSI(t[1:])})
		}
	}
}

// upper is a letter of ASCII in upper case.
func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		c -= 'a' - 'A'
	}
	return c
}

// slkByte is the byte at the start of b and how many bytes spell it: ESC and two more are any byte, ESC "N" and one more those of a table, of
// which the ASCII ones matter.
func slkByte(b []byte) (n int, c byte) {
	if b[0] != 0x1B || len(b) < 3 {
		return 1, b[0]
	}
	if b[1] >= 0x20 && b[1] <= 0x2F && b[2] >= 0x30 && b[2] <= 0x3F {
		return 3, b[1]<<4 | b[2]&0x0F
	}
	if b[1] == 'N' {
		switch b[2] {
		case '*':
			return 3, '"'
		case '&':
			return 3, '#'
		case ')', '9':
			return 3, '\''
		case 'P':
			return 3, '-'
		}
		return 3, '?'
	}
	return 1, b[0]
}

// decodeANSI is text of the system's code page; Western Europe's is assumed where it is not UTF-8.
func decodeANSI(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "?")
	}
	return string(out)
}

// field is the text of the first field with a letter.
func (s *slk) field(letter byte) (string, bool) {
	for _, f := range s.fields {
		if f.letter == letter {
			return f.text, true
		}
	}
	return "", false
}

// place moves to the cell of the record.
func (s *slk) place() {
	for _, f := range s.fields {
		n, err := strconv.Atoi(strings.TrimSpace(f.text))
		if err != nil || n < 1 {
			continue
		}
		switch {
		case f.letter == 'Y' && n <= rowsMax:
			s.row = n - 1
		case f.letter == 'X' && n <= colsMax:
			s.col = n - 1
		}
	}
}

// cell reads a C record.
func (s *slk) cell() {
	expr, has := s.field('E')
	if m, ok := s.field('M'); ok && !has { // of a matrix
		expr, has = m, true
	}
	at := addr{row: s.row, col: s.col}
	if _, ok := s.field('S'); ok && !has {
		expr = s.shared[s.sharedFrom()]
	}
	value, _ := s.field('K')
	if len(s.sheet.Cells) >= slkCells || s.left < 0 {
		s.cut = true
		return
	}
	c := Cell{Row: s.row, Col: s.col, Value: slkValue(value), Formula: fromR1C1(expr, s.row, s.col)}
	if c.Formula != "" {
		s.shared[at] = expr
	}
	s.left -= len(c.Formula) + len(c.Value) + len(expr)
	if c.Formula != "" || c.Value != "" {
		s.sheet.Cells = append(s.sheet.Cells, c)
	}
}

// sharedFrom is the cell whose expression this one shares (fields R and C, with S).
func (s *slk) sharedFrom() addr {
	at := addr{row: s.row, col: s.col}
	for _, f := range s.fields {
		if n, err := strconv.Atoi(f.text); err == nil {
			switch f.letter {
			case 'R':
				at.row = n - 1
			case 'C':
				at.col = n - 1
			}
		}
	}
	return at
}

// slkValue is a K field: text is in quotes.
func slkValue(s string) string {
	if len(s) > 1 && s[0] == '"' {
		s = strings.TrimSuffix(s[1:], `"`)
		return strings.ReplaceAll(s, `""`, `"`)
	}
	return s
}

// name reads an NN record: a defined name; F and G say that it is a macro's.
func (s *slk) name() {
	name, ok := s.field('N')
	expr, _ := s.field('E')
	if !ok || name == "" {
		return
	}
	if len(s.names) >= slkNames {
		s.cut = true
		return
	}
	_, f := s.field('F')
	_, g := s.field('G')
	s.left -= len(name) + len(expr)
	s.names = append(s.names, Name{Name: name, Formula: fromR1C1(expr, 0, 0), Sheet: -1, Macro: f || g})
}

// fromR1C1 writes a formula's references in A1 notation. Texts stay as they are.
func fromR1C1(formula string, row, col int) string {
	formula = strings.TrimPrefix(strings.TrimSpace(formula), "=")
	var b strings.Builder
	for i := 0; i < len(formula); {
		n := 1
		switch c := formula[i]; {
		case c == '"' || c == '\'':
			n = len(formula) - i
			if end := strings.IndexByte(formula[i+1:], c); end >= 0 {
				n = end + 2
			}
			b.WriteString(formula[i : i+n])
		case wordEnd(formula[i:]) > 0:
			var text string
			text, n = wordFromR1C1(formula[i:], base{row: row, col: col})
			b.WriteString(text)
		default:
			b.WriteByte(c)
		}
		i += n
	}
	return b.String()
}

// wordFromR1C1 rewrites the word at the start of s where it is a reference. Before "(" it may be one as well: a macro called by its cell.
func wordFromR1C1(s string, at base) (text string, n int) {
	n = wordEnd(s)
	a, m, ok := parseR1C1(s, at)
	if !ok || m < len(s) && s[m] == '!' || known(functionName(s[:n])) {
		return s[:n], n
	}
	return a.a1(""), m
}
