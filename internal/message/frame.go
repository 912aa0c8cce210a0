package message

import (
	"bytes"
)

// frame is an open container: a multipart, or a message whose body is being read.
type frame struct {
	multipart  bool
	digest     bool
	undeclared bool   // the header gives no boundary
	seen       bool   // a delimiter was seen
	closed     bool   // the close delimiter was seen
	num        string // the multipart's own number, for findings
	prefix     string // of its parts' numbers
	parts      int
	began      int      // the candidate whose delimiter began the current part
	bounds     []string // candidates; more than one when the header can be read in more than one way
}

// match is a delimiter line of an open multipart.
type match struct {
	frame int // index; of the ghosts when ghost
	cand  int
	exact bool // nothing but blanks follows: every program sees it
	close bool
	ghost bool
}

// maxDelimiter is how much of a line is looked at: a boundary, its dashes and some blanks.
const maxDelimiter = 2048

// match reads a line as a delimiter. RFC 2046 5.1.1 wants the boundary at the line's start and only blanks behind it, and says that
// comparing the beginning suffices; programs do either. Exact matches count before others and the outermost multipart before the
// inner ones, because programs look for the outer boundary first.
func (w *Walker) match(line []byte) (match, bool) {
	if len(line) < 3 || line[0] != '-' || line[1] != '-' {
		return match{}, false
	}
	rest := bytes.TrimRight(line[2:], " \t\r\v\f\x00")
	best, length := match{}, 0
	for i := range w.frames {
		for j, b := range w.frames[i].bounds {
			if len(rest) < len(b) || string(rest[:len(b)]) != b {
				continue
			}
			tail := rest[len(b):]
			m := match{frame: i, cand: j, exact: len(tail) == 0, close: len(tail) >= 2 && tail[0] == '-' && tail[1] == '-'}
			if m.exact {
				return m, true
			}
			m.exact = m.close && len(tail) == 2
			if n := len(b); n > length || m.exact && !best.exact {
				if best.exact && !m.exact {
					continue
				}
				best, length = m, n
			}
		}
	}
	if !best.exact {
		if m, ok := w.matchGhost(rest); ok {
			return m, true
		}
	}
	return best, length > 0
}

// matchGhost finds the boundary of a multipart that was cut off.
func (w *Walker) matchGhost(rest []byte) (match, bool) {
	for i := range w.ghosts {
		for j, b := range w.ghosts[i].bounds {
			if string(rest) == b {
				return match{frame: i, cand: j, exact: true, ghost: true}, true
			}
		}
	}
	return match{}, false
}

// delimited reports whether a multipart is open at all.
func (w *Walker) delimited() bool {
	return len(w.frames) > 1 && (len(w.frames) > 2 || w.frames[1].multipart) || w.frames[0].multipart
}

// delimiter takes a delimiter line, given the line ends around it: the part before it ends, another begins.
func (w *Walker) delimiter(m match, before, line, eol []byte) {
	w.endLeaf(m)
	w.endShadows(m)
	w.tee(before)
	w.tee(line)
	w.owe(eol)
	if m.ghost {
		g := w.ghosts[m.frame]
		w.ghosts = append(w.ghosts[:m.frame], w.ghosts[m.frame+1:]...)
		w.frames = append(w.frames, g)
		m.frame = len(w.frames) - 1
		w.problem(g.num, "a part continues after another multipart's delimiter")
	} else {
		w.pop(m.frame + 1)
	}
	f := &w.frames[m.frame]
	if !m.exact {
		w.problem(f.num, "delimiter line with more than the boundary")
	}
	if f.closed && !m.close {
		w.problem(f.num, "a part after the close delimiter")
	}
	f.seen, f.began = true, m.cand
	if m.close {
		f.closed = true
		w.startPlain(f.num, inEpilogue)
		return
	}
	f.closed = false
	f.parts++
	w.startHeader(child(f.prefix, f.parts))
}

// maxGhosts is how many cut-off multiparts are remembered: an honest mail has none.
const maxGhosts = 16

// pop closes the frames from index k on. A missing close delimiter is no fault (RFC 2046 5.1.2), but such a multipart may be continued.
func (w *Walker) pop(k int) {
	for i := len(w.frames) - 1; i >= k; i-- {
		f := w.frames[i]
		if f.multipart && !f.closed && len(w.ghosts) < maxGhosts {
			w.ghosts = append(w.ghosts, f)
		}
	}
	w.frames = w.frames[:k]
}

