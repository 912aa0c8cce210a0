package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sekisho/internal/config"
)

func TestConfiguredPasswords(t *testing.T) {
	for _, tc := range []struct {
		name, file string
		words      []string
		want       []string
		err        string
	}{
		{name: "none"},
		{name: "those of the file come last", file: "b c\r\n\n#d", words: []string{"a"}, want: []string{"a", "b c", "#d"}},
		{name: "a byte order mark is no part of a word", file: "\uFEFFb", want: []string{"b"}},
		{name: "too many", file: strings.Repeat("a\n", passwordsMax+1), err: "10001 words"},
		{name: "no list at all", file: strings.Repeat("a", passwordFile+1), err: "more than 1048576 bytes"},
	} {
		c := config.Default()
		c.Passwords.Words = tc.words
		if tc.file != "" {
			c.Passwords.File = filepath.Join(t.TempDir(), "words")
			if err := os.WriteFile(c.Passwords.File, []byte(tc.file), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := passwords(c)
		if tc.err != "" {
			if err == nil || !strings.Contains(err.Error(), tc.err) {
				t.Errorf("%s: %v", tc.name, err)
			}
			continue
		}
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, %v", tc.name, got, err)
		}
	}
	c := config.Default()
	c.Passwords.File = filepath.Join(t.TempDir(), "absent")
	if _, err := passwords(c); err == nil {
		t.Error("an absent file is no list")
	}
}
