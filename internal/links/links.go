// Package links finds where a mail leads: the URLs in its texts (RFC 3986, and what people and mail programs make of it) and in its web pages
// (WHATWG URL and HTML). Nothing is ever looked up.
//
// A [Link] is where a click would end as far as the address itself says: written whole and in ASCII (RFC 5891), with the target in place of a
// redirector that carries it. Its Class says whether a file is behind it.
//
// # Limits
//
//   - Of one text or page 1,000 links are kept, of a URL 2 KiB, of a link's own text 512 bytes. Time grows linearly with the text.
//   - In text a URL needs a scheme, "www." or the marks that make it harmless ("example[.]com"); a bare host name is none. It ends at a blank, a
//     quote, a Japanese letter or mark.
//   - What a server answers, and shortened addresses, are not known; scripts are not run.
package links

import (
	"slices"
	"strings"
)

// Class says what is behind a link, by its own words.
type Class string

// The classes.
const (
	Other   Class = ""
	Office  Class = "office"
	PDF     Class = "pdf"
	Archive Class = "archive"
	Program Class = "program"
	Script  Class = "script"
	Disk    Class = "disk image"
	Share   Class = "file sharing"
)

// Link is one place that a mail leads to.
type Link struct {
	URL   string // absolute; as it would be followed
	Host  string // in ASCII and lower case, without port and final dot
	Text  string // what a web page shows for it, "" in plain text
	Class Class
	At    int // where it stands in the text, or in Page.Text
}

const (
	linksMax = 1000    // newsletters have some hundreds
	urlMax   = 2 << 10 // as long as browsers of old took them; click counters write some hundred bytes
)

// list collects links, each once.
type list struct {
	links []Link
	seen  Seen
	room  int // for so many there is room from the first on
}

// add leaves out what a page shows as the text of a link that is listed.
func (l *list) add(link Link) {
	if len(l.links) >= linksMax || !l.seen.Add(link.URL, link.Text) {
		return
	}
	if link.Text != "" {
		l.seen.Add(link.URL, "")
	}
	if l.links == nil {
		l.links = make([]Link, 0, l.room)
	}
	l.links = append(l.links, link)
}

// Seen tells which links were met before. The zero value has met none.
type Seen struct {
	few  []sight
	many map[sight]struct{} // instead, when they are many
}

type sight struct{ url, text string }

const fewMax = 64 // so many are faster compared than hashed

// Add reports whether a link with that text is new.
func (s *Seen) Add(url, text string) bool {
	one := sight{url, text}
	if s.many == nil {
		if slices.Contains(s.few, one) {
			return false
		}
		if len(s.few) < fewMax {
			s.few = append(s.few, one)
			return true
		}
		s.many = make(map[sight]struct{}, 4*fewMax)
		for _, old := range s.few {
			s.many[old] = struct{}{}
		}
	}
	before := len(s.many)
	s.many[one] = struct{}{}
	return len(s.many) > before
}

// Of reads one address: of a button, a calendar's entry, a PDF. ok is false for what leads to no other machine.
func Of(address string) (l Link, ok bool) {
	a, ok := parse(address)
	if !ok {
		return l, false
	}
	for range unwrapMax {
		inner, wrapped := a.unwrap()
		if !wrapped {
			break
		}
		next, ok := parse(inner)
		if !ok {
			break
		}
		a = next
	}
	return Link{URL: a.String(), Host: a.host, Class: a.class()}, true
}

const unwrapMax = 3 // redirectors around each other: a gateway's around a search machine's

// anchor takes a link of a web page.
func (l *list) anchor(base, href, text string, at int) {
	if len(l.links) >= linksMax {
		return
	}
	href = clean(href)
	if base != "" && relative(href) {
		href = join(clean(base), href)
	} // without a base it leads nowhere
	link, ok := Of(href)
	if !ok {
		return
	}
	link.Text, link.At = strings.TrimSpace(text), at
	l.add(link)
}

// relative reports whether an address has no scheme and no host of its own.
func relative(href string) bool {
	if strings.HasPrefix(href, "//") {
		return false
	}
	scheme, _, ok := strings.Cut(href, ":")
	return !ok || strings.ContainsAny(scheme, "/?#")
}

// join resolves a relative address (RFC 3986 5.2) as far as its host and last segment go.
func join(base, href string) string {
	scheme, rest, ok := strings.Cut(base, "//")
	if !ok {
		return href
	}
	host, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	if strings.HasPrefix(href, "/") {
		return scheme + "//" + host + href
	}
	path, _, _ = strings.Cut(path, "?")
	path = path[:strings.LastIndexByte(path, '/')+1]
	if path == "" {
		path = "/"
	}
	return scheme + "//" + host + path + href
}
