package inspect

import (
	"archive/tar"
	"context"
	"errors"
	"io"
)

// tarFile opens tar archives (POSIX.1-2001 pax, ustar, GNU). Each member counts against the scan's limit of files.
type tarFile struct{}

var _ Inspector = tarFile{}

func (tarFile) Name() string { return "tar" }

func (tarFile) Match(f *File) bool { return f.Kind == KindTar }

func (tarFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	r := tar.NewReader(f.reader(ctx))
	for {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return s.unreadable(ctx, f, err)
		case bare(h.Typeflag):
			if err := s.enter(ctx, f); err != nil { // folders and links hold nothing, but a million of them cost time
				return err
			}
			continue
		}
		if err := s.member(ctx, f, h.Name, r); err != nil {
			return err
		}
	}
}

// bare reports whether a member has no content. One of an unknown type is unpacked like a regular file (POSIX.1-2001 pax, typeflag), and so is
// what GNU keeps in types of its own.
func bare(typ byte) bool {
	switch typ {
	case tar.TypeLink, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo:
		return true
	}
	return false
}
