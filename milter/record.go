package milter

import (
	"context"
	"time"

	"sekisho/internal/audit"
	"sekisho/rules"
)

// digestMax is how large a mail may be that is accepted and has its digest in the record all the same. A larger one is found by those of its
// attachments.
const digestMax = 64 << 10

// audit writes the message's record and log line.
func (m *mail) audit(d disposal) {
	res := m.result
	r := m.record(d)
	if res.Verdict.Action != rules.Accept || res.Size <= digestMax {
		res.Digest()
	}
	r.Subject, r.Size, r.SHA256 = res.Facts.Subject, res.Size, res.SHA256
	r.Verdict, r.Enforced = res.Verdict.Action.String(), d.err == nil && !m.softened()
	r.Rule, r.Rules, r.Monitored = res.Verdict.Rule, res.Verdict.Rules, res.Verdict.Monitored
	r.Facts = auditFacts(res.Facts)
	r.Findings, r.Attachments, r.Incomplete = res.Facts.Findings, res.Attachments, res.Facts.Incomplete
	r.Quarantine, r.Released = d.held, res.Session.Released
	r.PerRecipient, r.Undivided = m.perRecipient(d), d.undivided
	m.keep(r)
	m.trace(d, r)
}

// auditFacts is what the rules knew beside what has fields of its own.
func auditFacts(f rules.Facts) *audit.Facts {
	return &audit.Facts{
		From: f.From, ClientName: f.Envelope.ClientName, Helo: f.Envelope.Helo, TLS: f.Envelope.TLS, Locked: f.Locked, Warm: f.Warm, Auth: f.Auth,
		Files: f.Files, Links: f.Links, Lists: f.Lists, Outbound: f.Outbound,
	}
}

// auditFailure is the record of a message that has no result.
func (m *mail) auditFailure(d disposal) {
	r := m.record(d)
	r.Verdict, r.Incomplete = d.action.String(), true
	m.keep(r)
	m.trace(d, r)
}

// record has what is known without a result.
func (m *mail) record(d disposal) audit.Record {
	env := m.session.envelope(m)
	r := audit.Record{
		Time: time.Now(), QueueID: env.QueueID, Direction: string(m.direction()), SASLUser: env.SASLUser,
		MailFrom: env.MailFrom, Rcpts: env.Rcpts, MessageID: m.first.messageID, Done: d.done,
		ElapsedMS: float64(time.Since(m.begun).Microseconds()) / 1000,
	}
	if env.ClientIP.IsValid() {
		r.ClientIP = env.ClientIP.String()
	}
	if d.err != nil {
		r.Error = d.err.Error()
	}
	return r
}

// keep writes a record to the audit log and a line to the daemon's. A failing audit log does not change the message's fate.
func (m *mail) keep(r audit.Record) {
	srv := m.session.srv
	r.Log(context.Background(), srv.o.Log)
	if err := srv.o.Audit.Write(r); err != nil {
		srv.o.Metrics.Errors.WithLabelValues("audit").Inc()
		srv.o.Log.Error("milter: audit record lost", "queue_id", r.QueueID, "error", err.Error())
	}
}

// count counts a decided message.
func (m *mail) count(d disposal) {
	x, res := m.session.srv.o.Metrics, m.result
	x.Messages.WithLabelValues(string(m.direction()), res.Verdict.Action.String()).Inc()
	if m.softened() {
		x.Unenforced.WithLabelValues(res.Verdict.Action.String()).Inc()
	}
	x.Monitored.Add(float64(len(res.Verdict.Monitored)))
	for _, f := range res.Facts.Findings {
		x.Findings.WithLabelValues(string(f.Kind)).Inc()
	}
	if res.Facts.Incomplete {
		x.Incomplete.Inc()
	}
	if res.ListsErr != nil {
		x.Errors.WithLabelValues("lists").Inc()
	}
	x.Size.Observe(float64(res.Size))
	m.finishCount(d)
}

// countFailure counts a message without a result.
func (m *mail) countFailure(d disposal) {
	x := m.session.srv.o.Metrics
	verdict := d.action
	if verdict == rules.Accept {
		x.Incomplete.Inc() // it passed unjudged
	}
	x.Messages.WithLabelValues(string(m.direction()), verdict.String()).Inc()
	m.finishCount(d)
}

// softened reports whether the mode kept the verdict from being carried out.
func (m *mail) softened() bool {
	v := m.result.Verdict
	return v.Effective(m.policy.Mode) != v.Action
}

func (m *mail) finishCount(d disposal) {
	x := m.session.srv.o.Metrics
	if d.stage != "" && d.stage != "panic" { // a panic was counted where it was recovered
		x.Errors.WithLabelValues(d.stage).Inc()
	}
	x.Duration.Observe(time.Since(m.begun).Seconds())
}
