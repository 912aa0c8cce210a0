package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"time"
)

// method is how a crypt filter encrypts (ISO 32000-2 table 25, CFM).
type method uint8

const (
	plainText method = iota
	methodRC4
	methodAES128
	methodAES256
)

// crypt is the standard security handler (ISO 32000-2 7.6.4).
type crypt struct {
	scheme      string
	known       bool  // a password can open it
	version     int64 // V
	revision    int64 // R
	size        int   // of the key, in bytes
	owner, user []byte
	oe, ue      []byte
	permissions uint32
	id          []byte
	plainMeta   bool // metadata is not encrypted

	streams, strings, files method
	filters                 map[string]method
	key                     []byte // nil while it is locked
}

// Locked reports whether the file needs a password that is not known yet.
func (f *File) Locked() bool { return f.crypt != nil && f.crypt.key == nil }

// Encrypted reports whether anything is encrypted, and how.
func (f *File) Encrypted() (scheme string, encrypted bool) {
	if f.crypt == nil {
		return "", false
	}
	return f.crypt.scheme, true
}

// Openable reports whether a password could open the file: a certificate's key is none.
func (f *File) Openable() bool { return f.crypt != nil && f.crypt.known }

// TryCost is about what one Try takes.
func (f *File) TryCost() time.Duration {
	switch {
	case f.crypt != nil && f.crypt.revision >= 6:
		return 3 * time.Millisecond // 64 rounds and more of AES and SHA-2 over 4 KiB, twice
	case f.crypt != nil && (f.crypt.revision == 3 || f.crypt.revision == 4):
		return 100 * time.Microsecond // 50 rounds of MD5 and 20 of RC4, three times
	}
	return 10 * time.Microsecond
}

// Try tries a password, the user's or the owner's.
func (f *File) Try(password string) bool {
	return f.crypt != nil && f.crypt.known && f.crypt.try(password)
}

// encryption reads the encryption dictionaries and tries the empty password. Where there are several the first that opens counts: a file that was
// changed has the same one in each of its trailers.
func (f *File) encryption() {
	var handlers []*crypt
	for _, t := range f.trailer {
		if c := f.handler(t); c != nil {
			handlers = append(handlers, c)
		}
	}
	for _, c := range handlers {
		if f.crypt == nil || c.known && !f.crypt.known {
			f.crypt = c
		}
		if c.known && c.try("") {
			f.crypt = c
			return
		}
	}
}

// handler reads an encryption dictionary (ISO 32000-2 tables 20 and 21). nil is none.
func (f *File) handler(t trailer) *crypt {
	o := f.resolve(t.encrypt)
	if o.kind != isDict {
		return nil
	}
	number := func(key string) int64 { v := f.resolve(o.get(key)); return v.n }
	text := func(key string) []byte { v := f.resolve(o.get(key)); return []byte(v.text) }
	name := f.resolve(o.get("Filter"))
	c := &crypt{version: number("V"), revision: number("R"), size: keySize(number("Length")), permissions: uint32(number("P")),
		owner: text("O"), user: text("U"), oe: text("OE"), ue: text("UE"), filters: map[string]method{"Identity": plainText}}
	if ids := f.list(t.id); len(ids) > 0 {
		id := f.resolve(ids[0])
		c.id = []byte(id.text)
	}
	for k, v := range o.pairs {
		c.plainMeta = c.plainMeta || k == "EncryptMetadata" && v.kind == isNull && v.text == "false"
	}
	f.methods(c, &o)
	c.settle(name.text)
	return c
}

// keySize is the size of a key in bytes, of a length in bits. Some producers write bytes.
func keySize(length int64) int {
	if length > 0 && length < 40 {
		return int(length)
	}
	return int(min(length, 256) / 8)
}

// methods reads the crypt filters (ISO 32000-2 7.6.6).
func (f *File) methods(c *crypt, o *object) {
	if c.version < 4 {
		c.streams, c.strings, c.files = methodRC4, methodRC4, methodRC4
		return
	}
	table := f.resolve(o.get("CF"))
	for name, v := range table.pairs {
		d := f.resolve(*v)
		cfm := f.resolve(d.get("CFM"))
		switch cfm.text {
		case "V2":
			c.filters[name] = methodRC4
		case "AESV2":
			c.filters[name] = methodAES128
		case "AESV3":
			c.filters[name] = methodAES256
		}
	}
	named := func(key string, def method) method {
		v := f.resolve(o.get(key))
		if m, ok := c.filters[v.text]; ok {
			return m
		}
		return def
	}
	c.streams, c.strings = named("StmF", plainText), named("StrF", plainText)
	c.files = named("EFF", c.streams)
}

// settle checks what the tries rely on.
func (c *crypt) settle(handler string) {
	hash, key := 32, 0 // bytes needed of O and U, and of OE and UE
	switch {
	case c.version == 1 || c.version == 0:
		c.size = 5
	case c.version == 4 || c.size == 0 && c.version < 4:
		c.size = max(c.size, 5)
		if c.version == 4 {
			c.size = 16
		}
	case c.version == 5:
		c.size, hash, key = 32, 48, 32
	}
	c.known = handler == "Standard" && c.version <= 5 && c.version != 3 && c.revision >= 2 && c.revision <= 6 && c.size >= 5 && c.size <= 32 &&
		len(c.owner) >= hash && len(c.user) >= hash && len(c.oe) >= key && len(c.ue) >= key && (c.revision >= 5) == (c.version == 5)
	c.scheme = c.describe(handler)
	if c.known {
		c.owner, c.user = c.owner[:hash], c.user[:hash]
		c.size = min(c.size, 16*(1+key/32))
	}
}

