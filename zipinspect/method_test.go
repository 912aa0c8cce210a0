package zipinspect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// xzFilter is an .xz file whose only block names a filter before LZMA2.
func xzFilter(id byte) []byte {
	b := fixture.XZ([]byte("x"))[:12]
	head := []byte{2, 1, id, 0, 0x21, 1, 0x16, 0} // size, two filters
	head = binary.LittleEndian.AppendUint32(head, crc32.ChecksumIEEE(head))
	return append(b, head...)
}

func TestMethods(t *testing.T) {
	text := strings.Repeat("every program reads this. ", 3000)
	lzma := fixture.ZipLZMA([]byte(text), true)
	x := fixture.XZ([]byte(text))
	xs, ppmd := strings.Repeat("x", 900), []byte("\x0F\x10\x77\xFC\xDB\xDE\x6F\xCD\xC0\x00") // by 7-Zip
	for _, tt := range []struct {
		name    string
		entry   fixture.ZIPEntry
		open    error
		content string
		read    error
	}{
		{"LZMA ended by a marker", fixture.ZIPEntry{Method: 14, Flags: 2, Packed: lzma}, nil, text, nil},
		{"LZMA ended by its size", fixture.ZIPEntry{Method: 14, Packed: fixture.ZipLZMA([]byte(text), false)}, nil, text, nil},
		{"LZMA cut", fixture.ZIPEntry{Method: 14, Flags: 2, Packed: lzma[:len(lzma)-20]}, nil, "", ErrCorrupt},
		{"LZMA of impossible properties", fixture.ZIPEntry{Method: 14, Packed: append([]byte{9, 20, 5, 0, 0xFF}, lzma[5:]...)}, ErrCorrupt, "", nil},
		{"LZMA of other properties", fixture.ZIPEntry{Method: 14, Packed: append([]byte{9, 20, 6, 0}, lzma[4:]...)}, ErrCorrupt, "", nil},
		{"LZMA of one byte", fixture.ZIPEntry{Method: 14, Packed: []byte{9}}, ErrCorrupt, "", nil},
		{"xz", fixture.ZIPEntry{Method: 95, Packed: x}, nil, text, nil},
		{"xz of nothing", fixture.ZIPEntry{Method: 95, Packed: fixture.XZ(nil)}, nil, "-", nil},
		{"xz of two streams", fixture.ZIPEntry{Method: 95, Packed: append(append(x[:len(x):len(x)], 0, 0, 0, 0), x...)}, nil, text + text, ErrChecksum},
		{"xz with junk behind it", fixture.ZIPEntry{Method: 95, Packed: append(x[:len(x):len(x)], "junk"...)}, nil, text, nil},
		{"xz cut", fixture.ZIPEntry{Method: 95, Packed: x[:len(x)/2]}, nil, "", ErrCorrupt},
		{"xz with a filter for programs", fixture.ZIPEntry{Method: 95, Packed: xzFilter(4)}, ErrMethod, "", nil},
		{"no xz", fixture.ZIPEntry{Method: 95, Packed: []byte("something else entirely")}, ErrCorrupt, "", nil},
		{"PPMd", fixture.ZIPEntry{Method: 98, Data: []byte(xs), Packed: ppmd}, nil, xs, nil},
		{"PPMd cut", fixture.ZIPEntry{Method: 98, Packed: ppmd[:len(ppmd)-3]}, nil, "", ErrCorrupt},
		{"PPMd of order 1", fixture.ZIPEntry{Method: 98, Packed: append([]byte{0}, ppmd[1:]...)}, ErrCorrupt, "", nil},
		{"PPMd with a frozen model", fixture.ZIPEntry{Method: 98, Packed: append([]byte{0x0F, 0x20}, ppmd[2:]...)}, ErrMethod, "", nil},
		{"PPMd of one byte", fixture.ZIPEntry{Method: 98, Packed: []byte{0x0F}}, ErrCorrupt, "", nil},
		{"reduced", fixture.ZIPEntry{Method: 2, Packed: []byte("x")}, ErrMethod, "", nil},
		{"imploded", fixture.ZIPEntry{Method: 6, Packed: []byte("x")}, ErrMethod, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.entry.Name = "a"; tt.entry.Data == nil {
				tt.entry.Data = []byte(text)
			}
			if tt.content == "-" {
				tt.entry.Data, tt.content = nil, ""
			}
			a := read(t, fixture.ZIP{Entries: []fixture.ZIPEntry{tt.entry, stored("next", "x")}}.Bytes())
			r, err := a.Entries[0].Open()
			if !errors.Is(err, tt.open) {
				t.Fatalf("Open: %v", err)
			}
			if err != nil {
				return
			}
			defer r.Close()
			b, err := io.ReadAll(r)
			if tt.read == ErrCorrupt && errors.Is(err, ErrCorrupt) {
				return
			}
			if string(b) != tt.content || !errors.Is(err, tt.read) {
				t.Errorf("got %d bytes, %v", len(b), err)
			}
		})
	}
}

// A dictionary is taken at once and on the header's word: a hundred entries that each claim four gigabytes cost little.
func TestClaimedDictionariesCostNoMemory(t *testing.T) {
	big := []byte{9, 20, 5, 0, 0x5D, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0}
	var z fixture.ZIP
	for range 100 {
		z.Entries = append(z.Entries, fixture.ZIPEntry{Name: "a", Data: make([]byte, 1<<20), Packed: big, Method: 14, Flags: 2})
	}
	a := read(t, z.Bytes())
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range a.Entries {
		if r, err := a.Entries[i].Open(); err == nil {
			_, _ = io.Copy(io.Discard, r)
			r.Close()
		}
	}
	runtime.ReadMemStats(&after)
	if n := (after.TotalAlloc - before.TotalAlloc) / 100; n > 1<<20 {
		t.Errorf("%d bytes an entry", n)
	}
}

func TestDecodersPanicIsDamage(t *testing.T) {
	n, err := guarded{panicking{}}.Read(make([]byte, 10))
	if n != 0 || err == nil || !strings.Contains(err.Error(), "index") {
		t.Errorf("%d, %v", n, err)
	}
}

type panicking struct{}

func (panicking) Read(p []byte) (int, error) { return int(bytes.Clone(p)[len(p)]), nil }
