package zipinspect

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// secret is the content that tests encrypt: long enough that a checksum tells.
var secret = strings.Repeat("meet me at the barrier station. ", 40)

func encrypted(e fixture.ZIPEntry) fixture.ZIPEntry {
	e.Name, e.Data = "plan.txt", []byte(secret)
	if e.Password == "" {
		e.Password = "pass word"
	}
	return e
}

func TestOpenPassword(t *testing.T) {
	tests := []struct {
		name  string
		entry fixture.ZIPEntry
	}{
		{"ZipCrypto stored", fixture.ZIPEntry{}},
		{"ZipCrypto deflated", fixture.ZIPEntry{Method: 8}},
		{"ZipCrypto streamed: the check byte is the time's", fixture.ZIPEntry{Method: 8, Descriptor: true, Time: 0x5A21}},
		{"ZipCrypto streamed and not listed: the checksum is the descriptor's", fixture.ZIPEntry{Method: 8, Descriptor: true, Time: 0x5A21, Unlisted: true}},
		{"AES-128", fixture.ZIPEntry{AES: 1, Method: 8}},
		{"AES-192", fixture.ZIPEntry{AES: 2}},
		{"AES-256", fixture.ZIPEntry{AES: 3, Method: 8}},
		{"AES-256 streamed", fixture.ZIPEntry{AES: 3, Method: 8, Descriptor: true}},
		{"AE-1", fixture.ZIPEntry{AES: 3, AE1: true, Method: 8}},
		{"AES over LZMA", fixture.ZIPEntry{AES: 3, Method: 14, Flags: 2, Packed: fixture.ZipLZMA([]byte(secret), true)}},
		{"AES over xz", fixture.ZIPEntry{AES: 3, Method: 95, Packed: fixture.XZ([]byte(secret))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{encrypted(tt.entry)}}.Bytes())
			e := &a.Entries[0]
			if !e.Opens() {
				t.Fatalf("%s does not open", e.Encryption)
			}
			for range 2 {
				if err := e.Verify([]byte("pass word"), 1<<20); err != nil {
					t.Errorf("Verify: %v", err)
				}
			}
			r, err := e.OpenPassword([]byte("pass word"))
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if b, err := io.ReadAll(r); string(b) != secret || err != nil || r.Rest() != 0 && tt.entry.Method != 95 {
				t.Errorf("got %d bytes, %v, rest %d", len(b), err, r.Rest())
			}
		})
	}
}

// One byte lets one wrong password in 128 pass: none of a thousand may count.
func TestWrongPasswords(t *testing.T) {
	for name, entry := range map[string]fixture.ZIPEntry{
		"ZipCrypto stored": {}, "ZipCrypto deflated": {Method: 8}, "ZipCrypto LZMA": {Method: 14, Flags: 2, Packed: fixture.ZipLZMA([]byte(secret), true)},
	} {
		t.Run(name, func(t *testing.T) {
			e := &read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{encrypted(entry)}}.Bytes()).Entries[0]
			passed := 0
			for i := range 2000 {
				pw := fmt.Appendf(nil, "wrong %d", i)
				if r, err := e.OpenPassword(pw); err == nil {
					passed++
					r.Close()
				}
				if err := e.Verify(pw, 1<<20); !errors.Is(err, ErrPassword) {
					t.Errorf("%q: %v", pw, err)
				}
			}
			if name == "ZipCrypto stored" && passed == 0 {
				t.Error("no password passed the check of one byte: the test shows nothing")
			}
		})
	}
	e := &read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{encrypted(fixture.ZIPEntry{AES: 3})}}.Bytes()).Entries[0]
	if _, err := e.OpenPassword([]byte("wrong")); !errors.Is(err, ErrPassword) {
		t.Errorf("AES: %v", err)
	}
}

func TestTamperedDataIsNotThePasswordsContent(t *testing.T) {
	b := fixture.ZIP{Entries: []fixture.ZIPEntry{encrypted(fixture.ZIPEntry{AES: 2})}}.Bytes()
	e := &read(t, b).Entries[0]
	b[e.DataOffset+100] ^= 1
	if err := e.Verify([]byte("pass word"), 1<<20); !errors.Is(err, ErrPassword) {
		t.Errorf("Verify: %v", err)
	}
}

