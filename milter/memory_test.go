package milter

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sekisho/internal/filter"
	"sekisho/internal/finding"
	"sekisho/internal/ledger"
	"sekisho/internal/miltertest"
	"sekisho/rules"
)

var firstMail = ledger.Mail{
	QueueID: "4FIRST", SHA256: strings.Repeat("cd", 32), Time: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), From: "a@example.com",
	MailFrom: "bounce@example.com", Rcpts: []string{"b@example.org"}, Subject: "見積書",
}

// hostile is a file of firstMail that turned out to be hostile.
func hostile() filter.Later {
	return filter.Later{
		File: ledger.File{ID: "X", Mail: firstMail, Name: "見積書.zip"}, Word: "4459", Verdict: evidence(rules.Quarantine), Why: evidence(rules.Quarantine).Why, Whole: true,
	}
}

// remembering makes the fake filter's messages have a memory.
func (r *rig) remembering(out filter.Remembered, err error) {
	r.filter.memory = &filter.Memory{Later: out.Hostile}
	r.filter.remembered, r.filter.rememberErr = out, err
}

func TestAHostileFileOfAnEarlierMailIsAnAlert(t *testing.T) {
	for _, mode := range rules.Modes() {
		t.Run(mode.String(), func(t *testing.T) {
			r := start(t, with(func(p *Policy) { p.Mode = mode }))
			r.filter.verdict = evidence(rules.Quarantine)
			r.remembering(filter.Remembered{Hostile: []filter.Later{hostile()}}, nil)
			r.send(r.greet(miltertest.Postfix()), plain())
			as := r.audit.alerts()
			if len(as) != 1 {
				t.Fatalf("%d alerts", len(as))
			}
			a := as[0]
			held := map[bool]string{true: "Q1"}[mode == rules.ModeEnforce]
			if a.Kind != "password-later" || a.QueueID != "4Xq1" || a.Quarantine != held || a.Rule != "vba-autoexec" || a.File != "見積書.zip" || a.Findings == nil {
				t.Errorf("%+v", a)
			}
			if f := a.First; f.QueueID != "4FIRST" || f.MailFrom != "bounce@example.com" || f.Rcpts[0] != "b@example.org" || f.Subject != "見積書" || f.Held || !f.Time.Equal(firstMail.Time) {
				t.Errorf("%+v", f)
			}
			r.wantCounter(r.m.Alerts.WithLabelValues("password-later"), 1)
			r.wantCounter(r.m.Locked.WithLabelValues("hostile"), 1)
			r.wantCounter(r.m.Locked.WithLabelValues("opened"), 1)
			if log := r.log.String(); !strings.Contains(log, "alert=password-later") || !strings.Contains(log, "first=4FIRST") || strings.Contains(log, "b@example.org") {
				t.Errorf("log: %s", log)
			}
		})
	}
}

func TestTheMemoryHearsWhetherTheMailGoesOn(t *testing.T) {
	for _, tt := range []struct {
		verdict rules.Action
		mode    rules.Mode
		want    string
	}{
		{rules.Accept, rules.ModeEnforce, "delivered=true waits="},
		{rules.Tag, rules.ModeEnforce, "delivered=true waits="},
		{rules.Quarantine, rules.ModeEnforce, "delivered=false waits="},
		{rules.Reject, rules.ModeEnforce, "delivered=false waits="},
		{rules.Quarantine, rules.ModeMonitor, "delivered=true waits="},
	} {
		r := start(t, with(func(p *Policy) { p.Mode = tt.mode }))
		r.filter.verdict = evidence(tt.verdict)
		r.remembering(filter.Remembered{Files: 2}, nil)
		r.send(r.greet(miltertest.Postfix()), plain())
		if got := r.filter.calls(); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s in mode %s: %q", tt.verdict, tt.mode, got)
		}
		r.wantCounter(r.m.Locked.WithLabelValues("remembered"), 2)
	}
}

func TestAMailThatComesAgainIsNotRemembered(t *testing.T) {
	r := start(t, nil)
	r.filter.verdict = evidence(rules.Quarantine)
	r.remembering(filter.Remembered{}, nil)
	r.holder.err = errors.New("disk on fire")
	if o := r.send(r.greet(miltertest.Postfix()), plain()); o.Code != 'y' {
		t.Errorf("reply %q", o.Code)
	}
	if got := r.filter.calls(); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

func TestAMemoryOutOfOrderLetsMailFlowAndIsCounted(t *testing.T) {
	for name, tt := range map[string]struct {
		ask, keep error
		errors    float64
		refused   float64
	}{
		"asking":      {ask: errors.New("locked"), errors: 1},
		"remembering": {keep: errors.New("locked"), errors: 1},
		"both":        {ask: errors.New("locked"), keep: errors.New("locked"), errors: 2},
		"full":        {keep: ledger.ErrFull, refused: 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, nil)
			r.filter.verdict = rules.Verdict{Why: []finding.Finding{}}
			r.remembering(filter.Remembered{}, tt.keep)
			r.filter.memory.Err = tt.ask
			if o := r.send(r.greet(miltertest.Postfix()), plain()); o.Code != 'a' {
				t.Errorf("reply %q", o.Code)
			}
			r.wantCounter(r.m.Errors.WithLabelValues("ledger"), tt.errors)
			r.wantCounter(r.m.Locked.WithLabelValues("refused"), tt.refused)
		})
	}
}

func TestAnAlertThatCannotBeWrittenIsCounted(t *testing.T) {
	r := start(t, nil)
	r.filter.verdict = evidence(rules.Quarantine)
	r.remembering(filter.Remembered{Hostile: []filter.Later{hostile()}}, nil)
	r.audit.err = errors.New("disk full")
	if o := r.send(r.greet(miltertest.Postfix()), plain()); o.Code != 'd' {
		t.Errorf("reply %q", o.Code)
	}
	r.wantCounter(r.m.Errors.WithLabelValues("audit"), 2) // the record and the alert
	r.wantCounter(r.m.Alerts.WithLabelValues("password-later"), 1)
}
