package inspect

import (
	"context"

	"sekisho/internal/finding"
)

// unreadFile names the containers that this version knows but does not open.
type unreadFile struct{}

var _ Inspector = unreadFile{}

func (unreadFile) Name() string { return "unread" }

func (unreadFile) Match(f *File) bool {
	switch f.Kind {
	case KindARJ, KindACE, KindALZ, KindEGG, KindXAR, KindWIM:
		return true
	}
	return false
}

func (unreadFile) Inspect(_ context.Context, f *File, s *Scan) error {
	s.found(f, finding.New(finding.ArchiveUnread, f.Path, "%s is not opened by this version", f.Kind))
	return nil
}
