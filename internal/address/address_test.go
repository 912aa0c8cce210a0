package address

import (
	"strings"
	"testing"
)

func TestKey(t *testing.T) {
	for addr, want := range map[string]string{
		"":                              "",
		"a@example.com":                 "@example.com",
		"a@b.c.example.com":             "@example.com",
		"a@tokyo.jp":                    "a@tokyo.jp", // a public suffix itself
		"a@x.y.chiyoda.tokyo.jp":        "@y.chiyoda.tokyo.jp",
		"A@Yahoo.co.jp":                 "a@yahoo.co.jp",
		"a@docomo.ne.jp":                "a@docomo.ne.jp",
		"a@abc.ocn.ne.jp":               "a@abc.ocn.ne.jp",
		"a@日本.example":                  "@xn--wgv71a.example",
		"postmaster":                    "postmaster",
		"a@[192.0.2.1]":                 "a@[192.0.2.1]",
		"a@192.0.2.1":                   "a@192.0.2.1",
		"\"a@b\"@example.com":           "@example.com",
		"a\xff@gmail.com":               "a\uFFFD@gmail.com",
		strings.Repeat("a", 400) + "@x": strings.Repeat("a", 320),
	} {
		if got := Key(addr); got != want {
			t.Errorf("%q: %q, want %q", addr, got, want)
		}
	}
}
