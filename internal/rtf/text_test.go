package rtf_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"sekisho/internal/fixture"
	"sekisho/internal/rtf"
)

func TestText(t *testing.T) {
	const sjis = `{\fonttbl{\f0\fcharset0 A;}{\f1\fnil\fcharset128 B;}{\f2\fcharset204 C;}{\f3\cpg949 D;}}`
	for _, tt := range []struct{ name, body, want string }{
		{"paragraphs", `one\par two\line three\
four`, "one\ntwo\nthree\nfour"},
		{"line ends are no text", "one\r\n two\x00", "one two"},
		{"escaped braces", `\{a\\b\}`, `{a\b}`},
		{"escaped bytes", `caf\'e9`, "café"},
		{"escapes that are none", `a\'zzb\'4`, "ab"},
		{"blanks and dashes", `a\~b\_c\emdash d\tab e`, "a b-c-d e"},
		{"Unicode with a substitute", `\u12371?\u12395\'82\'b1x`, "こに±x"},
		{"Unicode without substitutes", `\uc0\u12371\u12395 x`, "こにx"},
		{"Unicode with two bytes for each", `\uc2\u12371\'82\'b1\u12395\'82\'c9x`, "こにx"},
		{"negative numbers", `\uc0\u-10179\u-8704`, "😀"},
		{"half a surrogate pair", `\uc0\u-10179x\u-8704y`, "x\U0001F600y"},
		{"substitutes end with the group", `{\uc5\u12371 ab}cd`, "こcd"},
		{"Shift_JIS by the font", sjis + `\f1\'93\'fa\'96\'7b`, "日本"},
		{"Shift_JIS with a trail byte as letter", sjis + `\f1\'83A\'83\'5c`, "アソ"},
		{"Shift_JIS by the document", `\ansicpg932\'93\'fa`, "日"},
		{"a character across control words", sjis + `\f1\'93\b \'fa`, "日"},
		{"a lead byte alone", sjis + `\f1\'93\f0 a`, "\uFFFDa"},
		{"font of a group ends with it", sjis + `{\f2\'ca}\'e9`, "Кé"},
		{"\\plain is the default font", sjis + `\deff2\f0\plain\'ca`, "К"},
		{"code page of a font", sjis + `\f3\'b0\'a1`, "가"},
		{"Macintosh", `\mac\'8e`, "é"},
		{"unknown code page", `\ansicpg99999\'e9`, "é"},
		{"hidden destinations", `a{\*\unheardof b}{\info{\author c}}{\pict 0102}{\*\bkmkstart d}e`, "ae"},
		{"destination in the middle of a group", `a{b\author c}d`, "abd"},
		{"header, footnote and text box", `{\header h}{\footnote f}{\shp{\*\shpinst{\sp{\sn n}{\sv v}}{\shptxt s}}}`, "hfs"},
		{"result of a field and of an object", `{\field{\*\fldinst HYPERLINK "a"}{\fldrslt shown}}{\object{\*\objdata 00}{\result too}}`, "showntoo"},
		{"text in an unknown word's group", `{\unheardof a}`, "a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, text := read(t, []byte(`{\rtf1`+tt.body+`}`), rtf.Options{}); text != tt.want {
				t.Errorf("%q, not %q", text, tt.want)
			}
		})
	}
}

func TestTextLimit(t *testing.T) {
	b := fixture.RTF(strings.Repeat("word ", 100_000))
	if _, _, text := read(t, b, rtf.Options{MaxText: 1000}); len(text) != 1000 {
		t.Errorf("%d bytes", len(text))
	}
	if _, _, text := read(t, b, rtf.Options{}); len(text) != 500_000 {
		t.Errorf("%d bytes", len(text))
	}
}

// full is a writer that is full.
type full struct{}

var errFull = errors.New("full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriterErrorIsReturned(t *testing.T) {
	b := fixture.RTF("text")
	if _, err := rtf.Read(context.Background(), bytes.NewReader(b), int64(len(b)), rtf.Options{Text: full{}}); !errors.Is(err, errFull) {
		t.Error(err)
	}
}
