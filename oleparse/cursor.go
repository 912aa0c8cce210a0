package oleparse

import "encoding/binary"

// cursor reads little-endian fields. Past the end it gives zeros and nothing, and bad stays set.
type cursor struct {
	b   []byte
	pos int
	bad bool
}

// take returns the next n bytes, nil where there are fewer.
func (c *cursor) take(n int64) []byte {
	if n < 0 || n > int64(len(c.b)-c.pos) {
		c.bad, c.pos = true, len(c.b)
		return nil
	}
	b := c.b[c.pos : c.pos+int(n)]
	c.pos += int(n)
	return b
}

func (c *cursor) u8() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) u16() uint16 {
	if b := c.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// text returns the bytes up to a NUL, which is taken too.
func (c *cursor) text() []byte {
	for i, v := range c.b[c.pos:] {
		if v == 0 {
			b := c.b[c.pos : c.pos+i]
			c.pos += i + 1
			return b
		}
	}
	c.bad, c.pos = true, len(c.b)
	return nil
}
