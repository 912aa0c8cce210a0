package sender

import (
	"slices"
	"strings"

	"sekisho/internal/address"
	"sekisho/internal/message"
)

// Authenticate reads what our own gateway found out about the domain of from, the address in From.
//
// Only Authentication-Results with our authserv-id count, above the first Received field that is not our own (RFC 8601 5: a field with our id
// that came in with the mail is the sender's). Of several fields the topmost that states a method has the last word on it: what the sender
// wrote stands below whatever we wrote. A result counts for From when its domain is aligned (RFC 7489 3.1, relaxed).
func Authenticate(h *message.Header, site *message.Site, from string) Auth {
	if h == nil || site == nil || site.AuthservID == "" {
		return Auth{Result: Unknown}
	}
	var c claims
	for _, raw := range trusted(h, site) {
		r := parseResults(raw)
		if r.id == strings.ToLower(site.AuthservID) {
			c.add(r)
		}
	}
	return c.judge(author(h, from))
}

// author is the domain of From, "" where there is not one author: DMARC has no answer for several (RFC 7489 6.6.1).
func author(h *message.Header, from string) string {
	authors := 0
	for i := range h.Fields {
		if strings.EqualFold(h.Fields[i].Name, "From") {
			authors++
		}
	}
	if authors != 1 {
		return ""
	}
	list := h.Addresses("From")
	list = slices.DeleteFunc(list, func(a message.Address) bool { return !strings.Contains(a.Addr, "@") })
	if len(list) != 1 {
		return ""
	}
	return address.Domain(from)
}

// claims are what our fields say, by method; of each only what the topmost field says that states it.
type claims struct {
	spf, dkim, dmarc, arc []claim
	failed                bool // any field says dmarc=fail
}

// claim is one result with the domains that it is about. proof is false when its field could not be read wholly: such a field may have been
// put together by what the sender made us write, so it is believed only against him.
type claim struct {
	word    string
	domains []string
	proof   bool
}

// add takes what a field says of methods that no field above it states.
func (c *claims) add(r results) {
	var own claims
	var helo []claim
	for _, one := range r.list {
		claim := claim{word: one.word, proof: r.whole}
		switch one.method {
		case "spf":
			if claim.domains = one.domains("smtp.mailfrom", "smtp.mail"); len(claim.domains) > 0 {
				own.spf = append(own.spf, claim)
				break
			}
			claim.domains = one.domains("smtp.helo")
			helo = append(helo, claim)
		case "dkim":
			if claim.domains = one.domains("header.d"); len(claim.domains) == 0 {
				claim.domains = one.domains("header.i")
			}
			own.dkim = append(own.dkim, claim)
		case "dmarc":
			claim.domains = one.domains("header.from")
			own.dmarc = append(own.dmarc, claim)
			c.failed = c.failed || one.word == "fail"
		case "arc":
			own.arc = append(own.arc, claim)
		}
	}
	if len(own.spf) == 0 { // RFC 7489 3.1.2: the HELO name stands for the null reverse-path only
		own.spf = helo
	}
	c.spf, c.dkim = stated(c.spf, own.spf), stated(c.dkim, own.dkim)
	c.dmarc, c.arc = stated(c.dmarc, own.dmarc), stated(c.arc, own.arc)
}

// stated is what the upper fields say, or the lower one where they say nothing.
func stated(upper, lower []claim) []claim {
	if len(upper) > 0 {
		return upper
	}
	return lower
}

// domains are the domains in the values of properties. The null reverse-path has none.
func (r *result) domains(names ...string) []string {
	var list []string
	for _, p := range r.props {
		if !slices.Contains(names, p.name) {
			continue
		}
		v := strings.Trim(p.value, "<>")
		if at := strings.LastIndexByte(v, '@'); at >= 0 {
			v = v[at+1:]
		}
		if v != "" {
			list = append(list, address.ASCII(v))
		}
	}
	return list
}

// judge is the result for an author's domain.
func (c *claims) judge(from string) Auth {
	a := Auth{SPF: word(c.spf), DKIM: word(c.dkim), DMARC: word(c.dmarc), ARC: word(c.arc)}
	dmarc, dkim, spf := passed(c.dmarc, from), passed(c.dkim, from), passed(c.spf, from)
	switch {
	case a.SPF == "" && a.DKIM == "" && a.DMARC == "":
		a.Result = Unknown
	case c.failed:
		a.Result, a.DMARC = Fail, "fail"
	case dmarc != "" || dkim != "" || spf != "":
		a.Result, a.Domain = Pass, first(dmarc, dkim, spf)
		if dkim != "" { // one signature of several
			a.DKIM = "pass"
		}
		if spf != "" {
			a.SPF = "pass"
		}
	case slices.ContainsFunc(c.spf, func(one claim) bool { return one.word == "fail" || one.word == "hardfail" }):
		a.Result = Fail
	case unsure(a.SPF) && unsure(a.DKIM) && unsure(a.DMARC):
		a.Result = Unknown
	default:
		a.Result = None
	}
	return a
}

// passed is the domain of a pass that is aligned with from. A result that names several domains is about all of them or about none.
func passed(list []claim, from string) string {
	for _, c := range list {
		if c.word == "pass" && c.proof && len(c.domains) > 0 && !slices.ContainsFunc(c.domains, func(d string) bool { return !aligned(d, from) }) {
			return c.domains[0]
		}
	}
	return ""
}

// aligned reports whether two domains are of one organisation (RFC 7489 3.1, relaxed), or the same where strangers share one.
func aligned(domain, from string) bool {
	if domain == from {
		return from != ""
	}
	org := address.Org(from)
	return org != "" && org == address.Org(domain)
}

// unsure reports whether a word tells nothing about the sender: our gateway had trouble of its own (RFC 8601 2.7).
func unsure(word string) bool { return word == "" || word == "temperror" || word == "skipped" }

func word(list []claim) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].word
}

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}
