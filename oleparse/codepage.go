package oleparse

import (
	"encoding/binary"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"sekisho/internal/codepage"
)

const westEuropean = 1252

// codePage returns the encoding of a Windows code page identifier as PROJECTCODEPAGE holds it (MS-OVBA 2.3.4.2.1.5); known is false where
// Windows-1252 stands in. All of them agree on ASCII, so that keywords are found whatever the page says.
func codePage(n int) (e encoding.Encoding, known bool) {
	if e = codepage.Of(n); e != nil {
		return e, true
	}
	return charmap.Windows1252, false
}

// decodeText turns bytes of a code page into UTF-8; what the page does not have becomes U+FFFD.
func decodeText(page int, b []byte) string {
	if isASCII(b) { // every page agrees there
		return string(b)
	}
	e, _ := codePage(page)
	out, err := e.NewDecoder().Bytes(b)
	if err != nil { // the decoders replace, they do not fail
		out = b
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

func isASCII(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// decodeSource is decodeText with every line end as "\n".
func decodeSource(page int, b []byte) string {
	s := decodeText(page, b)
	if !strings.Contains(s, "\r") {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}
