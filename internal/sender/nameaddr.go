package sender

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"

	"sekisho/internal/address"
)

// maxInName bounds the addresses that are taken from one name.
const maxInName = 4

// cutAddresses takes addresses out of a cleaned name (full-width signs are plain there already), with bars in their places. Blanks around the "@"
// and dots, and "[at]" and "(dot)" for them, are seen through; "Bugzilla@Mozilla" is none, having no dot.
func cutAddresses(s string) (rest string, found []string) {
	if !strings.ContainsAny(s, "@[({") {
		return s, nil
	}
	s = spelled(s)
	if strings.IndexByte(s, '@') < 0 {
		return s, nil
	}
	var b strings.Builder
	for len(found) < maxInName {
		at := strings.IndexByte(s, '@')
		if at < 0 {
			break
		}
		start, local := localPart(s[:at])
		domain, size := domainPart(s[at+1:])
		if local == "" || domain == "" {
			b.WriteString(s[:at+1])
			s = s[at+1:]
			continue
		}
		if a := address.Fold(local + "@" + domain); !slices.Contains(found, a) {
			found = append(found, a)
		}
		b.WriteString(s[:start] + " / ")
		s = s[at+1+size:]
	}
	return b.String() + s, found
}

// spelled writes "[at]", "(at)", "{at}" and the same of dots as signs, and takes the blanks out of a name whose signs are all spaced out.
func spelled(s string) string {
	if fields := strings.Fields(s); len(fields) > 8 && len(strings.Join(fields, "")) <= len(fields)*3/2 && strings.Contains(s, "@") {
		s = strings.Join(fields, "")
	}
	if !strings.ContainsAny(s, "[({") {
		return s
	}
	return signs.Replace(s)
}

var signs = strings.NewReplacer("[at]", "@", "(at)", "@", "{at}", "@", "[AT]", "@", "(AT)", "@", "[@]", "@", "(@)", "@",
	"[dot]", ".", "(dot)", ".", "{dot}", ".", "[DOT]", ".", "(DOT)", ".", "[.]", ".", "(.)", ".")

// localPart is the dot-atom at the end of s (RFC 5322 3.2.3), and where it starts.
func localPart(s string) (start int, local string) {
	end := len(strings.TrimRight(s, " "))
	start = end
	for start > 0 && end-start < 64 && isAtext(s[start-1]) {
		start--
	}
	return start, strings.Trim(s[start:end], ".'")
}

func isAtext(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-/=?^_`{|}~.", c) >= 0
}

// domainPart is the domain at the start of s and its size; "" when there is none. A blank behind a dot ends a sentence unless a top-level
// domain in small letters follows.
func domainPart(s string) (domain string, size int) {
	i := len(s) - len(strings.TrimLeft(s, " "))
	var labels []string
	for {
		start := i
		i += labelLen(s[i:])
		if i == start || len(labels) == maxLabels {
			break
		}
		labels, size = append(labels, s[start:i]), i
		dot := i + len(s[i:]) - len(strings.TrimLeft(s[i:], " "))
		if dot == len(s) || s[dot] != '.' {
			break
		}
		next := dot + 1 + len(s[dot+1:]) - len(strings.TrimLeft(s[dot+1:], " "))
		if next > dot+1 && dot == i && !tldAt(s[next:]) {
			break
		}
		i = next
	}
	domain = address.ASCII(strings.Join(labels, "."))
	if len(labels) < 2 || !validDomain(domain) {
		return "", 0
	}
	return domain, size
}

// labelLen is the length of the label that s begins with. One that begins in ASCII ends where Chinese, Japanese or Korean follows without a blank.
func labelLen(s string) int {
	for i, r := range s {
		if r < utf8.RuneSelf && r != '-' && !isAlnum(byte(r)) || i > 0 && s[0] < utf8.RuneSelf && isCJK(r) {
			return i
		}
	}
	return len(s)
}

// maxLabels bounds a domain's labels: 127 fit (RFC 1035 2.3.4), names that people read have some.
const maxLabels = 10

// tldAt reports whether s begins with labels in small letters that end in a known top-level domain.
func tldAt(s string) bool {
	end := strings.IndexFunc(s, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r == '.' || r == '-') })
	if end < 0 {
		end = len(s)
	}
	word := strings.Trim(s[:end], ".")
	_, icann := publicsuffix.PublicSuffix(word)
	return word != "" && icann
}

// validDomain reports whether a domain can be one: its last label is letters or an A-label; one that is not written in ASCII needs a known one.
func validDomain(domain string) bool {
	tld := domain[strings.LastIndexByte(domain, '.')+1:]
	if strings.HasPrefix(tld, "xn--") {
		_, icann := publicsuffix.PublicSuffix(domain)
		return icann
	}
	for i := 0; i < len(domain); i++ {
		if domain[i] >= 0x80 {
			return false
		}
	}
	return len(tld) >= 2 && strings.Trim(tld, "abcdefghijklmnopqrstuvwxyz") == "" && !strings.Contains(domain, "..")
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
