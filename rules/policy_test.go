package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

// threeRules are what the policies of these tests change.
func threeRules(t testing.TB, policies string) *Pack {
	t.Helper()
	var b strings.Builder
	b.WriteString(policies)
	b.WriteString("rules:\n")
	for _, r := range [][3]string{{"macro", "quarantine", `has("vba.present")`}, {"zip", "tag", `has("zip.encrypted")`}, {"fails", "reject", `has("archive.bomb") && files[0] == "x"`}} {
		one := oneRule(map[string]string{"name": "name: " + r[0], "action": "action: " + r[1], "when": "when: '" + r[2] + "'"})
		b.WriteString(strings.TrimPrefix(one, "rules:\n"))
	}
	return mustLoad(t, b.String())
}

const somePolicies = `
policies:
  - name: sales
    recipients: [sales@example.com, "@shop.example.com"]
    actions: {macro: tag, zip: off}
  - name: lab
    recipients: ["@.example.com"]
    actions: {macro: accept, zip: reject, fails: tempfail}
  - name: pilot
    recipients: [pilot@example.com]
    mode: monitor
  - name: careful
    recipients: [careful@example.com]
    mode: tag
    actions: {zip: quarantine}
`

func to(f Facts, rcpts ...string) Facts {
	f.Envelope.Rcpts = rcpts
	return f
}

func TestPolicyOfARecipient(t *testing.T) {
	p := threeRules(t, `
policies:
  - name: address
    recipients: [sales@example.com, 営業@日本.example]
    mode: tag
  - name: domain
    recipients: ["@EXAMPLE.com", "@日本.example"]
    mode: tag
  - name: below
    recipients: ["@.example.com", "@.日本.example"]
    mode: tag
  - name: further-below
    recipients: ["@.a.example.com"]
    mode: tag
`)
	for rcpt, want := range map[string]string{
		"sales@example.com":          "address",
		"Sales@Example.COM":          "address",
		"sales+july@example.com":     "address",
		`"sales"@example.com`:        "address",
		"sales@example.com.":         "address",
		"salesperson@example.com":    "domain",
		"+x@example.com":             "domain",
		"a@b@example.com":            "domain",
		"x@lab.example.com":          "below",
		"x@a.example.com":            "below",
		"x@b.a.example.com":          "further-below",
		"x@c.b.a.example.com":        "further-below",
		"x@notexample.com":           "",
		"x@com":                      "",
		"x@example.com.evil.example": "",
		"営業@xn--wgv71a.example":      "address",
		"x@日本.example":               "domain",
		"x@a.日本.example":             "below",
		"root":                       "",
		"":                           "",
		"@":                          "",
		"x@[192.0.2.1]":              "",
		"x@." + strings.Repeat("a.", 5000) + "example.com": "",
	} {
		got, ok := p.PolicyFor(rcpt)
		if got.Name != want || ok != (want != "") {
			t.Errorf("%.40q: policy %q, want %q", rcpt, got.Name, want)
		}
	}
}

