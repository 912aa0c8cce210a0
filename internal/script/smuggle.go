package script

import (
	"context"
	"strings"
)

// Payload is a file that a page carries in its text.
type Payload struct {
	Name   string // the download's, "" where it is not known
	Data   []byte
	How    string // how it was written: "base64", "hexadecimal", "numbers", "reversed base64", "xor" …
	Link   bool   // a data: address in the markup, which a reader sees or clicks
	Plain  bool   // of a data: address that shows a picture, a font or the like
	Handed bool   // by the script, or the element, that holds it
}

// Page is what a web page does with files.
type Page struct {
	Payloads []Payload
	Opaque   int       // bytes of the longest encoded content that decodes to nothing known
	Hands    string    // how the page hands a file to the reader, "" when it does not
	Auto     bool      // it does so by itself
	Launches string    // an address that starts a program of Windows or shows a folder of another machine
	Text     string    // what a reader sees, and the short texts of its scripts
	Scripts  []*Report // of its sections
	Written  []*Report // of the pages that they write and the code that they make
}

const (
	payloadsMax = 200       // files of one page: reports carry a picture for each chart
	payloadMin  = 64        // bytes of a file: an empty archive has 22, a shortcut 76
	wordsMin    = 24        // bytes of a text that is a file: a shortcut with an address
	opaqueMin   = 1024      // encoded content that can be nothing but a file
	pagesMax    = 40        // pages that scripts write into pages
	pagesSize   = 16 << 20  // bytes of all of them
	libraryMin  = 200 << 10 // bytes of code that are a library or an application, which may hand out what its reader makes with it
	shortText   = 200       // characters of a script's text that people may be shown
)

// Read looks at the scripts and addresses of a page, and at the pages that it writes into itself. The error is the context's, which is asked on the way.
func (m *Markup) Read(ctx context.Context) (*Page, error) {
	g := &Page{}
	r := &reader{ctx: ctx, g: g, seen: map[string]bool{}}
	r.text.WriteString(m.Text)
	r.markup(m, 0)
	g.Text = r.text.String()
	return g, ctx.Err()
}

// reader collects what a page and its scripts hold.
type reader struct {
	ctx    context.Context
	g      *Page
	pages  int
	size   int // of the pages
	text   strings.Builder
	hander *folded         // the last script that hands a file over
	loads  bool            // a script of the page stands elsewhere
	seen   map[string]bool // beginnings of payloads: the same one is often held twice
}

func (r *reader) markup(m *Markup, depth int) {
	for i := range m.Links {
		r.link(&m.Links[i])
	}
	folds := make([]*folded, len(m.Sections))
	for i := range m.Sections {
		sec := &m.Sections[i]
		folds[i] = fold(r.ctx, sec.Source, sec.Lang)
		r.handing(folds[i], sec)
	}
	for i := range m.Sections { // what one script holds another one hands over
		r.script(&m.Sections[i], folds[i], depth)
	}
	if depth < decodeMax {
		for _, frame := range m.Frames { // parts of the page, so no longer than it
			r.markup(Parse(frame), depth+1)
		}
	}
	if r.hander == nil {
		return
	}
	x := extraction{r: r, f: r.hander, name: r.hander.fileName(), hands: true, decodes: true}
	for _, t := range m.Long {
		x.text(t)
	}
}

// handing keeps how a script hands a file over.
func (r *reader) handing(f *folded, s *Section) {
	r.loads = r.loads || s.Src != ""
	hands := f.hands()
	if hands == "" || f.code > libraryMin {
		return
	}
	if r.g.Hands == "" || strings.HasPrefix(r.g.Hands, "data:") {
		r.g.Hands, r.hander = hands, f
	}
}

// link takes a data: address (RFC 2397).
func (r *reader) link(l *Link) {
	v := strings.TrimSpace(l.Value)
	if l.Tag == "meta" {
		if _, to, ok := strings.Cut(v, "="); ok && strings.Contains(strings.ToLower(v[:len(v)-len(to)]), "url") { // HTML 4.2.5.3
			v = strings.Trim(strings.TrimSpace(to), `'"`)
		}
		if i := indexFold(v, "data:"); i > 0 {
			v = v[i:]
		}
	}
	r.launch(v, l.Tag == "meta" || l.Tag == "iframe")
	kind, data, ok := dataURL(v)
	if !ok {
		return
	}
	shown := shownType(kind) || l.Tag == "img" || l.Tag == "source" || l.Tag == "audio" || l.Tag == "video" || l.Tag == "image" || l.Tag == "link"
	if !shown && (l.Named || l.Tag == "a" || l.Tag == "meta" || l.Tag == "iframe" || l.Tag == "embed" || l.Tag == "object") && r.g.Hands == "" {
		r.g.Hands = "data: address in <" + l.Tag + ">"
	}
	r.payload(Payload{Name: l.Download, Data: data, How: "data: address", Link: true, Plain: shown, Handed: !shown && l.Tag != "input"})
}

