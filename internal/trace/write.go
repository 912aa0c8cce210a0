package trace

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	queueBytes = 32 << 20         // some fifty thousand records: minutes in which the database may be away
	itemCost   = 64               // bytes of a queued record beside its body
	batchMost  = 2000             // records of one transaction, so that the database is never locked for long
	batchBytes = 4 << 20          // the same for records of many recipients
	writeTime  = 20 * time.Second // for one transaction: four times what SQLite waits for a lock
	pauseLeast = time.Second      // before a failed transaction is tried again; doubled up to pauseMost
	pauseMost  = 30 * time.Second
)

var errFull = errors.New("trace: the disk has less free than is to stay free")

// item is a record on its way.
type item struct {
	time int64
	body []byte
}

func (i item) cost() int64 { return int64(len(i.body)) + itemCost }

// Add puts a record into the queue and never waits; a record for which there is no room is dropped, and so counted.
func (t *Trace) Add(r Record) {
	if r.Time.IsZero() {
		r.Time = t.opts.now()
	}
	r = r.bounded(t.opts.Hide)
	it := item{r.Time.UnixMilli(), encode(&r)}
	if !t.enqueue(it) {
		t.opts.Dropped(1)
		return
	}
	select {
	case t.wake <- struct{}{}:
	default: // it is awake
	}
}

func (t *Trace) enqueue(it item) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.bytes+it.cost() > queueBytes {
		return false
	}
	t.queue = append(t.queue, it)
	t.bytes += it.cost()
	return true
}

// Start begins to write, until Close.
func (t *Trace) Start() {
	t.done = make(chan struct{})
	go func() {
		defer close(t.done)
		t.run()
	}()
}

// Close writes what is in the queue, as far as ctx gives time, and ends. What comes later is dropped.
func (t *Trace) Close(ctx context.Context) error {
	t.mu.Lock()
	again := t.closed
	t.closed = true
	t.mu.Unlock()
	if again || t.done == nil {
		return nil
	}
	defer context.AfterFunc(ctx, t.cancel)()
	defer t.cancel()
	close(t.stop)
	<-t.done
	if n := t.drop(); n > 0 {
		return fmt.Errorf("trace: %d records lost at the end", n)
	}
	return nil
}

// drop gives up what is in the queue.
func (t *Trace) drop() int {
	t.mu.Lock()
	n := len(t.queue)
	t.queue, t.bytes = nil, 0
	t.mu.Unlock()
	if n > 0 {
		t.opts.Dropped(n)
	}
	return n
}

// upkeepEvery is how often expired records are looked for.
const upkeepEvery = time.Minute

// run writes until Close. A failure, a fault of ours included, is tried again after a pause.
func (t *Trace) run() {
	tick := time.NewTicker(upkeepEvery)
	defer tick.Stop()
	pause := pauseLeast
	for {
		select {
		case <-t.stop:
			t.guarded(t.flush) // once: the daemon waits
			return
		case <-tick.C:
			t.guarded(t.upkeep)
			continue
		case <-t.wake:
		}
		t.wait(t.opts.Gather)
		if t.guarded(t.flush) {
			pause = pauseLeast
			continue
		}
		t.wait(pause)
		pause = min(2*pause, pauseMost)
		t.again()
	}
}

func (t *Trace) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-t.stop:
	case <-timer.C:
	}
}

// again wakes the writer for what is still in the queue.
func (t *Trace) again() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// guarded runs work and tells what failed.
func (t *Trace) guarded(work func(context.Context) error) (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			t.opts.Failed(fmt.Errorf("trace: panic: %v", p))
			ok = false
		}
	}()
	if err := work(t.life); err != nil {
		t.opts.Failed(err)
		return false
	}
	return true
}

// flush writes all that is in the queue, batch by batch. A batch stays in the queue until it is written.
func (t *Trace) flush(ctx context.Context) error {
	for {
		batch := t.batch()
		if len(batch) == 0 {
			return nil
		}
		if err := t.writeBatch(ctx, batch); err != nil {
			return fmt.Errorf("trace: write: %w", err)
		}
		t.written(batch)
		if err := t.seal(ctx); err != nil {
			return fmt.Errorf("trace: index: %w", err)
		}
	}
}

// batch is the beginning of the queue.
func (t *Trace) batch() []item {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, bytes := 0, int64(0)
	for n < min(len(t.queue), batchMost) && bytes < batchBytes {
		bytes += t.queue[n].cost()
		n++
	}
	return t.queue[:n:n]
}

func (t *Trace) written(batch []item) {
	t.mu.Lock()
	for _, it := range batch {
		t.bytes -= it.cost()
	}
	t.queue = t.queue[len(batch):]
	if len(t.queue) == 0 {
		t.queue = nil // and its array
	}
	t.mu.Unlock()
	t.opts.Written(len(batch))
}

func (t *Trace) writeBatch(ctx context.Context, batch []item) error {
	if err := t.room(); err != nil {
		return err
	}
	return t.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		id, err := nextID(ctx, tx)
		if err != nil {
			return err
		}
		insert, err := tx.PrepareContext(ctx, `INSERT INTO trace_records (id, time, body) VALUES (?, ?, ?)`)
		if err != nil {
			return err
		}
		defer insert.Close()
		for i, it := range batch {
			if _, err := insert.ExecContext(ctx, id+int64(i), it.time, it.body); err != nil {
				return err
			}
		}
		return nil
	})
}

// nextID is an id behind all that a record has, or that an index names.
func nextID(ctx context.Context, tx *sql.Tx) (id int64, err error) {
	err = tx.QueryRowContext(ctx, `SELECT max(coalesce((SELECT max(id) FROM trace_records), 0) + 1,
		coalesce((SELECT max(id) FROM trace_chunks) + 1, 0) * ?)`, chunkSize).Scan(&id)
	return id, err
}

// room leaves the disk to mail that must be held.
func (t *Trace) room() error {
	if t.opts.MinFree <= 0 {
		return nil
	}
	free, err := t.st.Free()
	if err == nil && free < t.opts.MinFree {
		err = errFull
	}
	return err
}

// tx runs work in a transaction of bounded time.
func (t *Trace) tx(ctx context.Context, work func(context.Context, *sql.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	if err := t.opts.step(ctx); err != nil {
		return err
	}
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := work(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
