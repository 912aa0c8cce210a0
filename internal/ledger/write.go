package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrDropped means that a mail was not learned, because more wait than are worth the memory.
var ErrDropped = errors.New("ledger: too many mails wait to be learned")

const (
	maxQueue   = 4096     // mails that wait to be learned: some megabytes, and more than come while a disk stalls for seconds
	queueBytes = 16 << 20 // … and their texts: a stranger's are some hundred bytes, ten thousand at most
	maxBatch   = 1024     // … that one transaction learns: others wait for its lock some tens of milliseconds
)

// order is work for the writer.
type order struct {
	apply   func(context.Context, *batch) error
	cost    int64         // of queueBytes
	keys    []int64       // that are pending until it is done
	done    chan struct{} // closed when it is; nil where nobody can wait for it
	err     error         // of it, for who waits
	awaited bool          // somebody does: nothing gathers meanwhile, and the error is his
}

// LearnSent remembers a mail of ours. It waits until that is committed, with what else waits: forgotten by a process that is killed, its answers would look
// forged. Where that takes longer than ConversationOptions.Timeout, or maxAsking wait before it since the writer is held up, it is written later, and an Ask that
// it has to do with waits for that. A mail that is remembered already teaches nothing.
func (c *Conversations) LearnSent(ctx context.Context, s Sent) error {
	cost := s.compact()
	o := &order{apply: func(ctx context.Context, b *batch) error { return b.sent(ctx, &s) }, cost: cost, keys: c.keysOfSent(&s), done: make(chan struct{})}
	if err := c.learn(ctx, o); err != nil || o.awaited || len(c.queue) > maxAsking {
		return err
	}
	c.hasten()
	timer := time.NewTimer(c.opts.Timeout)
	defer timer.Stop()
	select {
	case <-o.done: // what failed is told by settled
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}

// LearnReceived remembers an accepted mail from outside. It returns at once: the mail is written with others that gather for ConversationOptions.Gather, and
// only where it is a party's does a question wait for it. What is no evidence of people,
// as automatic mail, lists and what was judged worse than accepted, is not given to it.
func (c *Conversations) LearnReceived(ctx context.Context, r Received) error {
	cost := r.compact()
	o := &order{apply: func(ctx context.Context, b *batch) error { return b.received(ctx, &r) }, cost: cost}
	if r.Known {
		o.keys, o.done = c.keysOfReceived(&r), make(chan struct{})
	}
	return c.learn(ctx, o)
}

// maxImport is how many mails ImportSent learns in one transaction: the daemon beside it waits a fraction of a second at most.
const maxImport = 500

// ImportSent learns mails of ours of earlier times, as they lie in Sent folders: as much of their dates as can be true. It tells how many were new.
func (c *Conversations) ImportSent(ctx context.Context, mails []Sent) (learned int, err error) {
	now := time.Now()
	for part := range slices.Chunk(mails, maxImport) {
		n := 0
		err := c.wait(ctx, func(ctx context.Context, b *batch) error {
			before := b.learned
			for i := range part {
				if s := &part[i]; s.Time.Before(now.Add(day)) && s.Time.After(now.Add(-b.opts.Keep)) {
					if err := b.sent(ctx, s); err != nil {
						return err
					}
				}
			}
			n = b.learned - before
			return nil
		})
		learned += n
		if err != nil {
			return learned, fmt.Errorf("ledger: import: %w", err)
		}
	}
	return learned, nil
}

func (c *Conversations) learn(ctx context.Context, o *order) error {
	if c.opts.Gather < 0 {
		o.awaited = true
	}
	if !c.enqueue(o) {
		c.opts.Dropped(1)
		return ErrDropped
	}
	if !o.awaited {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	if err := c.finished(ctx, o); err != nil {
		return fmt.Errorf("ledger: learn: %w", err)
	}
	return nil
}

// enqueue never waits.
func (c *Conversations) enqueue(o *order) bool {
	if o.awaited && o.done == nil {
		o.done = make(chan struct{})
	}
	if c.queued.Add(o.cost) > queueBytes || c.ended.Load() {
		c.queued.Add(-o.cost)
		return false
	}
	c.pending.add(o) // before the writer can be done with it
	select {
	case c.queue <- o:
		if o.awaited {
			c.hasten()
		}
		return true
	default:
		c.queued.Add(-o.cost)
		c.pending.remove(o)
		return false
	}
}

// hasten has the writer write what waits now.
func (c *Conversations) hasten() {
	select {
	case c.hurry <- struct{}{}:
	default: // he hurries already
	}
}

// finished waits for an order.
func (c *Conversations) finished(ctx context.Context, o *order) error {
	select {
	case <-o.done:
		return o.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Flush waits until all that was given before is learned.
func (c *Conversations) Flush(ctx context.Context) error {
	return c.wait(ctx, func(context.Context, *batch) error { return nil })
}

// write learns what waits, many in one transaction, until ctx ends and nothing waits any more.
func (c *Conversations) write(ctx context.Context) {
	for {
		select {
		case o := <-c.queue:
			c.gathered(ctx, o)
			for more := c.work(ctx, o); more; {
				select {
				case o := <-c.queue:
					more = c.work(ctx, o)
				default:
					more = false
				}
			}
		case <-ctx.Done():
			for {
				select {
				case o := <-c.queue:
					c.work(ctx, o)
				default:
					return
				}
			}
		}
	}
}

// gathered lets others come to the first order, unless somebody waits.
func (c *Conversations) gathered(ctx context.Context, first *order) {
	if first.awaited {
		return
	}
	timer := time.NewTimer(c.opts.Gather)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.hurry:
	case <-ctx.Done():
	}
}

// yieldMost is a little more than SQLite's longest sleep between two looks at a lock (busy_timeout; 100 ms): whoever waits finds it free.
const yieldMost = 120 * time.Millisecond

// yield leaves the lock to other processes (an import, forget, allow) for half as long as the last transaction had it: they look for it every 100 ms at
// least, find it free in one look of three, and have seconds. Most of it has passed by itself while others gathered.
func (c *Conversations) yield(ctx context.Context) {
	if d := time.Until(c.free); d > 0 {
		pause(ctx, d)
	}
}

// work writes one transaction; full reports whether it took all that one may.
func (c *Conversations) work(ctx context.Context, o *order) (full bool) {
	c.yield(ctx)
	list := c.gather(o)
	begun := time.Now()
	c.settle(ctx, list)
	ended := time.Now()
	c.free = ended.Add(min(yieldMost, ended.Sub(begun)/2))
	c.log.grown(len(list))
	return len(list) == maxBatch
}

// gather adds to an order what else waits.
func (c *Conversations) gather(o *order) []*order {
	list := []*order{o}
	for len(list) < maxBatch {
		select {
		case o := <-c.queue:
			list = append(list, o)
		default:
			return list
		}
	}
	return list
}

const (
	retries    = 4 // of what cannot be written now: a disk that is full, or another writer, for some seconds costs nothing that was learned
	retryPause = time.Second
)

// settle learns a list in one transaction. Where the database is out of reach it is tried again for a while; where a mail is at fault, one by one: what cannot
// be learned takes nothing else with it.
func (c *Conversations) settle(ctx context.Context, list []*order) {
	err := c.apply(list)
	for n := 0; n < retries && outOfReach(err); n++ {
		if list = c.tell(list, err); len(list) == 0 || !pause(ctx, retryPause) {
			break
		}
		err = c.apply(list)
	}
	if err == nil || len(list) == 1 || outOfReach(err) {
		for _, o := range list {
			c.settled(o, err)
		}
		return
	}
	for _, o := range list {
		c.settle(ctx, []*order{o})
	}
}

// outOfReach reports whether an error is of the database's surroundings, not of what was to be written.
func outOfReach(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff { // the primary result code
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN:
		return true
	}
	return false
}

// tell ends the orders that somebody waits for, and gives the others.
func (c *Conversations) tell(list []*order, err error) (others []*order) {
	for _, o := range list {
		if o.awaited {
			c.settled(o, err)
		} else {
			others = append(others, o)
		}
	}
	return others
}

// pause reports whether ctx is still there afterwards.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// settled ends an order.
func (c *Conversations) settled(o *order, err error) {
	c.queued.Add(-o.cost)
	c.pending.remove(o)
	if err != nil {
		c.opts.Dropped(1)
		if !o.awaited {
			c.opts.Failed(fmt.Errorf("ledger: learn: %w", err))
		}
	}
	if o.err = err; o.done != nil {
		close(o.done)
	}
}

func (c *Conversations) apply(list []*order) error {
	ctx := context.Background() // the store bounds the wait for a lock, and a statement of ours takes less than a millisecond
	var b *batch
	err := c.tx(ctx, false, func(tx *txn) error {
		b = newBatch(c, tx)
		if err := tx.exec(ctx, sqlSecure); err != nil {
			return err
		}
		for _, o := range list {
			if err := o.apply(ctx, b); err != nil {
				return err
			}
		}
		return b.flush(ctx)
	})
	if err == nil {
		if b.covered != nil {
			c.known.Store(b.covered)
		}
		c.recent.learned(b)
	}
	return err
}
