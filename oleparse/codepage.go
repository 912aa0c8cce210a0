package oleparse

import (
	"encoding/binary"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

const westEuropean = 1252

// codePage returns the encoding of a Windows code page identifier as PROJECTCODEPAGE holds it (MS-OVBA 2.3.4.2.1.5); known is false where
// Windows-1252 stands in. All of them agree on ASCII, so that keywords are found whatever the page says.
func codePage(n int) (e encoding.Encoding, known bool) {
	if e = pageOf(n); e != nil {
		return e, true
	}
	return charmap.Windows1252, false
}

func pageOf(n int) encoding.Encoding {
	switch n {
	case 932, 10001: // 10001 is the Macintosh's Shift_JIS
		return japanese.ShiftJIS
	case 20932, 51932:
		return japanese.EUCJP
	case 936, 10008, 20936:
		return simplifiedchinese.GBK
	case 54936:
		return simplifiedchinese.GB18030
	case 949, 10003, 51949, 20949:
		return korean.EUCKR
	case 1361:
		return johab{}
	case 950, 10002:
		return traditionalchinese.Big5
	case 874, 10021:
		return charmap.Windows874
	case 10000:
		return charmap.Macintosh
	case 10005: // the letters lie where Windows has them
		return charmap.Windows1255
	case 10007, 10017:
		return charmap.MacintoshCyrillic
	case 20127, 65001:
		return unicode.UTF8
	case 20866:
		return charmap.KOI8R
	case 21866:
		return charmap.KOI8U
	}
	if e := windowsPage(n); e != nil {
		return e
	}
	if e := isoPage(n); e != nil {
		return e
	}
	if e := dosPage(n); e != nil {
		return e
	}
	return upperHalfOf(n)
}

func windowsPage(n int) encoding.Encoding {
	pages := [...]encoding.Encoding{charmap.Windows1250, charmap.Windows1251, charmap.Windows1252, charmap.Windows1253, charmap.Windows1254,
		charmap.Windows1255, charmap.Windows1256, charmap.Windows1257, charmap.Windows1258}
	if i := n - 1250; i >= 0 && i < len(pages) {
		return pages[i]
	}
	return nil
}

func dosPage(n int) encoding.Encoding {
	switch n {
	case 437:
		return charmap.CodePage437
	case 850:
		return charmap.CodePage850
	case 852:
		return charmap.CodePage852
	case 855:
		return charmap.CodePage855
	case 858:
		return charmap.CodePage858
	case 860:
		return charmap.CodePage860
	case 862:
		return charmap.CodePage862
	case 863:
		return charmap.CodePage863
	case 865:
		return charmap.CodePage865
	case 866:
		return charmap.CodePage866
	}
	return nil
}

func isoPage(n int) encoding.Encoding {
	pages := [...]encoding.Encoding{1: charmap.ISO8859_1, charmap.ISO8859_2, charmap.ISO8859_3, charmap.ISO8859_4, charmap.ISO8859_5, charmap.ISO8859_6,
		charmap.ISO8859_7, charmap.ISO8859_8, charmap.ISO8859_9, charmap.ISO8859_10, charmap.Windows874, nil, charmap.ISO8859_13, charmap.ISO8859_14,
		charmap.ISO8859_15, charmap.ISO8859_16}
	if i := n - 28590; i > 0 && i < len(pages) {
		return pages[i]
	}
	return nil
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
