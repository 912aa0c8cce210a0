// Package ntfs lists the files of NTFS volumes of version 3 (Windows 2000 and later), as the Linux-NTFS documentation and [MS-FSCC] describe it: resident and
// non-resident data, data runs, update sequences, sparse content, content compressed with LZNT1 ([MS-XCA] 2.5), and alternate data streams, which are
// called file:stream.
//
// # Limits
//
// Files are found by reading the master file table from its first record to its last, not by the folders' indexes: what is marked as in use is
// listed, deleted files are not. The records 0 to 15 and what is in $Extend belong to the file system and are left out. At most 32,768 records in use are
// kept, under medium's limits. Files that EFS encrypts are listed as such; those that Windows keeps in a WIM or compressed by WOF are not read.
package ntfs

import (
	"encoding/binary"
	"slices"
	"strings"

	"sekisho/internal/diskimage/medium"
)

var le = binary.LittleEndian

const (
	maxRecords = 1 << 15 // in use: the files that a listing takes, and their folders
	maxList    = 1024    // entries of the attribute list of the table itself; each stands for a record of its runs
	rootRecord = 5
	metafiles  = 16 // records that belong to the file system
)

// volume is an open volume.
type volume struct {
	*medium.Medium
	*medium.Listing
	cluster int64
	record  int // bytes
	table   []medium.Extent
	nodes   map[uint64]*node // files and folders by record number
	order   []uint64
}

// node is a file or folder, gathered from its records.
type node struct {
	seen    bool // its base record was
	folder  bool
	names   []link
	short   link // the name of 8.3 that goes with another
	reparse uint32
	streams []*stream
}

// link is a name of a file or folder, and the record of the folder that it is in.
type link struct {
	parent uint64
	name   string
}

// first is the name of a folder, which has only one.
func (f *node) first() link {
	if len(f.names) == 0 {
		return f.short
	}
	return f.names[0]
}

// Is reports whether b is the boot sector of an NTFS volume.
func Is(b []byte) bool {
	_, ok := layout(b)
	return ok
}

// Boot is the boot sector of the volume on m: the first sector, or where that is none the copy in the last one, which Windows takes then. nil where
// there is none.
func Boot(m *medium.Medium) []byte {
	for _, at := range []int64{0, m.Size - 512, m.Size - 4096} {
		if b := m.At(at, 512); Is(b) {
			return b
		}
	}
	return nil
}

// layout reads the boot sector: cluster and record size.
func layout(b []byte) (v volume, ok bool) {
	if len(b) < 512 || string(b[3:11]) != "NTFS    " {
		return v, false
	}
	sector, spc := int64(le.Uint16(b[11:])), int64(b[13])
	if spc > 128 { // a power of two, negative
		spc = 1 << min(-int8(b[13]), 30)
	}
	if sector < 256 || sector > 4096 || sector&(sector-1) != 0 || spc == 0 || spc&(spc-1) != 0 || sector*spc > maxCluster {
		return v, false
	}
	v.cluster = sector * spc
	record := int64(int8(b[64]))
	if record < 0 {
		record = 1 << min(-record, 30)
	} else {
		record *= v.cluster
	}
	v.record = int(record)
	return v, record >= 512 && record <= maxRecord && record%512 == 0
}

const (
	maxCluster = 2 << 20 // the largest that Windows makes
	maxRecord  = 64 << 10
)

// Read lists the volume on m.
func Read(m *medium.Medium, o medium.Options) *medium.Listing {
	l := medium.List(o)
	b := Boot(m)
	v, ok := layout(b)
	if ok {
		v.Medium, v.Listing, v.nodes = m, l, map[uint64]*node{}
		ok = v.openTable(int64(le.Uint64(b[48:])))
	}
	if !ok {
		l.Problem(true, "NTFS: no master file table")
		return l
	}
	v.readTable()
	v.list()
	return l
}

// openTable finds where the table lies: its first record describes itself, with an attribute list where its runs need more records.
func (v *volume) openTable(cluster int64) bool {
	if cluster <= 0 || cluster > v.Size/v.cluster {
		return false
	}
	v.table = []medium.Extent{{Offset: cluster * v.cluster, Length: int64(v.record)}}
	r, ok := v.fixed(v.at(0))
	if !ok {
		return false
	}
	v.table = nil
	var list []byte
	for a := range r.attributes {
		switch {
		case a.kind == attrData && a.name == "":
			v.table = append(v.table, v.runs(a)...)
		case a.kind == attrList:
			list = v.attributeList(a)
		}
	}
	first := len(v.table)
	for n := 0; len(list) >= 26 && n < maxList; n++ {
		if ref := le.Uint64(list[16:]) & refMask; le.Uint32(list) == attrData && ref != 0 {
			v.extend(ref)
		}
		step := int(le.Uint16(list[4:]))
		if step < 26 || step > len(list) {
			break
		}
		list = list[step:]
	}
	return first > 0
}

