package milter

import (
	"context"
	"errors"
	"time"

	"sekisho/internal/audit"
	"sekisho/internal/filter"
	"sekisho/internal/ledger"
	"sekisho/internal/quarantine"
	"sekisho/rules"
)

// alertLater is the alert of a locked file that a later mail's password opened, and that is hostile.
const alertLater = "password-later"

// mayWait reports whether a mail that would be delivered now waits for the password of its locked file.
func (m *mail) mayWait(d disposal) bool {
	mem := m.result.Memory
	return m.policy.Wait > 0 && m.policy.Mode == rules.ModeEnforce && !m.policy.MTAHold && m.session.srv.o.Holder != nil &&
		d.delivers() && d.split == nil && len(m.result.Locked) > 0 && mem != nil && mem.Err == nil && !m.hasWaited()
}

// hasWaited reports whether the mail comes back after its wait: its mark was not honoured, or it passes this filter twice. It must not
// wait for ever.
func (m *mail) hasWaited() bool {
	ids, err := m.policy.Filter.Waited(m.ctx, m.result)
	if err != nil {
		m.forgetful(err)
		return true
	}
	for _, id := range ids {
		it, err := m.session.srv.o.Holder.Get(m.ctx, id)
		if err == nil && (it.State == quarantine.StateReleased || it.IsWaiting() && !it.Waits.After(time.Now())) {
			return true
		}
	}
	return false
}

// wait holds the mail until its password comes. Where it cannot be stored, or could not be released, it is delivered as if there were no waiting.
func (m *mail) wait(d *disposal) {
	srv := m.session.srv
	ctx, cancel := context.WithTimeout(srv.base, srv.o.HoldTimeout)
	defer cancel()
	item := m.item()
	item.Where, item.Waits = quarantine.InStore, time.Now().Add(m.policy.Wait)
	id, err := srv.o.Holder.Put(ctx, item, m.result.Raw)
	if err != nil {
		srv.o.Log.Warn("milter: a mail does not wait for its password", "queue_id", m.session.macro("i"), "error", err.Error())
		return
	}
	d.action, d.done, d.held, d.waits = rules.Quarantine, doneWait, id, true
	srv.o.Step(StepPut)
}

// remember tells the memory of recent mail what became of this one, and gives what it brought to light about earlier ones. Another mail of the
// same moment may change the verdict. The mail itself flows whether that works or not.
func (m *mail) remember(d *disposal) (hostile []audit.Alert) {
	srv := m.session.srv
	defer m.unasked()
	if d.err != nil { // the MTA brings the mail again
		return nil
	}
	ctx, cancel := context.WithTimeout(srv.base, srv.o.HoldTimeout)
	defer cancel()
	waits := ""
	if d.waits {
		waits = d.held
	}
	out, err := m.policy.Filter.Remember(ctx, m.result, d.delivers(), waits)
	m.countMemory(out, err)
	if d.waits && err != nil { // nothing will open its file
		m.letGo(ctx, ledger.Mail{Quarantine: d.held})
	}
	if out.Changed {
		m.reconsider(ctx, d)
	}
	for _, first := range out.Harmless {
		m.letGo(ctx, first)
	}
	for i := range out.Hostile {
		a := m.alertOf(*d, &out.Hostile[i])
		a.First.Held = m.keepFirst(ctx, &out.Hostile[i])
		hostile = append(hostile, a)
	}
	return append(hostile, m.incidentAlert(*d, out.Incidents)...)
}

func (m *mail) countMemory(out filter.Remembered, err error) {
	x := m.session.srv.o.Metrics.Locked
	switch {
	case errors.Is(err, ledger.ErrFull):
		x.WithLabelValues("refused").Inc()
	case err != nil:
		m.forgetful(err)
	}
	x.WithLabelValues("remembered").Add(float64(out.Files))
	if mem := m.result.Memory; mem != nil {
		x.WithLabelValues("opened").Add(float64(len(mem.Later)))
	}
	x.WithLabelValues("hostile").Add(float64(len(out.Hostile)))
}

// reconsider follows a verdict that has changed. The MTA has not been told anything yet; what is held for good stays so.
func (m *mail) reconsider(ctx context.Context, d *disposal) {
	v := m.result.Verdict
	switch {
	case d.waits && v.Effective(m.policy.Mode) >= rules.Disarm:
		if _, err := m.session.srv.o.Holder.Keep(ctx, d.held, v, quarantine.By{Who: "sekisho", Why: v.Rule}); err != nil {
			m.forgetful(err)
			return
		}
		d.waits, d.done = false, rules.Quarantine.String()
	case d.split != nil:
		m.divideAgain(d)
	case d.delivers():
		switch *d = m.decide(); {
		case d.split != nil:
			m.holdSome(d)
		case d.action == rules.Quarantine:
			m.store(d)
		}
	}
}

// letGo ends the waiting of an earlier mail whose files are all opened and harmless. Where that fails it ends by itself.
func (m *mail) letGo(ctx context.Context, first ledger.Mail) {
	if first.Quarantine == "" || m.session.srv.o.Holder == nil {
		return
	}
	if err := m.session.srv.o.Holder.LetGo(ctx, first.Quarantine); err != nil {
		m.forgetful(err)
	}
}

// keepFirst makes an earlier mail that waits an ordinary held one, for what its file turned out to hold.
func (m *mail) keepFirst(ctx context.Context, l *filter.Later) (held bool) {
	id := l.File.Mail.Quarantine
	if id == "" || m.session.srv.o.Holder == nil {
		return false
	}
	held, err := m.session.srv.o.Holder.Keep(ctx, id, l.Verdict, quarantine.By{Who: "sekisho", Why: l.Verdict.Rule})
	if err != nil {
		m.forgetful(err)
	}
	return held
}

// earlier are the mails that a reviewer of this one should know of.
func (m *mail) earlier() (list []quarantine.Earlier) {
	if m.result.Memory == nil {
		return nil
	}
	for i := range m.result.Memory.Later {
		l := &m.result.Memory.Later[i]
		if !l.Hostile() {
			continue
		}
		first := l.File.Mail
		list = append(list, quarantine.Earlier{
			QueueID: first.Ref(), Time: first.Time, From: first.From, Rcpts: first.Rcpts, File: l.File.Name, Held: m.stillHeld(first.Quarantine),
		})
	}
	return list
}

// stillHeld reports whether a mail that waited is still here.
func (m *mail) stillHeld(id string) bool {
	if id == "" || m.session.srv.o.Holder == nil {
		return false
	}
	it, err := m.session.srv.o.Holder.Get(m.ctx, id)
	return err == nil && it.State == quarantine.StateHeld
}

// unasked counts what the memory could not say of this mail.
func (m *mail) unasked() {
	if mem := m.result.Memory; mem != nil && mem.Err != nil {
		m.forgetful(mem.Err)
	}
	if c := m.result.Conversation; c != nil && c.Err != nil {
		m.forgetful(c.Err)
	}
	if s := m.result.Sent; s != nil && s.Err != nil {
		m.forgetful(s.Err)
	}
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
