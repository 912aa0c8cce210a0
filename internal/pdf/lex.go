package pdf

// tokenKind is what a token is (ISO 32000-1 7.2, 7.3).
type tokenKind uint8

const (
	tokenEnd tokenKind = iota // of the file
	tokenNumber
	tokenString
	tokenName
	tokenWord // true, null, R, obj …
	tokenArray
	tokenArrayEnd
	tokenDict
	tokenDictEnd
)

type token struct {
	kind tokenKind
	at   int64
	n    int64 // of a number, without its fraction
	text string
}

const (
	nameMax   = 512     // ISO 32000-1 annex C: 127 bytes
	stringMax = 1 << 20 // a long script has some hundred KB
)

// lexer reads tokens.
type lexer struct {
	src    *source
	pos    int64
	seen   mark
	nodes  int                 // objects made
	cut    bool                // something was larger or deeper than the limits
	plain  func([]byte) []byte // decrypts strings; nil where they are plain
	locked bool                // strings cannot be read
}

// isSpace: ISO 32000-1 table 1.
func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

// isDelimiter: ISO 32000-1 table 2.
func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func isRegular(c byte) bool { return !isSpace(c) && !isDelimiter(c) }

// skip passes white space and comments (ISO 32000-1 7.2.3).
func (l *lexer) skip() {
	comment := false
	for {
		c, ok := l.src.at(l.pos)
		switch {
		case !ok:
			return
		case comment:
			comment = c != '\n' && c != '\r'
		case c == '%':
			comment = true
		case !isSpace(c):
			return
		}
		l.pos++
	}
}

// next is the next token.
func (l *lexer) next() token {
	l.skip()
	t := token{at: l.pos}
	c, ok := l.src.at(l.pos)
	if !ok {
		return t
	}
	l.pos++
	switch c {
	case '/':
		t.kind, t.text = tokenName, l.name()
		l.seen |= markOf(t.text)
	case '(':
		t.kind, t.text = tokenString, l.literal()
	case '[':
		t.kind = tokenArray
	case ']':
		t.kind = tokenArrayEnd
	case '<':
		if n, _ := l.src.at(l.pos); n == '<' {
			l.pos++
			t.kind = tokenDict
		} else {
			t.kind, t.text = tokenString, l.hex()
		}
	case '>':
		if n, _ := l.src.at(l.pos); n == '>' {
			l.pos++
			t.kind = tokenDictEnd
		} else {
			t.kind = tokenWord
		}
	case ')', '{', '}':
		t.kind = tokenWord
	default:
		l.pos--
		l.regular(&t)
	}
	return t
}

// regular reads a number or a word. A word that stands against a number without a blank is one of its own.
func (l *lexer) regular(t *token) {
	c, _ := l.src.at(l.pos)
	if c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.' {
		t.kind, t.n = tokenNumber, l.number()
		return
	}
	var b []byte
	for {
		c, ok := l.src.at(l.pos)
		if !ok || !isRegular(c) {
			break
		}
		if len(b) < nameMax {
			b = append(b, c)
		}
		l.pos++
	}
	t.kind, t.text = tokenWord, string(b)
}

// numberMax is where a number stays: no place in a file is beyond.
const numberMax = 1 << 53

// number reads a number (ISO 32000-1 7.3.3), with signs where programs take them.
func (l *lexer) number() int64 {
	var n int64
	negative, fraction := false, false
	for {
		c, ok := l.src.at(l.pos)
		switch {
		case !ok:
		case c >= '0' && c <= '9':
			if !fraction && n < numberMax {
				n = n*10 + int64(c-'0')
			}
			l.pos++
			continue
		case c == '-':
			negative = true
			l.pos++
			continue
		case c == '.' || c == '+':
			fraction = fraction || c == '.'
			l.pos++
			continue
		}
		if negative {
			n = -n
		}
		return n
	}
}

// name reads a name (ISO 32000-1 7.3.5).
func (l *lexer) name() string {
	var b []byte
	for {
		c, ok := l.src.at(l.pos)
		if !ok || !isRegular(c) {
			return string(b)
		}
		l.pos++
		if c == '#' {
			hi, _ := l.src.at(l.pos)
			lo, _ := l.src.at(l.pos + 1)
			if h, k := digit(hi), digit(lo); h < 16 && k < 16 {
				c = h<<4 | k
				l.pos += 2
			}
		}
		if len(b) < nameMax {
			b = append(b, c)
		}
	}
}

// digit is the value of a hexadecimal digit, 16 for none.
func digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 16
}

// text is a string's value, decrypted.
func (l *lexer) text(b []byte) string {
	if l.locked {
		return ""
	}
	if l.plain != nil {
		b = l.plain(b)
	}
	return string(b)
}

// keep adds to a string.
func keep(b []byte, c byte) []byte {
	if len(b) < stringMax {
		return append(b, c)
	}
	return b
}

// hex reads a string in hexadecimal digits (ISO 32000-1 7.3.4.3).
func (l *lexer) hex() string {
	var b []byte
	var half byte
	odd := false
	for {
		c, ok := l.src.at(l.pos)
		if !ok {
			break
		}
		l.pos++
		if c == '>' {
			break
		}
		v := digit(c)
		switch {
		case v > 15:
		case odd:
			b, odd = keep(b, half<<4|v), false
		default:
			half, odd = v, true
		}
	}
	if odd {
		b = keep(b, half<<4)
	}
	return l.text(b)
}

// literal reads a string in parentheses (ISO 32000-1 7.3.4.2).
func (l *lexer) literal() string {
	var b []byte
	for depth := 1; ; {
		c, ok := l.src.at(l.pos)
		if !ok {
			return l.text(b)
		}
		l.pos++
		switch c {
		case '\\':
			if c, ok = l.escape(); !ok {
				continue
			}
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return l.text(b)
			}
		}
		b = keep(b, c)
	}
}

// escape reads what follows a backslash. ok is false for one that stands for nothing: the end of a line.
func (l *lexer) escape() (c byte, ok bool) {
	c, ok = l.src.at(l.pos)
	if !ok {
		return 0, false
	}
	l.pos++
	switch c {
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case '\r':
		if n, _ := l.src.at(l.pos); n == '\n' {
			l.pos++
		}
		return 0, false
	case '\n':
		return 0, false
	}
	if c < '0' || c > '7' {
		return c, true
	}
	v := c - '0'
	for range 2 {
		d, ok := l.src.at(l.pos)
		if !ok || d < '0' || d > '7' {
			break
		}
		v = v<<3 | (d - '0')
		l.pos++
	}
	return v, true
}
