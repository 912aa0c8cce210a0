package lists

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"sekisho/internal/address"
)

// BookMax is the most entries by hand: what is more comes from a machine, and belongs into a file.
const BookMax = 100_000

// Book is the entries by hand, safe for concurrent use. Several processes may have it open.
type Book struct {
	db   *sql.DB
	page atomic.Pointer[page]
}

// page is the entries as they were read last.
type page struct {
	generation int64
	all        []*Entry
	block      map[Item]*Entry
	allow      map[string][]*Entry // by fingerprint
	types      uint16              // of block
	bits4      [33]bool
	bits6      [129]bool
}

// OpenBook reads the entries of memory.db.
func OpenBook(ctx context.Context, db *sql.DB) (*Book, error) {
	b := &Book{db: db}
	b.page.Store(&page{generation: -1})
	return b, b.Refresh(ctx)
}

// Refresh reads the entries if there was a change.
func (b *Book) Refresh(ctx context.Context) error {
	var n int64
	if err := b.db.QueryRowContext(ctx, `SELECT n FROM list_generation`).Scan(&n); err != nil {
		return fmt.Errorf("lists: %w", err)
	}
	if n == b.page.Load().generation {
		return nil
	}
	p, err := b.read(ctx)
	if err != nil {
		return fmt.Errorf("lists: %w", err)
	}
	b.page.Store(p)
	return nil
}

// read reads the generation first: an entry that comes meanwhile is read again, never missed.
func (b *Book) read(ctx context.Context) (*page, error) {
	p := &page{block: map[Item]*Entry{}, allow: map[string][]*Entry{}}
	if err := b.db.QueryRowContext(ctx, `SELECT n FROM list_generation`).Scan(&p.generation); err != nil {
		return nil, err
	}
	rows, err := b.db.QueryContext(ctx, `SELECT id, use, type, value, sender, rcpt, owner, reason, made, expires FROM list_entries ORDER BY id LIMIT ?`, BookMax)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		e, kind := &Entry{}, ""
		var made, expires int64
		if err := rows.Scan(&e.ID, &e.Use, &kind, &e.Value, &e.Sender, &e.Rcpt, &e.Owner, &e.Reason, &made, &expires); err != nil {
			return nil, err
		}
		if err := e.Type.UnmarshalText([]byte(kind)); err != nil { // a newer version's
			continue
		}
		e.Made = time.Unix(made, 0).UTC()
		if expires != 0 {
			e.Expires = time.Unix(expires, 0).UTC()
		}
		p.add(e)
	}
	return p, rows.Err()
}

func (p *page) add(e *Entry) {
	p.all = append(p.all, e)
	if e.Use == Allow {
		p.allow[e.Value] = append(p.allow[e.Value], e)
		return
	}
	h := head{Bits4: p.bits4, Bits6: p.bits6, Types: p.types}
	h.note(e.item())
	p.bits4, p.bits6, p.types = h.Bits4, h.Bits6, h.Types
	p.block[e.item()] = e
}

// everyLook is how often a process asks for changes: a question of one row.
const everyLook = time.Second

// Run keeps the entries fresh until ctx ends. failed hears of a failure, once until it works again; the entries that were read stay in force.
func (b *Book) Run(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(everyLook)
	defer tick.Stop()
	well := true
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := b.refreshed(ctx)
		if err != nil && well && ctx.Err() == nil {
			failed(err)
		}
		well = err == nil
	}
}

