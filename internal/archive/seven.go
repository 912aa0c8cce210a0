package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"time"
)

// SevenInfo is what the beginning of a 7z archive and its header say without a password.
type SevenInfo struct {
	HeadersLocked bool          // the header is encrypted, the names with it
	Cost          time.Duration // of one password, where it is
}

const (
	sevenMark  = "7z\xBC\xAF\x27\x1C"
	sevenStart = 32       // SignatureHeader: mark, version, CRC, StartHeader
	maxHeader  = 64 << 20 // a header of a million names, not compressed
	maxEncoded = 64 << 10 // of an encoded header: one folder's coders
)

// 7zFormat.txt, "Property IDs".
const (
	sevenEnd           = 0x00
	sevenPackInfo      = 0x06
	sevenUnpackInfo    = 0x07
	sevenSize          = 0x09
	sevenCRC           = 0x0A
	sevenFolder        = 0x0B
	sevenEncodedHeader = 0x17
)

// ReadSeven reads where the header of the archive at off is, and whether it is encrypted. The error is the file's, or an *Error for an archive that no
// program opens.
func ReadSeven(r io.ReaderAt, size, off int64) (*SevenInfo, error) {
	start := make([]byte, sevenStart)
	if _, err := r.ReadAt(start, off); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(start[:len(sevenMark)]) != sevenMark {
		return nil, hopeless("no 7z signature")
	}
	// "StartHeaderCRC" over NextHeaderOffset, NextHeaderSize and NextHeaderCRC.
	if crc32.ChecksumIEEE(start[12:]) != binary.LittleEndian.Uint32(start[8:]) {
		return nil, hopeless("7z: the checksum of the start header does not agree")
	}
	at, n := binary.LittleEndian.Uint64(start[12:]), binary.LittleEndian.Uint64(start[20:])
	room := uint64(max(0, size-off-sevenStart))
	switch {
	case n == 0:
		return &SevenInfo{}, nil // an empty archive
	case at > room || n > room-at:
		return nil, hopeless("7z: the header is beyond the end")
	case n > maxHeader:
		return nil, &Error{TooLarge, "7z: a header of more than 64 MB"}
	}
	h := io.NewSectionReader(r, off+sevenStart+int64(at), int64(n))
	sum := crc32.NewIEEE()
	var head bytes.Buffer
	if _, err := io.Copy(io.MultiWriter(sum, &capped{&head}), h); err != nil {
		return nil, err
	}
	if sum.Sum32() != binary.LittleEndian.Uint32(start[28:]) {
		return nil, hopeless("7z: the checksum of the header does not agree")
	}
	return sevenHeader(head.Bytes()), nil
}

// capped keeps the first maxEncoded bytes.
type capped struct{ b *bytes.Buffer }

func (c *capped) Write(p []byte) (int, error) {
	c.b.Write(p[:min(len(p), maxEncoded-c.b.Len())])
	return len(p), nil
}

// sevenHeader looks for the encryption among the coders of an encoded header. What it cannot follow is left to the library.
func sevenHeader(b []byte) *SevenInfo {
	info := &SevenInfo{}
	c := &sevenCursor{cursor{b: b}}
	if c.byte() != sevenEncodedHeader {
		return info
	}
	id := c.byte()
	if id == sevenPackInfo {
		c.packInfo()
		id = c.byte()
	}
	if id != sevenUnpackInfo || c.byte() != sevenFolder || c.number() != 1 || c.byte() != 0 || c.bad {
		return info
	}
	for range min(c.number(), maxCoders) {
		if method, p := c.coder(); string(method) == "\x06\xF1\x07\x01" && !c.bad {
			key, _ := parseSevenKey(p)
			info.HeadersLocked, info.Cost = true, key.cost()
		}
	}
	return info
}

const maxCoders = 32 // 7zIn.cpp k_NumCodersMax is 64 for the whole folder; encoded headers have two

// sevenCursor reads a 7z header.
type sevenCursor struct{ cursor }

// number is 7zFormat.txt's REAL_UINT64 in one to nine bytes: the ones at the top of the first byte tell how many follow.
func (c *sevenCursor) number() uint64 {
	first := c.byte()
	var v uint64
	for i := range 8 {
		mask := byte(0x80) >> i
		if first&mask == 0 {
			return v | uint64(first&(mask-1))<<(8*i)
		}
		v |= uint64(c.byte()) << (8 * i)
	}
	return v
}

// packInfo passes over the sizes and checksums of packed streams.
func (c *sevenCursor) packInfo() {
	c.number() // PackPos
	streams := c.number()
	for {
		switch c.byte() {
		case sevenSize:
			for range streams {
				if c.number(); c.bad {
					return
				}
			}
		case sevenCRC:
			if c.byte() == 0 || streams > maxCoders {
				c.bad = true // not all of them are there: nobody writes that in an encoded header
			}
			c.skip(4 * streams)
		default: // sevenEnd
			return
		}
		if c.bad {
			return
		}
	}
}

// coder is a coder's method and properties.
func (c *sevenCursor) coder() (method, properties []byte) {
	flags := c.byte()
	method = c.bytes(uint64(flags & 15))
	if flags&0x10 != 0 { // "Is Complex Coder"
		c.number()
		c.number()
	}
	if flags&0x20 != 0 { // "There Are Attributes"
		properties = c.bytes(c.number())
	}
	return method, properties
}
