package message

import "testing"

// FuzzAsDeclared: what is taken as it stands is what decoding it would have given.
func FuzzAsDeclared(f *testing.F) {
	names := []string{"", "us-ascii", "utf-8", "iso-8859-1", "shift_jis", "iso-2022-jp", "utf-16", "x-unknown"}
	for i, b := range []string{"plain", "請求書", "\xef\xbb\xbfbom", "a\x00b\x00c\x00d\x00", "\x1b$B4A\x1b(B", "caf\xe9", "\xff\xfea\x00", "\ufffd"} {
		f.Add([]byte(b), i)
	}
	f.Fuzz(func(t *testing.T, b []byte, n int) {
		name := names[uint(n)%uint(len(names))]
		if !asDeclared(b, name) {
			return
		}
		if got := decodeAs(b, name); got != string(b) {
			t.Errorf("%q as %q is %q", b, name, got)
		}
	})
}
