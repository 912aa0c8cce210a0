package rules

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"sekisho/internal/finding"
)

// Answer is what one rule says of one message, for people who write rules. Decide does the same faster.
type Answer struct {
	Rule    string `json:"rule"`
	Action  string `json:"action"` // as the pack says it; "off" for a rule that is off
	Monitor bool   `json:"monitor,omitempty"`
	Match   bool   `json:"match"`
	Near    bool   `json:"near"` // no match, but all parts of the condition hold but one, and that not for the direction
	Error   string `json:"error,omitempty"`
	Cost    uint64 `json:"cost"` // of CostMax
	Parts   []Part `json:"parts"`
}

// Part is one part of a condition: what && joins.
type Part struct {
	Text  string            `json:"text"`
	True  bool              `json:"true"`
	Error string            `json:"error,omitempty"`
	Facts []finding.Finding `json:"facts,omitempty"` // the findings of the kinds that it mentions, WhyMax at most
}

// Ask puts the message to every rule, those that are off too, and says of each part of its condition whether it holds.
func (p *Pack) Ask(f Facts) ([]Answer, error) {
	env, err := newEnv()
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	incomplete := p.Decide(f).Incomplete // as the rules see it in the end
	f.Incomplete = f.Incomplete || incomplete
	answers := make([]Answer, 0, len(p.rules))
	for i := range p.rules {
		answers = append(answers, p.rules[i].answer(env, newActivation(&f)))
	}
	return answers, nil
}

func (r *Rule) answer(env *cel.Env, a *activation) Answer {
	ans := Answer{Rule: r.Name, Action: r.Action.String(), Monitor: r.Monitor, Parts: []Part{}}
	if r.Off {
		ans.Action = offWord
	}
	var err error
	ans.Match, ans.Cost, err = r.cond.run(a)
	if err != nil {
		ans.Error = clip(err.Error())
	}
	held, shown, ever := 0, false, true
	for _, c := range parts(env, r.When) {
		part := c.ask(a)
		if part.True {
			held++
			shown = shown || len(part.Facts) > 0
		} else if c.cond != nil {
			ever = ever && !fixed(c.cond)
		}
		ans.Parts = append(ans.Parts, part)
	}
	ans.Near = !ans.Match && err == nil && shown && ever && held == len(ans.Parts)-1
	return ans
}

// fixed tells a condition that no other mail from the same sender would meet: a rule for our own mail is not near to one from outside.
func fixed(c *condition) bool {
	for _, v := range c.vars {
		if v != "bare" && v != "direction" {
			return false
		}
	}
	return true
}

// Cost returns what a rule's condition costs on a message, in CEL's units; see CostMax. It is 0 for a rule that is not asked because what it
// needs is not there.
func (p *Pack) Cost(rule string, f Facts) uint64 {
	r, ok := p.Rule(rule)
	if !ok {
		return 0
	}
	_, cost, _ := r.cond.run(newActivation(&f))
	return cost
}

// part is one part of a condition, compiled by itself.
type part struct {
	text  string
	cond  *condition
	fault error
}

// parts takes a condition apart at its outermost &&. A condition that cannot be taken apart is one part.
func parts(env *cel.Env, when string) []part {
	checked, iss := env.Compile(when)
	if iss.Err() != nil {
		return []part{{text: when, fault: iss.Err()}}
	}
	var ps []part
	for _, e := range operands(checked.NativeRep().Expr()) {
		text, err := cel.ExprToString(e, checked.NativeRep().SourceInfo())
		if err != nil {
			return []part{whole(env, when)}
		}
		p := whole(env, strings.ReplaceAll(text, "\n", " ")) // texts in it have no line breaks of their own but escaped ones
		if p.fault != nil {
			return []part{whole(env, when)}
		}
		ps = append(ps, p)
	}
	return ps
}

func whole(env *cel.Env, text string) part {
	p := part{text: text}
	cond, errs := compile(env, text)
	if p.cond = cond; len(errs) > 0 {
		p.fault = fmt.Errorf("%s", errs[0].msg)
	}
	return p
}

// operands are what e joins by &&, from left to right.
func operands(e ast.Expr) []ast.Expr {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.LogicalAnd {
		return []ast.Expr{e}
	}
	var all []ast.Expr
	for _, a := range e.AsCall().Args() {
		all = append(all, operands(a)...)
	}
	return all
}

func (p *part) ask(a *activation) Part {
	out := Part{Text: p.text}
	err := p.fault
	if err == nil {
		out.True, _, err = p.cond.run(a)
		out.Facts = mentionedFindings(a, p.cond.kinds)
	}
	if err != nil {
		out.Error = clip(err.Error())
	}
	return out
}

func mentionedFindings(a *activation, kinds []finding.Kind) (fs []finding.Finding) {
	for _, f := range a.facts.Findings {
		if len(fs) < WhyMax && slices.Contains(kinds, f.Kind) {
			fs = append(fs, f)
		}
	}
	return fs
}
