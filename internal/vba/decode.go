package vba

// Text that was encoded as a whole. Only what reads as text afterwards counts, so pictures and keys in base64 say nothing.

import (
	"encoding/base64"
	"slices"
	"strings"
)

// encodedMin is the length of encoded text that is worth decoding: shorter words are base64 by chance.
const encodedMin = 16

// encodedText says whether the text could be base64, hexadecimal or reversed as a whole.
func encodedText(s string) bool {
	if len(s) < encodedMin {
		return strings.Contains(s, "//:")
	}
	return encodedRun(s) >= encodedMin || strings.Contains(s, "//:")
}

// isBase64 says whether a character is of the alphabet of base64 (RFC 4648 4). That of hexadecimal is part of it.
func isBase64(c byte) bool { return isLetter(c) || isDigit(c) || c == '+' || c == '/' }

// encodedRun is the longest run of characters of base64.
func encodedRun(s string) int {
	longest, n := 0, 0
	for i := range len(s) {
		if isBase64(s[i]) {
			n++
			longest = max(longest, n)
		} else {
			n = 0
		}
	}
	return longest
}

// decodedText is what a text is when it is decoded; only what reads as text counts.
func decodedText(s string) []string {
	var out []string
	add := func(b []byte, ok bool) {
		if t := latin(b); ok && readable(t) {
			out = append(out, t)
		}
	}
	if strings.Contains(s, "//:") || strings.Contains(strings.ToLower(s), "llehs") || strings.Contains(strings.ToLower(s), "exe.") {
		b := []byte(s)
		slices.Reverse(b)
		out = append(out, string(b))
	}
	for n := 0; s != "" && n < 32; n++ {
		i := 0
		for i < len(s) && !isBase64(s[i]) {
			i++
		}
		k := i
		for k < len(s) && isBase64(s[k]) {
			k++
		}
		if k-i >= encodedMin {
			part := s[i:k]
			add(hexBytes(part))
			add(base64Bytes(part[:len(part)-len(part)%4]))
			if len(part)%4 > 1 {
				add(base64Bytes(part))
			}
		}
		s = s[k:]
	}
	return out
}

// readable says whether decoded bytes are text: nearly all printable.
func readable(s string) bool {
	bad := 0
	for _, c := range s {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' || c > '~' {
			bad++
		}
	}
	return bad*20 <= len(s) && len(s) >= 6
}

// base64Bytes decodes base64 as MSXML does: blanks, line ends and filling do not count.
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

// hexBytes decodes hexadecimal digits, two a byte.
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
