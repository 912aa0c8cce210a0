package zipinspect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

func read(t *testing.T, b []byte) *Archive {
	t.Helper()
	a, err := Read(bytes.NewReader(b), int64(len(b)), Options{})
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return a
}

func names(a *Archive) (s []string) {
	for i := range a.Entries {
		s = append(s, a.Entries[i].Name)
	}
	return s
}

func kinds(a *Archive) (ks []MismatchKind) {
	for _, m := range a.Mismatches {
		ks = append(ks, m.Kind)
	}
	return ks
}

func deflated(name, data string) fixture.ZIPEntry {
	return fixture.ZIPEntry{Name: name, Data: []byte(data), Method: 8}
}

func stored(name, data string) fixture.ZIPEntry {
	return fixture.ZIPEntry{Name: name, Data: []byte(data)}
}

// Shapes that honest programs write: everything listed, read back, and no mismatch.
func TestHonestShapes(t *testing.T) {
	two := []fixture.ZIPEntry{deflated("a.txt", "hello hello hello"), stored("dir/b.bin", "\x00\x01")}
	streamed := []fixture.ZIPEntry{deflated("a.txt", "hello hello hello"), deflated("dir/b.bin", "\x00\x01")}
	for i := range streamed {
		streamed[i].Descriptor = true
	}
	inner := fixture.Zip("inner.txt", "nested", "second.txt", "nested too")
	tests := []struct {
		name string
		zip  fixture.ZIP
	}{
		{"plain", fixture.ZIP{Entries: two}},
		{"zip64", fixture.ZIP{Entries: two, Zip64: true}},
		{"data descriptors", fixture.ZIP{Entries: streamed}},
		{"comment", fixture.ZIP{Entries: two, Comment: strings.Repeat("c", 65535)}},
		{"stub before, offsets from the archive", fixture.ZIP{Entries: two, Prefix: []byte("MZ stub PK\x03\x04 and more of the stub, which goes on")}},
		{"stub before, offsets from the file", fixture.ZIP{Entries: two, Prefix: []byte("MZ stub stub stub"), Absolute: true}},
		{"zip64 behind a stub", fixture.ZIP{Entries: two, Prefix: []byte("MZ stub"), Zip64: true}},
		{"70 KB of zeros behind", fixture.ZIP{Entries: two, Trailing: make([]byte, 70<<10)}},
		{"signing block before the directory", fixture.ZIP{Entries: two, Gap: bytes.Repeat([]byte("sig "), 1000)}},
		{"stored archive inside", fixture.ZIP{Entries: []fixture.ZIPEntry{stored("i.zip", string(inner)), two[1]}}},
		{"stored archive inside as the last", fixture.ZIP{Entries: []fixture.ZIPEntry{two[1], stored("i.zip", string(inner))}}},
		{"folders", fixture.ZIP{Entries: []fixture.ZIPEntry{stored("dir/", ""), stored("dir/sub/", ""), two[1]}}},
		{"jar marker", fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "META-INF/", Extra: []byte{0xFE, 0xCA, 0, 0}}, two[0]}}},
		{"encrypted", fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "a", Data: []byte("x"), Method: 8, Password: "p"}, two[0]}}},
		{"encrypted and streamed", fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "a", Data: []byte("x"), Method: 8, Password: "p", Descriptor: true},
			{Name: "b", Data: []byte("x"), Password: "p", AES: 3, Descriptor: true}}}},
		{"encrypted by AES, ZIP64", fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "a", Data: []byte("x"), Method: 8, Password: "p", AES: 1, AE1: true}}, Zip64: true}},
		{"two empty files of one name", fixture.ZIP{Entries: []fixture.ZIPEntry{stored("a", ""), stored("a", "")}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := read(t, tt.zip.Bytes())
			if len(a.Mismatches) > 0 {
				t.Errorf("mismatches: %v", a.Mismatches)
			}
			if a.Limit != "" {
				t.Errorf("limit %q", a.Limit)
			}
			if len(a.Entries) != len(tt.zip.Entries) {
				t.Fatalf("entries %q", names(a))
			}
			for i, want := range tt.zip.Entries {
				e := &a.Entries[i]
				if e.Name != want.Name || !e.InCentral || !e.InLocal {
					t.Errorf("entry %d: %+v", i, e)
				}
				if want.Password != "" {
					continue
				}
				if got := content(t, e); got != string(want.Data) {
					t.Errorf("content of %q: %q", e.Name, got)
				}
			}
		})
	}
}

