package sender

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// unicodeDomain is a domain with its A-labels decoded (RFC 3492). One that cannot be decoded stays.
func unicodeDomain(domain string) string {
	domain = strings.ToLower(domain)
	if !strings.Contains(domain, "xn--") {
		return domain
	}
	labels := strings.Split(domain, ".")
	for i, l := range labels {
		if len(l) > maxLabel {
			continue
		}
		if u, err := idna.Punycode.ToUnicode(l); err == nil && u != "" {
			labels[i] = strings.ToLower(u)
		}
	}
	return strings.Join(labels, ".")
}

// maxLabel is the longest label (RFC 1035 2.3.4).
const maxLabel = 63

// latinLabel writes a label's letters as the Latin ones that they look like. One that has letters which look like none stays as it is.
func latinLabel(label string) string {
	if isASCII(label) {
		return label
	}
	folded := norm.NFKC.String(label)
	if latin := lookLatin(foldAccents(folded)); isASCII(latin) {
		return latin
	}
	return folded
}

// lookLatin replaces what looks like a Latin letter.
func lookLatin(s string) string {
	return strings.Map(func(r rune) rune {
		if l, ok := homoglyphs[r]; ok {
			return l
		}
		return r
	}, s)
}

// skeleton is what a label looks like (UTS #39 4): what looks alike within ASCII is folded too, and hyphens are dropped.
func skeleton(label string) string {
	b := make([]byte, 0, len(label))
	for i := 0; i < len(label); i++ {
		c, next := label[i], byte(0)
		if i+1 < len(label) {
			next = label[i+1]
		}
		switch {
		case c == 'r' && next == 'n':
			c, i = 'm', i+1
		case c == 'v' && next == 'v':
			c, i = 'w', i+1
		case c == 'c' && next == 'l':
			c, i = 'd', i+1
		case c == '0':
			c = 'o'
		case c == '1' || c == 'i':
			c = 'l'
		case c == '-':
			continue
		}
		b = append(b, c)
	}
	if string(b) == label {
		return label
	}
	return string(b)
}

// homoglyphs are small letters, after compatibility folding, that in usual fonts look like a Latin one: the part of Unicode's confusables.txt
// (UTS #39) that domain registries let pass. Letters that are only similar (и, я, λ) are not among them.
var homoglyphs = looks(
	"a", "аɑα", "b", "ьƅ", "c", "сϲᴄⅽ", "d", "ԁɗᏧ", "e", "еҽєɛε", "f", "ғƒ", "g", "ɡց", "h", "һհ", "i", "іιɩıӏӀǀ", "j", "јϳ", "k", "кκᴋ",
	"l", "ⅼןլ", "m", "мⅿ", "n", "ոռпη", "o", "оοօσ०০๐໐〇ᴏ", "p", "рρ", "q", "ԛզգ", "r", "гꭇᴦ", "s", "ѕꜱ", "t", "тτ", "u", "υսцʋᴜ", "v", "νѵᴠ",
	"w", "ԝѡωաɯ", "x", "хχ", "y", "уүγყ", "z", "ᴢʐ", "3", "зӡ", "-", "‐‑‒–−ー一")

func looks(list ...string) map[rune]rune {
	m := map[rune]rune{}
	for i := 0; i < len(list); i += 2 {
		for _, r := range list[i+1] {
			m[r] = rune(list[i][0])
		}
	}
	return m
}
