package offcrypto

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"strings"
	"time"
)

// digest is a hash algorithm as one call, which costs no allocation.
type digest struct {
	size int
	sum  func(out, in []byte)
}

var (
	md5Digest    = digest{md5.Size, func(out, in []byte) { s := md5.Sum(in); copy(out, s[:]) }}
	sha1Digest   = digest{sha1.Size, func(out, in []byte) { s := sha1.Sum(in); copy(out, s[:]) }}
	sha256Digest = digest{sha256.Size, func(out, in []byte) { s := sha256.Sum256(in); copy(out, s[:]) }}
	sha384Digest = digest{sha512.Size384, func(out, in []byte) { s := sha512.Sum384(in); copy(out, s[:]) }}
	sha512Digest = digest{sha512.Size, func(out, in []byte) { s := sha512.Sum512(in); copy(out, s[:]) }}
)

// cost is what an iteration costs.
func (d digest) cost() time.Duration {
	if d.size > sha256.Size {
		return largeSpin
	}
	return smallSpin
}

// digestOf finds a hash algorithm by its name in agile headers (MS-OFFCRYPTO 2.3.4.10, HashAlgorithm).
func digestOf(name string) (digest, bool) {
	switch strings.ReplaceAll(strings.ToUpper(name), "-", "") {
	case "SHA512":
		return sha512Digest, true
	case "SHA384":
		return sha384Digest, true
	case "SHA256":
		return sha256Digest, true
	case "SHA1":
		return sha1Digest, true
	case "MD5":
		return md5Digest, true
	}
	return digest{}, false
}

// of hashes the parts one after the other.
func (d digest) of(parts ...[]byte) []byte {
	var in []byte
	for _, p := range parts {
		in = append(in, p...)
	}
	out := make([]byte, d.size)
	d.sum(out, in)
	return out
}

// spun is the iterated hash of a password (MS-OFFCRYPTO 2.3.4.7, 2.3.4.11): H(salt + password), then spin times H(iterator + hash).
func (d digest) spun(ctx context.Context, salt, password []byte, spin int) ([]byte, error) {
	buf := make([]byte, 4+d.size)
	copy(buf[4:], d.of(salt, password))
	for i := range spin {
		if i%askEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		binary.LittleEndian.PutUint32(buf, uint32(i))
		d.sum(buf[4:], buf)
	}
	return buf[4:], nil
}

func le32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

// fit cuts b to n bytes or fills it up (MS-OFFCRYPTO 2.3.4.11, 2.3.4.12).
func fit(b []byte, n int) []byte {
	const fill = 0x36
	out := make([]byte, n)
	for i := copy(out, b); i < n; i++ {
		out[i] = fill
	}
	return out
}
