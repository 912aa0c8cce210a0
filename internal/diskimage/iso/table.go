package iso

import (
	"sekisho/internal/diskimage/medium"
)

const (
	maxPaths = 1<<16 - 1 // ECMA-119 6.9.1: folders are numbered in 16 bits
	maxDepth = 64        // as medium's
)

// path is a record of the path table (ECMA-119 9.4).
type path struct {
	name   string
	parent int // number of another record, from 1
	offset int64
}

// strays lists what is in folders that the path table leads to and the folders' records do not, nil where there is none.
func (v *volume) strays(t *medium.Tree[record]) *medium.Listing {
	var w *volume
	var branch *medium.Tree[record]
	paths := v.paths()
	for i, p := range paths {
		if t.Seen(p.offset) || !v.isFolder(p.offset) {
			continue
		}
		if w == nil {
			w = &volume{Medium: v.Medium, Listing: v.Fresh(), descriptor: v.descriptor, skip: v.skip}
			branch = t.Branch(w.Listing)
		}
		name := "" // the root
		if i > 0 {
			name = pathOf(paths, i) + "/"
		}
		branch.Enter(&medium.Folder[record]{}, name, p.offset, record{offset: p.offset})
	}
	if w == nil {
		return nil
	}
	branch.Walk(func(in *medium.Folder[record]) { w.folder(branch, in) })
	return w.Listing
}

// paths reads the path table in the byte order that Windows takes (ECMA-119 8.4.14).
func (v *volume) paths() []path {
	var all []path
	r := v.Structures(v.Chain([]medium.Extent{v.table}, v.table.Length))
	for len(all) < maxPaths {
		b := r.Next(8)
		if len(b) < 8 || b[0] == 0 {
			break
		}
		id := r.Next(int(b[0]) + int(b[0])&1)
		if len(id) < int(b[0]) {
			break
		}
		p := path{parent: int(le.Uint16(b[6:])), offset: (int64(le.Uint32(b[2:])) + int64(b[1])) * v.block}
		if !v.Keep(1 + int(b[0])/16) {
			break
		}
		p.name = v.identifier(id[:b[0]])
		all = append(all, p)
	}
	return all
}

// isFolder reports whether a folder's own record stands at off (ECMA-119 6.8.2.2).
func (v *volume) isFolder(off int64) bool {
	self, ok := v.record(v.At(off, 255))
	return ok && len(self.id) == 1 && self.id[0] == 0 && self.offset == off && self.flags&flagDirectory != 0
}

// pathOf joins a folder's name to those around it.
func pathOf(all []path, i int) string {
	name := all[i].name
	for depth := 0; all[i].parent > 1 && all[i].parent-1 < i && depth < maxDepth; depth++ {
		i = all[i].parent - 1
		name = all[i].name + "/" + name
	}
	return name
}
