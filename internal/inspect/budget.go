package inspect

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"sekisho/internal/finding"
)

// errStop ends the inspection of a file and of all files around it; the finding that says why is written.
var errStop = errors.New("inspect: stopped")

// A bomb is an archive that unpacks to more than bombBytes and more than bombRatio times its own size. Deflate reaches 1,032:1 on
// zeros, office files and logs 5 to 50:1. Below 100 MB growth costs us half a second and the recipient nothing.
const (
	bombBytes = 100 << 20
	bombRatio = 200
)

// budget is what a message has used up.
type budget struct {
	count int           // files
	bytes int64         // unpacked
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

func isBomb(size, unpacked int64) bool { return unpacked > bombBytes && unpacked/bombRatio > size }

// unpacking is a decompressor of a member of f: each Read asks the context and counts.
type unpacking struct {
	ctx context.Context
	s   *Scan
	f   *File
	r   io.Reader
}

func (u *unpacking) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	left := u.s.o.Bytes - u.s.bytes
	if left <= 0 {
		return u.full()
	}
	n, err := u.r.Read(p[:min(int64(len(p)), left)])
	if grown := u.s.account(u.f, int64(n)); grown != nil {
		err = grown
	}
	return n, err
}

// account counts n bytes unpacked from f.
func (s *Scan) account(f *File, n int64) error {
	s.bytes += n
	for ; f != nil; f = f.parent {
		if f.unpacked += n; isBomb(f.Size, f.unpacked) {
			return s.bomb(f, f.unpacked)
		}
	}
	return nil
}

// full tells content that ends at the limit from content that goes on.
func (u *unpacking) full() (int, error) {
	n, err := u.r.Read(make([]byte, 1))
	if n > 0 {
		return 0, u.s.stop(u.f, finding.LimitSize, "more than %d bytes unpacked", u.s.o.Bytes)
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

// ours reports whether an error that came through a format's library is not the format's.
func ours(ctx context.Context, err error) bool {
	var e *ioError
	return errors.Is(err, errStop) || errors.As(err, &e) || ctx.Err() != nil
}
