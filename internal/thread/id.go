package thread

import (
	"slices"
	"strings"

	"sekisho/internal/message"
)

// maxID is the longest Message-ID that is one: RFC 5322 2.1.1 has lines of 998, programs write up to 250.
const maxID = 512

// ID makes a Message-ID comparable: what is in its angle brackets (RFC 5322 3.6.4), without blanks and comments, the right-hand side in lower case. ""
// when there is none, or it is longer than maxID: to cut it would make two of them one.
func ID(s string) string {
	if open := strings.IndexByte(s, '<'); open >= 0 {
		s = s[open+1:]
		if end := strings.IndexByte(s, '>'); end >= 0 {
			s = s[:end]
		}
	}
	if len(s) > 2*maxID { // with what may be blanks
		return ""
	}
	if strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == '(' || r == '<' || r == 0x7f }) >= 0 {
		s = squeeze(s)
	}
	if len(s) > maxID {
		return ""
	}
	if at := strings.LastIndexByte(s, '@'); at >= 0 {
		if low := strings.ToLower(s[at+1:]); low != s[at+1:] {
			return s[:at+1] + low
		}
	}
	return s
}

// squeeze drops blanks, comments (RFC 5322 3.2.2) outside quotes, and what was lost of brackets.
func squeeze(s string) string {
	b := make([]byte, 0, len(s))
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' && depth == 0:
			quoted = !quoted
			b = append(b, c)
		case quoted && c > ' ':
			b = append(b, c)
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0 && c > ' ' && c != '<' && c != 0x7f:
			b = append(b, c)
		}
	}
	return string(b)
}

// IDDomain is the right-hand side of a folded Message-ID, without a final dot; "" when it has none.
func IDDomain(id string) string {
	if at := strings.LastIndexByte(id, '@'); at >= 0 {
		return strings.TrimSuffix(strings.ToLower(id[at+1:]), ".")
	}
	return ""
}

// refs are the cited mails, the nearest first. Thread-Index (Outlook) and Thread-Topic name none.
func refs(h *message.Header) []string {
	var own, trail trail
	for _, field := range h.All("In-Reply-To") {
		own.add(field)
	}
	for _, field := range h.All("References") {
		trail.add(field)
	}
	if own.first == nil && trail.first != nil {
		own.first = make([]string, 0, len(trail.first))
	}
	own.take(trail.nearest())
	return own.first
}

const usualRefs = 8 // conversations of so many mails need no larger list

// trail is a list of references as it grows: the first ones, and the last ones where there are more.
type trail struct {
	first []string // in order
	last  []string // a ring of the rest
	next  int
}

// add takes the ids of one field. RFC 5322 4.5.4 allows words around them; where no id is in brackets, words with an "@" count if there are no others.
func (t *trail) add(field string) {
	if strings.IndexByte(field, '<') < 0 {
		t.bare(field)
		return
	}
	for {
		open := strings.IndexByte(field, '<')
		if open < 0 {
			return
		}
		field = field[open+1:]
		end := strings.IndexAny(field, "<>")
		if end < 0 {
			end = len(field)
		}
		t.put(ID(field[:end]))
		field = field[end:]
	}
}

func (t *trail) bare(field string) {
	if len(field) > MaxRefs*maxID {
		return
	}
	words := strings.Fields(strings.ReplaceAll(field, ",", " "))
	if slices.ContainsFunc(words, func(w string) bool { return strings.IndexByte(w, '@') <= 0 }) {
		return
	}
	for _, w := range words {
		t.put(ID(w))
	}
}

func (t *trail) put(id string) {
	switch {
	case id == "" || id == "@" || len(t.last) == 0 && slices.Contains(t.first, id):
	case len(t.first) < MaxRefs:
		if t.first == nil {
			t.first = make([]string, 0, usualRefs)
		}
		t.first = append(t.first, id)
	case len(t.last) < MaxRefs:
		t.last = append(t.last, id)
	default:
		t.last[t.next] = id
		t.next = (t.next + 1) % MaxRefs
	}
}

// nearest are the ids from the end; where there are too many the middle ones are missing, never the very first (the conversation's own).
func (t *trail) nearest() []string {
	if len(t.last) == 0 {
		slices.Reverse(t.first)
		return t.first
	}
	all := slices.Concat(t.first, t.last[t.next:], t.last[:t.next])
	slices.Reverse(all)
	if n := len(all); n > MaxRefs {
		all = append(all[:MaxRefs-1], all[n-1])
	}
	return all
}

// take adds more ids, each once, and keeps room for the last of them.
func (t *trail) take(more []string) {
	for i, id := range more {
		full := len(t.first) >= MaxRefs
		switch {
		case slices.Contains(t.first, id):
		case !full:
			t.first = append(t.first, id)
		case i == len(more)-1:
			t.first[MaxRefs-1] = id
		}
	}
}
