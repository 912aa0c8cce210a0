package message

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// param is one parameter of Content-Type or Content-Disposition, RFC 2231 continuations joined.
type param struct {
	name     string   // lower case, without RFC 2231's asterisks
	values   []string // undecoded readings, the likeliest first: programs disagree on broken quoting
	charset  string   // of an extended value (RFC 2231 4)
	extended bool
}

// maxParams bounds the parameters of one field: RFC 2231 cuts a name of 255 characters into some dozens.
const maxParams = 500

// problem words say what is wrong with a field, for findings.
const (
	problemQuote     = "unterminated quoted string"
	problemSeparator = "missing or doubled separator"
	problemDuplicate = "duplicate parameter"
	problemBare      = "parameter without a value"
)

// parseParams reads the raw field "value; name=value; …" (RFC 2045 5.1, RFC 2183) as leniently as mail programs do together.
func parseParams(raw string) (value string, ps []param, problems []string) {
	s := unfoldWith(raw, '\n') // a line without indent may be a parameter, or junk that must not become part of one
	p := paramParser{s: s, sjis: mayHideBackslash(s)}
	value = p.value()
	for len(p.raw) < maxParams && p.next() {
	}
	ps = joinContinuations(p.raw, &p)
	return value, ps, p.problems
}

// paramParser is a cursor over one unfolded field.
type paramParser struct {
	s        string
	i        int
	sjis     bool // raw Shift_JIS may be inside: a backslash after a lead byte belongs to a character
	open     bool // no escape sequence back to ASCII is left
	raw      []param
	problems []string
}

func (p *paramParser) problem(what string) {
	for _, have := range p.problems {
		if have == what {
			return
		}
	}
	p.problems = append(p.problems, what)
}

// value reads what stands before the parameters; "" when the field begins with a parameter.
func (p *paramParser) value() string {
	p.blanks()
	start := p.i
	if n := strings.IndexFunc(p.s[start:], notToken); n != 0 { // the ordinary "type/subtype;"
		if n < 0 {
			n = len(p.s) - start
		}
		if end := start + n; end == len(p.s) || p.s[end] == ';' {
			p.i = end
			return p.s[start:end]
		}
	}
	var b strings.Builder
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case c == ';' || c == ',':
			return b.String()
		case c == '=': // no value at all: this is a parameter's name
			p.i = start
			return ""
		case c == '(':
			p.comment()
		case isBlank(c):
			p.space()
			if p.i < len(p.s) && p.s[p.i] != '/' && !strings.HasSuffix(b.String(), "/") && b.Len() > 0 {
				return b.String()
			}
		case c == '"' || c == '\'':
			p.i++
		default:
			b.WriteByte(c)
			p.i++
		}
	}
	return b.String()
}

// notToken tells what may not be in the tokens of a value nor between them (RFC 2045 5.1).
func notToken(c rune) bool {
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '/' || c == '-' || c == '+' || c == '.')
}

func (p *paramParser) blanks() {
	for p.i < len(p.s) && isBlank(p.s[p.i]) {
		p.i++
	}
}

// space skips blanks and comments.
func (p *paramParser) space() {
	for p.blanks(); p.i < len(p.s) && p.s[p.i] == '('; p.blanks() {
		p.comment()
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

// maxComment bounds a comment, so that many open ones stay linear. What is longer is read as parameters, so it hides nothing.
const maxComment = 256

// comment skips a comment (RFC 5322 3.2.2), nested ones by counting; an unclosed "(" is skipped alone.
func (p *paramParser) comment() {
	depth := 0
	for i := p.i; i < min(len(p.s), p.i+maxComment); i++ {
		switch p.s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				p.i = i + 1
				return
			}
		}
	}
	p.i++
}

// next reads one parameter. It reports false at the end.
func (p *paramParser) next() bool {
	separators := 0
	for p.i < len(p.s) {
		switch p.s[p.i] {
		case ' ', '\t', '"':
			p.i++
		case '\n': // as good as a ";"
			separators = max(separators, 1)
			p.i++
		case ';', ',':
			separators++
			p.i++
		case '(':
			p.comment()
		default:
			if separators != 1 {
				p.problem(problemSeparator)
			}
			p.parameter()
			return true
		}
	}
	return false
}

