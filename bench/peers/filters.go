package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"sekisho/bench/load"
	"sekisho/internal/fixture"
	"sekisho/internal/miltertest"
)

// process is a filter that runs.
type process struct {
	name   string
	socket string
	pids   []int         // of all that works for it
	log    func() string // what it printed
	stops  []func()
}

func (p *process) stop() {
	for _, f := range p.stops {
		f()
	}
}

// starters start filters in a folder of their own.
var starters = []struct {
	name  string
	start func(ctx context.Context, dir string, o options) (*process, error)
}{
	{"null", startNull},
	{"sekisho", startSekisho},
	{"sekisho+cache", startSekishoCache},
	{"rspamd", startRspamd},
	{"rspamd-self", startRspamdSelf},
	{"olefile", startOlefile},
	{"olevba", startOlevba},
	{"clamav", startClamAV},
}

func names() (list []string) {
	for _, s := range starters {
		list = append(list, s.name)
	}
	return list
}

func start(ctx context.Context, name, dir string, o options) (*process, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for _, s := range starters {
		if s.name == name {
			p, err := s.start(ctx, dir, o)
			if err == nil {
				p.name = name
				err = p.await(ctx)
			}
			return p, err
		}
	}
	return nil, errors.New("no such filter")
}

// await waits until the socket answers.
func (p *process) await(ctx context.Context) error {
	for range 300 {
		if c, err := net.Dial("unix", p.socket); err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("it does not listen")
}

// prove sends a mail that every filter must stop: a figure of one that does not look is worth nothing.
func (p *process) prove() error {
	if p.name == "null" {
		return nil
	}
	s, err := miltertest.Dial("unix", p.socket, miltertest.Postfix())
	if err != nil {
		return err
	}
	defer s.Drop()
	s.Timeout = time.Minute
	if _, err := s.Connect("client.example.com", '4', 40000, "192.0.2.1"); err != nil {
		return err
	}
	if _, err := s.Helo("client.example.com"); err != nil {
		return err
	}
	text := "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n" + signed + "\r\n" // rspamd, clamav; for the others:
	macro := fixture.DocVBA("Sub AutoOpen()\n  CreateObject(\"WScript.Shell\").Run \"calc\"\nEnd Sub\n")
	raw := fixture.Message("Sato <sato@example.net>", "mori@example.org", "report", fixture.TextPart(text), fixture.FilePart("invoice.doc", "application/msword", macro)).Bytes()
	out, err := s.Send(miltertest.FromBytes("sato@example.net", []string{"mori@example.org"}, raw))
	if err != nil {
		return err
	}
	held := slices.ContainsFunc(out.Mods, func(m miltertest.Mod) bool { return m.Code == 'q' })
	if passed := strings.ContainsRune("ac", rune(out.Code)); passed && !held {
		return fmt.Errorf("it lets pass what it must stop: %q %v", out.Code, out.Mods)
	}
	return nil
}

// settleMost bounds the wait for a filter that has work of its own to do first, such as rspamd, which compiles its patterns.
const settleMost = time.Minute

// settle waits until the filter uses no more than a hundredth of a processor.
func (p *process) settle(ctx context.Context) {
	last := 0.0
	for end := time.Now().Add(settleMost); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(time.Second) {
		now, err := load.UsageOf(p.pids...)
		if err != nil || now.CPU-last < 0.011 {
			return
		}
		last = now.CPU
	}
}

// command runs a program with its output in the file log of dir; it is ended by its own process group.
func command(dir, name string, args ...string) (int, func(), error) {
	out, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return 0, nil, err
	}
	defer out.Close()
	c := exec.Command(name, args...)
	c.Dir, c.Stdout, c.Stderr = dir, out, out
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	stdin, err := c.StdinPipe() // closed when we end, however we do
	if err != nil {
		return 0, nil, err
	}
	if err := c.Start(); err != nil {
		return 0, nil, err
	}
	return c.Process.Pid, func() {
		stdin.Close()
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGTERM) // our own child's group
		done := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) })
		defer done.Stop()
		_ = c.Wait()
	}, nil
}

// logOf reads what command's program printed.
func logOf(dir string) func() string {
	return func() string {
		text, _ := os.ReadFile(filepath.Join(dir, "log")) // none is an empty one
		return string(text)
	}
}

func startNull(_ context.Context, dir string, _ options) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "s")
	pid, stop, err := command(dir, self, "null", socket)
	return &process{socket: socket, pids: []int{pid}, log: logOf(dir), stops: []func(){stop}}, err
}

// sekishoYAML has everything on; held mail may fill the disk's half. The memory of identical attachments is its last line: workloads repeat their
// mails, so it would find nearly all of them.
const sekishoYAML = `listen: unix:%s/s
state: %s/state
mode: enforce
site: {local_domains: [example.org]}
quarantine: {max_bytes: 20GiB, max_messages: 10000000, max_source_percent: 100, min_free_bytes: 100MiB}
web: {listen: ""}
inspect: {cache: %s}
`

func startSekisho(_ context.Context, dir string, o options) (*process, error) {
	return sekisho(dir, o, "0")
}

func startSekishoCache(_ context.Context, dir string, o options) (*process, error) {
	return sekisho(dir, o, "1h")
}

func sekisho(dir string, o options, cache string) (*process, error) {
	binary, err := filepath.Abs(o.sekisho)
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "sekisho.yaml")
	if err := os.WriteFile(conf, fmt.Appendf(nil, sekishoYAML, dir, dir, cache), 0o644); err != nil {
		return nil, err
	}
	pid, stop, err := command(dir, binary, "serve", "-c", conf)
	return &process{socket: filepath.Join(dir, "s"), pids: []int{pid}, log: logOf(dir), stops: []func(){stop}}, err
}
