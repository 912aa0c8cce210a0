package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Warning is something in a pack that works, but hardly as its author means it.
type Warning struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Rule string `json:"rule"` // "" when it is about a policy
	Code string `json:"code"` // one of WarningCodes
	what []any
}

// Text says the warning in words, in Japanese for "ja".
func (w Warning) Text(lang string) string { return fmt.Sprintf(warnings[w.Code].In(lang), w.what...) }

// The codes of warnings, a closed list.
const (
	WarnNever      = "never"      // the condition can never be true
	WarnAlways     = "always"     // the condition is always true
	WarnDuplicate  = "duplicate"  // another rule has the same condition
	WarnNoTest     = "no-test"    // no test that matches, or none that does not
	WarnOff        = "off"        // no policy asks a rule that is off
	WarnNoEffect   = "no-effect"  // a policy says what the rule does anyway
	WarnIncomplete = "incomplete" // mail from outside that could not be inspected passes
)

var warnings = map[string]Text{
	WarnNever:      {"the condition is never true%s", "条件が真になることはありません%s"},
	WarnAlways:     {"the condition is always true", "条件が常に真になります"},
	WarnDuplicate:  {"rule %q has the same condition", "規則 %q と条件が同じです"},
	WarnNoTest:     {"it has no test with match: %t", "match: %t のテストがありません"},
	WarnOff:        {"it is off, and no policy gives it an action", "off のままで、動作を与える方針もありません"},
	WarnNoEffect:   {"policy %q gives rule %q what it does anyway", "方針 %q が規則 %q に与える動作は元と同じです"},
	WarnIncomplete: {"mail from outside that could not be inspected passes: no rule asks for incomplete", "検査しきれなかった外部からのメールが通過します（incomplete を見る規則がありません）"},
}

// WarningCodes returns every code, sorted.
func WarningCodes() []string { return slices.Sorted(maps.Keys(warnings)) }

// Check looks over a pack that loads, for what its author should know. The warnings stand in the pack's order, those about policies last.
func (p *Pack) Check() []Warning {
	var ws []Warning
	first := map[string]string{} // condition, written the same way, to the first rule that has it
	for i := range p.rules {
		r := &p.rules[i]
		r.checkTests(&ws)
		r.checkCondition(&ws)
		key := r.cond.text
		if of, twice := first[key]; twice {
			r.warn(&ws, WarnDuplicate, of)
		} else {
			first[key] = r.Name
		}
		if p.gates[i] == (need{}) {
			r.warn(&ws, WarnOff)
		}
	}
	if v := p.Decide(Facts{Incomplete: true}); v.Action < Tag {
		ws = append(ws, Warning{File: p.name(), Code: WarnIncomplete})
	}
	return append(ws, p.checkPolicies()...)
}

// name is the file that the pack was loaded as.
func (p *Pack) name() string {
	if len(p.files) > 0 {
		return p.files[0]
	}
	return ""
}

func (r *Rule) warn(ws *[]Warning, code string, what ...any) {
	*ws = append(*ws, Warning{r.File, r.Line, r.Name, code, what})
}

func (r *Rule) checkTests(ws *[]Warning) {
	for _, want := range []bool{true, false} {
		if !slices.ContainsFunc(r.tests, func(t ruleTest) bool { return t.match == want }) {
			r.warn(ws, WarnNoTest, want)
		}
	}
}

// checkCondition finds conditions that ask for a thing and its contrary, and those that ask for nothing.
func (r *Rule) checkCondition(ws *[]Warning) {
	switch {
	case r.cond.constant != nil && *r.cond.constant:
		r.warn(ws, WarnAlways)
	case r.cond.constant != nil:
		r.warn(ws, WarnNever, "")
	case r.cond.contrary != "":
		r.warn(ws, WarnNever, ": "+r.cond.contrary)
	}
}

func (p *Pack) checkPolicies() (ws []Warning) {
	for i := range p.policies.list {
		policy := &p.policies.list[i]
		for j := range p.rules {
			r := &p.rules[j]
			c, ok := policy.changes[j]
			if ok && c == (change{r.Action, r.Off}) {
				ws = append(ws, Warning{policy.File, policy.Line, "", WarnNoEffect, []any{policy.Name, r.Name}})
			}
		}
	}
	return ws
}

// study notes of a condition what Check wants to know: its text in one way of writing, whether it is constant, and what it contradicts.
func (c *condition) study(a *cel.Ast) {
	native := a.NativeRep()
	c.text, _ = cel.AstToString(a)
	if e := native.Expr(); e.Kind() == ast.LiteralKind {
		if b, ok := e.AsLiteral().(types.Bool); ok {
			is := bool(b)
			c.constant = &is
		}
	}
	yes, no := map[string]bool{}, map[string]bool{}
	directions := map[string]bool{}
	for _, e := range operands(native.Expr()) {
		in := yes
		if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operators.LogicalNot {
			e, in = e.AsCall().Args()[0], no
		}
		text, err := cel.ExprToString(e, native.SourceInfo())
		if err != nil {
			continue
		}
		in[text] = true
		if word, ok := strings.CutPrefix(text, "direction == "); ok {
			directions[word] = true
		}
		if yes[text] && no[text] || len(directions) > 1 {
			c.contrary = text
		}
	}
}
