package zipinspect

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"time"
)

// WinZip's AE-1 and AE-2 ("AES Encryption Information: Encryption Specification AE-1 and AE-2", version 1.04; APPNOTE Appendix E).
const (
	aesRounds   = 1000 // of PBKDF2 with HMAC-SHA1
	aesVerifier = 2    // bytes of the key that tell a wrong password
	ae1         = 1    // the version that keeps the CRC
	aesTag      = 10   // bytes of the HMAC-SHA1 behind the data
)

// aesInfo is extra field 0x9901.
type aesInfo struct {
	version  byte // 2: AE-2, which has no CRC
	strength byte // 1, 2, 3: AES-128, AES-192, AES-256; 0: no AES
}

// keyLen is the length of the cipher's key; that of the tag's key is the same, that of the salt half of it.
func (a aesInfo) keyLen() int { return 8 + 8*int(a.strength) }

// overhead is what stands around the data: salt, verifier, tag.
func (a aesInfo) overhead() int64 { return int64(a.keyLen()/2 + aesVerifier + aesTag) }

// cost counts the blocks of SHA-1 that PBKDF2 makes of the whole key: each takes two compressions a round.
func (a aesInfo) cost() time.Duration {
	const compression = 180 * time.Nanosecond
	blocks := (2*a.keyLen() + aesVerifier + sha1.Size - 1) / sha1.Size
	return time.Duration(blocks) * aesRounds * 2 * compression
}

// aesKey is what a password and a salt make. Archives of some programs use one salt for all entries.
type aesKey struct {
	pw, salt string
	strength byte
	key      []byte
}

// key derives the keys of cipher and tag and the verifier, or takes those of the last time.
func (a *Archive) key(pw, salt []byte, info aesInfo) ([]byte, error) {
	if k := &a.lastKey; k.key != nil && k.pw == string(pw) && k.salt == string(salt) && k.strength == info.strength {
		return k.key, nil
	}
	key, err := pbkdf2.Key(sha1.New, string(pw), salt, aesRounds, 2*info.keyLen()+aesVerifier)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	a.lastKey = aesKey{string(pw), string(salt), info.strength, key}
	return key, nil
}

// unlockAES checks pw by the verifier, then by the tag over all of the data, so that what opens is the entry's content.
func (e *Entry) unlockAES(pw []byte) (body, error) {
	n := e.aes.keyLen()
	if e.head == nil {
		head := make([]byte, n/2+aesVerifier)
		if got, err := e.archive.r.ReadAt(head, e.DataOffset); got < len(head) {
			return body{}, cut(err)
		}
		e.head = head
	}
	key, err := e.archive.key(pw, e.head[:n/2], e.aes)
	switch {
	case err != nil:
		return body{}, err
	case subtle.ConstantTimeCompare(key[2*n:], e.head[n/2:]) != 1:
		return body{}, ErrPassword
	}
	b := body{from: e.DataOffset + int64(len(e.head)), size: e.Compressed - e.aes.overhead(), tagged: true}
	if err := e.authentic(key[n:2*n], b); err != nil {
		return body{}, err
	}
	block, err := aes.NewCipher(key[:n])
	if err != nil {
		return body{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	b.decrypt = func(r io.Reader) io.Reader { return newAESReader(r, block) }
	return b, nil
}

// cut is the error of a read that got too little.
func cut(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// authentic compares the tag behind the data. The last entry's keys and place are remembered: opening it again costs no second reading.
func (e *Entry) authentic(key []byte, b body) error {
	if e.tagged == string(key) {
		return nil
	}
	mac := hmac.New(sha1.New, key)
	if n, err := io.Copy(mac, io.NewSectionReader(e.archive.r, b.from, b.size)); err != nil || n < b.size {
		return cut(err)
	}
	tag := make([]byte, aesTag)
	if n, err := e.archive.r.ReadAt(tag, b.from+b.size); n < len(tag) {
		return cut(err)
	}
	if subtle.ConstantTimeCompare(mac.Sum(nil)[:aesTag], tag) != 1 {
		return ErrPassword
	}
	e.tagged = string(key)
	return nil
}

// aesReader is CTR with a little-endian counter from 1, which crypto/cipher does not have.
type aesReader struct {
	r       io.Reader
	block   cipher.Block
	counter [aes.BlockSize]byte
	stream  [aes.BlockSize]byte
	used    int // of stream
}

func newAESReader(r io.Reader, block cipher.Block) *aesReader {
	return &aesReader{r: r, block: block, used: aes.BlockSize}
}

func (a *aesReader) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	for done := 0; done < n; {
		if a.used == aes.BlockSize {
			a.next()
		}
		k := subtle.XORBytes(p[done:n], p[done:n], a.stream[a.used:])
		done, a.used = done+k, a.used+k
	}
	return n, err
}

func (a *aesReader) next() {
	for i := range a.counter {
		if a.counter[i]++; a.counter[i] != 0 {
			break
		}
	}
	a.block.Encrypt(a.stream[:], a.counter[:])
	a.used = 0
}
