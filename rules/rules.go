// Package rules turns facts into a verdict. It is pure: no I/O, no clock, and the same facts always give the same verdict.
//
// (A helper completes this comment; # Limits.)
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
	Direction  message.Direction
	Subject    string // decoded
	From       string // the From field's address, lower case; "" when none can be read
	Findings   []finding.Finding
	Files      []string // kinds of all files seen, as in inspect's closed list
	Incomplete bool
}

// Verdict is what the rules say of a message.
type Verdict struct {
	Action   Action            `json:"action"`
	Rule     string            `json:"rule"`  // the rule that decided, "" for accept
	Rules    []string          `json:"rules"` // every rule that matched, hardest first
	Why      []finding.Finding `json:"why"`
	Enforced bool              `json:"enforced"` // false in monitor mode, or where mode tag softened it
}
