package oleparse

import (
	"bytes"
	"strings"

	"sekisho/internal/xlm"
	"sekisho/internal/xmlscan"
)

const (
	callbacksMax = 4096    // procedures that a document names; ribbons of large add-ins have some hundreds
	commandsMax  = 256     // nobody reads more
	pieceMax     = 8 << 10 // of a formula (ECMA-376-1 18.3.1.40: Excel allows 8,192 characters), or of a macro's name
)

// belonging is what the text at hand belongs to.
type belonging uint8

const (
	inNothing belonging = iota
	inText
	inCode    // a field's instruction
	inFormula // of a cell or name
	inMacro   // a procedure's name
)

// markup reads one part of markup, whatever its schema: elements are told by their local names, of which those of interest mean one thing
// in all schemas of Office.
type markup struct {
	k       *opc
	p       *opcPart
	x       *xmlscan.Scanner
	in      belonging
	piece   []byte // formula or macro name
	fields  fields
	begun   bool // the root element was met; Depth does not tell it behind a Skim
	sheet   bool // inside sheetData
	skimmed bool // it was met
	outer   []outside
	ribbon  bool // customUI
	dirty   bool // text was written since the last line end
}

// read reads to the end, or as far as the part can matter.
func (m *markup) read() {
	m.fields.memory = &m.k.fields
	for kind := m.x.Next(); kind != xmlscan.EOF; kind = m.x.Next() {
		switch kind {
		case xmlscan.Start:
			if !m.begun {
				m.begun = true
				m.p.root = short(m.x.Name(), identMax)
				if !m.matters() {
					return
				}
			}
			if !m.start() {
				return
			}
		case xmlscan.End:
			m.end()
		case xmlscan.Text:
			m.chars(m.x.Text())
		}
	}
	for m.fields.depth() > 0 { // fields never ended
		m.endField()
	}
}

// matters decides by the root element. The roots named here are of parts that hold neither text, objects, fields nor macros, and Office takes no
// part for another one whose root it is not.
func (m *markup) matters() bool {
	switch string(m.x.Name()) {
	case "theme", "styleSheet", "styles", "fonts", "numbering", "webSettings", "settings", "Properties", "coreProperties", "calcChain", "presentation",
		"pivotCacheDefinition", "pivotCacheRecords", "pivotTableDefinition", "table", "tblStyleLst", "presentationPr", "viewPr", "themeOverride",
		"styleData", "colorsDef", "layoutDef", "persons", "datastoreItem", "metadata", "volTypes":
		return !m.ofOffice()
	case "sldLayout", "sldMaster", "notesMaster", "handoutMaster": // what a slide inherits; its texts are prompts
		return m.p.odd || m.k.macros
	case "sst":
		return m.k.r.o.Text != nil && m.k.r.texts < textMax
	case "document", "hdr", "ftr", "sld", "worksheet", "workbook", "customUI", "externalLink", "xml", "wsDr", "ocx":
		return true
	}
	return m.p.roles != roleData
}

// ofOffice says whether the current tag is of a name space of Office. An element of another one may be passed over by programs, with or without what
// is in it (ECMA-376-3 7.2, 7.4), and decides nothing about what stands around it.
func (m *markup) ofOffice() bool {
	space := m.x.Space()
	return len(space) == 0 || bytes.Contains(space, []byte("openxmlformats.org/")) || bytes.Contains(space, []byte("purl.oclc.org/ooxml/")) ||
		bytes.Contains(space, []byte("schemas.microsoft.com/"))
}

// enter begins text that belongs to the current element; leave ends it. Elements of other name spaces may stand in between.
func (m *markup) enter(in belonging) {
	if len(m.outer) < nestedMax {
		m.outer = append(m.outer, outside{m.in, m.x.Depth()})
	}
	m.in = in
}

func (m *markup) leave() {
	if n := len(m.outer); n > 0 && m.outer[n-1].depth >= m.x.Depth() {
		m.in, m.outer = m.outer[n-1].in, m.outer[:n-1]
	}
}

// outside is what text belonged to before an element of some depth.
type outside struct {
	in    belonging
	depth int
}

// nestedMax is far above what a schema has: text does not nest.
const nestedMax = 64

// start takes a start tag and reports whether to go on with the part.
func (m *markup) start() bool {
	x := m.x
	if m.ribbon {
		m.callbacks()
		return true
	}
	switch string(x.Name()) {
	case "t", "Text": // ECMA-376-1 17.3.3.31, 18.4.12, 21.1.2.3.11; MS-VSDX 2.2.3.2.9
		m.enter(inText)
	case "instrText": // 17.16.23
		m.enter(inCode)
	case "fldSimple": // 17.16.19
		m.fields.begin()
		m.fields.code(x.Attr("instr"))
		m.fields.separate()
	case "fldChar": // 17.16.18
		if m.ofOffice() {
			m.fieldChar(string(x.Attr("fldCharType")))
		}
	case "br", "cr":
		m.newline()
	case "f", "definedName", "formula1", "formula2":
		m.enter(inFormula)
		m.piece = m.piece[:0]
		m.k.macroNames = m.k.macroNames || len(x.Name()) > 8 && (macroName(x) || xlm.Entry(string(x.Plain("name"))) != "")
	case "FmlaMacro": // ECMA-376-4 19.4.2.24
		m.enter(inMacro)
		m.piece = m.piece[:0]
	case "sheetData": // 18.3.1.80
		if m.x.Depth() == 2 && !m.skimmed {
			m.sheet, m.skimmed = true, true
			m.skim()
		}
	default:
		return m.object()
	}
	return true
}

