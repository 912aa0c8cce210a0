package metrics

import (
	"fmt"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// LockedStats is what the memory of locked files holds at one scrape.
type LockedStats struct {
	Files     int64
	Bytes     int64 // as its caps count
	ByteLimit int64
	Err       error // why it could not be read: the series are then left out of this scrape
}

// lockedCollector reads the state when it is scraped.
type lockedCollector struct {
	read  atomic.Pointer[func() LockedStats]
	descs []*prometheus.Desc
}

func newLockedCollector() *lockedCollector {
	d := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	return &lockedCollector{descs: []*prometheus.Desc{
		d("sekisho_locked_files", "Locked files remembered until their password comes."),
		d("sekisho_locked_bytes", "What they take, with what is remembered beside them."),
		d("sekisho_locked_limit_bytes", "Most that may be remembered."),
	}}
}

// CollectLocked gives the function that reads the memory's state, as CollectQuarantine.
func (m *Metrics) CollectLocked(read func() LockedStats) { m.locked.read.Store(&read) }

// Describe implements prometheus.Collector.
func (c *lockedCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *lockedCollector) Collect(ch chan<- prometheus.Metric) {
	s, err := c.stats()
	if err != nil {
		for _, d := range c.descs {
			ch <- prometheus.NewInvalidMetric(d, err)
		}
		return
	}
	for i, v := range []int64{s.Files, s.Bytes, s.ByteLimit} {
		ch <- prometheus.MustNewConstMetric(c.descs[i], prometheus.GaugeValue, float64(v))
	}
}

// stats reads the state. A registry collects in goroutines of its own, where a panic would end the process.
func (c *lockedCollector) stats() (s LockedStats, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("metrics: reading the memory's state: panic: %v", v)
		}
	}()
	if read := c.read.Load(); read != nil {
		s = (*read)()
	}
	return s, s.Err
}
