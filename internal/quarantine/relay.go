package quarantine

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-smtp"
)

// Relay is the MTA that takes released mail, over SMTP.
type Relay struct {
	Addr    string        // host:port; 127.0.0.1:25
	Helo    string        // the name we greet with; the host's own
	Timeout time.Duration // for one transaction from dial to last reply; 5 minutes
}

func (r Relay) withDefaults() Relay {
	if r.Addr == "" {
		r.Addr = "127.0.0.1:25"
	}
	if r.Timeout == 0 {
		r.Timeout = 5 * time.Minute
	}
	if r.Helo == "" {
		r.Helo = "localhost"
		if name, err := os.Hostname(); err == nil && name != "" {
			r.Helo = name
		}
	}
	return r
}

// The results of an Outcome.
const (
	Sent    = "sent"    // the relay took responsibility
	Denied  = "refused" // the relay answered no; Code and Reply say why
	Failed  = "failed"  // the relay never had it
	Unknown = "unknown" // the connection broke after the final dot: it may have it
)

// Outcome is what became of one recipient of a release.
type Outcome struct {
	Rcpt   string `json:"rcpt"`
	Result string `json:"result"`
	Code   int    `json:"code,omitempty"`
	Reply  string `json:"reply,omitempty"` // the relay's words, or what went wrong
}

// Text says it in one line; the words are the relay's and may hold anything printable or not.
func (o Outcome) Text() string {
	if o.Code == 0 {
		return strings.TrimSuffix(o.Result+": "+o.Reply, ": ")
	}
	return strings.TrimSpace(fmt.Sprintf("%s: %d %s", o.Result, o.Code, o.Reply))
}

// transaction is one mail to one set of recipients.
type transaction struct {
	envelope
	needUTF8 bool // an address is not ASCII: without SMTPUTF8 it cannot be sent (RFC 6531 3.3)
	wantUTF8 bool // a header field is UTF-8: SMTPUTF8 where it is offered
	size     int64
	content  io.Reader
}

// Send sends a mail of our own, as a notice, and gives an outcome for each recipient, in order.
func (r Relay) Send(ctx context.Context, from string, rcpts []string, content []byte) []Outcome {
	e := envelope{from, rcpts}
	return r.withDefaults().send(ctx, transaction{
		envelope: e, needUTF8: e.beyondASCII(), size: int64(len(content)), content: bytes.NewReader(content),
	})
}

// beyondASCII reports whether an address needs SMTPUTF8.
func (e envelope) beyondASCII() bool {
	return strings.ContainsFunc(e.mailFrom+strings.Join(e.rcpts, ""), func(r rune) bool { return r >= utf8.RuneSelf })
}

// send runs a transaction and gives an outcome for each recipient, in order.
func (r Relay) send(ctx context.Context, t transaction) []Outcome {
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	out := make([]Outcome, len(t.rcpts))
	for i, rcpt := range t.rcpts {
		out[i] = Outcome{Rcpt: rcpt}
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", r.Addr)
	if err != nil {
		return settle(out, err, Failed)
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	c := smtp.NewClient(conn)
	defer c.Close()
	c.CommandTimeout, c.SubmissionTimeout = r.Timeout, r.Timeout
	if err := r.begin(c, t); err != nil {
		return settle(out, err, Failed)
	}
	if recipients(c, out) {
		out = data(c, conn, t.content, out)
	}
	_ = c.Quit() // the outcome stands already
	return out
}

func (r Relay) begin(c *smtp.Client, t transaction) error {
	for _, p := range append([]string{t.mailFrom}, t.rcpts...) {
		if err := checkPath(p); err != nil {
			return err
		}
	}
	if err := c.Hello(r.Helo); err != nil {
		return err
	}
	offered, _ := c.Extension("SMTPUTF8")
	return c.Mail(t.mailFrom, &smtp.MailOptions{Size: t.size, UTF8: t.needUTF8 || t.wantUTF8 && offered})
}

// checkPath keeps an address, which a stranger chose, from being read as more than an address: outside a quoted string (RFC 5321 4.1.2)
// it holds no space and no angle bracket, and nowhere a control character.
func checkPath(p string) error {
	bad := fmt.Errorf("address %q cannot be sent", clip(p))
	if strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return bad
	}
	quoted := false
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case c == '\\' && quoted:
			i++ // quoted-pair
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '<' || c == '>'):
			return bad
		}
	}
	if quoted {
		return bad
	}
	return nil
}

