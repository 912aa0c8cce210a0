package rules

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

// packOf makes a pack of "name action condition" lines.
func packOf(t testing.TB, rules ...string) *Pack {
	t.Helper()
	var b strings.Builder
	b.WriteString("rules:\n")
	for _, r := range rules {
		f := strings.SplitN(r, " ", 3)
		one := oneRule(map[string]string{"name": "name: " + f[0], "action": "action: " + f[1], "when": "when: '" + f[2] + "'"})
		b.WriteString(strings.TrimPrefix(one, "rules:\n"))
	}
	return mustLoad(t, b.String())
}

// failing is a condition that gives an error whenever a message has no recipient.
const failing = `rcpts[0] == "x"`

func TestDecideOrder(t *testing.T) {
	vba, zip := finding.New(finding.VBAPresent, nil, "a"), finding.New(finding.ZipEncrypted, nil, "b")
	for _, tc := range []struct {
		name  string
		rules []string
		want  Verdict
	}{
		{"no rule matches", []string{`a tag has("archive.bomb")`},
			Verdict{Action: Accept, Rules: []string{}, Why: []finding.Finding{}}},
		{"an accepting rule is named", []string{`a accept has("vba.present")`},
			Verdict{Action: Accept, Rule: "a", Rules: []string{"a"}, Why: []finding.Finding{vba}}},
		{"hardest wins, all are listed hardest first", []string{`a accept true`, `b tag has("zip.encrypted")`, `c quarantine has("vba.present")`, `d reject false`},
			Verdict{Action: Quarantine, Rule: "c", Rules: []string{"c", "b", "a"}, Why: []finding.Finding{vba}}},
		{"ties by the pack's order, each of the hardest cites", []string{`a tag has("zip.encrypted")`, `b tag has("vba.present")`},
			Verdict{Action: Tag, Rule: "a", Rules: []string{"a", "b"}, Why: []finding.Finding{vba, zip}}},
		{"a finding is cited once", []string{`a tag has("vba.present")`, `b tag count("vba.present") == 1`},
			Verdict{Action: Tag, Rule: "a", Rules: []string{"a", "b"}, Why: []finding.Finding{vba}}},
		{"tempfail is hardest", []string{`a reject true`, `b tempfail true`},
			Verdict{Action: TempFail, Rule: "b", Rules: []string{"b", "a"}, Why: []finding.Finding{}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.want.Enforced = true
			got := packOf(t, tc.rules...).Decide(Facts{Direction: message.In, Findings: []finding.Finding{vba, zip}})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRuleThatFailsMakesTheMessageIncomplete(t *testing.T) {
	fail := []Failure{{"bad", "index out of bounds: 0"}}
	for _, tc := range []struct {
		name  string
		rules []string
		facts Facts
		want  Verdict
	}{
		{"the other rules see incomplete", []string{`bad tag ` + failing, `hold quarantine incomplete`}, Facts{},
			Verdict{Action: Quarantine, Rule: "hold", Rules: []string{"hold", "bad"}, Incomplete: true, Failed: fail}},
		{"it counts as matching without such a rule", []string{`bad tag ` + failing}, Facts{},
			Verdict{Action: Tag, Rule: "bad", Rules: []string{"bad"}, Incomplete: true, Failed: fail}},
		{"but never sends mail back", []string{`bad reject ` + failing}, Facts{},
			Verdict{Action: Quarantine, Rule: "bad", Rules: []string{"bad"}, Incomplete: true, Failed: fail}},
		{"on a message that is incomplete already", []string{`bad tempfail ` + failing}, Facts{Incomplete: true},
			Verdict{Action: Quarantine, Rule: "bad", Rules: []string{"bad"}, Incomplete: true, Failed: fail}},
		{"one that recovers when incomplete is told, but matched not", []string{`bad reject !incomplete && ` + failing}, Facts{},
			Verdict{Action: Accept, Rule: "", Rules: []string{}, Incomplete: true, Failed: fail}},
		{"one that fails only when incomplete is told", []string{`first tag !incomplete && ` + failing, `bad tag incomplete && ` + failing}, Facts{},
			Verdict{Action: Tag, Rule: "bad", Rules: []string{"bad"}, Incomplete: true, Failed: []Failure{{"first", fail[0].Error}, fail[0]}}},
		{"an operand that decides hides the failure", []string{`ok tag tls && ` + failing}, Facts{},
			Verdict{Rules: []string{}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.want.Enforced, tc.want.Why = true, []finding.Finding{}
			if diff := cmp.Diff(tc.want, packOf(t, tc.rules...).Decide(tc.facts)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func manyRcpts(n int) Facts {
	f := Facts{Direction: message.In}
	for i := range n {
		f.Envelope.Rcpts = append(f.Envelope.Rcpts, fmt.Sprintf("user%d@example.org", i))
	}
	return f
}

func TestCostLimitStopsARule(t *testing.T) {
	p := packOf(t, `pairs tag rcpts.all(a, rcpts.all(b, a != b + "x"))`, `each tag rcpts.exists(r, r.endsWith("@example.com"))`)
	v := p.Decide(manyRcpts(1000))
	if len(v.Failed) != 1 || v.Failed[0].Rule != "pairs" || !strings.Contains(v.Failed[0].Error, "cost limit exceeded") || !v.Incomplete {
		t.Errorf("got %+v", v)
	}
}

func TestFailureTextIsShortAndPrintable(t *testing.T) {
	p := packOf(t, `bad tag kinds[subject] > 0`)
	v := p.Decide(Facts{Subject: "\x1b[2J" + strings.Repeat("あ", 500)})
	if e := v.Failed[0].Error; len(e) > failureMax || !utf8.ValidString(e) || strings.ContainsRune(e, '\x1b') {
		t.Errorf("got %q", e)
	}
}

func TestWhyIsBounded(t *testing.T) {
	f := Facts{Direction: message.In}
	for range 10 * WhyMax {
		f.Findings = append(f.Findings, finding.New(finding.VBAPresent, nil, ""))
	}
	if v := Default().Decide(f); len(v.Why) != WhyMax {
		t.Errorf("%d findings cited, want %d", len(v.Why), WhyMax)
	}
}

func TestConditionsSeeTheFacts(t *testing.T) {
	f := Facts{Direction: message.In, Subject: "請求書", From: "a@example.org", Files: []string{"zip", "doc"}, Findings: []finding.Finding{
		finding.New(finding.VBAAutoexec, nil, ""), finding.New(finding.VBAPresent, nil, ""), finding.New(finding.VBAPresent, nil, "")},
		Envelope: message.Envelope{MailFrom: "m@example.org", Rcpts: []string{"r@example.com", "s@example.com"}, SASLUser: "u",
			ClientIP: netip.MustParseAddr("::ffff:192.0.2.1"), ClientName: "c.example.org", Helo: "h", TLS: true}}
	for _, tc := range []struct {
		when string
		want bool
	}{
		{`has("vba.autoexec")`, true},
		{`has("zip.encrypted")`, false},
		{`count("vba.present") == 2 && count("zip.encrypted") == 0`, true},
		{`"vba.present" in kinds && kinds["vba.present"] == 2 && size(kinds) == 2`, true},
		{`kinds.exists(k, k.startsWith("vba."))`, true},
		{`kinds == {"vba.present": 2, "vba.autoexec": 1}`, true},
		{`severity_max == suspicious && severity_max > info && severity_max < malicious`, true},
		{`!incomplete && tls && direction in ["in", "internal"]`, true},
		{`subject.matches("請求|invoice")`, true},
		{`subject.size() == 3 && subject == "請求書"`, true},
		{`from == "a@example.org" && mail_from == "m@example.org"`, true},
		{`rcpts.all(r, r.endsWith("@example.com")) && rcpts.size() == 2`, true},
		{`files.exists_one(x, x == "doc") && "zip" in files`, true},
		{`files.filter(x, x != "doc") == ["zip"] && files.map(x, x + "!")[1] == "doc!"`, true},
		{`sasl_user == "u" && client_ip == "192.0.2.1" && client_name == "c.example.org" && helo == "h"`, true},
		{`has("zip.encrypted") || has("vba.present")`, true},
		{`has("zip.encrypted") || tls`, true},
		{`has("zip.encrypted") && rcpts[9] == "x" || has("archive.bomb")`, false},
		{`!has("zip.encrypted")`, true},
	} {
		t.Run(tc.when, func(t *testing.T) {
			v := packOf(t, "r tag "+tc.when).Decide(f)
			if (v.Action == Tag) != tc.want || len(v.Failed) > 0 {
				t.Errorf("got %+v, want %t", v, tc.want)
			}
		})
	}
}

// kinds is a map of our own making; CEL has to find nothing odd about it.
func TestKindsIsAMapToCEL(t *testing.T) {
	f := facts(message.In, finding.VBAPresent)
	for _, tc := range []struct{ when, failure string }{
		{`type(kinds) == map`, ""},
		{`dyn(kinds)["vba.present"] == 1 && dyn(kinds)[subject + "vba.present"] == 1`, ""},
		{`{"a": kinds}["a"]["vba.present"] == 1`, ""},
		{`[kinds].all(m, m["vba.present"] == 1)`, ""},
		{`kinds.map(k, k) == ["vba.present"]`, ""},
		{`!(dyn(1) in kinds) || true`, ""},
		{`kinds["zip.encrypted"] > 0`, "no such key"},
		{`kinds[subject] > 0`, "no such key"},
		{`dyn(kinds)[1] > 0`, "no such"},
		{`dyn(1) in kinds`, "no such overload"},
		{`string(dyn(kinds)) == ""`, "no such overload"},
	} {
		v := packOf(t, "r tag "+tc.when).Decide(f)
		if tc.failure == "" && (v.Action != Tag || len(v.Failed) > 0) {
			t.Errorf("%s: got %+v", tc.when, v)
		}
		if tc.failure != "" && (len(v.Failed) != 1 || !strings.Contains(v.Failed[0].Error, tc.failure)) {
			t.Errorf("%s: got %+v, want the failure %q", tc.when, v.Failed, tc.failure)
		}
	}
}

func TestKindsAsAGoMap(t *testing.T) {
	a := newActivation(&Facts{Findings: facts(message.In, finding.VBAPresent, finding.VBAPresent).Findings})
	got, err := a.kinds.ConvertToNative(reflect.TypeFor[map[string]int]())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"vba.present": 2}, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownDirectionCountsAsOutside(t *testing.T) {
	for dir, want := range map[message.Direction]Action{"": Quarantine, "sideways": Quarantine, message.Out: Tag, message.Internal: Tag} {
		if v := Default().Decide(facts(dir, finding.VBAAutoexec)); v.Action != want {
			t.Errorf("%q: got %s, want %s", dir, v.Action, want)
		}
	}
}

func TestEmptyFacts(t *testing.T) {
	v := packOf(t, `r tag severity_max == 0 && client_ip == "" && size(kinds) == 0 && rcpts == [] && subject == ""`).Decide(Facts{})
	if v.Rule != "r" {
		t.Errorf("got %+v", v)
	}
}

func TestHostileTextIsCutAndMadeUTF8(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"as it is", "件名", "件名"},
		{"bytes that are not UTF-8", "a\xff\xfeb", "a\uFFFDb"},
		{"long, cut at a rune's edge", strings.Repeat("x", TextMax-1) + "あ", strings.Repeat("x", TextMax-1)},
		{"long without any edge", strings.Repeat("\x80", 2*TextMax), "\uFFFD"},
	} {
		if got := text(tc.in); string(got) != tc.want {
			t.Errorf("%s: got %q", tc.name, got)
		}
	}
}

// The shortcut that spares evaluations must never change an answer.
func TestNeedsOnlySparesConditionsThatAreFalse(t *testing.T) {
	names := map[int]string{int(isIncomplete): "incomplete", int(isLocked): "locked", int(isBare): "bare", int(isMail): "!bare",
		int(isInbound): "in", int(isOurs): "!in", int(isListed): "lists", int(isCounted): "outbound"}
	for k, bit := range kindBits {
		if bit >= 64*needWords {
			t.Fatalf("no room for %s: raise needWords", k)
		}
		names[bit] = string(k)
	}
	for _, tc := range []struct{ when, want string }{
		{`has("vba.present")`, "vba.present"},
		{`tls && has("vba.present")`, "vba.present"},
		{`(has("vba.present") || has("zip.encrypted")) && has("archive.bomb")`, "vba.present|zip.encrypted archive.bomb"},
		{`has("vba.present") || has("zip.encrypted")`, "vba.present|zip.encrypted"},
		{`has("vba.present") && direction == "in" && !bare`, "vba.present in !bare"},
		{`has("vba.present") && tls || incomplete`, "incomplete|vba.present"},
		{`(has("vba.present") || has("zip.encrypted")) && locked || bare`, "locked|bare"},
		{`direction == "out" && outbound["risky"] >= 1`, "!in outbound"},
		{`direction == "internal" || direction != "in"`, "!in"},
		{`direction != "out"`, ""},
		{`"in" == direction`, ""},
		{`"block" in lists && tls`, "lists"},
		{`subject in lists`, "lists"},
		{`outbound["mails"] > 0`, "outbound"},
		{`outbound["mails"] >= 0`, ""},
		{`outbound["mails"] > -1`, ""},
		{`0 > outbound["mails"]`, ""},
		{`outbound["mails"] > size(rcpts)`, ""},
		{`!incomplete`, ""},
		{`has("vba.present") || tls`, ""},
		{`!has("vba.present")`, ""},
		{`has("vba.present") ? tls : incomplete`, ""},
		{`count("vba.present") > 0`, ""},
		{`"vba.present" in files`, ""},
		{`["vba.present"].exists(k, k in kinds)`, ""},
	} {
		var got []string
		for _, n := range packOf(t, "r tag "+tc.when).rules[0].cond.needs {
			var either []string
			for bit := range 64 * needWords {
				var one need
				if one.set(bit); one.meets(&n) {
					either = append(either, names[bit])
				}
			}
			got = append(got, strings.Join(either, "|"))
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: got %q, want %q", tc.when, got, tc.want)
		}
	}
}

// The same conditions, once spared and once asked whatever the facts, have to give the same.
func TestNeedsAgreeWithEvaluation(t *testing.T) {
	whens := []string{`tls && has("vba.present")`, `(has("vba.present") || has("zip.encrypted")) && has("archive.bomb")`,
		`has("vba.present") || incomplete`, `incomplete && has("zip.encrypted") || has("archive.bomb") && rcpts[0] == "x"`,
		`"l" in lists || locked`, `outbound["mails"] > 0 && !locked`, `outbound["mails"] >= 2 || bare && tls`,
		`direction == "out" && !bare || direction == "in" && locked`, `direction != "in" || direction == "internal"`, `direction != "out"`}
	kinds := []finding.Kind{finding.VBAPresent, finding.ZipEncrypted, finding.ArchiveBomb}
	for _, when := range whens {
		p := packOf(t, "r tag "+when)
		asked := *p.rules[0].cond
		asked.needs = nil
		for set := range 1 << (len(kinds) + 6) {
			f := Facts{Incomplete: set&1 != 0, Envelope: message.Envelope{TLS: set&2 != 0}, Locked: set&4 != 0, Bare: set&8 != 0}
			if set&16 != 0 {
				f.Lists = []string{"l"}
			}
			if set&32 != 0 {
				f.Outbound = map[string]int{"mails": 1 + set%2}
			}
			f.Direction = []message.Direction{message.In, message.Out, message.Internal, ""}[set%4]
			for i, k := range kinds {
				if set>>(i+6)&1 != 0 {
					f.Findings = append(f.Findings, finding.New(k, nil, ""))
				}
			}
			got, err := p.rules[0].cond.eval(newActivation(&f))
			want, wantErr := asked.eval(newActivation(&f))
			if got != want || (err == nil) != (wantErr == nil) {
				t.Errorf("%s on %v: %t, %v; evaluated %t, %v", when, f.Findings, got, err, want, wantErr)
			}
		}
	}
}

func TestPackIsSafeForConcurrentUse(t *testing.T) {
	p := Default()
	want := p.Decide(facts(message.In, finding.VBAAutoexec, finding.MailMalformed))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if diff := cmp.Diff(want, p.Decide(facts(message.In, finding.VBAAutoexec, finding.MailMalformed))); diff != "" {
					t.Error(diff)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestRulesBelongToTheCaller(t *testing.T) {
	p := Default()
	p.Rules()[0].Name = "changed"
	if p.Rules()[0].Name == "changed" {
		t.Error("the pack changed")
	}
}

func TestExplain(t *testing.T) {
	p := Default()
	seen := map[string]bool{}
	names := []string{"", Released}
	for _, r := range p.Rules() {
		names = append(names, r.Name)
	}
	for _, name := range names {
		for _, lang := range []string{"en", "ja"} {
			title, advice := p.Explain(name, lang)
			if title == "" || advice == "" || seen[title] || seen[advice] {
				t.Errorf("%q in %s: %q, %q is empty or said twice", name, lang, title, advice)
			}
			if ascii := strings.IndexFunc(title+advice, func(r rune) bool { return r > 0x7e }) < 0; ascii != (lang == "en") {
				t.Errorf("%q in %s: wrong language: %q, %q", name, lang, title, advice)
			}
			seen[title], seen[advice] = true, true
		}
	}
	if title, advice := p.Explain("gone", "en"); title != "" || advice != "" {
		t.Errorf("got %q, %q for a rule that is not in the pack", title, advice)
	}
}

func TestVerdictJSON(t *testing.T) {
	b, err := json.Marshal(Default().Decide(Facts{Direction: message.In}))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"action":"accept","rule":"","rules":[],"why":[],"enforced":true,"incomplete":false}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
}

// FuzzDecide: whatever the facts are, the verdict is well formed, the same each time, and never milder for being incomplete.
func FuzzDecide(f *testing.F) {
	f.Add("in", "件名", "a@example.org", "vba.autoexec,zip.encrypted", "zip,doc", false)
	f.Add("", "\xff", "", "no.such.kind,,limit.time", "", true)
	f.Add("out", strings.Repeat("あ", 1000), "x", "mail.malformed", strings.Repeat("zip,", 500), false)
	p := Default()
	f.Fuzz(func(t *testing.T, dir, subject, from, kinds, files string, incomplete bool) {
		fa := Facts{Direction: message.Direction(dir), Subject: subject, From: from, Files: strings.Split(files, ","), Incomplete: incomplete,
			Envelope: message.Envelope{MailFrom: from, Rcpts: strings.Fields(subject), Helo: subject}}
		for _, k := range strings.Split(kinds, ",") {
			fa.Findings = append(fa.Findings, finding.New(finding.Kind(k), finding.Path{subject}, "%s", subject))
		}
		v := p.Decide(fa)
		if diff := cmp.Diff(v, p.Decide(fa)); diff != "" {
			t.Fatalf("not the same twice: %s", diff)
		}
		if v.Action > TempFail || (len(v.Rules) > 0) != (v.Rule != "") || v.Rule != "" && v.Rules[0] != v.Rule || !v.Enforced {
			t.Errorf("ill-formed: %+v", v)
		}
		for _, w := range v.Why {
			if !slices.ContainsFunc(fa.Findings, func(f finding.Finding) bool { return cmp.Equal(f, w) }) {
				t.Errorf("cites %v, which is not among the facts", w)
			}
		}
		fa.Incomplete = true
		if w := p.Decide(fa); w.Action < v.Action {
			t.Errorf("%s became %s for being incomplete", v.Action, w.Action)
		}
	})
}

func BenchmarkCostLimit(b *testing.B) {
	p := packOf(b, `pairs tag rcpts.all(a, rcpts.all(b, a != b + "x"))`)
	f := manyRcpts(1000)
	for b.Loop() {
		p.rules[0].cond.eval(newActivation(&f))
	}
}
