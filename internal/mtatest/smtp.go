package mtatest

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Reply is an SMTP reply (RFC 5321 4.2): the code and the text of all its lines.
type Reply struct {
	Code int
	Text string
}

// String is the reply in one line.
func (r Reply) String() string { return fmt.Sprintf("%d %s", r.Code, r.Text) }

// Ok tells whether the reply is positive.
func (r Reply) Ok() bool { return r.Code >= 200 && r.Code < 400 }

// QueueID is the queue id that Postfix and Sendmail name in the reply to the final dot, "" if none.
func (r Reply) QueueID() string {
	for _, form := range []string{"queued as ", "2.0.0 "} {
		if _, rest, ok := strings.Cut(r.Text, form); ok {
			id, _, _ := strings.Cut(rest, " ")
			return id
		}
	}
	return ""
}

// Client is an SMTP client that can do what a well-behaved one would not. Not safe for concurrent use.
type Client struct {
	Greeting Reply

	conn net.Conn
	r    *bufio.Reader
}

// replyLimit is how long a server may take for one reply. The filter's own deadline stands between.
const replyLimit = 60 * time.Second

// Dial connects, and waits for the greeting.
func Dial(addr string) (*Client, error) {
	conn, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return nil, fmt.Errorf("mtatest: smtp: %w", err)
	}
	c := &Client{conn: conn, r: bufio.NewReader(conn)}
	if c.Greeting, err = c.Read(); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// Close drops the connection without QUIT.
func (c *Client) Close() error { return c.conn.Close() }

// Quit ends the session in order.
func (c *Client) Quit() error {
	_, err := c.Cmd("QUIT")
	c.conn.Close()
	return err
}

// Write sends raw bytes, for pipelining (RFC 2920) and for breaking off.
func (c *Client) Write(p []byte) error {
	c.conn.SetWriteDeadline(time.Now().Add(replyLimit)) //nolint:errcheck // a TCP connection has deadlines
	_, err := c.conn.Write(p)
	return err
}

// Read reads one reply.
func (c *Client) Read() (Reply, error) {
	var r Reply
	var lines []string
	for {
		c.conn.SetReadDeadline(time.Now().Add(replyLimit)) //nolint:errcheck // a TCP connection has deadlines
		line, err := c.r.ReadString('\n')
		if err != nil {
			return r, fmt.Errorf("mtatest: smtp: %w", err)
		}
		line = strings.TrimRight(line, "\r\n")
		if len(line) < 3 {
			return r, fmt.Errorf("mtatest: smtp: bad reply %q", line)
		}
		if r.Code, err = strconv.Atoi(line[:3]); err != nil {
			return r, fmt.Errorf("mtatest: smtp: bad reply %q", line)
		}
		if len(line) > 4 {
			lines = append(lines, line[4:])
		}
		if len(line) == 3 || line[3] == ' ' {
			r.Text = strings.Join(lines, " ")
			return r, nil
		}
	}
}

// Cmd sends one command line and reads its reply.
func (c *Client) Cmd(format string, args ...any) (Reply, error) {
	if err := c.Write(fmt.Appendf(nil, format+"\r\n", args...)); err != nil {
		return Reply{}, err
	}
	return c.Read()
}

// Expect is Cmd that fails unless the reply is positive.
func (c *Client) Expect(format string, args ...any) error {
	r, err := c.Cmd(format, args...)
	if err == nil && !r.Ok() {
		err = fmt.Errorf("mtatest: smtp: %s: %s", fmt.Sprintf(format, args...), r)
	}
	return err
}

// Ehlo greets.
func (c *Client) Ehlo(name string) error { return c.Expect("EHLO %s", name) }

// Xclient speaks for another client: Postfix's XCLIENT with attributes such as "ADDR=192.0.2.1", "NAME=mail.example.com",
// "LOGIN=user". The session starts anew with a greeting; Ehlo comes next.
func (c *Client) Xclient(attrs ...string) error {
	return c.Expect("XCLIENT %s", strings.Join(attrs, " "))
}

// Auth logs in with SASL PLAIN (RFC 4616).
func (c *Client) Auth(user, pass string) error {
	return c.Expect("AUTH PLAIN %s", base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+pass)))
}

