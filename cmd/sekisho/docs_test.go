package main

import (
	"fmt"
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
	k, err := kong.New(&cli{}, kong.Vars{"version": "test"})
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

// TestHelpIsInBothLanguages: each command, flag and argument has a text of the catalogue.
func TestHelpIsInBothLanguages(t *testing.T) {
	for _, lang := range []string{"en", "ja"} {
		k, err := kong.New(&cli{}, kong.Vars{"version": "test"})
		if err != nil {
			t.Fatal(err)
		}
		translate(k.Model, lang)
		n := 0
		_ = kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
			var name, help string
			switch v := node.(type) {
			case *kong.Flag:
				name, help = "--"+v.Name, v.Help
			case *kong.Positional:
				name, help = v.Name, v.Help
			case *kong.Node:
				name, help = v.Name, v.Help
				if len(v.Children) > 0 { // a group of commands
					return next(nil)
				}
			}
			if name != "" {
				n++
				if help == "" || strings.HasPrefix(help, "help_") {
					t.Errorf("%s: %s has the help %q", lang, name, help)
				}
			}
			return next(nil)
		})
		if n < 100 {
			t.Errorf("%s: only %d texts seen", lang, n)
		}
	}
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

func TestManPagesNameEveryExitStatus(t *testing.T) {
	for _, page := range []string{"man/sekisho.8", "man/ja/sekisho.8"} {
		b, err := os.ReadFile(filepath.Join("..", "..", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, status := range []int{exitOK, exitVerdict, exitError} {
			if !strings.Contains(string(b), fmt.Sprintf("\n.It %d\n", status)) {
				t.Errorf("%s: no exit status %d", page, status)
			}
		}
	}
}

// pages gives the Markdown documents of the project, with the project's folder as the current one.
func pages(t *testing.T) (pages []string) {
	t.Helper()
	t.Chdir(filepath.Join("..", ".."))
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
	return pages
}

var (
	// command is a command of ours as a document shows it: in an indented block or between backquotes, up to its explanation.
	command = regexp.MustCompile("(?m)(?:^    |&& |\\| xargs -r |`)(?:sudo |\\./)?sekisho ([a-z-][^|&`\n]*?)(?:  .*| [|&].*)?$?(?:`|$)")
	target  = regexp.MustCompile("(?m)(?:^    |`)make ([a-z][a-z-]*)")
	word    = regexp.MustCompile(`"[^"]*"|\S+`)
)

// TestCommandsOfTheDocumentsExist parses what the documents tell a reader to type.
func TestCommandsOfTheDocumentsExist(t *testing.T) {
	pages := pages(t)
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, page := range pages {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range command.FindAllStringSubmatch(string(b), -1) {
			n++
			if err := parses(word.FindAllString(m[1], -1)); err != nil {
				t.Errorf("%s: sekisho %s: %v", page, m[1], err)
			}
		}
		for _, m := range target.FindAllStringSubmatch(string(b), -1) {
			n++
			if !strings.Contains(string(makefile), "\n"+m[1]+":") {
				t.Errorf("%s: the Makefile has no target %s", page, m[1])
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d commands found", n)
	}
}

// parses reports whether kong takes the arguments. In running text a command may stand without its arguments and required flags.
func parses(args []string) error {
	k, err := kong.New(&cli{}, kong.Vars{"version": "test"})
	if err != nil {
		return err
	}
	_, err = k.Parse(args)
	if err != nil && (strings.HasPrefix(err.Error(), "missing flags") || strings.HasPrefix(err.Error(), "expected ")) {
		return nil
	}
	return err
}

// link is a Markdown link to a file of the project.
var link = regexp.MustCompile(`\]\(([^)#:]+)\)`)

func TestLinksOfTheDocumentsResolve(t *testing.T) {
	for _, page := range pages(t) {
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
