package mtatest

import (
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-milter"
)

// nullMilter accepts everything but a subject that asks for more, and notes what the MTA said of each session.
type nullMilter struct {
	milter.NoOpMilter
	notes   *notes
	subject string
}

type notes struct {
	mu    sync.Mutex
	lines []string
}

func (n *notes) add(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, fmt.Sprintf(format, args...))
}

func (n *notes) has(text string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Contains(strings.Join(n.lines, "\n"), text)
}

func (m *nullMilter) Connect(host, family string, _ uint16, addr net.IP, mod *milter.Modifier) (milter.Response, error) {
	m.notes.add("connect %s %s daemon=%s", host, addr, mod.Macros["{daemon_name}"])
	return milter.RespContinue, nil
}

func (m *nullMilter) MailFrom(from string, mod *milter.Modifier) (milter.Response, error) {
	m.notes.add("mail %s auth=%s", from, mod.Macros["{auth_authen}"])
	return milter.RespContinue, nil
}

func (m *nullMilter) Headers(h textproto.MIMEHeader, _ *milter.Modifier) (milter.Response, error) {
	m.subject = h.Get("Subject")
	return milter.RespContinue, nil
}

func (m *nullMilter) Body(mod *milter.Modifier) (milter.Response, error) {
	switch m.subject {
	case "hold":
		return milter.RespAccept, mod.Quarantine("held by the test")
	case "reject":
		return milter.RespReject, nil
	}
	return milter.RespAccept, mod.AddHeader("X-Null-Milter", "seen")
}

// serveNull serves the null milter on a Unix socket.
func serveNull(t *testing.T, path string) *notes {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	n := &notes{}
	s := &milter.Server{
		NewMilter: func() milter.Milter { return &nullMilter{notes: n} },
		Actions:   milter.OptAddHeader | milter.OptQuarantine,
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(l) //nolint:errcheck // the error of Close
	}()
	t.Cleanup(func() { s.Close(); <-done })
	return n
}

func testMail(subject string) []byte {
	return []byte("From: a@example.net\r\nTo: b@example.co.jp\r\nSubject: " + subject + "\r\nDate: Mon, 23 Nov 2026 09:00:00 +0900\r\nMessage-ID: <" + subject + "@example.net>\r\n\r\n.dot\r\nbody\r\n")
}

const wait = 30 * time.Second

