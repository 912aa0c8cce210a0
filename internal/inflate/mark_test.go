package inflate

import (
	"bytes"
	"io"
	"testing"
)

// marks reads packed with a buffer of step bytes and makes a mark before each read.
func marks(packed []byte, f Format, step int) (out []byte, list []*Mark, err error) {
	z, buf := NewReader(bytes.NewReader(packed), f), make([]byte, step)
	for {
		if m, ok := z.Mark(); ok {
			list = append(list, m)
		}
		n, err := z.Read(buf)
		if out = append(out, buf[:n]...); err != nil {
			return out, list, err
		}
	}
}

func TestReadingGoesOnAtEveryMark(t *testing.T) {
	for name, data := range samples() {
		packed := deflate(t, 6, data)
		for _, step := range []int{999, 32 << 10, 64 << 10} {
			_, list, _ := marks(packed, Deflate, step)
			z := new(Reader)
			for _, m := range list {
				z.Resume(bytes.NewReader(packed[m.In:]), m)
				if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, data[m.Out:]) {
					t.Fatalf("%s, steps of %d, at %d: %d bytes, %v", name, step, m.Out, len(got), err)
				}
			}
		}
	}
}

func TestAMarkOfFillingIsSmall(t *testing.T) {
	_, list, _ := marks(deflate(t, 6, make([]byte, 1<<20)), Deflate, 32<<10)
	for _, m := range list {
		if len(m.window) > 0 {
			t.Errorf("window of %d bytes at %d", len(m.window), m.Out)
		}
	}
}

func TestThereIsNoMarkBehindTheEnd(t *testing.T) {
	z := NewReader(bytes.NewReader(deflate(t, 6, []byte("hello"))), Deflate)
	_, _ = io.ReadAll(z)
	if m, ok := z.Mark(); ok {
		t.Errorf("mark at %d", m.Out)
	}
}
