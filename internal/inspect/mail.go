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

func (mailFile) Match(f *File) bool {
	return f.Kind == KindMessage || f.Kind == KindMHT || f.mime > 0
}

func (mailFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	return s.walk(ctx, f, io.NewSectionReader(f.reader(ctx), f.mime, f.Size-f.mime))
}

// walk walks the mail in f that r gives.
func (s *Scan) walk(ctx context.Context, f *File, r io.Reader) error {
	h, first := &mailHandler{ctx: ctx, f: f, s: s}, len(s.files)
	w := message.NewWalker(f.Path, s.o.Walk, h)
	_, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, make([]byte, copyBuffer))
	if closed := w.Close(); err == nil { // after an error Close only frees
		err = closed
	}
	s.adopt(f, first)
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
	h.s.partText(p, !p.Attachment && h.f.ownMail())
	return h.s.file(h.ctx, h.s.partFile(p, h.f), p.Attachment)
}

// Finding leaves out the complaints about a message behind something else: it may be no message at all.
func (h *mailHandler) Finding(f finding.Finding) {
	if h.f.mime == 0 || f.Kind != finding.MailMalformed {
		h.s.found(h.f, f)
	}
}
