package inspect

import (
	"context"

	"sekisho/internal/finding"
	"sekisho/internal/xlm"
	"sekisho/oleparse"
)

// slkFile reads SYLK files: workbooks of one sheet as text, which may be a macro sheet.
type slkFile struct{}

var _ Inspector = slkFile{}

func (slkFile) Name() string { return "slk" }

func (slkFile) Match(f *File) bool { return f.Kind == KindSLK }

func (slkFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	r, err := f.text(ctx, s)
	if err != nil {
		return err
	}
	w, unread, err := xlm.ReadSLK(ctx, r)
	if err != nil {
		return err
	}
	if unread {
		s.incomplete = true
		s.found(f, finding.New(finding.OfficeUnreadable, f.Path, "more cells or longer records than the limit"))
	}
	return s.sheets(ctx, f, &oleparse.Document{Workbooks: []*xlm.Workbook{w}})
}
