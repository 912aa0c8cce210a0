package inspect

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/zlib"

	"sekisho/internal/finding"
	"sekisho/oleparse"
)

// activeMime opens ActiveMime files (.mso): a compound file with VBA project or objects, compressed with zlib behind a header. Office writes them
// into MHTML and Word 2003 XML; the format is not published.
type activeMime struct{}

var _ Inspector = activeMime{}

func (activeMime) Name() string { return "activemime" }

func (activeMime) Match(f *File) bool { return f.Kind == KindMSO }

const (
	msoHeader   = 0x1E // where the length of a part of the header stands
	msoBase     = 46   // which, with this, is where the data begins
	msoHeadMax  = 64 << 10
	msoTriesMax = 64 // a zlib header stands by chance at one place in 8,000
)

func (a activeMime) Inspect(ctx context.Context, f *File, s *Scan) error {
	head, err := f.peek(ctx, 0, make([]byte, msoHeadMax))
	if err != nil {
		return err
	}
	start, ok, err := a.start(ctx, f, head)
	switch {
	case err != nil:
		return err
	case !ok:
		s.found(f, finding.New(finding.OfficeUnreadable, f.Path, "ActiveMime without compressed data"))
		return nil
	}
	z, err := a.open(ctx, f, start)
	if err != nil {
		return err
	}
	defer z.Close()
	s.report(f)
	if s.active == nil {
		s.active = map[int]bool{}
	}
	s.active[f.report] = true
	return s.inPlace(ctx, f, func(w io.Writer) error {
		_, err := io.Copy(w, z)
		if errors.Is(err, zlib.ErrChecksum) { // all of it has come out
			return nil
		}
		return err
	})
}

// start finds the compressed data: where the header says, where Word and Excel write it, else anywhere. A compound file is what is looked for; other
// data is taken where there is none.
func (a activeMime) start(ctx context.Context, f *File, head []byte) (at int64, ok bool, err error) {
	for _, c := range a.candidates(head) {
		z, err := a.open(ctx, f, c)
		if ours(ctx, err) {
			return 0, false, err
		}
		if err != nil {
			continue
		}
		var b [8]byte
		n, err := io.ReadFull(z, b[:])
		z.Close()
		switch {
		case err != nil && ours(ctx, err):
			return 0, false, err
		case oleparse.IsOLE(b[:]):
			return c, true, nil
		case n > 0 && !ok:
			at, ok = c, true
		}
	}
	return at, ok, nil
}

func (activeMime) candidates(head []byte) []int64 {
	list := make([]int64, 0, msoTriesMax)
	if len(head) >= msoHeader+2 {
		list = append(list, int64(binary.LittleEndian.Uint16(head[msoHeader:]))+msoBase)
	}
	list = append(list, 0x32, 0x22A)
	for i := 0; len(list) < msoTriesMax; i++ {
		n := bytes.IndexByte(head[min(i, len(head)):], 0x78) // RFC 1950 2.2: deflate with a window of 32 KiB
		if n < 0 {
			break
		}
		if i += n; i+1 < len(head) && binary.BigEndian.Uint16(head[i:])%31 == 0 {
			list = append(list, int64(i))
		}
	}
	return list
}

// open decompresses from an offset on.
func (activeMime) open(ctx context.Context, f *File, at int64) (io.ReadCloser, error) {
	if at >= f.Size {
		return nil, errNoData
	}
	return zlib.NewReader(io.NewSectionReader(contextReader{ctx, f.content}, at, f.Size-at))
}

var errNoData = errors.New("inspect: no data there")
