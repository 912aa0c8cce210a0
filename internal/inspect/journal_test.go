package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"sekisho/internal/archive"
	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/worker"
)

// The children of TestDeathIsRemembered: their name is in the environment, as is the journal.
const (
	childEnv   = "SEKISHO_TEST_DEATH"
	journalEnv = "SEKISHO_TEST_JOURNAL"
)

func TestMain(m *testing.M) {
	worker.Main(archive.Jobs())
	if how := os.Getenv(childEnv); how != "" {
		child(how, os.Getenv(journalEnv))
	}
	os.Exit(m.Run())
}

func deadly() []byte { return zipOf(entry("x", []byte("DEADLY"))) }

// child scans a file on which an inspector dies, beside another scan that is at work.
func child(how, path string) {
	s, err := New(Options{Journal: path})
	if err != nil {
		os.Exit(9)
	}
	s.table = append(s.table, trap{"DEADLY", func(context.Context, *File, *Scan) error {
		if how == "overflow" {
			debug.SetMaxStack(1 << 20) // sooner
			fmt.Fprintln(os.Stderr, recurse(1))
		}
		os.Exit(3)
		return nil
	}})
	scan := s.Begin()
	_, _ = scan.File(context.Background(), nil, "", bytes.NewReader(deadly()), int64(len(deadly())))
	if scan.Result().Incomplete {
		os.Exit(0) // refused
	}
	os.Exit(1)
}

func recurse(n int) int {
	if n == 0 {
		return 0
	}
	return recurse(n+1) + 1
}

func die(t *testing.T, how, path string) (status int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+how, journalEnv+"="+path)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

func TestDeathIsRemembered(t *testing.T) {
	for how, status := range map[string]int{"exit": 3, "overflow": 2} {
		t.Run(how, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "journal")
			for i := range maxCrashes {
				if got := die(t, how, path); got != status {
					t.Fatalf("death %d: status %d", i+1, got)
				}
			}
			if got := die(t, how, path); got != 0 {
				t.Fatalf("opened again, status %d", got)
			}
			s := scanner(t, Options{Journal: path}).Begin()
			b := deadly()
			if _, err := s.File(context.Background(), nil, "", bytes.NewReader(b), int64(len(b))); err != nil {
				t.Fatal(err)
			}
			r := s.Result()
			if len(r.Findings) != 1 || r.Findings[0].Kind != finding.ScanIncomplete || !strings.Contains(r.Findings[0].Detail, "died 2 times") || !r.Incomplete {
				t.Errorf("findings %v, incomplete %v", r.Findings, r.Incomplete)
			}
			if tree := tree(r); len(tree) != 1 || tree[0] != " zip" {
				t.Errorf("files %v: it is listed, but not opened", tree)
			}
		})
	}
}

func TestOneDeathIsForgivenByASoundScan(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "journal"), time.Now()
	guilty, innocent := digest{1}, digest{2}
	for round := range 3 {
		j := mustOpen(t, path, now)
		if _, crashes := j.enter(innocent); crashes > 0 {
			t.Fatalf("round %d: the innocent counts %d", round, crashes)
		}
		j.enter(guilty)
		abandon(t, j)
		j = mustOpen(t, path, now)
		done, _ := j.enter(innocent)
		done()
		if err := j.close(); err != nil {
			t.Fatal(err)
		}
	}
	j := mustOpen(t, path, now)
	if _, crashes := j.enter(guilty); crashes < maxCrashes {
		t.Errorf("the guilty counts %d", crashes)
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
}

func TestJournalOfALivingScannerIsNoCrash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	first := mustOpen(t, path, time.Now())
	var d digest
	d[0] = 1
	done, _ := first.enter(d)
	for range 3 { // reloads, and commands beside the daemon
		again := mustOpen(t, path, time.Now())
		if _, crashes := again.enter(d); crashes != 0 {
			t.Fatalf("%d crashes counted while the first is alive", crashes)
		}
		if err := again.close(); err != nil {
			t.Fatal(err)
		}
	}
	done()
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(path + livePattern + "*")
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func mustOpen(t *testing.T, path string, now time.Time) *journal {
	t.Helper()
	j, err := openJournal(path, now)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// abandon ends a journal as death does: the lock goes, the notes stay.
func abandon(t *testing.T, j *journal) {
	t.Helper()
	if err := j.live.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCrashesAgeOut(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "journal"), time.Now()
	d := digest{7}
	for range maxCrashes {
		j := mustOpen(t, path, now)
		j.enter(d)
		abandon(t, j)
	}
	for _, tt := range []struct {
		later time.Duration
		want  uint32
	}{{time.Hour, maxCrashes}, {rememberFor - time.Hour, maxCrashes}, {rememberFor + time.Hour, 0}} {
		j := mustOpen(t, path, now.Add(tt.later))
		done, got := j.enter(d)
		if got != tt.want {
			t.Errorf("after %s: %d crashes", tt.later, got)
		}
		done()
		if err := j.close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestJournalIsBounded(t *testing.T) {
	path, now := filepath.Join(t.TempDir(), "journal"), time.Now()
	j := mustOpen(t, path, now)
	for i := range maxRemembered + 100 {
		j.crashes[digest{1, byte(i), byte(i >> 8)}] = crash{1, now.Unix() + int64(i)}
	}
	if err := j.save(); err != nil {
		t.Fatal(err)
	}
	for i := range maxSlots + 100 {
		j.enter(digest{2, byte(i), byte(i >> 8)})
	}
	for name, most := range map[string]int64{path: maxRemembered * recordSize, j.live.Name(): maxSlots * slotSize} {
		if i, err := os.Stat(name); err != nil || i.Size() > most {
			t.Errorf("%s: %d bytes, %v", filepath.Base(name), i.Size(), err)
		}
	}
	if _, ok := j.crashes[digest{1, byte((maxRemembered + 99) & 0xff), byte((maxRemembered + 99) >> 8)}]; !ok {
		t.Error("the newest was forgotten")
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
}

func TestSlotsAreUsedAgain(t *testing.T) {
	j := mustOpen(t, filepath.Join(t.TempDir(), "journal"), time.Now())
	for i := range 10 * maxSlots {
		done, _ := j.enter(digest{byte(i), byte(i >> 8), 1})
		done()
	}
	if i, err := j.live.Stat(); err != nil || i.Size() != slotSize {
		t.Errorf("%d bytes, %v", i.Size(), err)
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
}

func TestScansShareAJournal(t *testing.T) {
	s := scanner(t, Options{Journal: filepath.Join(t.TempDir(), "journal")})
	b := zipOf(entry("a.doc", fixture.DocVBA(quiet)), entry("b.zip", fixture.Zip("c", "c")))
	errs := make(chan error)
	for range 8 {
		go func() {
			scan := s.Begin()
			_, err := scan.File(context.Background(), nil, "", bytes.NewReader(b), int64(len(b)))
			if err == nil && (len(scan.Result().Findings) != 1 || scan.Result().Incomplete) {
				err = errors.New(strings.Join(lines(scan.Result()), ", "))
			}
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestJournalThatCannotBeWritten(t *testing.T) {
	if _, err := New(Options{Journal: filepath.Join(t.TempDir(), "no", "such", "folder")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("New: %v", err)
	}
}
