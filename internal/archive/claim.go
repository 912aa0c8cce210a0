package archive

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
)

// Claim is what an xz or lzip file says that it unpacks to, -1 where it does not say. It may lie. LZMA files are not asked: any file may begin as one.
func Claim(s Source) int64 {
	in := io.NewSectionReader(s.Reader, 0, s.Size)
	switch s.Format {
	case XZ:
		return sumMembers(in, xzStream)
	case LZip:
		return sumMembers(in, lzipMember)
	}
	return -1
}

const (
	claimsMost = 1000    // streams in one file: a parallel compressor makes one for some megabytes
	claimMost  = 1 << 50 // no file is larger, so that sums stay numbers
)

// plausible is n, or -1 for what no file holds.
func plausible(n uint64) int64 {
	if n > claimMost {
		return -1
	}
	return int64(n)
}

// sumMembers goes from the end of the file to its beginning. last is the size of the member that ends at end, and what it unpacks to.
func sumMembers(in *io.SectionReader, last func(in *io.SectionReader, end int64) (size, content int64)) int64 {
	var sum int64
	end := in.Size()
	for n := 0; end > 0; n++ {
		size, content := last(in, end)
		if n == claimsMost || size <= 0 || size > end || content < 0 {
			return -1
		}
		end -= size
		sum = min(sum+content, claimMost)
	}
	return sum
}

// xzStream reads a stream's footer and index (xz-file-format.txt 2.1.2, 4), and the padding behind it (2.2).
func xzStream(in *io.SectionReader, end int64) (size, content int64) {
	var b [12]byte
	padding := int64(0)
	for {
		if end-padding < int64(len(b)) {
			return 0, -1
		}
		if n, _ := in.ReadAt(b[:], end-padding-int64(len(b))); n < len(b) || padding > claimPadding {
			return 0, -1
		}
		if binary.LittleEndian.Uint32(b[8:]) != 0 {
			break
		}
		padding += 4
	}
	if string(b[10:]) != "YZ" {
		return 0, -1
	}
	index := (int64(binary.LittleEndian.Uint32(b[4:])) + 1) * 4
	blocks, content := xzIndex(io.NewSectionReader(in, max(0, end-padding-12-index), index))
	return 12 + blocks + index + 12 + padding, content
}

const claimPadding = 4 << 10 // four bytes are read at a time

// xzIndex sums up the records of an index: the blocks' bytes in the file, and what they unpack to.
func xzIndex(in *io.SectionReader) (blocks, content int64) {
	r := bufio.NewReader(in)
	if b, err := r.ReadByte(); err != nil || b != 0 {
		return 0, -1
	}
	n, err := binary.ReadUvarint(r)
	if err != nil || n > uint64(in.Size())/2 {
		return 0, -1
	}
	for range n {
		packed, err := binary.ReadUvarint(r)
		if err != nil || packed > math.MaxUint32 {
			return 0, -1
		}
		unpacked, err := binary.ReadUvarint(r)
		if err != nil || plausible(unpacked) < 0 {
			return 0, -1
		}
		blocks += int64(packed+3) &^ 3
		content = min(content+int64(unpacked), claimMost)
	}
	return blocks, content
}

// lzipMember reads a member's trailer: CRC, data size, member size (lzip manual, "File format").
func lzipMember(in *io.SectionReader, end int64) (size, content int64) {
	var b [lzipTrailer]byte
	if end < lzipHeader+lzipTrailer {
		return 0, -1
	}
	if n, _ := in.ReadAt(b[:], end-lzipTrailer); n < lzipTrailer {
		return 0, -1
	}
	return plausible(binary.LittleEndian.Uint64(b[12:])), plausible(binary.LittleEndian.Uint64(b[4:]))
}
