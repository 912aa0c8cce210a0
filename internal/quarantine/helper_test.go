package quarantine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"go.uber.org/goleak"

	"sekisho/internal/finding"
	"sekisho/internal/message"
	"sekisho/internal/store"
	"sekisho/rules"
)

func TestMain(m *testing.M) {
	if os.Getenv(killDir) != "" {
		child()
	}
	inMemory()
	goleak.VerifyTestMain(m)
}

// inMemory puts the tests' folders on tmpfs where there is one and nobody chose another place: a killed process loses nothing there, and
// several hundred databases are made without waiting for a disk.
func inMemory() {
	const tmpfs = "/dev/shm"
	if fi, err := os.Stat(tmpfs); err == nil && fi.IsDir() && os.Getenv("TMPDIR") == "" && !benchmarking() {
		os.Setenv("TMPDIR", tmpfs)
	}
}

// benchmarking reports whether figures are wanted, which need the disk.
func benchmarking() bool {
	return slices.ContainsFunc(os.Args, func(a string) bool { return strings.Contains(a, "test.bench=") })
}

// clock is a clock that tests set.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	c.t = c.t.Add(d)
	c.mu.Unlock()
}

// rig is a quarantine in a folder of its own.
type rig struct {
	*testing.T
	*Quarantine
	st    *store.Store
	clock *clock
}

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	st, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	c := &clock{t: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	if o.Now == nil {
		o.Now = c.now
	}
	if o.MinFree == 0 {
		o.MinFree = -1 // a test does not depend on the machine's disk
	}
	q, err := Open(t.Context(), st, o)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{T: t, Quarantine: q, st: st, clock: c}
}

// memory makes the buffer keep its content in memory or spool it, by its size.
func (r *rig) buffer(content string, memory int64) *message.Buffer {
	r.Helper()
	b := message.NewBuffer(r.st.Path(SpoolFolder), memory)
	if _, err := io.WriteString(b, content); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { b.Close() })
	return b
}

func (r *rig) put(it Item, content string) string {
	r.Helper()
	id, err := r.Put(r.Context(), it, r.buffer(content, 1<<20))
	if err != nil {
		r.Fatal(err)
	}
	r.Close(r.Context()) // its row is written
	return id
}

func (r *rig) get(id string) Item {
	r.Helper()
	it, err := r.Get(r.Context(), id)
	if err != nil {
		r.Fatal(err)
	}
	return it
}

func (r *rig) raw(id string) string {
	r.Helper()
	rc, err := r.Raw(r.Context(), id)
	if err != nil {
		r.Fatal(err)
	}
	defer rc.Close()
	b, err := io.ReadAll(rc)
	if err != nil {
		r.Fatal(err)
	}
	return string(b)
}

// files lists what lies in the state folder's quarantine and spool.
func (r *rig) files() (mails, spool []string) {
	mails, _ = filepath.Glob(r.st.Path(Folder, "*", "*"))
	spool, _ = filepath.Glob(r.st.Path(SpoolFolder, "*"))
	return mails, spool
}

func (r *rig) usage() (bytes, messages int64) {
	r.Helper()
	s, err := r.Stats(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	return s.Bytes, s.Messages
}

const mail = "From: Taro <taro@partner.example>\r\nTo: hanako@our.example\r\nSubject: invoice\r\nDate: Mon, 23 Nov 2026 18:00:00 +0900\r\n" +
	"Message-ID: <1@partner.example>\r\n\r\nDear Hanako,\r\n.a line with a dot\r\n..two\r\n\r\nregards\r\n"

func item() Item {
	return Item{
		Direction: message.In,
		Source:    "192.0.2.0/24",
		Envelope: message.Envelope{
			QueueID: "4ABCDEF", MailFrom: "taro@partner.example", Rcpts: []string{"hanako@our.example", "jiro@our.example"},
			ClientIP: netip.MustParseAddr("192.0.2.7"), Helo: "mail.partner.example", Time: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC),
		},
		Verdict: rules.Verdict{
			Action: rules.Quarantine, Rule: "macro-autoexec", Rules: []string{"macro-autoexec"}, Enforced: true,
			Why: []finding.Finding{finding.New(finding.VBAAutoexec, finding.Path{"2", "請求書.doc"}, "AutoOpen")},
		},
		Subject: "invoice", From: "Taro <taro@partner.example>", MessageID: "<1@partner.example>",
		Attachments: []Attachment{{Path: "2", Name: "請求書.doc", Kind: "doc", SHA256: strings.Repeat("ab", 32), Size: 999}},
	}
}

