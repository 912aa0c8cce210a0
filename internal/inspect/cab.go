package inspect

import (
	"context"
	"errors"
	"io"
	"iter"

	"sekisho/internal/cab"
	"sekisho/internal/finding"
)

// cabFile opens cabinets, also those in a program that unpacks itself.
type cabFile struct{}

var _ Inspector = cabFile{}

func (cabFile) Name() string { return "cab" }

func (cabFile) Match(f *File) bool { return f.Kind == KindCAB || f.Kind == KindEXE }

func (c cabFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	r, from := f.reader(ctx), int64(0)
	if f.Kind == KindEXE {
		var err error
		if from, err = cab.Find(r, f.Size); from < 0 || err != nil {
			return err
		}
	}
	a, err := cab.Read(io.NewSectionReader(r, from, f.Size-from), f.Size-from, cab.Options{})
	switch {
	case errors.Is(err, cab.ErrFormat):
		if f.Kind == KindCAB {
			s.found(f, finding.New(finding.ArchiveUnread, f.Path, "begins like a cabinet, but nothing in it can be listed"))
		}
		return nil
	case err != nil:
		return err
	}
	c.describe(f, a, s)
	return s.entries(ctx, f, c.members(a))
}

func (cabFile) describe(f *File, a *cab.Archive, s *Scan) {
	if a.Limit {
		s.limit(f, finding.LimitFiles, "the cabinet has more files than the limit")
	}
	if a.Cut && f.Kind == KindCAB {
		s.found(f, finding.New(finding.ArchiveUnread, f.Path, "the list of files breaks off behind %d", len(a.Files)))
	}
	for _, part := range []struct{ where, name string }{{"begins", a.Prev}, {"goes on", a.Next}} {
		if part.name != "" {
			s.found(f, finding.New(finding.ArchiveUnread, f.Path, "part %d of a set, which %s in %.60q", a.Index+1, part.where, part.name))
		}
	}
}

// members are the cabinet's files; those that nobody could read without another part or method have no content.
func (cabFile) members(a *cab.Archive) iter.Seq2[archived, error] {
	return func(yield func(archived, error) bool) {
		for i := range a.Files {
			file := &a.Files[i]
			e := archived{name: file.Name}
			if err := file.Check(); !errors.Is(err, cab.ErrMethod) && !errors.Is(err, cab.ErrPart) {
				e.open = func() (io.ReadCloser, error) {
					r, err := file.Open()
					return io.NopCloser(r), err
				}
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}
