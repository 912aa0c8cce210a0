package tnef

import (
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"sekisho/internal/codepage"
)

// nameMax bounds a name: Windows allows 255 characters, an address 2,083.
const nameMax = 4 << 10

// text is a value's text. Binary values are HTML, in the code page of the Internet (MS-OXPROPS, PidTagHtml).
func (p *parser) text(v value, most int64) string {
	if v.Size <= 0 {
		return ""
	}
	b := p.load(v.Span, most)
	var s string
	switch v.typ &^ manyValues {
	case typeString:
		s = decode(utf16le, b[:len(b)&^1])
	case typeBinary:
		s = decode(codePage(p.webPage, p.messagePage, p.oemPage), b)
	case typeString8: // MS-OXTNEF 2.1.3.3.5: strings are in the code page of attOemCodepage
		s = decode(codePage(p.oemPage, p.messagePage), b)
	}
	s, _, _ = strings.Cut(s, "\x00")
	return s
}

// decode never fails: what is malformed becomes U+FFFD.
func decode(e encoding.Encoding, b []byte) string {
	out, err := e.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}

var utf16le = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)

// codePage is the encoding of the first page that is known. UTF-16 is none of them: the string would end at its first zero.
func codePage(pages ...int) encoding.Encoding {
	for _, n := range pages {
		if e := page(n); e != nil {
			return e
		}
	}
	return charmap.Windows1252
}

// page is the encoding of a Windows code page identifier. Mail that says ISO 8859-1 means Windows-1252.
func page(n int) encoding.Encoding {
	const latin1 = 28591
	if n == latin1 {
		return charmap.Windows1252
	}
	return codepage.Of(n)
}

// baseName is a name without its folders, as programs save it.
func baseName(s string) string {
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	return strings.TrimSpace(s)
}
