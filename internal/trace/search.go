package trace

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sekisho/internal/address"
)

// Query asks for records. What is empty is not asked; everything else must hold.
type Query struct {
	Sender     string   // envelope or From: an address, or a domain (with or without "@")
	Recipient  string   // the same of the recipients
	Address    string   // the same of either
	MessageID  string   // with or without angle brackets
	Subject    string   // without regard to "Re:" and the like, letter case, width and blanks
	Contains   string   // in the subject, a file's name or an address; read from the records one by one
	Digests    []string // SHA-256 of the mail or of a file in it: one of them, or of Macros
	Macros     []string // macro fingerprints
	Name       string   // of a file
	QueueID    string
	Quarantine string
	Client     string
	Account    string
	Rule       string
	Verdict    string
	Direction  string
	Since      time.Time // inclusive
	Until      time.Time // exclusive
	Before     int64     // only records with a smaller id: the next page
}

// key is a value under a kind.
type key struct {
	kind  keyKind
	value string
}

// term is true of a record that has one of the keys.
type term []key

// ErrQuery means that something is asked of which nothing is left to look for, as a subject that is only "Re:". Left out, it would find everything.
var ErrQuery = errors.New("trace: nothing to look for")

// terms are the parts of a query that indexes answer, those with the fewest hits first.
func (t *Trace) terms(q *Query) (terms []term, err error) {
	one := func(kind keyKind, v string) term { return term{{kind, v}} }
	for _, x := range []struct {
		asked string
		term  term
	}{
		{q.MessageID, one(keyMessageID, foldID(q.MessageID))}, {q.QueueID, one(keyQueueID, q.QueueID)},
		{q.Quarantine, one(keyQuarantine, q.Quarantine)}, {strings.Join(q.Digests, "") + strings.Join(q.Macros, ""), q.files()},
		{q.Subject, one(keySubject, foldSubject(q.Subject))}, {q.Name, one(keyName, foldName(q.Name))},
		{q.Sender, t.party(q.Sender, keySender)}, {q.Recipient, t.party(q.Recipient, keyRcpt)},
		{q.Address, slices.Concat(t.party(q.Address, keySender), t.party(q.Address, keyRcpt))},
		{q.Account, t.account(q.Account)}, {q.Client, one(keyClient, q.Client)}, {q.Rule, one(keyRule, q.Rule)},
		{q.indexedVerdict(), one(keyVerdict, q.indexedVerdict())},
	} {
		if x.asked == "" {
			continue
		}
		if x.term = slices.DeleteFunc(x.term, func(k key) bool { return k.value == "" }); len(x.term) == 0 {
			return nil, fmt.Errorf("%w: %q", ErrQuery, x.asked)
		}
		terms = append(terms, x.term)
	}
	if q.Contains != "" && foldText(q.Contains) == "" {
		return nil, fmt.Errorf("%w: %q", ErrQuery, q.Contains)
	}
	return terms, nil
}

// files asks for one of the digests and fingerprints.
func (q *Query) files() (x term) {
	for _, d := range q.Digests {
		x = append(x, key{keyDigest, strings.ToLower(d)})
	}
	for _, m := range q.Macros {
		x = append(x, key{keyMacros, strings.ToLower(m)})
	}
	return x
}

// indexedVerdict leaves out accept, which nearly all mail has: no index helps.
func (q *Query) indexedVerdict() string {
	if q.Verdict == "accept" {
		return ""
	}
	return q.Verdict
}

// party is an address or a domain of one side, plain and, where addresses are hidden, as their hash: earlier records may be of either sort.
func (t *Trace) party(v string, kind keyKind) term {
	if v == "" {
		return nil
	}
	if domain, found := strings.CutPrefix(v, "@"); found || !strings.Contains(v, "@") {
		x := term{{kind + keySenderDomain - keySender, address.ASCII(domain)}}
		if t.opts.Hide != nil {
			h := t.opts.Hide("@" + address.ASCII(domain))
			x = append(x, key{kind + keySenderDomain - keySender, h[strings.LastIndexByte(h, '@')+1:]})
		}
		return x
	}
	x := term{{kind, address.Fold(v)}}
	if t.opts.Hide != nil {
		x = append(x, key{kind, t.opts.Hide(address.Fold(v))})
	}
	return x
}

