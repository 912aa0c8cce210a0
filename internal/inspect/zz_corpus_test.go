package inspect

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

func BenchmarkZZ(b *testing.B) {
	list, _ := os.ReadFile("/tmp/ox/ooxml.txt")
	var files [][]byte
	var names []string
	n := 0
	for _, l := range strings.Fields(string(list)) {
		d, err := os.ReadFile("/work/shared/corpus/" + l)
		if err != nil {
			b.Fatal(err)
		}
		files = append(files, d)
		names = append(names, l)
		n += len(d)
	}
	s, _ := New(Options{SpoolDir: b.TempDir()})
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		for i, d := range files {
			sc := s.Begin()
			if _, err := sc.File(context.Background(), nil, names[i], bytes.NewReader(d), int64(len(d))); err != nil {
				b.Log(names[i], err)
			}
		}
	}
}
