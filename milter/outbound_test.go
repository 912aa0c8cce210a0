package milter

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sekisho/internal/filter"
	"sekisho/internal/miltertest"
	"sekisho/internal/outbound"
	"sekisho/rules"
)

var since = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// sending makes the fake filter's messages ones of ours.
func (r *rig) sending(opened ...outbound.Incident) {
	r.filter.sent = &filter.Sent{Seen: &outbound.Seen{Risky: true}}
	r.filter.remembered = filter.Remembered{Incidents: opened}
}

func TestAnIncidentIsOneAlert(t *testing.T) {
	account := outbound.Incident{Kind: outbound.Account, Who: "yui", Since: since, Mails: 10, Recipients: 12}
	client := outbound.Incident{Kind: outbound.Client, Who: "172.16.3.20", Since: since, Mails: 11, Recipients: 11}
	for _, mode := range rules.Modes() {
		t.Run(mode.String(), func(t *testing.T) {
			r := start(t, with(func(p *Policy) { p.Mode = mode }))
			r.filter.verdict = evidence(rules.Quarantine)
			r.sending(account, client)
			r.send(r.greet(miltertest.Postfix()), plain())
			as := r.audit.alerts()
			if len(as) != 1 {
				t.Fatalf("%d alerts", len(as))
			}
			held := map[bool]string{true: "Q1"}[mode == rules.ModeEnforce]
			a := as[0]
			if a.Kind != "outbound-burst" || a.Account != "yui" || a.Client != "172.16.3.20" || a.Mails != 11 || a.Recipients != 12 || a.Rule != "vba-autoexec" ||
				a.QueueID != "4Xq1" || a.Quarantine != held || a.First.Held != (held != "") || !a.First.Time.Equal(since) || a.First.QueueID != "4Xq1" {
				t.Errorf("%+v", a)
			}
			r.wantCounter(r.m.Alerts.WithLabelValues("outbound-burst"), 1)
			if log := r.log.String(); !strings.Contains(log, "alert=outbound-burst") || !strings.Contains(log, "account=yui client=172.16.3.20 mails=11") {
				t.Errorf("log: %s", log)
			}
		})
	}
}

func TestMailOfOursWithoutAnIncidentAlertsNobody(t *testing.T) {
	r := start(t, nil)
	r.filter.verdict = evidence(rules.Quarantine)
	r.sending()
	r.send(r.greet(miltertest.Postfix()), plain())
	if as := r.audit.alerts(); len(as) != 0 {
		t.Errorf("%+v", as)
	}
	if got := r.filter.calls(); len(got) != 1 || got[0] != "delivered=false waits=" {
		t.Errorf("%q", got)
	}
}

func TestMailOfOursThatComesAgainIsNotRemembered(t *testing.T) {
	r := start(t, nil)
	r.filter.verdict = evidence(rules.Quarantine)
	r.sending(outbound.Incident{Who: "yui"})
	r.holder.err = errors.New("disk on fire")
	r.send(r.greet(miltertest.Postfix()), plain())
	if got := r.filter.calls(); len(got) != 0 || len(r.audit.alerts()) != 0 {
		t.Errorf("%q", got)
	}
}

func TestAMemoryOfIncidentsOutOfOrderIsCounted(t *testing.T) {
	r := start(t, nil)
	r.filter.verdict = rules.Verdict{}
	r.sending(outbound.Incident{Kind: outbound.Account, Who: "yui"})
	r.filter.sent.Err = errors.New("locked")
	r.filter.rememberErr = errors.New("locked")
	if o := r.send(r.greet(miltertest.Postfix()), plain()); o.Code != 'a' {
		t.Errorf("reply %q", o.Code)
	}
	r.wantCounter(r.m.Errors.WithLabelValues("ledger"), 2)
	r.wantCounter(r.m.Alerts.WithLabelValues("outbound-burst"), 1) // opened without the database
}
