package milter

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/filter"
	"sekisho/internal/ledger"
)

// alertLater is the alert of a locked file that a later mail's password opened, and that is hostile.
const alertLater = "password-later"

// remember tells the memory of recent mail what became of this one, and gives what it brought to light about earlier ones. The mail itself flows whether
// that works or not.
func (m *mail) remember(d disposal) (hostile []audit.Alert) {
	mem, srv := m.result.Memory, m.session.srv
	if mem == nil {
		return nil
	}
	if mem.Err != nil {
		m.forgetful(mem.Err)
	}
	if d.err != nil { // the MTA brings the mail again
		return nil
	}
	ctx, cancel := context.WithTimeout(srv.base, srv.o.HoldTimeout)
	defer cancel()
	out, err := m.policy.Filter.Remember(ctx, m.result, d.delivers(), "")
	x := srv.o.Metrics.Locked
	switch {
	case errors.Is(err, ledger.ErrFull):
		x.WithLabelValues("refused").Inc()
	case err != nil:
		m.forgetful(err)
	}
	x.WithLabelValues("remembered").Add(float64(out.Files))
	x.WithLabelValues("opened").Add(float64(len(mem.Later)))
	x.WithLabelValues("hostile").Add(float64(len(out.Hostile)))
	for i := range out.Hostile {
		hostile = append(hostile, m.alertOf(d, &out.Hostile[i]))
	}
	return hostile
}

// forgetful counts a failure of the memory.
func (m *mail) forgetful(err error) {
	srv := m.session.srv
	srv.o.Metrics.Errors.WithLabelValues("ledger").Inc()
	srv.o.Log.Error("milter: the memory of recent mail", "queue_id", m.session.macro("i"), "error", err.Error())
}

func (m *mail) alertOf(d disposal, l *filter.Later) audit.Alert {
	first := l.File.Mail
	return audit.Alert{
		Time: time.Now(), Kind: alertLater, QueueID: m.session.macro("i"), Quarantine: d.held, Rule: l.Verdict.Rule, File: l.File.Name,
		Findings: l.Why,
		First: audit.First{
			QueueID: first.QueueID, Time: first.Time, MailFrom: first.MailFrom, From: first.From, Rcpts: first.Rcpts, Subject: first.Subject,
			SHA256: first.SHA256, Quarantine: first.Quarantine,
		},
	}
}

// alert writes what was brought to light: to the audit log, the daemon's, and the metrics.
func (m *mail) alert(alerts []audit.Alert) {
	srv := m.session.srv
	for _, a := range alerts {
		srv.o.Metrics.Alerts.WithLabelValues(a.Kind).Inc()
		a.Log(context.Background(), srv.o.Log)
		if err := srv.o.Audit.Alert(a); err != nil {
			srv.o.Metrics.Errors.WithLabelValues("audit").Inc()
			srv.o.Log.Error("milter: alert lost", "queue_id", a.QueueID, "error", err.Error())
		}
	}
}
