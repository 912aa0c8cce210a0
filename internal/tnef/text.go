package tnef

import (
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
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

// page is the encoding of a Windows code page identifier.
func page(n int) encoding.Encoding {
	switch n {
	case 932:
		return japanese.ShiftJIS
	case 50220, 50221, 50222:
		return japanese.ISO2022JP
	case 20932, 51932:
		return japanese.EUCJP
	case 936, 20936, 52936:
		return simplifiedchinese.GBK
	case 54936:
		return simplifiedchinese.GB18030
	case 949, 51949:
		return korean.EUCKR
	case 950:
		return traditionalchinese.Big5
	case 65001, 20127:
		return unicode.UTF8
	}
	return singleByte(n)
}

func singleByte(n int) encoding.Encoding {
	switch n {
	case 437:
		return charmap.CodePage437
	case 850:
		return charmap.CodePage850
	case 852:
		return charmap.CodePage852
	case 866:
		return charmap.CodePage866
	case 874:
		return charmap.Windows874
	case 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258:
		return [...]encoding.Encoding{charmap.Windows1250, charmap.Windows1251, charmap.Windows1252, charmap.Windows1253, charmap.Windows1254,
			charmap.Windows1255, charmap.Windows1256, charmap.Windows1257, charmap.Windows1258}[n-1250]
	case 10000:
		return charmap.Macintosh
	case 20866:
		return charmap.KOI8R
	case 21866:
		return charmap.KOI8U
	case 28591:
		return charmap.Windows1252
	case 28592:
		return charmap.ISO8859_2
	case 28595:
		return charmap.ISO8859_5
	case 28605:
		return charmap.ISO8859_15
	}
	return nil
}

// baseName is a name without its folders, as programs save it.
func baseName(s string) string {
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	return strings.TrimSpace(s)
}
