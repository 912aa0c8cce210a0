package xmlscan

import "bytes"

// Attr is an attribute. Declarations of name spaces are attributes too.
type Attr struct {
	Prefix, Name []byte
	Value        []byte // references resolved
}

// Attrs are the attributes of the current start tag, in order. Two of one name, which XML 3.1 forbids, are both there.
func (s *Scanner) Attrs() []Attr {
	if s.kind != Start {
		return nil
	}
	s.parse()
	return s.attrs
}

// Attr is the value of the first attribute with this local name, whatever its prefix; nil for none. Of several one in the element's own name space
// goes before one without a prefix, and that before the others, which programs ignore.
func (s *Scanner) Attr(local string) []byte {
	var best *Attr
	same := 0
	for i := range s.Attrs() {
		a := &s.attrs[i]
		if string(a.Name) != local {
			continue
		}
		if same++; same > sameMax {
			s.cut = true
			break
		}
		if best == nil || s.rank(a) > s.rank(best) {
			best = a
		}
	}
	if best == nil {
		return nil
	}
	return best.Value
}

const sameMax = 16 // attributes of one local name that are compared; honest elements have two (id and r:id)

func (s *Scanner) rank(a *Attr) int {
	if len(a.Prefix) == 0 {
		return 1
	}
	if space := s.SpaceOf(a.Prefix); bytes.Equal(a.Prefix, s.prefix) || space != nil && bytes.Equal(space, s.Space()) {
		return 2
	}
	return 0
}

// Plain is the value of the first attribute with this name and no prefix; nil for none.
func (s *Scanner) Plain(name string) []byte { return s.attr(name, false) }

// Prefixed is the value of the first attribute with this local name and any prefix (r:id beside id); nil for none.
func (s *Scanner) Prefixed(local string) []byte { return s.attr(local, true) }

func (s *Scanner) attr(local string, prefixed bool) []byte {
	for i := range s.Attrs() {
		if a := &s.attrs[i]; string(a.Name) == local && (len(a.Prefix) > 0) == prefixed {
			return a.Value
		}
	}
	return nil
}

// parse splits what stands behind the name of a start tag (XML 3.1). A value may lack its quotes, an attribute its value.
func (s *Scanner) parse() {
	if s.parsed {
		return
	}
	s.parsed = true
	s.attrs, s.scratch = s.attrs[:0], s.scratch[:0]
	b := s.rest
	if s.empty {
		b = b[:len(b)-1]
	}
	for {
		if b = bytes.TrimLeft(b, " \t\r\n"); len(b) == 0 {
			return
		}
		if len(s.attrs) == attrsMax {
			s.cut = true
			return
		}
		var a Attr
		if a, b = s.one(b); a.Value == nil {
			a.Value = []byte{}
			s.malformed = true
		}
		s.attrs = append(s.attrs, a)
	}
}

// one takes the attribute at the start of b, which is not empty, and returns what is behind it.
func (s *Scanner) one(b []byte) (Attr, []byte) {
	n, colon := 0, -1
	for n < len(b) && !isSpace(b[n]) && b[n] != '=' {
		if b[n] == ':' && colon < 0 {
			colon = n
		}
		n++
	}
	a := Attr{Name: b[:n]}
	if colon >= 0 {
		a.Prefix, a.Name = b[:colon], b[colon+1:n]
	}
	for n < len(b) && isSpace(b[n]) {
		n++
	}
	if n == len(b) || b[n] != '=' {
		return a, b[n:]
	}
	n++
	for n < len(b) && isSpace(b[n]) {
		n++
	}
	s.malformed = s.malformed || n == len(b) || b[n] != '"' && b[n] != '\''
	raw, rest := value(b[n:])
	a.Value = s.unescape(raw)
	return a, rest
}

// value takes a quoted value, one up to the next blank where there are no quotes.
func value(b []byte) (raw, rest []byte) {
	if len(b) == 0 {
		return nil, nil
	}
	if q := b[0]; q == '"' || q == '\'' {
		if i := bytes.IndexByte(b[1:], q); i >= 0 {
			return b[1 : 1+i], b[i+2:]
		}
		return b[1:], nil
	}
	n := 0
	for n < len(b) && !isSpace(b[n]) {
		n++
	}
	return b[:n], b[n:]
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// spacesMax is far above what Office writes: a document's root declares about 30.
const spacesMax = 256

// spaces are the name space declarations in force (Namespaces in XML 1.0, 3 and 6).
type spaces struct {
	list []binding
	text []byte // of all prefixes and names
}

type binding struct {
	depth            int
	start, mid, next int // prefix and name in text
}

// pop forgets the declarations of elements deeper than depth.
func (n *spaces) pop(depth int) {
	i := len(n.list)
	for i > 0 && n.list[i-1].depth > depth {
		i--
	}
	if i < len(n.list) {
		n.text = n.text[:n.list[i].start]
		n.list = n.list[:i]
	}
}

func (n *spaces) push(depth int, prefix, name []byte) {
	b := binding{depth: depth, start: len(n.text)}
	n.text = append(n.text, prefix...)
	b.mid = len(n.text)
	n.text = append(n.text, name...)
	b.next = len(n.text)
	n.list = append(n.list, b)
}

// declare takes the declarations in the current start tag.
func (s *Scanner) declare() {
	s.parse()
	for i := range s.attrs {
		a := &s.attrs[i]
		var prefix []byte
		switch {
		case bytes.Equal(a.Prefix, xmlns):
			prefix = a.Name
		case len(a.Prefix) > 0 || !bytes.Equal(a.Name, xmlns):
			continue
		}
		if len(s.spaces.list) == spacesMax {
			s.cut = true
			return
		}
		s.spaces.push(s.depth, prefix, a.Value)
	}
}

// Space is the name space of the current tag's name, nil for none.
func (s *Scanner) Space() []byte { return s.SpaceOf(s.prefix) }

// SpaceOf is the name space a prefix stands for at the current tag, nil for none.
func (s *Scanner) SpaceOf(prefix []byte) []byte {
	for i := len(s.spaces.list) - 1; i >= 0; i-- {
		b := s.spaces.list[i]
		if bytes.Equal(s.spaces.text[b.start:b.mid], prefix) {
			return s.spaces.text[b.mid:b.next]
		}
	}
	return nil
}
