package inspect

import (
	"bufio"
	"compress/bzip2"
	"context"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"sekisho/internal/finding"
	"sekisho/internal/sparse"
)

// gzipFile opens gzip files (RFC 1952), all members of them.
type gzipFile struct{}

var _ Inspector = gzipFile{}

func (gzipFile) Name() string { return "gzip" }

func (gzipFile) Match(f *File) bool { return f.Kind == KindGzip }

func (gzipFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	in := bufio.NewReader(f.reader(ctx))
	z, err := gzip.NewReader(in)
	if err != nil {
		return s.unreadable(ctx, f, err)
	}
	name := gzipName(z.Name)
	if name == "" {
		name = inner(f, ".gz", ".tgz")
	}
	z.Multistream(false)
	return s.member(ctx, f, name, gzipReader{z, in, f})
}

// gzipName is the field FNAME (RFC 1952 2.3.1), which the library reads as Latin-1: programs write the bytes of the name as they have it.
func gzipName(latin string) string {
	b, err := charmap.ISO8859_1.NewEncoder().String(latin)
	if err != nil {
		return latin
	}
	for _, e := range []encoding.Encoding{unicode.UTF8, japanese.ShiftJIS} {
		if s, err := e.NewDecoder().String(b); err == nil && !strings.ContainsRune(s, utf8.RuneError) {
			return s
		}
	}
	return latin
}

// gzipReader is the content of all members (RFC 1952 2.2). What follows them and is none, padding or junk, is left alone as gunzip does, and a wrong
// checksum withholds nothing. It can unpack the first member again, which nearly always is all there is.
type gzipReader struct {
	*gzip.Reader
	in *bufio.Reader
	f  *File
}

func (r gzipReader) Read(p []byte) (int, error) {
	for {
		n, err := r.Reader.Read(p)
		if !errors.Is(err, io.EOF) && !errors.Is(err, gzip.ErrChecksum) {
			return n, err
		}
		if err := r.next(); n > 0 || err != nil {
			return n, err
		}
	}
}

// next begins the next member.
func (r gzipReader) next() error {
	var trouble *ioError
	switch err := r.Reset(r.in); {
	case err == nil:
		r.Multistream(false)
		return nil
	case errors.As(err, &trouble), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return io.EOF
}

var (
	_ again    = gzipReader{}
	_ deflated = gzipReader{}
)

func (r gzipReader) packed() int64 { return r.f.Size }

func (r gzipReader) again(ctx context.Context, s *Scan) sparse.Again {
	return sparse.Inflated(r.f.reader(ctx), sparse.Gzip, &s.usage.again)
}

// bzip2File opens bzip2 files.
type bzip2File struct{}

var _ Inspector = bzip2File{}

func (bzip2File) Name() string { return "bzip2" }

func (bzip2File) Match(f *File) bool { return f.Kind == KindBzip }

func (bzip2File) Inspect(ctx context.Context, f *File, s *Scan) error {
	return s.member(ctx, f, inner(f, ".bz2", ".tbz2", ".tbz"), slowReader{bzip2Reader{bzip2.NewReader(bufio.NewReader(f.reader(ctx)))}, -1})
}

// bzip2Reader is the content of all streams. The library says by its text alone that what follows them is none, as bunzip2 does in passing.
type bzip2Reader struct{ r io.Reader }

func (r bzip2Reader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if wrong := bzip2.StructuralError(""); errors.As(err, &wrong) && strings.Contains(string(wrong), "continuation") {
		err = io.EOF
	}
	return n, err
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
	return s.member(ctx, f, inner(f, ".zst"), zstdReader{r})
}

// zstdReader is the content of all frames; what follows them and begins like none is left alone.
type zstdReader struct{ r *zstd.Decoder }

func (r zstdReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if errors.Is(err, zstd.ErrMagicMismatch) {
		err = io.EOF
	}
	return n, err
}

// lzwFile opens files of compress(1).
type lzwFile struct{}

var _ Inspector = lzwFile{}

func (lzwFile) Name() string { return "lzw" }

func (lzwFile) Match(f *File) bool { return f.Kind == KindLZW }

func (lzwFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	return s.member(ctx, f, inner(f, ".Z", ".taz"), slowReader{newLZW(bufio.NewReader(f.reader(ctx))), -1})
}

// inner is the name a program gives to the content of a compressed file: that of the file without the ending.
func inner(f *File, endings ...string) string {
	name := f.name()
	for _, e := range endings {
		if n := len(name) - len(e); n > 0 && strings.EqualFold(name[n:], e) {
			if strings.HasPrefix(e, ".t") {
				return name[:n] + ".tar"
			}
			return name[:n]
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
