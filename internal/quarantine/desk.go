package quarantine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	deskMost = 64                    // jobs of one transaction: some milliseconds
	deskWait = 10 * time.Millisecond // how long a job that nobody waits for lies there until others come
)

// desk does the work of concurrent Puts on the index in common transactions: a commit costs as much as ten statements. What nobody waits for, which is the row of
// a message whose file is durable, goes with the next transaction, or after deskWait.
type desk struct {
	db         *sql.DB
	statements statements

	mu    sync.Mutex
	jobs  []*job
	busy  bool // a goroutine works; it ends with the jobs
	timed bool // one will
}

// job is a part of a transaction. Its refusals (refusal) change nothing.
type job struct {
	ctx  context.Context
	work func(ctx context.Context, tx execer) error
	done func(err error) // after the commit
}

// do waits for its work to be committed. When ctx ends before, the work may still be done.
func (d *desk) do(ctx context.Context, work func(context.Context, execer) error) error {
	result := make(chan error, 1)
	d.mu.Lock()
	d.jobs = append(d.jobs, &job{ctx, work, func(err error) { result <- err }})
	d.start()
	d.mu.Unlock()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// later does the work soon, and tells how that ended.
func (d *desk) later(work func(context.Context, execer) error, done func(error)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.jobs = append(d.jobs, &job{context.Background(), work, done})
	if !d.busy && !d.timed {
		d.timed = true
		time.AfterFunc(deskWait, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.timed = false
			d.start()
		})
	}
}

// start has a goroutine do what waits. d.mu is held.
func (d *desk) start() {
	if !d.busy && len(d.jobs) > 0 {
		d.busy = true
		go d.run()
	}
}

func (d *desk) run() {
	for {
		d.mu.Lock()
		list := d.jobs[:min(len(d.jobs), deskMost)]
		d.jobs = d.jobs[len(list):]
		if len(list) == 0 {
			d.busy, d.jobs = false, nil
			d.mu.Unlock()
			return
		}
		d.mu.Unlock()
		d.settle(list)
	}
}

// settle does jobs in one transaction, and where that fails each in its own: what cannot be done takes nothing else with it.
func (d *desk) settle(list []*job) {
	results := make([]error, len(list))
	err := d.try(list, results)
	if err != nil && len(list) > 1 {
		for i := range list {
			d.settle(list[i : i+1])
		}
		return
	}
	for i, j := range list {
		j.done(errors.Join(err, results[i]))
	}
}

func (d *desk) try(list []*job, results []error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("quarantine: panic: %v", p)
		}
	}()
	ctx := context.Background() // the store bounds the wait for a lock, and each statement takes less than a millisecond
	if err := d.statements.compile(ctx, d.db); err != nil {
		return err
	}
	begun, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer begun.Rollback() //nolint:errcheck // after a commit it does nothing
	tx := prepared{begun, d.statements.all}
	for i, j := range list {
		if results[i] = j.ctx.Err(); results[i] != nil { // nobody waits any more
			continue
		}
		results[i] = j.work(ctx, tx)
		if results[i] != nil && !refusal(results[i]) {
			err, results[i] = results[i], nil
			return err
		}
	}
	return tx.Commit()
}

// refusal reports whether an error left the transaction as it was: a cap, or an id that is taken.
func refusal(err error) bool { return errors.Is(err, ErrFull) || taken(err) }

// settled waits for what this process has begun, so that who looks sees it. Its own errors are told elsewhere.
func (d *desk) settled(ctx context.Context) {
	d.mu.Lock()
	idle := !d.busy && len(d.jobs) == 0
	d.mu.Unlock()
	if !idle {
		_ = d.do(ctx, func(context.Context, execer) error { return nil })
	}
}

// execer is a transaction.
type execer interface {
	querier
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// statements are those of a Put, compiled once a connection.
type statements struct {
	mu  sync.Mutex
	all map[string]*sql.Stmt
}

func (s *statements) compile(ctx context.Context, db *sql.DB) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range compiled[len(s.all):] {
		st, err := db.PrepareContext(ctx, q)
		if err != nil {
			return err
		}
		s.all[q] = st
	}
	return nil
}

// prepared is a transaction in which the compiled statements are.
type prepared struct {
	*sql.Tx
	all map[string]*sql.Stmt // not changed any more
}

// ExecContext implements execer.
func (p prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if st := p.all[query]; st != nil {
		return p.StmtContext(ctx, st).ExecContext(ctx, args...)
	}
	return p.Tx.ExecContext(ctx, query, args...)
}

// QueryRowContext implements execer.
func (p prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if st := p.all[query]; st != nil {
		return p.StmtContext(ctx, st).QueryRowContext(ctx, args...)
	}
	return p.Tx.QueryRowContext(ctx, query, args...)
}

var _ execer = prepared{}
