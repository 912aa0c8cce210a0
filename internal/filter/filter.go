// Package filter runs one message through the line: bytes in, result out. Live mail, scan, replay, tests and benchmarks all
// come this way; there is no second path.
//
// With a ledger, a message is also judged by what its words open in earlier mail between the same parties, and its own files are opened with
// theirs (memory.go). What is remembered and forgotten is decided here and done by Remember, after the verdict.
//
// # Limits
//
// The message is kept whole whatever happens: in memory up to Options.Walk.Memory, then in a spool file. The walk and the
// inspectors have limits of their own (message.Limits, inspect.Options); reaching one is a finding and makes the result incomplete.
package filter

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/inspect"
	"sekisho/internal/ledger"
	"sekisho/internal/lists"
	"sekisho/internal/message"
	"sekisho/internal/outbound"
	"sekisho/rules"
)

// attachmentsMax bounds the list of attachments of one result: what is beyond it was inspected all the same.
const attachmentsMax = 1000

// Options of a Filter.
type Options struct {
	Pack    *rules.Pack // nil means rules.Default()
	Scanner *inspect.Scanner
	Site    message.Site
	Walk    message.Limits
	Mode    rules.Mode
	Ledger  *ledger.Ledger // recent mail; nil remembers nothing
	Lists   *lists.Lists   // nil for none
	Book    *lists.Book    // entries by hand that allow macros; nil for none

	Conversations Conversations     // nil knows nobody
	Outbound      *outbound.Monitor // nil counts nothing
}

// Filter is immutable and safe for concurrent use; a reload makes a new one.
type Filter struct {
	o      Options
	people map[string][]string // name keys of Options.Site.People -> addresses
}

// New makes a filter.
func New(o Options) *Filter {
	if o.Pack == nil {
		o.Pack = rules.Default()
	}
	o.Walk = o.Walk.WithDefaults() // the message itself is kept by the same limits
	return &Filter{o: o, people: namesOf(o.Site.People)}
}

// Session is what is known of a message only at its end.
type Session struct {
	Envelope message.Envelope
	Released string // quarantine id when a valid release mark was redeemed: the verdict is then accept, rule "released"

	// Waited is the verdict under which a released message waited for its password: it is delivered with it, tagged. nil for one that a person
	// released.
	Waited *rules.Verdict
}

// Begin starts a message. The caller calls Finish or Abort, exactly once.
func (f *Filter) Begin(ctx context.Context) *Run {
	r := &Run{
		ctx: ctx, f: f, begun: time.Now(),
		raw:  message.NewBuffer(f.o.Walk.SpoolDir, f.o.Walk.Memory).Under(f.o.Walk.Budget),
		scan: f.o.Scanner.Begin(),
	}
	r.walk = message.NewWalker(nil, f.o.Walk, r)
	return r
}

// Message runs a whole message. The error is the reader's, the spool's or the context's.
func (f *Filter) Message(ctx context.Context, s Session, r io.Reader) (*Result, error) {
	run := f.Begin(ctx)
	if _, err := io.Copy(run, r); err != nil {
		run.Abort()
		return nil, err
	}
	return run.Finish(s), nil
}

// File runs a file that is no mail through the same scan and rules, as if it had come from outside. The error is the reader's.
func (f *Filter) File(ctx context.Context, name string, r io.ReaderAt, size int64) (*Result, error) {
	begun, sum := time.Now(), sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(r, 0, size)); err != nil {
		return nil, err
	}
	scan := f.o.Scanner.Begin()
	kind, err := scan.File(ctx, nil, name, r, size)
	if err != nil {
		scan.Add(finding.New(finding.ScanIncomplete, nil, "%v", err))
	}
	res := &Result{Kind: kind, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil)), Header: &message.Header{}}
	if res.Locked, err = scan.Finish(ctx); err != nil {
		scan.Add(finding.New(finding.ScanIncomplete, nil, "%v", err))
	}
	f.decide(res, scan.Result(), rules.Facts{Direction: message.In, Bare: true})
	res.Elapsed = time.Since(begun)
	return res, nil
}

// Run is one message on its way. It is not safe for concurrent use.
type Run struct {
	ctx         context.Context
	f           *Filter
	begun       time.Time
	raw         *message.Buffer
	walk        *message.Walker
	scan        *inspect.Scan
	attachments []Attachment
	stopped     bool // the walk failed: bytes are still kept, nothing more is inspected
}

