package script

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Language is what a script is written in.
type Language string

// The languages.
const (
	JScript    Language = "JScript" // JavaScript too
	VBScript   Language = "VBScript"
	PowerShell Language = "PowerShell"
	Batch      Language = "batch"
)

// sort is what a token is.
type sort uint8

const (
	end sort = iota
	name
	text   // a string
	number // an integer
	punct
	pattern // a regular expression
	line    // the end of a statement, where a line ends one
)

// token is a piece of a script. Its text is that of the script wherever nothing in it is escaped.
type token struct {
	sort sort
	s    string
	n    int64
}

// lexer splits a script into tokens. Nothing is refused: what is no token is passed over.
type lexer struct {
	src   string
	at    int
	lang  Language
	value bool // the last token ends a value, so that "/" divides
	plain int  // up to there no regular expression ends
	data  int  // bytes of texts and numbers
}

func (l *lexer) next() token {
	from := l.at
	t := l.scan()
	if t.sort == text || t.sort == number {
		l.data += l.at - from
	}
	l.value = t.sort == name && !operatorWord(t.s) || t.sort == text || t.sort == number || t.sort == pattern || t.sort == punct && (t.s == ")" || t.s == "]" || t.s == "}")
	return t
}

// operatorWord reports whether a regular expression may follow a word.
func operatorWord(s string) bool {
	switch s {
	case "return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "else", "do":
		return true
	}
	return false
}

func (l *lexer) scan() token {
	for l.at < len(l.src) {
		c := l.src[l.at]
		switch {
		case c == '\n' || c == ':' && l.lang == VBScript:
			l.at++
			if l.lang != JScript {
				return token{sort: line}
			}
		case c <= ' ':
			l.at++
		case c == '_' && l.lang == VBScript && l.at+1 < len(l.src) && l.src[l.at+1] <= ' ': // MS-VBAL 3.2.2, a line goes on
			l.at += len(l.src[l.at:]) - len(strings.TrimLeft(l.src[l.at+1:], " \t\r\n"))
		case l.comment():
		case c == '"' || c == '\'' || c == '`' && l.lang == JScript:
			return token{sort: text, s: l.quoted(c)}
		case '0' <= c && c <= '9', c == '&' && l.lang == VBScript && l.hexAhead():
			return l.number()
		case nameStart(c):
			return token{sort: name, s: l.word()}
		default:
			if t, ok := l.pattern(); ok {
				return t
			}
			return l.sign()
		}
	}
	return token{}
}

// comment passes over a comment, and reports whether one was there.
func (l *lexer) comment() bool {
	rest := l.src[l.at:]
	to := ""
	switch {
	case l.lang == JScript && strings.HasPrefix(rest, "//"), l.lang == VBScript && rest[0] == '\'', l.lang == PowerShell && rest[0] == '#':
		to = "\n"
	case l.lang == VBScript && len(rest) > 3 && strings.EqualFold(rest[:3], "rem") && rest[3] <= ' ':
		to = "\n"
	case l.lang == JScript && strings.HasPrefix(rest, "/*"):
		to = "*/"
	case l.lang == PowerShell && strings.HasPrefix(rest, "<#"):
		to = "#>"
	default:
		return false
	}
	n := strings.Index(rest[1:], to)
	switch {
	case n < 0:
		l.at = len(l.src)
	case to == "\n":
		l.at += 1 + n
	default:
		l.at += 1 + n + len(to)
	}
	return true
}

// pattern takes a regular expression, which ends on its line (ECMA-262 12.9.5). Where one does not end, the line has no more of them.
func (l *lexer) pattern() (token, bool) {
	if l.lang != JScript || l.value || l.at < l.plain || l.src[l.at] != '/' {
		return token{}, false
	}
	class, i := false, l.at+1
	for ; i < len(l.src) && l.src[i] != '\n'; i++ {
		switch c := l.src[i]; {
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			t := token{sort: pattern, s: l.src[l.at+1 : i]}
			for l.at = i + 1; l.at < len(l.src) && nameStart(l.src[l.at]); { // flags
				l.at++
			}
			return t, true
		}
	}
	l.plain = i
	return token{}, false
}

