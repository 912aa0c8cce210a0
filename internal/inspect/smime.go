package inspect

import (
	"bufio"
	"context"
	"io"

	"sekisho/internal/cms"
	"sekisho/internal/finding"
)

// smimeFile opens S/MIME messages (RFC 8551): what is signed stands in them, and may be compressed. A MIME entity in one is a mail, or the mail itself.
type smimeFile struct{}

var _ Inspector = smimeFile{}

func (smimeFile) Name() string { return "smime" }

func (smimeFile) Match(f *File) bool { return f.Kind == KindP7M }

func (smimeFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	if armored, err := s.dearmored(ctx, f, cms.Is); armored {
		return err
	}
	msg, err := cms.Read(ctx, f.reader(ctx), f.Size)
	if err != nil {
		return err
	}
	s.wrapped(f, msg)
	if msg.Kind == cms.Encrypted {
		return nil
	}
	if msg.Size() == 0 { // a signature of what stands elsewhere, certificates
		f.Kind = KindData
		return nil
	}
	return s.signed(ctx, f, msg)
}

// dearmored inspects a message in text in its place. armored is false where it is none, which is tells. What cannot be read counts as encrypted: a program
// that shows it may know more.
func (s *Scan) dearmored(ctx context.Context, f *File, is func([]byte) bool) (armored bool, err error) {
	head, err := f.peek(ctx, 0, make([]byte, headSize))
	if err != nil || is(head) {
		return err != nil, err
	}
	n, err := io.ReadFull(cms.Dearmor(f.reader(ctx)), head[:cap(head)])
	if err != nil && ours(ctx, err) {
		return true, err
	}
	if !is(head[:n]) {
		s.found(f, finding.New(finding.MailEncrypted, f.Path, "%s in text that cannot be read", f.Kind))
		return true, nil
	}
	return true, s.inPlace(ctx, f, func(w io.Writer) error {
		_, err := io.Copy(w, cms.Dearmor(f.reader(ctx)))
		return err
	})
}

// wrapped says what cannot be opened.
func (s *Scan) wrapped(f *File, msg *cms.Message) {
	if msg.Kind == cms.Encrypted {
		s.report(f).Encrypted = true
		s.found(f, finding.New(finding.MailEncrypted, f.Path, "%s", msg.Scheme))
	}
	if msg.Cut {
		s.found(f, finding.New(finding.ScanIncomplete, f.Path, "%s: too many pieces", msg.Scheme))
	}
}

// signed inspects what is signed or compressed: a MIME entity, or a file as it is, which people sign for authorities.
func (s *Scan) signed(ctx context.Context, f *File, msg *cms.Message) error {
	r := bufio.NewReaderSize(msg.Open(), headSize)
	head, err := r.Peek(headSize)
	if err != nil && ours(ctx, err) {
		return err
	}
	if cms.IsMIME(head) {
		return s.walk(ctx, f, &unpacking{ctx, s, f, r, 0})
	}
	return s.member(ctx, f, inner(f, ".p7m", ".p7s", ".p7z"), r)
}

// ownMail reports whether a mail in f is the message itself, in a wrapping or several.
func (f *File) ownMail() bool {
	for ; f != nil; f = f.parent {
		if f.Kind != KindP7M {
			return false
		}
	}
	return true
}

// pgpFile opens messages of OpenPGP (RFC 9580) that are signed or compressed only.
type pgpFile struct{}

var _ Inspector = pgpFile{}

func (pgpFile) Name() string { return "pgp" }

func (pgpFile) Match(f *File) bool { return f.Kind == KindPGP }

func (pgpFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	if armored, err := s.dearmored(ctx, f, cms.IsPGP); armored {
		return err
	}
	msg, err := cms.ReadPGP(ctx, f.reader(ctx), f.Size)
	if err != nil {
		return err
	}
	s.wrapped(f, msg)
	switch msg.Kind {
	case cms.Compressed:
		return s.inPlace(ctx, f, func(w io.Writer) error {
			_, err := io.Copy(w, msg.Open())
			return err
		})
	case cms.Literal:
		name := msg.Name
		if name == "" {
			name = inner(f, ".pgp", ".gpg", ".asc")
		}
		return s.member(ctx, f, name, msg.Open())
	}
	return nil
}
