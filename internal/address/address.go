// Package address makes mail addresses comparable: who writes, whose organisation it is, and what a machine added to an address.
//
// # Limits
//
// An address is cut to maxAddress bytes. Nothing is asked of the network.
package address

import (
	"net"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// maxAddress is the longest address that is compared (RFC 5321 4.5.3.1: local part 64, domain 255).
const maxAddress = 320

// Fold makes addresses comparable: a local part's case is kept by hardly any mail system.
func Fold(addr string) string {
	addr = strings.ToLower(strings.ToValidUTF8(strings.TrimSpace(addr), "\uFFFD"))
	addr = addr[:min(len(addr), maxAddress)]
	if at := strings.LastIndexByte(addr, '@'); at >= 0 {
		return addr[:at+1] + ASCII(addr[at+1:])
	}
	return addr
}

// ASCII is a domain in lower case, as A-labels (RFC 5890), without the final dot.
func ASCII(domain string) string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		return ascii
	}
	return domain
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
	if err != nil || provider(org) || isLiteral(domain) {
		return ""
	}
	return org
}

// Key is the organisational domain of an address behind an "@", or the whole address where there is none; "" for the null sender.
func Key(addr string) string {
	addr = Fold(addr)
	if strings.IndexByte(addr, '@') < 0 {
		return addr
	}
	if org := Org(Domain(addr)); org != "" {
		return "@" + org
	}
	return addr
}

// isLiteral reports whether a domain is an address (RFC 5321 4.1.3).
func isLiteral(domain string) bool {
	return strings.HasPrefix(domain, "[") || net.ParseIP(domain) != nil
}
