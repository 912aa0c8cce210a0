package quarantine

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sekisho/internal/message"
	"sekisho/internal/store"
)

// A child process is this test binary with these variables set: it puts one mail and kills itself at a step.
const (
	killDir   = "QUARANTINE_TEST_DIR"
	killStep  = "QUARANTINE_TEST_STEP"
	killSpool = "QUARANTINE_TEST_SPOOL"
	killRelay = "QUARANTINE_TEST_RELAY" // address: the mail waits, and its time is over at once
)

// killMail is larger than what the spooling child keeps in memory.
func killMail() string { return mail + words(3000) }

func child() {
	ctx := context.Background()
	st, err := store.Open(ctx, os.Getenv(killDir))
	if err != nil {
		panic(err)
	}
	step := os.Getenv(killStep)
	relay := os.Getenv(killRelay)
	q, err := Open(ctx, st, Options{MinFree: -1, Relay: Relay{Addr: relay}, Step: func(name string) {
		if name == step {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}})
	if err != nil {
		panic(err)
	}
	memory := int64(1 << 20)
	if os.Getenv(killSpool) != "" {
		memory = 1000
	}
	b := message.NewBuffer(st.Path(SpoolFolder), memory)
	b.Write([]byte(killMail()))
	it := item()
	if relay != "" {
		it.Waits = time.Now()
	}
	id, err := q.Put(ctx, it, b)
	if err == nil && relay != "" {
		_, err = q.ReleaseDue(ctx, time.Now().Add(time.Second))
	}
	q.Close(ctx)
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString(id)
	os.Exit(0)
}

// runChild returns the id that the child printed and whether it was killed.
func runChild(t *testing.T, dir, step, spool string, env ...string) (id string, killed bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(env, killDir+"="+dir, killStep+"="+step, killSpool+"="+spool)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return string(out), true
	}
	if err != nil {
		t.Fatal(err, stderr.String())
	}
	return string(out), false
}

func TestKilledAtAnyStepTheMailIsHeldWholeOrNotAtAll(t *testing.T) {
	durable := map[string]bool{"renamed": true, "dirsync": true, "indexed": true}
	for _, step := range append(Steps(), "never") {
		for _, spool := range []string{"", "spool"} {
			t.Run(step+spool, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, Options{})
				id, killed := runChild(t, r.st.Dir(), step, spool)
				if killed != (step != "never") || killed && id != "" {
					t.Fatalf("killed %v, printed %q", killed, id)
				}
				mails, _ := r.files()
				want := 0
				if durable[step] || step == "never" {
					want = 1
				}
				if len(mails) != want {
					t.Fatalf("%d files in the quarantine, want %d: %q", len(mails), want, mails)
				}
				afterKill(t, r, mails)
			})
		}
	}
}

// A message that waited is delivered after a crash in the middle of its release, twice at the worst, without anybody's help.
func TestKilledWhileItReleasesAWaitingMailArrives(t *testing.T) {
	for name, times := range map[string]int{"indexed": 1, "claimed": 1, "sent": 2, "sent through a filter": 2, "settled": 1, "never": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			relay := newRelay(t, true)
			r := newRig(t, Options{Relay: Relay{Addr: relay.addr}})
			step, filter, _ := strings.Cut(name, " ")
			if filter != "" { // which uses the mark up
				relay.onData.set(func(m received) error {
					mark, _ := split(t, m.data)
					_, res, err := r.Redeem(background(), mark, item().Envelope, r.buffer(m.data, 1<<20))
					if res != MarkOK {
						t.Errorf("mark: %s", res)
					}
					return err
				})
			}
			if _, killed := runChild(t, r.st.Dir(), step, "", killRelay+"="+relay.addr); killed != (step != "never") {
				t.Fatalf("killed %v", killed)
			}
			r.clock.t = time.Now().Add(2 * r.opts.Relay.Timeout) // a transaction that a killed process began is given up
			for range 2 {
				if _, err := r.due(); err != nil {
					t.Fatal(err)
				}
			}
			if got := relay.got(); len(got) != times || !strings.HasSuffix(got[0].data, killMail()) {
				t.Errorf("delivered %d times, want %d", len(got), times)
			}
			items, err := r.List(t.Context(), Filter{State: StateReleased})
			must(t, err)
			if len(items) != 1 {
				t.Errorf("%d items are released", len(items))
			}
		})
	}
}

// afterKill does what a daemon does when it starts, and looks at the outcome.
func afterKill(t *testing.T, r *rig, mails []string) {
	if _, err := r.EmptySpool(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	items, err := r.List(t.Context(), Filter{})
	if err != nil {
		t.Fatal(err)
	}
	if len(items) != len(mails) {
		t.Fatalf("%d items, %d files", len(items), len(mails))
	}
	for _, it := range items {
		if got := r.raw(it.ID); got != killMail() {
			t.Errorf("the held mail has %d bytes, want %d", len(got), len(killMail()))
		}
		if filepath.Base(mails[0]) != it.ID+".mail" || it.Envelope.MailFrom != item().Envelope.MailFrom {
			t.Errorf("item %+v of file %s", it, mails[0])
		}
	}
	rep, err := r.Verify(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	if !rep.OK() {
		t.Errorf("problems remain: %+v", rep.Problems)
	}
	if _, spool := r.files(); len(spool) > 0 {
		t.Errorf("the spool is not empty: %q", spool)
	}
}
