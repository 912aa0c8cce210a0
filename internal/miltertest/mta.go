// Package miltertest is the MTA's side of the milter protocol, versions 2 to 6, for tests and benchmarks: a fake MTA that offers
// what Postfix, Sendmail or an old MTA offers, behaves as they do on the wire, and notes everything the filter answers. It follows
// libmilter's mfdef.h and the behaviour of Postfix 3.7 (commands are pipelined until a reply is due; a reply that is not due is
// an error that desynchronises).
//
// # Limits
//
// A reply frame holds at most replyMax bytes. Every wait has a deadline (Session.Timeout), so that a test fails and does not hang.
// Two Sessions may be used at once, one Session may not.
package miltertest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Protocol bits, SMFIP_*.
const (
	NRHeader      = 1 << 7
	NoUnknown     = 1 << 8
	NoData        = 1 << 9
	NRConnect     = 1 << 12
	NRHelo        = 1 << 13
	NRMail        = 1 << 14
	NRRcpt        = 1 << 15
	NRData        = 1 << 16
	NRUnknown     = 1 << 17
	NREOH         = 1 << 18
	NRBody        = 1 << 19
	LeadingSpace  = 1 << 20
	ActAddHeader  = 1 << 0
	ActDelRcpt    = 1 << 3
	ActChange     = 1 << 4
	ActQuarantine = 1 << 5
	ActSymList    = 1 << 8
)

// replyMax is twice what Postfix takes.
const replyMax = 256 << 10

// Offer is what an MTA offers in SMFIC_OPTNEG.
type Offer struct{ Version, Actions, Protocol uint32 }

// Postfix is the offer of Postfix 3.7 with its default milter_protocol of 6.
func Postfix() Offer { return Offer{6, 0x1ff, 0x1fffff} }

// Sendmail is the offer of Sendmail 8.17, with its bits for body chunk sizes.
func Sendmail() Offer { return Offer{6, 0x1ff, 0x301fffff} }

// Old is the offer of an MTA that speaks version 2: seven events, a reply to each.
func Old() Offer { return Offer{2, 0x3f, 0x7f} }

// noReply are the bits that take a command's reply away.
var noReply = map[byte]uint32{
	'C': NRConnect, 'H': NRHelo, 'M': NRMail, 'R': NRRcpt, 'T': NRData, 'U': NRUnknown, 'L': NRHeader, 'N': NREOH, 'B': NRBody,
}

// Reply is the filter's answer to a command. Code is 0 when none is due.
type Reply struct {
	Code byte
	Text string // of SMFIR_REPLYCODE, with "%%" read as "%"
}

// Mod is one modification.
type Mod struct {
	Code        byte // 'i', 'm', 'h', 'q' ...
	Index       uint32
	Name, Value string // the reason of 'q' and the recipient of '-' are the Value
}

// Outcome is what the end of a message brought.
type Outcome struct {
	Reply
	Mods []Mod
}

// Header is a field as the MTA sends it: with LeadingSpace negotiated, Value begins with the space.
type Header struct{ Name, Value string }

// Mail is one message. Macros are sent before the commands they belong to.
type Mail struct {
	From   string
	Rcpts  []string
	Header []Header
	Body   []byte
	Macros map[byte][]string // command to name, value, name, value ...
}

// Session is one milter connection.
type Session struct {
	Terms      Offer             // what the filter answered
	Symbols    map[uint32]string // the macro lists it asked for, by stage
	RoundTrips int               // waits for a reply, negotiation included
	Timeout    time.Duration     // of each wait; 10 s unless set

	nc  net.Conn
	out *pieces
	in  *bufio.Reader
}

// Dial connects and negotiates.
func Dial(network, addr string, o Offer) (*Session, error) {
	nc, err := net.DialTimeout(network, addr, 10*time.Second)
	if err != nil {
		return nil, err
	}
	s, err := New(nc, o)
	if err != nil {
		nc.Close()
	}
	return s, err
}

