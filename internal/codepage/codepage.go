// Package codepage has the encodings of Windows code page identifiers, as documents, mails and archives of Windows name them (MS-UCODEREF 2.2.1): those of
// golang.org/x/text, and the DOS, Macintosh and Johab pages that it lacks.
//
// # Limits
//
// The pages that x/text lacks are decoded only. What a page does not have becomes U+FFFD.
package codepage

import (
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// Of is the encoding of a code page, nil for one that is not known. UTF-16 is none of them. All but a few agree on ASCII.
func Of(n int) encoding.Encoding {
	switch n {
	case 932, 10001: // 10001 is the Macintosh's Shift_JIS
		return japanese.ShiftJIS
	case 50220, 50221, 50222:
		return japanese.ISO2022JP
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
