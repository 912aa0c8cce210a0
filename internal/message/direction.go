package message

import (
	"net/netip"
	"slices"
	"strings"
)

// Site is what the owner says of the gateway and its networks. Direction is computed from it.
type Site struct {
	LocalDomains      []string       `json:"local_domains"`      // ours: every address in them; a leading "." takes in subdomains
	InternalNetworks  []netip.Prefix `json:"internal_networks"`  // our clients
	TrustedRelays     []netip.Prefix `json:"trusted_relays"`     // whose topmost Received field names the true client
	SubmissionDaemons []string       `json:"submission_daemons"` // values of {daemon_name} that only our own people reach
	Gateway           string         `json:"gateway"`            // our host name, as our Received fields write it after "by"
	AuthservID        string         `json:"authserv_id"`        // whose Authentication-Results are ours
	People            []Person       `json:"people"`             // ours whose names are abused, with the names they go by; more are learned from what they send
	Burst             Burst          `json:"burst"`
}

// Person is one of ours.
type Person struct {
	Address string   `json:"address" yaml:"address"`
	Names   []string `json:"names" yaml:"names"`
}

// Burst says how many risky mails of one account or machine in how much time are a burst.
type Burst struct {
	Window int `json:"window_seconds"`
	Mails  int `json:"mails"`
}

// receivedHops is how many Received fields are followed through trusted relays: more than any honest chain of our own hosts has.
const receivedHops = 8

// Direction says whose mail it is and who the true client was (invalid when unknown). It is the only function that does.
//
// Mail is ours when it was authenticated, came in on a submission listener, or its true client is internal or this host. The true client
// is the one that the topmost Received field names when the mail was handed on by a trusted relay, or by this host itself (a
// content filter's second pass): there the field is our own gateway's and says also whether the sender was authenticated (RFC 3848).
func (s *Site) Direction(e *Envelope, h *Header) (Direction, netip.Addr) {
	client, authenticated := s.trueClient(e, h)
	ours := authenticated || e.SASLUser != "" || e.Listener == "submission" ||
		slices.Contains(s.SubmissionDaemons, e.DaemonName) ||
		client.IsLoopback() || contains(s.InternalNetworks, client)
	switch {
	case !ours:
		return In, client
	case len(e.Rcpts) > 0 && !slices.ContainsFunc(e.Rcpts, func(a string) bool { return !s.Local(a) }):
		return Internal, client
	}
	return Out, client
}

// Local reports whether an address is one of ours.
func (s *Site) Local(addr string) bool {
	_, domain, ok := cutLast(addr, "@")
	if !ok {
		return false
	}
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	return slices.ContainsFunc(s.LocalDomains, func(d string) bool {
		d = strings.ToLower(d)
		if strings.HasPrefix(d, ".") {
			return strings.HasSuffix(domain, d)
		}
		return domain == d
	})
}

func (s *Site) trueClient(e *Envelope, h *Header) (client netip.Addr, authenticated bool) {
	client = e.ClientIP.Unmap()
	if h == nil {
		return client, false
	}
	for hop, field := range h.All("Received") {
		if hop == receivedHops {
			return netip.Addr{}, false
		}
		field = strings.Join(strings.Fields(field), " ") // folded before a tab, as Postfix does
		plain := uncommented(field)
		by := receivedBy(plain)
		self := client.IsLoopback() && by != "" && (strings.EqualFold(by, s.Gateway) || strings.EqualFold(by, e.Host))
		if !self && !contains(s.TrustedRelays, client) {
			return client, false
		}
		from, ok := receivedFrom(field)
		if !ok { // sendmail(1) on this host, or a relay that names nobody: unknown is not ours
			if self {
				return client, false
			}
			return netip.Addr{}, false
		}
		if self && receivedAuthenticated(plain) {
			return from, true
		}
		client = from
	}
	return client, false
}

// receivedFrom is the address literal in the TCP-info of a Received field's from clause (RFC 5321 4.4): "from helo (name [192.0.2.1])".
func receivedFrom(field string) (netip.Addr, bool) {
	from, comment, _ := strings.Cut(field, "(")
	if !strings.HasPrefix(from, "from ") || strings.Contains(from, " by ") {
		return netip.Addr{}, false
	}
	// The last literal of the first comment: what stands before and behind is the client's own word, its HELO name and the name in its certificate.
	comment, _, _ = strings.Cut(comment, ")") // before Sendmail's "(may be forged)", too
	comment, _, _ = strings.Cut(comment, "helo=")
	_, lit, ok := cutLast(comment, "[")
	if !ok {
		return netip.Addr{}, false
	}
	lit, _, ok = strings.Cut(lit, "]")
	if !ok {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(strings.TrimPrefix(strings.TrimPrefix(lit, "IPv6:"), "ipv6:"))
	return a.Unmap(), err == nil
}

// uncommented drops the comments (RFC 5322 3.2.2), which nest: the name in a client's certificate stands in one, and may hold any words.
func uncommented(field string) string {
	depth := 0
	return strings.Map(func(r rune) rune {
		switch {
		case r == '(':
			depth++
			return -1
		case r == ')' && depth > 0:
			depth--
			return -1
		case depth > 0:
			return -1
		}
		return r
	}, field)
}

func receivedBy(field string) string {
	if rest, ok := strings.CutPrefix(field, "by "); ok {
		return firstWord(rest)
	}
	_, rest, ok := strings.Cut(field, " by ")
	if !ok {
		return ""
	}
	return firstWord(rest)
}

// receivedAuthenticated reports whether the with clause is one of RFC 3848's authenticated protocols (ESMTPA, ESMTPSA, UTF8SMTPSA …).
func receivedAuthenticated(field string) bool {
	_, rest, ok := strings.Cut(field, " by ")
	if !ok {
		return false
	}
	_, rest, ok = strings.Cut(rest, " with ")
	if !ok {
		return false
	}
	p := strings.ToUpper(firstWord(rest))
	return strings.HasSuffix(p, "A") && (strings.HasPrefix(p, "ESMTP") || strings.HasPrefix(p, "UTF8SMTP") || strings.HasPrefix(p, "LMTP"))
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(strings.TrimLeft(s, " \t"), " ")
	return strings.TrimRight(w, ";,")
}

func contains(ps []netip.Prefix, a netip.Addr) bool {
	return a.IsValid() && slices.ContainsFunc(ps, func(p netip.Prefix) bool { return p.Contains(a) })
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
