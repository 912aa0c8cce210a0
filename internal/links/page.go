package links

import (
	"bytes"
	"html"
	"io"
	"strings"

	"sekisho/internal/htmlscan"
)

// Page is what a web page shows, and where it leads.
type Page struct {
	Text  string // lines as a reader sees them: cells parted by tabs, quoted history behind ">"
	Links []Link
}

const (
	pageText   = 1 << 20 // bytes of text kept: as much as of a part of a mail
	anchorText = 512     // of a link's own text: an address is shorter
	quoteDepth = 3       // marks of quotation before a line
)

// HTML reads a web page. What breaks off is read as far as it goes; the error is the reader's.
func HTML(r io.Reader) (Page, error) {
	s := htmlscan.New(r)
	p := pager{}
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
	page := Page{Text: p.text.String()}
	p.list.text(page.Text, p.shown) // what mail programs make links of themselves
	page.Links = p.list.links
	return page, s.Err()
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

// write takes a piece of text. White space is one blank (CSS Text 4.1.1), and none where a line begins.
func (p *pager) write(b []byte) {
	if bytes.IndexByte(b, '&') >= 0 {
		b = []byte(html.UnescapeString(string(b)))
	}
	for len(b) > 0 && p.text.Len() < pageText {
		n := bytes.IndexAny(b, " \t\r\n\f")
		if n < 0 {
			n = len(b)
		}
		p.word(b[:n])
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

func (p *pager) word(b []byte) {
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

// blocks are the elements that begin on a line of their own (HTML 15.3.3).
var blocks = map[string]bool{"p": true, "div": true, "tr": true, "li": true, "ul": true, "ol": true, "table": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true,
	"blockquote": true, "pre": true, "section": true, "article": true, "header": true, "footer": true, "dl": true, "dt": true, "dd": true, "hr": true, "center": true, "title": true,
	"form": true, "option": true, "caption": true, "body": true, "head": true, "address": true, "fieldset": true, "main": true, "o:p": false}

func (p *pager) start(s *htmlscan.Scanner) {
	name := string(s.Name())
	switch name {
	case "a", "area":
		p.open(attrOf(s, "href"))
	case "base":
		if p.base == "" {
			p.base = attrOf(s, "href")
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
	if blocks[name] {
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
	if blocks[name] {
		p.line()
	}
}

func attrOf(s *htmlscan.Scanner, name string) string {
	for _, a := range s.Attrs() {
		if a.Name == name {
			return html.UnescapeString(a.Value)
		}
	}
	return ""
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
