package sender

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"

	"sekisho/internal/address"
)

const (
	// maxDisplay is how much of a display name is read: what mail programs show of one is far shorter.
	maxDisplay = 1 << 10
	// maxSegments bounds the parts between brackets and bars: name, translation, company, department, and as many again.
	maxSegments = 8
	// maxKeys bounds a name's keys: two orders, two spellings and two scripts of what maxSegments allow to be a name.
	maxKeys = 12
)

// ParseName takes a decoded display name apart.
//
// A key stands for a whole name: two words, or three signs and more of Chinese, Japanese or Korean. Family names alone, posts ("営業部",
// "Support") and companies give none, as far as they can be told from people. The same person in two scripts has a key for each that is written.
func ParseName(display string) Name {
	var n Name
	s := clean(display)
	s, n.Addresses = cutAddresses(s)
	s, tail, via := cutVia(s)
	n.Via = via
	n.beside(tail)
	segments := split(s)
	var k keys
	for i, seg := range segments {
		if i > 0 || seg.bracket && len(segments) > 1 {
			n.Via = n.Via || seg.service()
			n.beside(seg.text)
		}
		if !seg.bracket {
			k.add(seg, true, true)
		}
	}
	cjk, latin := k.cjk, k.latin
	for _, seg := range segments { // in brackets stands a company, or the name in another script
		if seg.bracket {
			k.add(seg, !cjk, !latin)
		}
	}
	n.Keys = k.list
	return n
}

// Same reports whether two display names are of one person.
func (n Name) Same(other Name) bool {
	return slices.ContainsFunc(n.Keys, func(k string) bool { return slices.Contains(other.Keys, k) })
}

// Names reports whether what stands beside the person names the organisation of a domain: "Taro Yamada (Example Docs)" from example.com. It
// says that the name does not hide who writes, and no more: anybody can write his own domain there.
func (n Name) Names(domain string) bool {
	label, _, _ := strings.Cut(address.Org(domain), ".")
	label = strings.ReplaceAll(unicodeDomain(label), "-", "")
	if label != "" && slices.ContainsFunc(n.Beside, func(text string) bool {
		return text == label || len(label) >= minInside && strings.Contains(text, label)
	}) {
		return true
	}
	org, _ := publicsuffix.EffectiveTLDPlusOne(address.ASCII(domain))
	return slices.ContainsFunc(writers[org], func(word string) bool {
		return slices.ContainsFunc(n.Beside, func(text string) bool { return strings.Contains(text, word) })
	})
}

// writers are services that write for people from a domain of another name.
var writers = map[string][]string{
	"atlassian.net":        {"jira", "confluence", "trello", "atlassian"},
	"atlassian.com":        {"jira", "confluence", "trello"},
	"microsoft.com":        {"teams", "sharepoint", "onedrive", "planner", "yammer", "forms"},
	"sharepointonline.com": {"sharepoint", "onedrive", "microsoft"},
	"cybozu.com":           {"サイホウス", "cybozu", "kintone", "garoon"}, // サイボウズ, folded,
	"kintone.com":          {"cybozu", "サイホウス"},
	"adobesign.com":        {"adobe"},
	"echosign.com":         {"adobe"},
	"docusign.net":         {"docusign"},
	"zendesk.com":          {"zendesk"},
	"backlog.jp":           {"backlog", "nulab"},
}

// minInside is the shortest name of a domain that is looked for within other words.
const minInside = 4

func (n *Name) beside(text string) {
	folded := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, foldAccents(strings.ToLower(text)))
	if folded != "" && len(n.Beside) < maxSegments {
		n.Beside = append(n.Beside, folded)
	}
}

// keys collects a name's keys.
type keys struct {
	list       []string
	cjk, latin bool // there are some of this script
}

func (k *keys) add(seg segment, cjk, latin bool) {
	c, l := seg.tokens()
	if cjk {
		for _, group := range c {
			k.cjk = k.put(cjkKeys(group)) || k.cjk
		}
	}
	if latin {
		k.latin = k.put(latinKeys(l)) || k.latin
	}
}

