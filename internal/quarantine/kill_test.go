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

	"sekisho/internal/message"
	"sekisho/internal/store"
)

// A child process is this test binary with these variables set: it puts one mail and kills itself at a step.
const (
	killDir   = "QUARANTINE_TEST_DIR"
	killStep  = "QUARANTINE_TEST_STEP"
	killSpool = "QUARANTINE_TEST_SPOOL"
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
	q, err := Open(ctx, st, Options{MinFree: -1, Step: func(name string) {
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
	id, err := q.Put(ctx, item(), b)
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString(id)
	os.Exit(0)
}

// runChild returns the id that the child printed and whether it was killed.
func runChild(t *testing.T, dir, step, spool string) (id string, killed bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{killDir + "=" + dir, killStep + "=" + step, killSpool + "=" + spool}
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