// New negotiates on a connection.
func New(nc net.Conn, o Offer) (*Session, error) {
	s := Raw(nc)
	s.write('O', binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, o.Version), o.Actions), o.Protocol))
	code, data, err := s.read()
	if err != nil {
		return nil, fmt.Errorf("miltertest: negotiation: %w", err)
	}
	if code != 'O' || len(data) < 12 {
		return nil, fmt.Errorf("miltertest: negotiation: reply %q with %d bytes", code, len(data))
	}
	s.Terms = Offer{binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:]), binary.BigEndian.Uint32(data[8:])}
	switch t := s.Terms; { // what Postfix and Sendmail refuse a filter for
	case t.Version > o.Version:
		return nil, fmt.Errorf("miltertest: version %d, offered %d", t.Version, o.Version)
	case t.Actions&^o.Actions != 0:
		return nil, fmt.Errorf("miltertest: actions %#x, offered %#x", t.Actions, o.Actions)
	case t.Protocol&^o.Protocol != 0:
		return nil, fmt.Errorf("miltertest: protocol %#x, offered %#x", t.Protocol, o.Protocol)
	}
	return s, s.symbols(data[12:])
}

// Raw is a session without negotiation, for tests that send what no MTA sends.
func Raw(nc net.Conn) *Session {
	return &Session{nc: nc, Timeout: 10 * time.Second, out: &pieces{w: nc}, in: bufio.NewReader(nc), Symbols: map[uint32]string{}}
}

func (s *Session) symbols(data []byte) error {
	if len(data) > 0 && s.Terms.Actions&ActSymList == 0 {
		return errors.New("miltertest: symbol lists without SMFIF_SETSYMLIST")
	}
	for len(data) > 0 {
		if len(data) < 5 {
			return errors.New("miltertest: cut symbol list")
		}
		list, rest, ok := bytes.Cut(data[4:], []byte{0})
		if !ok {
			return errors.New("miltertest: symbol list without end")
		}
		s.Symbols[binary.BigEndian.Uint32(data)] = string(list)
		data = rest
	}
	return nil
}

// pieces writes as Postfix does: what is queued leaves in pieces of 4,096 bytes, VSTREAM_BUFSIZE.
type pieces struct {
	w    io.Writer
	buf  [4096]byte
	n    int
	err  error // the first
	sent bool  // something since the last reply
}

func (p *pieces) Write(b []byte) {
	p.sent = true
	for len(b) > 0 && p.err == nil {
		n := copy(p.buf[p.n:], b)
		p.n, b = p.n+n, b[n:]
		if p.n == len(p.buf) {
			p.Flush() //nolint:errcheck // kept
		}
	}
}

// Flush sends what is queued, and returns the first error.
func (p *pieces) Flush() error {
	if p.n > 0 && p.err == nil {
		_, p.err = p.w.Write(p.buf[:p.n])
	}
	p.n = 0
	return p.err
}

// write queues a frame; it goes out when a reply is due, or on Flush.
func (s *Session) write(code byte, data []byte) {
	var head [5]byte
	binary.BigEndian.PutUint32(head[:], uint32(1+len(data)))
	head[4] = code
	s.out.Write(head[:]) // keeps the first error for Flush
	s.out.Write(data)
}

// Flush sends what is queued.
func (s *Session) Flush() error {
	if err := s.nc.SetDeadline(time.Now().Add(s.Timeout)); err != nil {
		return err
	}
	return s.out.Flush()
}

