package ledger

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestLong measures the memory at a size: SEKISHO_LONG=10000000 go test ./internal/ledger -run TestLong -timeout 60m -v
// With SEKISHO_LONG_DIR the database stays there, and is not filled again.
func TestLong(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("SEKISHO_LONG"))
	if err != nil {
		t.Skip("SEKISHO_LONG is not set")
	}
	dir := os.Getenv("SEKISHO_LONG_DIR")
	if dir == "" {
		dir = t.TempDir()
	}
	c, w := openBench(t, dir), world{n}
	if st := stats(t, c); st.Ours == 0 {
		begun := time.Now()
		fill(t, c, w)
		t.Logf("%d mails of ours filled in %s", n, time.Since(begun).Round(time.Second))
	}
	if err := c.scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(filepath.Join(dir, "memory.db"))
	if err != nil {
		t.Fatal(err)
	}
	st := stats(t, c)
	t.Logf("%+v: the file has %.0f bytes a mail", st, float64(fi.Size())/float64(st.Ours))
	t.Run("mixed", func(t *testing.T) {
		for _, workers := range []int{1, 2, 4, 8} {
			mixed(t, c, w, workers)
		}
	})
	t.Run("ask", func(t *testing.T) {
		for _, workers := range []int{1, 2, 4} {
			atOnce(t, "questions", workers, 4000, func(r *rand.Rand) []time.Duration { return []time.Duration{asks(t, c, w, r.IntN(w.n))} }, "Ask")
		}
	})
	t.Run("learn", func(t *testing.T) {
		for _, workers := range []int{1, 32} {
			atOnce(t, "mails of ours", workers, 8000, func(r *rand.Rand) []time.Duration { return []time.Duration{sends(t, c, w, r)} }, "LearnSent")
		}
	})
	t.Run("expire", func(t *testing.T) {
		atOnce(t, "calls", 1, 10, func(*rand.Rand) []time.Duration {
			return []time.Duration{timed(func() {
				if err := c.Expire(t.Context(), benchTime); err != nil {
					t.Error(err)
				}
			})}
		}, "Expire")
	})
}

func stats(t *testing.T, c *Conversations) ConversationStats {
	t.Helper()
	s, err := c.Stats(t.Context(), benchTime)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func timed(f func()) time.Duration {
	begun := time.Now()
	f()
	return time.Since(begun)
}

// mixed asks and learns as live mail does: each mail is asked about and then learned.
func mixed(t *testing.T, c *Conversations, w world, workers int) {
	atOnce(t, "mails asked about and learned", workers, 4000, func(r *rand.Rand) []time.Duration {
		i := r.IntN(w.n)
		return []time.Duration{
			asks(t, c, w, i),
			timed(func() {
				m := w.received(i, benchTime)
				m.MessageID = fmt.Sprintf("in%x@company.example", r.Uint64())
				if err := c.LearnReceived(t.Context(), m); err != nil {
					t.Error(err)
				}
			}),
			sends(t, c, w, r),
		}
	}, "Ask", "LearnReceived", "LearnSent")
}

func asks(t *testing.T, c *Conversations, w world, i int) time.Duration {
	return timed(func() {
		if a, err := c.Ask(t.Context(), w.question(i, benchTime)); err != nil || !a.Cited.Party {
			t.Error(a, err)
		}
	})
}

func sends(t *testing.T, c *Conversations, w world, r *rand.Rand) time.Duration {
	return timed(func() {
		if err := c.LearnSent(t.Context(), w.sent(w.n+r.IntN(1<<40), benchTime)); err != nil {
			t.Error(err)
		}
	})
}

// atOnce has workers do something again and again, each time one mail's worth of it, and reports how long its steps took. Beside them one goroutine
// only sleeps: how late it wakes is what the machine adds to each figure.
func atOnce(t *testing.T, what string, workers, times int, do func(*rand.Rand) []time.Duration, steps ...string) {
	took := make([][]time.Duration, len(steps)+1)
	var mu sync.Mutex
	var wg, beside sync.WaitGroup
	stop := make(chan struct{})
	beside.Go(func() {
		const nap = time.Millisecond
		for {
			select {
			case <-stop:
				return
			default:
				took[len(steps)] = append(took[len(steps)], timed(func() { time.Sleep(nap) })-nap)
			}
		}
	})
	all := timed(func() {
		for range workers {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) // what was learned before teaches nothing
				for range max(1, times/workers) {
					d := do(r)
					mu.Lock()
					for i := range steps {
						took[i] = append(took[i], d[i])
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
	})
	close(stop)
	beside.Wait()
	t.Logf("%s, %d at once: %.0f/s", what, workers, float64(len(took[0]))/all.Seconds())
	for i, step := range append(steps, "(waking late)") {
		report(t, step, took[i])
	}
}

func report(t *testing.T, what string, list []time.Duration) {
	slices.Sort(list)
	at := func(q float64) time.Duration { return list[int(q*float64(len(list)-1))].Round(10 * time.Microsecond) }
	t.Logf("  %-14s p50 %s, p99 %s, max %s", what, at(.5), at(.99), at(1))
}
