package budget

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

const (
	OrdinaryMost = 4 << 20  // of one message: four times a document of a megabyte, a bzip2 decoder
	HeavyShare   = 12 << 20 // a Zstandard decoder of 8 MiB and what it unpacks, a worker's archive and a document in it
)

// memory is divided so that content never keeps work from going on, nor ordinary work heavy work, and the other way round.
type memory struct {
	mu              sync.Mutex
	content         int64 // bytes taken
	contentMost     int64
	contentHard     int64 // where the disk cannot be written
	ordinary, heavy gate
	alone           gate // not of bytes: one may hold it
}

// gate is memory for work. Who waits is in the order of rank, and nobody passes by.
type gate struct {
	used, most int64
	wait       []*waiter
}

// rank is a message's place in line: the steps of Options.Free that it has used, then its arrival. Below the first step all are equal.
type rank struct {
	used  time.Duration
	order uint64
}

func (r rank) compare(with rank) int {
	return cmp.Or(cmp.Compare(r.used, with.used), cmp.Compare(r.order, with.order))
}

type waiter struct {
	rank  rank
	bytes int64
	now   chan struct{} // closed when it is granted
}

func (m *memory) divide(total int64) {
	m.ordinary.most = total / 4
	m.alone.most = 1
	m.heavy.most = total * 3 / 8
	m.contentMost = total - m.ordinary.most - m.heavy.most
	m.contentHard = total - m.heavy.most
}

// Keep takes n bytes for content and reports whether they were there. hard is for content that has no other place, while the disk cannot be
// written: it may take what ordinary work leaves.
func (b *Budget) Keep(n int64, hard bool) bool {
	if b == nil {
		return !hard
	}
	m := &b.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	most := m.contentMost
	if hard {
		most = m.contentHard - m.ordinary.used
	}
	if m.content+n > most {
		return false
	}
	m.content += n
	return true
}

// Return gives back what Keep took.
func (b *Budget) Return(n int64) {
	if b == nil || n == 0 {
		return
	}
	locked(&b.memory.mu, func() {
		b.memory.content -= n
		b.memory.grant(&b.memory.ordinary) // hard content may have kept it waiting
	})
}

// room is how much more g may take.
func (m *memory) room(g *gate) int64 {
	if g == &m.ordinary {
		return g.most - g.used - max(0, m.content-m.contentMost)
	}
	return g.most - g.used
}

// take takes n bytes of g, or stands in line for them: then the waiter is returned.
func (m *memory) take(g *gate, by rank, n int64) *waiter {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(g.wait) == 0 && m.room(g) >= n {
		g.used += n
		return nil
	}
	w := &waiter{by, n, make(chan struct{})}
	at, _ := slices.BinarySearchFunc(g.wait, by, func(w *waiter, by rank) int { return w.rank.compare(by) })
	g.wait = slices.Insert(g.wait, at, w)
	m.grant(g)
	return w
}

// more takes n bytes of g if they are there and nobody waits for them.
func (m *memory) more(g *gate, n int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(g.wait) > 0 || m.room(g) < n {
		return false
	}
	g.used += n
	return true
}

// grant serves the first in line as long as there is room.
func (m *memory) grant(g *gate) {
	for len(g.wait) > 0 && m.room(g) >= g.wait[0].bytes {
		g.used += g.wait[0].bytes
		close(g.wait[0].now)
		g.wait = slices.Delete(g.wait, 0, 1)
	}
}

// await waits for what take did not find. It reports whether it came before ctx ended.
func (m *memory) await(ctx context.Context, g *gate, w *waiter) bool {
	select {
	case <-w.now:
		return true
	case <-ctx.Done():
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.Index(g.wait, w)
	if i < 0 {
		return true // it came at the same moment
	}
	g.wait = slices.Delete(g.wait, i, i+1)
	m.grant(g) // the next may need less
	return false
}

func (m *memory) give(g *gate, n int64) {
	if n > 0 {
		locked(&m.mu, func() { g.used -= n; m.grant(g) })
	}
}
