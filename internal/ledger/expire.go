package ledger

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	expireRows   = 1000                   // looked at in one transaction, about ten milliseconds: other mails learn in between
	expireTime   = 500 * time.Millisecond // for one call
	expireChunks = 100                    // in one call: once a minute, ten million mails are looked over in two hours

	// strangersMails is how long mail from outside is remembered that is in no conversation of ours: for its answer.
	strangersMails = 90 * day
)

// Expire forgets what is too old, and the oldest where a cap is passed. One call looks at a part of the memory and the next goes on. The ids are
// hashes, so the rows of one part are a fair sample of all: what is oldest among them is oldest.
func (c *Conversations) Expire(ctx context.Context, now time.Time) error {
	c.expire.Lock()
	defer c.expire.Unlock()
	end := time.Now().Add(expireTime)
	for range expireChunks {
		e := &expiry{now: now, mails: c.cursor[0], partners: c.cursor[1]}
		if err := c.wait(ctx, e.run); err != nil {
			return fmt.Errorf("ledger: expire: %w", err)
		}
		c.cursor = [2]int64{e.mails, e.partners}
		if e.wrapped || time.Now().After(end) {
			return nil
		}
	}
	return nil
}

// wait gives work to the writer and waits for its end.
func (c *Conversations) wait(ctx context.Context, apply func(context.Context, *batch) error) error {
	o := &order{apply: apply, done: make(chan error, 1)}
	select {
	case c.queue <- o:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-o.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// expiry looks over one part of the memory.
type expiry struct {
	now             time.Time
	mails, partners int64 // where to go on
	wrapped         bool  // the end of the mails was reached
}

func (e *expiry) run(ctx context.Context, b *batch) error {
	if err := b.settle(ctx); err != nil {
		return err
	}
	scale, err := b.scale(ctx)
	if err != nil {
		return err
	}
	if err := e.expireMails(ctx, b, scale); err != nil {
		return err
	}
	if err := e.expirePartners(ctx, b, scale); err != nil {
		return err
	}
	return e.expireDays(ctx, b)
}

// scale is the part of all rows that fits into MaxBytes.
func (b *batch) scale(ctx context.Context) (float64, error) {
	used, err := b.bytes(ctx)
	if err != nil || used <= b.opts.MaxBytes {
		return 1, err
	}
	return float64(b.opts.MaxBytes) / float64(used), nil
}

// old is a row that Expire looks at.
type old struct {
	id, at, source int64
	class          class
	keys           []byte
}

// look reads the next rows of a table.
func (b *batch) look(ctx context.Context, query string, cursor int64) (list []old, next int64, err error) {
	rows, err := b.tx.QueryContext(ctx, query, cursor, expireRows)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var o old
		if err := rows.Scan(&o.id, &o.at, &o.source, &o.class, &o.keys); err != nil {
			return nil, 0, err
		}
		list = append(list, o)
	}
	if len(list) < expireRows {
		return list, math.MinInt64, rows.Err()
	}
	return list, list[len(list)-1].id + 1, rows.Err()
}

// due picks of a sample what is too old, and as many of the oldest as the class is over its cap.
func due(list []old, of func(class) bool, since int64, over float64) (gone []old) {
	var kept []old
	n := 0
	for _, o := range list {
		switch {
		case !of(o.class):
		case o.at < since:
			gone = append(gone, o)
			n++
		default:
			kept = append(kept, o)
			n++
		}
	}
	slices.SortFunc(kept, func(a, b old) int { return int(min(1, max(-1, a.at-b.at))) })
	more := min(len(kept), int(math.Round(over*float64(n)))-len(gone))
	return append(gone, kept[:max(0, more)]...)
}

// over is the part of the rows of some kinds that is too many.
func (b *batch) over(ctx context.Context, most int64, scale float64, kinds ...class) (float64, error) {
	var n int64
	for _, k := range kinds {
		u, err := b.counted(ctx, usage{k, 0})
		if err != nil {
			return 0, err
		}
		n += u.n
	}
	most = min(most, int64(scale*float64(n)))
	if n <= most {
		return 0, nil
	}
	return 1 - float64(most)/float64(n), nil
}

func (e *expiry) expireMails(ctx context.Context, b *batch, scale float64) error {
	list, next, err := b.look(ctx, `SELECT id, at, source, class, x'' FROM talk_mails WHERE id >= ? ORDER BY id LIMIT ?`, e.mails)
	if err != nil {
		return err
	}
	e.mails, e.wrapped = next, next == math.MinInt64
	kept, err := b.over(ctx, b.opts.MaxMails, scale, mailOurs, mailTheirs)
	if err != nil {
		return err
	}
	strange, err := b.over(ctx, b.opts.MaxStrangers, scale, mailStranger)
	if err != nil {
		return err
	}
	gone := due(list, func(c class) bool { return c < mailStranger }, e.since(b.opts.Keep), kept)
	gone = append(gone, due(list, func(c class) bool { return c == mailStranger }, e.since(min(strangersMails, b.opts.Keep)), strange)...)
	for _, o := range gone {
		if err := b.forgetLetter(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func (e *expiry) since(age time.Duration) int64 { return e.now.Add(-age).Unix() }

func (e *expiry) expirePartners(ctx context.Context, b *batch, scale float64) error {
	list, next, err := b.look(ctx, `SELECT id, last, source, class, keys FROM talk_partners WHERE id >= ? ORDER BY id LIMIT ?`, e.partners)
	if err != nil {
		return err
	}
	e.partners = next
	known, err := b.over(ctx, b.opts.MaxPartners, scale, usagePartner+partnerOurs, usagePartner+partnerKnown)
	if err != nil {
		return err
	}
	strange, err := b.over(ctx, b.opts.MaxStrangers, scale, usagePartner+partnerStranger)
	if err != nil {
		return err
	}
	gone := due(list, func(c class) bool { return c < partnerStranger }, e.since(b.opts.KeepPartners), known)
	gone = append(gone, due(list, func(c class) bool { return c == partnerStranger }, e.since(b.opts.Keep), strange)...)
	for _, o := range gone {
		if err := b.forget(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) forgetLetter(ctx context.Context, o old) error {
	if _, err := b.tx.ExecContext(ctx, `DELETE FROM talk_mails WHERE id = ?`, o.id); err != nil {
		return err
	}
	return b.count(ctx, o.class, o.source, -1)
}

// forget removes an address or organisation with what is found by it.
func (b *batch) forget(ctx context.Context, o old) error {
	for k := o.keys; len(k) >= partySize; k = k[partySize:] {
		if _, err := b.tx.ExecContext(ctx, `DELETE FROM talk_keys WHERE key = ? AND partner = ?`, int64(binary.BigEndian.Uint64(k)), o.id); err != nil {
			return err
		}
	}
	if _, err := b.tx.ExecContext(ctx, `DELETE FROM talk_partners WHERE id = ?`, o.id); err != nil {
		return err
	}
	return b.count(ctx, usagePartner+o.class, o.source, -1)
}

// expireDays ends what the measure of warmth looks back on, once a call.
func (e *expiry) expireDays(ctx context.Context, b *batch) error {
	if _, err := b.tx.ExecContext(ctx, `DELETE FROM talk_days WHERE day < ?`, dayOf(e.now.Add(-b.opts.Keep))); err != nil {
		return err
	}
	if _, err := b.tx.ExecContext(ctx, `DELETE FROM talk_cover WHERE last < ?`, e.since(domainAge)); err != nil {
		return err
	}
	n, err := loadCoverage(ctx, b.tx) // with what another process learned meanwhile
	b.covered = n
	return err
}

// ConversationStats is what the metrics show.
type ConversationStats struct {
	Ours, Theirs, Strangers int64 // mails: of ours, of parties, of others
	People, Known, Unknown  int64 // addresses and organisations: ours, correspondents, others
	Bytes                   int64 // of the database
	Warm                    bool
}

// Stats reads the figures of the whole memory.
func (c *Conversations) Stats(ctx context.Context, now time.Time) (s ConversationStats, err error) {
	rows, err := c.db.QueryContext(ctx, `SELECT kind, n FROM talk_usage WHERE source = 0`)
	if err != nil {
		return s, fmt.Errorf("ledger: stats: %w", err)
	}
	defer rows.Close()
	counts := map[class]*int64{
		mailOurs: &s.Ours, mailTheirs: &s.Theirs, mailStranger: &s.Strangers,
		usagePartner + partnerOurs: &s.People, usagePartner + partnerKnown: &s.Known, usagePartner + partnerStranger: &s.Unknown,
	}
	for rows.Next() {
		var kind class
		var n int64
		if err := rows.Scan(&kind, &n); err != nil {
			return s, fmt.Errorf("ledger: stats: %w", err)
		}
		if v := counts[kind]; v != nil {
			*v = n
		}
	}
	if err = rows.Err(); err == nil {
		err = c.db.QueryRowContext(ctx, databaseBytes).Scan(&s.Bytes)
	}
	if err != nil {
		return s, fmt.Errorf("ledger: stats: %w", err)
	}
	s.Warm = c.known.Load().warm(now)
	return s, nil
}

const databaseBytes = `SELECT (c.page_count - f.freelist_count) * s.page_size FROM pragma_page_count c, pragma_freelist_count f, pragma_page_size s`

func (b *batch) bytes(ctx context.Context) (n int64, err error) {
	err = b.tx.QueryRowContext(ctx, databaseBytes).Scan(&n)
	return n, err
}
