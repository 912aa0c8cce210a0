package rules

import (
	"fmt"
	"math"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
	"golang.org/x/text/width"
)

// Error is a fault in a pack. Line and Column count from 1, in characters.
type Error struct {
	File         string // "" where Load was given bytes
	Rule         string // "" when the fault lies in no rule or before its name
	Line, Column int
	Msg          string
	Snippet      string // the line with its neighbour before, and a mark below the place
}

// Error returns "rules: file: [3:9] rule "name": message" and the snippet.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("rules: ")
	if e.File != "" {
		b.WriteString(printable(e.File) + ": ")
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, "[%d:%d] ", e.Line, e.Column)
	}
	if e.Rule != "" {
		fmt.Fprintf(&b, "rule %q: ", e.Rule)
	}
	b.WriteString(e.Msg)
	if e.Snippet != "" {
		b.WriteString("\n" + e.Snippet)
	}
	return b.String()
}

// source is a file's text, for positions and snippets.
type source struct {
	name  string
	lines []string
}

func newSource(name string, pack []byte) source {
	return source{name, strings.Split(string(pack), "\n")}
}

// fault makes an Error. Its text may repeat the file, which somebody else may have written.
func (s source) fault(rule string, line, column int, format string, args ...any) *Error {
	return &Error{File: s.name, Rule: rule, Line: line, Column: column, Msg: printable(fmt.Sprintf(format, args...)), Snippet: s.snippet(line, column)}
}

// whole makes an Error about the file as a whole.
func (s source) whole(format string, args ...any) *Error {
	return &Error{File: s.name, Msg: printable(fmt.Sprintf(format, args...))}
}

// snippet shows the line and its neighbour before as goccy/go-yaml does, with nothing that could act on a terminal.
func (s source) snippet(line, column int) string {
	if line < 1 || line > len(s.lines) {
		return ""
	}
	var b strings.Builder
	if line > 1 {
		fmt.Fprintf(&b, "  %4d | %s\n", line-1, visible(s.lines[line-2]))
	}
	text := visible(s.lines[line-1])
	fmt.Fprintf(&b, "> %4d | %s\n         ", line, text)
	for i, r := range []rune(text) {
		if i >= column-1 {
			break
		}
		b.WriteByte(' ')
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			b.WriteByte(' ')
		}
	}
	b.WriteByte('^')
	return b.String()
}

// lineMax is the most characters of a line that a snippet shows: more wraps on any screen.
const lineMax = 160

func visible(line string) string {
	if rs := []rune(line); len(rs) > lineMax {
		line = string(rs[:lineMax])
	}
	return printable(strings.TrimSuffix(line, "\r"))
}

// printable puts a space in the place of every character that could act on a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// located is a text of the pack with its place.
type located struct {
	Text string
	tok  *token.Token
}

// place is where the value stands, 0:0 when it is not in the file.
func (l located) place() (line, column int) {
	if l.tok == nil || l.tok.Position == nil {
		return 0, 0
	}
	return l.tok.Position.Line, l.tok.Position.Column
}

// within turns a place inside the value into a place in the file. YAML may indent, fold and quote the value, but its characters other
// than blanks stand in the file in the same order, so counting those finds the place (all but after \u and \n in double quotes, which no
// condition needs).
func (l located) within(s source, line, column int) (int, int) {
	w := walker{lines: s.lines, quote: l.quote()}
	w.line, w.column = l.place()
	if w.line == 0 {
		return 0, 0
	}
	switch {
	case l.block():
		w.line, w.column = w.line+1, 1
	case w.quote != 0:
		w.column++
	}
	n := blackBefore(l.Text, line, column)
	if all := blackBefore(l.Text, math.MaxInt, 1); n == all { // behind the end, where the next key would be found
		line, column = w.skip(all - 1)
		return line, column + 1
	}
	return w.skip(n)
}

// block tells | and >, whose text begins on the line after.
func (l located) block() bool {
	return l.tok.Type == token.LiteralType || l.tok.Type == token.FoldedType
}

// quote returns the quotation mark that the text stands in, 0 for none.
func (l located) quote() rune {
	switch {
	case l.tok == nil:
	case l.tok.Type == token.SingleQuoteType:
		return '\''
	case l.tok.Type == token.DoubleQuoteType:
		return '"'
	}
	return 0
}

// blackBefore counts the characters other than blanks that stand before line:column of text.
func blackBefore(text string, line, column int) (n int) {
	l, c := 1, 1
	for _, r := range text {
		if l > line || l == line && c >= column {
			break
		}
		if c++; r == '\n' {
			l, c = l+1, 1
		}
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

// walker goes through the characters of a file that are not blanks.
type walker struct {
	lines        []string
	line, column int
	quote        rune
}

// skip goes past n characters and returns the place of the one behind them, that of the value when the file ends before.
func (w *walker) skip(n int) (line, column int) {
	line, column = w.line, w.column
	escaped := false
	for ; w.line <= len(w.lines); w.line, w.column = w.line+1, 1 {
		for i, r := range []rune(w.lines[w.line-1]) {
			if i < w.column-1 || unicode.IsSpace(r) {
				continue
			}
			if n == 0 {
				return w.line, i + 1
			}
			if !escaped && w.escape(r) { // the escape and what it escapes are one character
				escaped = true
				continue
			}
			escaped = false
			n--
		}
	}
	return line, column
}

// escape tells whether r only announces the next character (YAML 1.2.2, 7.3.1 and 7.3.2).
func (w *walker) escape(r rune) bool {
	return w.quote == '"' && r == '\\' || w.quote == '\'' && r == '\''
}

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (l *located) UnmarshalYAML(n ast.Node) error {
	switch n := n.(type) {
	case *ast.StringNode:
		l.Text, l.tok = n.Value, n.Token
		return nil
	case *ast.LiteralNode:
		if n.Value != nil {
			l.Text, l.tok = n.Value.Value, n.Start
			return nil
		}
	}
	return syntaxError(n, "this has to be a text")
}

// Faults returns the faults that Load found, in their order; nothing when err is of another kind.
func Faults(err error) (fs []*Error) {
	switch e := err.(type) {
	case *Error:
		return []*Error{e}
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			fs = append(fs, Faults(err)...)
		}
	case interface{ Unwrap() error }:
		return Faults(e.Unwrap())
	}
	return fs
}
