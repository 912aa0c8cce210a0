package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"sekisho/internal/mtatest"
)

// hold sends a mail that is held, and returns its quarantine id.
func hold(t *testing.T, d *mtatest.Daemon, addr string, m mtatest.Message, xclient ...string) string {
	t.Helper()
	send(t, addr, m, 250, xclient...)
	for end := time.Now().Add(wait); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		recs, err := d.Records()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range recs {
			if r.Quarantine != "" && strings.Contains(r.MessageID, messageID(m)) {
				return r.Quarantine
			}
		}
	}
	t.Fatal("no record of a held mail")
	return ""
}

var messageIDField = regexp.MustCompile(`(?m)^Message-ID: <([^>]+)>`)

func messageID(m mtatest.Message) string { return messageIDField.FindStringSubmatch(string(m.Raw))[1] }

func release(t *testing.T, d *mtatest.Daemon, id string) {
	t.Helper()
	if out, _, err := d.Run("quarantine", "release", id, "--reason", "asked by telephone"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// A released mail has the exact bytes and envelope, and a simple/simple DKIM signature still verifies on it. So it does on mail that was
// only accepted or tagged.
func TestReleaseKeepsBytesAndSignature(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	s := newSigner(t)
	for _, subject := range []string{"signed", "[tag] signed", "[quarantine] signed"} {
		t.Run(subject, func(t *testing.T) {
			m := mailOf(subject)
			m.Raw = s.sign(t, oddMail(subject))
			m.To = []string{"sato@example.co.jp", "tanaka@example.co.jp"} // in the order in which Postfix delivers
			if strings.HasPrefix(subject, "[quarantine]") {
				release(t, d, hold(t, d, p.Inbound, m, outside...))
			} else {
				send(t, p.Inbound, m, 250, outside...)
			}
			got, err := p.Sink.Wait(messageID(m), wait)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.verify(got.Raw); err != nil {
				t.Errorf("%v\n%q", err, got.Raw)
			}
			if !strings.HasSuffix(string(got.Raw), string(m.Raw)) {
				t.Errorf("delivered %q\nsent %q", got.Raw, m.Raw)
			}
			if got.From != m.From || fmt.Sprint(got.To) != fmt.Sprint(m.To) {
				t.Errorf("envelope %q %q", got.From, got.To)
			}
		})
	}
}

// The mark lets exactly this mail pass once, is gone from what is delivered, and the record tells the release from a judgement.
func TestReleasePassesOnce(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	const subject = "[quarantine] to be released"
	m := mailOf(subject)
	id := hold(t, d, p.Inbound, m, outside...)
	if h := withSubject(list(t, d), subject); len(h) != 1 || h[0].State != "held" {
		t.Errorf("before: %+v", h)
	}
	release(t, d, id)
	got := delivered(t, p.Sink, subject)
	if v := got.Fields("X-Sekisho-Release"); len(v) > 0 {
		t.Errorf("the mark was delivered: %q", v)
	}
	recs, err := d.WaitRecords(subject, 2, wait)
	if err != nil {
		t.Fatal(err)
	}
	if r := recs[1]; r.Verdict != "accept" || r.Done != "accept" || r.Released != id || r.Quarantine != "" {
		t.Errorf("record of the release %+v", r)
	}
	if h := withSubject(list(t, d), subject); len(h) != 0 {
		t.Errorf("still listed as held: %+v", h)
	}
	if n, err := d.Metric(`sekisho_release_marks_total{result="ok"}`); err != nil || n != 1 {
		t.Errorf("marks honoured: %v %v", n, err)
	}
	if n := len(p.Sink.Find("Subject: " + subject + "\r\n")); n != 1 {
		t.Errorf("delivered %d times", n)
	}
}

// A mark from somewhere else opens nothing, and is removed even where the mail passes on its own merits.
func TestForgedMarkIsRefusedAndRemoved(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	mark := []byte("X-Sekisho-Release: v1.20261123-aaaaaaaa.9999999999.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n")
	for _, subject := range []string{"[quarantine] forged mark", "forged mark on plain mail"} {
		m := mailOf(subject)
		m.Raw = append(append([]byte{}, mark...), m.Raw...)
		send(t, p.Inbound, m, 250, outside...)
		if rec := one(t, d, subject); rec.Released != "" {
			t.Errorf("%s: %+v", subject, rec)
		}
	}
	if got := delivered(t, p.Sink, "forged mark on plain mail"); len(got.Fields("X-Sekisho-Release")) > 0 {
		t.Errorf("the mark was delivered: %q", got.Raw)
	}
	if n := len(p.Sink.Find("Subject: [quarantine] forged mark\r\n")); n > 0 {
		t.Error("the forged mark let the mail pass")
	}
}

// SMTPUTF8 and 8BITMIME stand in the envelope of the release as they stood in that of the arrival (RFC 6531 3.4, RFC 6152).
func TestReleaseRestoresSMTPUTF8(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	utf8 := mailOf("[quarantine] 請求書")
	utf8.From, utf8.To, utf8.Params = "鈴木@partner.example", []string{"田中@example.co.jp"}, "SMTPUTF8 BODY=8BITMIME"
	eight := mailOf("[quarantine] eight bits")
	eight.Params, eight.Raw = "BODY=8BITMIME", append(eight.Raw, "本文は 8 ビット。\r\n"...)
	for _, m := range []mtatest.Message{utf8, eight} {
		release(t, d, hold(t, d, p.Inbound, m, outside...))
		got, err := p.Sink.Wait(messageID(m), wait)
		if err != nil {
			t.Fatal(err)
		}
		if got.From != m.From || got.To[0] != m.To[0] || got.SMTPUTF8 != strings.Contains(m.Params, "SMTPUTF8") || got.Body != "8BITMIME" {
			t.Errorf("envelope %q %q SMTPUTF8=%v BODY=%s", got.From, got.To, got.SMTPUTF8, got.Body)
		}
		if !strings.HasSuffix(string(got.Raw), string(m.Raw)) {
			t.Errorf("the bytes changed: %q", got.Raw)
		}
	}
}

// The sender of a held mail is most likely forged: when the mailbox refuses the released mail, no bounce may go there.
func TestReleaseNeverBouncesToTheSender(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	const subject = "[quarantine] refused by the mailbox"
	m := mailOf(subject)
	m.From = "forged-sender@victim.example"
	id := hold(t, d, p.Inbound, m, outside...)
	p.Sink.Deny(func(got mtatest.Delivery) error {
		if strings.Contains(string(got.Raw), "Subject: "+subject) && got.From == m.From {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
		}
		return nil
	})
	defer p.Sink.Deny(nil)
	mark := p.Log().Mark()
	release(t, d, id)
	if _, err := p.Log().Wait(mark, `status=bounced .*no such mailbox`, wait); err != nil {
		t.Fatal(err)
	}
	if err := p.WaitQueueEmpty(wait); err != nil {
		t.Fatal(err)
	}
	for _, got := range p.Sink.All() {
		for _, to := range got.To {
			if to == m.From {
				t.Errorf("a bounce went to the forged sender: %q", got.Raw)
			}
		}
	}
}

// A header that an MTA would complete for its own users is not completed: no Date, an address without a domain.
func TestReleaseCompletesNothing(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	m := mailOf("[quarantine] incomplete header")
	m.Raw = []byte("From: suzuki\r\nTo: undisclosed-recipients:;\r\nSubject: [quarantine] incomplete header\r\nMessage-ID: <incomplete@partner.example>\r\n\r\nHello.\r\n")
	release(t, d, hold(t, d, p.Inbound, m, outside...))
	if got := delivered(t, p.Sink, "[quarantine] incomplete header"); !strings.HasSuffix(string(got.Raw), string(m.Raw)) || len(got.Fields("Date")) > 0 {
		t.Errorf("delivered %q", got.Raw)
	}
}

// A null sender stays one.
func TestReleaseOfNullSender(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	m := mailOf("[quarantine] a bounce, released")
	m.From = ""
	release(t, d, hold(t, d, p.Inbound, m, outside...))
	if got := delivered(t, p.Sink, "[quarantine] a bounce, released"); got.From != "" {
		t.Errorf("reverse-path %q", got.From)
	}
}

// Sendmail needs no listener of its own for releases: docs/install.md names its ordinary one.
func TestReleaseThroughSendmail(t *testing.T) {
	s := sendmail(t)
	d := mtatest.StartDaemon(t, mtatest.DaemonOptions{Binary: shared.binary, Listen: "unix:" + s.Socket(), Config: config(t, s.Inbound)})
	const subject = "[quarantine] released through sendmail"
	m := mailOf(subject)
	release(t, d, hold(t, d, s.Inbound, m))
	got := delivered(t, s.Sink, subject)
	if v := got.Fields("X-Sekisho-Release"); len(v) > 0 {
		t.Errorf("the mark was delivered: %q", v)
	}
	if !strings.HasSuffix(string(got.Raw), string(m.Raw)) {
		t.Errorf("delivered %q\nsent %q", got.Raw, m.Raw)
	}
}