func content(t *testing.T, e *Entry) string {
	t.Helper()
	r, err := e.Open()
	if err != nil {
		t.Fatalf("Open %q: %v", e.Name, err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read %q: %v", e.Name, err)
	}
	if r.Rest() != 0 {
		t.Errorf("%q: %d bytes unused", e.Name, r.Rest())
	}
	return string(b)
}

// Shapes in which two programs show different files: every file is listed and the mismatch named.
func TestMismatches(t *testing.T) {
	good, evil := deflated("good.txt", "good"), deflated("evil.doc", "evil")
	unlisted := evil
	unlisted.Unlisted = true
	noLocal := evil
	noLocal.NoLocal = true
	renamed := good
	renamed.LocalName = "evil.doc"
	shared := evil
	shared.NoLocal, shared.At = true, 1
	longer := stored("a.txt", "0123456789")
	longer.LocalSize = -5
	masked := good
	masked.LocalFlags = 1
	nul := deflated("good.txt\x00.exe", "x")
	path := func(name, real string) fixture.ZIPEntry {
		e := deflated(name, "x")
		e.Extra = unicodePath(name, real)
		return e
	}
	tests := []struct {
		name    string
		zip     []byte
		entries []string
		kinds   []MismatchKind
	}{
		{"local header the directory does not list", fixture.ZIP{Entries: []fixture.ZIPEntry{good, unlisted}}.Bytes(),
			[]string{"good.txt", "evil.doc"}, []MismatchKind{LocalOnly}},
		{"unlisted before the listed", fixture.ZIP{Entries: []fixture.ZIPEntry{unlisted, good}}.Bytes(),
			[]string{"good.txt", "evil.doc"}, []MismatchKind{LocalOnly}},
		{"listed without local header", fixture.ZIP{Entries: []fixture.ZIPEntry{good, noLocal}}.Bytes(),
			[]string{"good.txt", "evil.doc"}, []MismatchKind{CentralOnly}},
		{"two names", fixture.ZIP{Entries: []fixture.ZIPEntry{renamed}}.Bytes(),
			[]string{"good.txt"}, []MismatchKind{NameDiffers}},
		{"two sizes", fixture.ZIP{Entries: []fixture.ZIPEntry{longer}}.Bytes(),
			[]string{"a.txt", "a.txt"}, []MismatchKind{DataDiffers}},
		{"encrypted in one view", fixture.ZIP{Entries: []fixture.ZIPEntry{masked}}.Bytes(),
			[]string{"good.txt", "good.txt"}, []MismatchKind{DataDiffers}},
		{"entries share a local header", fixture.ZIP{Entries: []fixture.ZIPEntry{good, shared}}.Bytes(),
			[]string{"good.txt", "evil.doc"}, []MismatchKind{Overlap, NameDiffers}},
		{"the data of one entry holds another", entryInsideAnother(evil, noLocal),
			[]string{"outer.bin", "evil.doc"}, []MismatchKind{Overlap}},
		{"count wrong in ZIP64", fixture.ZIP{Entries: []fixture.ZIPEntry{good, evil}, Count: 3, Zip64: true}.Bytes(),
			[]string{"good.txt", "evil.doc"}, []MismatchKind{CountDiffers}},
		{"an encrypted archive joined to an open one", slicesJoin(fixture.Zip("good.txt", "good good"), fixture.ZIP{Entries: []fixture.ZIPEntry{
			{Name: "evil.doc", Data: []byte("evil"), Password: "p"}}}.Bytes()), []string{"good.txt", "evil.doc"}, []MismatchKind{SecondArchive}},
		{"one name, two files", fixture.ZIP{Entries: []fixture.ZIPEntry{good, deflated("good.txt", "other")}}.Bytes(),
			[]string{"good.txt", "good.txt"}, []MismatchKind{Duplicate}},
		{"count too small", fixture.ZIP{Entries: []fixture.ZIPEntry{good, evil}, Count: -1}.Bytes(),
			[]string{"good.txt", "evil.doc"}, []MismatchKind{CountDiffers}},
		{"two archives joined", slicesJoin(fixture.Zip("good.txt", "good good"), fixture.Zip("evil.doc", "evil")),
			[]string{"evil.doc", "good.txt"}, []MismatchKind{SecondArchive}},
		{"archive, then zeros, then archive", slicesJoin(fixture.Zip("a", "123"), make([]byte, 70<<10), fixture.Zip("b", "2")),
			[]string{"b", "a"}, []MismatchKind{SecondArchive}},
		{"two archives of one layout", slicesJoin(fixture.Zip("good.txt", "good"), fixture.Zip("evil.doc", "evil")),
			[]string{"good.txt", "evil.doc"}, []MismatchKind{SecondArchive}},
		{"archive, then an empty archive", slicesJoin(fixture.Zip("a", "1"), fixture.ZIP{}.Bytes()),
			[]string{"a"}, []MismatchKind{SecondArchive}},
		{"archive in the comment", fixture.ZIP{Entries: []fixture.ZIPEntry{good}, Comment: string(fixture.Zip("evil.doc", "evil evil"))}.Bytes(),
			[]string{"evil.doc", "good.txt"}, []MismatchKind{SecondArchive}},
		{"no directory", fixture.ZIP{Entries: []fixture.ZIPEntry{good, evil}, NoEnd: true}.Bytes(),
			[]string{"good.txt", "evil.doc"}, nil},
		{"NUL in a name", fixture.ZIP{Entries: []fixture.ZIPEntry{nul}}.Bytes(),
			[]string{"good.txt\x00.exe"}, []MismatchKind{NameAmbiguous}},
		{"Unicode path of another type", fixture.ZIP{Entries: []fixture.ZIPEntry{path("good.txt", "evil.exe")}}.Bytes(),
			[]string{"evil.exe"}, []MismatchKind{NameAmbiguous}},
		{"Unicode path of the same type", fixture.ZIP{Entries: []fixture.ZIPEntry{path("#U8acb.txt", "請.txt")}}.Bytes(),
			[]string{"請.txt"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := read(t, tt.zip)
			if d := cmp.Diff(tt.entries, names(a)); d != "" {
				t.Errorf("entries (-want +got):\n%s", d)
			}
			if a.NoEnd != (tt.name == "no directory") {
				t.Errorf("NoEnd is %v", a.NoEnd)
			}
			if d := cmp.Diff(tt.kinds, kinds(a)); d != "" {
				t.Errorf("mismatches (-want +got):\n%s\n%v", d, a.Mismatches)
			}
		})
	}
}

func slicesJoin(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// entryInsideAnother is an archive whose directory gives a local header that lies in the data of its first file.
func entryInsideAnother(e, listed fixture.ZIPEntry) []byte {
	inner := fixture.ZIP{Entries: []fixture.ZIPEntry{e}, NoEnd: true}.Bytes()
	b := fixture.ZIP{Entries: []fixture.ZIPEntry{stored("outer.bin", string(inner)), listed}}.Bytes()
	binary.LittleEndian.PutUint32(b[bytes.LastIndex(b, sigCentral)+42:], uint32(bytes.Index(b, inner)))
	return b
}

func TestDataBehindACutFile(t *testing.T) {
	whole := fixture.Zip("a.txt", strings.Repeat("line of text ", 1000))
	a := read(t, whole[:len(whole)/2])
	r, err := a.Entries[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(string(b), "line of text line") {
		t.Errorf("got %d bytes, %v", len(b), err)
	}
}

func TestOpen(t *testing.T) {
	bad := deflated("a", "content")
	bad.BadCRC = true
	cut := stored("a", "0123456789")
	cut.LocalSize = 1000
	room := deflated("a", "content")
	tests := []struct {
		name    string
		entry   fixture.ZIPEntry
		open    error
		content string
		read    error
	}{
		{"wrong checksum delivers all", bad, nil, "content", ErrChecksum},
		{"ZipCrypto", fixture.ZIPEntry{Name: "a", Data: []byte("x"), Password: "p"}, ErrEncrypted, "", nil},
		{"AES", fixture.ZIPEntry{Name: "a", Data: []byte("x"), AES: 3}, ErrEncrypted, "", nil},
		{"WavPack", fixture.ZIPEntry{Name: "a", Data: []byte("x"), Method: 97}, ErrMethod, "", nil},
		{"Deflate64", fixture.ZIPEntry{Name: "a", Data: fixture.Deflate64('x', 100_000), Method: 9, BadCRC: true}, nil, strings.Repeat("x", 100_000), ErrChecksum},
		{"Deflate64 of something else", fixture.ZIPEntry{Name: "a", Data: []byte("\x07omething else"), Method: 9}, nil, "", ErrCorrupt},
		{"data of one byte", fixture.ZIPEntry{Name: "a", Data: []byte("x"), Method: 12}, nil, "", ErrCorrupt},
		{"bzip2 of something else", fixture.ZIPEntry{Name: "a", Data: []byte("something else"), Method: 12}, nil, "", ErrCorrupt},
		{"Zstandard", fixture.ZIPEntry{Name: "a", Method: 93, BadCRC: true,
			Data: []byte("\x28\xb5\x2f\xfd\x00\x58\x29\x00\x00hello")}, nil, "hello", ErrChecksum},
		{"plain", room, nil, "content", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{tt.entry}}.Bytes())
			r, err := a.Entries[0].Open()
			if !errors.Is(err, tt.open) {
				t.Fatalf("Open: %v", err)
			}
			if err != nil {
				return
			}
			defer r.Close()
			b, err := io.ReadAll(r)
			if string(b) != tt.content || !errors.Is(err, tt.read) {
				t.Errorf("got %q, %v", b, err)
			}
		})
	}
}

