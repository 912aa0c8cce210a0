package worker

import (
	"context"
	"slices"
	"sync"
	"time"
)

// places are what messages with children at work hold. Who waits for one is served by what its children have used, the least first, then by arrival: a mail
// full of archives is behind one that has a single one.
type places struct {
	mu   sync.Mutex
	free int
	wait []*waiter
}

type waiter struct {
	used time.Duration
	now  chan struct{} // closed when the place is there
}

// take waits for a place. The error is the context's.
func (p *places) take(ctx context.Context, used time.Duration) error {
	me := p.stand(used)
	select {
	case <-me.now:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.wait, me); i >= 0 {
		p.wait = slices.Delete(p.wait, i, i+1)
	} else { // it came at the same moment
		p.next()
	}
	return ctx.Err()
}

func (p *places) stand(used time.Duration) *waiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	me := &waiter{used, make(chan struct{})}
	at := len(p.wait)
	for at > 0 && p.wait[at-1].used > used {
		at--
	}
	p.wait = slices.Insert(p.wait, at, me)
	if p.free > 0 { // then nobody else waits
		p.free--
		p.serve()
	}
	return me
}

func (p *places) give() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next()
}

// next gives a place to the first in line.
func (p *places) next() {
	if len(p.wait) == 0 {
		p.free++
		return
	}
	p.serve()
}

func (p *places) serve() {
	close(p.wait[0].now)
	p.wait = slices.Delete(p.wait, 0, 1)
}
