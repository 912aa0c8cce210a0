package ledger

import (
	"context"
	"testing"
	"time"

	"sekisho/internal/store"
)

// TestAnotherProcessCanWriteWhileTheDaemonLearnsWithoutPause: its connections wait for the lock five seconds at most (store's busy_timeout), and then fail.
func TestAnotherProcessCanWriteWhileTheDaemonLearnsWithoutPause(t *testing.T) {
	o := newOffice(t, ConversationOptions{Gather: time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	done, locked := make(chan struct{}), make(chan struct{}, 1)
	work := func(context.Context, *batch) error {
		select {
		case locked <- struct{}{}:
		default:
		}
		time.Sleep(30 * time.Millisecond)
		return nil
	}
	go func() {
		defer close(done)
		for ctx.Err() == nil { // somebody waits for each, and the next stands there when it is done
			if !o.c.enqueue(&order{awaited: true, apply: work, cost: 1}) {
				time.Sleep(time.Millisecond)
			}
			for len(o.c.queue) > 1 && ctx.Err() == nil {
				time.Sleep(100 * time.Microsecond)
			}
		}
	}()
	other, err := store.Open(t.Context(), o.st.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	db, err := other.Database(t.Context(), store.Memory)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		<-locked // of an earlier transaction perhaps
		<-locked
		if _, err := db.ExecContext(t.Context(), `INSERT INTO talk_meta VALUES (?, x'00')`, i); err != nil {
			t.Errorf("write %d: %v", i, err)
		}
	}
	cancel()
	<-done
}

func TestTheWriterYieldsNoLongerThanALockIsLookedFor(t *testing.T) {
	for name, took := range map[string]time.Duration{"short": 0, "long": 300 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, ConversationOptions{})
			if err := o.c.wait(t.Context(), func(context.Context, *batch) error { time.Sleep(took); return nil }); err != nil {
				t.Fatal(err)
			}
			if err := o.c.Close(); err != nil { // the writer is done with it
				t.Fatal(err)
			}
			if left := time.Until(o.c.free); left > yieldMost || o.c.free.IsZero() {
				t.Errorf("%v", left)
			}
		})
	}
}
