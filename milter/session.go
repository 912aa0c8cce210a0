package milter

import (
	"fmt"
	"net"
	"strings"

	gomilter "github.com/emersion/go-milter"

	"sekisho/internal/message"
)

// response is our reply. Its Continue is always true: session.go:299 of the library forgets the connection's backend after any
// other, and with it the client's data for all later messages.
type response struct {
	code byte
	data string
}

var _ gomilter.Response = response{}

func (r response) Response() *gomilter.Message {
	return &gomilter.Message{Code: r.code, Data: []byte(r.data)}
}
func (response) Continue() bool { return true }

// reject and tempFail are SMFIR_REPLYCODE. They reveal nothing but an id. Sendmail reads the text as a format, and Postfix turns "%%"
// into "%" for its sake.
func reject(id string) response { return replyCode("550 5.7.1 Message refused", id) }

func tempFail(id string) response { return replyCode("451 4.7.1 Try again later", id) }

func replyCode(text, id string) response {
	if id != "" {
		text += ", id " + id
	}
	return response{code: replyReplyCode, data: strings.ReplaceAll(text, "%", "%%") + "\x00"}
}

// macros are the MTA's symbols as they came, by the command they came for: a packet replaces those of its own command only.
type macros [len(macroOrder)]string

// macroOrder is where a symbol is looked for: the latest step first.
const macroOrder = "ENLTRMHC"

func (m *macros) set(cmd byte, packet string) { m[strings.IndexByte(macroOrder, cmd)] = packet }

func (m *macros) of(cmd byte) string { return m[strings.IndexByte(macroOrder, cmd)] }

func (m *macros) get(name string) string {
	for _, packet := range m {
		if v := symbol(packet, name); v != "" {
			return v
		}
	}
	return ""
}

// session is one milter connection's state: what the library calls back. It outlives messages, and with SMFIC_QUIT_NC SMTP connections.
type session struct {
	srv    *Server
	conn   *conn
	client client
	helo   string
	macros macros // of the SMTP connection: those of CONNECT and HELO
	ahead  string // those of the MAIL to come
	mail   *mail  // the message in work, nil between messages
	head   []byte // memory for the header of the message in work

	// MailFrom, RcptTo, Header, Headers and BodyChunk are never called: conn gives what a message is made of to mailFrom, rcptTo, field, endHeader
	// and chunk itself, without the copies and the memory that each frame would cost in the library.
	gomilter.NoOpMilter
}

var _ gomilter.Milter = (*session)(nil)

// setMacros keeps a packet as long as what it describes lasts.
func (s *session) setMacros(cmd byte, packet []byte) {
	switch cmd {
	case cmdConnect, cmdHelo:
		s.macros.set(cmd, string(packet))
	case cmdMail:
		s.ahead = string(packet)
	case cmdRcpt, cmdData, cmdHeader, cmdEOH, cmdEOM:
		s.message().macros.set(cmd, string(packet))
	}
}

// macro is a symbol's latest value, "" when it has none.
func (s *session) macro(name string) string {
	if s.mail != nil {
		if v := s.mail.macros.get(name); v != "" {
			return v
		}
	}
	return s.macros.get(name)
}

// receiving reports whether the MTA is sending a message's content.
func (s *session) receiving() bool { return s.mail != nil && s.mail.run != nil }

// step runs one callback. A panic fails the message in work and nothing else; the reply is continue where the MTA waits for one.
func (s *session) step(cmd byte, f func()) gomilter.Response {
	func() {
		defer func() {
			if p := recover(); p != nil {
				s.srv.panicked("callback "+string(rune(cmd)), p)
				s.message().fail("panic", fmt.Errorf("milter: panic: %v", p))
			}
		}()
		f()
	}()
	if !s.conn.terms.wantsReply(cmd) {
		return nil
	}
	return gomilter.RespContinue
}

// Connect has the client's data from the raw frame already.
func (s *session) Connect(string, string, uint16, net.IP, *gomilter.Modifier) (gomilter.Response, error) {
	return s.step(cmdConnect, func() {}), nil
}

