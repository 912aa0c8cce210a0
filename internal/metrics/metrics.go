// Package metrics owns every Prometheus series of sekisho: names, help texts, label values and buckets. It follows the naming rules of
// Prometheus (base units, _total on counters) and the text exposition format 0.0.4 / OpenMetrics 1.0, as client_golang writes them.
//
// # Limits
//
// Label values come from closed lists; each series exists with the value 0 from the start, so that an alert on a rate sees the first
// event. An address, a domain, a file name or a Message-ID is never a label: a sender could fill the memory of the server that scrapes.
package metrics

import (
	"fmt"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"sekisho/internal/finding"
	"sekisho/rules"
)

// Metrics is the set of series. Make it with New.
type Metrics struct {
	Messages          *prometheus.CounterVec // sekisho_messages_total{direction,verdict}
	Unenforced        *prometheus.CounterVec // sekisho_unenforced_total{verdict}: decided, but mode monitor or tag softened it
	Monitored         prometheus.Counter     // sekisho_rules_monitored_total
	Findings          *prometheus.CounterVec // sekisho_findings_total{kind}
	Incomplete        prometheus.Counter     // sekisho_incomplete_total
	Duration          prometheus.Histogram   // sekisho_message_duration_seconds: first header frame to last reply
	Size              prometheus.Histogram   // sekisho_message_bytes
	Aborted           prometheus.Counter     // sekisho_messages_aborted_total
	InWork            prometheus.Gauge       // sekisho_messages_in_work
	Sessions          prometheus.Gauge       // sekisho_sessions
	SessionsLimit     prometheus.Gauge       // sekisho_sessions_limit
	SessionsRefused   *prometheus.CounterVec // sekisho_sessions_refused_total{cause}: limit, peer
	ProtocolErrors    *prometheus.CounterVec // sekisho_protocol_errors_total{cause}: frame, timeout
	Errors            *prometheus.CounterVec // sekisho_errors_total{stage}: spool, store, audit, notify, release, ledger, lists, trace, panic
	Reloads           *prometheus.CounterVec // sekisho_config_reloads_total{result}: ok, error
	ReloadOK          prometheus.Gauge       // sekisho_config_last_reload_successful
	QuarantineRefused *prometheus.CounterVec // sekisho_quarantine_refused_total{cause}: full, sender, disk, store
	ReleaseMarks      *prometheus.CounterVec // sekisho_release_marks_total{result}: ok, forged, replayed, expired, content, recipient, client
	Notices           *prometheus.CounterVec // sekisho_notices_total{result}: sent, failed
	Locked            *prometheus.CounterVec // sekisho_locked_events_total{event}: remembered, refused, evicted, opened, hostile
	Alerts            *prometheus.CounterVec // sekisho_alerts_total{kind}: password-later, outbound-burst
	LedgerLookup      prometheus.Histogram   // sekisho_ledger_lookup_duration_seconds: what a mail waits for the memory of conversations
	LedgerDropped     prometheus.Counter     // sekisho_ledger_dropped_total
	Trace             *prometheus.CounterVec // sekisho_trace_records_total{result}: written, dropped

	mode       *prometheus.GaugeVec // sekisho_mode{mode}
	quarantine *quarantineCollector
	locked     *lockedCollector
	hosts      *hostsCollector
	ledger     *ledgerCollector
	cache      *cacheCollector
	work       *workCollector
}

// The closed lists of label values. A new value is a line here and one in docs/metrics.md.
var (
	directions = []string{"in", "out", "internal"}
	refusals   = []string{"limit", "peer"}
	protocol   = []string{"frame", "timeout"}
	stages     = []string{"spool", "store", "audit", "notify", "release", "ledger", "lists", "trace", "panic"}
	reloads    = []string{"ok", "error"}
	heldCause  = []string{"full", "sender", "disk", "store"}
	acts       = []string{"hold", "wait", "release", "delete", "expire", "export", "repair"} // as in the quarantine's index
	marks      = []string{"ok", "forged", "replayed", "expired", "content", "recipient", "client"}
	notices    = []string{"sent", "failed"}
	lockedDone = []string{"remembered", "refused", "evicted", "opened", "hostile"}
	alerts     = []string{"password-later", "outbound-burst"}
	traced     = []string{"written", "dropped"}
	modes      = []string{"monitor", "tag", "enforce"}
	hostStates = []string{"infected", "suspected", "impersonated", "unchecked", "clean"} // as package hosts names them
)

// durationBuckets reach from an ordinary mail (1-2 ms with everything opened) to where MTAs give up: Postfix's milter_content_timeout is
// 300 s, Sendmail's usual timeouts are 240 s. They are dense below 100 ms, where a slow release shows first.
var durationBuckets = []float64{
	.001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 240, 300,
}

// sizeBuckets grow by four from a short note to above any usual message_size_limit.
var sizeBuckets = prometheus.ExponentialBuckets(1024, 4, 10) // 1 KiB ... 256 MiB

