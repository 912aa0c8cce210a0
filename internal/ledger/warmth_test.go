package ledger

import (
	"slices"
	"testing"
	"time"
)

func TestWarmthSaysWhatIsMissing(t *testing.T) {
	now := time.Date(2026, 5, 11, 9, 0, 0, 0, time.UTC)
	make := func(days, perDay int64, back time.Duration, hits, of int) *coverage {
		n := &coverage{domains: map[int64]share{1: {hits, of}}, days: map[int64]int64{}}
		for d := range days {
			n.days[dayOf(now.Add(-back))-2*d] = perDay
		}
		return n.sum()
	}
	for _, c := range []struct {
		name string
		n    *coverage
		want []Lack
	}{
		{"nothing", make(0, 0, 0, 0, 0), []Lack{FewMails, ShortTime}},
		{"enough", make(5, 40, 0, 0, 0), nil},
		{"few mails", make(5, 39, 0, 0, 0), []Lack{FewMails}},
		{"one busy day", make(1, 1000, 0, 0, 0), []Lack{ShortTime}},
		{"an old archive", make(5, 100, 100*day, 0, 0), []Lack{LongAgo}},
		{"most of what leaves passes elsewhere", make(5, 100, 0, 10, 60), []Lack{Uncovered}},
		{"a few citations prove nothing", make(5, 100, 0, 1, 10), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.n.lacks(now); !slices.Equal(got, c.want) || c.n.warm(now) != (c.want == nil) {
				t.Errorf("%v, warm %v", got, c.n.warm(now))
			}
		})
	}
}

func TestWarmthOfAMemory(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	for range 3 {
		o.send(Sent{To: []string{"a@partner.example"}})
	}
	w := o.c.Warmth(o.now)
	if w.Mails != 3 || w.Days != 1 || w.Domains != 1 || w.Covered != 0 || w.First.IsZero() || !w.First.Equal(w.Last) || len(w.Lacks) == 0 {
		t.Errorf("%+v", w)
	}
}
