package message

import (
	"slices"
	"strings"

	"github.com/emersion/go-message/mail"
)

// Address is a mailbox of an address field.
type Address struct{ Name, Addr string } // decoded display name; addr-spec as written

// maxAddresses bounds one header's mailboxes: above the largest mailing by hand, below what costs time.
const maxAddresses = 5000

// maxParsed bounds the field names whose mailboxes a header remembers: there are ten that hold addresses (RFC 5322 3.6).
const maxParsed = 16

// parsed are the mailboxes of the fields of one name.
type parsed struct {
	name string
	list []Address
}

// Addresses returns the mailboxes of every field of that name, groups flattened; what cannot be parsed strictly is read leniently. Each name is
// parsed once; the caller changes neither the list nor, from then on, Fields.
func (h *Header) Addresses(name string) []Address {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.parsed {
		if sameName(h.parsed[i].name, name) {
			return h.parsed[i].list
		}
	}
	list := h.addresses(name)
	if len(h.parsed) < maxParsed {
		h.parsed = append(h.parsed, parsed{name, list})
	}
	return list
}

func (h *Header) addresses(name string) []Address {
	var out []Address
	for i := range h.Fields {
		if len(out) >= maxAddresses {
			break
		}
		if sameName(h.Fields[i].Name, name) {
			out = append(out, parseAddresses(unfold(h.Fields[i].Raw))...)
		}
	}
	return slices.Clip(out[:min(len(out), maxAddresses)])
}

// parseAddresses reads an address list. The strict parser (RFC 5322 3.4) goes first where the value is plain; encoded-words and raw 8-bit
// go the lenient way, because it decodes them afterwards, by our own charsets.
func parseAddresses(v string) []Address {
	if a, ok := simpleMailbox(v); ok {
		return []Address{a}
	}
	if plain(v) && len(v) < strictMax {
		if list, err := mail.ParseAddressList(v); err == nil {
			out := make([]Address, len(list))
			for i, a := range list {
				out[i] = Address{Name: a.Name, Addr: a.Address}
			}
			return out
		}
	}
	p := addressParser{s: v, q: paramParser{s: v, sjis: mayHideBackslash(v)}}
	return p.list()
}

// strictMax is how long a field the strict parser gets: it is meant for people's mail, not for 256 KiB of hostile input.
const strictMax = 16 << 10

// simpleMailbox reads the mailbox that nearly every From is: words or one quoted string without anything to unquote, and a dot-atom address in
// angle brackets, or the address alone. The strict parser reads it the same way, with thirty times the work.
func simpleMailbox(v string) (a Address, ok bool) {
	rest := v
	if strings.HasSuffix(v, ">") {
		open := strings.IndexByte(v, '<')
		if open < 0 {
			return a, false
		}
		if a.Name, ok = simpleName(strings.Trim(v[:open], " ")); !ok {
			return a, false
		}
		rest = v[open+1 : len(v)-1]
	}
	local, domain, ok := strings.Cut(rest, "@")
	a.Addr = rest
	return a, ok && simpleAtoms(local) && simpleAtoms(domain)
}

func simpleName(s string) (name string, ok bool) {
	if len(s) > 2 && s[0] == '"' {
		name = s[1 : len(s)-1]
		return name, s[len(s)-1] == '"' && simpleChars(name, " .,;:@()[]'&/!-_+")
	}
	return s, simpleChars(s, " ") && !strings.Contains(s, "  ")
}

// simpleAtoms is dot-atom-text (RFC 5322 3.2.3) of letters, digits and "-_+".
func simpleAtoms(s string) bool {
	return s != "" && s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..") && simpleChars(s, ".-_+")
}

// simpleChars reports whether s is of letters, digits and others.
func simpleChars(s, others string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	return true
}

// addressParser reads leniently: a mailbox is what stands between commas (or semicolons, as Outlook writes), its address what is in the
// last angle brackets, or else the word with an "@".
type addressParser struct {
	s   string
	q   paramParser // its skip and closing know the multi-byte charsets
	out []Address
}

func (p *addressParser) list() []Address {
	start := 0
	for i := 0; i < len(p.s) && len(p.out) < maxAddresses; {
		switch c := p.s[i]; {
		case c == '"':
			if end := p.q.closing(i + 1); end > 0 {
				i = end
			}
			i++
		case c == '<':
			i += p.angle(i)
		case c == '=':
			i += p.word(i)
		case c == '(':
			p.q.i = i
			p.q.comment()
			i = p.q.i
		case c == ',' || c == ';':
			p.mailbox(p.s[start:i])
			i++
			start = i
		case c == ':' && !strings.ContainsAny(p.s[start:i], "<@"): // a group's name ends (RFC 5322 3.4)
			i++
			start = i
		default:
			i = p.q.skip(i)
		}
	}
	if start < len(p.s) {
		p.mailbox(p.s[start:])
	}
	return p.out
}

// angle is the size of what is in angle brackets at i, commas of a route included; 1 when they do not close before the next ones open.
func (p *addressParser) angle(i int) int {
	if end := strings.IndexAny(p.s[i+1:min(len(p.s), i+maxName)], "<>"); end >= 0 && p.s[i+1+end] == '>' {
		return end + 2
	}
	return 1
}

// word is the size of the encoded-word at i, which may hold commas although RFC 2047 5 forbids them; 1 when there is none.
func (p *addressParser) word(i int) int {
	if strings.HasPrefix(p.s[i:], "=?") {
		if _, size, ok := parseWord(p.s[i:]); ok && strings.HasSuffix(p.s[i:i+size], "?=") {
			return size
		}
	}
	return 1
}

func (p *addressParser) mailbox(s string) {
	s = strings.Trim(s, " \t")
	if s == "" {
		return
	}
	if open := strings.LastIndexByte(s, '<'); open >= 0 {
		addr, _, _ := strings.Cut(s[open+1:], ">")
		if i := strings.LastIndexByte(addr, ':'); i >= 0 && strings.HasPrefix(addr, "@") { // obs-route (RFC 5322 4.4)
			addr = addr[i+1:]
		}
		p.out = append(p.out, Address{Name: displayName(s[:open]), Addr: strings.Trim(addr, " \t")})
		return
	}
	bare, comment := s, ""
	if i := strings.IndexByte(s, '('); i >= 0 { // "a@b (Name)", the old way
		bare, comment = strings.Trim(s[:i], " \t"), strings.TrimRight(s[i+1:], ") \t")
	}
	for _, w := range strings.Fields(bare) {
		if strings.IndexByte(w, '@') > 0 {
			name := strings.Trim(strings.Replace(bare, w, "", 1), " \t")
			if name == "" {
				name = comment
			}
			p.out = append(p.out, Address{Name: displayName(name), Addr: w})
			return
		}
	}
	p.out = append(p.out, Address{Name: displayName(s)})
}

// displayName decodes a name and takes its quotes off.
func displayName(s string) string {
	s = strings.Trim(s, " \t")
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		q := paramParser{s: s, sjis: mayHideBackslash(s)}
		s = unquote(&q, s[1:len(s)-1])
	}
	return strings.Trim(decodeText(s), " \t")
}
