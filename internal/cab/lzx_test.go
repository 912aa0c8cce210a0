package cab

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stream16 writes bits as LZX has them: the highest first, in little-endian words.
type stream16 struct {
	out  []byte
	word uint16
	have uint
}

func (w *stream16) bit(v int, n uint) *stream16 {
	for ; n > 0; n-- {
		w.word = w.word<<1 | uint16(v>>(n-1)&1)
		if w.have++; w.have == 16 {
			w.out = binary.LittleEndian.AppendUint16(w.out, w.word)
			w.word, w.have = 0, 0
		}
	}
	return w
}

func (w *stream16) bytes() []byte {
	for w.have > 0 {
		w.bit(0, 1)
	}
	return w.out
}

// rawBlock is an uncompressed block behind whatever bits precede it.
func rawBlock(w *stream16, data string) []byte {
	w.bit(uncompressed, 3).bit(len(data)>>8, 16).bit(len(data)&0xFF, 8)
	if w.have == 0 {
		w.bit(0, 16)
	}
	b := w.bytes()
	for _, r := range []uint32{1, 1, 1} {
		b = binary.LittleEndian.AppendUint32(b, r)
	}
	return append(b, data...)
}

func TestUncompressedBlocks(t *testing.T) {
	odd := append(rawBlock(new(stream16).bit(0, 1), "odd"), 0) // padded to a word
	two := append(odd, rawBlock(new(stream16), " and even.")...)
	across := rawBlock(new(stream16).bit(0, 1), strings.Repeat("x", 100))
	for _, tt := range []struct {
		name   string
		frames [][]byte
		sizes  []int
		want   string
	}{
		{"one block", [][]byte{odd}, []int{3}, "odd"},
		{"an odd one and another", [][]byte{two}, []int{13}, "odd and even."},
		{"a block of two frames", [][]byte{across[:len(across)-60], across[len(across)-60:]}, []int{40, 60}, strings.Repeat("x", 100)},
	} {
		z := newLZX(minWindow)
		var got []byte
		for i, frame := range tt.frames {
			b, err := z.block(frame, tt.sizes[i])
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			got = append(got, b...)
		}
		if string(got) != tt.want {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

func TestBlocksThatAreNone(t *testing.T) {
	raw := rawBlock(new(stream16).bit(0, 1), "content")
	for name, frame := range map[string][]byte{
		"nothing":                     nil,
		"a header cut":                {0},
		"type 0":                      new(stream16).bit(0, 1).bit(0, 3).bit(10, 24).bytes(),
		"type 7":                      new(stream16).bit(0, 1).bit(7, 3).bit(10, 24).bytes(),
		"raw, without offsets":        raw[:10],
		"raw, cut":                    raw[:len(raw)-3],
		"verbatim, without trees":     new(stream16).bit(0, 1).bit(verbatim, 3).bit(10, 24).bytes(),
		"verbatim, of too many codes": append(new(stream16).bit(0, 1).bit(verbatim, 3).bit(10, 24).bit(0x1111, 16).bytes(), bytes.Repeat([]byte{0x11}, 30)...),
		"aligned, without its tree":   new(stream16).bit(0, 1).bit(aligned, 3).bit(10, 24).bytes(),
		"zeros":                       make([]byte, 500),
	} {
		z := newLZX(minWindow)
		if b, err := z.block(frame, 7); !errors.Is(err, ErrCorrupt) || len(b) > 7 {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

// ready is a decoder in the middle of a block in which the literals A and B, and the matches given, have words of three bits.
func ready(t *testing.T, matches ...int) *lzx {
	t.Helper()
	z := newLZX(minWindow)
	lens := make([]uint8, literals+8*z.slots)
	for _, sym := range append([]int{'A', 'B'}, matches...) {
		lens[sym] = 3
	}
	length := make([]uint8, lengthCodes)
	length[0], length[248] = 1, 1
	if !z.main.build(lens) || !z.length.build(length) || !z.align.build([]uint8{3, 3, 3, 3, 3, 3, 3, 3}) {
		t.Fatal("no code")
	}
	z.kind, z.left, z.started = verbatim, 1<<20, true
	return z
}

// code is the main tree's symbol of a match.
func code(slot, length int) int { return literals + slot*8 + min(length-minMatch, 7) }

func TestMatches(t *testing.T) {
	near, far, long := code(0, 3), code(4, 4), code(0, 9) // of the length tree's first code
	for _, tt := range []struct {
		name    string
		matches []int // in order of their symbols; the third word and those behind it
		bits    *stream16
		want    string
		ok      bool
	}{
		{"literals", nil, new(stream16).bit(0, 3).bit(1, 3).bit(0, 3), "ABA", true},
		{"the last offset is one at the beginning", []int{near}, new(stream16).bit(0, 3).bit(2, 3), "AAAA", true},
		{"a longer one", []int{long}, new(stream16).bit(1, 3).bit(2, 3).bit(0, 1), "BBBBBBBBBB", true},
		{"an offset with a bit of its own", []int{far}, new(stream16).bit(0, 3).bit(1, 3).bit(2, 3).bit(0, 1), "ABABAB", true},
		{"the new offset becomes the last", []int{near, far}, new(stream16).bit(0, 3).bit(1, 3).bit(3, 3).bit(0, 1).bit(2, 3), "ABABABABA", true},
		{"before the beginning", []int{near}, new(stream16).bit(2, 3), "", false},
		{"further than the beginning", []int{far}, new(stream16).bit(0, 3).bit(2, 3).bit(1, 1), "A", false},
		{"over the frame's end", []int{near}, new(stream16).bit(0, 3).bit(2, 3), "A", false},
		{"a word outside the code", nil, new(stream16).bit(0, 3).bit(7, 3), "A", false},
		{"no more input", nil, new(stream16).bit(0, 3).bit(1, 3).bit(0, 10), "ABAAA", false},
	} {
		n := len(tt.want)
		if !tt.ok {
			n = max(n+2, 3)
		}
		if tt.name == "no more input" {
			n = 50
		}
		z := ready(t, tt.matches...)
		b, err := z.block(tt.bits.bytes(), n)
		if string(b) != tt.want || (err == nil) != tt.ok {
			t.Errorf("%s: %q, %v", tt.name, b, err)
		}
	}
}

// The three recent offsets change places when they are used (2.4.1).
func TestRecentOffsets(t *testing.T) {
	z := newLZX(minWindow)
	z.kind, z.recent = verbatim, [3]int{10, 20, 30}
	for _, tt := range []struct {
		slot, back int
		after      [3]int
	}{
		{0, 10, [3]int{10, 20, 30}}, {1, 20, [3]int{20, 10, 30}}, {2, 30, [3]int{30, 10, 20}}, {3, 1, [3]int{1, 30, 10}},
	} {
		if got := z.offset(tt.slot); got != tt.back || z.recent != tt.after {
			t.Errorf("slot %d: %d, %v", tt.slot, got, z.recent)
		}
	}
	z.kind, z.in = aligned, new(stream16).bit(1, 1).bit(5, 3).bytes()
	z.align.build([]uint8{3, 3, 3, 3, 3, 3, 3, 3})
	if got, want := z.offset(10), 32+1<<3+5-2; got != want { // four bits more: one as it is, three in the aligned code
		t.Errorf("aligned: %d, want %d", got, want)
	}
}

// The table of the position slots (2.4.1), of which the first offsets follow from the bits.
func TestPositionSlots(t *testing.T) {
	next := 0
	for slot := range maxSlots {
		if slot > 2 && base(slot) != next { // those before it are the recent offsets
			t.Errorf("slot %d begins at %d, want %d", slot, base(slot), next)
		}
		next += 1 << extraBits(slot)
	}
	if next != 1<<21 {
		t.Errorf("the slots reach to %d", next)
	}
	for i, n := range slots {
		if got := base(n-1) + 1<<extraBits(n-1); got != 1<<(minWindow+i) {
			t.Errorf("%d slots reach to %d", n, got)
		}
	}
}

func TestTranslationOfCalls(t *testing.T) {
	call := func(v int32) []byte { return binary.LittleEndian.AppendUint32([]byte{0xE8}, uint32(v)) }
	tail := make([]byte, 6)
	for _, tt := range []struct {
		name string
		at   int32
		in   []byte
		want []byte
	}{
		{"absolute becomes relative", 1000, append(call(1500), tail...), append(call(500), tail...)},
		{"backwards", 1000, append(call(10), tail...), append(call(-990), tail...)},
		{"wrapped", 1000, append(call(-5), tail...), append(call(4995), tail...)},
		{"behind the size", 1000, append(call(5000), tail...), append(call(5000), tail...)},
		{"before the beginning", 3, append(call(-5), tail...), append(call(-5), tail...)},
		{"in the last ten bytes", 1000, append(call(1500), tail[:5]...), append(call(1500), tail[:5]...)},
		{"within the last one's target", 1000, append(append(call(0xE8), 0xE8), tail...), append(append(call(0xE8-1000), 0xE8), tail...)},
	} {
		b := bytes.Clone(tt.in)
		if e8(b, tt.at, 5000); !bytes.Equal(b, tt.want) {
			t.Errorf("%s: % x, want % x", tt.name, b, tt.want)
		}
	}
}

func TestTranslationEndsWithTheFrames(t *testing.T) {
	call := append(binary.LittleEndian.AppendUint32([]byte{0xE8}, 300), make([]byte, 20)...)
	for _, tt := range []struct {
		frame int
		same  bool
	}{{0, false}, {e8Frames - 1, false}, {e8Frames, true}} {
		z := newLZX(minWindow)
		z.started, z.translate, z.frame, z.made = true, 5000, tt.frame, 100
		b, err := z.block(rawBlock(new(stream16), string(call)), len(call))
		if err != nil || bytes.Equal(b, call) != tt.same {
			t.Errorf("frame %d: % x, %v", tt.frame, b, err)
		}
		if d := cmp.Diff(call, z.window[:len(call)]); d != "" {
			t.Errorf("frame %d: the window was translated\n%s", tt.frame, d)
		}
	}
}

func TestLengthsOfCodes(t *testing.T) {
	// The lengths of the pretree: 17, 18, 19 and the difference to 3 have words of two bits, in this order: difference, 17, 18, 19.
	pre := func(w *stream16, diff int) *stream16 {
		for i := range preCodes {
			if i == diff || i >= 17 {
				w.bit(2, 4)
			} else {
				w.bit(0, 4)
			}
		}
		return w
	}
	three := 14 // (0 - 14) mod 17
	for _, tt := range []struct {
		name string
		bits *stream16
		n    int
		want []uint8
		bad  bool
	}{
		{"one by one", pre(new(stream16), three).bit(0, 2).bit(0, 2), 2, []uint8{3, 3}, false},
		{"a short run of zeros", pre(new(stream16), three).bit(1, 2).bit(1, 4).bit(0, 2), 6, []uint8{0, 0, 0, 0, 0, 3}, false},
		{"a long run of zeros", pre(new(stream16), three).bit(2, 2).bit(0, 5).bit(0, 2), 21, append(make([]uint8, 20), 3), false},
		{"a run of others", pre(new(stream16), three).bit(3, 2).bit(1, 1).bit(0, 2), 5, []uint8{3, 3, 3, 3, 3}, false},
		{"a run over the end", pre(new(stream16), three).bit(2, 2).bit(31, 5), 7, make([]uint8, 7), false},
		{"cut", pre(new(stream16), three), 400, nil, true},
	} {
		z := newLZX(minWindow)
		z.in = tt.bits.bytes()
		got := make([]uint8, tt.n)
		z.lengths(got)
		if z.bad != tt.bad || !tt.bad && !bytes.Equal(got, tt.want) {
			t.Errorf("%s: %v, bad %v", tt.name, got, z.bad)
		}
	}
}

func TestBitsOfLZX(t *testing.T) {
	z := &lzx{in: []byte{0x34, 0x12, 0x78, 0x56, 0xAB}}
	for _, tt := range []struct {
		n    uint
		want int
	}{{4, 1}, {8, 0x23}, {4, 4}, {16, 0x5678}, {8, 0}, {0, 0}, {8, 0xAB}} { // of the last word one byte is there
		if got := z.take(tt.n); got != tt.want || z.bad {
			t.Errorf("%d bits: %x, want %x, bad %v", tt.n, got, tt.want, z.bad)
		}
	}
	if z.take(1); !z.bad {
		t.Error("a bit behind the end is one")
	}
	z = &lzx{in: make([]byte, 10)}
	z.take(3)
	if z.giveBack(); z.at != 2 || z.have != 0 {
		t.Errorf("at %d, %d bits", z.at, z.have)
	}
}
