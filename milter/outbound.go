package milter

import (
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/outbound"
)

// alertBurst is the alert of an account or machine of ours that sends what an infected one does: once an incident.
const alertBurst = "outbound-burst"

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
		Subject: m.result.Facts.Subject, SHA256: m.result.Digest(), Quarantine: d.held, Held: !d.delivers()}
	return []audit.Alert{a}
}
