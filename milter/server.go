package milter

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	gomilter "github.com/emersion/go-milter"
)

// ErrClosed is returned by Serve after Shutdown.
var ErrClosed = errors.New("milter: server closed")

// acceptPause is the first pause after a failed Accept; it doubles up to acceptPauseMax. Running out of file descriptors is the usual
// cause, and ends when a session does.
const (
	acceptPause    = 5 * time.Millisecond
	acceptPauseMax = time.Second
)

// Server serves milter connections. Make it with New.
type Server struct {
	o      Options
	policy atomic.Pointer[Policy]
	base   context.Context // ends when Shutdown's patience does
	cancel context.CancelFunc

	buffers sync.Pool // of frames

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	refusals  map[net.Conn]struct{}
	closed    atomic.Bool    // set under mu
	work      sync.WaitGroup // connections, refusals included
}

// New makes a server that judges by p.
func New(o Options, p *Policy) *Server {
	s := &Server{
		o:         o.withDefaults(),
		listeners: map[net.Listener]struct{}{},
		conns:     map[*conn]struct{}{},
		refusals:  map[net.Conn]struct{}{},
	}
	s.base, s.cancel = context.WithCancel(context.Background())
	s.policy.Store(p)
	s.o.Metrics.SessionsLimit.Set(float64(s.o.Sessions))
	return s
}

// SetPolicy puts p in force for messages that begin from now on.
func (s *Server) SetPolicy(p *Policy) { s.policy.Store(p) }

// Serve accepts connections until Shutdown, then returns ErrClosed. A failing Accept is tried again.
func (s *Server) Serve(l net.Listener) error {
	if !s.adopt(l) {
		l.Close()
		return ErrClosed
	}
	defer l.Close()
	pause := acceptPause
	for {
		nc, err := l.Accept()
		if err == nil {
			pause = acceptPause
			s.admit(nc)
			continue
		}
		if s.draining() {
			return ErrClosed
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		s.o.Log.Error("milter: accept", "error", err.Error())
		select {
		case <-time.After(pause):
		case <-s.base.Done():
			return ErrClosed
		}
		pause = min(2*pause, acceptPauseMax)
	}
}

func (s *Server) adopt(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

// admit serves a connection, tells it to come back later, or closes it.
func (s *Server) admit(nc net.Conn) {
	if !s.allowed(nc.RemoteAddr()) {
		s.o.Metrics.SessionsRefused.WithLabelValues("peer").Inc()
		s.o.Log.Warn("milter: peer is not allowed", "peer", nc.RemoteAddr().String())
		nc.Close()
		return
	}
	c := newConn(nc, s)
	s.mu.Lock()
	switch {
	case s.closed.Load():
		s.mu.Unlock()
		nc.Close()
	case len(s.conns) < s.o.Sessions:
		s.conns[c] = struct{}{}
		s.work.Add(1)
		s.mu.Unlock()
		s.o.Metrics.Sessions.Inc()
		s.start(c)
	case len(s.refusals) < s.o.Refusals:
		s.refusals[nc] = struct{}{}
		s.work.Add(1)
		s.mu.Unlock()
		s.o.Metrics.SessionsRefused.WithLabelValues("limit").Inc()
		go s.refuse(nc)
	default:
		s.mu.Unlock()
		s.o.Metrics.SessionsRefused.WithLabelValues("limit").Inc()
		nc.Close()
	}
}

// allowed reports whether a peer may speak to us. Who reaches a unix socket was decided by its file mode.
func (s *Server) allowed(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return true
	}
	return within(s.o.Peers, t.AddrPort().Addr())
}

func within(ps []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range ps {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// start gives the connection a library server of its own: NewMilter then has one answer only, and the library's listener handling, which
// ends at the first error and races on its closed flag, has nothing to handle.
func (s *Server) start(c *conn) {
	lib := &gomilter.Server{NewMilter: func() gomilter.Milter { return c.session }}
	_ = lib.Serve(&once{conn: c}) // the library's goroutine for c goes on after this returns; c.Close is its end
}

// once is a listener that has one connection.
type once struct{ conn net.Conn }

var errOnce = errors.New("milter: no further connection")

func (o *once) Accept() (net.Conn, error) {
	c := o.conn
	if c == nil {
		return nil, errOnce
	}
	o.conn = nil
	return c, nil
}

func (o *once) Close() error   { return nil }
func (o *once) Addr() net.Addr { return &net.UnixAddr{Net: "unix"} }

func (s *Server) gone(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.o.Metrics.Sessions.Dec()
	s.work.Done()
}

func (s *Server) draining() bool { return s.closed.Load() }

// Shutdown closes the listeners and idle connections, lets messages in work finish, and returns when all connections have ended.
// When ctx ends first, what is left is cut off and ctx's error returned; those messages are still the MTA's.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closed.Store(true)
	for l := range s.listeners {
		l.Close()
	}
	s.mu.Unlock()
	s.interrupt(false)
	done := make(chan struct{})
	go func() { // ends with the last connection
		defer close(done)
		s.work.Wait()
	}()
	select {
	case <-done:
		s.cancel()
		return nil
	case <-ctx.Done():
		s.cancel()
		s.interrupt(true)
		return ctx.Err()
	}
}

func (s *Server) interrupt(evenBusy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.interrupt(evenBusy)
	}
	for nc := range s.refusals {
		nc.Close()
	}
}
