package cab

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

const (
	headerLen = 36
	folderLen = 8
	fileLen   = 16
	dataLen   = 8
	maxName   = 4 << 10 // 2.3 has 255 bytes and a NUL, on which 7-Zip does not insist; of a longer one that much is kept
)

// Flags of the header (2.1).
const (
	flagPrev    = 1
	flagNext    = 2
	flagReserve = 4
)

// Special folder numbers of a file (2.3).
const (
	fromPrev = 0xFFFD
	toNext   = 0xFFFE
	prevNext = 0xFFFF
)

const attrUTF = 0x80 // 2.3, _A_NAME_IS_UTF

// folder is a CFFOLDER.
type folder struct {
	start  int64 // of its first block
	blocks int
	method int
}

func errorf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}

// Read lists the cabinet at the beginning of r. The error is ErrFormat or the reader's own.
func Read(r io.ReaderAt, size int64, o Options) (*Archive, error) {
	o = o.withDefaults()
	a := &Archive{r: r, size: size}
	in := &cursor{r: bufio.NewReader(io.NewSectionReader(r, 0, size))}
	h := in.take(headerLen)
	if h == nil || string(h[:4]) != "MSCF" || h[25] != 1 { // 2.1: version 1.3
		return nil, in.orFormat()
	}
	files, folders, n := int64(u32(h, 16)), u16(h, 26), u16(h, 28)
	a.Index = u16(h, 34)
	a.preface(in, u16(h, 30))
	extra := in.folderReserve
	for range folders {
		b := in.take(folderLen + extra)
		if b == nil {
			break
		}
		a.folders = append(a.folders, folder{int64(u32(b, 0)), u16(b, 4), u16(b, 6)})
	}
	if in.err != nil {
		return nil, in.err
	}
	if files >= size {
		return nil, ErrFormat
	}
	in = &cursor{r: bufio.NewReader(io.NewSectionReader(r, files, size-files))}
	for range n {
		if a.Limit = len(a.Files) == o.Files; a.Limit || !a.file(in) {
			break
		}
	}
	a.Cut = len(a.Files) < n && !a.Limit
	a.order()
	return a, in.err
}

// preface reads what may stand between header and folders: reserved areas and the names of the neighbours in the set.
func (a *Archive) preface(in *cursor, flags int) {
	if flags&flagReserve != 0 {
		if b := in.take(4); b != nil {
			in.folderReserve, a.reserve = int(b[2]), int(b[3])
			in.take(u16(b, 0))
		}
	}
	if flags&flagPrev != 0 {
		a.Prev = in.name(false)
		in.name(false) // of the disk
	}
	if flags&flagNext != 0 {
		a.Next = in.name(false)
		in.name(false)
	}
}

// file reads a CFFILE (2.3).
func (a *Archive) file(in *cursor) bool {
	b := in.take(fileLen)
	if b == nil {
		return false
	}
	f := File{Size: int64(u32(b, 0)), offset: int64(u32(b, 4)), folder: u16(b, 8)}
	switch f.folder {
	case fromPrev:
		f.Prev, f.folder = true, 0
	case prevNext:
		f.Prev, f.Next, f.folder = true, true, 0
	case toNext:
		f.Next, f.folder = true, max(0, len(a.folders)-1)
	}
	utf := u16(b, 14)&attrUTF != 0
	f.Name = in.name(utf)
	if in.ended {
		return false
	}
	a.Files = append(a.Files, f)
	return true
}

// cursor reads the headers in order. Where the file ends there is nothing more; an error of the reader sticks.
type cursor struct {
	r             *bufio.Reader
	buf           []byte
	folderReserve int
	ended         bool
	err           error
}

// take returns the next n bytes, valid until the next call, or nil. n is at most a two-byte number.
func (c *cursor) take(n int) []byte {
	if c.ended {
		return nil
	}
	if cap(c.buf) < n {
		c.buf = make([]byte, n)
	}
	if _, err := io.ReadFull(c.r, c.buf[:n]); err != nil {
		c.end(err)
		return nil
	}
	return c.buf[:n]
}

// end is where there is no more; EOF is no error.
func (c *cursor) end(err error) {
	c.ended = true
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		c.err = err
	}
}

// name reads a string up to its NUL.
func (c *cursor) name(utf bool) string {
	var b []byte
	for !c.ended {
		x, err := c.r.ReadByte()
		switch {
		case err != nil:
			c.end(err)
		case x == 0:
			return decodeName(b, utf)
		case len(b) < maxName:
			b = append(b, x)
		}
	}
	return decodeName(b, utf)
}

func (c *cursor) orFormat() error {
	if c.err != nil {
		return c.err
	}
	return ErrFormat
}

// decodeName reads a name: UTF-8 where it says or reads so, else the code page of the machine that wrote it (2.3), which the cabinet does not tell.
func decodeName(b []byte, utf bool) string {
	if utf || utf8.Valid(b) {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	if s, err := japanese.ShiftJIS.NewDecoder().Bytes(b); err == nil && japaneseText(string(s)) {
		return string(s)
	}
	s, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(s)
}

// japaneseText reports whether s reads as Japanese.
func japaneseText(s string) bool {
	return !strings.ContainsRune(s, utf8.RuneError) &&
		strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) })
}

// maxSearch is how far Find looks: self-extracting cabinets have them in the first resources or behind the program, and mail is smaller.
const maxSearch = 64 << 20

// Find returns the place of the first cabinet in a file that is something else, such as a self-extracting program, or -1. The error is the reader's own.
func Find(r io.ReaderAt, size int64) (int64, error) {
	buf := make([]byte, 64<<10)
	size = min(size, maxSearch)
	for off := int64(0); off+headerLen <= size; off += int64(len(buf) - headerLen) {
		n, err := r.ReadAt(buf[:min(int64(len(buf)), size-off)], off)
		if err != nil && !errors.Is(err, io.EOF) {
			return -1, err
		}
		for p := 0; p+headerLen <= n; p++ {
			i := bytes.Index(buf[p:n], []byte("MSCF\x00\x00\x00\x00"))
			if i < 0 {
				break
			}
			if p += i; p+headerLen <= n && plausible(buf[p:p+headerLen], size-off-int64(p)) {
				return off + int64(p), nil
			}
		}
	}
	return -1, nil
}

// plausible tells a header from bytes that begin like one: version 1.3, files and folders, and room for them.
func plausible(h []byte, rest int64) bool {
	files, size := int64(u32(h, 16)), int64(u32(h, 8))
	return h[24] == 3 && h[25] == 1 && u16(h, 26) > 0 && u16(h, 28) > 0 && files >= headerLen && files < size && files < rest
}

func u16(b []byte, i int) int    { return int(binary.LittleEndian.Uint16(b[i:])) }
func u32(b []byte, i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }
