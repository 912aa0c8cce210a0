package script

import (
	"html"
	"strings"
)

// Section is a script in markup.
type Section struct {
	Lang   Language
	Source string
	Src    string // its address, where it stands elsewhere
	Event  string // the handler it is, such as "onload"
}

// Markup is what a page or a Windows Script File consists of.
type Markup struct {
	Sections []Section
	Links    []Link
	Text     string   // what a reader sees, as far as textMax
	Frame    string   // the element that says what runs it: "job", "package", "component", "scriptlet", "hta:application", "" for none
	Long     []string // texts, comments and attributes that may be encoded files
	Frames   []string // pages in attributes: srcdoc
}

// Link is an address in an attribute.
type Link struct {
	Tag, Attr, Value string
	Download         string // the file name that the element gives
	Named            bool   // it has a download attribute
}

const (
	sectionsMax = 10_000
	linksMax    = 50_000
	framesMax   = 500 // a page with many advertisements has dozens
	attrsMax    = 256
	textMax     = 64 << 10 // a password stands near the top
)

// Parse splits markup. Nothing is refused.
func Parse(src string) *Markup {
	p := &page{src: src, m: &Markup{}, seen: &strings.Builder{}}
	for p.at < len(src) {
		p.text()
	}
	p.m.Text = html.UnescapeString(p.seen.String())
	return p.m
}

type page struct {
	src   string
	at    int
	m     *Markup
	seen  *strings.Builder // what a reader sees
	inRaw bool             // src is the content of an element that is not parsed

	unclosed map[string]bool // elements without an end from here on
}

// text reads text and the tag behind it.
func (p *page) text() {
	n := strings.IndexByte(p.src[p.at:], '<')
	if n < 0 {
		n = len(p.src) - p.at
	}
	if t := strings.TrimSpace(p.src[p.at : p.at+n]); !p.long(t) && t != "" && p.seen.Len() < textMax {
		p.seen.WriteString(t[:min(len(t), textMax)])
		p.seen.WriteByte('\n')
	}
	if p.at += n; p.at < len(p.src) {
		p.tag()
	}
}

// tag reads what begins with "<".
func (p *page) tag() {
	rest := p.src[p.at:]
	switch {
	case strings.HasPrefix(rest, "<!--") && !strings.HasPrefix(rest, "<!--["):
		p.comment()
		return
	case strings.HasPrefix(rest, "</"), strings.HasPrefix(rest, "<!"), strings.HasPrefix(rest, "<?"):
		p.skip(">")
		return
	case len(rest) < 2 || !nameStart(rest[1]) || rest[1] >= 0x80:
		p.at++
		return
	}
	end := 1
	for end < len(rest) && (nameStart(rest[end]) || rest[end] == ':' || rest[end] == '-' || '0' <= rest[end] && rest[end] <= '9') {
		end++
	}
	name := strings.ToLower(rest[1:end])
	p.at += end
	attrs := p.attrs()
	p.element(name, attrs)
}

// comment passes over a comment, which a second form ends too (HTML 13.2.5.52).
func (p *page) comment() {
	from := p.at + len("<!--")
	for _, short := range []string{">", "->"} { // HTML 13.2.5.43: it is over before it began
		if strings.HasPrefix(p.src[from:], short) {
			p.at = from + len(short)
			return
		}
	}
	end, mark := len(p.src)-from, ""
	for _, m := range []string{"-->", "--!>"} {
		if n := strings.Index(p.src[from:from+end], m); n >= 0 {
			end, mark = n, m
		}
	}
	p.long(strings.TrimSpace(p.src[from : from+end]))
	p.at = from + end + len(mark)
}

// raw takes an element whose content browsers read as text (HTML 13.2.6.2). XML has no such elements, so it is parsed as well.
func (p *page) raw(name string) {
	if p.inRaw || p.unclosed[name] {
		return
	}
	n := indexFold(p.src[p.at:], "</"+name)
	if n < 0 { // nor is there one for those that follow
		if p.unclosed == nil {
			p.unclosed = map[string]bool{}
		}
		p.unclosed[name] = true
		return
	}
	content := p.src[p.at : p.at+n]
	inner := &page{src: content, m: p.m, seen: p.seen, inRaw: true}
	for inner.at < len(content) {
		inner.text()
	}
	p.at += n
}

// skip goes on behind the next mark, to the end where there is none.
func (p *page) skip(mark string) {
	n := strings.Index(p.src[p.at:], mark)
	if n < 0 {
		p.at = len(p.src)
		return
	}
	p.at += n + len(mark)
}

const (
	longMin = 512  // characters that are an encoded file and no word: an archive with one file in it
	longMax = 1000 // such texts
)

// long keeps a text that may be an encoded file: one long word, or lines of the same width.
func (p *page) long(t string) bool {
	if len(t) < longMin || len(p.m.Long) >= longMax {
		return false
	}
	word := t[:longMin]
	if n := strings.IndexAny(word, " \r\n"); n >= 0 && (n < 60 || strings.ContainsAny(word, "<>")) {
		return false
	}
	p.m.Long = append(p.m.Long, t)
	return true
}

type attr struct{ name, value string }

// attrs reads attributes up to the end of the tag (HTML 13.1.2.3).
func (p *page) attrs() []attr {
	var list []attr
	for p.at < len(p.src) {
		switch c := p.src[p.at]; {
		case c == '>':
			p.at++
			return list
		case c <= ' ' || c == '/':
			p.at++
		default:
			a := p.attr()
			if len(list) < attrsMax {
				list = append(list, a)
			}
		}
	}
	return list
}

func (p *page) attr() attr {
	from := p.at
	for p.at++; p.at < len(p.src) && strings.IndexByte("=> \t\r\n/\f", p.src[p.at]) < 0; {
		p.at++
	}
	a := attr{name: strings.ToLower(p.src[from:min(p.at, from+64)])}
	for p.at < len(p.src) && strings.IndexByte(" \t\r\n\f", p.src[p.at]) >= 0 {
		p.at++
	}
	if p.at >= len(p.src) || p.src[p.at] != '=' {
		return a
	}
	for p.at++; p.at < len(p.src) && strings.IndexByte(" \t\r\n\f", p.src[p.at]) >= 0; {
		p.at++
	}
	a.value = p.value()
	if strings.IndexByte(a.value, '&') >= 0 {
		a.value = html.UnescapeString(a.value)
	}
	return a
}

// value reads an attribute's value, with its quotes or up to a blank.
func (p *page) value() string {
	if p.at >= len(p.src) {
		return ""
	}
	stop := " \t\r\n\f>"
	if q := p.src[p.at]; q == '"' || q == '\'' {
		stop = string(q)
		p.at++
	}
	n := strings.IndexAny(p.src[p.at:], stop)
	if n < 0 {
		n = len(p.src) - p.at
	}
	v := p.src[p.at : p.at+n]
	p.at += n
	if len(stop) == 1 && p.at < len(p.src) {
		p.at++
	}
	return v
}

// element takes what matters of one element.
func (p *page) element(name string, attrs []attr) {
	if n := strings.LastIndexByte(name, ':'); n >= 0 && name != "hta:application" { // msxsl:script, svg:script, html:iframe
		name = name[n+1:]
	}
	switch name {
	case "title", "textarea", "xmp", "noembed", "noframes", "noscript", "iframe":
		defer p.raw(name)
	case "job", "package", "component", "scriptlet", "hta:application":
		if p.m.Frame == "" {
			p.m.Frame = name
		}
	case "style":
		p.skip("</style")
	case "script":
		p.script(attrs)
		return
	}
	link, download, named := attr{}, "", false
	for _, a := range attrs {
		switch a.name {
		case "srcdoc":
			if len(p.m.Frames) < framesMax {
				p.m.Frames = append(p.m.Frames, a.value)
			}
		case "href", "xlink:href", "src", "data", "content", "action", "formaction", "value":
			if link.name == "" || a.name == "href" || a.name == "data" {
				link = a
			}
		case "download":
			download, named = a.value, true
		default:
			p.handler(a)
			p.long(a.value)
		}
	}
	if name == "input" || name == "textarea" || name == "option" {
		p.long(link.value)
	}
	if len(p.m.Links) < linksMax && link.value != "" {
		p.m.Links = append(p.m.Links, Link{Tag: name, Attr: link.name, Value: link.value, Download: download, Named: named})
	}
	if v := strings.TrimSpace(link.value); len(v) > 11 && strings.EqualFold(v[:11], "javascript:") {
		p.section(Section{Lang: JScript, Source: v[11:], Event: link.name})
	}
}

// handler takes an event's handler: an attribute whose name begins with "on".
func (p *page) handler(a attr) {
	if len(a.name) > 4 && strings.HasPrefix(a.name, "on") && a.value != "" {
		p.section(Section{Lang: JScript, Source: a.value, Event: a.name})
	}
}

func (p *page) section(s Section) {
	if len(p.m.Sections) < sectionsMax {
		p.m.Sections = append(p.m.Sections, s)
	}
}

// script takes a script element's content. Data that a script element holds for others to read is no script.
func (p *page) script(attrs []attr) {
	s := Section{Lang: JScript}
	data := false
	for _, a := range attrs {
		v := strings.ToLower(a.value)
		switch a.name {
		case "language", "type":
			if strings.Contains(v, "vb") {
				s.Lang = VBScript
			}
			if strings.Contains(v, "powershell") {
				s.Lang = PowerShell
			}
			data = data || a.name == "type" && v != "" && !strings.Contains(v, "script") && v != "module"
		case "src", "href", "xlink:href":
			s.Src = a.value
		}
	}
	if p.at >= 2 && p.src[p.at-2] == '/' && p.src[p.at-1] == '>' && s.Src != "" { // an empty element of XML
		p.section(s)
		return
	}
	from := p.at
	to := indexFold(p.src[from:], "</script")
	if to < 0 {
		to = len(p.src) - from
	}
	p.at = from + to
	if s.Source = unwrapped(p.src[from : from+to]); !data {
		p.section(s)
		return
	}
	p.long(s.Source)
}

// unwrapped is a script without the marks that hide it from XML and from old browsers.
func unwrapped(s string) string {
	t := strings.TrimSpace(s)
	for _, mark := range []string{"//<![CDATA[", "/*<![CDATA[*/", "<![CDATA[", "<!--"} {
		t = strings.TrimSpace(strings.TrimPrefix(t, mark))
	}
	for _, mark := range []string{"//]]>", "/*]]>*/", "]]>", "//-->", "-->"} {
		t = strings.TrimSpace(strings.TrimSuffix(t, mark))
	}
	return t
}

// indexFold is strings.Index without regard to case, of a text that begins with "<".
func indexFold(s, sub string) int {
	for at := 0; ; {
		n := strings.IndexByte(s[at:], sub[0])
		if n < 0 || len(s)-at-n < len(sub) {
			return -1
		}
		if at += n; strings.EqualFold(s[at:at+len(sub)], sub) {
			return at
		}
		at++
	}
}
