package links

import (
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	for _, tc := range []struct{ in, url, host string }{
		{" \x00https://a.example/x\n", "https://a.example/x", "a.example"},
		{"HTTPS://A.Example", "https://a.example", "a.example"},
		{"https:////a.example/x", "https://a.example/x", "a.example"},
		{"https:/a.example/x", "https://a.example/x", "a.example"},
		{`https:\\a.example\x?y\z`, `https://a.example/x?y\z`, "a.example"},
		{"//a.example/x", "https://a.example/x", "a.example"},
		{`\\a.example\share\x.lnk`, "https://a.example/share/x.lnk", "a.example"},
		{"file://a.example/share/x.lnk", "file://a.example/share/x.lnk", "a.example"},
		{"ftp://a.example/x", "ftp://a.example/x", "a.example"},
		{"webcal://a.example/x.ics", "https://a.example/x.ics", "a.example"},
		{"https://u:p@b.example@a.example:443/x", "https://a.example:443/x", "a.example"},
		{"https://a.example?x", "https://a.example?x", "a.example"},
		{"https://a。example/x", "https://a.example/x", "a.example"},
		{"https://münchen.example/", "https://xn--mnchen-3ya.example/", "xn--mnchen-3ya.example"},
		{"https://ａ.example/", "https://a.example/", "a.example"},
		{"https://%E4%BE%8B%E3%81%88.jp/", "https://xn--r8jz45g.jp/", "xn--r8jz45g.jp"},
		{"https://[2001:db8::1]:8/x", "https://[2001:db8::1]:8/x", "[2001:db8::1]"},
		{"https://a_b.example/x", "https://a_b.example/x", "a_b.example"},
		{"https://localhost/x", "https://localhost/x", "localhost"},
		{"https://192.168.1/x", "https://192.168.0.1/x", "192.168.0.1"},
		{"https://0300.0250.1.1/", "https://192.168.1.1/", "192.168.1.1"},
		{"https://3232235777/", "https://192.168.1.1/", "192.168.1.1"},
		{"https://0xC0A80101/", "https://192.168.1.1/", "192.168.1.1"},
		// none
		{"", "", ""}, {"https://", "", ""}, {"https:///x", "https://x", ""}, {"https://a..example/", "", ""}, {"https://a b.example/", "", ""}, {"https://[zz]/", "", ""},
		{"https://" + strings.Repeat("a", 64) + ".example/", "", ""}, {"https://256.1.1.1.1/", "https://256.1.1.1.1/", "256.1.1.1.1"}, {"https://intranet/", "", ""},
		{"mailto:a@b.example", "", ""}, {"javascript:alert(1)", "", ""}, {"data:text/html,x", "", ""}, {"cid:a@b.example", "", ""}, {"tel:+81312345678", "", ""}, {"file:///C:/x", "", ""},
		{"x.html", "", ""}, {"/x", "", ""}, {"#x", "", ""}, {"https:a.example", "", ""},
	} {
		l, ok := Of(tc.in)
		if tc.host == "" {
			if ok {
				t.Errorf("%q leads to %q", tc.in, l.URL)
			}
			continue
		}
		if !ok || l.URL != tc.url || l.Host != tc.host {
			t.Errorf("%q: %q at %q, want %q at %q", tc.in, l.URL, l.Host, tc.url, tc.host)
		}
	}
}

func TestRedirectorsThatCarryTheirTarget(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"https://www.google.com/url?sa=t&url=https://a.example/x&ved=1", "https://a.example/x"},
		{"https://www.google.com/search?q=https://a.example/x", "https://www.google.com/search?q=https://a.example/x"},
		{"https://l.facebook.com/l.php?u=https%3A%2F%2Fa.example%2Fx%3Fy%3D1&h=z", "https://a.example/x?y=1"},
		{"https://nam02.safelinks.protection.outlook.com/ap/w-59523e83/?url=https%3A%2F%2Fa.example%2Fx&amp;data=5", "https://a.example/x"},
		{"https://urldefense.com/v3/__http://a.example/x?y=__;Kys!!A", "http://a.example/x?y="},
		{"https://urldefense.proofpoint.com/v2/url?u=http-3A__a.example_x-2Dy_z&d=D", "http://a.example/x-y/z"},
		{"https://urldefense.com/v3/none", "https://urldefense.com/v3/none"},
		{"https://secure-web.cisco.com/1abc/def/https%3A%2F%2Fa.example%2Fx", "https://a.example/x"},
		{"https://www.youtube.com/redirect?event=v&q=https%3A%2F%2Fa.example", "https://a.example"},
		{"https://www.google.com/url?q=https://l.facebook.com/l.php?u=https%253A%252F%252Fa.example", "https://a.example"},
		{"https://www.google.com/url?q=javascript:x", "https://www.google.com/url?q=javascript:x"},
		{"https://notgoogle.com/url?q=https://a.example", "https://notgoogle.com/url?q=https://a.example"},
	} {
		if l, ok := Of(tc.in); !ok || l.URL != tc.want {
			t.Errorf("%s: %q, want %q", tc.in, l.URL, tc.want)
		}
	}
}

func TestRedirectorsAroundThemselvesEnd(t *testing.T) {
	u := "https://a.example/"
	for range 6 {
		u = "https://www.google.com/url?q=" + strings.NewReplacer("%", "%25", "&", "%26", "?", "%3F", "=", "%3D").Replace(u)
	}
	if l, ok := Of(u); !ok || l.Host != "www.google.com" {
		t.Errorf("%+v", l)
	}
}

func TestOrganisations(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"www.example.co.jp", "mail.example.co.jp", true},
		{"a.co.jp", "b.co.jp", false},
		{"a.github.io", "b.github.io", false},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"outlook.com", "login.live.com", true},
		{"example.com", "example.org", false},
		{"com", "com", true},
	} {
		if got := same(tc.a, tc.b); got != tc.want {
			t.Errorf("%s, %s: %v", tc.a, tc.b, got)
		}
	}
}

func TestBrokenPages(t *testing.T) {
	for _, s := range []string{"", "<", "<a", "<a href", `<a href="`, "</a></a>", "<a href=>x</a>", "</blockquote></pre>x", strings.Repeat("<blockquote>", 5000) + "x", "<td><td>"} {
		p := page(t, s)
		if len(p.Links) > 0 || len(p.Text) > len(s)+10 {
			t.Errorf("%.20q: %.40q, %v", s, p.Text, p.Links)
		}
	}
	long := `<a href="https://a.example/">` + strings.Repeat("x ", anchorText) + "</a>" + strings.Repeat("y", 2*pageText)
	if p := page(t, long); len(p.Text) > pageText+htmlPiece || len(p.Links) != 1 || len(p.Links[0].Text) > anchorText {
		t.Errorf("%d bytes of text, %d links", len(p.Text), len(p.Links))
	}
}

const htmlPiece = 64 << 10 // the last piece of text may pass the limit
