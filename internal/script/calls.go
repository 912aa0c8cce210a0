package script

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// call yields what a function of the language makes of its arguments.
func (f *folder) call(fn string, args []value) value {
	if v, ok := f.chars(fn, args); ok {
		return v
	}
	if len(args) == 0 || !args[0].known || args[0].bytes && fn != "uint8array" {
		f.noteAll(args)
		return value{}
	}
	s := args[0].s
	switch fn {
	case "array": // of VBScript
		return array(args)
	case "strreverse":
		return f.made(reversed(s))
	case "atob":
		if b, ok := fromBase64(string(s)); ok {
			return f.made(b)
		}
	case "unescape", "decodeuricomponent", "decodeuri":
		return f.made(unescape(string(s)))
	case "replace":
		if len(args) > 2 && args[1].known && args[2].known && len(args[1].s) > 0 {
			return f.replaced(s, args[1].s, args[2].s)
		}
	case "lcase", "ucase", "trim", "cstr", "string", "clng", "cint":
		return args[0]
	case "uint8array", "parseint", "int":
		return args[0]
	}
	f.noteAll(args)
	return value{}
}

// charsOf yields the characters of numbers.
func (f *folder) charsOf(args []value) value {
	var b []byte
	for _, a := range args {
		switch {
		case a.bytes:
			b = append(b, a.s...)
		case a.num:
			b = appendChar(b, a.n)
		default:
			return value{}
		}
	}
	f.out.chars += len(b)
	return f.made(b)
}

func (f *folder) chars(fn string, args []value) (value, bool) {
	switch fn {
	case "chr", "chrw", "chrb", "chr$", "chrw$", "fromcharcode":
		return f.charsOf(args), len(args) > 0
	}
	return value{}, false
}

// made is a text that folding made.
func (f *folder) made(b []byte) value {
	if !f.spend(len(b)) {
		return value{}
	}
	return value{known: true, s: b}
}

// replaced yields s with all of one text replaced, unless that grows beyond what is left to spend.
func (f *folder) replaced(s, from, to []byte) value {
	if n := bytes.Count(s, from) * (len(to) - len(from)); n > f.budget {
		return value{}
	}
	return f.made(bytes.ReplaceAll(s, from, to))
}

// method reads the name behind a dot, and its arguments.
func (f *folder) method(v value) value {
	m := strings.ToLower(f.tok.s)
	if len(f.out.names) < namesMax || f.out.names[m] > 0 {
		f.out.names[m]++
	}
	f.advance()
	if f.is("=") && f.enter() { // a property is set
		defer func() { f.depth-- }()
		f.advance()
		f.note(f.expr())
		return value{}
	}
	if !f.is("(") || !f.enter() {
		f.note(v)
		return value{}
	}
	f.advance()
	args := f.list(")")
	f.depth--
	if w, ok := f.chars(m, args); ok {
		return w
	}
	if w, ok := f.apply(v, m, args); ok {
		return w
	}
	f.note(v)
	return f.call(m, args)
}

// apply yields what a method makes of a known text or array.
func (f *folder) apply(v value, m string, args []value) (value, bool) {
	first := value{}
	switch {
	case len(args) > 0:
		first = args[0]
	case m == "join": // ECMA-262 23.1.3.18
		first = known(",")
	}
	switch {
	case v.list != nil:
		return f.applyList(v.list, m, first)
	case !v.known || v.bytes || v.num:
		return value{}, false
	}
	switch m {
	case "split":
		if first.known {
			return f.split(v.s, first.s), true
		}
	case "replace", "replaceall":
		if len(args) > 1 && args[0].known && args[1].known && len(args[0].s) > 0 {
			return f.substituted(v, args[0], args[1].s)
		}
	case "concat":
		return f.join(v, first, false), true
	case "substr", "substring", "slice":
		return v.part(m, args), true
	case "charat":
		return v.at(first), true
	case "tostring", "tolowercase", "touppercase", "trim", "valueof":
		return v, true
	}
	return value{}, false
}

// substituted yields a text with a pattern replaced, where the pattern is a plain text or a set of characters.
func (f *folder) substituted(v, what value, to []byte) (value, bool) {
	if !what.re {
		return f.replaced(v.s, what.s, to), true
	}
	plain := unescapeJS(string(what.s))
	if set, ok := strings.CutPrefix(plain, "["); ok && strings.HasSuffix(set, "]") && len(to) == 0 && !strings.ContainsAny(set, "^-") {
		set = strings.TrimSuffix(set, "]")
		return f.made(bytes.Map(func(r rune) rune {
			if strings.ContainsRune(set, r) {
				return -1
			}
			return r
		}, v.s)), true
	}
	if strings.ContainsAny(string(what.s), "[](){}*+?.^$|") && plain == string(what.s) || strings.ContainsAny(plain, "[(*+?") {
		return value{}, false
	}
	return f.replaced(v.s, []byte(plain), to), true
}

