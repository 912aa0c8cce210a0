package milter

import (
	"bytes"
	"context"
	"errors"
	"time"

	gomilter "github.com/emersion/go-milter"

	"sekisho/internal/filter"
	"sekisho/internal/quarantine"
)

// rcptsMax is the most recipients of one message: fifty times Postfix's smtpd_recipient_limit. Dropping one would lose mail on
// release, so more is a failure.
const rcptsMax = 50_000

// ownMax is the most incoming X-Sekisho-* fields: three times what Postfix's header_size_limit has room for. Each must be removed, so
// more is a failure.
const ownMax = 20_000

// headGather is how many header bytes are gathered before the run gets them.
const headGather = 8 << 10

var (
	errRcpts = errors.New("milter: too many recipients")
	errOwn   = errors.New("milter: too many X-Sekisho fields")
)

// mail is one message in work. It keeps the policy it began with.
type mail struct {
	session *session
	policy  *Policy
	macros  macros
	begun   time.Time // first header frame, or MAIL before that
	from    string
	rcpts   []string
	asCame  []string // the same as the client wrote them, for the MTA

	ctx    context.Context
	cancel context.CancelFunc
	run    Run  // nil until content comes, and when it was given up
	ended  bool // the empty line is written
	own    ownFields
	first  firstFields
	result *filter.Result

	err   error // why we cannot judge this message
	stage string
}

func newMail(s *session, from string) *mail {
	s.head = s.head[:0]
	return &mail{session: s, policy: s.srv.policy.Load(), begun: time.Now(), from: from}
}

func (m *mail) recipient(to, asCame string) {
	if len(m.rcpts) >= rcptsMax {
		m.fail("spool", errRcpts)
		return
	}
	m.rcpts, m.asCame = append(m.rcpts, to), append(m.asCame, asCame)
}

// content begins the run with the first content, so that a message that is never sent costs nothing.
func (m *mail) content() bool {
	if m.run == nil && m.err == nil {
		m.begun = time.Now()
		m.session.srv.o.Metrics.InWork.Inc()
		m.ctx, m.cancel = context.WithTimeout(m.session.srv.base, m.session.srv.o.MessageTimeout)
		m.run = m.policy.Filter.Begin(m.ctx)
	}
	return m.err == nil
}

// field writes a header field back to bytes: RFC 5322 2.2, with inner line ends as CRLF.
func (m *mail) field(name, value []byte) {
	if !m.content() {
		return
	}
	head := append(append(m.session.head, name...), ':')
	if !m.session.conn.terms.leadingSpace() && len(value) > 0 && bytes.IndexByte([]byte(" \t\r\n"), value[0]) < 0 {
		head = append(head, ' ') // the MTA has eaten one after the colon
	}
	m.session.head = append(appendCRLF(head, value), "\r\n"...)
	m.first.note(name, value)
	if !m.own.note(name) {
		m.fail("spool", errOwn)
		return
	}
	if len(m.session.head) >= headGather {
		m.writeHead()
	}
}

// appendCRLF appends s with each LF as CRLF; MTAs send inner line ends as LF or CRLF.
func appendCRLF(b, s []byte) []byte {
	for {
		i := bytes.IndexByte(s, '\n')
		if i < 0 {
			return append(b, s...)
		}
		b = append(b, bytes.TrimSuffix(s[:i], []byte{'\r'})...)
		b = append(b, "\r\n"...)
		s = s[i+1:]
	}
}

// writeHead gives the run what was gathered. The memory is for the next message too, unless a long field made it large.
func (m *mail) writeHead() {
	s := m.session
	m.write(s.head)
	if s.head = s.head[:0]; cap(s.head) > 4*headGather {
		s.head = nil
	}
}

// endHeader writes the empty line, once: an MTA may leave the step out.
func (m *mail) endHeader() {
	if m.ended || !m.content() {
		return
	}
	m.ended = true
	m.session.head = append(m.session.head, "\r\n"...)
	m.writeHead()
}

func (m *mail) body(chunk []byte) {
	m.endHeader()
	m.write(chunk)
}

// write gives the run bytes; it keeps none of them.
func (m *mail) write(p []byte) {
	if m.err != nil || len(p) == 0 {
		return
	}
	if _, err := m.run.Write(p); err != nil {
		m.fail("spool", err)
	}
}

// fail notes a failure of ours and gives the run up; the message is answered by policy at its end. The first failure stands.
func (m *mail) fail(stage string, err error) {
	if m.err != nil {
		return
	}
	m.err, m.stage = err, stage
	m.giveUp()
}

// giveUp frees the run. A run whose panic brought us here may panic again.
func (m *mail) giveUp() {
	run, res := m.run, m.result
	m.run, m.result = nil, nil
	defer func() {
		if p := recover(); p != nil {
			m.session.srv.panicked("giving up a run", p)
		}
	}()
	switch {
	case res != nil:
		if err := res.Close(); err != nil {
			m.session.srv.o.Log.Warn("milter: freeing a message", "error", err.Error())
		}
	case run != nil:
		run.Abort()
	}
}

// release ends the message, decided or not. It may be called only once.
func (m *mail) release() {
	m.giveUp()
	if m.cancel != nil {
		m.cancel()
		m.cancel = nil
		m.session.srv.o.Metrics.InWork.Dec()
	}
}

// end decides and disposes.
func (m *mail) end() gomilter.Response {
	m.endHeader()
	if m.err != nil {
		return m.failed(m.stage, m.err)
	}
	env := m.session.envelope(m)
	s := filter.Session{Envelope: env}
	if err := m.redeem(&s); err != nil {
		return m.failed("release", err)
	}
	m.result = m.run.Finish(s)
	return m.dispose()
}

// redeem uses up the release mark of a mail that a release client brings back. A mark from anybody else is a forgery by its place
// alone. Without a good mark the mail is judged as any other; when the store cannot tell, it comes again later.
func (m *mail) redeem(s *filter.Session) error {
	if m.first.mark == "" {
		return nil
	}
	srv := m.session.srv
	if !within(m.policy.ReleaseClients, s.Envelope.ClientIP) || srv.o.Holder == nil {
		srv.o.Metrics.ReleaseMarks.WithLabelValues("client").Inc()
		return nil
	}
	id, res, err := srv.o.Holder.Redeem(m.ctx, m.first.mark, s.Envelope, m.run.Raw())
	if err != nil {
		return err
	}
	srv.o.Metrics.ReleaseMarks.WithLabelValues(string(res)).Inc()
	if res != quarantine.MarkOK {
		srv.o.Log.Warn("milter: release mark refused", "queue_id", s.Envelope.QueueID, "result", string(res))
		return nil
	}
	s.Released = id
	if it, err := srv.o.Holder.Get(m.ctx, id); err == nil && !it.Waits.IsZero() { // the mark is used up: an error changes no more than the tag
		s.Waited = &it.Verdict
	}
	return nil
}