func TestPostfix(t *testing.T) {
	p := StartPostfix(t, PostfixOptions{UsePacked: true})
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("mail log:\n%s", p.Log())
		}
	})
	seen := serveNull(t, p.Socket("sekisho.sock"))
	send := func(t *testing.T, addr, subject string, xclient ...string) Reply {
		t.Helper()
		r, err := SendMail(addr, Message{From: "a@example.net", To: []string{"b@example.co.jp"}, Raw: testMail(subject)}, xclient...)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}

	t.Run("delivers_the_exact_bytes_through_the_milter", func(t *testing.T) {
		if r := send(t, p.Inbound, "plain"); r.Code != 250 || r.QueueID() == "" {
			t.Fatalf("reply %s", r)
		}
		d, err := p.Sink.Wait("Subject: plain", wait)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(d.OwnBytes(1)), strings.Replace(string(testMail("plain")), "\r\n\r\n", "\r\nX-Null-Milter: seen\r\n\r\n", 1); got != want {
			t.Errorf("delivered %q, want %q", got, want)
		}
		if d.From != "a@example.net" || len(d.To) != 1 || d.To[0] != "b@example.co.jp" {
			t.Errorf("envelope %q %q", d.From, d.To)
		}
	})
	t.Run("xclient_address_reaches_the_milter", func(t *testing.T) {
		send(t, p.Inbound, "xclient", "ADDR=192.0.2.7", "NAME=mail.example.com")
		if !seen.has("connect mail.example.com 192.0.2.7 daemon=") {
			t.Errorf("milter saw %q", seen.lines)
		}
	})
	t.Run("submission_authenticates_and_names_its_daemon", func(t *testing.T) {
		c, err := Dial(p.Submission)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Ehlo("pc.example.co.jp"); err != nil {
			t.Fatal(err)
		}
		if err := c.Auth("sato", "wrong"); err == nil {
			t.Error("a wrong password was taken")
		}
		if err := c.Auth("sato", SASLPassword); err != nil {
			t.Fatal(err)
		}
		r, err := c.Send(Message{From: "sato@example.co.jp", To: []string{"b@example.org"}, Raw: testMail("submitted")})
		if err != nil || !r.Ok() {
			t.Fatalf("%v %v", r, err)
		}
		if !seen.has("daemon=ORIGINATING") || !seen.has("auth=sato") {
			t.Errorf("milter saw %q", seen.lines)
		}
	})
	t.Run("second_pass_comes_back_through_the_milter", func(t *testing.T) {
		send(t, p.Filtered, "twice")
		if d, err := p.Sink.Wait("Subject: twice", wait); err != nil || len(d.Fields("X-Null-Milter")) != 2 {
			t.Errorf("%v %q", err, d.Raw)
		}
		if !seen.has("daemon=REINJECT") {
			t.Errorf("milter saw %q", seen.lines)
		}
	})
	t.Run("sendmail_command_passes_the_milter", func(t *testing.T) {
		if err := p.Sendmail(Message{From: "root@example.co.jp", To: []string{"b@example.co.jp"}, Raw: testMail("local")}); err != nil {
			t.Fatal(err)
		}
		if d, err := p.Sink.Wait("Subject: local", wait); err != nil || d.Field("X-Null-Milter") != "seen" {
			t.Errorf("%v %q", err, d.Raw)
		}
	})
	t.Run("held_mail_stays_until_postsuper", func(t *testing.T) {
		id := send(t, p.Inbound, "hold").QueueID()
		q, err := p.Mailq()
		if err != nil || len(q) != 1 || q[0].Name != "hold" || q[0].ID != id {
			t.Fatalf("queue %+v %v", q, err)
		}
		if text, err := p.Content(id); err != nil || !strings.Contains(text, "\n.dot\nbody\n") {
			t.Errorf("content %q %v", text, err)
		}
		if err := errors.Join(p.Unhold(id), p.Flush()); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Sink.Wait("Subject: hold", wait); err != nil {
			t.Error(err)
		}
	})
	t.Run("reject", func(t *testing.T) {
		if r := send(t, p.Inbound, "reject"); r.Code != 550 {
			t.Errorf("reply %s", r)
		}
	})
	t.Run("pipelined_messages", func(t *testing.T) {
		c, err := Dial(p.Inbound)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Ehlo("x.example.net"); err != nil {
			t.Fatal(err)
		}
		to := []string{"b@example.co.jp", "c@example.co.jp"}
		rs, err := c.Pipeline(Message{From: "", To: to, Raw: testMail("pipe1")}, Message{From: "é@example.net", Params: "SMTPUTF8", To: to, Raw: testMail("pipe2")})
		if err != nil || len(rs) != 2 || !rs[0].Ok() || !rs[1].Ok() {
			t.Fatalf("%v %v", rs, err)
		}
		if d, err := p.Sink.Wait("Subject: pipe2", wait); err != nil || !d.SMTPUTF8 || d.From != "é@example.net" {
			t.Errorf("%v %+v", err, d)
		}
	})
	t.Run("tap_counts_round_trips", func(t *testing.T) {
		if err := os.Rename(p.Socket("sekisho.sock"), p.Socket("behind.sock")); err != nil {
			t.Fatal(err)
		}
		tap, err := NewTap(p.Socket("sekisho.sock"), p.Socket("behind.sock"))
		if err != nil {
			t.Fatal(err)
		}
		defer tap.Close()
		if r := send(t, p.Inbound, "tapped"); !r.Ok() {
			t.Fatal(r)
		}
		// The null milter negotiates nothing away: option negotiation, connect, HELO, MAIL, RCPT, five header fields, end of headers,
		// body and end of message each take one.
		if n := tap.Trips(); n < 8 || n > 20 {
			t.Errorf("%d round trips", n)
		}
	})
	t.Run("queue_runs_empty", func(t *testing.T) {
		if err := p.WaitQueueEmpty(wait); err != nil {
			t.Error(err)
		}
	})
}
