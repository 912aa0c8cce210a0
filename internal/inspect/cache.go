package inspect

import (
	"container/list"
	"sync"
	"time"
)

// Cache remembers what attachments turned out to hold, so that a campaign's attachment is inspected once and not in each mail. The zero value is
// ready; one Cache serves the Scanners of a process, one after the other. It is safe for concurrent use.
//
// It saves time and decides nothing: whatever is not in it is inspected, with the same result, so that filling it gains nobody but slowness. It is
// bounded by Options.CacheBytes, of which one result has a part at most; beyond, those go that were not asked for longest.
type Cache struct {
	mu      sync.Mutex
	keep    time.Duration
	most    int64
	bytes   int64
	current uint64 // generation: that of the newest Scanner
	entries map[cacheKey]*list.Element
	order   list.List // of *outcome, the one asked for last first
	hits    uint64
	misses  uint64
}

// CacheStats is what a Cache holds and how often it was asked since it was made.
type CacheStats struct {
	Hits, Misses uint64
	Entries      int
	Bytes, Most  int64
}

const (
	defaultCache = 32 << 20 // some ten thousand documents with macros
	cacheShare   = 64       // one result takes so small a part of it
)

// cacheKey is all that the inspection of an attachment depends on, beside what Scan.fits compares and the Scanner's options, which a generation has
// in common.
type cacheKey struct {
	sum      digest
	name     string
	any      bool // of any name that ends like this one
	declared string
	read     bool // its text was taken as that of the mail
	want     Digests
}

// renew forgets everything, for a Scanner with other options, and returns its generation. Messages in work under another one neither find nor leave
// anything.
func (c *Cache) renew(keep time.Duration, most int64) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep, c.most, c.bytes = keep, most, 0
	c.entries = map[cacheKey]*list.Element{}
	c.order.Init()
	c.current++
	return c.current
}

// get is what was found under the key, nil where that is not known or too old.
func (c *Cache) get(generation uint64, key *cacheKey) *outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entries[*key]
	if generation != c.current || e == nil {
		return nil
	}
	o := e.Value.(*outcome)
	if time.Since(o.made) >= c.keep {
		c.drop(e)
		return nil
	}
	c.order.MoveToFront(e)
	return o
}

// put remembers an outcome, which nobody changes any more.
func (c *Cache) put(generation uint64, o *outcome) {
	o.made, o.weight = time.Now(), o.size()
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.current || o.weight > c.most/cacheShare {
		return
	}
	if e := c.entries[o.key]; e != nil { // two mails at the same time
		c.drop(e)
	}
	c.entries[o.key] = c.order.PushFront(o)
	for c.bytes += o.weight; c.bytes > c.most; {
		c.drop(c.order.Back())
	}
}

func (c *Cache) drop(e *list.Element) {
	o := c.order.Remove(e).(*outcome)
	delete(c.entries, o.key)
	c.bytes -= o.weight
}

// count counts an attachment that was looked up.
func (c *Cache) count(hit bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if hit {
		c.hits++
	} else {
		c.misses++
	}
}

// Stats reads the counters.
func (c *Cache) Stats() CacheStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return CacheStats{Hits: c.hits, Misses: c.misses, Entries: len(c.entries), Bytes: c.bytes, Most: c.most}
}
