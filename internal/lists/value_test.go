package lists

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParse: every type, in the forms in which reports and feeds write it, and what would match strangers or nothing.
func TestParse(t *testing.T) {
	long := strings.Repeat("a", valueMax)
	for _, tc := range []struct {
		kind Type
		text string
		want []Item
		err  error
	}{
		{SHA256, " " + strings.ToUpper(hashA) + " ", []Item{{SHA256, hashA}}, nil},
		{SHA256, md5C, nil, ErrForm},
		{SHA1, sha1D, []Item{{SHA1, sha1D}}, nil},
		{MD5, strings.Repeat("g", 32), nil, ErrForm},
		{Macro, hashA, []Item{{Macro, hashA}}, nil},
		{IP, "::ffff:192.0.2.7", []Item{{IP, "192.0.2.7/32"}}, nil},
		{IP, "192.0.2.7/24", []Item{{IP, "192.0.2.0/24"}}, nil},
		{IP, "10.0.0.0/8", []Item{{IP, "10.0.0.0/8"}}, nil},
		{IP, "10.0.0.0/7", nil, ErrBroad},
		{IP, "2001::/16", []Item{{IP, "2001::/16"}}, nil},
		{IP, "2000::/15", nil, ErrBroad},
		{IP, "fe80::1%eth0", nil, ErrForm},
		{IP, "bad.example", nil, ErrForm},
		{Address, "Sato@Bad.example", []Item{{Address, "sato@bad.example"}}, nil},
		{Address, "sato[@]bad[.]example", []Item{{Address, "sato@bad.example"}}, nil},
		{Address, "@Bad.example", []Item{{Address, "@bad.example"}}, nil},
		{Address, "@com", nil, ErrForm},
		{Address, "@co.jp", nil, ErrBroad},
		{Address, "sato", nil, ErrForm},
		{Address, "sato@", nil, ErrForm},
		{Address, "Sato <sato@bad.example>", nil, ErrForm},
		{Address, "a@bad.example,b@bad.example", nil, ErrForm},
		{Domain, "*.Bad.example", []Item{{Domain, "bad.example"}}, nil},
		{Domain, ".bad.example.", []Item{{Domain, "bad.example"}}, nil},
		{Domain, "http://bad.example/x", []Item{{Domain, "bad.example"}}, nil},
		{Domain, "192.0.2.7", []Item{{IP, "192.0.2.7/32"}}, nil},
		{Domain, "a_b-c.0az9.example", []Item{{Domain, "a_b-c.0az9.example"}}, nil},
		{Domain, "example", nil, ErrForm},
		{Domain, "..bad.example", nil, ErrForm},
		{Domain, "bad..example", nil, ErrForm},
		{Domain, "bad.exa/mple", nil, ErrForm},
		{Domain, "bad.exa:mple", nil, ErrForm},
		{Domain, "bad.exa`mple", nil, ErrForm},
		{Domain, "bad.exa{mple", nil, ErrForm},
		{Domain, strings.Repeat("a.", 126) + "jp", nil, ErrForm},
		{Domain, strings.Repeat("a.", 125) + "com", []Item{{Domain, strings.Repeat("a.", 125) + "com"}}, nil},
		{Domain, "co.jp", nil, ErrBroad},
		{Domain, "github.io", []Item{{Domain, "github.io"}}, nil},
		{URL, "hxxps://User@Bad[.]example:8443/A/?q=1#top", []Item{{URL, "bad.example/A?q=1"}, {Domain, "bad.example"}}, nil},
		{URL, "hXXp://www.Dropbox.com/s/x", []Item{{URL, "www.dropbox.com/s/x"}}, nil},
		{URL, "http://com/x", []Item{{URL, "com/x"}}, nil},
		{URL, "mailto:a@bad.example", nil, ErrForm},
		{URL, "http://[::1", nil, ErrForm},
		{Auto, strings.Repeat("a", 33), nil, ErrNoType},
		{Auto, "bad(.)example", []Item{{Domain, "bad.example"}}, nil},
		{Auto, long, nil, ErrNoType},
		{Auto, long + "a", nil, ErrLong},
	} {
		got, err := Parse(tc.kind, tc.text)
		if d := cmp.Diff(tc.want, got); d != "" || !errors.Is(err, tc.err) {
			t.Errorf("%s %.60q: %v\n%s", tc.kind, tc.text, err, d)
		}
	}
}

// TestTypesHaveWords: as files, the command line and the database write them.
func TestTypesHaveWords(t *testing.T) {
	for i, w := range Types() {
		var back Type
		if err := back.UnmarshalText([]byte(w)); err != nil || back != Type(i) || Type(i).String() != w {
			t.Errorf("%s: %v %v", w, back, err)
		}
	}
	if err := new(Type).UnmarshalText([]byte("sha512")); err == nil || !strings.Contains(err.Error(), "sha256") {
		t.Errorf("an unknown type: %v", err)
	}
	if got := Type(200).String(); got != "type(200)" {
		t.Errorf("%q", got)
	}
}

// TestFewLookUps: a host of 127 labels costs labelsMax, and an address one for each length of network that any list has.
func TestFewLookUps(t *testing.T) {
	lengths := func(_ bool, visit func(int)) { visit(32); visit(24) }
	for s, want := range map[Subject]int{
		{Domain, strings.Repeat("a.", 126) + "example"}: labelsMax,
		{Domain, "a.example"}:                           1,
		{Domain, "example"}:                             0,
		{IP, "192.0.2.1"}:                               2,
		{URL, "http://192.0.2.1/x"}:                     3,
		{Address, "a+b@mail.bad.example"}:               5,
		{Address, "a@bad.example"}:                      3,
	} {
		if got := s.items(lengths); len(got) != want {
			t.Errorf("%s %.40q: %d look-ups, want %d: %v", s.Type, s.Value, len(got), want, got)
		}
	}
	if got := networks(netip.MustParseAddr("192.0.2.1"), func(_ bool, visit func(int)) { visit(64) }); len(got) != 0 {
		t.Errorf("an IPv4 address has a network of 64 bits: %v", got)
	}
}
