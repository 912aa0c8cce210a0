package notify

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"mime"
	"net"
	"net/mail"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"sekisho/internal/finding"
	"sekisho/internal/message"
	"sekisho/internal/quarantine"
	"sekisho/internal/store"
	"sekisho/rules"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type sent struct {
	from string
	to   []string
	data string
}

// relay is an SMTP server that keeps what it gets.
type relay struct {
	addr string
	mu   sync.Mutex
	got  []sent
	say  error // the answer to RCPT
	came chan struct{}
}

func newRelay(t *testing.T) *relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{addr: ln.Addr().String(), came: make(chan struct{}, 100)}
	s := smtp.NewServer(r)
	s.EnableSMTPUTF8, s.ErrorLog = true, log.New(io.Discard, "", 0)
	done := make(chan struct{})
	go func() { defer close(done); s.Serve(ln) }()
	t.Cleanup(func() { s.Close(); ln.Close(); <-done }) // a test may end before Serve knows its listener
	return r
}

func (r *relay) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{relay: r}, nil }

func (r *relay) take() []sent {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got
	r.got = nil
	return got
}

func (r *relay) answer(err error) {
	r.mu.Lock()
	r.say = err
	r.mu.Unlock()
}

type session struct {
	relay *relay
	m     sent
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error { s.m = sent{from: from}; return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.m.to = append(s.m.to, to)
	s.relay.mu.Lock()
	defer s.relay.mu.Unlock()
	return s.relay.say
}

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.m.data = string(b)
	s.relay.mu.Lock()
	s.relay.got = append(s.relay.got, s.m)
	s.relay.mu.Unlock()
	s.relay.came <- struct{}{}
	return err
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// rig is a quarantine with a notifier.
type rig struct {
	*testing.T
	*Notifier
	q      *quarantine.Quarantine
	st     *store.Store
	relay  *relay
	now    time.Time
	sent   int
	failed []error
}

const boss = "postmaster@our.example"

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	st, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	r := &rig{T: t, st: st, relay: newRelay(t), now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return r.now }
	o.Relay.Addr, o.Now, o.Location, o.Local = r.relay.addr, clock, time.UTC, local
	o.Sent, o.Failed = func() { r.sent++ }, func(err error) { r.failed = append(r.failed, err) }
	r.q, err = quarantine.Open(t.Context(), st, quarantine.Options{MinFree: -1, Notice: o.Readers, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	r.Notifier = New(st, r.q, o)
	return r
}

func local(addr string) bool { return strings.HasSuffix(addr, "@our.example") }

func item() quarantine.Item {
	return quarantine.Item{
		Direction: message.In,
		Envelope:  message.Envelope{QueueID: "4ABCDEF", MailFrom: "taro@partner.example", Rcpts: []string{"hanako@our.example", "guest@else.example"}},
		Verdict: rules.Verdict{
			Action: rules.Quarantine, Rule: "macro-autoexec",
			Why: []finding.Finding{finding.New(finding.VBAAutoexec, nil, "AutoOpen"), finding.New(finding.VBAAutoexec, nil, "Document_Open")},
		},
		Subject: "請求書", From: "Taro <taro@partner.example>", MessageID: "<1@partner.example>",
	}
}

func (r *rig) put(it quarantine.Item) string {
	r.Helper()
	b := message.NewBuffer(r.st.Path(quarantine.SpoolFolder), 1<<20)
	defer b.Close()
	io.WriteString(b, "Subject: x\r\n\r\nbody\r\n")
	id, err := r.q.Put(r.Context(), it, b)
	r.q.Close(r.Context()) // its row, and the readers to be told, are written
	if err != nil {
		r.Fatal(err)
	}
	return id
}

// round lets time pass and runs one round.
func (r *rig) round(after time.Duration) []sent {
	r.Helper()
	r.now = r.now.Add(after)
	if err := r.Round(r.Context()); err != nil {
		r.failed = append(r.failed, err)
	}
	return r.relay.take()
}

func (r *rig) ok() {
	r.Helper()
	for _, err := range r.failed {
		r.Error("failed:", err)
	}
}

// text decodes a notice.
func text(t *testing.T, s sent) (h mail.Header, body string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(s.data))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body))
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, string(b)
}

