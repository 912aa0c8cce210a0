package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// names gives every command path and every flag of the program.
func names(t *testing.T) (commands, flags []string) {
	t.Helper()
	k, err := kong.New(&cli{}, helpVars("en"), kong.Vars{"version": "test"})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{"help": true}
	var walk func(n *kong.Node, path string)
	walk = func(n *kong.Node, path string) {
		for _, f := range n.Flags {
			if !seen[f.Name] {
				seen[f.Name] = true
				flags = append(flags, f.Name)
			}
		}
		for _, c := range n.Children {
			commands = append(commands, strings.TrimSpace(path+" "+c.Name))
			walk(c, path+" "+c.Name)
		}
	}
	walk(k.Model.Node, "")
	if len(commands) < 10 || len(flags) < 10 {
		t.Fatalf("only %d commands and %d flags found", len(commands), len(flags))
	}
	return commands, flags
}

func TestManPagesNameEveryCommandAndFlag(t *testing.T) {
	commands, flags := names(t)
	for _, page := range []string{"man/sekisho.8", "man/ja/sekisho.8"} {
		b, err := os.ReadFile(filepath.Join("..", "..", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range commands {
			if c != "quarantine" && c != "config" && !strings.Contains(string(b), ".It Cm "+c) {
				t.Errorf("%s: no command %q", page, c)
			}
		}
		for _, f := range flags {
			if !strings.Contains(string(b), "Fl Fl "+f) {
				t.Errorf("%s: no flag --%s", page, f)
			}
		}
	}
}

// link is a Markdown link to a file of the project.
var link = regexp.MustCompile(`\]\(([^)#:]+)\)`)

func TestLinksOfTheDocumentsResolve(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md"} {
		p, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, p...)
	}
	if len(pages) < 15 {
		t.Fatalf("only %d pages found", len(pages))
	}
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(b), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: link %s: %v", page, m[1], err)
			}
		}
	}
}

func TestEveryDocumentExistsInJapanese(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	pages, err := filepath.Glob("docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal("no documents", err)
	}
	for _, page := range append(pages, "man/sekisho.8", "man/sekisho.yaml.5", "README.md") {
		twin := filepath.Join(filepath.Dir(page), "ja", filepath.Base(page))
		if page == "README.md" {
			twin = "README.ja.md"
		}
		if _, err := os.Stat(twin); err != nil {
			t.Errorf("%s: %v", page, err)
		}
	}
}
