package inspect

import (
	"context"
	"io"

	"sekisho/internal/finding"
	"sekisho/internal/message"
)

// mailFile walks mails inside files: a mail in an archive, a mail attached as a file of another type.
type mailFile struct{}

var _ Inspector = mailFile{}

func (mailFile) Name() string { return "message" }

func (mailFile) Match(f *File) bool { return f.Kind == KindMessage }

func (mailFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	h := &mailHandler{ctx: ctx, f: f, s: s}
	w := message.NewWalker(f.Path, s.o.Walk, h)
	_, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{f.reader(ctx)}, make([]byte, copyBuffer))
	if closed := w.Close(); err == nil { // after an error Close only frees
		err = closed
	}
	return err
}

// mailHandler hands the parts of a mail to the scan that found the mail.
type mailHandler struct {
	ctx context.Context
	f   *File
	s   *Scan
}

var _ message.Handler = (*mailHandler)(nil)

func (h *mailHandler) Part(p *message.Part) error {
	return h.s.file(h.ctx, partFile(p, h.f), p.Attachment)
}

func (h *mailHandler) Finding(f finding.Finding) { h.s.found(h.f, f) }
