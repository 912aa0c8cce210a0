// Package fat lists the files of FAT12, FAT16, FAT32 (Microsoft FAT specification of 2005, "FAT: General Overview of On-Disk Format") and exFAT
// volumes (Microsoft exFAT revision 1.00).
//
// # Limits
//
// Folders are read from the root on, each place once, under medium's limits. A chain of clusters has at most as many links as the volume has clusters, so one
// that runs into itself ends; the content ends with it. Deleted entries, times and permissions are left out, and so are the FAT that is not in
// use, the backup boot sector, exFAT's bitmap and checksums: Windows reads the first copies.
package fat

import (
	"encoding/binary"
	"io"

	"sekisho/internal/diskimage/medium"
)

var le = binary.LittleEndian

// volume is an open volume.
type volume struct {
	*medium.Medium
	*medium.Listing
	bits     int    // of an entry of the FAT: 12, 16 or 32
	mask     uint32 // of an entry of 32 bits: FAT32 reserves the upper four
	fat      int64  // offset of the FAT
	heap     int64  // offset of cluster 2
	cluster  int64  // bytes of a cluster
	clusters int64  // how many the volume has
	fixed    medium.Extent
	root     uint32 // first cluster of the root folder; 0 where it is fixed
}

// Name tells the FAT of a boot sector: "FAT12", "FAT16", "FAT32", "exFAT", or "" for what is none of them. It takes no notice of the text fields, which have no
// meaning (FAT specification, "BS_FilSysType").
func Name(b []byte) string {
	if isEx(b) {
		return "exFAT"
	}
	v, ok := layout(b)
	if !ok {
		return ""
	}
	return map[int]string{12: "FAT12", 16: "FAT16", 32: "FAT32"}[v.bits]
}

// layout reads the BIOS parameter block ("Boot Sector and BPB Structure"). ok is whether it is one.
func layout(b []byte) (v volume, ok bool) {
	if len(b) < 512 || !(b[0] == 0xEB && b[2] == 0x90 || b[0] == 0xE9 || b[0] == 0xEB) {
		return v, false
	}
	sector, spc, reserved := int64(le.Uint16(b[11:])), int64(b[13]), int64(le.Uint16(b[14:]))
	fats, entries := int64(b[16]), int64(le.Uint16(b[17:]))
	total, size := int64(le.Uint16(b[19:])), int64(le.Uint16(b[22:]))
	switch {
	case sector < 512 || sector > 4096 || sector&(sector-1) != 0, spc == 0 || spc&(spc-1) != 0:
		return v, false
	case reserved == 0, fats == 0 || fats > 2, b[21] < 0xF0:
		return v, false
	}
	if total == 0 {
		total = int64(le.Uint32(b[32:]))
	}
	wide := size == 0
	if wide {
		size = int64(le.Uint32(b[36:]))
		v.root = le.Uint32(b[44:])
	}
	folder := (entries*32 + sector - 1) / sector
	data := reserved + fats*size + folder
	if size == 0 || total <= data || wide != (entries == 0) {
		return v, false
	}
	v.cluster, v.clusters = spc*sector, (total-data)/spc
	v.fat, v.heap = reserved*sector, data*sector
	if active := int64(b[40] & 15); wide && b[40]&0x80 != 0 && active < fats { // BPB_ExtFlags: one FAT is in use, not both
		v.fat += active * size * sector
	}
	v.fixed = medium.Extent{Offset: (reserved + fats*size) * sector, Length: entries * 32}
	switch { // "FAT Type Determination"
	case wide:
		v.bits, v.mask = 32, 0x0FFFFFFF
	case v.clusters < minFAT16:
		v.bits = 12
	default:
		v.bits = 16
	}
	return v, true
}

const minFAT16 = 4085 // clusters, "FAT Type Determination"

