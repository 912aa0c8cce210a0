// Package metrics owns every Prometheus series of sekisho. Label values come from closed lists and every series starts at 0.
package metrics

import "github.com/prometheus/client_golang/prometheus"

// Metrics is the set of series. Make it with New.
type Metrics struct {
	Messages          *prometheus.CounterVec // sekisho_messages_total{direction,verdict}
	Unenforced        *prometheus.CounterVec // sekisho_unenforced_total{verdict}: decided, but mode monitor or tag softened it
	Findings          *prometheus.CounterVec // sekisho_findings_total{kind}
	Incomplete        prometheus.Counter     // sekisho_incomplete_total
	Duration          prometheus.Histogram   // sekisho_message_duration_seconds: first header frame to last reply
	Size              prometheus.Histogram   // sekisho_message_bytes
	Aborted           prometheus.Counter     // sekisho_messages_aborted_total
	InWork            prometheus.Gauge       // sekisho_messages_in_work
	Sessions          prometheus.Gauge       // sekisho_sessions
	SessionsRefused   *prometheus.CounterVec // sekisho_sessions_refused_total{cause}: limit, peer
	ProtocolErrors    *prometheus.CounterVec // sekisho_protocol_errors_total{cause}: frame, timeout
	Errors            *prometheus.CounterVec // sekisho_errors_total{stage}: spool, store, audit, notify, release, panic
	Reloads           *prometheus.CounterVec // sekisho_config_reloads_total{result}: ok, error
	ReloadOK          prometheus.Gauge       // sekisho_config_last_reload_successful
	QuarantineHeld    prometheus.Gauge       // sekisho_quarantine_messages
	QuarantineBytes   prometheus.Gauge       // sekisho_quarantine_bytes
	QuarantineLimit   prometheus.Gauge       // sekisho_quarantine_limit_bytes
	QuarantineOldest  prometheus.Gauge       // sekisho_quarantine_oldest_seconds
	QuarantineRefused *prometheus.CounterVec // sekisho_quarantine_refused_total{cause}: full, sender, disk, store
	QuarantineActs    *prometheus.CounterVec // sekisho_quarantine_acts_total{act}: hold, release, delete, expire, export
	ReleaseMarks      *prometheus.CounterVec // sekisho_release_marks_total{result}: ok, forged, replayed, expired, content, recipient, client
	Notices           *prometheus.CounterVec // sekisho_notices_total{result}: sent, failed
}

// New registers the series with r and sets every label value to 0. It panics if they are registered already.
func New(r prometheus.Registerer, version string) *Metrics { panic("skeleton") }
