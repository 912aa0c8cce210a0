package offcrypto

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"sekisho/internal/fixture"
)

func agileWith(old, with string) []byte {
	info := string(fixture.Crypt{Scheme: Agile, Password: "x"}.Info())
	if !strings.Contains(info, old) {
		panic(old)
	}
	return []byte(strings.ReplaceAll(info, old, with))
}

func TestEveryDamagedVerifierKeepsTheDocumentClosed(t *testing.T) {
	for _, c := range binaries {
		pass := c.FilePass().Data
		first := 2
		if c.Scheme == CryptoAPI {
			first = len(pass) - 56 // salt, verifier, size, hash
		}
		for i := first; i < len(pass); i++ {
			b := bytes.Clone(pass)
			b[i] ^= 0x40
			l, err := ParseFilePass(b, true)
			if err != nil {
				continue
			}
			if c.Scheme == CryptoAPI && i >= len(pass)-24 && i < len(pass)-20 {
				continue // VerifierHashSize, which is always 20
			}
			if _, err := l.Open(t.Context(), c.Password); !errors.Is(err, ErrPassword) {
				t.Errorf("%v: byte %d: %v", c, i, err)
			}
		}
	}
}

func TestDamagedPackageVerifiersKeepThePackageClosed(t *testing.T) {
	c := fixture.Crypt{Scheme: Standard, Password: "x"}
	b := c.Info()
	b[len(b)-40] ^= 1
	l, err := ParseInfo(b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Open(t.Context(), "x"); !errors.Is(err, ErrPassword) {
		t.Errorf("standard: %v", err)
	}
	for _, name := range []string{"encryptedVerifierHashInput", "encryptedVerifierHashValue"} {
		info := agileWith(name+`="`, name+`="AAAA`)
		if l, err := ParseInfo(info); err == nil {
			if _, err := l.Open(t.Context(), "x"); !errors.Is(err, ErrPassword) {
				t.Errorf("agile, %s: %v", name, err)
			}
		}
	}
}

func TestHeadersMayBeWrittenInOtherWays(t *testing.T) {
	info := agileWith(`keyBits="256"`, `keyBits = ' 256 '`)
	for name, b := range map[string][]byte{
		"blanks":          info,
		"base64 in lines": bytes.ReplaceAll(info, []byte(`Value="`), []byte("Value=\"&#10;\t ")),
		"no padding":      bytes.ReplaceAll(info, []byte(`=="`), []byte(`"`)),
		"UTF-8 mark":      append(append(bytes.Clone(info[:8]), "\xEF\xBB\xBF"...), info[8:]...),
	} {
		l, err := ParseInfo(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		open(t, l, "x")
	}
}

func TestALyingHashSizeDoesNotWeakenTheVerifier(t *testing.T) {
	l, err := ParseInfo(agileWith(`hashSize="64"`, `hashSize="0"`))
	if err != nil {
		t.Fatal(err)
	}
	open(t, l, "x")
	if _, err := l.Open(t.Context(), "y"); !errors.Is(err, ErrPassword) {
		t.Errorf("wrong password: %v", err)
	}
}

func TestHeadersThatNoPasswordOpens(t *testing.T) {
	le := func(major, minor uint16) []byte {
		return binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, major), minor)
	}
	external := fixture.Crypt{Scheme: Standard, Password: "x"}.Info()
	external[12] |= flagExternal
	rc4InPackage := fixture.Crypt{Scheme: Standard, Password: "x"}.Info()
	binary.LittleEndian.PutUint32(rc4InPackage[20:], algRC4)
	for name, tc := range map[string]struct {
		info []byte
		want error
	}{
		"nothing":                {nil, ErrFormat},
		"extensible":             {le(4, 3), ErrForeign},
		"unknown version":        {le(9, 9), ErrForeign},
		"external provider":      {external, ErrForeign},
		"standard with RC4":      {rc4InPackage, ErrUnsupported},
		"standard, cut":          {external[:40], ErrFormat},
		"agile without XML":      {append(le(4, 4), 0, 0, 0, 0), ErrFormat},
		"agile, no XML":          {append(le(4, 4), "\x40\x00\x00\x00\xFF\xFE<<<&&&"...), ErrFormat},
		"agile, certificate":     {agileWith(`spinCount="100"`, ``), ErrForeign},
		"agile, no keyData":      {agileWith(`<keyData`, `<other`), ErrFormat},
		"agile, RC2":             {agileWith(`"AES"`, `"RC2"`), ErrUnsupported},
		"agile, unknown hash":    {agileWith(`"SHA512"`, `"WHIRLPOOL"`), ErrUnsupported},
		"agile, unknown chain":   {agileWith(`ModeCBC`, `ModeXTS`), ErrUnsupported},
		"agile, absurd key":      {agileWith(`keyBits="256"`, `keyBits="2147483640"`), ErrUnsupported},
		"agile, no key size":     {agileWith(`keyBits="256"`, `keyBits="x"`), ErrUnsupported},
		"agile, salt no base64":  {agileWith(`saltValue="`, `saltValue="!`), ErrUnsupported},
		"agile, huge salt":       {agileWith(`saltValue="`, `saltValue="`+strings.Repeat("AAAA", valueMax)), ErrUnsupported},
		"agile, verifier is cut": {agileWith(`encryptedVerifierHashValue="`, `encryptedVerifierHashValue="AA==" was="`), ErrFormat},
	} {
		if _, err := ParseInfo(tc.info); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	for name, b := range map[string][]byte{"empty": nil, "cut XOR": {0, 0, 1}, "cut RC4": {1, 0, 1, 0, 1, 0, 5}} {
		if _, err := ParseFilePass(b, true); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseFilePass([]byte{1, 0, 9, 0, 1, 0}, true); !errors.Is(err, ErrForeign) {
		t.Errorf("FilePass of an unknown version: %v", err)
	}
	for _, bits := range []uint32{8, 44, 136, 1 << 31} {
		b := fixture.Crypt{Scheme: CryptoAPI, Password: "x"}.RC4Header()
		binary.LittleEndian.PutUint32(b[28:], bits)
		if _, err := ParseRC4(b); !errors.Is(err, ErrUnsupported) {
			t.Errorf("key of %d bits: %v", bits, err)
		}
	}
}

func TestNoKeySizeIsFortyBits(t *testing.T) {
	b := fixture.Crypt{Scheme: CryptoAPI, Password: "x", KeyBits: 40}.RC4Header()
	binary.LittleEndian.PutUint32(b[28:], 0)
	l, err := ParseRC4(b)
	if err != nil {
		t.Fatal(err)
	}
	open(t, l, "x")
}

func TestAbsurdSpinCountsAreNotTried(t *testing.T) {
	for _, spin := range []string{"1000001", "2147483647", "-1", "99999999999999999999", "x"} {
		l, err := ParseInfo(agileWith(`spinCount="100"`, `spinCount="`+spin+`"`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Open(t.Context(), "x"); !errors.Is(err, ErrCost) {
			t.Errorf("%s: %v", spin, err)
		}
	}
}

func TestTheCostOfATryIsTheFilesOwn(t *testing.T) {
	var last time.Duration
	for _, spin := range []int{0, 1, 50_000, 100_000, 1_000_000} {
		l, err := ParseInfo(agileWith(`spinCount="100"`, `spinCount="`+strconv.Itoa(spin)+`"`))
		if err != nil {
			t.Fatal(err)
		}
		if l.Cost() <= last {
			t.Errorf("%d iterations cost %s, fewer %s", spin, l.Cost(), last)
		}
		last = l.Cost()
	}
	if l, err := ParseFilePass(fixture.Crypt{Scheme: XOR, Password: "x"}.FilePass().Data, true); err != nil || l.Cost() != tryCost {
		t.Errorf("XOR: %v, %v", l, err)
	}
}

func TestOnlyAFewKeyEncryptorsAreKept(t *testing.T) {
	one := agileWith(`spinCount="100"`, `spinCount="300000"`)
	from, to := bytes.Index(one, []byte("<p:encryptedKey")), bytes.Index(one, []byte("</keyEncryptor>"))
	many := bytes.Replace(one, one[from:to], bytes.Repeat(one[from:to], 1000), 1)
	l, err := ParseInfo(many)
	if err != nil || l.spin != spinMax+1 {
		t.Errorf("%v, %v", l, err)
	}
	if _, err := l.Open(t.Context(), "x"); !errors.Is(err, ErrCost) {
		t.Error(err)
	}
}

func TestTheContextEndsATry(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l, err := ParseInfo(agileWith(`spinCount="100"`, `spinCount="1000000"`))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := l.Open(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := sha512Digest.spun(ctx, nil, nil, 1_000_000); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestALongPasswordIsWrong(t *testing.T) {
	l := lockOf(t, fixture.Crypt{Scheme: Agile, Password: strings.Repeat("z", 256)})
	if _, err := l.Open(t.Context(), strings.Repeat("z", 256)); !errors.Is(err, ErrPassword) {
		t.Error(err)
	}
}

func TestAPackageWithALyingSizeComesOutWhole(t *testing.T) {
	c := fixture.Crypt{Scheme: Agile, Password: "x"}
	k := open(t, lockOf(t, c), "x")
	want := noise(10_000)
	for _, size := range []uint64{0, 100, 5000, 10_017, 1 << 40, 1<<64 - 1} {
		enc := c.EncryptedPackage(want)
		binary.LittleEndian.PutUint64(enc, size)
		r, plausible, err := k.Package(bytes.NewReader(enc), int64(len(enc)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if plausible || err != nil || !bytes.HasPrefix(got, want) || len(got) > len(enc) {
			t.Errorf("size %d: %v, %d bytes, %v", size, plausible, len(got), err)
		}
	}
	enc := c.EncryptedPackage(want)[:9000] // cut: what is there comes out
	r, plausible, err := k.Package(bytes.NewReader(enc), int64(len(enc)))
	if err != nil || plausible {
		t.Fatal(plausible, err)
	}
	if got, err := io.ReadAll(r); len(got) != 8992 || !bytes.HasPrefix(want, got) || err != nil {
		t.Errorf("cut: %d bytes, %v", len(got), err)
	}
	if _, _, err := k.Package(strings.NewReader("short"), 5); err == nil {
		t.Error("a package without a size")
	}
	if _, _, err := open(t, ParseWordXOR(0x514A_CC1A), "abc").Package(bytes.NewReader(enc), 9000); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
}

func FuzzLocks(f *testing.F) {
	for _, c := range binaries {
		f.Add(c.FilePass().Data, c.Password)
		f.Add(c.RC4Header(), c.Password)
	}
	for _, c := range packages() {
		f.Add(c.Info(), c.Password)
	}
	f.Fuzz(func(t *testing.T, b []byte, password string) {
		var locks []*Lock
		for _, parse := range []func([]byte) (*Lock, error){
			ParseInfo, ParseRC4, func(b []byte) (*Lock, error) { return ParseFilePass(b, true) }, func(b []byte) (*Lock, error) { return ParseFilePass(b, false) },
		} {
			if l, err := parse(b); (l == nil) == (err == nil) {
				t.Fatal(l, err)
			} else if l != nil {
				locks = append(locks, l)
			}
		}
		for _, l := range locks {
			if l.spin > standardSpin {
				continue
			}
			k, err := l.Open(t.Context(), password)
			if (k == nil) == (err == nil) {
				t.Fatal(k, err)
			}
			if k == nil {
				continue
			}
			if _, err := l.Open(t.Context(), "\U0001F512"+password[:0]+"no password of a seed"); err == nil && l.Scheme != XOR {
				t.Fatal("two passwords open it")
			}
			if k.pack != nil {
				r, _, err := k.Package(bytes.NewReader(make([]byte, 5000)), 5000)
				if n, _ := io.Copy(io.Discard, r); err != nil || n > 5000 {
					t.Fatal(n, err)
				}
				continue
			}
			k.Records().Decrypt(0x85, 1022, bytes.Clone(b))
		}
	})
}

// BenchmarkAgile is one password at Office's cost; BenchmarkSHA512 is the bare hash.
func BenchmarkAgile(b *testing.B) {
	info := bytes.ReplaceAll(fixture.Crypt{Scheme: Agile, Password: "x"}.Info(), []byte(`spinCount="100"`), []byte(`spinCount="100000"`))
	b.ReportAllocs()
	for b.Loop() {
		l, err := ParseInfo(info)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := l.Open(context.Background(), "y"); !errors.Is(err, ErrPassword) {
			b.Fatal(err)
		}
	}
}

func BenchmarkSHA512(b *testing.B) {
	buf := make([]byte, 68)
	b.ReportAllocs()
	for b.Loop() {
		for range 100_000 {
			sha512Digest.sum(buf[4:], buf)
		}
	}
}

func BenchmarkPackage(b *testing.B) {
	c := fixture.Crypt{Scheme: Agile, Password: "x"}
	enc := c.EncryptedPackage(noise(4 << 20))
	k := open(b, lockOf(b, c), "x")
	b.SetBytes(int64(len(enc)))
	for b.Loop() {
		r, _, _ := k.Package(bytes.NewReader(enc), int64(len(enc)))
		if _, err := io.Copy(io.Discard, r); err != nil {
			b.Fatal(err)
		}
	}
}
