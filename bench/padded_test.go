package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/internal/fixture"
	"sekisho/internal/inspect"
)

// BenchmarkPadded has the command scan padded files, each in a process of its own. Run it alone.
func BenchmarkPadded(b *testing.B) { each(b, fixture.PaddedFiles()) }

// BenchmarkBomb does so with archives that say, or do not say, that they grow to gigabytes, and with a mail of 100,000 parts.
func BenchmarkBomb(b *testing.B) { each(b, fixture.Bombs()) }

// each scans files, which another process makes: this one must stay smaller than those it measures.
func each(b *testing.B, files map[string]func() []byte) {
	if out := os.Getenv("SEKISHO_MAKE"); out != "" {
		for name, data := range files {
			if name == filepath.Base(out) {
				if err := os.WriteFile(out, data(), 0o600); err != nil {
					b.Fatal(err)
				}
			}
		}
		return
	}
	dir := b.TempDir()
	bin := build(b, dir)
	for name := range files {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(dir, name)
			make := exec.Command(os.Args[0], "-test.run", "^$", "-test.bench", "^"+strings.Split(b.Name(), "/")[0]+"$", "-test.benchtime", "1x")
			make.Env = append(os.Environ(), "SEKISHO_MAKE="+path)
			if out, err := make.CombinedOutput(); err != nil {
				b.Fatalf("%v\n%s", err, out)
			}
			start := time.Now()
			peak(b, bin, []string{path})
			b.ReportMetric(time.Since(start).Seconds()/float64(b.N), "s")
		})
	}
}

func build(b *testing.B, dir string) string {
	bin := filepath.Join(dir, "sekisho")
	if out, err := exec.Command("go", "build", "-o", bin, "sekisho/cmd/sekisho").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// BenchmarkPaddedDoubling inspects padded documents of 1, 2, 4 and 8 times a size. The cost is linear where cpu-ns/KB stays the same.
func BenchmarkPaddedDoubling(b *testing.B) {
	for name, fill := range map[string][]byte{"zeros": nil, "lines": fixture.Noise(100), "unkept": fixture.Noise(32_749)} {
		for _, times := range []int64{1, 2, 4, 8} {
			b.Run(fmt.Sprintf("%s/x%d", name, times), func(b *testing.B) {
				doc := fixture.PaddedOLE{File: fixture.DocVBA(macro), Size: times * fixture.Padding / 8, Directory: fixture.End, FAT: fixture.Middle}.Content()
				doc.Fill = fill
				file := fixture.ZipOf("a.doc", doc.Reader())
				scanner, err := inspect.New(inspect.Options{SpoolDir: b.TempDir()})
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(doc.Size)
				before := cpu(b)
				for b.Loop() {
					scan := scanner.Begin()
					if _, err := scan.File(context.Background(), nil, "a.zip", bytes.NewReader(file), int64(len(file))); err != nil {
						b.Fatal(err)
					}
					if r := scan.Result(); r.Incomplete || len(r.Findings) < 3 {
						b.Fatalf("incomplete %v, %v", r.Incomplete, r.Findings)
					}
				}
				b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/float64(b.N)/float64(doc.Size>>10), "cpu-ns/KB")
			})
		}
	}
}