func (k *keys) put(list []string) bool {
	for _, key := range list {
		if len(k.list) < maxKeys && !slices.Contains(k.list, key) {
			k.list = append(k.list, key)
		}
	}
	return len(list) > 0
}

// clean is a name as it looks: compatibility forms folded (NFKC: full width, half-width kana, ㈱), invisible characters gone.
func clean(display string) string {
	s := strings.ToValidUTF8(display[:min(len(display), maxDisplay)], "")
	for i := 0; ; i++ {
		if i == len(s) {
			return strings.Trim(s, " '\"")
		}
		if s[i] < ' ' || s[i] > '~' {
			break
		}
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r):
			return -1
		case unicode.IsControl(r) || unicode.IsSpace(r) || r == '\u3164' || r == '\u2800':
			return ' '
		}
		return r
	}, norm.NFKC.String(s))
	for _, mark := range cjkMarks {
		s = strings.ReplaceAll(s, mark, "株式会社")
	}
	return strings.Trim(s, " '\"")
}

// vias are the words between a person and what writes for him; before them stands a name, behind them the service or, where whose is set, the person.
var vias = []struct {
	words string
	whose bool
}{
	{" via ", false}, {"経由", false}, {"さんが", false}, {"さんから", false}, {"がファイルを", false}, {"が共有", false}, {" shared ", false}, {" invited ", false},
	{" on behalf of ", true}, {" im auftrag von ", true}, {" au nom de ", true}, {" en nombre de ", true}, {" per conto di ", true}, {" w imieniu ", true}, {"の代理", false},
}

// cutVia finds words that say that somebody writes for the person: the rest of the name, and what stands behind the words.
func cutVia(s string) (rest, tail string, via bool) {
	low := strings.ToLower(s)
	if len(low) != len(s) {
		s = low
	}
	for _, v := range vias {
		at := strings.Index(low, v.words)
		if at <= 0 {
			continue
		}
		if v.whose {
			return s[:at] + " / " + s[at+len(v.words):], "", true
		}
		if open := strings.LastIndexByte(s[:at], '('); open > 0 { // "(Docs 経由)"
			return s[:open], s[open:at], true
		}
		return s[:at], s[at+len(v.words):], true
	}
	return s, "", false
}

// segment is what stands between bars or in brackets.
type segment struct {
	text    string
	bracket bool
}

// service reports whether the segment names a service that writes for people. Alone it is its sender's own name.
func (s segment) service() bool {
	words := strings.Fields(strings.ToLower(s.text))
	return len(words) > 1 && words[0] == "via" ||
		slices.ContainsFunc(words, func(w string) bool { return services[w] || strings.HasSuffix(w, "share") })
}

const opening, closing = "([{<【「『〔《〈", ")]}>】」』〕》〉"

// split cuts a name at brackets, bars and dashes. Brackets that do not close end with the name; nested ones are one.
func split(s string) []segment {
	var list []segment
	depth, start := 0, 0
	flush := func(end int, bracket bool) {
		if text := strings.TrimSpace(s[start:end]); text != "" && len(list) < maxSegments {
			list = append(list, segment{text, bracket})
		}
	}
	for i, r := range s {
		size := len(string(r))
		switch {
		case strings.ContainsRune(opening, r):
			if depth++; depth == 1 {
				flush(i, false)
				start = i + size
			}
		case strings.ContainsRune(closing, r):
			if depth > 0 {
				if depth--; depth == 0 {
					flush(i, true)
					start = i + size
				}
			}
		case depth == 0 && (strings.ContainsRune("/|@;:•—–~★☆◆◇■□●○※", r) || r == '-' && dash(s, i)):
			flush(i, false)
			start = i + size
		}
	}
	flush(len(s), depth > 0)
	return list
}

// dash reports whether the hyphen at i stands by itself.
func dash(s string, i int) bool { return i > 0 && s[i-1] == ' ' || i+1 < len(s) && s[i+1] == ' ' }
