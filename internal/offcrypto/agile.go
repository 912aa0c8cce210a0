package offcrypto

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"encoding/base64"
	"strconv"
	"strings"

	"sekisho/internal/xmlscan"
)

const (
	agileMax      = 1 << 20 // bytes of the header: with the certificates of a department some ten thousand
	encryptorsMax = 4       // MS-OFFCRYPTO 2.3.4.10 allows one that takes a password
	valueMax      = 64 << 10
	infoHead      = 8 // version and flags
)

// InfoMax is how much of a stream EncryptionInfo is needed.
const InfoMax = infoHead + agileMax

// ParseInfo reads a stream EncryptionInfo: Standard (MS-OFFCRYPTO 2.3.4.5), Agile (2.3.4.10), or Extensible, which a provider of its own opens.
func ParseInfo(b []byte) (*Lock, error) {
	c := cursor{b: b}
	major, minor := c.u16(), c.u16()
	switch {
	case c.bad:
		return nil, ErrFormat
	case major == 4 && minor == 4:
		c.u32() // Reserved
		return parseAgile(c.b)
	case major >= 2 && major <= 4 && minor == 2:
		h, err := parseHeader(&c)
		if err != nil {
			return nil, err
		}
		return h.standard()
	case major >= 3 && major <= 4 && minor == 3:
		return nil, ErrForeign
	}
	return nil, ErrForeign
}

// suite is the algorithms and the salt of keyData or of an encryptedKey (MS-OFFCRYPTO 2.3.4.10).
type suite struct {
	hash     digest
	salt     []byte
	keyLen   int
	newBlock func(key []byte) (cipher.Block, error)
	feedback bool // ChainingModeCFB
	err      error
}

// encryptedKey is a password key encryptor.
type encryptedKey struct {
	suite
	spin                   int
	input, value, keyValue []byte
}

// parseAgile reads the XML of an agile header. Names are compared without their name spaces: the elements have names of their own.
func parseAgile(b []byte) (*Lock, error) {
	var data *suite
	var keys []encryptedKey
	foreign := false
	x := xmlscan.New(bytes.NewReader(b[:min(len(b), agileMax)]))
	for kind := x.Next(); kind != xmlscan.EOF; kind = x.Next() {
		switch name := string(x.Name()); {
		case kind != xmlscan.Start:
		case name == "keyData" && data == nil:
			s := parseSuite(x)
			data = &s
		case name == "encryptedKey" && x.Attr("spinCount") == nil:
			foreign = true // a certificate's
		case name == "encryptedKey" && len(keys) < encryptorsMax:
			keys = append(keys, parseKey(x))
		}
	} // whether what was read is enough, the verifier tells
	return agileLock(data, keys, foreign)
}

func agileLock(data *suite, keys []encryptedKey, foreign bool) (*Lock, error) {
	switch {
	case data == nil, len(keys) == 0 && !foreign:
		return nil, ErrFormat
	case len(keys) == 0:
		return nil, ErrForeign
	case data.err != nil:
		return nil, data.err
	}
	spin, dearest := 0, keys[0].hash
	for i := range keys {
		if keys[i].err != nil {
			return nil, keys[i].err
		}
		if keys[i].hash.size > dearest.size {
			dearest = keys[i].hash
		}
		spin = min(spin+keys[i].spin, spinMax+1)
	}
	return newLock(Agile, spin, dearest, func(ctx context.Context, password []byte, _ string) (*Key, error) {
		for i := range keys {
			if k, err := keys[i].open(ctx, password, data); k != nil || err != nil {
				return k, err
			}
		}
		return nil, ErrPassword
	}), nil
}

// parseSuite reads the attributes that keyData and encryptedKey have in common. What is there and makes no sense to us may do so to Office.
func parseSuite(x *xmlscan.Scanner) suite {
	mode := text(x, "cipherChaining")
	s := suite{salt: value(x, "saltValue"), feedback: mode == "ChainingModeCFB"}
	bits, err := strconv.Atoi(text(x, "keyBits"))
	s.keyLen = bits / 8
	var known bool
	s.hash, known = digestOf(text(x, "hashAlgorithm"))
	s.newBlock = blockOf(text(x, "cipherAlgorithm"), s.keyLen)
	if err != nil || len(s.salt) == 0 || !known || s.newBlock == nil || mode != "ChainingModeCBC" && !s.feedback {
		s.err = ErrUnsupported
	}
	return s
}

