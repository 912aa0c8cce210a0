package sender

import (
	"slices"
	"strings"
	"unicode/utf8"

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
	Word       = "word"       // a word like "-jp", "-group" or "-support" added
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
	case short >= minEdit && (same || short >= minLoose) && x.ascii && y.ascii && oneEdit(x.label, y.label):
		return Edit, true
	case x.base == y.skeleton || y.base == x.skeleton:
		return Word, true
	}
	return "", false
}

// domain is a registrable domain, taken apart for comparing.
type domain struct {
	org      string   // as address.Org gives it
	raw      string   // its own label, decoded
	label    string   // … as it looks, letter by letter
	skeleton string   // … and with rn, vv, cl and digits as what they look like
	base     string   // … and without an added word; "" when there is none
	suffix   string   // the public suffix
	foreign  bool     // the label is not written in ASCII
	ascii    bool     // … and looks so
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
	d.foreign, d.ascii = !isASCII(d.raw), isASCII(d.label)
	d.skeleton = skeleton(d.label)
	d.base = skeleton(withoutWord(d.label))
	if sub := strings.TrimSuffix(name, d.org); sub != "" {
		d.inner = inner(strings.TrimSuffix(sub, "."))
	}
	return d, d.label != "" && len(d.label) <= 4*maxLabel
}

// added are words that companies, and those who play them, add to a name.
var added = words(`jp japan tokyo co corp inc ltd llc gmbh group hd holdings global international intl mail mails email support help service services office
	online web info team secure security login account accounts billing invoice payment portal cloud app hr`)

// withoutWord is a label without a word that a hyphen joins to it; "" when there is none, or too little stays.
func withoutWord(label string) string {
	if i := strings.LastIndexByte(label, '-'); i >= minSame && added[label[i+1:]] {
		return label[:i]
	}
	if i := strings.IndexByte(label, '-'); i > 0 && len(label)-i-1 >= minSame && added[label[:i]] {
		return label[i+1:]
	}
	return ""
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
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	switch {
	case len(a) == 2 && len(b) == 2:
		return a[0] == b[1] && a[1] == b[0]
	case len(a) == 1 && len(b) == 1 && isDigit(a[0]) && isDigit(b[0]):
		return false // ns1 and ns2 are a series
	}
	return len(a) <= 1 && len(b) <= 1
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// maxNeighbours bounds the keys of a domain: a label of 63 letters, each left out once, and the others.
const maxNeighbours = 80

// Neighbours are the keys by which domains that look like one are found: two that are Alike share at least one. Most that share one are Alike.
// nil for a provider.
func Neighbours(name string) []string {
	d, ok := newDomain(name)
	if !ok {
		return nil
	}
	keys := make([]string, 0, min(len(d.label)+maxInner+4, maxNeighbours))
	keys = append(keys, "="+d.org, "~"+d.label)
	if d.skeleton != d.label {
		keys = append(keys, "~"+d.skeleton)
	}
	if d.base != "" {
		keys = append(keys, "~"+d.base)
	}
	for _, org := range d.inner {
		keys = append(keys, "="+org)
	}
	if n := len(d.label); d.ascii && n >= minEdit && n <= maxLabel {
		if n <= minLoose {
			keys = d.deletions(keys, "-"+d.suffix+" ")
		}
		if n >= minLoose {
			keys = d.deletions(keys, "-")
		}
	}
	return keys[:min(len(keys), maxNeighbours)]
}

// deletions appends the label, and the label without each of its letters: two labels that are one edit apart have one of these in common, as the one
// with less is the other without a letter, and labels of one length are the same without the letter that differs.
func (d *domain) deletions(keys []string, mark string) []string {
	all := mark + d.label
	keys = append(keys, all)
	for i := len(mark); i < len(all); i++ {
		if i > len(mark) && all[i] == all[i-1] {
			continue
		}
		keys = append(keys, all[:i]+all[i+1:])
	}
	return keys
}
