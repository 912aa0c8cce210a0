package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rc4"
	"io"
)

// objectKey is the key of one object: algorithm 1, step b, and 1.A.
func (c *crypt) objectKey(m method, num, gen int64) []byte {
	if m == methodAES256 {
		return c.key
	}
	b := append(bytes.Clone(c.key), byte(num), byte(num>>8), byte(num>>16), byte(gen), byte(gen>>8))
	if m == methodAES128 {
		b = append(b, "sAlT"...)
	}
	sum := md5.Sum(b)
	return sum[:min(len(c.key)+5, 16)]
}

// text decrypts a string.
func (c *crypt) text(b []byte, num, gen int64) []byte {
	if c.key == nil || c.strings == plainText {
		return b
	}
	out, err := io.ReadAll(c.decrypter(bytes.NewReader(b), c.strings, num, gen))
	if err != nil {
		return nil
	}
	return out
}

// reader decrypts a stream.
func (c *crypt) reader(r io.Reader, s *stream, m method) io.Reader {
	if c.key == nil || m == plainText {
		return r
	}
	return c.decrypter(r, m, s.num, s.gen)
}

// decrypter undoes a method with the object's key (ISO 32000-2 algorithm 1 and 1.A).
func (c *crypt) decrypter(r io.Reader, m method, num, gen int64) io.Reader {
	key := c.objectKey(m, num, gen)
	if m == methodRC4 {
		if k, err := rc4.NewCipher(key); err == nil {
			return cipher.StreamReader{S: k, R: r}
		}
		return bytes.NewReader(nil)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return bytes.NewReader(nil)
	}
	return &chained{in: r, block: block}
}

// cryptFilter is how a stream is encrypted: by its own Crypt filter, as an embedded file, as metadata, or as all streams are.
func (f *File) cryptFilter(s *stream, names []string, params []object) method {
	c := f.crypt
	for i, n := range names {
		if n == "Crypt" { // ISO 32000-2 7.4.10: Identity where none is named
			name := params[i].get("Name")
			return c.filters[name.text]
		}
	}
	switch {
	case s.dict.is("Type", "EmbeddedFile"):
		return c.files
	case c.plainMeta && s.dict.is("Type", "Metadata"):
		return plainText
	}
	return c.streams
}

// chained decrypts AES in CBC mode: an initialization vector comes first, and the last block is padded (ISO 32000-2 7.6.3.1).
type chained struct {
	in    io.Reader
	block cipher.Block
	mode  cipher.BlockMode
	buf   [4096]byte
	held  []byte // decrypted, but for its last block until more follows
	out   []byte
	err   error
}

func (c *chained) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		c.fill()
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

// fill decrypts the next blocks. The last block decrypted is held until it is known whether it is the end.
func (c *chained) fill() {
	if c.mode == nil {
		iv := c.buf[:aes.BlockSize]
		if _, c.err = io.ReadFull(c.in, iv); c.err != nil {
			c.err = ended(c.err)
			return
		}
		c.mode = cipher.NewCBCDecrypter(c.block, iv)
	}
	n, err := io.ReadFull(c.in, c.buf[:])
	b := bytes.Clone(c.buf[:n-n%aes.BlockSize])
	c.mode.CryptBlocks(b, b)
	b = append(c.held, b...)
	if err != nil {
		c.err = ended(err)
		c.out, c.held = unpad(b), nil
		return
	}
	keep := len(b) - aes.BlockSize
	c.out, c.held = b[:keep:keep], bytes.Clone(b[keep:])
}

func ended(err error) error {
	if err == io.ErrUnexpectedEOF {
		return io.EOF
	}
	return err
}

// unpad takes the padding off where it is right (RFC 8018 6.1.1, step 4); programs leave a wrong one.
func unpad(b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	n := int(b[len(b)-1])
	if n == 0 || n > aes.BlockSize || n > len(b) {
		return b
	}
	return b[:len(b)-n]
}
