package rtf

import "unicode/utf16"

const maxWord = 253 // letters and digits of a control word that Word takes; the rest is text

// control reads what follows a backslash.
func (p *parser) control() {
	c, ok := p.src.next()
	if !ok {
		return
	}
	if !letter(c) {
		p.symbol(c)
		p.fresh = false
		return
	}
	p.fresh = false
	p.word = append(p.word[:0], c)
	for len(p.word) < maxWord && letter(p.src.peek()) {
		c, _ = p.src.next()
		p.word = append(p.word, c)
	}
	n, has := p.param()
	if p.src.peek() == ' ' { // the delimiter
		p.src.pos++
	}
	star := p.star
	p.star = false
	p.apply(string(p.word), n, has, star)
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

const huge = 1 << 40 // a parameter beyond any meaning

// param reads the parameter of a control word: a minus sign only counts before a digit.
func (p *parser) param() (n int64, has bool) {
	neg := false
	if p.src.peek() == '-' {
		p.src.pos++
		if !digit(p.src.peek()) {
			p.minus()
			return 0, false
		}
		neg = true
	}
	for used := len(p.word); used < maxWord && digit(p.src.peek()); used++ {
		c, _ := p.src.next()
		n, has = min(n*10+int64(c-'0'), huge), true
	}
	if neg {
		n = -n
	}
	return n, has
}

// minus gives the minus sign back that was no part of a parameter. The window may have moved on since.
func (p *parser) minus() {
	if p.src.pos > 0 {
		p.src.pos--
		return
	}
	p.src.seek(p.src.offset() - 1)
}

// symbol is a control symbol (RTF 1.9.1, "Special Characters").
func (p *parser) symbol(c byte) {
	switch c {
	case '*':
		p.star = p.fresh // it means something at the beginning of a group only
	case '\'':
		p.escape()
	case '\\', '{', '}':
		p.char(c)
	case '~':
		p.char(' ')
	case '_':
		p.char('-')
	case '\r', '\n':
		p.paragraph()
	}
}

// escape is \'hh. Word takes two characters whatever they are, and in \objdata it forgets a digit that has no partner yet.
func (p *parser) escape() {
	a, _ := p.src.next()
	b, ok := p.src.next()
	if p.cur.dest == destData {
		if p.active != nil {
			p.active.half = false
		}
		return
	}
	hi, lo := hexValues[a], hexValues[b]
	if ok && hi < 16 && lo < 16 {
		p.char(hi<<4 | lo)
	}
}

// apply obeys a control word. An unknown one is ignored, with its group where \* came before it.
func (p *parser) apply(word string, n int64, has, star bool) {
	if d, ok := p.words[word]; ok {
		if word == "object" {
			p.declared = declared{}
		}
		if d == destText && p.cur.dest == destFieldRes {
			d = destFieldRes
		}
		p.setDest(d)
		return
	}
	if word == "bin" {
		p.bin(n)
		return
	}
	if p.cur.dest == destData {
		if star && p.active != nil && !p.active.plain {
			p.active.other = true
			p.setDest(destSkip)
		}
		return
	}
	if !p.character(word, n, has) && !p.property(word, n, has) && star {
		p.setDest(destSkip)
	}
}

// character obeys the control words that are text.
func (p *parser) character(word string, n int64, has bool) bool {
	switch word {
	case "par", "line", "sect", "page", "row", "cell", "nestcell", "nestrow", "column", "softline":
		p.paragraph()
	case "tab", "emspace", "enspace", "qmspace":
		p.char(' ')
	case "lquote", "rquote":
		p.char('\'')
	case "ldblquote", "rdblquote":
		p.char('"')
	case "emdash", "endash":
		p.char('-')
	case "bullet":
		p.char('*')
	case "u":
		p.unicode(n, has)
	default:
		return false
	}
	return true
}

func (p *parser) paragraph() {
	if p.cur.dest == destText || p.cur.dest == destFieldRes {
		p.text.newline()
	}
}

// unicode is \uN: a UTF-16 code unit as a signed number (RTF 1.9.1, "Unicode RTF"), and \ucN characters to be ignored.
func (p *parser) unicode(n int64, has bool) {
	if !has {
		return
	}
	r := rune(uint16(n))
	if n > 0xFFFF && n <= 0x10FFFF { // some writers put the whole code point
		r = rune(n)
	}
	p.skip = int(p.cur.uc)
	if utf16.IsSurrogate(r) {
		r = p.text.surrogate(r)
	}
	if r != 0 {
		p.rune(r)
	}
}

// property obeys the control words that set a state.
func (p *parser) property(word string, n int64, has bool) bool {
	switch word {
	case "uc":
		p.cur.uc = uint8(min(max(n, 0), 255))
	case "ansicpg":
		p.text.document(int(n))
	case "mac":
		p.text.document(10000)
	case "pc":
		p.text.document(437)
	case "pca":
		p.text.document(850)
	case "f", "deff":
		p.font(word, int(n), has)
	case "plain":
		p.cur.page = p.text.page(p.text.deff)
	case "fcharset":
		p.text.define(charsetPage(int(n)))
	case "cpg":
		p.text.define(int(n))
	case "objupdate":
		p.declared.update = true
	case "objautlink", "objlink":
		p.declared.linked = true
	case "objocx":
		p.declared.control = true
	default:
		return word == "objemb" || word == "objhtml"
	}
	return true
}

// font is \fN, in the font table the beginning of a definition, and \deffN.
func (p *parser) font(word string, n int, has bool) {
	switch {
	case !has:
	case word == "deff":
		p.text.deff = n
	case p.cur.dest == destFonts:
		p.text.defining = n
	default:
		p.cur.page = p.text.page(n)
	}
}
