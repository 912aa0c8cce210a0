package milter

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/filter"
	"sekisho/internal/miltertest"
	"sekisho/rules"
)

// threeTo is a mail to three, one of them as a client may spell it.
func threeTo() miltertest.Mail {
	m := plain()
	m.Rcpts = []string{"b@example.org", "C.Sato@Example.ORG", `"d e"@example.org`}
	return m
}

// differing is a verdict with actions by recipient, in the order of threeTo.
func differing(actions ...rules.Action) rules.Verdict {
	v := evidence(slices.Max(actions))
	v.PerRecipient = map[string]rules.Action{}
	for i, a := range actions {
		if a != v.Action {
			v.PerRecipient[threeTo().Rcpts[i]] = a
		}
	}
	return v
}

func deleted(o miltertest.Outcome) (list []string) {
	for _, m := range o.Mods {
		if m.Code == '-' {
			list = append(list, m.Value)
		}
	}
	return list
}

func TestAMailIsHeldForSomeAndDeliveredToOthers(t *testing.T) {
	const a, tag, q, reject, temp, disarm = rules.Accept, rules.Tag, rules.Quarantine, rules.Reject, rules.TempFail, rules.Disarm
	for name, tt := range map[string]struct {
		verdict rules.Verdict
		mode    rules.Mode
		code    byte
		held    []string // recipients of the held copy
		deleted []string
		mark    string
		done    string
	}{
		"one held":                {differing(q, a, a), 0, 'a', []string{"b@example.org"}, []string{"<b@example.org>"}, " accept", "split"},
		"as the client wrote":     {differing(tag, q, q), 0, 'a', []string{"C.Sato@Example.ORG", `"d e"@example.org`}, []string{"<C.Sato@Example.ORG>", `<"d e"@example.org>`}, " tag", "split"},
		"the rest's hardest mark": {differing(q, a, tag), 0, 'a', []string{"b@example.org"}, []string{"<b@example.org>"}, " tag", "split"},
		"refused for one":         {differing(reject, a, a), 0, 'a', []string{"b@example.org"}, []string{"<b@example.org>"}, " accept", "split"},
		"disarm for one":          {differing(disarm, a, a), 0, 'a', []string{"b@example.org"}, []string{"<b@example.org>"}, " accept", "split"},
		"refused and held":        {differing(reject, q, q), 0, 'd', threeTo().Rcpts, nil, "", "quarantine"},
		"later for one":           {differing(temp, a, q), 0, 'y', nil, nil, "", "tempfail"},
		"tagged for one":          {differing(tag, a, a), 0, 'a', nil, nil, " tag", "tag"},
		"in mode tag":             {differing(q, a, a), rules.ModeTag, 'a', nil, nil, " tag", "tag"},
		"in mode monitor":         {differing(q, a, a), rules.ModeMonitor, 'a', nil, nil, "", "accept"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, with(func(p *Policy) { p.Mode = tt.mode }))
			r.filter.verdict = tt.verdict
			o := r.send(r.greet(miltertest.Postfix()), threeTo())
			if o.Code != tt.code {
				t.Errorf("reply %q, want %q", o.Code, tt.code)
			}
			if d := cmp.Diff(tt.deleted, deleted(o)); d != "" {
				t.Error(d)
			}
			var held []string
			for _, it := range r.holder.held() {
				held = append(held, it.Envelope.Rcpts...)
			}
			if d := cmp.Diff(tt.held, held); d != "" {
				t.Error(d)
			}
			mark := ""
			for _, f := range o.Apply(nil) {
				if f.Name == "X-Sekisho-Verdict" {
					mark = f.Value
				}
				if f.Name == "X-Sekisho-Id" && f.Value == " Q1" {
					t.Error("the others' copy names what is held")
				}
			}
			if mark != tt.mark {
				t.Errorf("mark %q, want %q", mark, tt.mark)
			}
			rec := r.audit.last(t)
			if rec.Done != tt.done || len(rec.Rcpts) != 3 || (tt.done == "split") != (rec.PerRecipient != nil) || (len(tt.held) > 0) != (rec.Quarantine != "") {
				t.Errorf("record: done %s, %v, quarantine %s", rec.Done, rec.PerRecipient, rec.Quarantine)
			}
		})
	}
}

func TestTheRecordSaysWhatEachRecipientGot(t *testing.T) {
	r := start(t, nil)
	r.filter.verdict = differing(rules.Quarantine, rules.Accept, rules.Tag)
	r.send(r.greet(miltertest.Postfix()), threeTo())
	want := map[string]string{"b@example.org": "quarantine", "C.Sato@Example.ORG": "tag", `"d e"@example.org`: "tag"}
	if d := cmp.Diff(want, r.audit.last(t).PerRecipient); d != "" {
		t.Error(d)
	}
}

func TestModesOfPoliciesAreCarriedOutByRecipient(t *testing.T) {
	r := start(t, nil)
	v := evidence(rules.Quarantine)
	v.Modes = map[string]rules.Mode{"b@example.org": rules.ModeMonitor}
	r.filter.verdict = v
	o := r.send(r.greet(miltertest.Postfix()), threeTo())
	if got := deleted(o); o.Code != 'a' || len(got) != 2 || slices.Contains(got, "<b@example.org>") {
		t.Errorf("reply %q, deleted %v", o.Code, got)
	}
}