// Write takes raw message bytes: header, empty line, body, in chunks of any size. p is not retained. The error is our own trouble
// (the spool cannot be written); the message itself can only cause findings.
func (r *Run) Write(p []byte) (int, error) {
	if n, err := r.raw.Write(p); err != nil {
		return n, fmt.Errorf("filter: keeping the message: %w", err)
	}
	r.guard(func() error { _, err := r.walk.Write(p); return err })
	return len(p), nil
}

// guard runs a step of the walk. A failure is a finding that makes the message incomplete; the message goes on being kept.
func (r *Run) guard(step func() error) {
	if r.stopped {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			r.stop(finding.ParserError, fmt.Sprintf("the message walk failed: %v", p))
		}
	}()
	if err := step(); err != nil {
		r.stop(finding.ScanIncomplete, err.Error())
	}
}

func (r *Run) stop(k finding.Kind, why string) {
	r.stopped = true
	r.scan.Add(finding.New(k, nil, "%s", why))
}

// Part is message.Handler: it has each part inspected as soon as it is whole.
func (r *Run) Part(p *message.Part) error {
	kind, err := r.scan.Part(r.ctx, p)
	if err != nil {
		r.scan.Add(finding.New(finding.ScanIncomplete, p.Path, "%v", err))
	}
	if p.Attachment && len(r.attachments) < attachmentsMax {
		r.attachments = append(r.attachments, Attachment{
			Path: p.Path.String(), Name: p.Name, Kind: kind, Declared: p.Type,
			SHA256: hex.EncodeToString(p.SHA256[:]), Size: p.Content.Size(),
		})
	}
	return nil
}

// Finding is message.Handler.
func (r *Run) Finding(f finding.Finding) { r.scan.Add(f) }

var _ message.Handler = (*Run)(nil)

// Raw is the message so far. It belongs to the Run, then to the Result.
func (r *Run) Raw() *message.Buffer { return r.raw }

// Header is the top header so far, in order.
func (r *Run) Header() *message.Header { return r.walk.Header() }

// Finish decides. The Result owns the raw message: Close it.
func (r *Run) Finish(s Session) *Result {
	r.guard(r.walk.Close)
	res := &Result{
		Kind: "message", Session: s, Header: r.walk.Header(), Attachments: r.attachments,
		Raw: r.raw, Size: r.raw.Size(),
	}
	direction, client := r.f.o.Site.Direction(&s.Envelope, res.Header)
	res.Client = client
	res.Facts = rules.Facts{
		Envelope: s.Envelope, Direction: direction, Subject: res.Header.Text("Subject"), From: from(res.Header),
	}
	r.open(res)
	said := r.others(res)
	found := r.scan.Result()
	found.Findings = append(found.Findings, said...)
	r.f.decide(res, found, res.Facts)
	if s.Released != "" {
		res.Verdict = rules.Verdict{Action: rules.Accept, Rule: rules.Released, Rules: []string{rules.Released}, Enforced: true,
			Incomplete: res.Verdict.Incomplete}
		if s.Waited != nil {
			res.Verdict = *s.Waited
		}
	}
	res.Elapsed = time.Since(r.begun)
	return res
}

// others is what the message has to do with other messages. A fault of ours there makes it incomplete.
func (r *Run) others(res *Result) (list []finding.Finding) {
	defer func() {
		if p := recover(); p != nil {
			r.scan.Add(finding.New(finding.ParserError, nil, "the conversation: %v", p))
		}
	}()
	res.Conversation = &Conversation{}
	found := r.scan.Result()
	list = r.converse(res, &found)
	found.Findings = append(slices.Clone(found.Findings), list...)
	return append(list, r.sends(res, found)...)
}

// decide adds to facts what was found, and judges.
func (f *Filter) decide(res *Result, found inspect.Result, facts rules.Facts) {
	res.Files = found.Files
	facts.Findings, facts.Incomplete, facts.Locked = found.Findings, found.Incomplete, found.Locked
	f.lists(res, &found, &facts)
	f.judge(res, facts)
}

func (f *Filter) judge(res *Result, facts rules.Facts) {
	facts.Files = nil
	for i := range res.Files {
		facts.Files = append(facts.Files, res.Files[i].Kind)
	}
	res.Verdict = f.verdict(res, &facts).Apply(f.o.Mode)
	res.Facts = facts
}

func from(h *message.Header) string {
	if a := h.Addresses("From"); len(a) > 0 {
		return strings.ToLower(a[0].Addr)
	}
	return ""
}

// Abort drops the message.
func (r *Run) Abort() {
	r.guard(r.walk.Close)
	r.scan.Abandon()
	r.raw.Close()
}
