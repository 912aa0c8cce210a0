package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/internal/mtatest"
)

// connect opens a session that speaks for a client outside where the MTA allows that.
func connect(t *testing.T, addr string, xclient ...string) *mtatest.Client {
	t.Helper()
	c, err := mtatest.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if len(xclient) > 0 {
		if err := c.Xclient(xclient...); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Ehlo("client.partner.example"); err != nil {
		t.Fatal(err)
	}
	return c
}

// tenMails are ten mails of one connection, the verdicts mixed so that each kind is followed by each other.
func tenMails(prefix string) []mtatest.Message {
	var all []mtatest.Message
	for i, kind := range []string{"", "[reject] ", "[quarantine] ", "", "[tag] ", "[quarantine] ", "[reject] ", "[tag] ", "[reject] ", ""} {
		all = append(all, mailOf(fmt.Sprintf("%s%s %d", kind, prefix, i)))
	}
	return all
}

func checkTen(t *testing.T, d *mtatest.Daemon, sink *mtatest.Sink, all []mtatest.Message, replies []mtatest.Reply, client string) {
	t.Helper()
	for i, m := range all {
		subject := subjectOf(m)
		want, code := "accept", 250
		for _, w := range []string{"reject", "quarantine", "tag"} {
			if strings.HasPrefix(subject, "["+w+"]") {
				want = w
			}
		}
		if want == "reject" {
			code = 550
		}
		if replies[i].Code/100 != code/100 {
			t.Errorf("%s: reply %s, want %d", subject, replies[i], code)
		}
		if rec := one(t, d, subject); rec.Done != want || rec.ClientIP != client || len(rec.Rcpts) != len(m.To) {
			t.Errorf("%s: record %+v, want %s from %s", subject, rec, want, client)
		}
		if want == "accept" || want == "tag" {
			delivered(t, sink, subject)
		} else if n := len(sink.Find("Subject: " + subject + "\r\n")); n > 0 {
			t.Errorf("%s: delivered", subject)
		}
	}
}

func subjectOf(m mtatest.Message) string {
	_, rest, _ := strings.Cut(string(m.Raw), "Subject: ")
	subject, _, _ := strings.Cut(rest, "\r\n")
	return subject
}

// Ten messages of one connection keep the client's address, which the MTA told only once, across every kind of answer, a refused recipient
// and RSET.
func TestTenMessagesOfOneConnection(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	c := connect(t, p.Inbound, outside...)
	all := tenMails("one by one")
	var replies []mtatest.Reply
	for i, m := range all {
		if i == 4 {
			if err := c.Expect("MAIL FROM:<a@partner.example>"); err != nil {
				t.Fatal(err)
			}
			if r, err := c.Cmd("RCPT TO:<b@elsewhere.example>"); err != nil || r.Code != 454 && r.Code != 554 {
				t.Fatalf("relaying: %s %v", r, err)
			}
			if err := c.Expect("RSET"); err != nil {
				t.Fatal(err)
			}
		}
		r, err := c.Send(m)
		if err != nil {
			t.Fatal(err)
		}
		replies = append(replies, r)
	}
	checkTen(t, d, p.Sink, all, replies, "192.0.2.25")
}

func TestTenMessagesPipelined(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	all := tenMails("pipelined")
	for i := range all {
		all[i].To = append(all[i].To, "sato@example.co.jp")
	}
	replies, err := connect(t, p.Inbound, outside...).Pipeline(all...)
	if err != nil {
		t.Fatal(err)
	}
	checkTen(t, d, p.Sink, all, replies, "192.0.2.25")
}

func TestTenMessagesSendmail(t *testing.T) {
	s := sendmail(t)
	d := mtatest.StartDaemon(t, mtatest.DaemonOptions{Binary: shared.binary, Listen: "unix:" + s.Socket(), Config: config(t, s.Inbound)})
	all := tenMails("sendmail")
	replies, err := connect(t, s.Inbound).Pipeline(all...)
	if err != nil {
		t.Fatal(err)
	}
	checkTen(t, d, s.Sink, all, replies, "127.0.0.1")
}

// A sender that drops the connection in the middle of a message leaves nothing: no record, no delivery, no file.
func TestAbortInTheMiddle(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	const subject = "[quarantine] broken off"
	m := mailOf(subject)
	m.Raw = append(m.Raw, bytes.Repeat([]byte("a line of the body\r\n"), 20_000)...)
	for _, n := range []int{0, 40, len(m.Raw) / 2} {
		c := connect(t, p.Inbound, outside...)
		if err := c.Abort(m, n); err != nil {
			t.Fatal(err)
		}
	}
	send(t, p.Inbound, mailOf("after the break"), 250, outside...)
	delivered(t, p.Sink, "after the break")
	one(t, d, "after the break") // records gather for a moment
	recs, err := d.Records()
	if err != nil || len(recs) != 1 {
		t.Errorf("records %+v (%v), want one", recs, err)
	}
	checkNothingInWork(t, d)
}

// checkNothingInWork waits until the daemon says so, and sees that the spool is empty.
func checkNothingInWork(t *testing.T, d *mtatest.Daemon) {
	t.Helper()
	for end := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		n, err := d.Metric("sekisho_messages_in_work")
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%v messages in work", n)
		}
	}
	left, err := os.ReadDir(filepath.Join(d.State, "spool"))
	if err != nil || len(left) > 0 {
		t.Errorf("spool: %v (%v)", left, err)
	}
}

