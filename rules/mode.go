package rules

import "fmt"

// Mode says how far verdicts are carried out. The zero value carries them out.
type Mode uint8

// The modes.
const (
	ModeEnforce Mode = iota // verdicts are carried out
	ModeTag                 // nothing harder than Tag is carried out
	ModeMonitor             // nothing is done; verdicts are only recorded
)

var modeWords = [...]string{"enforce", "tag", "monitor"}

// Modes returns every mode, hardest first.
func Modes() []Mode { return []Mode{ModeEnforce, ModeTag, ModeMonitor} }

// String returns "enforce", "tag" or "monitor".
func (m Mode) String() string {
	if int(m) < len(modeWords) {
		return modeWords[m]
	}
	return fmt.Sprintf("mode(%d)", uint8(m))
}

// MarshalText writes the mode's word.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads a mode's word.
func (m *Mode) UnmarshalText(b []byte) error {
	for i, w := range modeWords {
		if w == string(b) {
			*m = Mode(i)
			return nil
		}
	}
	return fmt.Errorf("rules: unknown mode %q: use monitor, tag or enforce", b)
}

// soften is what mode m leaves of an action.
func (m Mode) soften(a Action) Action {
	switch m {
	case ModeMonitor:
		return Accept
	case ModeTag:
		return min(a, Tag)
	default:
		return a
	}
}

// Effective is the hardest action that is carried out in mode m for any recipient: Accept in ModeMonitor, Tag at most in ModeTag, else what the
// modes of policies leave. A policy's mode only softens: the milder of both counts, so that one switch stops everything.
func (v Verdict) Effective(m Mode) Action {
	if v.Softened != nil {
		return m.soften(*v.Softened)
	}
	return m.soften(v.Action)
}

// For is what the rules say for one recipient, named as the envelope does.
func (v Verdict) For(rcpt string) Action {
	if a, ok := v.PerRecipient[rcpt]; ok {
		return a
	}
	return v.Action
}

// EffectiveFor is what is carried out for one recipient in mode m.
func (v Verdict) EffectiveFor(rcpt string, m Mode) Action {
	a := m.soften(v.For(rcpt))
	if own, ok := v.Modes[rcpt]; ok {
		a = own.soften(a)
	}
	return a
}

// Split sorts recipients by what is carried out for each in mode m.
func (v Verdict) Split(rcpts []string, m Mode) map[Action][]string {
	by := map[Action][]string{}
	for _, r := range rcpts {
		a := v.EffectiveFor(r, m)
		by[a] = append(by[a], r)
	}
	return by
}

// Apply returns v with Enforced set for mode m. Action stays what the rules said; Effective says what is done.
func (v Verdict) Apply(m Mode) Verdict {
	v.Enforced = v.Effective(m) == v.Action
	for rcpt := range v.Modes {
		v.Enforced = v.Enforced && v.EffectiveFor(rcpt, m) == v.For(rcpt)
	}
	return v
}
