package rules

import (
	"slices"
	"testing"
)

func TestEffective(t *testing.T) {
	for _, tc := range []struct {
		action                Action
		monitor, tag, enforce Action
	}{
		{Accept, Accept, Accept, Accept},
		{Tag, Accept, Tag, Tag},
		{Disarm, Accept, Tag, Disarm},
		{Quarantine, Accept, Tag, Quarantine},
		{Reject, Accept, Tag, Reject},
		{TempFail, Accept, Tag, TempFail},
	} {
		v := Verdict{Action: tc.action}
		for m, want := range map[Mode]Action{ModeMonitor: tc.monitor, ModeTag: tc.tag, ModeEnforce: tc.enforce} {
			if got := v.Effective(m); got != want {
				t.Errorf("%s in mode %s: got %s, want %s", tc.action, m, got, want)
			}
			w := v.Apply(m)
			if w.Action != tc.action || w.Enforced != (want == tc.action) {
				t.Errorf("%s in mode %s: Apply gave %s, enforced %t", tc.action, m, w.Action, w.Enforced)
			}
		}
	}
}

func TestWordsRoundTrip(t *testing.T) {
	for _, a := range Actions() {
		text, _ := a.MarshalText()
		var b Action
		if err := b.UnmarshalText(text); err != nil || b != a {
			t.Errorf("%s came back as %s: %v", a, b, err)
		}
	}
	for _, m := range Modes() {
		text, _ := m.MarshalText()
		var n Mode
		if err := n.UnmarshalText(text); err != nil || n != m {
			t.Errorf("%s came back as %s: %v", m, n, err)
		}
	}
	if !slices.IsSorted(Actions()) {
		t.Error("actions are not mildest first")
	}
}

func TestUnknownWords(t *testing.T) {
	var a Action
	var m Mode
	for _, w := range []string{"", "Accept", "hold", "monitor "} {
		if a.UnmarshalText([]byte(w)) == nil || m.UnmarshalText([]byte(w)) == nil {
			t.Errorf("%q was read", w)
		}
	}
	if Action(9).String() != "action(9)" || Mode(9).String() != "mode(9)" {
		t.Errorf("got %s, %s", Action(9), Mode(9))
	}
}

func TestZeroModeEnforces(t *testing.T) {
	var m Mode
	if m != ModeEnforce {
		t.Errorf("the zero mode is %s", m)
	}
}
