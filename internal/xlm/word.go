package xlm

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// word reads what begins with a name: a function, a reference, a name, a sheet before one of these, or a DDE link.
func (p *parser) word() *node {
	from := p.i
	if p.s[p.i] == '[' { // [Book]Sheet!A1, [1]!name
		end := strings.IndexByte(p.s[p.i:], ']')
		if end < 0 {
			return p.fail()
		}
		p.i += end + 1
	}
	p.i += wordEnd(p.s[p.i:])
	w := p.s[from:p.i]
	switch {
	case p.peek() == '!':
		return p.behindSheet(w)
	case p.peek() == '|':
		return p.dde(w)
	case p.sheets():
		return p.behindSheet(w)
	case w == "":
		return p.fail()
	case w[0] == '[':
		p.bad = true
	}
	return p.named(w, "")
}

// sheets skips the second name of Sheet1:Sheet3!A1.
func (p *parser) sheets() bool {
	if p.peek() != ':' {
		return false
	}
	n := wordEnd(p.s[p.i+1:])
	if at := p.i + 1 + n; n > 0 && at < len(p.s) && p.s[at] == '!' {
		p.i = at
		return true
	}
	return false
}

// behindSheet reads what stands behind a sheet's name: "!" and a reference, a name, or an error. A quoted name may be a DDE server's instead.
func (p *parser) behindSheet(sheet string) *node {
	if p.peek() == '|' {
		return p.dde(sheet)
	}
	if !p.take('!') {
		return p.fail()
	}
	if p.peek() == '#' {
		return p.errorName()
	}
	if sheet == "" {
		sheet = activeSheet
	}
	from := p.i
	p.i += wordEnd(p.s[p.i:])
	if p.i == from {
		return p.fail()
	}
	return p.named(p.s[from:p.i], sheet)
}

// activeSheet stands for the sheet in "!A1".
const activeSheet = "!"

// dde reads server|topic!item (MS-XLS 2.5.198.104 as Excel shows it).
func (p *parser) dde(server string) *node {
	from := p.i - len(server)
	p.i++
	topic := p.ddePart()
	if p.peek() != '!' {
		return p.fail()
	}
	p.i++
	item := p.ddePart()
	return &node{op: opDDE, text: server + "|" + topic + "!" + item, src: p.s[max(0, from):p.i]}
}

// ddePart is a topic or an item, in quotes or as a word.
func (p *parser) ddePart() string {
	if p.peek() == '\'' {
		return p.quoted('\'')
	}
	from := p.i
	p.i += wordEnd(p.s[p.i:])
	return p.s[from:p.i]
}

// named says what a word is by what follows it and by its shape.
func (p *parser) named(w, sheet string) *node {
	p.blankBeforeParenthesis()
	a, isArea := p.reference(w)
	if p.peek() == '(' && (!isArea || known(functionName(w))) {
		return &node{op: opCall, text: functionName(w), sheet: sheet, args: p.arguments()}
	}
	switch {
	case isArea:
		return &node{op: opArea, area: a, sheet: sheet, text: w}
	case sheet == "" && strings.EqualFold(w, "TRUE"):
		return &node{op: opBool, num: 1}
	case sheet == "" && strings.EqualFold(w, "FALSE"):
		return &node{op: opBool}
	}
	return &node{op: opName, text: w, sheet: sheet}
}

// blankBeforeParenthesis skips blanks where an argument list follows.
func (p *parser) blankBeforeParenthesis() {
	mark := p.i
	if p.space(); p.peek() != '(' {
		p.i = mark
	}
}

// reference reads A1, $A$1, A:A … and, where the text is in it, R1C1 notation. A name of that shape in A1 text (R1C1) can be nothing else.
func (p *parser) reference(w string) (area, bool) {
	if p.base.r1c1 {
		if a, n, ok := parseR1C1(p.s[p.i-len(w):], p.base); ok && n >= len(w) {
			p.i += n - len(w)
			return a, true
		}
	}
	if a, ok := parseA1(w); ok {
		return a, true
	}
	if p.peek() == ':' { // A:A, $1:$3
		if a, n, ok := wholeColumns(p.s[p.i-len(w):]); ok {
			p.i += n - len(w)
			return a, true
		}
	}
	if a, n, ok := parseR1C1(w, base{}); ok && n == len(w) && strings.ContainsAny(w, "0123456789") && len(w) >= len("R1C1") {
		return a, true
	}
	return area{}, false
}

// functionName is a function's name as our lists have it: upper case, without the prefixes that new functions have in files
// (MS-XLSX 2.2.2, ECMA-376-1 18.17.2.5) and without the "?" of commands that show their dialog.
func functionName(w string) string {
	w = strings.ToUpper(w)
	for {
		cut := false
		for _, prefix := range [...]string{"_XLFN.", "_XLWS.", "_XLUDF.", "_XLL.", "_XLNM.", "_XLETA."} {
			if strings.HasPrefix(w, prefix) && len(w) > len(prefix) {
				w, cut = w[len(prefix):], true
			}
		}
		if !cut {
			return strings.TrimSuffix(w, "?")
		}
	}
}

// isWordStart says whether a name, reference or function may begin so (ECMA-376-1 18.17.2.5).
func isWordStart(s string) bool {
	c := s[0]
	if c < utf8.RuneSelf {
		return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '\\'
	}
	return true
}

// wordEnd is where the word at the start of s ends.
func wordEnd(s string) int {
	for i, r := range s {
		switch {
		case r < utf8.RuneSelf:
			c := byte(r)
			if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("_.\\?$", c) >= 0) {
				return i
			}
		case unicode.IsSpace(r):
			return i
		}
	}
	return len(s)
}