// New registers the series with r, together with those of the process and the Go run time, and sets every label value to 0.
// It panics if they are registered already.
func New(r prometheus.Registerer, version string) *Metrics {
	m := &Metrics{quarantine: newQuarantineCollector(), locked: newLockedCollector(), ledger: newLedgerCollector(), hosts: newHostsCollector(), cache: newCacheCollector(), work: newWorkCollector()}
	m.messages(r)
	m.sessions(r)
	m.upkeep(r)
	r.MustRegister(m.quarantine, m.locked, m.ledger, m.hosts, m.cache, m.work, buildInfo(version),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *Metrics) messages(r prometheus.Registerer) {
	verdicts := words(rules.Actions())
	m.Messages = counterVec(r, "sekisho_messages_total",
		"Messages decided, by direction and verdict.", "direction", "verdict")
	for _, d := range directions {
		for _, v := range verdicts {
			m.Messages.WithLabelValues(d, v)
		}
	}
	m.Unenforced = zeroed(counterVec(r, "sekisho_unenforced_total",
		"Messages whose verdict was softened because the mode is monitor or tag, by the verdict decided.", "verdict"), verdicts)
	m.Monitored = counter(r, "sekisho_rules_monitored_total",
		"Matches of rules under monitor, which are not carried out; the audit log names the rules.")
	m.Findings = zeroed(counterVec(r, "sekisho_findings_total",
		"Findings in messages, by kind.", "kind"), words(finding.Kinds()))
	m.Incomplete = counter(r, "sekisho_incomplete_total",
		"Messages of which some part could not be inspected.")
	m.Duration = histogram(r, "sekisho_message_duration_seconds",
		"Time from a message's first header frame to the last reply to the MTA: what the sender waits.", durationBuckets)
	m.Size = histogram(r, "sekisho_message_bytes", "Size of messages as received.", sizeBuckets)
	m.Aborted = counter(r, "sekisho_messages_aborted_total",
		"Messages the MTA gave up before their end.")
	m.InWork = gauge(r, "sekisho_messages_in_work", "Messages being received or inspected now.")
}

func (m *Metrics) sessions(r prometheus.Registerer) {
	m.Sessions = gauge(r, "sekisho_sessions", "Milter sessions open now.")
	m.SessionsLimit = gauge(r, "sekisho_sessions_limit", "Most milter sessions allowed at once.")
	m.SessionsRefused = zeroed(counterVec(r, "sekisho_sessions_refused_total",
		"Milter sessions refused, by cause.", "cause"), refusals)
	m.ProtocolErrors = zeroed(counterVec(r, "sekisho_protocol_errors_total",
		"Milter sessions ended for a bad frame or a silent peer, by cause.", "cause"), protocol)
	m.Errors = zeroed(counterVec(r, "sekisho_errors_total",
		"Failures of our own, by stage.", "stage"), stages)
}

func (m *Metrics) upkeep(r prometheus.Registerer) {
	m.Reloads = zeroed(counterVec(r, "sekisho_config_reloads_total",
		"Reloads of the configuration, by result.", "result"), reloads)
	m.ReloadOK = gauge(r, "sekisho_config_last_reload_successful",
		"1 if the configuration was last loaded without an error, else 0 and the previous one is in force.")
	m.ReloadOK.Set(1)
	m.QuarantineRefused = zeroed(counterVec(r, "sekisho_quarantine_refused_total",
		"Messages to be held that got a temporary failure because they could not be stored, by cause.", "cause"), heldCause)
	m.ReleaseMarks = zeroed(counterVec(r, "sekisho_release_marks_total",
		"Release marks seen on incoming mail, by result of the check.", "result"), marks)
	m.Notices = zeroed(counterVec(r, "sekisho_notices_total",
		"Notices about held messages, by result.", "result"), notices)
	m.Locked = zeroed(counterVec(r, "sekisho_locked_events_total",
		"Locked files of mail from outside, by what became of them in the memory.", "event"), lockedDone)
	m.LedgerLookup = histogram(r, "sekisho_ledger_lookup_duration_seconds",
		"Time that a message waited for the memory of conversations and correspondents.", lookupBuckets)
	m.LedgerDropped = counter(r, "sekisho_ledger_dropped_total",
		"Messages that the memory of conversations did not learn, because it was too slow or could not be written.")
	m.Alerts = zeroed(counterVec(r, "sekisho_alerts_total",
		"Alerts about mail that was delivered or held before, by kind.", "kind"), alerts)
	m.Trace = zeroed(counterVec(r, "sekisho_trace_records_total",
		"Records of messages for sekisho trace, by what became of them.", "result"), traced)
	m.mode = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "sekisho_mode", Help: "1 for the mode in force, 0 for the others."}, []string{"mode"})
	for _, w := range modes {
		m.mode.WithLabelValues(w)
	}
	r.MustRegister(m.mode)
}

// SetMode marks the mode in force; a word that is no mode marks none.
func (m *Metrics) SetMode(mode string) {
	for _, w := range modes {
		v := 0.0
		if w == mode {
			v = 1
		}
		m.mode.WithLabelValues(w).Set(v)
	}
}

func buildInfo(version string) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "sekisho_build_info",
		Help:        "Always 1; the labels name the version and the Go release it was built with.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
}

func counter(r prometheus.Registerer, name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	r.MustRegister(c)
	return c
}

func gauge(r prometheus.Registerer, name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	r.MustRegister(g)
	return g
}

func histogram(r prometheus.Registerer, name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	r.MustRegister(h)
	return h
}

func counterVec(r prometheus.Registerer, name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	r.MustRegister(c)
	return c
}

// zeroed makes a series of one label exist for each of its values.
func zeroed(c *prometheus.CounterVec, values []string) *prometheus.CounterVec {
	for _, v := range values {
		c.WithLabelValues(v)
	}
	return c
}

// words returns the words of a closed list of string-like or Stringer values.
func words[T any](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = fmt.Sprint(v)
	}
	return out
}
