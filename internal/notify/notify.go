// Package notify tells people about held mail: one plain-text mail for many held ones, in Japanese and English.
//
// The readers of a held mail are named when it is held (Options.Readers) and wait in the database, in the row's own transaction, so that
// a restart or a crash loses no notice. The postmaster hears of everything. Recipients hear, by setting, of mails to themselves, if their
// address is one of ours. The outside sender never hears anything, and of outgoing mail only the postmaster does: the account that
// seems to send malware may be in other hands.
//
// A notice has the null reverse-path (RFC 5321 4.5.5) and Auto-Submitted: auto-generated (RFC 3834 5), so that nothing answers it; a
// notice that is itself held, which the quarantine knows by its Message-ID, causes none.
//
// # Limits
//
// A notice lists Options.Lines mails and counts the rest; a reader gets one notice each Options.Every, the first after Options.Wait. What
// a stranger wrote is shown with every control and formatting character escaped, cut to maxShown characters, and with its links made
// unclickable (defang). A notice that cannot be sent is tried again, at growing intervals, for as long as its mails are held.
package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sekisho/internal/message"
	"sekisho/internal/quarantine"
	"sekisho/internal/store"
)

// Postmaster stands for the postmaster among the readers; every other reader is an address, and has an @.
const Postmaster = "postmaster"

// Options are the settings. The zero value of a field is its default.
type Options struct {
	Postmaster string                 // address; "" means that the postmaster gets no notices
	From       string                 // address of the From field; Postmaster
	Recipients bool                   // recipients get notices too
	Local      func(addr string) bool // whether an address is ours; nobody's is
	Wait       time.Duration          // between the first held mail and its notice, so that a wave is one notice; 1 minute
	Every      time.Duration          // between two notices to one reader; 15 minutes
	Lines      int                    // mails listed in one notice; 50
	Relay      quarantine.Relay       // where notices go
	Location   *time.Location         // of the times shown; time.Local

	// Explain gives a rule's meaning in a language, "en" or "ja".
	Explain func(rule, lang string) (title, advice string)
	// Sent and Failed hear of each notice and of each round that broke.
	Sent   func()
	Failed func(error)
	// Now is the clock; time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.From == "" {
		o.From = o.Postmaster
	}
	if o.Local == nil {
		o.Local = func(string) bool { return false }
	}
	if o.Wait == 0 {
		o.Wait = time.Minute
	}
	if o.Every == 0 {
		o.Every = 15 * time.Minute
	}
	if o.Lines == 0 {
		o.Lines = 50
	}
	if o.Location == nil {
		o.Location = time.Local
	}
	if o.Relay.Timeout == 0 {
		o.Relay.Timeout = time.Minute // a reader's notice does not keep the others waiting for long
	}
	if o.Explain == nil {
		o.Explain = func(string, string) (string, string) { return "", "" }
	}
	if o.Sent == nil {
		o.Sent = func() {}
	}
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// maxReaders bounds the recipients of one mail that get a notice each: a mail to more is an announcement, and the postmaster's to judge.
const maxReaders = 100

// Readers names who is to be told of a held mail. It is quarantine.Options.Notice.
func (o Options) Readers(it quarantine.Item) []string {
	o = o.withDefaults()
	var readers []string
	if o.Postmaster != "" {
		readers = append(readers, Postmaster)
	}
	for _, r := range it.Envelope.Rcpts {
		if len(readers) >= maxReaders {
			break
		}
		if o.mayRead(it, r) {
			readers = append(readers, r)
		}
	}
	return readers
}

// mayRead reports whether a recipient may be told of a mail.
func (o Options) mayRead(it quarantine.Item, rcpt string) bool {
	switch {
	case !o.Recipients || !strings.Contains(rcpt, "@") || !o.Local(rcpt):
		return false
	case it.Direction == message.In:
		return true // a sender who claims the recipient's own address is still outside
	case it.Direction == message.Internal:
		return !suspect(it, rcpt)
	default:
		return false
	}
}