// Helo notes the name. It comes again after STARTTLS.
func (s *session) Helo(name string, _ *gomilter.Modifier) (gomilter.Response, error) {
	return s.step(cmdHelo, func() { s.helo = name }), nil
}

// mailFrom begins a message. It does not rely on Abort: not every MTA sends one after an accepted message.
func (s *session) mailFrom(path string) gomilter.Response {
	return s.step(cmdMail, func() {
		s.drop()
		s.mail = newMail(s, unrouted(strings.Trim(path, "<>")))
		s.mail.macros.set(cmdMail, s.ahead)
		s.ahead = ""
	})
}

// rcptTo notes an accepted recipient. A refused one has the mailer "error" with MTAs that show them.
func (s *session) rcptTo(path string) gomilter.Response {
	return s.step(cmdRcpt, func() {
		if m := s.message(); symbol(m.macros.of(cmdRcpt), "rcpt_mailer") != "error" {
			m.recipient(unrouted(strings.Trim(path, "<>")), unrouted(unbracketed(path)))
		}
	})
}

// field takes a header field as the MTA sends it; it is valid during the call.
func (s *session) field(name, value []byte) gomilter.Response {
	return s.step(cmdHeader, func() { s.message().field(name, value) })
}

// endHeader ends the header.
func (s *session) endHeader() gomilter.Response {
	return s.step(cmdEOH, func() { s.message().endHeader() })
}

// chunk takes body bytes, valid during the call.
func (s *session) chunk(p []byte) gomilter.Response {
	return s.step(cmdBody, func() { s.message().body(p) })
}

// Body is the end of the message: it is decided and disposed of here. The reply is sent here too: the library would take a buffer of its own
// for it.
func (s *session) Body(*gomilter.Modifier) (gomilter.Response, error) {
	s.conn.reply(s.decided())
	return nil, nil
}

func (s *session) decided() (r gomilter.Response) {
	mail := s.message()
	defer func() {
		if p := recover(); p != nil {
			s.srv.panicked("end of message", p)
			r = mail.lastResort(fmt.Errorf("milter: panic: %v", p))
		}
	}()
	return mail.end()
}

// Abort drops the message; the connection goes on.
func (s *session) Abort(*gomilter.Modifier) error {
	s.drop()
	return nil
}

// message is the message in work. An MTA that sends content without MAIL gets one with an empty envelope.
func (s *session) message() *mail {
	if s.mail == nil {
		s.mail = newMail(s, "")
	}
	return s.mail
}

// drop ends the message in work without a verdict. Its symbols go with it.
func (s *session) drop() {
	if s.mail == nil {
		return
	}
	m := s.mail
	s.mail = nil
	if m.run != nil {
		s.srv.o.Metrics.Aborted.Inc()
	}
	m.release()
}

// replied is called when the last reply of a message is on its way.
func (s *session) replied() {
	m := s.mail
	s.mail = nil
	if m == nil {
		return
	}
	m.release()
	s.srv.o.Step(StepReplied)
}

// disconnect forgets the SMTP connection.
func (s *session) disconnect() {
	s.drop()
	s.client, s.helo, s.macros, s.ahead = client{}, "", macros{}, ""
}

// envelope is what is known now. Symbols are read as late as this: Postfix knows {i} only from the second RCPT on.
func (s *session) envelope(m *mail) message.Envelope {
	e := message.Envelope{
		QueueID:    s.macro("i"),
		MailFrom:   m.from,
		Rcpts:      m.rcpts,
		ClientIP:   s.client.addr,
		ClientName: s.client.host,
		Helo:       s.helo,
		TLS:        s.macro("tls_version") != "",
		SASLUser:   s.macro("auth_authen"),
		SASLMethod: s.macro("auth_type"),
		DaemonName: s.macro("daemon_name"),
		Host:       s.macro("j"),
		Time:       m.begun,
	}
	if !e.ClientIP.IsValid() {
		e.ClientIP = parseAddr(s.macro("client_addr"))
	}
	if e.ClientName == "" {
		e.ClientName = s.macro("client_name")
	}
	return e
}
