package metrics

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// QuarantineStats is the state of the quarantine at one scrape.
type QuarantineStats struct {
	Messages     int64     // held and not yet decided on
	MessageLimit int64     // most messages it may hold
	Bytes        int64     // their size
	ByteLimit    int64     // most bytes it may hold
	Free         int64     // bytes free on its file system
	MinFree      int64     // least bytes to leave free
	Oldest       time.Time // when the oldest of them was held; zero when there is none

	Waiting int64 // of the messages, those that wait for their password

	// Acts counts what was done by word, since the index was made: most acts are of other processes than the daemon.
	Acts map[string]int64
	// Err is why the state could not be read: the series are then left out of this scrape, for a 0 would be a lie.
	Err error
}

// quarantineCollector reads the state when it is scraped, so that the series are never older than the scrape.
type quarantineCollector struct {
	read  atomic.Pointer[func() QuarantineStats]
	descs []*prometheus.Desc
	acts  *prometheus.Desc
}

func newQuarantineCollector() *quarantineCollector {
	d := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	acts := prometheus.NewDesc("sekisho_quarantine_acts_total", "Acts on held messages, by act, since the index was made.", []string{"act"}, nil)
	return &quarantineCollector{acts: acts, descs: []*prometheus.Desc{
		d("sekisho_quarantine_messages", "Messages held and not yet released, deleted or expired."),
		d("sekisho_quarantine_limit_messages", "Most messages the quarantine may hold."),
		d("sekisho_quarantine_bytes", "Size of the held messages."),
		d("sekisho_quarantine_limit_bytes", "Most bytes the quarantine may hold."),
		d("sekisho_quarantine_free_bytes", "Bytes free on the quarantine's file system."),
		d("sekisho_quarantine_min_free_bytes", "Least bytes to leave free on it: below, mail to be held gets a temporary failure."),
		d("sekisho_quarantine_waiting_messages", "Held messages that wait for the password of a locked file and go on by themselves."),
		d("sekisho_quarantine_oldest_seconds", "Age of the oldest held message, 0 when none is held."),
	}}
}

// CollectQuarantine gives the function that reads the quarantine's state. It runs at every scrape, perhaps at several at once, so it must
// be cheap and safe for concurrent use. Before the first call the series are 0.
func (m *Metrics) CollectQuarantine(read func() QuarantineStats) { m.quarantine.read.Store(&read) }

// Describe implements prometheus.Collector.
func (q *quarantineCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range q.descs {
		ch <- d
	}
	ch <- q.acts
}

// Collect implements prometheus.Collector.
func (q *quarantineCollector) Collect(ch chan<- prometheus.Metric) {
	s, err := q.stats()
	if err != nil {
		for _, d := range q.descs {
			ch <- prometheus.NewInvalidMetric(d, err)
		}
		ch <- prometheus.NewInvalidMetric(q.acts, err)
		return
	}
	oldest := 0.0
	if !s.Oldest.IsZero() {
		oldest = max(0, time.Since(s.Oldest).Seconds()) // a clock set back makes no negative age
	}
	values := []float64{
		float64(s.Messages), float64(s.MessageLimit), float64(s.Bytes), float64(s.ByteLimit),
		float64(s.Free), float64(s.MinFree), float64(s.Waiting), oldest,
	}
	for i, v := range values {
		ch <- prometheus.MustNewConstMetric(q.descs[i], prometheus.GaugeValue, v)
	}
	for _, act := range acts {
		ch <- prometheus.MustNewConstMetric(q.acts, prometheus.CounterValue, float64(s.Acts[act]), act)
	}
}

// stats reads the state. A registry collects in goroutines of its own, where a panic would end the process.
func (q *quarantineCollector) stats() (s QuarantineStats, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("metrics: reading the quarantine's state: panic: %v", v)
		}
	}()
	if read := q.read.Load(); read != nil {
		s = (*read)()
	}
	return s, s.Err
}
