package inspect

import (
	"context"
	"io"
	"iter"

	"sekisho/internal/finding"
)

// archived is one member of an archive, as the format's reader lists it.
type archived struct {
	name   string
	locked bool                          // a password opens it
	open   func() (io.ReadCloser, error) // nil: this version cannot read it
}

// entries inspects the members of the archive f in their order. The names of those that nobody could read are one finding.
func (s *Scan) entries(ctx context.Context, f *File, list iter.Seq2[archived, error]) error {
	var unread names
	defer func() {
		if unread.n > 0 {
			s.found(f, finding.New(finding.ArchiveUnread, f.Path, "compression method not supported: %s", unread.String()))
		}
	}()
	for e, err := range list {
		switch {
		case err != nil:
			return s.unreadable(ctx, f, err)
		case e.locked:
			err = s.lockedMember(ctx, f, e.name)
		case e.open == nil:
			unread.add(e.name)
			err = s.unopened(ctx, f, e.name)
		default:
			err = s.entry(ctx, f, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Scan) entry(ctx context.Context, f *File, e archived) error {
	r, err := e.open()
	switch {
	case err != nil && ours(ctx, err):
		return err
	case err != nil:
		s.found(f, finding.New(finding.ScanIncomplete, f.Path.Child(e.name), "%q", err.Error()))
		return s.unopened(ctx, f, e.name)
	}
	defer r.Close()
	return s.member(ctx, f, e.name, r)
}
