package inflate

import (
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/flate"
)

// BenchmarkInflate compares with the library that everything else is inflated with.
func BenchmarkInflate(b *testing.B) {
	for _, name := range []string{"words", "zeros", "pattern"} {
		data := bytes.Repeat(samples()[name], 20)
		packed := deflate(b, 6, data)
		buf := make([]byte, 32<<10)
		run := func(b *testing.B, z io.Reader, reset func()) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				reset()
				if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{z}, buf); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.Run(name+"/inflate", func(b *testing.B) {
			z := new(Reader)
			run(b, z, func() { z.Reset(bytes.NewReader(packed), Deflate) })
		})
		b.Run(name+"/klauspost", func(b *testing.B) {
			z := flate.NewReader(nil)
			run(b, z, func() { _ = z.(flate.Resetter).Reset(bytes.NewReader(packed), nil) })
		})
	}
}
