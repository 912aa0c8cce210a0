package inflate

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/flate"
)

func deflate(t testing.TB, level int, data []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err == nil {
		_, err = w.Write(data)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// samples are contents that use every sort of block and match.
func samples() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	var words bytes.Buffer
	for words.Len() < 300_000 {
		words.WriteString([]string{"invoice", "report", "attached", "please", "find", "\r\n", " "}[r.IntN(7)])
		words.WriteByte(byte('a' + r.ExpFloat64()*2))
	}
	return map[string][]byte{
		"empty": nil, "one byte": {7}, "zeros": make([]byte, 300_000), "noise": noise, "words": words.Bytes(),
		"pattern": bytes.Repeat([]byte("abcdefg"), 40_000), "far": append(append(bytes.Clone(noise[:32<<10]), noise[:32<<10]...), noise[:20]...),
		"mixed": append(append(make([]byte, 100_000), noise...), words.Bytes()...),
	}
}

func TestWhatWritersWriteIsRead(t *testing.T) {
	for name, data := range samples() {
		for _, level := range []int{0, 1, 6, 9, flate.HuffmanOnly} {
			packed := deflate(t, level, data)
			for how, in := range map[string]io.Reader{
				"whole": bytes.NewReader(packed), "by the byte": iotest.OneByteReader(bytes.NewReader(packed)), "data and error": iotest.DataErrReader(bytes.NewReader(packed)),
			} {
				got, err := io.ReadAll(NewReader(in, Deflate))
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("%s at level %d, %s: %d of %d bytes, %v", name, level, how, len(got), len(data), err)
				}
			}
		}
	}
}

func TestNothingBehindTheDataIsTaken(t *testing.T) {
	for name, data := range samples() {
		for _, size := range []int{16, 17, 100, 4096} {
			in := bufio.NewReaderSize(strings.NewReader(string(deflate(t, 6, data))+"what follows"), size)
			if _, err := io.Copy(io.Discard, NewReader(in, Deflate)); err != nil {
				t.Fatal(err)
			}
			if rest, _ := io.ReadAll(in); string(rest) != "what follows" {
				t.Errorf("%s, buffer of %d: rest %q", name, size, rest)
			}
		}
	}
}

func TestAReaderIsUsedAgain(t *testing.T) {
	z := NewReader(strings.NewReader("rubbish"), Deflate)
	_, _ = io.Copy(io.Discard, z)
	for range 2 {
		z.Reset(bytes.NewReader(deflate(t, 6, []byte("hello"))), Deflate)
		if got, err := io.ReadAll(z); err != nil || string(got) != "hello" {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestACutStreamDeliversWhatItHas(t *testing.T) {
	data := samples()["words"]
	packed := deflate(t, 6, data)
	for _, n := range []int{0, 1, 2, 10, len(packed) / 2, len(packed) - 1} {
		got, err := io.ReadAll(NewReader(bytes.NewReader(packed[:n]), Deflate))
		if err != io.ErrUnexpectedEOF || !bytes.HasPrefix(data, got) {
			t.Errorf("%d: %d bytes, %v", n, len(got), err)
		}
	}
}

var errDisk = errors.New("disk on fire")

func TestTheInputsErrorIsReturned(t *testing.T) {
	packed := deflate(t, 6, samples()["noise"])
	_, err := io.Copy(io.Discard, NewReader(io.MultiReader(bytes.NewReader(packed[:1000]), iotest.ErrReader(errDisk)), Deflate))
	if !errors.Is(err, errDisk) {
		t.Errorf("error %v", err)
	}
}

// bitWriter writes fields lowest bit first, and codes highest bit first (RFC 1951 3.1.1).
type bitWriter struct {
	b []byte
	n uint
}

func (w *bitWriter) bits(v uint64, n uint) *bitWriter {
	for i := range n {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[len(w.b)-1] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
	return w
}

func (w *bitWriter) code(v uint64, n uint) *bitWriter {
	for i := range n {
		w.bits(v>>(n-1-i), 1)
	}
	return w
}

// fixed begins a final block with the fixed codes.
func fixed() *bitWriter { return new(bitWriter).bits(1, 1).bits(1, 2) }

func (w *bitWriter) literal(b byte) *bitWriter { return w.code(0x30+uint64(b), 8) } // below 144
func (w *bitWriter) end() []byte               { return w.code(0, 7).b }

func TestDeflate64(t *testing.T) {
	long := fixed().literal('a').code(0xC0+285-280, 8).bits(65535, 16).code(0, 5).end()
	if got, err := io.ReadAll(NewReader(bytes.NewReader(long), Deflate64)); err != nil || string(got) != strings.Repeat("a", 1+65535+3) {
		t.Errorf("length code 285: %d bytes, %v", len(got), err)
	}
	if got, err := io.ReadAll(NewReader(bytes.NewReader(long), Deflate)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("the same as DEFLATE: %d bytes, %v", len(got), err)
	}
	for name, tc := range map[string]struct {
		code, extra uint64
		back        int
	}{"first of 30": {30, 0, 32769}, "last of 30": {30, 16383, 49152}, "first of 31": {31, 0, 49153}, "last of 31": {31, 16383, 65536}} {
		w := fixed()
		for i := range 66_000 {
			w.literal(byte(i * i >> 9 & 127))
		}
		far := w.code(1, 7).code(tc.code, 5).bits(tc.extra, 14).end() // length 3
		got, err := io.ReadAll(NewReader(bytes.NewReader(far), Deflate64))
		if err != nil || len(got) != 66_003 || !bytes.Equal(got[66_000:], got[66_000-tc.back:66_003-tc.back]) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if _, err := io.ReadAll(NewReader(bytes.NewReader(far), Deflate)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s as DEFLATE: %v", name, err)
		}
	}
}

func TestMalformedDataIsCorrupt(t *testing.T) {
	dynamic := func(nlit, ndist, nlen uint64) *bitWriter {
		return new(bitWriter).bits(1, 1).bits(2, 2).bits(nlit-257, 5).bits(ndist-1, 5).bits(nlen-4, 4)
	}
	pad := func(w *bitWriter) []byte { return w.bits(0, 64).bits(0, 64).bits(0, 64).b }
	for name, data := range map[string][]byte{
		"block type":              new(bitWriter).bits(1, 1).bits(3, 2).b,
		"stored length":           append(new(bitWriter).bits(1, 1).bits(0, 2).b, 1, 0, 1, 0),
		"287 literal codes":       pad(dynamic(287, 1, 4)),
		"31 distance codes":       pad(dynamic(257, 31, 4)),
		"no code lengths":         pad(dynamic(257, 1, 4)),
		"too many code lengths":   pad(dynamic(257, 1, 4).bits(1, 3).bits(1, 3).bits(1, 3).bits(1, 3)),
		"two codes of two bits":   pad(dynamic(257, 1, 4).bits(2, 3).bits(2, 3)),
		"repeat of nothing":       pad(dynamic(257, 1, 4).bits(1, 3).bits(1, 3).bits(0, 6).code(0, 1)),
		"repeat beyond the end":   dynamic(257, 1, 4).bits(0, 6).bits(1, 3).bits(0, 3).code(0, 1).bits(127, 7).code(0, 1).bits(127, 7).bits(0, 64).b,
		"length symbol 286":       pad(fixed().literal('a').code(0xC0+286-280, 8)),
		"match at the beginning":  pad(fixed().code(1, 7).code(0, 5)),
		"match before everything": pad(fixed().literal('a').code(1, 7).code(1, 5)),
	} {
		if got, err := io.ReadAll(NewReader(bytes.NewReader(data), Deflate)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}
