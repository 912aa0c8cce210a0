package sender

import (
	"net/netip"
	"slices"
	"strings"

	"sekisho/internal/message"
)

const (
	// maxOurs bounds the Authentication-Results that are looked at: more than all programs of a gateway write, twice over.
	maxOurs = 32
	// maxHops bounds the Received fields of our own: more than any honest chain of our own hosts has.
	maxHops = 8
)

// trusted are the Authentication-Results that stand where we write ours: above the first Received field that is not our own. Once a field of our
// own says that the mail came from outside, the next Received field is not our own whatever it says.
func trusted(h *message.Header, site *message.Site) []string {
	var list []string
	entered, relayed, hops := false, false, 0
	for i := range h.Fields {
		switch f := &h.Fields[i]; {
		case strings.EqualFold(f.Name, "Authentication-Results"):
			if list = append(list, f.Raw); len(list) == maxOurs {
				return list
			}
		case strings.EqualFold(f.Name, "Received"):
			hop := readReceived(f.Raw)
			if hops++; hops > maxHops || entered || !relayed && !ours(site, hop) {
				return list
			}
			relayed = hop.client.IsValid() && slices.ContainsFunc(site.TrustedRelays, func(p netip.Prefix) bool { return p.Contains(hop.client) })
			entered = !relayed && !hop.client.IsLoopback()
		}
	}
	return list
}

// ours reports whether a Received field is our gateway's: by its name, or by "localhost" where a content filter took the mail from it.
func ours(site *message.Site, r received) bool {
	if ourHost(site, r.by) {
		return true
	}
	return (r.by == "localhost" || r.by == "localhost.localdomain" || r.by == "127.0.0.1" || r.by == "[127.0.0.1]") &&
		(r.client.IsLoopback() || ourHost(site, r.from))
}

// ourHost reports whether a name is the gateway's, or that of the host that writes our Authentication-Results, or below it.
func ourHost(site *message.Site, name string) bool {
	if name == "" {
		return false
	}
	id := strings.ToLower(site.AuthservID)
	return name == strings.ToLower(site.Gateway) || strings.Contains(id, ".") && (name == id || strings.HasSuffix(name, "."+id))
}

// received is what a Received field says of its hop (RFC 5321 4.4).
type received struct {
	from, by string // lower case
	client   netip.Addr
}

// readReceived reads the from and by clauses.
func readReceived(raw string) received {
	var r received
	c := cursor{s: raw[:min(len(raw), maxField)]}
	clause, start := "", 0
	for c.skip(); c.i < len(c.s) && !c.at(';'); c.skip() {
		at := c.i
		word := strings.ToLower(c.value())
		if c.i == at {
			c.i++
			continue
		}
		switch {
		case word == "from" && clause == "":
			clause, start = word, c.i
		case word == "by" && clause != "by":
			if clause == "from" {
				r.client = peer(c.s[start:at])
			}
			clause = word
		case clause == "from" && r.from == "":
			r.from = word
		case clause == "by":
			r.by = strings.TrimSuffix(word, ".")
			return r
		}
	}
	return r
}

// peer is the client's address (RFC 5321 4.4, TCP-info): the last literal in the first comment behind the HELO name. What stands around is the client's own
// word: its HELO name, the name in its certificate and its account in further comments, and in Exim's the HELO name behind the address.
func peer(from string) netip.Addr {
	helo, info, _ := strings.Cut(from, "(")
	info, _, _ = strings.Cut(info, ")")
	info, _, exim := strings.Cut(info, "helo=")
	if exim && info == "" { // of a client without a name: "[192.0.2.1] (helo=x)"
		info = helo
	}
	lit, _, ok := strings.Cut(info[strings.LastIndexByte(info, '[')+1:], "]") // RFC 5321 4.1.3
	if !ok {
		return netip.Addr{}
	}
	if len(lit) > 5 && strings.EqualFold(lit[:5], "IPv6:") {
		lit = lit[5:]
	}
	a, err := netip.ParseAddr(lit)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}
