package inspect

import (
	"context"
	"fmt"
	"io"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/tnef"
	"sekisho/oleparse"
)

// tnefFile reads winmail.dat (MS-OXTNEF): a mail as Outlook wraps it. Its text is text of the mail and its attachments are files inside it.
type tnefFile struct{}

var _ Inspector = tnefFile{}

func (tnefFile) Name() string { return "tnef" }

func (tnefFile) Match(f *File) bool { return f.Kind == KindTNEF }

func (tnefFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	msg, err := tnef.Read(ctx, f.reader(ctx), f.Size, tnef.Options{})
	s.found(f, finding.New(finding.TNEFFile, f.Path, "%s", tnefDetail(msg)))
	for _, text := range []string{msg.Subject, msg.Body, msg.HTML} {
		s.Text(text)
	}
	s.tnefProblems(f, msg)
	if err != nil {
		return err
	}
	if err := s.tnefRTF(ctx, f, msg.RTF); err != nil {
		return err
	}
	for i := range msg.Files {
		e := &msg.Files[i]
		r := io.NewSectionReader(f.reader(ctx), e.Offset, e.Size)
		if _, err := s.carried(ctx, f, e.Names[0], e.Names, r); err != nil {
			return err
		}
	}
	return nil
}

// tnefDetail names the files.
func tnefDetail(msg *tnef.Message) string {
	if len(msg.Files) == 0 {
		return "no files"
	}
	var n names
	for i := range msg.Files {
		n.add(msg.Files[i].Names[0])
	}
	return n.String()
}

// tnefProblems says what could not be read, once, and what Outlook fetches by itself.
func (s *Scan) tnefProblems(f *File, msg *tnef.Message) {
	for _, p := range msg.Problems {
		if p.Unread {
			s.found(f, finding.New(finding.ScanIncomplete, f.Path, "offset %d: %s", p.Offset, p.Text))
			break
		}
	}
	var away sightings
	for _, l := range msg.Links {
		if onServer(l) {
			away.add("", fmt.Sprintf("%.120q", l))
		}
	}
	away.report(s, f, finding.OfficeExternal)
}

// onServer reports whether a path leads to another machine: a UNC path, or an address.
func onServer(path string) bool {
	return strings.HasPrefix(path, `\\`) || strings.HasPrefix(path, "//") || strings.Contains(path, "://")
}

// tnefRTF inspects the body in compressed RTF, which may hold objects. Its text is the mail's.
func (s *Scan) tnefRTF(ctx context.Context, f *File, at tnef.Span) error {
	if at.Size == 0 {
		return nil
	}
	child := f.child("body.rtf")
	child.words = &mailText{}
	err := s.fill(ctx, f, child, oleparse.DecompressRTF(io.NewSectionReader(f.reader(ctx), at.Offset, at.Size)))
	s.Text(string(child.words.text))
	return err
}
