package milter

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/miltertest"
	"sekisho/internal/quarantine"
	"sekisho/rules"
)

// evidence is a verdict with two kinds of finding.
func evidence(a rules.Action) rules.Verdict {
	return rules.Verdict{Action: a, Rule: "vba-autoexec", Rules: []string{"vba-autoexec"}, Enforced: true, Why: []finding.Finding{
		{Kind: finding.VBAAutoexec}, {Kind: finding.VBAPresent}, {Kind: finding.VBAAutoexec},
	}}
}

// ours are the fields we insert, top first, as name and value.
func ours(o miltertest.Outcome) []string {
	var got []string
	for _, h := range o.Apply(nil) {
		got = append(got, h.Name+":"+h.Value)
	}
	return got
}

func TestDisposeByVerdictAndMode(t *testing.T) {
	tagged := []string{"X-Sekisho-Verdict: tag", "X-Sekisho-Rule: vba-autoexec", "X-Sekisho-Findings: vba.autoexec, vba.present", "X-Sekisho-Id: 4Xq1"}
	accepted := []string{"X-Sekisho-Verdict: accept", "X-Sekisho-Id: 4Xq1"}
	tests := []struct {
		verdict rules.Action
		mode    rules.Mode
		reply   byte
		text    string
		fields  []string
		done    string
		held    int
	}{
		{rules.Accept, rules.ModeEnforce, 'a', "", accepted, "accept", 0},
		{rules.Tag, rules.ModeEnforce, 'a', "", tagged, "tag", 0},
		{rules.Disarm, rules.ModeEnforce, 'd', "", nil, "quarantine", 1},
		{rules.Quarantine, rules.ModeEnforce, 'd', "", nil, "quarantine", 1},
		{rules.Reject, rules.ModeEnforce, 'y', "550 5.7.1 Message refused, id 4Xq1", nil, "reject", 0},
		{rules.TempFail, rules.ModeEnforce, 'y', "451 4.7.1 Try again later, id 4Xq1", nil, "tempfail", 0},
		{rules.Accept, rules.ModeTag, 'a', "", accepted, "accept", 0},
		{rules.Tag, rules.ModeTag, 'a', "", tagged, "tag", 0},
		{rules.Quarantine, rules.ModeTag, 'a', "", tagged, "tag", 0},
		{rules.Reject, rules.ModeTag, 'a', "", tagged, "tag", 0},
		{rules.TempFail, rules.ModeTag, 'a', "", tagged, "tag", 0},
		{rules.Accept, rules.ModeMonitor, 'a', "", nil, "accept", 0},
		{rules.Quarantine, rules.ModeMonitor, 'a', "", nil, "accept", 0},
		{rules.Reject, rules.ModeMonitor, 'a', "", nil, "accept", 0},
	}
	for _, tt := range tests {
		t.Run(tt.verdict.String()+" in mode "+tt.mode.String(), func(t *testing.T) {
			r := start(t, with(func(p *Policy) { p.Mode = tt.mode }))
			r.filter.verdict = evidence(tt.verdict)
			o := r.send(r.greet(miltertest.Postfix()), plain())
			if o.Code != tt.reply || o.Text != tt.text {
				t.Errorf("reply %q %q, want %q %q", o.Code, o.Text, tt.reply, tt.text)
			}
			if d := cmp.Diff(tt.fields, ours(o)); d != "" {
				t.Error(d)
			}
			if n := len(r.holder.held()); n != tt.held {
				t.Errorf("%d held, want %d", n, tt.held)
			}
			rec := r.audit.last(t)
			softened := tt.done != tt.verdict.String() && tt.verdict != rules.Disarm
			if rec.Verdict != tt.verdict.String() || rec.Done != tt.done || rec.Enforced == softened {
				t.Errorf("record: verdict %s, done %s, enforced %v", rec.Verdict, rec.Done, rec.Enforced)
			}
			r.wantCounter(r.m.Messages.WithLabelValues("in", tt.verdict.String()), 1)
			if softened {
				r.wantCounter(r.m.Unenforced.WithLabelValues(tt.verdict.String()), 1)
			}
		})
	}
}