// blockOf finds a cipher that takes keys of n bytes, nil where there is none.
func blockOf(name string, n int) func([]byte) (cipher.Block, error) {
	switch {
	case name == "AES" && (n == 16 || n == 24 || n == 32):
		return aes.NewCipher
	case name == "DES" && n == 8:
		return des.NewCipher
	case (name == "3DES" || name == "3DES_112") && (n == 16 || n == 24):
		return func(key []byte) (cipher.Block, error) {
			return des.NewTripleDESCipher(append(bytes.Clone(key), key...)[:24]) // two keys: the first is the third too
		}
	}
	return nil
}

func parseKey(x *xmlscan.Scanner) encryptedKey {
	k := encryptedKey{suite: parseSuite(x)}
	k.input, k.value, k.keyValue = value(x, "encryptedVerifierHashInput"), value(x, "encryptedVerifierHashValue"), value(x, "encryptedKeyValue")
	spin, err := strconv.Atoi(text(x, "spinCount"))
	if k.spin = spin; err != nil || spin < 0 {
		k.spin = spinMax + 1
	}
	if k.err == nil && (len(k.input) == 0 || len(k.value) < k.hash.size || len(k.keyValue) == 0) {
		k.err = ErrFormat // nothing that a password could be compared with
	}
	return k
}

// text is an attribute's value without the blanks around it, which XML Schema leaves out of numbers and names.
func text(x *xmlscan.Scanner, name string) string { return string(bytes.TrimSpace(x.Attr(name))) }

// value decodes an attribute in base64, with or without padding and blanks; nil where it is none.
func value(x *xmlscan.Scanner, name string) []byte {
	s := strings.TrimRight(strings.Join(strings.Fields(text(x, name)), ""), "=")
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil || len(b) > valueMax {
		return nil
	}
	return b
}

// The block keys of MS-OFFCRYPTO 2.3.4.11.
var (
	blockInput = []byte{0xFE, 0xA7, 0xD2, 0x76, 0x3B, 0x4B, 0x9E, 0x79}
	blockValue = []byte{0xD7, 0xAA, 0x0F, 0x6D, 0x30, 0x61, 0x34, 0x4E}
	blockKey   = []byte{0x14, 0x6E, 0x0B, 0xE7, 0xAB, 0xAC, 0xD0, 0xD6}
)

// open verifies a password (MS-OFFCRYPTO 2.3.4.13). The hash is compared in its algorithm's length, whatever hashSize says. Without a key and an error
// the password is wrong.
func (k *encryptedKey) open(ctx context.Context, password []byte, data *suite) (*Key, error) {
	hn, err := k.hash.spun(ctx, k.salt, password, k.spin)
	if err != nil {
		return nil, err
	}
	input, ok1 := k.unwrap(hn, blockInput, k.input)
	want, ok2 := k.unwrap(hn, blockValue, k.value)
	secret, ok3 := k.unwrap(hn, blockKey, k.keyValue)
	if !ok1 || !ok2 || !ok3 || len(want) < k.hash.size || len(secret) < data.keyLen {
		return nil, nil
	}
	input = input[:min(len(input), len(k.salt))] // 2.3.4.13: as many random bytes as the salt has
	if !bytes.Equal(k.hash.of(input), want[:k.hash.size]) {
		return nil, nil
	}
	block, err := data.newBlock(secret[:data.keyLen])
	if err != nil {
		return nil, ErrUnsupported
	}
	return &Key{pack: &packageKey{block: block, suite: data}}, nil
}

// unwrap decrypts one of the three values with a key of its own; the salt is the initialization vector.
func (s *suite) unwrap(hn, blockKey, b []byte) ([]byte, bool) {
	block, err := s.newBlock(fit(s.hash.of(hn, blockKey), s.keyLen))
	if err != nil || len(b)%block.BlockSize() != 0 {
		return nil, false
	}
	out := bytes.Clone(b)
	s.decrypt(block, fit(s.salt, block.BlockSize()), out)
	return out, true
}

// decrypt decrypts whole blocks in place.
func (s *suite) decrypt(block cipher.Block, iv, b []byte) {
	if !s.feedback {
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(b, b)
		return
	}
	reg, pad := bytes.Clone(iv), make([]byte, len(iv))
	for i, c := range b { // cipher feedback of eight bits, as CNG does it
		block.Encrypt(pad, reg)
		b[i] = c ^ pad[0]
		copy(reg, reg[1:])
		reg[len(reg)-1] = c
	}
}