// read waits for one frame: a round trip when anything was queued.
func (s *Session) read() (code byte, data []byte, err error) {
	if s.out.sent {
		s.RoundTrips++
	}
	s.out.sent = false
	if err := s.Flush(); err != nil {
		return 0, nil, err
	}
	var head [5]byte
	if _, err := io.ReadFull(s.in, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == 0 || n > replyMax {
		return 0, nil, fmt.Errorf("miltertest: reply of length %d", n)
	}
	data = make([]byte, n-1)
	_, err = io.ReadFull(s.in, data)
	return head[4], data, err
}

// Command sends a command and waits for its reply if one is due.
func (s *Session) Command(cmd byte, data []byte) (Reply, error) {
	s.write(cmd, data)
	if s.Terms.Protocol&noReply[cmd] != 0 || strings.IndexByte("DAQK", cmd) >= 0 {
		return Reply{}, nil
	}
	code, text, err := s.read()
	if err != nil {
		return Reply{}, fmt.Errorf("miltertest: reply to %q: %w", cmd, err)
	}
	return reply(cmd, code, text)
}

func reply(cmd, code byte, data []byte) (Reply, error) {
	switch code {
	case 'y':
		text, ok := bytes.CutSuffix(data, []byte{0})
		if !ok || len(text) < 4 || bytes.IndexByte([]byte("45"), text[0]) < 0 {
			return Reply{}, fmt.Errorf("miltertest: malformed reply %q", data)
		}
		if strings.Contains(strings.ReplaceAll(string(text), "%%", ""), "%") {
			return Reply{}, fmt.Errorf("miltertest: single %% in reply %q", text)
		}
		return Reply{code, strings.ReplaceAll(string(text), "%%", "%")}, nil
	case 'a', 'c', 'd', 'r', 't':
		if len(data) > 0 {
			return Reply{}, fmt.Errorf("miltertest: %d bytes after reply %q", len(data), code)
		}
		return Reply{Code: code}, nil
	}
	return Reply{}, fmt.Errorf("miltertest: reply %q to %q", code, cmd)
}

func cstrings(ss ...string) []byte {
	var b []byte
	for _, v := range ss {
		b = append(append(b, v...), 0)
	}
	return b
}

// Macros sends a macro packet for a command.
func (s *Session) Macros(cmd byte, pairs ...string) {
	if len(pairs) > 0 {
		s.write('D', append([]byte{cmd}, cstrings(pairs...)...))
	}
}

// Connect sends the SMTP client's data. family is '4', '6', 'L' or 'U'.
func (s *Session) Connect(host string, family byte, port uint16, addr string) (Reply, error) {
	data := append(cstrings(host), family)
	if family != 'U' {
		data = append(binary.BigEndian.AppendUint16(data, port), cstrings(addr)...)
	}
	return s.Command('C', data)
}

// Helo sends HELO's name.
func (s *Session) Helo(name string) (Reply, error) { return s.Command('H', cstrings(name)) }

// MailFrom sends the reverse-path with its ESMTP arguments.
func (s *Session) MailFrom(from string, args ...string) (Reply, error) {
	return s.Command('M', cstrings(append([]string{"<" + from + ">"}, args...)...))
}

// Rcpt sends a recipient with its ESMTP arguments.
func (s *Session) Rcpt(to string, args ...string) (Reply, error) {
	return s.Command('R', cstrings(append([]string{"<" + to + ">"}, args...)...))
}

// Field sends a header field.
func (s *Session) Field(name, value string) (Reply, error) {
	return s.Command('L', cstrings(name, value))
}

// EOH ends the header.
func (s *Session) EOH() (Reply, error) { return s.Command('N', nil) }

// Chunk sends a body chunk.
func (s *Session) Chunk(p []byte) (Reply, error) { return s.Command('B', p) }

// Abort ends the message without its end.
func (s *Session) Abort() error {
	_, err := s.Command('A', nil)
	return err
}

// End ends the message, with an optional last chunk, and collects modifications up to the last reply.
func (s *Session) End(last ...byte) (Outcome, error) {
	var o Outcome
	s.write('E', last)
	for {
		code, data, err := s.read()
		if err != nil {
			return o, fmt.Errorf("miltertest: reply to 'E': %w", err)
		}
		if strings.IndexByte("imhq-", code) < 0 {
			o.Reply, err = reply('E', code, data)
			return o, err
		}
		m, err := s.mod(code, data)
		if err != nil {
			return o, err
		}
		o.Mods = append(o.Mods, m)
	}
}

// mod reads a modification, and refuses one that was not agreed on.
func (s *Session) mod(code byte, data []byte) (Mod, error) {
	need := map[byte]uint32{'i': ActAddHeader, 'h': ActAddHeader, 'm': ActChange, 'q': ActQuarantine, '-': ActDelRcpt}[code]
	if s.Terms.Actions&need == 0 {
		return Mod{}, fmt.Errorf("miltertest: modification %q was not negotiated", code)
	}
	m := Mod{Code: code}
	if code == 'i' || code == 'm' {
		if len(data) < 4 {
			return m, errors.New("miltertest: cut modification")
		}
		m.Index, data = binary.BigEndian.Uint32(data), data[4:]
	}
	text, ok := strings.CutSuffix(string(data), "\x00")
	if !ok {
		return m, fmt.Errorf("miltertest: modification without end: %q", data)
	}
	if m.Value = text; code != 'q' && code != '-' {
		m.Name, m.Value, ok = strings.Cut(text, "\x00")
	}
	if !ok || strings.Contains(m.Value, "\x00") {
		return m, fmt.Errorf("miltertest: modification with a NUL too few or too many: %q", data)
	}
	return m, nil
}

// Send sends a whole message. An answer other than continue before its end is its outcome.
func (s *Session) Send(m Mail) (Outcome, error) {
	_, _, out, err := s.Timed(m)
	return out, err
}

// Timed is Send with the times at which the first header frame and the end of the message were sent.
func (s *Session) Timed(m Mail) (header, end time.Time, out Outcome, err error) {
	header = time.Now()
	r, err := s.envelope(m)
	if err == nil && r.goesOn() {
		header = time.Now()
		r, err = s.content(m)
	}
	end = time.Now()
	if err != nil || !r.goesOn() {
		return header, end, Outcome{Reply: r}, err
	}
	s.Macros('E', m.Macros['E']...)
	out, err = s.End()
	return header, end, out, err
}

// goesOn reports whether the message goes on after a command.
func (r Reply) goesOn() bool { return r.Code == 0 || r.Code == 'c' }

// envelope sends the commands before the header, each with its macros.
func (s *Session) envelope(m Mail) (Reply, error) {
	if err := s.nc.SetDeadline(time.Now().Add(s.Timeout)); err != nil { // content may leave before anything is waited for
		return Reply{}, err
	}
	s.Macros('M', m.Macros['M']...)
	r, err := s.MailFrom(m.From)
	for i := 0; i < len(m.Rcpts) && err == nil && r.goesOn(); i++ {
		s.Macros('R', m.Macros['R']...)
		r, err = s.Rcpt(m.Rcpts[i])
	}
	return r, err
}

// chunkMax is MILTER_CHUNK_SIZE.
const chunkMax = 65535

// content sends header and body.
func (s *Session) content(m Mail) (r Reply, err error) {
	for i := 0; i < len(m.Header) && err == nil && r.goesOn(); i++ {
		s.Macros('L', m.Macros['L']...)
		r, err = s.Field(m.Header[i].Name, m.Header[i].Value)
	}
	if err == nil && r.goesOn() {
		s.Macros('N', m.Macros['N']...)
		r, err = s.EOH()
	}
	for b := m.Body; len(b) > 0 && err == nil && r.goesOn(); b = b[min(len(b), chunkMax):] {
		r, err = s.Chunk(b[:min(len(b), chunkMax)])
	}
	return r, err
}

// Close quits and reports whatever the filter sent that no command was waiting for.
func (s *Session) Close() error {
	defer s.nc.Close()
	s.write('Q', nil)
	if err := s.Flush(); err != nil {
		return err
	}
	rest, err := io.ReadAll(io.LimitReader(s.in, replyMax))
	if err != nil {
		return fmt.Errorf("miltertest: after QUIT: %w", err)
	}
	if len(rest) > 0 {
		return fmt.Errorf("miltertest: %d bytes that nothing waited for: %q", len(rest), rest)
	}
	return nil
}

// Drop closes the connection as a crashing MTA does.
func (s *Session) Drop() error { return s.nc.Close() }

// Apply carries the modifications out as Postfix does: an index counts fields of one name, case does not matter, an empty value removes.
func (o Outcome) Apply(header []Header) []Header {
	h := append([]Header(nil), header...)
	for _, m := range o.Mods {
		switch m.Code {
		case 'i':
			at := min(int(m.Index), len(h))
			h = append(h[:at], append([]Header{{m.Name, m.Value}}, h[at:]...)...)
		case 'h':
			h = append(h, Header{m.Name, m.Value})
		case 'm':
			h = change(h, m)
		}
	}
	return h
}

func change(h []Header, m Mod) []Header {
	seen := uint32(0)
	for i := range h {
		if !strings.EqualFold(h[i].Name, m.Name) {
			continue
		}
		if seen++; seen != m.Index {
			continue
		}
		if m.Value == "" {
			return append(h[:i], h[i+1:]...)
		}
		h[i].Value = m.Value
		return h
	}
	if m.Value != "" {
		h = append(h, Header{m.Name, m.Value})
	}
	return h
}
