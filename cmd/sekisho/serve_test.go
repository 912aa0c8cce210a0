package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sekisho/internal/fixture"
	"sekisho/internal/miltertest"
)

// patience is how long a test waits for the daemon to do what it does in milliseconds.
const patience = 20 * time.Second

// daemonTest is a daemon in this process, on a socket and a port of its own.
type daemonTest struct {
	t      *testing.T
	dir    string
	web    string
	stop   context.CancelFunc
	log    *syncBuffer
	result chan int
}

func (d *daemonTest) config() string { return filepath.Join(d.dir, "sekisho.yaml") }
func (d *daemonTest) socket() string { return filepath.Join(d.dir, "s") }

// configure writes the configuration file: what every test needs, and more.
func (d *daemonTest) configure(more string) {
	d.t.Helper()
	text := fmt.Sprintf("listen: unix:%s\nstate: %s/state\nweb: {listen: %q}\nsite: {local_domains: [example.org]}\n"+
		"quarantine: {min_free_bytes: 1MB}\n%s", d.socket(), d.dir, d.web, more)
	if err := os.WriteFile(d.config(), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

func startDaemon(t *testing.T, more string) *daemonTest {
	t.Helper()
	dir, err := os.MkdirTemp("", "sk") // short: a Unix socket's path has 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d := &daemonTest{t: t, dir: dir, web: freePort(t), log: &syncBuffer{}, result: make(chan int, 1)}
	d.configure(more)
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	go func() { d.result <- run(ctx, []string{"-c", d.config(), "serve"}, streams{io.Discard, d.log}) }()
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(d.log.String())
		}
	})
	d.await("ready", func() bool {
		return run(ctx, []string{"-c", d.config(), "health"}, streams{io.Discard, io.Discard}) == exitOK
	})
	return d
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (d *daemonTest) await(what string, ok func() bool) {
	d.t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			d.t.Fatalf("not %s in %s", what, patience)
		}
	}
}

// end stops the daemon and wants exit status 0.
func (d *daemonTest) end() {
	d.t.Helper()
	d.stop()
	select {
	case code := <-d.result:
		if code != exitOK {
			d.t.Errorf("exit status %d", code)
		}
	case <-time.After(patience):
		d.t.Fatal("the daemon does not stop")
	}
}

func (d *daemonTest) metric(line string) bool {
	resp, err := http.Get("http://" + d.web + "/metrics")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return err == nil && strings.Contains(string(b), "\n"+line+"\n")
}

// hup reloads and waits until it is counted.
func (d *daemonTest) hup(result string, n int) {
	d.t.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		d.t.Fatal(err)
	}
	d.await("reloaded", func() bool { return d.metric(fmt.Sprintf("sekisho_config_reloads_total{result=%q} %d", result, n)) })
}

func (d *daemonTest) session() *miltertest.Session {
	d.t.Helper()
	s, err := miltertest.Dial("unix", d.socket(), miltertest.Postfix())
	if err != nil {
		d.t.Fatal(err)
	}
	s.Macros('C', "j", "gw.example.org")
	if _, err := s.Connect("mail.example.net", '4', 4000, "198.51.100.7"); err != nil {
		d.t.Fatal(err)
	}
	if _, err := s.Helo("mail.example.net"); err != nil {
		d.t.Fatal(err)
	}
	return s
}

// send sends the mail and wants the code of the last reply.
func (d *daemonTest) send(s *miltertest.Session, mail fixture.Mail, want byte) miltertest.Outcome {
	d.t.Helper()
	o, err := s.Send(miltertest.FromBytes("sato@example.net", []string{"mori@example.org"}, mail.Bytes()))
	if err != nil {
		d.t.Fatal(err)
	}
	if o.Code != want {
		d.t.Errorf("answer %q %s, want %q", o.Code, o.Text, want)
	}
	return o
}

const discarded, accepted = 'd', 'a'

func plainMail() fixture.Mail {
	return fixture.Message("Sato <sato@example.net>", "mori@example.org", "hello", fixture.TextPart("hello"))
}

// inert is macroMail with a plain subject.
func inert() fixture.Mail {
	return fixture.Message("Sato <sato@example.net>", "mori@example.org", "invoice", fixture.FilePart("a.doc", "application/msword", fixture.DocVBA(autoOpen)))
}

