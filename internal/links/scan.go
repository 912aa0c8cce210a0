package links

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// Text finds the links of a plain text.
func Text(s string) []Link {
	var l list
	l.text(s, nil)
	return l.links
}

const looksFree = 64 << 10 // a short text may be nothing but such

// span is a piece of a text.
type span struct{ begin, end int }

// What may begin a link: the colon behind a scheme, the first letter of "www", the bracket of a dot that was made harmless.
const marks = ":wW[({"

// marked finds the marks of a text.
type marked struct {
	s    string
	next [len(marks)]int // where each stands next
}

// from is where the next mark stands behind which something may follow that makes a link, the text's length for none. i does not go back.
func (m *marked) from(i int) int {
	for ; ; i++ {
		at := len(m.s)
		for k := range m.next {
			if m.next[k] < i || i == 0 {
				n := strings.IndexByte(m.s[i:], marks[k])
				if m.next[k] = i + n; n < 0 {
					m.next[k] = len(m.s)
				}
			}
			at = min(at, m.next[k])
		}
		if i = at; i == len(m.s) || promising(m.s[i:]) {
			return i
		}
	}
}

// promising is a quick look at a mark and what follows it.
func promising(s string) bool {
	if len(s) < 2 {
		return false
	}
	switch next := s[1]; s[0] {
	case ':':
		return isSlash(next) || next == ']'
	case 'w', 'W':
		return next|0x20 == 'w'
	default:
		return next == '.' || next == ':' || next|0x20 == 'd'
	}
}

// text finds the links of s outside of the spans, which are in order.
func (l *list) text(s string, spans []span) {
	done := 0                  // what stands before belongs to a link
	left := len(s) + looksFree // bytes of what looks like links and is none that may be read twice
	m := marked{s: s}
	for i := m.from(0); i < len(s) && len(l.links) < linksMax; i = m.from(i + 1) {
		for len(spans) > 0 && spans[0].end <= i {
			spans = spans[1:]
		}
		if len(spans) > 0 && spans[0].begin <= i {
			continue
		}
		start := begin(s, i, done)
		if start < 0 {
			continue
		}
		end, scheme := finish(s, start, i), ""
		if dotAt(s[i:]) > 0 {
			scheme = "http://" // a host, made harmless
			if strings.IndexByte(s[start:end], '@') >= 0 {
				continue // a mail address
			}
		}
		link, ok := Of(scheme + s[start:end])
		if ok {
			link.At = start
			l.add(link)
		}
		if left -= end - start; ok || left < 0 {
			done, i = end, max(i, end-1)
		}
	}
}

// begin is where the link begins that the mark at i belongs to, -1 for none.
func begin(s string, i, done int) int {
	switch s[i] {
	case ':':
		return schemeBegin(s, i, done)
	case 'w', 'W':
		if len(s) >= i+5 && strings.EqualFold(s[i:i+3], "www") && (s[i+3] == '.' || dotAt(s[i+3:]) > 0) && (i == done || !hostByte(s[i-1]) && s[i-1] != '@' && s[i-1] != '/') {
			return i
		}
	default:
		if strings.HasPrefix(s[i:], "[:]//") || strings.HasPrefix(s[i:], "[://]") {
			return schemeBegin(s, i, done)
		}
		if dotAt(s[i:]) == 0 {
			return -1
		}
		for start := i; ; start-- { // the labels before the dot
			if start == done || i-start > labelsMax || !hostByte(s[start-1]) {
				if start == i || start > 0 && s[start-1] == '@' {
					return -1
				}
				return start
			}
		}
	}
	return -1
}

const labelsMax = 128 // bytes before the first harmless dot: a few labels

// schemeBegin looks back from the colon for a scheme. Two slashes must follow.
func schemeBegin(s string, i, done int) int {
	after := strings.TrimPrefix(strings.TrimPrefix(s[i:], "["), ":")
	after = strings.TrimPrefix(after, "]")
	if len(after) < 3 || !isSlash(after[0]) || !isSlash(after[1]) {
		return -1
	}
	start := i
	for start > done && i-start < len("hxxp[s]") && strings.IndexByte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ*+[]", s[start-1]) >= 0 {
		start--
	}
	for ; start < i; start++ { // 「こちらhttp://」 has no blank before it, and neither has "xhttp://"
		if name := s[start:i]; schemes[name] != "" || schemes[strings.ToLower(name)] != "" {
			return start
		}
	}
	return -1
}

func isSlash(c byte) bool { return c == '/' || c == '\\' }

