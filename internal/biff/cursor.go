package biff

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// cursor reads a record's body. Past its end everything is zero and bad is set.
type cursor struct {
	b   []byte
	bad bool
}

// take passes n bytes, or everything where there are fewer.
func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.b) {
		c.b, c.bad = nil, true
		return nil
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

func (c *cursor) u8() int {
	if b := c.take(1); b != nil {
		return int(b[0])
	}
	return 0
}

func (c *cursor) u16() int {
	if b := c.take(2); b != nil {
		return int(binary.LittleEndian.Uint16(b))
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) f64() float64 {
	if b := c.take(8); b != nil {
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return 0
}

// chars reads n characters of one byte each, which are the lower halves of UTF-16, or of two (MS-XLS 2.5.293, fHighByte).
func (c *cursor) chars(n int, wide bool) string {
	if wide {
		return wideText(c.take(2 * n))
	}
	return narrowText(c.take(n))
}

// wide32 is an XLWideString (MS-XLSB 2.5), or a nullable one, whose length of 0xFFFFFFFF says that there is none.
func (c *cursor) wide32() string {
	n := c.u32()
	if n == math.MaxUint32 {
		return ""
	}
	if int64(n) > int64(len(c.b)/2) {
		c.take(len(c.b) + 1)
		return ""
	}
	return c.chars(int(n), true)
}

// narrowText is text of one byte a character: the lower halves of UTF-16, which is Latin-1.
func narrowText(b []byte) string {
	if isASCII(b) {
		return string(b)
	}
	return string(appendNarrow(make([]byte, 0, 2*len(b)), b))
}

func isASCII(b []byte) bool {
	for _, v := range b {
		if v >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func appendNarrow(out, b []byte) []byte {
	if isASCII(b) {
		return append(out, b...)
	}
	for _, v := range b {
		out = utf8.AppendRune(out, rune(v))
	}
	return out
}

func wideText(b []byte) string { return string(appendWide(make([]byte, 0, len(b)), b)) }

// appendWide appends UTF-16 as UTF-8; half a surrogate pair becomes U+FFFD.
func appendWide(out, b []byte) []byte {
	for i := 0; i+1 < len(b); i += 2 {
		r := rune(binary.LittleEndian.Uint16(b[i:]))
		if r < utf8.RuneSelf {
			out = append(out, byte(r))
			continue
		}
		if utf16.IsSurrogate(r) && i+3 < len(b) {
			if pair := utf16.DecodeRune(r, rune(binary.LittleEndian.Uint16(b[i+2:]))); pair != utf8.RuneError {
				r, i = pair, i+2
			}
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// number is a number as Excel would take it back: shortest, with an exponent only where it is large or small.
func number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "#NUM!"
	}
	if a := math.Abs(v); a != 0 && (a < 1e-9 || a >= 1e21) {
		return strconv.FormatFloat(v, 'E', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// rk is an RkNumber (MS-XLS 2.5.217): a double without its lower half or an integer, perhaps a hundredfold.
func rk(n uint32) float64 {
	v := math.Float64frombits(uint64(n&^3) << 32)
	if n&2 != 0 {
		v = float64(int32(n) >> 2)
	}
	if n&1 != 0 {
		v /= 100
	}
	return v
}

// errorText is a BErr (MS-XLS 2.5.198.2).
func errorText(n int) string {
	switch n {
	case 0x00:
		return "#NULL!"
	case 0x07:
		return "#DIV/0!"
	case 0x0F:
		return "#VALUE!"
	case 0x17:
		return "#REF!"
	case 0x1D:
		return "#NAME?"
	case 0x24:
		return "#NUM!"
	case 0x2B:
		return "#GETTING_DATA"
	}
	return "#N/A"
}

// boolText is a logical value.
func boolText(n int) string {
	if n != 0 {
		return "TRUE"
	}
	return "FALSE"
}
