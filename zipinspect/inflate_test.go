package zipinspect

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"
)

// inflate unpacks with our own reader, in pieces of step bytes.
func inflate(in io.Reader, step int) ([]byte, *inflater, error) {
	f := &inflater{}
	f.reset(in)
	var out bytes.Buffer
	_, err := io.CopyBuffer(struct{ io.Writer }{&out}, struct{ io.Reader }{f}, make([]byte, step))
	return out.Bytes(), f, err
}

func packedBy(t testing.TB, level int, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// samples are texts that bring out every kind of block: words, noise, runs, and codes of all lengths.
func samples() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := new(bytes.Buffer)
	for i := range 40_000 {
		fmt.Fprintf(words, `<w:r w:id="%d"><w:t>%x</w:t></w:r>`, i%977, r.IntN(1<<uint(r.IntN(30)+1)))
	}
	noise := make([]byte, 200_000)
	skewed := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	for i := range skewed { // each value half as often as the one before: the longest codes
		for skewed[i] = 0; r.IntN(2) == 0 && skewed[i] < 255; skewed[i]++ {
			continue
		}
	}
	return map[string][]byte{"nothing": nil, "a byte": {7}, "words": words.Bytes(), "noise": noise, "skewed": skewed, "zeros": make([]byte, 500_000),
		"pairs": bytes.Repeat([]byte("ab"), 200_000), "far": slicesOf(noise[:33_000], noise[:33_000], noise[:32_768], noise[:32_768])}
}

func slicesOf(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestInflateGivesBackWhatWasDeflated(t *testing.T) {
	for name, data := range samples() {
		for _, level := range []int{flate.NoCompression, flate.BestSpeed, flate.DefaultCompression, flate.BestCompression, flate.HuffmanOnly} {
			packed := packedBy(t, level, data)
			for _, step := range []int{1 << 20, 32 << 10, 511} {
				tail := []byte("PK\x01\x02 what follows")
				got, f, err := inflate(bytes.NewReader(append(packed[:len(packed):len(packed)], tail...)), step)
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s, level %d, step %d: %d of %d bytes, %v", name, level, step, len(got), len(data), err)
				}
				if left := f.buffered(); left > len(tail) {
					t.Errorf("%s: %d bytes unused", name, left)
				} else if rest, _ := io.ReadAll(f.src); left+len(rest) != len(tail) {
					t.Errorf("%s, level %d: the data ends %d bytes off", name, level, len(tail)-left-len(rest))
				}
			}
		}
	}
}

func TestInflateDecodesNoMoreThanItIsAsked(t *testing.T) {
	f := &inflater{}
	f.reset(bytes.NewReader(packedBy(t, 6, samples()["words"])))
	if n, err := io.ReadFull(f, make([]byte, 512)); n != 512 || err != nil || f.w > 512+longest {
		t.Errorf("%d bytes decoded, %v", f.w, err)
	}
}

func TestInflateOfSlowReaders(t *testing.T) {
	data := samples()["words"][:50_000]
	packed := packedBy(t, 6, data)
	for name, in := range map[string]io.Reader{"byte by byte": iotest.OneByteReader(bytes.NewReader(packed)), "end with data": iotest.DataErrReader(bytes.NewReader(packed))} {
		if got, _, err := inflate(in, 4096); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	for _, in := range []io.Reader{io.MultiReader(bytes.NewReader(packed[:100]), iotest.ErrReader(errors.New("bad sector"))), idle{}} {
		if _, _, err := inflate(in, 4096); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("a reader that fails: %v", err)
		}
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// bitString packs bits, the first lowest (RFC 1951 3.1.1); blanks are left out.
func bitString(s string) []byte {
	var out []byte
	n := 0
	for _, c := range s {
		if c != '0' && c != '1' {
			continue
		}
		if n%8 == 0 {
			out = append(out, 0)
		}
		out[n/8] |= byte(c-'0') << (n % 8)
		n++
	}
	return out
}

func TestInflateOfDamage(t *testing.T) {
	for name, in := range map[string]string{
		"block of type 3":              "1 11",
		"length of a stored block":     "1 00 00000 1000000000000000 1111111111111111",
		"too many lengths":             "1 01 01111 00000 0000",
		"too many distances":           "1 01 00000 01111 0000",
		"too many codes of one bit":    "1 01 00000 00000 0000 100 100 100 100",
		"incomplete code of lengths":   "1 01 00000 00000 0000 000 000 000 010",
		"repeat with nothing before":   "1 01 00000 00000 0000 100 100 000 000 0 00",
		"distance before the start":    "1 10 0000001 00000",
		"symbol 286":                   "1 10 11000110",
		"distance code 30":             "1 10 00110000 0000001 11110",
		"a distance where none can be": "1 01 00000 00000 0000",
	} {
		packed := append(bitString(in), make([]byte, 40)...)
		got, _, err := inflate(bytes.NewReader(packed), 4096)
		want, wantErr := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
		if err == nil || wantErr == nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %x, %v; elsewhere %x, %v", name, got, err, want, wantErr)
		}
	}
}

// FuzzInflate compares with another implementation: the same bytes, and an error where it has one.
func FuzzInflate(f *testing.F) {
	for _, data := range samples() {
		f.Add(packedBy(f, 6, data[:min(len(data), 3000)]), uint16(512))
		f.Add(packedBy(f, flate.HuffmanOnly, data[:min(len(data), 3000)]), uint16(1))
	}
	f.Add(bitString("1 10 0000001 00000"), uint16(9))
	f.Fuzz(func(t *testing.T, in []byte, step uint16) {
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(in)), 1<<20))
		own := &inflater{}
		own.reset(bytes.NewReader(in))
		var out bytes.Buffer
		_, err := io.CopyBuffer(struct{ io.Writer }{&out}, io.LimitReader(struct{ io.Reader }{own}, 1<<20), make([]byte, int(step)+1))
		got := out.Bytes()
		if !bytes.HasPrefix(got, want) || err == nil && len(got) > len(want) { // of data that is cut, others keep the last symbol back
			t.Fatalf("%d bytes, want %d: %v, %v", len(got), len(want), err, wantErr)
		}
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%v, want %v", err, wantErr)
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	for name, data := range samples() {
		packed := packedBy(b, 6, data)
		if len(data) < 100 {
			continue
		}
		b.Run(name, func(b *testing.B) {
			own, buf := &inflater{}, make([]byte, 32<<10)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				own.reset(bytes.NewReader(packed))
				if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{own}, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/compress-flate", func(b *testing.B) {
			buf, r := make([]byte, 32<<10), flate.NewReader(nil)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := r.(flate.Resetter).Reset(bytes.NewReader(packed), nil); err != nil {
					b.Fatal(err)
				}
				if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{r}, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
