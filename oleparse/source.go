package oleparse

import (
	"context"
	"errors"
	"io"
)

var (
	errSpent = errors.New("read budget spent")
	errShort = errors.New("chain ends early")
	errCut   = errors.New("file is cut short")
)

// source is the file under read. It reads only inside the file and inside its budget, and it keeps the error that is not the
// document's fault.
type source struct {
	ctx   context.Context
	r     io.ReaderAt
	size  int64
	left  int64  // bytes that may still be read
	spare *int64 // more of them, for all files of one reading
	spent bool   // something was not read for want of budget
	err   error  // the reader's or the context's; nothing is read after it
}

// readsPerByte is how often a file's bytes may be read in all: FAT and directory once, streams once or twice, a search for lost modules
// once. The constant part lets small files be read in 32 KB windows; the files in a document share one.
const (
	readsPerByte = 8
	readsAtLeast = 1 << 20
)

func newSource(ctx context.Context, r io.ReaderAt, size int64) *source {
	size, spare := max(size, 0), int64(readsAtLeast)
	return &source{ctx: ctx, r: r, size: size, left: size * readsPerByte, spare: &spare}
}

// ReadAt obeys io.ReaderAt; past the end of the file it is io.EOF without asking.
func (s *source) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= s.size {
		return 0, io.EOF
	}
	var cut error
	if int64(len(p)) > s.size-off {
		p, cut = p[:s.size-off], io.EOF
	}
	if err := s.charge(int64(len(p))); err != nil {
		return 0, err
	}
	n, err := s.r.ReadAt(p, off)
	switch {
	case n == len(p):
		return n, cut
	case err == nil || errors.Is(err, io.EOF): // the file is shorter than we were told: that is the caller's trouble
		err = io.ErrUnexpectedEOF
	}
	s.err = err
	return n, err
}

// charge takes n bytes of work from the budget.
func (s *source) charge(n int64) error {
	if s.err != nil {
		return s.err
	}
	if s.err = s.ctx.Err(); s.err != nil {
		return s.err
	}
	if s.left < n {
		if *s.spare < n {
			s.left, s.spent = 0, true
			return errSpent
		}
		*s.spare -= n
		return nil
	}
	s.left -= n
	return nil
}
