package ledger

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"maps"
)

// batch is one transaction of learning. What it read and changed of partners, counts and windows is written by flush.
type batch struct {
	*Conversations
	tx       *txn
	partners map[int64]*contact
	usage    map[usage]*count
	windows  map[int64]*coverRow
	days     map[int64]int64
	learned  int       // mails of ours that were new
	covered  *coverage // after it, nil where it is as before
	newKeys  bool      // somebody is found by a further key
	deleted  bool      // rows may be gone, or changed without being in partners
}

type usage struct {
	kind   class
	source int64
}

type count struct{ n, was int64 }

type coverRow struct {
	window
	last    int64
	changed bool
}

func newBatch(c *Conversations, tx *txn) *batch {
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
	err := b.tx.stmt(ctx, sqlLetter).QueryRowContext(ctx, id).
		Scan(&m.at, &m.class, &m.flags, &m.subject, &m.source, (*[]byte)(&m.parties))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return m, err
}

func (b *batch) insert(ctx context.Context, m *letter) error {
	err := b.tx.exec(ctx, sqlInsertLetter,
		m.id, m.at, m.class, m.flags, m.subject, m.source, blob(m.parties))
	if err != nil {
		return err
	}
	return b.count(ctx, m.class, m.source, 1)
}

// insertNew writes a mail unless it is remembered already.
func (b *batch) insertNew(ctx context.Context, m *letter) (fresh bool, err error) {
	res, err := b.tx.stmt(ctx, sqlInsertNewLetter).ExecContext(ctx, m.id, m.at, m.class, m.flags, m.subject, m.source, blob(m.parties))
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	return true, b.count(ctx, m.class, m.source, 1)
}

// partner reads one, a new one where it is not known.
func (b *batch) partner(ctx context.Context, id int64) (*contact, error) {
	if p := b.partners[id]; p != nil {
		return p, nil
	}
	p := &contact{id: id, class: partnerStranger}
	b.partners[id] = p
	return p, b.tx.each(ctx, p.scan, sqlPartner, id)
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
	err := b.tx.stmt(ctx, sqlUsage).QueryRowContext(ctx, u.kind, u.source).Scan(&n.was)
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
	if float64(all.n) >= overfull*float64(b.opts.MaxStrangers) {
		return false, nil
	}
	if source == 0 { // not from a network: a test, or an import
		return true, nil
	}
	own, err := b.counted(ctx, usage{kind, source})
	return err == nil && float64(own.n) < max(1, b.opts.Share*float64(b.opts.MaxStrangers)), err
}

// overfull is how far a cap is passed before newcomers are refused: until then Expire makes room for them.
const overfull = 1.1

// settle writes what mails of the same transaction have changed so far, so that the rows are what they are.
func (b *batch) settle(ctx context.Context) error {
	b.deleted = true
	if err := b.flush(ctx); err != nil {
		return err
	}
	b.reset()
	return nil
}

// flush writes what changed.
func (b *batch) flush(ctx context.Context) error {
	for _, p := range b.partners {
		if err := b.save(ctx, p); err != nil {
			return err
		}
	}
	for u, n := range b.usage {
		if err := b.saveUsage(ctx, u, n); err != nil {
			return err
		}
	}
	return b.flushCoverage(ctx)
}

func (b *batch) saveUsage(ctx context.Context, u usage, n *count) error {
	switch {
	case n.n == n.was:
		return nil
	case n.n <= 0 && u.source != 0:
		return b.tx.exec(ctx, sqlDeleteUsage, u.kind, u.source)
	}
	return b.tx.exec(ctx, sqlSaveUsage, u.kind, u.source, n.n)
}

// flushCoverage writes the days and windows, and makes of them what Ask is to know once they are committed.
func (b *batch) flushCoverage(ctx context.Context) error {
	days, err := b.saveDays(ctx)
	if err != nil {
		return err
	}
	domains, err := b.saveWindows(ctx)
	if err == nil && (days != nil || domains != nil) {
		b.covered = b.coverage().with(domains, days)
	}
	return err
}

// coverage is what is known so far: maps that others read.
func (b *batch) coverage() *coverage {
	if b.covered != nil {
		return b.covered
	}
	return b.known.Load()
}

// saveDays writes mails of ours by day; nil where there are none.
func (b *batch) saveDays(ctx context.Context) (map[int64]int64, error) {
	if len(b.days) == 0 {
		return nil, nil
	}
	days := maps.Clone(b.coverage().days)
	for d, mails := range b.days {
		days[d] += mails
		if err := b.tx.exec(ctx, sqlSaveDay, d, mails); err != nil {
			return nil, err
		}
	}
	return days, nil
}

// saveWindows writes the windows that have changed; nil where none has.
func (b *batch) saveWindows(ctx context.Context) (domains map[int64]share, err error) {
	for domain, w := range b.windows {
		if !w.changed {
			continue
		}
		if domains == nil {
			domains = maps.Clone(b.coverage().domains)
		}
		domains[domain] = w.share()
		if err := b.tx.exec(ctx, sqlSaveWindow, domain, w.last, blob(w.window)); err != nil {
			return nil, err
		}
	}
	return domains, nil
}

// maxName is the longest address that is kept in clear: what address.Fold leaves of one.
const maxName = 320

// save writes a partner that has changed, and makes ours and correspondents found by their keys.
func (b *batch) save(ctx context.Context, p *contact) error {
	if !p.changed || p.last == 0 {
		return nil
	}
	if err := b.tx.exec(ctx, sqlSavePartner,
		p.id, b.nameOf(p), p.class, p.flags, p.source, p.first, p.last, p.Received, p.Begun, p.Answered, p.Passed, p.Unproven, blob(p.keys)); err != nil {
		return err
	}
	for ; p.class < partnerStranger && p.indexed < len(p.keys); p.indexed += partySize {
		b.newKeys = true
		if err := b.tx.exec(ctx, sqlSaveKey, int64(binary.BigEndian.Uint64(p.keys[p.indexed:])), p.id); err != nil {
			return err
		}
	}
	return nil
}

// nameOf is what of an address is kept.
func (b *batch) nameOf(p *contact) string {
	if b.opts.Key != nil {
		return ""
	}
	return p.Address[:min(len(p.Address), maxName)]
}
