package inspect

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"

	"sekisho/internal/archive"
)

// plainFile opens archives that do not compress: ar and cpio.
type plainFile struct{}

var _ Inspector = plainFile{}

func (plainFile) Name() string { return "ar" }

func (plainFile) Match(f *File) bool { return f.Kind == KindAR || f.Kind == KindCPIO }

func (plainFile) Inspect(ctx context.Context, f *File, s *Scan) error {
	r := f.reader(ctx)
	list := archive.AR
	if f.Kind == KindCPIO {
		list = archive.CPIO
	}
	return s.entries(ctx, f, plainParts(r, list(r, f.Size)))
}

// plainParts are members that lie in the file as they are.
func plainParts(r io.ReaderAt, list iter.Seq2[*archive.Part, error]) iter.Seq2[archived, error] {
	return func(yield func(archived, error) bool) {
		for p, err := range list {
			if err != nil {
				yield(archived{}, err)
				return
			}
			open := func() (io.ReadCloser, error) { return io.NopCloser(io.NewSectionReader(r, p.Offset, p.Size)), nil }
			if !yield(archived{name: p.Name, open: open}, nil) {
				return
			}
		}
	}
}

// lzmaAlone reports whether b begins as a file of LZMA alone does, which has no signature: properties below 9·5·5, a dictionary of 2ⁿ or 3·2ⁿ, a size
// that is unknown or below 256 GiB as the .lzma tools want it, and the first byte of the range coder, always 0.
func lzmaAlone(b []byte) bool {
	if len(b) < 14 || b[0] == 0 || b[0] >= 9*5*5 || b[13] != 0 {
		return false
	}
	var size uint64
	for i := range 8 {
		size |= uint64(b[5+i]) << (8 * i)
	}
	if size != 1<<64-1 && size >= 1<<38 {
		return false
	}
	dict := uint32(b[1]) | uint32(b[2])<<8 | uint32(b[3])<<16 | uint32(b[4])<<24
	for n := 12; n < 32; n++ {
		if dict == 1<<n || dict == 3<<(n-1) {
			return true
		}
	}
	return dict == 1<<32-1
}

// noise is what decoders make of any bytes before they stumble: in what is no LZMA, nearly every match reaches to before the beginning.
const noise = 64

// lzmaContent is r, unless it ends so soon that the file is something else.
func lzmaContent(r io.Reader) (content io.Reader, ok bool) {
	b := bufio.NewReader(r)
	_, err := b.Peek(noise)
	var e *archive.Error
	return b, !errors.As(err, &e) || e.Class != archive.Damaged
}
