// Package udf lists the files of UDF volumes (ECMA-167, third edition, as OSTA UDF 1.02 to 2.60 use it): short, long, extended and embedded allocation
// descriptors, named streams, and the partition maps of write-once and rewritable media: virtual, sparable, metadata.
//
// # Limits
//
// The anchor is sought at blocks 256, N-256 and N-1 for blocks of 2,048, 512, 4,096 and 1,024 bytes, the virtual allocation table in the last 512 blocks. At most 256
// volume descriptors and 16 partition maps are read, and 16 indirect entries are followed to an ICB. Blocks that lie scattered are mapped one by one, twice as
// many as the medium has. Check sums are asked for in volume descriptors, not in what they lead to. A file set beyond the first, times, permissions, extended attributes and links are left out.
package udf

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"

	"sekisho/internal/diskimage/medium"
)

var le = binary.LittleEndian

// Tag identifiers (ECMA-167 3/7.2.1, 4/7.2.1).
const (
	tagAnchor      = 2
	tagPointer     = 3
	tagPartition   = 5
	tagLogical     = 6
	tagTerminating = 8
	tagFileSet     = 256
	tagIdentifier  = 257
	tagExtent      = 258
	tagIndirect    = 259
	tagFile        = 261
	tagExtended    = 266
)

// volume is an open volume.
type volume struct {
	*medium.Medium
	*medium.Listing
	block    int64
	physical map[uint16]int64 // where a partition begins, by its number
	logical  []byte           // logical volume descriptor
	maps     []partition      // by partition reference number
	mapped   int64            // scattered blocks mapped so far
}

const recognition, isoStep, maxStructures = 32 << 10, 2048, 64

// Is reports whether the volume recognition sequence names UDF (ECMA-167 2/8.3.1, 3/9.1).
func Is(m *medium.Medium) bool {
	for i := range int64(maxStructures) {
		b := m.At(recognition+i*isoStep, 6)
		if b == nil {
			return false
		}
		if id := string(b[1:]); id == "NSR02" || id == "NSR03" {
			return true
		}
	}
	return false
}

// Read lists the volume on m and names its format, "UDF 1.02"; ok is whether it has a root folder.
func Read(m *medium.Medium, o medium.Options) (l *medium.Listing, format string, ok bool) {
	v := &volume{Medium: m, Listing: medium.List(o)}
	format = "UDF"
	if !v.anchor() {
		v.Problem(true, "UDF: no volume descriptors")
		return v.Listing, format, false
	}
	format = fmt.Sprintf("UDF %x.%02x", v.logical[241], v.logical[240]) // UDF 2.1.5.3: the revision in the domain's suffix
	v.partitionMaps()
	root, found := v.fileSet()
	if !found {
		v.Problem(true, "UDF: no root folder")
		return v.Listing, format, false
	}
	v.walk(root)
	return v.Listing, format, true
}

// tag is the identifier of the descriptor that b begins with, 0 where its check sum is wrong (ECMA-167 3/7.2.3).
func tag(b []byte) int {
	var sum byte
	for i, c := range b[:16] {
		if i != 4 {
			sum += c
		}
	}
	if sum != b[4] {
		return 0
	}
	return int(le.Uint16(b))
}

// anchor finds an anchor volume descriptor pointer that leads to a logical volume (ECMA-167 3/8.4.2.1): one whose descriptors are sound, as Windows
// asks for, before any other.
func (v *volume) anchor() bool {
	for _, strict := range []bool{true, false} {
		for _, v.block = range []int64{2048, 512, 4096, 1024} {
			n := v.Size / v.block
			for _, at := range []int64{256, n - 256, n - 1} {
				b := v.volumeDescriptor(at, strict)
				if b == nil || tag(b) != tagAnchor {
					continue
				}
				if v.sequence(b[16:24], strict) || v.sequence(b[24:32], strict) { // the main sequence, else the reserve
					return true
				}
			}
		}
	}
	return false
}

// volumeDescriptor is the block at, nil where it must be sound and is not.
func (v *volume) volumeDescriptor(at int64, strict bool) []byte {
	b := v.At(at*v.block, int(v.block))
	if b == nil || strict && !sound(b, at) {
		return nil
	}
	return b
}

