package rules

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

func TestJoinGivesEveryRecipientItsOwn(t *testing.T) {
	quarantined := Verdict{Action: Quarantine, Rule: "macro", Rules: []string{"macro"}, Incomplete: true}
	tag := Tag
	for name, tc := range map[string]struct {
		shares []Share
		want   map[string]Action
		rule   string
	}{
		"nobody":       {nil, map[string]Action{}, ""},
		"one for all":  {[]Share{{[]string{"a", "b"}, quarantined}}, map[string]Action{"a": Quarantine, "b": Quarantine}, "macro"},
		"two":          {[]Share{{[]string{"a"}, Verdict{}}, {[]string{"b"}, quarantined}}, map[string]Action{"a": Accept, "b": Quarantine}, "macro"},
		"all are mild": {[]Share{{[]string{"a"}, Verdict{Action: Tag, Rule: "x"}}, {[]string{"b"}, Verdict{}}}, map[string]Action{"a": Tag, "b": Accept}, "x"},
		"with policies": {[]Share{{[]string{"a", "b"}, Verdict{Action: Quarantine, Rule: "macro", PerRecipient: map[string]Action{"b": Tag}}},
			{[]string{"c"}, Verdict{Action: Tag, Rule: "x"}}}, map[string]Action{"a": Quarantine, "b": Tag, "c": Tag}, "macro"},
		"a policy's mode": {[]Share{{[]string{"a"}, Verdict{Action: Quarantine, Rule: "macro", Modes: map[string]Mode{"a": ModeTag}, Softened: &tag}},
			{[]string{"b"}, Verdict{}}}, map[string]Action{"a": Tag, "b": Accept}, "macro"},
	} {
		v := Join(tc.shares)
		got := map[string]Action{}
		for r := range tc.want {
			got[r] = v.EffectiveFor(r, ModeEnforce)
		}
		if d := cmp.Diff(tc.want, got); d != "" || v.Rule != tc.rule {
			t.Errorf("%s: rule %q\n%s", name, v.Rule, d)
		}
		hardest := Accept
		for _, a := range tc.want {
			hardest = max(hardest, a)
		}
		if e := v.Effective(ModeEnforce); e != hardest {
			t.Errorf("%s: the hardest that is carried out is %s, not %s", name, e, hardest)
		}
	}
	if v := Join([]Share{{[]string{"a"}, Verdict{}}, {[]string{"b"}, quarantined}}); !v.Incomplete {
		t.Error("a share of an incomplete message makes it complete")
	}
}

func TestForDecidesForSomeWithTheFactsOfAll(t *testing.T) {
	p := mustLoad(t, "include: default\npolicies:\n  - {name: x, recipients: [a@example.com], actions: {macro-present: off}}\n")
	f := to(facts(message.In, finding.VBAPresent), "a@example.com", "b@example.com")
	f.For = []string{"a@example.com"}
	if v := p.Decide(f); v.Action != Accept || len(v.PerRecipient) != 0 {
		t.Errorf("for the one with the policy: %+v", v)
	}
	f.For = []string{"b@example.com"}
	if v := p.Decide(f); v.Action != Tag || len(v.PerRecipient) != 0 {
		t.Errorf("for the other one: %+v", v)
	}
}

func TestSameComparesWhatRecipientsGet(t *testing.T) {
	a := Verdict{Action: Tag, Rule: "x", PerRecipient: map[string]Action{"a": Accept}}
	b := a
	b.Rules = []string{"y"}
	c := a
	c.PerRecipient = map[string]Action{"b": Accept}
	if !a.Same(b) || a.Same(c) || a.Same(Verdict{Action: Tag, Rule: "x"}) {
		t.Error("verdicts are told apart by something else")
	}
}
