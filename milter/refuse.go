package milter

import (
	"net"
	"time"

	"sekisho/rules"
)

// refuseFrames is how many frames a refused connection may send: negotiation, macros, one command and a few more until it quits.
const refuseFrames = 20

// refuse tells a connection beyond the limit of sessions to try again later: it agrees to no terms, so that every command waits for a
// reply, and answers each with the reply of a failure. Postfix and Sendmail take that for the whole SMTP connection.
func (s *Server) refuse(nc net.Conn) {
	defer func() {
		if p := recover(); p != nil {
			s.panicked("refusal", p)
		}
		nc.Close()
		s.mu.Lock()
		delete(s.refusals, nc)
		s.mu.Unlock()
		s.work.Done()
	}()
	if nc.SetDeadline(time.Now().Add(s.o.NegotiateTimeout)) != nil {
		return
	}
	var in frames
	in.reset(nc, &s.buffers)
	for range refuseFrames {
		cmd, size, err := in.next(func() {})
		if err != nil || cmd == cmdQuit {
			return
		}
		f, err := in.whole(size)
		if err != nil {
			return
		}
		if _, err := nc.Write(s.refusal(cmd, f[5:])); err != nil {
			return
		}
	}
}

func (s *Server) refusal(cmd byte, data []byte) []byte {
	switch cmd {
	case cmdOptNeg:
		t, _ := negotiate(data)
		return terms{version: t.version}.answer()
	case cmdMacro, cmdAbort, cmdQuitNC:
		return nil
	}
	p := s.policy.Load()
	if p.Mode == rules.ModeMonitor || p.OnFailure == FailAccept {
		return frame(replyAccept)
	}
	return frame(replyTempFail)
}
