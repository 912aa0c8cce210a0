package mtatest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Delivery is one mail as it reached the Sink: the envelope and the exact bytes after dot-unstuffing (RFC 5321 4.5.2).
type Delivery struct {
	From     string
	To       []string
	SMTPUTF8 bool   // RFC 6531 3.4
	Body     string // RFC 6152 BODY parameter, "" when absent
	Raw      []byte
}

// OwnBytes is Raw without the first n Received fields, which the relays on the way put on top of what was sent (RFC 5321 4.4).
func (d Delivery) OwnBytes(n int) []byte {
	raw := d.Raw
	for range n {
		if !bytes.HasPrefix(raw, []byte("Received:")) {
			return raw
		}
		end := 0
		for {
			nl := bytes.IndexByte(raw[end:], '\n')
			if nl < 0 {
				return raw
			}
			end += nl + 1
			if end >= len(raw) || raw[end] != ' ' && raw[end] != '\t' {
				break
			}
		}
		raw = raw[end:]
	}
	return raw
}

// Field is the value of the first header field of that name, unfolded and trimmed.
func (d Delivery) Field(name string) string {
	if v := d.Fields(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

// Fields is every value of the header field, in order.
func (d Delivery) Fields(name string) []string {
	head, _, _ := strings.Cut(string(d.Raw), "\r\n\r\n")
	head = strings.NewReplacer("\r\n ", " ", "\r\n\t", " ").Replace(head)
	var values []string
	for line := range strings.SplitSeq(head, "\r\n") {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(k, name) {
			values = append(values, strings.TrimSpace(v))
		}
	}
	return values
}

// Sink is the mailbox behind the servers: an SMTP server on loopback that keeps what it gets.
type Sink struct {
	Addr string

	srv  *smtp.Server
	done chan struct{}

	mu   sync.Mutex
	got  []Delivery
	news chan struct{}
	deny func(Delivery) error // decides on each mail; nil accepts
}

// sinkMail bounds one mail in the sink. The largest in the tests is a few MB.
const sinkMail = 64 << 20

// NewSink starts a Sink.
func NewSink() (*Sink, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("mtatest: sink: %w", err)
	}
	s := &Sink{Addr: l.Addr().String(), done: make(chan struct{}), news: make(chan struct{})}
	s.srv = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &sinkSession{sink: s}, nil }))
	s.srv.Domain, s.srv.EnableSMTPUTF8, s.srv.MaxMessageBytes = "sink.sekisho.test", true, sinkMail
	s.srv.MaxLineLength = 1 << 20 // a test sends long lines on purpose
	s.srv.ReadTimeout, s.srv.WriteTimeout = time.Minute, time.Minute
	s.srv.ErrorLog = quiet{}
	go func() {
		defer close(s.done)
		s.srv.Serve(l) //nolint:errcheck // always the error of Close
	}()
	return s, nil
}

// quiet drops the server's notes on broken connections.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// Close stops the sink.
func (s *Sink) Close() error {
	err := s.srv.Close()
	<-s.done
	if errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return err
}

// Deny makes f decide on each mail from now on; nil accepts again.
func (s *Sink) Deny(f func(Delivery) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deny = f
}

// All is every delivery so far.
func (s *Sink) All() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

// Find is the deliveries whose bytes contain the text.
func (s *Sink) Find(text string) []Delivery {
	var found []Delivery
	for _, d := range s.All() {
		if bytes.Contains(d.Raw, []byte(text)) {
			found = append(found, d)
		}
	}
	return found
}

// Wait waits for a delivery that contains the text.
func (s *Sink) Wait(text string, limit time.Duration) (Delivery, error) {
	timeout := time.After(limit)
	for {
		s.mu.Lock()
		news := s.news
		s.mu.Unlock()
		if f := s.Find(text); len(f) > 0 {
			return f[0], nil
		}
		select {
		case <-news:
		case <-timeout:
			return Delivery{}, fmt.Errorf("mtatest: no mail with %q was delivered within %v", text, limit)
		}
	}
}

func (s *Sink) keep(d Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deny != nil {
		if err := s.deny(d); err != nil {
			return err
		}
	}
	s.got = append(s.got, d)
	close(s.news)
	s.news = make(chan struct{})
	return nil
}

// sinkSession is one SMTP connection to the sink.
type sinkSession struct {
	sink *Sink
	d    Delivery
}

var _ smtp.Session = (*sinkSession)(nil)

func (s *sinkSession) Reset()        { s.d = Delivery{} }
func (s *sinkSession) Logout() error { return nil }

func (s *sinkSession) Mail(from string, o *smtp.MailOptions) error {
	s.d = Delivery{From: from, SMTPUTF8: o.UTF8, Body: string(o.Body)}
	return nil
}

func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.d.To = append(s.d.To, to)
	return nil
}

func (s *sinkSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	d := s.d
	d.Raw = b
	return s.sink.keep(d)
}
