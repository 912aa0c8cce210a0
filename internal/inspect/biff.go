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
	doc, err := oleparse.ReadBIFF(ctx, f.reader(ctx), f.Size, oleparse.Options{Text: s.text(f), Passwords: s.passwords()})
	if err != nil {
		return err
	}
	return s.document(ctx, f, doc)
}
