package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const never = time.Hour // nothing is written but by those who wait for it

func TestQuestionWaitsForWhatWasSentBeforeIt(t *testing.T) {
	for name, of := range map[string]struct {
		q     Question
		known func(Answer) bool
	}{
		"its id":             {Question{From: "p@partner.example", Refs: []string{"1@us.example"}}, func(a Answer) bool { return a.Cited.Party }},
		"its subject":        {Question{From: "p@partner.example", Subject: "belts"}, func(a Answer) bool { return a.Subject.Party }},
		"its addressee":      {Question{From: "p@partner.example"}, func(a Answer) bool { return a.From.Begun == 1 }},
		"a colleague of his": {Question{From: "q@partner.example"}, func(a Answer) bool { return a.Org.Begun == 1 }},
		"one who quotes him": {Question{From: "x@else.example", Quoted: []string{"p@partner.example"}}, func(a Answer) bool { return a.Quoted[0].Begun == 1 }},
		"its writer's name":  {Question{From: "x@else.example", Names: []string{"boss"}}, func(a Answer) bool { return len(a.Namesake) == 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, ConversationOptions{Gather: never})
			o.send(Sent{To: []string{"p@partner.example"}, Subject: "belts", Names: []string{"boss"}})
			if a := o.ask(of.q); !of.known(a) {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestQuestionWaitsForTheMailOfAParty(t *testing.T) {
	o := newOffice(t, ConversationOptions{Gather: never})
	id := o.send(Sent{To: []string{"p@partner.example"}})
	in := o.get(Received{From: "p@partner.example", Refs: []string{id}, Known: true, Passed: true, To: []string{boss, "q@third.example"}})
	if a := o.ask(Question{From: "q@third.example", Refs: []string{in}}); !a.Cited.Party {
		t.Errorf("%+v", a)
	}
}

func TestStrangersKeepNoQuestionWaiting(t *testing.T) {
	o := newOffice(t, ConversationOptions{Gather: never})
	id := o.get(Received{From: "p@stranger.example"})
	o.ask(Question{From: "p@stranger.example", Refs: []string{id}})
	if n := len(o.c.queue); n > 1 {
		t.Errorf("%d wait", n)
	}
	if err := o.c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := o.ask(Question{From: "p@stranger.example"}); a.From.Received != 1 {
		t.Errorf("%+v", a)
	}
}

func TestWhatGathersIsWrittenByItself(t *testing.T) {
	o := newOffice(t, ConversationOptions{Gather: time.Millisecond})
	o.get(Received{From: "p@stranger.example"})
	for a := (Answer{}); a.From.Received == 0; a = o.ask(Question{From: "p@stranger.example"}) {
		if t.Context().Err() != nil {
			t.Fatal("never")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestCloseWritesWhatGathers(t *testing.T) {
	o := newOffice(t, ConversationOptions{Gather: never})
	for range 3 * maxBatch / 2 {
		o.get(Received{From: "p@stranger.example"})
	}
	if err := o.c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := o.c.LearnReceived(t.Context(), Received{From: "late@stranger.example"}); !errors.Is(err, ErrDropped) {
		t.Errorf("%v", err)
	}
	c, err := OpenConversations(t.Context(), o.st, ConversationOptions{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	a, err := c.Ask(t.Context(), Question{Time: o.now, From: "p@stranger.example"})
	if err != nil || a.From.Received != 3*maxBatch/2 {
		t.Errorf("%+v, %v", a.From, err)
	}
}

func TestHeldUpWriterKeepsAQuestionNoLongerThanHalfItsTime(t *testing.T) {
	o := newOffice(t, ConversationOptions{Gather: never, Timeout: 100 * time.Millisecond})
	defer o.block()()
	o.send(Sent{To: []string{"p@partner.example"}})
	if a, err := o.c.Ask(t.Context(), Question{Time: o.now, From: "p@partner.example"}); err != nil || a.From.Begun != 0 {
		t.Errorf("%+v, %v", a, err)
	}
}

// What waits is known: no answer may say that we never sent it, or an honest mail is marked as forged whenever a disk stalls.
func TestACitedMailThatWaitsIsUnknownAndNotForged(t *testing.T) {
	o := newOffice(t, ConversationOptions{Gather: never, Timeout: 100 * time.Millisecond})
	release := o.block()
	id := o.send(Sent{To: []string{"p@partner.example"}})
	if a, err := o.c.Ask(t.Context(), Question{Time: o.now, From: "p@partner.example", Refs: []string{id}}); !errors.Is(err, errPending) {
		t.Errorf("%+v, %v", a, err)
	}
	// an attacker who cites what he made up is answered all the same
	if _, err := o.c.Ask(t.Context(), Question{Time: o.now, From: "x@stranger.example", Refs: []string{"made-up@us.example"}}); err != nil {
		t.Error(err)
	}
	release()
	if err := o.c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := o.ask(Question{From: "p@partner.example", Refs: []string{id}}); !a.Cited.Party {
		t.Errorf("%+v", a)
	}
}

func TestLongTextsFillTheQueueAndAreDropped(t *testing.T) {
	var dropped atomic.Int64
	o := newOffice(t, ConversationOptions{Gather: never, Timeout: time.Millisecond, Dropped: func(n int) { dropped.Add(int64(n)) }})
	defer o.block()()
	long := make([]string, 5000)
	for i := range long {
		long[i] = fmt.Sprintf("%d%s@partner.example", i, strings.Repeat("x", 5000))
	}
	var err error
	n := 0
	for ; err == nil && n < maxQueue; n++ {
		err = o.c.LearnSent(t.Context(), Sent{Time: o.now, From: boss, MessageID: fmt.Sprint(n), To: long})
	}
	if !errors.Is(err, ErrDropped) || n > queueBytes/maxListed/maxHashed+2 || dropped.Load() != 1 {
		t.Errorf("%v after %d, %d dropped", err, n, dropped.Load())
	}
	// a stranger's addressees take no room
	if r := (Received{From: "p@stranger.example", To: long, Cc: long, Rcpts: long}); r.compact() > orderCost+100 {
		t.Errorf("%d bytes", r.compact())
	}
}

func TestWhatWaitsHasTextsOfItsOwn(t *testing.T) {
	to := []string{"p@partner.example", "", "q@partner.example"}
	s := Sent{From: boss, MessageID: "1@us.example", Subject: "belts", To: to, Names: []string{"boss"}}
	s.compact()
	if s.From != boss || s.MessageID != "1@us.example" || s.Subject != "belts" || fmt.Sprint(s.To) != fmt.Sprint(to) || fmt.Sprint(s.Names) != "[boss]" {
		t.Errorf("%+v", s)
	}
	if to[0] = ""; s.To[0] == "" {
		t.Error("the caller's list")
	}
}

func TestFailedWritesAreToldAndCounted(t *testing.T) {
	var dropped, failed atomic.Int64
	o := newOffice(t, ConversationOptions{Gather: never, Dropped: func(n int) { dropped.Add(int64(n)) }, Failed: func(error) { failed.Add(1) }})
	for range 3 {
		o.c.enqueue(&order{apply: func(context.Context, *batch) error { return errors.New("disk full") }, cost: 1})
	}
	o.get(Received{From: "p@stranger.example"})
	if err := o.c.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := o.ask(Question{From: "p@stranger.example"}); a.From.Received != 1 || dropped.Load() != 3 || failed.Load() != 3 || o.c.queued.Load() != 0 {
		t.Errorf("%+v, %d dropped, %d told, %d bytes left", a, dropped.Load(), failed.Load(), o.c.queued.Load())
	}
}

func TestAnswersSeeTheirMailWhoeverSendsBeside(t *testing.T) {
	o := newOffice(t, ConversationOptions{Gather: 5 * time.Millisecond})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 20 {
				p, id := fmt.Sprintf("p%d@partner%d.example", i, w), fmt.Sprintf("%d.%d@us.example", w, i)
				if err := o.c.LearnSent(t.Context(), Sent{Time: o.now, From: boss, MessageID: id, To: []string{p}}); err != nil {
					t.Error(err)
				}
				if a, err := o.c.Ask(t.Context(), Question{Time: o.now, From: p, Refs: []string{id}}); err != nil || !a.Cited.Party {
					t.Error(a, err)
				}
			}
		})
	}
	wg.Wait()
	o.c.pending.mu.Lock()
	defer o.c.pending.mu.Unlock()
	if n := len(o.c.pending.orders); n != 0 {
		t.Errorf("%d keys left", n)
	}
}
