package inspect

import (
	"context"
	"encoding/hex"
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
		r, err := tnefContent(ctx, f, e)
		if err != nil {
			return err
		}
		if _, err := s.carried(ctx, f, e.Names[0], e.Names, r); err != nil {
			return err
		}
	}
	return nil
}

// oleStream begins an embedded object of OLE 1.0 (MS-OLEDS 2.2.4, OLEVersion and FormatID), which an attachment of AttachTypeOle may be (MS-OXTNEF
// 2.1.3.3.15).
const oleStream = "\x01\x05\x00\x00\x02\x00\x00\x00"

// tnefContent is the content of an attachment. An object of OLE 1.0 has no format of its own: it is read as the same bytes are in RTF.
func tnefContent(ctx context.Context, f *File, e *tnef.File) (io.Reader, error) {
	r := io.NewSectionReader(f.reader(ctx), e.Offset, e.Size)
	head, err := f.peek(ctx, e.Offset, make([]byte, len(oleStream)))
	if err != nil || string(head) != oleStream {
		return r, err
	}
	return io.MultiReader(strings.NewReader(`{\rtf1{\object\objemb{\*\objdata `), hexed{r}, strings.NewReader("}}}")), nil
}

// hexed gives what it reads in hexadecimal digits.
type hexed struct{ r io.Reader }

func (h hexed) Read(p []byte) (int, error) {
	if len(p) < 2 {
		return 0, io.ErrShortBuffer
	}
	b := make([]byte, len(p)/2)
	n, err := h.r.Read(b)
	return hex.Encode(p, b[:n]), err
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
