package oleparse

import (
	"io"
	"strings"

	"sekisho/internal/biff"
)

// binaryPart remembers a part of an XLSB package, which the other parts of its workbook belong to, for when all are known.
func (k *opc) binaryPart(p *opcPart, kind biff.PartKind) {
	switch {
	case kind == biff.BookPart:
		k.binary.books = append(k.binary.books, p)
	case kind == biff.LinkPart:
		k.binary.links = append(k.binary.links, p)
	case kind == biff.SheetPart && k.isMacroSheet(p, nil):
		k.binary.sheets = append(k.binary.sheets, k.part(p, true))
	}
}

// binaryParts are the parts of XLSB workbooks that were met.
type binaryParts struct {
	books, links []*opcPart
	sheets       []biff.Part // macro sheets by what the package says of them
}

// isMacroSheet says whether relationship, content type or name make a part a macro sheet (MS-XLSB 2.1.7.35, 2.1.7.28). Excel goes by the first two,
// and which of them it believes does not matter here.
func (k *opc) isMacroSheet(p *opcPart, r *rel) bool {
	const word = "macrosheet"
	return r != nil && strings.Contains(r.typ, word) || strings.Contains(k.types.of(p.key), word) || strings.Contains(p.key, word)
}

func (k *opc) part(p *opcPart, macro bool) biff.Part {
	return biff.Part{Name: p.name, Macro: macro, Open: func() (io.ReadCloser, error) { return k.src.Open(p.name) }}
}

// readBinary reads the workbooks of an XLSB package, with all parts that belong to them, and its external links.
func (k *opc) readBinary() {
	for _, p := range k.binary.books {
		b := k.binaryBook(p)
		b.Sheets, k.binary.sheets = k.binary.sheets, nil // the first workbook is the one that Excel opens
		res, err := biff.ReadParts(k.r.ctx, b, k.r.biffOptions(nil))
		k.r.fail(err)
		k.r.workbook(p.name, res)
	}
	for _, p := range k.binary.links {
		res, err := biff.ReadLink(k.r.ctx, k.part(p, false))
		k.r.fail(err)
		k.r.workbook(p.name, res)
	}
}

// binaryBook puts a workbook together by its relationships.
func (k *opc) binaryBook(p *opcPart) biff.Parts {
	b := biff.Parts{Book: k.part(p, false), Related: map[string]biff.Part{}, Books: map[string]string{}}
	for id, r := range p.rels {
		to := k.byKey[r.key]
		switch {
		case r.external || to == nil:
			b.Books[id] = r.target
		case r.typ == "sharedstrings":
			b.Strings = k.part(to, false)
		case r.typ == "externallink":
			b.Books[id] = r.target
			for _, link := range to.rels { // the book's path is a relationship of the link's part
				b.Books[id] = link.target
			}
		default:
			b.Related[id] = k.part(to, k.isMacroSheet(to, r))
		}
	}
	return b
}