// describe names the strongest cipher for people.
func (c *crypt) describe(handler string) string {
	if handler != "Standard" {
		return fmt.Sprintf("%.40q", handler)
	}
	switch max(c.streams, c.strings, c.files) {
	case methodAES256:
		return "AES 256"
	case methodAES128:
		return "AES 128"
	case methodRC4:
		return fmt.Sprintf("RC4 %d", c.size*8)
	}
	return fmt.Sprintf("V %d R %d", c.version, c.revision)
}

// try makes the key from a password, where it is one.
func (c *crypt) try(password string) bool {
	if c.revision >= 5 {
		c.key = c.newKey([]byte(password))
	} else {
		c.key = c.oldKey(latin(password))
	}
	return c.key != nil
}

// latin is a password in PDFDocEncoding as far as that is Latin-1; what it has not stays UTF-8.
func latin(s string) []byte {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xFF {
			return []byte(s)
		}
		b = append(b, byte(r))
	}
	return b
}

// padding fills a password up (ISO 32000-2 algorithm 2, step a).
const padding = "\x28\xBF\x4E\x5E\x4E\x75\x8A\x41\x64\x00\x4E\x56\xFF\xFA\x01\x08\x2E\x2E\x00\xB6\xD0\x68\x3E\x80\x2F\x0C\xA9\xFE\x64\x53\x69\x7A"

func pad(password []byte) []byte { return append(bytes.Clone(password), padding...)[:32] }

// oldKey is the key of revisions 2 to 4, nil for a wrong password.
func (c *crypt) oldKey(password []byte) []byte {
	if key := c.userKey(pad(password)); c.isUser(key) {
		return key
	}
	if key := c.userKey(c.userOf(pad(password))); c.isUser(key) {
		return key
	}
	return nil
}

// userKey is algorithm 2.
func (c *crypt) userKey(padded []byte) []byte {
	b := append(bytes.Clone(padded), c.owner...)
	b = binary.LittleEndian.AppendUint32(b, c.permissions)
	b = append(b, c.id...)
	if c.revision >= 4 && c.plainMeta {
		b = append(b, 0xFF, 0xFF, 0xFF, 0xFF)
	}
	sum := md5.Sum(b)
	if c.revision >= 3 {
		for range 50 {
			sum = md5.Sum(sum[:c.size])
		}
	}
	return bytes.Clone(sum[:c.size])
}

// isUser is algorithm 6 with 4 and 5.
func (c *crypt) isUser(key []byte) bool {
	if c.revision == 2 {
		return bytes.Equal(arcfour(key, []byte(padding)), c.user)
	}
	sum := md5.Sum(append([]byte(padding), c.id...))
	b := sum[:]
	for i := range 20 {
		b = arcfour(masked(key, byte(i)), b)
	}
	return bytes.Equal(b, c.user[:16])
}

// userOf is the padded user password that an owner password gives: algorithm 7.
func (c *crypt) userOf(padded []byte) []byte {
	sum := md5.Sum(padded)
	if c.revision == 2 {
		return arcfour(sum[:c.size], c.owner)
	}
	for range 50 {
		sum = md5.Sum(sum[:])
	}
	b := c.owner
	for i := 19; i >= 0; i-- {
		b = arcfour(masked(sum[:c.size], byte(i)), b)
	}
	return b
}

// masked is a key with each byte changed by the number of the round (ISO 32000-2 algorithms 5 and 7).
func masked(key []byte, x byte) []byte {
	out := make([]byte, len(key))
	for i, c := range key {
		out[i] = c ^ x
	}
	return out
}

func arcfour(key, b []byte) []byte {
	c, err := rc4.NewCipher(key)
	if err != nil {
		return nil
	}
	out := make([]byte, len(b))
	c.XORKeyStream(out, b)
	return out
}

// newKey is the key of revisions 5 and 6, nil for a wrong password: algorithm 2.A.
func (c *crypt) newKey(password []byte) []byte {
	password = password[:min(len(password), 127)]
	switch {
	case bytes.Equal(c.hash(password, c.user[32:40], nil), c.user[:32]):
		return unwrap(c.hash(password, c.user[40:48], nil), c.ue)
	case bytes.Equal(c.hash(password, c.owner[32:40], c.user), c.owner[:32]):
		return unwrap(c.hash(password, c.owner[40:48], c.user), c.oe)
	}
	return nil
}

// unwrap decrypts UE or OE without padding and with an IV of zeros (ISO 32000-2 algorithm 2.A, steps d and e).
func unwrap(key, b []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil
	}
	out := make([]byte, 32)
	cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(out, b[:32])
	return out
}

const (
	hashRounds    = 64
	hashRoundsMax = 1024 // a round is the last one 9 times in 10 at the latest 250 rounds on
)

// hash is algorithm 2.B; in revision 5 it is SHA-256 alone.
func (c *crypt) hash(password, salt, user []byte) []byte {
	sum := sha256.Sum256(bytes.Join([][]byte{password, salt, user}, nil))
	k := sum[:]
	if c.revision < 6 {
		return k
	}
	for i, last := 0, byte(0); i < hashRounds || int(last) > i-32 && i < hashRoundsMax; i++ {
		b := bytes.Repeat(bytes.Join([][]byte{password, k, user}, nil), 64)
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(b, b)
		k, last = rehash(b), b[len(b)-1]
	}
	return k[:32]
}

// rehash takes the hash that the first 16 bytes choose, as a number modulo 3.
func rehash(b []byte) []byte {
	n := 0
	for _, c := range b[:16] {
		n += int(c)
	}
	switch n % 3 {
	case 0:
		s := sha256.Sum256(b)
		return s[:]
	case 1:
		s := sha512.Sum384(b)
		return s[:]
	}
	s := sha512.Sum512(b)
	return s[:]
}
