package filter

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

// bounceOf is a delivery report (RFC 3464) with the mail that it is about as the last part.
func bounceOf(last fixture.Mail) fixture.Mail {
	m := fixture.Message("MAILER-DAEMON@mx.partner.example", hanako, "Undelivered Mail Returned to Sender", fixture.TextPart("could not be delivered"),
		fixture.Mail{Fields: []string{"Content-Type: message/delivery-status"}, Body: []byte("Action: failed\r\n")}, last)
	m.Fields = append(m.Fields, "Auto-Submitted: auto-replied")
	return m
}

func headersOf(id string) fixture.Mail {
	return fixture.Mail{Fields: []string{"Content-Type: text/rfc822-headers"}, Body: []byte("From: " + hanako + "\r\nMESSAGE-ID:\r\n " + id + "\r\n")}
}

func TestReports(t *testing.T) {
	const ours, forged, foreign = "<real@our.example>", "<x1@our.example>", "<spam@bulk.example>"
	whole := func(id string) fixture.Mail {
		return fixture.Mail{Fields: []string{"Content-Type: message/rfc822"}, Body: []byte("From: " + hanako + "\r\nMessage-ID: " + id + "\r\n\r\ntext")}
	}
	quoted := fixture.TextPart("> Subject: hi\r\n> Message-Id: " + forged + "\r\n> \r\n> text")
	vacation := func(id string) fixture.Mail {
		m := fixture.Message(taro, hanako, "自動応答", fixture.TextPart("不在です。"))
		m.Fields = append(m.Fields, "Auto-Submitted: auto-replied", "In-Reply-To: "+id)
		return m
	}
	person := fixture.Message(taro, hanako, "Re: x", fixture.TextPart("> Message-ID: "+forged))
	for _, tc := range []struct {
		name    string
		from    string
		mail    fixture.Mail
		cold    bool
		away    bool
		abused  bool
		bounces int
	}{
		{name: "bounce of a mail of ours", mail: bounceOf(whole(ours)), bounces: 1},
		{name: "its headers alone", mail: bounceOf(headersOf(ours)), bounces: 1},
		{name: "bounce of a mail that was never sent", mail: bounceOf(headersOf(forged)), abused: true},
		{name: "with the mail whole", mail: bounceOf(whole(forged)), abused: true},
		{name: "with the mail quoted", mail: bounceOf(quoted), abused: true},
		{name: "under a Message-ID of a spam program", mail: bounceOf(headersOf(foreign)), abused: true},
		{name: "under one of another server of ours", mail: bounceOf(headersOf("<1@mail2.our.example.>")), abused: false},
		{name: "that shows no Message-ID", mail: bounceOf(fixture.TextPart("gone"))},
		{name: "while the memory is young", mail: bounceOf(headersOf(forged)), cold: true},
		{name: "while the memory is away", mail: bounceOf(headersOf(forged)), away: true},
		{name: "vacation answer to a mail of ours", from: taro, mail: vacation(ours)},
		{name: "the same from the null sender", mail: vacation(ours)},
		{name: "vacation answer to one that was never sent", from: taro, mail: vacation(forged), abused: true},
		{name: "vacation answer to a mail of a service of ours", mail: vacation(foreign)},
		{name: "a person's answer", from: taro, mail: person},
	} {
		o := newOffice(t)
		o.mem.ours, o.mem.warm = []string{"real@our.example"}, !tc.cold
		if tc.away {
			o.mem.err = errors.New("away")
		}
		env := message.Envelope{MailFrom: tc.from, Rcpts: []string{hanako, "else@partner.example"}, ClientIP: netip.MustParseAddr("192.0.2.7")}
		res, _ := o.pass(env, tc.mail)
		if got := kinds(res)[finding.OutboundBackscatter]; got != tc.abused {
			t.Errorf("%s: backscatter %v, want %v", tc.name, got, tc.abused)
		}
		sent, _ := o.sends(taro, "x", "")
		if got := sent.Facts.Outbound["bounces"]; got != tc.bounces {
			t.Errorf("%s: %d bounces, want %d", tc.name, got, tc.bounces)
		}
		if list, err := o.mon.Incidents(t.Context(), time.Time{}); err != nil || len(list) > 0 {
			t.Errorf("%s: whose name is abused is not infected: %v, %v", tc.name, list, err)
		}
	}
}

// FuzzQuotedID: whatever comes back is short, without blanks, and stands behind the header.
func FuzzQuotedID(f *testing.F) {
	f.Add([]byte("A: b\n\nMessage-ID: <1@a.example>\n"))
	f.Add([]byte("A: b\r\n\r\n> message-id:\r\n>  <1@a.example>"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		id := quotedID(raw)
		if id == "" {
			return
		}
		if len(id) > 512 || strings.ContainsAny(id, " \t\r\n") {
			t.Errorf("%q", id)
		}
		if _, body, ok := bytes.Cut(raw, []byte("\n")); !ok || !bytes.Contains(bytes.ToLower(body), []byte("message-id:")) {
			t.Errorf("%q from nowhere", id)
		}
	})
}

func TestQuotedID(t *testing.T) {
	for raw, want := range map[string]string{
		"":                                      "",
		"Message-ID: <top@a.example>\n\ntext":   "",
		"Message-ID: <top@a.example>":           "",
		"A: b\r\n\r\nMessage-ID: <1@A.Example>": "1@a.example",
		"A: b\n\n> > message-id: <1@a.example>": "1@a.example",
		"A: b\n\nMessage-ID:\n\t<1@a.example>":  "1@a.example",
		"A: b\n\nMessage-ID:\n":                 "",
		"A: b\n\nMessage-ID: <1@a.example>\nMessage-ID: <2@a.example>": "1@a.example",
		"A: b\n\nThe Message-ID: <1@a.example>":                        "",
		"A: b\n\nMessage-ID: <" + strings.Repeat("a", 2000) + ">":      "",
	} {
		if got := quotedID([]byte(raw)); got != want {
			t.Errorf("%.60q: %q, want %q", raw, got, want)
		}
	}
	late := "A: b\n\n" + strings.Repeat("text\n", reportMax) + "Message-ID: <1@a.example>\n"
	if got := original(strings.NewReader(late)); got != "" {
		t.Errorf("read behind the limit: %q", got)
	}
}
