package lzh

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// msb writes bits, the highest first.
type msb struct {
	out  []byte
	have uint
}

func (w *msb) bit(v int, n uint) *msb {
	for ; n > 0; n-- {
		if w.have == 0 {
			w.out = append(w.out, 0)
		}
		w.out[len(w.out)-1] |= byte(v>>(n-1)&1) << (7 - w.have)
		w.have = (w.have + 1) % 8
	}
	return w
}

func decodeAll(d decoder, n int) (string, error) {
	p := make([]byte, n)
	got, err := d.decode(p)
	return string(p[:got]), err
}

func in(b []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(b)) }

// Compressors use what the window holds at the beginning: spaces, or LArc's table.
func TestWhatTheWindowBeginsWith(t *testing.T) {
	block := func() *msb { // one symbol: the length 3, of which the code has no bits, as no other
		return new(msb).bit(1, 16).bit(0, 5).bit(0, 5).bit(0, 9).bit(256, 9)
	}
	for _, tt := range []struct {
		name string
		d    decoder
		want string
	}{
		{"-lh5-", newStatic(in(block().bit(0, 4).bit(7, 4).bit(9, 6).bytes()), 13), "   "},
		{"-lh7-", newStatic(in(block().bit(0, 5).bit(16, 5).bit(0x7FFF, 15).bytes()), 16), "   "},
		{"-lzs-", newLZS(in(new(msb).bit(0, 1).bit(5, 11).bit(1, 4).bytes())), "   "},
		{"-lz5-, thirteen of each byte", newLZ5(in([]byte{0, byte(13 * 'A' & 0xFF), byte(13*'A'>>8<<4 | 15)})), strings.Repeat("A", 13) + "BBBBB"},
		{"-lz5-, upwards", newLZ5(in([]byte{0, byte((3328 + 'A') & 0xFF), byte((3328 + 'A') >> 8 << 4)})), "ABC"},
		{"-lz5-, downwards", newLZ5(in([]byte{0, byte((3328 + 256 + 255 - 'C') & 0xFF), byte((3328 + 256 + 255 - 'C') >> 8 << 4)})), "CBA"},
		{"-lz5-, spaces", newLZ5(in([]byte{0, byte(3970 & 0xFF), byte(3970 >> 8 << 4)})), "   "},
	} {
		if got, err := decodeAll(tt.d, len(tt.want)); got != tt.want || err != nil {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
}

func (w *msb) bytes() []byte { return append(w.out, 0, 0) }

func TestLengthsOfCodes(t *testing.T) {
	for _, tt := range []struct {
		name string
		bits *msb
		want map[int]uint32 // words by symbol
		ok   bool
	}{
		{"three lengths", new(msb).bit(3, 5).bit(1, 3).bit(2, 3).bit(2, 3).bit(0, 2), map[int]uint32{0: 0, 1: 0x8000, 2: 0xC000}, true},
		{"zeros behind the third", new(msb).bit(8, 5).bit(1, 3).bit(2, 3).bit(0, 3).bit(3, 2).bit(3, 3).bit(3, 3), map[int]uint32{0: 0, 1: 0x8000, 6: 0xC000, 7: 0xE000}, true},
		{"a length above six", new(msb).bit(2, 5).bit(1, 3).bit(7, 3).bit(1, 1).bit(1, 1).bit(0, 1), map[int]uint32{0: 0, 1: 0x8000}, true},
		{"too many words", new(msb).bit(3, 5).bit(1, 3).bit(1, 3).bit(1, 3).bit(0, 2), nil, false},
		{"a length of more than 16 bits", new(msb).bit(1, 5).bit(7, 3).bit(0x3FF, 10).bit(0, 1), nil, false},
		{"more lengths than symbols", new(msb).bit(20, 5).bit(0, 3*20), nil, false},
		{"one symbol alone that is none", new(msb).bit(0, 5).bit(25, 5), nil, false},
		{"cut", new(msb).bit(19, 5), nil, false},
	} {
		s := newStatic(in(tt.bits.out), 13)
		var c code
		s.lengths(&c, lengthCodes, lengthBits, runAfter)
		if (s.err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, s.err)
			continue
		}
		for sym, word := range tt.want {
			b := bits{r: in([]byte{byte(word >> 8), byte(word)})}
			if got := b.symbol(&c); got != sym || b.err != nil {
				t.Errorf("%s: word %x is %d, want %d (%v)", tt.name, word, got, sym, b.err)
			}
		}
	}
}

func TestCharacterCodesThatAreNone(t *testing.T) {
	for name, w := range map[string]*msb{
		"more than there are":         new(msb).bit(1, 16).bit(0, 5).bit(3, 5).bit(511, 9),
		"one alone that is none":      new(msb).bit(1, 16).bit(0, 5).bit(0, 5).bit(0, 9).bit(511, 9),
		"too many words":              new(msb).bit(1, 16).bit(0, 5).bit(3, 5).bit(5, 9), // all of one bit
		"a position alone that isn't": new(msb).bit(1, 16).bit(0, 5).bit(0, 5).bit(0, 9).bit(65, 9).bit(0, 4).bit(15, 4),
	} {
		if _, err := decodeAll(newStatic(in(w.bytes()), 13), 10); !errors.Is(err, errCode) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBits(t *testing.T) {
	b := bits{r: in([]byte{0x12, 0x34, 0x56})}
	for _, tt := range []struct {
		n    uint
		want int
	}{{4, 1}, {8, 0x23}, {0, 0}, {4, 4}, {8, 0x56}} {
		if got := b.take(tt.n); got != tt.want || b.err != nil {
			t.Errorf("%d bits: %x, want %x, %v", tt.n, got, tt.want, b.err)
		}
	}
	if b.peek() != 0 || b.err != nil {
		t.Errorf("peek behind the end: %v", b.err)
	}
	if b.take(1); !errors.Is(b.err, io.ErrUnexpectedEOF) {
		t.Errorf("a bit behind the end: %v", b.err)
	}
}

// The tree of -lh1- stays one: every node is the child of its parent, and the frequencies never fall from node to node.
func TestTreeOfLH1(t *testing.T) {
	d := newDynamic(in(nil))
	check := func(when int) {
		if !slices.IsSorted(d.freq[:dynNodes]) {
			t.Fatalf("behind %d symbols the frequencies are out of order", when)
		}
		for node, c := range d.child {
			if d.parent[c] != node || c < dynNodes && d.parent[c+1] != node {
				t.Fatalf("behind %d symbols node %d is not its child's parent", when, node)
			}
			if c < dynNodes && d.freq[node] != d.freq[c]+d.freq[c+1] {
				t.Fatalf("behind %d symbols node %d has not the sum of its children", when, node)
			}
		}
	}
	check(0)
	halved := false
	for i := range 80_000 {
		before := d.freq[dynRoot]
		d.count(dynNodes + i*i%dynChars)
		halved = halved || d.freq[dynRoot] < before
		if i < 100 || i%997 == 0 || d.freq[dynRoot] < before {
			check(i + 1)
		}
	}
	if !halved {
		t.Error("the frequencies were never halved: the test shows too little")
	}
}

func TestChecksum(t *testing.T) {
	if got := crc16(0, []byte("123456789")); got != 0xBB3D { // the check value of CRC-16/ARC
		t.Errorf("%04x", got)
	}
	if got := crc16(crc16(0, []byte("1234")), []byte("56789")); got != 0xBB3D {
		t.Errorf("in two parts: %04x", got)
	}
}

func TestMatchesOverTheWindowsEdge(t *testing.T) {
	w := newWindow(8, '.')
	for _, c := range []byte("abcdef") {
		w.put(c)
	}
	w.match(w.pos-3, 7) // def, repeated
	got := make([]byte, 7)
	for n := 0; w.left > 0; {
		n += w.fill(got[n:])
	}
	if string(got) != "defdefd" || string(w.buf) != "fdefdfde" || w.pos != 5 {
		t.Errorf("%q, window %q at %d", got, w.buf, w.pos)
	}
	w = newWindow(8, '.')
	w.put('a')
	w.match(w.pos-3, 2) // before the beginning
	if n := w.fill(got); string(got[:n]) != ".." {
		t.Errorf("%q", got[:n])
	}
	w.match(w.pos+2, 4) // what lies ahead: older still
	copy(w.buf[5:], "xyz")
	if n := w.fill(got); string(got[:n]) != "xyz" || w.left != 1 {
		t.Errorf("%q, %d left", got[:n], w.left)
	}
}