func (t *Trace) account(v string) term {
	x := term{{keyAccount, strings.ToLower(v)}}
	if t.opts.Hide != nil && strings.Contains(v, "@") {
		x = append(x, key{keyAccount, t.opts.Hide(address.Fold(v))})
	}
	return x
}

// matches reports whether a record has one of the keys.
func (x term) matches(r *Record) (ok bool) {
	for _, k := range x {
		r.values(k.kind, func(v string) { ok = ok || v == k.value })
	}
	return ok
}

// search is a query at work.
type search struct {
	t        *Trace
	q        *Query
	terms    []term
	contains string
	since    int64 // Unix milliseconds
	until    int64
	give     func(*Record) bool
}

// errEnd ends a search early.
var errEnd = errors.New("trace: enough")

// Search gives the records that match, the newest first, until give returns false. It sees one state of the database, whatever is written meanwhile.
func (t *Trace) Search(ctx context.Context, q Query, give func(*Record) bool) error {
	terms, err := t.terms(&q)
	if err != nil {
		return err
	}
	s := &search{t: t, q: &q, terms: terms, contains: foldText(q.Contains), give: give, since: -1 << 62, until: 1<<63 - 1}
	if !q.Since.IsZero() {
		s.since = q.Since.UnixMilli()
	}
	if !q.Until.IsZero() {
		s.until = q.Until.UnixMilli()
	}
	if q.Before <= 0 {
		q.Before = 1<<63 - 1
	}
	err = t.snapshot(ctx, func(db querier) error { return s.run(ctx, db) })
	if err != nil && !errors.Is(err, errEnd) {
		return fmt.Errorf("trace: search: %w", err)
	}
	return nil
}

// querier is a connection, or a transaction of tests.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// snapshot runs work on one state of the database. It begins the transaction itself: package sql's own takes a goroutine for each of the hundreds of questions.
func (t *Trace) snapshot(ctx context.Context, work func(querier) error) (err error) {
	conn, err := t.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `BEGIN`); err != nil {
		return err
	}
	defer func() {
		_, rerr := conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
		err = errors.Join(err, rerr)
	}()
	return work(conn)
}

// span is some records in a row that one index names.
type span struct {
	segment, base int64 // its index, and the record id from which that counts
	from, to      int64 // ids, to not among them
	since, until  int64
}

func (s *search) run(ctx context.Context, db querier) error {
	spans, tail, err := s.spans(ctx, db)
	if err != nil {
		return err
	}
	if err := s.each(ctx, db, tail, 1<<63-1); err != nil {
		return err
	}
	find, err := newFinder(ctx, db)
	if err != nil {
		return err
	}
	defer find.blocks.Close()
	get, err := db.PrepareContext(ctx, `SELECT id, time, body FROM trace_records WHERE id = ?`)
	if err != nil {
		return err
	}
	defer get.Close()
	for _, sp := range spans {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case sp.from >= s.q.Before || sp.until < s.since || sp.since >= s.until:
		case len(s.terms) == 0:
			err = s.each(ctx, db, sp.from, sp.to)
		default:
			err = s.indexed(ctx, find, get, sp)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// spans are what has an index, the newest first, and the first record behind them. Without terms a span is one chunk: its times are asked.
func (s *search) spans(ctx context.Context, db querier) (spans []span, tail int64, err error) {
	rows, err := db.QueryContext(ctx, `SELECT id, since, until, segment, base FROM trace_chunks ORDER BY id DESC`)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var chunk int64
		var c span
		if err := rows.Scan(&chunk, &c.since, &c.until, &c.segment, &c.base); err != nil {
			return nil, 0, err
		}
		c.from, c.to = chunk<<chunkBits, (chunk+1)<<chunkBits
		if len(spans) == 0 {
			tail = c.to
		} else if last := &spans[len(spans)-1]; last.segment == c.segment && len(s.terms) > 0 {
			last.from, last.since, last.until = c.from, min(last.since, c.since), max(last.until, c.until)
			continue
		}
		spans = append(spans, c)
	}
	return spans, tail, rows.Err()
}

// each looks at records one by one, the newest first.
func (s *search) each(ctx context.Context, db querier, from, to int64) error {
	rows, err := db.QueryContext(ctx, `SELECT id, time, body FROM trace_records WHERE id >= ? AND id < ? ORDER BY id DESC`, from, min(to, s.q.Before))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := errors.Join(ctx.Err(), s.look(rows)); err != nil { // rows end some thousand records after their context
			return err
		}
	}
	return rows.Err()
}

