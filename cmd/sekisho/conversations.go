package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"sync/atomic"
	"time"

	"sekisho/internal/config"
	"sekisho/internal/ledger"
	"sekisho/internal/message"
	"sekisho/internal/metrics"
	whois "sekisho/internal/sender"
	"sekisho/internal/store"
)

// keyName is the file of the state folder that holds the key of hashed addresses.
const keyName = "ledger.key"

func conversationOptions(c *config.Config) ledger.ConversationOptions {
	l := c.Ledger
	return ledger.ConversationOptions{
		Keep: l.Keep, KeepPartners: l.KeepCorrespondents, MaxMails: int64(l.MaxMails), MaxBytes: int64(l.MaxBytes), Timeout: l.Timeout,
		MaxPartners: int64(l.MaxCorrespondents), MaxStrangers: max(1, int64(l.MaxCorrespondents)/2), Neighbours: whois.Neighbours,
	}
}

// openTalks opens the memory as the configuration has it; its key is made the first time.
func openTalks(ctx context.Context, c *config.Config, st *store.Store, o ledger.ConversationOptions) (*ledger.Conversations, error) {
	if c.Ledger.HashAddresses {
		var err error
		if o.Key, err = st.Key(cmp.Or(c.Ledger.KeyFile, keyName)); err != nil {
			return nil, err
		}
	}
	return ledger.OpenConversations(ctx, st, o)
}

// talks is the memory of conversations, as soon as it can be opened: until then each mail hears that it is away.
type talks struct {
	open atomic.Pointer[ledger.Conversations]
}

var errAway = errors.New("conversations: the memory is not open")

// Ask is filter.Conversations.
func (t *talks) Ask(ctx context.Context, q ledger.Question) (ledger.Answer, error) {
	if c := t.open.Load(); c != nil {
		return c.Ask(ctx, q)
	}
	return ledger.Answer{}, errAway
}

// LearnSent is filter.Conversations.
func (t *talks) LearnSent(ctx context.Context, m ledger.Sent) error {
	if c := t.open.Load(); c != nil {
		return c.LearnSent(ctx, m)
	}
	return errAway
}

// LearnReceived is filter.Conversations.
func (t *talks) LearnReceived(ctx context.Context, m ledger.Received) error {
	if c := t.open.Load(); c != nil {
		return c.LearnReceived(ctx, m)
	}
	return errAway
}

// openConversations opens the memory of conversations. Without it mail flows as before, what it knows is unknown, and it is tried again later.
func (s *server) openConversations(ctx context.Context) {
	if s.cfg.Ledger.Keep == 0 || s.talks.open.Load() != nil {
		return
	}
	o := conversationOptions(s.cfg)
	o.Dropped = func(mails int) { s.metrics.LedgerDropped.Add(float64(mails)) }
	o.Failed = func(err error) {
		s.metrics.Errors.WithLabelValues("ledger").Inc()
		s.log.Error("conversations: a mail was not learned", "error", err.Error())
	}
	o.Asked = func(d time.Duration) { s.metrics.LedgerLookup.Observe(d.Seconds()) }
	c, err := openTalks(ctx, s.cfg, s.st, o)
	if err != nil {
		s.metrics.Errors.WithLabelValues("ledger").Inc()
		s.log.Error("conversations: the memory cannot be opened; nothing is known of conversations and correspondents", "error", err.Error())
		return
	}
	s.steer.Lock()
	defer s.steer.Unlock()
	setLocal(c, s.opts.Site)
	s.talks.open.Store(c)
	s.metrics.CollectLedger(s.ledgerStats)
}

func (s *server) ledgerStats() metrics.LedgerStats {
	ctx, cancel := context.WithTimeout(context.Background(), statsTimeout)
	defer cancel()
	st, err := s.talks.open.Load().Stats(ctx, time.Now())
	return metrics.LedgerStats{
		Rows: map[string]int64{
			"mails-ours": st.Ours, "mails-theirs": st.Theirs, "mails-strangers": st.Strangers,
			"people": st.People, "correspondents": st.Known, "strangers": st.Unknown,
		},
		Bytes: st.Bytes, ByteLimit: int64(s.cfg.Ledger.MaxBytes), Warm: st.Warm, Err: err,
	}
}

// setLocal tells the memory what is ours, by a site of its own: a reload changes the caller's.
func setLocal(c *ledger.Conversations, site message.Site) { c.SetLocal(site.Local) }

// expireTimeout keeps a memory that cannot be written from keeping the upkeep, and with it systemd's watchdog (WatchdogSec=60s), waiting.
const expireTimeout = 20 * time.Second

// forgetConversations ends what has been remembered long enough.
func (s *server) forgetConversations(ctx context.Context) {
	s.openConversations(ctx)
	c := s.talks.open.Load()
	if c == nil {
		return
	}
	limited, cancel := context.WithTimeout(ctx, expireTimeout)
	defer cancel()
	if err := c.Expire(limited, time.Now()); err != nil && ctx.Err() == nil {
		s.metrics.Errors.WithLabelValues("ledger").Inc()
		s.log.Error("conversations: expiring", "error", err.Error())
	}
}

// remember gives an offline run a fresh memory, which goes with forget. Without locked.keep it remembers no locked files, as the daemon.
func (o *offline) remember(ctx context.Context) (forget func() error, err error) {
	dir, err := os.MkdirTemp("", "sekisho-replay-")
	if err != nil {
		return nil, err
	}
	gone := func() error { return os.RemoveAll(dir) }
	st, err := store.Open(ctx, dir)
	if err != nil {
		return nil, errors.Join(err, gone())
	}
	closed := func() error { return errors.Join(st.Close(), gone()) }
	if o.memory.Keep != 0 {
		if o.options.Ledger, err = ledger.Open(st, o.memory); err != nil {
			return nil, errors.Join(err, closed())
		}
	}
	if o.talks.Keep == 0 {
		o.renew()
		return closed, nil
	}
	talks := o.talks
	talks.Timeout, talks.Gather = replayTimeout, -1 // each mail knows all before it
	c, err := ledger.OpenConversations(ctx, st, talks)
	if err != nil {
		return nil, errors.Join(err, closed())
	}
	o.options.Conversations = c
	setLocal(c, o.options.Site)
	o.renew()
	return func() error { return errors.Join(c.Close(), closed()) }, nil
}

// replayTimeout is for the memory in offline runs, where no sender waits.
const replayTimeout = 10 * time.Second
