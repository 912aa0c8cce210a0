package lists

import (
	"errors"
	"strings"
	"time"
)

// stixObject is what counts of an object of a bundle (STIX 2.1, 4.7 Indicator).
type stixObject struct {
	Type        string `json:"type"`
	Pattern     string `json:"pattern"`
	PatternType string `json:"pattern_type"`
	ValidUntil  string `json:"valid_until"`
	Revoked     bool   `json:"revoked"`
}

// indicator takes an indicator's pattern; other objects describe, and name nothing to look for.
func (r *reading) indicator(o stixObject, now time.Time) error {
	if o.Type != "indicator" {
		return nil
	}
	until, err := time.Parse(time.RFC3339, o.ValidUntil)
	if o.Revoked || err == nil && !until.After(now) { // STIX 2.1, 3.2 and 4.7: without valid_until it is valid for ever
		r.rep.Left++
		return nil
	}
	if o.PatternType != "" && o.PatternType != "stix" { // STIX 2.0 has no pattern_type, and only this one
		r.unsupported()
		return nil
	}
	found, err := parsePattern(o.Pattern)
	if err != nil {
		r.unsupported()
		return nil
	}
	for _, it := range found {
		if err := r.value(it.Type, it.Value); err != nil {
			return err
		}
	}
	return nil
}

var errPattern = errors.New("a pattern that one look-up cannot answer")

func (r *reading) unsupported() {
	r.rep.Unsupported++
	r.tell(errPattern)
}

// patternTerms is the most comparisons of one pattern: producers put the hashes of one campaign into one.
const patternTerms = 10_000

// pattern reads STIX patterns (STIX 2.1, 9) that are an OR of equalities: of file hashes, domain names, addresses and URLs.
type pattern struct {
	rest  string
	items []Item
}

func parsePattern(s string) ([]Item, error) {
	p := pattern{rest: s}
	for {
		if !p.take("[") {
			return nil, errPattern
		}
		if err := p.comparisons(); err != nil {
			return nil, err
		}
		if !p.take("]") {
			return nil, errPattern
		}
		if p.blank(); p.rest == "" {
			return p.items, nil
		}
		if !p.word("OR") { // AND, FOLLOWEDBY and qualifiers ask for several observations
			return nil, errPattern
		}
	}
}

// comparisons reads what stands in one pair of brackets. Hashes of one file that are joined by AND are one statement: the strongest of them.
func (p *pattern) comparisons() error {
	for {
		all, err := p.comparison()
		if err != nil {
			return err
		}
		for p.word("AND") {
			more, err := p.comparison()
			if err != nil || len(all) != 1 || len(more) != 1 || !all[0].Type.File() || !more[0].Type.File() {
				return errPattern
			}
			if more[0].Type < all[0].Type { // the types stand from the strongest hash to the weakest
				all = more
			}
		}
		if p.items = append(p.items, all...); len(p.items) > patternTerms {
			return errPattern
		}
		if !p.word("OR") {
			return nil
		}
	}
}

// stixPaths are the object paths that are looked up, lower-case and without quotation marks.
var stixPaths = map[string]Type{
	"file:hashes.sha-256": SHA256, "file:hashes.sha256": SHA256, "file:hashes.sha-1": SHA1, "file:hashes.sha1": SHA1, "file:hashes.md5": MD5,
	"artifact:hashes.sha-256": SHA256, "artifact:hashes.sha-1": SHA1, "artifact:hashes.md5": MD5,
	"domain-name:value": Domain, "email-addr:value": Address, "email-message:from_ref.value": Address, "email-message:sender_ref.value": Address,
	"ipv4-addr:value": IP, "ipv6-addr:value": IP, "url:value": URL,
}

// comparison reads PATH = 'value', PATH IN ('a', 'b'), or PATH ISSUBSET 'network'; parentheses around one are not needed by producers and not read.
func (p *pattern) comparison() ([]Item, error) {
	p.blank()
	end := strings.IndexAny(p.rest, " \t\r\n=!<>")
	if end < 0 {
		return nil, errPattern
	}
	path := strings.ToLower(strings.NewReplacer("'", "", `"`, "").Replace(p.rest[:end]))
	p.rest = p.rest[end:]
	t, known := stixPaths[path]
	if !known {
		return nil, errPattern
	}
	switch {
	case p.take("="), t == IP && p.word("ISSUBSET"):
		value, ok := p.text()
		if !ok {
			return nil, errPattern
		}
		return []Item{{t, value}}, nil
	case p.word("IN"):
		return p.set(t)
	}
	return nil, errPattern
}

func (p *pattern) set(t Type) (items []Item, err error) {
	if !p.take("(") {
		return nil, errPattern
	}
	for {
		value, ok := p.text()
		if items = append(items, Item{t, value}); !ok || len(items) > patternTerms {
			return nil, errPattern
		}
		if p.take(")") {
			return items, nil
		}
		if !p.take(",") {
			return nil, errPattern
		}
	}
}

func (p *pattern) blank() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *pattern) take(mark string) bool {
	p.blank()
	rest, ok := strings.CutPrefix(p.rest, mark)
	if ok {
		p.rest = rest
	}
	return ok
}

// word takes an operator, which a letter does not follow.
func (p *pattern) word(w string) bool {
	p.blank()
	if len(p.rest) <= len(w) || !strings.EqualFold(p.rest[:len(w)], w) || strings.IndexByte(" \t\r\n('[", p.rest[len(w)]) < 0 {
		return false
	}
	p.rest = p.rest[len(w):]
	return true
}

// text takes a text constant: in single quotation marks, "\" before a mark or itself (STIX 2.1, 9.2).
func (p *pattern) text() (string, bool) {
	if !p.take("'") {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '\'':
			p.rest = p.rest[i+1:]
			return b.String(), true
		case c == '\\' && i+1 < len(p.rest):
			i++
			b.WriteByte(p.rest[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}
