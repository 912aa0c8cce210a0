// Package ledger is what the gateway remembers: of recent mail between the same parties, locked files that wait for their password, and
// passwords that were said (Ledger); and over years, conversations and correspondents (Conversations).
//
// # Locked files
//
// In Japan a locked archive and its password come in two mails (PPAP); only together do they show what they are.
// The encrypted bytes lie in the folder locked/ of the state folder, one file each; the database says whose they are. What is lost in a
// crash is a chance to look inside, never mail: a file without its row is removed by Sweep when the daemon starts.
//
// Two mails are between the same parties when they have a recipient in common and the same sender: the same organisational domain (the
// public suffix list's registrable domain) in the From field or the reverse-path, or the same address where the domain is a provider's.
//
// # Conversations
//
// Emotet answers in stolen conversations, so that a mail cites one of ours proves nothing; that its writer was part of the conversation does. Of each
// mail of ours its id (RFC 5322 3.6.4), its subject and its parties are kept, of each mail from outside its id and who wrote it, of each address when it was
// first and last seen, how often we wrote to it, and how often its mail proved its origin. Ids, subjects and names are kept as 64-bit keyed hashes,
// addresses too where ConversationOptions.Key is set.
//
// Who wants to become known must be written to by one of ours. An address is a correspondent by a mail that begins a conversation, or by an answer to
// a mail of its own: of an answer to all the others are copied at most, which makes them neither known nor foreign. Automatic mail and mail to more than maxParties teach
// only that they were sent. Mail from outside counts for nobody but its writer, unless that is a party of a conversation of ours: then whom he
// writes to are parties of his mail, and those he was copied with are copied. Mail that failed authentication, or stands under an address of
// ours, teaches nothing; unproven mail under a partner's address counts beside his, and neither takes his proofs away nor names him. An id of ours that is not
// remembered is called forged only at Message-ID domains of which correspondents are seen to cite what is remembered, no one of them
// counting for more than a part: others cannot say of a domain that it is covered, and what other services send in our name keeps theirs from being so.
//
// # Limits
//
// Conversations are kept for ConversationOptions.Keep, correspondents for KeepPartners since their last mail. Rows have an upper size (parties and names are counted,
// texts hashed) and their numbers caps. Ours, correspondents and conversations stand under other caps than strangers, of whom one
// network has its Share at most: whoever writes from outside pushes out strangers only. At a cap the oldest go. A question names and answers
// a bounded number of everything, takes four statements at most, and ends with ConversationOptions.Timeout; at most maxAsking wait. What is to be learned waits
// in a queue of maxQueue mails and queueBytes and is dropped, and counted, beyond it. Mail of ours is
// committed before its reply, what came is written after it, for ConversationOptions.Gather with what else comes: of that a killed process loses a tenth of a
// second, and no mail. A question about mail of ours, or of a party, that still waits waits for
// it. Answers of the last second are kept (recentMost of them) and changed as this process learns: they save questions, and no answer depends on them, but that
// what another process imports or forgets is known a second later. Two mails of the 20 million of the default cap have the same hash with a probability of one in 100,000; one
// of them is then not remembered. A guess from outside meets a remembered id with one in 10¹², and without the key nobody can look for one.
// Who reads the state folder can test whether an address, a subject or an id is in it, unless the key lies elsewhere.
//
// Of locked files:
// What is remembered ends after Options.Keep. The total is capped by Options.MaxBytes, and the part of one client network, and of one
// sender's domain, by Options.Share. Each mail counts as what it takes at least, so that the bytes bound the number too. Where a cap is
// reached, the oldest of the largest user goes, not that of one who has less than the newcomer: so who sends much pushes out
// his own, and a forged sender counts by the network he comes from. Where all have the same little, what is an hour old goes, and while nothing is, the
// newcomer is not remembered. Against many networks at once no cap helps one who has more than each of them.
// Who writes under another's address to guess passwords learns nothing: the answer to his mail is the same whether one opened something.
// The passwords are kept in clear, because they must be tried; they are as short-lived as the rest. A mail has at most maxRcpts recipients,
// maxFiles locked files and maxWords passwords that are remembered; between two parties the newest MaxWaiting files and the passwords of the newest maxAnswer mails are found again.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync/atomic"
	"time"

	"sekisho/internal/store"
)

