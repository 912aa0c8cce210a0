package archive

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// The library reads .xz files whose blocks have LZMA2 alone. Those with a filter before it are the same coders as in 7z, so each of their blocks is
// unpacked as a 7z folder (xz-file-format.txt 3.1, 5.3).

// xzMethods are the methods of 7z that xz's filter IDs stand for.
var xzMethods = map[uint64]string{
	0x03: "\x03", 0x04: "\x03\x03\x01\x03", 0x05: "\x03\x03\x02\x05", 0x06: "\x03\x03\x04\x01", 0x07: "\x03\x03\x05\x01", 0x08: "\x03\x03\x07\x01",
	0x09: "\x03\x03\x08\x05", 0x0A: "\x0A", 0x0B: "\x0B", xzLZMA2: "\x21",
}

const (
	xzLZMA2    = 0x21
	xzDelta    = 0x03
	xzHeader   = 12 // of a stream, and its footer
	xzLeast    = 32 // 2.1: header, the index of no blocks, footer
	xzFilters  = 4  // 3.1.2: at most
	xzHeadMost = 1024
	xzEndless  = 1 << 62
)

// xzBlocks are the blocks of a file of one stream, as folders; nil where the first has LZMA2 alone, or where the file is for the library to judge.
func xzBlocks(in *io.SectionReader) ([]sevenFolder, error) {
	first, _, err := xzBlock(in, xzHeader)
	if err != nil || first == nil || len(first.coders) == 1 {
		return nil, nil
	}
	var footer [xzHeader]byte
	if n, _ := in.ReadAt(footer[:], in.Size()-xzHeader); n < xzHeader || string(footer[10:]) != "YZ" {
		return nil, &Error{Unsupported, "xz: filters, and no index at the end"}
	}
	size := (int64(binary.LittleEndian.Uint32(footer[4:])) + 1) * 4
	index := in.Size() - xzHeader - size
	if index < xzHeader {
		return nil, &Error{Damaged, "xz: the index"}
	}
	return xzRecords(in, io.NewSectionReader(in, index, size), index)
}

// xzRecords goes through the index, and reads each block's header.
func xzRecords(in, index *io.SectionReader, end int64) (blocks []sevenFolder, err error) {
	r := bufio.NewReader(index)
	_, err = r.ReadByte() // 4.1, index indicator
	n, nerr := binary.ReadUvarint(r)
	at := int64(xzHeader)
	for i := uint64(0); i < n && err == nil && nerr == nil && i < maxFiles; i++ {
		var packed, unpacked uint64
		packed, err = binary.ReadUvarint(r)
		if err == nil {
			unpacked, err = binary.ReadUvarint(r)
		}
		if err != nil || packed > uint64(in.Size()-at) {
			break
		}
		f, start, berr := xzBlock(in, at)
		if berr != nil || f == nil {
			return nil, &Error{Damaged, "xz: a block header"}
		}
		f.at, f.sizes = uint64(start), []uint64{packed - min(packed, uint64(start-at))} // the check behind the data is no matter: LZMA2 ends by itself
		for range f.coders {
			f.unpack = append(f.unpack, xzEndless) // LZMA2 tells its end itself; what the index says is checked there
		}
		f.sum.size = unpacked
		blocks = append(blocks, *f)
		at += int64(packed+3) &^ 3
	}
	switch {
	case err != nil || nerr != nil || at == xzHeader:
		return nil, &Error{Damaged, "xz: the index"}
	case at != end:
		return nil, &Error{Unsupported, "xz: filters, and several streams"}
	}
	return blocks, nil
}

// xzBlock reads the header of a block: its coders in 7z's order, the unpacking one first. f is nil for what is no such header.
func xzBlock(in *io.SectionReader, at int64) (f *sevenFolder, data int64, err error) {
	b := make([]byte, xzHeadMost)
	n, err := in.ReadAt(b, at)
	if n < 2 || b[0] == 0 {
		return nil, 0, nil
	}
	size := (int(b[0]) + 1) * 4
	if n < size {
		return nil, 0, err
	}
	flags := b[1]
	c := &cursor{b: b[:size-4], at: 2}
	for _, bit := range []byte{0x40, 0x80} { // 3.1.3, 3.1.4: sizes
		if flags&bit != 0 {
			c.number()
		}
	}
	f = &sevenFolder{packed: []uint64{0}}
	for range min(int(flags&3)+1, xzFilters) {
		id := c.number()
		p := c.bytes(c.number())
		if xzMethods[id] == "" || id != xzLZMA2 && id != xzDelta && len(p) > 0 {
			return nil, 0, &Error{Unsupported, "xz: filter"}
		}
		f.coders = append([]sevenCoder{{method: xzMethods[id], properties: p, in: 1}}, f.coders...)
	}
	for i := 1; i < len(f.coders); i++ {
		f.binds = append(f.binds, sevenBind{uint64(i), uint64(i - 1)})
	}
	if c.bad {
		return nil, 0, nil
	}
	return f, at + int64(size), nil
}

// xzFiltered reads the blocks one behind the other.
type xzFiltered struct {
	in     *io.SectionReader
	blocks []sevenFolder
	open   io.ReadCloser
}

func (x *xzFiltered) Read(p []byte) (int, error) {
	for {
		if x.open == nil {
			if len(x.blocks) == 0 {
				return 0, io.EOF
			}
			r, err := openFolder(x.in, &x.blocks[0])
			if err != nil {
				return 0, err
			}
			size := int64(x.blocks[0].sum.size)
			x.open = io.NopCloser(&summed{r: r, left: size, want: sevenSum{size: uint64(size)}})
			x.blocks = x.blocks[1:]
		}
		n, err := x.open.Read(p)
		if errors.Is(err, io.EOF) {
			x.open, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}
