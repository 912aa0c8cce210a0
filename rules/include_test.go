package rules

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

// folder reads files of a map.
func folder(files map[string]string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		s, ok := files[name]
		if !ok {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return []byte(s), nil
	}
}

// named is a pack of one rule with that name.
func named(name string) string { return oneRule(map[string]string{"name": "name: " + name}) }

func TestIncludeDefault(t *testing.T) {
	p := mustLoad(t, "include: default\n"+named("ours"))
	if got, want := len(p.Rules()), len(Default().Rules())+1; got != want {
		t.Errorf("%d rules, want %d", got, want)
	}
	rs := p.Rules()
	if first, last := rs[0], rs[len(rs)-1]; first.File != DefaultName || last.Name != "ours" || last.File != "" {
		t.Errorf("first %s of %q, last %s of %q", first.Name, first.File, last.Name, last.File)
	}
	if rep := p.Test(); rep.Run < 40 {
		t.Errorf("only %d tests ran", rep.Run)
	}
	if v := p.Decide(facts(message.In, finding.VBAPresent, finding.VBAAutoexec)); v.Rule != "macro-autoexec" {
		t.Errorf("got %+v", v)
	}
}

func TestIncludeAloneIsAPack(t *testing.T) {
	if p := mustLoad(t, "include: [default]\n"); len(p.Rules()) != len(Default().Rules()) {
		t.Error("another pack than the built-in one")
	}
}

func TestOverrideKeepsWhatItDoesNotSay(t *testing.T) {
	base, _ := Default().Rule("macro-present")
	p := mustLoad(t, `
include: default
rules:
  - name: macro-present
    action: quarantine
    title: {en: Ours, ja: 当社}
    attack: [T1137]
`)
	r, _ := p.Rule("macro-present")
	if r.Action != Quarantine || r.Title.EN != "Ours" || r.When != base.When || r.Advice != base.Advice || r.Line != 4 || r.File != "" || len(r.tests) != len(base.tests) {
		t.Errorf("got %+v", r)
	}
	if len(p.Rules()) != len(Default().Rules()) || p.Rules()[0].Name != Default().Rules()[0].Name {
		t.Error("the order changed")
	}
	if rep := p.Test(); len(rep.Failures) > 0 {
		t.Error(rep.Failures)
	}
	if b, _ := Default().Rule("macro-present"); b.Action != base.Action {
		t.Error("the built-in pack changed")
	}
}

func TestOverrideOfAConditionBringsItsTests(t *testing.T) {
	p := mustLoad(t, "include: default\nrules:\n  - {name: macro-present, when: has(\"zip.encrypted\")}\n")
	r, _ := p.Rule("macro-present")
	if diff := cmp.Diff([]finding.Kind{finding.ZipEncrypted}, r.Cites); diff != "" {
		t.Error(diff)
	}
	var missing []string
	for _, f := range p.Test().Failures {
		missing = append(missing, f.Error())
	}
	want := []string{`rules: rule "macro-present": it has no test with match: true`, `rules: rule "macro-present": it has no test with match: false`}
	if diff := cmp.Diff(want, missing); diff != "" {
		t.Error(diff)
	}
}

func TestOverrideEveryKey(t *testing.T) {
	p := mustLoad(t, `
include: default
rules:
  - name: macro-present
    action: "off"
    monitor: true
    advice: {en: Do, ja: 助言}
    references: [https://example.org/]
    cites: [vba.ability]
    tests: [{match: true, facts: {findings: [vba.present]}}]
`)
	r, _ := p.Rule("macro-present")
	base, _ := Default().Rule("macro-present")
	if !r.Off || !r.Monitor || r.Advice.EN != "Do" || r.References[0] != "https://example.org/" || r.Cites[0] != finding.VBAAbility || len(r.tests) != len(base.tests)+1 {
		t.Errorf("got %+v", r)
	}
}

