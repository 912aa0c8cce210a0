package mtatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Box is a place for programs of a package set that work together, such as another filter and its scanner: each runs in namespaces of its own
// without any network but its own loopback device, sees Dir as /mta, and reaches the others by Unix sockets in Work.
type Box struct {
	Root string // the unpacked packages
	Dir  string // the temporary folder; Dir/etc is /etc
	Work string // a folder in it, /mta/w, that belongs to the user nobody

	jail  *jail
	procs []*proc
	out   *os.File
}

// NewBox fetches a set and makes a place for its programs. The caller calls Close.
func NewBox(ctx context.Context, s Set, logf func(string, ...any)) (*Box, error) {
	root, err := s.Fetch(ctx, logf)
	if err != nil {
		return nil, err
	}
	j, err := newJail(filepath.Join(root, "usr"))
	if err != nil {
		return nil, err
	}
	b := &Box{Root: root, Dir: j.dir, Work: filepath.Join(j.dir, "w"), jail: j}
	b.out, err = os.Create(filepath.Join(b.Dir, "out"))
	if err = errors.Join(err, os.Mkdir(b.Work, 0o755), os.Chown(b.Work, NobodyID, NobodyID)); err != nil {
		return nil, errors.Join(fmt.Errorf("mtatest: %w", err), b.Close())
	}
	return b, nil
}

// Write writes a file below Dir, with its folders.
func (b *Box) Write(name, text string) error {
	path := filepath.Join(b.Dir, name)
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644))
}

// boxLimit is how long a program of a box may take until it listens: rspamd compiles patterns for ten seconds of a free processor.
const boxLimit = 3 * time.Minute

// Start starts a program that runs until Close, and waits until its Unix socket, a path below Dir, is there.
func (b *Box) Start(socket string, args ...string) error {
	cmd := b.jail.cmd(args...)
	cmd.Stdout, cmd.Stderr = b.out, b.out
	p, err := startOffline(cmd)
	if err != nil {
		return err
	}
	b.procs = append(b.procs, p)
	for end := time.Now().Add(boxLimit); time.Now().Before(end); {
		if fi, err := os.Stat(filepath.Join(b.Dir, socket)); err == nil && fi.Mode()&os.ModeSocket != 0 {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("mtatest: %s ended at once: %w\n%s", args[0], p.err, b.Log())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("mtatest: %s made no socket in %v\n%s", args[0], boxLimit, b.Log())
}

// Pids are the first processes of the programs; the programs are below them.
func (b *Box) Pids() (list []int) {
	for _, p := range b.procs {
		list = append(list, p.cmd.Process.Pid)
	}
	return list
}

// Log is the end of what the programs printed and logged.
func (b *Box) Log() string {
	text, _ := os.ReadFile(b.out.Name())
	return tail(strings.TrimSpace(string(text)+"\n"+b.jail.log.String()), 4000)
}

// Close stops the programs, the last started first, and removes the folder.
func (b *Box) Close() error {
	for i := range b.procs {
		b.procs[len(b.procs)-1-i].stop()
	}
	var err error
	if b.out != nil {
		err = b.out.Close()
	}
	return errors.Join(err, b.jail.close())
}

// leaveNetwork gives the calling thread a network namespace of its own and brings its loopback device up (netdevice(7), SIOCSIFFLAGS).
func leaveNetwork() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("mtatest: network namespace: %w", err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("mtatest: loopback: %w", err)
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("mtatest: loopback: %w", err)
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("mtatest: loopback: %w", err)
	}
	return nil
}
