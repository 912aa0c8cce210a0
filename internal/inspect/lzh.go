package inspect

import (
	"context"
	"errors"
	"io"
	"iter"

	"sekisho/internal/finding"
	"sekisho/internal/lzh"
)

// lzhFile opens LHA archives, also those in a program that unpacks itself.
type lzhFile struct{}

var _ Inspector = lzhFile{}

func (lzhFile) Name() string { return "lzh" }

func (lzhFile) Match(f *File) bool { return f.Kind == KindLZH || f.Kind == KindEXE }

func (l lzhFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	r, from := f.reader(ctx), int64(0)
	if f.Kind == KindEXE {
		var err error
		if from, err = lzh.Find(r, f.Size); from < 0 || err != nil {
			return err
		}
	}
	a, err := lzh.Read(io.NewSectionReader(r, from, f.Size-from), f.Size-from, lzh.Options{})
	switch {
	case errors.Is(err, lzh.ErrFormat):
		if f.Kind == KindLZH {
			s.found(f, finding.New(finding.ArchiveUnread, f.Path, "begins like an LHA archive, but nothing in it can be listed"))
		}
		return nil
	case err != nil:
		return err
	}
	if a.Limit {
		s.limit(f, finding.LimitFiles, "the archive has more files than the limit")
	}
	if a.Cut && f.Kind == KindLZH {
		s.found(f, finding.New(finding.ArchiveUnread, f.Path, "the list of files breaks off behind %d", len(a.Entries)))
	}
	return s.entries(ctx, f, l.members(a))
}

func (lzhFile) members(a *lzh.Archive) iter.Seq2[archived, error] {
	return func(yield func(archived, error) bool) {
		for i := range a.Entries {
			e := &a.Entries[i]
			if e.Directory && e.Compressed == 0 {
				continue
			}
			m := archived{name: e.Name}
			if e.Check() == nil {
				m.open = func() (io.ReadCloser, error) {
					r, err := e.Open()
					return lzhReader{slowReader{r, -1}}, err
				}
			}
			if !yield(m, nil) {
				return
			}
		}
	}
}

// lzhReader is an entry's content as programs deliver it: a wrong checksum withholds nothing. Symbols of no bits make a bomb of any size, byte by byte.
type lzhReader struct{ slowReader }

func (r lzhReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if errors.Is(err, lzh.ErrChecksum) {
		err = io.EOF
	}
	return n, err
}

func (lzhReader) Close() error { return nil }
