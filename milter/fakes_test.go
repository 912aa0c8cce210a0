package milter

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"sekisho/internal/audit"
	"sekisho/internal/filter"
	"sekisho/internal/inspect"
	"sekisho/internal/message"
	"sekisho/internal/metrics"
	"sekisho/internal/miltertest"
	"sekisho/internal/quarantine"
	"sekisho/rules"
)

// TestMain fails when a goroutine is left, or when the library had anything to say to the global logger: each line there is an event
// that conn should have handled.
func TestMain(m *testing.M) {
	var said locked
	log.SetOutput(&said)
	code := m.Run()
	if s := said.String(); s != "" {
		io.WriteString(os.Stderr, "go-milter printed to the global logger:\n"+s)
		code = 1
	}
	if err := goleak.Find(); err != nil {
		io.WriteString(os.Stderr, err.Error()+"\n")
		code = 1
	}
	os.Exit(code)
}

// locked is a buffer for several goroutines.
type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// fakeFilter keeps what it was given and decides as told.
type fakeFilter struct {
	verdict  rules.Verdict
	writeErr error
	panicAt  string        // "begin", "write", "finish"
	wait     chan struct{} // Finish waits for it
	slow     bool          // Finish waits for the message's deadline

	memory      *filter.Memory
	sent        *filter.Sent
	locked      []inspect.Locked
	remembered  filter.Remembered
	rememberErr error
	waited      []string
	waitedErr   error
	changed     *rules.Verdict // the verdict after Remember
	asked       []string       // how Remember was called

	mu       sync.Mutex
	begun    int
	aborted  int
	finished []*fakeRun
}

type fakeRun struct {
	f       *fakeFilter
	ctx     context.Context
	raw     bytes.Buffer
	session filter.Session
}

func (f *fakeFilter) Begin(ctx context.Context) Run {
	if f.panicAt == "begin" {
		panic("begin")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun++
	return &fakeRun{f: f, ctx: ctx}
}

func (f *fakeFilter) Remember(_ context.Context, res *filter.Result, delivered bool, waits string) (filter.Remembered, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.changed != nil {
		res.Verdict = *f.changed
	}
	f.asked = append(f.asked, fmt.Sprintf("delivered=%v waits=%s", delivered, waits))
	return f.remembered, f.rememberErr
}

func (f *fakeFilter) Waited(context.Context, *filter.Result) ([]string, error) {
	return f.waited, f.waitedErr
}

func (r *fakeRun) Write(p []byte) (int, error) {
	if r.f.panicAt == "write" {
		panic("write")
	}
	if r.f.writeErr != nil {
		return 0, r.f.writeErr
	}
	return r.raw.Write(p)
}

func (r *fakeRun) Raw() *message.Buffer { return nil }

func (r *fakeRun) Finish(s filter.Session) *filter.Result {
	if r.f.panicAt == "finish" {
		panic("finish")
	}
	if r.f.wait != nil {
		<-r.f.wait
	}
	if r.f.slow {
		<-r.ctx.Done()
	}
	r.session = s
	r.f.mu.Lock()
	defer r.f.mu.Unlock()
	r.f.finished = append(r.f.finished, r)
	v := r.f.verdict
	if s.Released != "" {
		v = rules.Verdict{Rule: "released"}
	}
	if s.Waited != nil {
		v = *s.Waited
	}
	return &filter.Result{
		Session: s, Memory: r.f.memory, Sent: r.f.sent, Locked: r.f.locked, Verdict: v, Client: s.Envelope.ClientIP, Size: int64(r.raw.Len()), SHA256: strings.Repeat("ab", 32),
		Facts:  rules.Facts{Envelope: s.Envelope, Direction: message.In, Findings: v.Why, Subject: "件名"},
		Header: &message.Header{Fields: []message.Field{{Name: "From", Raw: " =?utf-8?b?5aSq6YOO?= <a@example.com>"}}},
	}
}

func (r *fakeRun) Abort() {
	r.f.mu.Lock()
	defer r.f.mu.Unlock()
	r.f.aborted++
}

func (f *fakeFilter) calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// last is the newest finished run.
func (f *fakeFilter) last(t *testing.T) *fakeRun {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.finished) == 0 {
		t.Fatal("no message was finished")
	}
	return f.finished[len(f.finished)-1]
}

func (f *fakeFilter) counts() (begun, finished, aborted int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.begun, len(f.finished), f.aborted
}

// fakeHolder keeps items in memory.
type fakeHolder struct {
	err    error
	redeem quarantine.MarkResult
	rerr   error

	state string    // of every item that Get gives
	waits time.Time // likewise
	kept  bool      // what Keep answers

	mu    sync.Mutex
	items []quarantine.Item
	marks []string
	ended []string // what was kept or let go
}

func (h *fakeHolder) Get(_ context.Context, id string) (quarantine.Item, error) {
	return quarantine.Item{ID: id, State: h.state, Waits: h.waits, Verdict: evidence(rules.Tag)}, h.err
}

func (h *fakeHolder) Keep(_ context.Context, id string, v rules.Verdict, by quarantine.By) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = append(h.ended, fmt.Sprint("keep ", id, " ", v.Rule, " ", by.Why))
	return h.kept, h.err
}

func (h *fakeHolder) LetGo(_ context.Context, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = append(h.ended, "let go "+id)
	return h.err
}

func (h *fakeHolder) put(it quarantine.Item, id string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return "", h.err
	}
	h.items = append(h.items, it)
	return id, nil
}

