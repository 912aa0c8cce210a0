// Package finding is the unit of evidence: what was seen in a message, and where. It is a leaf: every other package may
// import it and it imports none of ours.
//
// # Limits
//
// A Detail holds at most DetailMax bytes of printable UTF-8, a name in a Path at most NameMax bytes. A Path is printed with every "!" in a
// name escaped and every byte that is not UTF-8, and every control or bidirectional formatting character, written as an escape, so that
// a printed path has one reading and can be read back.
package finding

import (
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Severity is for people; rules decide by Kind.
type Severity uint8

// The severities, mildest first.
const (
	Info Severity = iota
	Suspicious
	Malicious
)

var severityWords = [...]string{"info", "suspicious", "malicious"}

// String returns "info", "suspicious" or "malicious".
func (s Severity) String() string {
	if int(s) < len(severityWords) {
		return severityWords[s]
	}
	return "severity(" + strconv.Itoa(int(s)) + ")"
}

// MarshalText writes the severity's word.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a severity's word.
func (s *Severity) UnmarshalText(b []byte) error {
	for i, w := range severityWords {
		if w == string(b) {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("finding: unknown severity %q", b)
}

// Path says where: the MIME part number first (for a mail), then the names of members, outermost first.
// The empty path is the scanned file itself.
type Path []string

// Separator stands between the components of a printed path.
const Separator = "!/"

// String joins the components with "!/". A "!" inside a name is written \!, a backslash \\, bytes that are not UTF-8 \xNN, and
// control or formatting characters \u{N}, an empty name \u{}, so that different paths print differently and nothing printed can act on a
// terminal.
func (p Path) String() string {
	if len(p) == 0 {
		return ""
	}
	var b strings.Builder
	for i, name := range p {
		if i > 0 {
			b.WriteString(Separator)
		}
		escape(&b, name)
	}
	return b.String()
}

func escape(b *strings.Builder, name string) {
	if name == "" {
		b.WriteString(`\u{}`) // an archive may hold a member without a name, which is not the archive itself
	}
	for len(name) > 0 {
		r, n := utf8.DecodeRuneInString(name)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(b, `\x%02x`, name[0])
		case r == '!' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case !unicode.IsPrint(r) && r != '\u3000': // IDEOGRAPHIC SPACE is an everyday sight in Japanese file names
			fmt.Fprintf(b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
		name = name[n:]
	}
}

// NameMax is the most bytes of one name: four for each of the 255 UTF-16 units that file systems allow. An archive may give each of its
// members 64 KiB, and a path stands in every finding, log record and report.
const NameMax = 1020

// Child returns the path of a member of p. It never shares memory with p. A name longer than NameMax is cut and gets a check sum of the
// whole name, so that two long names stay two.
func (p Path) Child(name string) Path {
	if len(name) > NameMax {
		sum := fmt.Sprintf("…%08x", crc32.ChecksumIEEE([]byte(name)))
		name = name[:edge(name, NameMax-len(sum))] + sum
	}
	c := make(Path, len(p)+1)
	copy(c, p)
	c[len(p)] = name
	return c
}

// edge returns the last place at or before n where a rune of s begins, n itself when there is none near.
func edge(s string, n int) int {
	for i := n; i > n-utf8.UTFMax; i-- {
		if utf8.RuneStart(s[i]) {
			return i
		}
	}
	return n
}

// MarshalText writes the printed form.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the printed form back; it is the inverse of MarshalText.
func (p *Path) UnmarshalText(b []byte) error {
	*p = nil
	if len(b) == 0 {
		return nil
	}
	var name []byte
	for i := 0; i < len(b); {
		switch {
		case b[i] == '!' && i+1 < len(b) && b[i+1] == '/':
			*p = append(*p, string(name))
			name, i = name[:0], i+2
		case b[i] == '\\':
			v, n, err := unescape(b[i:])
			if err != nil {
				return err
			}
			name, i = append(name, v...), i+n
		default:
			name, i = append(name, b[i]), i+1
		}
	}
	*p = append(*p, string(name))
	return nil
}

func unescape(b []byte) (string, int, error) {
	switch {
	case len(b) >= 2 && (b[1] == '!' || b[1] == '\\'):
		return string(b[1:2]), 2, nil
	case len(b) >= 4 && b[1] == 'x':
		if n, err := strconv.ParseUint(string(b[2:4]), 16, 8); err == nil {
			return string([]byte{byte(n)}), 4, nil
		}
	case len(b) >= 4 && b[1] == 'u' && b[2] == '{':
		if digits, _, ok := strings.Cut(string(b[3:min(len(b), 3+len("10ffff}"))]), "}"); ok && digits == "" {
			return "", 4, nil
		} else if n, err := strconv.ParseUint(digits, 16, 32); ok && err == nil && utf8.ValidRune(rune(n)) {
			return string(rune(n)), len(digits) + 4, nil
		}
	}
	return "", 0, fmt.Errorf("finding: bad escape in path %q", b)
}

// DetailMax is the most bytes a Detail holds: enough for a macro name with its file name, short enough for a log line.
const DetailMax = 200

// Finding is one piece of evidence.
type Finding struct {
	Kind     Kind     `json:"kind"`
	Severity Severity `json:"severity"`
	Path     Path     `json:"path"`
	Detail   string   `json:"detail"`
}

// New makes a finding with its kind's usual severity. Bytes that come from the message go through %q in format.
// The detail is cut to DetailMax bytes at a rune's edge and holds no control characters.
func New(k Kind, p Path, format string, args ...any) Finding {
	return Finding{Kind: k, Severity: k.Severity(), Path: p, Detail: clip(fmt.Sprintf(format, args...))}
}

func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) { // U+3000 too: one kind of space is enough here
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) <= DetailMax {
		return s
	}
	return s[:edge(s, DetailMax-len("…"))] + "…"
}
