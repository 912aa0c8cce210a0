package ledger

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
)

// batch is one transaction of learning. What it read and changed of partners, counts and windows is written by flush.
type batch struct {
	*Conversations
	tx       *sql.Tx
	partners map[int64]*contact
	usage    map[usage]*count
	windows  map[int64]*coverRow
	days     map[int64]int64
	stale    bool      // coverage must be read anew
	covered  *coverage // after it, nil where it is as before
}

type usage struct {
	kind   class
	source int64
}

type count struct{ n, was int64 }

type coverRow struct {
	window
	last int64
}

func newBatch(c *Conversations, tx *sql.Tx) *batch {
	b := &batch{Conversations: c, tx: tx}
	b.reset()
	return b
}

// reset forgets what was read, once it is written.
func (b *batch) reset() {
	b.partners, b.usage, b.windows, b.days = map[int64]*contact{}, map[usage]*count{}, map[int64]*coverRow{}, map[int64]int64{}
}

// letter reads a mail, nil where it is not remembered.
func (b *batch) letter(ctx context.Context, id int64) (*letter, error) {
	m := &letter{id: id}
	err := b.tx.QueryRowContext(ctx, `SELECT at, class, flags, subject, source, parties FROM talk_mails WHERE id = ?`, id).
		Scan(&m.at, &m.class, &m.flags, &m.subject, &m.source, (*[]byte)(&m.parties))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return m, err
}

func (b *batch) insert(ctx context.Context, m *letter) error {
	if m.parties == nil {
		m.parties = parties{}
	}
	_, err := b.tx.ExecContext(ctx, `INSERT INTO talk_mails (id, at, class, flags, subject, source, parties) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		m.id, m.at, m.class, m.flags, m.subject, m.source, []byte(m.parties))
	if err != nil {
		return err
	}
	return b.count(ctx, m.class, m.source, 1)
}

// partner reads one, a new one where it is not known.
func (b *batch) partner(ctx context.Context, id int64) (*contact, error) {
	if p := b.partners[id]; p != nil {
		return p, nil
	}
	rows, err := b.tx.QueryContext(ctx, selectPartners+` WHERE id = ?`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	p := &contact{id: id, class: partnerStranger}
	if rows.Next() {
		if err := p.scan(rows); err != nil {
			return nil, err
		}
	}
	b.partners[id] = p
	return p, rows.Err()
}

// count changes how many rows there are of a kind.
func (b *batch) count(ctx context.Context, kind class, source, by int64) error {
	for _, u := range []usage{{kind, 0}, {kind, source}} {
		n, err := b.counted(ctx, u)
		if err != nil {
			return err
		}
		n.n += by
		if source == 0 {
			break
		}
	}
	return nil
}

func (b *batch) counted(ctx context.Context, u usage) (*count, error) {
	if n := b.usage[u]; n != nil {
		return n, nil
	}
	n := &count{}
	err := b.tx.QueryRowContext(ctx, `SELECT n FROM talk_usage WHERE kind = ? AND source = ?`, u.kind, u.source).Scan(&n.was)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	n.n = n.was
	b.usage[u] = n
	return n, nil
}

// room reports whether one more row of strangers may be kept for a source.
func (b *batch) room(ctx context.Context, kind class, source int64) (bool, error) {
	all, err := b.counted(ctx, usage{kind, 0})
	if err != nil {
		return false, err
	}
	own, err := b.counted(ctx, usage{kind, source})
	if err != nil {
		return false, err
	}
	return float64(all.n) < overfull*float64(b.opts.MaxStrangers) && float64(own.n) < max(1, b.opts.Share*float64(b.opts.MaxStrangers)), nil
}

// overfull is how far a cap is passed before newcomers are refused: until then Expire makes room for them.
const overfull = 1.1

// flush writes what changed.
func (b *batch) flush(ctx context.Context) error {
	for _, p := range b.partners {
		if err := b.save(ctx, p); err != nil {
			return err
		}
	}
	for u, n := range b.usage {
		if n.n == n.was {
			continue
		}
		if n.n <= 0 && u.source != 0 {
			if _, err := b.tx.ExecContext(ctx, `DELETE FROM talk_usage WHERE kind = ? AND source = ?`, u.kind, u.source); err != nil {
				return err
			}
			continue
		}
		if _, err := b.tx.ExecContext(ctx, `INSERT INTO talk_usage VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = excluded.n`, u.kind, u.source, n.n); err != nil {
			return err
		}
	}
	for d, n := range b.days {
		if _, err := b.tx.ExecContext(ctx, `INSERT INTO talk_days VALUES (?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n`, d, n); err != nil {
			return err
		}
	}
	for domain, w := range b.windows {
		if _, err := b.tx.ExecContext(ctx, `INSERT INTO talk_cover VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET last = excluded.last, samples = excluded.samples`,
			domain, w.last, []byte(w.window)); err != nil {
			return err
		}
	}
	if !b.stale && len(b.days)+len(b.windows) == 0 {
		return nil
	}
	b.stale = false
	n, err := loadCoverage(ctx, b.tx)
	b.covered = n
	return err
}

// save writes a partner that has been seen.
func (b *batch) save(ctx context.Context, p *contact) error {
	if p.last == 0 {
		return nil
	}
	name := p.Address
	if b.opts.Key != nil {
		name = ""
	}
	if p.keys == nil {
		p.keys = []byte{}
	}
	_, err := b.tx.ExecContext(ctx, `INSERT OR REPLACE INTO talk_partners
		(id, name, class, flags, source, first, last, received, begun, answered, passed, unproven, keys) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.id, name, p.class, p.flags, p.source, p.first, p.last, p.Received, p.Begun, p.Answered, p.Passed, p.Unproven, p.keys)
	if err != nil {
		return err
	}
	return b.index(ctx, p)
}

// index keeps the counts right, and makes ours and correspondents found by their keys.
func (b *batch) index(ctx context.Context, p *contact) error {
	if p.class < partnerStranger {
		for k := p.keys; len(k) >= partySize; k = k[partySize:] {
			if _, err := b.tx.ExecContext(ctx, `INSERT OR IGNORE INTO talk_keys VALUES (?, ?)`, int64(binary.BigEndian.Uint64(k)), p.id); err != nil {
				return err
			}
		}
	}
	return nil
}
