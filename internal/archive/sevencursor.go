package archive

import (
	"encoding/binary"
	"fmt"
	"unicode/utf16"
)

// sevenCursor reads a 7z header.
type sevenCursor struct {
	cursor
	err error // more exact than bad
}

// number is 7zFormat.txt's REAL_UINT64 in one to nine bytes: the ones at the top of the first byte tell how many follow.
func (c *sevenCursor) number() uint64 {
	first := c.byte()
	var v uint64
	for i := range 8 {
		mask := byte(0x80) >> i
		if first&mask == 0 {
			return v | uint64(first&(mask-1))<<(8*i)
		}
		v |= uint64(c.byte()) << (8 * i)
	}
	return v
}

// count is a number of things of which there may be so many.
func (c *sevenCursor) count(limit uint64) int {
	n := c.number()
	if n > limit {
		c.fail(&Error{TooLarge, fmt.Sprintf("7z: %d where at most %d are looked at", n, limit)})
		return 0
	}
	return int(n)
}

// fail keeps the first error.
func (c *sevenCursor) fail(err error) {
	if c.bad = true; c.err == nil {
		c.err = err
	}
}

func (c *sevenCursor) uint32() uint32 {
	if b := c.bytes(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// want reads an ID that must be there.
func (c *sevenCursor) want(id byte) {
	if c.byte() != id {
		c.fail(errHeader)
	}
}

// skipData passes over a property of a kind nobody asks for.
func (c *sevenCursor) skipData() { c.skip(c.number()) }

// bits is a BitField of n.
func (c *sevenCursor) bits(n int) []bool {
	b := c.bytes(uint64(n+7) / 8)
	list := make([]bool, n)
	for i := range list {
		list[i] = b != nil && b[i/8]&(0x80>>(i%8)) != 0
	}
	return list
}

// defined is a BitField behind a byte that says "all".
func (c *sevenCursor) defined(n int) []bool {
	if c.byte() == 0 {
		return c.bits(n)
	}
	list := make([]bool, n)
	for i := range list {
		list[i] = true
	}
	return list
}

// digests are CRCs, nil where none is defined.
func (c *sevenCursor) digests(list []*sevenSum) {
	for i, has := range c.defined(len(list)) {
		if has {
			list[i].crc, list[i].has = c.uint32(), true
		}
	}
}

// name is UTF-16 up to a zero.
func (c *sevenCursor) name() string {
	var units []uint16
	for {
		b := c.bytes(2)
		if b == nil {
			return ""
		}
		u := binary.LittleEndian.Uint16(b)
		if u == 0 {
			return string(utf16.Decode(units))
		}
		units = append(units, u)
	}
}
