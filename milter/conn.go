package milter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"time"

	gomilter "github.com/emersion/go-milter"
)

// outKeep is how much memory for replies a connection keeps: more than any reply but one with thousands of modifications.
const outKeep = 4 << 10

// conn is what the library takes for the MTA's connection. It hands over only frames that the library handles well, and lets out only
// replies that the MTA waits for. All methods but interrupt run on the library's goroutine for this connection.
type conn struct {
	net.Conn
	srv     *Server
	session *session
	in      frames
	closing sync.Once

	terms   terms
	cmd     byte      // the command being answered, 0 when it has been
	unread  []byte    // what is left of the frame being handed over
	partial []byte    // what the library has written of a reply
	out     []byte    // modifications not yet sent
	broken  bool      // reading or writing failed; nothing more goes in or out
	until   time.Time // when the peer has been silent for too long
	armed   time.Time // when the network says so: at until, or before it

	mu   sync.Mutex
	busy bool // a message is in work: between MAIL and its last reply
}

func newConn(nc net.Conn, s *Server) *conn {
	c := &conn{Conn: nc, srv: s}
	c.in.reset(deadlineReader{c}, &s.buffers)
	c.session = &session{srv: s, conn: c}
	return c
}

// deadlineReader reads from the network under the deadline in force.
type deadlineReader struct{ c *conn }

// Read arms a timer only where the deadline comes sooner than the one that is armed: one that strikes too soon is armed again.
func (r deadlineReader) Read(p []byte) (int, error) {
	c := r.c
	for {
		if c.armed.IsZero() || c.until.Before(c.armed) {
			if err := c.Conn.SetReadDeadline(c.until); err != nil {
				return 0, err
			}
			c.armed = c.until
		}
		n, err := c.Conn.Read(p)
		quickAck(c.Conn)
		if n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && time.Now().Before(c.until) {
			c.armed = time.Time{}
			continue
		}
		return n, err
	}
}

// Read hands the next bytes of a checked frame to the library. Whatever ends the connection is io.EOF there: the library would print
// anything else to the global logger.
func (c *conn) Read(p []byte) (int, error) {
	for len(c.unread) == 0 {
		if c.broken || !c.next() {
			return 0, io.EOF
		}
	}
	n := copy(p, c.unread)
	c.unread = c.unread[n:]
	return n, nil
}

// next takes one frame from the MTA. It reports false at the connection's end.
func (c *conn) next() (more bool) {
	defer func() {
		if p := recover(); p != nil {
			c.srv.panicked("connection", p)
			more = false
		}
	}()
	if c.srv.draining() && !c.isBusy() {
		return false
	}
	if c.session.receiving() {
		c.in.widen()
	} else {
		c.in.narrow()
	}
	c.until = time.Now().Add(c.silence())
	cmd, size, err := c.in.next(c.started)
	if err == nil && c.terms.version == 0 && cmd != cmdOptNeg {
		err = fmt.Errorf("%w: command %q before negotiation", errFrame, cmd)
	}
	if err == nil && (cmd == cmdBody || cmd == cmdEOM) {
		return c.pass(cmd, size)
	}
	var f []byte
	if err == nil {
		f, err = c.in.whole(size)
	}
	if err != nil {
		c.fail(err)
		return false
	}
	return c.take(cmd, f)
}

// started gives a frame that has begun its time.
func (c *conn) started() { c.until = time.Now().Add(c.srv.o.BurstTimeout) }

// silence is how long the MTA may be silent now.
func (c *conn) silence() time.Duration {
	switch {
	case c.terms.version == 0:
		return c.srv.o.NegotiateTimeout
	case c.session.receiving():
		return c.srv.o.BurstTimeout
	default:
		return c.srv.o.IdleTimeout
	}
}

// take handles what a message is made of, which the library would copy and collect, and what it would get wrong; the rest is left for it in c.unread.
func (c *conn) take(cmd byte, f []byte) bool {
	data := f[5:]
	if cmd == cmdMacro { // session.go:165 keeps only the last packet
		c.session.setMacros(data[0], data[1:])
		return true
	}
	c.cmd = cmd
	switch cmd {
	case cmdQuit:
		return false
	case cmdQuitNC: // session.go:253 closes the session on it
		c.setBusy(false)
		c.session.disconnect()
		return true
	case cmdUnknown: // the same
		return c.reply(gomilter.RespContinue)
	case cmdOptNeg: // session.go:220 ignores the offer
		c.unread = f
		return c.negotiate(data)
	case cmdConnect: // session.go:157 loses IPv6: and unix addresses
		c.session.client, _ = parseConnect(data)
	case cmdAbort:
		c.setBusy(false)
	case cmdMail:
		c.setBusy(true)
		path, _, _ := cutNUL(data)
		return c.reply(c.session.mailFrom(string(path)))
	case cmdRcpt: // the library takes all angle brackets away
		c.setBusy(true)
		path, _, _ := cutNUL(data)
		return c.reply(c.session.rcptTo(string(path)))
	case cmdHeader: // session.go:201 drops one with a NUL
		c.setBusy(true)
		name, value, _ := headerField(data)
		return c.reply(c.session.field(name, value))
	case cmdEOH:
		c.setBusy(true)
		return c.reply(c.session.endHeader())
	}
	c.unread = f
	return true
}

