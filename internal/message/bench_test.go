package message_test

import (
	"testing"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

// discard takes parts and keeps nothing.
type discard struct{ parts int }

func (d *discard) Part(*message.Part) error { d.parts++; return nil }
func (d *discard) Finding(finding.Finding)  {}

// benchWalk walks a mail in chunks as an MTA sends them.
func benchWalk(b *testing.B, mail []byte, parts int) {
	const chunk = 65535 // MILTER_CHUNK_SIZE
	limits := message.Limits{Memory: 16 << 20, SpoolDir: b.TempDir()}
	b.SetBytes(int64(len(mail)))
	b.ReportAllocs()
	for b.Loop() {
		var d discard
		w := message.NewWalker(nil, limits, &d)
		for rest := mail; len(rest) > 0; rest = rest[min(len(rest), chunk):] {
			if _, err := w.Write(rest[:min(len(rest), chunk)]); err != nil {
				b.Fatal(err)
			}
		}
		if err := w.Close(); err != nil || d.parts != parts {
			b.Fatal(d.parts, err)
		}
	}
}

func BenchmarkWalk10MBBase64(b *testing.B) {
	benchWalk(b, fixture.Message("a@example.net", "b@example.org", "film", fixture.TextPart("see"),
		fixture.FilePart("film.bin", "application/octet-stream", fixture.Noise(7500<<10))).Bytes(), 2)
}

func BenchmarkWalk5KB(b *testing.B) {
	text := fixture.TextPart("Dear Mr Mori,\r\n" + string(fixture.Base64(fixture.Noise(3500))))
	benchWalk(b, fixture.Message("Sato <a@example.net>", "b@example.org", "=?utf-8?b?6KuL5rGC5pu4?=", text).Bytes(), 1)
}
