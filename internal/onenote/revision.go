package onenote

import (
	"encoding/binary"
	"unicode/utf16"
)

const (
	headerSize   = 1024
	packageStart = 68 // behind the four identifiers and rgbReserved (MS-ONESTORE 2.8.1)
)

var le = binary.LittleEndian

// formatPackage is guidFileFormat of the alternative packaging, {638DE92F-A6D4-4BC1-9A36-B3FC2511A5B7} (MS-ONESTORE 2.8.1).
var formatPackage = guid{0x2F, 0xE9, 0x8D, 0x63, 0xD4, 0xA6, 0xC1, 0x4B, 0x9A, 0x36, 0xB3, 0xFC, 0x25, 0x11, 0xA5, 0xB7}

// revisions reads the revision store behind header h (MS-ONESTORE 2.3.1).
func (s *store) revisions(h []byte) {
	if len(h) < headerSize {
		return
	}
	log, root := span64x32(h[160:]), span64x32(h[172:]) // fcrTransactionLog, fcrFileNodeListRoot
	if f := s.at(log.at+log.n, 64); len(f) == 64 && guid(f[48:64]) == formatPackage {
		s.packaged(log.at + log.n + packageStart) // what OneDrive hands out: a package behind the log of an empty store
	}
	s.list(root)
	for len(s.lists) > 0 && s.err == nil {
		next := s.lists[0]
		s.lists = s.lists[1:]
		s.nodes(next)
	}
}

// span64x32 is a FileChunkReference64x32 (2.2.4.4).
func span64x32(b []byte) span {
	return span{int64(le.Uint64(b)), int64(le.Uint32(b[8:]))}
}

// list queues the file node list that begins with the fragment c.
func (s *store) list(c span) {
	if s.once(c) {
		s.lists = append(s.lists, c)
	}
}

// once reports whether c lies in the file and was not read before.
func (s *store) once(c span) bool {
	if c.at <= 0 || c.n <= 0 || c.at >= s.size || s.seen[c.at] {
		return false
	}
	s.seen[c.at] = true
	return true
}

const (
	fragmentMagic  = 0xA4567AB1F5F7F4C4
	fragmentHeader = 16 // uintMagic, FileNodeListID, nFragmentSequence
	fragmentFooter = 20 // nextFragment, footer
)

// nodeList is the state of a file node list: the global identification table its objects use (2.1.3).
type nodeList struct{ table map[uint32]guid }

// nodes reads a list, fragment by fragment (2.4).
func (s *store) nodes(c span) {
	l := &nodeList{table: map[uint32]guid{}}
	for {
		b := s.at(c.at, int(min(c.n, chunkMax)))
		if len(b) < fragmentHeader+fragmentFooter || le.Uint64(b) != fragmentMagic {
			return
		}
		own := make([]byte, len(b)) // nodes lead elsewhere, and s.at forgets
		copy(own, b)
		s.fragment(l, own[fragmentHeader:len(own)-fragmentFooter])
		if c = span64x32(own[len(own)-fragmentFooter:]); !s.once(c) || s.err != nil {
			return
		}
	}
}

// The types of file nodes that matter here (MS-ONESTORE 2.4.3), by name without FND.
const (
	globalIDTableStart     = 0x021
	globalIDTableStart2    = 0x022
	globalIDTableEntry     = 0x024
	objectDeclaration      = 0x02D // WithRefCount
	objectDeclaration2L    = 0x02E // WithRefCount2
	objectRevision         = 0x041
	objectRevision2        = 0x042
	fileDataDeclaration    = 0x072 // ObjectDeclarationFileData3RefCount
	fileDataDeclarationL   = 0x073
	encryptionKey          = 0x07C // ObjectDataEncryptionKeyV2
	fileDataStoreReference = 0x094 // FileDataStoreObjectReference
	declaration2           = 0x0A4 // ObjectDeclaration2RefCount
	declaration2L          = 0x0A5
	readOnlyDeclaration2   = 0x0C4
	readOnlyDeclaration2L  = 0x0C5
	chunkTerminator        = 0x0FF
)

