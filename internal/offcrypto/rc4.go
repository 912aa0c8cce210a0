package offcrypto

import (
	"bytes"
	"context"
	"crypto/rc4"
	"slices"
)

// ParseRC4 reads the encryption header of binary documents: version 1.1 is Office binary RC4 (MS-OFFCRYPTO 2.3.6.1), 2.2, 3.2 and 4.2 are RC4 CryptoAPI
// (2.3.5.1).
func ParseRC4(b []byte) (*Lock, error) {
	c := cursor{b: b}
	major, minor := c.u16(), c.u16()
	switch {
	case c.bad:
		return nil, ErrFormat
	case major == 1 && minor == 1:
		return parseBinaryRC4(&c)
	case major >= 2 && major <= 4 && minor == 2:
		h, err := parseHeader(&c)
		if err != nil {
			return nil, err
		}
		return h.cryptoAPI()
	}
	return nil, ErrForeign
}

// parseBinaryRC4 reads what follows the version (MS-OFFCRYPTO 2.3.6.1).
func parseBinaryRC4(c *cursor) (*Lock, error) {
	salt, verifier := c.take(16), bytes.Clone(c.take(32)) // EncryptedVerifier and EncryptedVerifierHash
	if c.bad {
		return nil, ErrFormat
	}
	return newLock(RC4, 0, md5Digest, func(_ context.Context, password []byte, _ string) (*Key, error) {
		return rc4Key(binaryKeys(salt, password), md5Digest, verifier)
	}), nil
}

// binaryKeys derives the keys of Office binary RC4 (MS-OFFCRYPTO 2.3.6.2): all come from forty bits.
func binaryKeys(salt, password []byte) func(uint32) []byte {
	const keep = 5
	h0 := md5Digest.of(password)[:keep]
	h1 := md5Digest.of(bytes.Repeat(slices.Concat(h0, salt), 16))[:keep]
	return func(block uint32) []byte { return md5Digest.of(h1, le32(block)) }
}

// cryptoAPI makes the lock of a header with RC4.
func (h *header) cryptoAPI() (*Lock, error) {
	bits := h.keySize
	if bits == 0 { // MS-OFFCRYPTO 2.3.5.1
		bits = 40
	}
	if h.algID != algRC4 && h.algID != 0 || h.algIDHash != hashSHA1 && h.algIDHash != 0 || bits < 40 || bits > 128 || bits%8 != 0 {
		return nil, ErrUnsupported
	}
	verifier := append(bytes.Clone(h.verifier), h.verifierHash[:sha1Digest.size]...)
	return newLock(CryptoAPI, 0, sha1Digest, func(_ context.Context, password []byte, _ string) (*Key, error) {
		return rc4Key(cryptoAPIKeys(h.salt, password, int(bits/8)), sha1Digest, verifier)
	}), nil
}

// cryptoAPIKeys derives the keys of RC4 CryptoAPI (MS-OFFCRYPTO 2.3.5.2).
func cryptoAPIKeys(salt, password []byte, n int) func(uint32) []byte {
	h0 := sha1Digest.of(salt, password)
	return func(block uint32) []byte {
		key := sha1Digest.of(h0, le32(block))[:n]
		if n == 5 { // forty bits are followed by zeros to 128
			key = append(bytes.Clone(key), make([]byte, 11)...)
		}
		return key
	}
}

// rc4Key verifies a password (MS-OFFCRYPTO 2.3.6.4, 2.3.5.6): verifier and hash are encrypted as one run of block 0.
func rc4Key(keys func(uint32) []byte, d digest, verifier []byte) (*Key, error) {
	plain := bytes.Clone(verifier)
	newRC4(keys(0)).XORKeyStream(plain, plain)
	if !bytes.Equal(d.of(plain[:16]), plain[16:]) {
		return nil, ErrPassword
	}
	return &Key{block: keys}, nil
}

func newRC4(key []byte) *rc4.Cipher {
	c, err := rc4.NewCipher(key)
	if err != nil {
		panic(err) // keys have 5 to 16 bytes
	}
	return c
}

// run is the key stream of consecutive blocks, each with a key of its own. size 0 is one block without an end.
type run struct {
	key   *Key
	first uint32 // number of the first block
	size  int64
	c     *rc4.Cipher
	at    int64 // the stream offset of the next key byte
}

// apply decrypts data that lies at an offset of the stream. Going on where the last data ended costs nothing extra.
func (r *run) apply(data []byte, offset int64) {
	for len(data) > 0 {
		n := len(data)
		if r.size > 0 {
			n = int(min(int64(n), r.size-offset%r.size))
		}
		r.seek(offset)
		r.c.XORKeyStream(data[:n], data[:n])
		data, offset = data[n:], offset+int64(n)
		r.at = offset
	}
}

// seek brings the key stream to an offset.
func (r *run) seek(offset int64) {
	var block, start int64
	if r.size > 0 {
		block = offset / r.size
		start = block * r.size
	}
	if r.c == nil || r.at > offset || r.at <= start {
		r.c, r.at = newRC4(r.key.block(r.first+uint32(block))), start
	}
	var skip [512]byte
	for r.at < offset {
		n := min(offset-r.at, int64(len(skip)))
		r.c.XORKeyStream(skip[:n], skip[:n])
		r.at += n
	}
}
