package offcrypto

import (
	"bytes"
	"crypto/aes"
	"crypto/des"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"sekisho/internal/fixture"
)

func TestCursorStaysAtItsEnd(t *testing.T) {
	c := cursor{b: []byte{1, 0, 2, 0, 0, 0, 9}}
	if c.u16() != 1 || c.u32() != 2 || c.bad {
		t.Fatalf("%+v", c)
	}
	if c.u32() != 0 || !c.bad || c.u16() != 0 || c.take(0) != nil {
		t.Errorf("%+v", c)
	}
	huge := cursor{b: make([]byte, 8)}
	if huge.take(1<<32-1) != nil || !huge.bad {
		t.Error("a length beyond the bytes was believed")
	}
}

// Algorithms go by their names in XML, with and without the hyphen.
func TestDigestsByName(t *testing.T) {
	for name, size := range map[string]int{"SHA1": 20, "SHA-1": 20, "sha256": 32, "SHA-256": 32, "SHA384": 48, "SHA512": 64, "SHA-512": 64, "MD5": 16} {
		d, ok := digestOf(name)
		if !ok || d.size != size || len(d.of([]byte("x"))) != size {
			t.Errorf("%s: %d, %v", name, d.size, ok)
		}
	}
	for _, name := range []string{"", "MD4", "RIPEMD-160", "WHIRLPOOL", "SHA3"} {
		if _, ok := digestOf(name); ok {
			t.Errorf("%q is known", name)
		}
	}
}

// Published digests of "abc" (FIPS 180-4, RFC 1321), in one part or in several.
func TestDigestsOfParts(t *testing.T) {
	for name, want := range map[string]string{
		"MD5": "900150983cd24fb0d6963f7d28e17f72", "SHA1": "a9993e364706816aba3e25717850c26c9cd0d89d", "SHA256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	} {
		d, _ := digestOf(name)
		for _, parts := range [][][]byte{{[]byte("abc")}, {[]byte("a"), nil, []byte("bc")}} {
			if got := hex.EncodeToString(d.of(parts...)); got != want {
				t.Errorf("%s of %q: %s", name, parts, got)
			}
		}
	}
}