func digest(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

// received is a mail that the test relay took.
type received struct {
	from   string
	utf8   bool
	body   smtp.BodyType
	rcpts  []string
	notify []smtp.DSNNotify
	data   string
}

// relay is a real SMTP server (go-smtp) that keeps what it gets.
type relay struct {
	addr string

	mu    sync.Mutex
	mails []received
	// onRcpt and onData decide; nil takes everything.
	onRcpt hook[string]
	onData hook[received]
	drop   atomic.Bool // hang up in place of an answer to the content
}

// hook is a function that a test may change while the relay runs.
type hook[T any] struct{ f atomic.Pointer[func(T) error] }

func (h *hook[T]) set(f func(T) error) { h.f.Store(&f) }

func (h *hook[T]) ask(v T) error {
	if f := h.f.Load(); f != nil && *f != nil {
		return (*f)(v)
	}
	return nil
}

func newRelay(t *testing.T, extensions bool) *relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{addr: ln.Addr().String()}
	s := smtp.NewServer(r)
	s.Domain, s.EnableSMTPUTF8, s.EnableDSN = "relay.example", extensions, extensions
	s.ErrorLog, s.MaxLineLength = quiet{}, 1<<20
	done := make(chan struct{})
	go func() { defer close(done); s.Serve(ln) }()
	t.Cleanup(func() { s.Close(); ln.Close(); <-done }) // a test may end before Serve knows its listener
	return r
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func (r *relay) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{relay: r, hangUp: c.Conn().Close}, nil
}

func (r *relay) got() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.mails)
}

type session struct {
	relay  *relay
	hangUp func() error
	m      received
}

func (s *session) Mail(from string, o *smtp.MailOptions) error {
	s.m = received{from: from, utf8: o.UTF8, body: o.Body}
	return nil
}

func (s *session) Rcpt(to string, o *smtp.RcptOptions) error {
	if err := s.relay.onRcpt.ask(to); err != nil {
		return err
	}
	s.m.rcpts, s.m.notify = append(s.m.rcpts, to), append(s.m.notify, o.Notify...)
	return nil
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.m.data = string(b)
	if err := s.relay.onData.ask(s.m); err != nil {
		return err
	}
	if s.relay.drop.Load() {
		return s.hangUp()
	}
	s.relay.mu.Lock()
	s.relay.mails = append(s.relay.mails, s.m)
	s.relay.mu.Unlock()
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// split takes the mark off a mail as the relay got it.
func split(t *testing.T, data string) (mark, rest string) {
	t.Helper()
	line, rest, ok := strings.Cut(data, "\r\n")
	mark, found := strings.CutPrefix(line, MarkField+": ")
	if !ok || !found {
		t.Fatalf("no mark before the first byte: %q", line)
	}
	return mark, rest
}

var by = By{Who: "root", Why: "a test"}

func background() context.Context { return context.Background() }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func words(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "line %d of some length, to fill a file\r\n", i)
	}
	return b.String()
}

// reopen opens the folder of a rig whose store was closed.
func reopen(t *testing.T, r *rig) *rig {
	t.Helper()
	st, err := store.Open(t.Context(), r.st.Dir())
	must(t, err)
	t.Cleanup(func() { st.Close() })
	q, err := Open(t.Context(), st, r.opts)
	must(t, err)
	return &rig{T: t, Quarantine: q, st: st, clock: r.clock}
}

// flip changes one byte of a file.
func flip(t *testing.T, path string, off int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	var b [1]byte
	_, err = f.ReadAt(b[:], off)
	must(t, err)
	b[0] ^= 1
	_, err = f.WriteAt(b[:], off)
	must(t, err)
}
