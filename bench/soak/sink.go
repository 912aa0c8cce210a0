package main

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

// sink takes the notices. While it is deaf it accepts connections and says nothing.
type sink struct {
	listener net.Listener
	server   *smtp.Server
	notices  atomic.Int64
	deaf     atomic.Bool
}

func newSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{listener: l}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		for s.deaf.Load() {
			time.Sleep(100 * time.Millisecond)
		}
		return reader{&s.notices}, nil
	}))
	go func() { _ = s.server.Serve(l) }() // ends with close
	return s, nil
}

func (s *sink) addr() string { return s.listener.Addr().String() }

func (s *sink) close() error {
	s.deaf.Store(false)
	if err := s.server.Close(); !errors.Is(err, smtp.ErrServerClosed) {
		return err
	}
	return nil
}

type reader struct{ notices *atomic.Int64 }

var _ smtp.Session = reader{}

func (reader) Mail(string, *smtp.MailOptions) error { return nil }
func (reader) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (reader) Reset()                               {}
func (reader) Logout() error                        { return nil }
func (r reader) Data(b io.Reader) error {
	_, err := io.Copy(io.Discard, b)
	r.notices.Add(1)
	return err
}
