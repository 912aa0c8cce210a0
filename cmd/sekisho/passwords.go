package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"sekisho/internal/config"
)

const (
	passwordsMax = 10_000  // in the list: every partner's several times over
	passwordFile = 1 << 20 // bytes: a hundred a word
)

// passwords are the configured ones, those of the file last.
func passwords(c *config.Config) ([]string, error) {
	list := slices.Clone(c.Passwords.Words)
	if c.Passwords.File != "" {
		f, err := os.Open(c.Passwords.File)
		if err != nil {
			return nil, fmt.Errorf("passwords.file: %w", err)
		}
		defer f.Close()
		b, err := io.ReadAll(io.LimitReader(f, passwordFile+1))
		switch {
		case err != nil:
			return nil, fmt.Errorf("passwords.file: %w", err)
		case len(b) > passwordFile:
			return nil, fmt.Errorf("passwords.file: %s has more than %d bytes", c.Passwords.File, passwordFile)
		}
		for line := range strings.Lines(strings.TrimPrefix(string(b), "\uFEFF")) {
			if word := strings.TrimRight(line, "\r\n"); word != "" {
				list = append(list, word)
			}
		}
	}
	if len(list) > passwordsMax {
		return nil, fmt.Errorf("passwords: %d words, more than %d", len(list), passwordsMax)
	}
	return list, nil
}
