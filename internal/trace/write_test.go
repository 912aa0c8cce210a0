package trace

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/store"
)

// await waits for what takes milliseconds.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not", what)
		}
	}
}

func TestClosingWritesTheRest(t *testing.T) {
	r := newRig(t, Options{})
	r.Start()
	for n := range 5000 {
		r.Add(ordinary(n))
	}
	must(t, r.Close(t.Context()))
	must(t, r.Close(t.Context())) // twice is once
	if written, dropped := r.counts(); written != 5000 || dropped != 0 {
		t.Errorf("%d written, %d dropped", written, dropped)
	}
	if n := len(r.found(Query{Client: "198.51.100.7"})); n != 25 {
		t.Errorf("%d found", n)
	}
	r.Add(ordinary(1))
	if _, dropped := r.counts(); dropped != 1 {
		t.Errorf("%d dropped after the end", dropped)
	}
}

// While the database is away mail flows: Add returns at once, what the queue holds is kept, the rest counted.
func TestWhileTheDatabaseIsAwayNothingWaitsAndAllIsCounted(t *testing.T) {
	var away atomic.Bool
	away.Store(true)
	r := newRig(t, Options{step: func(context.Context) error {
		if away.Load() {
			return errAway
		}
		return nil
	}})
	r.Start()
	r.Add(ordinary(0))
	await(t, "failed", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.failed) > 0 })
	big := ordinary(1)
	big.MailFrom = ""
	for range 1000 {
		big.Rcpts = append(big.Rcpts, Rcpt{strings.Repeat("x", textMax), "accept"})
	}
	begun := time.Now()
	added := 1
	for ; ; added++ {
		r.Add(big)
		if _, dropped := r.counts(); dropped > 0 {
			added++
			break
		}
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("adding %d took %s", added, took)
	}
	r.mu.Lock()
	full := r.bytes
	r.mu.Unlock()
	if full > queueBytes {
		t.Errorf("the queue holds %d bytes", full)
	}
	away.Store(false)
	must(t, r.Close(t.Context()))
	if written, dropped := r.counts(); written != added-1 || dropped != 1 {
		t.Errorf("%d of %d written, %d dropped", written, added, dropped)
	}
}

func TestWhatCannotBeWrittenAtTheEndIsCounted(t *testing.T) {
	r := newRig(t, Options{step: func(context.Context) error { return errAway }})
	r.Start()
	for n := range 7 {
		r.Add(ordinary(n))
	}
	if err := r.Close(t.Context()); err == nil {
		t.Error("no error")
	}
	if written, dropped := r.counts(); written != 0 || dropped != 7 {
		t.Errorf("%d written, %d dropped", written, dropped)
	}
}

func TestAPanicIsTriedAgain(t *testing.T) {
	var times atomic.Int32
	r := newRig(t, Options{step: func(context.Context) error {
		if times.Add(1) == 1 {
			panic("once")
		}
		return nil
	}})
	r.Start()
	r.Add(ordinary(0))
	await(t, "failed", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.failed) > 0 })
	must(t, r.Close(t.Context()))
	if written, _ := r.counts(); written != 1 {
		t.Errorf("%d written", written)
	}
}

// The disk's rest belongs to mail that must be held.
func TestAFullDiskIsLeftAlone(t *testing.T) {
	r := newRig(t, Options{MinFree: 1 << 62})
	r.Add(ordinary(0))
	if err := r.flush(t.Context()); err == nil {
		t.Error("written")
	}
}

// A lock that another process holds makes no record wait for ever.
func TestClosingEndsWithItsContext(t *testing.T) {
	r := newRig(t, Options{})
	r.Start()
	tx, err := r.db.Begin()
	must(t, err)
	defer tx.Rollback()
	r.Add(ordinary(0))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.Close(ctx); err == nil {
		t.Error("no error")
	}
	if _, dropped := r.counts(); dropped != 1 {
		t.Errorf("%d dropped", dropped)
	}
}

func TestManyAddWhileOthersSearch(t *testing.T) {
	r := newRig(t, Options{})
	r.Start()
	const writers, each = 3, 1500
	var add, search sync.WaitGroup
	for w := range writers {
		add.Go(func() {
			for n := range each {
				x := ordinary(n)
				x.QueueID = fmt.Sprintf("W%d", w)
				r.Add(x)
			}
		})
	}
	over := make(chan struct{})
	other, err := store.Open(context.Background(), r.st.Dir())
	must(t, err)
	t.Cleanup(func() { must(t, other.Close()) })
	for range 2 {
		search.Go(func() {
			reader, err := Open(context.Background(), other, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			for last := 0; ; {
				n := 0
				if err := reader.Search(context.Background(), Query{QueueID: "W1"}, func(*Record) bool { n++; return true }); err != nil {
					t.Error(err)
					return
				}
				if n < last {
					t.Errorf("%d found, before %d", n, last)
				}
				last = n
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	add.Wait()
	must(t, r.Close(t.Context()))
	close(over)
	search.Wait()
	for w := range writers {
		if n := len(r.found(Query{QueueID: fmt.Sprintf("W%d", w)})); n != each {
			t.Errorf("%d records of writer %d", n, w)
		}
	}
}