// quoted takes a string. One that does not end on its line ends with it, except where the language lets it go on.
func (l *lexer) quoted(q byte) string {
	from := l.at + 1
	escape := byte('\\')
	switch l.lang {
	case VBScript:
		escape = 0
	case PowerShell:
		if escape = '`'; q == '\'' {
			escape = 0
		}
	}
	i := from
	plain := true
	for ; i < len(l.src); i++ {
		switch c := l.src[i]; {
		case c == escape && escape != 0:
			plain = false
			i++
		case c == q && l.lang != JScript && i+1 < len(l.src) && l.src[i+1] == q:
			plain = false
			i++
		case c == q, c == '\n' && l.lang != PowerShell && q != '`':
			l.at = min(i+1, len(l.src))
			return l.unquote(l.src[from:i], q, plain)
		}
	}
	l.at = len(l.src)
	return l.unquote(l.src[from:], q, plain)
}

func (l *lexer) unquote(s string, q byte, plain bool) string {
	switch {
	case plain:
		return s
	case l.lang == JScript:
		return unescapeJS(s)
	case l.lang == PowerShell && q == '"':
		s = strings.ReplaceAll(s, "`", "")
	}
	return strings.ReplaceAll(s, string([]byte{q, q}), string(q))
}

// unescapeJS resolves the escapes of a string (ECMA-262 12.9.4).
func unescapeJS(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b = append(b, s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'x':
			i, b = hexEscape(s, i, 2, b)
		case 'u':
			i, b = hexEscape(s, i, 4, b)
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case '0':
			b = append(b, 0)
		case '\r', '\n':
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// hexEscape appends the character of n digits behind s[i].
func hexEscape(s string, i, n int, b []byte) (int, []byte) {
	if i+n >= len(s) {
		return i, append(b, s[i])
	}
	v, err := strconv.ParseUint(s[i+1:i+1+n], 16, 32)
	if err != nil {
		return i, append(b, s[i])
	}
	return i + n, appendChar(b, int64(v))
}

// appendChar appends a character: up to 0xFF as the byte that scripts use strings of bytes for.
func appendChar(b []byte, v int64) []byte {
	if v >= 0 && v < 0x100 {
		return append(b, byte(v))
	}
	return utf8.AppendRune(b, rune(v))
}

func (l *lexer) hexAhead() bool {
	r := l.src[l.at:]
	return len(r) > 2 && (r[1] == 'H' || r[1] == 'h' || r[1] == 'O' || r[1] == 'o') && isHex(r[2])
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

// number takes an integer; of a fraction only the whole part counts.
func (l *lexer) number() token {
	from := l.at
	base := 10
	switch r := l.src[from:]; {
	case r[0] == '&':
		l.at += 2
		if base = 16; r[1]|0x20 == 'o' {
			base = 8
		}
	case len(r) > 2 && r[0] == '0' && r[1]|0x20 == 'x':
		l.at += 2
		base = 16
	}
	digits := l.at
	for l.at < len(l.src) && (isHex(l.src[l.at]) && base == 16 || '0' <= l.src[l.at] && l.src[l.at] <= '9') {
		l.at++
	}
	v, err := strconv.ParseInt(l.src[digits:l.at], base, 64)
	if err != nil {
		v = -1
	}
	for l.at < len(l.src) && (l.src[l.at] == '.' && l.at+1 < len(l.src) && isHex(l.src[l.at+1]) || nameStart(l.src[l.at]) || l.src[l.at] == '&' && base != 10 && l.lang == VBScript) {
		l.at++ // a fraction, an exponent, a suffix
	}
	if l.at == from {
		l.at++
	}
	return token{sort: number, s: l.src[from:l.at], n: v}
}

func nameStart(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == '$' || c >= 0x80
}

// word takes a name. PowerShell's marks inside one say nothing.
func (l *lexer) word() string {
	from := l.at
	for l.at < len(l.src) {
		c := l.src[l.at]
		if !nameStart(c) && (c < '0' || c > '9') && (c != '`' || l.lang != PowerShell) {
			break
		}
		l.at++
	}
	w := l.src[from:l.at]
	if l.lang == PowerShell && strings.IndexByte(w, '`') >= 0 {
		w = strings.ReplaceAll(w, "`", "")
	}
	return w
}

// sign takes a punctuation mark, with the second character that makes another one of it.
func (l *lexer) sign() token {
	n := 1
	if r := l.src[l.at:]; len(r) > 1 && (r[1] == '=' && strings.IndexByte("=!+<>-*/&|^", r[0]) >= 0 || r[0] == '=' && r[1] == '>') {
		n = 2
	}
	t := token{sort: punct, s: l.src[l.at : l.at+n]}
	l.at += n
	return t
}
