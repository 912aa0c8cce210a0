package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// RARInfo is what the headers of a RAR archive say without a password.
type RARInfo struct {
	Version       int           // 4 (the format of RAR 1.5 to 4) or 5
	HeadersLocked bool          // the names are encrypted
	Cost          time.Duration // of one password, where something is encrypted
	Pick          int           // the encrypted member that soonest proves a password, counted among all members
	Members       []RARMember
	Streams       []string // names of the NTFS streams that come with members; WinRAR writes them beside the files
	Broken        string   // why the walk ended before the archive did
}

// RARMember is one file header.
type RARMember struct {
	Name      string
	Encrypted bool
	Folder    bool
	Solid     bool // its data builds on that of the members before
	Before    bool // it begins in the volume before
	After     bool // it goes on in the next volume
	Packed    int64
	stream    string
	cost      time.Duration
}

const (
	rar4Mark = "Rar!\x1A\x07\x00"     // technote of RAR 4.x: marker block
	rar5Mark = "Rar!\x1A\x07\x01\x00" // technote of RAR 5.0: signature

	maxBlocks = 50_000  // five times the files that inspect looks at in a message
	maxBlock  = 2 << 20 // technote of RAR 5.0: "current limit is 2 MB"
)

// ReadRAR reads the headers of the archive at off. The error is the file's, or an *Error where there is no RAR archive.
func ReadRAR(r io.ReaderAt, size, off int64) (*RARInfo, error) {
	w := &rarWalk{r: r, at: off, size: size}
	mark, err := w.take(len(rar5Mark))
	if err != nil {
		return nil, err
	}
	var step func() (bool, error)
	switch {
	case string(mark) == rar5Mark:
		w.info.Version, step = 5, w.block5
	case len(mark) >= len(rar4Mark) && string(mark[:len(rar4Mark)]) == rar4Mark:
		w.info.Version, step = 4, w.block4
		w.at = off + int64(len(rar4Mark))
	default:
		return nil, hopeless("no RAR signature")
	}
	for {
		more, err := step()
		var e *Error
		switch {
		case errors.Is(err, errBlock) && w.blocks == 0: // UnRAR goes on behind a wrong checksum, but not behind a size that cannot be
			return nil, hopeless("the first block: %s", errBlock.Text)
		case errors.As(err, &e):
			w.info.Broken = e.Text
			more = false
		case err != nil:
			return nil, err
		}
		if !more {
			break
		}
		if w.blocks++; w.blocks == maxBlocks {
			w.info.Broken = fmt.Sprintf("more than %d blocks", maxBlocks)
			break
		}
	}
	w.info.choose()
	return &w.info, nil
}

// choose finds the member on which passwords are tried: the first of a solid archive, else the smallest that is whole.
func (i *RARInfo) choose() {
	i.Pick = -1
	for n := range i.Members {
		m := &i.Members[n]
		if !m.Encrypted || m.Packed == 0 || m.Before || m.After || m.Solid && i.Pick >= 0 {
			continue
		}
		if i.Pick < 0 || m.Packed < i.Members[i.Pick].Packed {
			i.Pick, i.Cost = n, m.cost+proof(m.Packed)
		}
	}
}

// rarWalk goes from block to block.
type rarWalk struct {
	r      io.ReaderAt
	at     int64
	size   int64
	blocks int
	info   RARInfo
}

var (
	errBlock = &Error{Damaged, "a damaged block header"}
	errSum16 = &Error{Damaged, "the checksum of a block header does not agree"}
)

