// Package worker runs a piece of work in a child process: parsers whose memory and time cannot be bounded from outside of them. The child is
// the program's own binary, started anew with a mark in its environment; [Main] turns it into a worker before it does anything else.
//
// What the child works on, it asks for: it has no file open but three pipes. It sends "read n bytes at off" and the parent answers, so that an
// archive in memory, in a spool file or inside another one comes in the same way, without a copy. What it finds comes back as items, each a
// record and its content in chunks, so that a solid archive costs one pass, and the parent counts each byte before it takes the next.
//
// # Limits
//
// A child may use Options.Memory bytes (RLIMIT_DATA, and the collector works harder before that) and Options.CPU (RLIMIT_CPU). It can write no
// file (RLIMIT_FSIZE), leaves no core, gains no privileges (PR_SET_NO_NEW_PRIVS), is the only one of its process group, and is what the kernel kills
// first where memory runs out for all (oom_score_adj; the unit has OOMPolicy=continue). It is killed when the
// context ends or the stream is closed; when the parent dies, its pipes break. Options.Parallel children work at once for different messages;
// the others wait under their context, in the order of what
// their children have used, then of arrival. One message has at most maxNested: the child of an archive waits while an archive in it is read.
//
// Death of the child, however it comes about, is a *DiedError for the parent. What the child sends is as hostile as the file: frames have a size
// limit, and one that makes no sense ends the stream.
package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"
)

// Options of a Pool. The zero value of a field is its default.
type Options struct {
	Parallel int           // messages that have children at work
	Memory   int64         // bytes one child may use
	CPU      time.Duration // processor time of one child; whole seconds
}

const (
	maxDefault    = 4                // four times defaultMemory are half of the unit's MemoryMax
	defaultMemory = 256 << 20        // twice the largest dictionary that archivers use by default (7z -mx=9: 64 MB; RAR: 32 MB), with its garbage
	defaultCPU    = 20 * time.Second // the time that inspect gives a whole message
	maxNested     = 3                // honest mail has a .tar.xz in a 7z
)

func (o Options) withDefaults() Options {
	if o.Parallel <= 0 {
		o.Parallel = min(max(2, runtime.GOMAXPROCS(0)), maxDefault)
	}
	if o.Memory <= 0 {
		o.Memory = defaultMemory
	}
	if o.CPU <= 0 {
		o.CPU = defaultCPU
	}
	return o
}

// ErrNested says that a message has too many children waiting for each other.
var ErrNested = fmt.Errorf("worker: more than %d workers inside each other", maxNested)

// ErrStart wraps an error of starting a child.
var ErrStart = errors.New("worker: not started")

// DiedError is the death of a child before its work was done.
type DiedError struct {
	Memory bool   // it asked for more than its limit
	CPU    bool   // it used more than its limit
	Text   string // the first words it left
}

func (e *DiedError) Error() string {
	switch {
	case e.Memory:
		return "worker: out of memory"
	case e.CPU:
		return "worker: out of processor time"
	}
	return "worker: died: " + e.Text
}

// Fault is a job's own error as it comes back from the child. Class is the job's.
type Fault struct {
	Class byte // not 0
	Text  string
}

func (f *Fault) Error() string { return f.Text }

// Pool starts children. It is safe for concurrent use.
type Pool struct {
	o      Options
	places places
}

// New makes a Pool; nothing is started before it is needed. The program must call [Main] first of all.
func New(o Options) *Pool {
	o = o.withDefaults()
	return &Pool{o: o, places: places{free: o.Parallel}}
}

// Group is what one message has at work: together it takes one place in the pool, since a child that waits for another of its message must not
// keep it from starting. Not safe for concurrent use.
type Group struct {
	pool *Pool
	live int
	used time.Duration // of a processor, by its children that are gone
}

// Group makes a Group.
func (p *Pool) Group() *Group { return &Group{pool: p} }

// Start runs the job in a child on size bytes of in. The stream must be closed. The error is the context's, ErrNested or ErrStart.
func (g *Group) Start(ctx context.Context, job string, args []byte, in io.ReaderAt, size int64) (*Stream, error) {
	if g.live >= maxNested {
		return nil, ErrNested
	}
	if g.live == 0 {
		if err := g.pool.places.take(ctx, g.used); err != nil {
			return nil, err
		}
	}
	g.live++
	s, err := start(ctx, g.pool.o, hello{job, size, args})
	if err != nil {
		g.done(0)
		return nil, err
	}
	s.in, s.size, s.done = in, size, g.done
	return s, nil
}

func (g *Group) done(used time.Duration) {
	g.used += used
	if g.live--; g.live == 0 {
		g.pool.places.give()
	}
}
