package inspect

import (
	"context"

	"sekisho/internal/finding"
	"sekisho/oleparse"
)

// oleFile reads compound files (MS-CFB).
type oleFile struct{}

var _ Inspector = oleFile{}

func (oleFile) Name() string { return "ole" }

func (oleFile) Match(f *File) bool { return f.Kind == KindOLE }

func (oleFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	return s.office(ctx, f, oleparse.ReadOLE)
}

// document adds what oleparse read of a document of either generation.
func (s *Scan) document(ctx context.Context, f *File, doc *oleparse.Document) error {
	s.report(f).Kind = f.Kind
	s.encryption(f, doc)
	if n := len(doc.Problems); n > 0 {
		p := doc.Problems[0]
		for _, q := range doc.Problems {
			if q.Unread {
				p, s.incomplete = q, true
				break
			}
		}
		s.found(f, finding.New(finding.OfficeUnreadable, f.Path, "%q: %s%s", p.Where, p.Text, others(n-1)))
	}
	s.macros(f, doc)
	s.objects(f, doc)
	return s.sheets(ctx, f, doc)
}
