package udf

import (
	"sort"
	"strings"

	"sekisho/internal/diskimage/medium"
)

// partition is what a partition map says (ECMA-167 3/10.7, UDF 2.2.8 to 2.2.10).
type partition struct {
	base   int64   // of the partition that it lies in
	pieces []piece // of the metadata file, or of the virtual allocation table
	kind   string  // "", metadata, virtual or sparable
	from   int64   // of the table's first entry in its file
	packet int64   // blocks
	spared map[uint32]uint32
}

// piece is an extent of a file with where it begins in the file.
type piece struct {
	at int64
	medium.Extent
}

const (
	metadata = "*UDF Metadata Partition"
	virtual  = "*UDF Virtual Partition"
	sparable = "*UDF Sparable Partition"

	maxMaps = 16 // honest volumes have one or two
)

// partitionMaps reads the partition maps.
func (v *volume) partitionMaps() {
	n := int(min(le.Uint32(v.logical[268:]), maxMaps))
	b := v.logical[440:]
	b = b[:min(int64(len(b)), int64(le.Uint32(v.logical[264:])))]
	for range n {
		if len(b) < 6 || int(b[1]) < 6 || int(b[1]) > len(b) {
			break
		}
		v.partitionMap(b[:b[1]])
		b = b[b[1]:]
	}
}

func (v *volume) partitionMap(b []byte) {
	if b[0] != 2 || len(b) < 64 {
		v.maps = append(v.maps, partition{base: v.physical[le.Uint16(b[4:])]})
		return
	}
	p := partition{base: v.physical[le.Uint16(b[38:])], kind: strings.TrimRight(string(b[5:28]), "\x00")}
	under := uint16(len(v.maps))
	v.maps = append(v.maps, partition{base: p.base}) // the partition below, while its tables are read
	switch p.kind {
	case metadata: // UDF 2.2.10
		if !v.metadata(&p, under, le.Uint32(b[40:])) && !v.metadata(&p, under, le.Uint32(b[44:])) {
			v.Problem(true, "UDF: no metadata file")
		}
	case virtual:
		if !v.virtual(&p, under) {
			v.Problem(true, "UDF: no virtual allocation table")
		}
	case sparable: // UDF 2.2.9
		p.packet, p.spared = int64(le.Uint16(b[40:])), map[uint32]uint32{}
		for i := range min(int(b[42]), 4) {
			v.sparing(&p, le.Uint32(b[48+4*i:]))
		}
	default:
		v.Problem(true, "UDF: a partition map of an unknown kind")
	}
	v.maps[under] = p
}

// metadata takes the extents of the metadata file, or of its mirror.
func (v *volume) metadata(p *partition, under uint16, block uint32) bool {
	e, ok := v.entry(address{block: block, part: under})
	p.pieces = pieces(e.extents)
	return ok && len(p.pieces) > 0
}

const (
	lastBlocks = 512 // a writer pads a session with 150 blocks
	tailVAT    = 36  // UDF 1.50 2.2.10: behind the table an identifier and where the previous one is
)

// virtual finds the virtual allocation table: its ICB is the last thing written (UDF 2.2.11).
func (v *volume) virtual(p *partition, under uint16) bool {
	last := (v.Size - p.base) / v.block
	for i := last - 1; i >= max(0, last-lastBlocks); i-- {
		b := v.At(p.base+i*v.block, 28)
		if b == nil || tag(b) != tagFile && tag(b) != tagExtended || b[27] != typeVAT && b[27] != 0 {
			continue
		}
		e, ok := v.entry(address{block: uint32(i), part: under})
		if !ok {
			continue
		}
		p.pieces = pieces(e.extents)
		if e.inline != nil {
			p.pieces = []piece{{0, medium.Extent{Offset: e.place + int64(v.inlineAt(e.place)), Length: int64(len(e.inline))}}}
		}
		if b[27] == typeVAT {
			if h := v.At(p.place(0), 2); h != nil {
				p.from = int64(le.Uint16(h))
			}
		}
		return true
	}
	return false
}

// inlineAt is where embedded content begins in the entry at off.
func (v *volume) inlineAt(off int64) uint32 {
	b := v.At(off, 216)
	if b == nil {
		return 0
	}
	if le.Uint16(b) == tagExtended {
		return 216 + le.Uint32(b[208:])
	}
	return 176 + le.Uint32(b[168:])
}

// sparing reads a sparing table (UDF 2.2.12): which packets were replaced by which.
func (v *volume) sparing(p *partition, block uint32) {
	h := v.At(int64(block)*v.block, 56)
	if h == nil || string(h[17:40]) != "*UDF Sparing Table\x00\x00\x00\x00\x00" {
		return
	}
	for i := range int64(le.Uint16(h[48:])) {
		e := v.Entry(int64(block)*v.block+56+8*i, 8)
		if e == nil {
			return
		}
		if from := le.Uint32(e); from < 0xFFFFFFF0 { // the rest is free or unusable
			p.spared[from] = le.Uint32(e[4:])
		}
	}
}

func pieces(list []medium.Extent) []piece {
	var all []piece
	var at int64
	for _, e := range list {
		all = append(all, piece{at, e})
		at += e.Length
	}
	return all
}

// place is where byte off of the pieces lies, -1 for nowhere.
func (p *partition) place(off int64) int64 {
	i := sort.Search(len(p.pieces), func(i int) bool { return p.pieces[i].at+p.pieces[i].Length > off })
	if i == len(p.pieces) || off < 0 || p.pieces[i].Offset < 0 {
		return -1
	}
	return p.pieces[i].Offset + off - p.pieces[i].at
}

// locate is where a block of a partition lies on the medium, -1 for nowhere.
func (v *volume) locate(part uint16, block int64) int64 {
	if int(part) >= len(v.maps) {
		return -1
	}
	p := &v.maps[part]
	switch p.kind {
	case metadata:
		return p.place(block * v.block)
	case virtual:
		b := v.Entry(p.place(p.from+4*block), 4)
		if b == nil {
			return -1
		}
		return p.base + int64(le.Uint32(b))*v.block
	case sparable:
		if p.packet > 0 {
			if to, ok := p.spared[uint32(block-block%p.packet)]; ok {
				return (int64(to) + block%p.packet) * v.block
			}
		}
	}
	return p.base + block*v.block
}

// scatter appends the n bytes from an address on: in one piece where the partition is, else block by block.
func (v *volume) scatter(list []medium.Extent, a address, n int64) []medium.Extent {
	if int(a.part) < len(v.maps) && v.maps[a.part].kind == "" {
		return append(list, medium.Extent{Offset: v.locate(a.part, int64(a.block)), Length: n})
	}
	for i := int64(0); i*v.block < n; i++ {
		if v.mapped++; v.mapped > 2*(v.Size/v.block)+lastBlocks {
			v.Stop("structures")
			break
		}
		at, part := v.locate(a.part, int64(a.block)+i), min(v.block, n-i*v.block)
		if k := len(list) - 1; i > 0 && at >= 0 && list[k].Offset+list[k].Length == at {
			list[k].Length += part
			continue
		}
		list = append(list, medium.Extent{Offset: at, Length: part})
	}
	return list
}