func TestReaders(t *testing.T) {
	all := Options{Postmaster: boss, Recipients: true, Local: local}
	edit := func(f func(*quarantine.Item)) quarantine.Item { it := item(); f(&it); return it }
	out := edit(func(it *quarantine.Item) {
		it.Direction, it.Envelope.MailFrom = message.Out, "hanako@our.example"
		it.Envelope.Rcpts = []string{"victim@else.example", "jiro@our.example", "hanako@our.example"}
	})
	internal := func(f func(*quarantine.Item)) quarantine.Item {
		return edit(func(it *quarantine.Item) {
			it.Direction, it.From, it.Envelope.MailFrom = message.Internal, "", "x@our.example"
			it.Envelope.Rcpts = []string{"hanako@our.example", "jiro@our.example"}
			f(it)
		})
	}
	tests := map[string]struct {
		o    Options
		it   quarantine.Item
		want []string
	}{
		"nobody is set":                         {Options{}, item(), nil},
		"the postmaster alone":                  {Options{Postmaster: boss, Local: local}, item(), []string{Postmaster}},
		"recipients of ours, no strangers":      {all, item(), []string{Postmaster, "hanako@our.example"}},
		"recipients, but nobody is ours":        {Options{Recipients: true}, item(), nil},
		"outgoing mail: the postmaster alone":   {all, out, []string{Postmaster}},
		"unknown direction: postmaster alone":   {all, edit(func(it *quarantine.Item) { it.Direction = "" }), []string{Postmaster}},
		"internal mail: not to the sender":      {all, internal(func(it *quarantine.Item) { it.Envelope.MailFrom = "Hanako@our.example" }), []string{Postmaster, "jiro@our.example"}},
		"internal mail: not to the account":     {all, internal(func(it *quarantine.Item) { it.Envelope.SASLUser = "hanako" }), []string{Postmaster, "jiro@our.example"}},
		"internal mail: not to account@domain":  {all, internal(func(it *quarantine.Item) { it.Envelope.SASLUser = "hanako@our.example" }), []string{Postmaster, "jiro@our.example"}},
		"internal mail: not to the From":        {all, internal(func(it *quarantine.Item) { it.From = "花子 <Hanako@our.example>" }), []string{Postmaster, "jiro@our.example"}},
		"a stranger who claims to be recipient": {all, edit(func(it *quarantine.Item) { it.From = "hanako@our.example" }), []string{Postmaster, "hanako@our.example"}},
		"a recipient named like the postmaster": {all, edit(func(it *quarantine.Item) { it.Envelope.Rcpts = []string{Postmaster} }), []string{Postmaster}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.o.Readers(tt.it)); diff != "" {
				t.Error(diff)
			}
		})
	}
	many := item()
	for i := range 1000 {
		many.Envelope.Rcpts = append(many.Envelope.Rcpts, fmt.Sprintf("u%d@our.example", i))
	}
	if got := all.Readers(many); len(got) != maxReaders {
		t.Errorf("%d readers of a mail to 1000", len(got))
	}
}

func TestOneNoticeForManyMails(t *testing.T) {
	r := newRig(t, Options{Postmaster: boss, Wait: time.Minute, Every: time.Hour})
	first := r.put(item())
	if got := r.round(30 * time.Second); len(got) != 0 {
		t.Fatalf("sent %d before the wait was over", len(got))
	}
	second := r.put(item())
	got := r.round(30 * time.Second)
	if len(got) != 1 || got[0].from != "" || !cmp.Equal(got[0].to, []string{boss}) {
		t.Fatalf("sent %+v", got)
	}
	if _, body := text(t, got[0]); !strings.Contains(body, first) || !strings.Contains(body, second) {
		t.Errorf("a mail is missing:\n%s", body)
	}
	third := r.put(item())
	if got := r.round(59 * time.Minute); len(got) != 0 {
		t.Error("a second notice within the hour")
	}
	got = r.round(time.Minute)
	if len(got) != 1 {
		t.Fatalf("sent %d after the hour", len(got))
	}
	if _, body := text(t, got[0]); !strings.Contains(body, third) || strings.Contains(body, first) {
		t.Errorf("the wrong mails:\n%s", body)
	}
	if got := r.round(2 * time.Hour); len(got) != 0 {
		t.Error("a notice about nothing")
	}
	if r.ok(); r.sent != 2 {
		t.Errorf("Sent was called %d times", r.sent)
	}
}