// object takes the start tags that come less often.
func (m *markup) object() bool {
	x := m.x
	switch string(x.Name()) {
	case "OLEObject": // ECMA-376-4 19.2.2.19
		m.label(x.Attr("ProgID"))
	case "oleObj", "oleObject", "embed": // 19.3.3.5, 18.3.1.59; PresentationML's embed has no name
		m.label(x.Attr("progId"))
	case "control": // 17.3.3.3, 18.3.1.18, 19.3.2.1
		m.control()
	case "ocx": // MS-XLSB 2.1.7.1, the same in all programs
		m.k.object(Object{Path: m.p.name, Kind: ObjectControl, Class: short(x.Attr("classid"), identMax)})
	case "customUI": // MS-CUSTOMUI 2.2.1
		m.ribbon = m.ribbon || x.Depth() == 1
		m.callbacks()
	case "ddeLink": // 18.14.4
		m.ddeLink()
	case "externalBook", "oleLink": // 18.14.7, 18.14.10: what follows are names and saved values; the target is a relationship
		return m.p.root != "externalLink" || !m.ofOffice()
	case "hlinkClick", "hlinkMouseOver", "hlinkHover": // 21.1.2.3.5, 20.1.2.2.23
		m.action()
	case "sp", "pic", "graphicFrame", "cxnSp": // 20.5.2.x, attribute macro
		m.callback(x.Plain("macro"))
	case "entryMacro", "exitMacro": // 17.16.15, 17.16.16
		m.callback(x.Attr("val"))
	case "macro": // MS-DOCX 2.2.3, key bindings
		m.callback(x.Attr("macroName"))
	case "textpath": // ECMA-376-4 19.1.2.23
		m.text(x.Attr("string"))
		m.newline()
	case "webPr", "dbPr", "textPr": // 18.13.14, 18.13.1, 18.13.12
		m.query()
	}
	return true
}

func (m *markup) end() {
	switch string(m.x.Name()) {
	case "t", "instrText":
		m.leave()
	case "f", "definedName", "formula1", "formula2":
		m.formula()
	case "FmlaMacro":
		m.callback(m.piece)
		m.leave()
	case "fldSimple", "p", "si", "is", "text", "Text", "txbxContent", "comment", "c", "sheetData":
		m.endBlock(m.x.Name())
	}
}

func (m *markup) endBlock(name []byte) {
	switch string(name) {
	case "fldSimple":
		m.endField()
	case "c":
		if m.sheet {
			m.skim()
		}
	case "sheetData":
		m.sheet = false
	case "Text":
		m.leave()
		m.newline()
	default:
		m.newline()
	}
}

// skim passes over the cells of a sheet that hold numbers and references to strings only. What may matter is a formula with "|", which no operator of
// Excel is, and strings that stand in the sheet itself.
func (m *markup) skim() {
	m.x.Skim(cellMarks)
}

// cellMarks are looked for by their first byte, which is rare among cells: a bar, as itself or as a reference, inlineStr (18.18.11), the end of sheetData.
var cellMarks = [][]byte{[]byte("|"), []byte("&#"), []byte("Str"), []byte("Data")}

func (m *markup) chars(b []byte) {
	switch m.in {
	case inText:
		m.text(b)
		m.fields.text(b)
	case inCode:
		m.fields.code(b)
	case inFormula, inMacro:
		m.piece = append(m.piece, b[:min(len(b), pieceMax-len(m.piece))]...)
	}
}

// text delivers text of the document.
func (m *markup) text(b []byte) {
	r := m.k.r
	if b = b[:min(len(b), max(0, textMax-r.texts))]; len(b) == 0 || r.o.Text == nil {
		return
	}
	r.texts += len(b)
	m.dirty = true
	if _, err := r.o.Text.Write(b); err != nil {
		r.fail(err)
		r.texts = textMax
	}
}

// newline ends a paragraph.
func (m *markup) newline() {
	if m.dirty {
		m.text(lineEnd)
		m.dirty = false
	}
}

var lineEnd = []byte("\n")

func (m *markup) fieldChar(typ string) {
	switch typ {
	case "begin":
		m.fields.begin()
	case "separate":
		m.fields.separate()
	case "end":
		m.endField()
	}
}

