package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

func TestAskSaysWhatHolds(t *testing.T) {
	p := packOf(t, `match tag has("vba.present") && direction == "in"`, `near quarantine has("vba.present") && tls && !bare`,
		`far reject has("vba.present") && tls && bare`, `other reject has("vba.present") && direction == "out"`, `absent tag !bare && has("zip.encrypted")`, `fails reject direction == "in" && rcpts[0] == "x"`,
		`one tag has("zip.encrypted")`, `sleeps off true`)
	as, err := p.Ask(facts(message.In, finding.VBAPresent))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range as {
		line := a.Rule + " " + a.Action
		for _, w := range []struct {
			is   bool
			word string
		}{{a.Match, "match"}, {a.Near, "near"}, {a.Error != "", "error"}} {
			if w.is {
				line += " " + w.word
			}
		}
		for _, part := range a.Parts {
			line += map[bool]string{true: " +", false: " -"}[part.True] + part.Text
		}
		got = append(got, line)
	}
	want := []string{
		`match tag match +has("vba.present") +direction == "in"`,
		`near quarantine near +has("vba.present") -tls +!bare`,
		`far reject +has("vba.present") -tls -bare`,
		`other reject +has("vba.present") -direction == "out"`,
		`absent tag +!bare -has("zip.encrypted")`,
		`fails reject error +direction == "in" -rcpts[0] == "x"`,
		`one tag -has("zip.encrypted")`,
		`sleeps off match +true`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if f := as[0].Parts[0].Facts; len(f) != 1 || f[0].Kind != finding.VBAPresent || as[0].Cost == 0 {
		t.Errorf("got %+v", as[0])
	}
}

// What explain says must be what the verdict was.
func TestAskAgreesWithDecide(t *testing.T) {
	p := Default()
	for i, k := range finding.Kinds() {
		if i%8 > 0 { // taking conditions apart is slow, and they are alike
			continue
		}
		for _, dir := range []message.Direction{message.In, message.Out} {
			f := facts(dir, k)
			as, err := p.Ask(f)
			if err != nil {
				t.Fatal(err)
			}
			v := p.Decide(f)
			for _, a := range as {
				if named := strings.Contains(" "+strings.Join(v.Rules, " ")+" ", " "+a.Rule+" "); named != (a.Match && a.Action != offWord) {
					t.Errorf("%s %s: rule %s matches: %t, in the verdict: %t", dir, k, a.Rule, a.Match, named)
				}
				all := true
				for _, part := range a.Parts {
					all = all && part.True
				}
				if all != a.Match {
					t.Errorf("%s %s: rule %s matches: %t, all its parts hold: %t", dir, k, a.Rule, a.Match, all)
				}
			}
		}
	}
}

func TestAskSeesTheMessageIncomplete(t *testing.T) {
	as, err := packOf(t, `bad tag `+failing, `hold quarantine incomplete`).Ask(Facts{})
	if err != nil || !as[1].Match {
		t.Errorf("a rule that fails makes the message incomplete, as in Decide: %+v, %v", as, err)
	}
}

func TestCost(t *testing.T) {
	p := packOf(t, `each tag rcpts.exists(r, r.endsWith("@example.com"))`)
	one, many := p.Cost("each", manyRcpts(1)), p.Cost("each", manyRcpts(100))
	if one == 0 || many < 50*one/2 || many > CostMax || p.Cost("none", Facts{}) != 0 {
		t.Errorf("one recipient costs %d, a hundred %d", one, many)
	}
}

func TestRuleNeeds(t *testing.T) {
	r, _ := packOf(t, `r tag subject != "" && has("vba.present") && (locked || outbound["mails"] > 3)`).Rule("r")
	kinds, vars := r.Needs()
	if diff := cmp.Diff([]finding.Kind{finding.VBAPresent}, kinds); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"kinds", "locked", "subject", "outbound"}, vars); diff != "" {
		t.Error(diff)
	}
}

func TestCheckWarns(t *testing.T) {
	tests := "tests: [{match: true}, {match: false}]"
	for _, tc := range []struct{ name, yaml, want string }{
		{"nothing to say", oneRule(map[string]string{"when": `when: incomplete`, "tests": tests}), ""},
		{"no tests", oneRule(map[string]string{"when": `when: incomplete`}), "no-test r:2 no-test r:2"},
		{"half a test", oneRule(map[string]string{"when": `when: incomplete`, "tests": "tests: [{match: true}]"}), "no-test r:2"},
		{"always", oneRule(map[string]string{"when": `when: "true"`, "tests": tests}), "always r:2"},
		{"never", oneRule(map[string]string{"when": `when: "false"`, "tests": tests}), "never r:2 incomplete :0"},
		{"a thing and its contrary", oneRule(map[string]string{"when": `when: tls && bare && !tls`, "tests": tests}), "never r:2 incomplete :0"},
		{"two directions", oneRule(map[string]string{"when": `when: direction == "in" && direction == "out"`, "tests": tests}), "never r:2 incomplete :0"},
		{"two directions, either", oneRule(map[string]string{"when": `when: (direction == "in" || direction == "out") && incomplete`, "tests": tests}), ""},
		{"nobody asks it", oneRule(map[string]string{"when": `when: incomplete`, "tests": tests, "action": "action: off"}), "off r:2 incomplete :0"},
		{"same condition, written otherwise", oneRule(map[string]string{"when": `when: incomplete||tls`, "tests": tests}) +
			strings.TrimPrefix(oneRule(map[string]string{"name": "name: s", "when": `when: "(incomplete) || tls"`, "tests": tests}), "rules:\n"), "duplicate s:8"},
		{"a policy for nothing", oneRule(map[string]string{"when": `when: incomplete`, "tests": tests}) +
			"policies:\n  - {name: p, recipients: [a@b.example], actions: {r: tag}}\n", "no-effect :9"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, w := range mustLoad(t, tc.yaml).Check() {
				got = append(got, fmt.Sprintf("%s %s:%d", w.Code, w.Rule, w.Line))
				for _, lang := range []string{"en", "ja"} {
					if words := w.Text(lang); words == "" || strings.Contains(words, "%!") {
						t.Errorf("%s in %s: %q", w.Code, lang, words)
					}
				}
				if !slices.Contains(WarningCodes(), w.Code) {
					t.Errorf("%s is not in the list", w.Code)
				}
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
