package mtatest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// DaemonOptions says how to run sekisho as a daemon beside a real MTA.
type DaemonOptions struct {
	Binary string
	Config string   // the text of sekisho.yaml, without listen, state and web
	Listen string   // as in the configuration: unix:/PATH or inet:PORT@HOST
	State  string   // an existing state folder to go on with; default a new one
	Env    []string // further NAME=VALUE
}

// Daemon is sekisho serve, run as NobodyID: no test depends on root's powers, and the one who reads other people's mail has none.
type Daemon struct {
	State  string // its state folder
	Config string // its configuration file
	Web    string // HOST:PORT of metrics and health

	o    DaemonOptions
	dir  string
	proc *proc
	err  syncBuffer
}

// StartDaemon starts a daemon that ends with the test, and waits until it is up: its socket is open before its web port answers. Its log is shown if the test fails.
func StartDaemon(tb testing.TB, o DaemonOptions) *Daemon {
	tb.Helper()
	d, err := RunDaemon(o)
	d = must(tb, d, err)
	tb.Cleanup(func() {
		if tb.Failed() {
			tb.Logf("sekisho's log:\n%s", tail(d.Log(), 8000))
		}
	})
	return d
}

// RunDaemon starts a daemon and waits until it is ready. The caller calls Close.
func RunDaemon(o DaemonOptions) (*Daemon, error) {
	dir, err := os.MkdirTemp("", "mtad")
	if err != nil {
		return nil, fmt.Errorf("mtatest: %w", err)
	}
	d := &Daemon{o: o, dir: dir, State: o.State, Config: filepath.Join(dir, "sekisho.yaml")}
	if err := d.prepare(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := d.Start(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *Daemon) prepare() error {
	ports, err := freePorts(1)
	if err != nil {
		return err
	}
	d.Web = ports[0]
	if d.State == "" {
		d.State = filepath.Join(d.dir, "state")
		if err := errors.Join(os.Mkdir(d.State, 0o750), os.Chown(d.State, NobodyID, NobodyID)); err != nil {
			return fmt.Errorf("mtatest: %w", err)
		}
	}
	return errors.Join(os.Chmod(d.dir, 0o755), d.Configure(d.o.Config))
}

// Configure writes the configuration file anew; a running daemon reads it at SIGHUP.
func (d *Daemon) Configure(text string) error {
	head := fmt.Sprintf("listen: %q\nstate: %q\nweb: {listen: %q}\n", d.o.Listen, d.State, d.Web)
	return os.WriteFile(d.Config, []byte(head+text), 0o644)
}

// Start starts the daemon again after Stop or Kill, with the same configuration and state.
func (d *Daemon) Start() error {
	cmd := exec.Command(d.o.Binary, "serve", "-c", d.Config)
	cmd.Dir = "/"
	cmd.Env = append([]string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}, d.o.Env...)
	cmd.Stderr = &d.err
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Credential: &syscall.Credential{Uid: NobodyID, Gid: NobodyID}}
	var err error
	if d.proc, err = startProc(cmd); err != nil {
		return err
	}
	if err := d.awaitReady(); err != nil {
		return fmt.Errorf("mtatest: sekisho serve: %w\n%s", err, tail(d.Log(), 4000))
	}
	return nil
}

func (d *Daemon) awaitReady() error {
	var last error
	for end := time.Now().Add(startLimit); time.Now().Before(end); {
		if _, last = d.Get("/healthz"); last == nil {
			return nil
		}
		select {
		case <-d.proc.done:
			return fmt.Errorf("ended at once: %w", d.proc.err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return last
}

// Get fetches a path of the daemon's web server.
func (d *Daemon) Get(path string) (string, error) {
	c := http.Client{Timeout: 10 * time.Second}
	resp, err := c.Get("http://" + d.Web + path)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, tail(string(b), 500))
	}
	return string(b), err
}

// Metric is the value of a series, written as /metrics writes it: name{label="value"}. An absent series is an error.
func (d *Daemon) Metric(series string) (float64, error) {
	text, err := d.Get("/metrics")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			var v float64
			_, err := fmt.Sscan(rest, &v)
			return v, err
		}
	}
	return 0, fmt.Errorf("mtatest: no series %s", series)
}

