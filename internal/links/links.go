// Package links finds where a mail leads: the URLs in its texts and web pages.
package links

// Link is one place that a mail leads to.
type Link struct {
	URL  string
	Text string // what a web page shows for it
}

// list collects links.
type list struct{ links []Link }

const linksMax = 1000 // newsletters have some hundreds

func (l *list) anchor(base, href, text string) {
	if len(l.links) < linksMax {
		l.links = append(l.links, Link{URL: href, Text: text})
	}
}
