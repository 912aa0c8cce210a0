package offcrypto

import (
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"io"
)

// packageKey decrypts a stream EncryptedPackage.
type packageKey struct {
	block cipher.Block
	suite *suite // of agile encryption, nil for standard
}

const (
	segment  = 4096 // MS-OFFCRYPTO 2.3.4.15
	sizeHead = 8    // 2.3.4.4, StreamSize
)

// Package decrypts a stream EncryptedPackage of length bytes (MS-OFFCRYPTO 2.3.4.4). Its StreamSize counts where it tells only the padding of the last
// block; where it tells anything else, plausible is false and all there is comes out.
func (k *Key) Package(r io.Reader, length int64) (plain io.Reader, plausible bool, err error) {
	if k.pack == nil {
		return nil, false, ErrUnsupported
	}
	var head [sizeHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, false, err
	}
	said, have := binary.LittleEndian.Uint64(head[:]), uint64(max(0, length-sizeHead))
	p := &packageReader{r: r, key: k.pack, buf: make([]byte, segment)}
	if said > have || have-said > segment { // programs write up to a segment more
		return p, false, nil
	}
	return io.LimitReader(p, int64(said)), true, nil
}

// packageReader decrypts segment by segment.
type packageReader struct {
	r    io.Reader
	key  *packageKey
	buf  []byte
	rest []byte // of buf, decrypted
	n    uint32
	err  error
}

func (p *packageReader) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		p.next()
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// next reads and decrypts a segment. The last one is whole blocks; bytes behind them are nobody's.
func (p *packageReader) next() {
	n, err := io.ReadFull(p.r, p.buf)
	if p.err = err; errors.Is(err, io.ErrUnexpectedEOF) {
		p.err = io.EOF
	}
	p.rest = p.buf[:n-n%p.key.block.BlockSize()]
	p.key.decrypt(p.n, p.rest)
	p.n++
}

// decrypt decrypts a segment in place: each has an initialization vector of its own (MS-OFFCRYPTO 2.3.4.12), in standard encryption each block stands
// for itself (2.3.4.7).
func (k *packageKey) decrypt(n uint32, b []byte) {
	size := k.block.BlockSize()
	if k.suite != nil {
		k.suite.decrypt(k.block, fit(k.suite.hash.of(k.suite.salt, le32(n)), size), b)
		return
	}
	for ; len(b) > 0; b = b[size:] {
		k.block.Decrypt(b, b)
	}
}
