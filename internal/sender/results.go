package sender

import "strings"

// results is one Authentication-Results field, read.
type results struct {
	id    string // authserv-id, lower case
	list  []result
	whole bool // every word of it could be read
}

// result is one resinfo: what one method found (RFC 8601 2.2).
type result struct {
	method, word string // lower case
	props        []prop
}

// prop is a ptype.property with its value.
type prop struct{ name, value string }

const (
	// maxField bounds a field. What gateways write of a mail with a dozen signatures stays below.
	maxField = 16 << 10
	// maxResults bounds the results of a field: the methods there are, and as many DKIM signatures as verifiers look at.
	maxResults = 64
	// maxProps bounds the properties of a result; the registry has not half as many for all methods.
	maxProps = 32
	// usualResults and usualProps are what most fields and results have.
	usualResults, usualProps = 4, 2
)

// parseResults reads a field's body (RFC 8601 2.2), with comments, folding and quoting wherever CFWS may stand, and what gateways write
// beside the grammar: words without a value type ("action=none"), unquoted values. A field that holds anything else is not whole.
func parseResults(raw string) results {
	c := cursor{s: raw[:min(len(raw), maxField)]}
	r := results{whole: len(raw) <= maxField}
	c.skip()
	r.id = strings.ToLower(c.value())
	c.skip()
	for c.i < len(c.s) && c.s[c.i] >= '0' && c.s[c.i] <= '9' { // authres-version
		c.i++
	}
	if c.skip(); !c.at(';') && c.i < len(c.s) {
		return results{}
	}
	for c.i < len(c.s) {
		c.i++ // the ";"
		if len(r.list) == maxResults {
			r.whole = false
			break
		}
		one, ok := c.resinfo()
		if r.list == nil {
			r.list = make([]result, 0, usualResults)
		}
		if one.word != "" {
			r.list = append(r.list, one)
		}
		r.whole = r.whole && ok
		c.rest()
	}
	return r
}

// cursor reads a field from left to right. Each of its steps moves on or ends, so that the whole is linear.
type cursor struct {
	s string
	i int
}

func (c *cursor) at(b byte) bool { return c.i < len(c.s) && c.s[c.i] == b }

// resinfo reads one result: methodspec, reasonspec, propspec. ok is false when something in it is none of them.
func (c *cursor) resinfo() (r result, ok bool) {
	c.skip()
	if c.i == len(c.s) || c.at(';') {
		return r, true
	}
	r.method = strings.ToLower(c.keyword())
	c.skip()
	if c.at('/') { // method-version
		c.i++
		c.skip()
		c.keyword()
		c.skip()
	}
	if !c.at('=') {
		return r, r.method == "none" && (c.i == len(c.s) || c.at(';')) // no-result
	}
	c.i++
	c.skip()
	word := strings.ToLower(c.keyword())
	if r.method == "" || word == "" || !c.boundary() {
		return r, false
	}
	r.word = word
	for c.skip(); c.i < len(c.s) && !c.at(';'); c.skip() {
		p, ok := c.prop()
		if !ok || len(r.props) == maxProps {
			return r, false
		}
		if r.props == nil {
			r.props = make([]prop, 0, usualProps)
		}
		r.props = append(r.props, p)
	}
	return r, true
}

// prop reads "ptype.property=value", or "reason=value".
func (c *cursor) prop() (p prop, ok bool) {
	start := c.i
	name := c.keyword()
	for c.skip(); c.at('.'); c.skip() { // CFWS may stand around the dot
		joined := c.i == start+len(name)
		c.i++
		dot := c.i
		c.skip()
		joined = joined && c.i == dot
		if word := c.keyword(); !joined {
			name += "." + word
			continue
		}
		name = c.s[start:c.i] // without a copy
	}
	if name == "" || !c.at('=') {
		return p, false
	}
	c.i++
	c.skip()
	return prop{strings.ToLower(name), c.value()}, true
}

// keyword reads letters, digits, "-" and "_".
func (c *cursor) keyword() string {
	start := c.i
	for c.i < len(c.s) {
		b := c.s[c.i] | 0x20
		if (b < 'a' || b > 'z') && (c.s[c.i] < '0' || c.s[c.i] > '9') && c.s[c.i] != '-' && c.s[c.i] != '_' {
			break
		}
		c.i++
	}
	return c.s[start:c.i]
}

// boundary reports whether a word ends here.
func (c *cursor) boundary() bool {
	return c.i == len(c.s) || strings.IndexByte(" \t\r\n\x00;(", c.s[c.i]) >= 0
}

// value reads a token or quoted string (RFC 2045 5.1), or an address with a quoted local part.
func (c *cursor) value() string {
	start := c.i
	var b []byte // when something had to be unquoted
	for !c.boundary() {
		if c.s[c.i] != '"' {
			if b != nil {
				b = append(b, c.s[c.i])
			}
			c.i++
			continue
		}
		if b == nil {
			b = append(make([]byte, 0, 64), c.s[start:c.i]...)
		}
		b = c.quoted(b)
	}
	if b != nil {
		return string(b)
	}
	return c.s[start:c.i]
}

// quoted reads a quoted string with its quoted pairs. One that does not end takes the rest.
func (c *cursor) quoted(b []byte) []byte {
	for c.i++; c.i < len(c.s); c.i++ {
		switch ch := c.s[c.i]; {
		case ch == '"':
			c.i++
			return b
		case ch == '\\' && c.i+1 < len(c.s):
			c.i++
			b = append(b, c.s[c.i])
		case ch != '\r' && ch != '\n':
			b = append(b, ch)
		}
	}
	return b
}

// skip passes over blanks, line ends and comments (RFC 5322 3.2.2: CFWS). A comment that does not end takes the rest.
func (c *cursor) skip() {
	depth := 0
	for ; c.i < len(c.s); c.i++ {
		switch ch := c.s[c.i]; {
		case ch == '(':
			depth++
		case ch == ')' && depth > 0:
			depth--
		case ch == '\\' && depth > 0:
			c.i++
		case depth == 0 && strings.IndexByte(" \t\r\n\x00", ch) < 0:
			return
		}
	}
	c.i = min(c.i, len(c.s))
}

// rest passes over what stands before the next ";", its quotes and comments known.
func (c *cursor) rest() {
	for c.skip(); c.i < len(c.s) && !c.at(';'); c.skip() {
		if at := c.i; c.value() == "" && c.i == at {
			c.i++
		}
	}
}