// refreshed is Refresh within a second, so that a locked database keeps nobody waiting, and without panics.
func (b *Book) refreshed(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("lists: panic: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, everyLook)
	defer cancel()
	return b.Refresh(ctx)
}

// Add writes an entry and returns it as it is compared. Of one that is there it takes owner, reason and expiry anew where again says so.
func (b *Book) Add(ctx context.Context, e Entry, now time.Time, again bool) (Entry, error) {
	e, err := e.normal(now)
	if err != nil {
		return e, err
	}
	expires := int64(0)
	if !e.Expires.IsZero() {
		expires = e.Expires.Unix()
	}
	clash := `ON CONFLICT DO NOTHING`
	if again {
		clash = `ON CONFLICT DO UPDATE SET owner = excluded.owner, reason = excluded.reason, made = excluded.made, expires = excluded.expires`
	}
	row := b.db.QueryRowContext(ctx, `INSERT INTO list_entries (use, type, value, sender, rcpt, owner, reason, made, expires)
		SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE (SELECT count(*) FROM list_entries) < ?10 `+clash+` RETURNING id`,
		e.Use, e.Type.String(), e.Value, e.Sender, e.Rcpt, e.Owner, e.Reason, e.Made.Unix(), expires, BookMax)
	err = row.Scan(&e.ID)
	if errors.Is(err, sql.ErrNoRows) {
		return e, b.refused(ctx)
	}
	if err != nil {
		return e, fmt.Errorf("lists: %w", busy(err))
	}
	return e, b.Refresh(ctx)
}

// refused says why an insert wrote nothing.
func (b *Book) refused(ctx context.Context) error {
	var n int
	if err := b.db.QueryRowContext(ctx, `SELECT count(*) FROM list_entries`).Scan(&n); err != nil {
		return fmt.Errorf("lists: %w", err)
	}
	if n >= BookMax {
		return ErrFull
	}
	return ErrKnown
}

// busy makes SQLite's word for a lock that somebody holds too long a plain one.
func busy(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY {
		return errors.New("the database is busy: try again")
	}
	return err
}

// Remove deletes an entry of a use and returns it.
func (b *Book) Remove(ctx context.Context, use Use, id int64) (Entry, error) {
	if err := b.Refresh(ctx); err != nil {
		return Entry{}, err
	}
	for _, e := range b.page.Load().all {
		if e.ID != id || e.Use != use {
			continue
		}
		res, err := b.db.ExecContext(ctx, `DELETE FROM list_entries WHERE id = ?`, id)
		if err != nil {
			return *e, fmt.Errorf("lists: %w", busy(err))
		}
		if n, err := res.RowsAffected(); err == nil && n == 0 { // somebody was faster
			return *e, ErrNone
		}
		return *e, b.Refresh(ctx)
	}
	return Entry{}, ErrNone
}

// List returns the entries of a use, the expired ones among them, oldest first.
func (b *Book) List(ctx context.Context, use Use) (list []Entry, err error) {
	if err := b.Refresh(ctx); err != nil {
		return nil, err
	}
	for _, e := range b.page.Load().all {
		if e.Use == use {
			list = append(list, *e)
		}
	}
	return list, nil
}

// Allowed returns the entry that allows a macro in mail of a sender to a recipient, nil for none. Whether the sender is proven is the caller's question.
func (b *Book) Allowed(macro, sender, rcpt string, now time.Time) *Entry {
	entries := b.page.Load().allow[strings.ToLower(macro)]
	if macro == "" || len(entries) == 0 { // asked of every file for every recipient
		return nil
	}
	sender, rcpt = address.Exact(sender), address.Exact(rcpt)
	person := address.Fold(rcpt) // whose mailbox it is; of a sender the address itself counts
	for _, e := range entries {
		if !e.Expired(now) && covers(e.Sender, sender) && (covers(e.Rcpt, rcpt) || covers(e.Rcpt, person)) {
			return e
		}
	}
	return nil
}

// Allows reports whether any entry in force allows a macro at all, whoever sends it to whom.
func (b *Book) Allows(macro string, now time.Time) bool {
	return macro != "" && slices.ContainsFunc(b.page.Load().allow[strings.ToLower(macro)], func(e *Entry) bool { return !e.Expired(now) })
}

// blocked returns the first entry that blocks one of items.
func (b *Book) blocked(items []Item, now time.Time) *Entry {
	p := b.page.Load()
	if len(p.block) == 0 {
		return nil
	}
	for _, it := range items {
		if e := p.block[it]; e != nil && !e.Expired(now) {
			return e
		}
	}
	return nil
}

func (b *Book) wants(t Type) bool { return b.page.Load().types&(1<<t) != 0 }

func (b *Book) prefixes(is4 bool, into []bool) {
	p := b.page.Load()
	if is4 {
		merge(into, p.bits4[:])
	} else {
		merge(into, p.bits6[:])
	}
}