// endField works a field out and notes what it does.
func (m *markup) endField() {
	f, ok := m.fields.end()
	if !ok {
		return
	}
	switch f.verb {
	case "DDE", "DDEAUTO": // ECMA-376-1 17.16.5: not in the standard any more, Word still knows both
		if len(f.args) > 0 {
			m.k.command(m.p.name, strings.Join(f.args, " "))
		}
	case "INCLUDETEXT", "INCLUDEPICTURE", "IMPORT", "INCLUDE", "RD": // 17.16.5.27, 17.16.5.28, 17.16.5.51
		if len(f.args) > 0 {
			m.k.link(m.p.name, LinkOther, short([]byte(f.args[0]), targetMax))
		}
	case "LINK": // 17.16.5.32
		if len(f.args) > 1 {
			m.k.link(m.p.name, LinkOLE, short([]byte(f.args[1]), targetMax))
		}
	case "MACROBUTTON": // 17.16.5.33
		if len(f.args) > 0 {
			m.callback([]byte(f.args[0]))
		}
	}
}

// command notes an instruction to another program.
func (k *opc) command(where, text string) {
	if len(k.r.doc.DDE) < commandsMax {
		k.r.doc.DDE = append(k.r.doc.DDE, Command{Path: where, Text: text[:min(len(text), targetMax)]})
	}
}

// formula notes a reference by DDE in a formula: application, "|", topic, "!", item.
func (m *markup) formula() {
	m.leave()
	if bytes.IndexByte(m.piece, '|') >= 0 && isDDE(m.piece) {
		m.k.command(m.p.name, string(m.piece))
	}
}

// isDDE says whether "|" stands in a formula outside strings and quoted names. A sheet's name may have one, and is then in quotes.
func isDDE(formula []byte) bool {
	quote := byte(0)
	for _, c := range formula {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '|':
			return true
		}
	}
	return false
}

// query notes where a data connection asks: an address, a text file, or a source in a connection string of OLE DB or ODBC.
func (m *markup) query() {
	if url := m.x.Attr("url"); len(url) > 0 {
		m.k.link(m.p.name, LinkOther, short(url, targetMax))
	}
	for _, s := range [...]string{string(m.x.Attr("sourceFile")), string(m.x.Attr("connection"))} {
		for _, word := range strings.Split(s, ";") {
			if _, value, ok := strings.Cut(word, "="); ok {
				word = value
			}
			if word = strings.Trim(word, ` "'`); isRemote(word) {
				m.k.link(m.p.name, LinkOther, short([]byte(word), targetMax))
			}
		}
	}
}

// ddeLink notes a workbook's DDE connection with its items.
func (m *markup) ddeLink() {
	m.k.command(m.p.name, short(m.x.Attr("ddeService"), identMax)+"|"+short(m.x.Attr("ddeTopic"), targetMax))
}

// label gives the part that the current tag refers to its ProgID.
func (m *markup) label(text []byte) {
	r := m.p.relOf(m.x)
	if r == nil || len(text) == 0 {
		return
	}
	if p := m.k.byKey[r.key]; p != nil && p.label == "" {
		p.label = short(text, identMax)
	}
}

// control notes the name of an ActiveX control. Form controls, whose relationship is of another type, are none.
func (m *markup) control() {
	r := m.p.relOf(m.x)
	name := m.x.Attr("name")
	if r == nil || r.typ != "control" || len(name) == 0 {
		return
	}
	m.label(name)
	if doc := m.k.r.doc; len(doc.Controls) < callbacksMax {
		doc.Controls = append(doc.Controls, short(name, identMax))
	}
}

// callback notes a procedure that the document names: "Project.Module.Procedure", "[0]!Procedure", "Book1.xlsm!Procedure".
func (m *markup) callback(name []byte) {
	if i := bytes.LastIndexByte(name, '!'); i >= 0 {
		name = name[i+1:]
	}
	if name = bytes.TrimSpace(name); len(name) == 0 || len(name) > identMax {
		return
	}
	if doc := m.k.r.doc; len(doc.Callbacks) < callbacksMax {
		doc.Callbacks = append(doc.Callbacks, string(name))
	}
}

// callbacks notes the procedures that an element of a ribbon names (MS-CUSTOMUI 2.2): those for what it shows and for its loading are asked without
// a click.
func (m *markup) callbacks() {
	for _, a := range m.x.Attrs() {
		name := string(a.Name)
		switch {
		case len(a.Prefix) > 0 || len(a.Value) == 0 || len(a.Value) > identMax:
		case name == "onLoad", name == "loadImage", strings.HasPrefix(name, "get"):
			if doc := m.k.r.doc; len(doc.OnLoad) < callbacksMax {
				doc.OnLoad = append(doc.OnLoad, string(a.Value))
			}
		case strings.HasPrefix(name, "on"):
			m.callback(a.Value)
		}
	}
}

// action notes what a click on a slide, or the mouse over it, starts (ECMA-376-1 21.1.2.3.5, action).
func (m *markup) action() {
	verb, name, _ := strings.Cut(short(m.x.Attr("action"), targetMax), "?")
	switch strings.ToLower(verb) {
	case "ppaction://macro":
		m.callback([]byte(strings.TrimPrefix(unescapeURI(name), "name=")))
	case "ppaction://program":
		if r := m.p.relOf(m.x); r != nil {
			m.k.command(m.p.name, unescapeURI(r.target))
		} else if name != "" {
			m.k.command(m.p.name, unescapeURI(strings.TrimPrefix(name, "name=")))
		}
	}
}
