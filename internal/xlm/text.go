package xlm

import (
	"math"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// builtin is a function that only computes. Its arguments are scalars and known, unless wide says that it takes arrays.
type builtin struct {
	least, most int
	f           func([]value) value
	wide        bool
}

// textFunctions are those of ECMA-376-1 18.17.7 that work on texts.
var textFunctions = map[string]builtin{
	"CHAR":        {1, 1, char, false},
	"CODE":        {1, 1, code, false},
	"UNICHAR":     {1, 1, unichar, false},
	"UNICODE":     {1, 1, func(a []value) value { return codeOf(a, func(r rune) int { return int(r) }) }, false},
	"MID":         {3, 3, mid, false},
	"MIDB":        {3, 3, mid, false},
	"LEFT":        {1, 2, left, false},
	"LEFTB":       {1, 2, left, false},
	"RIGHT":       {1, 2, right, false},
	"RIGHTB":      {1, 2, right, false},
	"LEN":         {1, 1, func(a []value) value { return num(float64(length(textOf(a[0])))) }, false},
	"LENB":        {1, 1, func(a []value) value { return num(float64(length(textOf(a[0])))) }, false},
	"UPPER":       {1, 1, func(a []value) value { return str(strings.ToUpper(textOf(a[0]))) }, false},
	"LOWER":       {1, 1, func(a []value) value { return str(strings.ToLower(textOf(a[0]))) }, false},
	"PROPER":      {1, 1, func(a []value) value { return str(proper(textOf(a[0]))) }, false},
	"TRIM":        {1, 1, func(a []value) value { return str(strings.Join(strings.FieldsFunc(textOf(a[0]), isBlank), " ")) }, false},
	"CLEAN":       {1, 1, func(a []value) value { return str(strings.Map(printable, textOf(a[0]))) }, false},
	"EXACT":       {2, 2, func(a []value) value { return truth(textOf(a[0]) == textOf(a[1])) }, false},
	"REPT":        {2, 2, rept, false},
	"SUBSTITUTE":  {3, 4, substitute, false},
	"REPLACE":     {4, 4, replace, false},
	"REPLACEB":    {4, 4, replace, false},
	"FIND":        {2, 3, func(a []value) value { return find(a, func(s string) string { return s }) }, false},
	"FINDB":       {2, 3, func(a []value) value { return find(a, func(s string) string { return s }) }, false},
	"SEARCH":      {2, 3, func(a []value) value { return find(a, strings.ToLower) }, false},
	"SEARCHB":     {2, 3, func(a []value) value { return find(a, strings.ToLower) }, false},
	"VALUE":       {1, 1, toNumber, false},
	"NUMBERVALUE": {1, 3, toNumber, false},
	"TEXT":        {2, 2, func(a []value) value { return str(formatted(a[0], textOf(a[1]))) }, false},
	"FIXED":       {1, 3, fixed, false},
	"CONCATENATE": {0, 255, join, true},
	"CONCAT":      {0, 255, func(a []value) value { return join(flat(a)) }, true},
	"TEXTJOIN":    {3, 255, textJoin, true},
}

// textOf is a value as a text; what is not known is empty.
func textOf(v value) string { s, _ := v.text(); return s }

// isBlank is what TRIM takes for one.
func isBlank(r rune) bool { return r == ' ' }

// printable drops what CLEAN drops.
func printable(r rune) rune {
	if r < ' ' {
		return -1
	}
	return r
}

// ascii says whether characters are bytes.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// length counts as Excel does, in UTF-16 units.
func length(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// cut is n characters from position from on, which counts from 0.
func cut(s string, from, n int) string {
	if ascii(s) {
		from = min(from, len(s))
		return s[from : from+min(n, len(s)-from)]
	}
	u := utf16.Encode([]rune(s))
	from = min(from, len(u))
	return string(utf16.Decode(u[from : from+min(n, len(u)-from)]))
}

// char is a character of the Windows code page; Western Europe's is assumed.
func char(a []value) value {
	n, ok := a[0].int()
	if !ok || n < 1 || n > 255 {
		return errValue
	}
	return str(string(charmap.Windows1252.DecodeByte(byte(n))))
}

// code is CODE(text): the first character in the Windows code page.
func code(a []value) value {
	return codeOf(a, func(r rune) int {
		if b, ok := charmap.Windows1252.EncodeRune(r); ok {
			return int(b)
		}
		return '?'
	})
}

// codeOf is a number for the first character of a text.
func codeOf(a []value, f func(rune) int) value {
	s := textOf(a[0])
	if s == "" {
		return errValue
	}
	r, _ := utf8.DecodeRuneInString(s)
	return num(float64(f(r)))
}

// unichar is UNICHAR(number).
func unichar(a []value) value {
	n, ok := a[0].int()
	if !ok || n < 1 || n > utf8.MaxRune || n >= 0xD800 && n < 0xE000 {
		return errValue
	}
	return str(string(rune(n)))
}

// mid is MID(text, from, length); from counts from 1.
func mid(a []value) value {
	from, ok1 := a[1].int()
	n, ok2 := a[2].int()
	if !ok1 || !ok2 || from < 1 || n < 0 {
		return errValue
	}
	return str(cut(textOf(a[0]), from-1, n))
}

// count is the optional number of characters of LEFT and RIGHT.
func count(a []value) (int, bool) {
	if len(a) < 2 {
		return 1, true
	}
	n, ok := a[1].int()
	return n, ok && n >= 0
}

// left is LEFT(text, length).
func left(a []value) value {
	n, ok := count(a)
	if !ok {
		return errValue
	}
	return str(cut(textOf(a[0]), 0, n))
}

// right is RIGHT(text, length).
func right(a []value) value {
	n, ok := count(a)
	if !ok {
		return errValue
	}
	s := textOf(a[0])
	l := length(s)
	return str(cut(s, max(0, l-n), l))
}

// proper is PROPER(text): the first letter of each word in upper case, the others in lower.
func proper(s string) string {
	word := false
	return strings.Map(func(r rune) rune {
		letter := strings.ToUpper(string(r)) != strings.ToLower(string(r))
		first := letter && !word
		word = letter
		if first {
			return []rune(strings.ToUpper(string(r)))[0]
		}
		return []rune(strings.ToLower(string(r)))[0]
	}, s)
}

// rept is REPT(text, times), checked before it is made.
func rept(a []value) value {
	s := textOf(a[0])
	n, ok := a[1].int()
	if !ok || n < 0 || n > textMax || n*len(s) > textMax*utf8.UTFMax {
		return errValue
	}
	return str(strings.Repeat(s, n))
}

// substitute is SUBSTITUTE(text, old, new, which).
func substitute(a []value) value {
	s, from, to := textOf(a[0]), textOf(a[1]), textOf(a[2])
	if from == "" {
		return str(s)
	}
	if len(a) < 4 {
		if strings.Count(s, from)*len(to) > textMax*utf8.UTFMax {
			return errValue
		}
		return str(strings.ReplaceAll(s, from, to))
	}
	nth, ok := a[3].int()
	if !ok || nth < 1 {
		return errValue
	}
	at := 0
	for {
		i := strings.Index(s[at:], from)
		if i < 0 {
			return str(s)
		}
		if at += i; nth == 1 {
			return str(s[:at] + to + s[at+len(from):])
		}
		nth--
		at += len(from)
	}
}

// replace is REPLACE(text, from, length, new).
func replace(a []value) value {
	from, ok1 := a[1].int()
	n, ok2 := a[2].int()
	if !ok1 || !ok2 || from < 1 || n < 0 {
		return errValue
	}
	s := textOf(a[0])
	l := length(s)
	end := min(from-1, l) + min(n, l)
	return str(cut(s, 0, from-1) + textOf(a[3]) + cut(s, min(end, l), l))
}

// find is FIND, or SEARCH without its wildcards, which are taken as letters.
func find(a []value, fold func(string) string) value {
	start := 1
	if len(a) > 2 {
		n, ok := a[2].int()
		if !ok || n < 1 {
			return errValue
		}
		start = n
	}
	what, in := fold(textOf(a[0])), fold(textOf(a[1]))
	rest := cut(in, start-1, length(in))
	i := strings.Index(rest, what)
	if i < 0 || start > length(in)+1 {
		return errValue
	}
	return num(float64(start + length(rest[:i])))
}

// toNumber is VALUE(text).
func toNumber(a []value) value {
	if f, ok := a[0].number(); ok {
		return num(f)
	}
	return errValue
}

// formatted is TEXT for the formats that matter to code: General, @, zeros and decimals. Others give the number as General does.
func formatted(v value, format string) string {
	f, ok := v.number()
	if !ok || format == "@" {
		return textOf(v)
	}
	whole, decimals, _ := strings.Cut(format, ".")
	if whole == "" || strings.Trim(whole, "0#") != "" || strings.Trim(decimals, "0") != "" {
		return general(f)
	}
	n := min(len(decimals), 30) // as Excel shows
	s := fixedPoint(round(math.Abs(f), float64(n)), n)
	point := strings.IndexByte(s+".", '.')
	if n := min(strings.Count(whole, "0"), 64) - point; n > 0 {
		s = strings.Repeat("0", n) + s
	}
	if f < 0 && strings.Trim(s, "0.") != "" {
		return "-" + s
	}
	return s
}

// textJoin is TEXTJOIN(between, skip what is empty, values …).
func textJoin(a []value) value {
	sep, skip := a[0].partly(), a[1].num != 0
	var parts []value
	for _, v := range flat(a[2:]) {
		if skip && (v.kind == empty || v.kind == text && v.str == "") {
			continue
		}
		if len(parts) > 0 {
			parts = append(parts, str(sep))
		}
		parts = append(parts, v)
	}
	return join(parts)
}

// flat replaces arrays by their elements.
func flat(a []value) []value {
	var out []value
	for _, v := range a {
		if v.kind == array {
			out = append(out, v.elems...)
		} else {
			out = append(out, v)
		}
	}
	return out
}