func TestAnMTAThatCannotForgetRecipientsHasAllHeld(t *testing.T) {
	r := start(t, nil)
	r.filter.verdict = differing(rules.Quarantine, rules.Accept, rules.Accept)
	o := r.send(r.greet(miltertest.Offer{Version: 6, Actions: 0x1ff &^ miltertest.ActDelRcpt, Protocol: 0x1fffff}), threeTo())
	if o.Code != 'd' || len(r.holder.held()) != 1 || len(r.holder.held()[0].Envelope.Rcpts) != 3 {
		t.Errorf("reply %q, held %v", o.Code, r.holder.held())
	}
	if rec := r.audit.last(t); !rec.Undivided || rec.PerRecipient != nil {
		t.Errorf("record %+v", rec)
	}
}

func TestADividedMailThatCannotBeStoredComesAgainForAll(t *testing.T) {
	r := start(t, nil)
	r.holder.err = errors.New("disk on fire")
	r.filter.verdict = differing(rules.Quarantine, rules.Accept, rules.Accept)
	o := r.send(r.greet(miltertest.Postfix()), threeTo())
	if o.Text != "451 4.7.1 Try again later, id 4Xq1" || len(deleted(o)) > 0 {
		t.Errorf("reply %q %q, deleted %v", o.Code, o.Text, deleted(o))
	}
}

func TestTheHeldPartOfADividedMailIsNeverInTheMTAsQueue(t *testing.T) {
	r := start(t, with(func(p *Policy) { p.MTAHold = true }))
	r.filter.verdict = differing(rules.Quarantine, rules.Accept, rules.Accept)
	o := r.send(r.greet(miltertest.Postfix()), threeTo())
	if it := r.holder.held()[0]; it.Where != "store" || o.Code != 'a' || len(deleted(o)) != 1 {
		t.Errorf("%+v, reply %q", it, o.Code)
	}
}

// A verdict may change after the held part is stored: another mail of the same moment brought a password.
func TestADividedMailWhoseVerdictChanges(t *testing.T) {
	for name, tt := range map[string]struct {
		changed rules.Verdict
		code    byte
		deleted int
	}{
		"milder for the others": {differing(rules.Quarantine, rules.Accept, rules.Tag), 'a', 1},
		"held for all":          {evidence(rules.Quarantine), 'y', 0},
		"held for one more":     {differing(rules.Quarantine, rules.Quarantine, rules.Accept), 'y', 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, nil)
			r.filter.verdict, r.filter.changed = differing(rules.Quarantine, rules.Accept, rules.Accept), &tt.changed
			r.filter.memory, r.filter.remembered = &filter.Memory{}, filter.Remembered{Changed: true}
			o := r.send(r.greet(miltertest.Postfix()), threeTo())
			if o.Code != tt.code || len(deleted(o)) != tt.deleted || len(r.holder.held()) != 1 {
				t.Errorf("reply %q, deleted %v, held %d", o.Code, deleted(o), len(r.holder.held()))
			}
		})
	}
}

func TestAVerdictThatComesToDifferIsCarriedOutByRecipient(t *testing.T) {
	r := start(t, nil)
	changed := differing(rules.Quarantine, rules.Accept, rules.Accept)
	r.filter.verdict, r.filter.changed = evidence(rules.Accept), &changed
	r.filter.memory, r.filter.remembered = &filter.Memory{}, filter.Remembered{Changed: true}
	if o := r.send(r.greet(miltertest.Postfix()), threeTo()); o.Code != 'a' || len(deleted(o)) != 1 || len(r.holder.held()) != 1 {
		t.Errorf("reply %q, deleted %v", o.Code, deleted(o))
	}
}

func TestAPathGoesBackAsItCame(t *testing.T) {
	for path, want := range map[string]string{
		"<a@b.example>": "a@b.example", "a@b.example": "a@b.example", `<"a>"@b.example>`: `"a>"@b.example`, `<"<a"@b.example>`: `"<a"@b.example`, "": "", "<": "",
	} {
		if got := unbracketed(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func TestARouteIsNoPartOfAnAddress(t *testing.T) {
	for path, want := range map[string]string{
		"a@b.example": "a@b.example", "@relay.example:a@b.example": "a@b.example", "@r.example,@s.example:a@b.example": "a@b.example",
		"@[IPv6:2001:db8::1]:a@b.example": "a@b.example", " a@b.example ": "a@b.example", `"@x:a"@b.example`: `"@x:a"@b.example`, "@x:": "", "@x": "@x", "": "",
	} {
		if got := unrouted(path); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
	r := start(t, nil)
	m := threeTo()
	m.Rcpts[0] = "@relay.example:b@example.org"
	r.filter.verdict = differing(rules.Quarantine, rules.Accept, rules.Accept)
	o := r.send(r.greet(miltertest.Postfix()), m)
	if got := deleted(o); !slices.Equal(got, []string{"<b@example.org>"}) || !slices.Equal(r.holder.held()[0].Envelope.Rcpts, []string{"b@example.org"}) {
		t.Errorf("deleted %q, held %q", got, r.holder.held()[0].Envelope.Rcpts)
	}
}
