package sender

import (
	"net/netip"
	"strings"
	"testing"

	"sekisho/internal/message"
)

// site is ours: gw.ours.example stands before it.
var site = &message.Site{
	Gateway: "gw.ours.example", AuthservID: "gw.ours.example",
	TrustedRelays: []netip.Prefix{netip.MustParsePrefix("192.0.2.25/32")},
}

// header is the header with these fields, "Name: value" a line, and a From.
func header(fields ...string) *message.Header {
	h := &message.Header{}
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ":")
		h.Fields = append(h.Fields, message.Field{Name: name, Raw: value})
	}
	return h
}

const (
	from      = "From: Taro <taro@partner.example>"
	arPass    = "Authentication-Results: gw.ours.example; dmarc=pass header.from=partner.example"
	byForeign = "Received: from x (x [198.51.100.1]) by mx.else.example; date"
	byUs      = "Received: from mail.partner.example (mail.partner.example [198.51.100.1])\r\n\tby gw.ours.example (Postfix) with ESMTP id 1; date"
	again     = "Received: from localhost (localhost [127.0.0.1]) by gw.ours.example (Postfix) with ESMTP id 2; date"
	byFilter  = "Received: from gw.ours.example ([127.0.0.1]) by localhost (gw.ours.example [127.0.0.1]) (amavisd-new, port 10024); date"
)

func ar(results string) string { return "Authentication-Results: gw.ours.example; " + results }

// TestResultsAsProgramsWriteThem: each form is one that a common program writes.
func TestResultsAsProgramsWriteThem(t *testing.T) {
	for name, c := range map[string]struct {
		field string
		want  Result
	}{
		"opendmarc":         {ar("dmarc=pass (p=none dis=none) header.from=partner.example"), Pass},
		"opendmarc fail":    {ar("dmarc=fail (p=none dis=none) header.from=partner.example"), Fail},
		"opendkim":          {ar("\r\n\tdkim=pass (2048-bit key; unprotected) header.d=partner.example header.i=@partner.example header.a=rsa-sha256 header.s=s1 header.b=\"a/b+c=\";\r\n\tdkim-atps=neutral"), Pass},
		"opendkim, b bare":  {ar("dkim=pass reason=\"2048-bit key\" header.d=partner.example header.b=Ab/c+d="), Pass},
		"policyd-spf":       {ar("spf=pass (sender SPF authorized) smtp.mailfrom=partner.example (client-ip=198.51.100.1; helo=mail.partner.example; envelope-from=taro@partner.example; receiver=ours)"), Pass},
		"policyd-spf none":  {ar("spf=none (no SPF record) smtp.mailfrom=partner.example"), None},
		"rspamd":            {ar("\r\n\tdkim=pass header.d=partner.example header.s=k1 header.b=abcd;\r\n\tdmarc=pass (policy=quarantine) header.from=partner.example;\r\n\tspf=pass (gw.ours.example: domain of taro@partner.example designates 198.51.100.1 as permitted sender) smtp.mailfrom=taro@partner.example"), Pass},
		"exchange":          {ar("spf=pass (sender IP is 198.51.100.1) smtp.mailfrom=partner.example; dkim=none (message not signed) header.d=none;dmarc=bestguesspass action=none header.from=partner.example;compauth=pass reason=109"), Pass},
		"sendmail smf-spf":  {ar("spf=pass smtp.mail=taro@partner.example smtp.helo=mail.partner.example"), Pass},
		"corpus, softfail":  {ar("spf=softfail smtp.mailfrom=partner.example; dkim=none; dmarc=none"), None},
		"spf fail":          {ar("spf=fail smtp.mailfrom=partner.example; dkim=none; dmarc=none"), Fail},
		"spf fail, dkim ok": {ar("spf=fail smtp.mailfrom=partner.example; dkim=pass header.d=partner.example"), Pass},
		"with a version":    {"Authentication-Results: GW.ours.example 1; dmarc=pass header.from=partner.example", Pass},
		"id quoted":         {"Authentication-Results: \"gw.ours.example\" (ours (nested)) ; spf/1=pass smtp . mailfrom = taro@partner.example", Pass},
		"null sender, helo": {ar("spf=pass smtp.mailfrom=<> smtp.helo=mail.partner.example"), Pass},
		"subdomain":         {ar("dkim=pass header.i=@news.partner.example"), Pass},
		"nothing done":      {ar("none"), Unknown},
		"all temperror":     {ar("spf=temperror smtp.mailfrom=partner.example; dkim=temperror; dmarc=temperror"), Unknown},
		"temperror, none":   {ar("spf=none smtp.mailfrom=partner.example; dkim=temperror"), None},
		"arc only":          {ar("arc=pass (i=1); spf=none smtp.mailfrom=partner.example"), None},
		"arc and dmarc":     {ar("arc=pass (i=1); dmarc=fail header.from=partner.example"), Fail},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Authenticate(header(c.field, from), site, "taro@partner.example"); got.Result != c.want {
				t.Errorf("%+v, want %s", got, c.want)
			}
		})
	}
}

