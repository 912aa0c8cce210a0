package message_test

import (
	"testing"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

// drop is a handler that looks at nothing.
type drop struct{ parts int }

func (d *drop) Part(*message.Part) error { d.parts++; return nil }
func (d *drop) Finding(finding.Finding)  {}

func benchmarkWalk(b *testing.B, mail []byte, l message.Limits) {
	b.SetBytes(int64(len(mail)))
	b.ReportAllocs()
	for b.Loop() {
		w := message.NewWalker(nil, l, &drop{})
		for rest := mail; len(rest) > 0; { // chunks as the milter protocol has them
			n := min(len(rest), 65535)
			if _, err := w.Write(rest[:n]); err != nil {
				b.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func bigMail(size int) []byte {
	return fixture.Message("a@example.com", "b@example.com", "big", fixture.TextPart("see attachment"),
		fixture.FilePart("big.bin", "application/octet-stream", fixture.Noise(size*57/78))).Bytes()
}

func BenchmarkWalk10MBBase64(b *testing.B) {
	benchmarkWalk(b, bigMail(10<<20), message.Limits{SpoolDir: b.TempDir()})
}

func BenchmarkWalk10MBBase64InMemory(b *testing.B) {
	benchmarkWalk(b, bigMail(10<<20), message.Limits{Memory: 16 << 20})
}

func BenchmarkWalk750KB(b *testing.B) { benchmarkWalk(b, bigMail(750<<10), message.Limits{}) }

func BenchmarkWalk5KB(b *testing.B) {
	benchmarkWalk(b, fixture.Message("a@example.com", "b@example.com", "small", fixture.TextPart(string(fixture.Base64(fixture.Noise(1500)))),
		fixture.FilePart("small.bin", "application/octet-stream", fixture.Noise(1400))).Bytes(), message.Limits{})
}

func BenchmarkWalk10MBBase64Lenient(b *testing.B) {
	mail := bigMail(10 << 20)
	copy(mail[1000:], "!!!!")
	benchmarkWalk(b, mail, message.Limits{Memory: 16 << 20})
}
