package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/mtatest"
)

// wait is how long a test waits for one thing to happen. Nothing is timed by it: it only ends a test that would never end.
const wait = 30 * time.Second

// shared is what all tests use: one binary, one Postfix, one Sendmail.
var shared struct {
	binary   string
	postfix  func() (*mtatest.Postfix, error)
	sendmail func() (*mtatest.Sendmail, error)
}

func TestMain(m *testing.M) {
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (code int, err error) {
	if os.Geteuid() != 0 {
		return 1, mtatest.ErrNeedsRoot
	}
	dir, err := os.MkdirTemp("", "sekisho-e2e")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if shared.binary, err = build(dir); err != nil {
		return 1, err
	}
	logf := func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	var stops []func() error
	shared.postfix = sync.OnceValues(func() (*mtatest.Postfix, error) {
		p, err := mtatest.RunPostfix(context.Background(), mtatest.PostfixOptions{
			Logf: logf,
			Main: []string{"mynetworks = 127.0.0.0/8 198.51.100.0/24"}, // our own clients may relay
		})
		if err == nil {
			stops = append(stops, p.Close)
			logf("e2e: a real Postfix %s (%s) listens on %s", p.Version, p.Source, p.Inbound)
		}
		return p, err
	})
	shared.sendmail = sync.OnceValues(func() (*mtatest.Sendmail, error) {
		s, err := mtatest.RunSendmail(context.Background(), mtatest.SendmailOptions{Logf: logf})
		if err == nil {
			stops = append(stops, s.Close)
			logf("e2e: a real Sendmail %s listens on %s", s.Version, s.Inbound)
		}
		return s, err
	})
	code = m.Run()
	for _, stop := range stops {
		if e := stop(); e != nil && err == nil {
			err = e
		}
	}
	return code, err
}

// build makes the binary with the crash hooks (-tags crashtest), otherwise as the Makefile and the Dockerfile do.
func build(dir string) (string, error) {
	if err := os.Chmod(dir, 0o755); err != nil { // the daemon's user must reach it
		return "", err
	}
	bin := filepath.Join(dir, "sekisho")
	cmd := exec.Command("go", "build", "-trimpath", "-tags", "crashtest", "-o", bin, "./cmd/sekisho")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return bin, nil
}

func postfix(t *testing.T) *mtatest.Postfix {
	t.Helper()
	p, err := shared.postfix()
	if err != nil {
		t.Fatal(err)
	}
	showLog(t, p.Log())
	return p
}

func sendmail(t *testing.T) *mtatest.Sendmail {
	t.Helper()
	s, err := shared.sendmail()
	if err != nil {
		t.Fatal(err)
	}
	showLog(t, s.Log())
	return s
}

// showLog prints the mail log of a test that failed.
func showLog(t *testing.T, l *mtatest.Log) {
	mark := l.Mark()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("mail log:\n%s", strings.Join(l.Since(mark), "\n"))
		}
	})
}

// pack judges by a word in the subject, so that each test says what it wants. The built-in pack has its own test.
const pack = `rules:
  - {name: ask-reject, when: 'subject.contains("[reject]")', action: reject, title: {en: asked, ja: 依頼}, advice: {en: a test, ja: 試験}, tests: [{match: true, facts: {subject: "[reject]"}}, {match: false, facts: {subject: ok}}]}
  - {name: ask-tempfail, when: 'subject.contains("[tempfail]")', action: tempfail, title: {en: asked, ja: 依頼}, advice: {en: a test, ja: 試験}, tests: [{match: true, facts: {subject: "[tempfail]"}}, {match: false, facts: {subject: ok}}]}
  - {name: ask-quarantine, when: 'subject.contains("[quarantine]")', action: quarantine, title: {en: asked, ja: 依頼}, advice: {en: a test, ja: 試験}, tests: [{match: true, facts: {subject: "[quarantine]"}}, {match: false, facts: {subject: ok}}]}
  - {name: ask-tag, when: 'subject.contains("[tag]")', action: tag, title: {en: asked, ja: 依頼}, advice: {en: a test, ja: 試験}, tests: [{match: true, facts: {subject: "[tag]"}}, {match: false, facts: {subject: ok}}]}
`

