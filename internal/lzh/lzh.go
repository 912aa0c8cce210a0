// Package lzh reads LHA archives as they are written in Japan to this day: headers of the levels 0 to 3 (the notes of LHa for UNIX,
// header.doc.md, and of UNLHA32), and the methods -lh0-, -lh1-, -lh4- to -lh7-, -lz4-, -lz5- and -lzs-.
//
// There is no directory: a header stands before each file, and the next one behind its data.
//
// # Limits
//
// What does not begin with a header is ErrFormat. The list ends where no header follows, as it does for programs, at a damaged one, which Archive.Cut
// says, or at Options.Entries, which Archive.Limit says. A header has at most 64 KB. Memory is the list, and for each open file a window of at most 64 KB. Nothing is allocated from a
// number in the file. What an entry claims to hold is where its Reader ends. Checksums of headers are not asked but for Find: data that a program
// would refuse is read all the same.
//
// The methods of other programs (-lh2-, -lh3-, -lhx-, -pm1- …) are recognised and not decoded: ErrMethod.
package lzh

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// The errors callers branch on.
var (
	ErrFormat   = errors.New("lzh: not an LHA archive")
	ErrMethod   = errors.New("lzh: compression method not supported")
	ErrCorrupt  = errors.New("lzh: data is corrupt")
	ErrChecksum = errors.New("lzh: checksum differs") // at the end of the data, all of which was delivered
)

// Options bound a read. The zero value is its default.
type Options struct {
	Entries int // entries listed
}

const defaultEntries = 20_000 // as in a ZIP archive: honest ones in mail hold fewer

func (o Options) withDefaults() Options {
	if o.Entries <= 0 {
		o.Entries = defaultEntries
	}
	return o
}

// Entry is one file or folder.
type Entry struct {
	Name       string // UTF-8, folders with "/"
	Method     string // "-lh5-"
	Compressed int64
	Size       int64 // as claimed
	Directory  bool

	crc     uint16
	hasCRC  bool
	offset  int64 // of the data
	archive *Archive
}

// Archive is what was read of one file.
type Archive struct {
	Entries []Entry
	Limit   bool // there are more
	Cut     bool // the list ends at a header that cannot be read

	r    io.ReaderAt
	size int64
}

// Read lists the archive at the beginning of r. The error is ErrFormat or the reader's own.
func Read(r io.ReaderAt, size int64, o Options) (*Archive, error) {
	o = o.withDefaults()
	a := &Archive{r: r, size: size}
	in := &source{r: r, size: size}
	for at := int64(0); ; {
		h, ok := in.header(at)
		if !ok {
			a.Cut = in.begins(at)
			break
		}
		if a.Limit = len(a.Entries) == o.Entries; a.Limit {
			break
		}
		a.Entries = append(a.Entries, h.entry(a))
		at = h.data + max(h.compressed, 0)
	}
	switch {
	case in.err != nil:
		return nil, in.err
	case len(a.Entries) == 0:
		return nil, ErrFormat
	}
	return a, nil
}

// Open returns the content of the entry, which ends with io.EOF, ErrChecksum, ErrCorrupt, io.ErrUnexpectedEOF (the file ends before the data) or the
// archive's reader's own error. The error of Open is ErrMethod.
func (e *Entry) Open() (io.Reader, error) {
	src := &counter{r: io.NewSectionReader(e.archive.r, e.offset, e.Compressed)}
	dec, err := newDecoder(e.Method, bufio.NewReader(src))
	if err != nil {
		return nil, err
	}
	return &content{e: e, src: src, dec: dec, left: e.Size}, nil
}

// Check says why the entry cannot be opened: ErrMethod, or nil.
func (e *Entry) Check() error {
	_, err := newDecoder(e.Method, nil)
	return err
}

// decoder fills p. A decoder without more input fails with io.EOF or io.ErrUnexpectedEOF, one with input that is none with errCode.
type decoder interface {
	decode(p []byte) (int, error)
}

var errCode = errors.New("no such code")

// newDecoder chooses by the method; the windows have 4, 8, 32 and 64 KB (header.doc.md, "Method ID").
func newDecoder(method string, in *bufio.Reader) (decoder, error) {
	switch method {
	case "-lh0-", "-lz4-", "-lhd-":
		return stored{in}, nil
	case "-lh1-":
		return newDynamic(in), nil
	case "-lh4-":
		return newStatic(in, 12), nil
	case "-lh5-":
		return newStatic(in, 13), nil
	case "-lh6-":
		return newStatic(in, 15), nil
	case "-lh7-":
		return newStatic(in, 16), nil
	case "-lz5-":
		return newLZ5(in), nil
	case "-lzs-":
		return newLZS(in), nil
	}
	return nil, fmt.Errorf("%w: %q", ErrMethod, method)
}

// stored is a file that is not compressed.
type stored struct{ r *bufio.Reader }

func (s stored) decode(p []byte) (int, error) { return io.ReadFull(s.r, p) }

// counter counts the bytes read and keeps the reader's own error apart from the decoder's.
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

// content is an entry being read.
type content struct {
	e    *Entry
	src  *counter
	dec  decoder
	left int64
	crc  uint16
	err  error
}

func (c *content) Read(p []byte) (int, error) {
	if c.err != nil || len(p) == 0 {
		return 0, c.err
	}
	p = p[:min(int64(len(p)), max(c.left, 0))]
	n, err := 0, error(nil)
	if len(p) > 0 {
		n, err = c.dec.decode(p)
	}
	c.crc = crc16(c.crc, p[:n])
	c.left -= int64(n)
	switch {
	case err != nil:
		c.err = c.broken(err)
	case c.left > 0:
	case c.e.hasCRC && c.crc != c.e.crc:
		c.err = ErrChecksum
	default:
		c.err = io.EOF
	}
	return n, c.err
}

// broken turns a decoder's error into ours.
func (c *content) broken(err error) error {
	switch {
	case c.src.err != nil:
		return c.src.err
	case c.e.offset+c.src.n >= c.e.archive.size:
		return io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: %v", ErrCorrupt, err)
}

// crcTables are of the polynomial 0xA001: the first is that of one byte, the next ones of a byte that so many others follow.
var crcTables = func() (t [8][256]uint16) {
	for i := range t[0] {
		c := uint16(i)
		for range 8 {
			c = c>>1 ^ 0xA001*(c&1)
		}
		t[0][i] = c
	}
	for k := 1; k < len(t); k++ {
		for i, c := range t[k-1] {
			t[k][i] = c>>8 ^ t[0][byte(c)]
		}
	}
	return t
}()

// crc16 takes eight bytes at a time.
func crc16(crc uint16, b []byte) uint16 {
	t := &crcTables
	for ; len(b) >= 8; b = b[8:] {
		crc = t[7][b[0]^byte(crc)] ^ t[6][b[1]^byte(crc>>8)] ^ t[5][b[2]] ^ t[4][b[3]] ^ t[3][b[4]] ^ t[2][b[5]] ^ t[1][b[6]] ^ t[0][b[7]]
	}
	for _, c := range b {
		crc = crc>>8 ^ t[0][byte(crc)^c]
	}
	return crc
}
