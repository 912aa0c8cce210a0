package metrics

import (
	"fmt"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// LedgerStats is what the memory of conversations holds at one scrape.
type LedgerStats struct {
	Rows      map[string]int64 // by what, of ledgerRows
	Bytes     int64
	ByteLimit int64
	Warm      bool
	Err       error // why it could not be read: the series are then left out of this scrape
}

// ledgerRows are the kinds of rows, in the order of docs/metrics.md.
var ledgerRows = []string{"mails-ours", "mails-theirs", "mails-strangers", "people", "correspondents", "strangers"}

// lookupBuckets are dense where the memory answers (a millisecond), and end above ledger.timeout.
var lookupBuckets = []float64{.0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2}

// ledgerCollector reads the state when it is scraped.
type ledgerCollector struct {
	read                     atomic.Pointer[func() LedgerStats]
	rows, bytes, limit, warm *prometheus.Desc
}

func newLedgerCollector() *ledgerCollector {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &ledgerCollector{
		rows:  d("sekisho_ledger_rows", "Rows of the memory of conversations, by what they are.", "what"),
		bytes: d("sekisho_ledger_bytes", "What the memory of conversations takes in its database, about."),
		limit: d("sekisho_ledger_limit_bytes", "Most bytes it may take."),
		warm:  d("sekisho_ledger_warm", "1 if the memory has seen enough that what is missing from it means something."),
	}
}

// CollectLedger gives the function that reads the memory's state, as CollectQuarantine.
func (m *Metrics) CollectLedger(read func() LedgerStats) { m.ledger.read.Store(&read) }

// Describe implements prometheus.Collector.
func (c *ledgerCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.rows, c.bytes, c.limit, c.warm} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *ledgerCollector) Collect(ch chan<- prometheus.Metric) {
	s, err := c.stats()
	if err != nil {
		for _, d := range []*prometheus.Desc{c.rows, c.bytes, c.limit, c.warm} {
			ch <- prometheus.NewInvalidMetric(d, err)
		}
		return
	}
	for _, what := range ledgerRows {
		ch <- prometheus.MustNewConstMetric(c.rows, prometheus.GaugeValue, float64(s.Rows[what]), what)
	}
	warm := 0.0
	if s.Warm {
		warm = 1
	}
	ch <- prometheus.MustNewConstMetric(c.bytes, prometheus.GaugeValue, float64(s.Bytes))
	ch <- prometheus.MustNewConstMetric(c.limit, prometheus.GaugeValue, float64(s.ByteLimit))
	ch <- prometheus.MustNewConstMetric(c.warm, prometheus.GaugeValue, warm)
}

// stats reads the state. A registry collects in goroutines of its own, where a panic would end the process.
func (c *ledgerCollector) stats() (s LedgerStats, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("metrics: reading the ledger's state: panic: %v", v)
		}
	}()
	if read := c.read.Load(); read != nil {
		s = (*read)()
	}
	return s, s.Err
}
