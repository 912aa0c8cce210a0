package bench

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/inspect"
	"sekisho/internal/message"
)

// parts are what mails carry all day: documents of a corpus, with a macro and without one, and files that a filter should pass by quickly.
func parts(b *testing.B) map[string][]sample {
	of := map[string][]sample{
		"photo":   {{data: append([]byte("\xff\xd8\xff\xe0"), fixture.Noise(400<<10)...)}},
		"program": {{data: append([]byte("MZ\x90\x00\x03\x00\x00\x00"), fixture.Noise(400<<10)...)}},
		"pdf":     {{data: fixture.PDF{Objects: append(fixture.PDFEmbedding("photo.jpg", append([]byte("\xff\xd8\xff\xe0"), fixture.Noise(400<<10)...)), fixture.PDFPacked(90, "<< /Type /Catalog >>"))}.Bytes()}},
	}
	if os.Getenv("SEKISHO_CORPUS") == "" {
		return of
	}
	for _, s := range samples(b) {
		switch {
		case s.Locked || s.Class != "benign":
		case s.Macros:
			of["macro"] = append(of["macro"], s)
		default:
			of["office"] = append(of["office"], s)
			of["office-"+s.Kind] = append(of["office-"+s.Kind], s)
		}
	}
	return of
}

// BenchmarkPart is what the inspection of one attachment costs, its walk and its digest left out: a file of each workload after the other.
func BenchmarkPart(b *testing.B) {
	for name, files := range parts(b) {
		b.Run(name, func(b *testing.B) { inspectParts(b, files) })
	}
}

func inspectParts(b *testing.B, files []sample) {
	scanner, err := inspect.New(inspect.Options{SpoolDir: b.TempDir(), Journal: filepath.Join(b.TempDir(), "journal")})
	if err != nil {
		b.Fatal(err)
	}
	defer scanner.Close()
	list := make([]*message.Part, len(files))
	for i := range files {
		list[i] = part(b, &files[i])
	}
	b.ReportAllocs()
	ctx, before := context.Background(), cpu(b)
	n := 0
	for b.Loop() {
		scan := scanner.Begin()
		if _, err := scan.Part(ctx, list[n%len(list)]); err != nil {
			b.Fatal(err)
		}
		if _, err := scan.Finish(ctx); err != nil {
			b.Fatal(err)
		}
		scan.Result()
		n++
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(time.Microsecond)/float64(n), "cpu-us/op")
}

func part(b *testing.B, s *sample) *message.Part {
	content := message.NewBuffer(b.TempDir(), 2<<20)
	b.Cleanup(func() { content.Close() })
	if _, err := content.Write(s.data); err != nil {
		b.Fatal(err)
	}
	name := s.Path[strings.LastIndexByte(s.Path, '/')+1:]
	return &message.Part{Path: finding.Path{"2"}, Type: "application/octet-stream", Name: name, Names: []string{name}, Attachment: true,
		Content: content, SHA256: sha256.Sum256(slices.Clone(s.data)), EncodedSize: int64(len(s.data)) * 4 / 3}
}
