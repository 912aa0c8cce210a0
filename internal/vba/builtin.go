package vba

import (
	"encoding/base64"
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
	"chr": chr, "chrw": chr, "chrb": chr,
	"asc": asc, "ascw": asc, "ascb": asc,
	"mid": mid, "midb": mid, "left": left, "right": right,
	"len": length, "lenb": length,
	"replace": replace, "split": split, "join": joined, "filter": keep,
	"strreverse": reverse, "strconv": strconvert,
	"ucase":  mapped(strings.ToUpper),
	"lcase":  mapped(strings.ToLower),
	"trim":   mapped(func(s string) string { return strings.Trim(s, " ") }),
	"ltrim":  mapped(func(s string) string { return strings.TrimLeft(s, " ") }),
	"rtrim":  mapped(func(s string) string { return strings.TrimRight(s, " ") }),
	"space":  func(r *run, a []value) value { return repeated(r, arg(a, 0), str(" ")) },
	"string": func(r *run, a []value) value { return repeated(r, arg(a, 0), arg(a, 1)) },
	"array":  func(r *run, a []value) value { return value{k: array, a: &elements{v: unlit(a)}} },
	"cstr":   same, "cvar": same, "format": formatted, "str": same,
	"val": val, "hex": hexText, "oct": octText,
	"cint": rounded, "clng": rounded, "cbyte": rounded, "clngptr": rounded, "clnglng": rounded,
	"int": math1(math.Floor), "fix": math1(math.Trunc), "abs": math1(math.Abs), "sqr": math1(math.Sqrt), "sgn": math1(sign),
	"cdbl": math1(identity), "csng": math1(identity), "ccur": math1(identity), "cdec": math1(identity), "round": math1(math.RoundToEven),
	"instr": instr, "instrrev": instrRev,
	"ubound": ubound, "lbound": lbound,
	"environ": environ, "curdir": constant("%CD%"),
	"iif": iif, "choose": choose,
	"isempty": constantOf(unknown), "isarray": constantOf(unknown),
}

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

func (r *run) made(s string) value {
	if !r.fold(len(s)) {
		return str(hole)
	}
	return str(s)
}

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

func asc(_ *run, a []value) value {
	if s := arg(a, 0); s.known() && s.string() != "" {
		c, _ := utf8.DecodeRuneInString(s.string())
		return num(float64(c))
	}
	return value{}
}

// characters is text taken apart, kept because loops ask for one character after the other.
type characters struct {
	s     string
	runes []rune // nil for ASCII
}

// runes are the characters of a text that is not ASCII, nil for one that is.
func (r *run) runes(s string) []rune {
	if len(s) < 64 {
		if isASCII(s) {
			return nil
		}
		return []rune(s)
	}
	for _, c := range r.chars {
		if len(c.s) == len(s) && c.s == s { // quick where it is the same text
			return c.runes
		}
	}
	c := characters{s: s}
	if !r.read(len(s)) {
		return nil
	}
	if !isASCII(s) && r.fold(4*len(s)) {
		c.runes = []rune(s)
	}
	r.chars[0], r.chars[1] = r.chars[1], c
	return c.runes
}

// whole says whether a value has no hole.
func (r *run) whole(v value) bool {
	return v.known() && (r.runes(v.s) == nil || !strings.Contains(v.s, hole) && r.read(len(v.s)))
}

// slice is n characters of s from the i-th on, counted from 0.
func (r *run) slice(s string, i, n int) string {
	if i < 0 || n <= 0 || i >= len(s) {
		return ""
	}
	runes := r.runes(s)
	if runes == nil {
		return s[i:min(len(s), i+min(n, len(s)))]
	}
	i = min(i, len(runes))
	return string(runes[i:min(len(runes), i+min(n, len(runes)))])
}

