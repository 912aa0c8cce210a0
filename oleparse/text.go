package oleparse

import "io"

// textMax bounds the text of a document that is handed on: a novel has 1 MB; what asks for macros stands on the first page.
const textMax = 8 << 20

// text hands on a paragraph of the document's text.
func (r *reading) text(s string) {
	r.write(s)
	r.write("\n")
}

// write hands on a piece of it.
func (r *reading) write(s string) {
	if r.o.Text == nil || r.texts >= textMax || s == "" {
		return
	}
	r.texts += len(s)
	if _, err := io.WriteString(r.o.Text, s); err != nil {
		r.fail(err)
	}
}

// lidPage is the ANSI code page of a language identifier (MS-LCID 2.2), 0 for one that leaves it open.
func lidPage(lid int) int {
	switch lid {
	case 0:
		return 0
	case 0x0404, 0x0C04, 0x1404: // traditional Chinese
		return 950
	case 0x0804, 0x1004:
		return 936
	case 0x0C1A, 0x201A, 0x082C, 0x0843: // Cyrillic Serbian, Bosnian, Azerbaijani, Uzbek
		return 1251
	}
	switch lid & 0x3FF {
	case 0x11:
		return 932
	case 0x12:
		return 949
	case 0x1E:
		return 874
	case 0x05, 0x0E, 0x15, 0x18, 0x1A, 0x1B, 0x1C, 0x24: // Czech, Hungarian, Polish, Romanian, Croatian, Slovak, Albanian, Slovenian
		return 1250
	case 0x02, 0x19, 0x22, 0x23, 0x2F, 0x3F, 0x40, 0x44, 0x50: // Bulgarian, Russian, Ukrainian, Belarusian, Macedonian, …
		return 1251
	case 0x08:
		return 1253
	case 0x1F, 0x2C, 0x43:
		return 1254
	case 0x0D:
		return 1255
	case 0x01, 0x20, 0x29:
		return 1256
	case 0x25, 0x26, 0x27:
		return 1257
	case 0x2A:
		return 1258
	}
	return westEuropean
}