func TestWhatNoPasswordOpens(t *testing.T) {
	strongEntry := deflated("strong", "x")
	strongEntry.Flags = 1 | 1<<6
	a := read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{strongEntry, stored("open", "x"), {Name: "too short", AES: 3, Data: []byte("x")},
		{Name: "nowhere", Password: "p", Data: []byte("x"), NoLocal: true}}}.Bytes())
	for i, want := range []error{ErrEncrypted, ErrEncrypted, ErrEncrypted, ErrCorrupt} {
		e := &a.Entries[i]
		if _, err := e.OpenPassword([]byte("p")); !errors.Is(err, want) {
			t.Errorf("%s: %v", e.Name, err)
		}
		if err := e.Verify([]byte("p"), 1<<20); !errors.Is(err, ErrPassword) {
			t.Errorf("%s: Verify: %v", e.Name, err)
		}
	}
}

// Methods that nobody here decodes: AES tells the password all the same, ZipCrypto does not.
func TestPasswordOfAMethodNotSupported(t *testing.T) {
	packed := []byte("some reduced data")
	a := read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{encrypted(fixture.ZIPEntry{AES: 1, Method: 2, Packed: packed}),
		encrypted(fixture.ZIPEntry{Method: 2, Packed: packed})}}.Bytes())
	if err := a.Entries[0].Verify([]byte("pass word"), 1<<20); err != nil {
		t.Errorf("AES: %v", err)
	}
	for i := range a.Entries {
		if _, err := a.Entries[i].OpenPassword([]byte("pass word")); !errors.Is(err, ErrMethod) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if err := a.Entries[1].Verify([]byte("pass word"), 1<<20); !errors.Is(err, ErrMethod) {
		t.Errorf("ZipCrypto: %v", err)
	}
}

func TestTryCostGrowsWithTheKey(t *testing.T) {
	a := read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{encrypted(fixture.ZIPEntry{}), encrypted(fixture.ZIPEntry{AES: 1}), encrypted(fixture.ZIPEntry{AES: 2}),
		encrypted(fixture.ZIPEntry{AES: 3})}}.Bytes())
	for i := 1; i < len(a.Entries); i++ {
		if a.Entries[i].TryCost() <= a.Entries[i-1].TryCost() {
			t.Errorf("%s costs %s, %s %s", a.Entries[i-1].Encryption, a.Entries[i-1].TryCost(), a.Entries[i].Encryption, a.Entries[i].TryCost())
		}
	}
}

// A writer may leave the wrong checksum in one of the two headers.
func TestChecksumOfEitherHeader(t *testing.T) {
	z := fixture.ZIP{Entries: []fixture.ZIPEntry{encrypted(fixture.ZIPEntry{Method: 8})}}.Bytes()
	at := strings.Index(string(z), "PK\x01\x02") + 16
	z[at] ^= 0xFF // not the byte of the check
	if err := read(t, z).Entries[0].Verify([]byte("pass word"), 1<<20); err != nil {
		t.Error(err)
	}
}

func TestMaskedNamesAreHidden(t *testing.T) {
	masked := deflated("1", "x")
	masked.Flags, masked.Unlisted = 1|1<<6|1<<13, true
	if a := read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{masked}}.Bytes()); !a.Hidden || a.Entries[0].Encryption != strong {
		t.Errorf("hidden %v, %q", a.Hidden, a.Entries[0].Encryption)
	}
	alone := fixture.ZIPEntry{Name: "a", Data: []byte("x"), Flags: flagMasked}
	if a := read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{alone}}.Bytes()); a.Hidden || a.Entries[0].Encrypted {
		t.Error("bit 13 without encryption hides the names")
	}
	if a := read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{encrypted(fixture.ZIPEntry{})}}.Bytes()); a.Hidden {
		t.Error("names that can be read are hidden")
	}
}
