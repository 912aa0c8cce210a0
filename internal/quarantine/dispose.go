package quarantine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// Delete removes a message for good; its record stays as a tombstone. Of a message in the MTA's queue only the record ends: the MTA's
// own command deletes the mail.
func (q *Quarantine) Delete(ctx context.Context, id string, by By) error {
	q.desk.settled(ctx)
	return q.end(ctx, id, StateDeleted, ActDelete, by)
}

// Export writes the exact bytes of a message to w and records it. The act is recorded first: bytes never leave unrecorded.
func (q *Quarantine) Export(ctx context.Context, id string, w io.Writer, by By) error {
	q.desk.settled(ctx)
	if it, err := q.Get(ctx, id); err == nil && it.Where == InMTA { // without a row the file alone can tell
		return fmt.Errorf("quarantine: export: %w", ErrInMTA)
	}
	r, err := q.Raw(ctx, id)
	if err != nil {
		return err
	}
	defer r.Close()
	err = q.tx(ctx, q.st.DB, func(tx *sql.Tx) error { return q.addAct(ctx, tx, id, ActExport, by, nil) })
	if err == nil {
		_, err = io.Copy(w, r)
	}
	if err != nil {
		return fmt.Errorf("quarantine: export: %w", err)
	}
	return nil
}

// end turns a message into a tombstone: the row first, then the file. A crash in between leaves a file whose row says that it is gone;
// Reconcile removes it.
func (q *Quarantine) end(ctx context.Context, id, state, act string, by By) error {
	err := q.tx(ctx, q.st.DB, func(tx *sql.Tx) error { return q.endRow(ctx, tx, id, state, act, by) })
	if err != nil {
		return fmt.Errorf("quarantine: %s: %w", act, err)
	}
	if err := os.Remove(q.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("quarantine: %s: %w", act, err)
	}
	return nil
}

func (q *Quarantine) endRow(ctx context.Context, tx *sql.Tx, id, state, act string, by By) error {
	it, err := getItem(ctx, tx, id)
	if err != nil {
		return err
	}
	if it.State != StateHeld && it.State != StateReleased {
		return fmt.Errorf("%w: %s", ErrState, it.State)
	}
	it.Attachments, it.Verdict.Why = nil, nil // a tombstone is small
	b, err := marshalItem(it)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE items SET state = ?, ended = ?, counted = 0, space = 0, item = ? WHERE id = ?`,
		state, q.now().UnixMilli(), string(b), id); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM notices WHERE item_id = ?`, id); err != nil {
		return err
	}
	return q.addAct(ctx, tx, id, act, by, nil)
}

// expireBatch bounds one query of Expire, so that other writers get their turn.
const expireBatch = 100

// Expire ends what is past its time at now, drops tombstones past theirs, and writes rows that could not be written before. It returns
// how many messages expired. Nothing else ever removes a message by itself.
func (q *Quarantine) Expire(ctx context.Context, now time.Time) (n int, err error) {
	q.desk.settled(ctx)
	if err := q.indexPending(ctx); err != nil {
		return 0, err
	}
	for {
		ids, err := q.ids(ctx, `SELECT id FROM items WHERE counted = 1 AND state <> ? AND expires <= ? AND NOT (state = ? AND waits > 0) LIMIT ?`,
			statePutting, now.UnixMilli(), StateHeld, expireBatch)
		if err != nil {
			return n, err
		}
		for _, id := range ids {
			err := q.end(ctx, id, StateExpired, ActExpire, By{"sekisho", "retention"})
			if err != nil && !errors.Is(err, ErrState) && !errors.Is(err, ErrNotFound) { // another process was quicker
				return n, err
			}
			n++
		}
		if len(ids) < expireBatch {
			return n, q.purge(ctx, now)
		}
	}
}

func (q *Quarantine) ids(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := q.st.Index.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("quarantine: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("quarantine: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// purge drops the records of messages that are long gone, their acts and marks with them, and empty counters.
func (q *Quarantine) purge(ctx context.Context, now time.Time) error {
	_, err := q.st.DB.ExecContext(ctx, `DELETE FROM items WHERE ended > 0 AND ended <= ?`, now.Add(-q.opts.Tombstone).UnixMilli())
	if err == nil {
		_, err = q.st.DB.ExecContext(ctx, `DELETE FROM usage WHERE kind = 'source' AND messages <= 0`)
	}
	if err != nil {
		return fmt.Errorf("quarantine: expire: %w", err)
	}
	return nil
}
