package oleparse

import (
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
)

var (
	errContainer = errors.New("not a compressed container")
	errChunk     = errors.New("damaged chunk")
	errLimit     = errors.New("limit reached")
)

const (
	containerByte = 0x01 // MS-OVBA 2.4.1.1.1, SignatureByte
	chunkSize     = 4096 // MS-OVBA 2.4.1.1.3, DecompressedChunk
	chunkMax      = 4096 // CompressedChunkData, most bytes the 12-bit size can say
	chunkSign     = 3    // MS-OVBA 2.4.1.1.5, CompressedChunkSignature
)

// decompress reads a CompressedContainer (MS-OVBA 2.4.1.3.1) and returns at most limit bytes. A damaged chunk gives what it can and the next
// one is read: the first error comes back with all that was read.
func decompress(r io.Reader, limit int64) (out []byte, err error) {
	out, _, err = unpack(r, limit, false)
	return out, err
}

// unpack is decompress; sound is how many bytes the container takes up to its end or its first fault. With strict it goes no further.
func unpack(r io.Reader, limit int64, strict bool) (out []byte, sound int64, err error) {
	var b [chunkMax]byte
	if _, rerr := io.ReadFull(r, b[:1]); rerr != nil || b[0] != containerByte {
		return nil, 0, errContainer
	}
	sound = 1
	for {
		if _, rerr := io.ReadFull(r, b[:2]); rerr != nil {
			return out, sound, cmp.Or(err, readFault(rerr))
		}
		head := binary.LittleEndian.Uint16(b[:2])
		if head == 0 { // nothing but padding follows
			return out, sound, err
		}
		if strict && head>>12&7 != chunkSign { // no chunk at all
			return out, sound, errChunk
		}
		n, rerr := io.ReadFull(r, b[:head&0x0FFF+1]) // MS-OVBA 2.4.1.1.5: CompressedChunkSize counts the header and is 3 less
		var whole bool
		if out, whole = appendChunk(out, b[:n], head&0x8000 != 0); !whole || head>>12&7 != chunkSign {
			err = cmp.Or(err, errChunk)
		}
		if err == nil && rerr == nil {
			sound += int64(2 + n)
		}
		switch {
		case int64(len(out)) > limit:
			return out[:limit], sound, errLimit
		case rerr != nil:
			return out, sound, cmp.Or(readFault(rerr), errChunk)
		case strict && err != nil:
			return out, sound, err
		}
	}
}

// readFault is nil at the end of the data, a single left-over byte included.
func readFault(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}

// appendChunk decompresses one chunk (MS-OVBA 2.4.1.3.2); whole is false where it stopped at something impossible.
func appendChunk(out, data []byte, compressed bool) (chunk []byte, whole bool) {
	if !compressed { // MS-OVBA 2.4.1.3.3
		return append(out, data...), len(data) == chunkSize
	}
	start := len(out)
	defer func() {
		if over := start + chunkSize; len(chunk) > over {
			chunk, whole = chunk[:over], false
		}
	}()
	for len(data) > 0 {
		flags := data[0] // MS-OVBA 2.4.1.3.4, one TokenSequence
		data = data[1:]
		for bit := 0; bit < 8 && len(data) > 0; bit++ {
			if flags>>bit&1 == 0 {
				out, data = append(out, data[0]), data[1:]
				continue
			}
			if len(data) < 2 {
				return out, false
			}
			if out, whole = appendCopy(out, start, binary.LittleEndian.Uint16(data)); !whole {
				return out, false
			}
			data = data[2:]
		}
	}
	return out, true
}

// appendCopy carries out a CopyToken (MS-OVBA 2.4.1.3.19.1, 2.4.1.3.11). The bytes copied may overlap those being written.
func appendCopy(out []byte, start int, token uint16) ([]byte, bool) {
	done := len(out) - start
	if done == 0 {
		return out, false
	}
	offsetBits := max(bits.Len(uint(done-1)), 4)
	lengthBits := 16 - offsetBits
	if lengthBits < 4 { // more than 4096 bytes are out already
		return out, false
	}
	length := int(token&(1<<lengthBits-1)) + 3
	offset := int(token>>lengthBits) + 1
	if offset > done {
		return out, false
	}
	from := len(out) - offset
	for i := range length {
		out = append(out, out[from+i])
	}
	return out, true
}
