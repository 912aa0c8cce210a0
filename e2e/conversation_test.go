package e2e

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"sekisho/internal/fixture"
	"sekisho/internal/mtatest"
)

// proof is the field that a checker in front of sekisho writes for the partner.
const proof = "Authentication-Results: mx.sekisho.test; spf=pass smtp.mailfrom=partner.example; dmarc=pass header.from=partner.example\r\n"

// letter is a mail with these fields above a text that quotes our question.
func letter(from, to, subject, id, more string) mtatest.Message {
	const quoted = "\r\nSee below.\r\n\r\n-----Original Message-----\r\nFrom: Tanaka <tanaka@example.co.jp>\r\nTo: suzuki@partner.example\r\nSubject: Pumps\r\n\r\nWhen do they come?\r\n"
	return mtatest.Message{From: "x@elsewhere.example", To: []string{to}, Raw: []byte(more + "From: " + from + "\r\nTo: " + to + "\r\nSubject: " + subject +
		"\r\nDate: Mon, 23 Nov 2026 10:00:00 +0900\r\nMessage-ID: <" + id + ">\r\n" + quoted)}
}

// ask submits a mail of ours to the partner.
func ask(t *testing.T, p *mtatest.Postfix, subject, id string) {
	t.Helper()
	c := connect(t, p.Submission, "ADDR=192.0.2.200", "NAME=cafe.example.net")
	if err := c.Auth("sato", mtatest.SASLPassword); err != nil {
		t.Fatal(err)
	}
	m := letter("Tanaka <tanaka@example.co.jp>", "suzuki@partner.example", subject, id, "")
	m.From = "tanaka@example.co.jp"
	if r, err := c.Send(m); err != nil || !r.Ok() {
		t.Fatalf("%s %v", r, err)
	}
}

// conversing is a daemon with the built-in rules that knows who checks senders.
func conversing(t *testing.T, p *mtatest.Postfix) *mtatest.Daemon {
	t.Helper()
	o := mtatest.DaemonOptions{Config: site + "release: {smtp: \"" + p.Release + "\"}\n"}
	o.Config = replaceLine(t, o.Config, "  gateway:", "  gateway: mx.sekisho.test\n  authserv_id: mx.sekisho.test")
	return behindPostfix(t, p, o)
}

// A real conversation is known, also after the daemon was killed; whoever answers in it from elsewhere is not part of it.
func TestConversationsAreRemembered(t *testing.T) {
	p := postfix(t)
	d := conversing(t, p)
	const question = "question-1@example.co.jp"
	ask(t, p, "Pumps in May", question)
	d.Kill()
	restart(t, d)
	const cites = "In-Reply-To: <" + question + ">\r\n"
	for _, tt := range []struct{ name, from, more, verdict, rule string }{
		{"the partner answers", "Suzuki <suzuki@partner.example>", proof + cites, "accept", "conversation-noted"},
		{"his colleague answers", "Sato <sato@sales.partner.example>", cites, "accept", "conversation-noted"},
		{"a thief answers under his name", "Suzuki Ichiro <info@elsewhere.example>", cites + "Reply-To: suzuki@partner.example\r\n", "accept", "conversation-noted"},
	} {
		m := letter(tt.from, "tanaka@example.co.jp", "Re: Pumps in May "+tt.name, idOf(tt.name)+"@partner.example", tt.more)
		send(t, p.Inbound, m, 250, outside...)
		if rec := one(t, d, "Re: Pumps in May "+tt.name); rec.Verdict != tt.verdict || rec.Rule != tt.rule {
			t.Errorf("%s: %+v", tt.name, rec)
		}
	}
	theft := withAttachment("Re: Pumps in May, theft", "list.xlsm", fixture.XLSM("Function Total(r)\n  Total = 1\nEnd Function\n"))
	theft.Raw = append([]byte(cites), theft.Raw...)
	theft.Raw = []byte(replaceLine(t, string(theft.Raw), "From:", "From: Suzuki <info@elsewhere.example>\r"))
	send(t, p.Inbound, theft, 250, outside...)
	if rec := one(t, d, subjectOf(theft)); rec.Done != "quarantine" || rec.Rule != "forged-reply-carrier" {
		t.Errorf("the thief's file: %+v", rec)
	}
}

// The macro of a correspondent who proves himself is marked; the same under his address without proof, and from a stranger, is held.
func TestStandingNeedsProof(t *testing.T) {
	p := postfix(t)
	d := conversing(t, p)
	ask(t, p, "A new question", "question-2@example.co.jp")
	for _, tt := range []struct{ name, from, more, want string }{
		{"proven", "Suzuki <suzuki@partner.example>", proof, "tag"},
		{"without proof", "Suzuki <suzuki@partner.example>", "", "quarantine"},
		{"with a proof that came with the mail", "Suzuki <suzuki@partner.example>",
			"Received: from a by evil.example; Mon, 23 Nov 2026 09:00:00 +0900\r\n" + proof, "quarantine"},
		{"a stranger", "Suzuki <suzuki@elsewhere.example>", proof, "quarantine"},
	} {
		m := withAttachment("macro "+tt.name, "list.xlsm", fixture.XLSM("Sub Workbook_Open()\n  Total = 1\nEnd Sub\n"))
		m.Raw = append([]byte(tt.more), replaceLine(t, string(m.Raw), "From:", "From: "+tt.from+"\r")...)
		send(t, p.Inbound, m, 250, outside...)
		if rec := one(t, d, subjectOf(m)); rec.Done != tt.want {
			t.Errorf("%s: %+v", tt.name, rec)
		}
	}
}

// A memory that is damaged keeps no mail from its way: what it knew is unknown, and that is counted.
func TestADamagedMemoryKeepsNoMail(t *testing.T) {
	p := postfix(t)
	d := conversing(t, p)
	if err := d.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := d.Wait(wait); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"memory.db", "memory.db-wal", "trace.db", "trace.db-wal"} {
		path := filepath.Join(d.State, name)
		if _, err := os.Stat(path); err != nil {
			continue
		}
		if err := os.WriteFile(path, []byte("no database at all, and long enough to be seen as one: 0123456789012345678901234567890123456789"), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	restart(t, d)
	plain, hostile := mailOf("plain, damaged memory"), withAttachment("hostile, damaged memory", "a.doc", fixture.DocVBA(""))
	send(t, p.Inbound, plain, 250, outside...)
	delivered(t, p.Sink, subjectOf(plain))
	send(t, p.Inbound, hostile, 250, outside...)
	if rec := one(t, d, subjectOf(hostile)); rec.Done != "quarantine" {
		t.Errorf("%+v", rec)
	}
	if n, err := d.Metric(`sekisho_errors_total{stage="ledger"}`); err != nil || n < 1 {
		t.Errorf("errors counted: %v %v", n, err)
	}
}
