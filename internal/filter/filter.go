// Package filter runs one message through the line: bytes in, result out. Live mail, scan, replay, tests and benchmarks all
// come this way; there is no second path.
package filter

import (
	"context"
	"io"
	"time"

	"sekisho/internal/inspect"
	"sekisho/internal/message"
	"sekisho/rules"
)

// Filter is immutable and safe for concurrent use; a reload makes a new one.
type Filter struct{}

// Session is what is known of a message only at its end.
type Session struct {
	Envelope message.Envelope
	Released string // quarantine id when a valid release mark was redeemed: the verdict is then accept, rule "released"
}

// Begin starts a message. The caller calls Finish or Abort, exactly once.
func (f *Filter) Begin(ctx context.Context) *Run { panic("skeleton") }

// Message runs a whole message.
func (f *Filter) Message(ctx context.Context, s Session, r io.Reader) (*Result, error) {
	panic("skeleton")
}

// Run is one message on its way. It is not safe for concurrent use.
type Run struct{}

// Write takes raw message bytes: header, empty line, body, in chunks of any size. p is not retained. The error is our own trouble
// (the spool cannot be written); the message itself can only cause findings.
func (r *Run) Write(p []byte) (int, error) { panic("skeleton") }

// Raw is the message so far. It belongs to the Run, then to the Result.
func (r *Run) Raw() *message.Buffer { panic("skeleton") }

// Header is the top header so far, in order.
func (r *Run) Header() *message.Header { panic("skeleton") }

// Finish decides. The Result owns the raw message: Close it.
func (r *Run) Finish(s Session) *Result { panic("skeleton") }

// Abort drops the message.
func (r *Run) Abort() { panic("skeleton") }

// Attachment is one of the message's own files, as DESIGN's attachments[].
type Attachment struct {
	Path     string `json:"path"`
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Declared string `json:"declared"`
	SHA256   string `json:"sha256"`
	Size     int64  `json:"size"`
}

// Result is what is known of a message at its end.
type Result struct {
	Session     Session
	Facts       rules.Facts
	Verdict     rules.Verdict
	Header      *message.Header
	Attachments []Attachment
	Files       []inspect.FileReport
	Raw         *message.Buffer
	Size        int64
	SHA256      string // of the raw message, lower-case hex
	Elapsed     time.Duration
}

// Close frees the raw message unless its spool file was detached.
func (r *Result) Close() error { panic("skeleton") }
