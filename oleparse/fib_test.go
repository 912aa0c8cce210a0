package oleparse

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/fixture"
)

func TestFIB(t *testing.T) {
	head := func(ident, version uint16) []byte {
		b := make([]byte, fibHead)
		for i, v := range []uint16{ident, version, 0, 0x0411, 0, 0x0200} {
			binary.LittleEndian.PutUint16(b[2*i:], v)
		}
		for i, v := range map[int]uint32{0x18: 0x300, 0x1C: 0x310, 0x158: 1, 0x15C: 2, 0x160: 3, 0x164: 4, 0x19A: 5, 0x19E: 6, 0x1A2: 7, 0x1A6: 8} {
			binary.LittleEndian.PutUint32(b[i:], v)
		}
		return b
	}
	text := span{0x300, 0x10}
	for name, tc := range map[string]struct {
		b    []byte
		want fib
		ok   bool
	}{
		"Word 97":       {head(ident97, 0xC1), fib{flags: flagTable1, page: 1252, text: text, assoc: span{5, 6}, clx: span{7, 8}}, true},
		"Word 6":        {head(ident6, 0x65), fib{old: true, flags: flagTable1, page: 932, text: text, assoc: span{1, 2}, clx: span{3, 4}}, true},
		"Word 95":       {head(ident97, 0x68), fib{old: true, flags: flagTable1, page: 932, text: text, assoc: span{1, 2}, clx: span{3, 4}}, true},
		"cut":           {head(ident97, 0xC1)[:0x30], fib{flags: flagTable1, page: 1252, text: text}, true},
		"another ident": {head(0xA5DB, 0xC1), fib{}, false},
		"too short":     {head(ident97, 0xC1)[:0x20], fib{}, false},
	} {
		got, ok := parseFIB(tc.b)
		if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(fib{}, span{})); ok != tc.ok || diff != "" {
			t.Errorf("%s: %v %s", name, ok, diff)
		}
	}
}

func TestOldTextIsInTheCodePageOfItsLanguage(t *testing.T) {
	for lid, want := range map[int][2]int{
		0x0409: {1252, 10000}, 0x0411: {932, 10001}, 0x0404: {950, 10002}, 0x0412: {949, 10003}, 0x0804: {936, 10008}, 0x0419: {1251, 10007}, 0x0415: {1250, 10000},
	} {
		if got := [2]int{oldPage(lid, 0), oldPage(lid, 0x0100)}; got != want {
			t.Errorf("%#x: %d", lid, got)
		}
	}
}

func TestPieces(t *testing.T) {
	le := func(v ...uint32) (b []byte) {
		for _, x := range v {
			b = binary.LittleEndian.AppendUint32(b, x)
		}
		return b
	}
	pcd := func(fc uint32) []byte { return append(append([]byte{0, 0}, le(fc)...), 0, 0) }
	table := append(le(0, 10, 15, 15, 12), append(append(pcd(0x400), pcd(0x1000|1<<30)...), append(pcd(1), pcd(2)...)...)...)
	two := []piece{{span{0x400, 20}, true}, {span{0x800, 5}, false}}
	for name, tc := range map[string]struct {
		clx  []byte
		old  bool
		want []piece
	}{
		"plain":             {append(append([]byte{2}, le(uint32(len(table)))...), table...), false, two},
		"behind properties": {append(append([]byte{1, 2, 0, 9, 9, 2}, le(uint32(len(table)))...), table...), false, two},
		"size that lies":    {append(append([]byte{2}, le(0xFFFFFFFF)...), table...), false, two},
		"old":               {append(append([]byte{2}, le(16)...), append(le(0, 10), pcd(0x400)...)...), true, []piece{{span{0x400, 10}, false}}},
		"no table":          {[]byte{1, 2, 0, 9, 9}, false, nil},
		"unknown part":      {[]byte{3, 2, 0, 9, 9}, false, nil},
		"cut":               {[]byte{2, 1}, false, nil},
		"empty":             {nil, false, nil},
	} {
		if diff := cmp.Diff(tc.want, parsePieces(tc.clx, tc.old), cmp.AllowUnexported(piece{}, span{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestStringsOfATable(t *testing.T) {
	wide := append([]byte{0xFF, 0xFF, 2, 0, 2, 0, 1, 0, 'a', 0, 9, 9, 2, 0}, fixture.UTF16("bc")...)
	for name, tc := range map[string]struct {
		b    []byte
		i    int
		old  bool
		want string
	}{
		"first":          {wide, 0, false, "a"},
		"past the extra": {wide, 1, false, "bc"},
		"past the end":   {wide, 2, false, ""},
		"cut":            {wide[:15], 1, false, ""},
		"short strings":  {[]byte{2, 0, 1, 'a', 2, 'b', 'c'}, 1, false, "bc"},
		"Word 6":         {[]byte{0xFF, 0xFF, 1, 'a', 2, 'b', 'c'}, 1, true, "bc"},
		"empty":          {nil, 1, false, ""},
	} {
		if got := sttbString(tc.b, tc.i, &fib{old: tc.old}); got != tc.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestACursorPastTheEndStaysThere(t *testing.T) {
	c := cursor{b: []byte{1, 2, 3}}
	if c.u16() != 0x0201 || c.u32() != 0 || !c.bad || c.u8() != 0 || c.text() != nil || c.take(0) == nil {
		t.Errorf("%+v", c)
	}
	for _, n := range []int64{-1, 4, 1 << 40} {
		if c := (cursor{b: []byte{1, 2, 3}}); c.take(n) != nil || !c.bad {
			t.Errorf("%d: %+v", n, c)
		}
	}
	c = cursor{b: []byte("ab\x00cd")}
	if string(c.text()) != "ab" || c.bad || c.text() != nil || !c.bad {
		t.Errorf("%+v", c)
	}
}
