package ledger

import (
	"context"
	"database/sql"
	"encoding/binary"
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

// coverage is what Ask needs of this, without a query.
type coverage struct {
	domains map[int64]bool // ours, and whether covered
	first   time.Time      // day of the oldest counted mail of ours
	last    time.Time
	days    int
	mails   int
	seen    int // citations in all windows
	hits    int
}

func loadCoverage(ctx context.Context, tx *sql.Tx) (*coverage, error) {
	n := &coverage{domains: map[int64]bool{}}
	rows, err := tx.QueryContext(ctx, `SELECT domain, samples FROM talk_cover`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var domain int64
		var w window
		if err := rows.Scan(&domain, (*[]byte)(&w)); err != nil {
			return nil, err
		}
		n.add(domain, w)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var first, last sql.NullInt64
	var mails sql.NullInt64
	if err := tx.QueryRowContext(ctx, `SELECT min(day), max(day), count(*), sum(n) FROM talk_days`).Scan(&first, &last, &n.days, &mails); err != nil {
		return nil, err
	}
	n.first, n.last, n.mails = ofDay(first.Int64), ofDay(last.Int64), int(mails.Int64)
	return n, nil
}

func (n *coverage) add(domain int64, w window) {
	hits := w.hits()
	n.seen += w.len()
	n.hits += hits
	n.domains[domain] = w.len() >= coverLeast && float64(hits) >= coverShare*float64(w.len())
}

// warm reports whether what is not remembered means something: enough mail of ours over enough time, by sight or by import, and correspondents
// do not cite much that is missing.
func (n *coverage) warm(now time.Time) bool {
	if n.mails < warmMails || n.days < warmDays || n.last.Sub(n.first) < warmSpan-day || now.Sub(n.last) > warmReach {
		return false
	}
	return n.seen < coverLeast || float64(n.hits) >= coldShare*float64(n.seen)
}

func dayOf(t time.Time) int64 { return t.Unix() / int64(day/time.Second) }

func ofDay(d int64) time.Time { return time.Unix(d*int64(day/time.Second), 0) }

// window is the last citations at one domain, the oldest first.
type window []byte

func (w window) len() int { return len(w) / sampleSize }

func (w window) hits() (n int) {
	for i := sampleSize - 1; i < len(w); i += sampleSize {
		n += int(w[i])
	}
	return n
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
	_, right, _ := strings.Cut(id, "@")
	return strings.ToLower(strings.TrimSuffix(right, ">"))
}
