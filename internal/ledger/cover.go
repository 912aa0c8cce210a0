package ledger

import (
	"context"
	"database/sql"
	"encoding/binary"
	"math"
	"strings"
	"time"
)

// When the memory is full enough. What is measured is what correspondents cite: their mail is authenticated, and we wrote to them.
const (
	coverWindow  = 200 // citations that are looked back on
	coverPartner = 20  // … of one correspondent: the word of three at least decides
	coverLeast   = 50  // citations before a domain is covered
	coverShare   = 0.9 // of which so many must be remembered: what other services send in our name is never learned
	coldShare    = 0.5 // below this the memory as a whole is not warm, whatever it has seen
	maxDomains   = 200 // right-hand sides of our Message-IDs: mail programs write many, and those of machines are used by few

	warmMails = 200       // of ours, over
	warmSpan  = 7 * day   // at least, on
	warmDays  = 5         // of these days
	warmReach = 60 * day  // the last of them so long ago at most
	domainAge = 365 * day // a domain that nothing of ours used for so long is forgotten
)

const sampleSize = 5 // who (4 bytes of the id), whether it was remembered (1)

// coverage is what Ask needs of this without a query. It is never changed: a batch makes the next.
type coverage struct {
	domains map[int64]share
	days    map[int64]int64 // mails of ours by day

	first, last time.Time // days
	mails       int64
	all         share
}

// share is how many of some citations are remembered.
type share struct{ hits, of int }

func (s share) atLeast(part float64) bool { return float64(s.hits) >= part*float64(s.of) }

// covers reports whether an id at a domain of ours that is not remembered was never sent.
func (n *coverage) covers(domain int64) bool {
	s := n.domains[domain]
	return s.of >= coverLeast && s.atLeast(coverShare)
}

func loadCoverage(ctx context.Context, tx *txn) (*coverage, error) {
	n := &coverage{domains: map[int64]share{}, days: map[int64]int64{}}
	rows, err := tx.QueryContext(ctx, `SELECT domain, samples FROM talk_cover`)
	if err != nil {
		return nil, err
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		var domain int64
		var w window
		err := rows.Scan(&domain, (*[]byte)(&w))
		n.domains[domain] = w.share()
		return err
	})
	if err != nil {
		return nil, err
	}
	if rows, err = tx.QueryContext(ctx, `SELECT day, n FROM talk_days`); err != nil {
		return nil, err
	}
	err = eachRow(rows, func(rows *sql.Rows) error {
		var d, mails int64
		err := rows.Scan(&d, &mails)
		n.days[d] = mails
		return err
	})
	return n.sum(), err
}

// with is the coverage with other maps in place of its own, nil for those that stay.
func (n *coverage) with(domains map[int64]share, days map[int64]int64) *coverage {
	if domains == nil {
		domains = n.domains
	}
	if days == nil {
		days = n.days
	}
	return (&coverage{domains: domains, days: days}).sum()
}

// sum makes the figures of the whole.
func (n *coverage) sum() *coverage {
	first, last := int64(math.MaxInt64), int64(0)
	for d, mails := range n.days {
		first, last = min(first, d), max(last, d)
		n.mails += mails
	}
	if last > 0 {
		n.first, n.last = ofDay(first), ofDay(last)
	}
	for _, s := range n.domains {
		n.all.hits += s.hits
		n.all.of += s.of
	}
	return n
}

// warm reports whether what is not remembered means something: enough mail of ours over enough time, by sight or by import, and correspondents
// do not cite much that is missing.
func (n *coverage) warm(now time.Time) bool { return len(n.lacks(now)) == 0 }

func dayOf(t time.Time) int64 { return t.Unix() / int64(day/time.Second) }

func ofDay(d int64) time.Time { return time.Unix(d*int64(day/time.Second), 0) }

// window is the last citations at one domain, the oldest first.
type window []byte

func (w window) len() int { return len(w) / sampleSize }

func (w window) share() share {
	s := share{of: w.len()}
	for i := sampleSize - 1; i < len(w); i += sampleSize {
		s.hits += int(w[i])
	}
	return s
}

// push adds a citation. It takes the place of the oldest, or of the same correspondent's oldest where he has his part.
func (w window) push(who int64, hit bool) window {
	id := binary.BigEndian.AppendUint32(nil, uint32(who>>32))
	own, first := 0, -1
	for i := 0; i+sampleSize <= len(w); i += sampleSize {
		if string(w[i:i+4]) == string(id) {
			if own++; first < 0 {
				first = i
			}
		}
	}
	switch {
	case own >= coverPartner:
		w = append(w[:first:first], w[first+sampleSize:]...)
	case w.len() >= coverWindow:
		w = w[sampleSize:]
	}
	var found byte
	if hit {
		found = 1
	}
	return append(append(w[:len(w):len(w)], id...), found)
}

// rightOf is the right-hand side of a Message-ID (RFC 5322 3.6.4: id-right), "" without one.
func rightOf(id string) string {
	_, right, _ := strings.Cut(id[:min(len(id), maxHashed)], "@")
	return strings.ToLower(strings.TrimSuffix(right, ">"))
}
