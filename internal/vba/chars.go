package vba

// Characters. VBA counts UTF-16 units, this counts code points: they differ in characters beyond the first plane only, which commands do not have.

import (
	"strings"
	"unicode/utf8"
)

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
		if len(c.s) == len(s) {
			r.terms += len(s) / equalPerTerm
			if c.s == s {
				return c.runes
			}
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

// isASCII says whether each byte is a character, so that places can be counted in bytes.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
