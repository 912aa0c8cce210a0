package hosts

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

// unify gives the bytes of a file as UTF-8 where a byte order mark, or the zeros of ASCII in 16 bits, tell its encoding. Otherwise they are left as they are, because
// EmoCheck's own reports mix two: its words are UTF-8, paths and names of the machine are in the system's code page.
func unify(b []byte) []byte {
	switch {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		return b[3:]
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}), len(b) > 1 && b[0] != 0 && b[1] == 0:
		return decoded(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), b)
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}), len(b) > 1 && b[0] == 0 && b[1] != 0:
		return decoded(unicode.UTF16(unicode.BigEndian, unicode.UseBOM), b)
	}
	return b
}

// decoded never fails: what an encoding does not have becomes U+FFFD.
func decoded(e encoding.Encoding, b []byte) []byte {
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return out
}

// systemText is text of a machine: UTF-8, else the code page of Japanese Windows (932), whose bytes are hardly ever valid UTF-8.
func systemText(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return string(decoded(japanese.ShiftJIS, b))
}

// readings are the ways in which a line of words may be read: a converted French report has code page 1252.
func readings(line []byte) []string {
	if utf8.Valid(line) {
		return []string{string(line)}
	}
	return []string{systemText(line), string(decoded(charmap.Windows1252, line))}
}

// clip bounds a text of a report and takes out what is no text, NUL above all: it is shown to people for years.
func clip(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r == 0 || r == utf8.RuneError {
			return '?'
		}
		return r
	}, strings.TrimSpace(strings.ToValidUTF8(s, "?")))
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}
