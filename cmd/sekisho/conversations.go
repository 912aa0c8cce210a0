package main

import (
	"context"
	"errors"
	"os"
	"time"

	"sekisho/internal/ledger"
	"sekisho/internal/message"
	"sekisho/internal/store"
)

// openConversations opens the memory of conversations. Without it mail flows as before: what it knows is then unknown.
func (s *server) openConversations(ctx context.Context) {
	c, err := ledger.OpenConversations(ctx, s.st, ledger.ConversationOptions{})
	if err != nil {
		s.metrics.Errors.WithLabelValues("ledger").Inc()
		s.log.Error("conversations: the memory cannot be opened; nothing is known of conversations and correspondents", "error", err.Error())
		return
	}
	s.talks = c
}

// setHome tells the memory what is ours.
func setHome(c *ledger.Conversations, site message.Site) {
	c.SetHome(ledger.Home{Local: site.Local})
}

// forgetConversations ends what has been remembered long enough.
func (s *server) forgetConversations(ctx context.Context) {
	if s.talks == nil {
		return
	}
	if err := s.talks.Expire(ctx, time.Now()); err != nil && ctx.Err() == nil {
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
	c, err := ledger.OpenConversations(ctx, st, ledger.ConversationOptions{Timeout: replayTimeout})
	if err != nil {
		return nil, errors.Join(err, closed())
	}
	o.options.Conversations = c
	setHome(c, o.options.Site)
	o.renew()
	return func() error { return errors.Join(c.Close(), closed()) }, nil
}

// replayTimeout is for the memory in offline runs, where no sender waits.
const replayTimeout = 10 * time.Second
