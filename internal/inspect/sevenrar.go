package inspect

import (
	"context"
	"errors"
	"io"
	"strings"

	"sekisho/internal/archive"
	"sekisho/internal/finding"
)

// sevenFile opens 7z archives, also those behind a program's stub.
type sevenFile struct{}

var _ Inspector = sevenFile{}

func (sevenFile) Name() string { return "7z" }

func (sevenFile) Match(f *File) bool { return f.Kind == Kind7z || f.joined.format == archive.SevenZip }

func (sevenFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	p := newArchiveJob(ctx, f, s, archive.SevenZip)
	info, err := archive.ReadSeven(p.from.Reader, f.Size, p.from.Offset)
	switch {
	case err != nil:
		return p.ended(ctx, err)
	case info.HeadersLocked:
		return p.allLocked(ctx)
	}
	return p.inspect(ctx)
}

// rarFile opens RAR archives (RAR 1.5 to 7), also those behind a program's stub.
type rarFile struct{}

var _ Inspector = rarFile{}

func (rarFile) Name() string { return "rar" }

func (rarFile) Match(f *File) bool { return f.Kind == KindRAR || f.joined.format == archive.RAR }

func (rarFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	p := newArchiveJob(ctx, f, s, archive.RAR)
	info, err := archive.ReadRAR(p.from.Reader, f.Size, p.from.Offset)
	switch {
	case err != nil:
		return p.ended(ctx, err)
	case info.HeadersLocked:
		return p.allLocked(ctx)
	}
	p.streams(info.Streams)
	if info.Broken == "" {
		p.whole = len(info.Members)
	}
	for i := range info.Members {
		m := &info.Members[i]
		if m.Before {
			p.elsewhere.add(m.Name)
			p.whole--
		}
		s.report(f).Encrypted = s.report(f).Encrypted || m.Encrypted
	}
	return p.inspect(ctx)
}