// An MTA that leaves the space after the colon to itself gets none from us, one that leaves it to us does.
func TestInsertedFieldsHaveOneSpace(t *testing.T) {
	for name, want := range map[string]string{"postfix": " tag", "sendmail": " tag", "version2": "tag"} {
		r := start(t, with(func(p *Policy) { p.SubjectTag = "[S]" }))
		r.filter.verdict = evidence(rules.Tag)
		o := r.send(r.greet(offers[name]), mailFor(offers[name], plain()))
		if got := o.Apply(nil)[0].Value; got != want {
			t.Errorf("%s: value %q", name, got)
		}
		last := o.Mods[len(o.Mods)-1]
		if last.Name != "Subject" || last.Value != strings.TrimSuffix(want, "tag")+"[S] hello" {
			t.Errorf("%s: subject changed to %q", name, last.Value)
		}
	}
}

func TestOnlyNegotiatedModificationsAreSent(t *testing.T) {
	for _, actions := range []uint32{0, miltertest.ActAddHeader, miltertest.ActChange, miltertest.ActQuarantine} {
		r := start(t, with(func(p *Policy) { p.SubjectTag, p.MTAHold = "[S]", true }))
		s := r.greet(miltertest.Offer{Version: 6, Actions: actions, Protocol: 0x1fffff})
		m := plain()
		m.Header = append(m.Header, miltertest.Header{Name: "X-Sekisho-Verdict", Value: " accept"})
		for _, a := range []rules.Action{rules.Accept, rules.Tag, rules.Quarantine} {
			r.filter.verdict = evidence(a)
			o := r.send(s, m) // the fake MTA refuses what was not agreed on
			if want := byte('d'); a == rules.Quarantine && actions&miltertest.ActQuarantine == 0 && o.Code != want {
				t.Errorf("actions %#x: without hold queue the reply is %q", actions, o.Code)
			}
		}
	}
}

func TestIncomingFieldsOfOursAreRemoved(t *testing.T) {
	for _, mode := range rules.Modes() {
		t.Run(mode.String(), func(t *testing.T) {
			r := start(t, with(func(p *Policy) { p.Mode, p.TaggedOnly = mode, true }))
			m := plain()
			for _, name := range []string{"X-Sekisho-Verdict", "x-sekisho-verdict", "X-SEKISHO-Other", "X-Sekisho-Verdict", "X-Sekisho-Release", "X-Sekisho-"} {
				m.Header = append(m.Header, miltertest.Header{Name: name, Value: " accept"}, miltertest.Header{Name: "X-Kept", Value: " 1"})
			}
			m.Header = append(m.Header, miltertest.Header{Name: "X-Sekisho", Value: " kept"})
			o := r.send(r.greet(miltertest.Postfix()), m)
			for _, h := range o.Apply(m.Header) {
				if strings.HasPrefix(strings.ToLower(h.Name), "x-sekisho-") {
					t.Errorf("%s is left", h.Name)
				}
			}
			if n := len(o.Apply(m.Header)); n != len(plain().Header)+7 {
				t.Errorf("%d fields are left", n)
			}
		})
	}
}

func TestTooManyFieldsOfOursAreAFailure(t *testing.T) {
	r := start(t, nil)
	m := plain()
	m.Header = slices.Repeat([]miltertest.Header{{Name: "X-Sekisho-A", Value: " 1"}}, ownMax+1)
	if o := r.send(r.greet(miltertest.Postfix()), m); o.Text != "451 4.7.1 Try again later, id 4Xq1" {
		t.Errorf("reply %q %q", o.Code, o.Text)
	}
}

func TestTooManyRecipientsAreAFailure(t *testing.T) {
	r := start(t, nil)
	m := plain()
	m.Rcpts = slices.Repeat([]string{"b@example.org"}, rcptsMax+1)
	m.Macros = nil
	if o := r.send(r.greet(miltertest.Postfix()), m); o.Text != "451 4.7.1 Try again later" {
		t.Errorf("reply %q %q", o.Code, o.Text)
	}
}