func TestEncryption(t *testing.T) {
	strong := deflated("strong", "x")
	strong.Flags = 1 | 1<<6
	a := read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{
		{Name: "classic", Password: "p", Data: []byte("x")}, {Name: "aes", AES: 1, Method: 8}, {Name: "aes", AES: 2}, {Name: "aes", AES: 3}, strong,
		deflated("open", "x"),
	}}.Bytes())
	want := []string{"ZipCrypto", "AES-128", "AES-192", "AES-256", "strong", ""}
	for i, w := range want {
		if e := a.Entries[i]; e.Encryption != w || e.Encrypted != (w != "") {
			t.Errorf("entry %d is %q, want %q", i, e.Encryption, w)
		}
	}
	if a.Entries[1].Method != Deflated {
		t.Errorf("method below AES is %d", a.Entries[1].Method)
	}
}

func TestNames(t *testing.T) {
	for raw, want := range map[string]string{
		"plain.txt":                        "plain.txt",
		"請求書.doc":                          "請求書.doc",      // UTF-8, with or without bit 11
		"\x90\xbf\x8b\x81\x8f\x91.doc":     "請求書.doc",      // CP932, as Windows writes it
		"\xc3\xbd\xc4.txt":                 "ﾃｽﾄ.txt",      // CP932, half-width katakana
		"\x84\x80.txt\xff":                 "äÇ.txt\u00a0", // CP437: no CP932 ends in FF
		"\x83\x5c\x83\x8a\x83\x85.doc.exe": "ソリュ.doc.exe",  // second byte is a backslash
	} {
		if got := decodeName(raw); got != want {
			t.Errorf("%q is %q, want %q", raw, got, want)
		}
	}
}

