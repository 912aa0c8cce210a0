package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"sekisho/internal/address"
)

// policySource is a policy as it stands in a pack.
type policySource struct {
	Name       located       `yaml:"name"`
	Recipients []located     `yaml:"recipients"`
	Actions    actionsSource `yaml:"actions"`
	Mode       located       `yaml:"mode"`
}

// actionsSource has a line for each rule that a policy changes, in the file's order.
type actionsSource []struct{ rule, action located }

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (s *actionsSource) UnmarshalYAML(n ast.Node) error {
	var rows []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		rows = n.Values
	case *ast.MappingValueNode:
		rows = []*ast.MappingValueNode{n}
	default:
		return syntaxError(n, "actions has a line for each rule: its name, and what to do")
	}
	for _, row := range rows {
		var rule, action located
		if err := rule.UnmarshalYAML(row.Key); err != nil {
			return err
		}
		if err := action.UnmarshalYAML(row.Value); err != nil {
			return err
		}
		*s = append(*s, struct{ rule, action located }{rule, action})
	}
	return nil
}

// addPolicy builds one policy, on the rules known so far.
func (b *builder) addPolicy(s *policySource) {
	b.at = firstSet(append([]located{s.Name, s.Mode}, s.Recipients...)...)
	defer func() { b.at = located{} }()
	line, _ := s.Name.place()
	p := Policy{Name: s.Name.Text, File: b.src.name, Line: line, Actions: map[string]Action{}, changes: map[int]change{}}
	b.policyName(s.Name)
	b.policyMode(&p, s.Mode)
	b.policyActions(&p, s.Actions)
	if p.Mode == nil && len(p.changes) == 0 && len(s.Actions) == 0 {
		b.faultf(s.Name, "policy %q changes nothing: it needs actions or a mode", p.Name)
	}
	if len(s.Recipients) == 0 {
		b.faultf(s.Name, "policy %q names no recipients", p.Name)
	}
	for _, l := range s.Recipients {
		p.Recipients = append(p.Recipients, l.Text)
		b.recipient(l)
	}
	b.policies.list = append(b.policies.list, p)
}

func (b *builder) policyName(l located) {
	switch {
	case l.Text == "":
		b.faultf(l, "a policy needs a name")
	case len(l.Text) > policyNameMax || !namePattern.MatchString(l.Text):
		b.faultf(l, "the name has to be lower-case words joined by hyphens, at most %d characters", policyNameMax)
	case slices.ContainsFunc(b.policies.list, func(p Policy) bool { return p.Name == l.Text }):
		b.faultf(l, "two policies have the name %q", l.Text)
	case len(b.policies.list) == policiesMax:
		b.faultf(l, "more than %d policies", policiesMax)
	}
}

func (b *builder) policyMode(p *Policy, l located) {
	if l.tok == nil {
		return
	}
	var m Mode
	if err := m.UnmarshalText([]byte(l.Text)); err != nil {
		b.faultf(l, "unknown mode %q: use monitor, tag or enforce", l.Text)
	}
	p.Mode = &m
}

func (b *builder) policyActions(p *Policy, rows actionsSource) {
	for _, row := range rows {
		i, ok := b.byName[row.rule.Text]
		if !ok {
			b.faultf(row.rule, "there is no rule %q", row.rule.Text)
			continue
		}
		if _, twice := p.changes[i]; twice {
			b.faultf(row.rule, "the rule %q is named twice", row.rule.Text)
			continue
		}
		if b.rules[i].Monitor {
			b.faultf(row.rule, "the rule %q is under monitor: it is carried out for nobody", row.rule.Text)
		}
		a, off := b.action(row.action)
		p.changes[i] = change{a, off}
		if off {
			p.Off = append(p.Off, row.rule.Text)
		} else {
			p.Actions[row.rule.Text] = a
		}
	}
}

// recipient notes whom the policy being built names; nobody may be named twice in the same way, for only one policy counts.
func (b *builder) recipient(l located) {
	key, err := patternKey(l.Text)
	if err != nil {
		b.faultf(l, "%v", err)
		return
	}
	if i, ok := b.policies.by[key]; ok {
		name := "this policy"
		if i < len(b.policies.list) {
			name = fmt.Sprintf("policy %q", b.policies.list[i].Name)
		}
		b.faultf(l, "%q is named by %s already", l.Text, name)
		return
	}
	set(&b.policies.by, key, len(b.policies.list))
}

// recipientMax is the longest recipient that a policy can name (RFC 5321 4.5.3.1: local part 64, domain 255).
const recipientMax = 320

// patternKey makes the comparable form of a recipient as a policy names it.
func patternKey(s string) (string, error) {
	local, domain, ok := cutLast(s, "@")
	sub := local == "" && strings.HasPrefix(domain, ".")
	bare := strings.TrimPrefix(domain, ".")
	switch {
	case !ok || bare == "" || strings.HasPrefix(bare, ".") || !sub && strings.HasPrefix(domain, "."):
		return "", fmt.Errorf("%q names no recipients: use user@example.com, @example.com, or @.example.com for its subdomains", s)
	case len(s) > recipientMax || strings.ContainsFunc(s, func(r rune) bool { return r == ' ' || unprintable(r) }):
		return "", fmt.Errorf("%q is no address", s)
	case strings.ContainsAny(s, "*?"):
		return "", fmt.Errorf("%q: there are no wildcards; @example.com is everybody there", s)
	case sub:
		return "@." + address.ASCII(bare), nil
	}
	local, domain = mailbox(s)
	return local + "@" + domain, nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", "", false
}

func firstSet(ls ...located) located {
	for _, l := range ls {
		if l.tok != nil {
			return l
		}
	}
	return located{}
}
