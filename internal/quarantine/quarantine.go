// Package quarantine keeps messages until they are released, deleted or expired, and releases them.
package quarantine

import (
	"context"
	"errors"
	"io"
	"time"

	"sekisho/internal/message"
	"sekisho/rules"
)

// Errors a caller branches on.
var (
	ErrFull     = errors.New("quarantine: a cap is reached") // total, per source, or least free disk
	ErrNotFound = errors.New("quarantine: no such message")
)

// Item is one held message. It is stored in the index and, whole, in the message's own file.
type Item struct {
	ID          string            `json:"id"`
	Held        time.Time         `json:"held"`
	Expires     time.Time         `json:"expires"`
	State       string            `json:"state"` // held, released, deleted, expired
	Where       string            `json:"where"` // store, or mta: then QueueID in Envelope names it for postsuper -H
	Direction   message.Direction `json:"direction"`
	Source      string            `json:"source"` // what the per-source cap counts by: SASL user, else the true client's network
	Envelope    message.Envelope  `json:"envelope"`
	Verdict     rules.Verdict     `json:"verdict"`
	Subject     string            `json:"subject"` // decoded
	From        string            `json:"from"`    // decoded From field
	MessageID   string            `json:"message_id"`
	Size        int64             `json:"size"`
	SHA256      string            `json:"sha256"`
	Attachments []Attachment      `json:"attachments"`
	Incomplete  bool              `json:"incomplete"`
}

// Attachment is one attachment of a held message.
type Attachment struct {
	Path   string `json:"path"`
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// Quarantine is the store of held messages, safe for concurrent use by several processes.
type Quarantine struct{}

// Put makes the message durable and returns its id. When it returns nil the message is on disk whole, whatever happens next; when it
// returns an error nothing is held and the MTA still has the mail. The buffer's spool file, if it has one, is taken over without a copy.
func (q *Quarantine) Put(ctx context.Context, it Item, raw *message.Buffer) (id string, err error) {
	panic("skeleton")
}

// NoteHold records a message that the MTA holds in its own queue.
func (q *Quarantine) NoteHold(ctx context.Context, it Item) (id string, err error) { panic("skeleton") }

// MarkResult says what became of a release mark: ok, forged, replayed, expired, content, recipient, client.
type MarkResult string

// Redeem checks the mark of a mail that claims to be released and uses it up. Only "ok" lets the mail pass unjudged.
func (q *Quarantine) Redeem(ctx context.Context, mark string, env message.Envelope, raw *message.Buffer) (id string, res MarkResult, err error) {
	panic("skeleton")
}

// Raw opens the exact bytes of a held message.
func (q *Quarantine) Raw(ctx context.Context, id string) (io.ReadCloser, error) { panic("skeleton") }
