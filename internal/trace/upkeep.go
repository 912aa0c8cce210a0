package trace

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	expireMost = 20_000         // records looked at in one minute: a day has 28 million
	shrinkMost = 32             // chunks that one round takes to come below MaxBytes
	future     = 24 * time.Hour // a record of a time this far ahead was written by a wrong clock
)

// seal makes the index of each chunk that is complete, and joins those of 32 chunks.
func (t *Trace) seal(ctx context.Context) error {
	for {
		chunk, complete, err := t.nextChunk(ctx)
		if err != nil || !complete {
			return err
		}
		if err := t.sealChunk(ctx, chunk); err != nil {
			return err
		}
		if (chunk+1)<<chunkBits%joinedSize == 0 {
			if err := t.join(ctx, (chunk<<chunkBits)&^(joinedSize-1)); err != nil {
				return err
			}
		}
		if err := t.shrink(ctx); err != nil {
			return err
		}
	}
}

// nextChunk is the first one without an index, and whether all its ids are used.
func (t *Trace) nextChunk(ctx context.Context) (chunk int64, complete bool, err error) {
	var last, sealed, first sql.NullInt64
	err = t.db.QueryRowContext(ctx, `SELECT (SELECT max(id) FROM trace_records), (SELECT max(id) FROM trace_chunks),
		(SELECT min(id) FROM trace_records)`).Scan(&last, &sealed, &first)
	if err != nil || !last.Valid {
		return 0, false, err
	}
	chunk = first.Int64 >> chunkBits
	if sealed.Valid {
		chunk = max(chunk, sealed.Int64+1)
	}
	return chunk, last.Int64>>chunkBits > chunk, nil
}

// sealChunk reads the records of a chunk, which do not change any more, and writes their index.
func (t *Trace) sealChunk(ctx context.Context, chunk int64) error {
	from := chunk << chunkBits
	rows, err := t.db.QueryContext(ctx, `SELECT id, time, body FROM trace_records WHERE id >= ? AND id < ? ORDER BY id`, from, from+chunkSize)
	if err != nil {
		return err
	}
	defer rows.Close()
	var numbers []uint64
	var since, until int64
	for rows.Next() {
		r, err := scan(rows)
		if err != nil && !errors.Is(err, errBody) { // of a damaged one what could be read is found
			return err
		}
		ms := r.Time.UnixMilli()
		if len(numbers) == 0 {
			since, until = ms, ms
		}
		since, until = min(since, ms), max(until, ms)
		t.hashes(r, func(h uint64) { numbers = append(numbers, number(h, r.ID-from)) })
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	return t.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		segment, err := freeSegment(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO trace_chunks (id, since, until, segment, base) VALUES (?, ?, ?, ?, ?)`,
			chunk, since, until, segment, from); err != nil {
			return err
		}
		return writeSegment(ctx, tx, segment, numbers)
	})
}

// scanner is a row.
type scanner interface{ Scan(...any) error }

func scan(row scanner) (*Record, error) {
	var id, ms int64
	var body sql.RawBytes
	if err := row.Scan(&id, &ms, &body); err != nil {
		return nil, err
	}
	return decode(id, ms, body)
}

// join puts the chunks' indexes from a record on into one.
func (t *Trace) join(ctx context.Context, from int64) error {
	parts, err := t.parts(ctx, from)
	if err != nil {
		return err
	}
	var numbers []uint64
	for _, p := range parts {
		if numbers, err = t.numbers(ctx, p, uint64(p.from-from), numbers); err != nil {
			return err
		}
	}
	return t.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		segment, err := freeSegment(ctx, tx)
		if err != nil {
			return err
		}
		for _, p := range parts {
			if err := deleteSegment(ctx, tx, p.segment); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE trace_chunks SET segment = ?, base = ? WHERE id >= ? AND id < ?`,
			segment, from, from>>chunkBits, (from+joinedSize)>>chunkBits); err != nil {
			return err
		}
		return writeSegment(ctx, tx, segment, numbers)
	})
}

// part is a segment that is joined to others.
type part struct{ segment, from int64 }

