package ppmd

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

func unpack(t testing.TB, packed []byte) ([]byte, error) {
	t.Helper()
	z, err := NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

// samples are contents that use the model in different ways.
func samples() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("the model of a text is what has followed its contexts so far, Kontext und 文脈")
	var text bytes.Buffer
	for text.Len() < 30_000 {
		fmt.Fprintf(&text, "%s %d ", words[r.IntN(len(words))], r.IntN(50))
	}
	noise := make([]byte, 50_000)
	for i := range noise {
		noise[i] = byte(r.IntN(256))
	}
	skewed := bytes.Clone(noise)
	for i := range skewed {
		skewed[i] &= noise[i*7%len(noise)] & noise[i*13%len(noise)]
	}
	return map[string][]byte{
		"nothing": {}, "a byte": {0xFF}, "zeros": make([]byte, 50_000), "text": text.Bytes(), "noise": noise, "skewed": skewed,
		"changing": append(append(bytes.Clone(noise[:20_000]), text.Bytes()...), skewed[:20_000]...),
	}
}

// The megabyte is full after a fraction of the noise: the model starts over, or is pruned, several times.
func TestWhatIsPackedComesOut(t *testing.T) {
	for name, data := range samples() {
		for _, order := range []uint32{2, 5, 16} {
			for method := range uint32(2) {
				got, err := unpack(t, pack(data, order, 1, method))
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s, order %d, method %d: %d of %d bytes, %v", name, order, method, len(got), len(data), err)
				}
			}
		}
	}
}

// Both were packed by 7-Zip 26.02.
var vectors = []struct{ name, packed, content string }{
	{"restart, order 6, 1 MB", "05004532da8f3f5758035ecfc09db5ca10f0682f61a246bc091d57d070dce4a7ddb2d583ea0be04ed3b57d180e00", "Every program reads this, and this program reads every program that reads this.\n"},
	{"cut off, order 16, 16 MB", "0f1077fcdbde6fcdc000", strings.Repeat("x", 900)},
}

func TestWhat7ZipPackedComesOut(t *testing.T) {
	for _, v := range vectors {
		packed, err := hex.DecodeString(v.packed)
		if err != nil {
			t.Fatal(err)
		}
		got, err := unpack(t, packed)
		if err != nil || string(got) != v.content {
			t.Errorf("%s: %q, %v", v.name, got, err)
		}
		word := uint32(packed[0]) | uint32(packed[1])<<8
		if same := pack([]byte(v.content), word&15+1, word>>4&255+1, word>>12); !bytes.Equal(same, packed) {
			t.Errorf("%s: our model packs it as %x", v.name, same)
		}
	}
}

func TestErrors(t *testing.T) {
	good := pack([]byte("text, text and text"), 6, 1, 0)
	for _, tt := range []struct {
		name   string
		packed []byte
		want   error
	}{
		{"nothing", nil, io.ErrUnexpectedEOF},
		{"parameters only", good[:2], io.ErrUnexpectedEOF},
		{"no end mark", good[:len(good)-5], io.ErrUnexpectedEOF},
		{"order 1", append([]byte{0, 0}, good[2:]...), ErrCorrupt},
		{"method 2, freeze", append([]byte{5, 0x20}, good[2:]...), ErrMethod},
		{"method 15", append([]byte{5, 0xF0}, good[2:]...), ErrMethod},
		{"a code behind the range", append([]byte{5, 0}, 0xFF, 0xFF, 0xFF, 0xFF, 0), ErrCorrupt},
	} {
		if _, err := unpack(t, tt.packed); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestReadersErrorIsPassedOn(t *testing.T) {
	ours := errors.New("disk")
	good := pack(samples()["text"], 6, 1, 0)
	in := io.MultiReader(bytes.NewReader(good[:1000]), iotest.ErrReader(ours))
	z, err := NewReader(bufio.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(z); !errors.Is(err, ours) || len(b) == 0 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if _, err := z.Read(make([]byte, 1)); !errors.Is(err, ours) {
		t.Errorf("once more: %v", err)
	}
}

// The header asks for 256 MB, the content needs some pages of them.
func TestMemoryComesAsItIsUsed(t *testing.T) {
	m := newModel(16, 256<<20, false)
	e := &rangeEncoder{scope: 0xFFFFFFFF}
	for _, b := range samples()["text"] {
		m.encode(e, int(b))
	}
	if m.used == 0 || m.used > 16<<20 {
		t.Errorf("%d bytes", m.used)
	}
}

func TestLimits(t *testing.T) {
	m := newModel(6, 1<<20, true)
	m.symbols = 10
	for _, tt := range []struct {
		used   int
		visits int64
		want   error
	}{
		{maxMemory, 0, nil},
		{maxMemory + pageSize, 0, ErrMemory},
		{0, m.maxVisits() + visitsPerSymbol, nil}, // the symbol counts
		{0, m.maxVisits() + visitsPerSymbol*9, ErrWork},
	} {
		m.used, m.visits, m.symbols = tt.used, tt.visits, 10
		if err := m.within(); !errors.Is(err, tt.want) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
}

// Honest data stays far from the limit of pruning.
func TestPruningIsCheap(t *testing.T) {
	for name, data := range samples() {
		m := newModel(16, 1<<20, true)
		e := &rangeEncoder{scope: 0xFFFFFFFF}
		for _, b := range data {
			m.encode(e, int(b))
		}
		if m.visits > visitsPerSymbol/2*int64(len(data)) {
			t.Errorf("%s: %d visits for %d symbols", name, m.visits, len(data))
		}
	}
}

// Any bytes decode to some content: what came out before the error packs to content that comes out again.
func FuzzRead(f *testing.F) {
	for name, data := range samples() {
		if len(data) > 2000 {
			data = data[:2000]
		}
		f.Add(pack(data, uint32(2+len(name)%15), 1, uint32(len(name)%2)))
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		z, err := NewReader(bytes.NewReader(packed))
		if err != nil {
			return
		}
		content, _ := io.ReadAll(io.LimitReader(z, 1<<20)) // damage is expected
		if len(packed) > 0 && len(content) > len(packed)*(8<<10) {
			t.Fatalf("%d bytes from %d", len(content), len(packed))
		}
		order, method := uint32(packed[0]&15)+1, uint32(packed[1]>>4)
		again, err := unpack(t, pack(content, order, 1, method))
		if err != nil || !bytes.Equal(again, content) {
			t.Fatalf("%d of %d bytes, %v", len(again), len(content), err)
		}
	})
}
