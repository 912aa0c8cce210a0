package rules

import (
	"slices"
	"strings"

	"sekisho/internal/address"
)

const (
	// policiesMax is the most policies of a pack: a department each in a very large organisation.
	policiesMax = 1000
	// policyNameMax keeps a policy's name short enough for a table.
	policyNameMax = nameMax
)

// Policy is what a pack does otherwise for some recipients.
type Policy struct {
	Name       string
	Recipients []string          // as written: an address, "@domain", or "@.domain" for its subdomains
	Actions    map[string]Action // by rule
	Off        []string          // rules that are not asked for them, in the file's order
	Mode       *Mode             // nil where the pack's mode counts
	File       string
	Line       int

	changes map[int]change // by index of the rule
}

// change is what a policy makes of one rule.
type change struct {
	action Action
	off    bool
}

// policies finds the policy of a recipient. The keys of by are comparable patterns, the values indexes of list.
type policies struct {
	list []Policy
	by   map[string]int
}

// Policies returns the policies in the pack's order.
func (p *Pack) Policies() []Policy { return slices.Clone(p.policies.list) }

// PolicyFor returns the policy that counts for a recipient. An address goes before its domain, a domain before a domain above it.
func (p *Pack) PolicyFor(rcpt string) (Policy, bool) {
	if i := p.policies.find(rcpt); i >= 0 {
		return p.policies.list[i], true
	}
	return Policy{}, false
}

// find returns the index of a recipient's policy, -1 for none. Its work is bounded by the labels of a domain (RFC 1035 2.3.4: 127).
func (ps *policies) find(rcpt string) int {
	if len(ps.by) == 0 {
		return -1
	}
	local, domain := mailbox(rcpt)
	if i, ok := ps.by[local+"@"+domain]; ok {
		return i
	}
	if base, _, tagged := strings.Cut(local, "+"); tagged && base != "" { // RFC 5233: a detail; who adds one is still the same person
		if i, ok := ps.by[base+"@"+domain]; ok {
			return i
		}
	}
	if i, ok := ps.by["@"+domain]; ok {
		return i
	}
	for {
		_, above, ok := strings.Cut(domain, ".")
		if !ok {
			return -1
		}
		if i, ok := ps.by["@."+above]; ok {
			return i
		}
		domain = above
	}
}

// mailbox makes a recipient comparable. A local part in quotation marks names the same mailbox as without (RFC 5321 4.1.2).
func mailbox(rcpt string) (local, domain string) {
	rcpt = address.Fold(rcpt)
	at := strings.LastIndexByte(rcpt, '@')
	if at < 0 {
		return rcpt, ""
	}
	local, domain = rcpt[:at], rcpt[at+1:]
	if n := len(local); n > 2 && local[0] == '"' && local[n-1] == '"' {
		local = local[1 : n-1]
	}
	return local, domain
}

// group is the recipients that one policy counts for.
type group struct {
	policy *Policy // nil: none
	rcpts  []string
	action Action
}

// groups sorts recipients by policy; nil when no policy names one of them.
func (ps *policies) groups(rcpts []string) []group {
	if len(ps.by) == 0 {
		return nil
	}
	var gs []group
	at := map[int]int{} // index of a policy, -1 for none, to index of gs
	named := false
	for _, r := range rcpts {
		i := ps.find(r)
		named = named || i >= 0
		g, ok := at[i]
		if !ok {
			g, at[i] = len(gs), len(gs)
			gs = append(gs, group{})
			if i >= 0 {
				gs[g].policy = &ps.list[i]
			}
		}
		gs[g].rcpts = append(gs[g].rcpts, r)
	}
	if !named {
		return nil
	}
	return gs
}

// weigh gives every match the hardest action that it has for a recipient, and every group its own. Matches that count for nobody go.
func (p *Pack) weigh(matched []match, groups []group) []match {
	if groups == nil {
		groups = []group{{}}
	}
	kept := matched[:0]
	for _, m := range matched {
		counts := false
		for i := range groups {
			a, on := p.action(m, groups[i].policy)
			if !on {
				continue
			}
			counts = true
			m.action = max(m.action, a)
			groups[i].action = max(groups[i].action, a)
		}
		if counts {
			kept = append(kept, m)
		}
	}
	return kept
}

// action is what a match counts for under a policy. A rule that failed counts for Quarantine at most: a fault of ours is no reason to send
// mail back.
func (p *Pack) action(m match, policy *Policy) (a Action, on bool) {
	r := &p.rules[m.rule]
	a, on = r.Action, !r.Off
	if policy != nil {
		if c, ok := policy.changes[m.rule]; ok {
			a, on = c.action, !c.off
		}
	}
	if m.failed {
		a = min(a, Quarantine)
	}
	return a, on
}

// divide says what the groups' recipients get where that differs from the whole verdict.
func (v *Verdict) divide(groups []group) {
	if groups == nil {
		return
	}
	softened := Accept
	for _, g := range groups {
		left := g.action
		if g.policy != nil && g.policy.Mode != nil {
			left = g.policy.Mode.soften(g.action)
			for _, r := range g.rcpts {
				set(&v.Modes, r, *g.policy.Mode)
			}
		}
		softened = max(softened, left)
		if g.action == v.Action {
			continue
		}
		for _, r := range g.rcpts {
			set(&v.PerRecipient, r, g.action)
		}
	}
	if softened != v.Action {
		v.Softened = &softened
	}
}

func set[V any](m *map[string]V, key string, value V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = value
}
