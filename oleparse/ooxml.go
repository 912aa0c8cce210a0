package oleparse

import (
	"context"
	"strings"
)

const (
	typesPart = "/[content_types].xml" // ECMA-376-2 7.2.3.2
	relsPart  = "/_rels/.rels"         // ECMA-376-2 6.5.2
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
	{"/word/document.xml", "docx"}, {"/xl/workbook.xml", "xlsx"}, {"/xl/workbook.bin", "xlsb"}, {"/ppt/presentation.xml", "pptx"},
	{"/visio/document.xml", "vsdx"},
}

// ReadOOXML reads a package (ECMA-376 part 2): content types and relationships first, then every other part once, in the package's order. What a
// part is, its first bytes tell; names, content types and relationships only add. The error is as of ReadOLE.
//
// Of each part at least the first 512 bytes are read, or all where there are fewer. Document.Files are the parts that are files of their own and that
// the caller should inspect: compound files that hold no VBA project, and what altChunk brings in. Parts that are neither markup nor compound
// files are left to the caller altogether.
func ReadOOXML(ctx context.Context, p Parts, o Options) (*Document, error) {
	s := newReading(ctx, o)
	s.inPackage = true
	k := newOPC(s, p)
	defer k.release()
	k.describe()
	s.doc.Kind = k.kind()
	for _, p := range k.parts {
		if err := ctx.Err(); err != nil {
			s.fail(err)
			break
		}
		k.readPart(p)
	}
	k.finish()
	s.judge()
	return s.doc, s.err
}

// kind says what the package is by the content type of its main part.
func (k *opc) kind() string {
	if kind := mainTypes[k.types.of(k.main)]; kind != "" {
		return kind
	}
	for _, p := range k.parts { // the relationship leads nowhere
		if kind := mainTypes[k.types.part[p.key]]; kind != "" {
			return kind
		}
	}
	for _, m := range mainParts {
		if k.byKey[m.part] != nil {
			return m.kind
		}
	}
	return "ooxml"
}

// contentTypes is the content types stream (ECMA-376-2 7.2.3): types by part name and by extension, in lower case.
type contentTypes struct{ part, ext map[string]string }

const (
	typesMax  = 1 << 16 // entries kept: one for each part an archive may list, and some
	typeBytes = 8 << 20 // of their names and types
)

// readTypes reads the content types.
func (k *opc) readTypes() {
	k.types = contentTypes{part: make(map[string]string), ext: make(map[string]string)}
	p := k.byKey[typesPart]
	if p == nil {
		k.r.problem(false, "[Content_Types].xml", "no such part")
		return
	}
	p.done = true
	bytes := 0
	k.elements(p, func() bool {
		typ, name := strings.ToLower(short(k.x.Plain("ContentType"), identMax)), ""
		switch string(k.x.Name()) {
		case "Override":
			name = short(k.x.Plain("PartName"), targetMax)
			k.types.part[partKey(name)] = typ
		case "Default":
			name = short(k.x.Plain("Extension"), identMax)
			k.types.ext[strings.ToLower(name)] = typ
		}
		bytes += len(name) + len(typ)
		return len(k.types.part)+len(k.types.ext) < typesMax && bytes < typeBytes
	})
}

func (t *contentTypes) of(key string) string {
	if typ, ok := t.part[key]; ok {
		return typ
	}
	return t.ext[key[strings.LastIndexByte(key, '.')+1:]]
}
