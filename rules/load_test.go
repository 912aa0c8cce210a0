package rules

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

// oneRule is a pack of one rule with the given lines in place of the named keys; a line "" removes the key.
func oneRule(lines map[string]string) string {
	var b strings.Builder
	b.WriteString("rules:\n")
	dash := "  - "
	for _, key := range []string{"name", "when", "action", "title", "advice", "references", "cites", "tests"} {
		line, given := lines[key]
		switch {
		case !given && (key == "references" || key == "cites" || key == "tests"):
			continue
		case !given:
			line = map[string]string{"name": "name: r", "when": `when: has("vba.present")`, "action": "action: tag",
				"title": "title: {en: T, ja: 題}", "advice": "advice: {en: A, ja: 助}"}[key]
		case line == "":
			continue
		}
		b.WriteString(dash + line + "\n")
		dash = "    "
	}
	return b.String()
}

func mustLoad(t testing.TB, yaml string) *Pack {
	t.Helper()
	p, err := Load([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLoadFaultsHaveTheirPlace(t *testing.T) {
	for _, tc := range []struct {
		name, yaml string
		at         string // line:column
		msg        string // a part of it
	}{
		{"unknown key of the pack", "rulez: []\n", "1:1", `unknown field "rulez"`},
		{"unknown key of a rule", oneRule(map[string]string{"tests": "colour: red"}), "7:5", `unknown field "colour"`},
		{"unknown fact in a test", oneRule(map[string]string{"tests": "tests: [{match: true, facts: {moon: full}}]"}), "7:35", `unknown field "moon"`},
		{"key given twice", oneRule(map[string]string{"tests": "action: reject"}), "7:5", `mapping key "action" already defined`},
		{"second document", oneRule(nil) + "---\nrules: []\n", "8:6", "a second document"},
		{"anchor", "rules: &a []\n", "1:8", "anchors"},
		{"merge key and alias", oneRule(map[string]string{"tests": "<<: *x"}), "7:5", "anchors"},
		{"tag", "rules: !!seq []\n", "1:8", "tags"},
		{"list where a rule is meant", "rules: [[a]]\n", "1:9", "sequence was used where mapping is expected"},
		{"number as a name", oneRule(map[string]string{"name": "name: 7"}), "2:11", "has to be a text"},
		{"no name", oneRule(map[string]string{"name": ""}), "2:11", "a rule needs a name"},
		{"name in capitals", oneRule(map[string]string{"name": "name: Macro"}), "2:11", "lower-case words"},
		{"name with a line break", oneRule(map[string]string{"name": `name: "a\nb"`}), "2:11", "lower-case words"},
		{"name too long", oneRule(map[string]string{"name": "name: " + strings.Repeat("x", nameMax+1)}), "2:11", "at most 50"},
		{"reserved name", oneRule(map[string]string{"name": "name: released"}), "2:11", "reserved"},
		{"name used twice", oneRule(nil) + strings.TrimPrefix(oneRule(nil), "rules:\n"), "7:11", "used twice"},
		{"no action", oneRule(map[string]string{"action": ""}), "2:11", "needs an action"},
		{"unknown action", oneRule(map[string]string{"action": "action: explode"}), "4:13", `unknown action "explode"`},
		{"disarm does not exist yet", oneRule(map[string]string{"action": "action: disarm"}), "4:13", "disarm does not exist yet"},
		{"no Japanese title", oneRule(map[string]string{"title": "title: {en: T}"}), "2:11", "title.ja is missing"},
		{"blank English advice", oneRule(map[string]string{"advice": `advice: {en: " ", ja: 助}`}), "6:18", "advice.en is missing"},
		{"escape sequence in a title", oneRule(map[string]string{"title": `title: {en: "a\e[2J", ja: 題}`}), "5:17", "control character"},
		{"endless advice", oneRule(map[string]string{"advice": "advice: {en: " + strings.Repeat("x", wordsMax+1) + ", ja: 助}"}), "6:18", "more than 2000"},
		{"reference that is no address", oneRule(map[string]string{"references": "references: [ftp://x]"}), "7:18", "https://"},
		{"unknown kind cited", oneRule(map[string]string{"cites": "cites: [vba.present, vba.absent]"}), "7:26", `unknown finding kind "vba.absent"`},
		{"test without match", oneRule(map[string]string{"tests": "tests: [{facts: {}}]"}), "2:11", "match: true or match: false"},
		{"unknown kind in a test", oneRule(map[string]string{"tests": "tests: [{match: true, facts: {findings: [vba.absent]}}]"}), "7:46", "vba.absent"},
		{"unknown direction in a test", oneRule(map[string]string{"tests": "tests: [{match: true, facts: {direction: sideways}}]"}), "7:46", "sideways"},
		{"bad address in a test", oneRule(map[string]string{"tests": "tests: [{match: true, facts: {client_ip: 1.2.3}}]"}), "7:46", "not an IP address"},
		{"empty condition", oneRule(map[string]string{"when": `when: ""`}), "3:11", "needs a condition"},
		{"condition that is a number", oneRule(map[string]string{"when": `when: count("vba.present")`}), "3:11", "gives int"},
		{"unknown variable", oneRule(map[string]string{"when": "when: incomplete && weather"}), "3:25", "undeclared reference to 'weather'"},
		{"wrong type", oneRule(map[string]string{"when": `when: subject > 3`}), "3:19", "no matching overload"},
		{"syntax", oneRule(map[string]string{"when": `when: incomplete &&`}), "3:24", "Syntax error"},
		{"unknown kind in a condition", oneRule(map[string]string{"when": `when: incomplete || has("vba.absent")`}), "3:29", `unknown finding kind "vba.absent"`},
		{"unknown kind in count", oneRule(map[string]string{"when": `when: count("vba.absent") > 1`}), "3:17", `unknown finding kind "vba.absent"`},
		{"unknown kind looked up", oneRule(map[string]string{"when": `when: kinds["vba.absent"] > 1`}), "3:17", `unknown finding kind "vba.absent"`},
		{"unknown direction in a condition", oneRule(map[string]string{"when": `when: direction == "inn"`}), "3:24", `unknown direction "inn"`},
		{"unknown direction in a list", oneRule(map[string]string{"when": `when: direction in ["in", "inn"]`}), "3:31", `unknown direction "inn"`},
		{"unknown count", oneRule(map[string]string{"when": `when: outbound["mail"] > 1`}), "3:20", `unknown count outbound["mail"]`},
		{"unknown result", oneRule(map[string]string{"when": `when: auth == "passed"`}), "3:19", `unknown result "passed"`},
		{"attack id of another form", oneRule(map[string]string{"tests": "attack: [T1566.001, T15]"}), "7:25", "no id of MITRE ATT&CK"},
		{"has of a variable", oneRule(map[string]string{"when": `when: has(subject)`}), "3:15", "in quotes"},
		{"count of a variable", oneRule(map[string]string{"when": `when: count(subject) > 0`}), "3:17", "in quotes"},
		{"bad pattern", oneRule(map[string]string{"when": `when: subject.matches("(")`}), "3:27", "invalid matches argument"},
		{"pattern that the message chooses", oneRule(map[string]string{"when": `when: subject.matches(from)`}), "3:27", "has to be a literal"},
		{"pattern of the function form", oneRule(map[string]string{"when": `when: matches(subject, from)`}), "3:28", "has to be a literal"},
		{"too deep", oneRule(map[string]string{"when": "when: " + strings.Repeat("(", 100) + "tls" + strings.Repeat(")", 100)}), "3:11", "recursion limit"},
		{"too long", oneRule(map[string]string{"when": "when: tls" + strings.Repeat(" || tls", ConditionMax/7+1)}), "3:11", "size exceeds limit"},
		{"too much nesting of YAML", "rules: " + strings.Repeat("[", 1000) + "\n", "1:16", "too much nesting"},
		{"sequences in sequences", "rules: \n" + strings.Repeat("- ", 1000) + "\n", "2:129", "too much nesting"},
		{"too many list entries", "rules:\n" + strings.Repeat("-\n", entriesMax+1), "20002:1", "more than 20000 list entries"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load([]byte(tc.yaml))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if at := fmt.Sprintf("%d:%d", e.Line, e.Column); at != tc.at || !strings.Contains(e.Msg, tc.msg) {
				t.Errorf("at %s, want %s; message %q, want %q in\n%v", at, tc.at, e.Msg, tc.msg, err)
			}
			if !strings.Contains(e.Error(), fmt.Sprintf("> %4d | ", e.Line)) {
				t.Errorf("no snippet in\n%v", err)
			}
		})
	}
}

func TestLoadRefusesTheWholeFile(t *testing.T) {
	for _, tc := range []struct{ name, yaml, msg string }{
		{"empty", "", "the pack is empty"},
		{"only comments", "# nothing\n", "the pack is empty"},
		{"no rules", "rules: []\n", "needs 1 to 1000"},
		{"not UTF-8", "rules: \"\xff\"\n", "not UTF-8"},
		{"too large", "#" + strings.Repeat("x", PackMax), "at most 1048576"},
		{"too many rules", "rules:\n" + strings.Repeat("  - {}\n", RulesMax+1), "needs 1 to 1000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := Load([]byte(tc.yaml)); err == nil || !strings.Contains(err.Error(), tc.msg) {
				t.Errorf("got %v, want %q", err, tc.msg)
			}
		})
	}
}

