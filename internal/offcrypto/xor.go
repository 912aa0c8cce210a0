package offcrypto

import (
	"context"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
)

// Tables of MS-OFFCRYPTO 2.3.7.2.
var (
	xorInitial = [15]uint16{0xE1F0, 0x1D0F, 0xCC9C, 0x84C0, 0x110C, 0x0E10, 0xF1CE, 0x313E, 0x1872, 0xE139, 0xD40F, 0x84F9, 0x280C, 0xA96A, 0x4EC3}
	xorMatrix  = [15][7]uint16{
		{0xAEFC, 0x4DD9, 0x9BB2, 0x2745, 0x4E8A, 0x9D14, 0x2A09},
		{0x7B61, 0xF6C2, 0xFDA5, 0xEB6B, 0xC6F7, 0x9DCF, 0x2BBF},
		{0x4563, 0x8AC6, 0x05AD, 0x0B5A, 0x16B4, 0x2D68, 0x5AD0},
		{0x0375, 0x06EA, 0x0DD4, 0x1BA8, 0x3750, 0x6EA0, 0xDD40},
		{0xD849, 0xA0B3, 0x5147, 0xA28E, 0x553D, 0xAA7A, 0x44D5},
		{0x6F45, 0xDE8A, 0xAD35, 0x4A4B, 0x9496, 0x390D, 0x721A},
		{0xEB23, 0xC667, 0x9CEF, 0x29FF, 0x53FE, 0xA7FC, 0x5FD9},
		{0x47D3, 0x8FA6, 0x0F6D, 0x1EDA, 0x3DB4, 0x7B68, 0xF6D0},
		{0xB861, 0x60E3, 0xC1C6, 0x93AD, 0x377B, 0x6EF6, 0xDDEC},
		{0x45A0, 0x8B40, 0x06A1, 0x0D42, 0x1A84, 0x3508, 0x6A10},
		{0xAA51, 0x4483, 0x8906, 0x022D, 0x045A, 0x08B4, 0x1168},
		{0x76B4, 0xED68, 0xCAF1, 0x85C3, 0x1BA7, 0x374E, 0x6E9C},
		{0x3730, 0x6E60, 0xDCC0, 0xA9A1, 0x4363, 0x86C6, 0x1DAD},
		{0x3331, 0x6662, 0xCCC4, 0x89A9, 0x0373, 0x06E6, 0x0DCC},
		{0x1021, 0x2042, 0x4084, 0x8108, 0x1231, 0x2462, 0x48C4},
	}
	xorPad = [15]byte{0xBB, 0xFF, 0xFF, 0xBA, 0xFF, 0xFF, 0xB9, 0x80, 0x00, 0xBE, 0x0F, 0x00, 0xBF, 0x0F, 0x00}
)

const xorPasswordMax = len(xorInitial) // characters; Excel and Word cut longer ones

// parseXOR reads an XORObfuscation (MS-XLS 2.5.343): key and verifier.
func parseXOR(b []byte) (*Lock, error) {
	c := cursor{b: b}
	key, verifier := c.u16(), c.u16()
	if c.bad {
		return nil, ErrFormat
	}
	return xorLock(uint32(key)<<16|uint32(verifier), false), nil
}

// ParseWordXOR takes FibBase.lKey of an obfuscated Word document (MS-DOC 2.2.6.1).
func ParseWordXOR(lKey uint32) *Lock { return xorLock(lKey, true) }

// xorLock compares key and verifier: sixteen bits alone would let one password in 65,536 pass. Both are the same in method 1 and 2 (2.3.7.4).
func xorLock(want uint32, word bool) *Lock {
	return newLock(XOR, 0, digest{}, func(_ context.Context, _ []byte, text string) (*Key, error) {
		for _, p := range singleBytes(text) {
			if key := xorKey(p); uint32(key)<<16|uint32(xorVerifier(p)) == want {
				return &Key{xor: xorArray(p, key, word), word: word}, nil
			}
		}
		return nil, ErrPassword
	})
}

// singleBytes are the ways in which programs turn a password into single bytes: by the low byte of each UTF-16 unit, or its high byte where that is zero,
// and by the code page of the machine (MS-OFFCRYPTO 2.3.7.4). Empty passwords cannot be set.
func singleBytes(s string) [][]byte {
	var low []byte
	for u := utf16le(s); len(u) > 0; u = u[2:] {
		if u[0] != 0 {
			low = append(low, u[0])
		} else {
			low = append(low, u[1])
		}
	}
	if len(low) == 0 {
		return nil
	}
	list := [][]byte{low[:min(len(low), xorPasswordMax)]}
	if len(s) == utf8.RuneCountInString(s) { // ASCII: all ways are one
		return list
	}
	for _, page := range []encoding.Encoding{charmap.Windows1252, japanese.ShiftJIS} {
		if b, err := page.NewEncoder().Bytes([]byte(s)); err == nil && len(b) > 0 {
			list = append(list, b[:min(len(b), xorPasswordMax)])
		}
	}
	return list
}

// xorVerifier is CreatePasswordVerifier_Method1 (MS-OFFCRYPTO 2.3.7.1).
func xorVerifier(p []byte) uint16 {
	var v uint16
	step := func(b byte) { v = (v>>14&1 | v<<1&0x7FFF) ^ uint16(b) }
	for i := len(p) - 1; i >= 0; i-- {
		step(p[i])
	}
	step(byte(len(p)))
	return v ^ 0xCE4B
}

// xorKey is CreateXorKey_Method1 (MS-OFFCRYPTO 2.3.7.2): the last character uses the last row of the matrix.
func xorKey(p []byte) uint16 {
	key := xorInitial[len(p)-1]
	for i, b := range p {
		row := &xorMatrix[len(xorMatrix)-len(p)+i]
		for bit := range row {
			if b>>bit&1 != 0 {
				key ^= row[bit]
			}
		}
	}
	return key
}

// xorArray is CreateXorArray_Method1 (2.3.7.2) or _Method2 (2.3.7.5). Excel turns the bytes by two to the left where Word turns them by one to the
// right; the specification shows the latter for both, and its DecryptData_Method1 in the other order, which comes to the same.
func xorArray(p []byte, key uint16, word bool) *[16]byte {
	var a [16]byte
	copy(a[copy(a[:], p):], xorPad[:])
	turn := 2
	if word {
		turn = -1
	}
	k := binary.LittleEndian.AppendUint16(nil, key)
	for i := range a {
		a[i] = bits.RotateLeft8(a[i]^k[i%2], turn)
	}
	return &a
}

// xorRecord undoes EncryptData_Method1 on record data that lies at an offset of its stream; size is that of the whole record (MS-XLS 2.2.10).
func (k *Key) xorRecord(data []byte, offset int64, size int) {
	for i := range data {
		data[i] = bits.RotateLeft8(data[i], 3) ^ k.xor[(offset+int64(size)+int64(i))&0x0F]
	}
}

// xorStream undoes EncryptData_Method2 (MS-OFFCRYPTO 2.3.7.6), which leaves zeros and what would become one.
func (k *Key) xorStream(data []byte, offset int64) {
	for i, b := range data {
		if x := b ^ k.xor[(offset+int64(i))&0x0F]; b != 0 && x != 0 {
			data[i] = x
		}
	}
}
