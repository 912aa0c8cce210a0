package main

import (
	"context"
	"sync"
	"time"

	"sekisho/internal/hosts"
	"sekisho/internal/metrics"
)

// hostsEvery is how often the table of machines is counted, however often it is scraped: it may have 200,000 rows, and only a person's import
// or an incident changes it.
const hostsEvery = time.Minute

// hostCounter counts the table of machines for the metrics.
type hostCounter struct {
	count func(context.Context) (map[string]int64, error)
	now   func() time.Time

	mu   sync.Mutex
	at   time.Time
	last metrics.HostStats
}

// stats counts at most every hostsEvery; what could not be counted is tried again at the next scrape.
func (c *hostCounter) stats() metrics.HostStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); c.at.IsZero() || now.Sub(c.at) >= hostsEvery {
		ctx, cancel := context.WithTimeout(context.Background(), statsTimeout)
		defer cancel()
		states, err := c.count(ctx)
		c.last = metrics.HostStats{States: states, Err: err}
		if c.at = now; err != nil {
			c.at = time.Time{}
		}
	}
	return c.last
}

// collectHosts gives the table of machines to the metrics.
func (s *server) collectHosts() {
	c := &hostCounter{now: time.Now, count: s.countHosts}
	s.metrics.CollectHosts(c.stats)
}

// countHosts counts the rows by state.
func (s *server) countHosts(ctx context.Context) (map[string]int64, error) {
	h, err := hosts.Open(ctx, s.st, hosts.Options{})
	if err != nil {
		return nil, err
	}
	seen, err := watched{s.outbound}.Seen(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := h.Table(ctx, seen)
	if err != nil {
		return nil, err
	}
	states := map[string]int64{}
	for _, r := range rows {
		states[string(r.State)]++
	}
	return states, nil
}