// Values are sent as the library has them: a line end or a NUL in one would be another field, or another frame.
func TestTrapFieldValuesAreSanitised(t *testing.T) {
	r := start(t, nil)
	v := evidence(rules.Tag)
	v.Rule = "evil\r\nX-Injected: 1\x00" + strings.Repeat("長", 1000)
	r.filter.verdict = v
	m := plain()
	m.Macros['E'] = []string{"i", "4X\nX: y"}
	o := r.send(r.greet(miltertest.Postfix()), m)
	for _, h := range o.Apply(nil) {
		if strings.ContainsAny(h.Value, "\r\n\x00") || len(h.Value) > valueMax+1 || h.Name == "X-Injected" {
			t.Errorf("%s: %.80q", h.Name, h.Value)
		}
	}
}

// Postfix eats a single "%", Sendmail reads it as a format.
func TestTrapPercentInReplies(t *testing.T) {
	for _, a := range []rules.Action{rules.Reject, rules.TempFail} {
		r := start(t, nil)
		r.filter.verdict = evidence(a)
		m := plain()
		m.Macros['E'] = []string{"i", "4%s%n"}
		o := r.send(r.greet(miltertest.Postfix()), m) // the fake MTA refuses a single one
		if !strings.HasSuffix(o.Text, "id 4%s%n") {
			t.Errorf("reply %q", o.Text)
		}
	}
}

func TestReplyRevealsNothingButAnID(t *testing.T) {
	r := start(t, nil)
	r.filter.verdict = evidence(rules.Reject)
	m := plain()
	m.Macros = nil
	o := r.send(r.greet(miltertest.Postfix()), m)
	if o.Text != "550 5.7.1 Message refused, id abababababababab" {
		t.Errorf("without a queue id the reply is %q", o.Text)
	}
}

func TestSubjectTag(t *testing.T) {
	long := " " + strings.Repeat("x", 990)
	tests := map[string]struct {
		tag     string
		header  []miltertest.Header
		want    string
		changed bool
	}{
		"plain":                 {"[S]", []miltertest.Header{{Name: "Subject", Value: " hello"}}, " [S] hello", true},
		"encoded-word":          {"[S]", []miltertest.Header{{Name: "subject", Value: " =?utf-8?b?5Lu25ZCN?="}}, " [S] =?utf-8?b?5Lu25ZCN?=", true},
		"folded":                {"[S]", []miltertest.Header{{Name: "Subject", Value: " a\n b"}}, " [S] a\n b", true},
		"too long for one line": {"[S]", []miltertest.Header{{Name: "Subject", Value: long}}, " [S]\n" + long, true},
		"no subject":            {"[S]", nil, " [S]", true},
		"tagged already":        {"[S]", []miltertest.Header{{Name: "Subject", Value: " [S] hello"}}, "", false},
		"Japanese tag":          {"[注意]", []miltertest.Header{{Name: "Subject", Value: " x"}}, " =?utf-8?b?W+azqOaEj10g?= x", true},
		"raw Shift_JIS":         {"[S]", []miltertest.Header{{Name: "Subject", Value: " \x8c\x8f\x96\xbc"}}, " [S] \x8c\x8f\x96\xbc", true},
		"NUL in the subject":    {"[S]", []miltertest.Header{{Name: "Subject", Value: " a\x00b\r\x00"}}, " [S] ab", true},
		"field in the subject":  {"[S]", []miltertest.Header{{Name: "Subject", Value: " a\nX-Evil: 1\n\n\n body"}}, " [S] a\n X-Evil: 1\n body", true},
		"no tag":                {"", []miltertest.Header{{Name: "Subject", Value: " x"}}, "", false},
		"signed": {"[S]", []miltertest.Header{{Name: "Content-Type", Value: ` multipart/signed; boundary="x"`}},
			"", false},
		"encrypted":     {"[S]", []miltertest.Header{{Name: "Content-Type", Value: " Multipart/Encrypted;a=b"}}, "", false},
		"S/MIME opaque": {"[S]", []miltertest.Header{{Name: "content-type", Value: " application/x-pkcs7-mime"}}, "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := start(t, with(func(p *Policy) { p.SubjectTag = tt.tag }))
			r.filter.verdict = evidence(rules.Tag)
			m := plain()
			m.Header = tt.header
			o := r.send(r.greet(miltertest.Postfix()), m)
			i := slices.IndexFunc(o.Mods, func(m miltertest.Mod) bool { return m.Code == 'm' })
			if (i >= 0) != tt.changed {
				t.Fatalf("modifications %v", o.Mods)
			}
			if tt.changed && (o.Mods[i].Value != tt.want || o.Mods[i].Index != 1) {
				t.Errorf("changed to %q", o.Mods[i].Value)
			}
		})
	}
}

