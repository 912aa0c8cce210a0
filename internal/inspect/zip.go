package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"sekisho/internal/finding"
	"sekisho/internal/sparse"
	"sekisho/zipinspect"
)

// zipFile opens ZIP archives, also those behind something else: a program's stub, a picture.
type zipFile struct{}

var _ Inspector = zipFile{}

func (zipFile) Name() string { return "zip" }

func (zipFile) Match(f *File) bool { return f.Kind == KindZip || f.tailEnd }

func (z zipFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	a, bare, err := readZip(ctx, f)
	switch {
	case errors.Is(err, zipinspect.ErrFormat):
		if f.Kind == KindZip {
			s.found(f, finding.New(finding.ArchiveUnread, f.Path, "begins like a ZIP archive, but nothing in it can be listed"))
		}
		return nil
	case err != nil:
		return err
	case f.Kind != KindZip && !behind(f, a):
		return nil
	}
	f.archive = a
	switch f.Kind {
	case KindZip, KindData, KindText:
		f.Kind = zipKind(a)
	}
	z.describe(f, a, s)
	if bare.n > 0 {
		s.found(f, finding.New(finding.ArchiveListingMismatch, f.Path, "marked as encrypted, but not so: %s", bare.String()))
	}
	if err := z.claims(f, a, s); err != nil {
		return err
	}
	if !(ooxmlFile{}).Match(f) { // whose parts are the document's
		if err := z.members(ctx, f, a, s); err != nil {
			return err
		}
	}
	if len(lockedEntries(a)) == 0 {
		return nil
	}
	return s.lock(ctx, f, z.unlock)
}

// readZip lists an archive. The names are those of entries that are encrypted by their flags only.
func readZip(ctx context.Context, f *File) (a *zipinspect.Archive, bare names, err error) {
	a, err = zipinspect.Read(f.reader(ctx), f.Size, zipinspect.Options{})
	if err != nil {
		return nil, bare, err
	}
	for i := range a.Entries {
		e := &a.Entries[i]
		ok, err := e.Bare()
		if err != nil {
			return nil, bare, err
		}
		if ok {
			bare.add(e.Name)
		}
	}
	return a, bare, nil
}

// behind tells an archive joined to something else from one that a container without compression merely holds: a Word document keeps its theme so.
// There the archive must reach the very end.
func behind(f *File, a *zipinspect.Archive) bool {
	listed := false
	for i := range a.Entries {
		listed = listed || a.Entries[i].InCentral
	}
	switch f.Kind {
	case KindData:
		return listed || zipKind(a) != KindZip
	case KindEXE, KindPNG, KindJPEG, KindGIF, KindBMP, KindText, KindHTML, KindRTF, KindPDF, KindLNK:
		return listed
	}
	return listed && a.Trailing == 0 && a.Prefix > 0
}

// describe adds what the listing itself tells.
func (zipFile) describe(f *File, a *zipinspect.Archive, s *Scan) {
	if a.Limit != "" {
		s.limit(f, finding.LimitFiles, "the archive has more %s than the limit", a.Limit)
	}
	if n := len(a.Mismatches); n > 0 {
		m := a.Mismatches[0]
		s.found(f, finding.New(finding.ArchiveListingMismatch, f.Path, "%s: %s%s", m.Kind, m.Text, others(n-1)))
	}
	s.beside(hintText([]byte(a.Comment[:min(len(a.Comment), hintMax)])))
	if a.Hidden {
		s.report(f).Encrypted = true
		s.found(f, finding.New(finding.ArchiveHeaderEncrypted, f.Path, "the names of the files are encrypted"))
	}
	var locked, unread names
	for i := range a.Entries {
		switch e := &a.Entries[i]; {
		case e.Encrypted:
			locked.add(e.Name)
		case !readable(e.Method):
			unread.add(e.Name)
		}
	}
	if locked.n > 0 {
		s.report(f).Encrypted = true
		s.found(f, finding.New(finding.ZipEncrypted, f.Path, "%s", locked.String()))
	}
	if unread.n > 0 {
		s.found(f, finding.New(finding.ArchiveUnread, f.Path, "compression method not supported: %s", unread.String()))
	}
}

func readable(method uint16) bool {
	switch method {
	case zipinspect.Stored, zipinspect.Deflated, zipinspect.Deflate64, zipinspect.BZip2, zipinspect.LZMA, zipinspect.XZ, zipinspect.Zstd, 20,
		zipinspect.PPMd:
		return true
	}
	return false
}

// claims decides a bomb by what the archive says of itself: the sum is there before a byte is unpacked. Damaged numbers claim nothing: only
// listed entries count, with no more than their method can make of their bytes.
func (zipFile) claims(f *File, a *zipinspect.Archive, s *Scan) error {
	var sum int64
	for i := range a.Entries {
		e := &a.Entries[i]
		if e.InCentral && e.InLocal && !e.Encrypted && e.Method != zipinspect.Stored {
			sum += min(e.Size, min(e.Compressed, f.Size)*packedRatio(e.Method))
		}
	}
	return s.claimed(f, sum)
}

