package inspect

import (
	"context"
	"fmt"
	"io"

	"sekisho/internal/finding"
	"sekisho/internal/message"
	"sekisho/internal/password"
)

// unlock tries the words of Scan.tries on a locked file and inspects what opens, below f's path and on its report. left says that something in it
// stays locked. What is malformed is a finding, as for an Inspector.
type unlock func(ctx context.Context, f *File, s *Scan) (left bool, err error)

// Locked is a file that is encrypted and that no password at hand opened. Content is the receiver's to close.
type Locked struct {
	Path    finding.Path
	Name    string
	Kind    string
	Content Kept
}

// Kept is content that outlives the scan.
type Kept interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

var (
	_ Kept = (*message.Buffer)(nil)
	_ Kept = (*unpacked)(nil)
)

// waiting is a locked file until the message's end: its password may stand in a later part.
type waiting struct {
	file *File
	copy Kept
	open unlock
}

const maxLocked = 100 // locked files tried in one message; a mail with more is no mail that somebody reads

const lockedDepth = 5 // they have as little memory as what lies so deep: many may wait

// lock keeps a copy of f, for open at the message's end.
func (s *Scan) lock(ctx context.Context, f *File, open unlock) error {
	if len(s.waiting) >= maxLocked {
		s.tooManyLocked(f)
		return nil
	}
	u := s.newUnpacked(ctx, nil, lockedDepth)
	u.counted = false
	if _, err := io.Copy(u, f.reader(ctx)); err != nil {
		u.Close()
		return fmt.Errorf("inspect: keeping a locked file: %w", err)
	}
	kept := *f
	kept.content, kept.scripts = u, nil
	s.waiting = append(s.waiting, waiting{&kept, u, open})
	return nil
}

func (s *Scan) tooManyLocked(f *File) {
	s.limit(f, finding.LimitFiles, "more than %d locked files", maxLocked)
}

// Finish opens what passwords lock, now that all words of the message are known. The error is our own trouble, as of Part. The files that
// stay locked are the caller's, who closes them.
func (s *Scan) Finish(ctx context.Context) (still []Locked, err error) {
	s.textFindings()
	for len(s.waiting) > 0 { // what opens may hold another locked file
		w := s.waiting[0]
		s.waiting = s.waiting[1:]
		left, tried := s.try(ctx, w)
		s.settle(w.file)
		if err == nil {
			err = tried
		}
		if !left {
			w.copy.Close()
			continue
		}
		s.locked = true
		s.lockedNames(w.file)
		s.untried(w.file)
		if s.words.Cut() || s.mail.cut {
			s.limit(w.file, finding.LimitSize, "the mail's text is longer than is read for passwords")
		}
		still = append(still, Locked{w.file.Path, w.file.called, w.file.Kind, w.copy})
	}
	return still, err
}

// try has a locked file opened.
func (s *Scan) try(ctx context.Context, w waiting) (left bool, err error) {
	left = true
	s.trying.tried, s.trying.words = 0, 0
	err = s.timed(ctx, w.file, func(ctx context.Context) error {
		return s.noted(w.file, func() error {
			if err := s.room(ctx, w.file); err != nil {
				return err
			}
			return s.guard(w.file, func() (err error) {
				left, err = w.open(ctx, w.file, s)
				return err
			})
		})
	})
	return left, err
}

// Abandon frees a scan that is not finished.
func (s *Scan) Abandon() {
	for _, w := range s.waiting {
		w.copy.Close()
	}
	s.waiting = nil
}

// Passwords adds candidates that are tried on locked files.
func (s *Scan) Passwords(from password.Source, list ...string) { s.words.Add(from, list...) }
