package main

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// slowConn writes some bytes one by one.
type slowConn struct {
	net.Conn
	slow atomic.Int64 // bytes to be written so
}

const (
	slowBytes = 60 // of each mail
	slowPause = 100 * time.Millisecond
)

func (c *slowConn) Write(p []byte) (n int, err error) {
	for ; n < len(p) && c.slow.Add(-1) >= 0; n++ {
		if _, err := c.Conn.Write(p[n : n+1]); err != nil {
			return n, err
		}
		time.Sleep(slowPause)
	}
	more, err := c.Conn.Write(p[n:])
	return n + more, err
}

// slowPeer sends mail a byte every slowPause: half of them at the beginning, half of them in the middle.
func (m *mta) slowPeer(ctx context.Context) {
	for ctx.Err() == nil {
		l, ok, end := m.take(outside)
		if end {
			return
		}
		if !ok {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		m.sendSlowly(l)
	}
}

func (m *mta) sendSlowly(l letter) {
	slow := &slowConn{}
	s, err := dial(m.socket, func(nc net.Conn) net.Conn { slow.Conn = nc; return slow })
	if err == nil {
		defer s.Drop()
		err = hello(s, l.client())
	}
	if err != nil {
		time.Sleep(100 * time.Millisecond)
		m.deferLetter(l, &m.count.Lost)
		return
	}
	slow.slow.Store(slowBytes)
	if l.id%2 == 0 && half(s, l.mail()) == nil { // a whole mail behind half of one
		_ = s.Abort()
		slow.slow.Store(slowBytes)
	}
	begun := time.Now()
	o, err := s.Send(l.mail())
	if err != nil {
		m.deferLetter(l, &m.count.Lost)
		return
	}
	m.settle(l, o, time.Since(begun)-slowBytes*slowPause)
	m.note(&m.count.Slow)
}

// deadPeer stops in the middle of mails and waits for the daemon to drop it, which has to happen in time.
func (m *mta) deadPeer(ctx context.Context) {
	for ctx.Err() == nil && !m.over() {
		var nc net.Conn
		s, err := dial(m.socket, func(c net.Conn) net.Conn { nc = c; return c })
		if err != nil {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		if hello(s, clients[outside]) == nil && half(s, letter{kind: m.of["business"]}.mail()) == nil {
			m.die(nc)
		}
		s.Drop()
	}
}

// deadGrace is what a loaded machine may be late.
const deadGrace = 5 * time.Second

func (m *mta) die(nc net.Conn) {
	_ = nc.SetReadDeadline(time.Now().Add(shortDeadlines.read + deadGrace))
	_, err := nc.Read(make([]byte, 1))
	m.note(&m.count.Dead)
	if t, ok := err.(net.Error); ok && t.Timeout() {
		m.note(&m.count.DeadLate)
	}
}
