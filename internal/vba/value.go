package vba

// Values (MS-VBAL 2.1). There are as many kinds as folding needs: a number is a Double whatever its type, a Boolean a number, a date not known.

import (
	"math"
	"strconv"
	"strings"
)

// kind is what a value is.
type kind uint8

const (
	unknown kind = iota
	empty        // a Variant that nothing was assigned to; "" and 0
	number       // any type of number, Boolean and Date too
	text         // String
	array        // of one dimension
	object       // with what code assigned to it
)

// value is what an expression yields, as far as the source tells.
type value struct {
	k   kind
	n   float64
	s   string           // may have holes
	b   *strings.Builder // whose content s is, so that text that grows at its end is not copied each time
	a   *elements
	o   *thing
	ref sym  // the variable it was read from
	lit bool // text as it stands in the source
	arg bool // unknown because nobody called the procedure with an argument
}

// hole stands in text for what the source does not tell: cells, dates, input.
const hole = "…"

// elements are an array's; both sides of an assignment share them, which folding can bear.
type elements struct {
	v    []value // in order
	base int     // of the first element (MS-VBAL 5.2.1.2)
}

// thing is an object.
type thing struct {
	class string // ProgID in lower case, "" for any other
	props map[sym]value
}

// num is a number.
func num(n float64) value { return value{k: number, n: n} }

// str is text that the source does not show as it is.
func str(s string) value { return value{k: text, s: s} }

// flag is a Boolean: True is -1 (MS-VBAL 5.5.1.2.2).
func flag(b bool) value {
	if b {
		return num(-1)
	}
	return num(0)
}

// known says whether the value can be computed with.
func (v value) known() bool { return v.k != unknown && v.k != object }

// string is the value as text (MS-VBAL 5.5.1.2.4), a hole where there is none.
func (v value) string() string {
	switch v.k {
	case text: // as it is
		return v.s
	case number:
		if v.n == math.Trunc(v.n) && math.Abs(v.n) < 1e15 {
			return strconv.FormatInt(int64(v.n), 10)
		}
		return strconv.FormatFloat(v.n, 'G', 15, 64)
	case empty:
		return ""
	case array:
		if s, ok := v.a.bytes(); ok {
			return s
		}
	}
	return hole
}

// bytes is an array of character codes as text.
func (a *elements) bytes() (string, bool) {
	out := make([]byte, 0, len(a.v))
	for i := range a.v {
		n, ok := a.v[i].number()
		if !ok || n < 0 || n > 255 {
			return "", false
		}
		out = append(out, byte(n))
	}
	return latin(out), len(out) > 0
}

// latin is text of bytes, as the code page of Western Europe has them; UTF-16 in them is read as such.
func latin(b []byte) string {
	if len(b) >= 4 && len(b)%2 == 0 && wide(b) {
		out := make([]byte, len(b)/2)
		for i := range out {
			out[i] = b[2*i]
		}
		b = out
	}
	var s strings.Builder
	s.Grow(len(b))
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

// wide says whether every second byte is 0 and no other one.
func wide(b []byte) bool {
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 || b[i+1] != 0 {
			return false
		}
	}
	return true
}

// number is the value as a number (MS-VBAL 5.5.1.2.1).
func (v value) number() (float64, bool) {
	switch v.k {
	case number:
		return v.n, true
	case empty:
		return 0, true
	case text:
		return parseNumber(v.s)
	}
	return 0, false
}

// parseNumber reads text as a number, as Let-coercion does (MS-VBAL 5.5.1.2.1): decimal, or hexadecimal and octal behind an ampersand. Words that
// only Go takes for numbers (Inf, NaN, 1_000) are none.
func parseNumber(s string) (float64, bool) {
	if len(s) > numberMax {
		return 0, false
	}
	s = strings.TrimSpace(s)
	if len(s) > 1 && s[0] == '&' {
		return parseRadix(s[1:])
	}
	if len(s) > 32 || s == "" {
		return 0, false
	}
	if strings.Trim(s, "0123456789.eE+-") != "" || strings.ContainsAny(s[len(s)-1:], "eE+-") || isLetter(s[0]) { // not what only Go reads: 1_000, 0x1p4
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

// numberMax bounds a number as text, with blanks around it: going to the end of a long text for each number would cost too much.
const numberMax = 256

// parseRadix is a hexadecimal or octal number behind its ampersand (MS-VBAL 3.3.2): what fits 16 bits is an Integer and so may be negative, what
// fits 32 a Long, unless its suffix asks for more.
func parseRadix(s string) (float64, bool) {
	base := 8
	switch lower(s[0]) {
	case 'h':
		base, s = 16, s[1:]
	case 'o':
		s = s[1:]
	}
	digits := strings.TrimRight(s, "&%^")
	n, err := strconv.ParseUint(digits, base, 64)
	switch long := strings.HasSuffix(s, "&"); {
	case strings.HasSuffix(s, "^") || n > math.MaxUint32:
		return float64(int64(n)), err == nil
	case long || n > math.MaxUint16:
		return float64(int32(n)), err == nil
	}
	return float64(int16(n)), err == nil
}

// integer is the value rounded as CLng does, within bounds that fit an int everywhere.
func (v value) integer() (int, bool) {
	n, ok := v.number()
	if !ok || math.IsNaN(n) || math.Abs(n) > 1<<53 {
		return 0, false
	}
	return int(math.RoundToEven(n)), true
}

// join is the text of both (MS-VBAL 5.6.9.4). A hole behind a hole says no more.
func (r *run) join(a, b value) value {
	if a.k == unknown && b.k == unknown {
		return value{arg: a.arg && b.arg}
	}
	if a.k == empty || a.k == text && a.s == "" {
		return str(b.string())
	}
	if (a.k == array || b.k == array) && !r.afford(a, b) {
		return str(hole)
	}
	t := b.string()
	// Otherwise a loop over what is not known would make text of holes.
	if t == hole && a.k == text && strings.HasSuffix(a.s, hole) {
		return a
	}
	// Text that grew elsewhere meanwhile is copied once; from then on appending costs what is appended.
	if a.b == nil || a.b.Len() != len(a.s) {
		s := a.string()
		a = value{k: text, b: new(strings.Builder)}
		if !r.fold(len(s)) {
			return str(hole)
		}
		a.b.WriteString(s)
	}
	if !r.fold(len(t)) {
		return str(hole)
	}
	a.b.WriteString(t)
	return value{k: text, s: a.b.String(), b: a.b}
}

// index is the element of an array.
func (a *elements) index(i int) (value, bool) {
	if i -= a.base; i < 0 || i >= len(a.v) {
		return value{}, false
	}
	return a.v[i], true
}

// elementsMax bounds an array: code that decodes a program from numbers has some ten thousand of them.
const elementsMax = 1 << 16

// put assigns an element; the array grows as far as it must.
func (r *run) put(a *elements, i int, v value) {
	i -= a.base
	if i < 0 || i >= elementsMax {
		return
	}
	if grow := i + 1 - len(a.v); grow > 0 {
		if !r.fold(grow * 8) {
			return
		}
		a.v = append(a.v, make([]value, grow)...)
	}
	a.v[i] = v
}
