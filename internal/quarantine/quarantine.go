// Package quarantine keeps messages until they are released, deleted or expired, and releases them.
//
// A held message is one file, quarantine/ab/ID.mail: its raw bytes, a JSON trailer that carries the Item, and a footer (file.go). The
// file is the truth while it exists, the database row its index: Put answers only when the file is durable, and Reconcile or Verify
// rebuild a lost row from it. After the file is gone the row stays for a while as a tombstone with every act recorded.
//
// Put waits for three things: a reservation in the index, committed with those of others but not synced; the file, synced; its name in the folder, synced. The
// row follows within deskWait, with the next transaction: of a process that is killed in between the reservation is left and the file, from which whoever lists
// or finds messages, and Reconcile, makes the row. A process that asks its own quarantine sees what it has put.
//
// When the index cannot be written after the file is durable, the mail is held: Put has returned the id, Options.Unindexed hears of it,
// and the row is written by the next Expire or Reconcile. A database that cannot be written at all is noticed before that, because Put
// begins with a reservation there: then nothing is held, and the MTA keeps the mail.
//
// A released message goes out by SMTP (RFC 5321) with its exact bytes and envelope behind a mark, the field X-Sekisho-Release, that
// lets it pass the filter once (mark.go, redeem.go). Release and Redeem together may deliver a message twice after a crash, never lose it.
//
// A message may wait (Item.Waits): it is held like any other and delivered by itself when its time comes, unless Keep makes it an ordinary
// held one before (wait.go).
//
// # Limits
//
// Bytes, messages, the share of one source and the least free disk space are capped (Options); what would pass a cap is refused with
// ErrFull, and nothing but retention ever removes what is held. SMTP cannot carry a line feed without a carriage return (RFC 5321
// 2.3.8): a message that holds one is refused by Release with ErrUnsendable and can be exported. Where the relay does not offer
// 8BITMIME or SMTPUTF8 the bytes are sent as they came, since changing them would break signatures; where it does not offer DSN,
// NOTIFY=NEVER cannot be asked for and a later bounce would go to the reverse-path. A header above maxHeader bytes cannot be redeemed.
package quarantine

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"sekisho/internal/message"
	"sekisho/internal/store"
	"sekisho/rules"
)

// Errors a caller branches on.
var (
	ErrFull       = errors.New("quarantine: a cap is reached") // total, per source, or least free disk
	ErrNotFound   = errors.New("quarantine: no such message")
	ErrAmbiguous  = errors.New("quarantine: more than one message has an id that begins like this")
	ErrState      = errors.New("quarantine: the message is not held any more")
	ErrReleased   = errors.New("quarantine: already released, or a release is under way")
	ErrPerhaps    = errors.New("quarantine: an earlier release had an unknown end: the mail may have been delivered")
	ErrInMTA      = errors.New("quarantine: the message lies in the MTA's own hold queue")
	ErrDamaged    = errors.New("quarantine: damaged file")
	ErrUnsendable = errors.New("quarantine: SMTP cannot carry the message unchanged")
)

// Refused is an ErrFull with the cap that was reached.
type Refused struct {
	Cause string // full, sender, disk
	Err   error  // the file system's error, where that was the cause
}

// Error says which cap.
func (r *Refused) Error() string {
	if r.Err != nil {
		return fmt.Sprintf("%v (%s): %v", ErrFull, r.Cause, r.Err)
	}
	return fmt.Sprintf("%v (%s)", ErrFull, r.Cause)
}

// Is makes it an ErrFull.
func (r *Refused) Is(target error) bool { return target == ErrFull }

// Unwrap gives the file system's error.
func (r *Refused) Unwrap() error { return r.Err }

// Causes are the words of Cause, the label of the metric of refused mails.
func Causes() []string { return []string{"full", "sender", "disk", "store"} }

// Cause names why Put or NoteHold refused: one of Causes.
func Cause(err error) string {
	var r *Refused
	if errors.As(err, &r) {
		return r.Cause
	}
	return "store"
}

// refuse turns a full disk into a Refused.
func refuse(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &Refused{Cause: "disk", Err: err}
	}
	return err
}

// The states of an Item.
const (
	StateHeld     = "held"
	StateReleased = "released" // to every recipient; the file is kept for Options.KeepReleased
	StateDeleted  = "deleted"
	StateExpired  = "expired"
	StateLost     = "lost" // the file went away without an act of ours; found by Verify

	statePutting = "putting" // a reservation; never seen outside
)

// The places an Item can be in.
const (
	InStore = "store"
	InMTA   = "mta"
)

