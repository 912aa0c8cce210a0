package inspect

import (
	"context"
	"io"

	"sekisho/internal/finding"
	"sekisho/oleparse"
)

// passwords are the candidates for a document.
func (s *Scan) passwords() []string {
	var list []string
	for _, w := range s.words.Words() {
		list = append(list, w.Text)
	}
	return list
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
		s.trying.last = doc.Password
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
	return s.inPlace(ctx, f, func(w io.Writer) error {
		_, err := io.Copy(w, r)
		return err
	})
}