// Read lists the FAT or exFAT volume on m.
func Read(m *medium.Medium, o medium.Options) *medium.Listing {
	l := medium.List(o)
	b := m.At(0, 512)
	if isEx(b) {
		v := exLayout(b)
		v.open(m, l)
		v.exWalk()
		return l
	}
	v, ok := layout(b)
	if !ok {
		l.Problem(true, "FAT: no boot sector")
		return l
	}
	if v.bits < 32 && v.clusters >= minFAT16 && v.clusters < minFAT16+2 {
		l.Problem(true, "FAT: Windows takes for FAT12 what others take for FAT16") // its driver's limit is 4,087; no formatter comes near
	}
	v.open(m, l)
	v.walk()
	return l
}

// open takes the volume for no larger than what it lies on, so that no chain is longer either.
func (v *volume) open(m *medium.Medium, l *medium.Listing) {
	v.Medium, v.Listing = m, l
	v.clusters = min(v.clusters, max(0, m.Size-v.heap)/v.cluster+1)
}

// folder says where a folder lies: from a cluster on, or, where that is 0, at the fixed place of the root.
type folder struct {
	first      uint32
	size       int64 // exFAT
	contiguous bool  // exFAT
}

func (v *volume) walk() {
	t := medium.NewTree(v.Listing, int64(v.root), folder{first: v.root})
	t.Walk(func(in *medium.Folder[folder]) {
		var r io.Reader = &clusters{v: v, at: in.Data.first, left: v.clusters * v.cluster}
		if in.Data.first == 0 {
			r = v.Chain([]medium.Extent{v.fixed}, v.fixed.Length)
		}
		v.entries(t, in, v.Structures(r))
	})
}

// clusters reads the content of a chain of clusters, at most left bytes.
type clusters struct {
	v          *volume
	at         uint32
	left       int64
	links      int64 // clusters behind us
	in         int64 // bytes of the cluster behind us
	contiguous bool  // exFAT 7.6.2.2: no chain
}

func (c *clusters) Read(p []byte) (int, error) {
	switch {
	case c.left <= 0:
		return 0, io.EOF
	case c.in == c.v.cluster:
		if err := c.next(); err != nil {
			return 0, err
		}
	case !c.v.has(c.at):
		return 0, io.ErrUnexpectedEOF
	}
	off := c.v.heap + int64(c.at-2)*c.v.cluster + c.in
	n, err := c.v.ReadAt(p[:min(int64(len(p)), c.left, c.v.cluster-c.in)], off)
	c.in += int64(n)
	c.left -= int64(n)
	if n > 0 {
		return n, nil
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // the image ends before the volume does
	}
	return 0, err
}

// next goes on to the next cluster. A chain with more links than there are clusters runs in a circle.
func (c *clusters) next() error {
	if c.links++; c.links >= c.v.clusters {
		return io.ErrUnexpectedEOF
	}
	if c.contiguous {
		c.at++
	} else {
		c.at = c.v.link(c.at)
	}
	if !c.v.has(c.at) {
		return io.ErrUnexpectedEOF
	}
	c.in = 0
	return nil
}

// has reports whether n is a cluster of the volume: the marks for free, bad and last are none.
func (v *volume) has(n uint32) bool { return n >= 2 && int64(n-2) < v.clusters }

// link is the FAT's entry for a cluster ("FAT Data Structure"), 0 where it cannot be read.
func (v *volume) link(n uint32) uint32 {
	at := int64(n) * int64(v.bits) / 8
	if v.bits == 32 {
		if b := v.Entry(v.fat+at, 4); b != nil {
			return le.Uint32(b) & v.mask
		}
		return 0
	}
	b := v.Entry(v.fat+at, 2)
	if b == nil {
		return 0
	}
	e := uint32(le.Uint16(b))
	if v.bits == 12 {
		e = e >> (4 * (n & 1)) & 0xFFF
	}
	return e
}

// content opens the size bytes in the chain from first on.
func (v *volume) content(first uint32, size int64, contiguous bool) func() io.Reader {
	return func() io.Reader { return &clusters{v: v, at: first, left: size, contiguous: contiguous} }
}

// place is where a cluster's bytes are.
func (v *volume) place(first uint32) int64 {
	if !v.has(first) {
		return -1
	}
	return v.heap + int64(first-2)*v.cluster
}
