package sender

import (
	"fmt"
	"strings"
	"testing"
)

// show writes results as "method=word name=value …; …", and "!" behind a field that is not whole.
func show(r results) string {
	var b strings.Builder
	b.WriteString(r.id)
	for _, one := range r.list {
		fmt.Fprintf(&b, "; %s=%s", one.method, one.word)
		for _, p := range one.props {
			fmt.Fprintf(&b, " %s=%s", p.name, p.value)
		}
	}
	if !r.whole {
		b.WriteString(" !")
	}
	return b.String()
}

// TestParseResults: RFC 8601 2.2, and what is written instead.
func TestParseResults(t *testing.T) {
	for _, c := range []struct{ name, raw, want string }{
		{"nothing", "", ""},
		{"id only", " gw.example", "gw.example"},
		{"no result", "gw.example; none", "gw.example"},
		{"no result, and a word", "gw.example; none at all", "gw.example !"},
		{"empty results", "gw.example;;; spf=none;", "gw.example; spf=none"},
		{"case", "GW.Example; SPF=Pass SMTP.MailFrom=A@B.example", "gw.example; spf=pass smtp.mailfrom=A@B.example"},
		{"method version", "gw.example 1; dkim/1 = pass header.d=a.example", "gw.example; dkim=pass header.d=a.example"},
		{"reason", `gw.example; dkim=fail reason="bad (really); worse" header.d=a.example`, "gw.example; dkim=fail reason=bad (really); worse header.d=a.example"},
		{"folded", "gw.example;\r\n\tspf=pass\r\n smtp.mailfrom=a.example;\r\n\tdkim=none", "gw.example; spf=pass smtp.mailfrom=a.example; dkim=none"},
		{"folded before LF only", "gw.example;\n\tspf=pass\n\tsmtp.mailfrom=a.example", "gw.example; spf=pass smtp.mailfrom=a.example"},
		{"comments everywhere", "(a) gw.example (b (c)) ; (d) spf (e) = (f) pass (g) smtp (h) . (i) mailfrom (j) = (k) a.example (l)", "gw.example; spf=pass smtp.mailfrom=a.example"},
		{"comment right behind a value", "gw.example; spf=pass(ok) smtp.mailfrom=a.example(x)", "gw.example; spf=pass smtp.mailfrom=a.example"},
		{"comment that does not end", "gw.example; spf=pass (smtp.mailfrom=a.example; dkim=pass", "gw.example; spf=pass"},
		{"quoted local part", `gw.example; spf=pass smtp.mailfrom="a b;c"@d.example`, "gw.example; spf=pass smtp.mailfrom=a b;c@d.example"},
		{"quoted pairs", `gw.example; spf=pass smtp.mailfrom="a\"b\\"@d.example`, `gw.example; spf=pass smtp.mailfrom=a"b\@d.example`},
		{"quote that does not end", `gw.example; spf=pass smtp.mailfrom="a; dkim=pass`, "gw.example; spf=pass smtp.mailfrom=a; dkim=pass"},
		{"null reverse-path", "gw.example; spf=none smtp.mailfrom=<> smtp.helo=a.example", "gw.example; spf=none smtp.mailfrom=<> smtp.helo=a.example"},
		{"value with slashes and equals", "gw.example; dkim=pass header.b=a/b+c== header.d=a.example", "gw.example; dkim=pass header.b=a/b+c== header.d=a.example"},
		{"word without a property type", "gw.example; dmarc=fail action=none header.from=a.example", "gw.example; dmarc=fail action=none header.from=a.example"},
		{"word without a value", "gw.example; spf=pass whatever smtp.mailfrom=a.example; dkim=none", "gw.example; spf=pass; dkim=none !"},
		{"no method", "gw.example; =pass; dkim=none", "gw.example; dkim=none !"},
		{"no word", "gw.example; spf=; dkim=none", "gw.example; dkim=none !"},
		{"word that is none", "gw.example; spf=pass@evil.example; dkim=none", "gw.example; dkim=none !"},
		{"no semicolon behind the id", "gw.example spf=pass", " !"},
		{"no id", "spf=pass smtp.mailfrom=a.example; dkim=none", " !"},
		{"NULs", "gw.example;\x00spf=pass\x00smtp.mailfrom=a.example", "gw.example; spf=pass smtp.mailfrom=a.example"},
		{"not UTF-8", "gw.example; spf=pass smtp.mailfrom=\xff\xfe@a.example", "gw.example; spf=pass smtp.mailfrom=\xff\xfe@a.example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := show(parseResults(c.raw)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestResultsAreBounded: what passes a limit makes the field one that proves nothing.
func TestResultsAreBounded(t *testing.T) {
	for name, raw := range map[string]string{
		"results":    "gw.example" + strings.Repeat("; spf=pass", maxResults+1),
		"properties": "gw.example; spf=pass" + strings.Repeat(" a.b=c", maxProps+1),
		"bytes":      "gw.example; spf=pass" + strings.Repeat(" ", maxField),
	} {
		r := parseResults(raw)
		if r.whole || len(r.list) > maxResults || len(r.list) > 0 && len(r.list[0].props) > maxProps {
			t.Errorf("%s: whole %t, %d results", name, r.whole, len(r.list))
		}
	}
	for _, deep := range []string{"(", "\"", "\\", "((\\", "; ", "=", "; a=b c.", "/"} { // no stack, no square of time
		parseResults("gw.example; spf=pass " + strings.Repeat(deep, maxField/len(deep)))
	}
}
