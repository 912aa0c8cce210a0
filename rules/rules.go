// Package rules turns facts into a verdict. It is pure: no I/O, no clock, and the same facts always give the same verdict.
//
// A pack is one YAML document of rules. Each rule has a condition in CEL (the Common Expression Language, github.com/google/cel-spec),
// an action, words for people in English and Japanese, and its own tests. docs/rules.md describes the format and the variables.
//
// Every rule is asked of every message. The hardest action among the rules that match wins; between equals the pack's order does.
// A rule that cannot be evaluated makes the message incomplete and the pack is asked again with that knowledge; a rule that still
// cannot be evaluated then counts as matching, Quarantine at most. So trouble in a rule is never "no match".
//
// Policies change what rules do for some recipients. Conditions do not depend on them: they are asked once a message, and recipients are
// grouped by their policy. A pack may include the built-in one and other files (LoadFile); reading them is the caller's.
//
// # Limits
//
// A pack has at most filesMax files of at most PackMax bytes, RulesMax rules and policiesMax policies; a condition at most ConditionMax
// characters. One evaluation of one rule may cost at most CostMax of CEL's units. Text from the message reaches a condition cut to TextMax
// bytes, a Verdict cites at most WhyMax findings. Only the recipients whose policy makes a difference stand in a Verdict one by one.
package rules

import (
	"fmt"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

// Action is what to do with a message. Greater is harder.
type Action uint8

// The actions, mildest first.
const (
	Accept Action = iota
	Tag
	Disarm
	Quarantine
	Reject
	TempFail
)

var actionWords = [...]string{"accept", "tag", "disarm", "quarantine", "reject", "tempfail"}

// Actions returns every action, mildest first.
func Actions() []Action { return []Action{Accept, Tag, Disarm, Quarantine, Reject, TempFail} }

// String returns the word that stands in X-Sekisho-Verdict, log, metric and JSON alike.
func (a Action) String() string {
	if int(a) < len(actionWords) {
		return actionWords[a]
	}
	return fmt.Sprintf("action(%d)", uint8(a))
}

// MarshalText writes the action's word.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads an action's word.
func (a *Action) UnmarshalText(b []byte) error {
	for i, w := range actionWords {
		if w == string(b) {
			*a = Action(i)
			return nil
		}
	}
	return fmt.Errorf("rules: unknown action %q", b)
}

// Facts is everything that is known of one message when it is decided.
type Facts struct {
	Envelope   message.Envelope
	Direction  message.Direction // anything but Out and Internal counts as In
	Subject    string            // decoded
	From       string            // the From field's address, lower case; "" when none can be read
	Findings   []finding.Finding
	Files      []string // kinds of all files seen, as in inspect's closed list
	Incomplete bool
	Locked     bool // something is encrypted, and no password at hand opened it
	Bare       bool // a file looked at by itself, not in a mail: nobody sent it

	Warm     bool           // the memory of conversations is full enough that what is not in it means something
	Auth     string         // sender.Result: pass, fail, none, unknown; "" counts as unknown
	Links    []string       // hosts that the writer's own text leads to, neither his nor ours, each once
	Lists    []string       // names of the lists that it matches
	For      []string       // the recipients that are decided for, of the envelope's; nil for all
	Outbound map[string]int // what the sending account or machine did lately (package outbound); nil for mail from outside
}

func (f *Facts) recipients() []string {
	if f.For != nil {
		return f.For
	}
	return f.Envelope.Rcpts
}

// WhyMax is the most findings a Verdict cites: more than a person reads, few enough for a log record. Facts keeps them all.
const WhyMax = 100

// Verdict is what the rules say of a message. Its slices are never nil, so that JSON has lists.
type Verdict struct {
	Action     Action            `json:"action"`
	Rule       string            `json:"rule"`             // the rule that decided, "" when none matched
	Rules      []string          `json:"rules"`            // every rule that matched, hardest first
	Why        []finding.Finding `json:"why"`              // what the deciding rules cite
	Enforced   bool              `json:"enforced"`         // false where a mode softened an action
	Incomplete bool              `json:"incomplete"`       // not everything could be inspected, or a rule failed
	Failed     []Failure         `json:"failed,omitempty"` // rules that could not be evaluated

	Monitored []string `json:"monitored,omitempty"` // rules under monitor that matched; they count for nothing else here

	// What policies make of it, by envelope address as given. Action is the hardest over all recipients.
	PerRecipient map[string]Action `json:"per_recipient,omitempty"` // of those whose action differs from Action
	Modes        map[string]Mode   `json:"modes,omitempty"`         // of those whose policy has a mode of its own
	Softened     *Action           `json:"softened,omitempty"`      // the hardest action that these modes leave; nil for Action itself
}

// Failure is a rule that could not be evaluated on a message.
type Failure struct {
	Rule  string `json:"rule"`
	Error string `json:"error"` // clipped, printable
}
