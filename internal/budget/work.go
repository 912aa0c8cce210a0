package budget

import (
	"context"
	"time"
)

// Work is one message's part in a Budget. It is not safe for concurrent use. A nil Work never waits.
type Work struct {
	b     *Budget
	order uint64
	used  time.Duration // of a processor
	since time.Time     // when what is used was last counted; zero while no processor is
	turn  time.Time     // when the turn that is held began; zero while none is
	until time.Duration // of used, that the last turn is good for: who rests on the way needs no new one
	asked uint          // checkpoints

	ordinary, heavy int64 // bytes held
	alone           int64 // 1 while it is
}

// Work begins a message.
func (b *Budget) Work() *Work {
	if b == nil {
		return nil
	}
	return &Work{b: b, order: b.order.Add(1)}
}

// Begin says that the message uses a processor from now on, until End.
func (w *Work) Begin() {
	if w != nil && w.since.IsZero() {
		w.b.working.Add(1)
		w.since = w.b.o.Now()
	}
}

// End gives back everything.
func (w *Work) End() {
	if w == nil {
		return
	}
	w.Rest()
	w.b.memory.give(&w.b.memory.heavy, w.heavy)
	w.b.memory.give(&w.b.memory.ordinary, w.ordinary)
	w.ordinary, w.heavy = 0, 0
}

// Rest says that the message uses no processor until Begin: it waits for something else. Its turn goes to others, its memory stays.
func (w *Work) Rest() {
	if w == nil || w.since.IsZero() {
		return
	}
	w.spend(w.b.o.Now())
	w.since = time.Time{}
	w.b.working.Add(-1)
	w.leave() // a parser that fell over did not
	if !w.turn.IsZero() {
		w.turn = time.Time{}
		w.b.turns.give()
	}
}

// spend counts what was used of a processor, by the clock: what the processors give to each of those who use them now.
func (w *Work) spend(now time.Time) {
	d := now.Sub(w.since)
	if n := w.b.working.Load(); n > w.b.cpus {
		d = d * time.Duration(w.b.cpus) / time.Duration(n)
	}
	w.used += max(0, d)
	w.since = now
}

// askEvery checkpoints the clock is looked at: there are far more than there need be.
const askEvery = 8

// Due reports whether a message at a checkpoint has to wait for a turn; then the caller calls Turn.
func (w *Work) Due() bool {
	if w == nil || w.since.IsZero() {
		return false
	}
	if w.asked++; w.asked%askEvery != 0 {
		return false
	}
	now := w.b.o.Now()
	w.spend(now)
	switch {
	case w.turn.IsZero():
		return w.used > max(w.b.o.Free, w.until)
	case now.Sub(w.turn) < w.b.o.Slice:
		return false
	}
	w.turn = now
	return w.b.turns.wanted(w.used)
}

// Turn waits for a turn; one that is held goes to whoever has used less. The error is the context's.
func (w *Work) Turn(ctx context.Context) error {
	var me *turn
	if w.turn.IsZero() {
		me = w.b.turns.take(w.used, w.holds())
	} else if me = w.b.turns.handOver(w.used, w.holds()); me == nil {
		return nil
	}
	w.turn = time.Time{}
	if me != nil {
		w.b.working.Add(-1)
		came := w.b.turns.await(ctx, me)
		w.b.working.Add(1)
		w.since = w.b.o.Now()
		if !came {
			return ctx.Err()
		}
	}
	w.turn, w.until = w.since, w.used+w.b.o.Slice
	return nil
}

// Room makes sure that the message holds n bytes for its work, at most OrdinaryMost, until End. It may wait. The error is the context's.
func (w *Work) Room(ctx context.Context, n int64) error {
	n = min(n, OrdinaryMost)
	switch {
	case w == nil || n <= max(w.ordinary, w.heavy):
		return nil
	case w.ordinary == 0:
		return w.room(ctx, &w.b.memory.ordinary, &w.ordinary, n)
	case w.b.memory.more(&w.b.memory.ordinary, n-w.ordinary):
		w.ordinary = n
		return nil
	}
	return w.Heavy(ctx) // who holds some of a sort does not wait for more of it
}

// Heavy is Room for HeavyShare bytes.
func (w *Work) Heavy(ctx context.Context) error {
	if w == nil || w.heavy > 0 {
		return nil
	}
	return w.room(ctx, &w.b.memory.heavy, &w.heavy, HeavyShare)
}

// Alone waits until no other message does what takes more than its share, and lets nobody else until done is called. Whoever is alone waits for nothing
// but turns.
func (w *Work) Alone(ctx context.Context) (done func(), err error) {
	if w == nil || w.alone > 0 {
		return func() {}, nil
	}
	return w.leave, w.room(ctx, &w.b.memory.alone, &w.alone, 1)
}

// holds reports whether others wait for what the message has: heavy room, and the worker that comes behind it, or being alone.
func (w *Work) holds() bool { return w.heavy > 0 || w.alone > 0 }

// leave ends Alone.
func (w *Work) leave() {
	w.b.memory.give(&w.b.memory.alone, w.alone)
	w.alone = 0
}

// Ahead reports whether a message that is about to use d of a processor, without a checkpoint, needs a turn for it; then the caller calls Turn.
func (w *Work) Ahead(d time.Duration) bool {
	if w == nil || w.since.IsZero() || !w.turn.IsZero() {
		return false
	}
	w.spend(w.b.o.Now())
	return w.used+d > w.b.o.Free
}

func (w *Work) room(ctx context.Context, g *gate, held *int64, n int64) error {
	if !w.since.IsZero() {
		w.spend(w.b.o.Now())
	}
	me := w.b.memory.take(g, rank{w.used.Truncate(w.b.o.Free), w.order}, n)
	if me != nil {
		w.Rest()
		came := w.b.memory.await(ctx, g, me)
		w.Begin()
		if !came {
			return ctx.Err()
		}
	}
	*held = n
	return nil
}

// Used is the processor time that the message has used, about.
func (w *Work) Used() time.Duration {
	if w == nil {
		return 0
	}
	return w.used
}
