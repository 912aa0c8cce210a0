package mtatest

import (
	"fmt"
	"io"
	"net"
	"time"

	"github.com/emersion/go-smtp"
)

// secondPass is an after-queue content filter (Postfix's FILTER_README): it takes a mail from Postfix and gives it back at another
// port, so that Postfix, and the milter, see it twice.
type secondPass struct {
	addr string
	back string
	srv  *smtp.Server
	done chan struct{}
}

func newSecondPass(addr, back string) (*secondPass, error) {
	l, err := net.Listen("tcp4", addr)
	if err != nil {
		return nil, fmt.Errorf("mtatest: content filter: %w", err)
	}
	f := &secondPass{addr: addr, back: back, done: make(chan struct{})}
	f.srv = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &secondSession{back: back}, nil }))
	f.srv.Domain, f.srv.EnableSMTPUTF8, f.srv.ErrorLog = "second.sekisho.test", true, quiet{}
	f.srv.ReadTimeout, f.srv.WriteTimeout = time.Minute, time.Minute
	go func() {
		defer close(f.done)
		f.srv.Serve(l) //nolint:errcheck // always the error of Close
	}()
	return f, nil
}

func (f *secondPass) close() error {
	err := f.srv.Close()
	<-f.done
	return err
}

// secondSession is one mail on its way through.
type secondSession struct {
	back string
	m    Message
}

var _ smtp.Session = (*secondSession)(nil)

func (s *secondSession) Reset()        { s.m = Message{} }
func (s *secondSession) Logout() error { return nil }

func (s *secondSession) Mail(from string, o *smtp.MailOptions) error {
	s.m = Message{From: from}
	if o.UTF8 {
		s.m.Params = "SMTPUTF8 BODY=8BITMIME"
	}
	return nil
}

func (s *secondSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.m.To = append(s.m.To, to)
	return nil
}

func (s *secondSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.m.Raw = raw
	reply, err := SendMail(s.back, s.m)
	if err != nil {
		return err
	}
	if !reply.Ok() {
		return &smtp.SMTPError{Code: reply.Code, EnhancedCode: smtp.NoEnhancedCode, Message: reply.Text}
	}
	return nil
}