// suspect reports whether an address is the account that an internal mail seems to come from.
func suspect(it quarantine.Item, rcpt string) bool {
	local, _, _ := strings.Cut(rcpt, "@")
	user := it.Envelope.SASLUser
	return strings.EqualFold(rcpt, it.Envelope.MailFrom) || strings.EqualFold(rcpt, user) || strings.EqualFold(local, user) ||
		strings.Contains(strings.ToLower(it.From), strings.ToLower(rcpt))
}

// Notifier sends notices. Run it in one process only.
type Notifier struct {
	st   *store.Store
	q    Items
	opts Options
}

// Items gives held messages: quarantine.Quarantine.
type Items interface {
	Get(ctx context.Context, id string) (quarantine.Item, error)
}

var _ Items = (*quarantine.Quarantine)(nil)

// New makes a Notifier on the store in which the quarantine enters the readers.
func New(st *store.Store, q Items, o Options) *Notifier {
	return &Notifier{st: st, q: q, opts: o.withDefaults()}
}

// maxTick is the longest pause between two looks at what is due: a notice is at most this much late.
const maxTick = 10 * time.Second

// Run sends what is due until ctx ends. The caller starts it in a goroutine of its own and waits for it to return.
func (n *Notifier) Run(ctx context.Context) {
	tick := time.NewTicker(max(min(n.opts.Wait, maxTick), 10*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			n.safeRound(ctx)
		}
	}
}

// safeRound keeps a fault of ours from ending the daemon: notices are not worth the mail.
func (n *Notifier) safeRound(ctx context.Context) {
	defer func() {
		if p := recover(); p != nil {
			n.opts.Failed(fmt.Errorf("notify: panic: %v", p))
		}
	}()
	if err := n.Round(ctx); err != nil && ctx.Err() == nil {
		n.opts.Failed(err)
	}
}

// Round sends every notice that is due now.
func (n *Notifier) Round(ctx context.Context) error {
	readers, err := n.due(ctx)
	for _, r := range readers {
		if err == nil {
			err = n.tell(ctx, r)
		}
	}
	if err == nil {
		err = n.tidy(ctx)
	}
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// tell sends one reader's notice, or drops what he is not to have after all.
func (n *Notifier) tell(ctx context.Context, r reader) error {
	items, err := n.items(ctx, r)
	if err != nil {
		return err
	}
	to := r.name
	if to == Postmaster {
		to = n.opts.Postmaster
	}
	if to == "" || len(items) == 0 {
		return n.done(ctx, r, false)
	}
	id := messageID(n.opts.From)
	if err := n.remember(ctx, id); err != nil { // before it is sent, so that it is known when it comes back to be held
		return err
	}
	out := n.opts.Relay.Send(ctx, "", []string{to}, n.compose(letter{to: to, id: id, reader: r, items: items}))
	switch o := out[0]; {
	case o.Result == quarantine.Sent:
		n.opts.Sent()
		return n.done(ctx, r, true)
	case ctx.Err() != nil: // we are told to stop; nothing is wrong with the relay
		return nil
	case o.Result == quarantine.Denied && o.Code/100 == 5 && r.name != Postmaster:
		n.opts.Failed(fmt.Errorf("notify: a recipient's notice was refused for good: %s", o.Text()))
		return n.done(ctx, r, true)
	case o.Result == quarantine.Denied:
		n.opts.Failed(fmt.Errorf("notify: %s", o.Text()))
		return n.later(ctx, r)
	default: // the relay is away: the others need not be tried in this round
		return errors.Join(fmt.Errorf("relay: %s", o.Text()), n.later(ctx, r))
	}
}

// items gives the newest mails of a notice, as many as it lists, without those the reader may not read about (the settings may have
// changed since they were held).
func (n *Notifier) items(ctx context.Context, r reader) ([]quarantine.Item, error) {
	ids, err := n.pending(ctx, r)
	if err != nil {
		return nil, err
	}
	var items []quarantine.Item
	for _, id := range ids {
		it, err := n.q.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		if it.State == quarantine.StateHeld && (r.name == Postmaster || n.opts.mayRead(it, r.name)) {
			items = append(items, it)
		}
	}
	return items, nil
}
