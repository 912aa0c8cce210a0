package main

import (
	"context"
	"sync"
	"time"

	"sekisho/internal/hosts"
	"sekisho/internal/metrics"
)

const (
	// hostsEvery is how often the table of machines is counted at most, however often it is scraped: only a person's import or an incident changes it.
	hostsEvery = time.Minute
	// hostsShare bounds what counting costs: a table of 100,000 rows takes seconds on a busy machine, and is counted the less often.
	hostsShare = 100
	// hostsTimeout is below Prometheus' usual scrape_timeout of 10 s.
	hostsTimeout = 8 * time.Second
)

// hostCounter counts the table of machines for the metrics.
type hostCounter struct {
	count func(context.Context) (map[string]int64, error)
	now   func() time.Time

	mu   sync.Mutex
	next time.Time
	last metrics.HostStats
}

// stats counts when it is time; what could not be counted is tried again a minute later.
func (c *hostCounter) stats() metrics.HostStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	begin := c.now()
	if begin.Before(c.next) {
		return c.last
	}
	ctx, cancel := context.WithTimeout(context.Background(), hostsTimeout)
	defer cancel()
	states, err := c.count(ctx)
	c.last = metrics.HostStats{States: states, Err: err}
	c.next = begin.Add(max(hostsEvery, hostsShare*c.now().Sub(begin)))
	if err != nil {
		c.next = begin.Add(hostsEvery)
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
