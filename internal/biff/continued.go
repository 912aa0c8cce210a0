package biff

import "encoding/binary"

// continued reads a record together with the Continue records behind it (MS-XLS 2.4.58). Its cursor has no place of its own in memory: what
// is asked for is put together only where it crosses from one record to the next.
type continued struct {
	rs  *records
	b   []byte
	bad bool
	tmp [8]byte
}

// begin starts with the record that was just met.
func (c *continued) begin() *continued {
	c.b, c.bad = c.rs.body(), false
	return c
}

// more goes on with the next Continue.
func (c *continued) more() bool {
	if c.bad || c.rs.peekID() != idContinue || !c.rs.next() {
		c.bad = true
		return false
	}
	c.b = c.rs.body()
	return true
}

// small takes up to eight bytes, across records where it must.
func (c *continued) small(n int) []byte {
	if n <= len(c.b) {
		out := c.b[:n]
		c.b = c.b[n:]
		return out
	}
	out := c.tmp[:0]
	for len(out) < n {
		if len(c.b) == 0 && !c.more() {
			return make([]byte, n)
		}
		k := min(n-len(out), len(c.b))
		out = append(out, c.b[:k]...)
		c.b = c.b[k:]
	}
	return out
}

// The numbers are zero where the records end, and bad is set.
func (c *continued) u8() int     { return int(c.small(1)[0]) }
func (c *continued) u16() int    { return int(binary.LittleEndian.Uint16(c.small(2))) }
func (c *continued) u32() uint32 { return binary.LittleEndian.Uint32(c.small(4)) }

// skip passes n bytes.
func (c *continued) skip(n int64) {
	for n > 0 && !c.bad {
		if len(c.b) == 0 && !c.more() {
			return
		}
		k := min(n, int64(len(c.b)))
		c.b = c.b[k:]
		n -= k
	}
}

// chars reads n characters.
func (c *continued) chars(n int, wide bool) string {
	if size := n << wideBit(wide); size <= len(c.b) {
		whole := cursor{b: c.b[:size]}
		c.b = c.b[size:]
		return whole.chars(n, wide)
	}
	return string(c.appendChars(nil, n, wide))
}

// appendChars appends n characters. Where they are continued, the next record begins with a byte that says anew how wide they are
// (MS-XLS 2.5.293).
func (c *continued) appendChars(out []byte, n int, wide bool) []byte {
	for {
		k := min(n, len(c.b)>>wideBit(wide))
		part := c.b[:k<<wideBit(wide)]
		c.b = c.b[len(part):]
		if wide {
			out = appendWide(out, part)
		} else {
			out = appendNarrow(out, part)
		}
		if n -= k; n == 0 || !c.more() {
			return out
		}
		if len(c.b) > 0 {
			wide = c.b[0]&1 != 0
			c.b = c.b[1:]
		}
	}
}

// wideBit is by how many bits a number of characters is shifted to be one of bytes.
func wideBit(wide bool) int {
	if wide {
		return 1
	}
	return 0
}

// appendRich appends an XLUnicodeRichExtendedString (MS-XLS 2.5.293) and passes over its runs and phonetics.
func (c *continued) appendRich(out []byte) []byte {
	n, flags := c.u16(), c.u8()
	var runs, ext int64
	if flags&0x08 != 0 {
		runs = int64(c.u16())
	}
	if flags&0x04 != 0 {
		ext = int64(c.u32())
	}
	out = c.appendChars(out, n, flags&1 != 0)
	c.skip(4*runs + ext)
	return out
}

// unicode reads an XLUnicodeString (MS-XLS 2.5.294).
func (c *continued) unicode() string {
	n, flags := c.u16(), c.u8()
	return c.chars(n, flags&1 != 0)
}
