// Package trace keeps a record of every message and finds it again by sender, recipient, Message-ID, subject, file or macro.
//
// Records are written behind the mail's back: Add puts one into a bounded queue and returns; one goroutine writes what has gathered in one
// transaction, in order. A slow or failing database is tried again while the queue has room; then records are dropped and counted. What a
// killed process had in its queue is lost, some tenths of a second; what is written stays.
//
// A record is a row of some hundred bytes. Each 4096 of them get an index once they are complete, and each 32 of those are joined to a larger one: sorted
// sets of 32-bit keyed hashes of what the records are found by. A search asks each index, the newest first, compares every hit with the record
// itself, and reads the few thousand newest records one by one.
//
// # Limits
//
// Of one message the texts are cut (textMax, idMax), at most filesMax files and filesBytes of them are kept, those with macros and those that are no picture or
// text first; recipients are kept all. So a message from outside takes 30 KB at most beside its recipients, an ordinary one half a kilobyte, and who wants
// to push out what others sent must have some hundred thousand mails taken by the MTA for each gigabyte of Options.MaxBytes: then the oldest go, as they do after
// Options.Keep. A record says what the gateway did; what the MTA or another filter did with the mail afterwards it does not know.
// The queue holds queueBytes. Records whose time lies in the future by more than a day, because a clock was wrong, end with the oldest.
package trace

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"sekisho/internal/store"
)

// Options of a Trace. The zero value of a field is its default.
type Options struct {
	Keep     time.Duration // 90 days
	MaxBytes int64         // in the database; 4 GiB
	MinFree  int64         // bytes that stay free on the disk; 0 for none

	// Hide makes a keyed hash of a folded address, which is kept in its place; nil keeps addresses as they are. It must give the same for the same address,
	// and a domain (given as "@domain") the same as the part behind the "@" of its addresses.
	Hide func(addr string) string

	Written func(records int)               // in the database
	Dropped func(records int)               // lost
	Failed  func(err error)                 // writing, or upkeep: what was to be written is tried again
	Gather  time.Duration                   // how long records gather before they are written; 100 ms
	now     func() time.Time                // for tests
	step    func(ctx context.Context) error // before each transaction, for tests
}

func (o Options) withDefaults() Options {
	if o.Keep <= 0 {
		o.Keep = 90 * 24 * time.Hour
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 4 << 30
	}
	if o.Written == nil {
		o.Written = func(int) {}
	}
	if o.Dropped == nil {
		o.Dropped = func(int) {}
	}
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	if o.Gather <= 0 {
		o.Gather = 100 * time.Millisecond
	}
	if o.now == nil {
		o.now = time.Now
	}
	if o.step == nil {
		o.step = func(context.Context) error { return nil }
	}
	return o
}

// Trace is the record of a state folder, safe for concurrent use. Any number of processes may search; one at a time writes.
type Trace struct {
	st   *store.Store
	db   *sql.DB
	opts Options
	key  []byte

	mu     sync.Mutex
	queue  []item
	bytes  int64 // in the queue, and in the batch that is being written
	closed bool

	wake chan struct{} // has one slot
	stop chan struct{}
	done chan struct{} // nil while nobody writes

	life   context.Context // of what is written
	cancel context.CancelFunc
}

// Open opens the trace of a state folder. The store stays the caller's to close.
func Open(ctx context.Context, st *store.Store, o Options) (*Trace, error) {
	db, err := st.Database(ctx, store.Trace)
	if err != nil {
		return nil, fmt.Errorf("trace: open: %w", err)
	}
	t := &Trace{st: st, db: db, opts: o.withDefaults(), wake: make(chan struct{}, 1), stop: make(chan struct{})}
	t.life, t.cancel = context.WithCancel(context.Background())
	if err := db.QueryRowContext(ctx, `SELECT key FROM trace_state`).Scan(&t.key); err != nil {
		return nil, fmt.Errorf("trace: open: %w", err)
	}
	return t, nil
}

// Stats is what the database holds.
type Stats struct {
	Bytes   int64 // used by records and indexes
	Records int64 // ids in use; expired ones between them count
	Oldest  time.Time
}

// Stats reads the figures.
func (t *Trace) Stats(ctx context.Context) (s Stats, err error) {
	if s.Bytes, err = used(ctx, t.db); err == nil {
		var oldest int64
		err = t.db.QueryRowContext(ctx, `SELECT coalesce(max(id) - min(id) + 1, 0),
			coalesce((SELECT time FROM trace_records ORDER BY id LIMIT 1), 0) FROM trace_records`).Scan(&s.Records, &oldest)
		if oldest > 0 {
			s.Oldest = time.UnixMilli(oldest).UTC()
		}
	}
	if err != nil {
		err = fmt.Errorf("trace: stats: %w", err)
	}
	return s, err
}
