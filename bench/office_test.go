package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"sekisho/internal/inspect"
)

// sample is a file of a corpus as its files.jsonl describes it.
type sample struct {
	Path   string  `json:"path"`
	Kind   string  `json:"kind"`
	Size   int64   `json:"size"`
	Class  string  `json:"class"`
	Macros bool    `json:"has_vba"`
	Locked bool    `json:"encrypted"`
	Olevba float64 `json:"t_olevba"` // CPU seconds, process start left out
	data   []byte
}

// office are the kinds that olevba reads, and RTF.
var office = []string{"ole", "ooxml", "xml", "mht", "biff", "mso", "slk", "rtf"}

// listed are the Office files of the corpus that SEKISHO_CORPUS names, not yet read.
func listed(b *testing.B) (dir string, out []sample) {
	if dir = os.Getenv("SEKISHO_CORPUS"); dir == "" {
		b.Skip("set SEKISHO_CORPUS to a folder with files.jsonl")
	}
	f, err := os.Open(filepath.Join(dir, "files.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			b.Fatal(err)
		}
		if slices.Contains(office, s.Kind) {
			out = append(out, s)
		}
	}
	return dir, out
}

func samples(b *testing.B) []sample {
	dir, out := listed(b)
	for i := range out {
		var err error
		if out[i].data, err = os.ReadFile(filepath.Join(dir, out[i].Path)); err != nil {
			b.Fatal(err)
		}
	}
	return out
}

// cpu is the processor time that this process has used, the collector's included.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkOffice inspects every Office file of a corpus once per round, one file after the other. x-olevba is how many times the CPU
// seconds that olevba took for the same files are of ours; run it with -cpu 1.
func BenchmarkOffice(b *testing.B) {
	all := samples(b)
	b.Run("all", func(b *testing.B) { inspectAll(b, all) })
	for name, locked := range map[string]bool{"locked": true, "unlocked": false} { // a key costs 50,000 or 100,000 hashes, whoever asks for it
		of := slices.DeleteFunc(slices.Clone(all), func(s sample) bool { return s.Locked != locked })
		b.Run(name, func(b *testing.B) { inspectAll(b, of) })
	}
	for _, kind := range office {
		of := slices.DeleteFunc(slices.Clone(all), func(s sample) bool { return s.Kind != kind })
		if len(of) > 0 {
			b.Run(kind, func(b *testing.B) { inspectAll(b, of) })
		}
	}
}

func inspectAll(b *testing.B, files []sample) {
	scanner, err := inspect.New(inspect.Options{SpoolDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	var size int64
	var olevba float64
	for i := range files {
		size += int64(len(files[i].data))
		olevba += files[i].Olevba
	}
	b.SetBytes(size)
	b.ReportAllocs()
	slowest, name := time.Duration(0), ""
	before := cpu(b)
	for b.Loop() {
		for i := range files {
			start := time.Now()
			if _, err := scanner.Begin().File(context.Background(), nil, files[i].Path, bytes.NewReader(files[i].data), int64(len(files[i].data))); err != nil {
				b.Fatal(err)
			}
			if d := time.Since(start); d > slowest {
				slowest, name = d, files[i].Path
			}
		}
	}
	used := (cpu(b) - before).Seconds() / float64(b.N)
	b.ReportMetric(olevba/used, "x-olevba")
	b.ReportMetric(float64(size)/1e6/used, "MB/cpu-s")
	b.ReportMetric(float64(len(files)), "files")
	b.Logf("slowest: %s %s", name, slowest)
}
