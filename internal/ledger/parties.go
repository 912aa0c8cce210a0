package ledger

import (
	"net"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// senders are the keys by which a mail's sender is known again, the From field's first.
func (m Mail) senders() []string {
	var keys []string
	for _, addr := range []string{m.From, m.MailFrom} {
		if k := senderKey(addr); k != "" && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys
}

// sender is whom the caps count by.
func (m Mail) sender() string {
	if keys := m.senders(); len(keys) > 0 {
		return keys[0]
	}
	return "<>"
}

// senderKey is the organisational domain behind an "@", or the whole address where the domain is shared by strangers or is none; "" for
// the null sender.
func senderKey(addr string) string {
	addr = fold(addr)
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return addr
	}
	domain := strings.TrimSuffix(addr[at+1:], ".")
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
		domain = ascii
	}
	org, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil || provider(org) || isLiteral(domain) {
		return addr[:at+1] + domain
	}
	return "@" + org
}

// isLiteral reports whether a domain is an address (RFC 5321 4.1.3).
func isLiteral(domain string) bool {
	return strings.HasPrefix(domain, "[") || net.ParseIP(domain) != nil
}

// fold makes addresses comparable: a local part's case is kept by hardly any mail system, and a password mail may write it otherwise.
func fold(addr string) string {
	const longest = 320 // RFC 5321 4.5.3.1: local part 64, domain 255
	addr = strings.ToLower(strings.ToValidUTF8(strings.TrimSpace(addr), "\uFFFD"))
	return addr[:min(len(addr), longest)]
}

// recipients are the folded recipients, each once, in an order that the sender does not choose.
func (m Mail) recipients() []string {
	list := make([]string, 0, len(m.Rcpts))
	for _, r := range m.Rcpts {
		list = append(list, fold(r))
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return list[:min(len(list), maxRcpts)]
}