func TestNoticeOfThePostmaster(t *testing.T) {
	r := newRig(t, Options{Postmaster: boss, Explain: func(rule, lang string) (string, string) { return rule + " in " + lang, "" }})
	id := r.put(item())
	held, err := r.q.NoteHold(t.Context(), item())
	if err != nil {
		t.Fatal(err)
	}
	got := r.round(time.Hour)
	if r.ok(); len(got) != 1 {
		t.Fatalf("sent %d", len(got))
	}
	h, body := text(t, got[0])
	subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil || subject != "[Sekisho] 2 mails held / メール2通を隔離" {
		t.Errorf("subject %q, %v", subject, err)
	}
	for name, want := range map[string]string{
		"Auto-Submitted": "auto-generated", "Precedence": "bulk", "To": "<" + boss + ">", "From": `"Sekisho" <` + boss + ">",
		"Date": "Mon, 23 Nov 2026 10:00:00 +0000", "Content-Type": "text/plain; charset=utf-8",
	} {
		if h.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, h.Get(name), want)
		}
	}
	for _, want := range []string{
		"Sekisho holds 2 new mails", "関所は新たに2通", id, held, "2026-11-23 09:00 +0000", "Taro <taro[@]partner[.]example>",
		"hanako[@]our[.]example, guest[@]else[.]example", "請求書", "macro-autoexec in en", "macro-autoexec in ja",
		finding.VBAAutoexec.Explain("en"), finding.VBAAutoexec.Explain("ja"),
		"sekisho quarantine show " + id, "sekisho quarantine release " + id, "postsuper -H 4ABCDEF",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is missing in:\n%s", want, body)
		}
	}
	if strings.Contains(body, "quarantine release "+held) || strings.Count(body, finding.VBAAutoexec.Explain("en")) != 2 {
		t.Errorf("too much in:\n%s", body)
	}
	for _, line := range strings.Split(got[0].data, "\r\n") {
		if len(line) > 78 || strings.ContainsAny(line, "\r\n") || strings.ContainsFunc(line, func(r rune) bool { return r > 0x7e }) {
			t.Errorf("line %q", line)
		}
	}
}

// Who has the hostile file of an earlier mail is the postmaster's business only.
func TestOnlyThePostmasterHearsWhoHasAnEarlierMail(t *testing.T) {
	r := newRig(t, Options{Postmaster: boss, Recipients: true})
	it := item()
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	it.Earlier = []quarantine.Earlier{
		{QueueID: "4FIRST", Time: at, From: "taro@partner.example", Rcpts: []string{"secret@our.example"}, File: "a.zip"},
		{QueueID: "4SECOND", Time: at, Rcpts: []string{"other@our.example"}, File: "b.zip", Held: true},
	}
	r.put(it)
	for _, s := range r.round(time.Hour) {
		_, body := text(t, s)
		for _, want := range []string{
			"4FIRST 2026-11-23 08:00 taro[@]partner[.]example a[.]zip, delivered / 配送済み: secret[@]our[.]example",
			"4SECOND 2026-11-23 08:00 - b[.]zip, held back / 配送停止: other[@]our[.]example",
		} {
			if strings.Contains(body, want) != (s.to[0] == boss) {
				t.Errorf("to %s:\n%s", s.to[0], body)
			}
		}
	}
	r.ok()
}

func TestNoticeOfARecipientNamesNobodyElse(t *testing.T) {
	r := newRig(t, Options{Postmaster: boss, Recipients: true})
	it := item()
	it.Envelope.Rcpts = []string{"hanako@our.example", "secret@our.example"}
	id := r.put(it)
	other := item()
	other.Envelope.Rcpts = []string{"secret@our.example"}
	foreign := r.put(other)
	by := map[string]sent{}
	for _, s := range r.round(time.Hour) {
		by[s.to[0]] = s
	}
	if r.ok(); len(by) != 3 {
		t.Fatalf("sent to %v", by)
	}
	_, body := text(t, by["hanako@our.example"])
	for _, not := range []string{"secret", foreign, "sekisho quarantine", "macro-autoexec", "postsuper"} {
		if strings.Contains(body, not) {
			t.Errorf("%q in:\n%s", not, body)
		}
	}
	if !strings.Contains(body, id) {
		t.Errorf("%s is missing in:\n%s", id, body)
	}
}

