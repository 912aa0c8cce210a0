package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/internal/fixture"
	"sekisho/internal/mtatest"
	"sekisho/milter"
)

// A PPAP pair: a mail with a locked archive, and one with its password.
func lockedMail(subject, word string, hostile bool) mtatest.Message {
	name, inner := "plan.docx", fixture.DOCX()
	if hostile {
		name, inner = "invoice.doc", fixture.DocVBA("Sub AutoOpen()\n  CreateObject(\"WScript.Shell\").Run \"calc\"\nEnd Sub\n")
	}
	z := fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: name, Data: inner, Method: 8, Password: word}}}
	return withAttachment(subject, "file.zip", z.Bytes())
}

func passwordMail(subject, word string) mtatest.Message {
	m := mailOf(subject)
	m.Raw = rawMail(subject, "Thank you for your patience.\r\n\r\nThe password is: "+word+"\r\n")
	return m
}

// behindDefaults starts a daemon with the built-in rules.
func behindDefaults(t *testing.T, p *mtatest.Postfix, o mtatest.DaemonOptions, more ...string) *mtatest.Daemon {
	t.Helper()
	o.Config = site + "release: {smtp: \"" + p.Release + "\"}\n" + strings.Join(more, "\n") + "\n"
	return behindPostfix(t, p, o)
}

// alertLine is what the tests read of an alert.
type alertLine struct {
	Event      string `json:"event"`
	Kind       string `json:"kind"`
	QueueID    string `json:"queue_id"`
	Quarantine string `json:"quarantine_id"`
	Rule       string `json:"rule"`
	File       string `json:"file"`
	Account    string `json:"account"`
	Client     string `json:"client"`
	Mails      int    `json:"mails"`
	First      struct {
		QueueID    string   `json:"queue_id"`
		Subject    string   `json:"subject"`
		Rcpts      []string `json:"rcpt_to"`
		Quarantine string   `json:"quarantine_id"`
		Held       bool     `json:"held"`
	} `json:"first"`
}

func alerts(t *testing.T, d *mtatest.Daemon) (found []alertLine) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(d.State, "audit.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var a alertLine
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		if a.Event == "alert" {
			found = append(found, a)
		}
	}
	return found
}

// Without waiting the first mail is delivered marked. Its password shows what it is: a hostile one is told, and the password never arrives.
func TestPairsWithoutWaiting(t *testing.T) {
	p := postfix(t)
	d := behindDefaults(t, p, mtatest.DaemonOptions{})
	for _, hostile := range []bool{true, false} {
		kind := map[bool]string{true: "hostile", false: "harmless"}[hostile]
		file, word := "pair "+kind, "password of the pair "+kind
		first := send(t, p.Inbound, lockedMail(file, "Xk92mQ"+kind, hostile), 250, outside...)
		if got := delivered(t, p.Sink, file); got.Field("X-Sekisho-Verdict") != "tag" {
			t.Errorf("%s: the first mail has %q", kind, got.Fields("X-Sekisho-Verdict"))
		}
		send(t, p.Inbound, passwordMail(word, "Xk92mQ"+kind), 250, outside...)
		rec := one(t, d, word)
		if !hostile {
			if got := delivered(t, p.Sink, word); got.Field("X-Sekisho-Verdict") != "accept" || rec.Verdict != "accept" {
				t.Errorf("harmless: %+v", rec)
			}
			continue
		}
		if rec.Done != "quarantine" || len(p.Sink.Find("Subject: "+word+"\r\n")) > 0 {
			t.Errorf("hostile: %+v", rec)
		}
		as := alerts(t, d)
		if len(as) != 1 {
			t.Fatalf("%d alerts", len(as))
		}
		if a := as[0]; a.Kind != "password-later" || a.QueueID != rec.QueueID || a.Quarantine != rec.Quarantine || a.File != "file.zip" ||
			a.First.QueueID != first.QueueID() || a.First.Subject != file || a.First.Rcpts[0] != "tanaka@example.co.jp" || a.First.Held || a.Rule == "" {
			t.Errorf("%+v", a)
		}
	}
	if n, err := d.Metric(`sekisho_alerts_total{kind="password-later"}`); err != nil || n != 1 {
		t.Errorf("alerts counted: %v, %v", n, err)
	}
	if n := len(alerts(t, d)); n != 1 {
		t.Errorf("%d alerts", n)
	}
}

