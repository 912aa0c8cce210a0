package ledger

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"sekisho/internal/store"
)

// ConversationOptions are the settings of the memory of conversations. The zero value of a field is its default.
type ConversationOptions struct {
	Keep         time.Duration // of mails, and of strangers since their last; 400 days
	KeepPartners time.Duration // of those we wrote to, since the last mail; 800 days
	MaxMails     int64         // of ours and of parties; 20 million
	MaxStrangers int64         // addresses that we never wrote to, and as many mails of others; 2 million
	MaxPartners  int64         // addresses and organisations that we wrote to; 4 million
	MaxBytes     int64         // what all this takes, about; 8 GiB
	Share        float64       // the part of MaxStrangers that one network may take; 0.01
	Timeout      time.Duration // for one question; 200 ms
	Gather       time.Duration // how long received mails gather before they are written; 100 ms; negative: each is learned when LearnReceived returns
	Key          []byte        // of the hashes: with it no address is kept in clear; nil: a key in the database, and addresses in clear

	Neighbours func(domain string) []string // keys that domains have in common with those that look like them; nil: the domain itself
	Dropped    func(mails int)              // hears of mails that were not learned
	Failed     func(err error)              // hears why a mail was not learned that was taken to be
	Asked      func(time.Duration)          // hears how long a question took
}

const day = 24 * time.Hour

func (o ConversationOptions) withDefaults() ConversationOptions {
	positive(&o.Keep, 400*day)
	positive(&o.KeepPartners, 800*day)
	positive(&o.MaxMails, 20_000_000)
	positive(&o.MaxStrangers, 2_000_000)
	positive(&o.MaxPartners, 4_000_000)
	positive(&o.MaxBytes, 8<<30)
	positive(&o.Share, 0.01)
	positive(&o.Timeout, 200*time.Millisecond)
	if o.Gather == 0 {
		o.Gather = 100 * time.Millisecond
	}
	if o.Neighbours == nil {
		o.Neighbours = func(domain string) []string { return []string{domain} }
	}
	if o.Dropped == nil {
		o.Dropped = func(int) {}
	}
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	if o.Asked == nil {
		o.Asked = func(time.Duration) {}
	}
	return o
}

func positive[T time.Duration | int64 | float64](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}

// Conversations is the memory of conversations and correspondents, safe for concurrent use.
type Conversations struct {
	db, writer *database
	opts       ConversationOptions
	hash       hasher
	ours       atomic.Pointer[func(addr string) bool]
	known      atomic.Pointer[coverage]
	asking     chan struct{} // a place for each question in work
	queue      chan *order
	hurry      chan struct{} // one slot: nothing gathers
	queued     atomic.Int64  // bytes of queueBytes
	pending    pending
	recent     *recent
	ended      atomic.Bool // nothing more is learned
	log        wal
	free       time.Time // the writer's: until then the lock is left to others
	emptied    bool      // at opening: the key is a new one
	end        context.CancelFunc
	done       sync.WaitGroup
	cursor     [2]int64        // of Expire, in mails and partners
	sizes      [2]atomic.Int64 // mean bytes of a mail, of a partner
	expire     sync.Mutex
}

// OpenConversations opens the memory of a state folder. The caller closes it before the store.
func OpenConversations(ctx context.Context, st *store.Store, o ConversationOptions) (*Conversations, error) {
	db, err := st.Database(ctx, store.Memory)
	if err != nil {
		return nil, fmt.Errorf("ledger: conversations: %w", err)
	}
	writer, err := st.Writer(ctx, store.Memory)
	if err != nil {
		return nil, fmt.Errorf("ledger: conversations: %w", err)
	}
	c := &Conversations{
		cursor: [2]int64{math.MinInt64, math.MinInt64}, db: &database{DB: db}, writer: &database{DB: writer}, opts: o.withDefaults(),
		asking: make(chan struct{}, maxAsking), queue: make(chan *order, maxQueue), hurry: make(chan struct{}, 1), recent: newRecent(), log: wal{full: make(chan struct{}, 1)},
	}
	c.sizes[0].Store(mailUsual)
	c.sizes[1].Store(partnerUsual)
	if err := c.open(ctx); err != nil {
		return nil, fmt.Errorf("ledger: conversations: %w", err)
	}
	c.SetLocal(func(string) bool { return false })
	wctx, end := context.WithCancel(context.WithoutCancel(ctx))
	c.end = end
	c.done.Go(func() { c.write(wctx) })
	c.done.Go(func() { c.checkpoint(wctx) })
	return c, nil
}

// Close learns what is still waiting and ends.
func (c *Conversations) Close() error {
	c.ended.Store(true)
	c.end()
	c.done.Wait()
	return errors.Join(c.db.closeStatements(), c.writer.closeStatements())
}

// SetLocal says whose addresses are ours from now on.
func (c *Conversations) SetLocal(local func(addr string) bool) { c.ours.Store(&local) }

// open finds the key of the hashes. Where the one of the settings is another than that of the database, nothing in it can be found any more,
// and it is emptied: so the setting that hashes addresses leaves none behind.
func (c *Conversations) open(ctx context.Context) error {
	err := c.tx(ctx, false, func(tx *txn) error {
		key := c.opts.Key
		if key == nil {
			key = make([]byte, 32)
			if _, err := rand.Read(key); err != nil {
				return err
			}
			var old []byte
			switch err := tx.QueryRowContext(ctx, `SELECT value FROM talk_meta WHERE name = 'key'`).Scan(&old); {
			case err == nil:
				key = old
			case !errors.Is(err, sql.ErrNoRows):
				return err
			}
		}
		c.hash = newHasher(key)
		if err := c.sameKey(ctx, tx, key); err != nil {
			return err
		}
		n, err := loadCoverage(ctx, tx)
		c.known.Store(n)
		return err
	})
	if err == nil && c.emptied {
		err = c.scrub(ctx)
	}
	if err != nil {
		return err
	}
	return errors.Join(c.db.compile(ctx), c.writer.compile(ctx))
}

// sameKey empties the memory of another key, and notes this one: itself where it is the database's own, else its mark.
func (c *Conversations) sameKey(ctx context.Context, tx *txn, key []byte) error {
	mark := binary.BigEndian.AppendUint64(nil, uint64(c.hash.of(hashCheck, "")))
	var old []byte
	err := tx.QueryRowContext(ctx, `SELECT value FROM talk_meta WHERE name = 'mark'`).Scan(&old)
	if err == nil && bytes.Equal(old, mark) || err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	c.emptied = true
	for _, q := range []string{sqlSecure, `DELETE FROM talk_meta`, `DELETE FROM talk_mails`, `DELETE FROM talk_partners`, `DELETE FROM talk_keys`,
		`DELETE FROM talk_usage`, `DELETE FROM talk_days`, `DELETE FROM talk_cover`} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	if c.opts.Key == nil {
		if _, err := tx.ExecContext(ctx, `INSERT INTO talk_meta VALUES ('key', ?)`, key); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO talk_meta VALUES ('mark', ?)`, mark)
	return err
}
