package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/sys/unix"
	"golang.org/x/text/width"

	"sekisho/internal/finding"
	"sekisho/rules"
)

// isTerminal reports whether w is a terminal that takes colours and cursor moves.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil && os.Getenv("TERM") != "dumb"
}

// painter colours words on a terminal and nowhere else (no-color.org).
type painter struct{ on bool }

func newPainter(w io.Writer) painter { return painter{isTerminal(w) && os.Getenv("NO_COLOR") == ""} }

func (p painter) verdict(a rules.Action) string {
	if !p.on {
		return a.String()
	}
	colour := "31" // red: held or refused
	switch a {
	case rules.Accept:
		colour = "32"
	case rules.Tag, rules.Disarm:
		colour = "33"
	}
	return "\x1b[" + colour + "m" + a.String() + "\x1b[0m"
}

// progress is one line on a terminal that is written over.
type progress struct {
	w  io.Writer // nil: off
	n  int
	of int // with a bar, where it is known how many there are
}

func newProgress(w io.Writer) progress {
	if !isTerminal(w) {
		return progress{}
	}
	return progress{w: w}
}

// progressWidth keeps the line on one row of a narrow terminal.
const progressWidth = 60

func (p *progress) step(name string) {
	if p.w == nil {
		return
	}
	p.n++
	bar := p.bar()
	r, width := []rune(printable(name)), progressWidth-len(bar)
	if len(r) > width {
		r = append([]rune("…"), r[len(r)-width:]...)
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s%d %s", bar, p.n, string(r))
}

// barWidth leaves half of the line to the name.
const barWidth = 20

func (p *progress) bar() string {
	if p.of <= 0 {
		return ""
	}
	done := min(p.n, p.of) * barWidth / p.of
	return fmt.Sprintf("[%s%s] %3d %% ", strings.Repeat("#", done), strings.Repeat(".", barWidth-done), min(p.n, p.of)*100/p.of)
}

func (p *progress) clear() {
	if p.w != nil && p.n > 0 {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// printable makes bytes of the outside world safe for a terminal: what is not printable is written as Go would quote it.
func printable(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		if unicode.IsPrint(r) || r == '\u3000' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\u{%x}", r)
		}
	}
	return b.String()
}

// encodeJSON writes v as one line. What is not printable is escaped (RFC 8259 7): the line may end on a terminal.
func encodeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	out := make([]byte, 0, b.Len())
	for _, r := range b.String() {
		switch {
		case r < unicode.MaxASCII, unicode.IsPrint(r), r == '\u3000':
			out = utf8.AppendRune(out, r)
		default:
			for _, u := range utf16.AppendRune(nil, r) {
				out = fmt.Appendf(out, `\u%04x`, u)
			}
		}
	}
	_, err := w.Write(out)
	return err
}

// explainFinding writes one finding for a person: what, where, why.
func explainFinding(w io.Writer, lang string, f finding.Finding) {
	where := f.Path.String()
	if where == "" {
		where = "-"
	}
	fmt.Fprintf(w, "  %s  %s\n", f.Kind, where)
	if f.Detail != "" {
		fmt.Fprintf(w, "      %s\n", printable(f.Detail))
	}
	fmt.Fprintf(w, "      %s\n", f.Kind.Explain(lang))
}

// table prints rows in columns.
func table(w io.Writer, rows [][]string) error {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], cells(c))
		}
	}
	for _, row := range rows {
		var b strings.Builder
		for i, c := range row {
			b.WriteString(c + strings.Repeat(" ", widths[i]-cells(c)+2))
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(b.String(), " ")); err != nil {
			return err
		}
	}
	return nil
}

// cells is how many columns of a terminal a text takes (Unicode Standard Annex 11).
func cells(s string) int {
	n := 0
	for _, r := range s {
		switch k := width.LookupRune(r).Kind(); {
		case unicode.Is(unicode.Mn, r):
		case k == width.EastAsianWide, k == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
