package oleparse

import (
	"bytes"
	"context"
	"io"

	"sekisho/internal/xmlscan"
)

// ReadXML reads the markup of a document of Office 2003 that is one XML file: Word 2003 XML (WordprocessingML) or XML Spreadsheet 2003. Its fields and
// texts are written as in a package; templates and formulas stand in attributes. Files packed into it are the caller's. The error is as of ReadOLE.
func ReadXML(ctx context.Context, r io.Reader, o Options) (*Document, error) {
	s := newReading(ctx, o)
	s.doc.Kind = "xml"
	p := &opcPart{odd: true}
	k := &opc{r: s, byKey: map[string]*opcPart{}, macros: true}
	k.scan(p, r, func() { (&markup2003{markup{k: k, p: p, x: k.x}}).read() })
	if err := ctx.Err(); err != nil {
		s.fail(err)
	}
	return s.doc, s.err
}

// markup2003 is markup with the elements and attributes that only Office 2003 has.
type markup2003 struct{ markup }

func (m *markup2003) read() {
	m.fields.memory = &m.k.fields
	for kind := m.x.Next(); kind != xmlscan.EOF; kind = m.x.Next() {
		switch kind {
		case xmlscan.Start:
			m.open()
		case xmlscan.End:
			m.close()
		case xmlscan.Text:
			m.chars(m.x.Text())
		}
	}
	for m.fields.depth() > 0 { // fields never ended
		m.endField()
	}
}

func (m *markup2003) open() {
	switch string(m.x.Name()) {
	case "attachedTemplate": // Word 2003 XML reference: of docPr
		m.remote(LinkTemplate, m.x.Attr("val"))
	case "sourceFileName": // of frame
		m.remote(LinkFrame, m.x.Attr("val"))
	case "subDoc":
		m.remote(LinkOther, m.x.Attr("link"))
	case "imagedata", "fill": // VML; a picture inside is wordml://
		if src := m.x.Plain("src"); !bytes.HasPrefix(src, []byte("wordml:")) {
			m.remote(LinkOther, src)
		}
	case "Data": // XML Spreadsheet reference: of Cell
		m.in = inText
	case "Path": // of SupBook, a link to another workbook or program
		m.in, m.piece = inFormula, m.piece[:0]
	case "Cell", "NamedRange":
		m.attribute("Formula")
		m.attribute("RefersTo")
	default:
		m.start()
	}
}

func (m *markup2003) close() {
	switch string(m.x.Name()) {
	case "Data":
		m.in = inNothing
		m.newline()
	case "Path":
		m.formula()
	default:
		m.end()
	}
}

// attribute looks at a formula in an attribute.
func (m *markup2003) attribute(name string) {
	if v := m.x.Attr(name); len(v) > 0 {
		m.piece = append(m.piece[:0], v[:min(len(v), pieceMax)]...)
		m.formula()
	}
}

// remote notes a link to another machine. The local ones, of which every document has one to its template, say nothing.
func (m *markup2003) remote(typ LinkType, target []byte) {
	if t := string(target); isRemote(t) {
		m.k.link(m.p.name, typ, t)
	}
}
