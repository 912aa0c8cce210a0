package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sekisho/internal/store"
)

// block takes the write lock of the memory as another process would.
func (o *office) block() (release func()) {
	o.Helper()
	db, err := o.st.Database(o.Context(), store.Memory)
	if err != nil {
		o.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		o.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil {
			o.Error(err)
		}
	}
}

func TestAnotherWriterKeepsNoQuestionWaiting(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	id := o.send(Sent{To: []string{"p@partner.example"}})
	defer o.block()()
	if a := o.ask(Question{From: "p@partner.example", Refs: []string{id}}); !a.Cited.Party {
		t.Errorf("%+v", a)
	}
}

func TestLearningThatTakesTooLongIsDoneLater(t *testing.T) {
	o := newOffice(t, ConversationOptions{Timeout: 50 * time.Millisecond})
	release := o.block()
	err := o.c.LearnSent(t.Context(), Sent{Time: o.now, From: boss, MessageID: "late@us.example", To: []string{"p@partner.example"}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	release()
	if err := o.c.wait(t.Context(), func(context.Context, *batch) error { return nil }); err != nil { // behind it in the queue
		t.Fatal(err)
	}
	o.c.opts.Timeout = time.Minute
	if a := o.ask(Question{From: "p@partner.example", Refs: []string{"late@us.example"}}); !a.Cited.Party {
		t.Errorf("%+v", a)
	}
}

func TestFullQueueDropsWhatItCannotLearn(t *testing.T) {
	var dropped atomic.Int64
	o := newOffice(t, ConversationOptions{Timeout: time.Millisecond, Dropped: func(n int) { dropped.Add(int64(n)) }})
	release := o.block()
	var err error
	for i := 0; !errors.Is(err, ErrDropped) && i < 3*maxQueue; i++ {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err = o.c.LearnSent(ctx, Sent{Time: o.now, MessageID: fmt.Sprint(i), From: boss})
	}
	release()
	if !errors.Is(err, ErrDropped) || dropped.Load() != 1 {
		t.Errorf("%v, %d dropped", err, dropped.Load())
	}
}

func TestClosedMemoryAnswersWithErrors(t *testing.T) {
	o := newOffice(t, ConversationOptions{Timeout: 100 * time.Millisecond})
	o.send(Sent{To: []string{"p@partner.example"}})
	if err := o.st.Close(); err != nil {
		t.Fatal(err)
	}
	if a, err := o.c.Ask(t.Context(), Question{From: "p@partner.example"}); err == nil || a.From != (Partner{}) {
		t.Errorf("%+v, %v", a, err)
	}
	if err := o.c.LearnReceived(t.Context(), Received{Time: o.now, From: "p@partner.example"}); err == nil {
		t.Error("learned")
	}
	if _, err := o.c.Stats(t.Context(), o.now); err == nil {
		t.Error("stats")
	}
	if err := o.c.Expire(t.Context(), o.now); err == nil {
		t.Error("expired")
	}
}

func TestQuestionsAreBounded(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	for range maxAsking {
		o.c.asking <- struct{}{}
	}
	if _, err := o.c.Ask(t.Context(), Question{}); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
}

func TestQuestionEndsWithItsMail(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if a, err := o.c.Ask(ctx, Question{From: "p@partner.example"}); !errors.Is(err, context.Canceled) || a.From != (Partner{}) {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestOneFaultyMailTakesNoOtherWithIt(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	good := Sent{Time: o.now, From: boss, MessageID: "good@us.example", To: []string{"p@partner.example"}}
	orders := []*order{
		{apply: func(context.Context, *batch) error { panic("a fault of ours") }, done: make(chan struct{}), awaited: true},
		{apply: func(ctx context.Context, b *batch) error { return b.sent(ctx, &good) }, done: make(chan struct{})},
	}
	o.c.settle(t.Context(), orders)
	if err := o.c.finished(t.Context(), orders[0]); err == nil || !strings.Contains(err.Error(), "a fault of ours") {
		t.Errorf("%v", err)
	}
	if err := o.c.finished(t.Context(), orders[1]); err != nil {
		t.Errorf("%v", err)
	}
	if a := o.ask(Question{From: "p@partner.example"}); a.From.Begun != 1 {
		t.Errorf("%+v", a.From)
	}
}

func TestManyAtOnceLearnEverythingOnce(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	const workers, each = 16, 30
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				s := Sent{Time: o.now, From: boss, MessageID: fmt.Sprintf("%d@us.example", i), To: []string{"p@partner.example"}}
				if err := o.c.LearnSent(t.Context(), s); err != nil {
					t.Error(err)
				}
				r := Received{Time: o.now, From: "p@partner.example", MessageID: fmt.Sprintf("%d.%d@p", w, i), Refs: []string{s.MessageID}, Passed: true, Known: true}
				if err := o.c.LearnReceived(t.Context(), r); err != nil {
					t.Error(err)
				}
				if a, err := o.c.Ask(t.Context(), Question{Time: o.now, From: r.From, Refs: []string{s.MessageID}}); err != nil || !a.Cited.Party {
					t.Error(a, err)
				}
			}
		})
	}
	wg.Wait()
	if p := o.ask(Question{From: "p@partner.example"}).From; p.Begun != each || p.Received != workers*each {
		t.Errorf("%+v", p)
	}
	if s := o.stats(); s.Ours != each || s.Theirs != workers*each {
		t.Errorf("%+v", s)
	}
}

