package milter

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sekisho/internal/audit"
	"sekisho/internal/filter"
	"sekisho/internal/message"
	"sekisho/internal/metrics"
	"sekisho/internal/quarantine"
	"sekisho/internal/trace"
	"sekisho/rules"
)

// Run is one message on its way through the filter: filter.Run.
type Run interface {
	Write(p []byte) (int, error)
	Raw() *message.Buffer
	Finish(s filter.Session) *filter.Result
	Abort()
}

// Filter starts runs, and remembers what became of them. Line makes one of a *filter.Filter.
type Filter interface {
	Begin(ctx context.Context) Run
	Remember(ctx context.Context, res *filter.Result, delivered bool, waits string) (filter.Remembered, error)
	Waited(ctx context.Context, res *filter.Result) ([]string, error)
}

// Line is a *filter.Filter as this package's Filter.
func Line(f *filter.Filter) Filter { return line{f} }

type line struct{ f *filter.Filter }

func (l line) Begin(ctx context.Context) Run { return l.f.Begin(ctx) }

func (l line) Remember(ctx context.Context, res *filter.Result, delivered bool, waits string) (filter.Remembered, error) {
	return l.f.Remember(ctx, res, delivered, waits)
}

func (l line) Waited(ctx context.Context, res *filter.Result) ([]string, error) {
	return l.f.Waited(ctx, res)
}

// Holder keeps messages: quarantine.Quarantine.
type Holder interface {
	Put(ctx context.Context, it quarantine.Item, raw *message.Buffer) (id string, err error)
	NoteHold(ctx context.Context, it quarantine.Item) (id string, err error)
	Redeem(ctx context.Context, mark string, env message.Envelope, raw *message.Buffer) (id string, res quarantine.MarkResult, err error)
	Get(ctx context.Context, id string) (quarantine.Item, error)
	// Keep and LetGo end the waiting of a message whose password came.
	Keep(ctx context.Context, id string, v rules.Verdict, by quarantine.By) (held bool, err error)
	LetGo(ctx context.Context, id string) error
}

// Auditor takes one record a message, and alerts: audit.Log.
type Auditor interface {
	Write(r audit.Record) error
	Alert(a audit.Alert) error
}

// Tracer takes one record a message and never waits: trace.Trace.
type Tracer interface{ Add(r trace.Record) }

var (
	_ Tracer  = (*trace.Trace)(nil)
	_ Run     = (*filter.Run)(nil)
	_ Holder  = (*quarantine.Quarantine)(nil)
	_ Auditor = (*audit.Log)(nil)
)

// OnFailure is the answer to a message that we ourselves failed to process.
type OnFailure uint8

// The answers.
const (
	FailTemp   OnFailure = iota // 451: the MTA or its client tries again
	FailAccept                  // the message passes unjudged
	FailReject                  // 550: for submission, where a mail program shows it to its user
)

// Policy is how messages are judged and what is done with them. It is not changed once a Server has it: a reload makes a new one, and a
// message keeps the one it began with.
type Policy struct {
	Filter Filter
	Mode   rules.Mode

	Site message.Site // for messages without a result; the Filter has its own

	OnFailure           OnFailure // not in mode monitor, which accepts
	OnFailureSubmission OnFailure // the same for mail from our users' mail programs: authenticated, or on a submission listener

	// MTAHold puts held mail into the MTA's hold queue, where the MTA offers one, in place of our own store.
	MTAHold bool
	// Wait is how long mail from outside with a locked file waits in our store for its password, in mode enforce; 0 delivers it at once.
	Wait time.Duration
	// TaggedOnly leaves accepted mail without X-Sekisho-* fields.
	TaggedOnly bool
	// SubjectTag is put before the subject of tagged mail, "" for never. It breaks DKIM signatures; mail that is signed or
	// encrypted as a whole is left alone.
	SubjectTag string
	// ReleaseClients may bring back released mail.
	ReleaseClients []netip.Prefix
}

// Options of a Server. The zero value of a field is its default.
type Options struct {
	Holder  Holder // required for any policy that holds mail
	Audit   Auditor
	Trace   Tracer
	Metrics *metrics.Metrics
	Log     *slog.Logger

	// Sessions is how many connections are served at once, 400 by default: four times Postfix's default_process_limit of
	// 100 smtpd processes, each of which keeps one connection.
	Sessions int
	// Refusals is how many connections beyond that are told "try again later" at once, 100 by default; others are closed.
	Refusals int

	// NegotiateTimeout is how long a new connection may be silent, 30 s by default: an MTA negotiates at once.
	NegotiateTimeout time.Duration
	// IdleTimeout is how long an MTA may be silent between commands, 7210 s by default, as libmilter's: the MTA is silent while
	// its client is. That is up to 300 s a command with Postfix (smtpd_timeout) and 1 h with Sendmail (Timeout.command), and a slow
	// client's whole DATA, which reaches us only after its final dot.
	IdleTimeout time.Duration
	// BurstTimeout is how long the MTA may be silent inside a message's content, and how long one frame may take: 5 min by
	// default. The MTA sends content from its own disk.
	BurstTimeout time.Duration
	// WriteTimeout is how long the MTA may take to read a reply, 1 min by default.
	WriteTimeout time.Duration
	// MessageTimeout is how long one message may be worked on, 3 min by default: Postfix gives up at 300 s
	// (milter_content_timeout), Sendmail at 5 min (T=E:5m), and storing may add HoldTimeout.
	MessageTimeout time.Duration
	// HoldTimeout is how long storing one message may take, 30 s by default.
	HoldTimeout time.Duration

	// Peers may connect over TCP, loopback by default. Unix sockets have file modes.
	Peers []netip.Prefix

	// Step is called at each named step of dispose (see Steps). For tests that kill the process there.
	Step func(name string)
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Metrics == nil {
		o.Metrics = metrics.New(prometheus.NewRegistry(), "")
	}
	if o.Audit == nil {
		o.Audit = noAudit{}
	}
	if o.Trace == nil {
		o.Trace = noTrace{}
	}
	if o.Step == nil {
		o.Step = func(string) {}
	}
	if o.Peers == nil {
		o.Peers = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	number(&o.Sessions, 400)
	number(&o.Refusals, 100)
	number(&o.NegotiateTimeout, 30*time.Second)
	number(&o.IdleTimeout, 7210*time.Second)
	number(&o.BurstTimeout, 5*time.Minute)
	number(&o.WriteTimeout, time.Minute)
	number(&o.MessageTimeout, 3*time.Minute)
	number(&o.HoldTimeout, 30*time.Second)
	return o
}

func number[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

type noTrace struct{}

func (noTrace) Add(trace.Record) {}

type noAudit struct{}

func (noAudit) Write(audit.Record) error { return nil }
func (noAudit) Alert(audit.Alert) error  { return nil }
