package thread

import (
	"strings"
	"unicode"
)

const (
	maxName    = 200 // bytes of a name: display names are shorter
	maxAddress = 320 // RFC 5321 4.5.3.1: local part 64, domain 255
	maxPieces  = 100 // of a list: each may be empty
)

// people reads a list as programs print it: "A <a@x>; B [mailto:b@x], c@x (C)". Where a semicolon parts the list a comma stands inside names, and a piece
// without address before one with an address is the beginning of a name ("Lang, Uwe <u@x>").
func people(list string) []Person {
	var all []Person
	held := ""
	with := strings.IndexByte(list, '@') >= 0
	seps := ",、"
	if strings.IndexByte(list, ';') >= 0 {
		seps = ";"
	}
	for pieces := 0; list != "" && len(all) < MaxQuoted && pieces < maxPieces; pieces++ {
		var piece string
		piece, list = cutPiece(list, seps)
		p := person(held + piece)
		if p.Addr == "" && with && list != "" && strings.IndexByte(list, '@') >= 0 && len(held) < maxName {
			held += piece + ","
			continue
		}
		held = ""
		if p != (Person{}) {
			all = append(all, p)
		}
	}
	return all
}

// cutPiece cuts at the first separator outside quotes and brackets.
func cutPiece(list, seps string) (piece, rest string) {
	quoted, depth := false, 0
	for i, r := range list {
		switch {
		case r == '"':
			quoted = !quoted
		case quoted:
		case strings.ContainsRune("<([", r):
			depth++
		case strings.ContainsRune(">)]", r):
			depth = max(0, depth-1)
		case depth == 0 && strings.ContainsRune(seps, r):
			return list[:i], list[i+len(string(r)):]
		}
	}
	return list, ""
}

// person reads one mailbox: the address wherever it stands, and as name what is before it, or else behind it in brackets.
func person(s string) Person {
	start, end := findAddr(s)
	if start < 0 {
		return Person{Name: cleanName(s)}
	}
	p := Person{Addr: s[start:end], Name: cleanName(cutMailto(s[:start]))}
	if p.Name == "" {
		behind, _, _ := strings.Cut(strings.TrimLeft(s[end:], ">)] \t"), ")")
		if inner, ok := strings.CutPrefix(behind, "("); ok { // a@b (Name), the old way
			p.Name = cleanName(inner)
		}
	}
	if strings.EqualFold(p.Name, p.Addr) {
		p.Name = ""
	}
	return p
}

func cutMailto(s string) string {
	trimmed := strings.TrimRight(s, " \t")
	if n := len(trimmed) - len("mailto:"); n >= 0 && strings.EqualFold(trimmed[n:], "mailto:") {
		return trimmed[:n]
	}
	return s
}

// findAddr finds the first address: a dotted domain behind an "@". What is beside ASCII belongs to the text around, which in Japanese has no blanks.
func findAddr(s string) (start, end int) {
	for from := 0; ; {
		at := strings.IndexByte(s[from:], '@')
		if at < 0 {
			return -1, -1
		}
		at += from
		start, end = at, at+1
		for start > from && at-start < maxAddress && isLocal(s[start-1]) {
			start--
		}
		for end < len(s) && end-start < maxAddress && isDomain(s[end]) {
			end++
		}
		end = at + 1 + len(strings.TrimRight(s[at+1:end], ".-"))
		if start < at && strings.IndexByte(s[at+1:end], '.') > 0 {
			return start, end
		}
		from = at + 1
	}
}

// isLocal: atext and dots (RFC 5322 3.2.3).
func isLocal(c byte) bool {
	return isDomain(c) || strings.IndexByte("!#$%&'*+/=?^_`{|}~", c) >= 0
}

func isDomain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-'
}

// cleanName takes brackets, quotes and bold print off a name. One without letters is none.
func cleanName(s string) string {
	s = strings.Trim(s, " \t\r<>[]|\"'*,;:、，：“”‘’「」『』\u3000\u00a0")
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		s = strings.Trim(s, "() ")
	}
	s = strings.TrimRight(strings.TrimSuffix(s, "("), " ")
	if strings.IndexFunc(s, unicode.IsLetter) < 0 {
		return ""
	}
	return strings.ToValidUTF8(clip(s, maxName), "")
}
