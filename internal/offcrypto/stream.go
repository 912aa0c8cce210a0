package offcrypto

import (
	"encoding/binary"
	"io"
)

// ParseFilePass reads the data of a FilePass record (MS-XLS 2.4.117). Before BIFF8 it is an XORObfuscation without a type.
func ParseFilePass(b []byte, biff8 bool) (*Lock, error) {
	if !biff8 {
		return parseXOR(b)
	}
	if len(b) < 2 {
		return nil, ErrFormat
	}
	if binary.LittleEndian.Uint16(b) == 0 { // wEncryptionType, a Boolean
		return parseXOR(b[2:])
	}
	return ParseRC4(b[2:])
}

// Records decrypts the records of one workbook stream.
type Records struct {
	key *Key
	run run
}

// Records begins with a workbook stream.
func (k *Key) Records() *Records {
	return &Records{key: k, run: run{key: k, size: 1024}} // MS-XLS 2.2.10
}

// Records whose data is never encrypted (MS-XLS 2.2.10), and the one of which a field is not.
const (
	recBOF          = 0x0809
	recFilePass     = 0x002F
	recBoundSheet   = 0x0085
	recInterfaceHdr = 0x00E1
	recRRDHead      = 0x0138
	recUsrExcl      = 0x0194
	recFileLock     = 0x0195
	recRRDInfo      = 0x0196

	lbPlyPos = 4 // bytes of the plain field of BoundSheet8
)

// Decrypt decrypts in place the whole data of a record that begins at an offset of the stream.
func (r *Records) Decrypt(id uint16, offset int64, data []byte) {
	size := len(data)
	switch id {
	case recBOF, recFilePass, recInterfaceHdr, recRRDHead, recUsrExcl, recFileLock, recRRDInfo:
		return
	case recBoundSheet:
		n := min(len(data), lbPlyPos)
		data, offset = data[n:], offset+int64(n)
	}
	if r.key.xor != nil {
		r.key.xorRecord(data, offset, size)
	} else if r.key.block != nil {
		r.run.apply(data, offset)
	}
}

// Stream decrypts a stream of a Word document (MS-DOC 2.2.6) from an offset on; bytes before the offset plain are not encrypted.
func (k *Key) Stream(r io.Reader, offset, plain int64) io.Reader {
	return &streamReader{r: r, key: k, run: run{key: k, size: 512}, at: offset, plain: plain}
}

// Object decrypts a persist object of a presentation (MS-PPT 2.3.7) from an offset in it on: it is one block, whose number is its identifier.
func (k *Key) Object(r io.Reader, id uint32, offset int64) io.Reader {
	return &streamReader{r: r, key: k, run: run{key: k, first: id}, at: offset}
}

type streamReader struct {
	r         io.Reader
	key       *Key
	run       run
	at, plain int64
}

func (s *streamReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	b := p[:n]
	if open := min(s.plain-s.at, int64(n)); open > 0 {
		b = b[open:]
	}
	at := s.at + int64(n-len(b))
	if s.key.xor != nil {
		s.key.xorStream(b, at)
	} else if s.key.block != nil {
		s.run.apply(b, at)
	}
	s.at += int64(n)
	return n, err
}