// indexed looks at the records of a span that the index names. Its questions are small and many: the caller asks ctx between spans.
func (s *search) indexed(ctx context.Context, find finder, get *sql.Stmt, sp span) error {
	still := context.WithoutCancel(ctx)
	places, err := s.places(still, find, sp.segment)
	if err != nil {
		return err
	}
	for _, p := range slices.Backward(places) {
		id := sp.base + p
		if id >= s.q.Before {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.look(get.QueryRowContext(still, id))
		if err != nil && !errors.Is(err, sql.ErrNoRows) { // expired
			return err
		}
	}
	return nil
}

// places are the records of a segment that the index has for all terms.
func (s *search) places(ctx context.Context, find finder, segment int64) (all []int64, err error) {
	for i, x := range s.terms {
		var some []int64
		for _, k := range x {
			p, err := find.places(ctx, segment, s.t.hash(k.kind, k.value))
			if err != nil {
				return nil, err
			}
			some = append(some, p...)
		}
		if len(x) > 1 {
			slices.Sort(some)
			some = slices.Compact(some)
		}
		if i == 0 {
			all = some
		} else {
			all = intersect(all, some)
		}
		if len(all) == 0 {
			return nil, nil
		}
	}
	return all, nil
}

// intersect keeps what of a is in b; both are in order.
func intersect(a, b []int64) []int64 {
	return slices.DeleteFunc(a, func(v int64) bool {
		for len(b) > 0 && b[0] < v {
			b = b[1:]
		}
		return len(b) == 0 || b[0] != v
	})
}

// look gives a record that matches.
func (s *search) look(row scanner) error {
	var id, ms int64
	var body []byte
	if err := row.Scan(&id, &ms, &body); err != nil {
		return err
	}
	if ms < s.since || ms >= s.until {
		return nil
	}
	r, err := decode(id, ms, body)
	if err != nil && !errors.Is(err, errBody) {
		return err
	}
	if s.matches(r) && !s.give(r) {
		return errEnd
	}
	return nil
}

func (s *search) matches(r *Record) bool {
	if s.q.Verdict != "" && r.Verdict != s.q.Verdict || s.q.Direction != "" && r.Direction != s.q.Direction {
		return false
	}
	for _, x := range s.terms {
		if !x.matches(r) {
			return false
		}
	}
	return s.contains == "" || r.contains(s.contains)
}

// contains looks for folded text where people would.
func (r *Record) contains(folded string) bool {
	in := func(s string) bool { return strings.Contains(foldText(s), folded) }
	return in(r.Subject) || in(r.MailFrom) || in(r.From) ||
		slices.ContainsFunc(r.Files, func(f File) bool { return in(f.Name) || in(f.Path) }) ||
		slices.ContainsFunc(r.Rcpts, func(a Rcpt) bool { return in(a.Address) })
}
