package inspect

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
)

// turns shares the processors that may be busy with password tries among all scans of a Scanner. Who waits is served by the cost of one try, the
// cheapest first: a mail with a ZIP does not wait behind one with a slow document.
type turns struct {
	mu   sync.Mutex
	free int
	wait []*turn // by cost
}

// turn is somebody who waits.
type turn struct {
	cost time.Duration
	now  chan struct{}
}

// newTurns leaves half of the processors to everything else.
func newTurns() *turns { return &turns{free: max(1, runtime.GOMAXPROCS(0)/2)} }

// take waits for a processor. It reports whether there was one before ctx ended.
func (t *turns) take(ctx context.Context, cost time.Duration) bool {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return true
	}
	me := &turn{cost, make(chan struct{})}
	at, _ := slices.BinarySearchFunc(t.wait, cost, func(w *turn, cost time.Duration) int {
		if w.cost <= cost { // behind those who wait at the same cost
			return -1
		}
		return 1
	})
	t.wait = slices.Insert(t.wait, at, me)
	t.mu.Unlock()
	select {
	case <-me.now:
		return true
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := slices.Index(t.wait, me); i >= 0 {
		t.wait = slices.Delete(t.wait, i, i+1)
		return false
	}
	return true // it came at the same moment
}

// give returns a processor, to who waits for it.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.wait) == 0 {
		t.free++
		return
	}
	close(t.wait[0].now)
	t.wait = slices.Delete(t.wait, 0, 1)
}
