package trace

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"sekisho/internal/store"
)

// A child process is this test binary with these variables set: it adds records until it kills itself.
const (
	killDir   = "TRACE_TEST_DIR"
	killAfter = "TRACE_TEST_AFTER" // transactions
	killFile  = "told"             // in the folder: how many records the child was told are written
)

// child kills itself before its nth transaction, that of an index included.
func child() {
	dir := os.Getenv(killDir)
	after, err := strconv.Atoi(os.Getenv(killAfter))
	if err != nil {
		panic(err)
	}
	st, err := store.Open(context.Background(), dir)
	if err != nil {
		panic(err)
	}
	told := 0
	t, err := Open(context.Background(), st, Options{
		now: nil,
		Written: func(n int) {
			told += n
			if err := os.WriteFile(filepath.Join(dir, killFile), []byte(strconv.Itoa(told)), 0o600); err != nil {
				panic(err)
			}
		},
		step: func(context.Context) error {
			if after--; after < 0 {
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
			return nil
		},
	})
	if err != nil {
		panic(err)
	}
	t.Start()
	for n := 0; ; n++ {
		for t.full() {
			t.again()
		}
		t.Add(ordinary(n))
	}
}

// full says that the child is faster than its disk.
func (t *Trace) full() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.queue) > 2*batchMost
}

func TestKilledAnywhereWhatWasWrittenIsFoundAndMoreCanBe(t *testing.T) {
	for _, after := range []int{0, 1, 2, 3, 4, 5, 7, 9} {
		t.Run(strconv.Itoa(after), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := exec.Command(os.Args[0])
			cmd.Env = []string{killDir + "=" + dir, killAfter + "=" + strconv.Itoa(after)}
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("the child was not killed: %v %s", err, out)
			}
			told := 0
			if b, err := os.ReadFile(filepath.Join(dir, killFile)); err == nil {
				told, err = strconv.Atoi(strings.TrimSpace(string(b)))
				must(t, err)
			}
			if told == 0 && after > 0 {
				t.Fatal("nothing was written before the kill")
			}
			afterKill(t, dir, told)
		})
	}
}

// afterKill does what the next daemon does, and looks for every record.
func afterKill(t *testing.T, dir string, told int) {
	r := openRig(t, dir, Options{})
	must(t, r.upkeep(t.Context()))
	r.keep(infected())
	for n := range told {
		if n%97 != 0 && n != told-1 {
			continue
		}
		want := ordinary(n)
		if got := r.found(Query{MessageID: want.MessageID}); len(got) != 1 || got[0] != want.MessageID {
			t.Fatalf("record %d of %d: found %q", n, told, got)
		}
	}
	if got := r.found(Query{Account: "sato@example.org"}); len(got) != 1 {
		t.Errorf("a record of the next daemon: found %q", got)
	}
	var state string
	must(t, r.db.QueryRow(`PRAGMA integrity_check`).Scan(&state))
	if state != "ok" {
		t.Error("the database:", state)
	}
}
