package inspect

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/password"
)

// guesses are n words given to a scan.
func guesses(s *Scan, n int) {
	for i := range n {
		s.Passwords(password.Given, fmt.Sprintf("w%04d", i))
	}
}

func tried(s *Scan, cost time.Duration) (n int) {
	for range s.tries(context.Background(), cost) {
		n++
	}
	return n
}

func TestTriesFitTheBudget(t *testing.T) {
	for _, tc := range []struct {
		name    string
		cost    time.Duration
		waiting int
		want    int
	}{
		{"a cheap format tries every word", time.Microsecond, 0, 400},
		{"an expensive one as many as fit", 100 * time.Millisecond, 0, 20},
		{"and half of them while others wait", 100 * time.Millisecond, 1, 10},
		{"one that costs more than all is not tried", 3 * time.Second, 0, 0},
	} {
		s := scanner(t, Options{TryTime: 2 * time.Second}).Begin()
		guesses(s, 400)
		s.waiting = make([]waiting, tc.waiting)
		if got := tried(s, tc.cost); got != tc.want {
			t.Errorf("%s: %d tries, want %d", tc.name, got, tc.want)
		}
	}
}

func TestTheBudgetIsTheMessages(t *testing.T) {
	s := scanner(t, Options{TryTime: time.Second}).Begin()
	guesses(s, 400)
	if a, b, c := tried(s, 100*time.Millisecond), tried(s, 100*time.Millisecond), tried(s, time.Microsecond); a != 10 || b != 0 || c != 400 {
		t.Errorf("%d, %d, %d tries", a, b, c)
	}
}

func TestTheWordThatOpenedOneFileIsTriedFirstOnTheNext(t *testing.T) {
	s := scanner(t, Options{}).Begin()
	guesses(s, 100)
	f := &File{report: -1}
	for w := range s.tries(context.Background(), 0) {
		if w.Text == "w0050" {
			s.openedBy(f, finding.ArchivePasswordFound, w)
			break
		}
	}
	for w := range s.tries(context.Background(), 0) {
		if w.Text != "w0050" {
			t.Errorf("first is %q", w.Text)
		}
		break
	}
	if n := tried(s, 0); n != 100 {
		t.Errorf("%d words", n)
	}
}

func TestWhatWasNotTriedIsSaid(t *testing.T) {
	s := scanner(t, Options{TryTime: time.Second}).Begin()
	guesses(s, 50)
	at := finding.Path{"2"}
	s.Add(finding.New(finding.ZipEncrypted, finding.Path{"3"}, "another"))
	s.Add(finding.New(finding.ZipEncrypted, at, "1: \"a\""))
	f := &File{Path: at, content: strings.NewReader("locked"), Size: 6, report: -1}
	if err := s.lock(context.Background(), f, func(ctx context.Context, f *File, s *Scan) (bool, error) {
		for range s.tries(ctx, 100*time.Millisecond) {
		}
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	still, err := s.Finish(context.Background())
	if err != nil || len(still) != 1 || !s.Result().Locked {
		t.Fatalf("%v, %v", still, err)
	}
	still[0].Content.Close()
	if got := s.Result().Findings; got[0].Detail != "another" || got[1].Detail != "10 of 50 words tried; 1: \"a\"" {
		t.Errorf("%v", got)
	}
}

func TestAPanicInALockLeavesTheFileLocked(t *testing.T) {
	s := scanner(t, Options{}).Begin()
	f := &File{content: bytes.NewReader(nil), report: -1}
	_ = s.lock(context.Background(), f, func(context.Context, *File, *Scan) (bool, error) { panic("x") })
	still, err := s.Finish(context.Background())
	if err != nil || len(still) != 1 {
		t.Fatalf("%v, %v", still, err)
	}
	still[0].Content.Close()
	if !s.Result().Incomplete {
		t.Error("not incomplete")
	}
}
