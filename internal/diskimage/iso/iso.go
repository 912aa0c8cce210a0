// Package iso lists the files of ISO 9660 volumes (ECMA-119, fourth edition) with Joliet and the names of Rock Ridge (RRIP 1.12 over SUSP 1.12).
//
// A volume says what it holds once for each volume descriptor, and systems differ in which they show: Windows takes Joliet where it is and
// knows nothing of Rock Ridge, others do. Where its folders lie stands twice besides, in their records and in a path table, which Windows goes by
// when it opens one. Read returns every view, the one that Windows shows first.
//
// # Limits
//
// At most 64 volume descriptors are looked at and 8 views listed, each under medium's limits. Folders are read from the root on, each place once, and then those
// that only the path table leads to. The boot record (El Torito), extended attribute records, times and permissions are left out.
package iso

import (
	"encoding/binary"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"sekisho/internal/diskimage/medium"
)

const (
	sector         = 2048
	systemArea     = 16 // sectors before the first descriptor, ECMA-119 6.2.1
	maxDescriptors = 64 // honest volumes have four
	maxViews       = 8  // one for each of the standards, and what multi-session tools add
	recordLen      = 33 // of a directory record without its identifier, ECMA-119 9.1
)

var le = binary.LittleEndian

// View is what one volume descriptor leads to.
type View struct {
	Name string // "ISO 9660", "Joliet", "ISO 9660:1999"; "path table" for what only that leads to
	*medium.Listing
}

// Is reports whether a volume descriptor stands in sector 16.
func Is(m *medium.Medium) bool {
	b := m.At(systemArea*sector, 7)
	return b != nil && string(b[1:6]) == "CD001" && (b[0] <= 3 || b[0] == 255)
}

// Read lists the views of the volume on m, nil where there is none.
func Read(m *medium.Medium, o medium.Options) []View {
	var views, tables []View
	for _, d := range descriptors(m) {
		v := View{d.name, medium.List(o)}
		w := &volume{Medium: m, Listing: v.Listing, descriptor: d}
		t := w.walk()
		if l := w.strays(t); l != nil {
			tables = append(tables, View{pathTable, l})
		}
		if d.name == joliet && (len(views) == 0 || views[0].Name != joliet) {
			views = append([]View{v}, views...)
		} else {
			views = append(views, v)
		}
	}
	return append(views, tables...)
}

// descriptor is a volume descriptor that leads to files (ECMA-119 8.4, 8.5).
type descriptor struct {
	name  string
	block int64 // logical block size
	root  []byte
	table medium.Extent // the path table
}

const (
	plain    = "ISO 9660"
	joliet   = "Joliet"
	enhanced = "ISO 9660:1999"

	pathTable = "path table"
)

// descriptors reads the volume descriptor set. UDF's recognition sequence may stand among and behind it (ECMA-167 2/8.3.1).
func descriptors(m *medium.Medium) []descriptor {
	var all []descriptor
	for i := range int64(maxDescriptors) {
		b := m.At((systemArea+i)*sector, sector)
		if b == nil || len(all) == maxViews {
			break
		}
		switch string(b[1:6]) {
		case "CD001":
		case "BEA01", "NSR02", "NSR03", "TEA01", "BOOT2":
			continue
		default:
			return all
		}
		switch b[0] {
		case 1, 2:
			all = appendNew(all, describe(b))
		case 255: // ECMA-119 8.3.1: the set ends
			return all
		}
	}
	return all
}

func describe(b []byte) descriptor {
	d := descriptor{name: plain, block: int64(le.Uint16(b[128:])), root: b[156:190]} // ECMA-119 8.4.12, 8.4.18
	if d.block != 512 && d.block != 1024 {
		d.block = sector
	}
	d.table = medium.Extent{Offset: int64(le.Uint32(b[140:])) * d.block, Length: int64(le.Uint32(b[132:]))} // 8.4.13, 8.4.14
	if b[0] == 2 {
		d.name = enhanced
		switch string(b[88:91]) { // Joliet "SVD Escape Sequences Field": UCS-2 levels 1 to 3
		case "%/@", "%/C", "%/E":
			d.name = joliet
		}
	}
	return d
}

// appendNew leaves out a copy of a descriptor.
func appendNew(all []descriptor, d descriptor) []descriptor {
	for _, e := range all {
		if e.name == d.name && le.Uint32(e.root[2:]) == le.Uint32(d.root[2:]) {
			return all
		}
	}
	return append(all, d)
}

