package message

import (
	"strings"
	"unicode/utf8"
)

// decodeText decodes a header value for reading: encoded-words (RFC 2047, RFC 2231 5) wherever they stand, inside quoted strings too, as
// Japanese mail programs write and read them; raw 8-bit in the charset it plausibly is.
func decodeText(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	var run wordRun
	for s != "" {
		at := strings.Index(s, "=?")
		if at < 0 {
			break
		}
		w, size, ok := parseWord(s[at:])
		if !ok {
			run.flush(&b)
			b.WriteString(decodeRaw(s[:at+2]))
			s = s[at+2:]
			continue
		}
		if gap := s[:at]; !run.open || strings.Trim(gap, " \t\r\n") != "" { // RFC 2047 6.2: blanks between words are not shown
			run.flush(&b)
			b.WriteString(decodeRaw(gap))
		}
		run.add(&b, w)
		s = s[at+size:]
	}
	run.flush(&b)
	b.WriteString(decodeRaw(s))
	return b.String()
}

// plain reports whether there is nothing to decode.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x80 || c == 0x1b || c == '=' && i+1 < len(s) && s[i+1] == '?' {
			return false
		}
	}
	return true
}

func decodeRaw(s string) string {
	if plain(s) {
		return s
	}
	return guessText([]byte(s))
}

// word is one encoded-word, undecoded.
type word struct{ charset, encoding, text string }

// maxWord bounds an encoded-word. RFC 2047 2 allows 75 characters; some programs put a whole file name into one. It keeps the search for
// the end of many unfinished words linear.
const maxWord = 4 << 10

// maxCharset bounds a charset's name: the longest registered has 45 characters.
const maxCharset = 64

// parseWord reads the encoded-word at the start of s. Its text may hold blanks, and the final "?=" may be "?" at the end, as seen in the wild.
func parseWord(s string) (w word, size int, ok bool) {
	q := strings.IndexByte(s[2:], '?')
	if q <= 0 || q > maxCharset || strings.ContainsAny(s[2:2+q], " \t\"") {
		return w, 0, false
	}
	rest := s[2+q+1:]
	if len(rest) < 2 || rest[1] != '?' || strings.IndexByte("bBqQ", rest[0]) < 0 {
		return w, 0, false
	}
	charset, _, _ := strings.Cut(s[2:2+q], "*") // RFC 2231 5: "utf-8*ja"
	w = word{charset: charset, encoding: strings.ToLower(rest[:1]), text: rest[2:]}
	head := 2 + q + 3
	end := strings.Index(w.text[:min(len(w.text), maxWord)], "?=")
	if end < 0 {
		if len(w.text) > maxWord {
			return w, 0, false
		}
		w.text = strings.TrimRight(w.text, "? \t")
		if strings.ContainsAny(w.text, " \t\"?") {
			return w, 0, false
		}
		return w, len(s), true
	}
	w.text = w.text[:end]
	return w, head + end + 2, true
}

// wordRun joins neighbouring words of one charset before the charset is decoded: a character may be split between them.
type wordRun struct {
	open     bool
	charset  string
	encoding string
	base64   strings.Builder
	bytes    []byte
}

func (r *wordRun) add(b *strings.Builder, w word) {
	if r.open && !strings.EqualFold(r.charset, w.charset) {
		r.flush(b)
	}
	if r.open && r.encoding != w.encoding {
		r.settle()
	}
	r.open, r.charset, r.encoding = true, w.charset, w.encoding
	if w.encoding == "b" {
		r.base64.WriteString(w.text)
		return
	}
	r.bytes = append(r.bytes, decodeQ(w.text)...)
}

func (r *wordRun) settle() {
	if r.base64.Len() > 0 {
		r.bytes = append(r.bytes, decodeBase64(r.base64.String())...)
		r.base64.Reset()
	}
}

func (r *wordRun) flush(b *strings.Builder) {
	if !r.open {
		return
	}
	r.settle()
	b.WriteString(decodeCharset(r.bytes, r.charset))
	r.open, r.bytes = false, nil
}

// decodeQ is RFC 2047 4.2.
func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			out = append(out, ' ')
		case s[i] == '=' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return out
}

// clipText cuts s to n bytes at a rune's edge.
func clipText(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
