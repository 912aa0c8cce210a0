package inflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"testing"
)

// FuzzInflate holds a Reader to what the standard library makes of the same data (klauspost's goes on behind a bit that is no code), and every mark of it to what the Reader itself does without.
func FuzzInflate(f *testing.F) {
	for _, data := range samples() {
		for _, level := range []int{0, 6, flate.HuffmanOnly} {
			f.Add(deflate(f, level, data[:min(len(data), 5000)]), uint16(1000), false)
		}
	}
	f.Add(fixed().literal('a').code(0xC0+285-280, 8).bits(65535, 16).code(0, 5).end(), uint16(40_000), true)
	f.Fuzz(func(t *testing.T, packed []byte, step uint16, wide bool) {
		const most = 1 << 20
		format := Deflate
		if wide {
			format = Deflate64
		}
		got, err := io.ReadAll(io.LimitReader(NewReader(bytes.NewReader(packed), format), most))
		if want, theirs := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), most)); !wide {
			if theirs == nil && (err != nil || !bytes.Equal(got, want)) {
				t.Fatalf("%d bytes and %v, the other has %d", len(got), err, len(want))
			}
			if damaged := new(flate.CorruptInputError); !bytes.HasPrefix(got, want) || errors.As(theirs, damaged) && len(got) != len(want) {
				t.Fatalf("%d bytes, then %v; the other has %d, then %v", len(got), err, len(want), theirs)
			}
		}
		if err != nil || len(got) == most {
			return
		}
		_, list, _ := marks(packed, format, int(step)+1)
		z := new(Reader)
		for _, m := range list[:min(len(list), 20)] {
			z.Resume(bytes.NewReader(packed[m.In:]), m)
			if again, err := io.ReadAll(z); err != nil || !bytes.Equal(again, got[m.Out:]) {
				t.Fatalf("from %d: %d of %d bytes, %v", m.Out, len(again), len(got)-int(m.Out), err)
			}
		}
	})
}
