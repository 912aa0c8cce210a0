package milter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/miltertest"
	"sekisho/rules"
)

func TestSessionLimitAnswersTryAgainLater(t *testing.T) {
	tests := map[string]struct {
		p    Policy
		want byte
	}{
		"enforce":           {Policy{}, 't'},
		"accept on failure": {Policy{OnFailure: FailAccept}, 'a'},
		"monitor":           {Policy{Mode: rules.ModeMonitor}, 'a'},
	}
	for name, tt := range tests {
		eachMTA(t, func(t *testing.T, offer miltertest.Offer) {
			t.Run(name, func(t *testing.T) {
				r := start(t, func(o *Options, p *Policy, _ *rig) {
					p.Mode, p.OnFailure = tt.p.Mode, tt.p.OnFailure
					o.Sessions, o.Refusals = 1, 1
				})
				first := r.greet(offer)
				second := r.dial(offer)
				second.Macros('C', "j", "x")
				if o, err := second.Connect("h", '4', 1, "192.0.2.1"); err != nil || o.Code != tt.want {
					t.Errorf("beyond the limit: %q %v", o.Code, err)
				}
				if _, err := miltertest.Dial(r.net, r.addr, offer); err == nil {
					t.Error("a third connection is not closed")
				}
				r.wantCounter(r.m.SessionsRefused.WithLabelValues("limit"), 2)
				if o := r.send(first, mailFor(offer, plain())); o.Code != 'a' {
					t.Errorf("within the limit: %q", o.Code)
				}
			})
		})
	}
}

func TestRefusedConnectionIsBounded(t *testing.T) {
	r := start(t, func(o *Options, _ *Policy, _ *rig) { o.Sessions, o.Refusals = 1, 1 })
	r.greet(miltertest.Postfix())
	s, err := miltertest.Dial(r.net, r.addr, miltertest.Postfix())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Drop()
	n := 0
	for ; err == nil && n <= refuseFrames; n++ {
		_, err = s.Helo("x")
	}
	if n > refuseFrames {
		t.Errorf("%d commands were answered", n)
	}
}

func TestFreedSessionIsUsedAgain(t *testing.T) {
	r := start(t, func(o *Options, _ *Policy, _ *rig) { o.Sessions = 1 })
	for range 3 {
		s, err := miltertest.Dial(r.net, r.addr, miltertest.Postfix())
		if err != nil {
			t.Fatal(err)
		}
		if o := r.send(s, plain()); o.Code != 'a' {
			t.Fatalf("reply %q", o.Code)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the session ends", func() bool { return value(r.m.Sessions) == 0 })
	}
}

func TestPeersOfInetListeners(t *testing.T) {
	r := start(t, func(o *Options, _ *Policy, r *rig) {
		r.net, o.Peers = "tcp", []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}
	})
	if _, err := miltertest.Dial(r.net, r.addr, miltertest.Postfix()); err == nil {
		t.Error("a peer that is not listed was served")
	}
	r.wantCounter(r.m.SessionsRefused.WithLabelValues("peer"), 1)
}

// server.go:141: the library's server has no drain.
func TestTrapShutdownFinishesMessagesInWork(t *testing.T) {
	r := start(t, func(_ *Options, _ *Policy, r *rig) { r.filter.wait = make(chan struct{}) })
	idle, err := miltertest.Dial(r.net, r.addr, miltertest.Postfix())
	if err != nil {
		t.Fatal(err)
	}
	envelope, busy := r.greet(miltertest.Postfix()), r.greet(miltertest.Postfix())
	must(t)(envelope.MailFrom("a@example.com"))
	must(t)(envelope.Rcpt("b@example.org"))
	if err := envelope.Flush(); err != nil {
		t.Fatal(err)
	}
	answered := make(chan miltertest.Outcome, 1)
	go func() {
		o, err := busy.Send(plain())
		if err != nil {
			t.Error(err)
		}
		answered <- o
	}()
	eventually(t, "both are in work", func() bool {
		n := 0
		r.srv.mu.Lock()
		defer r.srv.mu.Unlock()
		for c := range r.srv.conns {
			if c.isBusy() {
				n++
			}
		}
		return n == 2
	})
	done := make(chan error, 1)
	go func() { done <- r.srv.Shutdown(context.Background()) }()
	eventually(t, "the server drains", r.srv.draining) // until then the idle connection may begin a message, which waits as the other does
	if _, err := idle.Helo("x"); err == nil {
		if err = idle.Flush(); err == nil {
			_, err = idle.End()
		}
		if err == nil {
			t.Error("an idle connection is still served")
		}
	}
	idle.Drop()
	close(r.filter.wait)
	if o := <-answered; o.Code != 'a' {
		t.Errorf("message in work got %q", o.Code)
	}
	must(t)(envelope.Field("Subject", " x"))
	if o, err := envelope.End(); err != nil || o.Code != 'a' {
		t.Errorf("message whose envelope had begun got %q, %v", o.Code, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := miltertest.Dial(r.net, r.addr, miltertest.Postfix()); err == nil {
		t.Error("a new connection is served")
	}
}

func TestShutdownLosesPatience(t *testing.T) {
	r := start(t, nil)
	s, err := miltertest.Dial(r.net, r.addr, miltertest.Postfix())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Drop()
	must(t)(s.MailFrom("a@example.com"))
	must(t)(s.Field("A", " b"))
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the message begins", func() bool { b, _, _ := r.filter.counts(); return b == 1 })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.srv.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown: %v", err)
	}
	eventually(t, "the message is freed", func() bool { _, _, a := r.filter.counts(); return a == 1 })
}

