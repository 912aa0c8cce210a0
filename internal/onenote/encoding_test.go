package onenote

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompactIntegers(t *testing.T) {
	for _, tt := range []struct {
		b    []byte
		want uint64
		bad  bool
	}{
		{[]byte{0}, 0, false},
		{[]byte{0x5A<<1 | 1}, 0x5A, false},
		{[]byte{0xD2, 0x48}, 0x1234, false},
		{[]byte{0x6C, 0x5E, 0x0D}, 0x1ABCD, false},
		{[]byte{0x08, 0xEF, 0xCD, 0xAB}, 0xABCDEF0, false},
		{[]byte{0x30, 0xE0, 0xBD, 0x79, 0x35}, 0x1ABCDEF01, false},
		{[]byte{0xA0, 0x26, 0x9E, 0x15, 0x8D, 0x04}, 0x123456789A, false},
		{[]byte{0xC0, 0xD5, 0xC4, 0xB3, 0xA2, 0x91, 0x00}, 0x123456789AB, false},
		{[]byte{0x80, 0xEF, 0xCD, 0xAB, 0x89, 0x67, 0x45, 0x23, 0x01}, 0x0123456789ABCDEF, false},
		{nil, 0, true},
		{[]byte{0x02}, 0, true},
		{[]byte{0x80, 1, 2}, 0, true},
	} {
		c := &cursor{b: tt.b}
		if got := c.compact(); got != tt.want && !tt.bad || c.bad != tt.bad || !tt.bad && len(c.b) > 0 {
			t.Errorf("% x: %#x, bad %v, %d left", tt.b, got, c.bad, len(c.b))
		}
	}
}

func TestExtendedGUIDs(t *testing.T) {
	g := guid{15: 7}
	for _, tt := range []struct {
		head []byte
		n    uint32
		bad  bool
	}{
		{[]byte{17<<3 | 4}, 17, false},
		{[]byte{0x20 | 0x40, 0x55}, 0x155, false},
		{[]byte{0x40 | 0x80, 0xE6, 0xD5}, 0x1ABCD, false},
		{[]byte{0x80, 4, 3, 2, 1}, 0x01020304, false},
		{[]byte{0x02}, 0, true},
		{[]byte{0x10}, 0, true},
	} {
		c := &cursor{b: append(slices.Clone(tt.head), g[:]...)}
		if got := c.exGUID(); c.bad != tt.bad || !tt.bad && (got != id{g, tt.n} || len(c.b) > 0) {
			t.Errorf("% x: %v, bad %v, %d left", tt.head, got, c.bad, len(c.b))
		}
	}
	c := &cursor{b: []byte{0}}
	if got := c.exGUID(); got != (id{}) || c.bad || len(c.b) > 0 {
		t.Errorf("nil: %v", got)
	}
}

func TestChunkReferences(t *testing.T) {
	b := []byte{8, 7, 6, 5, 4, 3, 2, 1, 0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11}
	for _, tt := range []struct {
		stp, cb uint32
		want    span
	}{
		{0, 0, span{0x0102030405060708, 0x15161718}},
		{1, 0, span{0x05060708, 0x01020304}},
		{2, 2, span{0x0708 * 8, 6 * 8}},
		{3, 3, span{0x05060708 * 8, 0x0304 * 8}},
		{3, 1, span{0x05060708 * 8, 0x1516171801020304}},
	} {
		c := &cursor{b: b}
		if got := c.chunkRef(tt.stp, tt.cb); got != tt.want {
			t.Errorf("formats %d, %d: %x", tt.stp, tt.cb, got)
		}
	}
	c := &cursor{b: bytes.Repeat([]byte{0xFF}, 16)}
	if got := c.chunkRef(0, 1); got != (span{}) {
		t.Errorf("fcrNil: %x", got)
	}
	c = &cursor{b: b[:3]}
	if got := c.chunkRef(0, 0); got != (span{}) || !c.bad {
		t.Errorf("cut: %x", got)
	}
}

func TestFileReferences(t *testing.T) {
	want := guid{3: 0x00, 2: 0x11, 1: 0x22, 0: 0x33, 5: 0x44, 4: 0x55, 7: 0x66, 6: 0x77, 8: 0x88, 9: 0x99, 10: 0xAA, 11: 0xBB, 12: 0xCC, 13: 0xDD, 14: 0xEE, 15: 0xFF}
	if g, ok := parseGUID("<ifndf>{00112233-4455-6677-8899-AABBCCDDEEFF}"); !ok || g != want {
		t.Errorf("%x", g)
	}
	for _, s := range []string{"", "<invfdo>", "<file>00112233-4455-6677-8899-AABBCCDDEEFF.onebin", "<ifndf>{0011}", "<ifndf>{zz112233-4455-6677-8899-AABBCCDDEEFF}"} {
		if g, ok := parseGUID(s); ok {
			t.Errorf("%q: %x", s, g)
		}
	}
}

// set is an ObjectSpaceObjectPropSet with one reference to each of two objects.
func set(streams []uint32, ids []uint32, data ...[]byte) []byte {
	var b []byte
	for _, v := range streams {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(ids)))
	for _, v := range ids {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return append(b, bytes.Join(data, nil)...)
}

func sized(s string) []byte { return append([]byte{byte(len(s)), 0, 0, 0}, s...) }

