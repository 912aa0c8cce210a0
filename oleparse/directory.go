package oleparse

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// Object types (MS-CFB 2.6.1).
const (
	typeUnused  = 0
	typeStorage = 1
	typeStream  = 2
	typeRoot    = 5
)

const (
	entryLen = 128
	noStream = 0xFFFFFFFF
	noParent = -1
)

// entry is one directory entry (MS-CFB 2.6.1).
type entry struct {
	name               string // control prefix kept
	kind               byte
	left, right, child uint32
	clsid              [16]byte
	start              uint32
	size               int64
	parent             int
	seen               bool
	kids               []int          // of a storage, in the order of its tree
	streams            map[string]int // of a storage, once somebody asked
}

func parseEntry(b []byte, major uint16) entry {
	le := binary.LittleEndian
	e := entry{
		name:  entryName(b[:64], int(le.Uint16(b[64:]))),
		kind:  b[66],
		left:  le.Uint32(b[68:]),
		right: le.Uint32(b[72:]),
		child: le.Uint32(b[76:]),
		start: le.Uint32(b[116:]),
		size:  int64(le.Uint64(b[120:])),

		parent: noParent,
	}
	copy(e.clsid[:], b[80:96])
	if major <= 3 { // MS-CFB 2.6.3: the upper half may be rubbish in version 3
		e.size &= 0xFFFFFFFF
	}
	if e.size < 0 {
		e.size = 0
	}
	return e
}

// entryName decodes a name of n bytes, its final NUL included; where n is impossible the name ends at the first NUL.
func entryName(b []byte, n int) string {
	if n%2 != 0 || n < 2 || n > len(b) {
		n = len(b) + 2
	}
	var u [32]uint16
	var plain [32]byte
	used, ascii := 0, true
	for i := 0; i < n-2; i += 2 {
		v := binary.LittleEndian.Uint16(b[i:])
		if v == 0 && n > len(b) {
			break
		}
		u[used], plain[used] = v, byte(v)
		ascii = ascii && v < 0x80
		used++
	}
	if ascii { // nearly all are
		return string(plain[:used])
	}
	return string(utf16.Decode(u[:used]))
}

// readDirectory reads the directory chain (MS-CFB 2.6) and lays out its tree. It is false when there is no directory.
func (c *compound) readDirectory() bool {
	per := c.sector / entryLen
	list, whole := c.chain(c.h.dirStart, int64(c.r.o.Entries)/per+1)
	if !whole {
		c.broken("directory", "chain breaks after %d sectors", len(list))
	}
	buf := make([]byte, c.sector)
	for _, s := range list {
		n := c.loadSector(buf, s)
		if n < len(buf) {
			c.fault("directory", "last sector is cut short")
		}
		for i := 0; i+entryLen <= n; i += entryLen {
			if len(c.entries) >= c.r.o.Entries {
				c.broken("directory", "more than %d entries", c.r.o.Entries)
				return c.findRoot()
			}
			c.entries = append(c.entries, parseEntry(buf[i:i+entryLen], c.h.major))
		}
	}
	return c.findRoot()
}

// findRoot finds the root storage, which must be the first entry.
func (c *compound) findRoot() bool {
	for i := range c.entries {
		if c.entries[i].kind == typeRoot {
			if c.root = i; i > 0 {
				c.fault("directory", "root storage is entry %d", i)
			}
			return true
		}
	}
	if len(c.entries) == 0 {
		c.broken("directory", "no entries")
		return false
	}
	c.fault("directory", "no root storage")
	return true
}

// layOut walks the tree from the root, then from every entry the tree does not reach, so that no index can hide a stream.
func (c *compound) layOut() {
	root := &c.entries[c.root]
	root.seen = true
	c.order = append(c.order, c.root)
	c.walk(root.child, c.root, 1)
	lost := 0
	for _, start := range c.strays() {
		if !c.entries[start].seen {
			lost++
			c.walk(uint32(start), c.root, 1)
		}
	}
	if lost > 0 {
		c.fault("directory", "%d entries are outside the tree", lost)
	}
}

// strays lists used entries outside the tree: first those no other stray points to, then all of them.
func (c *compound) strays() []int {
	var all []int
	pointed := make(map[uint32]bool)
	for i := range c.entries {
		e := &c.entries[i]
		if e.seen || e.kind != typeStorage && e.kind != typeStream {
			continue
		}
		all = append(all, i)
		pointed[e.left], pointed[e.right] = true, true
		if e.kind == typeStorage {
			pointed[e.child] = true
		}
	}
	var heads []int
	for _, i := range all {
		if !pointed[uint32(i)] {
			heads = append(heads, i)
		}
	}
	return append(heads, all...)
}

// step is one entry to visit: its left siblings first, then itself with its children, then its right siblings.
type step struct {
	id     uint32
	parent int
	depth  int
	inner  bool // the left siblings are done
}

// walk visits a sibling tree in order (MS-CFB 2.6.4), without recursion; each entry is visited once, whatever points to it.
func (c *compound) walk(id uint32, parent, depth int) {
	stack := []step{{id: id, parent: parent, depth: depth}}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if s.inner {
			stack = c.enter(stack, s)
		} else if c.admit(s) {
			e := &c.entries[s.id]
			right, self, left := s, s, s
			right.id, left.id, self.inner = e.right, e.left, true
			stack = append(stack, right, self, left)
		}
	}
}

// admit marks an entry as visited; it is false for one that cannot be.
func (c *compound) admit(s step) bool {
	if s.id == noStream {
		return false
	}
	if int64(s.id) >= int64(len(c.entries)) {
		c.fault("directory", "entry %#x does not exist", s.id)
		return false
	}
	e := &c.entries[s.id]
	if e.seen {
		c.fault("directory", "entry %d is reached twice", s.id)
		return false
	}
	if e.kind != typeStorage && e.kind != typeStream {
		c.fault("directory", "entry %d of type %d is in the tree", s.id, e.kind)
		return false
	}
	if s.depth > c.r.o.Depth {
		c.broken("directory", "storages nested deeper than %d", c.r.o.Depth)
		return false
	}
	e.seen = true
	return true
}

// enter takes an entry into its storage and pushes its children.
func (c *compound) enter(stack []step, s step) []step {
	e := &c.entries[s.id]
	e.parent = s.parent
	c.entries[s.parent].kids = append(c.entries[s.parent].kids, int(s.id))
	c.order = append(c.order, int(s.id))
	if e.kind == typeStorage {
		stack = append(stack, step{id: e.child, parent: int(s.id), depth: s.depth + 1})
	}
	return stack
}

// path is where an entry lies: prefix, storages, name.
func (c *compound) path(id int) string {
	var names []string
	for ; id != c.root && id != noParent; id = c.entries[id].parent {
		names = append(names, c.entries[id].name)
	}
	if c.prefix != "" {
		names = append(names, c.prefix)
	}
	for i, j := 0, len(names)-1; i < j; i, j = i+1, j-1 {
		names[i], names[j] = names[j], names[i]
	}
	return strings.Join(names, "/")
}

// find returns a storage's child of that type and name, -1 if it has none; names are compared without case (MS-CFB 2.6.4).
func (c *compound) find(storage int, kind byte, name string) int {
	for _, id := range c.entries[storage].kids {
		if e := &c.entries[id]; e.kind == kind && strings.EqualFold(e.name, name) {
			return id
		}
	}
	return -1
}
