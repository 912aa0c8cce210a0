package lists

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// entriesOf is the i-th of the benchmark's hashes.
func entriesOf(i int) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(i)))
	return hex.EncodeToString(sum[:])
}

// BenchmarkTenMillion reports what a list of ten million hashes costs: time to read it, memory while it is in force, and a look-up. With -short it has a
// hundred thousand.
//
//	go test ./internal/lists -run - -bench TenMillion -benchtime 200000x
func BenchmarkTenMillion(b *testing.B) {
	n := 10_000_000
	if testing.Short() {
		n = 100_000
	}
	dir := b.TempDir()
	path := filepath.Join(dir, "list")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	for i := range n {
		fmt.Fprintln(w, entriesOf(i))
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	before, begun := heapInUse(), time.Now()
	l, err := Open(b.Context(), Options{Dir: filepath.Join(dir, "state"), Sources: []Source{{Name: "big", File: path, Type: SHA256}}})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	took := time.Since(begun)
	kept := heapInUse() - before
	fi, err := os.Stat(filepath.Join(dir, "state", "big.index"))
	if err != nil {
		b.Fatal(err)
	}
	for hit, name := range map[int]string{0: "hit", 1: "miss"} {
		b.Run(name, func(b *testing.B) {
			for i := range b.N {
				found, err := l.Match([]Subject{{SHA256, entriesOf((i*7919)%n + hit*n)}})
				if err != nil || len(found) != 1-hit {
					b.Fatal(found, err)
				}
			}
			b.ReportMetric(took.Seconds(), "s-build")
			b.ReportMetric(float64(kept)/(1<<20), "MB-heap")
			b.ReportMetric(float64(fi.Size())/(1<<20), "MB-disk")
		})
	}
}

func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
