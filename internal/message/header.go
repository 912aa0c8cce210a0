package message

import (
	"strings"
	"sync"
)

// Field is one header field. Raw is every byte after the colon, leading space and folding included, without the last line end.
type Field struct{ Name, Raw string }

// Header is a header in order, duplicates kept. It is safe for concurrent reading.
type Header struct {
	Fields []Field

	mu     sync.Mutex
	parsed []parsed
}

// sameName compares field names. Folding keeps the length of what may be in one (RFC 5322 3.6.8: ASCII).
func sameName(a, b string) bool { return len(a) == len(b) && strings.EqualFold(a, b) }

// Get returns the first field of that name, unfolded and trimmed, undecoded; "" when there is none.
func (h *Header) Get(name string) string {
	for i := range h.Fields {
		if sameName(h.Fields[i].Name, name) {
			return unfold(h.Fields[i].Raw)
		}
	}
	return ""
}

// All returns every field of that name in order, unfolded and trimmed, undecoded.
func (h *Header) All(name string) []string {
	var all []string
	for i := range h.Fields {
		if sameName(h.Fields[i].Name, name) {
			all = append(all, unfold(h.Fields[i].Raw))
		}
	}
	return all
}

// Text returns the first field of that name decoded for reading: encoded-words, and raw 8-bit in whatever charset it plausibly is.
func (h *Header) Text(name string) string { return decodeText(h.Get(name)) }

// unfold removes line ends (RFC 5322 2.2.3) and NULs. A line that was continued without a blank gets one.
func unfold(raw string) string { return unfoldWith(raw, ' ') }

// unfoldWith is unfold with joint between lines that were continued without a blank.
func unfoldWith(raw string, joint byte) string {
	if strings.IndexByte(raw, '\n') < 0 && strings.IndexByte(raw, '\r') < 0 && strings.IndexByte(raw, 0) < 0 {
		return strings.Trim(raw, " \t")
	}
	b := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; c {
		case 0:
		case '\r', '\n':
			if i+1 < len(raw) && strings.IndexByte("\r\n \t", raw[i+1]) < 0 {
				b = append(b, joint)
			}
		default:
			b = append(b, c)
		}
	}
	return strings.Trim(string(b), " \t")
}

// parseHeader reads the lines of a header block as mail programs do: a line that is no field (no name, no colon) continues the field
// before it, indented or not; before the first field it is dropped. tail is where the last run of lines begins that are neither a field
// nor indented: what a body looks like whose blank line is missing; -1 when there is none.
func parseHeader(block string) (h *Header, tail int) {
	h, tail = &Header{Fields: make([]Field, 0, strings.Count(block, "\n")+1)}, -1
	value := 0 // where the current field's value begins
	end := 0   // where it ends so far
	flush := func() {
		if n := len(h.Fields); n > 0 {
			h.Fields[n-1].Raw = block[value:end]
		}
	}
	for at := 0; at < len(block); {
		line, size := cutLine(block[at:])
		folded := line != "" && (line[0] == ' ' || line[0] == '\t')
		name, colon := fieldName(line)
		switch {
		case colon >= 0 && (!folded || len(h.Fields) == 0): // a folded first line is a field all the same
			flush()
			h.Fields = append(h.Fields, Field{Name: name})
			value, tail = at+colon+1, -1
		case (!folded || strings.Trim(line, " \t") == "") && tail < 0:
			tail = at
		}
		if line != "" {
			end = at + len(line)
		}
		at += size
	}
	flush()
	return h, tail
}

// cutLine returns the first line of s and its size with the line end: LF, CRLF, a bare CR, or CRs before LF.
func cutLine(s string) (line string, size int) {
	i := strings.IndexByte(s, '\n')
	if i < 0 {
		i = len(s)
	}
	if j := strings.IndexByte(s[:i], '\r'); j >= 0 {
		i = j
	}
	if i == len(s) {
		return s, len(s)
	}
	return s[:i], i + max(1, lineEnd(s[i:]))
}

// lineEnd is the length of the line end that s begins with: 1 for LF or a bare CR, more for CRs before an LF.
func lineEnd[T string | []byte](s T) int {
	n := 0
	for n < len(s) && n < maxCRs && s[n] == '\r' {
		n++
	}
	if n < len(s) && s[n] == '\n' {
		return n + 1
	}
	return min(n, 1)
}

// maxCRs is how many CRs before an LF are one line end with it: "\r\r\n" comes from programs that converted twice, more from nobody.
const maxCRs = 4

// fieldName reads a field's name (RFC 5322 3.6.8: printable, no colon), with blanks before the colon as obs-fields have them (4.5)
// and NULs removed as Postfix does. colon is -1 when the line is no field. Names with the characters of a parameter or an address are refused: such a
// line is a continuation that lost its blank.
func fieldName(line string) (name string, colon int) {
	colon = strings.IndexByte(line, ':')
	if colon <= 0 || colon > maxName {
		return "", -1
	}
	name = strings.Trim(line[:colon], " \t\x00")
	if strings.IndexByte(name, 0) >= 0 {
		name = strings.ReplaceAll(name, "\x00", "")
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; c <= ' ' || c > '~' || strings.IndexByte(`"=;<>,()`, c) >= 0 {
			return "", -1
		}
	}
	if name == "" {
		return "", -1
	}
	return name, colon
}

// maxName bounds a field's name: RFC 5322 2.1.1 has lines of 998.
const maxName = 998
