package e2e

import (
	"strings"
	"testing"

	"sekisho/internal/fixture"
	"sekisho/internal/mtatest"
)

// verdicts are the actions and what each looks like from outside. The codes are the same for both MTAs.
var verdicts = []struct {
	subject     string
	code        int
	done        string
	header      string // X-Sekisho-Verdict of the delivered mail, "" when it is not delivered
	quarantined bool
}{
	{"plain", 250, "accept", "accept", false},
	{"[tag] marked", 250, "tag", "tag", false},
	{"[quarantine] held", 250, "quarantine", "", true},
	{"[reject] refused", 550, "reject", "", false},
	{"[tempfail] later", 451, "tempfail", "", false},
}

func TestVerdictsPostfix(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	checkVerdicts(t, d, p.Sink, func(m mtatest.Message) (mtatest.Reply, error) {
		return mtatest.SendMail(p.Inbound, m, outside...)
	})
}

func TestVerdictsSendmail(t *testing.T) {
	s := sendmail(t)
	d := mtatest.StartDaemon(t, mtatest.DaemonOptions{Binary: shared.binary, Listen: "unix:" + s.Socket(), Config: config(t, s.Inbound)})
	checkVerdicts(t, d, s.Sink, func(m mtatest.Message) (mtatest.Reply, error) { return mtatest.SendMail(s.Inbound, m) })
}

func checkVerdicts(t *testing.T, d *mtatest.Daemon, sink *mtatest.Sink, submit func(mtatest.Message) (mtatest.Reply, error)) {
	for _, tc := range verdicts {
		t.Run(tc.done, func(t *testing.T) {
			m := mailOf(tc.subject)
			r, err := submit(m)
			if err != nil || r.Code/100 != tc.code/100 {
				t.Fatalf("reply %s (%v), want %d", r, err, tc.code)
			}
			rec := one(t, d, tc.subject)
			if rec.Verdict != tc.done || rec.Done != tc.done || rec.MailFrom != m.From || len(rec.Rcpts) != 1 || rec.Rcpts[0] != m.To[0] {
				t.Errorf("record %+v", rec)
			}
			if tc.header != "" {
				got := delivered(t, sink, tc.subject)
				if v := got.Field("X-Sekisho-Verdict"); v != tc.header {
					t.Errorf("X-Sekisho-Verdict %q, want %q", v, tc.header)
				}
				if !strings.HasSuffix(string(got.Raw), string(m.Raw)) {
					t.Errorf("delivered %q does not end in what was sent", got.Raw)
				}
			} else if n := len(sink.Find("Subject: " + tc.subject + "\r\n")); n > 0 {
				t.Errorf("delivered %d times", n)
			}
			if tc.quarantined {
				if got := exported(t, d, rec.Quarantine); got != string(m.Raw) {
					t.Errorf("held %q, sent %q", got, m.Raw)
				}
			} else if rec.Quarantine != "" {
				t.Errorf("record names %s as held", rec.Quarantine)
			}
		})
	}
}

// hold: the MTA keeps the mail in its own queue, the list names it, postsuper -H delivers it.
func TestHoldInPostfixQueue(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{}, "actions: {quarantine: hold}")
	const subject = "[quarantine] for the hold queue"
	id := send(t, p.Inbound, mailOf(subject), 250, outside...).QueueID()
	if rec := one(t, d, subject); rec.Done != "hold" || rec.QueueID != id {
		t.Errorf("record %+v, queue id %s", rec, id)
	}
	q, err := p.Mailq()
	if err != nil || len(q) != 1 || q[0].ID != id || q[0].Name != "hold" {
		t.Fatalf("queue %+v (%v)", q, err)
	}
	items := withSubject(list(t, d), subject)
	if len(items) != 1 || items[0].Where != "mta" || items[0].Envelope.QueueID != id {
		t.Errorf("quarantine list %+v", items)
	}
	out, _, err := d.Run("quarantine", "list")
	if err != nil || !strings.Contains(out, "postsuper -H "+id) {
		t.Errorf("list (%v) does not say how to release:\n%s", err, out)
	}
	if err := p.Unhold(id); err != nil {
		t.Fatal(err)
	}
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := delivered(t, p.Sink, subject); got.Field("X-Sekisho-Verdict") != "quarantine" {
		t.Errorf("X-Sekisho-Verdict %q", got.Field("X-Sekisho-Verdict"))
	}
}

func TestHoldInSendmailQueue(t *testing.T) {
	s := sendmail(t)
	d := mtatest.StartDaemon(t, mtatest.DaemonOptions{Binary: shared.binary, Listen: "unix:" + s.Socket(),
		Config: config(t, s.Inbound, "actions: {quarantine: hold}")})
	const subject = "[quarantine] for sendmail's queue"
	id := send(t, s.Inbound, mailOf(subject), 250).QueueID()
	if rec := one(t, d, subject); rec.Done != "hold" {
		t.Errorf("record %+v", rec)
	}
	if q, err := s.Mailq(); err != nil || !strings.Contains(q, id) || !strings.Contains(q, "ask-quarantine") {
		t.Errorf("mailq (%v):\n%s", err, q)
	}
	if n := len(s.Sink.Find("Subject: " + subject)); n > 0 {
		t.Error("delivered")
	}
}

