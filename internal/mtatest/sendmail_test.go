package mtatest

import (
	"strings"
	"testing"
)

func TestSendmail(t *testing.T) {
	s := StartSendmail(t, SendmailOptions{})
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("mail log:\n%s", s.Log())
		}
	})
	seen := serveNull(t, s.Socket())
	send := func(t *testing.T, subject string) Reply {
		t.Helper()
		r, err := SendMail(s.Inbound, Message{From: "a@example.net", To: []string{"b@example.co.jp"}, Raw: testMail(subject)})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	t.Run("delivers_through_the_milter", func(t *testing.T) {
		if r := send(t, "plain"); r.Code != 250 || r.QueueID() == "" {
			t.Fatalf("reply %s", r)
		}
		d, err := s.Sink.Wait("Subject: plain", wait)
		if err != nil || d.Field("X-Null-Milter") != "seen" || !strings.HasSuffix(string(d.Raw), "\r\n.dot\r\nbody\r\n") {
			t.Errorf("%v %q", err, d.Raw)
		}
		if !seen.has("127.0.0.1 daemon=MTA") {
			t.Errorf("milter saw %q", seen.lines)
		}
	})
	t.Run("reject", func(t *testing.T) {
		if r := send(t, "reject"); r.Code != 550 && r.Code != 554 {
			t.Errorf("reply %s", r)
		}
	})
	t.Run("held_mail_is_quarantined_in_the_queue", func(t *testing.T) {
		id := send(t, "hold").QueueID()
		q, err := s.Mailq()
		if err != nil || !strings.Contains(q, id) || !strings.Contains(q, "held by the test") {
			t.Errorf("mailq %v\n%s", err, q)
		}
		if len(s.Sink.Find("Subject: hold")) > 0 {
			t.Error("held mail was delivered")
		}
		// As docs/install.md has it, but for the configuration's place.
		if out, err := s.jail.run(nil, s.binary, "-C/mta/etc/sendmail.cf", "-qQ", "-qI"+id, "-Q"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if _, err := s.Sink.Wait("Subject: hold", wait); err != nil {
			t.Error(err)
		}
	})
}