// TestPropertySets holds that properties behind others of every type are read in their place.
func TestPropertySets(t *testing.T) {
	const (
		noStreams = 1 << 31
		text      = propTextASCII
	)
	abc := sized("abc")
	for _, tt := range []struct {
		name string
		set  []byte
		text string
		file string // name of object 2
	}{
		{"text", set([]uint32{noStreams}, []uint32{text}, abc), "abc\n", ""},
		{"text with a zero at its end", set([]uint32{noStreams}, []uint32{text}, sized("abc\x00")), "abc\n", ""},
		{"behind numbers", set([]uint32{noStreams}, []uint32{0x04000001, 0x88000002, 0x0C000003, 0x10000004, 0x14000005, 0x18000006, text},
			make([]byte, 1+2+4+8), abc), "abc\n", ""},
		{"behind references", set([]uint32{noStreams | 2, 1, 2}, []uint32{0x20000001, 0x24000002, 0x28000003, 0x2C000004, 0x30000005, 0x34000006, text},
			[]byte{1, 0, 0, 0}, make([]byte, 8), abc), "abc\n", ""},
		{"behind all streams", set([]uint32{1, 9, 1<<30 | 1, 9, noStreams | 1, 9}, []uint32{text}, abc), "abc\n", ""},
		{"in a property set", set([]uint32{noStreams}, []uint32{0x44000001, text}, set(nil, []uint32{text}, sized("in")), abc), "in\nabc\n", ""},
		{"in an array of property sets", set([]uint32{noStreams}, []uint32{0x40000001, text}, []byte{2, 0, 0, 0, 1, 0, 0, 0x44},
			set(nil, []uint32{text}, sized("a")), set(nil, []uint32{text}, sized("b")), abc), "a\nb\nabc\n", ""},
		{"behind an empty array", set([]uint32{noStreams}, []uint32{0x40000001, text}, make([]byte, 4), abc), "abc\n", ""},
		{"name and its object", set([]uint32{noStreams | 2, 1, 2}, []uint32{0x20000009, propFileName, propFileContainer}, sized("a\x00.\x00b\x00")), "", "a.b"},
		{"name behind an array of objects", set([]uint32{noStreams | 3, 1, 1, 2}, []uint32{0x24000009, propFileContainer, propFileName},
			[]byte{2, 0, 0, 0}, sized("a\x00")), "", "a"},
		{"reference that is not there", set([]uint32{noStreams}, []uint32{propFileContainer, propFileName}, sized("a\x00")), "", ""},
		{"unknown type", set([]uint32{noStreams}, []uint32{0x7C000001, text}, abc), "", ""},
		{"length beyond the end", set([]uint32{noStreams}, []uint32{text}, []byte{200, 0, 0, 0, 'a'}), "", ""},
		{"deep sets", set([]uint32{noStreams}, []uint32{0x44000001}, bytes.Repeat([]byte{1, 0, 1, 0, 0, 0x44}, 100_000)), "", ""},
		{"nothing", nil, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			s := newStore(context.Background(), bytes.NewReader(nil), 0, Options{Text: &out}.withDefaults())
			s.properties(tt.set, func(n uint32, _ int) id { return id{n: n} })
			if out.String() != tt.text {
				t.Errorf("text %q", out.String())
			}
			var want []named
			if tt.file != "" {
				want = []named{{name: tt.file}}
			}
			if diff := cmp.Diff(want, s.names[id{n: 2}], cmp.AllowUnexported(named{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRenamedFilesKeepFewNames(t *testing.T) {
	s := newStore(context.Background(), bytes.NewReader(nil), 0, Options{})
	for _, n := range []string{"a", "b", "a", "c", "d", "e"} {
		s.name(id{n: 1}, named{name: n})
	}
	if got := s.names[id{n: 1}]; len(got) != renamedMax || got[3].name != "d" {
		t.Errorf("%v", got)
	}
}

// TestStreamObjects reads headers of all four forms (MS-FSSHTTPB 2.2.1.5).
func TestStreamObjects(t *testing.T) {
	le := binary.LittleEndian
	long := append(le.AppendUint32(nil, 2|0x16<<3|0x7FFF<<17), 0xD2, 0x48)
	for _, tt := range []struct {
		name string
		b    []byte
		want streamObject
		ok   bool
	}{
		{"16-bit start", le.AppendUint16(nil, 1<<2|0x15<<3|1<<9), streamObject{kind: 0x15, compound: true, at: 2, n: 1}, true},
		{"32-bit start", le.AppendUint32(nil, 2|0x7A<<3|33<<17), streamObject{kind: 0x7A, at: 4, n: 33}, true},
		{"large length", long, streamObject{kind: 0x16, at: 6, n: 0x1234}, true},
		{"8-bit end", []byte{0x15<<2 | 1}, streamObject{kind: 0x15, end: true, at: 1}, true},
		{"16-bit end", le.AppendUint16(nil, 0x7A<<2|3), streamObject{kind: 0x7A, end: true, at: 2}, true},
		{"cut header", []byte{2, 0}, streamObject{}, false},
		{"longer than the file", append(le.AppendUint32(nil, 2|0x16<<3|0x7FFF<<17), 0x80, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF), streamObject{}, false},
	} {
		b := tt.b
		if tt.ok {
			b = append(slices.Clone(b), make([]byte, 8000)...)
		}
		s := newStore(context.Background(), bytes.NewReader(b), int64(len(b)), Options{})
		got, ok := s.streamObject(0)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s: %+v, %v", tt.name, got, ok)
		}
	}
}
