package inspect

import (
	"bufio"
	"compress/bzip2"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sekisho/internal/finding"
	"sekisho/internal/sparse"
)

// gzipFile opens gzip files (RFC 1952), all members of them.
type gzipFile struct{}

var _ Inspector = gzipFile{}

func (gzipFile) Name() string { return "gzip" }

func (gzipFile) Match(f *File) bool { return f.Kind == KindGzip }

func (gzipFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	r, err := gzip.NewReader(bufio.NewReader(f.reader(ctx)))
	if err != nil {
		return s.unreadable(ctx, f, err)
	}
	name := r.Name // RFC 1952 2.3.1, FNAME
	if name == "" {
		name = inner(f, ".gz", ".tgz")
	}
	return s.member(ctx, f, name, gzipReader{r, f})
}

// gzipReader can unpack the first member again, which nearly always is all there is.
type gzipReader struct {
	*gzip.Reader
	f *File
}

var _ again = gzipReader{}

func (r gzipReader) again(ctx context.Context, s *Scan) sparse.Again {
	return sparse.Inflated(r.f.reader(ctx), sparse.Gzip, &s.budget.again)
}

// bzip2File opens bzip2 files.
type bzip2File struct{}

var _ Inspector = bzip2File{}

func (bzip2File) Name() string { return "bzip2" }

func (bzip2File) Match(f *File) bool { return f.Kind == KindBzip }

func (bzip2File) Inspect(ctx context.Context, f *File, s *Scan) error {
	return s.member(ctx, f, inner(f, ".bz2", ".tbz2", ".tbz"), slowReader{bzip2.NewReader(bufio.NewReader(f.reader(ctx))), -1})
}

// zstdFile opens Zstandard files (RFC 8878).
type zstdFile struct{}

var _ Inspector = zstdFile{}

func (zstdFile) Name() string { return "zstd" }

func (zstdFile) Match(f *File) bool { return f.Kind == KindZstd }

const zstdWindow = 8 << 20 // what RFC 8878 3.1.1.1.2 asks of decoders; the window is allocated on the frame's word

func (zstdFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	r, err := zstd.NewReader(f.reader(ctx), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
	if err != nil {
		return s.unreadable(ctx, f, err)
	}
	defer r.Close()
	return s.member(ctx, f, inner(f, ".zst"), struct{ io.Reader }{r})
}

// inner is the name a program gives to the content of a compressed file: that of the file without the ending.
func inner(f *File, endings ...string) string {
	for _, e := range endings {
		if n := len(f.Name) - len(e); n > 0 && strings.EqualFold(f.Name[n:], e) {
			if strings.HasPrefix(e, ".t") {
				return f.Name[:n] + ".tar"
			}
			return f.Name[:n]
		}
	}
	return "content"
}

// unreadable reports a file with which the format's library cannot go on. Where the file ends there is nothing more to read.
func (s *Scan) unreadable(ctx context.Context, f *File, err error) error {
	switch {
	case ours(ctx, err):
		return err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return nil
	}
	s.found(f, finding.New(finding.ScanIncomplete, f.Path, "%s: %q", f.Kind, err.Error()))
	return nil
}
