package oleparse

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// manyStreams is a file with small and large streams in several storages.
func manyStreams() []byte {
	var kids []fixture.Node
	for _, n := range []string{"a", "bb", "ccc", "dddd", "eeeee"} {
		kids = append(kids, fixture.Stream(n, []byte("content of "+n)), fixture.Stream(n+" large", []byte(strings.Repeat("content of "+n+" ", 500))))
	}
	return fixture.OLE(append(slices.Clone(kids), fixture.Storage("S", kids...), fixture.Storage("T", fixture.Storage("U", kids...)))...)
}

// Every name that a tree holds is listed, however the tree is damaged: what no path from the root reaches is listed under the root.
func TestADamagedTreeLosesNoStream(t *testing.T) {
	whole := manyStreams()
	sound := readBytes(t, whole).Streams
	const left, right, child, kind = 68, 72, 76, 66
	number := func(b []byte, name string) uint32 {
		return uint32((entryAt(t, b, name) - entryAt(t, b, "Root Entry")) / entryLen)
	}
	for _, tc := range []struct {
		name string
		harm func(b []byte)
	}{
		{"root without children", func(b []byte) { put32(b, entryAt(t, b, "Root Entry")+child, noStream) }},
		{"root with a child that is not there", func(b []byte) { put32(b, entryAt(t, b, "Root Entry")+child, 5000) }},
		{"root with a name of no length", func(b []byte) { b[entryAt(t, b, "Root Entry")+64] = 0 }},
		{"root with another name", func(b []byte) { b[entryAt(t, b, "Root Entry")] = 'Q' }},
		{"root that is a storage", func(b []byte) { b[entryAt(t, b, "Root Entry")+kind] = typeStorage }},
		{"all colours red", func(b []byte) {
			for i := range sound {
				b[entryAt(t, b, "Root Entry")+67+entryLen*i] = 0
			}
		}},
		{"storage without children", func(b []byte) { put32(b, entryAt(t, b, "S")+child, noStream) }},
		{"storage whose child is itself", func(b []byte) { put32(b, entryAt(t, b, "T")+child, number(b, "T")) }},
		{"storage whose child is the root", func(b []byte) { put32(b, entryAt(t, b, "U")+child, 0) }},
		{"siblings cut off", func(b []byte) {
			at := entryAt(t, b, "ccc")
			put32(b, at+left, noStream)
			put32(b, at+right, noStream)
		}},
		{"siblings swapped", func(b []byte) {
			at := entryAt(t, b, "ccc")
			l, r := binary.LittleEndian.Uint32(b[at+left:]), binary.LittleEndian.Uint32(b[at+right:])
			put32(b, at+left, r)
			put32(b, at+right, l)
		}},
		{"sibling of itself", func(b []byte) { put32(b, entryAt(t, b, "bb")+left, number(b, "bb")) }},
		{"sibling in another storage", func(b []byte) { put32(b, entryAt(t, b, "bb")+left, number(b, "U")) }},
		{"names out of order", func(b []byte) { copy(b[entryAt(t, b, "ccc"):], "z\x00z\x00z\x00") }},
		{"odd length of a name", func(b []byte) { b[entryAt(t, b, "dddd")+64] = 7 }},
		{"length of a name past its place", func(b []byte) { b[entryAt(t, b, "dddd")+64] = 200 }},
		{"upper half of a size", func(b []byte) { put32(b, entryAt(t, b, "dddd")+124, 0xDEADBEEF) }},
	} {
		b := bytes.Clone(whole)
		tc.harm(b)
		if d := readBytes(t, b); len(d.Streams) != len(sound) || d.Unread() {
			t.Errorf("%s: %d of %d streams, %v", tc.name, len(d.Streams), len(sound), d.Problems)
		}
	}
}

// contentOf reads the stream of that name in the root.
func contentOf(t *testing.T, b []byte, name string) string {
	t.Helper()
	c, _ := openBytes(b, Options{})
	id := c.find(c.root, typeStream, name)
	if id < 0 {
		t.Fatalf("no %q", name)
	}
	var out bytes.Buffer
	_, _ = out.ReadFrom(c.open(id, 0))
	return out.String()
}

func TestDamagedTablesLoseNoContentThatIsThere(t *testing.T) {
	whole := manyStreams()
	fat := (int(binary.LittleEndian.Uint32(whole[76:])) + 1) * 512
	for _, tc := range []struct {
		name, stream string
		harm         func(b []byte) []byte
	}{
		{"sound", "a", func(b []byte) []byte { return b }},
		{"sector of the FAT marked as another's", "ccc large", func(b []byte) []byte {
			put32(b, fat+4*int(binary.LittleEndian.Uint32(b[76:])), freeSect)
			return b
		}},
		{"a sector of another stream past the file", "a", func(b []byte) []byte {
			put32(b, fat+4*int(binary.LittleEndian.Uint32(b[entryAt(t, b, "ccc large")+116:])), 0x00FFFFF0)
			return b
		}},
		{"mini stream shorter than said", "eeeee", func(b []byte) []byte { put32(b, entryAt(t, b, "Root Entry")+120, 64); return b }},
		{"mini stream longer than said", "eeeee", func(b []byte) []byte { put32(b, entryAt(t, b, "Root Entry")+120, 1<<30); return b }},
		{"rubbish behind the file", "bb", func(b []byte) []byte { return append(b, noise(3000)...) }},
		{"minor version", "bb", func(b []byte) []byte { b[24] = 0xFF; return b }},
		{"version 0", "bb large", func(b []byte) []byte { b[26] = 0; return b }},
		{"class in the header", "bb large", func(b []byte) []byte { b[8] = 0xFF; return b }},
		{"sector shift 0", "bb large", func(b []byte) []byte { b[30] = 0; return b }},
		{"transaction signature", "bb", func(b []byte) []byte { put32(b, 52, 7); return b }},
		{"FAT named twice", "bb large", func(b []byte) []byte {
			n := binary.LittleEndian.Uint32(b[44:])
			put32(b, 76+4*int(n), binary.LittleEndian.Uint32(b[76:]))
			put32(b, 44, n+1)
			return b
		}},
		{"DIFAT that begins in the directory", "bb", func(b []byte) []byte { put32(b, 68, binary.LittleEndian.Uint32(b[48:])); put32(b, 72, 1); return b }},
	} {
		got := contentOf(t, tc.harm(bytes.Clone(whole)), tc.stream)
		want := "content of " + strings.TrimSuffix(tc.stream, " large")
		if strings.HasSuffix(tc.stream, " large") {
			want = strings.Repeat(want+" ", 500)
		}
		if got != want {
			t.Errorf("%s: %d bytes, want %d", tc.name, len(got), len(want))
		}
	}
}

func TestNothingOpensAFileWithSomethingBeforeItsHeader(t *testing.T) {
	if IsOLE(append([]byte("\r\n"), manyStreams()...)) {
		t.Error("it is taken for a compound file")
	}
}

func TestANameWithoutItsEndIsRead(t *testing.T) {
	b := manyStreams()
	at := entryAt(t, b, "dddd")
	for i := range 32 {
		b[at+2*i], b[at+2*i+1] = byte('A'+i%26), 0
	}
	b[at+64] = 64
	d := readBytes(t, b)
	if want := "S/ABCDEFGHIJKLMNOPQRSTUVWXYZABCDE"; !slices.Contains(d.Streams, want) {
		t.Errorf("%q", d.Streams)
	}
}
