package sender

import (
	"slices"
	"strings"
	"testing"
)

func TestAlike(t *testing.T) {
	for _, c := range []struct{ a, b, how string }{
		{"yamato-kouzai.example", "yamato-kouzal.example", Confusable},
		{"yamatokouzai.co.jp", "yamatokuzai.co.jp", Edit},
		{"yamatokouzai.co.jp", "yamatokouzaii.com", Edit},
		{"yamatokouzai.co.jp", "yamatokuozai.co.jp", Edit},
		{"yamatokouzai.co.jp", "yamato-kouzai.co.jp", Hyphen},
		{"modern.co.jp", "modem.co.jp", Confusable},
		{"brightwater.com", "brightvvater.com", Confusable},
		{"g00dyear.com", "goodyear.com", Confusable},
		{"kitanoworks.co.jp", "kitanoworks-jp.com", Word},
		{"kitanoworks.co.jp", "mail-kitanoworks.com", Word},
		{"kitano-works.co.jp", "kitanoworks-group.com", Word},
		{"example.co", "example.co.jp", TLD},
		{"mail.example.co.jp", "www.example.com", TLD},
		{"аpple.com", "apple.com", Homograph},
		{"xn--pple-43d.com", "apple.com", Homograph},
		{"bücher.de", "bucher.de", Homograph},
		{"ѕhinonome.jp", "shinonome.com", Homograph},
		{"example.co.jp.evil.com", "example.co.jp", Subdomain},
		{"mail.example.co.jp.login.evil.com", "example.co.jp", Subdomain},
	} {
		for _, p := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if how, ok := Alike(p[0], p[1]); !ok || how != c.how {
				t.Errorf("%s and %s: %q %t, want %s", p[0], p[1], how, ok, c.how)
			}
			if a, b := Neighbours(p[0]), Neighbours(p[1]); !slices.ContainsFunc(a, func(k string) bool { return slices.Contains(b, k) }) {
				t.Errorf("%s %q and %s %q share no key", p[0], a, p[1], b)
			}
		}
	}
}

func TestNotAlike(t *testing.T) {
	for _, p := range [][2]string{
		{"example.com", "example.com"}, {"a.example.com", "b.example.com"}, {"example.com", "Example.com."},
		{"gmail.com", "gmai1.com"}, {"yahoo.co.jp", "yaho.co.jp"}, {"nec.co.jp", "ntc.co.jp"}, {"nec.com", "nec.co.jp"},
		{"sony.co.jp", "sonny.co.jp"}, {"example.com", "other.com"}, {"", "example.com"}, {"co.jp", "ne.jp"}, {"", ""}, {"[192.0.2.1]", "[192.0.2.2]"},
		{"nikon.com", "nikko.com"}, {"pages01.net", "pages02.net"}, {"kitano-works.jp", "kitano-foods.jp"}, {"mail-kitano.jp", "web-kitano.jp"}, {"東京建設.jp", "東京建築.jp"},
	} {
		if how, ok := Alike(p[0], p[1]); ok {
			t.Errorf("%s and %s: %s", p[0], p[1], how)
		}
	}
}

// TestEveryEditSharesAKey: at each place of labels as short and as long as they are compared, and where the rule for other suffixes begins.
func TestEveryEditSharesAKey(t *testing.T) {
	for _, n := range []int{minEdit, minLoose - 1, minLoose, minLoose + 1, maxLabel} {
		label := strings.Repeat("abcdefghjkmopqst", 4)[:n]
		for i := range n {
			edits := []string{label[:i] + "x" + label[i+1:], label[:i] + label[i+1:]}
			if i > 0 {
				edits = append(edits, label[:i-1]+label[i:i+1]+label[i-1:i]+label[i+1:])
			}
			for _, e := range edits {
				a, b := label+".co.jp", e+".co.jp"
				if how, ok := Alike(a, b); !ok && len(e) >= minEdit || ok && how != Edit {
					t.Errorf("%s and %s: %q %t", a, b, how, ok)
				}
				x, y := Neighbours(a), Neighbours(b)
				if len(e) >= minEdit && !slices.ContainsFunc(x, func(k string) bool { return slices.Contains(y, k) }) || len(x) > maxNeighbours {
					t.Errorf("%s and %s share no key of %d", a, b, len(x))
				}
			}
		}
	}
}

func FuzzNeighbours(f *testing.F) {
	for _, p := range [][2]string{{"yamatokouzai.co.jp", "yamatokuzai.com"}, {"modern.jp", "modem.jp"}, {"xn--pple-43d.com", "apple.com"}, {"a-b-c-d-e.jp", "abcde.com"}} {
		f.Add(p[0], p[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := Neighbours(a), Neighbours(b)
		if len(x) > maxNeighbours {
			t.Fatalf("%q: %d keys", a, len(x))
		}
		if how, ok := Alike(a, b); ok && !slices.ContainsFunc(x, func(k string) bool { return slices.Contains(y, k) }) {
			t.Errorf("%q and %q are alike (%s) and share no key", a, b, how)
		}
		ab, ok1 := Alike(a, b)
		if ba, ok2 := Alike(b, a); ab != ba || ok1 != ok2 {
			t.Errorf("%q and %q: %q one way, %q the other", a, b, ab, ba)
		}
	})
}