func TestKeysAreCutOrFilled(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{{"abcd", 2, "ab"}, {"abcd", 4, "abcd"}, {"ab", 4, "ab66"}, {"", 3, "666"}, {"ab", 0, ""}} { // 0x36 is "6"
		if got := string(fit([]byte(tt.in), tt.n)); got != tt.want {
			t.Errorf("%q to %d: %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
	if m := mask([]byte{0x36, 0x37}, 0x36); len(m) != 64 || m[0] != 0 || m[1] != 1 || m[2] != 0x36 {
		t.Errorf("% x", m[:4])
	}
}

func TestCiphersByNameAndKey(t *testing.T) {
	for name, sizes := range map[string][]int{"AES": {16, 24, 32}, "DES": {8}, "3DES": {16, 24}, "3DES_112": {16, 24}, "RC2": nil, "RC4": nil, "": nil, "aes": nil} {
		for n := range 64 {
			want := bytes.IndexByte(sizesOf(sizes), byte(n)) >= 0
			make := blockOf(name, n)
			if (make != nil) != want {
				t.Errorf("%q with %d bytes: %v", name, n, make != nil)
				continue
			}
			if make == nil {
				continue
			}
			if b, err := make(bytes.Repeat([]byte{7}, n)); err != nil || b.BlockSize() != des.BlockSize && b.BlockSize() != aes.BlockSize {
				t.Errorf("%q with %d bytes: %v", name, n, err)
			}
		}
	}
}

func sizesOf(list []int) (b []byte) {
	for _, n := range list {
		b = append(b, byte(n))
	}
	return b
}

// Feedback of eight bits (NIST SP 800-38A 6.3): F.3.7's vector of AES-128.
func TestCipherFeedback(t *testing.T) {
	key, iv := unhex(t, "2b7e151628aed2a6abf7158809cf4f3c"), unhex(t, "000102030405060708090a0b0c0d0e0f")
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	got := unhex(t, "3b79424c9c0dd436bace9e0ed4586a4f32b9")
	(&suite{feedback: true}).decrypt(block, iv, got)
	if want := unhex(t, "6bc1bee22e409f96e93d7e117393172aae2d"); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

// The password is UTF-16 without a terminator, for all schemes but XOR.
func TestPasswordsAsUTF16(t *testing.T) {
	for in, want := range map[string]string{"": "", "ab": "61006200", "犬": "ac72", "😀": "3dd800de", "\xFF": "fdff"} {
		if got := hex.EncodeToString(utf16le(in)); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

// A FilePass of before BIFF8 is an XORObfuscation without a type.
func TestFilePassBeforeBIFF8(t *testing.T) {
	for _, tt := range []struct {
		data  []byte
		biff8 bool
	}{{[]byte{0x59, 0xB3, 0x0A, 0x9A}, false}, {[]byte{0, 0, 0x59, 0xB3, 0x0A, 0x9A}, true}} { // key, verifier
		l, err := ParseFilePass(tt.data, tt.biff8)
		if err != nil {
			t.Fatal(err)
		}
		open(t, l, fixture.VelvetSweatshop)
		if _, err := l.Open(t.Context(), "velvetsweatshop"); !errors.Is(err, ErrPassword) {
			t.Errorf("another case: %v", err)
		}
	}
	for n := range 4 {
		if _, err := ParseFilePass(make([]byte, n), false); !errors.Is(err, ErrFormat) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// The longest password of XOR is fifteen characters; programs cut longer ones.
func TestLongPasswordsOfXORAreCut(t *testing.T) {
	p := []byte("123456789012345")
	l := ParseWordXOR(uint32(xorKey(p))<<16 | uint32(xorVerifier(p)))
	open(t, l, "123456789012345")
	open(t, l, "123456789012345678")
	if _, err := l.Open(t.Context(), "12345678901234"); !errors.Is(err, ErrPassword) {
		t.Error(err)
	}
	if _, err := l.Open(t.Context(), ""); !errors.Is(err, ErrPassword) {
		t.Error(err)
	}
}

// Records that stay in clear text do so under every scheme, as does the place in the sheet list (MS-XLS 2.2.10).
func TestRecordsThatStayInClear(t *testing.T) {
	for _, c := range binaries {
		l, err := ParseFilePass(c.FilePass().Data, true)
		if err != nil {
			t.Fatal(err)
		}
		r := open(t, l, c.Password).Records()
		for _, id := range []uint16{recBOF, recFilePass, recInterfaceHdr, recRRDHead, recUsrExcl, recFileLock, recRRDInfo} {
			b := []byte("in clear")
			if r.Decrypt(id, 100, b); string(b) != "in clear" {
				t.Errorf("%s: record %#x", c.Scheme, id)
			}
		}
		b := []byte("abcdefgh")
		if r.Decrypt(recBoundSheet, 100, b); string(b[:4]) != "abcd" || string(b[4:]) == "efgh" {
			t.Errorf("%s: BoundSheet8 %q", c.Scheme, b)
		}
		short := []byte("abc")
		if r.Decrypt(recBoundSheet, 100, short); string(short) != "abc" {
			t.Errorf("%s: a short BoundSheet8 %q", c.Scheme, short)
		}
	}
}

// A key that opens records is none of a package, and the other way round nothing changes.
func TestKeysOfAnotherKind(t *testing.T) {
	k := open(t, lockOf(t, fixture.Crypt{Scheme: Agile, Password: "x"}), "x")
	b := []byte("untouched")
	k.Records().Decrypt(0x0006, 0, b)
	if got, err := io.ReadAll(k.Stream(bytes.NewReader(b), 0, 0)); string(b) != "untouched" || string(got) != "untouched" || err != nil {
		t.Errorf("%q, %q, %v", b, got, err)
	}
}

func TestErrorsOfThePackagesReader(t *testing.T) {
	k := open(t, lockOf(t, fixture.Crypt{Scheme: Standard, Password: "x"}), "x")
	broken := errors.New("broken")
	for _, n := range []int{0, 7, 8, 100, 5000} {
		data := binary.LittleEndian.AppendUint64(nil, 9000)
		data = append(data, make([]byte, 9000)...)
		r, _, err := k.Package(io.MultiReader(bytes.NewReader(data[:n]), iotest.ErrReader(broken)), int64(len(data)))
		if err == nil {
			_, err = io.ReadAll(r)
		}
		if !errors.Is(err, broken) {
			t.Errorf("behind %d bytes: %v", n, err)
		}
	}
}

// What is read in pieces of any size is the same.
func TestPackagesInPieces(t *testing.T) {
	c := fixture.Crypt{Scheme: Agile, Password: "x"}
	k := open(t, lockOf(t, c), "x")
	want := noise(9000)
	enc := c.EncryptedPackage(want)
	for name, r := range map[string]io.Reader{"one byte": iotest.OneByteReader(bytes.NewReader(enc)), "error with data": iotest.DataErrReader(bytes.NewReader(enc))} {
		plain, _, err := k.Package(r, int64(len(enc)))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(iotest.OneByteReader(plain)); !bytes.Equal(got, want) || err != nil {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

// Standard headers by their algorithms (MS-OFFCRYPTO 2.3.2): what is not told follows from the flags.
func TestAlgorithmsOfStandardHeaders(t *testing.T) {
	for _, tt := range []struct {
		alg, hash uint32
		want      error
	}{{algAES128, hashSHA1, nil}, {0, hashSHA1, nil}, {algAES128, 0, nil}, {algRC4, hashSHA1, ErrUnsupported}, {algAES128, 0x8003, ErrUnsupported}, {0x6603, hashSHA1, ErrUnsupported}} {
		b := fixture.Crypt{Scheme: Standard, Password: "x", KeyBits: 128}.Info()
		binary.LittleEndian.PutUint32(b[20:], tt.alg)
		binary.LittleEndian.PutUint32(b[24:], tt.hash)
		l, err := ParseInfo(b)
		if !errors.Is(err, tt.want) {
			t.Errorf("%#x, %#x: %v", tt.alg, tt.hash, err)
			continue
		}
		if err == nil {
			open(t, l, "x")
		}
	}
}

// Versions 2.2 to 4.2 are one format; the first number tells the program that wrote it.
func TestVersionsOfHeaders(t *testing.T) {
	for major := range uint16(6) {
		b := fixture.Crypt{Scheme: CryptoAPI, Password: "x"}.RC4Header()
		binary.LittleEndian.PutUint16(b, major)
		l, err := ParseRC4(b)
		if ok := major >= 2 && major <= 4; ok != (err == nil) {
			t.Errorf("RC4 %d.2: %v", major, err)
		}
		if err == nil {
			open(t, l, "x")
		}
		info := fixture.Crypt{Scheme: Standard, Password: "x"}.Info()
		binary.LittleEndian.PutUint16(info, major)
		if _, err := ParseInfo(info); (major >= 2 && major <= 4) != (err == nil) {
			t.Errorf("standard %d.2: %v", major, err)
		}
	}
}

// No header may be cut without a word: each prefix is damaged.
func TestHeadersThatAreCut(t *testing.T) {
	rc4, standard := fixture.Crypt{Scheme: CryptoAPI, Password: "x"}.RC4Header(), fixture.Crypt{Scheme: Standard, Password: "x"}.Info()
	for n := range len(rc4) {
		if _, err := ParseRC4(rc4[:n]); !errors.Is(err, ErrFormat) {
			t.Errorf("RC4, %d bytes: %v", n, err)
		}
	}
	for n := range len(standard) {
		if _, err := ParseInfo(standard[:n]); !errors.Is(err, ErrFormat) {
			t.Errorf("standard, %d bytes: %v", n, err)
		}
	}
}

// An element that is there twice counts once, and those that Office does not know say nothing.
func TestAgileHeadersWithMoreThanTheyNeed(t *testing.T) {
	one := string(fixture.Crypt{Scheme: Agile, Password: "x"}.Info())
	for name, info := range map[string]string{
		"a second keyData": strings.Replace(one, "<keyEncryptors", `<keyData keyBits="7"/><keyEncryptors`, 1), "dataIntegrity": strings.Replace(one, "<keyEncryptors", `<dataIntegrity/><keyEncryptors`, 1),
		"a certificate before": strings.Replace(one, "<p:encryptedKey", `<c:encryptedKey X509Certificate="x"/><p:encryptedKey`, 1), "text behind": one + strings.Repeat(" ", 100),
	} {
		l, err := ParseInfo([]byte(info))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		open(t, l, "x")
	}
}