func TestServeAfterShutdown(t *testing.T) {
	s := New(Options{}, &Policy{})
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(l); !errors.Is(err, ErrClosed) {
		t.Errorf("Serve: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is left open: %v", err)
	}
}

// A message keeps the policy it began with; the next one on the same connection has the new one.
func TestReload(t *testing.T) {
	r := start(t, nil)
	r.filter.verdict = evidence(rules.Tag)
	s := r.greet(miltertest.Postfix())
	must(t)(s.MailFrom("a@example.com"))
	must(t)(s.Field("Subject", " x"))
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the message begins", func() bool { b, _, _ := r.filter.counts(); return b == 1 })
	r.srv.SetPolicy(&Policy{Filter: r.filter, Mode: rules.ModeMonitor})
	if o, err := s.End(); err != nil || len(o.Mods) == 0 {
		t.Errorf("message in work: %v, %v", o, err)
	}
	if o := r.send(s, plain()); len(o.Mods) != 0 {
		t.Errorf("next message: %v", o.Mods)
	}
}

// flaky fails a few times before it accepts.
type flaky struct {
	net.Listener
	mu   sync.Mutex
	left int
}

func (f *flaky) Accept() (net.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left > 0 {
		f.left--
		return nil, errors.New("accept: too many open files")
	}
	return f.Listener.Accept()
}

// server.go:122: any error ends the library's Serve.
func TestTrapAcceptErrorsAreRetried(t *testing.T) {
	r := start(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- r.srv.Serve(&flaky{Listener: l, left: 3}) }()
	s, err := miltertest.Dial("tcp", l.Addr().String(), miltertest.Postfix())
	if err != nil {
		t.Fatal(err)
	}
	if o := r.send(s, plain()); o.Code != 'a' {
		t.Errorf("reply %q", o.Code)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	l.Close()
	if err := <-served; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve: %v", err)
	}
}

// Many connections at once, a reload at each turn: for the race detector.
func TestManyConnections(t *testing.T) {
	r := start(t, nil)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			m := plain()
			m.From = fmt.Sprintf("a%d@example.com", i)
			if err := miltertest.Load(r.net, r.addr, miltertest.Postfix(), 2, 20, m); err != nil {
				t.Error(err)
			}
			r.srv.SetPolicy(&Policy{Filter: r.filter})
		})
	}
	wg.Wait()
	if _, finished, _ := r.filter.counts(); finished != 8*20 {
		t.Errorf("%d messages finished", finished)
	}
}

func TestCaptureLog(t *testing.T) {
	var b locked
	undo := CaptureLog(slog.New(slog.NewTextHandler(&b, nil)))
	log.Printf("panic handling command: %v\nstack", "x")
	undo()
	if got := b.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `text="panic handling command: x\nstack"`) {
		t.Errorf("log %q", got)
	}
}

// A connection that fails to write ends without a word of the library's, and the peer sees the end.
func TestTrapWriteDeadline(t *testing.T) {
	r := start(t, func(o *Options, _ *Policy, _ *rig) { o.WriteTimeout = 20 * time.Millisecond })
	near, far := net.Pipe() // unbuffered: a write waits for its reader
	r.srv.admit(far)
	go func() {
		b := append(frame(cmdOptNeg, 0, 0, 0, 6, 0, 0, 1, 255, 0, 0, 0, 0), frame(cmdHelo, 'x', 0)...)
		near.Write(b)
	}()
	eventually(t, "the session ends", func() bool { return value(r.m.ProtocolErrors.WithLabelValues("timeout")) == 1 })
	near.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadAll(near); err != nil {
		t.Errorf("read: %v", err)
	}
	near.Close()
}
