package zipinspect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
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

func TestEncryptedByItsFlagOnly(t *testing.T) {
	flagged := func(e fixture.ZIPEntry) fixture.ZIPEntry {
		e.Name, e.Data, e.Flags = "a", []byte(secret), e.Flags|1
		return e
	}
	badCRC := flagged(fixture.ZIPEntry{Method: 8})
	badCRC.BadCRC = true
	for _, tt := range []struct {
		name  string
		entry fixture.ZIPEntry
		want  bool
	}{
		{"stored", flagged(fixture.ZIPEntry{}), true},
		{"deflated", flagged(fixture.ZIPEntry{Method: 8}), true},
		{"strong", flagged(fixture.ZIPEntry{Method: 8, Flags: 1 << 6}), true},
		{"streamed", flagged(fixture.ZIPEntry{Method: 8, Descriptor: true}), true},
		{"wrong checksum", badCRC, false},
		{"ZipCrypto", encrypted(fixture.ZIPEntry{}), false},
		{"ZipCrypto, deflated", encrypted(fixture.ZIPEntry{Method: 8}), false},
		{"AES", encrypted(fixture.ZIPEntry{AES: 1}), false},
		{"a method not supported", flagged(fixture.ZIPEntry{Method: 2}), false},
		{"not listed, and streamed", flagged(fixture.ZIPEntry{Method: 8, Descriptor: true, Unlisted: true}), false}, // nothing tells
		{"not encrypted", deflated("a", secret), false},
	} {
		e := &read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{tt.entry}}.Bytes()).Entries[0]
		was := e.Encrypted
		if got, err := e.Bare(); got != tt.want || err != nil || e.Encrypted != (was && !tt.want) {
			t.Errorf("%s: %v, %v; encrypted %v", tt.name, got, err, e.Encrypted)
		}
		if tt.want && content(t, e) != secret {
			t.Errorf("%s: other content", tt.name)
		}
	}
}

// Entries that share their data are not all read to see whether they are encrypted.
func TestLookingForBareEntriesIsBounded(t *testing.T) {
	z := fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "0", Password: "p", Data: make([]byte, 1<<20)}}}
	for i := range 200 {
		e := z.Entries[0]
		e.Name, e.NoLocal, e.At = fmt.Sprint(i+1), true, 1
		z.Entries = append(z.Entries, e)
	}
	b := z.Bytes()
	c := &counting{ReaderAt: bytes.NewReader(b)}
	a, err := Read(c, int64(len(b)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.n = 0
	for i := range a.Entries {
		if ok, err := a.Entries[i].Bare(); ok || err != nil {
			t.Fatalf("%v, %v", ok, err)
		}
	}
	if c.n > 6*int64(len(b)) {
		t.Errorf("%d bytes read of %d", c.n, len(b))
	}
}

func TestBareOfABrokenReader(t *testing.T) {
	e := encrypted(fixture.ZIPEntry{})
	b := fixture.ZIP{Entries: []fixture.ZIPEntry{e}}.Bytes()
	a := read(t, b)
	a.r = failing{}
	if _, err := a.Entries[0].Bare(); err == nil || errors.Is(err, ErrCorrupt) {
		t.Errorf("Bare: %v", err)
	}
	if err := a.Entries[0].Verify([]byte("p"), 1); err == nil || errors.Is(err, ErrPassword) {
		t.Errorf("Verify: %v", err)
	}
}

// Encrypted entries whose views disagree are listed as both programs would show them.
func TestViewsOfEncryptedEntries(t *testing.T) {
	local := encrypted(fixture.ZIPEntry{Method: 8, Unlisted: true})
	size := encrypted(fixture.ZIPEntry{Method: 8, LocalSize: 5})
	openInLocal := encrypted(fixture.ZIPEntry{Method: 8, LocalFlags: 1})
	otherName := encrypted(fixture.ZIPEntry{Method: 8, LocalName: "plan.exe"})
	for _, tt := range []struct {
		name    string
		entries []fixture.ZIPEntry
		want    []MismatchKind
		locked  []bool
	}{
		{"listed", []fixture.ZIPEntry{encrypted(fixture.ZIPEntry{AES: 2})}, nil, []bool{true}},
		{"only a local header", []fixture.ZIPEntry{deflated("a", "x"), local}, []MismatchKind{LocalOnly}, []bool{false, true}},
		{"another size", []fixture.ZIPEntry{size}, []MismatchKind{DataDiffers}, []bool{true, true}},
		{"encrypted in one view only", []fixture.ZIPEntry{openInLocal}, []MismatchKind{DataDiffers}, []bool{true, false}},
		{"another name", []fixture.ZIPEntry{otherName}, []MismatchKind{NameDiffers}, []bool{true}},
		{"nowhere", []fixture.ZIPEntry{{Name: "a", Password: "p", Data: []byte("x"), NoLocal: true}}, []MismatchKind{CentralOnly}, []bool{true}},
	} {
		a := read(t, fixture.ZIP{Entries: tt.entries}.Bytes())
		var locked []bool
		for i := range a.Entries {
			locked = append(locked, a.Entries[i].Encrypted)
		}
		if got := kinds(a); !slices.Equal(got, tt.want) || !slices.Equal(locked, tt.locked) {
			t.Errorf("%s: %v, encrypted %v", tt.name, got, locked)
		}
	}
}

// Version 2 of the ZIP64 record tells of a directory that is encrypted or compressed.
func TestHiddenDirectory(t *testing.T) {
	for _, tt := range []struct {
		name                 string
		version, method, alg uint16
		want                 bool
	}{
		{"encrypted", 62, 0, 0x660E, true}, {"compressed", 62, 8, 0, true}, {"as it is", 62, 0, 0, false}, {"version 1", 45, 8, 0x660E, false},
	} {
		var b bytes.Buffer
		b.Write(fixture.ZIP{Entries: []fixture.ZIPEntry{encrypted(fixture.ZIPEntry{})}, NoEnd: true}.Bytes())
		b.WriteString("what a key makes of the directory")
		at := b.Len()
		for _, v := range []any{[]byte("PK\x06\x06"), uint64(end64V2Len - 12), uint16(45), tt.version, uint64(0), uint64(1), uint64(1), uint64(33), uint64(at - 33),
			tt.method, uint64(33), uint64(33), tt.alg, uint16(256), uint16(1), uint16(0), uint16(0), []byte("PK\x06\x07"), uint32(0), uint64(at), uint32(1),
			[]byte("PK\x05\x06"), uint32(0), uint16(0xFFFF), uint16(0xFFFF), uint32(in64), uint32(in64), uint16(0)} {
			if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
				t.Fatal(err)
			}
		}
		if a := read(t, b.Bytes()); a.Hidden != tt.want || len(a.Entries) != 1 {
			t.Errorf("%s: hidden %v, %d entries", tt.name, a.Hidden, len(a.Entries))
		}
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