// extend adds the runs of the table that stand in another record.
func (v *volume) extend(ref uint64) {
	r, ok := v.fixed(v.at(ref))
	if !ok || r.base() != 0 {
		return
	}
	for a := range r.attributes {
		if a.kind == attrData && a.name == "" && v.Keep(len(v.table)/maxList) {
			v.table = append(v.table, v.runs(a)...)
		}
	}
}

// attributeList is the content of an attribute list, as far as one read goes.
func (v *volume) attributeList(a attribute) []byte {
	if a.resident {
		return a.content
	}
	const most = maxList * 32
	return v.Structures(v.Chain(v.runs(a), min(a.size, most))).Next(int(min(a.size, most)))
}

// at is a record of the table.
func (v *volume) at(n uint64) []byte {
	off := int64(n) * int64(v.record)
	for _, e := range v.table {
		if off < e.Length {
			if e.Offset < 0 {
				return nil
			}
			return v.At(e.Offset+off, v.record)
		}
		off -= e.Length
	}
	return nil
}

// readTable gathers the files and folders.
func (v *volume) readTable() {
	var size int64
	for _, e := range v.table {
		size = min(size+e.Length, v.Size)
	}
	r := v.Structures(v.Chain(v.table, size))
	n := uint64(0)
	for b := r.Next(v.record); len(b) == v.record && v.Limit == ""; b = r.Next(v.record) {
		if rec, ok := v.fixed(b); ok && rec.flags()&flagInUse != 0 {
			if len(v.nodes) >= maxRecords {
				v.Stop("entries")
				return
			}
			v.take(n, rec)
		}
		n++
	}
}

// take adds what a record says to the file that it belongs to.
func (v *volume) take(n uint64, r record) {
	base := r.base()
	if base == 0 {
		base = n
	}
	f := v.nodes[base]
	if f == nil {
		f = &node{}
		v.nodes[base] = f
		v.order = append(v.order, base)
	}
	if base == n {
		f.seen, f.folder = true, r.flags()&flagFolder != 0
	}
	if base < metafiles && base != rootRecord {
		return
	}
	for a := range r.attributes {
		switch a.kind {
		case attrName:
			v.named(f, a.content)
		case attrData:
			v.stream(f, a)
		case attrReparse:
			if len(a.content) >= 4 {
				f.reparse = le.Uint32(a.content)
			}
		}
	}
}

// named takes a file name attribute. A file has one for each hard link, and for some a short one besides.
func (v *volume) named(f *node, b []byte) {
	const dos = 2
	if len(b) < 66 || len(b) < 66+2*int(b[64]) || !v.Keep(1+int(b[64])/keptUnit) {
		return
	}
	l := link{le.Uint64(b) & refMask, wide(b[66:][:2*int(b[64])])}
	if b[65] == dos {
		f.short = l
	} else {
		f.names = append(f.names, l)
	}
}

// list lists the streams of all files under all their names.
func (v *volume) list() {
	for _, n := range v.order {
		f := v.nodes[n]
		if !f.seen || len(f.streams) == 0 {
			continue
		}
		names := f.names
		if len(names) == 0 {
			names = []link{f.short}
		}
		for _, l := range names {
			if path, ok := v.path(n, l); ok {
				v.listed(f, path)
			}
		}
		if v.Limit != "" {
			return
		}
	}
}

// listed lists the streams of a file under one name.
func (v *volume) listed(f *node, path string) {
	for _, s := range f.streams {
		file, ok := v.open(s)
		if !ok {
			continue
		}
		if file.Name = path; s.name != "" {
			file.Name += ":" + s.name
		}
		if f.reparse == wof && s.name == "" {
			file.Unread, file.Content = "compressed by the Windows Overlay Filter", nil
		}
		if !v.Add(file) {
			return
		}
	}
}

const (
	wof      = 0x80000017 // [MS-FSCC] 2.1.2.1: IO_REPARSE_TAG_WOF
	maxDepth = 64         // as medium's
)

// path is a name of the file n with its folders; ok is false for the file system's own in $Extend. One that no folder leads to begins with "?".
func (v *volume) path(n uint64, l link) (path string, ok bool) {
	if n == rootRecord {
		return "", true
	}
	parts := []string{l.name}
	for n = l.parent; n != rootRecord; n = l.parent {
		f := v.nodes[n]
		if n == extendRecord {
			parts = append(parts, "$Extend") // its record is not read
			break
		}
		if f == nil || !f.seen || n < metafiles || len(parts) > maxDepth {
			parts = append(parts, "?")
			break
		}
		l = f.first()
		parts = append(parts, l.name)
	}
	slices.Reverse(parts)
	foreign := func(name string) bool { return !strings.HasPrefix(name, "$") }
	return strings.Join(parts, "/"), n != extendRecord || slices.ContainsFunc(parts, foreign)
}

const extendRecord = 11 // $Extend, with quotas, journals and the like
