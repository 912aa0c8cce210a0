package vba

// Functions of the language (MS-VBAL 6.1.2), as far as text is put together with them. Each yields unknown for arguments it cannot compute with; a wrong
// result would hide text, an unknown one does not.

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// builtin is a function of the language (MS-VBAL 6.1.2). It yields unknown for arguments it cannot compute with.
type builtin func(r *run, args []value) value

// builtins are the functions that put text together or take it apart, and those that turn it into numbers and back.
var builtins = map[string]builtin{
	"chr": chr, "chrw": chr, "chrb": chr, // MS-VBAL 6.1.2.11.1.4, 6.1.2.11.1.6
	"asc": asc, "ascw": asc, "ascb": asc, // MS-VBAL 6.1.2.11.1.1
	"mid": mid, "midb": midBytes, "left": left, "right": right, // MS-VBAL 6.1.2.11.1.25, 6.1.2.11.1.19, 6.1.2.11.1.30
	"len": length, "lenb": lengthBytes, // MS-VBAL 6.1.2.11.1.22
	"replace": replace, "split": split, "join": joined, "filter": keep, // MS-VBAL 6.1.2.11.1.29, 6.1.2.11.1.35, 6.1.2.11.1.16, 6.1.2.11.1.7
	"strreverse": reverse, "strconv": strconvert, // MS-VBAL 6.1.2.11.1.40, 6.1.2.11.1.37
	"ucase":  mapped(strings.ToUpper),                                                    // MS-VBAL 6.1.2.11.1.41
	"lcase":  mapped(strings.ToLower),                                                    // MS-VBAL 6.1.2.11.1.17
	"trim":   mapped(func(s string) string { return strings.Trim(s, " ") }),              // MS-VBAL 6.1.2.11.1.23
	"ltrim":  mapped(func(s string) string { return strings.TrimLeft(s, " ") }),          // MS-VBAL 6.1.2.11.1.23
	"rtrim":  mapped(func(s string) string { return strings.TrimRight(s, " ") }),         // MS-VBAL 6.1.2.11.1.23
	"space":  func(r *run, a []value) value { return repeated(r, arg(a, 0), str(" ")) },  // MS-VBAL 6.1.2.11.1.33
	"string": func(r *run, a []value) value { return repeated(r, arg(a, 0), arg(a, 1)) }, // MS-VBAL 6.1.2.11.1.38
	"array":  listed,
	"cstr":   same, "cvar": same, "format": formatted, "str": signed, // MS-VBAL 6.1.2.3.1.12, 6.1.2.3.1.13, 6.1.2.11.1.8, 6.1.2.3.1.20
	"val": val, "hex": hexText, "oct": octText, // MS-VBAL 6.1.2.3.1.21, 6.1.2.3.1.17, 6.1.2.3.1.19
	"cint": rounded, "clng": rounded, "cbyte": rounded, "clngptr": rounded, "clnglng": rounded, // MS-VBAL 6.1.2.3.1.7 to 6.1.2.3.1.10
	"int": math1(math.Floor), "fix": math1(math.Trunc), "abs": math1(math.Abs), "sqr": math1(math.Sqrt), "sgn": math1(sign), // MS-VBAL 6.1.2.3.1.18, 6.1.2.3.1.16, 6.1.2.10.1
	"cdbl": math1(identity), "csng": math1(identity), "ccur": math1(identity), "cdec": math1(identity), "round": round, // MS-VBAL 6.1.2.3.1.5 and the like
	"instr": instr, "instrrev": instrRev, // MS-VBAL 6.1.2.11.1.14, 6.1.2.11.1.15
	"ubound": ubound, "lbound": lbound,
	"environ": environ, "curdir": constant("%CD%"), // MS-VBAL 6.1.2.8.1.6, 6.1.2.5.1.1
	"iif": iif, "choose": choose, "switch": switched, // MS-VBAL 6.1.2.8.1.11, 6.1.2.8.1.2, 6.1.2.8.1.16
	"isempty": constantOf(unknown), "isarray": constantOf(unknown), // MS-VBAL 6.1.2.7.1.4, 6.1.2.7.1.2: what is not known is neither
}

// listed is Array; it begins where the module's Option Base says (MS-VBAL 6.1.2.10.1.1).
func listed(r *run, a []value) value {
	e := &elements{v: unlit(a)}
	if r.m.base1 {
		e.base = 1
	}
	return value{k: array, a: e}
}

