package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// deadlines are the daemon's, as configured.
type deadlines struct{ inspect, read, message, hold time.Duration }

var (
	// shortDeadlines show in seconds that a dead peer is dropped.
	shortDeadlines = deadlines{20 * time.Second, 5 * time.Second, 40 * time.Second, 10 * time.Second}
	// defaultDeadlines are those of package config.
	defaultDeadlines = deadlines{time.Minute, 5 * time.Minute, 3 * time.Minute, 30 * time.Second}
)

const (
	startTimeout = 30 * time.Second // a locked or full store delays a start; it is tried again until then
	stopTimeout  = 30 * time.Second
)

// daemon is one life of it.
type daemon struct {
	pid   int
	born  time.Time
	clock *clock
	done  chan struct{} // closed when it has ended
	err   error         // how; read after done
}

// launch starts the daemon once. Whether it serves is another question.
func (s *stage) launch() (*daemon, error) {
	runtime.LockOSThread() // the tracer is a thread
	defer runtime.UnlockOSThread()
	cmd := s.command(context.Background(), "serve")
	cmd.Stdout, cmd.Stderr = s.log, s.log
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid: true, Pdeathsig: 0, Ptrace: true,
		Credential: &syscall.Credential{Uid: nobody, Gid: nobody},
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	d := &daemon{pid: cmd.Process.Pid, born: time.Now(), done: make(chan struct{})}
	err := d.setClock()
	if err != nil {
		err = errors.Join(err, cmd.Process.Kill())
	}
	go d.reap(cmd)
	return d, err
}

// setClock takes the clock over while the process waits at its first instruction, and lets it go.
func (d *daemon) setClock() error {
	var ws syscall.WaitStatus
	if _, err := syscall.Wait4(d.pid, &ws, 0, nil); err != nil {
		return err
	}
	var err error
	d.clock, err = takeClock(d.pid)
	return errors.Join(err, syscall.PtraceDetach(d.pid))
}

func (d *daemon) reap(cmd *exec.Cmd) {
	d.err = cmd.Wait()
	if d.clock != nil {
		d.clock.close()
	}
	close(d.done)
}

// start brings the daemon up, as systemd does: one that ends at once is started again. failed counts those.
func (s *stage) start(ctx context.Context) (d *daemon, failed int, err error) {
	end := time.Now().Add(startTimeout)
	for time.Now().Before(end) && ctx.Err() == nil {
		if d, err = s.launch(); err != nil {
			return nil, failed, err
		}
		if s.serves(d, end) {
			return d, failed, nil
		}
		d.signal(syscall.SIGKILL)
		<-d.done
		err = d.err
		failed++
		time.Sleep(200 * time.Millisecond)
	}
	return nil, failed, errors.Join(fmt.Errorf("soak: the daemon does not serve after %s: %w", startTimeout, err), ctx.Err())
}

func (s *stage) serves(d *daemon, end time.Time) bool {
	for time.Now().Before(end) {
		select {
		case <-d.done:
			return false
		case <-time.After(20 * time.Millisecond):
		}
		if c, err := net.Dial("unix", s.socket()); err == nil {
			c.Close()
			return true
		}
	}
	return false
}

func (d *daemon) signal(sig syscall.Signal) { _ = syscall.Kill(d.pid, sig) } // one that has ended is noticed by done

// stop ends it in order.
func (d *daemon) stop() error {
	d.signal(syscall.SIGTERM)
	select {
	case <-d.done:
		return d.err
	case <-time.After(stopTimeout):
		d.signal(syscall.SIGKILL)
		<-d.done
		return fmt.Errorf("soak: the daemon does not stop within %s", stopTimeout)
	}
}

// processes are those that run this stage's program: the daemon and its workers, which are in groups of their own.
func (s *stage) processes() (pids []int) {
	links, _ := filepath.Glob("/proc/[0-9]*/exe") // only a bad pattern is an error
	for _, link := range links {
		if exe, err := os.Readlink(link); err != nil || exe != s.bin { // one that has just ended
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// memory is the resident memory of a daemon, and of it with its workers, in MB.
func (s *stage) memory(d *daemon) (own, all float64, workers int) {
	for _, pid := range s.processes() {
		mb, _ := rss(pid) // 0 when it has just ended
		if all += mb; pid == d.pid {
			own = mb
		} else {
			workers++
		}
	}
	return own, all, workers
}