// Item is one held message. It is stored in the index and, whole, in the message's own file.
type Item struct {
	ID          string            `json:"id"`
	Held        time.Time         `json:"held"`
	Expires     time.Time         `json:"expires"`
	Waits       time.Time         `json:"waits,omitzero"`     // until when it waits for its password; zero for what waits for a person
	State       string            `json:"state"`              // held, released, deleted, expired, lost
	Released    []string          `json:"released,omitempty"` // the recipients it was released to
	Where       string            `json:"where"`              // store, or mta: then QueueID in Envelope names it for postsuper -H
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
	Earlier     []Earlier         `json:"earlier,omitempty"` // mails before it whose locked files it opened, and that are hostile
}

// Earlier is a mail before a held one: whom to warn.
type Earlier struct {
	QueueID string    `json:"queue_id"`
	Time    time.Time `json:"ts"`
	From    string    `json:"from"`
	Rcpts   []string  `json:"rcpt_to"`
	File    string    `json:"file"`
	Held    bool      `json:"held"` // it still waited, and so is stopped too
}

// Attachment is one attachment of a held message.
type Attachment struct {
	Path   string `json:"path"`
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
}

// Options are the quarantine's settings. The zero value of a field is its default; a negative number takes a cap away.
type Options struct {
	MaxBytes     int64         // all files together; 10 GiB
	MaxMessages  int64         // all messages together; 100,000
	SourceShare  float64       // the part of both caps one source may take; 0.2
	MinFree      int64         // bytes that stay free on the disk; 1 GiB
	Retain       time.Duration // how long a message is held; 30 days
	KeepReleased time.Duration // how long a released message can be released again; 7 days
	Tombstone    time.Duration // how long the record of a gone message stays; 90 days
	MarkLife     time.Duration // how long a release mark is good for; 1 hour
	Relay        Relay         // where releases go

	// Notice names the readers to be told of a newly held message; the rows wait in the database for package notify. nil means nobody.
	Notice func(Item) []string
	// Unindexed hears of a message that is held but whose row could not be written yet. It asks the quarantine nothing.
	Unindexed func(id string, err error)
	// Now is the clock; time.Now.
	Now func() time.Time
	// Step is a hook for tests that kill the process: it is called after each step of Put and Release by its name (Steps, ReleaseSteps), and asks the
	// quarantine nothing. nil in production.
	Step func(name string)
}

// Steps are the names that Options.Step is called with, in order.
func Steps() []string {
	return []string{"reserved", "spooled", "trailer", "fsync", "renamed", "dirsync", "indexed"}
}

// ReleaseSteps are those of Release, for each transaction.
func ReleaseSteps() []string { return []string{"claimed", "sent", "settled"} }

func (o Options) withDefaults() Options {
	orInt := func(p *int64, d int64) {
		if *p == 0 {
			*p = d
		}
	}
	orTime := func(p *time.Duration, d time.Duration) {
		if *p == 0 {
			*p = d
		}
	}
	const day = 24 * time.Hour
	orInt(&o.MaxBytes, 10<<30)
	orInt(&o.MaxMessages, 100_000)
	orInt(&o.MinFree, 1<<30)
	orTime(&o.Retain, 30*day)
	orTime(&o.KeepReleased, 7*day)
	orTime(&o.Tombstone, 90*day)
	orTime(&o.MarkLife, time.Hour)
	if o.SourceShare == 0 {
		o.SourceShare = 0.2
	}
	if o.Notice == nil {
		o.Notice = func(Item) []string { return nil }
	}
	if o.Unindexed == nil {
		o.Unindexed = func(string, error) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Step == nil {
		o.Step = func(string) {}
	}
	o.Relay = o.Relay.withDefaults()
	return o
}

// Folders of the state folder.
const (
	Folder      = "quarantine"
	SpoolFolder = "spool"
)

// Quarantine is the store of held messages, safe for concurrent use by several processes.
type Quarantine struct {
	st   *store.Store
	opts Options
	key  []byte
	desk desk

	mu        sync.Mutex
	unindexed map[string]held // held, but without a row yet
}

// held is what a row is made of.
type held struct {
	it    Item
	json  []byte            // it
	sum   [sha256.Size]byte // of the content
	space int64             // bytes of the file
}

// Open opens the quarantine of a state folder. The store stays the caller's to close.
func Open(ctx context.Context, st *store.Store, o Options) (*Quarantine, error) {
	for _, name := range []string{Folder, SpoolFolder} {
		if err := st.Mkdir(name); err != nil {
			return nil, fmt.Errorf("quarantine: open: %w", err)
		}
	}
	key, err := st.Secret()
	if err != nil {
		return nil, fmt.Errorf("quarantine: open: %w", err)
	}
	return &Quarantine{
		st: st, opts: o.withDefaults(), key: key, unindexed: map[string]held{},
		desk: desk{db: st.Index, statements: statements{all: map[string]*sql.Stmt{}}},
	}, nil
}

// now is the clock in UTC, to the millisecond that the index keeps.
func (q *Quarantine) now() time.Time { return q.opts.Now().UTC().Truncate(time.Millisecond) }
