package milter

import (
	"context"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/outbound"
)

// alertBurst is the alert of an account or machine of ours that sends what an infected one does: once an incident.
const alertBurst = "outbound-burst"

// rememberSent tells the memory what became of a message of ours.
func (m *mail) rememberSent(d *disposal) []audit.Alert {
	sent, srv := m.result.Sent, m.session.srv
	if sent == nil {
		return nil
	}
	if sent.Err != nil {
		m.forgetful(sent.Err)
	}
	if d.err != nil { // the client brings the mail again
		return nil
	}
	ctx, cancel := context.WithTimeout(srv.base, srv.o.HoldTimeout)
	defer cancel()
	out, err := m.policy.Filter.Remember(ctx, m.result, d.delivers(), "")
	if err != nil {
		m.forgetful(err)
	}
	return m.incidentAlert(*d, out.Incidents)
}

// incidentAlert is one alert for what one message has opened: the account's incident and its machine's are one event.
func (m *mail) incidentAlert(d disposal, opened []outbound.Incident) []audit.Alert {
	if len(opened) == 0 {
		return nil
	}
	a := audit.Alert{
		Time: time.Now(), Kind: alertBurst, QueueID: m.session.macro("i"), Quarantine: d.held, Rule: m.result.Verdict.Rule, Findings: m.result.Verdict.Why,
	}
	for i := range opened {
		in := &opened[i]
		if in.Kind == outbound.Account {
			a.Account = in.Who
		} else {
			a.Client = in.Who
		}
		a.Mails, a.Recipients = max(a.Mails, in.Mails), max(a.Recipients, in.Recipients)
	}
	env := m.result.Session.Envelope
	a.First = audit.First{QueueID: env.QueueID, Time: opened[0].Since, MailFrom: env.MailFrom, From: m.result.Facts.From, Rcpts: env.Rcpts,
		Subject: m.result.Facts.Subject, SHA256: m.result.SHA256, Quarantine: d.held, Held: !d.delivers()}
	return []audit.Alert{a}
}
