package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"sekisho/internal/quarantine"
	"sekisho/rules"
)

// trial is a run: the stage, the daemon's present life, and what is being done to it.
type trial struct {
	*stage
	mta *mta

	mu     sync.Mutex
	daemon *daemon
	life   int
	failed int      // starts that failed, the store being away
	now    string   // the fault at work
	done   []outage // faults, the kills among them
	last   sample

	trouble []string
}

// outage is when something was done to the daemon.
type outage struct {
	Name string    `json:"name"`
	From time.Time `json:"from"`
	To   time.Time `json:"to"`

	forgets bool // the memory of conversations could not be asked, or written: a mail answered then may be judged, and a later one, without it
}

// fault is something that goes wrong for a time.
type fault struct {
	name    string
	do      func(*trial, context.Context) error
	forgets bool
}

const (
	faultTime = 5 * time.Second // how long each lasts
	calm      = 2 * time.Second // after each
)

// faults are done by turns.
func faults() []fault {
	return []fault{
		{"reload", (*trial).reload, false},
		{"sekisho.db locked", locks("sekisho.db"), false},
		{"clock +2 h", jump(2 * time.Hour), false},
		{"pack changed", (*trial).changePack, false},
		{"memory.db locked", locks("memory.db"), true},
		{"disk full", (*trial).fill, true},
		{"clock -1 day", jump(-24 * time.Hour), false},
		{"broken configuration", (*trial).breakConfig, false},
		{"trace.db locked", locks("trace.db"), false},
		{"state read-only", (*trial).readOnly, true},
		{"notices unheard", (*trial).deafen, false},
		{"clock +7 days", jump(7 * 24 * time.Hour), false},
	}
}

// plague does the faults until ctx ends, and mends each.
func (t *trial) plague(ctx context.Context) {
	all := faults()
	for i := 0; ; i++ {
		f := all[i%len(all)]
		if !pause(ctx, calm) {
			return
		}
		from := time.Now()
		t.setNow(f.name)
		err := f.do(t, ctx)
		t.over(outage{f.name, from, time.Now(), f.forgets}, err)
	}
}

func (t *trial) setNow(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now = name
}

// over notes a fault, and why it could not be made: the load goes on, and that is told at the end.
func (t *trial) over(o outage, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.trouble = append(t.trouble, fmt.Sprintf("%s: %v", o.Name, err))
	}
	t.now = ""
	t.done = append(t.done, o)
}

// pause reports whether ctx is still there afterwards.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// hangUp has the daemon read its configuration. One that is being started reads it anyway.
func (t *trial) hangUp() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.daemon != nil {
		t.daemon.signal(syscall.SIGHUP)
	}
}

// reload changes the configuration and turns the audit log over, some times.
func (t *trial) reload(ctx context.Context) error {
	defer t.configure("")
	for i := range 5 {
		audit := filepath.Join(t.state(), "audit.jsonl")
		if err := os.Rename(audit, audit+".1"); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := t.configure(fmt.Sprintf("passwords: {time: %ds}", 3+i)); err != nil {
			return err
		}
		t.hangUp()
		if !pause(ctx, faultTime/5) {
			break
		}
	}
	return nil
}

// breakConfig leaves a configuration that the daemon must refuse. It is whole again before the daemon could be started with it.
func (t *trial) breakConfig(ctx context.Context) error {
	t.mu.Lock() // no kill meanwhile
	defer t.mu.Unlock()
	if t.daemon == nil {
		return nil
	}
	if err := t.configure("mode: [what"); err != nil {
		return err
	}
	t.daemon.signal(syscall.SIGHUP)
	pause(ctx, time.Second)
	err := t.configure("")
	t.daemon.signal(syscall.SIGHUP)
	return err
}

// changePack adds a rule that matches nothing, then breaks the pack, then mends it.
func (t *trial) changePack(ctx context.Context) error {
	whole := rules.DefaultYAML()
	defer os.WriteFile(t.pack(), whole, 0o644)
	for _, more := range []string{"\n# changed\n", "\n]broken\n"} {
		if err := os.WriteFile(t.pack(), append(rules.DefaultYAML(), more...), 0o644); err != nil {
			return err
		}
		if !pause(ctx, faultTime/2) {
			break
		}
		if err := os.WriteFile(t.pack(), whole, 0o644); err != nil { // a daemon started now must find it whole
			return err
		}
	}
	return nil
}