// The null reverse-path (RFC 5321 4.5.5) is an address of its own, not a missing one.
func TestNullSender(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	for _, subject := range []string{"null sender", "[quarantine] null sender"} {
		m := mailOf(subject)
		m.From = ""
		send(t, p.Inbound, m, 250, outside...)
		if rec := one(t, d, subject); rec.MailFrom != "" {
			t.Errorf("%s: sender %q", subject, rec.MailFrom)
		}
	}
	if got := delivered(t, p.Sink, "null sender"); got.From != "" {
		t.Errorf("delivered from %q", got.From)
	}
	if h := withSubject(list(t, d), "[quarantine] null sender"); len(h) != 1 || h[0].Envelope.MailFrom != "" {
		t.Errorf("held %+v", h)
	}
}

func TestSMTPUTF8(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	const subject = "[tag] 請求書"
	m := mailOf(subject)
	m.From, m.To, m.Params = "鈴木@partner.example", []string{"田中@example.co.jp"}, "SMTPUTF8 BODY=8BITMIME"
	send(t, p.Inbound, m, 250, outside...)
	if rec := one(t, d, subject); rec.Done != "tag" || rec.MailFrom != m.From || len(rec.Rcpts) != 1 || rec.Rcpts[0] != m.To[0] {
		t.Errorf("record %+v", rec)
	}
	if got := delivered(t, p.Sink, subject); got.From != m.From || got.To[0] != m.To[0] || !got.SMTPUTF8 || !bytes.HasSuffix(got.Raw, m.Raw) {
		t.Errorf("delivered %+v", got)
	}
}

// A body of several milter chunks (65,535 bytes each), with lines as long as SMTP allows.
func TestBodyOfManyChunks(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	const subject = "[quarantine] three megabytes"
	m := mailOf(subject)
	line := append(bytes.Repeat([]byte("0123456789"), 99), "\r\n.\r\n..\r\n"...) // RFC 5321 4.5.3.1.6: 1000 bytes with CRLF
	m.Raw = append(m.Raw, bytes.Repeat(line, 3000)...)
	send(t, p.Inbound, m, 250, outside...)
	rec := one(t, d, subject)
	if got := exported(t, d, rec.Quarantine); got != string(m.Raw) {
		t.Errorf("held %d bytes, sent %d, or they differ", len(got), len(m.Raw))
	}
}

// At most two round trips a message between Postfix and the filter: the sender waits for each.
func TestTwoRoundTripsAMessage(t *testing.T) {
	p := postfix(t)
	behind := p.Socket("behind.sock")
	d := mtatest.StartDaemon(t, mtatest.DaemonOptions{Binary: shared.binary, Listen: "unix:" + behind, Config: config(t, p.Release)})
	tap, err := mtatest.NewTap(p.Socket("sekisho.sock"), behind)
	if err != nil {
		t.Fatal(err)
	}
	defer tap.Close()
	c := connect(t, p.Inbound, outside...)
	count := func(m mtatest.Message) int {
		before := tap.Trips()
		r, err := c.Send(m)
		if err != nil || !r.Ok() {
			t.Fatalf("%s %v", r, err)
		}
		return tap.Trips() - before
	}
	first := count(mailOf("first of the connection"))
	for i, subject := range []string{"trips plain", "[tag] trips", "[quarantine] trips", "trips big"} {
		m := mailOf(subject)
		if i == 3 {
			m.Raw = append(m.Raw, bytes.Repeat([]byte("x\r\n"), 100_000)...)
		}
		if n := count(m); n > 2 {
			t.Errorf("%s: %d round trips", subject, n)
		} else {
			t.Logf("%s: %d round trips (the first message of the connection: %d)", subject, n, first)
		}
	}
	one(t, d, "trips big")
}