func (p *paramParser) parameter() {
	start := p.i
	for p.i < len(p.s) && strings.IndexByte("=; \t\n\"", p.s[p.i]) < 0 {
		p.i++
	}
	name := strings.ToLower(p.s[start:p.i])
	p.space()
	if p.i >= len(p.s) || p.s[p.i] != '=' {
		p.problem(problemBare)
		return
	}
	p.i++
	p.blanks()
	var values []string
	if p.i < len(p.s) && p.s[p.i] == '"' {
		values = p.quoted()
	} else {
		values = p.unquoted()
	}
	p.raw = append(p.raw, param{name: name, values: values})
}

// unquoted reads to the ";", or to what looks like the next parameter when the ";" is missing. Programs differ on blanks and comments.
func (p *paramParser) unquoted() []string {
	start := p.i
	for p.i < len(p.s) && p.s[p.i] != ';' && p.s[p.i] != '\n' {
		if isBlank(p.s[p.i]) && startsParam(p.s[p.i:]) {
			break
		}
		p.i = p.skip(p.i)
	}
	whole := strings.Trim(p.s[start:p.i], " \t")
	values := []string{whole}
	if i := strings.IndexByte(whole, ')'); i > 0 && whole[0] == '(' { // a comment before it, unless it is "(株)"
		values = append(values, strings.TrimLeft(whole[i+1:], " \t"))
	}
	if i := strings.IndexByte(whole, '('); i > 0 && strings.HasSuffix(whole, ")") { // a comment, unless it is a name like "a (1)"
		values = append(values, strings.TrimRight(whole[:i], " \t"))
	}
	if i := strings.IndexAny(whole, " \t"); i > 0 {
		values = append(values, whole[:i])
	}
	return values
}

// skip returns the index after the character at i: an escape sequence of ISO-2022-JP with the text it opens, a Shift_JIS pair, or a byte.
func (p *paramParser) skip(i int) int {
	switch c := p.s[i]; {
	case c == 0x1b && i+1 < len(p.s) && p.s[i+1] == '$' && !p.open:
		if end := strings.Index(p.s[i:], "\x1b("); end >= 0 {
			return min(i+end+3, len(p.s))
		}
		p.open = true
	case p.sjis && sjisLead(c) && i+1 < len(p.s) && p.s[i+1] >= 0x40:
		return i + 2
	}
	return i + 1
}

// quoted reads a quoted string (RFC 5322 3.2.4). Where the closing quote is missing, or is followed by more than a separator, there is a second reading.
func (p *paramParser) quoted() []string {
	start := p.i + 1
	end := p.closing(start)
	if end < 0 {
		p.problem(problemQuote)
		return p.unterminated(start)
	}
	raw := strings.ReplaceAll(p.s[start:end], "\n", " ")
	values := []string{unquote(p, raw)}
	if raw != values[0] && strings.IndexByte(raw, '"') < 0 { // "C:\new\a.doc": the backslashes may be meant
		values = append(values, raw)
	}
	p.i = end + 1
	rest := strings.TrimLeft(p.s[p.i:], " \t")
	if rest == "" || rest[0] == '\n' || rest[0] == ';' || rest[0] == ',' || rest[0] == '(' || startsParam(" "+rest) {
		return values
	}
	p.problem(problemQuote) // a quote inside: up to the last quote before a separator
	stop := p.i
	for stop < len(p.s) && p.s[stop] != ';' && p.s[stop] != '\n' {
		stop++
	}
	if last := strings.LastIndexByte(p.s[p.i:stop], '"'); last >= 0 {
		values = append([]string{p.s[start : p.i+last]}, values...)
	} else {
		values = append(values, strings.Trim(strings.ReplaceAll(p.s[start:stop], `"`, ""), " \t"))
	}
	p.i = stop
	return values
}

// closing finds the quote that ends a quoted string; -1 when there is none.
func (p *paramParser) closing(i int) int {
	for i < len(p.s) {
		switch p.s[i] {
		case '"':
			return i
		case '\\':
			i++
		}
		if i < len(p.s) {
			i = p.skip(i)
		}
	}
	return -1
}

func (p *paramParser) unterminated(start int) []string {
	whole := strings.Trim(p.s[start:], " \t")
	p.i = len(p.s)
	for i := start; i < len(p.s); i++ {
		if p.s[i] == ';' || p.s[i] == '\n' {
			cut := strings.Trim(p.s[start:i], " \t")
			if startsParam(" " + strings.TrimLeft(p.s[i+1:], " \t")) {
				p.i = i
				return []string{cut, whole}
			}
			return []string{whole, cut}
		}
	}
	return []string{whole}
}

