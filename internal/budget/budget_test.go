package budget

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// clock is a clock that stands still unless it is told otherwise.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newTest(t *testing.T, o Options) (*Budget, *clock) {
	t.Helper()
	c := &clock{at: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	o.Now = c.now
	return New(o), c
}

// until waits until a condition on the state holds.
func until(t *testing.T, b *Budget, holds func(Stats) bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(b.Stats()); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v", b.Stats())
		}
	}
}

// due asks as often as it takes until the clock is looked at.
func due(w *Work) bool {
	for range askEvery {
		if w.Due() {
			return true
		}
	}
	return false
}

func TestContentIsRefusedBeyondItsShare(t *testing.T) {
	b, _ := newTest(t, Options{Memory: 32 << 20})
	for _, tt := range []struct {
		name string
		n    int64
		hard bool
		want bool
	}{
		{"its share", 12 << 20, false, true},
		{"a byte more", 1, false, false},
		{"while the disk cannot be written, ordinary work's too", 8 << 20, true, true},
		{"but never heavy work's", 1, true, false},
	} {
		if got := b.Keep(tt.n, tt.hard); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
	b.Return(20 << 20)
	if used := b.Stats().Used; used != 0 {
		t.Errorf("%d bytes used", used)
	}
}

func TestWithoutABudgetNothingWaits(t *testing.T) {
	var b *Budget
	w := b.Work()
	w.Begin()
	if w.Due() || w.Room(t.Context(), 1<<40) != nil || w.Heavy(t.Context()) != nil || !b.Keep(1<<40, false) || b.Keep(1, true) {
		t.Error("something is refused")
	}
	w.Rest()
	w.End()
	b.Return(1)
	if b.Stats() != (Stats{}) || w.Used() != 0 {
		t.Error("something is counted")
	}
}

func TestOneMessageAloneNeverWaits(t *testing.T) {
	b, _ := newTest(t, Options{Memory: MemoryLeast})
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // a wait would be an error
	for b.Keep(64<<10, false) {
	}
	w := b.Work()
	w.Begin()
	for _, n := range []int64{1 << 20, OrdinaryMost, 1 << 40} {
		if err := w.Room(ctx, n); err != nil {
			t.Errorf("%d: %v", n, err)
		}
	}
	if err := w.Heavy(ctx); err != nil {
		t.Error(err)
	}
	if s := b.Stats(); s.Used > s.Limit {
		t.Errorf("%+v", s)
	}
	w.End()
}

func TestRoomIsGivenInTheOrderOfArrival(t *testing.T) {
	b, _ := newTest(t, Options{Memory: MemoryLeast}) // one heavy share
	list := []*Work{b.Work(), b.Work(), b.Work(), b.Work()}
	if err := list[0].Heavy(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := make(chan int)
	for n, i := range []int{3, 1, 2} { // the last of them asks first
		go func() {
			if list[i].Heavy(t.Context()) == nil {
				got <- i
			}
		}()
		until(t, b, func(s Stats) bool { return s.WaitingRoom == n+1 })
	}
	for i := range 3 {
		list[i].End()
		if next := <-got; next != i+1 {
			t.Errorf("%d is served after %d", next, i)
		}
	}
	list[3].End()
	if s := b.Stats(); s.Used != 0 || s.WaitingRoom != 0 {
		t.Errorf("%+v", s)
	}
}

func TestWhoCannotWaitLeavesTheLine(t *testing.T) {
	b, _ := newTest(t, Options{Memory: MemoryLeast})
	big, wants, little := b.Work(), b.Work(), b.Work()
	if err := big.Room(t.Context(), OrdinaryMost); err != nil {
		t.Fatal(err)
	}
	if err := b.Work().Room(t.Context(), 3<<20); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp, served := make(chan error), make(chan error)
	go func() { gaveUp <- wants.Room(ctx, 2<<20) }()
	until(t, b, func(s Stats) bool { return s.WaitingRoom == 1 })
	go func() { served <- little.Room(t.Context(), 1<<20) }() // there would be room, but it came later
	until(t, b, func(s Stats) bool { return s.WaitingRoom == 2 })
	cancel()
	if err := <-gaveUp; err == nil {
		t.Error("the one whose context ended was served")
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestRoomGrowsWithoutWaitingOrBecomesHeavy(t *testing.T) {
	b, _ := newTest(t, Options{Memory: MemoryLeast}) // 8 MiB of ordinary room
	one, two := b.Work(), b.Work()
	for _, tt := range []struct {
		w    *Work
		n    int64
		used int64
	}{
		{one, 1 << 20, 1 << 20},
		{one, 3 << 20, 3 << 20},
		{one, 2 << 20, 3 << 20},
		{two, 4 << 20, 7 << 20},
		{one, 4 << 20, 8 << 20},
	} {
		if err := tt.w.Room(t.Context(), tt.n); err != nil || b.Stats().Used != tt.used {
			t.Errorf("%d: %+v, %v", tt.n, b.Stats(), err)
		}
	}
	one.End()
	one, three := b.Work(), b.Work()
	for _, w := range []*Work{one, three} {
		if err := w.Room(t.Context(), 2<<20); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.Room(t.Context(), 3<<20); err != nil || b.Stats().Used != 8<<20+HeavyShare {
		t.Errorf("%+v, %v", b.Stats(), err)
	}
}

func TestTurnsGoToWhoHasUsedLeast(t *testing.T) {
	b, c := newTest(t, Options{Turns: 1, Free: 10 * time.Millisecond, Slice: time.Millisecond})
	busy := b.Work()
	busy.Begin()
	c.pass(50 * time.Millisecond)
	if !due(busy) || busy.Turn(t.Context()) != nil || b.Stats().Running != 1 {
		t.Fatal("the first takes the turn that is free")
	}
	got := make(chan time.Duration)
	for n, used := range []time.Duration{30, 11, 20} {
		w := b.Work()
		w.used = used * time.Millisecond
		go func() {
			w.Begin()
			if !due(w) {
				t.Errorf("after %v no turn is asked for", w.used)
			}
			if w.Turn(t.Context()) == nil {
				got <- used
			}
			w.End()
		}()
		until(t, b, func(s Stats) bool { return s.WaitingTurn == n+1 })
	}
	back := make(chan struct{})
	c.pass(2 * time.Millisecond)
	if !due(busy) {
		t.Fatal("nobody else has a turn")
	}
	go func() { _ = busy.Turn(t.Context()); close(back) }()
	for _, want := range []time.Duration{11, 20, 30} {
		if used := <-got; used != want {
			t.Errorf("%d before %d", used, want)
		}
	}
	<-back // last of all
	busy.End()
	if s := b.Stats(); s.Running != 0 || s.WaitingTurn != 0 || b.working.Load() != 0 {
		t.Errorf("%+v, %d working", s, b.working.Load())
	}
}

func TestATurnIsKeptWhileNobodyHasUsedLess(t *testing.T) {
	b, c := newTest(t, Options{Turns: 1, Free: time.Millisecond, Slice: time.Millisecond})
	w, more := b.Work(), b.Work()
	w.Begin()
	c.pass(2 * time.Millisecond)
	if !due(w) || w.Turn(t.Context()) != nil {
		t.Fatal("no turn")
	}
	more.used = time.Hour
	go func() { more.Begin(); _ = due(more) && more.Turn(t.Context()) == nil; more.End() }()
	until(t, b, func(s Stats) bool { return s.WaitingTurn == 1 })
	for range 5 {
		c.pass(2 * time.Millisecond)
		if due(w) {
			t.Fatal("a turn goes to who has used more")
		}
	}
	w.End()
	until(t, b, func(s Stats) bool { return s.WaitingTurn == 0 && s.Running == 0 })
}

// waiting sends a message that has used that much into a line, and waits until it stands there.
func waiting(t *testing.T, b *Budget, used time.Duration, do func(*Work)) {
	t.Helper()
	s := b.Stats()
	w := b.Work()
	w.used = used
	go func() { w.Begin(); do(w); w.End() }()
	until(t, b, func(now Stats) bool { return now.WaitingTurn+now.WaitingRoom == s.WaitingTurn+s.WaitingRoom+1 })
}

// TestWhoHoldsWhatOthersWaitForComesToEveryOtherTurn: however much it has used, and others come on time too, however many hold something.
func TestWhoHoldsWhatOthersWaitForComesToEveryOtherTurn(t *testing.T) {
	b, c := newTest(t, Options{Memory: 128 << 20, Turns: 1, Free: time.Millisecond})
	busy := b.Work()
	busy.Begin()
	c.pass(2 * time.Millisecond)
	if !due(busy) || busy.Turn(t.Context()) != nil {
		t.Fatal("no turn")
	}
	got := make(chan string)
	turn := func(name string) func(*Work) {
		return func(w *Work) {
			if due(w) && w.Turn(t.Context()) == nil {
				got <- name
			}
		}
	}
	holding := func(name string) func(*Work) {
		return func(w *Work) {
			if err := w.Heavy(t.Context()); err != nil {
				t.Error(err)
			}
			turn(name)(w)
		}
	}
	waiting(t, b, time.Hour, holding("holds, an hour"))
	waiting(t, b, time.Minute, holding("holds, a minute"))
	waiting(t, b, 10*time.Second, turn("10 s"))
	waiting(t, b, 9*time.Second, turn("9 s"))
	busy.End()
	for _, want := range []string{"holds, a minute", "9 s", "holds, an hour", "10 s"} {
		if name := <-got; name != want {
			t.Errorf("%s before %s", name, want)
		}
	}
}

func TestATurnGoesToAHolderWhoHasUsedMore(t *testing.T) {
	b, c := newTest(t, Options{Turns: 1, Free: time.Millisecond, Slice: time.Millisecond})
	w := b.Work()
	w.Begin()
	c.pass(2 * time.Millisecond)
	if !due(w) || w.Turn(t.Context()) != nil {
		t.Fatal("no turn")
	}
	order := make(chan string, 2)
	waiting(t, b, time.Hour, func(w *Work) { _ = due(w) && w.Turn(t.Context()) == nil; order <- "an hour" })
	waiting(t, b, time.Minute, func(w *Work) {
		_ = w.Heavy(t.Context()) == nil && due(w) && w.Turn(t.Context()) == nil
		order <- "holds"
	})
	c.pass(2 * time.Millisecond)
	if !due(w) || w.Turn(t.Context()) != nil {
		t.Fatal("the turn is kept")
	}
	if name := <-order; name != "holds" {
		t.Errorf("first %s", name)
	}
	if s := b.Stats(); s.WaitingTurn != 1 {
		t.Errorf("%+v: who has used more and holds nothing does not come before", s)
	}
	w.End()
	<-order
}

// TestRoomGoesToWhoHasUsedLess: a message that has used much comes no sooner because it came first.
func TestRoomGoesToWhoHasUsedLess(t *testing.T) {
	b, _ := newTest(t, Options{Memory: MemoryLeast}) // one heavy share
	first := b.Work()
	if err := first.Heavy(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := make(chan time.Duration)
	list := []time.Duration{time.Second, 19 * time.Millisecond, 0, 25 * time.Millisecond} // below Options.Free all are equal
	for _, used := range list {
		waiting(t, b, used, func(w *Work) {
			if w.Heavy(t.Context()) == nil {
				got <- used
			}
		})
	}
	first.End()
	for _, want := range []time.Duration{list[1], list[2], list[3], list[0]} {
		if used := <-got; used != want {
			t.Errorf("%v before %v", used, want)
		}
	}
}

func TestASmallMessageIsNeverAskedToWait(t *testing.T) {
	b, c := newTest(t, Options{Turns: 1, Free: 10 * time.Millisecond})
	for range 100 {
		w := b.Work()
		w.Begin()
		c.pass(9 * time.Millisecond)
		if due(w) {
			t.Fatal("it has to wait")
		}
		w.End()
	}
}

// TestTheClockIsSharedByThoseWhoWork: on a busy machine a message does not seem heavy because others are at work too.
func TestTheClockIsSharedByThoseWhoWork(t *testing.T) {
	b, c := newTest(t, Options{})
	b.cpus = 2
	list := make([]*Work, 8)
	for i := range list {
		list[i] = b.Work()
		list[i].Begin()
	}
	c.pass(8 * time.Millisecond)
	due(list[0])
	if got := list[0].Used(); got != 2*time.Millisecond {
		t.Errorf("%v of 8 ms on 2 processors for 8", got)
	}
}

func TestWhoRestsKeepsMemoryAndGivesUpTheTurn(t *testing.T) {
	b, c := newTest(t, Options{Turns: 1, Free: time.Millisecond})
	w := b.Work()
	w.Begin()
	c.pass(2 * time.Millisecond)
	if !due(w) || w.Turn(t.Context()) != nil || w.Room(t.Context(), 1<<20) != nil {
		t.Fatal("no turn, or no room")
	}
	w.Rest()
	c.pass(time.Hour)
	if s := b.Stats(); s.Running != 0 || s.Used != 1<<20 || w.Used() != 2*time.Millisecond || due(w) {
		t.Errorf("%+v, %v used", s, w.Used())
	}
	w.Begin()
	if c.pass(b.o.Slice); due(w) {
		t.Error("what was left of its turn is lost")
	}
	if c.pass(time.Millisecond); !due(w) {
		t.Error("it goes on without a turn")
	}
	w.End()
}

// TestNobodyWaitsForEver has far more messages than there is room for take all there is to take, in the order that the package comment names.
func TestNobodyWaitsForEver(t *testing.T) {
	b := New(Options{Memory: MemoryLeast, Turns: 1, Free: 1, Slice: 1})
	worker := make(chan struct{}, 1)
	var wg sync.WaitGroup
	var mu sync.Mutex
	most := Stats{}
	for i := range 64 {
		wg.Go(func() {
			w := b.Work()
			w.Begin()
			for _, step := range []func() error{
				func() error { return w.Room(t.Context(), int64(1+i%4)<<20) },
				func() error { return w.Room(t.Context(), OrdinaryMost) },
				func() error { return w.Heavy(t.Context()) },
				func() error { w.Rest(); worker <- struct{}{}; w.Begin(); return nil },
				func() error { <-worker; return nil },
			} {
				for range 3 * askEvery {
					if w.Due() {
						if err := w.Turn(t.Context()); err != nil {
							t.Error(err)
						}
					}
				}
				if err := step(); err != nil {
					t.Error(err)
				}
				s := b.Stats()
				mu.Lock()
				most.Used, most.Running = max(most.Used, s.Used), max(most.Running, s.Running)
				mu.Unlock()
			}
			w.End()
		})
	}
	wg.Wait()
	if s := b.Stats(); s.Used != 0 || s.Running != 0 || s.WaitingRoom+s.WaitingTurn != 0 {
		t.Errorf("at the end %+v", s)
	}
	if most.Used > MemoryLeast || most.Running > 1 {
		t.Errorf("at most %+v", most)
	}
}

func TestCgroupLimit(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	for _, tt := range []struct {
		name string
		fs   fstest.MapFS
		want int64
	}{
		{"nothing to read", fstest.MapFS{}, 0},
		{"version 2", fstest.MapFS{"proc/self/cgroup": file("0::/system.slice/sekisho.service\n"),
			"sys/fs/cgroup/system.slice/sekisho.service/memory.max": file("2147483648\n"), "sys/fs/cgroup/system.slice/sekisho.service/memory.high": file("max\n")}, 2 << 30},
		{"a group above has less", fstest.MapFS{"proc/self/cgroup": file("0::/a/b\n"),
			"sys/fs/cgroup/a/b/memory.max": file("2147483648\n"), "sys/fs/cgroup/a/memory.max": file("1073741824\n")}, 1 << 30},
		{"memory.high is less", fstest.MapFS{"proc/self/cgroup": file("0::/a\n"),
			"sys/fs/cgroup/a/memory.max": file("2147483648\n"), "sys/fs/cgroup/a/memory.high": file("1073741824\n")}, 1 << 30},
		{"a container's own root", fstest.MapFS{"proc/self/cgroup": file("0::/../../docker/x\n"), "sys/fs/cgroup/memory.max": file("536870912\n")}, 512 << 20},
		{"version 1", fstest.MapFS{"proc/self/cgroup": file("3:cpu:/\n2:hugetlb,memory:/docker/x\n1:name=systemd:/\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("536870912\n")}, 512 << 20},
		{"version 1 without a limit", fstest.MapFS{"proc/self/cgroup": file("2:memory:/\n"), "sys/fs/cgroup/memory/memory.limit_in_bytes": file("9223372036854771712\n")}, 0},
		{"damaged", fstest.MapFS{"proc/self/cgroup": file("0\n::\n0::/a\n"), "sys/fs/cgroup/a/memory.max": file("much\n")}, 0},
	} {
		if got := CgroupLimit(tt.fs); got != tt.want {
			t.Errorf("%s: %d", tt.name, got)
		}
	}
}

func TestTheDefaultsLeaveAProcessorToSmallMail(t *testing.T) {
	o := Options{}.withDefaults()
	if o.Memory < 64<<20 || o.Turns < 1 || o.Turns > 1 && o.Turns >= runtime.GOMAXPROCS(0) {
		t.Errorf("%+v", o)
	}
	if s := New(Options{Memory: 1}).Stats(); s.Limit != MemoryLeast {
		t.Errorf("%+v", s)
	}
}