// locks takes a database's write lock, as a backup or a stuck command does.
func locks(name string) func(*trial, context.Context) error {
	return func(t *trial, _ context.Context) (err error) {
		path := filepath.Join(t.state(), name)
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return nil // not made yet
		}
		db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(20000)")
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		ctx := context.Background() // a lock is given back
		c, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := c.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
			return err
		}
		time.Sleep(faultTime)
		_, err = c.ExecContext(ctx, "ROLLBACK")
		return err
	}
}

// fill leaves no byte on the disk.
func (t *trial) fill(ctx context.Context) error {
	path := filepath.Join(t.disk(), "filler")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	defer f.Close()
	var at int64
	for step := int64(256 << 20); step >= 4096; {
		if err := unix.Fallocate(int(f.Fd()), 0, at, step); errors.Is(err, unix.ENOSPC) {
			step /= 2
			continue
		} else if err != nil {
			return err
		}
		at += step
	}
	pause(ctx, faultTime)
	return nil
}

// readOnly takes the right to write away from the folders in which files are made.
func (t *trial) readOnly(ctx context.Context) (err error) {
	dirs := []string{t.state(), filepath.Join(t.state(), quarantine.SpoolFolder), filepath.Join(t.state(), quarantine.Folder)}
	for _, dir := range dirs {
		if err := os.Chmod(dir, 0o550); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		defer func() { err = errors.Join(err, os.Chmod(dir, 0o750)) }()
	}
	pause(ctx, faultTime)
	return nil
}

func (t *trial) deafen(ctx context.Context) error {
	t.sink.deaf.Store(true)
	defer t.sink.deaf.Store(false)
	pause(ctx, faultTime)
	return nil
}

// jump sets the daemon's wall clock there and back.
func jump(d time.Duration) func(*trial, context.Context) error {
	return func(t *trial, ctx context.Context) error {
		t.mu.Lock()
		victim := t.daemon
		t.mu.Unlock()
		if victim == nil {
			return nil
		}
		if err := errors.Join(victim.clock.set(d), t.tells(d)); err != nil {
			return alive(victim, err)
		}
		pause(ctx, faultTime)
		return alive(victim, victim.clock.set(0))
	}
}

// tells reports an error unless the daemon's own clock is d ahead, by the date of its web server.
func (t *trial) tells(d time.Duration) error {
	r, err := scraper.Get("http://" + t.web + "/metrics")
	if err != nil {
		return nil // it is busy: the next jump is looked at
	}
	r.Body.Close()
	date, err := http.ParseTime(r.Header.Get("Date"))
	if err == nil && time.Until(date.Add(-d)).Abs() > 10*time.Second {
		err = fmt.Errorf("the daemon's clock says %s", date)
	}
	return err
}

// alive passes an error over that comes of the daemon's end.
func alive(d *daemon, err error) error {
	select {
	case <-d.done:
		return nil
	default:
		return err
	}
}

// reap kills the daemon with signal 9 every so often and starts it again. A daemon that ends by itself is an error.
func (t *trial) reap(ctx context.Context, every time.Duration) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.daemon.done:
			return fmt.Errorf("soak: the daemon ended by itself: %v", t.daemon.err)
		case <-time.After(every):
		}
		from := time.Now()
		t.mu.Lock()
		old := t.daemon
		t.daemon = nil
		t.mu.Unlock()
		old.signal(syscall.SIGKILL)
		<-old.done
		d, failed, err := t.start(context.WithoutCancel(ctx)) // what was begun is ended
		t.mu.Lock()
		t.daemon, t.failed = d, t.failed+failed
		t.life++
		t.done = append(t.done, outage{"kill -9", from, time.Now(), true})
		t.mu.Unlock()
		if err != nil {
			return err
		}
	}
}
