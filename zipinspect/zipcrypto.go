package zipinspect

import (
	"hash/crc32"
	"io"
	"time"
)

const (
	zipCryptoHeader = 12                   // 6.1.5: random bytes, the last of them a check
	zipCryptoCost   = 1 * time.Microsecond // a dozen table look-ups and one read of the header
)

// keys is the state of the traditional cipher (6.1.5).
type keys [3]uint32

func newKeys(pw []byte) keys {
	k := keys{0x12345678, 0x23456789, 0x34567890}
	for _, b := range pw {
		k.update(b)
	}
	return k
}

func (k *keys) update(b byte) {
	k[0] = crc32.IEEETable[byte(k[0])^b] ^ k[0]>>8
	k[1] = (k[1]+k[0]&0xFF)*134775813 + 1
	k[2] = crc32.IEEETable[byte(k[2])^byte(k[1]>>24)] ^ k[2]>>8
}

// decrypt works in place (6.1.6, 6.1.7).
func (k *keys) decrypt(p []byte) {
	for i, c := range p {
		t := uint32(uint16(k[2] | 2))
		c ^= byte(t * (t ^ 1) >> 8)
		k.update(c)
		p[i] = c
	}
}

// unlockZipCrypto checks pw by the last byte of the encryption header: the high byte of the CRC (6.1.6), or, where that was not known yet (bit 3), of
// the time. Writers and readers differ in which, so both count.
func (e *Entry) unlockZipCrypto(pw []byte) (body, error) {
	if e.head == nil {
		head := make([]byte, zipCryptoHeader)
		if n, err := e.archive.r.ReadAt(head, e.DataOffset); n < len(head) {
			return body{}, cut(err)
		}
		e.head = head
	}
	k := newKeys(pw)
	var head [zipCryptoHeader]byte
	copy(head[:], e.head)
	k.decrypt(head[:])
	check := head[zipCryptoHeader-1]
	if c := &e.checks; check != c[0][0] && check != c[0][1] && check != c[1][0] && check != c[1][1] {
		return body{}, ErrPassword
	}
	b := body{from: e.DataOffset + zipCryptoHeader, size: e.Compressed}
	if b.size >= 0 {
		b.size = max(0, b.size-zipCryptoHeader)
	}
	b.decrypt = func(r io.Reader) io.Reader { return &zipCryptoReader{r, k} }
	return b, nil
}

type zipCryptoReader struct {
	r io.Reader
	k keys
}

func (z *zipCryptoReader) Read(p []byte) (int, error) {
	n, err := z.r.Read(p)
	z.k.decrypt(p[:n])
	return n, err
}
