package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListsAreSections(t *testing.T) {
	c := parsed(t, `
lists:
  - name: feed
    file: /etc/sekisho/feed.csv
    type: sha256
    column: 2
  - {name: cert, file: "/etc/a, b.json", format: misp, use: note}
`)
	want := []List{{Name: "feed", File: "/etc/sekisho/feed.csv", Type: "sha256", Column: "2"}, {Name: "cert", File: "/etc/a, b.json", Format: "misp", Use: "note"}}
	if d := cmp.Diff(want, c.Lists); d != "" {
		t.Fatal(d)
	}
	again, err := Parse("again.yaml", c.Marshal("en"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, again.Lists); d != "" {
		t.Errorf("what is shown is not what is read: %s", d)
	}
	if ch := Diff(Default(), c); len(ch) != 1 || ch[0].Key != "lists" || ch[0].Restart {
		t.Errorf("%+v", ch)
	}
}

func TestListsThatCannotBeRead(t *testing.T) {
	for text, want := range map[string]string{
		"lists: feed":                      "a list",
		"lists: [feed]":                    "keys with values",
		"lists: [{nam: a}]":                `unknown key "nam"`,
		"lists: [{name: a, type: sha3}]":   "one of auto",
		"lists: [{name: a, file: [b]}]":    "a text",
		"lists: [{name: a, use: *anchor}]": "",
	} {
		_, err := Parse("f.yaml", []byte(text))
		var fe *FileError
		if !errors.As(err, &fe) || !strings.Contains(fe.Text("en"), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := Default().Set("lists", "a"); err == nil {
		t.Error("a list was read from one text")
	}
}
