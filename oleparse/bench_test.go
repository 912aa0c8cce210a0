package oleparse

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkCorpus reads every compound file under the folder that SEKISHO_CORPUS names.
func BenchmarkCorpus(b *testing.B) {
	root := os.Getenv("SEKISHO_CORPUS")
	if root == "" {
		b.Skip("SEKISHO_CORPUS names no folder")
	}
	var files [][]byte
	var total int64
	err := filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		if err == nil && IsOLE(data) {
			files, total = append(files, data), total+int64(len(data))
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(total)
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range files {
			if _, err := ReadOLE(context.Background(), bytes.NewReader(f), int64(len(f)), Options{}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(files)), "files")
}
