package main

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"sekisho/internal/miltertest"
)

// fate is what has become of a letter.
type fate uint8

const (
	waiting fate = iota
	delivered
	held
	refused
)

// account is the MTA's own record of a letter.
type account struct {
	letter
	fate    fate
	verdict string    // the word in the field of a delivered one
	tries   int       // how often it was sent
	at      time.Time // its last reply
}

// mta is the fake one: it makes mail, keeps what was not taken, and brings it again.
type mta struct {
	socket string
	kinds  []*kind
	of     map[string]*kind
	lot    []*kind // one of a hundred

	mu       sync.Mutex
	accounts []*account // by id
	queue    [2][]due   // deferred, and what is to be answered, by side
	inWork   int
	ended    bool // no new mail is made
	count    counts
	fates    [refused + 1]int
	took     []time.Duration            // since the last look
	byKind   map[string][]time.Duration // of all time, where somebody wants to know
}

// due is a letter and when it may be sent.
type due struct {
	letter
	at time.Time
}

// counts are of events, so that a mail deferred twice is two.
type counts struct {
	Deferred int `json:"deferred"` // temporary failures
	Lost     int `json:"lost"`     // connections
	Aborted  int `json:"aborted"`
	Dropped  int `json:"dropped"`
	Slow     int `json:"slow"`
	Dead     int `json:"dead"`
	DeadLate int `json:"dead_late"` // dead peers the daemon kept beyond its own limit
}

const (
	perConnection = 100             // as smtpd's max_use
	retryFirst    = time.Second     // Postfix's minimal_backoff_time is 300 s; half an hour has no time for that
	retryMost     = 5 * time.Second // and this its maximal_backoff_time
	replyPatience = time.Minute     // beyond any deadline of endure
)

func newMTA(socket string) *mta {
	m := &mta{socket: socket, kinds: kinds(), of: map[string]*kind{}}
	for _, k := range m.kinds {
		m.of[k.name] = k
		for range k.weight {
			m.lot = append(m.lot, k)
		}
	}
	return m
}

// make begins a letter. The caller holds mu.
func (m *mta) make(k *kind, of int) letter {
	l := letter{len(m.accounts), of, k}
	m.accounts = append(m.accounts, &account{letter: l})
	return l
}

// take gives the next letter of a side: one that is due, else a new one. ok is false when there is none now, end when there will be none.
func (m *mta) take(s side) (l letter, ok, end bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	for i, d := range m.queue[s] {
		if !d.at.After(now) {
			m.queue[s] = append(m.queue[s][:i], m.queue[s][i+1:]...)
			m.inWork++
			return d.letter, true, false
		}
	}
	if m.ended {
		return l, false, m.inWork == 0 && len(m.queue[outside])+len(m.queue[inside]) == 0
	}
	if s == inside && len(m.queue[outside]) > 200 { // answers wait already
		return l, false, false
	}
	k := m.of["ours"]
	if s == outside {
		k = m.lot[len(m.accounts)*37%len(m.lot)]
	}
	m.inWork++
	return m.make(k, 0), true, false
}

// deferLetter keeps a letter for another try.
func (m *mta) deferLetter(l letter, event *int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.accounts[l.id]
	a.tries++
	a.at = time.Now()
	*event++
	m.inWork--
	m.queue[l.side] = append(m.queue[l.side], due{l, a.at.Add(min(retryMost, time.Duration(a.tries)*retryFirst))})
}

