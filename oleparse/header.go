package oleparse

import (
	"bytes"
	"encoding/binary"
)

// Sector numbers with a meaning (MS-CFB 2.1).
const (
	maxRegSect = 0xFFFFFFFA
	endOfChain = 0xFFFFFFFE
	freeSect   = 0xFFFFFFFF
)

const (
	headerLen    = 512
	headerDIFAT  = 109 // DIFAT entries in the header (MS-CFB 2.2)
	miniShift    = 6
	miniCutoff   = 4096
	minorShift   = 9  // version 3
	majorShift   = 12 // version 4
	maxSectShift = 16 // the largest sector a reader was ever seen to accept
)

var magic = []byte{0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1} // MS-CFB 2.2, Header Signature

// IsOLE says whether a file that begins with head is a compound file.
func IsOLE(head []byte) bool { return bytes.HasPrefix(head, magic) }

// header is the part of the compound file header that reading needs (MS-CFB 2.2). The byte order mark is not looked at: Office reads
// little-endian whatever it says.
type header struct {
	major       uint16
	shift       uint
	numFAT      uint32
	dirStart    uint32
	miniStart   uint32
	numMini     uint32
	difatStart  uint32
	numDIFAT    uint32
	difat       [headerDIFAT]uint32
	miniShift   uint16
	miniCutoff  uint32
	numDirSects uint32
}

func parseHeader(b *[headerLen]byte) header {
	le := binary.LittleEndian
	h := header{
		major:       le.Uint16(b[26:]),
		shift:       uint(le.Uint16(b[30:])),
		miniShift:   le.Uint16(b[32:]),
		numDirSects: le.Uint32(b[40:]),
		numFAT:      le.Uint32(b[44:]),
		dirStart:    le.Uint32(b[48:]),
		miniCutoff:  le.Uint32(b[56:]),
		miniStart:   le.Uint32(b[60:]),
		numMini:     le.Uint32(b[64:]),
		difatStart:  le.Uint32(b[68:]),
		numDIFAT:    le.Uint32(b[72:]),
	}
	for i := range h.difat {
		h.difat[i] = le.Uint32(b[76+4*i:])
	}
	return h
}

// readHeader reads the header and repairs what can be told otherwise. It is false when there is no compound file here.
func (c *compound) readHeader() bool {
	var b [headerLen]byte
	n, err := c.src.ReadAt(b[:], 0)
	if n < headerLen && c.src.err == nil {
		c.broken("header", "file of %d bytes has no whole header", c.src.size)
		return false
	}
	if err != nil && c.src.err != nil {
		return false
	}
	if !IsOLE(b[:]) {
		c.broken("header", "no compound file signature: %q", b[:8])
		return false
	}
	c.h = parseHeader(&b)
	c.checkShift()
	if c.h.miniShift != miniShift || c.h.miniCutoff != miniCutoff { // MS-CFB 2.2: both MUST have these values; a program that believes them reads other bytes
		c.broken("header", "mini sector shift %d and cutoff %d", c.h.miniShift, c.h.miniCutoff)
	}
	c.sector = 1 << c.h.shift
	c.sectors = max(0, (c.src.size-1)>>c.h.shift) // the header takes the place of sector -1; a cut last sector counts
	return true
}

// checkShift replaces a sector shift nothing can be read with by the one of the major version.
func (c *compound) checkShift() {
	want := uint(minorShift)
	if c.h.major == 4 {
		want = majorShift
	}
	if c.h.shift == want {
		return
	}
	c.fault("header", "sector shift %d in version %d", c.h.shift, c.h.major)
	if c.h.shift <= miniShift || c.h.shift > maxSectShift {
		c.h.shift = want
	}
}
