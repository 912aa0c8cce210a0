package script

import (
	"context"
	"strconv"
	"strings"
)

const (
	caretsMany = 8 // escapes inside of words: honest ones stand before signs
	piecesMany = 6 // pieces of variables that make up words
	linesMax   = 50_000
)

// batch judges a batch file: what it says once variables are put in and escapes taken out.
func (r *Report) batch(ctx context.Context, src string) {
	b := batchFile{vars: map[string]string{}, left: 2*len(src) + foldSlack}
	n := 0
	for line := range strings.SplitSeq(src, "\n") {
		if n++; n > linesMax || n%textsPerCheck == 0 && ctx.Err() != nil {
			break
		}
		low := strings.ToLower(b.line(strings.TrimRight(line, "\r")))
		r.commands(low[:min(len(low), stringMax)], 0)
		if strings.Contains(low, "powershell") || strings.Contains(low, "pwsh") {
			for _, w := range strings.Fields(low) {
				r.encoded(strings.Trim(w, `"'`), 0)
			}
		}
	}
	if b.carets >= caretsMany || b.pieces >= piecesMany {
		r.does(true, "hides its words")
	}
}

// batchFile is a batch file while it is read.
type batchFile struct {
	vars           map[string]string
	carets, pieces int
	left           int // bytes that variables may still put in
}

// line is one line with its variables put in, without escapes. What it sets is remembered.
func (b *batchFile) line(s string) string {
	s = b.unescaped(b.expand(s))
	t := strings.TrimLeft(s, "@ \t(")
	if len(t) > 4 && strings.EqualFold(t[:4], "set ") {
		t = strings.Trim(strings.TrimSpace(t[4:]), `"`)
		if name, v, ok := strings.Cut(t, "="); ok && len(b.vars) < namesMax {
			b.vars[strings.ToLower(strings.TrimSpace(name))] = v
		}
	}
	return s
}

// unescaped takes escapes out, and counts those inside of words.
func (b *batchFile) unescaped(s string) string {
	if strings.IndexByte(s, '^') < 0 {
		return s
	}
	for i := 1; i+1 < len(s); i++ {
		if s[i] == '^' && nameStart(s[i-1]) && nameStart(s[i+1]) {
			b.carets++
		}
	}
	return strings.ReplaceAll(s, "^", "")
}

// expand puts in %name%, %name:~from,length% and %name:a=b%.
func (b *batchFile) expand(s string) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "%")
		out.WriteString(before)
		inner, after, closed := strings.Cut(rest, "%")
		if !ok {
			return out.String()
		}
		v, known := b.variable(inner)
		if !closed || !known || len(v) > b.left {
			out.WriteByte('%')
			s = rest
			continue
		}
		b.left -= len(v)
		out.WriteString(v)
		s = after
	}
}

// variable is what a reference stands for.
func (b *batchFile) variable(ref string) (string, bool) {
	name, how, cut := strings.Cut(ref, ":")
	v, ok := b.vars[strings.ToLower(name)]
	if !cut {
		if ok && len(v) < 3 {
			b.pieces++
		}
		return v, ok
	}
	if strings.HasPrefix(how, "~") {
		b.pieces++
		return slice(v, how[1:]), ok
	}
	from, to, eq := strings.Cut(how, "=")
	if !ok || !eq || from == "" || strings.Count(v, from)*len(to) > b.left {
		return "", false
	}
	return strings.ReplaceAll(v, from, to), true
}

// slice is v from an offset on, of a length; negative ones count from the end.
func slice(v, how string) string {
	from, length, two := strings.Cut(how, ",")
	n := clamp(from, len(v))
	end := len(v)
	if l, err := strconv.Atoi(strings.TrimSpace(length)); two && err == nil {
		if end = n + l; l < 0 {
			end = len(v) + l
		}
	}
	return v[n:min(max(end, n), len(v))]
}

func clamp(s string, n int) int {
	i, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		return 0
	}
	if i < 0 {
		i += n
	}
	return min(max(i, 0), n)
}
