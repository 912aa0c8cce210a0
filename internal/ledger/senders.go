package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"hash/maphash"
	"sync"
)

// senders are those of whom something may be remembered: all that are in the database, and perhaps some that are no more there. Nearly all mail is from
// others, and costs the database no question. Only the daemon adds to the database; whatever else has it open removes from it. Who writes much adds keys that
// Expire takes away again.
type senders struct {
	seed maphash.Seed // hashes that meet cost a question, and nobody outside can look for them

	mu     sync.Mutex
	hashes map[uint64]struct{}
	read   int // so many were in the database
}

func (s *senders) add(keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		s.hashes[maphash.String(s.seed, k)] = struct{}{}
	}
}

func (s *senders) any(keys []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		if _, there := s.hashes[maphash.String(s.seed, k)]; there {
			return true
		}
	}
	return false
}

// outgrown reports whether many may be in vain.
func (s *senders) outgrown() bool {
	const some = 1000 // some kilobytes
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.hashes) > some+2*s.read
}

// sqlSenders goes from one to the next by the index, not over the rows of each.
const sqlSenders = `WITH RECURSIVE s (k) AS (SELECT min(sender) FROM memory_parties
	UNION ALL SELECT (SELECT min(sender) FROM memory_parties WHERE sender > k) FROM s WHERE k IS NOT NULL) SELECT k FROM s WHERE k IS NOT NULL`

// readSenders takes them from the database. Who adds one holds the write lock as well, so none is missed.
func (l *Ledger) readSenders(ctx context.Context) error {
	err := l.tx(ctx, func(tx *sql.Tx) error {
		keys, err := column[string](ctx, tx, sqlSenders)
		if err != nil {
			return err
		}
		s := &l.senders
		s.mu.Lock()
		s.hashes, s.read = make(map[uint64]struct{}, len(keys)), len(keys)
		s.mu.Unlock()
		s.add(keys)
		return nil
	})
	if err != nil {
		return fmt.Errorf("ledger: senders: %w", err)
	}
	return nil
}