// parts are the segments of the chunks from a record on.
func (t *Trace) parts(ctx context.Context, from int64) (parts []part, err error) {
	rows, err := t.db.QueryContext(ctx, `SELECT DISTINCT segment, base FROM trace_chunks WHERE id >= ? AND id < ?`, from>>chunkBits, (from+joinedSize)>>chunkBits)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p part
		if err := rows.Scan(&p.segment, &p.from); err != nil {
			return nil, err
		}
		parts = append(parts, p)
	}
	return parts, rows.Err()
}

// numbers adds all numbers of a segment, with their places moved.
func (t *Trace) numbers(ctx context.Context, p part, moved uint64, list []uint64) ([]uint64, error) {
	first, last := rowsOf(p.segment)
	rows, err := t.db.QueryContext(ctx, `SELECT id, block FROM trace_index WHERE id BETWEEN ? AND ?`, first, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var block sql.RawBytes
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id, &block); err != nil {
			return nil, err
		}
		numbersOf(uint64(id-first), block, func(n uint64) bool {
			list = append(list, n+moved)
			return true
		})
	}
	return list, rows.Err()
}

func deleteSegment(ctx context.Context, tx *sql.Tx, segment int64) error {
	first, last := rowsOf(segment)
	_, err := tx.ExecContext(ctx, `DELETE FROM trace_index WHERE id BETWEEN ? AND ?`, first, last)
	return err
}

// upkeep forgets what has been kept long enough, and the oldest where there is too much.
func (t *Trace) upkeep(ctx context.Context) error {
	return errors.Join(t.seal(ctx), t.expire(ctx), t.shrink(ctx))
}

// expire forgets the oldest records whose time is over.
func (t *Trace) expire(ctx context.Context) error {
	now := t.opts.now()
	var end sql.NullInt64
	err := t.db.QueryRowContext(ctx, `SELECT max(id) FROM (SELECT id, time FROM trace_records ORDER BY id LIMIT ?) WHERE time < ? OR time > ?`,
		expireMost, now.Add(-t.opts.Keep).UnixMilli(), now.Add(future).UnixMilli()).Scan(&end)
	if err != nil || !end.Valid {
		return err
	}
	return t.forget(ctx, end.Int64)
}

// forget removes the records up to an id, and the indexes that then name none.
func (t *Trace) forget(ctx context.Context, last int64) error {
	return t.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM trace_records WHERE id <= ?`, last); err != nil {
			return err
		}
		gone := (last + 1) >> chunkBits // chunks before this one have no record left
		segments, err := column(ctx, tx, `SELECT DISTINCT segment FROM trace_chunks WHERE id < ?
			AND segment NOT IN (SELECT segment FROM trace_chunks WHERE id >= ?)`, gone, gone)
		if err != nil {
			return err
		}
		for _, s := range segments {
			if err := deleteSegment(ctx, tx, s); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM trace_chunks WHERE id < ?`, gone)
		return err
	})
}

// column reads numbers.
func column(ctx context.Context, tx *sql.Tx, query string, args ...any) (list []int64, err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var v int64
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}

// shrink forgets the oldest chunks while the database has more than it may.
func (t *Trace) shrink(ctx context.Context) error {
	for range shrinkMost {
		n, err := used(ctx, t.db)
		if err != nil || n <= t.opts.MaxBytes {
			return err
		}
		var first sql.NullInt64
		if err := t.db.QueryRowContext(ctx, `SELECT min(id) FROM trace_records`).Scan(&first); err != nil || !first.Valid {
			return err
		}
		if err := t.forget(ctx, first.Int64|(chunkSize-1)); err != nil {
			return err
		}
	}
	return nil
}

// used is how many bytes of the database hold something: SQLite uses free pages again, the file itself does not shrink.
func used(ctx context.Context, db *sql.DB) (n int64, err error) {
	err = db.QueryRowContext(ctx, `SELECT (page_count - freelist_count) * page_size
		FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()`).Scan(&n)
	return n, err
}

// Clear forgets everything.
func (t *Trace) Clear(ctx context.Context) error {
	err := t.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM trace_records; DELETE FROM trace_index; DELETE FROM trace_chunks`)
		return err
	})
	if err != nil {
		err = fmt.Errorf("trace: clear: %w", err)
	}
	return err
}