// body takes content up to the next delimiter line. What could be the start of one, its line end included, is left for later.
func (w *Walker) body(data []byte, final bool) int {
	if !w.delimited() {
		w.content(data)
		return len(data)
	}
	for i := 0; ; i++ {
		j := bytes.IndexByte(data[i:], '-')
		if j < 0 {
			break
		}
		i += j
		if i > 0 && !isEOL(data[i-1]) || i == 0 && !w.bol {
			continue
		}
		size, n := w.candidate(data[i:], final)
		if n < 0 { // undecided
			return w.take(data[:i-eolBefore(data[:i])])
		}
		if size == 0 {
			continue
		}
		end := i - eolBefore(data[:i])
		w.content(data[:end])
		w.delimiterAt(data[end:i], data[i:i+size], n)
		return i + size
	}
	if final {
		return w.take(data)
	}
	return w.take(data[:len(data)-eolBefore(data)])
}

// take hands on content and remembers whether it ended a line.
func (w *Walker) take(p []byte) int {
	w.content(p)
	if len(p) > 0 {
		w.bol = isEOL(p[len(p)-1])
	}
	return len(p)
}

func isEOL(c byte) bool { return c == '\n' || c == '\r' }

// eolBefore is the length of the line end that p ends with: it belongs to the delimiter behind it (RFC 2046 5.1.1).
func eolBefore(p []byte) int {
	n := len(p)
	switch {
	case n > 1 && p[n-1] == '\n' && p[n-2] == '\r':
		return 2
	case n > 0 && isEOL(p[n-1]):
		return 1
	}
	return 0
}

// candidate looks at a line that begins with "-". size is the length of a delimiter line with its line end, 0 when it is none, and n the length
// of its text; n < 0 asks for more bytes.
func (w *Walker) candidate(p []byte, final bool) (size, n int) {
	if len(p) < 2 {
		if final {
			return 0, 0
		}
		return 0, -1
	}
	if p[1] != '-' {
		return 0, 0
	}
	n = bytes.IndexAny(p[:min(len(p), maxDelimiter)], "\r\n")
	eol := 0
	switch {
	case n >= 0:
		var ok bool
		if eol, ok = decidedEnd(p[n:], final); !ok {
			return 0, -1
		}
	case len(p) >= maxDelimiter:
		n = maxDelimiter
	case final:
		n = len(p)
	default:
		return 0, -1
	}
	if _, ok := w.match(p[:n]); ok {
		return n + eol, n
	}
	switch w.guess(p[:n], p[n+eol:], final) {
	case undecided:
		return 0, -1
	case guessed:
		return n + eol, n
	}
	return 0, 0
}

// delimiterAt takes the delimiter line p, n bytes without its line end, behind the line end before.
func (w *Walker) delimiterAt(before, p []byte, n int) {
	m, _ := w.match(p[:n])
	w.delimiter(m, before, p[:n], p[n:])
	if n == len(p) && n == maxDelimiter {
		w.after, w.mode = w.mode, inSkip
	}
}

// skipLine drops the rest of a delimiter line that is too long.
func (w *Walker) skipLine(data []byte, final bool) int {
	i := bytes.IndexAny(data, "\r\n")
	if i < 0 {
		w.tee(data)
		return len(data)
	}
	n, ok := decidedEnd(data[i:], final)
	if !ok {
		w.tee(data[:i])
		return i
	}
	w.tee(data[:i])
	w.owe(data[i : i+n])
	w.mode, w.bol = w.after, true
	return i + n
}

// answer of guess.
type answer uint8

const (
	no answer = iota
	guessed
	undecided
)

// guess takes a "--" line before a multipart's first delimiter for one, when the header has no boundary, or one that programs may read in
// another way than we do: what follows must look like a part's header, or be blank where there is no boundary at all.
func (w *Walker) guess(line, next []byte, final bool) answer {
	f := &w.frames[len(w.frames)-1]
	bound := string(bytes.TrimRight(line[2:], " \t"))
	if w.mode != inPreamble || !f.multipart || f.seen || len(f.bounds) >= maxBounds || len(bound) > maxBoundary || bound == "" {
		return no
	}
	if !f.undeclared || len(next) == 0 || !isEOL(next[0]) {
		if a := fieldStart(next, final); a != guessed {
			return a
		}
	}
	f.bounds = append(f.bounds[:len(f.bounds):len(f.bounds)], bound)
	w.problem(f.num, "boundary guessed from the body")
	return guessed
}

// maxFieldStart is how much of a line is searched for the colon of a field: the longest name in daily mail has some 50 characters.
const maxFieldStart = 76

// fieldStart reports whether p begins with a header field (RFC 5322 2.2): a name and a colon.
func fieldStart(p []byte, final bool) answer {
	blank := false
	for i, c := range p[:min(len(p), maxFieldStart)] {
		switch {
		case c == ':' && i > 0:
			return guessed
		case i > 0 && (c == ' ' || c == '\t'):
			blank = true
		case blank, c <= ' ', c > '~', c == ':':
			return no
		}
	}
	if len(p) < maxFieldStart && !final {
		return undecided
	}
	return no
}
