// Package address makes mail addresses comparable: who writes, whose organisation it is, and what a machine added to an address.
//
// Machines add to local parts: plus-tags (RFC 5233), variable envelope return paths (VERP), BATV's tags (draft-levine-smtp-batv) and what
// the Sender Rewriting Scheme (SRS) makes of them. Fold takes that off, so that one person is one address. It never changes the domain: who
// writes an address of his own that wraps another's stays himself. A Hider replaces addresses by keyed hashes for stores that shall not hold them.
//
// # Limits
//
// What is longer than maxAddress bytes is cut and has no domain. Nothing is asked of the network. Which domains are providers is a list (providers.go) that cannot be
// complete: an unlisted one counts as one organisation. Hosters and schools in the public suffix list's private part are known by it. Dots in
// local parts, which Gmail ignores, are kept: they matter elsewhere.
package address

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// maxAddress is the longest address that is compared (RFC 5321 4.5.3.1: local part 64, domain 255).
const maxAddress = 320

// Fold makes the addresses of people comparable: as Exact, without what machines add to local parts.
func Fold(addr string) string {
	addr = Exact(addr)
	at := strings.LastIndexByte(addr, '@')
	if at <= 0 {
		return addr
	}
	return person(addr[:at]) + addr[at:]
}

// Exact is an address in lower case with an ASCII domain, nothing taken off: a local part's case is kept by hardly any mail system.
func Exact(addr string) string {
	addr = strings.ToLower(strings.ToValidUTF8(strings.TrimSpace(addr), "\uFFFD"))
	if at := strings.LastIndexByte(addr, '@'); at >= 0 {
		addr = addr[:at+1] + ASCII(addr[at+1:])
	}
	if addr = strings.TrimSpace(addr); len(addr) > maxAddress {
		return clip(addr)
	}
	return addr
}

// clip cuts what is too long for an address at a rune's edge, so that a store which takes UTF-8 only can hold it. Nothing of it counts as a domain: the beginning of one is somebody else's.
func clip(addr string) string {
	n := maxAddress
	for !utf8.RuneStart(addr[n]) {
		n--
	}
	return strings.TrimSpace(strings.ReplaceAll(addr[:n], "@", "?"))
}

// ASCII is a domain in lower case, as A-labels (RFC 5890), without the final dot.
func ASCII(domain string) string {
	if plain(domain) {
		return domain
	}
	domain = strings.ToLower(strings.TrimFunc(strings.TrimRightFunc(domain, func(r rune) bool { return r == '.' || unicode.IsSpace(r) }), unicode.IsSpace))
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		return ascii
	}
	return domain
}

// plain reports whether a domain is in its final form: lower-case letters, digits, hyphens and inner dots, and no A-label to check.
func plain(domain string) bool {
	for i := 0; i < len(domain); i++ {
		if c := domain[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return !strings.HasSuffix(domain, ".") && !strings.Contains(domain, "xn--")
}

// Domain is the domain of an address, as ASCII gives it; "" without one.
func Domain(addr string) string {
	if at := strings.LastIndexByte(addr, '@'); at >= 0 {
		return ASCII(addr[at+1:])
	}
	return ""
}

// Org is the organisational domain (the public suffix list's registrable domain) of a domain; "" where strangers to each other have addresses in it, or
// where it is none.
func Org(domain string) string {
	domain = ASCII(domain)
	org, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil || provider(org) || strings.HasPrefix(domain, "[") { // RFC 5321 4.1.3: an address; without brackets it is none of the suffix list's
		return ""
	}
	return org
}

// Key is the organisational domain of an address behind an "@", or the whole address where there is none; "" for the null sender.
func Key(addr string) string {
	addr = Fold(addr)
	if org := Org(Domain(addr)); org != "" {
		return "@" + org
	}
	return addr
}
