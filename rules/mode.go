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

// Effective is the action that is carried out in mode m: Accept in ModeMonitor, Tag at most in ModeTag, else Action itself.
func (v Verdict) Effective(m Mode) Action {
	switch m {
	case ModeMonitor:
		return Accept
	case ModeTag:
		return min(v.Action, Tag)
	default:
		return v.Action
	}
}

// Apply returns v with Enforced set for mode m. Action stays what the rules said; Effective says what is done.
func (v Verdict) Apply(m Mode) Verdict {
	v.Enforced = v.Effective(m) == v.Action
	return v
}
