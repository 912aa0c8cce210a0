package inspect

import (
	"bytes"
	"context"
	"testing"
	"time"

	"sekisho/internal/budget"
	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

func budgeted(t *testing.T, b *budget.Budget) *Scanner {
	t.Helper()
	return scanner(t, Options{Walk: message.Limits{Budget: b}})
}

// TestWaitingIsNotTheFilesTime: a scan that waits for room longer than its files may take is whole all the same.
func TestWaitingIsNotTheFilesTime(t *testing.T) {
	b := budget.New(budget.Options{Memory: budget.MemoryLeast})
	other := b.Work()
	if err := other.Heavy(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := budgeted(t, b).Begin()
	o := *s.o
	o.Time = 2 * time.Second
	s.o = &o
	go func() {
		for b.Stats().WaitingRoom == 0 {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(3 * time.Second)
		other.End()
	}()
	file := fixture.LZip([]byte("text"))
	if _, err := s.File(t.Context(), nil, "a.lz", bytes.NewReader(file), int64(len(file))); err != nil {
		t.Fatal(err)
	}
	if r := s.Result(); s.kinds[finding.LimitTime] || s.spent > o.Time {
		t.Errorf("%v, %v", r.Findings, s.spent)
	}
}

// TestADeadlineEndsTheWait: a message that cannot be looked into in its time is incomplete, not lost.
func TestADeadlineEndsTheWait(t *testing.T) {
	b := budget.New(budget.Options{Memory: budget.MemoryLeast})
	if err := b.Work().Heavy(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	s := budgeted(t, b).Begin()
	file := fixture.LZip([]byte("text"))
	_, err := s.File(ctx, nil, "a.lz", bytes.NewReader(file), int64(len(file)))
	if err == nil || !s.Result().Incomplete || b.Stats().WaitingRoom != 0 {
		t.Errorf("%v, incomplete %v, %+v", err, s.Result().Incomplete, b.Stats())
	}
}

// TestAParserThatFallsOverIsNotAloneForEver: what a panic leaves behind is given back with the file.
func TestAParserThatFallsOverIsNotAloneForEver(t *testing.T) {
	b := budget.New(budget.Options{})
	s := budgeted(t, b).Begin()
	f := &File{Path: finding.Path{"1"}, report: -1}
	for range 2 {
		if err := s.timed(t.Context(), f, func(ctx context.Context) error {
			return s.guard(f, func() error {
				if _, err := s.before(ctx, codeVBA, 64<<20); err != nil {
					return err
				}
				panic("a parser's")
			})
		}); err != nil {
			t.Fatal(err)
		}
	}
	done, err := b.Work().Alone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done()
}