// endOfMessage is what the library sees of SMFIC_BODYEOB.
var endOfMessage = []byte{0, 0, 0, 1, cmdEOM}

// pass hands body bytes to the session as they come. SMFIC_BODYEOB may carry some too, which the library's Body callback does not see.
func (c *conn) pass(cmd byte, size int) bool {
	c.cmd = cmd
	c.setBusy(true)
	c.in.head()
	var r gomilter.Response
	for first := cmd == cmdBody; first || size > 0; first = false {
		p, err := c.in.some(size)
		if err != nil {
			c.fail(err)
			return false
		}
		size -= len(p)
		r = c.session.chunk(p)
	}
	if cmd == cmdEOM {
		c.unread = endOfMessage
		return true
	}
	return c.reply(r)
}

// negotiate agrees on terms; the library's reply is replaced by ours in send.
func (c *conn) negotiate(offer []byte) bool {
	t, ok := negotiate(offer)
	if !ok {
		c.fail(fmt.Errorf("%w: MTA speaks version %d", errFrame, t.version))
		return false
	}
	c.terms = t
	return true
}

// reply sends r for a command that the library does not see.
func (c *conn) reply(r gomilter.Response) bool {
	if r != nil {
		m := r.Response()
		c.send(frame(m.Code, m.Data...))
	}
	return !c.broken
}

// Write takes the library's output, which comes in pieces of any size, and sends whole frames. It never fails: the library would print
// the error to the global logger, and the next Read ends the connection.
func (c *conn) Write(p []byte) (int, error) {
	c.partial = append(c.partial, p...)
	for len(c.partial) >= 4 {
		n := 4 + int(binary.BigEndian.Uint32(c.partial))
		if len(c.partial) < n {
			break
		}
		c.send(c.partial[:n])
		c.partial = append(c.partial[:0], c.partial[n:]...)
	}
	return len(p), nil
}

// send sends one frame if the MTA waits for it: one reply to each command that has one. Anything else would be taken for the answer to the
// next command.
func (c *conn) send(f []byte) {
	switch code := f[4]; {
	case c.cmd == cmdOptNeg && code == cmdOptNeg:
		c.cmd = 0
		c.flush(c.terms.answer())
	case c.cmd != 0 && c.terms.wantsReply(c.cmd):
		last := c.cmd == cmdEOM
		c.cmd = 0
		c.flush(f)
		if last {
			c.setBusy(false)
			c.session.replied()
		}
	}
}

// flush sends pending modifications and f.
func (c *conn) flush(f []byte) {
	if c.broken {
		return
	}
	c.out = append(c.out, f...)
	err := c.Conn.SetWriteDeadline(time.Now().Add(c.srv.o.WriteTimeout))
	if err == nil {
		_, err = c.Conn.Write(c.out)
	}
	if c.out = c.out[:0]; cap(c.out) > outKeep {
		c.out = nil
	}
	if err != nil {
		c.fail(err)
	}
}

// fail notes why the connection ends. A peer that goes away between messages is no event.
func (c *conn) fail(err error) {
	if c.broken {
		return
	}
	c.broken = true
	switch {
	case errors.Is(err, errFrame):
		c.srv.o.Metrics.ProtocolErrors.WithLabelValues("frame").Inc()
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.srv.o.Metrics.ProtocolErrors.WithLabelValues("timeout").Inc()
	case !c.isBusy() || c.srv.draining():
		return
	}
	c.srv.o.Log.Warn("milter connection ended", "queue_id", c.session.macro("i"), "error", err.Error())
}

// interrupt closes the network side from another goroutine; the connection's own goroutine then ends and cleans up.
func (c *conn) interrupt(evenBusy bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.busy || evenBusy {
		c.Conn.Close()
	}
}

func (c *conn) isBusy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.busy
}

func (c *conn) setBusy(b bool) {
	c.mu.Lock()
	c.busy = b
	c.mu.Unlock()
}

// Close ends the connection and drops the message that was in work. The library calls it once, when it is done.
func (c *conn) Close() error {
	err := net.ErrClosed
	c.closing.Do(func() {
		err = c.Conn.Close()
		c.session.disconnect()
		c.srv.gone(c)
	})
	return err
}

// panicked records a recovered panic.
func (s *Server) panicked(where string, p any) {
	s.o.Metrics.Errors.WithLabelValues("panic").Inc()
	s.o.Log.Error("milter: recovered", "in", where, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
}
