package codepage

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func decodeText(page int, b []byte) string {
	out, err := Of(page).NewDecoder().Bytes(b)
	if err != nil {
		out = b
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

func TestCodePagesThatXTextDoesNotHave(t *testing.T) {
	for _, tc := range []struct {
		page       int
		bytes, out string
	}{
		{720, "\xEA\xA9\xA5\xA0\x9F", "مرحبا"},
		{737, "\xA3\x98\xA1\xA8\xA6", "μακρο"},
		{775, "\xD0\xD8\x75\x6F\x6C\x61\x73", "ąžuolas"},
		{857, "\x8D\x9F\x8D\x6B", "ışık"},
		{861, "\x95\x91\x8C", "þæð"},
		{864, "\xE1\xE8\xC7", "ﻓﻭﺍ"},
		{869, "\xE6\xD6\xE4\xEB\xA2", "μακρό"},
		{1361, "\xD0\x65\x8A\x82\xB4\xE1\x20\xF7\xD3\xF1\xAE\x20\x99\xB1\x20\x88\x41\x84\x61", "한국어 漢字 똠 ㄱㅏ"},
		{10006, "\xED\xE1\xEB\xF2\xEF", "μακρο"},
		{10029, "\xB8\x97\x64\x90", "łódź"},
		{28597, "\xEC\xE1", "μα"},
	} {
		if Of(tc.page) == nil || decodeText(tc.page, []byte("a"+tc.bytes+"z")) != "a"+tc.out+"z" {
			t.Errorf("%d: %q, want %q", tc.page, decodeText(tc.page, []byte(tc.bytes)), tc.out)
		}
	}
}

func TestEveryKnownPageKeepsASCIIAndFailsOnNothing(t *testing.T) {
	var all [256]byte
	for i := range all {
		all[i] = byte(i)
	}
	known := 0
	for page := range 66000 {
		e := Of(page)
		if e == nil {
			continue
		}
		known++
		if got := decodeText(page, all[0x20:0x7F]); got != string(all[0x20:0x7F]) && page != 864 && page != 932 {
			t.Errorf("%d: %q", page, got)
		}
		for _, b := range [][]byte{all[:], all[0x80:], {0xFF}, {0x81}, {0x84, 0x41, 0xD8}} {
			if got := decodeText(page, b); !utf8.ValidString(got) || len(b) == 1 && got == "" {
				t.Errorf("%d: %q", page, got)
			}
		}
	}
	if known < 60 {
		t.Errorf("%d pages", known)
	}
}

func TestJohabCutAtTheEndOfABufferIsReadOn(t *testing.T) {
	in := strings.Repeat("\xD0\x65", 5000) // the decoder's own buffers end inside a pair
	if got := decodeText(1361, []byte("a"+in)); got != "a"+strings.Repeat("한", 5000) {
		t.Errorf("%d bytes", len(got))
	}
	if got := decodeText(1361, []byte("\xD0")); got != "\uFFFD" {
		t.Errorf("%q", got)
	}
}

func TestUpperHalvesAreWhole(t *testing.T) {
	for page, s := range upperHalves {
		if n := utf8.RuneCountInString(s); n != 128 {
			t.Errorf("%d has %d characters", page, n)
		}
	}
}
