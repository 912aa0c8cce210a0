package archive

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"time"
	"unicode/utf16"
)

// sevenKey is the properties of the coder 06F10701, AES-256-CBC with a key from SHA-256 (LZMA SDK, 7zAes.cpp SetDecoderProperties2).
type sevenKey struct {
	cycles   int // NumCyclesPower
	salt, iv []byte
}

const (
	rawCycles = 0x3F // the key is salt and password themselves
	maxCycles = 24   // 7zAes.cpp k_NumCyclesPower_Supported_MAX: programs open no more
)

// parseSevenKey: the low six bits of the first byte are NumCyclesPower, the upper two and the second byte the sizes of salt and IV.
func parseSevenKey(p []byte) (k sevenKey, ok bool) {
	k.iv = make([]byte, aes.BlockSize)
	if len(p) == 0 {
		return k, false
	}
	k.cycles = int(p[0] & 0x3F)
	if p[0]&0xC0 == 0 {
		return k, len(p) == 1
	}
	if len(p) < 2 {
		return k, false
	}
	salt := int(p[0]>>7&1) + int(p[1]>>4)
	iv := int(p[0]>>6&1) + int(p[1]&15)
	if len(p) != 2+salt+iv {
		return k, false
	}
	k.salt = p[2 : 2+salt]
	copy(k.iv, p[2+salt:])
	return k, k.cycles <= maxCycles || k.cycles == rawCycles
}

// key is the password's (7zAes.cpp CKeyInfo::CalcKey): 2^NumCyclesPower times salt, password in UTF-16LE and a counter of eight bytes.
func (k sevenKey) key(password string) []byte {
	unit := append([]byte(nil), k.salt...)
	for _, c := range utf16.Encode([]rune(password)) {
		unit = append(unit, byte(c), byte(c>>8))
	}
	if k.cycles == rawCycles {
		key := make([]byte, sha256.Size)
		copy(key, unit)
		return key
	}
	at := len(unit)
	unit = append(unit, 0, 0, 0, 0, 0, 0, 0, 0)
	h := sha256.New()
	batch := make([]byte, 0, 64*len(unit))
	for i := range uint64(1) << k.cycles {
		binary.LittleEndian.PutUint64(unit[at:], i)
		batch = append(batch, unit...)
		if len(batch) == cap(batch) {
			h.Write(batch)
			batch = batch[:0]
		}
	}
	h.Write(batch)
	return h.Sum(nil)
}

// cost is what one password takes: measured 23 ns a round with a password of ten letters, 50 with thirty.
func (k sevenKey) cost() time.Duration {
	if k.cycles == rawCycles {
		return time.Microsecond
	}
	return time.Millisecond + 30*time.Nanosecond<<min(k.cycles, maxCycles)
}

// cbcReader decrypts.
type cbcReader struct {
	r     io.Reader
	mode  cipher.BlockMode
	buf   [4 << 10]byte
	ready []byte
	err   error
}

// newCBC: AES-256 in CBC mode; an IV shorter than a block is filled with zeros (7zAes.cpp, CBaseCoder).
func newCBC(r io.Reader, key, iv []byte) (*cbcReader, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return &cbcReader{r: r, mode: cipher.NewCBCDecrypter(block, iv)}, nil
}

func (c *cbcReader) Read(p []byte) (int, error) {
	if len(c.ready) == 0 && c.err == nil {
		var n int
		n, c.err = io.ReadFull(c.r, c.buf[:])
		if c.err == io.ErrUnexpectedEOF { //nolint:errorlint // ReadFull's own
			c.err = io.EOF
		}
		n -= n % aes.BlockSize
		c.mode.CryptBlocks(c.buf[:n], c.buf[:n])
		c.ready = c.buf[:n]
	}
	n := copy(p, c.ready)
	c.ready = c.ready[n:]
	if n == 0 && len(p) > 0 {
		return 0, c.err
	}
	return n, nil
}

func (c *cbcReader) Close() error { return nil }
