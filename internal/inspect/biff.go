package inspect

import (
	"context"

	"sekisho/oleparse"
)

// biffFile reads workbooks that are a bare stream of records: those of Excel 2 to 4, which Excel still opens.
type biffFile struct{}

var _ Inspector = biffFile{}

func (biffFile) Name() string { return "biff" }

func (biffFile) Match(f *File) bool { return f.Kind == KindBIFF }

func (biffFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	return s.office(ctx, f, oleparse.ReadBIFF)
}