func TestMTAHold(t *testing.T) {
	r := start(t, with(func(p *Policy) { p.MTAHold = true }))
	r.filter.verdict = evidence(rules.Quarantine)
	s := r.greet(miltertest.Postfix())
	o := r.send(s, plain())
	if o.Code != 'a' || !slices.ContainsFunc(o.Mods, func(m miltertest.Mod) bool { return m.Code == 'q' && m.Value == "sekisho: vba-autoexec" }) {
		t.Errorf("reply %q, modifications %v", o.Code, o.Mods)
	}
	if it := r.holder.held()[0]; it.Where != "mta" || it.Envelope.QueueID != "4Xq1" {
		t.Errorf("noted %+v", it)
	}
	if rec := r.audit.last(t); rec.Done != "hold" || rec.Quarantine != "H1" || !rec.Enforced {
		t.Errorf("record %+v", rec)
	}
}

func TestHeldItem(t *testing.T) {
	r := start(t, nil)
	r.filter.verdict = evidence(rules.Quarantine)
	r.send(r.greet(miltertest.Postfix()), plain())
	it := r.holder.held()[0]
	if it.Where != "store" || it.Source != "192.0.2.0/24" || it.MessageID != "<1@example.com>" || it.Subject != "件名" || !strings.HasPrefix(it.From, "太郎") || len(it.Envelope.Rcpts) != 2 {
		t.Errorf("item %+v", it)
	}
	if rec := r.audit.last(t); rec.Quarantine != "Q1" || rec.QueueID != "4Xq1" || rec.ClientIP != "192.0.2.1" {
		t.Errorf("record %+v", rec)
	}
	r.wantCounter(r.m.Findings.WithLabelValues("vba.autoexec"), 2)
	if line := r.log.String(); !strings.Contains(line, `msg=4Xq1: verdict=quarantine`) {
		t.Errorf("log line does not start with the queue id: %s", line)
	}
}

// Mail to be held that cannot be is neither passed nor lost; other mail flows.
func TestStoreNotWritable(t *testing.T) {
	tests := map[string]struct {
		err   error
		user  string
		cause string
		text  string
	}{
		"full":                  {fmt.Errorf("put: %w", &quarantine.Refused{Cause: "sender"}), "", "sender", "451 4.7.1 Try again later, id 4Xq1"},
		"error":                 {errors.New("disk on fire"), "", "store", "451 4.7.1 Try again later, id 4Xq1"},
		"error on a submission": {errors.New("disk on fire"), "taro", "store", "550 5.7.1 Message refused, id 4Xq1"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := start(t, with(func(p *Policy) { p.OnFailure, p.OnFailureSubmission = FailAccept, FailReject }))
			r.holder.err = tt.err
			r.filter.verdict = evidence(rules.Quarantine)
			s := r.greet(miltertest.Postfix())
			m := plain()
			m.Macros['M'] = []string{"{auth_authen}", tt.user}
			if o := r.send(s, m); o.Text != tt.text {
				t.Errorf("reply %q %q", o.Code, o.Text)
			}
			r.wantCounter(r.m.QuarantineRefused.WithLabelValues(tt.cause), 1)
			if rec := r.audit.last(t); rec.Error == "" || rec.Enforced || rec.Verdict != "quarantine" || rec.Quarantine != "" {
				t.Errorf("record %+v", rec)
			}
			r.filter.verdict = evidence(rules.Tag)
			if o := r.send(s, plain()); o.Code != 'a' {
				t.Errorf("other mail gets %q", o.Code)
			}
		})
	}
}