// packedRatio is the most that a method makes of one byte: of deflate 258 bytes from two bits (RFC 1951 3.2.5), of bzip2 45 MB from 40 bytes.
func packedRatio(method uint16) int64 {
	if method == zipinspect.Deflated {
		return 1032
	}
	return 1 << 20
}

func (z zipFile) members(ctx context.Context, f *File, a *zipinspect.Archive, s *Scan) error {
	for i := range a.Entries {
		e := &a.Entries[i]
		if e.Directory && e.Compressed <= 0 {
			continue
		}
		if err := z.member(ctx, f, e, s); err != nil {
			return err
		}
	}
	return nil
}

func (zipFile) member(ctx context.Context, f *File, e *zipinspect.Entry, s *Scan) error {
	r, err := openEntry(e)
	switch {
	case errors.Is(err, zipinspect.ErrEncrypted):
		return s.lockedMember(ctx, f, e.Name)
	case errors.Is(err, zipinspect.ErrMethod) && readable(e.Method):
		s.found(f, finding.New(finding.ArchiveUnread, f.Path, "%.60q: %q", e.Name, err.Error()))
		return s.unopened(ctx, f, e.Name)
	case errors.Is(err, zipinspect.ErrMethod), errors.Is(err, zipinspect.ErrCorrupt) && !e.InLocal, errors.Is(err, io.ErrUnexpectedEOF):
		return s.unopened(ctx, f, e.Name) // what no program can deliver is not missing
	case err != nil:
		s.found(f, finding.New(finding.ScanIncomplete, f.Path.Child(e.Name), "%q", err.Error()))
		return s.unopened(ctx, f, e.Name)
	}
	defer r.Close()
	if err := s.member(ctx, f, e.Name, r.content()); err != nil {
		return err
	}
	return slack(ctx, f, e, r, s)
}

// entryReader is an entry's content as programs deliver it: a wrong checksum withholds nothing.
type entryReader struct{ *zipinspect.Reader }

func (r entryReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if errors.Is(err, zipinspect.ErrChecksum) {
		err = io.EOF
	}
	return n, err
}

var _ again = entryReader{}

func (r entryReader) again(ctx context.Context, s *Scan) sparse.Again {
	return unpackedAgain(ctx, r.Entry(), s)
}

var _ deflated = entryReader{}

func (r entryReader) packed() int64 {
	if m := r.Entry().Method; m != zipinspect.Deflated && m != zipinspect.Deflate64 {
		return 0
	}
	return r.Entry().Compressed
}

// content is r for unpack.
func (r entryReader) content() io.Reader {
	switch e := r.Entry(); e.Method {
	case zipinspect.BZip2, zipinspect.LZMA, zipinspect.XZ, zipinspect.PPMd:
		return slowReader{r, e.Size}
	}
	return r
}

func openEntry(e *zipinspect.Entry) (entryReader, error) {
	r, err := e.Open()
	return entryReader{r}, err
}

// slack looks at the bytes that belong to an entry and that its data does not use: a program that goes by the data comes upon the next
// header there.
func slack(ctx context.Context, f *File, e *zipinspect.Entry, r entryReader, s *Scan) error {
	n := min(r.Rest(), f.Size-e.DataOffset)
	if n < 30 || e.Method == zipinspect.Stored {
		return nil
	}
	b, err := f.peek(ctx, e.DataOffset+e.Compressed-n, make([]byte, 4))
	if err == nil && string(b) == "PK\x03\x04" {
		s.found(f, finding.New(finding.ArchiveListingMismatch, f.Path, "%d bytes behind the data of %q begin with another file", n, e.Name))
		s.incomplete = true
	}
	return err
}

// unopened lists a member whose content nobody gets.
func (s *Scan) unopened(ctx context.Context, f *File, name string) error {
	child := f.child(name)
	if err := s.enter(ctx, child); err != nil {
		return err
	}
	child.Kind = KindData
	s.report(child)
	s.tally(child)
	s.disguises(child)
	return nil
}

// names counts names and keeps the first for a detail.
type names struct {
	n     int
	first []string
}

const namesShown = 3 // a detail has 200 bytes

func (l *names) add(name string) {
	if l.n++; len(l.first) < namesShown {
		l.first = append(l.first, fmt.Sprintf("%.60q", name))
	}
}

func (l *names) String() string {
	return fmt.Sprintf("%d: %s%s", l.n, strings.Join(l.first, ", "), others(l.n-len(l.first)))
}

func others(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" and %d more", n)
}