func (h *fakeHolder) Put(ctx context.Context, it quarantine.Item, _ *message.Buffer) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return h.put(it, "Q1")
}

func (h *fakeHolder) NoteHold(_ context.Context, it quarantine.Item) (string, error) {
	return h.put(it, "H1")
}

func (h *fakeHolder) Redeem(_ context.Context, mark string, _ message.Envelope, _ *message.Buffer) (string, quarantine.MarkResult, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.marks = append(h.marks, mark)
	if h.redeem != "ok" {
		return "", h.redeem, h.rerr
	}
	return "REL1", "ok", nil
}

func (h *fakeHolder) held() []quarantine.Item {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.items
}

// fakeAudit keeps records.
type fakeAudit struct {
	err   error
	panic bool
	mu    sync.Mutex
	rs    []audit.Record
	as    []audit.Alert
}

func (a *fakeAudit) Write(r audit.Record) error {
	if a.panic {
		panic("audit")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rs = append(a.rs, r)
	return a.err
}

func (a *fakeAudit) Alert(r audit.Alert) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.as = append(a.as, r)
	return a.err
}

func (a *fakeAudit) alerts() []audit.Alert {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.as
}

func (a *fakeAudit) last(t *testing.T) audit.Record {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.rs) == 0 {
		t.Fatal("no audit record")
	}
	return a.rs[len(a.rs)-1]
}

// rig is a server with fakes on a unix socket.
type rig struct {
	t      *testing.T
	srv    *Server
	filter *fakeFilter
	holder *fakeHolder
	audit  *fakeAudit
	log    *locked
	m      *metrics.Metrics
	net    string
	addr   string
}

// start serves with fakes until the test ends. change may be nil.
func start(t *testing.T, change func(o *Options, p *Policy, r *rig)) *rig {
	t.Helper()
	r := &rig{t: t, filter: &fakeFilter{}, holder: &fakeHolder{}, audit: &fakeAudit{}, log: &locked{}, net: "unix"}
	r.m = metrics.New(prometheus.NewRegistry(), "test")
	r.addr = filepath.Join(t.TempDir(), "s")
	o := Options{Holder: r.holder, Audit: r.audit, Metrics: r.m, Log: slog.New(slog.NewTextHandler(r.log, nil))}
	p := &Policy{Filter: r.filter}
	if change != nil {
		change(&o, p, r)
	}
	r.srv = New(o, p)
	spec := "unix:" + r.addr
	if r.net != "unix" {
		spec = "inet:0"
	}
	l, err := Listen(spec, ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- r.srv.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.srv.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-served; !errors.Is(err, ErrClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	return r
}

// with is start's change that touches the policy only.
func with(f func(p *Policy)) func(*Options, *Policy, *rig) {
	return func(_ *Options, p *Policy, _ *rig) { f(p) }
}

// dial opens a session that is closed, and checked for stray replies, when the test ends.
func (r *rig) dial(o miltertest.Offer) *miltertest.Session {
	r.t.Helper()
	s, err := miltertest.Dial(r.net, r.addr, o)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		if err := s.Close(); err != nil && !r.srv.draining() {
			r.t.Error(err)
		}
	})
	return s
}

// greet is dial, CONNECT and HELO from 192.0.2.1.
func (r *rig) greet(o miltertest.Offer) *miltertest.Session {
	r.t.Helper()
	s := r.dial(o)
	s.Macros('C', "j", "mx.example.org", "{daemon_name}", "smtpd")
	must(r.t)(s.Connect("client.example.com", '4', 40000, "192.0.2.1"))
	s.Macros('H', "{tls_version}", "TLSv1.3")
	must(r.t)(s.Helo("client.example.com"))
	return s
}

// send sends a message that must get an answer.
func (r *rig) send(s *miltertest.Session, m miltertest.Mail) miltertest.Outcome {
	r.t.Helper()
	o, err := s.Send(m)
	if err != nil {
		r.t.Fatal(err)
	}
	return o
}

func must(t *testing.T) func(miltertest.Reply, error) {
	return func(r miltertest.Reply, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if r.Code != 0 && r.Code != 'c' {
			t.Fatalf("reply %q %s before the end of the message", r.Code, r.Text)
		}
	}
}

// plain is an ordinary message as Postfix sends it.
func plain() miltertest.Mail {
	return miltertest.Mail{
		From: "a@example.com", Rcpts: []string{"b@example.org", "c@example.org"},
		Header: []miltertest.Header{
			{Name: "From", Value: " a@example.com"}, {Name: "Subject", Value: " hello"}, {Name: "Message-ID", Value: " <1@example.com>"},
		},
		Body: []byte("Hello.\r\n"),
		Macros: map[byte][]string{
			'R': {"i", "4Xq1"}, 'N': {"i", "4Xq1"}, 'E': {"i", "4Xq1"},
		},
	}
}

func (r *rig) wantCounter(c prometheus.Collector, want float64) {
	r.t.Helper()
	if got := value(c); got != want {
		r.t.Errorf("counter is %v, want %v", got, want)
	}
}

// idle waits until no message is in work: one is released after its reply.
func (r *rig) idle() {
	r.t.Helper()
	eventually(r.t, "no message in work", func() bool { return value(r.m.InWork) == 0 })
}

func value(c prometheus.Collector) float64 { return testutil.ToFloat64(c) }

// eventually waits for what another goroutine does.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 1000 {
		if ok() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("never happened: %s", what)
}