func TestAuditFailureChangesNothing(t *testing.T) {
	r := start(t, nil)
	r.audit.err = errors.New("disk on fire")
	if o := r.send(r.greet(miltertest.Postfix()), plain()); o.Code != 'a' {
		t.Errorf("reply %q", o.Code)
	}
	r.wantCounter(r.m.Errors.WithLabelValues("audit"), 1)
}

func TestReleaseMark(t *testing.T) {
	home := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	tests := map[string]struct {
		clients  []netip.Prefix
		result   quarantine.MarkResult
		err      error
		metric   string
		redeemed bool
		reply    byte
		released string
	}{
		"good":             {home, "ok", nil, "ok", true, 'a', "REL1"},
		"forged":           {home, "forged", nil, "forged", true, 'd', ""},
		"replayed":         {home, "replayed", nil, "replayed", true, 'd', ""},
		"from a stranger":  {nil, "ok", nil, "client", false, 'd', ""},
		"store unreadable": {home, "", errors.New("disk on fire"), "", true, 'y', ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := start(t, with(func(p *Policy) { p.ReleaseClients = tt.clients }))
			r.filter.verdict = evidence(rules.Quarantine)
			r.holder.redeem, r.holder.rerr = tt.result, tt.err
			m := plain()
			m.Header = append([]miltertest.Header{{Name: "X-Sekisho-Release", Value: " MARK "}, {Name: "X-Sekisho-Release", Value: " second"}}, m.Header...)
			o := r.send(r.greet(miltertest.Postfix()), m)
			if o.Code != tt.reply {
				t.Errorf("reply %q", o.Code)
			}
			if tt.redeemed != cmp.Equal(r.holder.marks, []string{"MARK"}) {
				t.Errorf("redeemed %q", r.holder.marks)
			}
			if tt.metric != "" {
				r.wantCounter(r.m.ReleaseMarks.WithLabelValues(tt.metric), 1)
			}
			if rec := r.audit.last(t); rec.Released != tt.released {
				t.Errorf("record says released %q", rec.Released)
			}
			for _, h := range o.Apply(m.Header) {
				if tt.reply == 'a' && h.Name == "X-Sekisho-Release" {
					t.Error("the mark is left")
				}
			}
		})
	}
}

