package rules

import (
	"slices"
	"strings"

	"sekisho/internal/finding"
)

// Released is the Rule of a verdict that honours a release mark; no rule of a pack may have the name.
const Released = "released"

// Text is words for people.
type Text struct{ EN, JA string }

// In returns the text in Japanese for "ja", in English for everything else.
func (t Text) In(lang string) string {
	if lang == "ja" {
		return t.JA
	}
	return t.EN
}

// Rule is one rule of a pack.
type Rule struct {
	Name       string
	When       string // the condition, in CEL
	Action     Action
	Title      Text
	Advice     Text
	References []string
	Attack     []string       // MITRE ATT&CK ids
	Cites      []finding.Kind // kinds of the findings that it names as its reason
	Monitor    bool           // it is asked and reported, never carried out
	Off        bool           // it counts only for recipients whose policy gives it an action; Action is Accept then
	File       string         // where it stands: "default" for the built-in pack, "" where Load was given bytes
	Line       int            // of File

	cond  *condition
	tests []ruleTest
}

// Needs returns the finding kinds and the variables that the rule's condition mentions.
func (r *Rule) Needs() (kinds []finding.Kind, variables []string) {
	return slices.Clone(r.cond.kinds), slices.Clone(r.cond.vars)
}

// Tests is how many tests the rule carries, those by mails too.
func (r *Rule) Tests() int { return len(r.tests) }

// Pack is an ordered list of compiled rules, and policies. It is immutable and safe for concurrent use.
type Pack struct {
	rules    []Rule
	gates    []need // for each rule one need that the quick loop looks at; none for a rule that is off for everybody
	policies policies
	tests    []packTest
	files    []string
}

// Rules returns the rules in the pack's order.
func (p *Pack) Rules() []Rule { return slices.Clone(p.rules) }

// Tests is how many tests of the whole pack there are, those by mails too.
func (p *Pack) Tests() int { return len(p.tests) }

// Rule returns the rule of that name.
func (p *Pack) Rule(name string) (Rule, bool) {
	for _, r := range p.rules {
		if r.Name == name {
			return r, true
		}
	}
	return Rule{}, false
}

var (
	noRule = [2]Text{
		{"No rule matched", "どの規則にも当てはまりません"},
		{"Nothing in this message speaks against delivering it. No action is needed.",
			"配送を妨げる理由は見つかりませんでした。対応は不要です。"}}
	released = [2]Text{
		{"Released from quarantine", "隔離から解放されたメール"},
		{"A reviewer released this message; it was delivered as it was held. No action is needed.",
			"担当者が確認して解放したメールです。保管時のまま配送しました。対応は不要です。"}}
)

// Explain returns what the rule means and what the postmaster can do, in Japanese for "ja", in English for everything else. It knows "" (no rule
// matched) and Released too. Both texts are empty for a name that is not in the pack, such as that of a rule since removed.
func (p *Pack) Explain(name, lang string) (title, advice string) {
	switch name {
	case "":
		return noRule[0].In(lang), noRule[1].In(lang)
	case Released:
		return released[0].In(lang), released[1].In(lang)
	}
	r, _ := p.Rule(name)
	return r.Title.In(lang), r.Advice.In(lang)
}

// Decide asks every rule. It is pure and total. The verdict is as the rules say it, with Enforced true; Apply fits it to a mode.
func (p *Pack) Decide(f Facts) Verdict {
	a := newActivation(&f)
	out := p.ask(a)
	// One more round at most: incomplete is true in it and cannot change again.
	if len(out.failed) > 0 && !a.incomplete {
		first := out.failed
		a.fail()
		out = p.ask(a)
		out.failed = merge(first, out.failed)
	}
	return p.verdict(a, out)
}

// outcome is what one round of questions gave: indexes of rules, and failures, in the pack's order.
type outcome struct {
	matched   []match
	monitored []string
	failed    []Failure // what makes the message incomplete: the failures of rules that can do something
	watched   []Failure // failures of monitored rules
}

// match is a rule that counts for the verdict, with the action it counts for.
type match struct {
	rule   int
	failed bool
	action Action
}

// ask puts the message to every rule.
func (p *Pack) ask(a *activation) (o outcome) {
	for i := range p.gates {
		if !p.gates[i].meets(&a.there) {
			continue
		}
		r := &p.rules[i]
		yes, err := r.cond.eval(a)
		switch {
		case err != nil && r.Monitor:
			o.watched = append(o.watched, Failure{r.Name, clip(err.Error())})
		case err != nil:
			o.failed = append(o.failed, Failure{r.Name, clip(err.Error())})
			o.matched = append(o.matched, match{rule: i, failed: true})
		case yes && r.Monitor:
			o.monitored = append(o.monitored, r.Name)
		case yes:
			o.matched = append(o.matched, match{rule: i})
		}
	}
	return o
}

// merge appends to first the failures of rules that it does not name yet.
func merge(first, second []Failure) []Failure {
	for _, f := range second {
		if !slices.ContainsFunc(first, func(g Failure) bool { return g.Rule == f.Rule }) {
			first = append(slices.Clip(first), f)
		}
	}
	return first
}

// verdict orders what matched. Nothing in it is nil, and nothing in it depends on more than the facts.
func (p *Pack) verdict(a *activation, o outcome) Verdict {
	v := Verdict{Rules: []string{}, Why: []finding.Finding{}, Enforced: true, Incomplete: a.incomplete, Failed: merge(o.failed, o.watched),
		Monitored: o.monitored}
	if len(o.matched) == 0 {
		return v
	}
	groups := p.policies.groups(a.facts.recipients())
	o.matched = p.weigh(o.matched, groups)
	if len(o.matched) == 0 {
		return v
	}
	slices.SortStableFunc(o.matched, func(x, y match) int { return int(y.action) - int(x.action) })
	v.Action, v.Rule = o.matched[0].action, p.rules[o.matched[0].rule].Name
	v.Rules = make([]string, len(o.matched))
	for i, m := range o.matched {
		v.Rules[i] = p.rules[m.rule].Name
	}
	v.Why = p.cited(a, o.matched)
	v.divide(groups)
	return v
}

// cited returns the findings that the deciding rules, those with the hardest action, name as their reason.
func (p *Pack) cited(a *activation, matched []match) []finding.Finding {
	why := []finding.Finding{}
	for _, f := range a.facts.Findings {
		if len(why) == WhyMax {
			break
		}
		for _, m := range matched {
			if m.action != matched[0].action {
				break
			}
			if slices.Contains(p.rules[m.rule].Cites, f.Kind) {
				why = append(why, f)
				break
			}
		}
	}
	return why
}

// failureMax is the most bytes kept of an evaluation's error: enough for its cause, short enough for a log line.
const failureMax = 200

// clip keeps an error's text printable and short: it may repeat text of the message.
func clip(s string) string {
	if s = printable(s); len(s) > failureMax {
		s = strings.ToValidUTF8(s[:failureMax], "")
	}
	return s
}
