package zipinspect

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"sync"

	"github.com/klauspost/compress/zstd"

	"sekisho/internal/inflate"
	"sekisho/internal/ppmd"
)

// Reader unpacks one entry. Its Read returns what unpacking programs would deliver, then io.EOF; or, after that data, ErrChecksum,
// ErrCorrupt or io.ErrUnexpectedEOF (the file ends before the data), or the error of the archive's reader.
type Reader struct {
	e      *Entry
	body   body
	in     *bufio.Reader
	src    counter
	packed io.SectionReader // what src reads
	dec    io.Reader
	memory *inflater // nil when it is free for others
	free   func()    // of other decoders, nil for none
	crc    uint32
	n      int64
	summed bool // the data ended, and with the checksum that some header or the descriptor says
	err    error
}

// counter counts the compressed bytes and keeps the reader's own error apart from the decoder's.
type counter struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

// inflater is kept from one entry to the next: its window costs more than most entries.
type inflater struct {
	in *bufio.Reader
	z  inflate.Reader
}

// inflaters recycles the memory of readers. One returns to it in Close only, when its Reader delivers no more.
var inflaters = sync.Pool{New: func() any { return &inflater{in: bufio.NewReaderSize(nil, inBuffer)} }}

// recycle keeps f without what it read from.
func (f *inflater) recycle() {
	f.in.Reset(nil)
	inflaters.Put(f)
}

const inBuffer = 16 << 10 // compressed bytes read at a time

// zstdWindow is what RFC 8878 3.1.1.1.2 asks of decoders. The window is allocated on the frame's word, so it is not larger.
const zstdWindow = 8 << 20

// Open returns a reader of the entry's content. The error is ErrEncrypted, ErrMethod, or ErrCorrupt where there is no data.
//
// Deflated data says itself where it ends, so what the headers say of its length is not asked: a program that goes by the data shows
// all of it.
func (e *Entry) Open() (*Reader, error) {
	switch {
	case e.Encrypted:
		return nil, ErrEncrypted
	case e.DataOffset < 0:
		return nil, fmt.Errorf("%w: no local header", ErrCorrupt)
	}
	return e.decode(e.plain())
}

func (e *Entry) decode(b body) (*Reader, error) {
	rest := max(0, e.archive.size-b.from)
	stored := rest
	if b.size >= 0 {
		stored = min(rest, b.size)
	}
	if b.tagged {
		rest = stored // the tag stands behind it
	}
	switch e.Method {
	case Stored:
		r := e.reader(b, stored)
		r.dec = r.in
		return r, nil
	case Deflated:
		return e.inflate(b, rest, inflate.Deflate), nil
	case Deflate64:
		return e.inflate(b, rest, inflate.Deflate64), nil
	case BZip2:
		r := e.reader(b, stored)
		r.dec = bzip2.NewReader(r.in)
		return r, nil
	case LZMA:
		return e.lzma(b, stored)
	case XZ:
		return e.xz(b, stored)
	case Zstd, 20: // 4.4.5: 20 is the deprecated number
		return e.zstd(b, stored)
	case PPMd:
		return e.ppmd(b, stored)
	}
	return nil, fmt.Errorf("%w: %d", ErrMethod, e.Method)
}

func (e *Entry) reader(b body, n int64) *Reader {
	f := inflaters.Get().(*inflater)
	r := &Reader{e: e, body: b, in: f.in, memory: f}
	r.begin(n)
	return r
}

// inflate decodes as much as is read, so that the beginning of an entry costs little.
func (e *Entry) inflate(b body, n int64, format inflate.Format) *Reader {
	f := inflaters.Get().(*inflater)
	r := &Reader{e: e, body: b, in: f.in, dec: &f.z, memory: f}
	r.begin(n)
	f.z.Reset(r.in, format)
	return r
}

// Entry is the entry that r reads.
func (r *Reader) Entry() *Entry { return r.e }

// Packed is the entry's data as it stands in the archive, up to the archive's end where the data itself says where it ends; nil where there is none.
func (e *Entry) Packed() *io.SectionReader {
	switch {
	case e.DataOffset < 0 || e.Encrypted:
		return nil
	case e.Method == Deflated || e.Method == Deflate64:
		return io.NewSectionReader(e.archive.r, e.DataOffset, e.archive.size-e.DataOffset)
	}
	return io.NewSectionReader(e.archive.r, e.DataOffset, min(e.archive.size-e.DataOffset, max(e.Compressed, 0)))
}

