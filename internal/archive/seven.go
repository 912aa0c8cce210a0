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

// ReadSeven reads where the header of the archive at off is, and whether it is encrypted. The error is the file's, or an *Error for an archive that no
// program opens.
func ReadSeven(r io.ReaderAt, size, off int64) (*SevenInfo, error) {
	info := &SevenInfo{}
	h, err := sevenNext(io.NewSectionReader(r, off, max(0, size-off)))
	if err != nil || h == nil {
		return info, err
	}
	sum := crc32.NewIEEE()
	var head bytes.Buffer
	if _, err := io.Copy(io.MultiWriter(sum, &capped{&head}), h); err != nil {
		return nil, err
	}
	if sum.Sum32() != h.sum {
		return nil, hopeless("7z: the checksum of the header does not agree")
	}
	if b := head.Bytes(); b[0] == sevenEncodedHeader {
		if h, _, err := parseSeven(b); err == nil {
			info.HeadersLocked, info.Cost = h.folders[0].locked()
		}
	}
	return info, nil
}

// nextHeader is where the header stands, and its checksum.
type nextHeader struct {
	*io.SectionReader
	sum uint32
}

// sevenNext reads the beginning of an archive; nil for an empty one.
func sevenNext(r *io.SectionReader) (*nextHeader, error) {
	start := make([]byte, sevenStart)
	if _, err := r.ReadAt(start, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if string(start[:len(sevenMark)]) != sevenMark {
		return nil, hopeless("no 7z signature")
	}
	if len(bytes.Trim(start[8:], "\x00")) == 0 && r.Size() > sevenStart {
		return nil, &Error{Damaged, "7z: no start header"} // 7zIn.cpp looks for the header from the end then (FORMAT_7Z_RECOVERY)
	}
	// "StartHeaderCRC" over NextHeaderOffset, NextHeaderSize and NextHeaderCRC.
	if crc32.ChecksumIEEE(start[12:]) != binary.LittleEndian.Uint32(start[8:]) {
		return nil, hopeless("7z: the checksum of the start header does not agree")
	}
	at, n := binary.LittleEndian.Uint64(start[12:]), binary.LittleEndian.Uint64(start[20:])
	room := uint64(max(0, r.Size()-sevenStart))
	switch {
	case n == 0:
		return nil, nil
	case at > room || n > room-at:
		return nil, hopeless("7z: the header is beyond the end")
	case n > maxHeader:
		return nil, &Error{TooLarge, "7z: a header of more than 64 MB"}
	}
	return &nextHeader{io.NewSectionReader(r, sevenStart+int64(at), int64(n)), binary.LittleEndian.Uint32(start[28:])}, nil
}

// capped keeps the first maxEncoded bytes.
type capped struct{ b *bytes.Buffer }

func (c *capped) Write(p []byte) (int, error) {
	c.b.Write(p[:min(len(p), maxEncoded-c.b.Len())])
	return len(p), nil
}

// locked reports whether a coder of the folder decrypts, and what one password costs.
func (f *sevenFolder) locked() (locked bool, cost time.Duration) {
	for _, c := range f.coders {
		if c.method == methodAES {
			key, _ := parseSevenKey(c.properties)
			return true, key.cost()
		}
	}
	return false, 0
}

const methodAES = "\x06\xF1\x07\x01"