func TestLoadFileReadsBesideTheFile(t *testing.T) {
	files := map[string]string{
		"etc/pack.yaml":        "include: [teams/sales.yaml, default]\n" + named("root"),
		"etc/teams/sales.yaml": "include: ../base.yaml\n" + named("sales"),
		"etc/base.yaml":        named("base"),
	}
	p, err := LoadFile("etc/pack.yaml", folder(files))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range p.Rules() {
		if r.File != DefaultName {
			got = append(got, r.Name+" "+r.File)
		}
	}
	want := []string{"base etc/base.yaml", "sales etc/teams/sales.yaml", "root etc/pack.yaml"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"etc/pack.yaml", "etc/teams/sales.yaml", "etc/base.yaml"}, p.Files()); diff != "" {
		t.Error(diff)
	}
}

func TestIncludeFaults(t *testing.T) {
	many := map[string]string{"p": "include: ["}
	for i := range filesMax {
		many["p"] += fmt.Sprintf("f%d,", i)
		many[fmt.Sprintf("f%d", i)] = named(fmt.Sprintf("r%d", i))
	}
	many["p"] += "]\n"
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"missing", map[string]string{"p": "include: x.yaml\n" + named("r")}, "rules: p: [1:10] x.yaml: open x.yaml: file does not exist"},
		{"itself", map[string]string{"p": "include: p\n" + named("r")}, "rules: p: [1:10] p: it is included twice"},
		{"a circle", map[string]string{"p": "include: q\n", "q": "\ninclude: p\n" + named("r")}, "rules: q: [2:10] p: it is included twice"},
		{"twice", map[string]string{"p": "include: [default, default]\n"}, "rules: p: [1:20] default: it is included twice"},
		{"too many", many, "more than 15 files"},
		{"nothing", map[string]string{"p": "include: ''\n" + named("r")}, "include names default, or files"},
		{"a number", map[string]string{"p": "include: 7\n" + named("r")}, "has to be a text"},
		{"a fault inside", map[string]string{"p": "include: q\n", "q": oneRule(map[string]string{"when": "when: moon"})}, `rules: q: [3:11] rule "r": undeclared reference`},
		{"syntax inside", map[string]string{"p": "include: q\n" + named("r"), "q": "rules: [\n"}, "rules: q: ["},
		{"too large inside", map[string]string{"p": "include: q\n" + named("r"), "q": "#" + strings.Repeat("x", PackMax)}, "rules: q: the pack has"},
		{"a name of the same file twice", map[string]string{"p": "include: default\nrules:\n  - {name: macro-present, action: tag}\n  - {name: macro-present, action: tag}\n"}, "used twice"},
		{"override with a bad condition", map[string]string{"p": "include: default\nrules:\n  - {name: macro-present, when: moon}\n"}, `rules: p: [3:33] rule "macro-present": undeclared`},
		{"override of nothing", map[string]string{"p": "include: default\nrules:\n  - {name: no-such-rule, action: tag}\n"}, "needs a condition"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := LoadFile("p", folder(tc.files))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestLoadFileThatIsNotThere(t *testing.T) {
	if _, err := LoadFile("none", folder(nil)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestLoadOfBytesReadsNoFile(t *testing.T) {
	if _, err := Load([]byte("include: /etc/passwd\n" + named("r"))); err == nil || !strings.Contains(err.Error(), "cannot include files") {
		t.Errorf("got %v", err)
	}
}

func TestPolicyMayNameRulesOfAnIncludedPack(t *testing.T) {
	p := mustLoad(t, "include: default\npolicies:\n  - {name: x, recipients: [a@example.com], actions: {macro-present: off}}\n")
	v := p.Decide(to(facts(message.In, finding.VBAPresent), "a@example.com", "b@example.com"))
	if v.For("a@example.com") != Accept || v.Action != Tag {
		t.Errorf("got %+v", v)
	}
}

const packTests = `
tests:
  - {facts: {findings: [vba.present], rcpts: [sales@example.com, a@example.org]}, action: quarantine, rule: macro, per_recipient: {sales@example.com: tag, a@example.org: quarantine}}
  - {facts: {}, action: accept, rule: ""}
  - {mail: mails/a.eml, session: mails/b.json, action: tag}
`

func TestTestsOfTheWholePack(t *testing.T) {
	p := threeRules(t, somePolicies+packTests)
	for _, f := range p.Test().Failures {
		if f.Rule == "" {
			t.Error(f)
		}
	}
	wrong := threeRules(t, somePolicies+strings.NewReplacer("action: quarantine", "action: reject", `rule: ""`, "rule: zip", "a@example.org: quarantine", "a@example.org: tag").Replace(packTests))
	var got []string
	for _, f := range wrong.Test().Failures {
		if f.Rule == "" {
			got = append(got, f.Error())
		}
	}
	want := []string{`rules: test 1: the verdict is quarantine by "macro", the test wants reject`, `rules: test 2: the rule is "", the test wants "zip"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTestsOfAnIncludedPackAreItsOwn(t *testing.T) {
	p, err := LoadFile("p", folder(map[string]string{"p": "include: q\nrules:\n  - {name: r, action: reject}\n",
		"q": named("r") + "tests:\n  - {facts: {findings: [vba.present]}, action: tag}\n"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range p.Test().Failures {
		if f.Rule == "" {
			t.Error(f)
		}
	}
}

func TestMailTests(t *testing.T) {
	files := map[string]string{"etc/p.yaml": oneRule(map[string]string{"tests": "tests:\n      - {match: true, mail: mails/yes.eml}\n      - {match: false, facts: {}}"}) +
		"tests:\n  - {mail: /abs/no.eml, session: s.json, action: accept}\n"}
	p, err := LoadFile("etc/p.yaml", folder(files))
	if err != nil {
		t.Fatal(err)
	}
	ms := p.MailTests()
	if len(ms) != 2 || ms[0].Rule != "r" || ms[0].Test != 1 || ms[0].Mail != "etc/mails/yes.eml" || ms[0].Session != "" ||
		ms[1].Mail != "/abs/no.eml" || ms[1].Session != "etc/s.json" || ms[1].Line != 11 {
		t.Fatalf("got %+v", ms)
	}
	for i, tc := range []struct {
		v  Verdict
		ok [2]bool
	}{
		{Verdict{Action: Tag, Rules: []string{"r"}}, [2]bool{true, false}},
		{Verdict{Action: Accept, Monitored: []string{"r"}}, [2]bool{true, true}},
		{Verdict{Action: Accept, Rules: []string{"other"}}, [2]bool{false, true}},
	} {
		for j, m := range ms {
			if f, ok := m.Judge(tc.v); ok != tc.ok[j] || ok != (f.Msg == "") {
				t.Errorf("verdict %d, test %d: %t, %v", i, j, ok, f)
			}
		}
	}
	if rep := p.Test(); len(rep.Failures) > 0 || rep.Run != 1 {
		t.Errorf("a mail's test counts as there, and is not run here: %+v", rep)
	}
}

func TestPackTestFaults(t *testing.T) {
	for _, tc := range []struct{ name, test, msg string }{
		{"without an action", "{facts: {}}", "needs an action"},
		{"without facts or mail", "{action: tag}", "neither facts nor a mail"},
		{"with both", "{action: tag, facts: {}, mail: a.eml}", "not both"},
		{"an action that is no verdict", "{action: off, facts: {}}", "off is no verdict"},
		{"an unknown rule", "{action: tag, rule: nope, facts: {}}", `no rule "nope"`},
		{"a session without a mail", "{action: tag, facts: {}, session: a.json}", "belongs to a mail"},
		{"an unknown action of a recipient", "{action: tag, facts: {}, per_recipient: {a@b.example: x}}", `unknown action "x"`},
		{"an unknown kind", "{action: tag, facts: {findings: [vba.absent]}}", "unknown finding kind"},
		{"a mail without a name", "{action: tag, mail: ''}", "names no file"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Load([]byte(oneRule(nil) + "tests:\n  - " + tc.test + "\n"))
			if err == nil || !strings.Contains(err.Error(), tc.msg) || !strings.Contains(err.Error(), "[8:") {
				t.Errorf("got %v, want %q in line 8", err, tc.msg)
			}
		})
	}
}
