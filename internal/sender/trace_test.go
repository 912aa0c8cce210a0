package sender

import (
	"net/netip"
	"testing"

	"sekisho/internal/message"
)

// TestReadReceived: RFC 5321 4.4, as MTAs write it.
func TestReadReceived(t *testing.T) {
	for _, c := range []struct{ name, raw, from, by, client string }{
		{"Postfix", " from mail.a.example (mail.a.example [198.51.100.1])\r\n\t(using TLSv1.3 with cipher X)\r\n\tby gw.example (Postfix) with ESMTPS id 1\r\n\tfor <b@c.example>; Mon, 1 Jan 2024 00:00:00 +0900", "mail.a.example", "gw.example", "198.51.100.1"},
		{"Postfix, IPv6", "from a.example (unknown [IPv6:2001:db8::1]) by GW.example. (Postfix)", "a.example", "gw.example", "2001:db8::1"},
		{"Postfix, sendmail(1)", "by gw.example (Postfix, from userid 1000) id 1; date", "", "gw.example", ""},
		{"Sendmail", "from a.example (mail.a.example [198.51.100.1] (may be forged)) by gw.example (8.15.2/8.15.2) with ESMTP", "a.example", "gw.example", "198.51.100.1"},
		{"Exim", "from [198.51.100.1] (helo=a.example) by gw.example with esmtp", "[198.51.100.1]", "gw.example", "198.51.100.1"},
		{"amavis", "from gw.example ([127.0.0.1])\r\n by localhost (gw.example [127.0.0.1]) (amavisd-new, port 10024)\r\n with ESMTP", "gw.example", "localhost", "127.0.0.1"},
		{"mapped address", "from a (a [::ffff:198.51.100.1]) by gw.example", "a", "gw.example", "198.51.100.1"},
		{"HELO that is a literal", "from [192.0.2.1] (x [198.51.100.1]) by gw.example", "[192.0.2.1]", "gw.example", "198.51.100.1"},
		{"Exim, HELO behind the address", "from mail.a.example ([198.51.100.1] helo=[192.0.2.25]) by gw.example with esmtp", "mail.a.example", "gw.example", "198.51.100.1"},
		{"a certificate's name", "from a (a [198.51.100.1]) (using TLSv1.3) (Client CN \"[192.0.2.25]\", Issuer \"x [192.0.2.25]\" (not verified)) by gw.example (Postfix)", "a", "gw.example", "198.51.100.1"},
		{"an account", "from a (a [198.51.100.1]) (Authenticated sender: x[192.0.2.25]) by gw.example (Postfix)", "a", "gw.example", "198.51.100.1"},
		{"no address in the first comment", "from [192.0.2.25] (a) (x [192.0.2.25]) by gw.example", "[192.0.2.25]", "gw.example", ""},
		{"no comment at all", "from [192.0.2.25] by gw.example", "[192.0.2.25]", "gw.example", ""},
		{"no by", "from a.example (x [198.51.100.1]); date", "a.example", "", ""},
		{"by in a comment only", "from a.example (by gw.example); date", "a.example", "", ""},
		{"by behind the date", "from a.example; by gw.example", "a.example", "", ""},
		{"not an address", "from a (a [nowhere]) by gw.example", "a", "gw.example", ""},
		{"literal that does not end", "from a (a [198.51.100.1) by gw.example", "a", "gw.example", ""},
		{"nothing", "", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := readReceived(c.raw)
			client := ""
			if got.client.IsValid() {
				client = got.client.String()
			}
			if got.from != c.from || got.by != c.by || client != c.client {
				t.Errorf("%q by %q, %s", got.from, got.by, client)
			}
		})
	}
}

// TestHELOCannotMakeAFieldOurs: the sender chooses that word.
func TestHELOCannotMakeAFieldOurs(t *testing.T) {
	for _, raw := range []string{
		"from by (x [198.51.100.1]) by mx.else.example", "from gw.ours.example (x [198.51.100.1]) by mx.else.example",
		"from by(gw.ours.example) (x [198.51.100.1]) by mx.else.example", "from \"x by gw.ours.example\" (x [198.51.100.1]) by mx.else.example",
	} {
		if got := readReceived(raw); ours(site, got) {
			t.Errorf("%q: %+v is ours", raw, got)
		}
	}
}

// TestOurHosts: the gateway, the host in the authserv-id and those below it; an authserv-id without a dot is no host.
func TestOurHosts(t *testing.T) {
	for _, c := range []struct {
		gateway, id, name string
		want              bool
	}{
		{"gw.ours.example", "ours.example", "gw.ours.example", true},
		{"gw.ours.example", "ours.example", "mx2.ours.example", true},
		{"gw.ours.example", "ours.example", "ours.example", true},
		{"GW.ours.example", "MX.ours.example", "mx.ours.example", true},
		{"gw.ours.example", "ours.example", "notours.example", false},
		{"gw.ours.example", "ours.example", "ours.example.evil.example", false},
		{"gw.ours.example", "gateway", "a.gateway", false},
		{"", "ours", "", false},
	} {
		if got := ourHost(&message.Site{Gateway: c.gateway, AuthservID: c.id}, c.name); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

// TestLocalhostIsOursOnlyForOurselves: everybody's content filter calls itself so.
func TestLocalhostIsOursOnlyForOurselves(t *testing.T) {
	loopback, other := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("198.51.100.1")
	for _, c := range []struct {
		r    received
		want bool
	}{
		{received{by: "localhost", from: "x", client: loopback}, true},
		{received{by: "localhost", from: "gw.ours.example", client: other}, true}, // a filter in a container
		{received{by: "localhost", from: "x", client: other}, false},
		{received{by: "localhost", from: "x"}, false},
		{received{by: "localhost.evil.example", from: "x", client: loopback}, false},
	} {
		if got := ours(site, c.r); got != c.want {
			t.Errorf("%+v: %t", c.r, got)
		}
	}
}