// count is the number of characters.
func (r *run) count(s string) int {
	if runes := r.runes(s); runes != nil {
		return len(runes)
	}
	return len(s)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

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

func left(r *run, a []value) value {
	n, ok := arg(a, 1).integer()
	if !known(a, 2) || !ok {
		return value{}
	}
	return r.made(r.slice(a[0].string(), 0, n))
}

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

func length(r *run, a []value) value {
	v := arg(a, 0)
	if v.k == array || !v.known() || len(a) == 0 || !r.whole(v) {
		return value{}
	}
	return num(float64(r.count(v.string())))
}

func replace(r *run, a []value) value {
	if !known(a, 3) {
		return value{}
	}
	s, from, to := a[0].string(), a[1].string(), a[2].string()
	if from == "" || !r.fold(len(s)) {
		return a[0]
	}
	n := strings.Count(s, from)
	if !r.fold(n * len(to)) {
		return str(hole)
	}
	if n == 0 && len(a) > 5 { // vbTextCompare
		return str(replaceFold(s, from, to))
	}
	return str(strings.ReplaceAll(s, from, to))
}

func replaceFold(s, from, to string) string {
	low, key := strings.ToLower(s), strings.ToLower(from)
	if len(low) != len(s) {
		return s
	}
	var out strings.Builder
	for {
		i := strings.Index(low, key)
		if i < 0 || key == "" {
			out.WriteString(s)
			return out.String()
		}
		out.WriteString(s[:i])
		out.WriteString(to)
		s, low = s[i+len(key):], low[i+len(key):]
	}
}

func split(r *run, a []value) value {
	if !known(a, 1) {
		return value{}
	}
	sep := " "
	if len(a) > 1 {
		if !a[1].known() {
			return value{}
		}
		sep = a[1].string()
	}
	s := a[0].string()
	n := strings.Count(s, sep)
	if sep == "" || n >= elementsMax || !r.fold(n*16+len(s)) {
		return value{}
	}
	list := &elements{}
	for part := range strings.SplitSeq(s, sep) {
		list.v = append(list.v, str(part))
	}
	return value{k: array, a: list}
}

func joined(r *run, a []value) value {
	if !known(a, 1) || a[0].k != array {
		return value{}
	}
	sep := " "
	if len(a) > 1 {
		sep = a[1].string()
	}
	out := str("")
	for i, v := range a[0].a.v {
		if i > 0 {
			out = r.join(out, str(sep))
		}
		out = r.join(out, v)
	}
	return out
}

// keep is Filter (MS-VBAL 6.1.2.11.1.9).
func keep(_ *run, a []value) value {
	if !known(a, 2) || a[0].k != array {
		return value{}
	}
	include := true
	if len(a) > 2 {
		n, _ := a[2].number()
		include = n != 0
	}
	out := &elements{}
	for _, v := range a[0].a.v {
		if strings.Contains(v.string(), a[1].string()) == include {
			out.v = append(out.v, v)
		}
	}
	return value{k: array, a: out}
}

func reverse(r *run, a []value) value {
	if !known(a, 1) {
		return value{}
	}
	runes := []rune(a[0].string())
	slices.Reverse(runes)
	return r.made(string(runes))
}

func strconvert(r *run, a []value) value {
	n, ok := arg(a, 1).integer()
	if !known(a, 1) || !ok {
		return value{}
	}
	switch v := a[0]; n {
	case 1:
		return r.made(strings.ToUpper(v.string()))
	case 2:
		return r.made(strings.ToLower(v.string()))
	case 128: // vbFromUnicode: bytes
		s := v.string()
		if !r.fold(8 * len(s)) {
			return value{}
		}
		out := &elements{}
		for _, c := range s {
			out.v = append(out.v, num(float64(c)))
		}
		return value{k: array, a: out}
	default: // vbUnicode and the like
		return r.made(v.string())
	}
}

func mapped(f func(string) string) builtin {
	return func(r *run, a []value) value {
		if !known(a, 1) {
			return value{}
		}
		return r.made(f(a[0].string()))
	}
}

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

func same(r *run, a []value) value {
	if !known(a, 1) {
		return value{}
	}
	return str(a[0].string())
}

// formatted is Format without a format.
func formatted(r *run, a []value) value {
	if len(a) == 1 {
		return same(r, a)
	}
	return value{}
}

// val reads the number that text begins with (MS-VBAL 6.1.2.4.1.14).
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

func hexText(r *run, a []value) value {
	if n, ok := arg(a, 0).integer(); ok {
		return r.made(strings.ToUpper(strconv.FormatUint(uint64(uint32(n)), 16)))
	}
	return value{}
}

func octText(r *run, a []value) value {
	if n, ok := arg(a, 0).integer(); ok {
		return r.made(strconv.FormatUint(uint64(uint32(n)), 8))
	}
	return value{}
}

func rounded(_ *run, a []value) value {
	if n, ok := arg(a, 0).integer(); ok && len(a) > 0 {
		return num(float64(n))
	}
	return value{}
}

func math1(f func(float64) float64) builtin {
	return func(_ *run, a []value) value {
		if n, ok := arg(a, 0).number(); ok && len(a) > 0 {
			return num(f(n))
		}
		return value{}
	}
}

func identity(n float64) float64 { return n }

func sign(n float64) float64 {
	switch {
	case n > 0:
		return 1
	case n < 0:
		return -1
	}
	return 0
}

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

func instrRev(r *run, a []value) value {
	if len(a) != 2 || !r.whole(a[0]) || !r.whole(a[1]) || !r.read(len(a[0].s)) {
		return value{}
	}
	s := a[0].string()
	i := strings.LastIndex(s, a[1].string())
	if i < 0 {
		return num(0)
	}
	return num(float64(utf8.RuneCountInString(s[:i]) + 1))
}

func ubound(_ *run, a []value) value {
	if v := arg(a, 0); v.k == array {
		return num(float64(v.a.base + len(v.a.v) - 1))
	}
	return value{}
}

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

func constant(s string) builtin { return func(*run, []value) value { return str(s) } }

func constantOf(k kind) builtin { return func(*run, []value) value { return value{k: k} } }

func iif(_ *run, a []value) value {
	if n, ok := arg(a, 0).number(); ok && len(a) > 2 {
		if n != 0 {
			return a[1]
		}
		return a[2]
	}
	return value{}
}

func choose(_ *run, a []value) value {
	if n, ok := arg(a, 0).integer(); ok && n >= 1 && n < len(a) {
		return a[n]
	}
	return value{}
}

func base64Bytes(s string) ([]byte, bool) {
	s = strings.Map(func(c rune) rune {
		if c == '\n' || c == '\r' || c == ' ' || c == '\t' || c == '=' {
			return -1
		}
		return c
	}, s)
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil && len(b) > 0
}

func hexBytes(s string) ([]byte, bool) {
	if len(s)%2 != 0 || s == "" {
		return nil, false
	}
	out := make([]byte, len(s)/2)
	for i := range out {
		h, l := hexDigit(s[2*i]), hexDigit(s[2*i+1])
		if h < 0 || l < 0 {
			return nil, false
		}
		out[i] = byte(h<<4 | l)
	}
	return out, true
}