// through are those that go through their arguments from end to end; the others look at a part, or keep what they found.
var through = map[string]bool{
	"replace": true, "split": true, "join": true, "filter": true, "strreverse": true, "strconv": true, "ucase": true, "lcase": true,
	"trim": true, "ltrim": true, "rtrim": true, "cstr": true, "array": true, "instr": true, "instrrev": true, "environ": true,
}

// bounds are those that do not go through an array; the others make text of it.
var bounds = map[string]bool{"ubound": true, "lbound": true}

// arg is the i-th argument, empty where there is none (MS-VBAL 5.6.13.1: an omitted one).
func arg(a []value, i int) value {
	if i < len(a) {
		return a[i]
	}
	return value{k: empty}
}

// unlit copies elements; what is read of an array is not literal where it stands.
func unlit(a []value) []value {
	out := slices.Clone(a)
	for i := range out {
		out[i].ref = 0
	}
	return out
}

// known says whether the first n arguments are known.
func known(a []value, n int) bool {
	if len(a) < n {
		return false
	}
	for _, v := range a[:n] {
		if !v.known() {
			return false
		}
	}
	return true
}

// made is text that a function makes. Once the budget is used up it is a hole: not known, and so never harmless.
func (r *run) made(s string) value {
	if !r.fold(len(s)) {
		return str(hole)
	}
	return str(s)
}

// chr is Chr, ChrW and ChrB (MS-VBAL 6.1.2.11.1.4, 6.1.2.11.1.6). The code page does not matter: what hides behind codes is ASCII.
func chr(r *run, a []value) value {
	n, ok := arg(a, 0).integer()
	if !ok || len(a) == 0 {
		return value{}
	}
	if n < 0 { // MS-VBAL 6.1.2.11.1.6
		n += 65536
	}
	if n < 0 || n > utf8.MaxRune {
		return value{}
	}
	return r.made(string(rune(n)))
}

// asc is Asc, AscW and AscB: the code of the first character (MS-VBAL 6.1.2.11.1.1).
func asc(_ *run, a []value) value {
	if s := arg(a, 0); s.known() && s.string() != "" {
		c, _ := utf8.DecodeRuneInString(s.string())
		return num(float64(c))
	}
	return value{}
}

// mid is Mid (MS-VBAL 6.1.2.11.1.25); without a length it goes to the end.
func mid(r *run, a []value) value {
	i, ok := arg(a, 1).integer()
	if !known(a, 2) || !ok {
		return value{}
	}
	n := math.MaxInt32
	if len(a) > 2 {
		if n, ok = a[2].integer(); !ok {
			return value{}
		}
	}
	return r.made(r.slice(a[0].string(), i-1, n))
}

// left is Left (MS-VBAL 6.1.2.11.1.19).
func left(r *run, a []value) value {
	n, ok := arg(a, 1).integer()
	if !known(a, 2) || !ok {
		return value{}
	}
	return r.made(r.slice(a[0].string(), 0, n))
}

// right is Right (MS-VBAL 6.1.2.11.1.30).
func right(r *run, a []value) value {
	n, ok := arg(a, 1).integer()
	if !known(a, 2) || !ok {
		return value{}
	}
	s := a[0].string()
	all := r.count(s)
	n = min(n, all)
	return r.made(r.slice(s, all-n, n))
}

// length is Len (MS-VBAL 6.1.2.11.1.22). Text with a hole has no length: it would be that of the hole.
func length(r *run, a []value) value {
	v := arg(a, 0)
	if v.k == array || !v.known() || len(a) == 0 || !r.whole(v) {
		return value{}
	}
	return num(float64(r.count(v.string())))
}

// lengthBytes is LenB: text has two bytes a character (MS-VBAL 6.1.2.11.1.22).
func lengthBytes(r *run, a []value) value {
	v := length(r, a)
	if v.k == number && a[0].k == text {
		v.n *= 2
	}
	return v
}

// midBytes is MidB (MS-VBAL 6.1.2.11.1.26), of whole characters only: half a character is no text.
func midBytes(r *run, a []value) value {
	if len(a) < 2 {
		return value{}
	}
	from, ok := a[1].integer()
	if !ok || from%2 == 0 {
		return value{}
	}
	b := []value{a[0], num(float64(from/2 + 1))}
	if len(a) > 2 {
		n, ok := a[2].integer()
		if !ok || n%2 != 0 {
			return value{}
		}
		b = append(b, num(float64(n/2)))
	}
	return mid(r, b)
}

