package zipinspect

import (
	"hash/crc32"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

// unicodePath reads extra field 0x7075 (4.6.9). It counts only while its checksum is that of the header's name.
func (h *header) unicodePath(f []byte) {
	if len(f) > 5 && f[0] == 1 && u32(f, 1) == crc32.ChecksumIEEE([]byte(h.name)) && utf8.Valid(f[5:]) {
		h.unicode = string(f[5:])
	}
}

// text is the name for reading.
func (h *header) text() string {
	if h.unicode != "" {
		return h.unicode
	}
	return decodeName(h.name)
}

// decodeName reads a name of unknown encoding. Bit 11 (Appendix D) is not asked: names that are UTF-8 are read as such with or without it
// (macOS leaves it away), names that are not cannot be. Of the others, CP932 is what Windows writes in Japan, CP437 what APPNOTE says.
func decodeName(raw string) string {
	if utf8.ValidString(raw) {
		return raw
	}
	if s, err := japanese.ShiftJIS.NewDecoder().String(raw); err == nil && japaneseText(s) {
		return s
	}
	s, err := charmap.CodePage437.NewDecoder().String(raw)
	if err != nil {
		return strings.ToValidUTF8(raw, "\uFFFD")
	}
	return s
}

// japaneseText reports whether s reads as Japanese: no replacement character, and a letter that CP437 does not have.
func japaneseText(s string) bool {
	if strings.ContainsRune(s, utf8.RuneError) {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0xFF01 && r <= 0xFF9F
	}) >= 0
}

// sameName reports whether two headers show the same name to people: honest writers differ in encoding and in the kind of slash.
func sameName(a, b *header) bool {
	if a.name == b.name {
		return true
	}
	clean := func(s string) string { return strings.ReplaceAll(s, `\`, "/") }
	return clean(a.text()) == clean(b.text()) || clean(decodeName(a.name)) == clean(decodeName(b.name))
}

// ambiguous reports whether programs would see different files in one name: those written in C end it at a NUL, and only some
// read the Unicode path. Encoding apart that matters where the file's type changes.
func (h *header) ambiguous() bool {
	if strings.IndexByte(h.name, 0) >= 0 {
		return true
	}
	ext := func(s string) string { return strings.ToLower(path.Ext(s)) }
	return h.unicode != "" && ext(h.unicode) != ext(h.name) && ascii(ext(h.unicode))
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}
