package ledger

import "time"

// Lack is a reason why what is not remembered means nothing yet.
type Lack string

// The reasons.
const (
	FewMails  Lack = "few-mails"  // of ours are remembered
	ShortTime Lack = "short-time" // they are of too few days
	LongAgo   Lack = "long-ago"   // the last of them
	Uncovered Lack = "uncovered"  // correspondents cite much that is not remembered: what leaves does not pass here
)

// Warmth says how much of what leaves the memory has seen.
type Warmth struct {
	Lacks            []Lack // none: it is warm
	Mails            int64  // of ours
	Days             int    // on which they were sent
	First, Last      time.Time
	Cited, Found     int // what correspondents cited of late, and how much of it was remembered
	Domains, Covered int // right-hand sides of our Message-IDs, and how many of them are covered: only there is an id forged
}

// Warmth measures the memory as it was opened, and as it learned since.
func (c *Conversations) Warmth(now time.Time) Warmth {
	n := c.known.Load()
	w := Warmth{
		Lacks: n.lacks(now), Mails: n.mails, Days: len(n.days), First: n.first, Last: n.last, Cited: n.all.of, Found: n.all.hits, Domains: len(n.domains),
	}
	for domain := range n.domains {
		if n.covers(domain) {
			w.Covered++
		}
	}
	return w
}

// lacks are the reasons why the memory is not warm.
func (n *coverage) lacks(now time.Time) (l []Lack) {
	if n.mails < warmMails {
		l = append(l, FewMails)
	}
	if len(n.days) < warmDays || n.last.Sub(n.first) < warmSpan-day {
		l = append(l, ShortTime)
	}
	if n.mails > 0 && now.Sub(n.last) > warmReach {
		l = append(l, LongAgo)
	}
	if n.all.of >= coverLeast && !n.all.atLeast(coldShare) {
		l = append(l, Uncovered)
	}
	return l
}
