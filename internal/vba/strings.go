package vba

// Functions of the module Strings that take text apart in lists, or change all of it (MS-VBAL 6.1.2.11). What they make is taken from the budget first,
// so a short call cannot make a long text for nothing.

import (
	"math"
	"slices"
	"strings"
	"unicode"
)

// replace is Replace (MS-VBAL 6.1.2.11.1.29): Replace(text, find, by, start, count, compare).
func replace(r *run, a []value) value {
	if !known(a, 3) {
		return value{}
	}
	s, from, to := a[0].string(), a[1].string(), a[2].string()
	if from == "" || !r.fold(len(s)) {
		return a[0]
	}
	if start, ok := arg(a, 3).integer(); ok && start > 1 { // what stands before it is left out
		s = r.slice(s, start-1, math.MaxInt32)
	}
	most := -1
	if n, ok := arg(a, 4).integer(); ok && len(a) > 4 && a[4].k == number {
		most = n
	}
	if textual(arg(a, 5)) {
		return r.replaceFold(s, from, to, most)
	}
	n := strings.Count(s, from)
	if most >= 0 {
		n = min(n, most)
	}
	if !r.fold(n * len(to)) {
		return str(hole)
	}
	return str(strings.Replace(s, from, to, most))
}

// textual says whether a Compare argument asks for text without case (vbTextCompare).
func textual(v value) bool {
	n, ok := v.integer()
	return ok && n == 1
}

// replaceFold replaces without regard to case.
func (r *run) replaceFold(s, from, to string, most int) value {
	low, key := strings.ToLower(s), strings.ToLower(from)
	if len(low) != len(s) || key == "" {
		return str(s)
	}
	n := strings.Count(low, key)
	if most >= 0 {
		n = min(n, most)
	}
	if !r.fold(n * len(to)) {
		return str(hole)
	}
	var out strings.Builder
	for ; n > 0; n-- {
		i := strings.Index(low, key)
		out.WriteString(s[:i])
		out.WriteString(to)
		s, low = s[i+len(key):], low[i+len(key):]
	}
	out.WriteString(s)
	return str(out.String())
}

// split is Split (MS-VBAL 6.1.2.11.1.35): Split(text, separator, limit).
func split(r *run, a []value) value {
	if !known(a, 1) {
		return value{}
	}
	sep := " "
	if len(a) > 1 && a[1].k != empty {
		if !a[1].known() {
			return value{}
		}
		sep = a[1].string()
	}
	s, list := a[0].string(), &elements{}
	switch {
	case s == "":
		return value{k: array, a: list}
	case sep == "":
		list.v = []value{str(s)}
		return value{k: array, a: list}
	}
	n := strings.Count(s, sep) + 1
	if most, ok := arg(a, 2).integer(); ok && most > 0 {
		n = min(n, most)
	}
	if n > elementsMax || !r.fold(n*16+len(s)) {
		return value{}
	}
	for _, part := range strings.SplitN(s, sep, n) {
		list.v = append(list.v, str(part))
	}
	return value{k: array, a: list}
}

// joined is Join (MS-VBAL 6.1.2.11.1.16).
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

// keep is Filter (MS-VBAL 6.1.2.11.1.7): Filter(array, find, include, compare).
func keep(_ *run, a []value) value {
	if !known(a, 2) || a[0].k != array {
		return value{}
	}
	fold := func(s string) string { return s }
	if textual(arg(a, 3)) {
		fold = strings.ToLower
	}
	include := true
	if len(a) > 2 && a[2].k != empty {
		n, _ := a[2].number()
		include = n != 0
	}
	out, find := &elements{}, fold(a[1].string())
	for _, v := range a[0].a.v {
		if strings.Contains(fold(v.string()), find) == include {
			out.v = append(out.v, v)
		}
	}
	return value{k: array, a: out}
}

// reverse is StrReverse (MS-VBAL 6.1.2.11.1.40).
func reverse(r *run, a []value) value {
	if !known(a, 1) {
		return value{}
	}
	runes := []rune(a[0].string())
	slices.Reverse(runes)
	return r.made(string(runes))
}

// strconvert is StrConv (MS-VBAL 6.1.2.11.1.37). Text of bytes is text here from the beginning, so vbUnicode leaves it as it is.
func strconvert(r *run, a []value) value {
	n, ok := arg(a, 1).integer()
	if !known(a, 1) || !ok {
		return value{}
	}
	switch v := a[0]; n {
	case 1: // vbUpperCase
		return r.made(strings.ToUpper(v.string()))
	case 2: // vbLowerCase
		return r.made(strings.ToLower(v.string()))
	case 3: // vbProperCase
		return r.made(proper(v.string()))
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

// proper is text with each word's first letter great and the others small.
func proper(s string) string {
	first := true
	return strings.Map(func(c rune) rune {
		begins := first
		first = unicode.IsSpace(c) || c == 0
		if begins {
			return unicode.ToUpper(c)
		}
		return unicode.ToLower(c)
	}, s)
}
