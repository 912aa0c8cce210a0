package notify

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// reader is somebody with notices pending.
type reader struct {
	name     string
	last     int64 // the newest row of this notice
	count    int   // mails waiting
	attempts int   // failed ones in a row
}

// maxDue bounds the readers of one round; the rest are due again in the next.
const maxDue = 500

// due gives the readers whose time has come: the first mail has waited long enough, the last notice is long enough ago, and a failed
// one has rested.
func (n *Notifier) due(ctx context.Context) ([]reader, error) {
	now := n.opts.Now()
	rows, err := n.st.Index.QueryContext(ctx, `
		SELECT p.audience, max(p.seq), count(*), coalesce(a.attempts, 0)
		FROM notices p LEFT JOIN notice_audiences a USING (audience)
		GROUP BY p.audience
		HAVING min(p.queued) <= ? AND coalesce(a.last_sent, 0) <= ? AND coalesce(a.next_try, 0) <= ?
		ORDER BY min(p.queued) LIMIT ?`,
		now.Add(-n.opts.Wait).UnixMilli(), now.Add(-n.opts.Every).UnixMilli(), now.UnixMilli(), maxDue)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var readers []reader
	for rows.Next() {
		var r reader
		if err := rows.Scan(&r.name, &r.last, &r.count, &r.attempts); err != nil {
			return nil, err
		}
		readers = append(readers, r)
	}
	return readers, rows.Err()
}

// pending gives the newest mails waiting for a reader, as many as a notice lists.
func (n *Notifier) pending(ctx context.Context, r reader) ([]string, error) {
	rows, err := n.st.Index.QueryContext(ctx, `SELECT item_id FROM notices WHERE audience = ? AND seq <= ? ORDER BY seq DESC LIMIT ?`,
		r.name, r.last, n.opts.Lines)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// done takes a notice off the queue.
func (n *Notifier) done(ctx context.Context, r reader, sent bool) error {
	ctx = context.WithoutCancel(ctx) // what was sent is noted even when we are told to stop
	return n.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM notices WHERE audience = ? AND seq <= ?`, r.name, r.last)
		if err == nil && sent {
			_, err = tx.ExecContext(ctx, `INSERT INTO notice_audiences VALUES (?, ?, 0, 0)
				ON CONFLICT DO UPDATE SET last_sent = excluded.last_sent, attempts = 0, next_try = 0`, r.name, n.opts.Now().UnixMilli())
		}
		return err
	})
}

// The pause after a failed notice doubles from firstPause to lastPause: soon enough after a restart of the relay, seldom enough for one
// that is away for a weekend.
const (
	firstPause = 30 * time.Second
	lastPause  = time.Hour
)

func pause(attempts int) time.Duration {
	const doublings = 7 // 30 s * 2^7 is above lastPause
	return min(firstPause<<min(attempts, doublings), lastPause)
}

// later leaves a notice on the queue for another time.
func (n *Notifier) later(ctx context.Context, r reader) error {
	_, err := n.st.Index.ExecContext(ctx, `INSERT INTO notice_audiences VALUES (?, 0, 1, ?)
		ON CONFLICT DO UPDATE SET attempts = attempts + 1, next_try = excluded.next_try`,
		r.name, n.opts.Now().Add(pause(r.attempts)).UnixMilli())
	return err
}

// messageID draws the id of a notice (RFC 5322 3.6.4), which nobody can foresee: the quarantine trusts it.
func messageID(from string) string {
	_, domain, ok := strings.Cut(from, "@")
	if !ok {
		domain = "localhost"
	}
	return fmt.Sprintf("sekisho.%s@%s", rand.Text(), domain)
}

func (n *Notifier) remember(ctx context.Context, id string) error {
	_, err := n.st.Index.ExecContext(ctx, `INSERT INTO notice_ids VALUES (?, ?)`, id, n.opts.Now().UnixMilli())
	return err
}

// idLife is how long the Message-ID of a notice is remembered: longer than an MTA keeps a mail in its queue (RFC 5321 4.5.4.1: 4-5 days).
const idLife = 7 * 24 * time.Hour

// tidy forgets what no longer matters.
func (n *Notifier) tidy(ctx context.Context) error {
	now := n.opts.Now()
	_, err := n.st.Index.ExecContext(ctx, `DELETE FROM notice_ids WHERE sent < ?`, now.Add(-idLife).UnixMilli())
	if err != nil {
		return err
	}
	_, err = n.st.Index.ExecContext(ctx, `DELETE FROM notice_audiences WHERE last_sent < ? AND audience NOT IN (SELECT audience FROM notices)`,
		now.Add(-n.opts.Every).UnixMilli())
	return err
}

func (n *Notifier) tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := n.st.Index.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