// Message is one mail to send. Raw has CRLF line ends and is sent as it is, dots stuffed.
type Message struct {
	From   string // without angle brackets; "" is the null reverse-path
	To     []string
	Params string // of MAIL, such as "SMTPUTF8 BODY=8BITMIME"
	Raw    []byte
}

func (m Message) mail() string {
	if m.Params == "" {
		return "MAIL FROM:<" + m.From + ">\r\n"
	}
	return "MAIL FROM:<" + m.From + "> " + m.Params + "\r\n"
}

// stuffed is the message as DATA wants it (RFC 5321 4.5.2), with the final dot.
func (m Message) stuffed() []byte {
	b := bytes.ReplaceAll(m.Raw, []byte("\r\n."), []byte("\r\n.."))
	if bytes.HasPrefix(b, []byte(".")) {
		b = append([]byte("."), b...)
	}
	if !bytes.HasSuffix(b, []byte("\r\n")) {
		b = append(bytes.Clone(b), "\r\n"...)
	}
	return append(bytes.Clone(b), ".\r\n"...)
}

// Send sends one message, command by command, and returns the deciding reply: the first that is not positive, else the one to the final dot.
func (c *Client) Send(m Message) (Reply, error) {
	lines := []string{m.mail()}
	for _, to := range m.To {
		lines = append(lines, "RCPT TO:<"+to+">\r\n")
	}
	for _, line := range append(lines, "DATA\r\n") {
		if err := c.Write([]byte(line)); err != nil {
			return Reply{}, err
		}
		if r, err := c.Read(); err != nil || !r.Ok() {
			return r, err
		}
	}
	if err := c.Write(m.stuffed()); err != nil {
		return Reply{}, err
	}
	return c.Read()
}

// Pipeline sends messages with MAIL, RCPT and DATA in one write each, and the next message's commands in the same write as the final
// dot before (RFC 2920 3.1 allows no more). It returns the replies to the final dots.
func (c *Client) Pipeline(ms ...Message) ([]Reply, error) {
	var replies []Reply
	var out []byte
	for i, m := range ms {
		out = append(out, m.mail()...)
		for _, to := range m.To {
			out = append(out, "RCPT TO:<"+to+">\r\n"...)
		}
		if err := c.Write(append(out, "DATA\r\n"...)); err != nil {
			return replies, err
		}
		if i > 0 {
			if err := c.collect(&replies); err != nil {
				return replies, err
			}
		}
		for range 2 + len(m.To) {
			if r, err := c.Read(); err != nil || !r.Ok() {
				return replies, fmt.Errorf("mtatest: smtp: pipeline: %s (%w)", r, err)
			}
		}
		out = m.stuffed()
	}
	if err := c.Write(out); err != nil {
		return replies, err
	}
	return replies, c.collect(&replies)
}

func (c *Client) collect(replies *[]Reply) error {
	r, err := c.Read()
	*replies = append(*replies, r)
	return err
}

// Abort starts a message and drops the connection after the first n bytes of its content.
func (c *Client) Abort(m Message, n int) error {
	if err := c.Expect("%s", strings.TrimRight(m.mail(), "\r\n")); err != nil {
		return err
	}
	for _, to := range m.To {
		if err := c.Expect("RCPT TO:<%s>", to); err != nil {
			return err
		}
	}
	if err := c.Expect("DATA"); err != nil {
		return err
	}
	if err := c.Write(m.Raw[:min(n, len(m.Raw))]); err != nil {
		return err
	}
	return c.Close()
}

// SendMail is one whole session: connect, optionally speak for another client, greet, send, quit.
func SendMail(addr string, m Message, xclient ...string) (Reply, error) {
	c, err := Dial(addr)
	if err != nil {
		return Reply{}, err
	}
	defer c.Close()
	if err := c.Ehlo("client.example.net"); err != nil {
		return Reply{}, err
	}
	if len(xclient) > 0 {
		if err := c.Xclient(xclient...); err != nil {
			return Reply{}, err
		}
		if err := c.Ehlo("client.example.net"); err != nil {
			return Reply{}, err
		}
	}
	r, err := c.Send(m)
	if err == nil {
		c.Quit() //nolint:errcheck // the mail's fate is known
	}
	return r, err
}
