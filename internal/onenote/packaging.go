package onenote

// The types of stream objects that matter here (MS-FSSHTTPB 2.2.1.5).
const (
	dataElement        = 0x01
	objectDataBlob     = 0x02
	blobDeclaration    = 0x05 // Object Group Object BLOB Data Declaration
	elementPackage     = 0x15
	objectGroupData    = 0x16 // Object Group Object Data
	objectDeclarationG = 0x18 // Object Group Object Declare
	blobReference      = 0x1C // Object Group Object Data BLOB Reference
	oneNotePackaging   = 0x7A
)

// What an object in an object group holds (MS-ONESTORE 2.7.6).
const (
	partitionProperties = 1
	partitionFile       = 2
)

const declaredMax = 1 << 16 // objects of one object group that are told apart; a page has some thousand

// packaging is the state of a package being read.
type packaging struct {
	s        *store
	element  id // the data element around
	declared []declaration
	next     int // of declared, whose data comes next
	blobs    map[id]span
	wanted   map[id]id // object to blob
}

// declaration is an object of an object group.
type declaration struct {
	object    id
	partition uint64
	blob      id
}

// packaged reads the package at off: stream objects one behind the other, headers and ends, flat as they lie in the file (MS-FSSHTTPB 2.2.1.5).
func (s *store) packaged(off int64) {
	p := &packaging{s: s, blobs: map[id]span{}, wanted: map[id]id{}}
	depth := 0
	for s.err == nil {
		h, ok := s.streamObject(off)
		if !ok {
			s.problem(true, off, "the package breaks off")
			break
		}
		off = h.at + h.n
		if h.end {
			if depth--; depth <= 0 {
				break
			}
			continue
		}
		if h.compound {
			depth++
		}
		p.object(h)
	}
	p.finish()
}

// streamObject is a header or an end in the stream.
type streamObject struct {
	kind     uint32
	compound bool
	end      bool
	at, n    int64 // content
}

// streamObject reads the header at off (MS-FSSHTTPB 2.2.1.5.1 to 4).
func (s *store) streamObject(off int64) (streamObject, bool) {
	c := &cursor{b: s.at(off, 16)}
	all := len(c.b)
	var h streamObject
	if all == 0 {
		return h, false
	}
	switch c.b[0] & 3 {
	case 0: // 16-bit start
		v := c.u16()
		h.compound, h.kind, h.n = v>>2&1 != 0, v>>3&0x3F, int64(v>>9)
	case 1: // 8-bit end
		h.end, h.kind = true, uint32(c.uint(1))>>2
	case 2: // 32-bit start
		v := c.u32()
		h.compound, h.kind, h.n = v>>2&1 != 0, v>>3&0x3FFF, int64(v>>17)
		if h.n == 0x7FFF {
			h.n = int64(min(c.compact(), 1<<62))
		}
	case 3: // 16-bit end
		h.end, h.kind = true, c.u16()>>2
	}
	h.at = off + int64(all-len(c.b))
	return h, !c.bad && h.n <= s.size-h.at
}

// object obeys a stream object.
func (p *packaging) object(h streamObject) {
	switch h.kind {
	case dataElement: // 2.2.1.12.1
		c := &cursor{b: p.s.at(h.at, int(min(h.n, page)))}
		p.element, p.declared, p.next = c.exGUID(), nil, 0
	case objectDeclarationG, blobDeclaration:
		p.declare(h)
	case objectDataBlob: // 2.2.1.12.8
		if c, ok := p.s.binary(h); ok {
			p.blobs[p.element] = c
			p.s.add(File{Offset: c.at, Size: c.n, Listed: true})
		}
	case objectGroupData, blobReference:
		p.data(h)
	}
}

// binary is a BinaryItem (2.2.1.3).
func (s *store) binary(h streamObject) (span, bool) {
	b := s.at(h.at, int(min(h.n, 16)))
	c := &cursor{b: b}
	n := c.compact()
	used := int64(len(b) - len(c.b))
	if c.bad || n > uint64(h.n-used) {
		return span{}, false
	}
	return span{h.at + used, int64(n)}, true
}

// declare is an object of the group (2.2.1.12.6.1, .2).
func (p *packaging) declare(h streamObject) {
	if len(p.declared) >= declaredMax {
		return
	}
	c := &cursor{b: p.s.at(h.at, int(min(h.n, page)))}
	d := declaration{object: c.exGUID()}
	if h.kind == blobDeclaration {
		d.blob = c.exGUID()
	}
	d.partition = c.compact()
	p.declared = append(p.declared, d)
}

// data is the content of the next object that was declared (2.2.1.12.6.4, .5).
func (p *packaging) data(h streamObject) {
	if p.next >= len(p.declared) {
		return
	}
	d := p.declared[p.next]
	p.next++
	if h.kind == blobReference {
		if len(p.wanted) < namesMax {
			p.wanted[d.object] = d.blob
		}
		return
	}
	b := p.s.at(h.at, int(min(h.n, chunkMax)))
	c := &cursor{b: b}
	var refs []id
	for n := c.compact(); n > 0 && !c.bad; n-- {
		if x := c.exGUID(); len(refs) < declaredMax {
			refs = append(refs, x)
		}
	}
	for n := c.compact(); n > 0 && !c.bad; n-- { // cells: pairs
		c.exGUID()
		c.exGUID()
	}
	n := c.compact()
	if c.bad {
		return
	}
	switch d.partition {
	case partitionProperties:
		p.s.properties(c.take(n), func(_ uint32, i int) (ref id) {
			if i < len(refs) {
				ref = refs[i]
			}
			return ref
		})
	case partitionFile:
		at := h.at + int64(len(b)-len(c.b))
		size := int64(min(n, uint64(h.at+h.n-at)))
		p.s.add(File{Offset: at, Size: size, Listed: true})
		if len(p.s.files) < namesMax {
			p.s.files[d.object] = fileData{at: at}
		}
	}
}

// finish joins objects and blobs, which may come in any order.
func (p *packaging) finish() {
	for object, blob := range p.wanted {
		if c, ok := p.blobs[blob]; ok && len(p.s.files) < namesMax {
			p.s.files[object] = fileData{at: c.at}
		}
	}
}

// compact is a compact unsigned 64-bit integer (2.2.1.1): the lowest bit set tells the width.
func (c *cursor) compact() uint64 {
	if c.bad || len(c.b) == 0 {
		c.bad = true
		return 0
	}
	first := c.b[0]
	switch {
	case first == 0:
		c.take(1)
		return 0
	case first&0x7F == 0:
		c.take(1)
		return c.uint(8)
	}
	for n := uint64(1); ; n++ {
		if first>>(n-1)&1 != 0 {
			return c.uint(n) >> n
		}
	}
}

// exGUID is an extended GUID (2.2.1.7).
func (c *cursor) exGUID() (x id) {
	if c.bad || len(c.b) == 0 {
		c.bad = true
		return x
	}
	switch first := c.b[0]; {
	case first == 0:
		c.take(1)
		return x
	case first&7 == 4:
		x.n = uint32(c.uint(1)) >> 3
	case first&0x3F == 0x20:
		x.n = c.u16() >> 6
	case first&0x7F == 0x40:
		x.n = uint32(c.uint(3)) >> 7
	case first == 0x80:
		c.take(1)
		x.n = c.u32()
	default:
		c.bad = true
	}
	x.guid = c.guid()
	return x
}
