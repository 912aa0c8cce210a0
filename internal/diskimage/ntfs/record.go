package ntfs

import (
	"unicode/utf16"

	"sekisho/internal/diskimage/medium"
)

// Attribute types.
const (
	attrList    = 0x20
	attrName    = 0x30
	attrData    = 0x80
	attrReparse = 0xC0
	attrEnd     = 0xFFFFFFFF
)

// Flags of a record and of an attribute.
const (
	flagInUse  = 1 << 0
	flagFolder = 1 << 1

	flagCompressed = 0x00FF
	flagEncrypted  = 0x4000
)

const refMask = 1<<48 - 1 // a file reference: the record's number below its sequence number

// record is a record of the table with the ends of its sectors restored.
type record []byte

func (r record) flags() uint16 { return le.Uint16(r[22:]) }
func (r record) base() uint64  { return le.Uint64(r[32:]) & refMask }

// fixed restores the last two bytes of each sector, which the update sequence array keeps. A record in which they differ from the sequence number was
// not written whole, and Windows does not read it.
func (v *volume) fixed(b []byte) (record, bool) {
	if len(b) < 48 || string(b[:4]) != "FILE" {
		return nil, false
	}
	at, n := int(le.Uint16(b[4:])), int(le.Uint16(b[6:]))
	if n == 0 || n-1 > len(b)/512 || at+2*n > len(b) {
		return nil, false
	}
	for i := 1; i < n; i++ {
		end := b[512*i-2 : 512*i]
		if end[0] != b[at] || end[1] != b[at+1] {
			return nil, false
		}
		copy(end, b[at+2*i:at+2*i+2])
	}
	return b, true
}

// attribute is one attribute of a record.
type attribute struct {
	kind     uint32
	flags    uint16
	name     string
	resident bool
	content  []byte // resident: the value; else the data runs
	first    uint64 // non-resident: VCN of the first cluster
	unit     uint16 // of compression, log2 of clusters
	size     int64
	written  int64 // initialised size
}

// attributes yields the attributes up to the end mark or the first that cannot be one.
func (r record) attributes(yield func(attribute) bool) {
	at := int(le.Uint16(r[20:]))
	for at+16 <= len(r) && le.Uint32(r[at:]) != attrEnd {
		n := int(le.Uint32(r[at+4:]))
		if n < 24 || n > len(r)-at {
			return
		}
		if a, ok := parse(r[at:][:n]); ok && !yield(a) {
			return
		}
		at += n
	}
}

// parse reads the attribute b.
func parse(b []byte) (a attribute, ok bool) {
	a = attribute{kind: le.Uint32(b), flags: le.Uint16(b[12:]), resident: b[8] == 0}
	if n, at := 2*int(b[9]), int(le.Uint16(b[10:])); n > 0 && at+n <= len(b) {
		a.name = wide(b[at:][:n])
	}
	if a.resident {
		n, at := int64(le.Uint32(b[16:])), int64(le.Uint16(b[20:]))
		if at+n > int64(len(b)) {
			return a, false
		}
		a.content, a.size, a.written = b[at:][:n], n, n
		return a, true
	}
	if len(b) < 64 {
		return a, false
	}
	a.first, a.unit = le.Uint64(b[16:]), le.Uint16(b[34:])
	if at := int(le.Uint16(b[32:])); at < len(b) {
		a.content = b[at:]
	}
	a.size, a.written = int64(le.Uint64(b[48:])&(1<<62-1)), int64(le.Uint64(b[56:])&(1<<62-1))
	return a, true
}

func wide(b []byte) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = le.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

const maxRun = 1 << 40 // clusters in a run; four petabytes

// runs decodes data runs: pairs of a length and a place that counts from the one before. A run without a place is not stored.
func (v *volume) runs(a attribute) []medium.Extent {
	var list []medium.Extent
	var place int64
	for b := a.content; len(b) > 0 && b[0] != 0; {
		nl, np := int(b[0]&15), int(b[0]>>4)
		if nl == 0 || nl > 8 || np > 8 || 1+nl+np > len(b) {
			break
		}
		n := signed(b[1:][:nl])
		if n <= 0 || n > maxRun {
			break
		}
		e := medium.Extent{Offset: medium.Hole, Length: n * v.cluster}
		if np > 0 {
			place += signed(b[1+nl:][:np])
			if place < 0 || place > v.Size/v.cluster {
				break
			}
			e.Offset = place * v.cluster
		}
		list = append(list, e)
		b = b[1+nl+np:]
	}
	return list
}

// signed reads a little-endian number of one to eight bytes.
func signed(b []byte) int64 {
	n := int64(int8(b[len(b)-1]))
	for i := len(b) - 2; i >= 0; i-- {
		n = n<<8 | int64(b[i])
	}
	return n
}