const splitMax = 1 << 16 // pieces of a text that are kept

// split yields the pieces of s; a text taken apart into characters stays one piece, for join puts it together again.
func (f *folder) split(s, sep []byte) value {
	if len(sep) == 0 {
		return value{list: []value{{known: true, s: s}}}
	}
	if b, ok := fromNumbers(string(s)); ok {
		return value{known: true, bytes: true, s: b}
	}
	if bytes.Count(s, sep) > splitMax || !f.spend(len(s)) {
		return value{}
	}
	var list []value
	for _, p := range bytes.Split(s, sep) {
		list = append(list, value{known: true, s: p})
	}
	return value{list: list}
}

func (f *folder) applyList(list []value, m string, first value) (value, bool) {
	switch m {
	case "reverse":
		if !f.spend(64 * len(list)) {
			return value{}, false
		}
		list = slices.Clone(list)
		slices.Reverse(list)
		if len(list) == 1 {
			list[0].s = reversed(list[0].s)
		}
		return value{list: list}, true
	case "join":
		var b []byte
		for i, e := range list {
			if !e.known || !f.spend(len(e.s)+len(first.s)) {
				return value{}, false
			}
			if i > 0 {
				b = append(b, first.s...)
			}
			b = append(b, e.s...)
		}
		return value{known: true, s: b}, true
	}
	return value{}, false
}

// index yields one element.
func (f *folder) index(v value, at []value) value {
	if len(at) != 1 {
		return value{}
	}
	switch i := at[0]; {
	case i.num && v.list != nil && i.n >= 0 && i.n < int64(len(v.list)):
		return v.list[i.n]
	case i.num && v.known && !v.bytes:
		return v.at(i)
	case i.known && !i.num: // a property by its name
		f.note(i)
	}
	return value{}
}

// at is one character.
func (v value) at(i value) value {
	if !i.num || i.n < 0 || i.n >= int64(len(v.s)) {
		return value{}
	}
	return value{known: true, s: v.s[i.n : i.n+1]}
}

// part is a piece of a text.
func (v value) part(m string, args []value) value {
	n := int64(len(v.s))
	from, to := int64(0), n
	if len(args) > 0 && args[0].num {
		from = min(max(args[0].n, 0), n)
	}
	if len(args) > 1 && args[1].num {
		if to = args[1].n; m == "substr" {
			to += from
		}
		to = min(max(to, from), n)
	}
	return value{known: true, s: v.s[from:to]}
}

func reversed(s []byte) []byte {
	s = slices.Clone(s)
	slices.Reverse(s)
	return s
}

// unescape resolves %XX and %uXXXX (ECMA-262 B.2.1.2).
func unescape(s string) []byte {
	if !strings.Contains(s, "%u") {
		if u, err := url.PathUnescape(s); err == nil {
			return []byte(u)
		}
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		n, from := 2, i+1
		if strings.HasPrefix(s[i:], "%u") {
			n, from = 4, i+2
		}
		if s[i] == '%' && from+n <= len(s) {
			if v, err := strconv.ParseUint(s[from:from+n], 16, 32); err == nil {
				b = appendChar(b, int64(v))
				i = from + n - 1
				continue
			}
		}
		b = append(b, s[i])
	}
	return b
}

// fromBase64 decodes base64 of either alphabet (RFC 4648 4, 5), with or without padding and line breaks.
func fromBase64(s string) ([]byte, bool) {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '\r', '\n', ' ', '\t', '=':
			return -1
		case '-':
			return '+'
		case '_':
			return '/'
		}
		return r
	}, s)
	b, err := base64.RawStdEncoding.DecodeString(s)
	return b, err == nil && len(b) > 0
}

// fromHex decodes pairs of digits, which "%", "\x", "0x" or blanks may part.
func fromHex(s string) ([]byte, bool) {
	s = strings.NewReplacer("%", "", `\x`, "", "0x", "", ",", "", " ", "", "-", "", ":", "", "\n", "", "\r", "").Replace(s)
	b, err := hex.DecodeString(s)
	return b, err == nil && len(b) > 0
}
