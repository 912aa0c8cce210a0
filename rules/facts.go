package rules

import (
	"reflect"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

// TextMax is the most bytes of one text of the message that a condition sees: RFC 5322 2.1.1 allows 998 in a line, and no mail
// program shows a longer subject or address.
const TextMax = 1000

// variable is one name that conditions may use. docs/rules.md describes each.
type variable struct {
	name string
	typ  *cel.Type
	get  func(*activation) ref.Val
}

// variables is the whole vocabulary. A variable is computed only where a condition asks for it.
var variables = []variable{
	{"kinds", cel.MapType(cel.StringType, cel.IntType), func(a *activation) ref.Val { return &a.kinds }},
	{"severity_max", cel.IntType, func(a *activation) ref.Val { return a.severity }},
	{"incomplete", cel.BoolType, func(a *activation) ref.Val { return types.Bool(a.incomplete) }},
	{"locked", cel.BoolType, func(a *activation) ref.Val { return types.Bool(a.facts.Locked) }},
	{"bare", cel.BoolType, func(a *activation) ref.Val { return types.Bool(a.facts.Bare) }},
	{"direction", cel.StringType, func(a *activation) ref.Val { return a.direction() }},
	{"subject", cel.StringType, func(a *activation) ref.Val { return text(a.facts.Subject) }},
	{"from", cel.StringType, func(a *activation) ref.Val { return text(a.facts.From) }},
	{"mail_from", cel.StringType, func(a *activation) ref.Val { return text(a.facts.Envelope.MailFrom) }},
	{"rcpts", cel.ListType(cel.StringType), func(a *activation) ref.Val { return a.list(&a.rcpts, a.facts.Envelope.Rcpts) }},
	{"files", cel.ListType(cel.StringType), func(a *activation) ref.Val { return a.list(&a.files, a.facts.Files) }},
	{"sasl_user", cel.StringType, func(a *activation) ref.Val { return text(a.facts.Envelope.SASLUser) }},
	{"client_ip", cel.StringType, func(a *activation) ref.Val { return a.clientIP() }},
	{"client_name", cel.StringType, func(a *activation) ref.Val { return text(a.facts.Envelope.ClientName) }},
	{"helo", cel.StringType, func(a *activation) ref.Val { return text(a.facts.Envelope.Helo) }},
	{"warm", cel.BoolType, func(a *activation) ref.Val { return types.Bool(a.facts.Warm) }},
	{"auth", cel.StringType, func(a *activation) ref.Val { return a.auth() }},
	{"links", cel.ListType(cel.StringType), func(a *activation) ref.Val { return a.list(&a.links, a.facts.Links) }},
	{"lists", cel.ListType(cel.StringType), func(a *activation) ref.Val { return a.list(&a.lists, a.facts.Lists) }},
	{"outbound", cel.MapType(cel.StringType, cel.IntType), func(a *activation) ref.Val { return a.outbound() }},
	{"tls", cel.BoolType, func(a *activation) ref.Val { return types.Bool(a.facts.Envelope.TLS) }},
}

// OutboundCounts are the keys of the variable outbound: counts of the sending account or machine within the window, this message included.
var OutboundCounts = []string{"mails", "recipients", "new_recipients", "replies_without_thread", "same_file", "carriers", "different_carriers", "risky", "bounces"}

// severities are the constants that severity_max is compared with; 0 is a message without findings.
var severities = []finding.Severity{finding.Info, finding.Suspicious, finding.Malicious}

// severityRank leaves 0 to "no findings".
func severityRank(s finding.Severity) types.Int { return types.Int(s) + 1 }

// activation is one message as CEL sees it (cel.Activation). It belongs to one Decide.
type activation struct {
	facts      *Facts
	kinds      kindCounts
	severity   types.Int
	incomplete bool
	there      need // the facts that needs ask for

	rcpts, files, links, lists, sent ref.Val // made at the first use: a loop in a condition resolves its variable in every round
}

// newActivation counts the findings; everything else waits until a condition asks for it.
func newActivation(f *Facts) *activation {
	a := &activation{facts: f, incomplete: f.Incomplete}
	for i := range f.Findings {
		a.add(f.Findings[i].Kind)
		a.severity = max(a.severity, severityRank(f.Findings[i].Severity))
	}
	a.clues()
	return a
}

// fail makes the message incomplete.
func (a *activation) fail() {
	a.incomplete = true
	a.clues()
}

// ResolveName implements cel.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	for i := range variables {
		if variables[i].name == name {
			return variables[i].get(a), true
		}
	}
	return nil, false
}

// Parent implements cel.Activation.
func (a *activation) Parent() cel.Activation { return nil }

// direction takes what is not known to come from one of ours as coming from outside.
func (a *activation) direction() ref.Val {
	switch d := a.facts.Direction; d {
	case message.Out, message.Internal:
		return types.String(d)
	default:
		return types.String(message.In)
	}
}