// YAML has five ways to write a text; the place of a fault in a condition has to be right in each.
func TestConditionFaultsInEachScalarStyle(t *testing.T) {
	for _, tc := range []struct{ name, when, at string }{
		{"plain", "when: tls && moon", "3:18"},
		{"plain on two lines", "when: tls &&\n      moon", "4:7"},
		{"plain after Japanese", "when: subject == '件名' && moon", "3:30"},
		{"single quotes", "when: 'tls && moon'", "3:19"},
		{"single quotes with a doubled one", "when: 'subject == ''x'' && moon'", "3:32"},
		{"double quotes", `when: "tls && moon"`, "3:19"},
		{"double quotes with escapes", `when: "subject == \"x\" && moon"`, "3:32"},
		{"literal block", "when: |\n      tls &&\n\n      moon", "6:7"},
		{"literal block, indented further", "when: |\n      tls &&\n          moon", "5:11"},
		{"folded block", "when: >-\n      tls &&\n      tls && moon", "5:14"},
		{"folded block with a comment", "when: >- # why\n      tls &&\n      moon", "5:7"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load([]byte(oneRule(map[string]string{"when": tc.when})))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if at := fmt.Sprintf("%d:%d", e.Line, e.Column); at != tc.at || e.Rule != "r" {
				t.Errorf("at %s of rule %q, want %s of r:\n%v", at, e.Rule, tc.at, err)
			}
		})
	}
}

