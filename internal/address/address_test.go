package address

import (
	"strings"
	"testing"

	"golang.org/x/net/publicsuffix"
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

// TestFoldTakesOffWhatMachinesAdd: one person is one address, and nobody becomes somebody at another domain.
func TestFoldTakesOffWhatMachinesAdd(t *testing.T) {
	for addr, want := range map[string]string{
		"Taro+list@Example.com":                                       "taro@example.com",
		"taro+a+b@example.com":                                        "taro@example.com",
		"+taro@example.com":                                           "+taro@example.com",
		"taro-list@example.com":                                       "taro-list@example.com",
		"prvs=1234abcdef=taro@example.com":                            "taro@example.com",
		"prvs=1234ABCDEF=taro+x@example.com":                          "taro@example.com",
		"prvs=short=taro@example.com":                                 "prvs=short=taro@example.com",
		"btv1==123abc456==taro@example.com":                           "taro@example.com",
		"msprvs1=18000abcdefgh=bounces-1@example.com":                 "bounces-1@example.com",
		"announce-return-123-a.b=other.com@example.com":               "announce-return@example.com",
		"bounce-taro=other.com@example.com":                           "bounce@example.com",
		"list-bounces+taro=other.com@example.com":                     "list-bounces@example.com",
		"bounce-a=b=c.com@example.com":                                "bounce@example.com",
		"taro-x=other.com@example.com":                                "taro-x=other.com@example.com",
		"a=b@example.com":                                             "a=b@example.com",
		"SRS0=ab12=XY=other.com=taro@fwd.example":                     "taro=other.com@fwd.example",
		"SRS0+zz99=XZ=Other.com=Taro+x@fwd.example":                   "taro=other.com@fwd.example",
		"SRS1=cd34=first.example==ab12=XY=other.com=taro@fwd.example": "taro=other.com@fwd.example",
		"SRS0=ab12=XY=other.com@fwd.example":                          "srs0=ab12=xy=other.com@fwd.example",
		"SRS0=@fwd.example":                                           "srs0=@fwd.example",
		"SRS1=ab=XY=other.com=taro@fwd.example":                       "srs1=ab=xy=other.com=taro@fwd.example",
		"srs0taro@fwd.example":                                        "srs0taro@fwd.example",
		`"prvs=1234abcdef=taro"@example.com`:                          `"prvs=1234abcdef=taro"@example.com`,
		`"taro+x"@example.com`:                                        `"taro+x"@example.com`,
		"prvs=1234abcdef@example.com":                                 "prvs=1234abcdef@example.com",
		"prvs=1234abcdef=@example.com":                                "prvs=1234abcdef=@example.com",
		"prvs=1234abcde=taro@example.com":                             "prvs=1234abcde=taro@example.com",
		"prvs=123456789012345678901234=taro@example.com":              "taro@example.com",
		"prvs=1234567890123456789012345=taro@example.com":             "prvs=1234567890123456789012345=taro@example.com",
		"prvs=1234.bcdef=taro@example.com":                            "prvs=1234.bcdef=taro@example.com",
		"xprvs=1234abcdef=taro@example.com":                           "xprvs=1234abcdef=taro@example.com",
		"btv1==123abc456@example.com":                                 "btv1==123abc456@example.com",
		"btv1====taro@example.com":                                    "btv1====taro@example.com",
		"btv1==123abc456==@example.com":                               "btv1==123abc456==@example.com",
		"btv1==123{abc==taro@example.com":                             "btv1==123{abc==taro@example.com",
		"btv1==0az9==taro@example.com":                                "taro@example.com",
		"bounce-taro=host@example.com":                                "bounce-taro=host@example.com",
		"bounce-a.b@example.com":                                      "bounce-a.b@example.com",
		"bounce=other.com@example.com":                                "bounce=other.com@example.com",
		"srs2=ab12=xy=other.com=taro@fwd.example":                     "srs2=ab12=xy=other.com=taro@fwd.example",
		"srs0.ab12=xy=other.com=taro@fwd.example":                     "srs0.ab12=xy=other.com=taro@fwd.example",
		"srs0-ab12=xy=other.com=taro@fwd.example":                     "taro=other.com@fwd.example",
		"srs0=ab12=xy==taro@fwd.example":                              "srs0=ab12=xy==taro@fwd.example",
		"srs0=ab12=xy=other.com=@fwd.example":                         "srs0=ab12=xy=other.com=@fwd.example",
		"srs1=cd34=first.example@fwd.example":                         "srs1=cd34=first.example@fwd.example",
		"srs1@fwd.example":                                            "srs1@fwd.example",
		"srs0@fwd.example":                                            "srs0@fwd.example",
		"taro+":                                                       "taro+",
		"@example.com":                                                "@example.com",
		"":                                                            "",
	} {
		if got := Fold(addr); got != want {
			t.Errorf("%q: %q, want %q", addr, got, want)
		}
	}
}

// TestExact: one address in whatever case, width and encoding, with its tags.
func TestExact(t *testing.T) {
	for addr, want := range map[string]string{
		" Taro+X@Example.COM. ":             "taro+x@example.com",
		"taro@日本.example":                   "taro@xn--wgv71a.example",
		"a@b@EXAMPLE.com":                   "a@b@example.com",
		"@Example.com":                      "@example.com",
		"a" + strings.Repeat("é", 200):      "a" + strings.Repeat("é", 159),
		strings.Repeat("a@", 200) + "b.com": strings.Repeat("a?", 160),
	} {
		if got := Exact(addr); got != want {
			t.Errorf("%q: %q, want %q", addr, got, want)
		}
	}
}

// TestASCII: one domain is one text, and what is no domain name stays what it is.
func TestASCII(t *testing.T) {
	for domain, want := range map[string]string{
		"example.com": "example.com", "example.com.": "example.com", " Example.com. ": "example.com", "example.com .": "example.com", "日本.Example": "xn--wgv71a.example", "XN--WGV71A.example": "xn--wgv71a.example",
		"ｅｘａｍｐｌｅ.com": "example.com", "_dmarc.Example.com": "_dmarc.example.com", "a b.Example": "a b.example", "": "", ".": "",
	} {
		if got := ASCII(domain); got != want {
			t.Errorf("%q: %q, want %q", domain, got, want)
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"a+b@example.com", "prvs=1234abcdef=prvs=1234abcdef=a@b.jp", "bounce-1-a=b.c@d.e", "SRS0=a=b=c.d=e@f.g", "a@日本.jp", strings.Repeat("é", 200) + "@x", "a" + strings.Repeat("é", 200), "a@b.. "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Fold(s)
		if twice := Fold(once); twice != once {
			t.Errorf("%q: %q, then %q", s, once, twice)
		}
		if len(once) > maxAddress {
			t.Errorf("%q: %d bytes", s, len(once))
		}
		if Domain(Exact(s)) != Domain(once) {
			t.Errorf("%q: the domain changes from %q to %q", s, Domain(Exact(s)), Domain(once))
		}
	})
}

// TestProvidersAreRegistrable: an entry below or above a registrable domain would never be found.
func TestProvidersAreRegistrable(t *testing.T) {
	for d := range providers {
		if org, err := publicsuffix.EffectiveTLDPlusOne(d); org != d {
			t.Errorf("%s: registrable is %q, %v", d, org, err)
		}
	}
	for name := range everywhere {
		if strings.Contains(name, ".") {
			t.Errorf("%s is no label", name)
		}
	}
}

// TestOrg: who has an address in one domain belongs to one organisation, unless it is a provider's or a suffix.
func TestOrg(t *testing.T) {
	for domain, want := range map[string]string{
		"mail.example.co.jp": "example.co.jp", "EXAMPLE.CO.JP.": "example.co.jp", "cs.u-tokyo.ac.jp": "u-tokyo.ac.jp", "shop.sakura.ne.jp": "shop.sakura.ne.jp", "a.github.io": "a.github.io",
		"gmail.com": "", "mail.yahoo.co.jp": "", "yahoo.fr": "", "i.softbank.jp": "", "jcom.zaq.ne.jp": "", "qq.com": "", "163.com": "", "web.de": "", "mail.ru": "", "wp.pl": "",
		"libero.it": "", "orange.fr": "", "example.onmicrosoft.com": "", "co.jp": "", "com": "", "": "", "[192.0.2.1]": "", "192.0.2.1": "",
	} {
		if got := Org(domain); got != want {
			t.Errorf("%s: %q, want %q", domain, got, want)
		}
	}
}
