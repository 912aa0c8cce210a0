package metrics

import (
	"fmt"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// HostStats is the table of machines at one scrape.
type HostStats struct {
	States map[string]int64 // rows by state, as package hosts names it
	Err    error            // why it could not be read: the series are then left out of this scrape
}

// hostsCollector reads the table when it is scraped.
type hostsCollector struct {
	read atomic.Pointer[func() HostStats]
	desc *prometheus.Desc
}

func newHostsCollector() *hostsCollector {
	return &hostsCollector{desc: prometheus.NewDesc("sekisho_hosts",
		"Machines, accounts and addresses of ours in the table of sekisho hosts, by state.", []string{"state"}, nil)}
}

// CollectHosts gives the function that reads the table, as CollectQuarantine.
func (m *Metrics) CollectHosts(read func() HostStats) { m.hosts.read.Store(&read) }

// Describe implements prometheus.Collector.
func (c *hostsCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect implements prometheus.Collector.
func (c *hostsCollector) Collect(ch chan<- prometheus.Metric) {
	s, err := c.stats()
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.desc, err)
		return
	}
	for _, state := range hostStates {
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, float64(s.States[state]), state)
	}
}

// stats reads the table. A registry collects in goroutines of its own, where a panic would end the process.
func (c *hostsCollector) stats() (s HostStats, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("metrics: reading the table of machines: panic: %v", v)
		}
	}()
	if read := c.read.Load(); read != nil {
		s = (*read)()
	}
	return s, s.Err
}
