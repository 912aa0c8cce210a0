package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
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
	name          string
	network, addr string
	pids          []int         // of all that works for it
	log           func() string // what it printed
	stops         []func()
}

// output is what the filter printed, "" where there is none.
func (p *process) output() string {
	if p.log == nil {
		return ""
	}
	return p.log()
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
			if err != nil {
				return nil, err
			}
			p.name = name
			return p, p.await(ctx)
		}
	}
	return nil, errors.New("no such filter")
}

// await waits until the socket answers.
func (p *process) await(ctx context.Context) error {
	for range 300 {
		if c, err := net.Dial(p.network, p.addr); err == nil {
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
	s, err := miltertest.Dial(p.network, p.addr, miltertest.Postfix())
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
	started, ended := make(chan error, 1), make(chan struct{})
	go func() { // on one thread, whose end Pdeathsig means
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := c.Start()
		if started <- err; err == nil {
			_ = c.Wait()
		}
	}()
	if err := <-started; err != nil {
		return 0, nil, err
	}
	return c.Process.Pid, func() {
		stdin.Close()
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGTERM) // our own child's group
		done := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) })
		defer done.Stop()
		<-ended
	}, nil
}

// logOf reads what command's program printed.
func logOf(dir string) func() string {
	return func() string {
		text, _ := os.ReadFile(filepath.Join(dir, "log")) // none is an empty one
		return string(text)
	}
}

// address is where a filter of ours is to listen: a socket in its folder, or a port that nobody uses.
func address(dir string, o options) (string, error) {
	if o.network == "unix" {
		return filepath.Join(dir, "s"), nil
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// ours starts a filter of ours.
func ours(dir string, o options, addr, name string, args ...string) (*process, error) {
	pid, stop, err := command(dir, name, args...)
	if err != nil {
		return nil, err
	}
	return &process{network: o.network, addr: addr, pids: []int{pid}, log: logOf(dir), stops: []func(){stop}}, nil
}

func startNull(_ context.Context, dir string, o options) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	addr, err := address(dir, o)
	if err != nil {
		return nil, err
	}
	return ours(dir, o, addr, self, "null", o.network, addr)
}

// null is that process.
func null(network, addr string) {
	l, err := net.Listen(network, addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(2)
	}
	go func() { io.Copy(io.Discard, os.Stdin); os.Exit(0) }() //nolint:errcheck // ends with the parent
	miltertest.Null(l)
}

// sekishoYAML has everything on; held mail may fill the disk's half. The memory of identical attachments is its last line: workloads repeat their
// mails, so it would find nearly all of them.
const sekishoYAML = `listen: %s
state: %s/state
mode: enforce
site: {local_domains: [example.org]}
quarantine: {max_bytes: 20GiB, max_messages: 10000000, max_source_percent: 100, min_free_bytes: 100MiB}
web: {listen: ""}
inspect: {cache: %s}
`

// manyParts lets a message have as many parts as the curves go to.
const manyParts = "limits: {parts: 20000}\n"

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
	addr, err := address(dir, o)
	if err != nil {
		return nil, err
	}
	listen := "unix:" + addr
	if host, port, err := net.SplitHostPort(addr); o.network == "tcp" && err == nil {
		listen = "inet:" + port + "@" + host
	}
	conf := filepath.Join(dir, "sekisho.yaml")
	text := fmt.Sprintf(sekishoYAML, listen, dir, cache)
	if o.curves != "" {
		text += manyParts
	}
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return ours(dir, o, addr, binary, "serve", "-c", conf)
}
