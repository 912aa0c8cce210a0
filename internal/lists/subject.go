package lists

import (
	"net/netip"
	"net/url"
	"strings"

	"sekisho/internal/address"
)

// Subject is what is looked up: a digest, a macro fingerprint, a mail address, a host name, a client's address or a link, by Type.
type Subject struct {
	Type  Type
	Value string
}

// labelsMax is how many labels of a host are looked up, from the right: nobody lists deeper ones, and a link may have 127.
const labelsMax = 8

// items are the entries that would match the subject. prefixes says which lengths of networks any list has.
func (s Subject) items(prefixes func(is4 bool, visit func(bits int))) []Item {
	switch s.Type {
	case SHA256, SHA1, MD5, Macro:
		return []Item{{s.Type, strings.ToLower(s.Value)}}
	case IP:
		a, err := netip.ParseAddr(s.Value)
		if err != nil {
			return nil
		}
		return networks(a, prefixes)
	case Address:
		return addresses(s.Value)
	case URL:
		u, err := url.Parse(s.Value)
		if err != nil || u.Hostname() == "" {
			return nil
		}
		return append(hosts(u.Hostname(), prefixes), Item{URL, canonical(u)})
	default:
		return hosts(s.Value, prefixes)
	}
}

func networks(a netip.Addr, prefixes func(bool, func(int))) (items []Item) {
	a = a.Unmap().WithZone("")
	prefixes(a.Is4(), func(bits int) {
		if p, err := a.Prefix(bits); err == nil {
			items = append(items, Item{IP, p.String()})
		}
	})
	return items
}

// addresses are an address, the same without what machines add to it, all of its domain, and the domain with those above it.
func addresses(addr string) []Item {
	addr = address.Exact(addr)
	at := strings.LastIndexByte(addr, '@')
	if at < 0 {
		return nil
	}
	domain := addr[at+1:]
	items := []Item{{Address, addr}, {Address, "@" + domain}}
	if person := address.Fold(addr); person != addr {
		items = append(items, Item{Address, person})
	}
	return append(items, parents(domain)...)
}

func hosts(host string, prefixes func(bool, func(int))) []Item {
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return networks(a, prefixes)
	}
	return parents(address.ASCII(host))
}

// parents are a domain and those above it that have a dot.
func parents(domain string) (items []Item) {
	end := len(domain)
	for range labelsMax {
		dot := strings.LastIndexByte(domain[:end], '.')
		if end < len(domain) { // the last label alone is nobody's
			items = append(items, Item{Domain, domain[dot+1:]})
		}
		if dot < 0 {
			return items
		}
		end = dot
	}
	return append(items, Item{Domain, domain})
}
