package load

import (
	"bytes"
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"

	"sekisho/internal/miltertest"
)

// patience is Postfix's milter_content_timeout.
const patience = 5 * time.Minute

// milter is a connection to a filter.
type milter struct{ s *miltertest.Session }

// Milter opens connections to a filter at a Unix socket or, over TCP, with Nagle's algorithm left on as a C program has it.
func Milter(network, addr string) func() (Client, error) {
	return func() (Client, error) {
		nc, err := net.DialTimeout(network, addr, 10*time.Second)
		if err != nil {
			return nil, err
		}
		if tcp, ok := nc.(*net.TCPConn); ok {
			if err := tcp.SetNoDelay(false); err != nil {
				return nil, err
			}
		}
		s, err := miltertest.New(nc, miltertest.Postfix())
		if err != nil {
			return nil, err
		}
		s.Timeout = patience
		s.Macros('C', "j", "mx.example.org", "{daemon_name}", "mx.example.org", "v", "Postfix 3.7.11")
		if _, err := s.Connect("client.example.com", '4', 40000, "192.0.2.1"); err != nil {
			return nil, err
		}
		_, err = s.Helo("client.example.com")
		return milter{s}, err
	}
}

func (c milter) Send(m *Mail, id string) (Reply, error) {
	trips := c.s.RoundTrips
	begun, end, out, err := c.s.Timed(m.numbered(id))
	return Reply{begun, end, time.Now(), string(rune(out.Code)), verdict(out), c.s.RoundTrips - trips}, err
}

func (c milter) Close() error { return c.s.Close() }

// verdict is the first word of the verdict's header field.
func verdict(o miltertest.Outcome) string {
	for _, m := range o.Mods {
		if m.Name == "X-Sekisho-Verdict" {
			word, _, _ := strings.Cut(strings.TrimSpace(m.Value), ";")
			return word
		}
	}
	return ""
}

// header is the mail's with a Message-ID.
func (m *Mail) header(id string) []miltertest.Header {
	header := slices.Clone(m.Header)
	header[m.id].Value = " <" + id + "@example.net>"
	return header
}

func (m *Mail) numbered(id string) miltertest.Mail {
	return miltertest.Mail{From: m.From, Rcpts: m.Rcpts, Header: m.header(id), Body: m.Body, Macros: map[byte][]string{
		'M': {"{mail_addr}", m.From, "{mail_host}", "example.net", "{mail_mailer}", "smtp"},
		'R': {"{rcpt_addr}", m.Rcpts[0], "{rcpt_host}", "example.org", "{rcpt_mailer}", "local"},
		'N': {"i", id}, 'E': {"i", id},
	}}
}

// mta is an SMTP connection.
type mta struct {
	nc net.Conn
	*textproto.Conn
}

// SMTP opens connections to an MTA, which lets us speak for a foreign client (Postfix's XCLIENT_README).
func SMTP(addr string) func() (Client, error) {
	return func() (Client, error) {
		nc, err := net.DialTimeout("tcp", addr, 10*time.Second)
		if err != nil {
			return nil, err
		}
		c := mta{nc, textproto.NewConn(nc)}
		err = c.want(220)
		for _, line := range []struct {
			text string
			code int
		}{{"EHLO bench.example.com", 250}, {"XCLIENT ADDR=192.0.2.1 NAME=client.example.com", 220}, {"EHLO client.example.com", 250}} {
			if err == nil {
				err = c.command(line.code, line.text)
			}
		}
		return c, err
	}
}

func (c mta) want(code int) error {
	if err := c.nc.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, _, err := c.ReadResponse(code)
	return err
}

func (c mta) command(code int, line string) error {
	if err := c.PrintfLine("%s", line); err != nil {
		return err
	}
	return c.want(code)
}

// Send counts any last reply; one before it must be that the mail goes on.
func (c mta) Send(m *Mail, id string) (r Reply, err error) {
	for _, line := range []struct {
		text string
		code int
	}{{"MAIL FROM:<" + m.From + ">", 250}, {"RCPT TO:<" + m.Rcpts[0] + ">", 250}, {"DATA", 354}} {
		if err := c.command(line.code, line.text); err != nil {
			return r, err
		}
	}
	r.Begun, r.Trips = time.Now(), 4
	for _, h := range m.header(id) {
		fmt.Fprintf(c.W, "%s:%s\r\n", h.Name, strings.ReplaceAll(h.Value, "\n", "\r\n"))
	}
	c.W.WriteString("\r\n") //nolint:errcheck // Flush has it
	c.W.Write(stuffed(m.Body))
	if err := c.W.Flush(); err != nil {
		return r, err
	}
	r.End = time.Now()
	if err := c.PrintfLine("."); err != nil {
		return r, err
	}
	code, _, err := c.ReadResponse(0)
	r.Last, r.Code = time.Now(), strconv.Itoa(code)
	return r, err
}

// stuffed is a body as DATA wants it (RFC 5321 4.5.2), its last line ended.
func stuffed(body []byte) []byte {
	if bytes.Contains(body, []byte("\n.")) {
		body = bytes.ReplaceAll(body, []byte("\n."), []byte("\n.."))
	}
	if bytes.HasPrefix(body, []byte(".")) {
		body = append([]byte("."), body...)
	}
	if !bytes.HasSuffix(body, []byte("\n")) {
		body = append(bytes.Clone(body), "\r\n"...)
	}
	return body
}

func (c mta) Close() error {
	_ = c.PrintfLine("QUIT") // all replies have come
	return c.Conn.Close()
}