// sound reports whether a descriptor's CRC and place are what its tag says (ECMA-167 3/7.2.6, 3/7.2.8).
func sound(b []byte, at int64) bool {
	n := int(le.Uint16(b[10:]))
	if 16+n > len(b) || int64(le.Uint32(b[12:])) != at {
		return false
	}
	var crc uint16 // ITU-T V.41
	for _, c := range b[16 : 16+n] {
		crc ^= uint16(c) << 8
		for range 8 {
			if high := crc & 0x8000; high != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc == le.Uint16(b[8:])
}

const maxDescriptors = 256 // a sequence has 16 blocks at least; honest ones hold six descriptors

// sequence reads a volume descriptor sequence (ECMA-167 3/8.4.2). Of several descriptors for the same the one with the highest number counts (3/8.4.3).
func (v *volume) sequence(extent []byte, strict bool) bool {
	v.physical, v.logical = map[uint16]int64{}, nil
	newest := map[uint32]uint32{} // by tag and partition
	at, end := v.blocks(extent)
	for range maxDescriptors {
		b := v.volumeDescriptor(at, strict)
		if b == nil || at >= end {
			break
		}
		at++
		kind, number := tag(b), le.Uint32(b[16:])
		switch key := uint32(kind)<<16 | uint32(le.Uint16(b[22:])); kind {
		case tagPartition: // 3/10.5
			if number >= newest[key] {
				newest[key], v.physical[le.Uint16(b[22:])] = number, int64(le.Uint32(b[188:]))*v.block
			}
		case tagLogical: // 3/10.6
			if number >= newest[tagLogical] {
				newest[tagLogical], v.logical = number, b
			}
		case tagPointer: // 3/10.3
			at, end = v.blocks(b[20:28])
		case tagTerminating:
			return v.logical != nil
		}
	}
	return v.logical != nil
}

// blocks are the first block of an extent_ad and the one behind its last (ECMA-167 3/7.1).
func (v *volume) blocks(b []byte) (first, end int64) {
	first = int64(le.Uint32(b[4:]))
	return first, first + (int64(le.Uint32(b))+v.block-1)/v.block
}

// fileSet finds the root folder (ECMA-167 4/14.1).
func (v *volume) fileSet() (root address, ok bool) {
	b := v.descriptor(long(v.logical[248:])) // 3/10.6.7, 4/3.1: where the file set descriptor is
	if b == nil || le.Uint16(b) != tagFileSet || len(b) < 416 {
		return root, false
	}
	root = long(b[400:])
	e, ok := v.entry(root)
	return root, ok && e.kind == typeFolder
}

// descriptor is the block at an address.
func (v *volume) descriptor(a address) []byte {
	return v.At(v.locate(a.part, int64(a.block)), int(v.block))
}

// address is a place in a partition: a long_ad without what is of no use here (ECMA-167 4/14.14.2).
type address struct {
	length uint32 // its upper bits are the kind of the extent
	block  uint32
	part   uint16
}

func long(b []byte) address { return address{le.Uint32(b), le.Uint32(b[4:]), le.Uint16(b[8:])} }

// folder is a folder to be read.
type folder struct {
	entry
	streams bool // it holds the named streams of a file
}

func (v *volume) walk(root address) {
	e, _ := v.entry(root)
	t := medium.NewTree(v.Listing, e.place, folder{entry: e})
	t.Walk(func(in *medium.Folder[folder]) { v.folder(t, in) })
}

// folder reads file identifier descriptors (ECMA-167 4/14.4).
func (v *volume) folder(t *medium.Tree[folder], in *medium.Folder[folder]) {
	const fixed = 38
	r := v.Structures(in.Data.content(v.Medium)())
	for v.Limit == "" {
		b := r.Next(fixed)
		if len(b) < fixed || le.Uint16(b) == 0 {
			return
		}
		if le.Uint16(b) != tagIdentifier {
			v.Problem(true, "UDF: a folder breaks off")
			return
		}
		use, name := int(le.Uint16(b[36:])), int(b[19])
		rest := r.Next((fixed+use+name+3)&^3 - fixed) // 4/14.4.9: padded to four bytes
		if len(rest) < use+name {
			return
		}
		v.identified(t, in, b, decode(rest[use:use+name]))
	}
}

// File characteristics (ECMA-167 4/14.4.3).
const (
	deleted = 1 << 2
	parent  = 1 << 3
)

// identified lists what a file identifier descriptor leads to.
func (v *volume) identified(t *medium.Tree[folder], in *medium.Folder[folder], b []byte, name string) {
	if b[18]&(deleted|parent) != 0 {
		return
	}
	e, ok := v.entry(long(b[20:]))
	switch {
	case !ok:
		v.Add(medium.File{Name: in.Path + name, Place: -1, Unread: "no file entry"})
		return
	case e.kind == typeFolder:
		t.Enter(in, name+"/", e.place, folder{entry: e})
		return
	case e.kind == typeLink:
		return
	}
	v.Add(medium.File{Name: in.Path + name, Size: e.size, Place: e.first(), Content: e.content(v.Medium)})
	if s, ok := v.entry(e.streams); ok && e.streams.length != 0 && !in.Data.streams {
		t.Enter(in, name+":", s.place, folder{s, true})
	}
}

// decode reads OSTA compressed Unicode (UDF 2.1.1).
func decode(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	switch id, b := b[0], b[1:]; id {
	case 16, 255:
		u := make([]uint16, len(b)/2)
		for i := range u {
			u[i] = binary.BigEndian.Uint16(b[2*i:])
		}
		return string(utf16.Decode(u))
	case 8, 254:
		r := make([]rune, len(b))
		for i, c := range b {
			r[i] = rune(c)
		}
		return string(r)
	}
	return string(b[1:])
}