func TestPoliciesDivideAVerdict(t *testing.T) {
	p := threeRules(t, somePolicies)
	vba, zip := facts(message.In, finding.VBAPresent), facts(message.In, finding.ZipEncrypted)
	both := facts(message.In, finding.VBAPresent, finding.ZipEncrypted)
	for _, tc := range []struct {
		name  string
		facts Facts
		want  Action
		rules string
		per   map[string]Action
	}{
		{"nobody is named", to(vba, "a@example.org", "b@example.org"), Quarantine, "macro", nil},
		{"without recipients the pack's own actions count", vba, Quarantine, "macro", nil},
		{"the only recipient is named", to(vba, "sales@example.com"), Tag, "macro", nil},
		{"one is named, one is not", to(vba, "sales@example.com", "a@example.org"), Quarantine, "macro", map[string]Action{"sales@example.com": Tag}},
		{"a policy may be harder", to(zip, "x@lab.example.com", "a@example.org"), Reject, "zip", map[string]Action{"a@example.org": Tag}},
		{"a rule that is off counts for nothing there", to(zip, "a@shop.example.com"), Accept, "", nil},
		{"and for the others as ever", to(zip, "a@shop.example.com", "a@example.org"), Tag, "zip", map[string]Action{"a@shop.example.com": Accept}},
		{"three kinds of recipients", to(both, "Sales@example.com", "x@lab.example.com", "a@example.org"), Reject, "zip macro",
			map[string]Action{"Sales@example.com": Tag, "a@example.org": Quarantine}},
		{"a rule that fails holds at most, whatever the policy", to(facts(message.In, finding.ArchiveBomb), "x@lab.example.com"), Quarantine, "fails", nil},
		{"the same recipient twice", to(vba, "sales@example.com", "sales@example.com", "a@example.org"), Quarantine, "macro",
			map[string]Action{"sales@example.com": Tag}},
		{"no rule matches", to(facts(message.In), "sales@example.com", "a@example.org"), Accept, "", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := p.Decide(tc.facts)
			if v.Action != tc.want || strings.Join(v.Rules, " ") != tc.rules {
				t.Errorf("got %s by %q, want %s by %q", v.Action, v.Rules, tc.want, tc.rules)
			}
			if diff := cmp.Diff(tc.per, v.PerRecipient); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestModesOfPolicies(t *testing.T) {
	p := threeRules(t, somePolicies)
	vba := facts(message.In, finding.VBAPresent)
	for _, tc := range []struct {
		name     string
		rcpts    string
		mode     Mode
		want     Action // carried out for the hardest
		each     string // carried out for each
		enforced bool
	}{
		{"a policy under monitor does nothing", "pilot@example.com", ModeEnforce, Accept, "accept", false},
		{"but the others' mail is held", "pilot@example.com a@example.org", ModeEnforce, Quarantine, "accept quarantine", false},
		{"a policy's tag", "careful@example.com", ModeEnforce, Tag, "tag", false},
		{"the hardest that is left", "careful@example.com pilot@example.com", ModeEnforce, Tag, "tag accept", false},
		{"the milder mode counts: the pack's", "careful@example.com pilot@example.com a@example.org", ModeTag, Tag, "tag accept tag", false},
		{"monitor stops everything", "careful@example.com a@example.org", ModeMonitor, Accept, "accept accept", false},
		{"without a mode of their own", "a@example.org sales@example.com", ModeEnforce, Quarantine, "quarantine tag", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rcpts := strings.Fields(tc.rcpts)
			v := p.Decide(to(vba, rcpts...)).Apply(tc.mode)
			var each []string
			hardest := Accept
			for _, r := range rcpts {
				each = append(each, v.EffectiveFor(r, tc.mode).String())
				hardest = max(hardest, v.EffectiveFor(r, tc.mode))
			}
			if got := v.Effective(tc.mode); got != tc.want || got != hardest {
				t.Errorf("carried out: %s, want %s; hardest of the recipients' %s", got, tc.want, hardest)
			}
			if got := strings.Join(each, " "); got != tc.each || v.Enforced != tc.enforced {
				t.Errorf("got %s, enforced %t; want %s, %t", got, v.Enforced, tc.each, tc.enforced)
			}
			if v.Action != Quarantine {
				t.Errorf("the verdict itself became %s", v.Action)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	v := threeRules(t, somePolicies).Decide(to(facts(message.In, finding.VBAPresent), "sales@example.com", "a@example.org", "pilot@example.com"))
	want := map[Action][]string{Tag: {"sales@example.com"}, Quarantine: {"a@example.org"}, Accept: {"pilot@example.com"}}
	if diff := cmp.Diff(want, v.Split([]string{"sales@example.com", "a@example.org", "pilot@example.com"}, ModeEnforce)); diff != "" {
		t.Error(diff)
	}
}

// The verdict of a held message is kept as JSON and read again.
func TestDividedVerdictSurvivesJSON(t *testing.T) {
	v := threeRules(t, somePolicies).Decide(to(facts(message.In, finding.VBAPresent), "sales@example.com", "careful@example.com", "pilot@example.com"))
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var got Verdict
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v, got); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{`"per_recipient":{"sales@example.com":"tag"}`, `"modes":{"careful@example.com":"tag","pilot@example.com":"monitor"}`, `"softened":"tag"`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
}

func TestMonitoredRuleIsReportedOnly(t *testing.T) {
	p := mustLoad(t, `
rules:
  - {name: watch, when: has("vba.present"), action: quarantine, monitor: true, title: {en: T, ja: 題}, advice: {en: A, ja: 助}}
  - {name: broken, when: 'rcpts[0] == "x"', action: reject, monitor: true, title: {en: T, ja: 題}, advice: {en: A, ja: 助}}
  - {name: hold, when: incomplete, action: quarantine, title: {en: T, ja: 題}, advice: {en: A, ja: 助}}
`)
	v := p.Decide(facts(message.In, finding.VBAPresent))
	want := Verdict{Rules: []string{}, Why: []finding.Finding{}, Enforced: true, Monitored: []string{"watch"},
		Failed: []Failure{{"broken", "index out of bounds: 0"}}}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Error(diff)
	}
}

func TestRuleThatIsOff(t *testing.T) {
	p := mustLoad(t, `
rules:
  - {name: sleeps, when: 'rcpts[0] == "a@example.org"', action: "off", title: {en: T, ja: 題}, advice: {en: A, ja: 助}}
`)
	if v := p.Decide(Facts{}); v.Incomplete || len(v.Failed) > 0 || v.Rule != "" {
		t.Errorf("a rule that is off was asked: %+v", v)
	}
	woken := mustLoad(t, `
rules:
  - {name: sleeps, when: tls, action: "off", title: {en: T, ja: 題}, advice: {en: A, ja: 助}}
policies:
  - {name: awake, recipients: [a@example.com], actions: {sleeps: tag}}
`)
	f := Facts{Envelope: message.Envelope{TLS: true, Rcpts: []string{"a@example.com", "b@example.com"}}}
	if v := woken.Decide(f); v.Action != Tag || v.For("b@example.com") != Accept || v.For("a@example.com") != Tag {
		t.Errorf("got %+v", v)
	}
}

func TestPolicyFaultsHaveTheirPlace(t *testing.T) {
	for _, tc := range []struct{ name, policy, at, msg string }{
		{"no name", "recipients: [a@b.example]\n    mode: tag", "9:11", "needs a name"},
		{"name in capitals", "name: Sales\n    recipients: [a@b.example]\n    mode: tag", "8:11", "lower-case words"},
		{"nothing to do", "name: x\n    recipients: [a@b.example]", "8:11", "changes nothing"},
		{"nobody", "name: x\n    mode: tag", "8:11", "names no recipients"},
		{"unknown mode", "name: x\n    recipients: [a@b.example]\n    mode: soft", "10:11", `unknown mode "soft"`},
		{"unknown rule", "name: x\n    recipients: [a@b.example]\n    actions: {nope: tag}", "10:15", `no rule "nope"`},
		{"unknown action", "name: x\n    recipients: [a@b.example]\n    actions:\n      r: explode", "11:10", `unknown action "explode"`},
		{"rule named twice", "name: x\n    recipients: [a@b.example]\n    actions: {r: tag, r: off}", "10:23", "already defined"},
		{"actions that are a list", "name: x\n    recipients: [a@b.example]\n    actions: [r]", "10:14", "a line for each rule"},
		{"recipient without a domain", "name: x\n    recipients: [sales]\n    mode: tag", "9:18", "names no recipients"},
		{"wildcard", "name: x\n    recipients: ['*@b.example']\n    mode: tag", "9:18", "no wildcards"},
		{"everybody", "name: x\n    recipients: ['@']\n    mode: tag", "9:18", "names no recipients"},
		{"subdomains of an address", "name: x\n    recipients: ['a@.b.example']\n    mode: tag", "9:18", "names no recipients"},
		{"named twice", "name: x\n    recipients: [a@b.example, A@B.example]\n    mode: tag", "9:31", "by this policy already"},
		{"named by two", "name: x\n    recipients: [a@b.example]\n    mode: tag\n  - name: y\n    recipients: [a@b.example]\n    mode: tag", "12:18", `by policy "x" already`},
		{"same name", "name: x\n    recipients: [a@b.example]\n    mode: tag\n  - name: x\n    recipients: [c@b.example]\n    mode: tag", "11:11", "two policies have the name"},
		{"unknown key", "name: x\n    colour: red", "9:5", `unknown field "colour"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load([]byte(oneRule(nil) + "policies:\n  - " + tc.policy + "\n"))
			if err == nil || !strings.Contains(err.Error(), "["+tc.at+"]") || !strings.Contains(err.Error(), tc.msg) {
				t.Errorf("got %v, want %q at %s", err, tc.msg, tc.at)
			}
		})
	}
}

func TestMonitoredRuleTakesNoPolicy(t *testing.T) {
	yaml := oneRule(map[string]string{"action": "action: tag\n    monitor: true"}) + "policies:\n  - {name: x, recipients: [a@b.example], actions: {r: reject}}\n"
	if _, err := Load([]byte(yaml)); err == nil || !strings.Contains(err.Error(), "under monitor") {
		t.Errorf("got %v", err)
	}
}

// FuzzPolicies: a policy changes nothing for those whom it does not name, what is carried out for the whole is the hardest of what is carried
// out for each, and nobody's verdict is milder than their own rules say.
func FuzzPolicies(f *testing.F) {
	f.Add("sales@example.com,a@example.org", "vba.present,zip.encrypted", uint8(0))
	f.Add("x@lab.example.com,pilot@example.com,careful@example.com", "archive.bomb", uint8(1))
	f.Add("SALES+x@example.com,\"sales\"@example.com,@,x@.example.com", "vba.present", uint8(2))
	with, without := threeRules(f, somePolicies), threeRules(f, "")
	f.Fuzz(func(t *testing.T, rcpts, kinds string, mode uint8) {
		m := Mode(mode % 3)
		fa := to(Facts{Direction: message.In}, strings.Split(rcpts, ",")...)
		for _, k := range strings.Split(kinds, ",") {
			fa.Findings = append(fa.Findings, finding.New(finding.Kind(k), nil, ""))
		}
		v, plain := with.Decide(fa).Apply(m), without.Decide(fa)
		hardest, carried := Accept, Accept
		for _, r := range fa.Envelope.Rcpts {
			alone := with.Decide(to(fa, r)).Apply(m)
			if v.For(r) != alone.Action || v.EffectiveFor(r, m) != alone.Effective(m) {
				t.Errorf("%q: %s, alone %s", r, v.For(r), alone.Action)
			}
			if _, named := with.PolicyFor(r); !named && (v.For(r) != plain.Action || v.EffectiveFor(r, m) != plain.Effective(m)) {
				t.Errorf("%q is named by no policy: %s, without policies %s", r, v.For(r), plain.Action)
			}
			hardest, carried = max(hardest, v.For(r)), max(carried, v.EffectiveFor(r, m))
		}
		if v.Action != hardest || v.Effective(m) != carried {
			t.Errorf("the whole: %s, %s carried out; the hardest: %s, %s", v.Action, v.Effective(m), hardest, carried)
		}
		for r := range maps.Keys(v.PerRecipient) {
			if v.PerRecipient[r] == v.Action {
				t.Errorf("%q is listed and does not differ", r)
			}
		}
	})
}

func BenchmarkPolicies(b *testing.B) {
	p := threeRules(b, somePolicies)
	f := manyRcpts(1000)
	for i := range f.Envelope.Rcpts {
		if i%2 == 0 {
			f.Envelope.Rcpts[i] = fmt.Sprintf("user%d@lab.example.com", i)
		}
	}
	f.Findings = facts(message.In, finding.VBAPresent).Findings
	b.ReportAllocs()
	for b.Loop() {
		p.Decide(f)
	}
}

func TestJoinKeepsWhatEachPartSays(t *testing.T) {
	monitor := ModeMonitor
	parts := []Share{
		{[]string{"a@example.com"}, Verdict{Action: Tag, Rule: "t", Rules: []string{"t"}, Monitored: []string{"w"}}},
		{[]string{"b@example.com", "c@example.com"}, Verdict{Action: Quarantine, Rule: "q", Rules: []string{"q"}, Monitored: []string{"v"},
			Modes: map[string]Mode{"c@example.com": monitor}, PerRecipient: map[string]Action{"b@example.com": Reject}, Incomplete: true,
			Failed: []Failure{{"x", "y"}}}},
	}
	v := Join(parts)
	if v.Rule != "q" || v.For("a@example.com") != Tag || v.For("b@example.com") != Reject || v.EffectiveFor("c@example.com", ModeEnforce) != Accept {
		t.Errorf("got %+v", v)
	}
	if !v.Incomplete || len(v.Failed) != 1 || strings.Join(v.Monitored, " ") != "v w" {
		t.Errorf("got %+v", v)
	}
	if len(parts[1].Verdict.Monitored) != 1 {
		t.Error("a part was changed")
	}
}