// mapped makes a function of one text out of one of Go.
func mapped(f func(string) string) builtin {
	return func(r *run, a []value) value {
		if !known(a, 1) {
			return value{}
		}
		return r.made(f(a[0].string()))
	}
}

// repeated is Space and String (MS-VBAL 6.1.2.11.1.33, 6.1.2.11.1.38): the first character of the unit, or the one of its code, count times. The
// count is taken from the budget before anything is made.
func repeated(r *run, count, unit value) value {
	n, ok := count.integer()
	if !ok || !unit.known() || n < 0 || !r.fold(n) {
		return value{}
	}
	s := unit.string()
	if unit.k == number {
		s = string(rune(int(unit.n) & 0xFF))
	}
	if s == "" {
		return str("")
	}
	_, size := utf8.DecodeRuneInString(s)
	return str(strings.Repeat(s[:size], n))
}

// same is what only changes a type (MS-VBAL 6.1.2.3.1.12, 6.1.2.3.1.13).
func same(r *run, a []value) value {
	if !known(a, 1) {
		return value{}
	}
	return str(a[0].string())
}

// signed is Str: a number that is not negative has a blank for its sign (MS-VBAL 6.1.2.3.1.20).
func signed(_ *run, a []value) value {
	n, ok := arg(a, 0).number()
	switch {
	case !ok || len(a) == 0:
		return value{}
	case n < 0:
		return str(num(n).string())
	}
	return str(" " + num(n).string())
}

// formatted is Format without a format.
func formatted(r *run, a []value) value {
	if len(a) == 1 {
		return same(r, a)
	}
	return value{}
}

// val reads the number that text begins with (MS-VBAL 6.1.2.3.1.21).
func val(_ *run, a []value) value {
	if !known(a, 1) {
		return value{}
	}
	s := strings.ReplaceAll(a[0].string()[:min(64, len(a[0].string()))], " ", "")
	if n, ok := parseNumber(s); ok {
		return num(n)
	}
	i := 0
	for i < len(s) && (isDigit(s[i]) || s[i] == '.' || i == 0 && s[i] == '-') {
		i++
	}
	n, err := strconv.ParseFloat(s[:i], 64)
	if err != nil {
		return num(0)
	}
	return num(n)
}

// hexText is Hex (MS-VBAL 6.1.2.3.1.17), of a Long.
func hexText(r *run, a []value) value {
	if n, ok := arg(a, 0).integer(); ok {
		return r.made(strings.ToUpper(strconv.FormatUint(uint64(uint32(n)), 16)))
	}
	return value{}
}

// octText is Oct (MS-VBAL 6.1.2.3.1.19), of a Long.
func octText(r *run, a []value) value {
	if n, ok := arg(a, 0).integer(); ok {
		return r.made(strconv.FormatUint(uint64(uint32(n)), 8))
	}
	return value{}
}

// rounded is what makes a whole number, half to even (MS-VBAL 5.5.1.2.1.1). That it fits its type is taken for granted.
func rounded(_ *run, a []value) value {
	if n, ok := arg(a, 0).integer(); ok && len(a) > 0 {
		return num(float64(n))
	}
	return value{}
}

// math1 makes a function of one number out of one of Go.
func math1(f func(float64) float64) builtin {
	return func(_ *run, a []value) value {
		if n, ok := arg(a, 0).number(); ok && len(a) > 0 {
			return num(f(n))
		}
		return value{}
	}
}

// identity is what makes a number of a text and leaves a number as it is (MS-VBAL 6.1.2.3.1.5).
func identity(n float64) float64 { return n }

// round is Round: to even, and to some digits (MS-VBAL 6.1.2.10.1.7).
func round(_ *run, a []value) value {
	n, ok := arg(a, 0).number()
	digits, ok2 := arg(a, 1).integer()
	if !ok || !ok2 || len(a) == 0 || digits < 0 || digits > roundMax {
		return value{}
	}
	scale := math.Pow10(digits)
	return num(math.RoundToEven(n*scale) / scale)
}

// roundMax is how many digits Round takes at most; a Double has no more.
const roundMax = 15