// ErrFull means that there is no room that the newcomer may take: its own part is used up by itself, or everybody has less than it wants.
var ErrFull = errors.New("ledger: a cap is reached")

// Folder is where the encrypted bytes lie in the state folder.
const Folder = "locked"

const (
	maxRcpts  = 1000 // Postfix's smtpd_recipient_limit
	maxFiles  = 100  // as many as one message's scan keeps
	maxWords  = 50   // a mail that gives more passwords is a list of words
	maxWord   = 256  // bytes: the longest password that Office takes has 255 characters
	maxAnswer = 100  // mails between two parties in a day that give passwords
)

// MaxWaiting is the most files that Waiting gives: more than two parties exchange in a day without their passwords, and as many as can be tried
// in a second.
const MaxWaiting = 300

// Options are the ledger's settings. The zero value of a field is its default.
type Options struct {
	Keep     time.Duration // 24 hours
	MaxBytes int64         // everything together; 1 GiB
	Share    float64       // the part of it that one network, or one sender's domain, may take; 0.1
	MinFree  int64         // bytes that stay free on the disk; 0 for none
	Timeout  time.Duration // for one question or order: mail waits for it; 2 seconds

	// Evicted hears how many mails were forgotten before their time to make room. It is called with the database locked.
	Evicted func(mails int)
}

func (o Options) withDefaults() Options {
	if o.Keep <= 0 {
		o.Keep = 24 * time.Hour
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 1 << 30
	}
	if o.Share <= 0 {
		o.Share = 0.1
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Second
	}
	if o.Evicted == nil {
		o.Evicted = func(int) {}
	}
	return o
}

// Ledger is the memory of a state folder, safe for concurrent use.
type Ledger struct {
	st         *store.Store
	opts       Options
	generation atomic.Int64
	senders    senders
}

// Generation counts what this process has remembered: while it stays the same there is nothing new to ask for.
func (l *Ledger) Generation() int64 { return l.generation.Load() }

// Open opens the ledger of a state folder. The store stays the caller's to close.
func Open(st *store.Store, o Options) (*Ledger, error) {
	if err := st.Mkdir(Folder); err != nil {
		return nil, fmt.Errorf("ledger: open: %w", err)
	}
	l := &Ledger{st: st, opts: o.withDefaults(), senders: senders{seed: maphash.MakeSeed()}}
	return l, l.readSenders(context.Background())
}

// Mail is what is remembered of a mail.
type Mail struct {
	QueueID    string    `json:"queue_id"`
	SHA256     string    `json:"sha256"`
	Time       time.Time `json:"ts"`
	From       string    `json:"from"` // address of the From field
	MailFrom   string    `json:"mail_from"`
	Rcpts      []string  `json:"rcpt_to"`
	Subject    string    `json:"subject"`
	Source     string    `json:"source"`                  // the network it came from, as the caps count
	Quarantine string    `json:"quarantine_id,omitempty"` // where it waits for its password
}

// Ref names the mail to a person: the MTA's queue id, else the beginning of its digest.
func (m Mail) Ref() string {
	const digest = 16 // hex digits: enough for one log
	if m.QueueID != "" {
		return m.QueueID
	}
	return m.SHA256[:min(len(m.SHA256), digest)]
}

// File is a locked file that is remembered.
type File struct {
	ID     string // of the file in the folder
	Mail   Mail
	Path   []string // within its mail
	Name   string
	Size   int64
	memory int64
}

// within bounds one call.
func (l *Ledger) within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, l.opts.Timeout)
}

// Stats is what the metrics show.
type Stats struct {
	Files      int64 // locked files remembered
	Bytes      int64 // as the caps count
	LimitBytes int64
}

// Stats reads the figures of the whole ledger.
func (l *Ledger) Stats(ctx context.Context) (Stats, error) {
	s := Stats{LimitBytes: l.opts.MaxBytes}
	err := l.st.Index.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM memory_files),
		coalesce((SELECT space FROM memory_usage WHERE kind = 'total'), 0)`).Scan(&s.Files, &s.Bytes)
	if err != nil {
		err = fmt.Errorf("ledger: stats: %w", err)
	}
	return s, err
}
