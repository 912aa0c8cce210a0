package ledger

import (
	"context"
	"fmt"
	"time"
)

// What rows take beside what differs in length, with their share of the indexes and of half-empty pages: measured, and rather too much.
const (
	mailBytes    = 80
	partnerBytes = 60
	keyBytes     = 20
	slack        = 1.4
	strangersMin = 0.1 // of MaxBytes: what strangers may have at least, and all that they can take from the others

	mailUsual    = 110 // until the first rows are looked at
	partnerUsual = 260
)

// weigh takes the mean size of rows from a sample of them.
func (c *Conversations) weigh(mails, partners []old) {
	for i, list := range [][]old{mails, partners} {
		bytes := 0
		for _, o := range list {
			bytes += o.text + len(o.keys) + len(o.keys)/partySize*keyBytes
		}
		if len(list) > 0 {
			c.sizes[i].Store(int64([]int{mailBytes, partnerBytes}[i]) + int64(slack*float64(bytes)/float64(len(list))))
		}
	}
}

// take is what a number of mails and partners take.
func (c *Conversations) take(mails, partners int64) int64 {
	return mails*c.sizes[0].Load() + partners*c.sizes[1].Load()
}

// overflow is the part of the rows of each kind that is too many.
type overflow struct{ mails, strangersMails, partners, strangers float64 }

// over compares the counts with the caps. Where the bytes are too many, strangers go first: their number does not push out anybody else, but for
// strangersMin.
func (b *batch) over(ctx context.Context) (o overflow, err error) {
	n := map[class]int64{}
	for _, k := range kinds {
		u, err := b.counted(ctx, usage{k, 0})
		if err != nil {
			return o, err
		}
		n[k] = u.n
	}
	mails, partners := n[mailOurs]+n[mailTheirs], n[usagePartner+partnerOurs]+n[usagePartner+partnerKnown]
	strangersMails, strangers := n[mailStranger], n[usagePartner+partnerStranger]
	o = overflow{
		excess(mails, b.opts.MaxMails), excess(strangersMails, b.opts.MaxStrangers),
		excess(partners, b.opts.MaxPartners), excess(strangers, b.opts.MaxStrangers),
	}
	kept, strange, most := b.take(mails, partners), b.take(strangersMails, strangers), b.opts.MaxBytes
	if kept+strange <= most {
		return o, nil
	}
	least := int64(strangersMin * float64(most))
	tooMuch, ofStrangers := excess(kept, most-min(strange, least)), excess(strange, max(most-kept, least))
	return overflow{
		max(o.mails, tooMuch), max(o.strangersMails, ofStrangers), max(o.partners, tooMuch), max(o.strangers, ofStrangers),
	}, nil
}

// excess is the part of n that is above most.
func excess(n, most int64) float64 {
	if n <= most {
		return 0
	}
	return 1 - float64(most)/float64(n)
}

// kinds are those that are counted.
var kinds = []class{
	mailOurs, mailTheirs, mailStranger, usagePartner + partnerOurs, usagePartner + partnerKnown, usagePartner + partnerStranger,
}

// ConversationStats is what the metrics show.
type ConversationStats struct {
	Ours, Theirs, Strangers int64 // mails: of ours, of parties, of others
	People, Known, Unknown  int64 // addresses and organisations: ours, correspondents, others
	Bytes                   int64 // what they take, about
	Warm                    bool
}

// Stats reads the figures of the whole memory.
func (c *Conversations) Stats(ctx context.Context, now time.Time) (s ConversationStats, err error) {
	err = c.tx(ctx, true, func(tx *txn) error {
		b := newBatch(c, tx)
		for i, n := range []*int64{&s.Ours, &s.Theirs, &s.Strangers, &s.People, &s.Known, &s.Unknown} {
			u, err := b.counted(ctx, usage{kinds[i], 0})
			if err != nil {
				return err
			}
			*n = u.n
		}
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("ledger: stats: %w", err)
	}
	s.Bytes = c.take(s.Ours+s.Theirs+s.Strangers, s.People+s.Known+s.Unknown)
	s.Warm = c.known.Load().warm(now)
	return s, nil
}
