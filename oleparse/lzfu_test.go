package oleparse

import (
	"bytes"
	"encoding/hex"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"sekisho/internal/fixture"
)

func rtfOf(t *testing.T, b []byte) string {
	t.Helper()
	out, err := io.ReadAll(iotest.OneByteReader(newLZFu(bytes.NewReader(b))))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestCompressedRTF(t *testing.T) {
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	long := strings.Repeat("0123456789", 1000)
	for name, tc := range map[string]struct {
		in   []byte
		want string
	}{
		"MS-OXRTFCP 3.1.1": {unhex("2d000000 2b000000 4c5a4675 f1c5c7a7 03000a00 72637067 31323542 320af320 68656c09 00206277 05b06c64 7d0a800f a0"),
			"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"},
		"MS-OXRTFCP 3.1.2": {unhex("1a000000 1c000000 4c5a4675 e2d44b51 41000420 5758595a 0d6e7d01 0eb0"), "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"},
		"past the window":  {fixture.CompressRTF(long), long},
		"whole runs":       {fixture.CompressRTF("12345678"), "12345678"},
		"not compressed":   {append(unhex("00000000 05000000 4d454c41 00000000"), "helloxxx"...), "hello"},
		"no end":           {fixture.CompressRTF("12345678")[:25], "12345678"},
		"cut in a token":   {unhex("00000000 00000000 4c5a4675 00000000 0161"), ""},
		"no head":          {[]byte("short"), ""},
		"nothing":          {nil, ""},
	} {
		if got := rtfOf(t, tc.in); got != tc.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	for n := range 20 {
		r := io.MultiReader(bytes.NewReader(fixture.CompressRTF("12345678")[:n]), iotest.ErrReader(io.ErrClosedPipe))
		if _, err := io.ReadAll(newLZFu(r)); err == nil {
			t.Errorf("an error after %d bytes is lost", n)
		}
	}
}

// FuzzLZFu holds that decompression ends and gives no more than 17 bytes for two.
func FuzzLZFu(f *testing.F) {
	f.Add(fixture.CompressRTF(`{\rtf1 hello}`))
	f.Add(append(fixture.CompressRTF("12345678")[:25], 0xFF, 1, 0x1F, 2, 0x2F, 0xFF, 0xFF))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := rtfOf(t, b); len(got) > 17*len(b) {
			t.Errorf("%d bytes of %d", len(got), len(b))
		}
	})
}
