// Package offcrypto opens encrypted Office documents ([MS-OFFCRYPTO]): XOR obfuscation (2.3.7), Office binary RC4 (2.3.6), RC4 CryptoAPI (2.3.5),
// Standard and Agile encryption of packages (2.3.4). A Parse function reads what a document says about its password into a [Lock]; [Lock.Open]
// tries a password on it, and the [Key] it gives turns the document's bytes into plain ones: records of workbooks, streams of Word documents,
// objects of presentations, packages.
//
// A password is right when the document's own verifier says so, in its full length, and never by what the decrypted bytes look like.
//
// # Limits
//
//   - Hash iterations of one try: 1,000,000; more is [ErrCost]. Office itself asks for 50,000 or 100,000. How many tries are worth it, who tries
//     decides by [Lock.Cost].
//   - An agile header: 1 MiB, four password key encryptors, salts and verifiers of 64 KiB.
//   - No length in a document is believed beyond the bytes that are there; a package is decrypted as a stream.
//   - Certificates, rights management and third-party providers (2.2, 2.3.4.14, 2.3.4.3), RC2 and DESX are not opened: [ErrUnsupported] or [ErrForeign].
package offcrypto

import (
	"context"
	"encoding/binary"
	"errors"
	"time"
	"unicode/utf16"
)

// The schemes.
const (
	XOR       = "xor"
	RC4       = "rc4"
	CryptoAPI = "rc4-cryptoapi"
	Standard  = "standard"
	Agile     = "agile"
)

// What can keep a document closed.
var (
	ErrPassword    = errors.New("offcrypto: wrong password")
	ErrCost        = errors.New("offcrypto: too many hash iterations")
	ErrUnsupported = errors.New("offcrypto: unsupported algorithm") // Office may know it
	ErrForeign     = errors.New("offcrypto: no password opens it")  // but a key, another program, or nothing at all
	ErrFormat      = errors.New("offcrypto: damaged encryption header")
)

const (
	spinMax  = 1_000_000 // ten times what Office writes; half a second of SHA-512
	askEvery = 1 << 14   // iterations between looks at the context: some milliseconds
)

// What a try costs, measured on a processor of 2023 without contention. It is an estimate, the same everywhere.
const (
	tryCost   = 3 * time.Microsecond  // without iterations: a hash, a key schedule, a verifier
	smallSpin = 100 * time.Nanosecond // an iteration of SHA-1, SHA-256 or MD5
	largeSpin = 250 * time.Nanosecond // of SHA-384 or SHA-512
)

// Lock is what a document says about its password.
type Lock struct {
	Scheme string
	spin   int           // hash iterations of one try
	each   time.Duration // what one of them costs
	try    func(ctx context.Context, password []byte, text string) (*Key, error)
}

func newLock(scheme string, spin int, hash digest, try func(context.Context, []byte, string) (*Key, error)) *Lock {
	return &Lock{Scheme: scheme, spin: spin, each: hash.cost(), try: try}
}

// Cost is the processor time of one try.
func (l *Lock) Cost() time.Duration { return tryCost + time.Duration(l.spin)*l.each }

// Open tries a password. The error is ErrPassword, ErrCost, or the context's.
func (l *Lock) Open(ctx context.Context, password string) (*Key, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.spin > spinMax {
		return nil, ErrCost
	}
	b := utf16le(password)
	if len(b) > 2*passwordMax {
		return nil, ErrPassword
	}
	return l.try(ctx, b, password)
}

const passwordMax = 255 // MS-OFFCRYPTO 2.3.5.2, 2.3.4.7: the most characters

// Key opens what a Lock closes.
type Key struct {
	xor   *[16]byte                 // XOR obfuscation
	word  bool                      // its method 2
	block func(block uint32) []byte // the RC4 key of a block
	pack  *packageKey
}

// utf16le is the password as all schemes but XOR take it: without a terminator.
func utf16le(s string) []byte {
	u := utf16.Encode([]rune(s))
	b := make([]byte, 0, 2*len(u))
	for _, v := range u {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	return b
}

// cursor reads a header's fields and stays at its end when there is too little.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n uint32) []byte {
	if c.bad || uint64(n) > uint64(len(c.b)) {
		c.bad = true
		return nil
	}
	v := c.b[:n]
	c.b = c.b[n:]
	return v
}

func (c *cursor) u16() uint16 {
	if v := c.take(2); v != nil {
		return binary.LittleEndian.Uint16(v)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if v := c.take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}
