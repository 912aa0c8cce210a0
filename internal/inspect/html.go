package inspect

import (
	"context"

	"sekisho/oleparse"
)

// htmlFile reads web pages as Word and Excel open them, by themselves or as the document in MHTML. The text of a mail is none.
type htmlFile struct{}

var _ Inspector = htmlFile{}

func (htmlFile) Name() string { return "html" }

func (htmlFile) Match(f *File) bool {
	return f.Kind == KindHTML && (f.listed || f.parent != nil && (f.parent.Kind == KindMHT || f.parent.mime > 0))
}

func (htmlFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	r, err := f.text(ctx, s)
	if err != nil {
		return err
	}
	doc, err := oleparse.ReadHTML(ctx, r, oleparse.Options{Text: s.text(f)})
	if err != nil {
		return err
	}
	return s.document(ctx, f, doc)
}
