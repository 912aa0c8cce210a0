package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// CacheStats is what is remembered of attachments at one scrape.
type CacheStats struct {
	Hits, Misses     uint64 // since the start
	Bytes, ByteLimit int64
}

// cacheCollector reads the counters when it is scraped.
type cacheCollector struct {
	read                 atomic.Pointer[func() CacheStats]
	lookups, size, limit *prometheus.Desc
}

func newCacheCollector() *cacheCollector {
	return &cacheCollector{
		lookups: prometheus.NewDesc("sekisho_inspect_cache_lookups_total", "Attachments looked up among those inspected before, by result.", []string{"result"}, nil),
		size:    prometheus.NewDesc("sekisho_inspect_cache_bytes", "Memory that remembered results of attachments take, about.", nil, nil),
		limit:   prometheus.NewDesc("sekisho_inspect_cache_limit_bytes", "Most memory they may take.", nil, nil),
	}
}

// CollectCache gives the function that reads the counters, as CollectQuarantine. It reads memory only, and neither waits nor fails.
func (m *Metrics) CollectCache(read func() CacheStats) { m.cache.read.Store(&read) }

// Describe implements prometheus.Collector.
func (c *cacheCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.lookups, c.size, c.limit} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *cacheCollector) Collect(ch chan<- prometheus.Metric) {
	var s CacheStats
	if read := c.read.Load(); read != nil {
		s = (*read)()
	}
	ch <- prometheus.MustNewConstMetric(c.lookups, prometheus.CounterValue, float64(s.Hits), "hit")
	ch <- prometheus.MustNewConstMetric(c.lookups, prometheus.CounterValue, float64(s.Misses), "miss")
	ch <- prometheus.MustNewConstMetric(c.size, prometheus.GaugeValue, float64(s.Bytes))
	ch <- prometheus.MustNewConstMetric(c.limit, prometheus.GaugeValue, float64(s.ByteLimit))
}
