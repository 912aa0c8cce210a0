package inspect

import (
	"context"
	"io"
	"slices"

	"sekisho/internal/finding"
	"sekisho/internal/message"
	"sekisho/oleparse"
)

// Passwords adds candidates that are tried on encrypted documents from now on, after those of Options.
func (s *Scan) Passwords(list ...string) { s.candidates = append(s.candidates, list...) }

// passwords are the candidates for a document.
func (s *Scan) passwords() []string {
	if len(s.candidates) == 0 {
		return s.o.Passwords
	}
	return slices.Concat(s.o.Passwords, s.candidates)
}

// encryption adds whether the document is encrypted and what opened it.
func (s *Scan) encryption(f *File, doc *oleparse.Document) {
	if !doc.Encrypted {
		return
	}
	r := s.report(f)
	r.Encrypted = true
	scheme := doc.Encryption
	if scheme == "" {
		scheme = "unknown scheme"
	}
	switch {
	case !doc.Opened:
		s.found(f, finding.New(finding.OfficeEncrypted, f.Path, "%s: a password opens it", scheme))
	case doc.Default:
		r.DefaultPassword = true
		s.found(f, finding.New(finding.OfficeDefaultPassword, f.Path, "%s: %q", scheme, doc.Password))
	default:
		s.found(f, finding.New(finding.OfficePasswordFound, f.Path, "%s: %d characters", scheme, len([]rune(doc.Password))))
	}
}

// decrypted inspects the package that was in an encrypted document in the document's place.
func (s *Scan) decrypted(ctx context.Context, f *File, doc *oleparse.Document) error {
	if doc.Package == nil {
		return nil
	}
	r, err := doc.Package.Open()
	if err != nil {
		return s.unreadable(ctx, f, err)
	}
	return s.inPlace(ctx, f, r)
}

// inPlace inspects what r delivers as the content of f: under its path and on its report, so that it counts as one file.
func (s *Scan) inPlace(ctx context.Context, f *File, r io.Reader) error {
	b := message.NewBuffer(s.o.SpoolDir, s.o.Memory).Spare(s.o.Walk.Spare)
	defer b.Close()
	broken, err := s.unpack(b, io.Discard, &unpacking{ctx, s, f, r})
	if err != nil {
		return err
	}
	s.report(f)
	inner := &File{Path: f.Path, Name: f.Name, Size: b.Size(), content: b, parent: f, depth: f.depth + 1, report: f.report}
	if broken != nil {
		s.found(inner, finding.New(finding.ScanIncomplete, f.Path, "unpacked %d bytes, then: %q", inner.Size, broken.Error()))
	}
	if err := s.identify(ctx, inner); err != nil || !s.matched(inner) {
		return err
	}
	if inner.depth > s.o.Depth {
		s.limit(f, finding.LimitDepth, "more than %d containers around it", s.o.Depth)
		return nil
	}
	err = s.inspect(ctx, inner)
	f.Kind = inner.Kind
	return err
}