func TestSlackAfterTheData(t *testing.T) {
	e := deflated("a", "content")
	plain := fixture.ZIP{Entries: []fixture.ZIPEntry{e}}.Bytes()
	i, j := bytes.Index(plain, sigLocal), bytes.Index(plain, sigCentral)
	hidden := []byte("hidden behind the stream")
	plain[i+18] += byte(len(hidden))
	plain[j+20] += byte(len(hidden))
	b := slicesJoin(plain[:j], hidden, plain[j:])
	b[len(b)-6] += byte(len(hidden)) // offset of the directory
	r, err := read(t, b).Entries[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil || r.Rest() != int64(len(hidden)) {
		t.Errorf("rest %d, %v", r.Rest(), err)
	}
}

func TestLimits(t *testing.T) {
	var z fixture.ZIP
	for i := range 50 {
		z.Entries = append(z.Entries, stored(fmt.Sprintf("file %02d", i), ""))
	}
	b := z.Bytes()
	for _, tt := range []struct {
		o     Options
		n     int
		limit string
	}{
		{Options{}, 50, ""},
		{Options{Entries: 10}, 10, "entries"},
		{Options{Names: 20 * 2 * len("file 00")}, 20, "names"},
	} {
		a, err := Read(bytes.NewReader(b), int64(len(b)), tt.o)
		if err != nil || len(a.Entries) != tt.n || a.Limit != tt.limit {
			t.Errorf("%+v: %d entries, limit %q, %v", tt.o, len(a.Entries), a.Limit, err)
		}
	}
	joined := bytes.Repeat(fixture.Zip("a", "1"), maxDirectories+5)
	if a := read(t, joined); a.Limit != "directories" {
		t.Errorf("%d joined archives: limit %q", maxDirectories+5, a.Limit)
	}
}

func TestNotAnArchive(t *testing.T) {
	for _, s := range []string{"", "PK", "PK\x03\x04", "text", strings.Repeat("PK\x05\x06", 3), strings.Repeat("x", 100<<10)} {
		if _, err := Read(strings.NewReader(s), int64(len(s)), Options{}); !errors.Is(err, ErrFormat) {
			t.Errorf("%.20q: %v", s, err)
		}
	}
}

// failing is a reader that breaks behind a place.
type failing struct {
	b    []byte
	from int64
}

var errDisk = errors.New("disk")

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, errDisk
	}
	return bytes.NewReader(f.b).ReadAt(p, off)
}