// ours reports whether the mail comes from one of ours.
func (a *activation) ours() bool {
	return a.facts.Direction == message.Out || a.facts.Direction == message.Internal
}

// auth takes what is not known for what it is.
func (a *activation) auth() ref.Val {
	if a.facts.Auth == "" {
		return types.String("unknown")
	}
	return types.String(a.facts.Auth)
}

// outbound has every count that there is, 0 where nothing was counted: a condition never meets a key that is not there.
func (a *activation) outbound() ref.Val {
	if a.sent == nil {
		m := make(map[string]int, len(OutboundCounts))
		for _, name := range OutboundCounts {
			m[name] = a.facts.Outbound[name]
		}
		a.sent = types.NewDynamicMap(types.DefaultTypeAdapter, m)
	}
	return a.sent
}

// clientIP writes an IPv4 address in its usual form, however the MTA gave it (RFC 4291 2.5.5.2).
func (a *activation) clientIP() ref.Val {
	if ip := a.facts.Envelope.ClientIP; ip.IsValid() {
		return types.String(ip.Unmap().String())
	}
	return types.String("")
}

// text cuts s to TextMax at a rune's edge and makes it the UTF-8 that CEL strings are.
func text(s string) types.String {
	if len(s) > TextMax {
		cut := TextMax
		for cut > TextMax-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut]
	}
	return types.String(strings.ToValidUTF8(s, "\uFFFD"))
}

// list makes a list of texts once and keeps it.
func (a *activation) list(made *ref.Val, ss []string) ref.Val {
	if *made == nil {
		vs := make([]ref.Val, len(ss))
		for i, s := range ss {
			vs[i] = text(s)
		}
		*made = types.NewRefValList(types.DefaultTypeAdapter, vs)
	}
	return *made
}

// kindCounts is the variable kinds: how many findings of each kind there are. The list of kinds is closed and short, so it is searched
// from the front. It implements CEL's map without Go reflection.
type kindCounts struct{ rows []kindCount }

type kindCount struct {
	kind finding.Kind
	n    int
}

var _ traits.Mapper = (*kindCounts)(nil)

// add counts a kind. Those that are not in the list are left out, which keeps the rows as few as it is, whatever a caller puts in.
func (a *activation) add(k finding.Kind) {
	c := &a.kinds
	for i := range c.rows {
		if c.rows[i].kind == k {
			c.rows[i].n++
			return
		}
	}
	if bit, ok := kindBits[k]; ok {
		a.there.set(bit)
		c.rows = append(c.rows, kindCount{k, 1})
	}
}

func (c *kindCounts) count(k finding.Kind) int {
	for i := range c.rows {
		if c.rows[i].kind == k {
			return c.rows[i].n
		}
	}
	return 0
}

// Find implements traits.Mapper.
func (c *kindCounts) Find(key ref.Val) (ref.Val, bool) {
	s, ok := key.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(key), false
	}
	n := c.count(finding.Kind(s))
	return types.Int(n), n > 0
}

// Contains implements traits.Container.
func (c *kindCounts) Contains(key ref.Val) ref.Val {
	s, ok := key.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(key)
	}
	return types.Bool(c.count(finding.Kind(s)) > 0)
}

// Get implements traits.Indexer.
func (c *kindCounts) Get(key ref.Val) ref.Val {
	if v, ok := c.Find(key); ok || types.IsUnknownOrError(v) {
		return v
	}
	return types.NewErr("no such key: %v", key)
}

// Iterator implements traits.Iterable; it yields the kinds.
func (c *kindCounts) Iterator() traits.Iterator { return c.plain().Iterator() }

// Size implements traits.Sizer.
func (c *kindCounts) Size() ref.Val { return types.Int(len(c.rows)) }

// ConvertToNative implements ref.Val.
func (c *kindCounts) ConvertToNative(t reflect.Type) (any, error) {
	return c.plain().ConvertToNative(t)
}

// ConvertToType implements ref.Val.
func (c *kindCounts) ConvertToType(t ref.Type) ref.Val { return c.plain().ConvertToType(t) }

// Equal implements ref.Val.
func (c *kindCounts) Equal(other ref.Val) ref.Val { return c.plain().Equal(other) }

// Type implements ref.Val.
func (c *kindCounts) Type() ref.Type { return types.MapType }

// Value implements ref.Val.
func (c *kindCounts) Value() any { return c.plain().Value() }

// plain is the same map in CEL's own type, for the operations that are rare.
func (c *kindCounts) plain() traits.Mapper {
	m := make(map[string]int, len(c.rows))
	for _, r := range c.rows {
		m[string(r.kind)] = r.n
	}
	return types.NewDynamicMap(types.DefaultTypeAdapter, m)
}
