package message_test

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/message"
)

// got is a part as tests compare it.
type got struct {
	Path, Type, Name, Text, SHA string
	Names                       []string
	Attachment                  bool
	Via                         message.Via
	Size, Encoded               int64
}

type recorder struct {
	parts    []got
	content  [][]byte
	findings []finding.Finding
	decoded  int64
}

func (r *recorder) Part(p *message.Part) error {
	b := make([]byte, p.Content.Size())
	p.Content.ReadAt(b, 0)
	r.content = append(r.content, b)
	r.decoded += p.Content.Size()
	r.parts = append(r.parts, got{p.Path.String(), p.Type, p.Name, p.Text, hex.EncodeToString(p.SHA256[:]), p.Names, p.Attachment, p.Via, p.Content.Size(), p.EncodedSize})
	return nil
}

func (r *recorder) Finding(f finding.Finding) { r.findings = append(r.findings, f) }

// walk runs the walker over mail, cut by next: the size of the next chunk.
func walk(t testing.TB, mail []byte, l message.Limits, next func(left int) int) *recorder {
	t.Helper()
	r := &recorder{}
	w := message.NewWalker(nil, l, r)
	for len(mail) > 0 {
		n := min(next(len(mail)), len(mail))
		if _, err := w.Write(mail[:n]); err != nil {
			t.Fatalf("Write: %v", err)
		}
		mail = mail[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	return r
}

func whole(left int) int { return left }

// sameInChunks fails when the cutting changes what is found.
func sameInChunks(t testing.TB, mail []byte, l message.Limits) *recorder {
	t.Helper()
	want := walk(t, mail, l, whole)
	rnd := rand.New(rand.NewPCG(1, uint64(len(mail))))
	for name, next := range map[string]func(int) int{
		"bytes":  func(int) int { return 1 },
		"random": func(int) int { return 1 + rnd.IntN(100) },
		"large":  func(int) int { return 1 + rnd.IntN(5000) },
	} {
		have := walk(t, mail, l, next)
		if d := cmp.Diff(want.parts, have.parts); d != "" {
			t.Errorf("%s: parts differ (-whole +%s):\n%s\n%q", name, name, d, clip(mail))
		}
		if d := cmp.Diff(fmt.Sprint(want.findings), fmt.Sprint(have.findings)); d != "" {
			t.Errorf("%s: findings differ (-whole +%s):\n%s\n%q", name, name, d, clip(mail))
		}
	}
	return want
}

func clip(b []byte) []byte { return b[:min(len(b), 2000)] }

func TestNumbersAreIMAPs(t *testing.T) {
	inner := fixture.Message("a@example.com", "b@example.com", "inner", fixture.TextPart("one"), fixture.FilePart("x.bin", "application/octet-stream", fixture.Noise(100)))
	forwarded := fixture.Mail{Fields: []string{"Content-Type: message/rfc822"}, Body: inner.Bytes()}
	single := fixture.Mail{Fields: []string{"Content-Type: message/rfc822"}, Body: []byte("Subject: s\r\n\r\nhello")}
	alt := fixture.Mail{Parts: []fixture.Mail{fixture.TextPart("p"), fixture.TextPart("q")}}
	m := fixture.Message("a@example.com", "b@example.com", "outer", alt, forwarded, single, fixture.TextPart("last"))
	m.Boundary = "outer"
	r := sameInChunks(t, m.Bytes(), message.Limits{})
	var paths []string
	for _, p := range r.parts {
		paths = append(paths, p.Path)
	}
	if d := cmp.Diff([]string{"1.1", "1.2", "2.1", "2.2", "3.1", "4"}, paths); d != "" {
		t.Error(d)
	}
}
