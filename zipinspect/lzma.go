package zipinspect

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// maxDictionary bounds the memory of one LZMA decoder, which takes it at once: archivers use as much for files of that size only, and mail hardly
// carries such.
const maxDictionary = 32 << 20

// lzmaRatio is more than LZMA makes of one byte (a repeated match of 273 bytes costs a fraction of a bit for each choice), so that a
// dictionary is not larger than its data can fill.
const lzmaRatio = 32 << 10

// dictionary is the one that n bytes of data need: no match reaches back before the beginning.
func (e *Entry) dictionary(said, n int64) int {
	d := min(said, maxDictionary, max(n, 1)*lzmaRatio)
	if e.Compressed >= 0 && e.Size > 0 {
		d = min(d, e.Size)
	}
	return int(max(d, lzma.MinDictCap))
}

// lzma decodes method 14 (5.8.8): version and length of the properties, these, the data. With bit 1 a marker ends the data, else the size
// does (4.4.4).
func (e *Entry) lzma(b body, n int64) (*Reader, error) {
	r := e.reader(b, n)
	head := make([]byte, 9)
	if _, err := io.ReadFull(r.in, head); err != nil {
		return r.refuse(err)
	}
	if u16(head, 2) != 5 || head[4] >= 9*5*5 {
		return r.refuse(fmt.Errorf("LZMA properties %x", head[2:5]))
	}
	size := uint64(max(e.Size, 0))
	if e.marked || e.Compressed < 0 {
		size = ^uint64(0)
	}
	alone := append(head[4:5:5], make([]byte, 12)...) // the header of an .lzma file
	binary.LittleEndian.PutUint32(alone[1:], uint32(e.dictionary(int64(u32(head, 5)), n)))
	binary.LittleEndian.PutUint64(alone[5:], size)
	d, err := lzma.ReaderConfig{DictCap: maxDictionary}.NewReader(&headed{alone, r.in})
	if err != nil {
		return r.refuse(err)
	}
	r.dec = guarded{d}
	return r, nil
}

// headed puts a header before a reader, and lets the decoder read single bytes from it.
type headed struct {
	head []byte
	*bufio.Reader
}

func (h *headed) Read(p []byte) (int, error) {
	if len(h.head) == 0 {
		return h.Reader.Read(p)
	}
	n := copy(p, h.head)
	h.head = h.head[n:]
	return n, nil
}

// guarded makes a decoder's panic its error.
type guarded struct{ r io.Reader }

func (g guarded) Read(p []byte) (n int, err error) {
	defer func() {
		if x := recover(); x != nil {
			n, err = 0, fmt.Errorf("decoder: %v", x)
		}
	}()
	return g.r.Read(p)
}

// refuse closes r and says why: the file ends, the archive's reader failed, or the data is not what its method says.
func (r *Reader) refuse(err error) (*Reader, error) {
	defer r.Close()
	switch {
	case r.src.err != nil:
		return nil, r.src.err
	case isEOF(err) && r.body.from+r.src.n >= r.e.archive.size:
		return nil, io.ErrUnexpectedEOF
	}
	return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
}
