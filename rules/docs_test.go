package rules

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

var update = flag.Bool("update", false, "write the generated tables of docs/")

// page is a file of docs/ in one language.
func page(lang, name string) string {
	if lang == "ja" {
		return filepath.Join("..", "docs", "ja", name)
	}
	return filepath.Join("..", "docs", name)
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// block holds the text between the markers of a page to want; with -update it writes it.
func block(t *testing.T, path, marker, want string) {
	t.Helper()
	doc := read(t, path)
	_, rest, ok := strings.Cut(doc, "<!-- begin "+marker)
	_, rest, ok2 := strings.Cut(rest, "-->\n")
	got, _, ok3 := strings.Cut(rest, "<!-- end "+marker)
	if !ok || !ok2 || !ok3 {
		t.Fatalf("%s has no block %q", path, marker)
	}
	if *update {
		if err := os.WriteFile(path, []byte(strings.Replace(doc, got+"<!-- end "+marker, want+"<!-- end "+marker, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is stale; run go test ./rules -run Docs -update\n%s", path, diff)
	}
}

func TestDocsListTheDefaultRules(t *testing.T) {
	head := map[string]string{"en": "| rule | action | |\n|---|---|---|\n", "ja": "| 規則 | 動作 | |\n|---|---|---|\n"}
	for _, lang := range []string{"en", "ja"} {
		var b strings.Builder
		b.WriteString(head[lang])
		for _, r := range Default().Rules() {
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", r.Name, r.Action, r.Title.In(lang))
		}
		block(t, page(lang, "rules.md"), "default rules", b.String())
	}
}

func TestDocsListTheFindings(t *testing.T) {
	head := map[string]string{
		"en": "| kind | severity | meaning | from outside | from one of ours |\n|---|---|---|---|---|\n",
		"ja": "| 種類 | 重さ | 意味 | 外部から | 組織内から |\n|---|---|---|---|---|\n"}
	p := Default()
	met := func(dir message.Direction, k finding.Kind) string {
		f := facts(dir, k)
		f.Locked = strings.HasSuffix(string(k), "encrypted")
		v := p.Decide(f)
		return fmt.Sprintf("`%s`: `%s`", v.Rule, v.Action)
	}
	for _, lang := range []string{"en", "ja"} {
		var b strings.Builder
		b.WriteString(head[lang])
		for _, k := range finding.Kinds() {
			fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s | %s |\n", k, k.Severity(), k.Explain(lang), met(message.In, k), met(message.Out, k))
		}
		block(t, page(lang, "findings.md"), "findings", b.String())
	}
}

func TestDocsNameTheVocabulary(t *testing.T) {
	for _, lang := range []string{"en", "ja"} {
		path := page(lang, "rules.md")
		doc := read(t, path)
		var want []string
		for _, v := range variables {
			want = append(want, fmt.Sprintf("| `%s` | %s |", v.name, v.typ))
		}
		for _, f := range functions {
			want = append(want, fmt.Sprintf("| `%s(", f.Function()))
		}
		for _, s := range severities {
			want = append(want, "`"+s.String()+"`")
		}
		for _, a := range Actions() {
			want = append(want, "`"+a.String()+"`")
		}
		for _, m := range Modes() {
			want = append(want, "`"+m.String()+"`")
		}
		for _, key := range []string{"name", "when", "action", "title", "advice", "references", "attack", "monitor", "cites", "tests", "include",
			"recipients", "actions", "mode", "mail", "session", "rule", "per_recipient", offWord} {
			want = append(want, "`"+key+"`")
		}
		for _, code := range WarningCodes() {
			want = append(want, "`"+code+"`")
		}
		for _, n := range []int{CostMax, TextMax, RulesMax, policiesMax, ConditionMax, wordsMax} {
			want = append(want, thousands(n))
		}
		for _, w := range want {
			if !strings.Contains(doc, w) {
				t.Errorf("%s does not have %q", path, w)
			}
		}
		for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (?:string|int|bool|list|map)").FindAllStringSubmatch(doc, -1) {
			if _, ok := newActivation(&Facts{}).ResolveName(m[1]); !ok {
				t.Errorf("%s describes the variable %s, which does not exist", path, m[1])
			}
		}
	}
}

func thousands(n int) string { return fmt.Sprintf("%d,%03d", n/1000, n%1000) }

// The example has to load and pass its own tests, the same in both languages.
func TestDocsExampleWorks(t *testing.T) {
	var examples []string
	for _, lang := range []string{"en", "ja"} {
		_, rest, _ := strings.Cut(read(t, page(lang, "rules.md")), "```yaml\n")
		example, _, ok := strings.Cut(rest, "```")
		if !ok {
			t.Fatalf("no example in %s", page(lang, "rules.md"))
		}
		for _, f := range mustLoad(t, example).Test().Failures {
			t.Error(f)
		}
		examples = append(examples, example)
	}
	if examples[0] != examples[1] {
		t.Error("the two languages show different examples")
	}
}

func TestDocsShowTheErrorAsItIs(t *testing.T) {
	_, err := Load([]byte(oneRule(map[string]string{"name": "name: late", "when": `when: incomplete || has("vba.autoexce")`})))
	for _, lang := range []string{"en", "ja"} {
		if !strings.Contains(read(t, page(lang, "rules.md")), fmt.Sprintf("```\n%v\n```", err)) {
			t.Errorf("%s shows another error than\n%v", page(lang, "rules.md"), err)
		}
	}
}

// What the page shows of policies, of including and of tests has to load, after the rules that it speaks of.
func TestDocsFragmentsLoad(t *testing.T) {
	for _, lang := range []string{"en", "ja"} {
		var fragments []string
		for i, part := range strings.Split(read(t, page(lang, "rules.md")), "```yaml\n") {
			if fragment, _, ok := strings.Cut(part, "```"); ok && i > 1 { // the first one is a pack by itself
				fragments = append(fragments, fragment)
			}
		}
		if len(fragments) != 3 {
			t.Fatalf("%s: %d fragments", lang, len(fragments))
		}
		files := map[string]string{"p": strings.Join(fragments, ""),
			"teams/sales.yaml": named("invoice-in-locked-zip")}
		p, err := LoadFile("p", folder(files))
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Policies()) != 2 || p.Tests() != 2 {
			t.Errorf("%s: %d policies, %d tests", lang, len(p.Policies()), p.Tests())
		}
	}
}