func TestErrorShowsRuleAndPlace(t *testing.T) {
	_, err := Load([]byte(oneRule(map[string]string{"when": "when: subject == '件名' && moon"})))
	want := `rules: [3:30] rule "r": undeclared reference to 'moon'
     2 |   - name: r
>    3 |     when: subject == '件名' && moon
                                        ^`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestLoadReportsEveryFault(t *testing.T) {
	_, err := Load([]byte(oneRule(map[string]string{"name": "name: A", "when": "when: moon && sun", "action": "action: x"})))
	for _, msg := range []string{"lower-case", "'moon'", "'sun'", "unknown action"} {
		if !strings.Contains(fmt.Sprint(err), msg) {
			t.Errorf("%q is missing in\n%v", msg, err)
		}
	}
}

func TestSnippetHasNoControlCharacters(t *testing.T) {
	_, err := Load([]byte("rules: \n  - \x1b[2Jname: x\n"))
	if err == nil || strings.ContainsRune(err.Error(), '\x1b') {
		t.Errorf("got %q", err)
	}
}

func TestLoadKeepsEveryKey(t *testing.T) {
	p := mustLoad(t, `
---
rules:
  - name: all-keys
    when: has("vba.present") && !has("vba.autoexec") || count("zip.encrypted") > 1
    action: reject
    title: {en: Title, ja: 題}
    advice:
      en: |
        One.
        Two.
      ja: 助言
    references: [https://example.org/a]
`)
	r, ok := p.Rule("all-keys")
	if !ok || len(p.Rules()) != 1 {
		t.Fatal("the rule is missing")
	}
	got := Rule{Name: r.Name, When: r.When, Action: r.Action, Title: r.Title, Advice: r.Advice, References: r.References, Cites: r.Cites, Line: r.Line}
	want := Rule{Name: "all-keys", When: `has("vba.present") && !has("vba.autoexec") || count("zip.encrypted") > 1`, Action: Reject,
		Title: Text{"Title", "題"}, Advice: Text{"One.\nTwo.", "助言"}, References: []string{"https://example.org/a"},
		Cites: []finding.Kind{finding.VBAPresent, finding.ZipEncrypted}, Line: 4}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Rule{})); diff != "" {
		t.Error(diff)
	}
	if _, ok := p.Rule("none"); ok {
		t.Error("a rule that is not in the pack")
	}
}

