package outbound

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"sekisho/internal/store"
)

// retryAfter is how long a database that could not be opened is left alone.
const retryAfter = time.Minute

var errAway = errors.New("outbound: the database could not be opened; it is tried again")

// database is memory.db; nil without an error where there is to be none. After a failure it is opened in the background, as long as that takes.
func (m *Monitor) database(ctx context.Context) (*sql.DB, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.st == nil || m.db != nil {
		return m.db, nil
	}
	if !m.opening && time.Since(m.tried) > retryAfter {
		m.opening, m.tried = true, time.Now()
		go m.reopen(context.WithoutCancel(ctx))
	}
	return nil, errAway
}

// reopen ends by itself: the store gives up, or is closed.
func (m *Monitor) reopen(ctx context.Context) {
	defer func() {
		m.mu.Lock()
		m.opening = false
		m.mu.Unlock()
		_ = recover() // the database stays away, which every risky mail says
	}()
	_ = m.openDatabase(ctx)
}

func (m *Monitor) openDatabase(ctx context.Context) error {
	db, err := m.st.Database(ctx, store.Memory)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tried = time.Now(); err != nil {
		return fmt.Errorf("outbound: %w", err)
	}
	m.db = db
	return nil
}

// maxRestored bounds what a start reads: more senders at once than any firm has.
const maxRestored = 20_000

// restore brings back the risky mails of the last day, the oldest first.
func (m *Monitor) restore(ctx context.Context) error {
	if err := m.openDatabase(ctx); err != nil {
		return err
	}
	rows, err := m.db.QueryContext(ctx, `SELECT at, account, client, delivered, mail FROM (SELECT * FROM outbound_mails
		WHERE at > (SELECT max(at) FROM outbound_mails) - ? ORDER BY at DESC LIMIT ?) ORDER BY at`, day.Milliseconds(), maxRestored)
	if err != nil {
		return fmt.Errorf("outbound: bringing back risky mails: %w", err)
	}
	list, err := readSamples(rows)
	for i := range list {
		m.again(&list[i])
	}
	return err
}

// again counts a risky mail of an earlier process. What else that process counted is gone.
func (m *Monitor) again(s *Sample) {
	mail := Mail{Time: s.Time, MessageID: s.MessageID, SHA256: s.SHA256, Account: s.Account, MailFrom: s.MailFrom, Rcpts: s.Rcpts, Answer: s.Orphan}
	mail.Client, _ = netip.ParseAddr(s.Client) // "local" is none
	for _, c := range s.Contents {
		mail.Carriers = append(mail.Carriers, Carrier{Content: c})
	}
	d := mail.sums()
	for _, k := range m.senders(&mail) {
		t := m.table(k.kind)
		t.with(k.who, mail.Time, true, func(of *sender) { of.addRisk(risk{mail.Time.UnixNano(), d.id, d.to, s.Orphan, d.carriers}, t.risky) })
	}
}

// Expire forgets what has been kept long enough: risky mails of no incident after a day, the rest after Options.Keep. Open incidents stay.
func (m *Monitor) Expire(ctx context.Context, now time.Time) error {
	if err := m.Flush(ctx); err != nil {
		return err
	}
	db, err := m.database(ctx)
	if db == nil || err != nil {
		return err
	}
	old := now.Add(-m.o.Keep).UnixMilli()
	for _, q := range []struct {
		text string
		args []any
	}{
		{`DELETE FROM outbound_incidents WHERE cleared < ?`, []any{old}},
		{`DELETE FROM outbound_mails WHERE at < ? AND NOT EXISTS (SELECT 1 FROM outbound_incidents i
			WHERE at BETWEEN i.since AND i.last AND (i.kind = 'account' AND i.who = account OR i.kind = 'client' AND i.who = client))`, []any{now.Add(-day).UnixMilli()}},
		{`DELETE FROM outbound_abuse WHERE day < ?`, []any{dayOf(now.Add(-m.o.Keep))}},
	} {
		if _, err := db.ExecContext(ctx, q.text, q.args...); err != nil {
			return fmt.Errorf("outbound: expiring: %w", err)
		}
	}
	return nil
}

func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxText)], "\uFFFD") }
