package milter

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/filter"
	"sekisho/internal/finding"
	"sekisho/internal/inspect"
	"sekisho/internal/ledger"
	"sekisho/internal/message"
	"sekisho/internal/miltertest"
	"sekisho/internal/quarantine"
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
			for _, it := range r.holder.held() {
				if e := it.Earlier; len(e) != 1 || e[0].QueueID != "4FIRST" || e[0].Rcpts[0] != "b@example.org" || e[0].File != "見積書.zip" || e[0].Held {
					t.Errorf("%+v", e)
				}
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

// lockedFiles makes the fake filter's messages carry a file that stayed locked.
func (r *rig) lockedFiles() {
	r.filter.verdict = evidence(rules.Tag)
	r.remembering(filter.Remembered{}, nil)
	r.filter.locked = []inspect.Locked{{Path: finding.Path{"2"}, Content: message.NewBuffer("", 1000)}}
}

func TestAMailWithALockedFileWaits(t *testing.T) {
	r := start(t, with(func(p *Policy) { p.Wait = 10 * time.Minute }))
	r.lockedFiles()
	before := time.Now()
	o := r.send(r.greet(miltertest.Postfix()), plain())
	if o.Code != 'd' || len(ours(o)) != 0 {
		t.Errorf("reply %q, fields %q", o.Code, ours(o))
	}
	held := r.holder.held()
	if len(held) != 1 {
		t.Fatalf("%d held", len(held))
	}
	if w := held[0].Waits; w.Before(before.Add(10*time.Minute)) || w.After(time.Now().Add(10*time.Minute)) || held[0].Verdict.Action != rules.Tag || held[0].Where != quarantine.InStore {
		t.Errorf("%+v", held[0])
	}
	rec := r.audit.last(t)
	if rec.Verdict != "tag" || rec.Done != "wait" || rec.Quarantine != "Q1" || !rec.Enforced || rec.Error != "" {
		t.Errorf("%+v", rec)
	}
	if got := r.filter.calls(); len(got) != 1 || got[0] != "delivered=false waits=Q1" {
		t.Errorf("%q", got)
	}
}

func TestWhatDoesNotWait(t *testing.T) {
	for name, change := range map[string]func(o *Options, p *Policy, r *rig){
		"without the setting":                   func(_ *Options, p *Policy, _ *rig) { p.Wait = 0 },
		"in mode tag":                           func(_ *Options, p *Policy, _ *rig) { p.Mode = rules.ModeTag },
		"in mode monitor":                       func(_ *Options, p *Policy, _ *rig) { p.Mode = rules.ModeMonitor },
		"with the MTA's hold queue":             func(_ *Options, p *Policy, _ *rig) { p.MTAHold = true },
		"nothing is locked":                     func(_ *Options, _ *Policy, r *rig) { r.filter.locked = nil },
		"without a memory: outgoing, released":  func(_ *Options, _ *Policy, r *rig) { r.filter.memory = nil },
		"the memory is out of order":            func(_ *Options, _ *Policy, r *rig) { r.filter.memory.Err = errors.New("locked") },
		"it cannot be stored":                   func(_ *Options, _ *Policy, r *rig) { r.holder.err = errors.New("disk full") },
		"it could not be released as it came":   func(_ *Options, _ *Policy, r *rig) { r.holder.err = quarantine.ErrUnsendable },
		"there is no quarantine to speak of it": func(o *Options, _ *Policy, _ *rig) { o.Holder = nil },
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(o *Options, p *Policy, r *rig) {
				p.Wait = time.Minute
				r.lockedFiles()
				change(o, p, r)
			})
			if o := r.send(r.greet(miltertest.Postfix()), plain()); o.Code != 'a' {
				t.Errorf("reply %q", o.Code)
			}
			if n := len(r.holder.held()); n != 0 {
				t.Errorf("%d held", n)
			}
			if rec := r.audit.last(t); rec.Verdict != "tag" || rec.Quarantine != "" || rec.Done == "wait" {
				t.Errorf("%+v", rec)
			}
		})
	}
}

// A mail that comes back after its wait, because its mark was not honoured or because it passes the filter twice, does not wait for ever.
func TestAMailWaitsOnce(t *testing.T) {
	for _, tt := range []struct {
		name  string
		ids   []string
		err   error
		state string
		until time.Duration
		reply byte
	}{
		{"the first time", nil, nil, "", 0, 'd'},
		{"its copy still waits", []string{"Q9"}, nil, quarantine.StateHeld, time.Hour, 'd'},
		{"its copy is being released", []string{"Q9"}, nil, quarantine.StateHeld, -time.Second, 'a'},
		{"its copy was released", []string{"Q9"}, nil, quarantine.StateReleased, -time.Second, 'a'},
		{"its copy was deleted", []string{"Q9"}, nil, quarantine.StateDeleted, -time.Second, 'd'},
		{"the memory does not answer", nil, errors.New("locked"), "", 0, 'a'},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := start(t, with(func(p *Policy) { p.Wait = time.Hour }))
			r.lockedFiles()
			r.filter.waited, r.filter.waitedErr = tt.ids, tt.err
			r.holder.state, r.holder.waits = tt.state, time.Now().Add(tt.until)
			if o := r.send(r.greet(miltertest.Postfix()), plain()); o.Code != tt.reply {
				t.Errorf("reply %q", o.Code)
			}
		})
	}
}

