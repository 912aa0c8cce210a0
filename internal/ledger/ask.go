package ledger

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

// ErrBusy means that as many questions as may wait are waiting already.
var ErrBusy = errors.New("ledger: too many questions at once")

// What one question may name, and what one answer: a mail with more has it from a program, and the first say it.
const (
	maxAsking   = 64  // questions at once: the store answers four at a time, each in a millisecond or two
	maxRefs     = 100 // Message-IDs: as mail programs keep References
	maxQuoted   = 50  // addresses
	maxNames    = 20  // keys of names
	maxVia      = 4   // a mail has one envelope sender, and one list that it came by
	maxAlike    = 200 // keys of a domain: one for each letter left out, at most 63, and some
	maxSubject  = 50  // mails of ours with the same subject
	maxForeign  = 60  // different parties of these: more of them, and the subject says nothing
	maxKeyed    = 400 // rows behind all keys of a question
	maxNamesake = 20  // in an answer
)

// Ask answers a question in one read transaction. An error means that nothing is known.
func (c *Conversations) Ask(ctx context.Context, q Question) (Answer, error) {
	defer func(begun time.Time) { c.opts.Asked(time.Since(begun)) }(time.Now())
	k := c.inquiry(&q)
	if a, ok := k.recall(); ok {
		return a, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	select {
	case c.asking <- struct{}{}:
	default:
		return Answer{}, ErrBusy
	}
	type reply struct {
		Answer
		error
	}
	// A disk that does not answer keeps the goroutine, not the mail; maxAsking bounds them.
	replies := make(chan reply, 1)
	go func() {
		defer func() { <-c.asking }()
		var r reply
		r.error = safely(func() (err error) {
			r.Answer, err = c.answer(ctx, k)
			return err
		})
		replies <- r
	}()
	select {
	case r := <-replies:
		if r.error != nil {
			return Answer{}, fmt.Errorf("ledger: ask: %w", r.error)
		}
		return r.Answer, nil
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("ledger: ask: %w", ctx.Err())
	}
}

// recall answers without the database where nothing is cited, and the people were asked for a moment ago.
func (k *inquiry) recall() (a Answer, ok bool) {
	k.commit, k.newest = k.recent.commits()
	if len(k.refs) > 0 || k.Subject != "" || len(k.waitsFor()) > 0 {
		return a, false
	}
	a, ok = k.remembered()
	return k.whole(a), ok
}

// remembered is what the answer has of people and keys, if all of them were asked for a moment ago.
func (k *inquiry) remembered() (a Answer, ok bool) {
	if known, ok := k.recent.people(k.people()); !ok {
		return a, false
	} else {
		k.met(&a, func(i int, _ int64) Partner { return known[i] })
	}
	if names, alike := k.keysFor(&a); len(names)+len(alike) > 0 && !k.recent.isNothing(k.recent.of(names, alike)) {
		return Answer{}, false
	}
	return a, true
}

// answer looks everything up.
func (c *Conversations) answer(ctx context.Context, k *inquiry) (a Answer, err error) {
	if err := c.catchUp(ctx, k); err != nil {
		return a, err
	}
	k.commit, k.newest = c.recent.commits()
	if a, ok := k.remembered(); ok && k.Subject == "" { // what it cites is left: one statement, which needs no transaction
		err := k.cited(ctx, &txn{db: c.db}, &a)
		return k.whole(a), err
	}
	err = c.tx(ctx, true, func(tx *txn) error {
		for _, look := range []func(context.Context, *txn, *Answer) error{k.cited, k.subject, k.partners, k.keyed} {
			if err := look(ctx, tx, &a); err != nil {
				return err
			}
		}
		return nil
	})
	return k.whole(a), err
}

// whole adds what is known without the database.
func (k *inquiry) whole(a Answer) Answer {
	k.markOurs(&a)
	a.Warm = k.known.Load().warm(k.Time)
	return a
}

// inquiry is a question in the words of the database.
type inquiry struct {
	*Conversations
	*Question
	from, org int64
	refs      []int64 // as ours, then as theirs
	quoted    []int64
	names     []int64
	via       []int64 // addresses and organisations

	commit, newest int64 // of the memory when it was asked
}

func (c *Conversations) inquiry(q *Question) *inquiry {
	k := &inquiry{Conversations: c, Question: q, from: c.hash.of(hashAddress, q.From), org: c.hash.org(q.From)}
	q.Refs = q.Refs[:min(len(q.Refs), maxRefs)]
	k.refs = append(c.hash.all(hashOurs, q.Refs, maxRefs), c.hash.all(hashTheirs, q.Refs, maxRefs)...)
	k.quoted = c.hash.all(hashAddress, q.Quoted, maxQuoted)
	k.names = c.hash.all(hashName, q.Names, maxNames)
	if c.local(q.From) {
		k.org = 0
	}
	for _, addr := range q.Via[:min(len(q.Via), maxVia)] {
		k.via = append(k.via, c.hash.of(hashAddress, addr), c.hash.org(addr))
	}
	return k
}

// count adds one remembered mail for the writer, and for what handed his mail on.
func (k *inquiry) count(t *Citations, m *letter) {
	t.count(m, k.from, k.org)
	for i, id := range k.via {
		if i%2 == 0 {
			t.Via = t.Via || m.parties.has(id, addressee) || m.parties.has(id, copied)
		} else {
			t.Via = t.Via || id != 0 && m.parties.has(id, org)
		}
	}
}

func (c *Conversations) local(addr string) bool { return (*c.ours.Load())(addr) }

func (c *Conversations) since(t time.Time) int64 { return t.Add(-c.opts.Keep).Unix() }

// cited looks the cited mails up.
func (k *inquiry) cited(ctx context.Context, tx *txn, a *Answer) error {
	if len(k.refs) == 0 {
		return nil
	}
	found := map[int64]bool{}
	err := tx.each(ctx, func(rows *sql.Rows) error {
		var m letter
		if err := rows.Scan(&m.id, &m.class, &m.flags, (*[]byte)(&m.parties)); err != nil {
			return err
		}
		found[m.id] = true
		k.count(&a.Cited, &m)
		return nil
	}, sqlCited, ids(k.refs...), k.since(k.Time))
	known := k.known.Load()
	for i, ref := range k.Refs {
		if right := rightOf(ref); right != "" && !found[k.refs[i]] && known.covers(k.hash.of(hashDomain, right)) {
			a.Cited.Forged++
		}
	}
	return err
}

// count adds one remembered mail.
func (t *Citations) count(m *letter, from, of int64) {
	switch {
	case m.class == mailOurs && m.flags&mailRobot != 0:
		t.Robot++
		return
	case m.class == mailOurs:
		t.Ours++
	case m.class == mailTheirs:
		t.Theirs++
	default:
		return
	}
	t.Listed = t.Listed || m.flags&mailWide != 0
	t.Party = t.Party || m.parties.has(from, addressee)
	t.Copied = t.Copied || m.parties.has(from, copied)
	t.OrgParty = t.OrgParty || of != 0 && m.parties.has(of, org)
}

// subject looks for mails of ours with the same subject. One that many had says nothing of a conversation.
func (k *inquiry) subject(ctx context.Context, tx *txn, a *Answer) error {
	if k.Subject == "" {
		return nil
	}
	var sum Citations
	people := map[string]bool{}
	err := tx.each(ctx, func(rows *sql.Rows) error {
		var m letter
		if err := rows.Scan(&m.class, &m.flags, (*[]byte)(&m.parties)); err != nil {
			return err
		}
		k.count(&sum, &m)
		for p := m.parties; len(p) >= partySize; p = p[partySize:] {
			people[string(p[:partySize])] = true
		}
		return nil
	}, sqlSubject, k.subjectOf(), k.since(k.Time), maxSubject)
	if len(people) <= maxForeign {
		a.Subject = sum
	}
	return err
}

// subjectOf is the subject that is asked for, 0 for none.
func (k *inquiry) subjectOf() int64 {
	if k.Subject == "" {
		return 0
	}
	return k.subjectID(k.Subject)
}

func (c *Conversations) subjectID(s string) int64 { return c.hash.of(hashSubject, s) }

// people are whom it is asked about: those quoted, the writer, his organisation.
func (k *inquiry) people() []int64 { return append(slices.Clone(k.quoted), k.from, k.org) }

// met answers who they are.
func (k *inquiry) met(a *Answer, of func(i int, id int64) Partner) {
	n := len(k.quoted)
	a.Quoted = make([]Partner, len(k.Question.Quoted))
	for i, id := range k.quoted {
		a.Quoted[i] = of(i, id)
	}
	a.From, a.Org = of(n, k.from), of(n+1, k.org)
}

// partners looks up the writer, his organisation, and who is quoted.
func (k *inquiry) partners(ctx context.Context, tx *txn, a *Answer) error {
	people := k.people()
	if known, ok := k.recent.people(people); ok {
		k.met(a, func(i int, _ int64) Partner { return known[i] })
		return nil
	}
	found := map[int64]Partner{}
	err := tx.each(ctx, func(rows *sql.Rows) error {
		var p contact
		if err := p.scan(rows); err != nil {
			return err
		}
		found[p.id] = p.Partner
		return nil
	}, sqlMany, ids(people...))
	if err != nil {
		return err
	}
	k.met(a, func(_ int, id int64) Partner { return found[id] })
	k.recent.note(k.commit, people, found)
	return nil
}

func correspondent(p *Partner) bool { return p.Begun+p.Answered > 0 }

// keysFor are the keys that are looked for.
func (k *inquiry) keysFor(a *Answer) (names, alike []string) {
	names = k.Question.Names[:min(len(k.Question.Names), maxNames)]
	if !correspondent(&a.From) && !correspondent(&a.Org) { // whose own domain is known is nobody's likeness
		alike = k.Question.Alike[:min(len(k.Question.Alike), maxAlike)]
	}
	return names, alike
}

// keyed looks for others under the same name, and for domains that look alike.
func (k *inquiry) keyed(ctx context.Context, tx *txn, a *Answer) error {
	names, alike := k.keysFor(a)
	asked := k.recent.of(names, alike)
	if len(names)+len(alike) == 0 || k.recent.isNothing(asked) {
		return nil
	}
	keys := append(k.hash.all(hashAlike, alike, maxAlike), k.names...)
	met := false
	err := tx.each(ctx, func(rows *sql.Rows) error {
		met = true
		var p contact
		if err := p.scan(rows); err != nil {
			return err
		}
		switch {
		case p.id == k.from || p.id == k.org:
		case p.flags&partnerOrg != 0 && len(a.Alike) < maxNamesake:
			a.Alike = append(a.Alike, strings.TrimPrefix(p.Address, "@"))
		case p.flags&partnerOrg == 0 && len(a.Namesake) < maxNamesake:
			a.Namesake = append(a.Namesake, p.Partner)
		}
		return nil
	}, sqlKeyed, ids(keys...), maxKeyed)
	if err == nil && !met {
		k.recent.noteNothing(k.newest, asked)
	}
	return err
}

// markOurs writes out the addresses of ours, whose senders' names are learned; the answer has them though addresses are kept as hashes.
func (k *inquiry) markOurs(a *Answer) {
	mark := func(p *Partner, addr string) {
		if p.Ours && k.local(addr) {
			p.Address = addr
		}
	}
	mark(&a.From, k.From)
	for i := range a.Quoted {
		mark(&a.Quoted[i], k.Question.Quoted[i])
	}
}

// orgOf is the organisational domain behind an "@", "" without one.
func orgOf(addr string) string {
	if org := address.Org(address.Domain(addr)); org != "" {
		return "@" + org
	}
	return ""
}