// With waiting the first mail arrives when its password shows that it is harmless, and not at all when it is hostile.
func TestPairsThatWait(t *testing.T) {
	p := postfix(t)
	d := behindDefaults(t, p, mtatest.DaemonOptions{}, "locked: {hold: 1h}")
	for _, hostile := range []bool{false, true} {
		kind := map[bool]string{true: "hostile", false: "harmless"}[hostile]
		file, word := "waiting "+kind, "password for the waiting "+kind
		m := lockedMail(file, "Xk92mQ"+kind, hostile)
		send(t, p.Inbound, m, 250, outside...)
		rec := one(t, d, file)
		if rec.Done != "wait" || rec.Verdict != "tag" || rec.Quarantine == "" {
			t.Fatalf("%s: %+v", kind, rec)
		}
		out, _, err := d.Run("quarantine", "list")
		if err != nil || !strings.Contains(out, "waits until") {
			t.Errorf("list (%v):\n%s", err, out)
		}
		if out, _, err := d.Run("--lang", "ja", "quarantine", "show", rec.Quarantine); err != nil || !strings.Contains(out, "パスワード待ち") {
			t.Errorf("show (%v):\n%s", err, out)
		}
		send(t, p.Inbound, passwordMail(word, "Xk92mQ"+kind), 250, outside...)
		if !hostile {
			delivered(t, p.Sink, word)
			got := delivered(t, p.Sink, file)
			if v := got.Fields("X-Sekisho-Verdict"); len(v) != 1 || v[0] != "tag" || len(got.Fields("X-Sekisho-Release")) > 0 {
				t.Errorf("fields %q of\n%s", v, got.Raw[:min(len(got.Raw), 600)])
			}
			if !strings.HasSuffix(string(got.Raw), string(m.Raw)) || got.From != m.From {
				t.Errorf("the mail changed: %q", got.Raw)
			}
			continue
		}
		if a := alerts(t, d); len(a) != 1 || !a[0].First.Held || a[0].First.Quarantine != rec.Quarantine {
			t.Errorf("%+v", a)
		}
		out, _, err = d.Run("quarantine", "show", rec.Quarantine)
		if err != nil || !strings.Contains(out, "macro-") || strings.Contains(out, "Waits") {
			t.Errorf("show (%v):\n%s", err, out)
		}
		if n := len(p.Sink.Find("Subject: " + file + "\r\n")); n > 0 {
			t.Error("the hostile mail was delivered")
		}
	}
}

// Nobody sends the password: the mail arrives marked when its time is over, also across a restart.
func TestWaitEndsByItself(t *testing.T) {
	p := postfix(t)
	d := behindDefaults(t, p, mtatest.DaemonOptions{}, "locked: {hold: 3s}")
	send(t, p.Inbound, lockedMail("no password comes", "Xk92mQ", true), 250, outside...)
	d.Kill()
	restart(t, d)
	if got := delivered(t, p.Sink, "no password comes"); got.Field("X-Sekisho-Verdict") != "tag" {
		t.Errorf("%q", got.Fields("X-Sekisho-Verdict"))
	}
	if n := len(withSubject(list(t, d), "no password comes")); n != 0 {
		t.Errorf("%d still held", n)
	}
}

// The filter dies while it holds a mail that is to wait, before and after each thing that lasts. The mail arrives all the same.
func TestKilledWaitingMailArrives(t *testing.T) {
	p := postfix(t)
	for _, step := range []string{"dirsync", "indexed", milter.StepPut, milter.StepRemembered, milter.StepReplied} {
		t.Run(step, func(t *testing.T) {
			subject := "waiting, killed at " + step
			d := behindDefaults(t, p, mtatest.DaemonOptions{Env: []string{crashAt + "=" + step}}, "locked: {hold: 1s}")
			m := lockedMail(subject, "Xk92mQ", false)
			reply := crashOn(t, d, p, m)
			restart(t, d)
			if reply.Code/100 == 4 {
				send(t, p.Inbound, m, 250, outside...) // as every MTA does
			}
			if got := delivered(t, p.Sink, subject); got.Field("X-Sekisho-Verdict") != "tag" || !strings.HasSuffix(string(got.Raw), string(m.Raw)) {
				t.Errorf("%q", got.Fields("X-Sekisho-Verdict"))
			}
			for end := time.Now().Add(wait); len(withSubject(list(t, d), subject)) > 0; time.Sleep(100 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("something of it is still held")
				}
			}
			if out, status, err := d.Run("quarantine", "verify"); err != nil || status != 0 {
				t.Errorf("verify: %v\n%s", err, out)
			}
		})
	}
}
