package offcrypto

import (
	"bytes"
	"context"
	"crypto/aes"
)

// Values of EncryptionHeader (MS-OFFCRYPTO 2.3.2).
const (
	flagExternal = 0x10
	flagAES      = 0x20

	algRC4    = 0x6801
	algAES128 = 0x660E
	algAES192 = 0x660F
	algAES256 = 0x6610
	hashSHA1  = 0x8004
)

// header is EncryptionHeader (MS-OFFCRYPTO 2.3.2) with EncryptionVerifier (2.3.3).
type header struct {
	flags, algID, algIDHash, keySize uint32
	salt, verifier, verifierHash     []byte
}

// parseHeader reads what follows the version: flags, the header with its size, the verifier.
func parseHeader(c *cursor) (*header, error) {
	c.u32() // a copy of the flags
	in := cursor{b: c.take(c.u32())}
	h := &header{flags: in.u32()}
	in.u32() // SizeExtra
	h.algID, h.algIDHash, h.keySize = in.u32(), in.u32(), in.u32()
	c.u32() // SaltSize, always 16
	h.salt, h.verifier = c.take(16), c.take(16)
	c.u32() // VerifierHashSize
	h.verifierHash = c.b
	if in.bad || c.bad || len(h.verifierHash) < sha1Digest.size {
		return nil, ErrFormat
	}
	return h, nil
}

const standardSpin = 50_000 // MS-OFFCRYPTO 2.3.4.7

// standard makes the lock of a package with AES (MS-OFFCRYPTO 2.3.4.5).
func (h *header) standard() (*Lock, error) {
	n := h.aesKey()
	switch {
	case h.flags&flagExternal != 0:
		return nil, ErrForeign
	case n == 0 || h.algIDHash != hashSHA1 && h.algIDHash != 0:
		return nil, ErrUnsupported
	case len(h.verifierHash) < 2*aes.BlockSize:
		return nil, ErrFormat
	}
	return newLock(Standard, standardSpin, sha1Digest, func(ctx context.Context, password []byte, _ string) (*Key, error) {
		return h.open(ctx, password, n)
	}), nil
}

// aesKey is the length of the AES key, 0 where it is another algorithm.
func (h *header) aesKey() int {
	switch {
	case h.algID == algAES128, h.algID == 0 && h.flags&flagAES != 0:
		return 16
	case h.algID == algAES192:
		return 24
	case h.algID == algAES256:
		return 32
	}
	return 0
}

// open derives the key (MS-OFFCRYPTO 2.3.4.7) and verifies it (2.3.4.9).
func (h *header) open(ctx context.Context, password []byte, n int) (*Key, error) {
	hn, err := sha1Digest.spun(ctx, h.salt, password, standardSpin)
	if err != nil {
		return nil, err
	}
	final := sha1Digest.of(hn, le32(0))
	key := append(sha1Digest.of(mask(final, 0x36)), sha1Digest.of(mask(final, 0x5C))...)[:n]
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, ErrUnsupported
	}
	plain := append(bytes.Clone(h.verifier), h.verifierHash[:2*aes.BlockSize]...)
	for i := 0; i < len(plain); i += aes.BlockSize {
		block.Decrypt(plain[i:], plain[i:])
	}
	if !bytes.Equal(sha1Digest.of(plain[:16]), plain[16:16+sha1Digest.size]) {
		return nil, ErrPassword
	}
	return &Key{pack: &packageKey{block: block}}, nil
}

// mask is 64 bytes of fill, the first of which are combined with b (MS-OFFCRYPTO 2.3.4.7).
func mask(b []byte, fill byte) []byte {
	out := bytes.Repeat([]byte{fill}, 64)
	for i := range b {
		out[i] ^= b[i]
	}
	return out
}
