package offcrypto

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// binaries are the schemes of binary documents.
var binaries = []fixture.Crypt{
	{Scheme: XOR, Password: "a"}, {Scheme: XOR, Password: "fifteen letters"}, {Scheme: XOR, Password: fixture.VelvetSweatshop},
	{Scheme: RC4, Password: "secret"}, {Scheme: RC4, Password: "秘密"},
	{Scheme: CryptoAPI, Password: "secret", KeyBits: 40}, {Scheme: CryptoAPI, Password: "secret", KeyBits: 56},
	{Scheme: CryptoAPI, Password: "secret", KeyBits: 64}, {Scheme: CryptoAPI, Password: "secret", KeyBits: 128},
}

// packages are the schemes of packages.
func packages() (list []fixture.Crypt) {
	for _, bits := range []int{128, 192, 256} {
		list = append(list, fixture.Crypt{Scheme: Standard, Password: "secret", KeyBits: bits})
		for _, hash := range []string{"SHA1", "SHA256", "SHA384", "SHA512", "MD5"} {
			list = append(list, fixture.Crypt{Scheme: Agile, Password: "秘密", KeyBits: bits, Hash: hash})
		}
	}
	return append(list,
		fixture.Crypt{Scheme: Agile, Password: "x", Chaining: "ChainingModeCFB"},
		fixture.Crypt{Scheme: Agile, Password: "x", Cipher: "3DES"},
		fixture.Crypt{Scheme: Agile, Password: "x", Cipher: "3DES", KeyBits: 128},
		fixture.Crypt{Scheme: Agile, Password: "x", Cipher: "DES", Hash: "SHA1", Chaining: "ChainingModeCFB"},
		fixture.Crypt{Scheme: Agile, Password: "x", SaltSize: 1},
		fixture.Crypt{Scheme: Agile, Password: "x", SaltSize: 64},
		fixture.Crypt{Scheme: Agile, Password: strings.Repeat("y", 255), Hash: "SHA1"},
	)
}

func noise(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

func lockOf(t testing.TB, c fixture.Crypt) *Lock {
	t.Helper()
	l, err := ParseInfo(c.Info())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func open(t testing.TB, l *Lock, password string) *Key {
	t.Helper()
	k, err := l.Open(context.Background(), password)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestPackagesComeBack(t *testing.T) {
	for _, c := range packages() {
		t.Run(fmt.Sprint(c.Scheme, c.Hash, c.Cipher, c.KeyBits, c.Chaining, c.SaltSize), func(t *testing.T) {
			l := lockOf(t, c)
			if _, err := l.Open(t.Context(), c.Password+" "); !errors.Is(err, ErrPassword) {
				t.Errorf("wrong password: %v", err)
			}
			k := open(t, l, c.Password)
			for _, n := range []int{0, 1, 16, 4095, 4096, 4097, 20_000} {
				want := noise(n)
				enc := c.EncryptedPackage(want)
				r, plausible, err := k.Package(bytes.NewReader(enc), int64(len(enc)))
				if err != nil || !plausible {
					t.Fatal(n, plausible, err)
				}
				if got, err := io.ReadAll(r); !bytes.Equal(got, want) || err != nil {
					t.Errorf("%d bytes: %d came back, %v", n, len(got), err)
				}
			}
		})
	}
}

func TestRecordsComeBackInAnyOrder(t *testing.T) {
	records := []fixture.BIFFRecord{
		{ID: 0x00E1, Data: []byte("in clear")}, {ID: 0x0085, Data: []byte("\x01\x02\x03\x04sheet")}, {ID: 0x0018}, {ID: 0x0018, Data: noise(3000)},
		{ID: 0x0809, Data: noise(16)}, {ID: 0x00FC, Data: noise(8224)}, {ID: 0x0006, Data: noise(1)},
	}
	for _, c := range binaries {
		pass := c.FilePass()
		l, err := ParseFilePass(pass.Data, true)
		if err != nil || l.Scheme != c.Scheme {
			t.Fatal(c.Scheme, err)
		}
		if _, err := l.Open(t.Context(), "Secret"); !errors.Is(err, ErrPassword) {
			t.Errorf("%v: wrong password: %v", c, err)
		}
		k := open(t, l, c.Password)
		want, got := fixture.BIFF(append([]fixture.BIFFRecord{pass}, records...)...), c.Book(records...)
		var at []int
		for i := 0; i < len(want); i += 4 + int(binary.LittleEndian.Uint16(want[i+2:])) {
			at = append(at, i)
		}
		r := k.Records()
		for _, i := range []int{3, 4, 5, 6, 7, 0, 1, 2, 8, 9} { // forwards and back
			if i >= len(at) {
				continue
			}
			body := got[at[i]+4:][:binary.LittleEndian.Uint16(got[at[i]+2:])]
			r.Decrypt(binary.LittleEndian.Uint16(got[at[i]:]), int64(at[i]+4), body)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%v: differs", c)
		}
	}
}

func TestWordStreamsComeBackFromAnyOffset(t *testing.T) {
	main, table, data := append(fixture.WordHead(0), noise(3000)...), append(make([]byte, 40), noise(2000)...), noise(1500)
	for _, c := range binaries {
		m, tab, d := c.Word(main, table, data)
		var l *Lock
		var err error
		header := 0
		if c.Scheme == XOR {
			l = ParseWordXOR(binary.LittleEndian.Uint32(m[14:]))
		} else {
			header = int(binary.LittleEndian.Uint32(m[14:]))
			l, err = ParseRC4(tab[:header])
		}
		if err != nil {
			t.Fatal(err)
		}
		k := open(t, l, c.Password)
		for _, s := range []struct {
			enc, want []byte
			plain     int
		}{{m, append(m[:68:68], main[68:]...), 68}, {tab, append(tab[:header:header], table...), header}, {d, data, 0}} {
			for _, from := range []int{0, 1, 67, 68, 511, 512, 513, 1400} {
				got, err := io.ReadAll(k.Stream(bytes.NewReader(s.enc[from:]), int64(from), int64(s.plain)))
				if !bytes.Equal(got, s.want[from:]) || err != nil {
					t.Errorf("%v from %d: differs, %v", c, from, err)
				}
			}
		}
	}
}

func TestObjectsComeBackFromAnyOffset(t *testing.T) {
	c := fixture.Crypt{Scheme: CryptoAPI, Password: "hello", KeyBits: 128}
	l, err := ParseRC4(c.RC4Header())
	if err != nil {
		t.Fatal(err)
	}
	k := open(t, l, "hello")
	want := noise(5000)
	stream, _ := c.Show([]byte("first"), want)
	for _, from := range []int{0, 1, 4096, 4999} {
		got, err := io.ReadAll(k.Object(bytes.NewReader(stream[5+from:5005]), 2, int64(from)))
		if !bytes.Equal(got, want[from:]) || err != nil {
			t.Errorf("from %d: differs, %v", from, err)
		}
	}
}

func TestXORTakesPasswordsInEachSingleByteForm(t *testing.T) {
	for password, want := range map[string]int{"plain": 1, "": 0, "Grün": 2, "犬": 2, "\u0100": 1, strings.Repeat("long", 9): 1} {
		if got := singleBytes(password); len(got) != want {
			t.Errorf("%q: %q", password, got)
		}
	}
	sjis := []byte("\x8C\xA2") // 犬 in the code page of a Japanese machine
	l := ParseWordXOR(uint32(xorKey(sjis))<<16 | uint32(xorVerifier(sjis)))
	open(t, l, "犬")
}
