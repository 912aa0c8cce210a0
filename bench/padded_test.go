package bench

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"sekisho/internal/fixture"
	"sekisho/internal/inspect"
)

// padding is what was seen in mail: half a gigabyte, up to the limit of what is unpacked.
const padding = 534_773_760

// padded are documents with a macro, as they come.
func padded() map[string]func() []byte {
	doc := fixture.PaddedOLE{File: fixture.DocVBA(macro), Size: padding, Directory: fixture.End, FAT: fixture.Middle}.Content()
	filled := func(fill []byte) io.Reader {
		p := doc
		p.Fill = fill
		return p.Reader()
	}
	docm := fixture.PaddedZIP(fixture.DOCM(macro), padding, fixture.End)
	small := fixture.PaddedOLE{File: fixture.DocVBA(macro), Size: 30 << 20, Directory: fixture.End}.Content()
	return map[string]func() []byte{
		"doc.zip":        func() []byte { return fixture.ZipOf("a.doc", doc.Reader()) },
		"doc.gz":         func() []byte { return fixture.GzipOf("a.doc", doc.Reader()) },
		"doc-lines.zip":  func() []byte { return fixture.ZipOf("a.doc", filled(fixture.Noise(100))) },
		"doc-unkept.zip": func() []byte { return fixture.ZipOf("a.doc", filled(fixture.Noise(32_749))) }, // no two blocks are equal
		"docm.zip":       func() []byte { return fixture.ZipOf("a.docm", docm.Reader()) },
		"doc-30M.doc":    func() []byte { b, _ := io.ReadAll(small.Reader()); return b },
	}
}

// BenchmarkPadded has the command scan padded files, each in a process of its own. Run it alone.
func BenchmarkPadded(b *testing.B) { each(b, padded()) }

// BenchmarkBomb does so with archives that say, or do not say, that they grow to gigabytes, and with a mail of 100,000 parts.
func BenchmarkBomb(b *testing.B) { each(b, bombs()) }

const gigabytes = 10

// bz2Zeros is 44,999,936 zeros, compressed with bzip2.
const bz2Zeros = "425a6839314159265359164ffdc40158ab4200c00010000008200030cc0529a65248526c5492149e2ee48a70a1202c9ffb88"

func bombs() map[string]func() []byte {
	zeros := func(n int64) io.Reader { return fixture.Padded{Size: n}.Reader() }
	return map[string]func() []byte{
		"42.zip":          func() []byte { return fixture.ZipBombNested(5, 16, 4095<<20) },
		"42-small.zip":    func() []byte { return fixture.ZipBombNested(5, 16, 100<<20) },
		"overlapping.zip": func() []byte { return fixture.ZipBombOverlapping(2000, 1<<20) },
		"nested-100.zip":  func() []byte { return fixture.ZipBombNested(100, 1, 1<<20) },
		"zeros.gz":        func() []byte { return bytes.Repeat(fixture.GzipOf("", zeros(1<<30)), gigabytes) },
		"zeros.bz2": func() []byte {
			one, err := hex.DecodeString(bz2Zeros)
			if err != nil {
				panic(err)
			}
			return bytes.Repeat(one, gigabytes<<30/44_999_936)
		},
		"zeros.zst": func() []byte {
			var out bytes.Buffer
			w, err := zstd.NewWriter(&out)
			return bytes.Repeat(packed(&out, w, err, zeros(1<<30)), gigabytes)
		},
		"zeros.xz": func() []byte {
			var out bytes.Buffer
			w, err := xz.NewWriter(&out)
			return bytes.Repeat(packed(&out, w, err, zeros(100<<20)), gigabytes*10)
		},
		"parts.eml": func() []byte {
			return []byte("From: a@example.net\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\na\r\n", 100_000) + "--b--\r\n")
		},
	}
}

func packed(out *bytes.Buffer, w io.WriteCloser, err error, from io.Reader) []byte {
	if err == nil {
		_, err = io.Copy(struct{ io.Writer }{w}, from)
	}
	if err != nil || w.Close() != nil {
		panic(fmt.Sprint("cannot be packed: ", err))
	}
	return out.Bytes()
}

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
				doc := fixture.PaddedOLE{File: fixture.DocVBA(macro), Size: times * padding / 8, Directory: fixture.End, FAT: fixture.Middle}.Content()
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
