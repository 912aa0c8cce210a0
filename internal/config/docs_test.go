package config

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// update writes the sample and the tables anew from the code: go test ./internal/config -update.
var update = flag.Bool("update", false, "write deploy/sekisho.yaml, and the keys of docs/configuration.md and man/sekisho.yaml.5, anew")

const samplePath = "../../deploy/sekisho.yaml"

const sampleHead = `# Configuration of sekisho.                                                    sekisho の設定
#
# Every key is optional: the lines "#key: value" show the defaults. To change   すべてのキーは省略できます。「#キー: 値」の行は既定値です。
# one, take the "#" away. sekisho config check finds contradictions,            変えるときは行頭の # を外してください。矛盾は sekisho config check
# systemctl reload sekisho puts changes in force, save those marked [restart].  で調べ、systemctl reload sekisho で反映します([restart] は要再起動)。
`

// sampleSets are the settings that the sample makes: a safe start for an installed service.
var sampleSets = map[string]string{
	"mode":  "monitor",
	"state": "/var/lib/sekisho",
}

// sample is the sample file: every key with its meaning and, commented out, its default.
func sample() []byte {
	var b strings.Builder
	b.WriteString(sampleHead)
	about := func(key string) []string {
		restart := ""
		if keys[key].restart {
			restart = " [restart]"
		}
		return []string{Explain(key, "en") + restart, Explain(key, "ja")}
	}
	previous := ""
	for line := range strings.Lines(string(Default().write(about, func(string) bool { return true }))) {
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(previous, "# ") {
			b.WriteByte('\n') // before each section, and each key outside of one
		}
		previous = line
		b.WriteString(line)
		if key, _, ok := strings.Cut(strings.TrimPrefix(line, "#"), ":"); ok && sampleSets[key] != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, sampleSets[key])
		}
	}
	return []byte(b.String())
}

func TestSampleIsOurs(t *testing.T) {
	if *update {
		if err := os.WriteFile(samplePath, sample(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(samplePath)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(sample()), string(got)); diff != "" {
		t.Errorf("%s is not what the code says (go test ./internal/config -update):\n%s", samplePath, diff)
	}
}

func TestSampleStartsSafely(t *testing.T) {
	c, err := Load(samplePath)
	if err != nil {
		t.Fatal(err)
	}
	var set []string
	for _, ch := range Diff(Default(), c) {
		set = append(set, ch.Key+": "+ch.New)
	}
	if diff := cmp.Diff([]string{"state: /var/lib/sekisho", "mode: monitor"}, set); diff != "" {
		t.Error(diff)
	}
	if ps := c.Check(); Errors(ps) {
		t.Errorf("%+v", ps)
	}
}

// TestSampleShowsEveryDefault takes the comment signs away as a reader would, and reads what stands there.
func TestSampleShowsEveryDefault(t *testing.T) {
	b, err := os.ReadFile(samplePath)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?m)^(mode|state): .*\n`).ReplaceAll(b, nil) // what the sample sets
	text = regexp.MustCompile(`(?m)^(\s*)#([a-z_]+: )`).ReplaceAll(text, []byte("$1$2"))
	c := parsed(t, string(text))
	if d := Diff(Default(), c); len(d) > 0 {
		t.Errorf("the sample's defaults are not the code's: %+v", d)
	}
	for key := range c.leaves() {
		if _, there := c.source.at[key]; !there {
			t.Errorf("%s is not in the sample", key)
		}
	}
}

// table is the list of keys of docs/configuration.md.
func table(lang string) string {
	head, yes, no := "| key | default | meaning | reload |\n|---|---|---|---|\n", "yes", "restart"
	if lang == "ja" {
		head, yes, no = "| キー | 既定値 | 意味 | 再読み込み |\n|---|---|---|---|\n", "可", "要再起動"
	}
	var b strings.Builder
	b.WriteString(head)
	walk(reflect.ValueOf(Default()).Elem(), "", func(key string, l leaf) {
		reload := yes
		if keys[key].restart {
			reload = no
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", key, l.text(), Explain(key, lang), reload)
	})
	return b.String()
}

func TestDocumentsListEveryKey(t *testing.T) {
	const begin, end = "<!-- keys -->\n", "<!-- /keys -->"
	for path, lang := range map[string]string{"../../docs/configuration.md": "en", "../../docs/ja/configuration.md": "ja"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		head, rest, ok := strings.Cut(string(b), begin)
		got, tail, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no %s ... %s", path, strings.TrimSpace(begin), end)
		}
		if *update {
			got = table(lang)
			if err := os.WriteFile(path, []byte(head+begin+got+end+tail), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(table(lang), got); diff != "" {
			t.Errorf("%s is not what the code says (go test ./internal/config -update):\n%s", path, diff)
		}
	}
}

// manKeys is the list of keys of man/sekisho.yaml.5, in mdoc(7).
func manKeys(lang string) string {
	words := map[string][2]string{"en": {"Default:", "A change takes a restart."}, "ja": {"既定値:", "変更には再起動が必要です。"}}[lang]
	safe := strings.NewReplacer(`\`, `\e`, "-", `\-`, `"`, `\(dq`, "'", `\(aq`)
	var b strings.Builder
	walk(reflect.ValueOf(Default()).Elem(), "", func(key string, l leaf) {
		fmt.Fprintf(&b, ".It Li %s\n%s\n", key, safe.Replace(Explain(key, lang)))
		if keys[key].restart {
			b.WriteString(words[1] + "\n")
		}
		fmt.Fprintf(&b, "%s\n.Li \\&%s\n", words[0], safe.Replace(l.text()))
	})
	return b.String()
}

func TestManPagesListEveryKey(t *testing.T) {
	const begin, end = ".\\\" keys: go test ./internal/config -update\n", ".\\\" end of keys\n"
	for path, lang := range map[string]string{"../../man/sekisho.yaml.5": "en", "../../man/ja/sekisho.yaml.5": "ja"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		head, rest, ok := strings.Cut(string(b), begin)
		got, tail, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no %s ... %s", path, strings.TrimSpace(begin), strings.TrimSpace(end))
		}
		if *update {
			got = manKeys(lang)
			if err := os.WriteFile(path, []byte(head+begin+got+end+tail), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(manKeys(lang), got); diff != "" {
			t.Errorf("%s is not what the code says (go test ./internal/config -update):\n%s", path, diff)
		}
	}
}

// TestDocumentedExamplesAreGood: every YAML example of the documents is a file without errors.
func TestDocumentedExamplesAreGood(t *testing.T) {
	fence := regexp.MustCompile("(?s)```yaml\n(.*?)```")
	for _, path := range []string{"../../docs/configuration.md", "../../docs/ja/configuration.md"} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		examples := fence.FindAllSubmatch(b, -1)
		if len(examples) < 3 {
			t.Errorf("%s has %d examples", path, len(examples))
		}
		for _, e := range examples {
			c, err := Parse(path, e[1])
			if err != nil {
				t.Error(err)
				continue
			}
			for _, p := range c.Check() {
				if !p.Warning && !bytes.Contains(e[1], []byte("# wrong")) {
					t.Errorf("%s: %s\n%s", path, p.Text("en"), e[1])
				}
			}
		}
	}
}
