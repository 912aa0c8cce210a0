// Package budget shares what all messages in work use together: memory that is taken before it is allocated, and turns on the processors.
//
// Content (message bytes, parts, unpacked files) asks with Keep and never waits: where Keep says no, it goes to the disk. Work on a file asks with
// Work.Room before it begins and waits. Work that has used more than Options.Free of a processor needs one of few turns, each for Options.Slice of it,
// rests on the way not counted. Whoever waits for room or a turn is served by what it has used, the least first, then by arrival. Who holds heavy room (and
// with it perhaps a worker) or is alone comes to every other turn, whatever it has used: what is scarcest is soon free.
//
// # Limits
//
// The memory taken is never more than Options.Memory: three eighths of it are for content, a quarter for ordinary work in pieces of at most
// OrdinaryMost, three eighths for heavy work in pieces of HeavyShare. What is not asked for is small by its owner's word: the first slice of a
// buffer, work on files of a few dozen KB. A share is an estimate of what the work allocates; the estimates are the caller's, and measured. What takes
// more than OrdinaryMost of a sudden, megabytes of macro code, is done by one message at a time (Work.Alone), beside the limit.
//
// Nobody waits for ever: a message waits for ordinary room at most once, then for heavy room at most once, then for a worker, then to be alone; it gives up
// its turn before it waits for anything else. All keep this order, so no two can wait for each other, and one message alone never waits. Where those who have
// used less come without end, a wait ends with its context, the message's deadline.
package budget

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a Budget. The zero value of a field is its default.
type Options struct {
	Memory int64         // bytes for all messages in work
	Turns  int           // processors that heavy work may keep busy
	Free   time.Duration // of processor time that a message uses before it needs a turn
	Slice  time.Duration // of a turn before it goes to whoever has used less

	Now func() time.Time // the clock, for tests
}

const (
	MemoryLeast = 32 << 20 // less leaves no room for one share of each sort

	perProcessor = 32 << 20 // a heavy inspection, a few ordinary ones and the mails they are in
	leastParts   = 2        // of perProcessor, on a machine of one

	defaultFree  = 20 * time.Millisecond // several times what an ordinary document takes
	defaultSlice = 10 * time.Millisecond // as the runtime's own
)

// DefaultMemory is the memory of a Budget on this machine.
func DefaultMemory() int64 { return perProcessor * int64(max(leastParts, runtime.GOMAXPROCS(0))) }

// defaultTurns leaves a processor in four to small mail, and one in two of two; the only one is shared with it by the runtime.
func defaultTurns() int {
	p := runtime.GOMAXPROCS(0)
	return max(1, p-max(1, p/4))
}

func (o Options) withDefaults() Options {
	if o.Memory <= 0 {
		o.Memory = DefaultMemory()
	}
	o.Memory = max(o.Memory, MemoryLeast)
	if o.Turns <= 0 {
		o.Turns = defaultTurns()
	}
	if o.Free <= 0 {
		o.Free = defaultFree
	}
	if o.Slice <= 0 {
		o.Slice = defaultSlice
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Budget is what the messages of one process share. It is safe for concurrent use. A nil Budget has everything, and spares nothing.
type Budget struct {
	o       Options
	cpus    int64
	memory  memory
	turns   turns
	order   atomic.Uint64 // of arrival
	working atomic.Int64  // messages that use a processor now
}

// New makes a Budget.
func New(o Options) *Budget {
	b := &Budget{o: o.withDefaults(), cpus: int64(runtime.GOMAXPROCS(0))}
	b.memory.divide(b.o.Memory)
	b.turns.free = b.o.Turns
	return b
}

// Stats is the state of a Budget.
type Stats struct {
	Used, Limit    int64 // bytes of memory
	WaitingRoom    int   // messages that wait for memory
	WaitingTurn    int   // and for a processor
	Turns, Running int   // for heavy work, and those taken
}

// Stats returns the state now.
func (b *Budget) Stats() Stats {
	if b == nil {
		return Stats{}
	}
	s := Stats{Limit: b.o.Memory, Turns: b.o.Turns}
	b.memory.mu.Lock()
	s.Used = b.memory.content + b.memory.ordinary.used + b.memory.heavy.used
	s.WaitingRoom = len(b.memory.ordinary.wait) + len(b.memory.heavy.wait) + len(b.memory.alone.wait)
	b.memory.mu.Unlock()
	b.turns.mu.Lock()
	s.WaitingTurn, s.Running = b.turns.waiting(), b.o.Turns-b.turns.free
	b.turns.mu.Unlock()
	return s
}

// locked runs f under mu.
func locked(mu *sync.Mutex, f func()) {
	mu.Lock()
	defer mu.Unlock()
	f()
}
