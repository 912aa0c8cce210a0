package oleparse

import "encoding/binary"

// The PerformanceCache of a project and its modules is not specified (MS-OVBA 2.3.4.1, 2.3.4.3: "MUST be ignored"); the layout here is what
// public analysis of Office's own files has found, for VBA 5 (Office 97), 6 (2000 to 2007) and 7 (2010 and later).

// cacheCursor reads a cache. Past its end everything is 0 and bad tells.
type cacheCursor struct {
	b   []byte
	at  int
	big bool // written on a Macintosh with a PowerPC
	bad bool
}

func (c *cacheCursor) take(n int) []byte {
	if n < 0 || c.at < 0 || n > len(c.b)-c.at {
		c.bad, c.at = true, len(c.b)
		return nil
	}
	c.at += n
	return c.b[c.at-n : c.at]
}

func (c *cacheCursor) order() binary.ByteOrder {
	if c.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func (c *cacheCursor) u16() int {
	if b := c.take(2); b != nil {
		return int(c.order().Uint16(b))
	}
	return 0
}

func (c *cacheCursor) u32() int64 {
	if b := c.take(4); b != nil {
		return int64(c.order().Uint32(b))
	}
	return 0
}

// skip passes n things, whose number may come from the file.
func (c *cacheCursor) skip(n int64) {
	if n > int64(len(c.b)) {
		n = int64(len(c.b)) + 1
	}
	c.take(int(n))
}

// block passes a count of two bytes and that many elements; a count of all ones is none where none says so.
func (c *cacheCursor) block(element int64, none bool) {
	if n := int64(c.u16()); !none || n != 0xFFFF {
		c.skip(n * element)
	}
}

// dialect is how a project's caches are laid out.
type dialect struct {
	version int  // of the VBA that wrote them, as _VBA_PROJECT has it; 0 for none (MS-OVBA 2.3.4.1: 0xFFFF, or no cache)
	vba7    bool // Office 2010: the constant VBA7 is among the names
	wide    bool // 64-bit
	shift   int  // what is added to the number of a name, where it is tried
}

func (d dialect) vba6() bool { return d.version >= 0x6B } // Office 2000

// identifiers reads the table of names from a _VBA_PROJECT stream. It is nil for one that has none or is not understood.
func identifiers(b []byte) (ids [][]byte, version int) {
	if len(b) < 7 || binary.LittleEndian.Uint16(b) != 0x61CC {
		return nil, 0
	}
	version = int(binary.LittleEndian.Uint16(b[2:]))
	if version == 0xFFFF {
		return nil, 0
	}
	c := &cacheCursor{b: b, at: 0x1E, big: binary.LittleEndian.Uint16(b[5:]) == 0x000E}
	t := tableReader{cacheCursor: c, version: version}
	t.references()
	c.block(2, false) // classes and forms
	c.block(4, false) // constants of conditional compilation
	c.skip(2)
	for range 3 { // type information, description, help file
		c.block(1, true)
	}
	c.skip(0x64)
	t.modules()
	return t.names(), version
}

// tableReader is the way through a _VBA_PROJECT stream to its names.
type tableReader struct {
	*cacheCursor
	version int
}

// odd are versions of the Macintosh between the others.
func (t tableReader) odd() bool {
	return t.version == 0x60 || t.version == 0x62 || t.version == 0x63
}

func (t tableReader) references() {
	wide := t.version >= 0x5B && !t.odd() || t.version == 0x4E // in UTF-16
	n := t.u16()
	t.skip(2)
	for range n {
		if t.bad {
			return
		}
		t.reference(wide)
	}
}

// reference passes one; a LIBID of the kinds *\C and *\D (MS-OVBA 2.1.1.8) has a second path.
func (t tableReader) reference(wide bool) {
	kind := 2
	if wide {
		kind = 4
	}
	size := t.u16()
	if size == 0 {
		t.skip(6)
	} else if libid := t.take(size); size > kind && (libid != nil && (libid[kind] == 'C' || libid[kind] == 'D')) {
		t.block(1, false)
	}
	t.skip(10)
	if t.u16() != 0 {
		t.block(1, false)
		if n := t.u16(); n != 0 {
			t.skip(int64(n) + 2 + 30)
		} else {
			t.skip(30)
		}
	}
}

func (t tableReader) modules() {
	wide := t.version >= 0x59 && !t.odd() || t.version == 0x4E
	narrow := t.version <= 0x59 && t.version != 0x4E || t.version > 0x5F && t.version < 0x6B
	n := t.u16()
	for range n {
		if t.bad {
			return
		}
		size := t.u16()
		if wide {
			t.skip(int64(size))
		}
		if narrow {
			if wide && size != 0 {
				size = t.u16()
			}
			t.skip(int64(size))
		}
		t.block(1, false)
		t.block(1, true)
		t.skip(2)
		if t.version >= 0x6B {
			t.block(1, true)
		}
		t.block(1, true)
		t.skip(2)
		if t.version != 0x51 {
			t.skip(4)
		}
		t.block(8, false)
		t.skip(11)
	}
	t.skip(6)
	t.skip(t.u32())
	t.skip(6)
}

// names reads the names themselves: first those of the language and its library, which are passed, then the project's.
func (t tableReader) names() (ids [][]byte) {
	w0, all, w1 := t.u16(), t.u16(), t.u16()
	t.skip(4)
	for range all + w1 - w0 {
		if t.bad {
			return nil
		}
		t.skip(4)
		kind, size := t.typeAndLength()
		if kind&0x80 != 0 {
			t.skip(6)
		}
		t.skip(int64(size))
	}
	for range w0 - w1 {
		kind, size := t.typeAndLength()
		keyword := kind == 0 && size == 0
		if keyword {
			t.skip(2)
			kind, size = t.typeAndLength()
		}
		if kind&0x80 != 0 {
			t.skip(6)
		}
		name := t.take(size)
		if t.bad {
			return nil
		}
		ids = append(ids, name)
		if !keyword {
			t.skip(4)
		}
	}
	return ids
}

func (t tableReader) typeAndLength() (kind, size int) {
	v := t.u16()
	return v >> 8, v & 0xFF
}
