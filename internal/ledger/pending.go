package ledger

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
)

// pending is what mails that are not written yet have to do with: a question about one of these waits until they are. It has the keys of mail of ours, and of
// parties of our conversations; strangers put nothing into it.
type pending struct {
	mu     sync.Mutex
	orders map[int64]*order // the last one of each key
}

func (p *pending) add(o *order) {
	if len(o.keys) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.orders == nil {
		p.orders = map[int64]*order{}
	}
	for _, k := range o.keys {
		p.orders[k] = o
	}
}

func (p *pending) remove(o *order) {
	if len(o.keys) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range o.keys {
		if p.orders[k] == o {
			delete(p.orders, k)
		}
	}
}

// of gives the orders that have to do with one of the keys.
func (p *pending) of(lists ...[]int64) (found []*order) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.orders) == 0 {
		return nil
	}
	for _, list := range lists {
		for _, k := range list {
			if o := p.orders[k]; k != 0 && o != nil && !slices.Contains(found, o) {
				found = append(found, o)
			}
		}
	}
	return found
}

// waitsFor are the mails that the question has to do with and that are not written yet.
func (k *inquiry) waitsFor() []*order {
	return k.pending.of(k.refs, k.quoted, k.via, k.names, []int64{k.from, k.org, k.subjectOf()})
}

// errPending is the answer about a mail that is known but not written yet, and so cannot be looked up. To say of a mail of ours that we never sent it
// would be false.
var errPending = errors.New("the mail that is cited waits to be learned")

// catchUp waits until what was sent before the question is written. When the writer is kept by another process, or by the disk, the question is asked all the
// same, unless it is about what waits.
func (c *Conversations) catchUp(ctx context.Context, k *inquiry) error {
	found := k.waitsFor()
	if len(found) == 0 {
		return nil
	}
	c.hasten()
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout/2)
	defer cancel()
	for _, o := range found {
		if c.finished(ctx, o); ctx.Err() != nil {
			break
		}
	}
	if ctx.Err() != nil && len(c.pending.of(k.refs)) > 0 {
		return errPending
	}
	return nil
}

// keysOfSent are what a later mail may name of a mail of ours: its id, its subject, the names of its writer, and everybody in it.
func (c *Conversations) keysOfSent(s *Sent) []int64 {
	keys := append(c.hash.all(hashName, s.Names, maxSentNames), c.hash.of(hashOurs, s.MessageID), c.subjectID(s.Subject), c.hash.of(hashAddress, s.From))
	return c.everybody(keys, s.To, s.Cc, s.Rcpts)
}

func (c *Conversations) keysOfReceived(r *Received) []int64 {
	return c.everybody([]int64{c.hash.of(hashTheirs, r.MessageID), c.hash.of(hashAddress, r.From), c.hash.org(r.From)}, r.To, r.Cc)
}

// everybody adds addresses and their organisations.
func (c *Conversations) everybody(keys []int64, lists ...[]string) []int64 {
	for _, list := range lists {
		for _, a := range list[:min(len(list), maxParties)] {
			if k := c.hash.of(hashAddress, a); !slices.Contains(keys, k) {
				keys = append(keys, k, c.hash.org(a))
			}
		}
	}
	return keys
}

// What of one mail is kept while it waits.
const (
	maxListed = 1000 // addresses of one field: as many as count for the parties of a mail, and some twice
	maxTexts  = 100  // names, Message-IDs
)

// compact copies the texts of a mail into one string: what waits must not keep the header that they are parts of.
func (s *Sent) compact() int64 {
	return compact([]*string{&s.From, &s.MessageID, &s.Subject}, list{&s.Names, maxTexts}, list{&s.Refs, maxTexts},
		list{&s.Rcpts, maxListed}, list{&s.To, maxListed}, list{&s.Cc, maxListed})
}

// compact leaves out what teaches nothing: only a party's mail makes parties of its addressees.
func (r *Received) compact() int64 {
	r.Rcpts = nil
	if !r.Known {
		r.To, r.Cc = nil, nil
	}
	return compact([]*string{&r.From, &r.MessageID, &r.Subject, &r.Source}, list{&r.Names, maxTexts}, list{&r.Refs, maxSentRefs},
		list{&r.To, maxListed}, list{&r.Cc, maxListed})
}

type list struct {
	of   *[]string
	most int
}

const orderCost = 512 // bytes beside the texts

func compact(texts []*string, lists ...list) int64 {
	all, size := texts, 0
	for _, l := range lists {
		own := slices.Clone((*l.of)[:min(len(*l.of), l.most)])
		for i := range own {
			all = append(all, &own[i])
		}
		*l.of = own
	}
	for _, t := range all {
		*t = (*t)[:min(len(*t), maxHashed)]
		size += len(*t)
	}
	var b strings.Builder
	b.Grow(size)
	for _, t := range all {
		b.WriteString(*t)
	}
	whole := b.String()
	for _, t := range all {
		*t, whole = whole[:len(*t)], whole[len(*t):]
	}
	const header = 16 // of a string
	return int64(size + len(all)*header + orderCost)
}
