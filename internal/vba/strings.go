package vba

import (
	"slices"
	"strings"
)

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