// startsParam reports whether s is blank, name, "=": the next parameter after a missing semicolon.
func startsParam(s string) bool {
	s = strings.TrimLeft(s, " \t")
	n := 0
	for n < len(s) && n < 40 && (s[n] >= 'a' && s[n] <= 'z' || s[n] >= 'A' && s[n] <= 'Z' || s[n] == '-' || s[n] == '*' || n > 0 && s[n] >= '0' && s[n] <= '9') {
		n++
	}
	return n > 0 && n < len(s) && s[n] == '='
}

// unquote removes the backslashes of quoted pairs.
func unquote(p *paramParser, s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	q := paramParser{s: s, sjis: p.sjis}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		next := q.skip(i)
		b = append(b, s[i:next]...)
		i = next
	}
	return string(b)
}

// mayHideBackslash reports whether s holds 8-bit bytes that are not UTF-8: then 0x5C may be the second byte of a Shift_JIS character.
func mayHideBackslash(s string) bool { return !utf8.ValidString(s) }

func sjisLead(c byte) bool { return c >= 0x81 && c <= 0x9f || c >= 0xe0 && c <= 0xfc }

// joinContinuations joins "name*0*=…; name*1=…" (RFC 2231 3) and decodes extended values (4) to bytes of their charset.
func joinContinuations(raw []param, p *paramParser) []param {
	if simpleParams(raw) {
		return raw
	}
	var out []param
	sections := map[string][]section{}
	var order []string
	for _, r := range raw {
		name, number, extended, ok := splitName(r.name)
		if !ok {
			out = appendParam(out, param{name: name, values: r.values}, p)
			continue
		}
		if sections[name] == nil {
			order = append(order, name)
		}
		sections[name] = append(sections[name], section{number, extended, r.values[0]})
	}
	for _, name := range order {
		out = append(out, joinSections(name, sections[name]))
	}
	return out
}

// simpleParams reports whether each of a few parameters is there once, as a whole.
func simpleParams(ps []param) bool {
	if len(ps) > 4 {
		return false
	}
	for i := range ps {
		if strings.IndexByte(ps[i].name, '*') >= 0 || slices.ContainsFunc(ps[:i], func(q param) bool { return q.name == ps[i].name }) {
			return false
		}
	}
	return true
}

// appendParam keeps every reading of a parameter given twice, the first one first.
func appendParam(out []param, add param, p *paramParser) []param {
	for i := range out {
		if out[i].name == add.name {
			p.problem(problemDuplicate)
			out[i].values = append(out[i].values, add.values...)
			return out
		}
	}
	return append(out, add)
}

// section is one piece of a continued value.
type section struct {
	number   int
	extended bool
	value    string
}

// splitName takes "name*2*" apart. ok is false for a plain name.
func splitName(s string) (name string, number int, extended, ok bool) {
	star := strings.IndexByte(s, '*')
	if star < 0 {
		return s, 0, false, false
	}
	name, rest := s[:star], s[star+1:]
	if rest == "" {
		return name, 0, true, true
	}
	rest, extended = strings.CutSuffix(rest, "*")
	number, err := strconv.Atoi(rest)
	if err != nil || number < 0 {
		return name, 0, extended, true
	}
	return name, number, extended, true
}

func joinSections(name string, ss []section) param {
	sort.SliceStable(ss, func(i, j int) bool { return ss[i].number < ss[j].number })
	out := param{name: name, extended: true}
	var b strings.Builder
	for i, s := range ss {
		v := s.value
		if i == 0 && s.extended { // charset'language'value
			if first, rest, ok := strings.Cut(v, "'"); ok {
				if _, text, ok := strings.Cut(rest, "'"); ok {
					out.charset, v = first, text
				}
			}
		}
		if s.extended {
			v = unescapePercent(v)
		}
		b.WriteString(v)
	}
	out.values = []string{b.String()}
	return out
}

// unescapePercent decodes %XX; what is no escape stays.
func unescapePercent(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

// texts decodes the parameter's readings for people: extended values by their charset, others as encoded-words or raw 8-bit.
func (p *param) texts() []string {
	var out []string
	for _, v := range p.values {
		if p.extended && p.charset != "" {
			v = decodeCharset([]byte(v), p.charset)
		} else {
			v = decodeText(v)
		}
		out = append(out, cleanName(v))
	}
	return out
}

// cleanName drops what no mail program shows of a file name: NUL, line ends, tabs and outer blanks.
func cleanName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case 0, '\r', '\n':
			return -1
		case '\t':
			return ' '
		}
		return r
	}, s)
	return strings.Trim(s, " ")
}
