package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/sparse"
)

// errStop ends the inspection of a file and of all files around it; the finding that says why is written.
var errStop = errors.New("inspect: stopped")

// A bomb is an archive that grows, or says that it grows, beyond what a message may unpack to in all (of filling: fillingShare times that), and to
// more than bombRatio times its own size. Deflate reaches 1,032:1 on zeros, office files and logs 5 to 50:1. A padded file is none as long as it fits: zeros are cheap to unpack and to keep.
const bombRatio = 200

// usage is what a message has used up.
type usage struct {
	count int           // files
	again sparse.Budget // for what is unpacked once more
	bytes int64         // unpacked
	peak  int64         // the most that bytes was, or was said to become
	spent time.Duration // inside inspectors

	tryCost time.Duration // of password tries, by estimate
}

// enter counts a file in.
func (s *Scan) enter(ctx context.Context, f *File) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.count >= s.o.Files {
		return s.stop(f, finding.LimitFiles, "more than %d files", s.o.Files)
	}
	s.count++
	return nil
}

// limit writes a limit's finding, once a message: many files may meet it.
func (s *Scan) limit(f *File, k finding.Kind, format string, args ...any) {
	s.incomplete = true
	if !s.kinds[k] {
		s.found(f, finding.New(k, f.Path, format, args...))
	}
}

// stop is limit as an error.
func (s *Scan) stop(f *File, k finding.Kind, format string, args ...any) error {
	s.limit(f, k, format, args...)
	return fmt.Errorf("%w: %s", errStop, k)
}

// bomb reports an archive that grows to size bytes.
func (s *Scan) bomb(f *File, size int64) error {
	s.found(f, finding.New(finding.ArchiveBomb, f.Path, "%d bytes grow to %d and more", f.Size, size))
	s.incomplete = true
	return fmt.Errorf("%w: %s", errStop, finding.ArchiveBomb)
}

// claimed takes what an archive says that it unpacks to, before anything is unpacked.
func (s *Scan) claimed(f *File, size int64) error {
	if size/bombRatio <= f.Size {
		return nil
	}
	if size/fillingShare > s.o.Bytes-s.bytes {
		return s.bomb(f, size)
	}
	s.peak = max(s.peak, s.bytes+size/fillingShare)
	return nil
}

// exceeded is what a member of f has come to when nothing more may be unpacked: a bomb where one archive around it has used up most of the budget.
func (s *Scan) exceeded(f *File) error {
	for a := f; a != nil; a = a.parent {
		if a.unpacked > s.o.Bytes/2 && a.unpacked/bombRatio > a.Size {
			return s.bomb(a, a.unpacked)
		}
	}
	return s.stop(f, finding.LimitSize, "more than %d bytes unpacked", s.o.Bytes)
}

// fillingShare is what part of long filling counts as unpacked: it costs a fraction of what content costs, and a padded program of a gigabyte, or a
// padded shortcut and what is appended to it, should be looked into.
const fillingShare = 3

// account counts n bytes unpacked from f.
func (s *Scan) account(f *File, n int64) {
	s.bytes += n
	s.peak = max(s.peak, s.bytes)
	for ; f != nil; f = f.parent {
		f.unpacked += n
	}
}

// unpacking is a decompressor of a member of f: each Read asks the context and counts.
type unpacking struct {
	ctx context.Context
	s   *Scan
	f   *File
	r   io.Reader
	n   int64
}

// slow is a decoder by which a bomb would take seconds. It returns the size that the content has by its container, -1 for none.
type slow interface {
	slow() int64
}

// slowReader is a slow decoder.
type slowReader struct {
	io.Reader
	size int64
}

func (r slowReader) slow() int64 { return r.size }

// slowBytes is how far content whose size nobody knows may grow with such a decoder: a second's work. A padded file beyond it is called a bomb.
const slowBytes = 128 << 20

func (u *unpacking) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	left := u.s.o.Bytes - u.s.bytes
	if left <= 0 {
		return u.full()
	}
	n, err := u.r.Read(p[:min(int64(len(p)), left)])
	u.s.account(u.f, int64(n))
	u.n += int64(n)
	if r, ok := u.r.(slow); ok && u.n > max(slowBytes, r.slow()) && u.n/bombRatio > u.f.Size {
		return n, u.s.bomb(u.f, u.n)
	}
	return n, err
}

// full tells content that ends at the limit from content that goes on.
func (u *unpacking) full() (int, error) {
	n, err := u.r.Read(make([]byte, 1))
	if n > 0 {
		return 0, u.s.exceeded(u.f)
	}
	return 0, err
}

// ioError is an error of the file system below a format's library.
type ioError struct{ err error }

func (e *ioError) Error() string { return e.err.Error() }
func (e *ioError) Unwrap() error { return e.err }

// contextReader asks the context on every read.
type contextReader struct {
	ctx context.Context
	r   io.ReaderAt
}

func (c contextReader) ReadAt(p []byte, off int64) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &ioError{err}
	}
	return n, err
}

// View is up to n bytes from off where the content is in memory, nil elsewhere. Nobody may change them.
func (c contextReader) View(off, n int64) []byte {
	m, ok := c.r.(interface{ Bytes() ([]byte, bool) })
	if !ok {
		return nil
	}
	b, whole := m.Bytes()
	if !whole {
		return nil
	}
	off = min(max(0, off), int64(len(b)))
	n = min(n, int64(len(b))-off)
	return b[off : off+n : off+n]
}

// ours reports whether an error that came through a format's library is not the format's.
func ours(ctx context.Context, err error) bool {
	if err == io.EOF { // of most readers
		return ctx.Err() != nil
	}
	_, disk := errors.AsType[*ioError](err)
	return disk || errors.Is(err, errStop) || ctx.Err() != nil
}
