package sparse

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

// memory is a Keeper.
type memory struct{ bytes.Buffer }

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(m.Bytes()).ReadAt(p, off)
}

func noise(n int) []byte {
	r, b := rand.New(rand.NewPCG(3, uint64(n))), make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// pattern is n bytes of a text of that period.
func pattern(n, period int) []byte { return bytes.Repeat(noise(period), n/period+1)[:n] }

// stored writes data in pieces of step bytes.
func stored(t testing.TB, data []byte, step int, o Options) (*Store, *memory) {
	t.Helper()
	m := new(memory)
	s := New(m, o)
	for rest := data; len(rest) > 0; {
		n := min(step, len(rest))
		if _, err := s.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	return s, m
}

// contents by name, with the blocks that have to be kept.
func contents() map[string]struct {
	data []byte
	kept int
} {
	return map[string]struct {
		data []byte
		kept int
	}{
		"nothing":                {nil, 0},
		"less than a block":      {noise(100), 0},
		"a block":                {noise(Block), 1},
		"zeros":                  {make([]byte, 50*Block+7), 0},
		"bytes of 0xFF":          {bytes.Repeat([]byte{0xFF}, 3*Block), 0},
		"content between zeros":  {join(make([]byte, 5*Block), noise(2*Block), make([]byte, 9*Block)), 2},
		"content off the blocks": {join(make([]byte, 1000), noise(Block), make([]byte, 9*Block)), 2},
		"twice the same":         {join(noise(3*Block), noise(3*Block)), 3},
		"period that divides":    {pattern(40*Block, 64), 1},
		"period of three":        {pattern(40*Block, 3), 3},
		"period of 100":          {pattern(400*Block, 100), 25},
		"all new":                {noise(64 * Block), 64},
	}
}

func TestContentComesBackFromAnyPlace(t *testing.T) {
	for name, tc := range contents() {
		for _, step := range []int{1000, Block, 3*Block + 5, 1 << 20} {
			s, m := stored(t, tc.data, step, Options{})
			if s.Size() != int64(len(tc.data)) || m.Len() != tc.kept*Block || s.Kept() != int64(m.Len()) {
				t.Errorf("%s: %d bytes, %d kept", name, s.Size(), m.Len())
			}
			if got, err := io.ReadAll(io.NewSectionReader(s, 0, s.Size())); err != nil || !bytes.Equal(got, tc.data) {
				t.Fatalf("%s: %d bytes, %v", name, len(got), err)
			}
			r := rand.New(rand.NewPCG(5, 6))
			for range 50 {
				p := make([]byte, r.IntN(4*Block)+1)
				off := r.Int64N(s.Size() + 10)
				n, err := s.ReadAt(p, off)
				want := tc.data[min(off, int64(len(tc.data))):]
				want = want[:min(len(want), len(p))]
				if !bytes.Equal(p[:n], want) || (err == io.EOF) != (n < len(p)) {
					t.Fatalf("%s: %d bytes at %d: %d, %v", name, len(p), off, n, err)
				}
			}
		}
	}
}

func TestWhatIsNotKeptIsOutOfReach(t *testing.T) {
	data := join(noise(4*Block), make([]byte, Block), noise(9*Block), noise(4*Block))
	s, m := stored(t, data, 1<<20, Options{Keep: 6 * Block})
	if m.Len() != 6*Block {
		t.Fatalf("%d bytes kept", m.Len())
	}
	p := make([]byte, 7*Block)
	if n, err := s.ReadAt(p, 0); n != len(p) || err != nil || !bytes.Equal(p, data[:len(p)]) || s.Missed() {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, err := s.ReadAt(p, Block); n != 6*Block || !errors.Is(err, ErrReach) || !s.Missed() {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, err := s.ReadAt(p[:4*Block], 14*Block); n != 4*Block || err != nil { // was there before
		t.Errorf("%d bytes, %v", n, err)
	}
}

var errDisk = errors.New("disk on fire")

type broken struct{ memory }

func (b *broken) Write(p []byte) (int, error) {
	if b.Len() > 0 {
		return 0, errDisk
	}
	return b.memory.Write(p)
}

func (b *broken) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

func TestTheKeepersErrorIsReturned(t *testing.T) {
	for name, data := range map[string][]byte{"writing": noise(2 * Block), "writing in pieces": noise(2*Block + 1)[1:], "comparing": join(noise(Block), noise(Block))} {
		s := New(&broken{}, Options{})
		if _, err := s.Write(data[:100]); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Write(data[100:]); !errors.Is(err, errDisk) || n > len(data) {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
	s := New(&broken{}, Options{})
	_, _ = s.Write(noise(Block))
	if _, err := s.ReadAt(make([]byte, 1), 0); !errors.Is(err, errDisk) || errors.Is(err, ErrReach) {
		t.Errorf("reading: %v", err)
	}
}

func TestTheDigestIsThatOfTheContent(t *testing.T) {
	seen := map[[32]byte]string{}
	for name, tc := range contents() {
		a, _ := stored(t, tc.data, 1000, Options{Digest: true})
		b, _ := stored(t, tc.data, 1<<20, Options{Digest: true})
		if a.Sum() != b.Sum() {
			t.Errorf("%s: the digest depends on how it was written", name)
		}
		if other, ok := seen[a.Sum()]; ok {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[a.Sum()] = name
	}
	long, _ := stored(t, join(noise(9*Block), noise(10)), 1000, Options{Digest: true, Keep: Block})
	other, _ := stored(t, join(noise(9*Block), noise(11)), 1000, Options{Digest: true, Keep: Block})
	if long.Sum() == other.Sum() {
		t.Error("what is not kept is not in the digest")
	}
}
