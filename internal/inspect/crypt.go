package inspect

import (
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/sparse"
	"sekisho/oleparse"
)

// officeReader is oleparse.ReadOLE or ReadBIFF.
type officeReader func(ctx context.Context, r io.ReaderAt, size int64, o oleparse.Options) (*oleparse.Document, error)

// office inspects a document. One that none of the passwords opens which Office tries by itself waits for the words of the message, with all that is
// in it.
func (s *Scan) office(ctx context.Context, f *File, read officeReader) error {
	rooms := s.newRooms(ctx, f)
	defer rooms.close(f)
	doc, err := read(ctx, f.reader(ctx), f.Size, oleparse.Options{Text: s.text(f), Storage: rooms.add, Judging: s.judging(ctx)})
	if err != nil && !errors.Is(err, sparse.ErrReach) { // what was read before is told
		return err
	}
	if doc.Kind != "" {
		f.Kind = doc.Kind
	}
	if full := len(s.waiting) >= maxLocked; full || !doc.Locked {
		if doc.Locked {
			s.tooManyLocked(f)
		}
		return s.officeRead(ctx, f, doc)
	}
	f.lures, f.words = nil, nil // its text comes again
	s.report(f).Kind = f.Kind
	s.encryption(f, doc)
	f.waited = true
	return s.lock(ctx, f, func(ctx context.Context, f *File, s *Scan) (left bool, err error) {
		rooms := s.newRooms(ctx, f)
		defer rooms.close(f)
		doc, err := read(ctx, f.reader(ctx), f.Size, oleparse.Options{Text: s.text(f), Passwords: s.officeWords(ctx), Storage: rooms.add, Judging: s.judging(ctx)})
		if err != nil {
			return true, err
		}
		err = s.officeRead(ctx, f, doc)
		s.report(f).Kind = f.Kind
		s.luresFound(f)
		return doc.Locked, err
	})
}

// officeRead adds what is in a document, and in the package that it hides.
func (s *Scan) officeRead(ctx context.Context, f *File, doc *oleparse.Document) error {
	if err := s.document(ctx, f, doc); err != nil {
		return err
	}
	if err := s.packed(ctx, f, doc); err != nil {
		return err
	}
	return s.decrypted(ctx, f, doc)
}

// officeWords are the words of the message for a document's locks.
func (s *Scan) officeWords(ctx context.Context) oleparse.Passwords {
	return func(cost time.Duration) iter.Seq[string] {
		return func(yield func(string) bool) {
			for w := range s.tries(ctx, cost) {
				if !yield(w.Text) {
					return
				}
			}
		}
	}
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
	case doc.Opened && doc.Default:
		r.DefaultPassword = true
		s.found(f, finding.New(finding.OfficeDefaultPassword, f.Path, "%s: %q", scheme, doc.Password))
	case doc.Opened:
		s.openedBy(f, finding.OfficePasswordFound, s.words.Find(doc.Password))
	case !f.waited:
		s.found(f, finding.New(finding.OfficeEncrypted, f.Path, "%s: a password opens it", scheme))
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
