package main

import (
	"bytes"
	"net/mail"
	"strings"
	"testing"
)

func TestSamplesAreMails(t *testing.T) {
	t.Chdir("../..")
	list, err := samples()
	if err != nil || len(list) < 6 {
		t.Fatalf("%d samples, %v", len(list), err)
	}
	seen := map[string]bool{}
	for _, s := range list {
		m, err := mail.ReadMessage(bytes.NewReader(s.message.Raw))
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		if id := m.Header.Get("Message-ID"); id != s.id || seen[id] {
			t.Errorf("%s: Message-ID %q, sample says %q; seen before: %v", s.name, id, s.id, seen[id])
		}
		seen[s.id] = true
		if bytes.Contains(bytes.ReplaceAll(s.message.Raw, []byte("\r\n"), nil), []byte("\n")) {
			t.Errorf("%s: bare LF", s.name)
		}
	}
}

// The mails of testdata are ordinary ones: the demo shows that such mail passes.
func TestStoredSamplesAreThere(t *testing.T) {
	list, err := storedSamples("../../testdata/mails/*.eml")
	if err != nil || len(list) < 3 {
		t.Errorf("%d mails, %v", len(list), err)
	}
}

func TestTableAlignsWideCharacters(t *testing.T) {
	var b strings.Builder
	table(&b, [][]string{{"a", "b"}, {"判定", "x"}})
	if got, want := b.String(), "  a     b\n  判定  x\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEveryTextIsInBothLanguages(t *testing.T) {
	for key, text := range texts {
		if text[0] == "" || text[1] == "" || text[0] == text[1] {
			t.Errorf("%s: %q", key, text)
		}
	}
}
