package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

// inPlace inspects what fill writes as the content of f: under its path and on its report, so that it counts as one file. Where fill fails for what is
// in the file, what it wrote before is inspected.
func (s *Scan) inPlace(ctx context.Context, f *File, fill func(io.Writer) error) error {
	b := message.NewBuffer(s.o.SpoolDir, s.o.Memory).Spare(s.o.Walk.Spare)
	defer b.Close()
	broken := fill(&filling{ctx, s, f, b})
	if broken != nil && ours(ctx, broken) {
		return broken
	}
	s.report(f)
	inner := &File{Path: f.Path, Name: f.Name, Size: b.Size(), content: b, parent: f, depth: f.depth + 1, report: f.report}
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
	f.Kind = inner.Kind
	return err
}

// filling is unpacking for those who write.
type filling struct {
	ctx context.Context
	s   *Scan
	f   *File
	b   *message.Buffer
}

func (w *filling) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	if int64(len(p)) > w.s.o.Bytes-w.s.bytes {
		return 0, w.s.stop(w.f, finding.LimitSize, "more than %d bytes unpacked", w.s.o.Bytes)
	}
	if err := w.s.account(w.f, int64(len(p))); err != nil {
		return 0, err
	}
	n, err := w.b.Write(p)
	if err != nil {
		err = &ioError{fmt.Errorf("inspect: unpacking: %w", err)}
	}
	return n, err
}