func hostByte(c byte) bool {
	return c == '.' || c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// dots are the ways to write a harmless dot.
var dots = [...]string{"[.]", "(.)", "{.}", "[dot]", "(dot)", "[DOT]", "(DOT)"}

// dotAt is the length of the harmless dot at the beginning of s, 0 for none.
func dotAt(s string) int {
	for _, d := range dots {
		if strings.HasPrefix(s, d) {
			return len(d)
		}
	}
	return 0
}

// finish is where the link ends that begins at start. mark is inside its scheme or host.
func finish(s string, start, mark int) int {
	wrapped := start > 0 && s[start-1] == '<'
	limit := min(len(s), start+urlMax)
	i := mark
	for _, c := range [...]string{"[://]", "[:]//", "://", `:\\`, `:/\`} {
		if strings.HasPrefix(s[mark:], c) {
			i = mark + len(c)
			break
		}
	}
	i = hostEnd(s, i, limit)
	if i == limit || s[i] >= utf8.RuneSelf {
		return i // the sentence goes on without a blank
	}
	lines := 0
	for i < limit {
		c := s[i]
		if c == '\r' || c == '\n' {
			next := continued(s, start, i, wrapped)
			if lines++; next < 0 || lines > linesMax {
				break
			}
			i = next
			continue
		}
		if c >= utf8.RuneSelf {
			if next := nameEnd(s, i, limit); next > 0 {
				return next
			}
			break
		}
		if c <= ' ' || strings.IndexByte("<>\"`|^", c) >= 0 {
			break
		}
		i++
	}
	return trim(s, start, i)
}

const linesMax = 8 // over which a long link is wrapped

// hostEnd is the end of the host. Letters beyond ASCII belong to it where the whole is a name under a known ending: 例え.jp, not example.jpをご覧.
func hostEnd(s string, from, limit int) int {
	ascii, i := -1, from
	for i < limit && strings.IndexByte("/?#\\ \t\r\n<>\"'|", s[i]) < 0 {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != 'ー' && r != '・' {
			break
		}
		if ascii < 0 {
			ascii = i
		}
		i += n
	}
	if ascii < 0 || known(s[from:i]) {
		return i
	}
	return ascii
}

// known reports whether an international host name ends as the registries have it.
func known(host string) bool {
	host, _, _ = strings.Cut(host[strings.LastIndexByte(host, '@')+1:], ":")
	low, err := idna.Lookup.ToASCII(strings.ToLower(host))
	if err != nil || !strings.Contains(low, ".") {
		return false
	}
	_, icann := publicsuffix.PublicSuffix(low)
	return icann
}

// nameEnd is the end of a link whose last segment is a file's name in another script: https://example.jp/資料.zip. 0 where it is not.
func nameEnd(s string, from, limit int) int {
	limit = min(limit, from+nameMax)
	for i := from; i < limit; {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '.':
			end := i + 1
			for end < limit && (s[end] >= '0' && s[end] <= '9' || s[end]|0x20 >= 'a' && s[end]|0x20 <= 'z') {
				end++
			}
			if classOf()[strings.ToLower(s[i+1:end])] != Other {
				return end
			}
		case r == '/', r == '-', r == '_', r == '(', r == ')':
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != 'ー' && r != '・':
			return 0
		}
		i += n
	}
	return 0
}

const nameMax = 200 // bytes of a file's name

// wide is the length of a line that a mail program would have broken: RFC 3676 4.2 takes 78.
const wide = 72

// continued is where a link goes on that a line's end at i cuts, -1 for nowhere: inside angle brackets (RFC 3986 appendix C), or where the line is full and the
// next one begins with nothing but a piece of an address.
func continued(s string, start, i int, wrapped bool) int {
	next := i
	for next < len(s) && (s[next] == '\r' || s[next] == '\n') && next < i+2 {
		next++
	}
	if next < i+2 && next < len(s) && s[next] == '\n' {
		next++
	}
	if wrapped {
		end := strings.IndexAny(s[next:min(len(s), next+urlMax)], "> \t\n")
		if end > 0 && (s[next+end] == '>' || s[next+end] == '\n') && strings.IndexByte(s[next:min(len(s), next+urlMax)], '>') > 0 {
			return next
		}
		return -1
	}
	begin := strings.LastIndexByte(s[:start], '\n') + 1
	line := s[next:min(len(s), next+urlMax)]
	if end := strings.IndexAny(line, "\r\n"); end >= 0 {
		line = line[:end]
	}
	line = strings.TrimRight(line, " ")
	if i-begin < wide || line == "" || strings.ContainsAny(line, " \t<>\"") || !strings.ContainsAny(line, "/=&%?") || strings.Contains(line, "://") || !isASCII(line) {
		return -1
	}
	return next
}

// trim leaves out the marks behind a link that belong to the sentence, and brackets that were opened before it.
func trim(s string, start, end int) int {
	var open [3]int // more opened than closed
	const brackets = "()[]{}"
	for i := start; i < end; i++ {
		if k := strings.IndexByte(brackets, s[i]); k >= 0 {
			open[k/2] += 1 - 2*(k%2)
		}
	}
	for end > start {
		k := strings.IndexByte(brackets, s[end-1])
		switch {
		case strings.IndexByte(".,;:!?'*_~", s[end-1]) >= 0:
		case k >= 0 && k%2 == 1 && open[k/2] < 0:
			open[k/2]++
		default:
			return end
		}
		end--
	}
	return end
}