func TestMoreMailsThanLines(t *testing.T) {
	r := newRig(t, Options{Postmaster: boss, Lines: 3})
	for range 10 {
		r.put(item())
	}
	got := r.round(time.Hour)
	if r.ok(); len(got) != 1 {
		t.Fatalf("sent %d", len(got))
	}
	_, body := text(t, got[0])
	if strings.Count(body, "id / ID:") != 3 || !strings.Contains(body, "and 7 more / ほか7通") || !strings.Contains(body, "10 new mails") {
		t.Errorf("got:\n%s", body)
	}
	if got := r.round(time.Hour); len(got) != 0 {
		t.Error("the rest came as a notice of its own")
	}
}

func TestNoticesSurviveARestartAndARelayThatIsAway(t *testing.T) {
	r := newRig(t, Options{Postmaster: boss, Every: time.Second})
	id := r.put(item())
	r.opts.Relay.Addr = "127.0.0.1:1"
	r.round(time.Hour)
	if len(r.failed) != 1 {
		t.Fatalf("failures %v", r.failed)
	}
	r.Notifier = New(r.st, r.q, r.opts)
	r.opts.Relay.Addr = r.relay.addr
	if got := r.round(firstPause - time.Second); len(got) != 0 {
		t.Error("tried again too soon")
	}
	got := r.round(time.Second)
	if len(got) != 1 {
		t.Fatalf("sent %d", len(got))
	}
	if _, body := text(t, got[0]); !strings.Contains(body, id) {
		t.Errorf("got:\n%s", body)
	}
}

func TestPausesGrowToALimit(t *testing.T) {
	last := time.Duration(0)
	for i := range 100 {
		p := pause(i)
		if p < last || p > lastPause || p <= 0 {
			t.Fatalf("pause %v after %v", p, last)
		}
		last = p
	}
	if last != lastPause {
		t.Errorf("the longest pause is %v", last)
	}
}

func TestARelayThatRefuses(t *testing.T) {
	temporary := &smtp.SMTPError{Code: 450, Message: "later"}
	permanent := &smtp.SMTPError{Code: 550, Message: "unknown user"}
	tests := map[string]struct {
		o     Options
		err   error
		again bool
	}{
		"the postmaster, for now":  {Options{Postmaster: boss}, temporary, true},
		"the postmaster, for good": {Options{Postmaster: boss}, permanent, true},
		"a recipient, for now":     {Options{Recipients: true, From: boss}, temporary, true},
		"a recipient, for good":    {Options{Recipients: true, From: boss}, permanent, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, tt.o)
			r.put(item())
			r.relay.answer(tt.err)
			r.round(time.Hour)
			if len(r.failed) != 1 || r.sent != 0 {
				t.Fatalf("failures %v, sent %d", r.failed, r.sent)
			}
			r.relay.answer(nil)
			if got := r.round(time.Hour); (len(got) == 1) != tt.again {
				t.Errorf("sent %d afterwards", len(got))
			}
		})
	}
}

func TestWhatIsNoLongerHeldIsNotTold(t *testing.T) {
	r := newRig(t, Options{Postmaster: boss})
	id := r.put(item())
	if err := r.q.Delete(t.Context(), id, quarantine.By{Who: "a"}); err != nil {
		t.Fatal(err)
	}
	if got := r.round(time.Hour); len(got) != 0 {
		t.Errorf("sent %d", len(got))
	}
	r.ok()
}

func TestSettingsAreLookedAtAgainWhenSending(t *testing.T) {
	r := newRig(t, Options{Postmaster: boss, Recipients: true})
	r.put(item())
	r.opts.Recipients, r.opts.Postmaster = false, ""
	if got := r.round(time.Hour); len(got) != 0 {
		t.Errorf("sent %+v", got)
	}
	r.opts.Recipients, r.opts.Postmaster = true, boss
	if got := r.round(time.Hour); len(got) != 0 {
		t.Errorf("what was dropped came back: %+v", got)
	}
	r.ok()
}