func TestMemoryOutlivesItsProcess(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	o.cover(4, 20)
	if err := o.c.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := OpenConversations(t.Context(), o.st, ConversationOptions{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	a, err := c.Ask(t.Context(), Question{Time: o.now, From: "p@partner1.example", Refs: []string{"1@us.example", "guess@us.example"}})
	if err != nil || a.From.Begun != 20 || a.Cited.Ours != 1 || a.Cited.Forged != 1 {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestDamagedMemoryIsAnErrorAtOpening(t *testing.T) {
	st, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := os.WriteFile(st.Path("memory.db"), []byte(strings.Repeat("no database ", 1000)), 0o640); err != nil {
		t.Fatal(err)
	}
	if c, err := OpenConversations(t.Context(), st, ConversationOptions{}); err == nil {
		c.Close()
		t.Error("opened")
	}
}

// readOnly is an error of a database that cannot be written.
func readOnly(t *testing.T) error {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "x.db")+"?_pragma=query_only(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(`CREATE TABLE x (a)`)
	if !outOfReach(err) {
		t.Fatal(err)
	}
	return fmt.Errorf("ledger: %w", err)
}

func TestWhatCannotBeWrittenForAMomentIsLearnedAfterIt(t *testing.T) {
	var dropped atomic.Int64
	o := newOffice(t, ConversationOptions{Dropped: func(n int) { dropped.Add(int64(n)) }})
	away, tries := readOnly(t), 0
	full := func(context.Context, *batch) error {
		if tries++; tries < 3 {
			return away
		}
		return nil
	}
	waiting := &order{apply: full, done: make(chan struct{}), awaited: true}
	mail := &order{apply: func(context.Context, *batch) error { return nil }, done: make(chan struct{})}
	o.c.settle(t.Context(), []*order{mail, {apply: full}, waiting})
	if !errors.Is(waiting.err, away) || dropped.Load() != 1 {
		t.Errorf("who waits is told %v, %d dropped", waiting.err, dropped.Load())
	}
	if mail.err != nil || tries < 3 {
		t.Errorf("%v after %d tries", mail.err, tries)
	}
}

// A daemon that stops does not wait for a disk.
func TestWhatCannotBeWrittenEndsWithTheMemory(t *testing.T) {
	var dropped atomic.Int64
	o := newOffice(t, ConversationOptions{Dropped: func(n int) { dropped.Add(int64(n)) }})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	away, tries := readOnly(t), 0
	never := func(context.Context, *batch) error { tries++; return away }
	o.c.settle(ctx, []*order{{apply: never}, {apply: never}})
	if tries != 1 || dropped.Load() != 2 {
		t.Errorf("%d tries, %d dropped", tries, dropped.Load())
	}
}
