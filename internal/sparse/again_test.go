package sparse

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
)

func deflate(t testing.TB, data []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 6)
	if err == nil {
		_, err = w.Write(data)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func section(b []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
}

// large is content that deflates well and of which no two blocks are equal.
func large(n int) []byte { return pattern(n, 32_749) }

func TestWhatIsNotKeptIsReadAgain(t *testing.T) {
	data := join(large(6<<20), noise(777))
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	w.Name, w.Comment, w.Extra = "name", "comment", []byte("extra")
	if _, err := w.Write(data); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	for name, again := range map[string]func(*Budget) Again{
		"plain":   func(*Budget) Again { return Plain(bytes.NewReader(data)) },
		"deflate": func(b *Budget) Again { return Inflated(section(deflate(t, data)), Deflate, b) },
		"gzip":    func(b *Budget) Again { return Inflated(section(gz.Bytes()), Gzip, b) },
	} {
		s, m := stored(t, data, 1<<20, Options{Keep: 10 * Block})
		s.From(again(&Budget{Left: 1 << 30}))
		if got, err := io.ReadAll(io.NewSectionReader(s, 0, s.Size())); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%s: %d bytes, %v", name, len(got), err)
		}
		r := rand.New(rand.NewPCG(5, 6))
		for range 100 {
			p, off := make([]byte, r.IntN(200_000)+1), r.Int64N(s.Size())
			n, err := s.ReadAt(p, off)
			if !bytes.Equal(p[:n], data[off:off+int64(n)]) || n < len(p) && err != io.EOF || s.Missed() {
				t.Fatalf("%s: %d bytes at %d: %d, %v", name, len(p), off, n, err)
			}
		}
		if m.Len() != 10*Block {
			t.Errorf("%s: %d bytes kept", name, m.Len())
		}
	}
}

func TestMarksMakeReadingAgainCheapAndStayFew(t *testing.T) {
	data := large(9 << 20)
	a := Inflated(section(deflate(t, data)), Deflate, &Budget{Left: 1 << 30}).(*inflated)
	a.every = 64 << 10
	p := make([]byte, 100)
	if _, err := a.readAt(p, int64(len(data)-100)); err != nil {
		t.Fatal(err)
	}
	if n := len(a.marks); n > marksMax || n < marksMax/2 {
		t.Errorf("%d marks", n)
	}
	before := a.budget.Left
	for off := int64(len(data) - 100); off > 0; off -= 2 << 20 {
		if _, err := a.readAt(p, off); err != nil || !bytes.Equal(p, data[off:off+100]) {
			t.Fatalf("at %d: %v", off, err)
		}
	}
	if used := before - a.budget.Left; used > 5*(a.every+2*chunk) {
		t.Errorf("%d bytes decoded for five reads, marks at every %d", used, a.every)
	}
}

func TestNearbyReadsAreDecodedOnce(t *testing.T) {
	data := large(3 << 20)
	b := &Budget{Left: 1 << 30}
	a := Inflated(section(deflate(t, data)), Deflate, b)
	for off := int64(len(data)) - 512; off > 2<<20+chunk; off -= 512 { // backwards, as a chain of sectors may lead
		if _, err := a.readAt(make([]byte, 512), off); err != nil {
			t.Fatal(err)
		}
	}
	if used := 1<<30 - b.Left; used > 4<<20 {
		t.Errorf("%d bytes decoded", used)
	}
}

func TestTheBudgetEndsReadingAgain(t *testing.T) {
	data := large(4 << 20)
	s, _ := stored(t, data, 1<<20, Options{Keep: Block})
	s.From(Inflated(section(deflate(t, data)), Deflate, &Budget{Left: 6 << 20}))
	var err error
	for i := 0; i < 10 && err == nil; i++ {
		_, err = s.ReadAt(make([]byte, 1), int64(len(data)-1)>>(i&1))
	}
	if !errors.Is(err, ErrReach) || !s.Missed() {
		t.Errorf("error %v", err)
	}
}

func TestASourceThatEndsEarlierIsOutOfReach(t *testing.T) {
	data, cut := large(1<<20), large(300<<10)
	packed := deflate(t, data)
	for name, again := range map[string]Again{
		"plain": Plain(bytes.NewReader(cut)), "deflate": Inflated(section(deflate(t, cut)), Deflate, &Budget{Left: 1 << 30}),
		"corrupt": Inflated(section(join(packed[:20_000], []byte{7, 7, 7}, noise(99))), Deflate, &Budget{Left: 1 << 30}),
		"no gzip": Inflated(section(noise(5)), Gzip, &Budget{Left: 1 << 30}),
	} {
		s, _ := stored(t, data, 1<<20, Options{Keep: Block})
		s.From(again)
		if n, err := s.ReadAt(make([]byte, 512), 900<<10); n > 0 || !errors.Is(err, ErrReach) {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
}

type badSource struct{}

func (badSource) ReadAt([]byte, int64) (int, error) { return 0, errDisk }

func TestTheSourcesErrorIsReturned(t *testing.T) {
	for name, again := range map[string]Again{
		"plain": Plain(badSource{}), "deflate": Inflated(io.NewSectionReader(badSource{}, 0, 1000), Deflate, &Budget{Left: 1 << 30}),
	} {
		s, _ := stored(t, noise(9*Block), 1<<20, Options{Keep: Block})
		s.From(again)
		if _, err := s.ReadAt(make([]byte, 1), 5*Block); !errors.Is(err, errDisk) || s.Missed() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzStore holds what comes back, by whatever way, to what was written.
func FuzzStore(f *testing.F) {
	f.Add([]byte("\x00\x50\x01\x20\x81\x30"), uint8(3), uint16(1000))
	f.Add([]byte("\x81\x80\x00\xFF\x82\x80\x81\x80"), uint8(0), uint16(9999))
	f.Fuzz(func(t *testing.T, plan []byte, keep uint8, step uint16) {
		var data []byte
		for i := 0; i+1 < len(plan) && len(data) < 1<<20; i += 2 { // a sort of content, and how much of it
			switch n := int(plan[i+1])*300 + 1; {
			case plan[i] < 64:
				data = append(data, bytes.Repeat(plan[i:i+1], n)...)
			case plan[i] < 128:
				data = append(data, pattern(n, int(plan[i]))...)
			default:
				data = append(data, noise(n)...)
			}
		}
		s, _ := stored(t, data, int(step)+1, Options{Keep: int64(keep) * Block})
		s.From(Inflated(section(deflate(t, data)), Deflate, &Budget{Left: 1 << 30}))
		for off := int64(0); off < s.Size(); off += int64(step) + 1 {
			p := make([]byte, min(int64(step)*2+1, s.Size()-off))
			if n, err := s.ReadAt(p, off); err != nil || !bytes.Equal(p[:n], data[off:off+int64(n)]) {
				t.Fatalf("at %d: %d of %d bytes, %v", off, n, len(p), err)
			}
		}
	})
}
