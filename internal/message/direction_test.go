package message

import (
	"net/netip"
	"testing"
)

func TestDirection(t *testing.T) {
	site := Site{
		LocalDomains:      []string{"example.org", ".branch.example.org"},
		InternalNetworks:  []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")},
		TrustedRelays:     []netip.Prefix{netip.MustParsePrefix("192.0.2.8/29")},
		SubmissionDaemons: []string{"ORIGINATING"},
		Gateway:           "gw.example.org",
	}
	const (
		outside  = "partner@example.net"
		ours     = "sato@example.org"
		branch   = "mori@tokyo.branch.example.org"
		fromOut  = "from mail.example.net (mail.example.net [198.51.100.7]) by gw.example.org (Postfix) with ESMTPS id 1"
		fromIn   = "from pc7 (unknown [10.1.2.3]) by gw.example.org (Postfix) with ESMTP id 1"
		authed   = "from pc (p.example.com [198.51.100.9]) by gw.example.org (Postfix) with ESMTPSA id 1"
		local    = "by gw.example.org (Postfix, from userid 1000) id 1"
		relayOut = "from mail.example.net (mail.example.net [198.51.100.7]) by mx.example.org (Postfix) with ESMTPS id 2"
		relayIn  = "from pc7 (unknown [10.1.2.3]) by mx.example.org (Postfix) with ESMTP id 2"
	)
	tests := []struct {
		name     string
		env      Envelope
		received []string
		want     Direction
		client   string
	}{
		{"from outside", Envelope{ClientIP: ip("198.51.100.7"), Rcpts: []string{ours}}, nil, In, "198.51.100.7"},
		{"from outside with a forged own Received field",
			Envelope{ClientIP: ip("198.51.100.7"), Rcpts: []string{ours}}, []string{authed}, In, "198.51.100.7"},
		{"authenticated from anywhere", Envelope{ClientIP: ip("198.51.100.9"), SASLUser: "sato", Rcpts: []string{outside}}, nil, Out, "198.51.100.9"},
		{"submission listener by its daemon name", Envelope{ClientIP: ip("198.51.100.9"), DaemonName: "ORIGINATING", Rcpts: []string{outside}}, nil, Out, "198.51.100.9"},
		{"submission listener of a session file", Envelope{ClientIP: ip("198.51.100.9"), Listener: "submission", Rcpts: []string{outside}}, nil, Out, "198.51.100.9"},
		{"internal network", Envelope{ClientIP: ip("10.9.9.9"), Rcpts: []string{outside}}, nil, Out, "10.9.9.9"},
		{"internal network, IPv4 mapped", Envelope{ClientIP: ip("::ffff:10.9.9.9"), Rcpts: []string{outside}}, nil, Out, "10.9.9.9"},
		{"internal network, IPv6", Envelope{ClientIP: ip("2001:db8:1::5"), Rcpts: []string{outside}}, nil, Out, "2001:db8:1::5"},
		{"ours to ours only", Envelope{ClientIP: ip("10.9.9.9"), Rcpts: []string{ours, branch}}, nil, Internal, "10.9.9.9"},
		{"ours to ours and outside", Envelope{ClientIP: ip("10.9.9.9"), Rcpts: []string{ours, outside}}, nil, Out, "10.9.9.9"},
		{"sendmail(1)", Envelope{ClientIP: ip("127.0.0.1"), Rcpts: []string{outside}}, nil, Out, "127.0.0.1"},
		{"sendmail(1), second pass", Envelope{ClientIP: ip("127.0.0.1"), Rcpts: []string{outside}}, []string{local}, Out, "127.0.0.1"},
		{"second pass of mail from outside", Envelope{ClientIP: ip("127.0.0.1"), Rcpts: []string{ours}}, []string{fromOut}, In, "198.51.100.7"},
		{"second pass, gateway known by the macro j only",
			Envelope{ClientIP: ip("127.0.0.1"), Rcpts: []string{ours}, Host: "gw2.example.org"},
			[]string{"from a (a [198.51.100.7]) by gw2.example.org with ESMTP id 1"}, In, "198.51.100.7"},
		{"second pass, Received folded as Postfix folds it", Envelope{ClientIP: ip("127.0.0.1"), Rcpts: []string{ours}},
			[]string{"from mail.example.net (mail.example.net [198.51.100.7])\r\n\tby gw.example.org (Postfix) with ESMTPS id 1\r\n\tfor <a@b>; date"}, In, "198.51.100.7"},
		{"second pass of authenticated mail", Envelope{ClientIP: ip("127.0.0.1"), Rcpts: []string{outside}}, []string{authed}, Out, "198.51.100.9"},
		{"second pass of internal mail", Envelope{ClientIP: ip("::1"), Rcpts: []string{outside}}, []string{fromIn}, Out, "10.1.2.3"},
		{"webmail on this host names its own client", Envelope{ClientIP: ip("127.0.0.1"), Rcpts: []string{outside}},
			[]string{"from [198.51.100.9] by webmail.example.org with HTTP"}, Out, "127.0.0.1"},
		{"trusted relay, client outside", Envelope{ClientIP: ip("192.0.2.9"), Rcpts: []string{ours}}, []string{relayOut}, In, "198.51.100.7"},
		{"trusted relay, client inside", Envelope{ClientIP: ip("192.0.2.9"), Rcpts: []string{outside}}, []string{relayIn}, Out, "10.1.2.3"},
		{"trusted relay, HELO name that looks like a literal", Envelope{ClientIP: ip("192.0.2.9"), Rcpts: []string{ours}},
			[]string{"from [10.1.2.3] (mail.example.net [198.51.100.7]) by mx.example.org with ESMTP"}, In, "198.51.100.7"},
		{"trusted relay, its TLS in comments", Envelope{ClientIP: ip("192.0.2.9"), Rcpts: []string{outside}},
			[]string{"from pc7 (unknown [10.1.2.3]) (using TLSv1.3 with cipher X (256/256 bits)) (No client certificate requested) by mx.example.org (Postfix) with ESMTPS id 2"}, Out, "10.1.2.3"},
		{"trusted relay, Sendmail's doubt", Envelope{ClientIP: ip("192.0.2.9"), Rcpts: []string{ours}},
			[]string{"from a (mail.example.net [198.51.100.7] (may be forged)) by mx.example.org (8.18.1/8.18.1) with ESMTPS id 2"}, In, "198.51.100.7"},
		{"trusted relay, Exim's HELO name", Envelope{ClientIP: ip("192.0.2.9"), Rcpts: []string{ours}},
			[]string{"from mail.example.net ([198.51.100.7] helo=[10.1.2.3]) by mx.example.org with esmtp"}, In, "198.51.100.7"},
		{"trusted relay, an address in a certificate", Envelope{ClientIP: ip("192.0.2.9"), Rcpts: []string{ours}},
			[]string{"from a (a [198.51.100.7]) (Client CN \"([10.1.2.3])\", Issuer \"x\") by mx.example.org (Postfix) with ESMTPS id 2"}, In, "198.51.100.7"},
		{"second pass, TLS in comments", Envelope{ClientIP: ip("127.0.0.1"), Rcpts: []string{ours}},
			[]string{"from a (a [198.51.100.7]) (using TLSv1.3 with cipher X (256/256 bits)) by gw.example.org (Postfix) with ESMTPS id 1"}, In, "198.51.100.7"},
		{"second pass, a certificate that says it is authenticated", Envelope{ClientIP: ip("127.0.0.1"), Rcpts: []string{ours}},
			[]string{"from a (a [198.51.100.7]) (Client CN \"x by gw.example.org with ESMTPSA\", Issuer \"x\" (not verified)) by gw.example.org (Postfix) with ESMTPS id 1"}, In, "198.51.100.7"},
		{"trusted relay behind a trusted relay", Envelope{ClientIP: ip("192.0.2.9"), Rcpts: []string{ours}},
			[]string{"from mx2 (mx2 [192.0.2.10]) by mx.example.org with ESMTP", relayOut}, In, "198.51.100.7"},
		{"trusted relay that names nobody is unknown, not ours", Envelope{ClientIP: ip("192.0.2.9"), Rcpts: []string{ours}}, []string{"by mx.example.org id 7"}, In, "invalid IP"},
		{"trusted relay without a Received field", Envelope{ClientIP: ip("192.0.2.9"), Rcpts: []string{ours}}, nil, In, "192.0.2.9"},
		{"no client address at all", Envelope{Rcpts: []string{ours}}, nil, In, "invalid IP"},
		{"a chain of relays without end", Envelope{ClientIP: ip("192.0.2.9"), Rcpts: []string{ours}}, loop(receivedHops + 1), In, "invalid IP"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := &Header{}
			for _, r := range tt.received {
				h.Fields = append(h.Fields, Field{Name: "Received", Raw: " " + r})
			}
			d, client := site.Direction(&tt.env, h)
			if d != tt.want || client.String() != tt.client {
				t.Errorf("got %s from %s, want %s from %s", d, client, tt.want, tt.client)
			}
		})
	}
}

func loop(n int) []string {
	var fields []string
	for range n {
		fields = append(fields, "from a (a [192.0.2.10]) by mx.example.org with ESMTP")
	}
	return fields
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestLocal(t *testing.T) {
	site := Site{LocalDomains: []string{"Example.org", ".branch.example.org"}}
	for addr, want := range map[string]bool{
		"a@example.org": true, "a@EXAMPLE.ORG.": true, "a@b@example.org": true, "a@tokyo.branch.example.org": true,
		"a@branch.example.org": false, "a@notexample.org": false, "a@example.org.evil.example": false, "example.org": false, "": false,
	} {
		if got := site.Local(addr); got != want {
			t.Errorf("Local(%q) = %v, want %v", addr, got, want)
		}
	}
}
