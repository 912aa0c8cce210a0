package budget

import (
	"context"
	"slices"
	"sync"
	"time"
)

// turns are the processors for heavy work. Who waits is in the order of what it has used, then of arrival: least attained service.
type turns struct {
	mu   sync.Mutex
	free int
	wait []*turn
}

type turn struct {
	used time.Duration
	now  chan struct{} // closed when it is granted
}

// take takes a free turn, or stands in line: then the place in it is returned.
func (t *turns) take(used time.Duration) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.free > 0 { // then nobody waits
		t.free--
		return nil
	}
	return t.line(used)
}

func (t *turns) line(used time.Duration) *turn {
	me := &turn{used, make(chan struct{})}
	at, _ := slices.BinarySearchFunc(t.wait, used, func(w *turn, used time.Duration) int {
		if w.used <= used { // behind those who have used the same
			return -1
		}
		return 1
	})
	t.wait = slices.Insert(t.wait, at, me)
	return me
}

// lesser reports whether somebody waits who has used less.
func (t *turns) lesser(used time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.wait) > 0 && t.wait[0].used < used
}

// handOver gives a turn to whoever waits and has used less, and stands in line for the next. nil: nobody has.
func (t *turns) handOver(used time.Duration) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.wait) == 0 || t.wait[0].used >= used {
		return nil
	}
	t.next()
	return t.line(used)
}

// next serves the first in line.
func (t *turns) next() {
	if len(t.wait) == 0 {
		t.free++
		return
	}
	close(t.wait[0].now)
	t.wait = slices.Delete(t.wait, 0, 1)
}

func (t *turns) give() { locked(&t.mu, t.next) }

// await waits for a turn. It reports whether it came before ctx ended.
func (t *turns) await(ctx context.Context, me *turn) bool {
	select {
	case <-me.now:
		return true
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.Index(t.wait, me)
	if i < 0 {
		return true // it came at the same moment
	}
	t.wait = slices.Delete(t.wait, i, i+1)
	return false
}
