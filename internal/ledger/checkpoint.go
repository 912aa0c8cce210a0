package ledger

import "context"

// maxLog is how many mails are learned before the log is checkpointed: a thousand pages, as SQLite does it, for each changes seven or eight.
const maxLog = 128

// wal is the write-ahead log as the writer sees it. A checkpoint writes its pages to where they belong, which is everywhere in the database, and waits for the
// disk: as long as it takes to learn a hundred mails. So no mail waits for one: it runs beside the writer, whose commits go to the end of the log meanwhile.
// The log begins again with the first commit that finds all of it checkpointed and nobody reading in it. Where mail comes so fast that none does, the
// commit that reaches the size that a store.Writer allows checkpoints it.
type wal struct {
	mails int // since the last one
	full  chan struct{}
}

// grown notes what the writer has learned.
func (l *wal) grown(mails int) {
	if l.mails += mails; l.mails < maxLog {
		return
	}
	l.mails = 0
	select {
	case l.full <- struct{}{}:
	default: // one waits already
	}
}

// checkpoint runs beside the writer until ctx ends. What one cannot do, the next one does.
func (c *Conversations) checkpoint(ctx context.Context) {
	for {
		select {
		case <-c.log.full:
			_ = safely(func() error {
				_, err := c.db.ExecContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`)
				return err
			})
		case <-ctx.Done():
			return
		}
	}
}
