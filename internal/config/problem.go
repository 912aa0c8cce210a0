package config

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Position is a place in the file, both numbers from 1, columns in characters. The zero value is no place: a default, or a flag.
type Position struct{ Line, Column int }

// String returns "line:column", "" for no place.
func (p Position) String() string {
	if p.Line == 0 {
		return ""
	}
	return fmt.Sprintf("%d:%d", p.Line, p.Column)
}

// Problem is one thing wrong with the settings.
type Problem struct {
	Key     string // "release.smtp"; "" for the file as a whole
	Warning bool   // sekisho starts all the same
	Pos     Position
	EN, JA  string // what is wrong
}

// Text says the problem in Japanese for "ja", in English for everything else: "3:5: error: release.smtp: ...".
func (p Problem) Text(lang string) string {
	kind, text := "error", p.EN
	if p.Warning {
		kind = "warning"
	}
	if lang == "ja" {
		kind, text = map[string]string{"error": "エラー", "warning": "警告"}[kind], p.JA
	}
	parts := []string{p.Pos.String(), kind, p.Key, text}
	if p.Key == "" {
		parts = []string{p.Pos.String(), kind, text}
	}
	return strings.TrimPrefix(strings.Join(parts, ": "), ": ")
}

// Errors reports whether one of the problems is more than a warning.
func Errors(ps []Problem) bool {
	for _, p := range ps {
		if !p.Warning {
			return true
		}
	}
	return false
}

// FileError is a file that cannot be used, with every problem that was found in reading it.
type FileError struct {
	Path     string
	Problems []Problem

	lines []string
}

// Error is Text in English.
func (e *FileError) Error() string { return e.Text("en") }

// Text lists the problems, each with the file's name and the line it is about.
func (e *FileError) Text(lang string) string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%s", e.Path, p.Text(lang))
		b.WriteString(snippet(e.lines, p.Pos))
	}
	return b.String()
}

const (
	snippetBefore = 2   // lines shown before the one at fault: its section's name is mostly there
	snippetWidth  = 160 // characters of a line shown
)

// snippet shows the place in the file, "" for no place.
func snippet(lines []string, at Position) string {
	if at.Line < 1 || at.Line > len(lines) {
		return ""
	}
	var b strings.Builder
	for n := max(1, at.Line-snippetBefore); n <= at.Line; n++ {
		mark := "  "
		if n == at.Line {
			mark = "> "
		}
		fmt.Fprintf(&b, "\n%s%4d | %s", mark, n, clip(lines[n-1]))
	}
	if at.Column <= snippetWidth {
		fmt.Fprintf(&b, "\n       | %s^", indent(lines[at.Line-1], at.Column-1))
	}
	return b.String()
}

// clip keeps a line short and printable.
func clip(line string) string {
	if utf8.RuneCountInString(line) > snippetWidth {
		line = string([]rune(line)[:snippetWidth]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, line)
}

// indent is as wide on a terminal as the line's first n characters: East Asian ones take two columns, so an ideographic space stands for them.
func indent(line string, n int) string {
	var b strings.Builder
	for i, r := range []rune(line) {
		if i >= n {
			break
		}
		if r >= 0x1100 {
			b.WriteRune('\u3000')
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}
