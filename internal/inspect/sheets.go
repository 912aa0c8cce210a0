package inspect

import (
	"context"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/xlm"
	"sekisho/oleparse"
)

// formulasMax is how many formulas a report lists; a person reads no more of one file.
const formulasMax = 2_000

// sheets judges the workbooks of a document: macro sheets, the names that start them, and what their formulas do.
func (s *Scan) sheets(ctx context.Context, f *File, doc *oleparse.Document) error {
	for _, w := range doc.Workbooks {
		if err := s.workbook(ctx, f, w, len(doc.DDE) == 0); err != nil {
			return err
		}
	}
	return nil
}

// workbook judges one; dde says that no one has told yet which programs its formulas start.
func (s *Scan) workbook(ctx context.Context, f *File, w *xlm.Workbook, dde bool) error {
	done, err := s.before(ctx, codeCells, cellsOf(w))
	if err != nil {
		return err
	}
	r, err := xlm.Judge(ctx, w, xlm.Options{Formulas: formulasMax})
	if done(); err != nil {
		return err
	}
	path := f.Path
	if w.Path != "" {
		path = f.Path.Child(w.Path)
	}
	for _, h := range r.DDE {
		if !dde {
			break
		}
		s.report(f).DDE = true
		s.found(f, finding.New(finding.OfficeDDE, path, "%s: %q", h.Where, short(h.Text)))
	}
	if r.Present {
		s.report(f).HasXLM = true
		s.fingerprint(f, bookUnits(w)...)
		s.found(f, finding.New(finding.XLMPresent, path, "macro sheets %s", macroSheets(w)))
	}
	for _, name := range r.Hidden {
		s.found(f, finding.New(finding.SheetHidden, path, "macro sheet %q", short(name)))
	}
	for _, h := range r.Autoexec {
		s.found(f, finding.New(finding.XLMAutoexec, path, "%s: %q", h.Keyword, short(h.Text)))
	}
	for _, h := range r.Suspicious {
		s.found(f, finding.New(finding.XLMSuspicious, path, "%s in %q: %q", printed(h.Keyword), short(h.Where), short(h.Text)))
	}
	if r.Cut && r.Present {
		s.found(f, finding.New(finding.ScanIncomplete, path, "the macros of the sheets were followed as far as the limits allow"))
	}
	if s.o.Sources {
		out := s.report(f)
		out.XLM = append(out.XLM, r.Formulas[:min(len(r.Formulas), max(0, formulasMax-len(out.XLM)))]...)
	}
	return nil
}

// macroSheets are the names of a workbook's macro sheets.
func macroSheets(w *xlm.Workbook) string {
	var list names
	for i := range w.Sheets {
		if w.Sheets[i].Kind == xlm.MacroSheet {
			list.add(w.Sheets[i].Name)
		}
	}
	return list.String()
}

// short leaves of a text what fits into a finding's detail beside other words.
func short(s string) string {
	const most = 120
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// printed is a keyword without what a terminal would act on: procedures of libraries are the attacker's words.
func printed(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, short(s))
}