// volume lists one view.
type volume struct {
	*medium.Medium
	*medium.Listing
	descriptor
	skip    int          // bytes of a system use field before its entries, SUSP 5.3
	pending *medium.File // a file whose further sections follow
	extents []medium.Extent
}

// walk reads the folders from the root on.
func (v *volume) walk() *medium.Tree[record] {
	root, ok := v.record(v.root)
	if !ok || root.offset >= v.Size {
		v.Problem(true, v.name+": no root directory")
		root = record{offset: -1}
	}
	v.suspSkip(root)
	tree := medium.NewTree(v.Listing, root.offset, root)
	tree.Walk(func(in *medium.Folder[record]) { v.folder(tree, in) })
	return tree
}

// folder reads the records of a folder. None crosses the end of a sector (ECMA-119 6.8.1.1).
func (v *volume) folder(t *medium.Tree[record], in *medium.Folder[record]) {
	if self, ok := v.record(v.At(in.Data.offset, 255)); ok && len(self.id) == 1 && self.id[0] == 0 {
		in.Data.size = max(in.Data.size, self.size) // Windows takes the folder's own word for its size
	}
	if in.Data.offset < 0 {
		return
	}
	r := v.Structures(v.Chain([]medium.Extent{{Offset: in.Data.offset, Length: in.Data.size}}, in.Data.size))
	for b := r.Next(sector); b != nil && v.Limit == ""; b = r.Next(sector) {
		for len(b) > recordLen && b[0] > recordLen {
			rec, ok := v.record(b)
			if !ok {
				break
			}
			v.take(t, in, &rec)
			b = b[b[0]:]
		}
	}
	v.finish()
}

// take lists what a record stands for.
func (v *volume) take(t *medium.Tree[record], in *medium.Folder[record], r *record) {
	switch {
	case len(r.id) == 1 && r.id[0] <= 1: // ECMA-119 6.8.2.2: the folder itself and the one around it
	case r.flags&flagDirectory != 0:
		v.finish()
		t.Enter(in, v.shown(r)+"/", r.offset, *r)
	default:
		v.section(in, r)
	}
}

// section adds a file section. Those of one file follow each other, all but the last marked (ECMA-119 9.1.6 bit 7).
func (v *volume) section(in *medium.Folder[record], r *record) {
	name := in.Path + v.shown(r)
	if v.pending != nil && v.pending.Name != name {
		v.finish()
	}
	if v.pending == nil {
		v.pending = &medium.File{Name: name, Place: r.offset}
		v.extents = nil
	}
	v.extents = append(v.extents, r.extents(v.Size)...)
	v.pending.Size += r.size
	if r.flags&flagMore == 0 {
		v.finish()
	}
}

// finish lists the file whose sections were collected.
func (v *volume) finish() {
	f := v.pending
	if v.pending = nil; f == nil || !v.Keep(len(v.extents)) {
		return
	}
	if f.Size == 0 {
		f.Place = -1
	}
	list, size := v.extents, f.Size
	f.Content = func() io.Reader { return v.Chain(list, size) }
	v.Add(*f)
}

// shown is the name that Windows shows. Rock Ridge's is taken in its place where it says more and the ending is the same.
func (v *volume) shown(r *record) string {
	name := v.identifier(r.id)
	if alt := v.alternate(r.use); alt != "" && strings.EqualFold(ending(alt), ending(name)) {
		return alt
	}
	return name
}

func ending(name string) string {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return name[i:]
	}
	return ""
}

// identifier decodes a file identifier without its version number (ECMA-119 7.5.1).
func (v *volume) identifier(id []byte) string {
	name := ""
	if v.name == joliet {
		u := make([]uint16, len(id)/2)
		for i := range u {
			u[i] = binary.BigEndian.Uint16(id[2*i:])
		}
		name = string(utf16.Decode(u))
	} else {
		name = text(id)
	}
	if i := strings.LastIndexByte(name, ';'); i > 0 {
		name = name[:i]
	}
	return strings.TrimSuffix(name, ".")
}

// text decodes what should be ASCII: writers put the system's own character set there, in Japan CP932.
func text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	if s, err := japanese.ShiftJIS.NewDecoder().Bytes(b); err == nil && !strings.ContainsRune(string(s), utf8.RuneError) {
		return string(s)
	}
	return string(b)
}