// streams reports NTFS streams, which this version does not open. One whose name leads elsewhere becomes a file there: nobody honest writes that.
func (p *archiveJob) streams(list []string) {
	var beside names
	for _, name := range list {
		if strings.ContainsAny(name, `/\`) {
			p.s.found(p.f, finding.New(finding.ScanIncomplete, p.f.Path, "a file stream that is to be written elsewhere: %.120q", name))
			continue
		}
		beside.add(name)
	}
	if beside.n > 0 {
		p.s.found(p.f, finding.New(finding.ArchiveUnread, p.f.Path, "file streams: %s", beside.String()))
	}
}

// xzFile opens xz, LZMA and lzip files.
type xzFile struct{}

var _ Inspector = xzFile{}

func (xzFile) Name() string { return "xz" }

func (xzFile) Match(f *File) bool { return xzFormat(f.Kind) != "" }

func xzFormat(kind string) archive.Format {
	switch kind {
	case KindXZ:
		return archive.XZ
	case KindLZMA:
		return archive.LZMA
	case KindLZip:
		return archive.LZip
	}
	return ""
}

func (xzFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	p := newArchiveJob(ctx, f, s, xzFormat(f.Kind))
	p.name = inner(f, ".xz", ".lzma", ".lz", ".txz", ".tlz")
	p.claim = archive.Claim(p.from)
	return p.inspect(ctx)
}

// joined is an archive that begins behind something else.
type joined struct {
	format archive.Format // "" for none
	at     int64
}

// findJoined looks for one where programs do: behind a stub, and behind what may stand before an archive.
func (s *Scan) findJoined(ctx context.Context, f *File) (err error) {
	switch f.Kind {
	case KindData, KindEXE, KindELF, KindPNG, KindJPEG, KindGIF, KindBMP:
		f.joined.format, f.joined.at, err = archive.Find(contextReader{ctx, f.content}, f.Size)
	}
	if f.Kind == KindData && f.joined.format != "" {
		f.Kind = map[archive.Format]string{archive.SevenZip: Kind7z, archive.RAR: KindRAR}[f.joined.format]
	}
	return err
}

// archiveJob is an archive that a worker opens.
type archiveJob struct {
	f     *File
	s     *Scan
	from  archive.Source
	name  string // of a member that has none
	claim int64  // size of a member that tells none, -1 where nothing does

	reports   map[string][]int // of locked members, until they are opened
	still     bool             // the password did not open all
	whole     int              // members that the headers list, where those can be read to the archive's end
	seen      int              // members that came
	said      string           // the last damage that a member's finding told
	locked    names
	unread    names          // with the method
	elsewhere names          // in other volumes
	cheapest  archive.Member // of the locked ones
}

func newArchiveJob(ctx context.Context, f *File, s *Scan, format archive.Format) *archiveJob {
	from := archive.Source{Format: format, Reader: contextReader{ctx, f.content}, Size: f.Size}
	if f.joined.format == format {
		from.Offset = f.joined.at
	}
	return &archiveJob{f: f, s: s, from: from, claim: -1}
}

// session is the worker of this message.
func (s *Scan) session() *archive.Session {
	if s.workers == nil {
		s.workers = s.o.Archives.Session()
	}
	return s.workers
}

// inspect inspects the members that no password locks, and reports the others.
func (p *archiveJob) inspect(ctx context.Context) error {
	if p.s.session() == nil {
		p.s.found(p.f, finding.New(finding.ArchiveUnread, p.f.Path, "%s: no worker to open it", p.from.Format))
		return nil
	}
	err := p.members(ctx)
	p.describe()
	if err == nil && p.locked.n > 0 {
		err = p.s.lock(ctx, p.f, p.unlock)
	}
	return err
}

// members goes through the archive once.
func (p *archiveJob) members(ctx context.Context) error {
	var r *archive.Reader
	var err error
	p.s.aside(func() { r, err = p.s.session().Open(ctx, p.from) })
	if err != nil {
		return p.ended(ctx, err)
	}
	defer r.Close()
	for {
		var m *archive.Member
		p.s.aside(func() { m, err = r.Next() })
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && p.whole > 0 && p.seen >= p.whole && !ours(ctx, err):
			return nil // the library does not take what ends the archive
		case err != nil:
			return p.ended(ctx, err)
		}
		p.seen++
		if m.Name == "" {
			m.Name = p.name
		}
		if err := p.member(ctx, m, r); err != nil {
			return err
		}
	}
}

func (p *archiveJob) member(ctx context.Context, m *archive.Member, r *archive.Reader) error {
	switch {
	case m.Folder, m.Link:
		return p.s.enter(ctx, p.f) // they hold nothing, but a million of them cost time
	case m.Encrypted && p.from.Password == "":
		p.locked.add(m.Name)
		if p.locked.n == 1 || m.Cost < p.cheapest.Cost {
			p.cheapest = *m
		}
		return p.s.lockedMember(ctx, p.f, m.Name)
	case m.Unread != "":
		p.unread.add(m.Name + " (" + m.Unread + ")")
		return p.s.unopened(ctx, p.f, m.Name)
	}
	if m.Size < 0 {
		m.Size = p.claim
	}
	if err := p.s.claimed(p.f, m.Size); err != nil {
		return err
	}
	var content io.Reader = &packedContent{p, m, r}
	if p.f.Kind == KindLZMA {
		head, ok := lzmaContent(content)
		if !ok {
			p.f.Kind = KindData
			return nil
		}
		content = slowReader{head, -1}
	}
	child := p.f.child(m.Name)
	p.s.takeOver(p.reports, child)
	return p.s.fill(ctx, p.f, child, content)
}

// packedContent is a member's content. Where it ends since this file holds no more of it, or this version reads no more, that is no damage.
type packedContent struct {
	p *archiveJob
	m *archive.Member
	r io.Reader
}

var _ slow = (*packedContent)(nil)

func (c *packedContent) slow() int64 { return c.m.Size }

func (c *packedContent) Read(b []byte) (int, error) {
	var n int
	var err error
	c.p.s.aside(func() { n, err = c.r.Read(b) })
	var e *archive.Error
	if !errors.As(err, &e) {
		return n, err
	}
	switch e.Class {
	case archive.Cut:
		c.p.elsewhere.add(c.m.Name)
		return n, io.EOF
	case archive.Locked:
		c.p.still = true
		return n, io.EOF
	case archive.Unsupported:
		c.p.unread.add(c.m.Name + " (" + e.Text + ")")
		return n, io.EOF
	case archive.Damaged:
		c.p.said = e.Text
	}
	return n, err
}

// describe writes what the members had in common.
func (p *archiveJob) describe() {
	if p.locked.n > 0 {
		p.s.report(p.f).Encrypted = true
		p.s.found(p.f, finding.New(finding.ArchiveEncrypted, p.f.Path, "%s", p.locked.String()))
	}
	if p.unread.n > 0 {
		p.s.found(p.f, finding.New(finding.ArchiveUnread, p.f.Path, "compression method not supported: %s", p.unread.String()))
	}
	if p.elsewhere.n > 0 {
		p.s.found(p.f, finding.New(finding.ArchiveUnread, p.f.Path, "partly in another volume: %s", p.elsewhere.String()))
	}
}

// ended reports an archive that could not be read, or not to its end.
func (p *archiveJob) ended(ctx context.Context, err error) error {
	var e *archive.Error
	if !errors.As(err, &e) || ours(ctx, err) {
		return err
	}
	switch e.Class {
	case archive.Hopeless, archive.Unsupported:
		p.s.found(p.f, finding.New(finding.ArchiveUnread, p.f.Path, "%q", e.Text))
	case archive.Cut:
		p.s.found(p.f, finding.New(finding.ArchiveUnread, p.f.Path, "the file ends before the archive does"))
	case archive.Locked:
		return p.allLocked(ctx)
	case archive.TooLarge:
		p.s.limit(p.f, finding.LimitSize, "%q", e.Text)
	default:
		if e.Text != p.said { // else the worker died with the member, whose finding says so
			p.s.found(p.f, finding.New(finding.ScanIncomplete, p.f.Path, "%s: %q", p.from.Format, e.Text))
		}
	}
	return nil
}

// allLocked reports an archive whose names are locked too.
func (p *archiveJob) allLocked(ctx context.Context) error {
	p.s.report(p.f).Encrypted = true
	p.s.found(p.f, finding.New(finding.ArchiveHeaderEncrypted, p.f.Path, "%s", strings.ToUpper(string(p.from.Format))))
	return p.s.lock(ctx, p.f, p.unlock)
}
