package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is a filter that runs.
type process struct {
	name   string
	socket string
	pids   []int // of all that works for it
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

// command runs a program with its output in a log file of dir; it is ended by its own process group.
func command(dir, log string, name string, args ...string) (int, func(), error) {
	out, err := os.Create(filepath.Join(dir, log))
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

func startNull(_ context.Context, dir string, _ options) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "s")
	pid, stop, err := command(dir, "log", self, "null", socket)
	return &process{socket: socket, pids: []int{pid}, stops: []func(){stop}}, err
}

// sekishoYAML has everything on but the memory of identical attachments; held mail may fill the disk's half.
const sekishoYAML = `listen: unix:%s/s
state: %s/state
mode: enforce
site: {local_domains: [example.org]}
quarantine: {max_bytes: 20GiB, max_messages: 10000000, max_source_percent: 100, min_free_bytes: 100MiB}
web: {listen: ""}
`

func startSekisho(_ context.Context, dir string, o options) (*process, error) {
	binary, err := filepath.Abs(o.sekisho)
	if err != nil {
		return nil, err
	}
	conf := filepath.Join(dir, "sekisho.yaml")
	if err := os.WriteFile(conf, fmt.Appendf(nil, sekishoYAML, dir, dir), 0o644); err != nil {
		return nil, err
	}
	pid, stop, err := command(dir, "log", binary, "serve", "-c", conf)
	return &process{socket: filepath.Join(dir, "s"), pids: []int{pid}, stops: []func(){stop}}, err
}