// begin reads n bytes of the data.
func (r *Reader) begin(n int64) {
	r.packed = *io.NewSectionReader(r.e.archive.r, r.body.from, n)
	r.src = counter{r: &r.packed}
	r.in.Reset(r.body.open(&r.src))
}

func (e *Entry) zstd(b body, n int64) (*Reader, error) {
	r := e.reader(b, n)
	d, err := zstd.NewReader(r.in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	r.dec, r.free = d, d.Close
	return r, nil
}

// ppmd decodes method 98 (5.10), whose memory grows with what is read.
func (e *Entry) ppmd(b body, n int64) (*Reader, error) {
	r := e.reader(b, n)
	d, err := ppmd.NewReader(r.in)
	switch {
	case errors.Is(err, ppmd.ErrMethod):
		r.Close()
		return nil, fmt.Errorf("%w: %w", ErrMethod, err)
	case err != nil:
		return r.refuse(err)
	}
	r.dec = d
	return r, nil
}

// Read is io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.dec.Read(p)
	r.n += int64(n)
	r.crc = crc32.Update(r.crc, crc32.IEEETable, p[:n])
	if err != nil {
		r.err = r.final(err)
		err = r.err
	}
	return n, err
}

// final turns the decoder's last word into ours.
func (r *Reader) final(err error) error {
	switch {
	case r.src.err != nil:
		return r.src.err
	case errors.Is(err, ppmd.ErrMemory), errors.Is(err, ppmd.ErrWork):
		return fmt.Errorf("%w: %w", ErrMethod, err)
	case errors.Is(err, io.ErrUnexpectedEOF) && r.body.from+r.src.n >= r.e.archive.size:
		return io.ErrUnexpectedEOF
	case errors.Is(err, inflate.ErrCorrupt):
		return fmt.Errorf("%w: flate: corrupt input before offset %d", ErrCorrupt, r.used())
	case !errors.Is(err, io.EOF):
		return fmt.Errorf("%w: %v", ErrCorrupt, err) // not wrapped: to the caller a decoder's EOF is damage
	case r.e.Method == Stored && r.body.size > r.n:
		return io.ErrUnexpectedEOF
	}
	known, same := r.sum()
	r.summed = known && same
	if known && !same {
		return ErrChecksum
	}
	return io.EOF
}

// sum compares the checksum with those that are known. AE-2 leaves it blank: its data was authentic before it was read.
func (r *Reader) sum() (known, same bool) {
	switch {
	case r.body.tagged && r.e.aes.version != ae1:
		return true, true
	case r.e.checked && (r.crc == r.e.CRC32 || r.body.decrypt != nil && r.crc == r.e.localCRC):
		return true, true
	case r.e.checked:
		return true, false
	case r.body.decrypt != nil:
		return true, r.crc == r.descriptor()
	}
	return false, false
}

// descriptor is the checksum in the data descriptor, whose signature is optional (4.3.9).
func (r *Reader) descriptor() uint32 {
	b := make([]byte, 8)
	n, _ := r.e.archive.r.ReadAt(b, r.body.from+r.used()) // nothing there is no checksum either
	switch {
	case n == len(b) && string(b[:4]) == string(sigDescriptor):
		return u32(b, 4)
	case n >= 4:
		return u32(b, 0)
	}
	return 0
}

// used is the number of compressed bytes that the decoder took.
func (r *Reader) used() int64 { return r.src.n - int64(r.in.Buffered()) }

// Rest is, at the end, the number of compressed bytes that the headers give to the entry and its data does not use: room to hide in.
func (r *Reader) Rest() int64 { return max(0, r.body.size-r.used()) }

// Close frees the reader. The entry can be opened again.
func (r *Reader) Close() error {
	if r.free != nil {
		r.free()
		r.free = nil
	}
	if r.memory != nil {
		r.memory.recycle()
		r.memory = nil
	}
	r.err = fs.ErrClosed
	return nil
}
