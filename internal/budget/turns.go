package budget

import (
	"context"
	"slices"
	"sync"
	"time"
)

// turns are the processors for heavy work. Two lines wait for them and are served by turns: those who hold what others wait for, so that it is soon free,
// and all others. In each the order is that of what was used, then of arrival: least attained service.
type turns struct {
	mu      sync.Mutex
	free    int
	holders line
	others  line
	last    *line // that was served
}

type line []*turn

type turn struct {
	used time.Duration
	in   *line
	now  chan struct{} // closed when it is granted
}

// take takes a free turn, or stands in line: then the place in it is returned.
func (t *turns) take(used time.Duration, holds bool) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.free > 0 { // then nobody waits
		t.free--
		return nil
	}
	return t.stand(used, holds)
}

func (t *turns) stand(used time.Duration, holds bool) *turn {
	me := &turn{used, &t.others, make(chan struct{})}
	if holds {
		me.in = &t.holders
	}
	at, _ := slices.BinarySearchFunc(*me.in, used, func(w *turn, used time.Duration) int {
		if w.used <= used { // behind those who have used the same
			return -1
		}
		return 1
	})
	*me.in = slices.Insert(*me.in, at, me)
	return me
}

// waiting is how many wait.
func (t *turns) waiting() int { return len(t.holders) + len(t.others) }

// wanted reports whether somebody waits who comes before one that has used so much: a holder, or whoever has used less.
func (t *turns) wanted(used time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.before(used)
}

func (t *turns) before(used time.Duration) bool {
	return len(t.holders) > 0 || len(t.others) > 0 && t.others[0].used < used
}

// handOver gives a turn to whoever comes before, and stands in line for the next. nil: nobody does.
func (t *turns) handOver(used time.Duration, holds bool) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.before(used) {
		return nil
	}
	if len(t.others) > 0 && t.others[0].used >= used {
		t.last = nil // it is a holder's: no other comes before
	}
	t.next()
	return t.stand(used, holds)
}

// next serves the first of the line whose turn it is.
func (t *turns) next() {
	from := &t.holders
	if len(t.holders) == 0 || t.last == from && len(t.others) > 0 {
		from = &t.others
	}
	if len(*from) == 0 {
		t.free++
		return
	}
	t.last = from
	close((*from)[0].now)
	*from = slices.Delete(*from, 0, 1)
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
	i := slices.Index(*me.in, me)
	if i < 0 {
		return true // it came at the same moment
	}
	*me.in = slices.Delete(*me.in, i, i+1)
	return false
}
