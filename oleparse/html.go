package oleparse

import (
	"bytes"
	"context"
	"html"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"sekisho/internal/htmlscan"
	"sekisho/internal/xlm"
)

// ReadHTML reads a document saved as a web page, which Word and Excel open as they open their own: the fields, templates and formulas that their
// HTML has elements and styles for, and in a table the cells that Excel takes for formulas. The error is as of ReadOLE.
func ReadHTML(ctx context.Context, r io.Reader, o Options) (*Document, error) {
	s := newReading(ctx, o)
	s.doc.Kind = "html"
	h := &webPage{markup: markup{k: &opc{r: s}, p: &opcPart{}}}
	h.fields.memory = &h.k.fields
	if err := h.read(htmlscan.New(inUTF8(r))); err != nil {
		s.fail(err)
	}
	return s.doc, s.err
}

// charsetHead is where HTML may declare its encoding (HTML 13.2.3.2).
const charsetHead = 1024

// inUTF8 decodes by byte order mark, by what the page declares, or leaves bytes as they are.
func inUTF8(r io.Reader) io.Reader {
	head := make([]byte, charsetHead)
	n, err := io.ReadFull(r, head)
	head = head[:n]
	if err == nil || err == io.EOF || err == io.ErrUnexpectedEOF {
		r = io.MultiReader(bytes.NewReader(head), r)
	} else {
		r = io.MultiReader(bytes.NewReader(head), failed{err})
	}
	fallback := transform.Transformer(transform.Nop)
	if _, rest, ok := strings.Cut(strings.ToLower(string(head)), "charset="); ok {
		name := strings.TrimLeft(rest, `"' `)
		if i := strings.IndexAny(name, `"' />;`); i >= 0 {
			name = name[:i]
		}
		if e, err := htmlindex.Get(name); err == nil && e != encoding.Replacement && !strings.HasPrefix(name, "utf-16") {
			fallback = e.NewDecoder()
		}
	}
	return transform.NewReader(r, unicode.BOMOverride(fallback))
}

// failed is a reader that gives an error.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }

// webPage is markup with the elements and styles of Office's HTML.
type webPage struct {
	markup
	cell []byte // text of the block at hand
}

func (h *webPage) read(x *htmlscan.Scanner) error {
	for kind := x.Next(); kind != htmlscan.EOF; kind = x.Next() {
		switch kind {
		case htmlscan.Start:
			h.open(x)
		case htmlscan.End:
			h.close(string(x.Name()))
		case htmlscan.Text:
			h.chars([]byte(html.UnescapeString(string(x.Text()))))
		}
	}
	h.endCell()
	for h.fields.depth() > 0 { // fields never ended
		h.endField()
	}
	return x.Err()
}

func (h *webPage) chars(b []byte) {
	h.text(b)
	h.fields.text(b)
	h.cell = append(h.cell, b[:min(len(b), max(0, pieceMax+1-len(h.cell)))]...)
}

func (h *webPage) open(x *htmlscan.Scanner) {
	name := string(x.Name())
	h.close(name)
	attrs := x.Attrs()
	macros := slices.ContainsFunc(attrs, func(a htmlscan.Attr) bool { return a.Name == "rel" && strings.EqualFold(a.Value, "edit-time-data") })
	for _, a := range attrs {
		switch {
		case a.Name == "style":
			h.style(html.UnescapeString(a.Value))
		case strings.HasSuffix(a.Name, ":fmla"), strings.HasSuffix(a.Name, ":formula"): // x:fmla of a cell, ss:Formula of a sheet in the page
			h.formulaText(html.UnescapeString(a.Value))
		case a.Name != "href":
		case strings.HasSuffix(name, "attachedtemplate"): // w:AttachedTemplate in w:WordDocument
			h.web(LinkTemplate, a.Value)
		case macros:
			h.web(LinkOther, a.Value)
		}
	}
}