func TestSelfTestFailures(t *testing.T) {
	p := mustLoad(t, oneRule(map[string]string{"when": `when: rcpts[0] == "a@example.org"`, "tests": `tests:
      - {match: true, facts: {rcpts: [a@example.org]}}
      - {match: true, facts: {rcpts: [b@example.org]}}
      - {match: true, facts: {}}`}))
	rep := p.Test()
	var got []string
	for _, f := range rep.Failures {
		got = append(got, f.Error())
	}
	want := []string{
		`rules: rule "r", test 2: match is false, the test wants true`,
		`rules: rule "r", test 3: index out of bounds: 0`,
		`rules: rule "r": it has no test with match: false`,
	}
	if diff := cmp.Diff(want, got); diff != "" || rep.Run != 3 {
		t.Errorf("%d tests ran, want 3\n%s", rep.Run, diff)
	}
}

func TestSelfTestSetsEveryFact(t *testing.T) {
	p := mustLoad(t, oneRule(map[string]string{"tests": `tests:
      - match: true
        facts:
          {direction: internal, findings: [vba.present], files: [doc], incomplete: true, locked: true, subject: S, from: f@example.org,
           mail_from: m@example.org, rcpts: [r@example.org], sasl_user: u, client_ip: 192.0.2.1, client_name: c, helo: h, tls: true, bare: true,
           warm: true, auth: pass, links: [l.example], lists: [block], outbound: {mails: 3}}`}))
	a := newActivation(&p.rules[0].tests[0].facts)
	if a.facts.Direction != message.Internal {
		t.Errorf("direction %q", a.facts.Direction)
	}
	for _, v := range variables {
		got := v.get(a)
		if fmt.Sprint(got.Value()) == "" || got.Equal(v.get(newActivation(&Facts{}))).Value() == true {
			t.Errorf("%s is not set: %v", v.name, got.Value())
		}
	}
}

// FuzzLoad: Load never panics, every fault is told, and what loads decides.
func FuzzLoad(f *testing.F) {
	f.Add(string(defaultPack))
	f.Add(oneRule(nil))
	f.Add(oneRule(map[string]string{"when": `when: 'rcpts.exists(r, r.matches("x$"))'`, "tests": "tests: [{match: true}]"}))
	f.Add(oneRule(nil) + somePolicies + packTests)
	f.Add(oneRule(map[string]string{"tests": "attack: [T1566]\n    monitor: true\n    tests: [{match: true, mail: a.eml}]"}) +
		"policies: [{name: p, recipients: ['@.b.example'], mode: tag, actions: {r: off}}]\ntests: [{facts: {}, action: tag, per_recipient: {a@b.example: tag}}]\n")
	f.Add("include: [default]\nrules: [{name: macro-present, action: off}]\n")
	f.Add("rules: [{name: a, when: >-\n  tls}]\n---\n...\n")
	f.Fuzz(func(t *testing.T, yaml string) {
		p, err := Load([]byte(yaml))
		if (p == nil) == (err == nil) {
			t.Fatalf("pack %v, error %v", p, err)
		}
		if err != nil {
			if strings.Contains(err.Error(), "cannot be parsed") {
				t.Fatal(err)
			}
			return
		}
		p.Test()
		p.MailTests()
		for _, w := range p.Check() {
			if w.Text("en") == "" {
				t.Errorf("no words for %s", w.Code)
			}
		}
		if _, err := p.Ask(facts(message.In, finding.VBAPresent)); err != nil {
			t.Error(err)
		}
		if v := p.Decide(facts(message.In, finding.Kinds()...)); v.Rules == nil || v.Why == nil {
			t.Errorf("nil in %+v", v)
		}
	})
}
