package ledger

import (
	"cmp"
	"context"
	"database/sql"
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
	o := &order{apply: apply, done: make(chan struct{}), awaited: true}
	select {
	case c.queue <- o:
		c.hasten()
	case <-ctx.Done():
		return ctx.Err()
	}
	return c.finished(ctx, o)
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
	mails, next, err := b.look(ctx, sqlLookMails, e.mails)
	if err != nil {
		return err
	}
	e.mails, e.wrapped = next, next == math.MinInt64
	partners, next, err := b.look(ctx, sqlLookPartners, e.partners)
	if err != nil {
		return err
	}
	e.partners = next
	b.weigh(mails, partners)
	over, err := b.over(ctx)
	if err != nil {
		return err
	}
	if err := e.expireMails(ctx, b, mails, over); err != nil {
		return err
	}
	if err := e.expirePartners(ctx, b, partners, over); err != nil {
		return err
	}
	return e.expireDays(ctx, b)
}

const (
	sqlLookMails    = `SELECT id, at, source, class, length(parties), x'' FROM talk_mails WHERE id >= ? ORDER BY id LIMIT ?`
	sqlLookPartners = `SELECT id, last, source, class, length(name), keys FROM talk_partners WHERE id >= ? ORDER BY id LIMIT ?`
)

// old is a row that Expire looks at.
type old struct {
	id, at, source int64
	class          class
	text           int // bytes of what is not always as long
	keys           []byte
}

// look reads the next rows of a table.
func (b *batch) look(ctx context.Context, query string, cursor int64) (list []old, next int64, err error) {
	rows, err := b.tx.QueryContext(ctx, query, cursor, expireRows)
	if err != nil {
		return nil, 0, err
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		var o old
		err := rows.Scan(&o.id, &o.at, &o.source, &o.class, &o.text, &o.keys)
		list = append(list, o)
		return err
	})
	if len(list) < expireRows {
		return list, math.MinInt64, err
	}
	return list, list[len(list)-1].id + 1, err
}

// due picks of a sample what is too old, and as many of the oldest as the class is over its cap.
func due(list []old, of func(class) bool, since int64, over float64) (gone []old) {
	list = slices.DeleteFunc(slices.Clone(list), func(o old) bool { return !of(o.class) })
	slices.SortFunc(list, func(a, b old) int { return cmp.Compare(a.at, b.at) })
	n := int(math.Round(over * float64(len(list))))
	for n < len(list) && list[n].at < since {
		n++
	}
	return list[:n]
}

func isStranger(c class) bool { return c == mailStranger } // of mails and of partners alike

func isKept(c class) bool { return !isStranger(c) }

func (e *expiry) expireMails(ctx context.Context, b *batch, list []old, over overflow) error {
	gone := due(list, isKept, e.since(b.opts.Keep), over.mails)
	gone = append(gone, due(list, isStranger, e.since(min(strangersMails, b.opts.Keep)), over.strangersMails)...)
	for _, o := range gone {
		if err := b.forgetLetter(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

func (e *expiry) since(age time.Duration) int64 { return e.now.Add(-age).Unix() }

func (e *expiry) expirePartners(ctx context.Context, b *batch, list []old, over overflow) error {
	gone := due(list, isKept, e.since(b.opts.KeepPartners), over.partners)
	gone = append(gone, due(list, isStranger, e.since(b.opts.Keep), over.strangers)...)
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