// sign is Sgn (MS-VBAL 6.1.2.10.1.8).
func sign(n float64) float64 {
	switch {
	case n > 0:
		return 1
	case n < 0:
		return -1
	}
	return 0
}

// instr is InStr (MS-VBAL 6.1.2.11.1.14): InStr(text, find), or with the place to begin at in front and a comparison behind. What is looked through
// counts as read, so a loop that searches a long text for each of its characters ends with the budget.
func instr(r *run, a []value) value {
	start := 1
	if len(a) > 2 || len(a) > 0 && a[0].k == number {
		n, ok := a[0].integer()
		if !ok || n < 1 {
			return value{}
		}
		start, a = n, a[1:]
	}
	if len(a) < 2 || !r.whole(a[0]) || !r.whole(a[1]) {
		return value{}
	}
	s, t := a[0].string(), a[1].string()
	from := max(0, len(s)-len(r.slice(s, start-1, math.MaxInt32)))
	if r.left <= 0 {
		return value{}
	}
	i := strings.Index(s[from:], t)
	if n, ok := arg(a, 2).integer(); ok && n == 1 {
		i = strings.Index(strings.ToLower(s[from:]), strings.ToLower(t))
	}
	if i < 0 {
		r.read(len(s) - from)
		return num(0)
	}
	if !r.read(i) {
		return value{}
	}
	return num(float64(start + utf8.RuneCountInString(s[from:from+i])))
}

// instrRev is InStrRev (MS-VBAL 6.1.2.11.1.15): InStrRev(text, find, start, compare). The place is counted from the left; -1 is the end.
func instrRev(r *run, a []value) value {
	if len(a) < 2 || !r.whole(a[0]) || !r.whole(a[1]) || !r.read(len(a[0].s)) {
		return value{}
	}
	s, t := a[0].string(), a[1].string()
	if start, ok := arg(a, 2).integer(); ok && start > 0 {
		if start > r.count(s) {
			return num(0)
		}
		s = r.slice(s, 0, start)
	} else if !ok {
		return value{}
	}
	if textual(arg(a, 3)) {
		s, t = strings.ToLower(s), strings.ToLower(t)
	}
	i := strings.LastIndex(s, t)
	if i < 0 {
		return num(0)
	}
	return num(float64(utf8.RuneCountInString(s[:i]) + 1))
}

// ubound is UBound of the first dimension: an array has no others here.
func ubound(_ *run, a []value) value {
	if v := arg(a, 0); v.k == array {
		return num(float64(v.a.base + len(v.a.v) - 1))
	}
	return value{}
}

// lbound is LBound of the first dimension.
func lbound(_ *run, a []value) value {
	if v := arg(a, 0); v.k == array {
		return num(float64(v.a.base))
	}
	return value{}
}

// environ is a variable of the environment by its name, as commands write it.
func environ(r *run, a []value) value {
	if !known(a, 1) || a[0].k != text {
		return value{}
	}
	name := a[0].string()
	r.evidence("name", "%"+strings.ToUpper(name)+"%")
	return r.made("%" + strings.ToUpper(name) + "%")
}

// constant is a function that always yields the same text.
func constant(s string) builtin { return func(*run, []value) value { return str(s) } }

// constantOf is a function that always yields a value of a kind.
func constantOf(k kind) builtin { return func(*run, []value) value { return value{k: k} } }

// iif is IIf (MS-VBAL 6.1.2.8.1.11). Both values were evaluated before, as the language does.
func iif(_ *run, a []value) value {
	if n, ok := arg(a, 0).number(); ok && len(a) > 2 {
		if n != 0 {
			return a[1]
		}
		return a[2]
	}
	return value{}
}

// choose is Choose, which counts from 1 (MS-VBAL 6.1.2.8.1.2).
func choose(_ *run, a []value) value {
	if n, ok := arg(a, 0).integer(); ok && n >= 1 && n < len(a) {
		return a[n]
	}
	return value{}
}

// switched is Switch: the value behind the first condition that is true (MS-VBAL 6.1.2.8.1.16).
func switched(_ *run, a []value) value {
	for i := 0; i+1 < len(a); i += 2 {
		n, ok := a[i].number()
		if !ok {
			return value{}
		}
		if n != 0 {
			return a[i+1]
		}
	}
	return value{}
}
