package message

import (
	"bytes"
	"encoding/binary"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

// decodeCharset decodes b to UTF-8 by its declared charset when that fits, else by the charset it plausibly is. The result is valid UTF-8.
func decodeCharset(b []byte, name string) string {
	name = charsetName(name)
	if name == "utf-7" {
		return decodeUTF7(b)
	}
	if asDeclared(b, name) {
		return string(b)
	}
	return decodeAs(b, name)
}

// decodeAs decodes b by a declared charset, or in spite of it.
func decodeAs(b []byte, name string) string {
	if guess := contradicts(b, name); guess != nil {
		return decodeWith(b, guess)
	}
	var s string
	switch enc := lookup(name); {
	case enc != nil:
		s = decodeWith(b, enc)
	case name == "" || name == "us-ascii":
		return guessText(b)
	default:
		r, err := charset.Reader(name, bytes.NewReader(b))
		if err != nil {
			return guessText(b)
		}
		all, _ := io.ReadAll(r) // of a bytes.Reader: what cannot be decoded is U+FFFD
		s = strings.ToValidUTF8(string(all), "\uFFFD")
	}
	if bad := strings.Count(s, "\uFFFD"); bad > 0 {
		if other := guessText(b); strings.Count(other, "\uFFFD")*2 < bad {
			return other
		}
	}
	return s
}

// asDeclared reports whether b is, byte for byte, the text that it is declared to be, which nothing contradicts: ASCII, or UTF-8 under its name. It is
// the quick answer for most mail; what it leaves is decoded, and looked at more closely.
func asDeclared(b []byte, name string) bool {
	if bytes.IndexByte(b, 0x1b) >= 0 || bytes.IndexByte(b, 0) >= 0 { // ISO-2022-JP or UTF-16 may be under any name
		return false
	}
	switch lookup(name) {
	case unicode.UTF8:
		return utf8.Valid(b) && !bytes.HasPrefix(b, bomUTF8)
	case charmap.Windows1252:
		return ascii(b)
	case nil:
		return (name == "" || name == "us-ascii") && ascii(b)
	}
	return false
}

// charsetName normalises a charset's name: case, quotes, and the blanks and comments people put around it.
func charsetName(s string) string {
	s = strings.ToLower(strings.Trim(s, " \t\"'"))
	if i := strings.IndexAny(s, " \t("); i >= 0 {
		s = s[:i]
	}
	return s
}

// lookup knows the charsets of daily mail and the aliases that Japanese programs write; nil for any other.
func lookup(name string) encoding.Encoding {
	switch name {
	case "utf-8", "utf8", "unicode-1-1-utf-8", "x-utf-8":
		return unicode.UTF8
	case "iso-2022-jp", "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "iso-2022-jp-2004", "iso-2022-jp-ms", "iso2022-jp", "iso2022jp",
		"csiso2022jp", "cp50220", "cp50221", "cp50222", "jis", "x-jis":
		return japanese.ISO2022JP
	case "shift_jis", "shift-jis", "shiftjis", "sjis", "x-sjis", "x-sjis-jp", "ms_kanji", "csshiftjis", "cp932", "ms932", "windows-31j",
		"windows-932", "cswindows31j", "x-ms-cp932", "shift_jisx0213", "shift_jis-2004", "shift_jis-2022", "shift_jis-ms":
		return japanese.ShiftJIS
	case "euc-jp", "eucjp", "euc_jp", "ujis", "x-euc-jp", "x-euc", "x-eucjp", "cseucpkdfmtjapanese", "eucjp-ms", "eucjp-win", "cp51932", "cp20932":
		return japanese.EUCJP
	case "iso-8859-1", "latin1", "iso8859-1", "iso_8859-1", "windows-1252", "cp1252", "ansi", "ansi_x3.4-1968-8": // WHATWG: latin-1 is windows-1252
		return charmap.Windows1252
	case "utf-16", "utf16":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	return nil
}

func decodeWith(b []byte, enc encoding.Encoding) string {
	switch enc {
	case unicode.UTF8:
		return strings.ToValidUTF8(string(bytes.TrimPrefix(b, bomUTF8)), "\uFFFD")
	case japanese.ISO2022JP:
		b = planeOne(b)
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil && len(out) == 0 {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

// planeOne rewrites the escapes of JIS X 0213 plane 1 (ISO-2022-JP-3: ESC $ ( O, ESC $ ( Q), JIS X 0208:1990 (ESC & @ ESC $ B) and of the
// four-byte form ESC $ ( B to JIS X 0208's, whose superset the first is: the decoder knows no other.
func planeOne(b []byte) []byte {
	if !bytes.Contains(b, []byte("\x1b$(")) && !bytes.Contains(b, []byte("\x1b&@")) {
		return b
	}
	for _, esc := range []string{"\x1b$(O", "\x1b$(Q", "\x1b$(B", "\x1b$(@"} {
		b = bytes.ReplaceAll(b, []byte(esc), []byte("\x1b$B"))
	}
	return bytes.ReplaceAll(b, []byte("\x1b&@"), nil)
}

var (
	bomUTF8    = []byte("\xef\xbb\xbf")
	bomUTF16LE = []byte("\xff\xfe")
	bomUTF16BE = []byte("\xfe\xff")
)

// contradicts returns the charset that b shows beyond doubt although another one was declared; nil when nothing speaks against it.
func contradicts(b []byte, name string) encoding.Encoding {
	declared := lookup(name)
	switch {
	case bytes.HasPrefix(b, bomUTF8):
		return unicode.UTF8
	case bytes.HasPrefix(b, bomUTF16LE), bytes.HasPrefix(b, bomUTF16BE):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case strings.HasPrefix(name, "utf-16"), strings.HasPrefix(name, "utf-32"), strings.HasPrefix(name, "iso-2022"), declared == unicode.UTF8 && utf8.Valid(b) && !hasJIS(b):
		return nil
	case ascii(b):
		if declared != japanese.ISO2022JP && hasJIS(b) {
			return japanese.ISO2022JP
		}
		if u := utf16NoBOM(b); u != nil {
			return u
		}
	case declared != unicode.UTF8 && utf8.Valid(b): // text of another charset is hardly ever valid UTF-8 by chance
		return unicode.UTF8
	case declared == charmap.Windows1252:
		return japaneseBeyondDoubt(b)
	}
	return nil
}

// latinDoubt is how many bytes above ASCII it takes to call a Latin label wrong: a few capitals with accents can look like Japanese.
const latinDoubt = 8

// japaneseBeyondDoubt returns the Japanese charset of text that a Latin label cannot be true of; nil for anything else. Every byte is some
// letter in windows-1252, so only what the letters add up to can tell.
func japaneseBeyondDoubt(b []byte) encoding.Encoding {
	high := 0
	for _, c := range b {
		if c >= 0x80 {
			high++
		}
	}
	if high < latinDoubt {
		return nil
	}
	if g := guess(b); g == japanese.EUCJP || g == japanese.ShiftJIS {
		return g
	}
	return nil
}

// hasJIS reports whether b switches to JIS X 0208 as ISO-2022-JP does.
func hasJIS(b []byte) bool {
	return bytes.Contains(b, []byte("\x1b$B")) || bytes.Contains(b, []byte("\x1b$@")) || bytes.Contains(b, []byte("\x1b$(")) ||
		bytes.Contains(b, []byte("\x1b(I"))
}

func ascii(b []byte) bool {
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

// utf16NoBOM recognises UTF-16 by its zero bytes: mostly Latin text has them at every second place.
func utf16NoBOM(b []byte) encoding.Encoding {
	b = b[:min(len(b), 1024)]
	if len(b) < 8 || bytes.IndexByte(b, 0) < 0 {
		return nil
	}
	var zero [2]int
	for i, c := range b {
		if c == 0 {
			zero[i&1]++
		}
	}
	switch half := len(b) / 2; {
	case zero[1]*10 > half*8 && zero[0]*10 < half:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case zero[0]*10 > half*8 && zero[1]*10 < half:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// guessText decodes bytes of which nothing is known.
func guessText(b []byte) string { return decodeWith(b, guess(b)) }

// guess names the plausible charset of b: UTF-8 where valid, else Japanese charsets by what their text looks like, else windows-1252.
func guess(b []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(b, bomUTF16LE), bytes.HasPrefix(b, bomUTF16BE):
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	case hasJIS(b):
		return japanese.ISO2022JP
	}
	if u := utf16NoBOM(b); u != nil {
		return u
	}
	if utf8.Valid(b) || utf8.Valid(trimCut(b)) {
		return unicode.UTF8
	}
	sample := b[:min(len(b), guessSample)]
	sjis, euc := scoreSJIS(sample), scoreEUC(sample)
	switch {
	case sjis <= 0 && euc <= 0:
		if mostlyUTF8(sample) {
			return unicode.UTF8
		}
		return charmap.Windows1252
	case euc >= sjis:
		return japanese.EUCJP
	}
	return japanese.ShiftJIS
}

// guessSample is how much is looked at: some thousand characters tell a charset apart.
const guessSample = 16 << 10

// trimCut drops a UTF-8 sequence that a limit cut in two.
func trimCut(b []byte) []byte {
	for i := 1; i <= 3 && i <= len(b); i++ {
		if c := b[len(b)-i]; c >= 0xc0 {
			return b[:len(b)-i]
		}
	}
	return b
}

// mostlyUTF8 reports whether nine of ten non-ASCII sequences are UTF-8: a damaged byte does not make another charset.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		b = b[n:]
	}
	return good > 9*bad
}

// Scores of one character: how much it speaks for Japanese text in that charset.
const (
	scoreKana   = 4   // hiragana, katakana
	scoreCommon = 3   // JIS X 0208 level 1 kanji, punctuation
	scoreRare   = -1  // level 2 kanji and other rows
	scoreHalf   = 1   // half-width katakana, in runs
	scoreAlone  = -2  // a single half-width katakana
	scoreBroken = -12 // no character of the charset
)

// scoreSJIS adds up what b is as Shift_JIS (JIS X 0208 appendix 1): lead 81–9F, E0–FC; trail 40–7E, 80–FC; A1–DF half-width.
func scoreSJIS(b []byte) int {
	score, run := 0, 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c >= 0xa1 && c <= 0xdf {
			run++
			continue
		}
		score += halfWidth(run)
		run = 0
		switch {
		case c < 0x80:
		case i+1 == len(b):
			score += cutOff(b)
		case !sjisLead(c) || b[i+1] < 0x40 || b[i+1] == 0x7f || b[i+1] > 0xfc:
			score += scoreBroken
		case lonely(b, i):
			score += scoreAlone
			i++
		default:
			score += rankSJIS(c, b[i+1])
			i++
		}
	}
	return score + halfWidth(run)
}

// cutOff scores a lead byte at the end: nothing where the sample was cut.
func cutOff(sample []byte) int {
	if len(sample) == guessSample {
		return 0
	}
	return scoreBroken
}

func halfWidth(run int) int {
	if run == 1 {
		return scoreAlone
	}
	return run * scoreHalf
}

// lonely reports whether the pair at i is one character between ASCII ones with an ASCII trail byte: the "’s" of windows-1252, not Japanese.
func lonely(b []byte, i int) bool {
	return b[i+1] < 0x80 && (i == 0 || b[i-1] < 0x80) && (i+2 >= len(b) || b[i+2] < 0x80)
}

func rankSJIS(lead, trail byte) int {
	switch {
	case lead == 0x82 && trail >= 0x9f || lead == 0x83 && trail <= 0x96:
		return scoreKana
	case lead == 0x81 || lead == 0x82 || lead >= 0x88 && lead <= 0x97:
		return scoreCommon
	case lead >= 0xf0:
		return scoreBroken / 2
	}
	return scoreRare
}

// scoreEUC adds up what b is as EUC-JP: two bytes A1–FE, 8E half-width, 8F three bytes.
func scoreEUC(b []byte) int {
	score := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c < 0x80:
		case i+1 == len(b):
			score += cutOff(b)
		case c == 0x8e && b[i+1] >= 0xa1 && b[i+1] <= 0xdf:
			score += scoreHalf
			i++
		case c == 0x8f && i+2 < len(b) && b[i+1] >= 0xa1 && b[i+2] >= 0xa1:
			score += scoreRare
			i += 2
		case c >= 0xa1 && c <= 0xfe && b[i+1] >= 0xa1 && b[i+1] <= 0xfe:
			score += rankEUC(c)
			i++
		default:
			score += scoreBroken
		}
	}
	return score
}

func rankEUC(lead byte) int {
	switch {
	case lead == 0xa4 || lead == 0xa5:
		return scoreKana
	case lead >= 0xa1 && lead <= 0xa3 || lead >= 0xb0 && lead <= 0xcf:
		return scoreCommon
	}
	return scoreRare
}
