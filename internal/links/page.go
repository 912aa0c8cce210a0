package links

import (
	"bytes"
	"html"
	"strings"

	"sekisho/internal/htmlscan"
)

// Page is what a web page shows, and where it leads.
type Page struct {
	Text  string // lines as a reader sees them: cells parted by tabs, quoted history behind ">"
	Links []Link
}

const (
	usual      = 32      // links of a page
	pageText   = 1 << 20 // bytes of text kept: as much as of a part of a mail
	anchorText = 512     // of a link's own text: an address is shorter
	quoteDepth = 3       // marks of quotation before a line
)

// HTML reads a web page. What breaks off is read as far as it goes.
func HTML(page string) Page {
	s := htmlscan.New(strings.NewReader(page)) // a reader of memory does not fail
	defer s.Close()
	p := pager{}
	p.text.Grow(min(len(page)/2, pageText))
	p.list.room = usual
	for kind := s.Next(); kind != htmlscan.EOF; kind = s.Next() {
		switch kind {
		case htmlscan.Text:
			p.write(s.Text())
		case htmlscan.Start:
			p.start(s)
		case htmlscan.End:
			p.end(string(s.Name()))
		}
	}
	p.close()
	text := p.text.String()
	p.list.text(text, p.shown) // what mail programs make links of themselves
	return Page{Text: text, Links: p.list.links}
}

// pager writes the text of a page.
type pager struct {
	text  strings.Builder
	list  list
	quote int  // blockquotes around
	bol   bool // at the beginning of a line
	blank bool // a blank is due
	pre   int
	base  string

	href   string // of the link that is open, "" for none
	anchor []byte // its text
	at     int    // where that begins
	shown  []span // the texts of links
}

// write takes a piece of text. References do not reach past the next "&" (HTML 13.2.5.72), so each is read by itself.
func (p *pager) write(b []byte) {
	for {
		at := bytes.IndexByte(b, '&')
		if at < 0 {
			p.plain(b)
			return
		}
		p.plain(b[:at])
		b = b[at:]
		text, n := reference(b)
		if n == 0 {
			if n = 1 + bytes.IndexByte(b[1:], '&'); n == 0 {
				n = len(b)
			}
			text = []byte(html.UnescapeString(string(b[:n])))
		}
		p.plain(text)
		b = b[n:]
	}
}

// reference is what one of the references that pages are full of stands for, and its length; 0 for any other.
func reference(b []byte) (text []byte, n int) {
	switch {
	case bytes.HasPrefix(b, []byte("&nbsp;")):
		return []byte("\u00a0"), len("&nbsp;")
	case bytes.HasPrefix(b, []byte("&amp;")):
		return b[:1], len("&amp;")
	}
	return nil, 0
}

// plain takes text without references. White space is one blank (CSS Text 4.1.1), and none where a line begins.
func (p *pager) plain(b []byte) {
	for len(b) > 0 && p.text.Len() < pageText {
		n := words(b, p.text.Len()+len(b) < pageText)
		p.words(b[:n])
		if n == len(b) {
			return
		}
		if p.pre > 0 && b[n] == '\n' {
			p.line()
		}
		p.blank = true
		b = b[n+1:]
	}
}

// words is the length of what b begins with: words between which single spaces are, which stay as they are, or one word.
func words(b []byte, several bool) int {
	for i, c := range b {
		if white[c] && !(several && c == ' ' && i > 0 && i+1 < len(b) && !white[b[i+1]]) {
			return i
		}
	}
	return len(b)
}

var white = [256]bool{' ': true, '\t': true, '\r': true, '\n': true, '\f': true}

func (p *pager) words(b []byte) {
	if len(b) == 0 {
		return
	}
	if p.text.Len() > 0 && p.bol || p.text.Len() == 0 {
		for range min(p.quote, quoteDepth) {
			p.text.WriteString("> ")
		}
	} else if p.blank {
		p.text.WriteByte(' ')
	}
	if p.href != "" && len(p.anchor) < anchorText {
		if p.blank && len(p.anchor) > 0 {
			p.anchor = append(p.anchor, ' ')
		}
		p.anchor = append(p.anchor, b[:min(len(b), anchorText-len(p.anchor))]...)
	}
	p.bol, p.blank = false, false
	p.text.Write(b)
}

// line ends the line.
func (p *pager) line() {
	if !p.bol && p.text.Len() < pageText {
		p.text.WriteByte('\n')
	}
	p.bol, p.blank = true, false
}

// block reports whether an element begins on a line of its own (HTML 15.3.3).
func block(name string) bool {
	switch name {
	case "p", "div", "tr", "li", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "section", "article", "header", "footer", "dl", "dt", "dd", "hr",
		"center", "title", "form", "option", "caption", "body", "head", "address", "fieldset", "main":
		return true
	}
	return false
}

func (p *pager) start(s *htmlscan.Scanner) {
	name := string(s.Name())
	switch name {
	case "a", "area":
		p.open(html.UnescapeString(s.Attr("href")))
	case "base":
		if p.base == "" {
			p.base = html.UnescapeString(s.Attr("href"))
		}
	case "br":
		p.brk()
	case "td", "th":
		if !p.bol && p.text.Len() > 0 {
			p.text.WriteByte('\t')
		}
		p.blank = false
	case "pre", "textarea":
		p.pre++
	case "blockquote":
		p.line()
		p.quote++
	}
	if block(name) {
		p.line()
	}
}

// brk is a line break: two of them are an empty line.
func (p *pager) brk() {
	if p.bol && p.text.Len() > 0 && p.text.Len() < pageText {
		p.text.WriteByte('\n')
	}
	p.line()
}

func (p *pager) end(name string) {
	switch name {
	case "a":
		p.close()
	case "pre", "textarea":
		p.pre = max(0, p.pre-1)
	case "blockquote":
		p.line()
		p.quote = max(0, p.quote-1)
	}
	if block(name) {
		p.line()
	}
}

// open begins a link; a link inside another ends that (HTML 13.2.6.4.7).
func (p *pager) open(href string) {
	p.close()
	p.href, p.at = href, p.text.Len()
}

func (p *pager) close() {
	if p.href != "" {
		if len(p.shown) < linksMax {
			p.shown = append(p.shown, span{p.at, p.text.Len()})
		}
		p.list.anchor(p.base, p.href, string(p.anchor), p.at)
	}
	p.href, p.anchor = "", p.anchor[:0]
}
