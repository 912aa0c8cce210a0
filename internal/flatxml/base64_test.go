package flatxml

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func decoded(text string) string {
	b, err := io.ReadAll(&decoder{text: strings.NewReader(text)})
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// What the standard library writes comes back, whatever its length and however it is broken into lines.
func TestBase64OfEveryLength(t *testing.T) {
	for n := range 200 {
		want := bytes.Repeat([]byte{0x00, 0xFF, 0x80, 'a', '\n'}, n)[:n]
		text := base64.StdEncoding.EncodeToString(want)
		if got := decoded(text); got != string(want) {
			t.Errorf("%d bytes: %q", n, got)
		}
		if got := decoded(strings.TrimRight(text, "=")); got != string(want) {
			t.Errorf("%d bytes without padding: %q", n, got)
		}
		lines := strings.Join(strings.SplitAfterN(text, "", 77), " ")
		if got, err := io.ReadAll(&decoder{text: iotest.OneByteReader(strings.NewReader(lines))}); string(got) != string(want) || err != nil {
			t.Errorf("%d bytes one by one: %q", n, got)
		}
	}
}

func TestBase64WithOtherCharacters(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "=": "", "====": "", "Q": "", "QQ": "A", "QQ==": "A", "QQ=": "A", "Q-Q": "A", "Q\x00Q\x80": "A", "QUJ": "AB", "QUJD": "ABC", "QQ==QQ==": "AA", "QQ==\r\n\r\nQUJD": "AABC",
		"=QUJD": "ABC", "QUJD=": "ABC", "Q=QUJD": "ABC", "QUJDQ": "ABC", "+/+/": "\xfb\xff\xbf", "-_-_": "",
	} {
		if got := decoded(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestErrorsOfTheTextAreKept(t *testing.T) {
	got, err := io.ReadAll(&decoder{text: io.MultiReader(strings.NewReader("QUJD"), iotest.ErrReader(io.ErrClosedPipe))})
	if string(got) != "ABC" || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%q, %v", got, err)
	}
}