func TestServeHoldsCountsAndRecords(t *testing.T) {
	d := startDaemon(t, "")
	s := d.session()
	d.send(s, inert(), discarded)
	for range 3 {
		if o := d.send(s, plainMail(), accepted); len(o.Mods) == 0 || o.Mods[len(o.Mods)-1].Value != " accept" {
			t.Errorf("modifications %+v", o.Mods)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, line := range []string{
		`sekisho_messages_total{direction="in",verdict="quarantine"} 1`, `sekisho_messages_total{direction="in",verdict="accept"} 3`,
		`sekisho_findings_total{kind="vba.autoexec"} 1`, `sekisho_quarantine_messages 1`, `sekisho_quarantine_acts_total{act="hold"} 1`,
	} {
		if !d.metric(line) {
			t.Errorf("no metric %s", line)
		}
	}
	var out bytes.Buffer
	if code := run(context.Background(), []string{"-c", d.config(), "quarantine", "list"}, streams{&out, io.Discard}); code != exitOK {
		t.Errorf("list beside the daemon: exit status %d", code)
	}
	if !strings.Contains(out.String(), "macro-autoexec") {
		t.Errorf("list: %s", out.String())
	}
	d.end()
	records, err := os.ReadFile(filepath.Join(d.dir, "state", "audit.jsonl"))
	if err != nil || bytes.Count(records, []byte("\n")) != 4 || !bytes.Contains(records, []byte(`"rule":"macro-autoexec"`)) {
		t.Errorf("audit: %v\n%s", err, records)
	}
	if !strings.Contains(d.log.String(), "4TEST: verdict=quarantine") {
		t.Error("no log line begins with the queue id")
	}
}

func TestReloadTakesAGoodFileAndKeepsTheOldOneForABadOne(t *testing.T) {
	d := startDaemon(t, "")
	s := d.session()
	d.send(s, inert(), discarded)
	d.configure("mdoe: monitor\n")
	d.hup("error", 1)
	if !d.metric("sekisho_config_last_reload_successful 0") {
		t.Error("the failed reload does not show")
	}
	d.send(s, inert(), discarded)
	d.configure("mode: monitor\n")
	d.hup("ok", 1)
	d.send(s, inert(), accepted)
	d.configure("rules: {pack: /nonexistent}\n")
	d.hup("error", 2)
	d.send(s, inert(), accepted)
	d.configure("mode: enforce\n")
	d.hup("ok", 2)
	d.send(s, inert(), discarded)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	d.end()
}

func TestReloadLeavesTheMessageInWorkItsPolicy(t *testing.T) {
	d := startDaemon(t, "")
	s := d.session()
	m := miltertest.FromBytes("sato@example.net", []string{"mori@example.org"}, inert().Bytes())
	begin(t, s, m)
	d.configure("mode: monitor\n")
	d.hup("ok", 1)
	if o, err := s.End(); err != nil || o.Code != discarded {
		t.Errorf("answer %q, %v", o.Code, err)
	}
	d.end()
}

// begin sends all of a message but its end.
func begin(t *testing.T, s *miltertest.Session, m miltertest.Mail) {
	t.Helper()
	do := func(_ miltertest.Reply, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(s.MailFrom(m.From))
	do(s.Rcpt(m.Rcpts[0]))
	for _, h := range m.Header {
		do(s.Field(h.Name, h.Value))
	}
	do(s.EOH())
	do(s.Chunk(m.Body))
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
}

func TestStopFinishesTheMessageInWork(t *testing.T) {
	d := startDaemon(t, "")
	s := d.session()
	begin(t, s, miltertest.FromBytes("sato@example.net", []string{"mori@example.org"}, inert().Bytes()))
	d.await("in work", func() bool { return d.metric("sekisho_messages_in_work 1") })
	d.stop()
	d.await("closed to others", func() bool {
		c, err := net.Dial("unix", d.socket())
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	if o, err := s.End(); err != nil || o.Code != discarded {
		t.Errorf("answer %q, %v", o.Code, err)
	}
	d.end()
	var out bytes.Buffer
	if run(context.Background(), []string{"-c", d.config(), "quarantine", "list", "--json"}, streams{&out, io.Discard}) != exitOK || !strings.Contains(out.String(), `"state":"held"`) {
		t.Errorf("list: %s", out.String())
	}
}

func TestTwoDaemonsDoNotShareAState(t *testing.T) {
	d := startDaemon(t, "")
	var errs bytes.Buffer
	args := []string{"-c", d.config(), "serve", "--listen", "unix:" + filepath.Join(d.dir, "s2"), "--web", freePort(t)}
	if code := run(context.Background(), args, streams{io.Discard, &errs}); code != exitError || !strings.Contains(errs.String(), "another sekisho") {
		t.Errorf("exit status %d: %s", code, errs.String())
	}
	d.end()
}

func TestMonitorModeTouchesNothing(t *testing.T) {
	d := startDaemon(t, "mode: monitor\n")
	s := d.session()
	if o := d.send(s, inert(), accepted); len(o.Mods) != 0 {
		t.Errorf("modifications %+v", o.Mods)
	}
	if !d.metric(`sekisho_unenforced_total{verdict="quarantine"} 1`) || !d.metric("sekisho_quarantine_messages 0") {
		t.Error("the verdict is not counted as unenforced, or something was held")
	}
	d.end()
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