func TestNoNoticeAboutANotice(t *testing.T) {
	r := newRig(t, Options{Postmaster: boss, Every: time.Second})
	r.put(item())
	got := r.round(time.Hour)
	h, _ := text(t, got[0])
	it := item()
	it.MessageID = h.Get("Message-ID")
	r.put(it)
	if got := r.round(time.Hour); len(got) != 0 {
		t.Errorf("sent %d", len(got))
	}
	it.MessageID = "<sekisho.guess@our.example>"
	r.put(it)
	if got := r.round(time.Hour); len(got) != 1 {
		t.Errorf("a stranger's Message-ID silenced the notice")
	}
	r.ok()
}

func TestABrokenStoreIsAFailure(t *testing.T) {
	r := newRig(t, Options{Postmaster: boss})
	r.put(item())
	r.st.Close()
	r.round(time.Hour)
	if len(r.failed) != 1 {
		t.Errorf("failures %v", r.failed)
	}
}

type broken struct{}

func (broken) Get(context.Context, string) (quarantine.Item, error) { panic("broken") }

func TestRunSendsAndEndsAndSurvivesAPanic(t *testing.T) {
	r := newRig(t, Options{Postmaster: boss, Wait: time.Millisecond})
	id := r.put(item())
	r.now = r.now.Add(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.Notifier.Run(ctx) }()
	<-r.relay.came
	cancel()
	<-done
	if _, body := text(t, r.relay.take()[0]); !strings.Contains(body, id) {
		t.Errorf("got:\n%s", body)
	}
	r.ok()

	r.put(item())
	r.now = r.now.Add(time.Hour)
	var heard error
	o := r.opts
	ctx, cancel = context.WithCancel(t.Context())
	o.Failed = func(err error) { heard = err; cancel() }
	New(r.st, broken{}, o).Run(ctx)
	if heard == nil || !strings.Contains(heard.Error(), "panic") {
		t.Errorf("heard %v", heard)
	}
}

func TestShowIsSafe(t *testing.T) {
	for in, want := range map[string]string{
		"":                              "-",
		"請求書　11月分。":                     "請求書　11月分。",
		"http://evil.example/a.doc?b=c": "http[:]//evil[.]example/a[.]doc?b=c",
		"see www.evil.example.":         "see www[.]evil[.]example.",
		"mailto:a@b.example":            "mailto[:]a[@]b[.]example",
		"at 12:30, Re: x":               "at 12:30, Re: x",
		"a\r\nBcc: x@y.z":               `a\u{d}\u{a}Bcc: x[@]y[.]z`,
		"gpj.\u202egnp.exe":             `gpj[.]\u{202e}gnp[.]exe`,
		"\x1b[31mred\u2028\u200b\ufeff": `\u{1b}[31mred\u{2028}\u{200b}\u{feff}`,
		"caf\xe9":                       `caf\u{fffd}`,
		"日本.example":                    "日本[.]example",
		strings.Repeat("あ", maxShown+1): strings.Repeat("あ", maxShown) + "…",
	} {
		if got := show(in); got != want {
			t.Errorf("show(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestHeaderLeavesOutWhatItCannotHold(t *testing.T) {
	for in, want := range map[string]string{
		"a@b.example": "<a@b.example>", "花子@our.example": "undisclosed-recipients:;", "a\r\nX: y@z": "undisclosed-recipients:;",
		"a b@c": "undisclosed-recipients:;", "nobody": "undisclosed-recipients:;",
	} {
		if got := header(in, ""); got != want {
			t.Errorf("header(%q) = %q, want %q", in, got, want)
		}
	}
}

// link is the least that a mail program could take for a part of a link.
var link = regexp.MustCompile(`[\pL\pN][.@][\pL\pN]|\pL:(//|[\pL\pN])`)

func FuzzShow(f *testing.F) {
	f.Add("http://evil.example/\u202e.exe")
	f.Add("a@b..c:d")
	f.Add("://")
	f.Fuzz(func(t *testing.T, s string) {
		got := show(s)
		if strings.Contains(got, "://") || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u202e' }) {
			t.Errorf("show(%q) = %q", s, got)
		}
		for _, d := range link.FindAllString(got, -1) {
			t.Errorf("show(%q) leaves %q clickable", s, d)
		}
	})
}
