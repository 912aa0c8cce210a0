package lzh

import (
	"bytes"
	"io"
	"testing"

	"sekisho/internal/fixture"
)

// BenchmarkOpen decodes a program and a megabyte of one byte by each method.
func BenchmarkOpen(b *testing.B) {
	for _, method := range methods {
		for name, data := range map[string][]byte{"program": program(1 << 20), "same": make([]byte, 1<<20)} {
			z := fixture.LZH{Files: []fixture.LZHFile{{Name: "a", Data: data, Method: method}}}.Bytes()
			b.Run(method+name, func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				for b.Loop() {
					a, err := Read(bytes.NewReader(z), int64(len(z)), Options{})
					if err != nil {
						b.Fatal(err)
					}
					r, err := a.Entries[0].Open()
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