// fragment reads the nodes of one fragment.
func (s *store) fragment(l *nodeList, b []byte) {
	for len(b) >= 4 && s.err == nil {
		h := le.Uint32(b) // 2.4.3: FileNodeID, Size, StpFormat, CbFormat, BaseType
		kind, size := h&0x3FF, int(h>>10&0x1FFF)
		if kind == 0 || kind == chunkTerminator || size < 4 || size > len(b) {
			return
		}
		c := &cursor{b: b[4:size]}
		var ref span
		if base := h >> 27 & 0xF; base == 1 || base == 2 {
			ref = c.chunkRef(h>>23&3, h>>25&3)
			if base == 2 {
				s.list(ref)
			}
		}
		s.node(l, kind, ref, c)
		b = b[size:]
	}
}

// node obeys one file node.
func (s *store) node(l *nodeList, kind uint32, ref span, c *cursor) {
	switch kind {
	case globalIDTableStart, globalIDTableStart2:
		l.table = map[uint32]guid{}
	case globalIDTableEntry: // 2.5.11
		if index, g := c.u32(), c.guid(); !c.bad {
			l.table[index] = g
		}
	case fileDataStoreReference: // 2.5.22
		if g := c.guid(); !c.bad {
			s.object(g, ref)
		}
	case fileDataDeclaration, fileDataDeclarationL: // 2.5.27, 2.5.28
		s.fileDeclaration(l, kind, c)
	case encryptionKey:
		s.doc.Encrypted = true
	case objectDeclaration, objectDeclaration2L, objectRevision, objectRevision2, declaration2, declaration2L, readOnlyDeclaration2,
		readOnlyDeclaration2L:
		if s.once(ref) {
			s.properties(s.at(ref.at, int(min(ref.n, chunkMax))), func(n uint32, _ int) id { return l.resolve(n) })
		}
	}
}

// resolve is the identity behind a CompactID (2.2.2).
func (l *nodeList) resolve(compact uint32) id { return id{l.table[compact>>8], compact & 0xFF} }

// fileDeclaration is an object that stands for file data.
func (s *store) fileDeclaration(l *nodeList, kind uint32, c *cursor) {
	oid := c.u32()
	c.u32() // jcid
	if kind == fileDataDeclaration {
		c.take(1) // cRef
	} else {
		c.take(4)
	}
	ref, ext := c.storageString(), c.storageString()
	g, ok := parseGUID(ref)
	if ok && len(s.files) < namesMax {
		s.files[l.resolve(oid)] = fileData{ref: g, ext: ext}
	}
}

// object is a FileDataStoreObject that the list of the file data store names (2.6.13).
func (s *store) object(g guid, ref span) {
	if f, ok := s.dataObject(ref.at); ok {
		f.Listed = true
		s.add(f)
		if len(s.refs) < namesMax {
			s.refs[g] = f.Offset
		}
	}
}

// cursor reads a structure. Once it ran over the end it is bad.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n uint64) []byte {
	if c.bad || n > uint64(len(c.b)) {
		c.bad = true
		return nil
	}
	b := c.b[:n]
	c.b = c.b[n:]
	return b
}

// uint is a number of n bytes.
func (c *cursor) uint(n uint64) (v uint64) {
	for i, x := range c.take(n) {
		v |= uint64(x) << (8 * i)
	}
	return v
}

func (c *cursor) u16() uint32 { return uint32(c.uint(2)) }
func (c *cursor) u32() uint32 { return uint32(c.uint(4)) }

func (c *cursor) guid() (g guid) {
	copy(g[:], c.take(16))
	return g
}

// chunkRef is a FileNodeChunkReference (2.2.4.2); compressed numbers count units of 8 bytes.
func (c *cursor) chunkRef(stpFormat, cbFormat uint32) span {
	stp := c.uint([]uint64{8, 4, 2, 4}[stpFormat])
	cb := c.uint([]uint64{4, 8, 1, 2}[cbFormat])
	if stpFormat >= 2 {
		stp *= 8
	}
	if cbFormat >= 2 {
		cb *= 8
	}
	if c.bad || stp > 1<<62 || cb > 1<<62 {
		return span{}
	}
	return span{int64(stp), int64(cb)}
}

// storageString is a StringInStorageBuffer (2.2.3).
func (c *cursor) storageString() string { return utf16Name(c.take(2 * uint64(c.u32()))) }

// utf16Name is a short UTF-16 string up to its zero.
func utf16Name(b []byte) string {
	var u []uint16
	for ; len(b) >= 2 && len(u) < nameMax; b = b[2:] {
		v := le.Uint16(b)
		if v == 0 {
			break
		}
		u = append(u, v)
	}
	return string(utf16.Decode(u))
}
