package script

import (
	"strings"
	"unicode/utf8"
)

// Content that only its script can read, because it is encrypted or in an encoding of its own, is told by what it looks like: noise.

const (
	sampleMax  = 4096 // bytes that tell what a text looks like
	noisyBytes = 200  // different bytes in a sample: 1,024 bytes of noise have some 250, Japanese in UTF-8 at most 180
	widePages  = 128  // different high bytes of UTF-16: Chinese has 82
	pieceMin   = 24   // characters of a piece of encoded text; names are shorter
)

// opaque counts encoded content of a script that takes it apart and hands a file over, by itself or with another script of the page.
func (x *extraction) opaque(n int) {
	handed := x.hands || x.r.hander != nil
	if handed && (x.f.decrypts() || x.r.hander != nil && x.r.hander.decrypts()) {
		x.r.g.Opaque = max(x.r.g.Opaque, n)
	}
}

// decrypts reports whether code has the means to take encoded content apart, as far as names tell.
func (f *folded) decrypts() bool {
	if f.decodesText() {
		return true
	}
	for n := range f.names {
		if strings.HasPrefix(n, "dec") || strings.HasPrefix(n, "unpack") || strings.HasSuffix(n, "aes") || strings.HasSuffix(n, "rc4") || strings.HasSuffix(n, "xor") {
			return true
		}
		for _, w := range []string{"decrypt", "decode", "decipher", "crypto", "tobytes", "tobuffer"} {
			if strings.Contains(n, w) {
				return true
			}
		}
	}
	return false
}

// array looks at an array of numbers.
func (x *extraction) array(a []byte) {
	if !x.data(a, "numbers") && len(a) >= opaqueMin && noisy(a) {
		x.opaque(len(a))
	}
}

// pieces looks at encoded text that the script puts together in a way that does not fold: from properties, functions, an order.
// What ends in padding is a text of its own, such as a hash.
func (x *extraction) pieces() {
	var all strings.Builder
	for _, t := range x.f.strings {
		if len(t) >= pieceMin && len(t) < opaqueMin && looksBase64(t) && !strings.HasSuffix(t, "=") && mixed(t) {
			all.WriteString(t)
		}
	}
	if all.Len() < opaqueMin {
		return
	}
	if b, ok := fromBase64(all.String()); !ok || !x.data(b, "pieces of base64") {
		x.opaque(all.Len())
	}
}

// mixed reports whether a text has letters of both cases and digits, and is no encoded text that people read.
func mixed(t string) bool {
	upper, lower, digit, _ := classes(t)
	if upper == 0 || lower == 0 || digit == 0 {
		return false
	}
	b, ok := fromBase64(t)
	return !ok || !printable(string(b))
}

// classes counts capitals, small letters, digits and other printable characters; other is negative where there is a blank.
func classes(t string) (upper, lower, digit, other int) {
	for i := 0; i < len(t); i++ {
		switch c := t[i]; {
		case 'A' <= c && c <= 'Z':
			upper++
		case 'a' <= c && c <= 'z':
			lower++
		case '0' <= c && c <= '9':
			digit++
		case c <= ' ' || c >= 0x7F:
			return upper, lower, digit, -1
		default:
			other++
		}
	}
	return upper, lower, digit, other
}

// encodedText reports whether a text is encoded content: base64, hexadecimal, base85, bytes or UTF-16 of noise.
func encodedText(t string) bool {
	head := t[:min(len(t), sampleMax)]
	switch {
	case looksBase64(head), wideNoise(t):
		return true
	case !utf8.ValidString(t):
		return noisy([]byte(head))
	}
	upper, lower, digit, other := classes(head)
	few := len(head) / 16
	return upper >= few && lower >= few && digit >= few && other >= 3*few && strings.IndexByte("{[<", head[0]) < 0 && !strings.Contains(head, "://")
}

// wideNoise reports whether the characters of a text come from all over Unicode.
func wideNoise(t string) bool {
	var seen [256]bool
	n, read := 0, 0
	for _, c := range t {
		if read++; read > sampleMax {
			break
		}
		if page := byte(c >> 8); !seen[page] {
			seen[page] = true
			n++
		}
	}
	return n >= widePages
}

// noisy reports whether bytes look encrypted or compressed.
func noisy(b []byte) bool {
	var seen [256]bool
	n := 0
	for _, c := range b[:min(len(b), sampleMax)] {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n >= noisyBytes
}