// The built-in pack, on a document as Emotet sent them: held from outside, tagged at most from our own.
func TestBuiltInPackHoldsAutostartMacro(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{Config: site})
	m := withAttachment("Re: invoice", "invoice.doc", fixture.DocVBA(""))
	send(t, p.Inbound, m, 250, outside...)
	if rec := one(t, d, "Re: invoice"); rec.Done != "quarantine" || rec.Rule != "macro-autoexec" {
		t.Errorf("record %+v", rec)
	}
	send(t, p.Inbound, withAttachment("minutes", "minutes.docx", fixture.DOCX()), 250, outside...)
	if got := delivered(t, p.Sink, "minutes"); got.Field("X-Sekisho-Verdict") != "accept" {
		t.Errorf("an ordinary document: %q", got.Fields("X-Sekisho-Verdict"))
	}
}

// What a process of its own unpacks is judged like everything else.
func TestArchivesAreOpenedInWorkers(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{Config: site})
	doc := fixture.DocVBA("")
	for subject, archive := range map[string][]byte{
		"Re: estimate in 7z":  fixture.SevenZip{Files: []fixture.SevenFile{{Name: "invoice.doc", Data: doc}}}.Bytes(),
		"Re: estimate in rar": fixture.RAR{Files: []fixture.RARFile{{Name: "invoice.doc", Data: doc}}}.Bytes(),
		"Re: estimate in xz":  fixture.XZ(doc),
	} {
		send(t, p.Inbound, withAttachment(subject, "estimate.bin", archive), 250, outside...)
		if rec := one(t, d, subject); rec.Done != "quarantine" || rec.Rule != "macro-autoexec" {
			t.Errorf("%s: record %+v", subject, rec)
		}
	}
}

// What somebody outside writes in our name is gone, ours is there once.
func TestForeignMarksAreRemoved(t *testing.T) {
	p := postfix(t)
	behindPostfix(t, p, mtatest.DaemonOptions{})
	m := mailOf("[tag] with forged marks")
	m.Raw = append([]byte("X-Sekisho-Verdict: accept\r\nX-SEKISHO-Rule: none\r\nX-Sekisho-Anything: 1\r\nX-Sekisho-Verdict: accept\r\n"), m.Raw...)
	send(t, p.Inbound, m, 250, outside...)
	got := delivered(t, p.Sink, "[tag] with forged marks")
	if v := got.Fields("X-Sekisho-Verdict"); len(v) != 1 || v[0] != "tag" {
		t.Errorf("X-Sekisho-Verdict %q", v)
	}
	if v := append(got.Fields("X-Sekisho-Anything"), got.Fields("X-Sekisho-Rule")...); len(v) != 1 || v[0] != "ask-tag" {
		t.Errorf("other fields %q", v)
	}
}

// In monitor mode the mail arrives as it was sent, forged marks included or not, and the record says what would have been done.
func TestMonitorModeChangesNothing(t *testing.T) {
	p := postfix(t)
	cfg := strings.Replace(config(t, p.Release), "mode: enforce", "mode: monitor", 1)
	d := behindPostfix(t, p, mtatest.DaemonOptions{Config: cfg})
	const subject = "[reject] only watched"
	m := mailOf(subject)
	send(t, p.Inbound, m, 250, outside...)
	got := delivered(t, p.Sink, subject)
	if string(got.OwnBytes(1)) != string(m.Raw) {
		t.Errorf("delivered %q, sent %q", got.OwnBytes(1), m.Raw)
	}
	if rec := one(t, d, subject); rec.Verdict != "reject" || rec.Done != "accept" || rec.Enforced {
		t.Errorf("record %+v", rec)
	}
}

// A NUL cuts a header field short for a milter, whose protocol has C strings, and not for the recipient's program. The documented
// message_strip_characters makes both see the same.
func TestNULInAHeaderHidesNothing(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{Config: strings.Replace(config(t, p.Release), "rules:", "#rules:", 1)})
	m := mailOf("NUL in a field")
	doc := fixture.FilePart("a.doc", "application/msword", fixture.DocVBA(""))
	m.Raw = []byte(strings.Replace(string(fixture.Message("suzuki@partner.example", "tanaka@example.co.jp", "NUL in a field", doc).Bytes()),
		"multipart/mixed", "mul\x00tipart/mixed", 1))
	send(t, p.Inbound, m, 250, outside...)
	recs, err := d.WaitRecords("NUL in a field", 1, wait)
	if err != nil {
		t.Fatal(err)
	}
	if recs[0].Rule != "macro-autoexec" || recs[0].Done != "quarantine" {
		t.Errorf("record %+v", recs[0])
	}
}
