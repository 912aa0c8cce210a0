package inspect

import (
	"context"
	"errors"
	"io"

	"sekisho/internal/finding"
)

// inPlace inspects what fill writes as the content of f: under its path and on its report, so that it counts as one file. Where fill fails for what is
// in the file, what it wrote before is inspected.
func (s *Scan) inPlace(ctx context.Context, f *File, fill func(io.Writer) error) error {
	u := s.newUnpacked(ctx, nil, f.depth+1)
	defer u.close(f)
	u.sums = s.newSums()
	broken := fill(&filling{ctx, s, f, u})
	if broken != nil && ours(ctx, broken) {
		return broken
	}
	s.report(f)
	s.digested(f.Path, u.sums)
	inner := &File{Path: f.Path, called: f.called, typed: f.typed, same: f, Size: u.Size(), content: u.content(), parent: f, depth: f.depth + 1, report: f.report}
	if broken != nil && !errors.Is(broken, io.ErrUnexpectedEOF) {
		s.found(inner, finding.New(finding.ScanIncomplete, f.Path, "unpacked %d bytes, then: %q", inner.Size, broken.Error()))
	}
	if err := s.identify(ctx, inner); err != nil || !s.matched(inner) {
		return err
	}
	if inner.depth > s.o.Depth {
		s.limit(f, finding.LimitDepth, "more than %d containers around it", s.o.Depth)
		return nil
	}
	err := s.inspect(ctx, inner)
	s.padded(ctx, inner)
	s.settle(inner)
	f.Kind = inner.Kind
	return err
}

// filling is unpacking for those who write.
type filling struct {
	ctx context.Context
	s   *Scan
	f   *File
	u   *unpacked
}

func (w *filling) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	if int64(len(p)) > w.s.o.Bytes-w.s.bytes {
		return 0, w.s.exceeded(w.f)
	}
	w.s.account(w.f, int64(len(p)))
	return w.u.Write(p)
}