// web notes a link to another machine.
func (h *webPage) web(typ LinkType, target string) {
	if t := short([]byte(strings.TrimSpace(html.UnescapeString(target))), targetMax); isRemote(t) {
		h.k.link("", typ, t)
	}
}

// close takes what ends with a tag, its own or the next of its sort. Excel makes a cell of each block, in a table or not.
func (h *webPage) close(name string) {
	switch name {
	case "td", "th", "tr", "table", "p", "div", "li", "h1", "h2", "h3", "pre", "body":
		h.endCell()
		h.newline()
	case "br":
		h.newline()
	}
}

// endCell looks at a cell's text, which Excel takes for a formula where it begins as one.
func (h *webPage) endCell() {
	if text := bytes.TrimSpace(h.cell); len(text) <= pieceMax && IsCellFormula(text) {
		h.formulaText(string(text))
	}
	h.cell = h.cell[:0]
}

func (h *webPage) formulaText(formula string) {
	if len(formula) > pieceMax || strings.IndexByte(formula, '|') < 0 {
		return
	}
	if link, _, ok := xlm.DDE(formula); ok {
		h.k.command("", link)
	}
}

// IsCellFormula says whether a cell of text may hold a formula that asks another program: one begins with "=", or with a sign as old spreadsheets had
// it. Signs begin many honest texts, so the topic must be quoted, as every command with a blank is, or the rest must be a formula; behind "+", "-" and
// "@" both.
func IsCellFormula(cell []byte) bool {
	if len(cell) < len("=a|b!c") || strings.IndexByte("=+-@", cell[0]) < 0 || bytes.IndexByte(cell, '|') < 0 {
		return false
	}
	_, whole, ok := xlm.DDE(string(cell))
	quoted := bytes.Contains(cell, []byte("|'"))
	return ok && (whole && quoted || cell[0] == '=' && (whole || quoted))
}

// style looks for the properties by which Word writes fields: mso-element marks the parts of one, mso-field-code is a whole instruction.
func (h *webPage) style(css string) {
	if !strings.Contains(strings.ToLower(css), "mso-") {
		return
	}
	for css != "" {
		var name, value string
		name, value, css = declaration(css)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "mso-element":
			h.fieldMark(strings.ToLower(strings.TrimSpace(value)))
		case "mso-field-code":
			h.fields.begin()
			h.fields.code([]byte(unquoteCSS(value)))
			h.endField()
		}
	}
}

func (h *webPage) fieldMark(mark string) {
	switch mark {
	case "field-begin":
		h.fields.begin()
	case "field-separator":
		h.fields.separate()
	case "field-end":
		h.endField()
	}
}

// declaration takes the first declaration off a style (CSS 2.1 4.1.8); one in quotes may have semicolons.
func declaration(css string) (name, value, rest string) {
	name, rest, ok := strings.Cut(css, ":")
	if i := strings.IndexByte(name, ';'); i >= 0 || !ok {
		_, rest, _ = strings.Cut(css, ";")
		return "", "", rest
	}
	quote := byte(0)
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'':
			quote = c
		case c == ';':
			return name, rest[:i], rest[i+1:]
		}
	}
	return name, rest, ""
}

// unquoteCSS resolves a string and the escapes in it (CSS 2.1 4.1.3, 4.3.7), which have four digits where Office writes them.
func unquoteCSS(s string) string {
	if s = strings.TrimSpace(s); len(s) > 1 && (s[0] == '"' || s[0] == '\'') {
		s = strings.TrimSuffix(s[1:], s[:1])
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		n := 1
		for n <= 4 && i+n < len(s) && hexDigit(s[i+n]) >= 0 {
			n++
		}
		if v, err := strconv.ParseUint(s[i+1:i+n], 16, 32); err == nil && v <= utf8.MaxRune {
			b.WriteRune(rune(v))
			i += n - 1
			if i+1 < len(s) && s[i+1] == ' ' {
				i++
			}
			continue
		}
		i++
		b.WriteByte(s[i])
	}
	return b.String()
}