func TestWhatIsNotRememberedNeedNotWait(t *testing.T) {
	r := start(t, with(func(p *Policy) { p.Wait = time.Hour }))
	r.lockedFiles()
	r.filter.rememberErr = ledger.ErrFull
	if o := r.send(r.greet(miltertest.Postfix()), plain()); o.Code != 'd' {
		t.Errorf("reply %q", o.Code)
	}
	if d := cmp.Diff([]string{"let go Q1"}, r.holder.ended); d != "" {
		t.Error(d)
	}
}

func TestWhatIsHeldForGoodDoesNotWait(t *testing.T) {
	r := start(t, with(func(p *Policy) { p.Wait = time.Minute }))
	r.lockedFiles()
	r.filter.verdict = evidence(rules.Quarantine)
	r.send(r.greet(miltertest.Postfix()), plain())
	if held := r.holder.held(); len(held) != 1 || !held[0].Waits.IsZero() {
		t.Errorf("%+v", held)
	}
}

func TestThePasswordEndsTheWaitingOfTheFirstMail(t *testing.T) {
	waiting := firstMail
	waiting.Quarantine = "20261123-aaaaaaaa"
	bad := hostile()
	bad.File.Mail.Quarantine = "20261123-bbbbbbbb"
	for _, kept := range []bool{true, false} {
		r := start(t, nil)
		r.filter.verdict = evidence(rules.Quarantine)
		r.holder.kept = kept
		r.remembering(filter.Remembered{Harmless: []ledger.Mail{firstMail, waiting}, Hostile: []filter.Later{hostile(), bad}}, nil)
		r.send(r.greet(miltertest.Postfix()), plain())
		want := []string{"let go 20261123-aaaaaaaa", "keep 20261123-bbbbbbbb vba-autoexec vba-autoexec"}
		if d := cmp.Diff(want, r.holder.ended); d != "" {
			t.Error(d)
		}
		if as := r.audit.alerts(); len(as) != 2 || as[0].First.Held || as[1].First.Held != kept || as[1].First.Quarantine != "20261123-bbbbbbbb" {
			t.Errorf("%+v", as)
		}
	}
}

func TestAWaitThatCannotBeEndedIsCounted(t *testing.T) {
	waiting := firstMail
	waiting.Quarantine = "20261123-aaaaaaaa"
	r := start(t, nil)
	r.remembering(filter.Remembered{Harmless: []ledger.Mail{waiting}}, nil)
	r.holder.err = errors.New("locked")
	if o := r.send(r.greet(miltertest.Postfix()), plain()); o.Code != 'a' {
		t.Errorf("reply %q", o.Code)
	}
	r.wantCounter(r.m.Errors.WithLabelValues("ledger"), 1)
}

func TestAMailThatWaitedIsDeliveredTagged(t *testing.T) {
	for waited, verdict := range map[bool]string{true: "tag", false: "accept"} {
		r := start(t, with(func(p *Policy) { p.ReleaseClients = []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")} }))
		r.holder.redeem = quarantine.MarkOK
		if waited {
			r.holder.waits = time.Now()
		}
		m := plain()
		m.Header = append([]miltertest.Header{{Name: quarantine.MarkField, Value: " v1 x"}}, m.Header...)
		o := r.send(r.greet(miltertest.Postfix()), m)
		if got := ours(o); o.Code != 'a' || len(got) == 0 || got[0] != "X-Sekisho-Verdict: "+verdict {
			t.Errorf("waited %v: reply %q, fields %q", waited, o.Code, got)
		}
		if rec := r.audit.last(t); rec.Released != "REL1" || rec.Verdict != verdict {
			t.Errorf("%+v", rec)
		}
	}
}

// A mail of the same moment can show what this one is, before the MTA has an answer.
func TestAVerdictMayChangeWhileTheMailIsRemembered(t *testing.T) {
	for _, tt := range []struct {
		name   string
		wait   time.Duration
		mode   rules.Mode
		action rules.Action
		reply  byte
		done   string
		held   int
		ended  []string
	}{
		{"to quarantine", 0, rules.ModeEnforce, rules.Quarantine, 'd', "quarantine", 1, nil},
		{"to accept", 0, rules.ModeEnforce, rules.Accept, 'a', "accept", 0, nil},
		{"to reject", 0, rules.ModeEnforce, rules.Reject, 'y', "reject", 0, nil},
		{"to quarantine in mode monitor", 0, rules.ModeMonitor, rules.Quarantine, 'a', "accept", 0, nil},
		{"to quarantine while it waits", time.Hour, rules.ModeEnforce, rules.Quarantine, 'd', "quarantine", 1, []string{"keep Q1 vba-autoexec vba-autoexec"}},
		{"to accept while it waits", time.Hour, rules.ModeEnforce, rules.Accept, 'd', "wait", 1, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := start(t, with(func(p *Policy) { p.Wait, p.Mode = tt.wait, tt.mode }))
			r.lockedFiles()
			v := evidence(tt.action)
			r.filter.changed, r.filter.remembered = &v, filter.Remembered{Changed: true}
			if o := r.send(r.greet(miltertest.Postfix()), plain()); o.Code != tt.reply {
				t.Errorf("reply %q", o.Code)
			}
			if n := len(r.holder.held()); n != tt.held {
				t.Errorf("%d held", n)
			}
			if rec := r.audit.last(t); rec.Verdict != tt.action.String() || rec.Done != tt.done {
				t.Errorf("%+v", rec)
			}
			if d := cmp.Diff(tt.ended, r.holder.ended); d != "" {
				t.Error(d)
			}
		})
	}
}
