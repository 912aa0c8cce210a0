package oleparse

import (
	"context"
	"encoding/xml"
	"io"
	"math"
	"path"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// xmlMax bounds content types and root relationships; a workbook of a thousand sheets needs 200 KB.
const xmlMax = 4 << 20

const (
	typesPart = "[Content_Types].xml" // ECMA-376-2 7.2.3.2
	relsPart  = "_rels/.rels"         // ECMA-376-2 6.5.2
)

// mainTypes maps the content type of a package's main part to its kind (ECMA-376-1 15.2, MS-OFFMACRO2 2.1, MS-VSDX 2.2).
var mainTypes = map[string]string{
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml":   "docx",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml":   "dotx",
	"application/vnd.ms-word.document.macroenabled.main+xml":                             "docm",
	"application/vnd.ms-word.template.macroenabledtemplate.main+xml":                     "dotm",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml":         "xlsx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.template.main+xml":      "xltx",
	"application/vnd.ms-excel.sheet.macroenabled.main+xml":                               "xlsm",
	"application/vnd.ms-excel.template.macroenabled.main+xml":                            "xltm",
	"application/vnd.ms-excel.addin.macroenabled.main+xml":                               "xlam",
	"application/vnd.ms-excel.sheet.binary.macroenabled.main":                            "xlsb",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml": "pptx",
	"application/vnd.openxmlformats-officedocument.presentationml.template.main+xml":     "potx",
	"application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml":    "ppsx",
	"application/vnd.ms-powerpoint.presentation.macroenabled.main+xml":                   "pptm",
	"application/vnd.ms-powerpoint.template.macroenabled.main+xml":                       "potm",
	"application/vnd.ms-powerpoint.slideshow.macroenabled.main+xml":                      "ppsm",
	"application/vnd.ms-powerpoint.addin.macroenabled.main+xml":                          "ppam",
	"application/vnd.ms-visio.drawing.main+xml":                                          "vsdx",
	"application/vnd.ms-visio.template.main+xml":                                         "vsdx",
	"application/vnd.ms-visio.stencil.main+xml":                                          "vsdx",
	"application/vnd.ms-visio.drawing.macroenabled.main+xml":                             "vsdm",
	"application/vnd.ms-visio.template.macroenabled.main+xml":                            "vsdm",
	"application/vnd.ms-visio.stencil.macroenabled.main+xml":                             "vsdm",
}

// mainParts is the kind by the usual name of the main part, for packages whose content types cannot be read.
var mainParts = [...]struct{ part, kind string }{
	{"word/document.xml", "docx"}, {"xl/workbook.xml", "xlsx"}, {"xl/workbook.bin", "xlsb"}, {"ppt/presentation.xml", "pptx"}, {"visio/document.xml", "vsdx"},
}

// ReadOOXML reads a package (ECMA-376 part 2). Every part that is a compound file by its bytes is read for VBA projects, whatever its
// name, content type or relationships say. The error is as of ReadOLE.
func ReadOOXML(ctx context.Context, p Parts, o Options) (*Document, error) {
	s := newReading(ctx, o)
	s.inPackage = true
	pkg := &opc{r: s, p: p, names: p.Names()}
	s.doc.Kind = pkg.kind()
	for _, name := range pkg.names {
		if err := ctx.Err(); err != nil {
			s.fail(err)
			break
		}
		pkg.read(name, func(r io.Reader) { s.embedded(name, r, math.MaxInt64, 1) })
	}
	s.judge()
	return s.doc, s.err
}

// opc is one package.
type opc struct {
	r     *reading
	p     Parts
	names []string
}

// read opens a part for f.
func (k *opc) read(name string, f func(io.Reader)) {
	part, err := k.p.Open(name)
	if err != nil {
		k.r.unreadable(name, err)
		return
	}
	defer part.Close()
	f(part)
}

// kind says what the package is by the content type of its main part.
func (k *opc) kind() string {
	types := &contentTypes{part: make(map[string]string), ext: make(map[string]string)}
	k.elements(typesPart, types.take)
	target := ""
	k.elements(relsPart, func(e xml.StartElement) {
		typ := attr(e, "Type")
		if strings.HasSuffix(typ, "/officeDocument") || strings.HasSuffix(typ, "/visio/2010/relationships/document") {
			target = attr(e, "Target")
		}
	})
	if kind := mainTypes[types.of(target)]; kind != "" {
		return kind
	}
	for _, name := range k.names { // the relationship leads nowhere
		if kind := mainTypes[types.part[partName(name)]]; kind != "" {
			return kind
		}
	}
	for _, m := range mainParts {
		if k.find(m.part) != "" {
			return m.kind
		}
	}
	return "ooxml"
}

// contentTypes is the content types stream (ECMA-376-2 7.2.3): types by part name and by extension.
type contentTypes struct{ part, ext map[string]string }

func (t *contentTypes) take(e xml.StartElement) {
	typ := strings.ToLower(attr(e, "ContentType"))
	switch e.Name.Local {
	case "Override":
		t.part[partName(attr(e, "PartName"))] = typ
	case "Default":
		t.ext[strings.ToLower(attr(e, "Extension"))] = typ
	}
}

func (t *contentTypes) of(name string) string {
	name = partName(name)
	if typ, ok := t.part[name]; ok {
		return typ
	}
	return t.ext[strings.TrimPrefix(path.Ext(name), ".")]
}

// partName makes names comparable (ECMA-376-2 6.2.2.3): one leading slash, no case.
func partName(s string) string {
	return strings.ToLower(path.Clean("/" + strings.ReplaceAll(s, `\`, "/")))
}

// find returns the package's own spelling of a part's name.
func (k *opc) find(name string) string {
	for _, n := range k.names {
		if partName(n) == partName(name) {
			return n
		}
	}
	return ""
}

// elements calls f with each start tag of a part, as far as it is XML; the part is in UTF-8 or UTF-16 (ECMA-376-2 6.2.5).
func (k *opc) elements(name string, f func(xml.StartElement)) {
	own := k.find(name)
	if own == "" {
		k.r.problem(false, name, "no such part")
		return
	}
	k.read(own, func(r io.Reader) {
		utf8 := transform.NewReader(io.LimitReader(r, xmlMax), unicode.BOMOverride(transform.Nop))
		d := xml.NewDecoder(utf8)
		d.Strict = false
		d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
		for {
			t, err := d.RawToken()
			if err != nil {
				if err != io.EOF {
					k.r.problem(false, own, "%q", err.Error())
				}
				return
			}
			if e, ok := t.(xml.StartElement); ok {
				f(e)
			}
		}
	})
}

// attr returns the value of an attribute without a name space.
func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}
