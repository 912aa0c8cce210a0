package sender

import (
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"sekisho/internal/address"
)

// How two domains are alike.
const (
	Homograph  = "homograph"  // letters of another alphabet, or with accents
	Confusable = "confusable" // rn for m, 0 for o
	Edit       = "edit"       // one letter more, less, other, or two exchanged
	Hyphen     = "hyphen"     // hyphens in other places
	Subdomain  = "subdomain"  // one stands whole before the other
	TLD        = "tld"        // the same label under another suffix
)

const (
	// minEdit is the shortest label of which one edit makes a look-alike: shorter ones have honest neighbours.
	minEdit = 6
	// minLoose is the shortest label that is compared under another suffix, by edits.
	minLoose = 9
	// minSame is the shortest label that is compared at all but for homographs.
	minSame = 5
)

// Alike reports whether two domains can be taken for one another, and how. Domains of one organisation are not, nor is a provider's.
func Alike(a, b string) (how string, ok bool) {
	x, okX := newDomain(a)
	y, okY := newDomain(b)
	if !okX || !okY || x.org == y.org {
		return "", false
	}
	if slices.Contains(x.inner, y.org) || slices.Contains(y.inner, x.org) {
		return Subdomain, true
	}
	return alikeLabels(x, y)
}

func alikeLabels(x, y domain) (how string, ok bool) {
	short := min(len(x.label), len(y.label))
	same := x.suffix == y.suffix
	switch {
	case x.label == y.label:
		if x.foreign != y.foreign || x.foreign && x.raw != y.raw {
			return Homograph, short > 1
		}
		return TLD, short >= minSame
	case short < minSame:
		return "", false
	case strings.ReplaceAll(x.label, "-", "") == strings.ReplaceAll(y.label, "-", ""):
		return Hyphen, true
	case x.skeleton == y.skeleton:
		return Confusable, true
	case short >= minEdit && (same || short >= minLoose) && oneEdit(x.label, y.label):
		return Edit, true
	}
	return "", false
}

// domain is a registrable domain, taken apart for comparing.
type domain struct {
	org      string   // as address.Org gives it
	raw      string   // its own label, decoded
	label    string   // … as it looks, letter by letter
	skeleton string   // … and with rn, vv, cl and digits as what they look like
	suffix   string   // the public suffix
	foreign  bool     // the label is not written in ASCII
	inner    []string // registrable domains that its subdomains spell
}

func newDomain(name string) (d domain, ok bool) {
	name = address.ASCII(name)
	d.org = address.Org(name)
	if d.org == "" {
		return d, false
	}
	d.raw, d.suffix, _ = strings.Cut(d.org, ".")
	d.raw = unicodeDomain(d.raw)
	d.label = latinLabel(d.raw)
	d.foreign = strings.ContainsFunc(d.raw, func(r rune) bool { return r >= 0x80 })
	d.skeleton = skeleton(d.label)
	if sub := strings.TrimSuffix(name, d.org); sub != "" {
		d.inner = inner(strings.TrimSuffix(sub, "."))
	}
	return d, d.label != "" && len(d.label) <= 4*maxLabel
}

// maxInner bounds the domains that the subdomains of a name may spell.
const maxInner = 4

// inner are the registrable domains in a name's subdomains: "example.co.jp.mail" holds example.co.jp.
func inner(sub string) []string {
	var list []string
	labels := strings.Split(sub, ".")
	for end := len(labels); end >= 2 && len(list) < maxInner; end-- {
		if org, err := publicsuffix.EffectiveTLDPlusOne(strings.Join(labels[:end], ".")); err == nil && !slices.Contains(list, org) {
			list = append(list, org)
		}
	}
	return list
}

// oneEdit reports whether one insertion, deletion, replacement or exchange of neighbours makes a into b.
func oneEdit(a, b string) bool {
	x, y := []rune(a), []rune(b)
	for len(x) > 0 && len(y) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && len(y) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	return len(x) <= 1 && len(y) <= 1 || len(x) == 2 && len(y) == 2 && x[0] == y[1] && x[1] == y[0]
}

// maxNeighbours bounds the keys of a domain: a label of 63 letters, each left out once, and the others.
const maxNeighbours = 80

// Neighbours are the keys by which domains that look like one are found: two that are Alike share at least one. Most that share one are Alike.
// nil for a provider.
func Neighbours(name string) []string {
	d, ok := newDomain(name)
	if !ok {
		return nil
	}
	keys := make([]string, 0, len(d.label)+maxInner+3)
	keys = append(keys, "="+d.org, "~"+d.label, "~"+d.skeleton)
	for _, org := range d.inner {
		keys = append(keys, "="+org)
	}
	if r := []rune(d.label); len(r) >= minEdit && len(r) <= maxLabel {
		keys = append(keys, "-"+d.label)
		for i := range r {
			keys = append(keys, "-"+string(slices.Delete(slices.Clone(r), i, i+1)))
		}
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	return keys[:min(len(keys), maxNeighbours)]
}