// take reads up to n bytes at the place of the walk and goes on behind them.
func (w *rarWalk) take(n int) ([]byte, error) {
	b := make([]byte, max(0, min(int64(n), w.size-w.at)))
	got, err := w.r.ReadAt(b, w.at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	w.at += int64(got)
	return b[:got], nil
}

// skip passes n bytes of data; a file that ends there has lost the rest, not the archive's end.
func (w *rarWalk) skip(n int64) bool {
	if n < 0 || n > w.size-w.at {
		w.at = w.size
		return false
	}
	w.at += n
	return true
}

// Block types and flags of RAR 4, technote "Block formats".
const (
	rar4Main = 0x73
	rar4File = 0x74
	rar4End  = 0x7B

	rar4MainLocked = 0x0080 // MHD_PASSWORD
	rar4Before     = 0x0001 // LHD_SPLIT_BEFORE
	rar4After      = 0x0002 // LHD_SPLIT_AFTER
	rar4Locked     = 0x0004 // LHD_PASSWORD
	rar4Solid      = 0x0010 // LHD_SOLID
	rar4Folder     = 0x00E0 // LHD_DIRECTORY, all bits
	rar4Large      = 0x0100 // LHD_LARGE
	rar4Data       = 0x8000 // LONG_BLOCK: ADD_SIZE is there

	rar4Fixed = 7  // bytes before ADD_SIZE
	rar4Names = 32 // bytes before the name, or HIGH_PACK_SIZE
)

// block4 reads a block of RAR 4: HEAD_CRC, HEAD_TYPE, HEAD_FLAGS, HEAD_SIZE (technote, "Block formats").
func (w *rarWalk) block4() (more bool, err error) {
	start := w.at
	h, err := w.take(rar4Fixed)
	if err != nil || len(h) == 0 {
		return false, err
	}
	if len(h) < rar4Fixed {
		return false, errBlock
	}
	kind, flags := h[2], binary.LittleEndian.Uint16(h[3:])
	size := int(binary.LittleEndian.Uint16(h[5:]))
	if size < rar4Fixed {
		return false, errBlock
	}
	rest, err := w.take(size - rar4Fixed)
	if err != nil {
		return false, err
	}
	h = append(h, rest...)
	if len(h) < size {
		return false, errBlock
	}
	if (kind == rar4Main || kind == rar4File) && binary.LittleEndian.Uint16(h) != sum4(kind, flags, h) {
		return false, errSum16
	}
	w.at = start + int64(size)
	return w.known4(kind, flags, h)
}

// sum4 is HEAD_CRC, the lower half of a CRC-32 of the header behind itself. An archive's comment may stand inside its block and does not count.
func sum4(kind byte, flags uint16, h []byte) uint16 {
	const mainSize, comment = 13, 0x0002
	if kind == rar4Main && flags&comment != 0 {
		h = h[:min(len(h), mainSize)]
	}
	return uint16(crc32.ChecksumIEEE(h[2:]))
}

// known4 takes the blocks that matter, and passes the data of the others by ADD_SIZE.
func (w *rarWalk) known4(kind byte, flags uint16, h []byte) (more bool, err error) {
	switch kind {
	case rar4Main:
		if flags&rar4MainLocked != 0 {
			w.info.HeadersLocked, w.info.Cost = true, rar4Cost
			w.blocks++
			return false, nil
		}
		return true, nil
	case rar4End:
		return false, nil
	case rar4File:
		return w.file4(flags, h)
	}
	if flags&rar4Data == 0 {
		return true, nil
	}
	if len(h) < rar4Fixed+4 {
		return false, errBlock
	}
	return w.skip(int64(binary.LittleEndian.Uint32(h[rar4Fixed:]))), nil
}

// file4 reads FILE_HEAD: PACK_SIZE at 7, NAME_SIZE at 26, HIGH_PACK_SIZE at 32 where LHD_LARGE is set, then the name.
func (w *rarWalk) file4(flags uint16, h []byte) (more bool, err error) {
	if len(h) < rar4Names {
		return false, errBlock
	}
	m := RARMember{
		Encrypted: flags&rar4Locked != 0, Folder: flags&rar4Folder == rar4Folder, Solid: flags&rar4Solid != 0,
		Before: flags&rar4Before != 0, After: flags&rar4After != 0,
		Packed: int64(binary.LittleEndian.Uint32(h[rar4Fixed:])), cost: rar4Cost,
	}
	name := h[rar4Names:]
	if flags&rar4Large != 0 {
		if len(name) < 8 {
			return false, errBlock
		}
		m.Packed |= int64(binary.LittleEndian.Uint32(name)&0x7FFFFFFF) << 32
		name = name[8:]
	}
	n := int(binary.LittleEndian.Uint16(h[26:]))
	m.Name = zeroEnd(name[:min(n, len(name), maxName)])
	w.info.Members = append(w.info.Members, m)
	return w.skip(m.Packed), nil
}

// zeroEnd is a name up to its zero byte: behind that stands an encoded UTF-16 form.
func zeroEnd(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

// Header types, flags and records of RAR 5, technote "Archive structure".
const (
	rar5Main    = 1
	rar5File    = 2
	rar5Service = 3
	rar5Encrypt = 4
	rar5End     = 5

	rar5Extra  = 0x01 // an extra area is there
	rar5Data   = 0x02 // a data area is there
	rar5Before = 0x08 // the data goes on from the volume before
	rar5After  = 0x10 // and into the next

	rar5FileFolder = 0x01
	rar5FileTime   = 0x02
	rar5FileSum    = 0x04
	rar5FileCrypt  = 0x01   // records of the extra area
	rar5Subdata    = 0x07   // of a service header: a stream's name
	rar5Stream     = "STM"  // the name of that service
	rar5SolidFlag  = 0x0040 // of the compression information
)

// block5 reads a block of RAR 5 (technote, "General archive block format").
func (w *rarWalk) block5() (more bool, err error) {
	b, head, err := w.header5()
	if err != nil || b == nil {
		return false, err
	}
	return w.known5(&cursor{b: b, at: head})
}

// header5 reads a header from its checksum on; nil at the file's end. Its fields begin at head.
func (w *rarWalk) header5() (b []byte, head int, err error) {
	start := w.at
	b, err = w.take(4 + 3)
	if err != nil || len(b) == 0 {
		return nil, 0, err
	}
	c := cursor{b: b, at: 4}
	n, ok := c.vint()
	if !ok || n == 0 || n > maxBlock {
		return nil, 0, errBlock
	}
	size := c.at + int(n)
	w.at = start
	if b, err = w.take(size); err != nil {
		return nil, 0, err
	}
	switch {
	case len(b) < size:
		return nil, 0, errBlock
	case crc32.ChecksumIEEE(b[4:]) != binary.LittleEndian.Uint32(b):
		return nil, 0, errSum16
	}
	return b, c.at, nil
}

// known5 reads type, flags and the sizes of extra and data area, which all headers begin with, and takes those that matter.
func (w *rarWalk) known5(c *cursor) (more bool, err error) {
	kind, flags := c.number(), c.number()
	var extra, data uint64
	if flags&rar5Extra != 0 {
		extra = c.number()
	}
	if flags&rar5Data != 0 {
		data = c.number()
	}
	if c.bad || extra > uint64(len(c.b)-c.at) || data > 1<<62 {
		return false, errBlock
	}
	area := &cursor{b: c.b, at: len(c.b) - int(extra)}
	switch kind {
	case rar5Encrypt:
		return w.crypt5(c)
	case rar5End:
		return false, nil
	case rar5File, rar5Service:
		m := RARMember{Before: flags&rar5Before != 0, After: flags&rar5After != 0, Packed: int64(data)}
		m.read5(&cursor{b: c.b[:area.at], at: c.at}, area)
		switch {
		case kind == rar5File:
			w.info.Members = append(w.info.Members, m)
		case m.Name == rar5Stream:
			w.info.Streams = append(w.info.Streams, m.stream)
		}
	}
	return w.skip(int64(data)), nil
}

// crypt5 reads the archive encryption header: version, flags, the binary logarithm of the count, salt.
func (w *rarWalk) crypt5(c *cursor) (more bool, err error) {
	c.number()
	c.number()
	w.info.HeadersLocked, w.info.Cost = true, rar5Cost(c.byte())
	w.blocks++
	return false, nil
}

// read5 reads the fields of a file or service header (technote, "File header and service header") and the records of its extra area.
func (m *RARMember) read5(c, extra *cursor) {
	flags := c.number()
	m.Folder = flags&rar5FileFolder != 0
	c.number() // unpacked size
	c.number() // attributes
	if flags&rar5FileTime != 0 {
		c.skip(4)
	}
	if flags&rar5FileSum != 0 {
		c.skip(4)
	}
	m.Solid = c.number()&rar5SolidFlag != 0
	c.number() // host
	m.Name = string(c.bytes(min(c.number(), maxName)))
	for !extra.bad && extra.at < len(extra.b) {
		n := extra.number()
		record := cursor{b: extra.bytes(n)}
		switch record.number() {
		case rar5FileCrypt:
			record.number() // version
			record.number() // flags
			m.Encrypted, m.cost = true, rar5Cost(record.byte())
		case rar5Subdata:
			m.stream = string(record.b[record.at:min(len(record.b), record.at+maxName)])
		}
	}
}

// One password costs 2^18 rounds of SHA-1 (RAR 3 and 4, UnRAR crypt3.cpp), or 2^count of HMAC-SHA-256 (RAR 5, technote "Encryption"); with reading what
// proves it, as measured.
const (
	rar4Cost  = 45 * time.Millisecond
	rar5Round = 250 * time.Nanosecond
	rar5Max   = 24 // UnRAR crypt.hpp CRYPT5_KDF_LG2_COUNT_MAX
)

// rar5Cost is what 2^count rounds cost (technote, "File encryption record": KDF count).
func rar5Cost(count byte) time.Duration {
	return time.Millisecond + rar5Round<<min(count, rar5Max)
}

// proof is what it takes to unpack size bytes, and see whether their checksum agrees: 30 MB a second.
func proof(size int64) time.Duration { return time.Duration(min(max(size, 0), 1<<40)) * 30 }

// cursor reads numbers from a header. Where it would leave the header it turns bad and gives zeros.
type cursor struct {
	b   []byte
	at  int
	bad bool
}

// vint is RAR 5's number of variable length: seven bits a byte, the lowest first, at most ten bytes.
func (c *cursor) vint() (v uint64, ok bool) {
	for i := range 10 {
		if c.at >= len(c.b) {
			return 0, false
		}
		b := c.b[c.at]
		c.at++
		v |= uint64(b&0x7F) << (7 * i)
		if b < 0x80 {
			return v, true
		}
	}
	return 0, false
}

// number is a vint, 0 where there is none.
func (c *cursor) number() uint64 {
	v, ok := c.vint()
	c.bad = c.bad || !ok
	if c.bad {
		return 0
	}
	return v
}

// bytes are the next n, nil where the header has fewer.
func (c *cursor) bytes(n uint64) []byte {
	if c.bad || n > uint64(len(c.b)-c.at) {
		c.bad = true
		return nil
	}
	c.at += int(n)
	return c.b[c.at-int(n) : c.at]
}

func (c *cursor) skip(n uint64) { c.bytes(n) }

func (c *cursor) byte() byte {
	if b := c.bytes(1); b != nil {
		return b[0]
	}
	return 0
}
