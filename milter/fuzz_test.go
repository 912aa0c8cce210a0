package milter

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sekisho/internal/metrics"
	"sekisho/internal/miltertest"
)

// recorded is a connection that keeps what is written to it.
type recorded struct {
	net.Conn
	b *bytes.Buffer
}

func (r recorded) Write(p []byte) (int, error) {
	r.b.Write(p)
	return r.Conn.Write(p)
}

// transcript is what an MTA sends for a session with two messages.
func transcript(t testing.TB, o miltertest.Offer) []byte {
	t.Helper()
	near, far := net.Pipe()
	s := newServer(nil)
	s.admit(far)
	var b bytes.Buffer
	m, err := miltertest.New(recorded{near, &b}, o)
	if err != nil {
		t.Fatal(err)
	}
	m.Macros('C', "j", "mx.example.org")
	m.Connect("client.example.com", '6', 1, "IPv6:2001:db8::1")
	m.Helo("client.example.com")
	for range 2 {
		if _, err := m.Send(plain()); err != nil {
			t.Fatal(err)
		}
		m.Command('U', []byte("NOOP\x00"))
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func newServer(f *fakeFilter) *Server {
	if f == nil {
		f = &fakeFilter{}
	}
	return New(Options{
		Metrics: metrics.New(prometheus.NewRegistry(), ""), Log: slog.New(slog.DiscardHandler),
		NegotiateTimeout: time.Second, IdleTimeout: time.Second, BurstTimeout: time.Second,
	}, &Policy{Filter: f})
}

// scripted is a connection whose peer says its part and hangs up.
type scripted struct {
	net.Conn
	in  *bytes.Reader
	out bytes.Buffer
}

func (c *scripted) Read(p []byte) (int, error)       { return c.in.Read(p) }
func (c *scripted) Write(p []byte) (int, error)      { return c.out.Write(p) }
func (c *scripted) Close() error                     { return nil }
func (c *scripted) RemoteAddr() net.Addr             { return &net.UnixAddr{} }
func (c *scripted) SetReadDeadline(time.Time) error  { return nil }
func (c *scripted) SetWriteDeadline(time.Time) error { return nil }

// FuzzSession sends any bytes: what comes back is whole frames with known reply codes, at most one final reply for each frame sent, every
// run that began has ended when the session has, and the library has nothing to say (TestMain).
func FuzzSession(f *testing.F) {
	for _, o := range offers {
		f.Add(transcript(f, o))
	}
	optneg := frame(cmdOptNeg, 0, 0, 0, 6, 0, 0, 1, 0xff, 0, 0x1f, 0xff, 0xff)
	for _, odd := range [][]byte{
		frame('L', 'a', 0, 'b', 0, 0), frame('L', 'a', 0, 0), frame('E', 'x'), frame('K'), frame('D', 'M'), frame('D', 'C', 'i'),
		frame('C', 'h', 0, 'L', 0, 0, '/', 0), frame('O'), {0, 0, 0, 0}, {0, 16, 0, 0, 'B'}, frame('R', '<', 0), frame('A'), frame('T'),
	} {
		f.Add(bytes.Join([][]byte{optneg, odd, odd, frame('E'), frame('M', '<', '>', 0), frame('E')}, nil))
	}
	f.Fuzz(func(t *testing.T, sent []byte) {
		filter := &fakeFilter{}
		s := newServer(filter)
		c := &scripted{in: bytes.NewReader(sent)}
		s.admit(c)
		s.work.Wait() // Shutdown would not let it begin
		if err := s.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		got := c.out.Bytes()
		if finals := checkReplies(t, got); finals > len(sent)/5 {
			t.Errorf("%d replies to %d bytes", finals, len(sent))
		}
		begun, finished, aborted := filter.counts()
		if begun != finished+aborted {
			t.Errorf("%d runs begun, %d finished, %d aborted", begun, finished, aborted)
		}
	})
}

// checkReplies counts the final replies.
func checkReplies(t *testing.T, b []byte) (finals int) {
	t.Helper()
	for len(b) > 0 {
		if len(b) < 5 || int(binary.BigEndian.Uint32(b)) > len(b)-4 {
			t.Fatalf("cut frame %q", b)
		}
		switch b[4] {
		case 'a', 'c', 'd', 't', 'y', 'O':
			finals++
		case 'i', 'm', 'q':
		default:
			t.Fatalf("reply %q", b[4])
		}
		b = b[4+binary.BigEndian.Uint32(b):]
	}
	return finals
}