// Record is what the tests read of a line of audit.jsonl.
type Record struct {
	QueueID    string   `json:"queue_id"`
	Direction  string   `json:"direction"`
	ClientIP   string   `json:"client_ip"`
	SASLUser   string   `json:"sasl_user"`
	MailFrom   string   `json:"mail_from"`
	Rcpts      []string `json:"rcpt_to"`
	MessageID  string   `json:"message_id"`
	Subject    string   `json:"subject"`
	SHA256     string   `json:"sha256"`
	Verdict    string   `json:"verdict"`
	Done       string   `json:"done"`
	Enforced   bool     `json:"enforced"`
	Rule       string   `json:"rule"`
	Quarantine string   `json:"quarantine_id"`
	Released   string   `json:"released_id"`
	Error      string   `json:"error"`
}

// Records reads the audit file.
func (d *Daemon) Records() ([]Record, error) {
	b, err := os.ReadFile(filepath.Join(d.State, "audit.jsonl"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("mtatest: %w", err)
	}
	var all []Record
	for line := range bytes.Lines(b) {
		var r Record
		if err := json.Unmarshal(line, &r); err != nil {
			return all, fmt.Errorf("mtatest: audit.jsonl: %w: %q", err, tail(string(line), 200))
		}
		all = append(all, r)
	}
	return all, nil
}

// WaitRecords waits until the audit file has n records of messages whose Subject is that.
func (d *Daemon) WaitRecords(subject string, n int, limit time.Duration) ([]Record, error) {
	for end := time.Now().Add(limit); ; time.Sleep(20 * time.Millisecond) {
		all, err := d.Records()
		found := slices.DeleteFunc(all, func(r Record) bool { return r.Subject != subject })
		if err == nil && len(found) >= n {
			return found, nil
		}
		if time.Now().After(end) {
			return found, errors.Join(fmt.Errorf("mtatest: %d records of %q after %v, want %d", len(found), subject, limit, n), err)
		}
	}
}

// Log is what the daemon wrote to standard error.
func (d *Daemon) Log() string { return d.err.String() }

// Done is closed when the daemon has ended.
func (d *Daemon) Done() <-chan struct{} { return d.proc.done }

// Wait waits until the daemon has ended by itself and returns how: nil for status 0.
func (d *Daemon) Wait(limit time.Duration) error {
	select {
	case <-d.proc.done:
		return d.proc.err
	case <-time.After(limit):
		return fmt.Errorf("mtatest: sekisho still runs after %v", limit)
	}
}

// SetEnv replaces the environment's further variables for the next Start.
func (d *Daemon) SetEnv(env ...string) { d.o.Env = env }

// Signal sends a signal.
func (d *Daemon) Signal(s os.Signal) error { return d.proc.cmd.Process.Signal(s) }

// Kill ends the daemon with SIGKILL.
func (d *Daemon) Kill() { d.proc.kill() }

// Stop ends the daemon with SIGTERM.
func (d *Daemon) Stop() { d.proc.stop() }

// Close stops the daemon and removes what belongs to it, but for a state folder that came from outside.
func (d *Daemon) Close() error {
	if d.proc != nil {
		d.proc.stop()
	}
	return os.RemoveAll(d.dir)
}

// Run runs another command of the same binary on the daemon's configuration, as root, as an operator may. The exit status is returned.
func (d *Daemon) Run(args ...string) (out string, status int, err error) {
	cmd := exec.Command(d.o.Binary, append(args, "-c", d.Config)...)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = toolLimit
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return stdout.String(), exit.ExitCode(), fmt.Errorf("mtatest: sekisho %s: %w: %s", strings.Join(args, " "), err, tail(stderr.String(), 2000))
	}
	return stdout.String(), 0, err
}

// syncBuffer is a buffer that a process writes while a test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
