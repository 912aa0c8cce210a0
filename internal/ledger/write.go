package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrDropped means that a mail was not learned, because more wait than are worth the memory.
var ErrDropped = errors.New("ledger: too many mails wait to be learned")

const (
	maxQueue = 4096 // mails that wait to be learned: some megabytes, and more than come while a disk stalls for seconds
	maxBatch = 256  // … that one transaction learns
)

// order is a mail that waits to be learned.
type order struct {
	apply func(context.Context, *batch) error
	done  chan error
}

// LearnSent remembers a mail of ours. It returns when the next Ask knows it, or at the end of the time for it: it is then learned later.
// A mail that is remembered already teaches nothing.
func (c *Conversations) LearnSent(ctx context.Context, s Sent) error {
	return c.learn(ctx, func(ctx context.Context, b *batch) error { return b.sent(ctx, &s) })
}

// LearnReceived remembers an accepted mail from outside, as LearnSent. What is no evidence of people, as automatic mail, lists and what was
// judged worse than accepted, is not given to it.
func (c *Conversations) LearnReceived(ctx context.Context, r Received) error {
	return c.learn(ctx, func(ctx context.Context, b *batch) error { return b.received(ctx, &r) })
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

func (c *Conversations) learn(ctx context.Context, apply func(context.Context, *batch) error) error {
	o := &order{apply: apply, done: make(chan error, 1)}
	select {
	case c.queue <- o:
	default:
		c.opts.Dropped(1)
		return ErrDropped
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	select {
	case err := <-o.done:
		if err != nil {
			return fmt.Errorf("ledger: learn: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("ledger: learn: %w", ctx.Err())
	}
}

// write learns what waits, many in one transaction, until ctx ends and nothing waits any more.
func (c *Conversations) write(ctx context.Context) {
	for {
		select {
		case o := <-c.queue:
			c.work(o)
			continue
		default:
		}
		select {
		case o := <-c.queue:
			c.work(o)
		case <-ctx.Done():
			return
		}
	}
}

func (c *Conversations) work(o *order) {
	list := c.gather(o)
	c.settle(list)
	c.log.grown(len(list))
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

// settle learns a list in one transaction, and where that fails one by one: what cannot be learned takes nothing else with it.
func (c *Conversations) settle(list []*order) {
	err := c.apply(list)
	if err == nil || len(list) == 1 {
		for _, o := range list {
			o.done <- err
		}
		if err != nil {
			c.opts.Dropped(len(list))
		}
		return
	}
	for _, o := range list {
		c.settle([]*order{o})
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
	if err == nil && b.covered != nil {
		c.known.Store(b.covered)
	}
	return err
}