// settle notes a reply.
func (m *mta) settle(l letter, o miltertest.Outcome, took time.Duration) {
	if o.Code == 't' || o.Code == 'y' && strings.HasPrefix(o.Text, "4") {
		m.deferLetter(l, &m.count.Deferred)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.accounts[l.id]
	a.tries++
	a.at = time.Now()
	m.took = append(m.took, took)
	if m.byKind != nil {
		m.byKind[l.name] = append(m.byKind[l.name], took)
	}
	switch m.inWork--; o.Code {
	case 'c', 'a':
		a.fate, a.verdict = delivered, verdict(o)
		if l.side == inside {
			m.answer(l)
		}
	case 'd':
		a.fate = held
	default:
		a.fate = refused
	}
	m.fates[a.fate]++
}

// answer has a delivered mail of ours answered, and every twentieth conversation stolen.
func (m *mta) answer(l letter) {
	k := m.of["reply"]
	if l.id%20 == 0 {
		k = m.of["stolen"]
	}
	m.queue[outside] = append(m.queue[outside], due{m.make(k, l.id), time.Now()})
}

func verdict(o miltertest.Outcome) string {
	for _, mod := range o.Mods {
		if mod.Name == "X-Sekisho-Verdict" {
			return strings.TrimSpace(mod.Value)
		}
	}
	return ""
}

// work sends until there is nothing left to send.
func (m *mta) work(ctx context.Context, s side) {
	c := &conn{mta: m, side: s}
	defer c.drop()
	for ctx.Err() == nil {
		if err := c.ready(); err != nil {
			time.Sleep(50 * time.Millisecond) // no daemon now
			continue
		}
		l, ok, end := m.take(s)
		if end {
			return
		}
		if !ok {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		c.send(l)
	}
}

// conn is one smtpd's connection to the filter.
type conn struct {
	mta  *mta
	side side
	*miltertest.Session
	used int
}

func (c *conn) drop() {
	if c.Session != nil {
		c.Session.Drop()
		c.Session = nil
	}
}

// ready connects where there is no connection, or a used one.
func (c *conn) ready() (err error) {
	if c.used++; c.Session != nil && c.used%perConnection != 0 {
		return nil
	}
	if c.Session != nil {
		_ = c.Close() // the MTA does not care how it ends
		c.Session = nil
	}
	if c.Session, err = dial(c.mta.socket, nil); err != nil {
		return err
	}
	if err = hello(c.Session, clients[c.side]); err != nil {
		c.drop()
	}
	return err
}

// dial connects; through wraps the connection.
func dial(socket string, through func(net.Conn) net.Conn) (*miltertest.Session, error) {
	nc, err := net.DialTimeout("unix", socket, time.Second)
	if err != nil {
		return nil, err
	}
	if through != nil {
		nc = through(nc)
	}
	s, err := miltertest.New(nc, miltertest.Postfix())
	if err != nil {
		nc.Close()
		return nil, err
	}
	s.Timeout = replyPatience
	return s, nil
}

func hello(s *miltertest.Session, addr string) error {
	s.Macros('C', "j", "mx.us.example", "{daemon_name}", "smtpd")
	if _, err := s.Connect(clientName, '4', 40000, addr); err != nil {
		return err
	}
	_, err := s.Helo(clientName)
	return err
}

// Of so many mails one is aborted in the middle before it is sent, and one loses its connection there.
const (
	abortOf = 37
	dropOf  = 41
)

// send sends a letter, the first time perhaps not to its end.
func (c *conn) send(l letter) {
	m := l.mail()
	if c.mta.first(l) {
		switch {
		case l.id%dropOf == 1:
			_ = half(c.Session, m) // it is dropped in any case
			c.drop()
			c.mta.deferLetter(l, &c.mta.count.Dropped)
			return
		case l.id%abortOf == 1:
			if half(c.Session, m) == nil && c.Abort() == nil {
				c.mta.note(&c.mta.count.Aborted)
			}
		}
	}
	begun := time.Now()
	o, err := c.Send(m)
	if err != nil {
		c.drop()
		c.mta.deferLetter(l, &c.mta.count.Lost)
		return
	}
	c.mta.settle(l, o, time.Since(begun))
}

func (m *mta) first(l letter) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.accounts[l.id].tries == 0
}

func (m *mta) note(event *int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	*event++
}

// half sends the first half of a mail's content.
func half(s *miltertest.Session, m miltertest.Mail) error {
	if err := s.Flush(); err != nil { // which begins the time for it
		return err
	}
	if _, err := s.MailFrom(m.From); err != nil {
		return err
	}
	for _, to := range m.Rcpts {
		if _, err := s.Rcpt(to); err != nil {
			return err
		}
	}
	for _, h := range m.Header {
		if _, err := s.Field(h.Name, h.Value); err != nil {
			return err
		}
	}
	if _, err := s.EOH(); err != nil {
		return err
	}
	if _, err := s.Chunk(m.Body[:min(len(m.Body)/2, 60<<10)]); err != nil {
		return err
	}
	return s.Flush()
}

// finish ends the making of new mail.
func (m *mta) finish() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
}

// clear begins the times by kind anew.
func (m *mta) clear() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.byKind = map[string][]time.Duration{}
}

// standing is how things are at a moment.
type standing struct {
	sent, delivered, held, queue int
	took                         []time.Duration // since the last look, sorted
}

func (m *mta) look() (s standing) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.sent, s.queue = len(m.accounts), len(m.queue[outside])+len(m.queue[inside])
	s.delivered, s.held = m.fates[delivered], m.fates[held]
	s.took, m.took = m.took, nil
	slices.Sort(s.took)
	return s
}

// over reports whether no new mail is made.
func (m *mta) over() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ended
}
