package quarantine

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// heldFile is the bytes of a held message's file.
func heldFile(t testing.TB, content string, edit func(*Item)) []byte {
	t.Helper()
	it := item()
	it.ID, it.State, it.Where = "20261123-9x2abcde", StateHeld, InStore
	it.Held = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	it.Size, it.SHA256 = int64(len(content)), digest(content)
	if edit != nil {
		edit(&it)
	}
	b, err := marshalItem(it)
	if err == nil {
		b, err = tail(b, it.Size, sha256.Sum256([]byte(content)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte(content), b...)
}

// footer changes the footer and makes its checksum right again.
func footer(file []byte, f func(foot []byte)) []byte {
	file = bytes.Clone(file)
	foot := file[len(file)-footerLen:]
	f(foot)
	binary.LittleEndian.PutUint32(foot[52:], crc32.Checksum(foot[:52], castagnoli))
	return file
}

func read(file []byte) (Item, error) { return readTail(bytes.NewReader(file), int64(len(file))) }

func TestReadTailRefuses(t *testing.T) {
	good := heldFile(t, mail, nil)
	le := binary.LittleEndian
	tests := map[string][]byte{
		"an empty file":                       {},
		"a file shorter than a footer":        good[len(good)-footerLen+1:],
		"a footer alone":                      good[len(good)-footerLen:],
		"a file cut at its end":               good[:len(good)-1],
		"a file cut at its beginning":         good[1:],
		"a file with something behind it":     append(bytes.Clone(good), '\n'),
		"a spool file without a trailer":      []byte(mail),
		"zeros":                               make([]byte, 4096),
		"another version":                     footer(good, func(f []byte) { f[48] = 2 }),
		"a reserved bit":                      footer(good, func(f []byte) { f[51] = 1 }),
		"a trailer longer than the file":      footer(good, func(f []byte) { le.PutUint32(f[40:], uint32(len(good))) }),
		"a trailer of 4 GiB":                  footer(good, func(f []byte) { le.PutUint32(f[40:], 1<<32-1) }),
		"a content of 16 EiB":                 footer(good, func(f []byte) { le.PutUint64(f[32:], 1<<64-1) }),
		"lengths whose sum overflows":         footer(good, func(f []byte) { le.PutUint64(f[32:], -uint64(le.Uint32(f[40:]))) }),
		"a content one byte shorter":          footer(good, func(f []byte) { le.PutUint64(f[32:], uint64(len(mail)-1)) }),
		"another trailer checksum":            footer(good, func(f []byte) { f[44] ^= 1 }),
		"another content digest":              footer(good, func(f []byte) { f[0] ^= 1 }),
		"a trailer that names another size":   heldFile(t, mail, func(it *Item) { it.SHA256 = strings.Repeat("0", 64) }),
		"an id that leaves the folder":        heldFile(t, mail, func(it *Item) { it.ID = "../../../etc/passwd" }),
		"a trailer that is not JSON":          garbled(heldFile(t, mail, nil)),
		"a footer whose own checksum differs": func() []byte { b := bytes.Clone(good); b[len(b)-footerLen+1] ^= 1; return b }(),
	}
	for name, file := range tests {
		t.Run(name, func(t *testing.T) {
			if it, err := read(file); !errors.Is(err, ErrDamaged) {
				t.Errorf("got %+v, %v", it, err)
			}
		})
	}
	if _, err := read(good); err != nil {
		t.Error("the good file:", err)
	}
}

// garbled is a held file whose trailer is not JSON but has the right checksum.
func garbled(file []byte) []byte {
	trailer := file[len(mail) : len(file)-footerLen]
	trailer[0] = '['
	return footer(file, func(foot []byte) { binary.LittleEndian.PutUint32(foot[44:], crc32.Checksum(trailer, castagnoli)) })
}

func TestATroubledDiskIsNotDamage(t *testing.T) {
	file := heldFile(t, mail, nil)
	trouble := errors.New("trouble")
	r := struct{ io.ReaderAt }{failing{bytes.NewReader(file), trouble}}
	if _, err := readTail(r, int64(len(file))); !errors.Is(err, trouble) || errors.Is(err, ErrDamaged) {
		t.Errorf("got %v", err)
	}
	if err := checkContent(r, Item{Size: 10}); !errors.Is(err, trouble) || errors.Is(err, ErrDamaged) {
		t.Errorf("got %v", err)
	}
}

type failing struct {
	io.ReaderAt
	err error
}

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestSameMessagePassesAReadersTroubleOn(t *testing.T) {
	trouble := errors.New("trouble")
	whole := MarkField + ": m\r\n" + mail
	for _, cut := range []int{0, 20, len(whole) - 10} {
		bad := io.MultiReader(strings.NewReader(whole[:cut]), iotest.ErrReader(trouble))
		if _, err := sameMessage(bad, strings.NewReader(mail), "m"); !errors.Is(err, trouble) {
			t.Errorf("what came breaks at %d: %v", cut, err)
		}
	}
	for _, cut := range []int{0, 20, len(mail) - 10} {
		bad := io.MultiReader(strings.NewReader(mail[:cut]), iotest.ErrReader(trouble))
		if _, err := sameMessage(strings.NewReader(whole), bad, "m"); !errors.Is(err, trouble) {
			t.Errorf("what is held breaks at %d: %v", cut, err)
		}
	}
}

func FuzzReadTail(f *testing.F) {
	good := heldFile(f, mail, nil)
	f.Add(good)
	f.Add(heldFile(f, "", nil))
	f.Add(heldFile(f, "x", func(it *Item) { it.Envelope.MailFrom = "\xff" }))
	f.Add(good[:len(good)-1])
	f.Add(footer(good, func(foot []byte) { foot[40]++ }))
	f.Fuzz(checkFile)
}

// FuzzTrailer puts right checksums around any trailer, so that what lies behind them is reached.
func FuzzTrailer(f *testing.F) {
	for _, content := range []string{mail, ""} {
		for _, from := range []string{"a@b.example", "\xff@b.example"} {
			file := heldFile(f, content, func(it *Item) { it.Envelope.MailFrom = from })
			f.Add([]byte(content), file[len(content):len(file)-footerLen], int8(0))
		}
	}
	f.Add([]byte(mail), []byte("{}"), int8(-1))
	f.Fuzz(func(t *testing.T, content, trailer []byte, off int8) {
		file := append(append(heldFile(t, string(content), nil)[:len(content):len(content)], trailer...), make([]byte, footerLen)...)
		file = footer(file, func(foot []byte) {
			sum := sha256.Sum256(content)
			copy(foot, sum[:])
			binary.LittleEndian.PutUint64(foot[32:], uint64(int64(len(content))+int64(off)))
			binary.LittleEndian.PutUint32(foot[40:], uint32(len(trailer)-int(off)))
			binary.LittleEndian.PutUint32(foot[44:], crc32.Checksum(trailer, castagnoli))
			binary.LittleEndian.PutUint32(foot[48:], footerVersion)
			copy(foot[56:], footerMagic)
		})
		checkFile(t, file)
	})
}

// checkFile holds that a file is refused as damaged or read to an Item that makes sense and that can be written again.
func checkFile(t *testing.T, file []byte) {
	it, err := read(file)
	if err != nil {
		if !errors.Is(err, ErrDamaged) {
			t.Fatalf("not damage: %v", err)
		}
		return
	}
	if !ValidID(it.ID) || it.Size > int64(len(file)) {
		t.Fatalf("accepted id %q, size %d of %d", it.ID, it.Size, len(file))
	}
	again, err := read(append(bytes.Clone(file[:it.Size]), mustTail(t, it, file)...))
	if err != nil {
		t.Fatal("what was read cannot be written:", err)
	}
	if a, b := asJSON(t, it), asJSON(t, again); a != b {
		t.Error(cmp.Diff(a, b))
	}
}

func mustTail(t *testing.T, it Item, file []byte) []byte {
	t.Helper()
	b, err := marshalItem(it)
	if err == nil {
		b, err = tail(b, it.Size, [sha256.Size]byte(file[len(file)-footerLen:]))
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func asJSON(t *testing.T, it Item) string {
	t.Helper()
	b, err := json.Marshal(it)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestIDs(t *testing.T) {
	now := time.Date(2026, 11, 23, 23, 59, 0, 0, time.FixedZone("JST", 9*3600))
	seen := map[string]bool{}
	for range 1000 {
		id := newID(now)
		if !ValidID(id) || !strings.HasPrefix(id, "20261123-") || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
	for _, bad := range []string{
		"", "20261123", "20261123-", "20261123-9x2abcd", "20261123-9x2abcdef", "20261123-9X2ABCDE", "20261123-9x2abcdi", "2026112x-9x2abcde",
		"20261123_9x2abcde", "20261123-../../x", "20261123-9x2abc\x00e", "20261123-9x2abc/e",
	} {
		if ValidID(bad) {
			t.Errorf("%q is valid", bad)
		}
	}
}

func TestResolveFindsTheOneThatBeginsSo(t *testing.T) {
	r := newRig(t, Options{})
	for _, id := range []string{"20261122-abcdefgh", "20261123-abcdzzzz", "20261123-bbbbbbbb", "20261123-20261124"} {
		h := held{it: item()}
		h.it.ID, h.it.Where, h.it.Held = id, InMTA, r.clock.now()
		must(t, r.index(t.Context(), h, "sekisho"))
	}
	tests := map[string]struct {
		want string
		err  error
	}{
		"20261123-abcdzzzz":      {"20261123-abcdzzzz", nil},
		"20261123-B":             {"20261123-bbbbbbbb", nil},
		"b":                      {"20261123-bbbbbbbb", nil},
		"abcde":                  {"20261122-abcdefgh", nil},
		"20261124":               {"20261123-20261124", nil},
		"abcd":                   {"", ErrAmbiguous},
		"2026":                   {"", ErrAmbiguous},
		"zzzz":                   {"", ErrNotFound},
		"":                       {"", ErrNotFound},
		"*":                      {"", ErrNotFound},
		"????????-b":             {"", ErrNotFound},
		"[a-z]":                  {"", ErrNotFound},
		"'; DROP TABLE":          {"", ErrNotFound},
		strings.Repeat("a", 100): {"", ErrNotFound},
	}
	for ref, tt := range tests {
		if got, err := r.Resolve(t.Context(), ref); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("Resolve(%q) = %q, %v; want %q, %v", ref, got, err, tt.want, tt.err)
		}
	}
}
