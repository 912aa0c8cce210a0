package rtf

import (
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"sekisho/internal/codepage"
)

const (
	maxFonts = 4096 // a document with all fonts of a typesetter's machine
	textRun  = 4096 // bytes decoded at once
	western  = 1252
)

// textOut turns bytes of changing code pages into UTF-8. Both bytes of a double-byte character may come in different control words.
type textOut struct {
	w    io.Writer
	left int64 // bytes still written
	err  error

	ansi     int           // \ansicpg
	deff     int           // default font
	defining int           // font whose definition is read
	fonts    map[int]int32 // code pages of fonts that have one
	decoders map[int32]*encoding.Decoder

	now  int32  // code page of raw
	raw  []byte // not decoded yet
	high rune   // first half of a surrogate pair
	dst  []byte
	one  [utf8.UTFMax]byte
}

func newTextOut(w io.Writer, limit int64) textOut {
	return textOut{w: w, left: limit, ansi: western, fonts: map[int]int32{}, decoders: map[int32]*encoding.Decoder{}, dst: make([]byte, 4*textRun)}
}

func (t *textOut) document(page int) {
	t.flush(true)
	t.ansi = page
}

// define sets the code page of the font being defined.
func (t *textOut) define(page int) {
	if page != 0 && (len(t.fonts) < maxFonts || t.fonts[t.defining] != 0) {
		t.fonts[t.defining] = int32(min(page, 1<<20))
	}
}

// page is a font's code page, 0 for the document's.
func (t *textOut) page(font int) int32 { return t.fonts[font] }

func (t *textOut) bytes(b []byte, page int32) {
	if t.left <= 0 || t.err != nil {
		return
	}
	if page != t.now {
		t.flush(true)
		t.now = page
	}
	for len(b) > 0 {
		n := min(len(b), textRun)
		for _, c := range b[:n] {
			if c != '\r' && c != '\n' && c != 0 {
				t.raw = append(t.raw, c)
			}
		}
		b = b[n:]
		if len(t.raw) >= textRun {
			t.flush(false)
		}
	}
}

func (t *textOut) newline() {
	t.flush(true)
	t.write(append(t.one[:0], '\n'))
}

func (t *textOut) rune(r rune) {
	t.flush(true)
	t.write(utf8.AppendRune(t.one[:0], r))
}

// surrogate joins halves; 0 for the first one.
func (t *textOut) surrogate(r rune) rune {
	if r < 0xDC00 {
		t.high = r
		return 0
	}
	r = utf16.DecodeRune(t.high, r)
	t.high = 0
	return r
}

// flush decodes what is there; a character that is not whole yet stays, but at the end.
func (t *textOut) flush(end bool) {
	if len(t.raw) == 0 {
		return
	}
	d := t.decoder()
	src := t.raw
	for len(src) > 0 {
		nDst, nSrc, err := d.Transform(t.dst, src, end)
		t.write(t.dst[:nDst])
		src = src[nSrc:]
		if err != nil && nSrc == 0 {
			break
		}
	}
	t.raw = t.raw[:copy(t.raw, src)]
	if end {
		t.raw = t.raw[:0]
		d.Reset()
	}
}

func (t *textOut) decoder() *encoding.Decoder {
	page := t.now
	if page == 0 {
		page = int32(t.ansi)
	}
	d := t.decoders[page]
	if d == nil {
		d = codePage(int(page)).NewDecoder()
		if len(t.decoders) < maxFonts {
			t.decoders[page] = d
		}
	}
	return d
}

func (t *textOut) write(b []byte) {
	b = b[:min(int64(len(b)), t.left)]
	if len(b) == 0 || t.err != nil {
		return
	}
	t.left -= int64(len(b))
	_, t.err = t.w.Write(b)
}

// decode is a short string of the document's code page.
func (t *textOut) decode(b []byte) string {
	out, err := codePage(t.ansi).NewDecoder().Bytes(b)
	if err != nil {
		return string(b)
	}
	return string(out)
}

// charsetPage is the code page of \fcharsetN (RTF 1.9.1, "Font Table"), 0 for the document's.
func charsetPage(n int) int {
	switch n {
	case 0:
		return western
	case 77:
		return 10000
	case 128, 78:
		return 932
	case 129, 130:
		return 949
	case 134:
		return 936
	case 136:
		return 950
	case 161:
		return 1253
	case 162:
		return 1254
	case 163:
		return 1258
	case 177:
		return 1255
	case 178:
		return 1256
	case 186:
		return 1257
	case 204:
		return 1251
	case 222:
		return 874
	case 238:
		return 1250
	case 254, 255:
		return 437
	}
	return 0
}

// codePage is the encoding of a Windows code page, Windows-1252 for one that is not known: keywords are ASCII in all of them.
func codePage(n int) encoding.Encoding {
	if e := codepage.Of(n); e != nil {
		return e
	}
	return charmap.Windows1252
}
