package e2e

import (
	"strings"
	"testing"

	"sekisho/internal/mtatest"
)

// received is a Received field as a relay writes it.
func received(from, ip, by string) string {
	return "Received: from " + from + " (" + from + " [" + ip + "])\r\n\tby " + by + " (Postfix) with ESMTP id ABC;\r\n\tMon, 23 Nov 2026 10:00:00 +0900 (JST)\r\n"
}

const (
	inward  = "tanaka@example.co.jp"
	outward = "someone@elsewhere.example"
)

// Mail from other hosts, as the client address shows, or the Received field that a trusted relay wrote.
func TestDirectionByClient(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	for _, tc := range []struct {
		name, client, received, to, want string
	}{
		{"outside", "192.0.2.25", "", inward, "in"},
		{"internal_network_to_ours", "198.51.100.7", "", inward, "internal"},
		{"internal_network_to_outside", "198.51.100.7", "", outward, "out"},
		{"trusted_relay_from_outside", "203.0.113.5", received("mail.partner.example", "192.0.2.25", "edge.example.co.jp"), inward, "in"},
		{"trusted_relay_from_internal", "203.0.113.5", received("pc.example.co.jp", "198.51.100.9", "edge.example.co.jp"), inward, "internal"},
		{"trusted_relay_without_field", "203.0.113.5", "", inward, "in"},
		{"forged_field_from_outside", "192.0.2.25", received("pc.example.co.jp", "198.51.100.9", "mx.sekisho.test"), inward, "in"},
		{"forged_field_below_the_relays", "203.0.113.5", received("mail.partner.example", "192.0.2.25", "edge.example.co.jp") +
			received("pc.example.co.jp", "198.51.100.9", "mx.sekisho.test"), inward, "in"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := mailOf("direction " + tc.name)
			m.To, m.Raw = []string{tc.to}, append([]byte(tc.received), m.Raw...)
			send(t, p.Inbound, m, 250, "ADDR="+tc.client, "NAME=client.example.net")
			if rec := one(t, d, "direction "+tc.name); rec.Direction != tc.want {
				t.Errorf("direction %s, want %s: %+v", rec.Direction, tc.want, rec)
			}
		})
	}
}

// Submission: the user is known by SASL, whatever the client's address.
func TestDirectionOfSubmission(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	for to, want := range map[string]string{inward: "internal", outward: "out"} {
		subject := "submission to " + to
		c := connect(t, p.Submission, "ADDR=192.0.2.200", "NAME=cafe.example.net")
		if err := c.Auth("sato", mtatest.SASLPassword); err != nil {
			t.Fatal(err)
		}
		m := mailOf(subject)
		m.From, m.To = "sato@example.co.jp", []string{to}
		if r, err := c.Send(m); err != nil || !r.Ok() {
			t.Fatalf("%s %v", r, err)
		}
		if rec := one(t, d, subject); rec.Direction != want || rec.SASLUser != "sato" {
			t.Errorf("%s: %+v, want %s", subject, rec, want)
		}
	}
}

// sendmail(1): Postfix shows such mail to the filter as coming from 127.0.0.1.
func TestDirectionOfSendmailCommand(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	for to, want := range map[string]string{inward: "internal", outward: "out"} {
		subject := "sendmail command to " + to
		m := mailOf(subject)
		m.From, m.To = "root@example.co.jp", []string{to}
		if err := p.Sendmail(m); err != nil {
			t.Fatal(err)
		}
		if rec := one(t, d, subject); rec.Direction != want {
			t.Errorf("%s: %+v, want %s", subject, rec, want)
		}
		delivered(t, p.Sink, subject)
	}
}

// A content filter gives mail back from 127.0.0.1: the second pass must not turn a stranger's mail into ours.
func TestDirectionOfSecondPass(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	for client, want := range map[string]string{"192.0.2.25": "in", "198.51.100.7": "internal"} {
		subject := "second pass of " + client
		send(t, p.Filtered, mailOf(subject), 250, "ADDR="+client, "NAME=client.example.net")
		recs, err := d.WaitRecords(subject, 2, wait)
		if err != nil {
			t.Fatal(err)
		}
		for i, rec := range recs {
			if rec.Direction != want {
				t.Errorf("%s: pass %d: %+v, want %s", subject, i+1, rec, want)
			}
		}
		got := delivered(t, p.Sink, subject)
		if v := got.Fields("X-Sekisho-Verdict"); len(v) != 1 || v[0] != "accept" {
			t.Errorf("X-Sekisho-Verdict %q after two passes", v)
		}
		if !strings.HasSuffix(string(got.Raw), string(mailOf(subject).Raw)) {
			t.Errorf("%s: the bytes changed: %q", subject, got.Raw)
		}
	}
}