// launch keeps an address that a browser hands to a program of Windows. A file of another machine only counts where the page goes by itself.
func (r *reader) launch(v string, goes bool) {
	if len(v) < 8 || r.g.Launches != "" {
		return
	}
	low := strings.ToLower(v[:min(len(v), 64)])
	for _, scheme := range []string{"search-ms:", "search:query", "ms-msdt:", "ms-appinstaller:", "ms-officecmd:", "ms-cxh", "ms-search:"} {
		if strings.HasPrefix(low, scheme) {
			r.g.Launches = v
		}
	}
	host := strings.TrimLeft(strings.TrimPrefix(low, "file:"), `/\`)
	if goes && (strings.HasPrefix(low, "file://") && !strings.HasPrefix(low, "file:///") || strings.HasPrefix(low, "file:////") || strings.HasPrefix(low, `\\`)) &&
		!strings.HasPrefix(host, "localhost/") {
		r.g.Launches = v
	}
}

// dataURL splits a data: address.
func dataURL(v string) (kind string, data []byte, ok bool) {
	if len(v) < 5 || !strings.EqualFold(v[:5], "data:") {
		return "", nil, false
	}
	head, body, ok := strings.Cut(v[5:], ",")
	if !ok {
		return "", nil, false
	}
	kind, _, _ = strings.Cut(strings.ToLower(head), ";")
	if strings.Contains(strings.ToLower(head), "base64") {
		if strings.IndexByte(body, '%') >= 0 {
			body = string(unescape(body))
		}
		data, ok = fromBase64(body)
		return kind, data, ok
	}
	return kind, unescape(body), true
}

// shownType reports whether a browser shows data of a type as part of the page.
func shownType(kind string) bool {
	for _, p := range []string{"image/", "font/", "audio/", "video/", "text/css", "application/font", "application/x-font", "application/vnd.ms-fontobject", "text/javascript", "application/javascript"} {
		if strings.HasPrefix(kind, p) {
			return true
		}
	}
	return false
}

// payload keeps a file once.
func (r *reader) payload(p Payload) {
	key := string(p.Data[:min(len(p.Data), 256)])
	if len(p.Data) < payloadMin && p.How != "text" || len(r.g.Payloads) >= payloadsMax || r.seen[key] {
		return
	}
	r.seen[key] = true
	r.g.Payloads = append(r.g.Payloads, p)
}

// script looks at what one script does, then at the pages it writes.
func (r *reader) script(s *Section, f *folded, depth int) {
	report := &Report{}
	report.code(r.ctx, f, s.Lang)
	if depth == 0 {
		r.g.Scripts = append(r.g.Scripts, report)
	} else {
		r.g.Written = append(r.g.Written, report)
	}
	hands := f.hands()
	auto := hands != "" && (f.has("click") || f.has("dispatchevent") || f.has("location") || f.has("saveas") || f.has("mssaveoropenblob") || f.has("mssaveblob"))
	r.g.Auto = r.g.Auto || auto
	x := extraction{r: r, f: f, name: f.fileName(), hands: hands != "", decodes: f.decodesText() || hands != "" || r.hander != nil || r.loads}
	for i, t := range f.strings {
		if i%textsPerCheck == 0 && r.ctx.Err() != nil {
			return
		}
		r.launch(t, false)
		if len(t) <= shortText && r.text.Len() < 2*textMax {
			r.text.WriteString(t + "\n")
		}
		if written := x.text(t); written != "" && depth < decodeMax {
			r.written(written, depth)
		}
	}
	for _, a := range f.arrays {
		x.array(a)
	}
	x.pieces()
}

// written reads a page that a script writes, or code that it makes.
func (r *reader) written(t string, depth int) {
	r.pages++
	r.size += len(t)
	if r.pages <= pagesMax && r.size <= pagesSize {
		r.markup(Parse(asPage(t)), depth+1)
	}
}

// asPage is a text that a script writes or runs, as markup.
func asPage(t string) string {
	if strings.IndexByte(t, '<') < 0 || indexFold(t, "<script") < 0 && indexFold(t, "</") < 0 {
		return "<script>" + t + "</script>"
	}
	return t
}

// hands says how code hands a file to the reader, "" when it does not.
func (f *folded) hands() string {
	file := f.has("blob") || f.has("file") || f.has("createobjecturl")
	switch {
	case f.has("mssaveoropenblob"):
		return "msSaveOrOpenBlob"
	case f.has("mssaveblob"):
		return "msSaveBlob"
	case f.has("saveas") && file:
		return "saveAs"
	case f.has("createobjecturl") && (f.has("download") || f.has("click") || f.has("location") || f.has("href") || f.has("open")):
		return "createObjectURL"
	case f.has("download") && (f.has("click") || f.has("href")) && f.hasPrefix("data:"):
		return "download of a data: address"
	case f.has("location") && f.hasPrefix("data:"):
		return "location of a data: address"
	case f.has("showsavefilepicker"):
		return "showSaveFilePicker"
	}
	return ""
}

func (f *folded) hasPrefix(p string) bool {
	for _, s := range f.strings {
		if len(s) >= len(p) && strings.EqualFold(s[:len(p)], p) {
			return true
		}
	}
	return false
}

// decodesText reports whether code takes encoded text apart.
func (f *folded) decodesText() bool {
	for _, w := range []string{"atob", "fromcharcode", "charcodeat", "uint8array", "textdecoder", "unescape", "decodeuricomponent", "parseint", "inflate", "ungzip", "unzlib", "fflate", "pako", "eval"} {
		if f.has(w) {
			return true
		}
	}
	return false
}

// fileName is the first text that is a file's name: of the download, or of the File that is made.
func (f *folded) fileName() string {
	for _, s := range f.strings {
		if looksNamed(s) {
			return s
		}
	}
	return ""
}

// looksNamed reports whether a text is a file's name with an extension.
func looksNamed(s string) bool {
	i := strings.LastIndexByte(s, '.')
	if i < 1 || len(s) > 120 || len(s)-i > 6 || len(s)-i < 3 || strings.ContainsAny(s, "/<>:\"|?*\n\r={};()") {
		return false
	}
	for _, c := range s[i+1:] {
		if !(c < 0x80 && (nameStart(byte(c)) || '0' <= c && c <= '9')) || c == '_' || c == '$' {
			return false
		}
	}
	switch strings.ToLower(s[i+1:]) {
	case "js", "css", "com", "org", "net", "click", "href", "download", "html", "png", "jpg", "gif", "svg", "exec", "test":
		return false
	}
	return true
}

// extraction looks for files in one script's texts.
type extraction struct {
	r       *reader
	f       *folded
	name    string
	hands   bool
	decodes bool
}

// payload keeps a file that the script holds.
func (x *extraction) payload(data []byte, how string) {
	x.r.payload(Payload{Name: x.name, Data: data, How: how, Handed: x.hands})
}

// text looks at one text: an encoded file, or a page or script that is written or run; that is returned.
func (x *extraction) text(t string) (written string) {
	if kind, data, ok := dataURL(t); ok && len(data) > 0 {
		x.r.payload(Payload{Name: x.name, Data: data, How: "data: address", Plain: shownType(kind), Handed: x.hands})
		return ""
	}
	if x.isPage(t) {
		return t
	}
	if x.hands && len(t) >= wordsMin && hostWords(t) {
		x.payload([]byte(t), "text")
		return ""
	}
	if len(t) < payloadMin || !x.decodes {
		return ""
	}
	for _, d := range []struct {
		how string
		fn  func(string) ([]byte, bool)
	}{{"base64", fromBase64}, {"hexadecimal", fromHex}, {"reversed base64", fromReversed}, {"numbers", fromNumbers}, {"percent signs", fromPercent}} {
		b, ok := d.fn(t)
		if !ok {
			continue
		}
		if head := string(b[:min(len(b), textMax)]); x.isPage(head) && printable(string(b[:min(len(b), 512)])) {
			return string(b)
		}
		if x.data(b, d.how) {
			return ""
		}
	}
	if !x.data(latin1(t), "text") && len(t) >= opaqueMin && encodedText(t) { // the first: a file as it is, in escapes, or decoded while the script was folded
		x.opaque(len(t))
	}
	return ""
}

// data keeps bytes that begin as a file does, as they are or with a short key taken off.
func (x *extraction) data(b []byte, how string) bool {
	if magicOf(b) || x.hands && hostWords(string(b[:min(len(b), textMax)])) {
		x.payload(b, how)
		return true
	}
	if c, ok := x.inflated(b); ok {
		x.payload(c, how+", deflate")
		return true
	}
	if len(b) < payloadMin || !x.f.xors() {
		return false
	}
	for _, key := range x.keys(b) {
		if c := xor(b, key); magicOf(c) {
			x.payload(c, how+", xor")
			return true
		}
	}
	return false
}

// xors reports whether code is likely to take a key off.
func (f *folded) xors() bool {
	return f.hands() != "" || f.has("charcodeat") || f.has("uint8array") || f.has("fromcharcode")
}