// TestNobodyBecomesPass: what an attacker writes, or has us write.
func TestNobodyBecomesPass(t *testing.T) {
	for name, fields := range map[string][]string{
		"another's id":                    {"Authentication-Results: mx.else.example; dmarc=pass header.from=partner.example"},
		"no id":                           {"Authentication-Results: dmarc=pass header.from=partner.example"},
		"our id and more":                 {"Authentication-Results: gw.ours.example.evil.example; dmarc=pass header.from=partner.example"},
		"our id in a comment":             {"Authentication-Results: (gw.ours.example;) evil.example; dmarc=pass header.from=partner.example"},
		"below a foreign Received":        {byForeign, arPass},
		"below ours and a foreign one":    {byUs, byForeign, arPass},
		"below ours and one more as ours": {byUs, byUs, arPass},
		"below one that only says ours":   {"Received: from gw.ours.example (x [198.51.100.1]) (by gw.ours.example) by mx.else.example", arPass},
		"below HELO that says by us":      {"Received: from by (gw.ours.example [198.51.100.1]) by mx.else.example", arPass},
		"below localhost elsewhere":       {"Received: from pc.else.example (x [10.0.0.1]) by localhost", arPass},
		"below a relay in a certificate":  {"Received: from x (x [198.51.100.1])\r\n\t(Client CN \"[192.0.2.25]\", Issuer \"x\" (not verified))\r\n\tby gw.ours.example (Postfix)", byUs, arPass},
		"below nobody":                    {"Received: (qmail 1 invoked by uid 89); date", arPass},
		"under our own word":              {ar("spf=softfail smtp.mailfrom=partner.example; dkim=none; dmarc=none"), arPass},
		"HELO under our own reverse-path": {ar("spf=softfail smtp.mailfrom=partner.example"), ar("spf=pass smtp.helo=partner.example")},
		"reverse-path under our own HELO": {ar("spf=none smtp.helo=evil.example"), ar("spf=pass smtp.mailfrom=partner.example")},
		"under our own dmarc":             {ar("dmarc=none header.from=partner.example"), arPass},
		"beside our dmarc=fail":           {arPass, ar("dmarc=fail header.from=partner.example")},
		"not aligned":                     {ar("spf=pass smtp.mailfrom=evil.example; dkim=pass header.d=evil.example")},
		"dmarc of another From":           {ar("dmarc=pass header.from=evil.example")},
		"dmarc of nobody":                 {ar("dmarc=pass")},
		"helo aligned, reverse-path not":  {ar("spf=pass smtp.mailfrom=evil.example smtp.helo=partner.example")},
		"comment":                         {ar("dkim=none (x; dmarc=pass header.from=partner.example)")},
		"quoted pair in a comment":        {ar("dkim=none (x \\) ; dmarc=pass header.from=partner.example ;)")},
		"local part":                      {ar(`spf=pass smtp.mailfrom="a; dmarc=pass header.from=partner.example; b"@evil.example`)},
		"local part, not quoted":          {ar(`spf=pass smtp.mailfrom=a; dmarc=pass header.from=partner.example; b@evil.example`)},
		"HELO":                            {ar("spf=none smtp.helo=x;dmarc=pass")},
		"comment ended by a local part":   {ar("spf=pass (domain of a) smtp.mailfrom=partner.example (b@evil.example designates) smtp.mailfrom=x@evil.example")},
		"the same property twice":         {ar("dkim=pass header.d=partner.example header.d=evil.example")},
		"suffix only":                     {ar("dkim=pass header.d=example")},
		"field too long":                  {ar("dmarc=pass header.from=partner.example; x=y") + strings.Repeat(" ", maxField)},
		"too many hops":                   append(strings.Split(strings.Repeat(again+"|", maxHops+1), "|")[:maxHops+1], arPass),
		"ARC-Authentication-Results":      {"ARC-Authentication-Results: i=1; gw.ours.example; dmarc=pass header.from=partner.example"},
		"Received-SPF":                    {"Received-SPF: pass (gw.ours.example: ok) envelope-from=taro@partner.example"},
		"two From":                        {arPass, "From: evil@evil.example"},
		"two authors":                     {arPass, "From: taro@partner.example, evil@evil.example"},
	} {
		t.Run(name, func(t *testing.T) {
			h := header(append(fields, from)...)
			if strings.HasPrefix(fields[len(fields)-1], "From: taro") {
				h = header(fields...)
			}
			if got := Authenticate(h, site, "taro@partner.example"); got.Result == Pass || got.Domain != "" {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestWhereOurFieldsStand: where programs of the gateway put them.
func TestWhereOurFieldsStand(t *testing.T) {
	relay := "Received: from mx.ours.example (mx [192.0.2.25]) by gw.ours.example; date"
	byRelay := "Received: from x (x [198.51.100.1]) by mx.ours.example; date"
	for name, fields := range map[string][]string{
		"alone":                 {arPass},
		"above the first":       {arPass, byForeign},
		"below our own":         {byUs, arPass, byForeign},
		"below a second pass":   {again, byFilter, arPass, byUs, byForeign},
		"below its own":         {again, byFilter, byUs, arPass, byForeign},
		"below a trusted relay": {relay, byRelay, arPass, byForeign},
		"several fields":        {ar("dkim=none"), ar("spf=none smtp.mailfrom=partner.example"), arPass, byForeign},
	} {
		t.Run(name, func(t *testing.T) {
			got := Authenticate(header(append(fields, from)...), site, "taro@partner.example")
			if got.Result != Pass || got.Domain != "partner.example" {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestAuthenticateKnowsNothing(t *testing.T) {
	h := header(arPass, from)
	for name, got := range map[string]Auth{
		"no header":      Authenticate(nil, site, "taro@partner.example"),
		"no site":        Authenticate(h, nil, "taro@partner.example"),
		"no authserv-id": Authenticate(h, &message.Site{Gateway: "gw.ours.example"}, "taro@partner.example"),
		"no field":       Authenticate(header(from), site, "taro@partner.example"),
	} {
		if got != (Auth{Result: Unknown}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestAlignment: of one organisation, or the same domain where strangers share one.
func TestAlignment(t *testing.T) {
	for _, c := range []struct {
		domain, from string
		want         bool
	}{
		{"partner.example", "partner.example", true},
		{"mail.partner.example", "partner.example", true},
		{"partner.example", "osaka.partner.example", true},
		{"partner.co.jp", "other.co.jp", false},
		{"gmail.com", "gmail.com", true},
		{"a.ocn.ne.jp", "b.ocn.ne.jp", false},
		{"ocn.ne.jp", "b.ocn.ne.jp", false},
		{"a.github.io", "b.github.io", false},
		{"", "", false},
		{"evil.example", "", false},
	} {
		if got := aligned(c.domain, c.from); got != c.want {
			t.Errorf("%s for %s: %t", c.domain, c.from, got)
		}
	}
}

func TestWordsOfTheMethods(t *testing.T) {
	got := Authenticate(header(ar("spf=softfail smtp.mailfrom=x.example; dkim=fail header.d=x.example; dkim=pass header.d=partner.example; arc=none; dmarc=none"), from), site, "taro@partner.example")
	want := Auth{Result: Pass, SPF: "softfail", DKIM: "pass", DMARC: "none", ARC: "none", Domain: "partner.example"}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// FuzzAuthenticate: what stands below a Received field that is not our own changes nothing, whatever it is; and below our own word on all methods
// nothing makes a pass.
func FuzzAuthenticate(f *testing.F) {
	f.Add("Authentication-Results", " gw.ours.example; dmarc=pass header.from=partner.example", "spf=none smtp.mailfrom=a@b.example; dkim=none; dmarc=none")
	f.Add("Received", " from x by gw.ours.example", "dmarc=fail")
	f.Add("From", " x@y.example", `spf=pass smtp.mailfrom="a; b"@c.example (x\\`)
	f.Fuzz(func(t *testing.T, name, raw, ours string) {
		const addr = "taro@partner.example"
		theirs := message.Field{Name: name, Raw: raw}
		h := header(byForeign, from)
		h.Fields = append(h.Fields, theirs, message.Field{Name: "Authentication-Results", Raw: raw})
		if got := Authenticate(h, site, addr); got.Result != Unknown {
			t.Errorf("below a foreign Received: %+v", got)
		}
		h = header(ar("spf=softfail smtp.mailfrom=partner.example; dkim=none; dmarc=none"))
		h.Fields = append(h.Fields, theirs, header(arPass).Fields[0], header(from).Fields[0])
		if got := Authenticate(h, site, addr); got.Result == Pass {
			t.Errorf("below our own word: %+v", got)
		}
		r := parseResults("gw.ours.example; " + ours)
		if len(r.list) > maxResults {
			t.Errorf("%d results", len(r.list))
		}
		for _, one := range r.list {
			if one.method == "" || one.word == "" || len(one.props) > maxProps {
				t.Errorf("%+v", one)
			}
		}
	})
}