func TestFailureIsAnsweredByPolicy(t *testing.T) {
	const later = "451 4.7.1 Try again later, id 4Xq1"
	broken := map[string]func(r *rig){
		"spool":           func(r *rig) { r.filter.writeErr = errors.New("disk on fire") },
		"panic in begin":  func(r *rig) { r.filter.panicAt = "begin" },
		"panic in write":  func(r *rig) { r.filter.panicAt = "write" },
		"panic in finish": func(r *rig) { r.filter.panicAt = "finish" },
		"panic at audit":  func(r *rig) { r.audit.panic = true },
	}
	policies := map[string]struct {
		p    Policy
		user string
		code byte
		text string
	}{
		"default":                  {Policy{}, "", 'y', later},
		"accept":                   {Policy{OnFailure: FailAccept}, "", 'a', ""},
		"reject":                   {Policy{OnFailure: FailReject}, "", 'y', "550 5.7.1 Message refused, id 4Xq1"},
		"submission":               {Policy{OnFailure: FailAccept}, "taro", 'y', later},
		"submission of its own":    {Policy{OnFailureSubmission: FailReject}, "taro", 'y', "550 5.7.1 Message refused, id 4Xq1"},
		"monitor accepts whatever": {Policy{Mode: rules.ModeMonitor, OnFailure: FailReject}, "", 'a', ""},
	}
	for what, break_ := range broken {
		for name, tt := range policies {
			t.Run(what+"/"+name, func(t *testing.T) {
				r := start(t, func(_ *Options, p *Policy, r *rig) {
					f := p.Filter
					*p = tt.p
					p.Filter = f
					break_(r)
				})
				s := r.greet(miltertest.Postfix())
				m := plain()
				m.Macros['M'] = []string{"{auth_authen}", tt.user}
				for range 2 { // the connection survives
					if o := r.send(s, m); o.Code != tt.code || o.Text != tt.text || len(o.Mods) > 0 && what != "panic at audit" {
						t.Errorf("reply %q %q, %v", o.Code, o.Text, o.Mods)
					}
				}
				if !r.audit.panic {
					if rec := r.audit.last(t); rec.Error == "" || !rec.Incomplete {
						t.Errorf("record %+v", rec)
					}
				}
				r.idle()
				if strings.HasPrefix(what, "panic") != (value(r.m.Errors.WithLabelValues("panic")) > 0) {
					t.Errorf("panics counted: %v", value(r.m.Errors.WithLabelValues("panic")))
				}
			})
		}
	}
}

// Killed at any step, the MTA still has the mail or the quarantine does: what a step's name promises is true when it is reached.
// TestAMessagesDeadlineEndsItsInspection: then it is decided on what was found, and storing it has a time of its own.
func TestAMessagesDeadlineEndsItsInspection(t *testing.T) {
	r := start(t, func(o *Options, _ *Policy, r *rig) {
		o.MessageTimeout = 20 * time.Millisecond
		r.filter.slow, r.filter.verdict = true, evidence(rules.Quarantine)
	})
	s := r.greet(miltertest.Postfix())
	for n := range 2 { // the time is each message's, not the connection's
		if o := r.send(s, plain()); o.Code != 'd' || len(r.holder.held()) != n+1 {
			t.Errorf("reply %q %q, %d held", o.Code, o.Text, len(r.holder.held()))
		}
		if err := r.filter.last(t).ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("ended by %v", err)
		}
	}
	r.idle()
}

func TestStepsInOrder(t *testing.T) {
	var mu sync.Mutex
	var got []string
	r := start(t, func(o *Options, _ *Policy, r *rig) {
		o.Step = func(name string) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, name)
			held, recorded := len(r.holder.held()) > 0, len(r.audit.rs) > 0
			if held != (name != StepDecided) || recorded != slices.Contains([]string{StepAudited, StepCounted, StepReplied}, name) {
				t.Errorf("at %s: held %v, recorded %v", name, held, recorded)
			}
		}
	})
	r.filter.verdict = evidence(rules.Quarantine)
	s := r.greet(miltertest.Postfix())
	r.send(s, plain())
	eventually(t, "all steps", func() bool { mu.Lock(); defer mu.Unlock(); return len(got) == len(Steps()) })
	if d := cmp.Diff(Steps(), got); d != "" {
		t.Error(d)
	}
}

// The MTA goes away while we work: the mail is held and the MTA still has it. Twice is allowed, never zero times.
func TestConnectionLostAfterPut(t *testing.T) {
	var s *miltertest.Session
	r := start(t, func(o *Options, _ *Policy, _ *rig) {
		o.Step = func(name string) {
			if name == StepPut {
				s.Drop()
			}
		}
	})
	r.filter.verdict = evidence(rules.Quarantine)
	var err error
	if s, err = miltertest.Dial("unix", r.addr, miltertest.Postfix()); err != nil {
		t.Fatal(err)
	}
	if o, err := s.Send(plain()); err == nil {
		t.Errorf("reply %q", o.Code)
	}
	eventually(t, "the session ends", func() bool { return value(r.m.Sessions) == 0 })
	if len(r.holder.held()) != 1 {
		t.Error("the message is not held")
	}
	r.idle()
}
