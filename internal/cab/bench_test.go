package cab

import (
	"bytes"
	"io"
	"testing"

	"sekisho/internal/fixture"
)

// BenchmarkOpen decodes a program and a megabyte of one byte by each method.
func BenchmarkOpen(b *testing.B) {
	for method, code := range map[string]uint16{"stored": 0, "MSZIP": 1, "LZX": 3 | 21<<8} {
		for name, data := range map[string][]byte{"program": program(1 << 20), "same": make([]byte, 1<<20)} {
			z := fixture.CAB{Folders: []fixture.CABFolder{{Method: code, Files: []fixture.CABFile{{Name: "a", Data: data}}}}}.Bytes()
			b.Run(method+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					a, err := Read(bytes.NewReader(z), int64(len(z)), Options{})
					if err != nil {
						b.Fatal(err)
					}
					r, err := a.Files[0].Open()
					if err == nil {
						_, err = io.Copy(io.Discard, r)
					}
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
