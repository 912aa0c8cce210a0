package outbound

import (
	"sync"
	"time"
)

const shardCount = 16 // more than a gateway has processors at work in here at once

// table holds the senders of one kind.
type table struct {
	clock clock
	most  int // senders a shard holds
	risky int // risky mails a sender keeps

	shards [shardCount]shard
}

type shard struct {
	mu sync.Mutex
	m  map[string]*sender
}

// keepFactor times Options.Mails risky mails are kept of one sender: enough for the count to show how far beyond a burst it is.
const keepFactor = 4

func newTable(o Options) *table {
	return &table{clock: newClock(o.Window), most: max(o.Senders/shardCount, 1), risky: keepFactor * o.Mails}
}

// with calls f with a sender's memory, brought to the present. A sender for whom there is no room has a memory for this call only.
func (t *table) with(who string, at time.Time, risky bool, f func(*sender)) {
	now := at.UnixNano()
	sh := &t.shards[digest(who)%shardCount]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	s := sh.m[who]
	if s == nil {
		s = &sender{}
		if len(sh.m) < t.most || sh.evict(t.clock, now, risky) {
			sh.add(who, s)
		}
	}
	s.advance(t.clock, now)
	f(s)
}

// peek is with for a sender who is known, and does nothing for one who is not.
func (t *table) peek(who string, at time.Time, f func(*sender)) {
	sh := &t.shards[digest(who)%shardCount]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if s := sh.m[who]; s != nil {
		s.advance(t.clock, at.UnixNano())
		f(s)
	}
}

func (sh *shard) add(who string, s *sender) {
	if sh.m == nil {
		sh.m = map[string]*sender{}
	}
	sh.m[who] = s
}

// tried is how many senders, taken at random, are compared for who goes: the least of eight is among the lesser half but for one time in 256.
const tried = 8

// evict makes room in place of one who sent no risky mail within the window and has been silent the longest, or, for a risky newcomer, of one who sent a
// single one. Who sent two is not pushed out by anybody.
func (sh *shard) evict(c clock, now int64, risky bool) bool {
	least, found := "", false
	var load int
	var last int64
	n := 0
	for who, s := range sh.m { // in random order
		w := s.load(c, now)
		if !found || w < load || w == load && s.last < last {
			least, found, load, last = who, true, w, s.last
		}
		if n++; n == tried {
			break
		}
	}
	if load > 1 || load == 1 && !risky {
		return false
	}
	delete(sh.m, least)
	return true
}

// load is how many of the risky mails are still in the window.
func (s *sender) load(c clock, now int64) (n int) {
	for i := range s.risky {
		if !outside(s.risky[i].at, now, c.window) {
			n++
		}
	}
	return n
}
