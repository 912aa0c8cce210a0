package milter

import (
	"bytes"
	"context"
	"testing"

	"sekisho/internal/filter"
	"sekisho/internal/message"
	"sekisho/rules"
)

// deaf is a filter that takes everything and keeps nothing.
type deaf struct{ n int }

func (d *deaf) Begin(context.Context) Run   { return d }
func (d *deaf) Write(p []byte) (int, error) { d.n += len(p); return len(p), nil }
func (d *deaf) Raw() *message.Buffer        { return nil }
func (d *deaf) Abort()                      {}
func (d *deaf) Finish(s filter.Session) *filter.Result {
	return &filter.Result{Session: s, SHA256: "ab"}
}
func (d *deaf) Waited(context.Context, *filter.Result) ([]string, error) { return nil, nil }
func (d *deaf) Remember(context.Context, *filter.Result, bool, string) (filter.Remembered, error) {
	return filter.Remembered{}, nil
}

var _ Filter = (*deaf)(nil)

// messages is what an MTA sends on one connection.
func messages(count, fields, chunks int) []byte {
	var b bytes.Buffer
	b.Write(frame(cmdOptNeg, 0, 0, 0, 6, 0, 0, 1, 0xff, 0, 0x1f, 0xff, 0xff))
	b.Write(frame(cmdConnect, []byte("client.example.com\x004\x00\x19192.0.2.1\x00")...))
	for range count {
		b.Write(frame(cmdMail, []byte("<a@example.com>\x00")...))
		b.Write(frame(cmdRcpt, []byte("<b@example.org>\x00")...))
		for range fields {
			b.Write(frame(cmdHeader, []byte("Received\x00 from a by b\x00")...))
		}
		b.Write(frame(cmdEOH))
		for range chunks {
			b.Write(frame(cmdBody, bytes.Repeat([]byte("0123456789abcdef"), 4096)[:65535]...))
		}
		b.Write(frame(cmdMacro, []byte("Ei\x004Xq1\x00")...))
		b.Write(frame(cmdEOM))
	}
	return b.Bytes()
}

// allocations are those of a connection with that traffic.
func allocations(t *testing.T, sent []byte, want int) float64 {
	t.Helper()
	d := &deaf{}
	s := newServer(nil)
	s.SetPolicy(&Policy{Filter: d, Mode: rules.ModeEnforce})
	each := testing.AllocsPerRun(10, func() {
		d.n = 0
		s.admit(&scripted{in: bytes.NewReader(sent)})
		s.work.Wait()
	})
	if d.n < want {
		t.Fatalf("%d bytes came through, want %d", d.n, want)
	}
	return each
}

func TestAllocationsDoNotGrowWithFieldsOrChunks(t *testing.T) {
	few := allocations(t, messages(4, 10, 1), 4*65535)
	if many := allocations(t, messages(4, 100, 20), 4*20*65535); many > few+16 { // the connection's own memory grows, once; 436 frames more came
		t.Errorf("%v allocations with 10 fields and 1 chunk, %v with 100 and 20", few, many)
	}
}

// perMessage is what this package may allocate for a message, its record and log line included; the reply and a second recipient take some.
const perMessage = 45

func TestAllocationsOfAMessageAreFew(t *testing.T) {
	one, eleven := allocations(t, messages(1, 20, 1), 65535), allocations(t, messages(11, 20, 1), 11*65535)
	each := (eleven - one) / 10
	t.Logf("%v allocations a message", each)
	if each > perMessage {
		t.Errorf("%v allocations a message, want at most %d", each, perMessage)
	}
}

// BenchmarkSession is what this package costs: an ordinary mail and one with an attachment, a filter that looks at nothing.
func BenchmarkSession(b *testing.B) {
	for name, sent := range map[string][]byte{"text": messages(100, 20, 0), "1MB": messages(10, 20, 16)} {
		b.Run(name, func(b *testing.B) {
			s := newServer(nil)
			s.SetPolicy(&Policy{Filter: &deaf{}, Mode: rules.ModeEnforce})
			b.SetBytes(int64(len(sent)))
			b.ReportAllocs()
			for b.Loop() {
				s.admit(&scripted{in: bytes.NewReader(sent)})
				s.work.Wait()
			}
		})
	}
}
