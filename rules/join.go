package rules

import (
	"maps"
	"slices"
)

// Share is the verdict of some of a message's recipients, decided by facts with For.
type Share struct {
	Rcpts   []string
	Verdict Verdict
}

// Join makes one verdict of those of a message's recipients. Rule, Rules and Why are those of the hardest part.
func Join(parts []Share) Verdict {
	if len(parts) == 0 {
		return Verdict{}
	}
	top, softened := 0, Accept
	for i := range parts {
		v := &parts[i].Verdict
		if v.Action > parts[top].Verdict.Action {
			top = i
		}
		softened = max(softened, v.Effective(ModeEnforce))
	}
	out := parts[top].Verdict
	out.PerRecipient, out.Modes, out.Softened = nil, nil, nil
	for i := range parts {
		v := &parts[i].Verdict
		for _, r := range parts[i].Rcpts {
			if a := v.For(r); a != out.Action {
				set(&out.PerRecipient, r, a)
			}
			if m, ok := v.Modes[r]; ok {
				set(&out.Modes, r, m)
			}
		}
		out.Incomplete = out.Incomplete || v.Incomplete
		out.Failed = merge(out.Failed, v.Failed)
		for _, r := range v.Monitored {
			if !slices.Contains(out.Monitored, r) {
				out.Monitored = append(slices.Clip(out.Monitored), r)
			}
		}
	}
	if softened != out.Action {
		out.Softened = &softened
	}
	return out
}

// Same reports whether two verdicts give every recipient the same.
func (v Verdict) Same(w Verdict) bool {
	return v.Action == w.Action && v.Rule == w.Rule && maps.Equal(v.PerRecipient, w.PerRecipient)
}
