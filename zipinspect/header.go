package zipinspect

import "encoding/binary"

// The signatures (4.3).
var (
	sigLocal      = []byte("PK\x03\x04") // 4.3.7
	sigCentral    = []byte("PK\x01\x02") // 4.3.12
	sigDescriptor = []byte("PK\x07\x08") // 4.3.9
	sigEnd        = []byte("PK\x05\x06") // 4.3.16
	sigEnd64      = []byte("PK\x06\x06") // 4.3.14
	sigLocator64  = []byte("PK\x06\x07") // 4.3.15
)

// Fixed lengths of the headers, and the number that refers to ZIP64 (4.4.1.4).
const (
	localLen   = 30
	centralLen = 46
	endLen     = 22
	end64Len   = 56
	end64V2Len = 84 // 7.3.4, as far as the hash
	locatorLen = 20
	in64       = 0xFFFFFFFF
)

// General purpose bits (4.4.4).
const (
	flagEncrypted  = 1 << 0
	flagMarker     = 1 << 1 // of method 14
	flagDescriptor = 1 << 3
	flagStrong     = 1 << 6
	flagUTF8       = 1 << 11
	flagMasked     = 1 << 13
)

// header is what a local header and a directory record have in common.
type header struct {
	flags, method uint16
	time          uint16 // MS-DOS
	crc           uint32
	csize, usize  int64
	name          string // raw
	unicode       string // of extra field 0x7075, "" when none or stale
	aes           aesInfo
	at, end       int64 // of the header in the file
	local         int64 // directory records: where the local header is said to be
}

// localHeader reads the header at off (4.3.7).
func (s *source) localHeader(off int64) (header, bool) {
	b := s.at(off, localLen)
	if b == nil || string(b[:4]) != string(sigLocal) {
		return header{}, false
	}
	h := common(b[4:])
	n, m := u16(b, 26), u16(b, 28)
	h.at, h.end = off, min(off+localLen+int64(n)+int64(m), s.size)
	return h, h.variable(s.at(off+localLen, n+m), s.at, n, off+localLen)
}

// centralHeader reads the directory record at off (4.3.12).
func (s *source) centralHeader(off int64) (header, bool) {
	b := s.next(off, centralLen)
	if b == nil || string(b[:4]) != string(sigCentral) {
		return header{}, false
	}
	h := common(b[6:])
	h.local = int64(u32(b, 42))
	n, m, c := u16(b, 28), u16(b, 30), u16(b, 32)
	h.at, h.end = off, off+centralLen+int64(n)+int64(m)+int64(c)
	return h, h.variable(s.next(off+centralLen, n+m), s.next, n, off+centralLen)
}

// variable reads the name of n bytes and the extra field, which b holds; where the file ends before both do, the name alone will do.
func (h *header) variable(b []byte, read func(int64, int) []byte, n int, off int64) bool {
	if b == nil {
		if b = read(off, n); b == nil {
			return false
		}
	}
	h.name = string(b[:n])
	h.extra(b[n:])
	return true
}

// common reads the fields from "version needed" to "uncompressed size", which both headers have in the same order.
func common(b []byte) header {
	return header{
		flags:  uint16(u16(b, 2)),
		method: uint16(u16(b, 4)),
		time:   uint16(u16(b, 6)),
		crc:    u32(b, 10),
		csize:  int64(u32(b, 14)),
		usize:  int64(u32(b, 18)),
	}
}

// extra reads the extensible data fields (4.5). A field that runs past the end closes the list.
func (h *header) extra(b []byte) {
	for len(b) >= 4 {
		id, n := u16(b, 0), u16(b, 2)
		b = b[4:]
		if n > len(b) {
			return
		}
		switch f := b[:n]; id {
		case 0x0001: // 4.5.3, Zip64 extended information
			h.zip64(f)
		case 0x7075: // 4.6.9, Info-ZIP Unicode Path
			h.unicodePath(f)
		case 0x9901: // AE-x: version, "AE", strength, true method
			if n >= 7 && h.method == aesMethod {
				h.aes, h.method = aesInfo{f[0], f[4]}, uint16(u16(f, 5))
			}
		}
		b = b[n:]
	}
}

// zip64 reads those of the numbers that the header refers here, in this order (4.5.3).
func (h *header) zip64(f []byte) {
	for _, p := range []*int64{&h.usize, &h.csize, &h.local} {
		if *p == in64 && len(f) >= 8 {
			*p = length(binary.LittleEndian.Uint64(f))
			f = f[8:]
		}
	}
}

// knowsSize reports whether a local header gives the sizes itself: with bit 3 they follow the data (4.4.4).
func (h *header) knowsSize() bool { return h.flags&flagDescriptor == 0 }

// strong is the name of PKWARE's own schemes, of which only the names of the files can be read.
const strong = "strong"

// masked reports whether fields of a local header are blank on purpose: bit 13 goes with encryption (7.3.4), alone it means nothing.
func (h *header) masked() bool {
	const both = flagEncrypted | flagMasked
	return h.flags&both == both
}

// encryption names the scheme (4.4.4 bits 0 and 6, extra field 0x9901).
func (h *header) encryption() string {
	switch {
	case h.flags&flagEncrypted == 0:
		return ""
	case h.aes.strength >= 1 && h.aes.strength <= 3:
		return [...]string{"AES-128", "AES-192", "AES-256"}[h.aes.strength-1]
	case h.flags&(flagStrong|flagMasked) != 0, h.method == aesMethod, h.aes.strength != 0: // 7.2.3, 7.3; AE-x of no known strength
		return strong
	}
	return "ZipCrypto"
}

// checks are the bytes that ZipCrypto's encryption header may end with (6.1.6; with bit 3, the time in the checksum's place).
func (h *header) checks() [2]byte { return [2]byte{byte(h.crc >> 24), byte(h.time >> 8)} }

// plausible tells the fixed part of a local header from bytes that begin like one. It refuses what no program could show: no name, a name
// longer than any path, a method nobody has (4.4.5).
func plausible(b []byte) bool {
	if n := u16(b, 26); n == 0 || n > maxName {
		return false
	}
	switch m := u16(b, 8); {
	case m <= 10, m == 12, m == 14, m == 16, m >= 18 && m <= 20, m >= 93 && m <= 99:
		return true
	}
	return false
}

const maxName = 4096 // the longest path any system has
