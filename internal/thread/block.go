package thread

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxBlock = 60 // lines of a quoted header: what Outlook writes for twenty addressees, one a line
	maxLabel = 40 // bytes of a label with its blanks
)

// block is a quoted header, as programs write it above a mail that is answered or forwarded: From/Sent/To/Subject in a user's language.
type block struct {
	lines  []line
	fields [lastRole]string // values; the first of a role counts, addressees are joined
	role   role             // of the field that the last line belongs to
	blanks int              // empty lines since
}

func (b *block) open() bool { return len(b.lines) > 0 }

func (b *block) reset() { *b = block{lines: b.lines[:0]} }

// take adds a line to the block, or begins one with it.
func (b *block) take(l line) bool {
	first := !b.open()
	if !first && (l.quotes != b.lines[0].quotes || len(b.lines) >= maxBlock) {
		return false
	}
	switch kind, value := label(l.text); {
	case kind != noRole && !(first && kind == otherRole):
		b.put(kind, value)
	case first:
		return false
	case l.text == "" && b.blanks == 0: // some programs write every second line empty
		b.blanks++
		b.lines = append(b.lines, l)
		return true
	case l.text != "" && b.blanks == 0 && b.continues(l.text):
		b.fields[b.role] += " " + l.text
	default:
		return false
	}
	b.blanks = 0
	b.lines = append(b.lines, l)
	return true
}

// continues reports whether a line goes on with a list of addressees.
func (b *block) continues(text string) bool {
	switch b.role {
	case toRole, ccRole:
		last := b.fields[b.role]
		return len(last) < maxLine && (strings.HasSuffix(last, ",") || strings.HasSuffix(last, ";") || strings.IndexByte(text, '@') > 0 && last == "")
	case fromRole, dateRole:
		return b.fields[b.role] == "" // a table whose cells are lines
	}
	return false
}

// put takes a field, and those that a program joined to it on one line.
func (b *block) put(kind role, value string) {
	for kind != noRole {
		next, rest := noRole, ""
		if kind != subjectRole || b.fields[fromRole] == "" {
			value, next, rest = split(value)
		}
		value = strings.Trim(value, " \t*\u3000\u00a0")
		switch {
		case b.fields[kind] == "":
			b.fields[kind] = value
		case (kind == toRole || kind == ccRole) && len(b.fields[kind]) < maxLine:
			b.fields[kind] += "; " + value
		}
		b.role = kind
		kind, value = next, rest
	}
}

// persons are those whom the block names: the writer first. A list of words with colons is a mail's header if its writer has an address and something
// is said of the mail besides, or if it has writer, time and subject.
func (b *block) persons() []Person {
	f := &b.fields
	from := person(f[fromRole])
	if from == (Person{}) {
		return nil
	}
	dated, titled := strings.IndexFunc(f[dateRole], unicode.IsDigit) >= 0, f[subjectRole] != ""
	if from.Addr == "" && !(dated && titled) || !dated && !titled && strings.IndexByte(f[toRole], '@') < 0 {
		return nil
	}
	all := []Person{from}
	for _, list := range []string{f[toRole], f[ccRole]} {
		for _, p := range people(list) {
			p.Recipient = true
			all = append(all, p)
		}
	}
	return all
}

// split cuts a value before the next label on the same line.
func split(value string) (head string, next role, rest string) {
	for from := 0; ; {
		at, size := colon(value[from:], false)
		if at < 0 {
			return value, noRole, ""
		}
		at += from
		from = at + size
		if start, kind := labelBefore(value[:at]); kind != noRole && kind != otherRole {
			return value[:start], kind, value[from:]
		}
	}
}

// labelBefore finds a label of one word or two at the end of s, behind a blank or a bracket.
func labelBefore(s string) (start int, kind role) {
	s = strings.TrimRight(s, " *\u3000\u00a0")
	off := max(0, len(s)-maxLabel)
	end := len(s)
	for range 2 {
		blank := strings.LastIndexAny(s[off:end], " \t>)]*")
		if blank < 0 {
			break
		}
		end = off + blank
		if kind := roleOf(s[end+1:]); kind != noRole {
			return end + 1, kind
		}
	}
	return 0, noRole
}

// label is the role of the field that a line begins with, and its value.
func label(text string) (role, string) {
	at, size := colon(clip(text, maxLabel), true)
	if at <= 0 {
		return noRole, ""
	}
	return roleOf(text[:at]), text[at+size:]
}

// colon finds a colon, also the full-width one, or the tab between two cells.
func colon(s string, tab bool) (at, size int) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ':' || c == '\t' && tab && i > 0:
			if c == '\t' && strings.HasPrefix(strings.TrimLeft(s[i:], " \t"), ":") {
				continue
			}
			return i, 1
		case c == 0xef && strings.HasPrefix(s[i:], "："):
			return i, len("：")
		}
	}
	return -1, 0
}

// roleOf looks a label up: lower case, without blanks and the asterisks of bold print ("*From*", 件　名).
func roleOf(s string) role {
	var buf [maxLabel + utf8.UTFMax]byte
	n := 0
	for _, r := range s {
		if r == '*' || unicode.IsSpace(r) {
			continue
		}
		if n > maxLabel {
			return noRole
		}
		n += utf8.EncodeRune(buf[n:], unicode.ToLower(r))
	}
	return roles[string(buf[:n])]
}