func TestReadersErrorIsOurTrouble(t *testing.T) {
	b := fixture.Zip("a", "1", "b", "2")
	if _, err := Read(failing{b, 10}, int64(len(b)), Options{}); !errors.Is(err, errDisk) {
		t.Errorf("Read: %v", err)
	}
}

// counting counts the bytes asked for.
type counting struct {
	io.ReaderAt
	n int64
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.n += int64(len(p))
	return c.ReaderAt.ReadAt(p, off)
}

// Cost is linear whatever the file is made of: the bytes read stay within a multiple of its size, plus what listing 20,000 entries may read.
func TestLinearCost(t *testing.T) {
	header := string(fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "n", Descriptor: true}}, NoEnd: true}.Bytes())
	end := string(fixture.ZIP{}.Bytes())
	for name, unit := range map[string]string{
		"local signatures":    "PK\x03\x04",
		"local headers":       header,
		"long extra fields":   header[:28] + "\xff\xff" + header[30:],
		"long names":          header[:26] + "\xff\xff" + header[28:],
		"central signatures":  "PK\x01\x02",
		"ends":                end,
		"ends with directory": end[:12] + "\x01\x00\x00\x00\x00\x00\x00\x00" + end[20:],
		"ends of ZIP64":       "PK\x06\x07" + strings.Repeat("\x00", 16) + end,
	} {
		const size = 4 << 20
		b := []byte(strings.Repeat(unit, size/len(unit)))
		c := &counting{ReaderAt: bytes.NewReader(b)}
		a, err := Read(c, int64(len(b)), Options{})
		if err != nil && !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
		entries := 0
		if a != nil {
			entries = len(a.Entries)
		}
		if bound := 8*int64(size) + int64(entries)*(128<<10); c.n > bound {
			t.Errorf("%s: %d bytes read of %d, %d entries", name, c.n, size, entries)
		}
	}
}

// What is read in small pieces, and how it ends, is what is read at once, wherever the data is damaged.
func TestPiecesAreTheWhole(t *testing.T) {
	long := strings.Repeat("some text ", 30000) + string(fixture.Noise(50_000)) + strings.Repeat("and more ", 3000)
	whole := fixture.ZIP{Entries: []fixture.ZIPEntry{deflated("short", "hello"), deflated("long", long), stored("stored", long)}}.Bytes()
	for at := -1; at < len(whole)/2; at += 3011 {
		b := bytes.Clone(whole)
		if at >= 0 {
			b[at] ^= 0x55
		}
		for _, b := range [][]byte{b, b[:len(b)-at-1]} {
			a, err := Read(bytes.NewReader(b), int64(len(b)), Options{})
			if err != nil {
				continue
			}
			for i := range a.Entries {
				sameReaders(t, &a.Entries[i])
			}
		}
	}
}

func sameReaders(t *testing.T, e *Entry) {
	t.Helper()
	r, err := e.Open()
	g, gerr := e.Open()
	if err != nil || gerr != nil {
		if fmt.Sprint(err) != fmt.Sprint(gerr) {
			t.Errorf("%q: %v, then %v", e.Name, err, gerr)
		}
		return
	}
	defer r.Close()
	defer g.Close()
	want, err := io.ReadAll(r)
	got, gerr := io.ReadAll(&pieces{g, 1})
	if !bytes.Equal(got, want) || fmt.Sprint(gerr) != fmt.Sprint(err) || g.Rest() != r.Rest() {
		t.Errorf("%q: at once %d bytes, %v, rest %d; in pieces %d bytes, %v, rest %d", e.Name, len(want), err, r.Rest(), len(got), gerr, g.Rest())
	}
}

// pieces reads one byte, then two, then three.
type pieces struct {
	r io.Reader
	n int
}

func (p *pieces) Read(b []byte) (int, error) {
	n, err := p.r.Read(b[:min(len(b), p.n)])
	p.n++
	return n, err
}
