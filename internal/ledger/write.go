package ledger

import (
	"context"
	"errors"
	"fmt"
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
			c.settle(c.take(o))
			continue
		default:
		}
		select {
		case o := <-c.queue:
			c.settle(c.take(o))
		case <-ctx.Done():
			return
		}
	}
}

// take adds to an order what else waits.
func (c *Conversations) take(o *order) []*order {
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
