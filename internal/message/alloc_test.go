//go:build !race

// The race detector has pools forget at random.

package message_test

import (
	"testing"

	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

// A walk takes memory for what a mail has, not for the pieces in which it comes.
func TestAllocationsDoNotGrowWithChunks(t *testing.T) {
	mails := map[string][]byte{
		"text":   fixture.Message("a@example.net", "b@example.org", "s", fixture.TextPart(string(fixture.Base64(fixture.Noise(100<<10))))).Bytes(),
		"base64": fixture.Message("a@example.net", "b@example.org", "s", fixture.FilePart("a.bin", "application/octet-stream", fixture.Noise(300<<10))).Bytes(),
	}
	for name, mail := range mails {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in := func(chunk int) float64 {
				return testing.AllocsPerRun(20, func() {
					w := message.NewWalker(nil, message.Limits{SpoolDir: dir}, &discard{})
					for rest := mail; len(rest) > 0; rest = rest[min(len(rest), chunk):] {
						if _, err := w.Write(rest[:min(len(rest), chunk)]); err != nil {
							t.Fatal(err)
						}
					}
					if err := w.Close(); err != nil {
						t.Fatal(err)
					}
				})
			}
			whole, pieces := in(65535), in(1000)
			if pieces > whole+4 { // a buffer grows in a few steps more when it is filled slowly
				t.Errorf("%v allocations in large chunks, %v in small ones", whole, pieces)
			}
			if whole > 40 {
				t.Errorf("%v allocations, want at most 40", whole)
			}
		})
	}
}