// recipients offers every recipient and reports whether one was taken. NOTIFY=NEVER (RFC 3461 4.1), where it is offered, keeps a bounce
// from going to a sender who may be forged.
func recipients(c *smtp.Client, out []Outcome) (any bool) {
	never := &smtp.RcptOptions{Notify: []smtp.DSNNotify{smtp.DSNNotifyNever}}
	for i := range out {
		err := c.Rcpt(out[i].Rcpt, never)
		if err == nil {
			any = true
			continue
		}
		settle(out[i:i+1], err, Failed)
		if out[i].Result == Failed { // the connection is gone
			settle(out, err, Failed)
			return false
		}
	}
	return any
}

// data sends the content. go-smtp's own writer turns LF into CRLF and CR CR LF into CR CR CR LF; it is left unused but for the final
// dot, which it writes as CRLF "." CRLF, so that the content goes without its own last CRLF.
func data(c *smtp.Client, conn net.Conn, content io.Reader, out []Outcome) []Outcome {
	cmd, err := c.Data()
	if err != nil {
		return settle(out, err, Failed)
	}
	w := bufio.NewWriterSize(conn, 64<<10)
	s := &stuffer{w: w}
	_, err = io.Copy(s, content)
	if err = errors.Join(err, s.finish(), w.Flush()); err != nil {
		return settle(out, err, Failed) // without the final dot the relay has nothing
	}
	resp, err := cmd.CloseWithResponse()
	if err != nil {
		return settle(out, err, Unknown)
	}
	for i := range out {
		if out[i].Result == "" {
			out[i].Result, out[i].Code, out[i].Reply = Sent, 250, clip(resp.StatusText)
		}
	}
	return out
}

// settle gives an error to every recipient that has no outcome yet: the relay's answer, or what else means when there was none.
func settle(out []Outcome, err error, otherwise string) []Outcome {
	o := Outcome{Result: otherwise, Reply: clip(err.Error())}
	var answer *smtp.SMTPError
	if errors.As(err, &answer) {
		o = Outcome{Result: Denied, Code: answer.Code, Reply: clip(strings.ReplaceAll(answer.Message, "\n", " "))}
	}
	for i := range out {
		if out[i].Result == "" {
			o.Rcpt = out[i].Rcpt
			out[i] = o
		}
	}
	return out
}

// stuffer writes mail data with dots doubled at the beginning of lines (RFC 5321 4.5.2) and every other byte as it is, but for a last
// CRLF, which it keeps back.
type stuffer struct {
	w    *bufio.Writer
	mid  bool // in the middle of a line
	back []byte
}

// Write takes the next bytes.
func (s *stuffer) Write(p []byte) (int, error) {
	for _, c := range p {
		switch {
		case c == '\r' && len(s.back) == 0:
			s.back = append(s.back, c)
			continue
		case c == '\n' && len(s.back) == 1:
			s.back = append(s.back, c)
			continue
		}
		if err := s.flushBack(); err != nil {
			return 0, err
		}
		if c == '\r' {
			s.back = append(s.back, c)
			continue
		}
		if c == '.' && !s.mid {
			s.w.WriteByte('.') // a bufio.Writer keeps its error for the next call
		}
		if err := s.w.WriteByte(c); err != nil {
			return 0, err
		}
		s.mid = true
	}
	return len(p), nil
}

func (s *stuffer) flushBack() error {
	if len(s.back) == 0 {
		return nil
	}
	s.mid = len(s.back) == 1 // a bare CR is part of its line
	_, err := s.w.Write(s.back)
	s.back = s.back[:0]
	return err
}

// finish writes what was kept back unless it is the last CRLF.
func (s *stuffer) finish() error {
	if len(s.back) == 2 {
		return nil
	}
	return s.flushBack()
}
