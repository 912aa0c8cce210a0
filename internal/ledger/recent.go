package ledger

import (
	"hash/maphash"
	"sync"
	"time"
)

const (
	recentLife = time.Second // what another process has learned or forgotten is known by then
	recentMost = 8192        // entries of each kind: a megabyte or two
)

// recent is what the database said within the last second, as this process has changed it since: where mail comes thick, its writers come again. It is
// forgotten as a whole, after recentLife, when it is full, and when something is deleted. Whoever fills it makes questions slower, and none wrong.
type recent struct {
	seed maphash.Seed

	mu       sync.Mutex
	begun    time.Time
	commit   int64 // counts those of the writer
	partners map[int64]Partner
	keys     int64 // counts the commits with new keys
	nothing  map[uint64]struct{}
}

func newRecent() *recent {
	return &recent{seed: maphash.MakeSeed(), partners: map[int64]Partner{}, nothing: map[uint64]struct{}{}}
}

// forget begins anew. r.mu is held.
func (r *recent) forget() {
	r.begun = time.Now()
	clear(r.partners)
	clear(r.nothing)
}

// commits tell the state of the memory, before a question is asked.
func (r *recent) commits() (commit, keys int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.Sub(r.begun) > recentLife || now.Before(r.begun) {
		r.forget()
	}
	return r.commit, r.keys
}

// people gives partners if all are known. A new one is the zero value.
func (r *recent) people(ids []int64) (list []Partner, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list = make([]Partner, len(ids))
	for i, id := range ids {
		if list[i], known = r.partners[id]; !known && id != 0 {
			return nil, false
		}
	}
	return list, true
}

// note keeps what a question found, unless something was learned since it was begun.
func (r *recent) note(commit int64, ids []int64, found map[int64]Partner) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if commit != r.commit {
		return
	}
	if len(r.partners)+len(ids) > recentMost {
		clear(r.partners)
	}
	for _, id := range ids {
		r.partners[id] = found[id]
	}
}

// of is a number for keys.
func (r *recent) of(lists ...[]string) uint64 {
	var h maphash.Hash
	h.SetSeed(r.seed)
	for _, list := range lists {
		for _, s := range list {
			h.WriteString(s)
			h.WriteByte(0)
		}
		h.WriteByte(1)
	}
	return h.Sum64()
}

func (r *recent) isNothing(keys uint64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, is := r.nothing[keys]
	return is
}

// noteNothing keeps that nobody has one of these keys, unless somebody got one since the question was begun.
func (r *recent) noteNothing(before int64, keys uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if before != r.keys {
		return
	}
	if len(r.nothing) >= recentMost {
		clear(r.nothing)
	}
	r.nothing[keys] = struct{}{}
}

// learned takes over what a batch has committed.
func (r *recent) learned(b *batch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commit++
	if b.deleted {
		r.keys++
		r.forget()
		return
	}
	if b.newKeys {
		r.keys++
		clear(r.nothing)
	}
	for id, p := range b.partners {
		if _, asked := r.partners[id]; asked && p.changed && p.last != 0 {
			r.partners[id] = b.asRead(p)
		}
	}
}

// asRead is a partner as the database gives it.
func (b *batch) asRead(p *contact) Partner {
	q := p.Partner
	q.Address, q.Ours, q.First, q.Last = b.nameOf(p), p.class == partnerOurs, time.Unix(p.first, 0), time.Unix(p.last, 0)
	return q
}