// packFile writes the pack where the daemon's user can read it.
func packFile(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2epack")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	name := filepath.Join(dir, "pack.yaml")
	if err := os.WriteFile(name, []byte(pack), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

// site is the configuration of most tests.
const site = `mode: enforce
site:
  local_domains: [example.co.jp]
  internal_networks: [198.51.100.0/24]
  trusted_relays: [203.0.113.5]
  submission_daemons: [ORIGINATING]
  gateway: mx.sekisho.test
quarantine: {min_free_bytes: 1MiB}
`

// config is the site with the pack, our Postfix's release port and further lines.
func config(t *testing.T, release string, more ...string) string {
	t.Helper()
	return site + fmt.Sprintf("rules: {pack: %q}\nrelease: {smtp: %q}\n", packFile(t), release) + strings.Join(more, "\n") + "\n"
}

// behindPostfix starts the daemon on the socket that the shared Postfix uses.
func behindPostfix(t *testing.T, p *mtatest.Postfix, o mtatest.DaemonOptions, more ...string) *mtatest.Daemon {
	t.Helper()
	o.Binary, o.Listen = shared.binary, "unix:"+p.Socket("sekisho.sock")
	if o.Config == "" {
		o.Config = config(t, p.Release, more...)
	}
	return mtatest.StartDaemon(t, o)
}

// mailOf is a mail from outside with this subject, which is also its Message-ID.
func mailOf(subject string) mtatest.Message {
	return mtatest.Message{From: "suzuki@partner.example", To: []string{"tanaka@example.co.jp"}, Raw: rawMail(subject, "Hello.\r\n.leading dot\r\n")}
}

func rawMail(subject, body string) []byte {
	return []byte("From: Suzuki <suzuki@partner.example>\r\nTo: tanaka@example.co.jp\r\nSubject: " + subject +
		"\r\nDate: Mon, 23 Nov 2026 10:00:00 +0900\r\nMessage-ID: <" + idOf(subject) + "@partner.example>\r\n\r\n" + body)
}

// idOf makes a subject fit for a Message-ID.
func idOf(subject string) string { return fmt.Sprintf("%x", subject) }

// outside makes the client a foreign one.
var outside = []string{"ADDR=192.0.2.25", "NAME=mail.partner.example"}

// send sends a mail from outside and fails unless the reply has that code.
func send(t *testing.T, addr string, m mtatest.Message, code int, xclient ...string) mtatest.Reply {
	t.Helper()
	r, err := mtatest.SendMail(addr, m, xclient...)
	if err != nil {
		t.Fatal(err)
	}
	if r.Code != code {
		t.Errorf("reply %s, want %d", r, code)
	}
	return r
}

// delivered waits for the mail with this subject.
func delivered(t *testing.T, s *mtatest.Sink, subject string) mtatest.Delivery {
	t.Helper()
	d, err := s.Wait("Subject: "+subject+"\r\n", wait)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// one returns the only audit record with this subject.
func one(t *testing.T, d *mtatest.Daemon, subject string) mtatest.Record {
	t.Helper()
	r, err := d.WaitRecords(subject, 1, wait)
	if err != nil {
		t.Fatal(err)
	}
	if len(r) != 1 {
		t.Errorf("%d records of %q: %+v", len(r), subject, r)
	}
	return r[0]
}

// exported is the exact bytes of a held mail.
func exported(t *testing.T, d *mtatest.Daemon, id string) string {
	t.Helper()
	out, _, err := d.Run("quarantine", "export", id, "--reason", "e2e")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// list is the held messages.
func list(t *testing.T, d *mtatest.Daemon) []held {
	t.Helper()
	out, _, err := d.Run("quarantine", "list", "--json")
	if err != nil {
		t.Fatal(err)
	}
	return decodeLines[held](t, out)
}

// held is what the tests read of an item of the quarantine.
type held struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Where    string `json:"where"`
	Subject  string `json:"subject"`
	Size     int64  `json:"size"`
	Envelope struct {
		MailFrom string   `json:"mail_from"`
		Rcpts    []string `json:"rcpt_to"`
		QueueID  string   `json:"queue_id"`
	} `json:"envelope"`
}

// withSubject picks the held messages with this subject.
func withSubject(all []held, subject string) []held {
	var found []held
	for _, h := range all {
		if h.Subject == subject {
			found = append(found, h)
		}
	}
	return found
}
