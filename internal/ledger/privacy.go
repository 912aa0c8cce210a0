package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math"

	"sekisho/internal/address"
)

// forgetParts is into how many parts the mails are cut when one address is looked for in all of them: ten thousand rows of ten million each.
const forgetParts = 1024

// Forget removes all that is kept of one address, and reports whether there was anything: its row and names, its mails, and its place among the parties of
// others. What belongs to its organisation stays.
func (c *Conversations) Forget(ctx context.Context, addr string) (found bool, err error) {
	id := c.hash.of(hashAddress, address.Fold(addr))
	err = c.wait(ctx, func(ctx context.Context, b *batch) (err error) {
		found, err = b.forgetAddress(ctx, id)
		return err
	})
	for part := 0; err == nil && part < forgetParts; part++ {
		var list []letter
		if list, err = c.naming(ctx, id, part); err == nil && len(list) > 0 {
			found = true
			err = c.wait(ctx, func(ctx context.Context, b *batch) error { return b.forgetIn(ctx, id, list) })
		}
	}
	if err == nil {
		err = c.scrub(ctx)
	}
	if err != nil {
		return found, fmt.Errorf("ledger: forget: %w", err)
	}
	return found, nil
}

// scrub takes deleted rows out of the write-ahead log too.
func (c *Conversations) scrub(ctx context.Context) error {
	_, err := c.db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return err
}

func (b *batch) forgetAddress(ctx context.Context, id int64) (found bool, err error) {
	if err := b.settle(ctx); err != nil {
		return false, err
	}
	p, err := b.partner(ctx, id)
	if err != nil || p.was == 0 {
		return false, err
	}
	delete(b.partners, id)
	return true, b.forget(ctx, old{id: id, source: p.source, class: p.class, keys: p.keys})
}

// entries are the forms in which an address stands among parties.
func entries(id int64) (list []parties) {
	for _, r := range []role{addressee, copied} {
		var p parties
		p.add(id, r)
		list = append(list, p)
	}
	return list
}

// naming finds the mails of a part in which an address is a party, and perhaps some that only look so.
func (c *Conversations) naming(ctx context.Context, id int64, part int) (list []letter, err error) {
	const width = math.MaxUint64/forgetParts + 1
	first := int64(uint64(part)*width) ^ math.MinInt64
	forms := entries(id)
	err = c.tx(ctx, true, func(tx *txn) error {
		rows, err := tx.QueryContext(ctx, `SELECT id, class, source, parties FROM talk_mails
			WHERE id BETWEEN ? AND ? AND (instr(parties, ?) OR instr(parties, ?))`, first, first+(width-1), []byte(forms[0]), []byte(forms[1]))
		if err != nil {
			return err
		}
		return eachRow(rows, func(rows *sql.Rows) error {
			var m letter
			err := rows.Scan(&m.id, &m.class, &m.source, (*[]byte)(&m.parties))
			list = append(list, m)
			return err
		})
	})
	return list, err
}

// forgetIn takes an address out of mails; a mail that it wrote goes.
func (b *batch) forgetIn(ctx context.Context, id int64, list []letter) error {
	for _, m := range list {
		left, wrote := m.parties.without(id)
		var err error
		switch {
		case wrote && m.class != mailOurs:
			err = b.forgetLetter(ctx, old{id: m.id, class: m.class, source: m.source})
		case len(left) < len(m.parties):
			_, err = b.tx.ExecContext(ctx, `UPDATE talk_mails SET parties = ? WHERE id = ?`, blob(left), m.id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// without leaves an address out. A mail of ours keeps a writer: none.
func (p parties) without(id int64) (left parties, wrote bool) {
	forms := entries(id)
	for i := 0; i+partySize <= len(p); i += partySize {
		switch e := p[i : i+partySize]; {
		case !bytes.Equal(e, forms[0]) && !bytes.Equal(e, forms[1]):
			left = append(left, e...)
		case i == 0:
			wrote = true
		}
	}
	return left, wrote
}

// writer is the id of who wrote, without its role; 0 for nobody.
func (p parties) writer() int64 {
	if len(p) < partySize {
		return 0
	}
	return int64(binary.BigEndian.Uint64(p) &^ uint64(roleMask))
}
