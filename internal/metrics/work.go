package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"sekisho/internal/budget"
)

// waits are what messages in work wait for.
var waits = []string{"memory", "turn"}

// workCollector reads the budget of the messages in work when it is scraped.
type workCollector struct {
	read                                atomic.Pointer[func() budget.Stats]
	used, limit, waiting, turns, atMost *prometheus.Desc
}

func newWorkCollector() *workCollector {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &workCollector{
		used:    d("sekisho_work_memory_bytes", "Memory taken by messages in work."),
		limit:   d("sekisho_work_memory_limit_bytes", "Most memory that messages in work may take together."),
		waiting: d("sekisho_work_waiting", "Messages whose inspection waits now, by what for.", "for"),
		turns:   d("sekisho_work_turns", "Heavy inspections that have a processor now."),
		atMost:  d("sekisho_work_turns_limit", "Most heavy inspections that have a processor at once."),
	}
}

// CollectWork gives the function that reads the budget.
func (m *Metrics) CollectWork(read func() budget.Stats) { m.work.read.Store(&read) }

// Describe implements prometheus.Collector.
func (c *workCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.used, c.limit, c.waiting, c.turns, c.atMost} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *workCollector) Collect(ch chan<- prometheus.Metric) {
	var s budget.Stats
	if read := c.read.Load(); read != nil {
		s = (*read)()
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(c.used, float64(s.Used))
	gauge(c.limit, float64(s.Limit))
	gauge(c.waiting, float64(s.WaitingRoom), waits[0])
	gauge(c.waiting, float64(s.WaitingTurn), waits[1])
	gauge(c.turns, float64(s.Running))
	gauge(c.atMost, float64(s.Turns))
}
