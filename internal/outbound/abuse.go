package outbound

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Impersonated is an address of ours under which others send: reports come back about mail that we never sent. It says nothing about our
// machines.
type Impersonated struct {
	Address     string
	Mails       int
	First, Last time.Time
}

type abuse struct {
	mails       int
	first, last time.Time
}

const (
	flushEvery = 10 * time.Second // a wave brings thousands of bounces: they are written together
	maxAbused  = 10_000           // addresses between two writings: more than one wave abuses of one site
)

// Backscatter counts a report about mail that was never sent under an address of ours. The caller says that it is ours, so strangers cannot add names.
func (m *Monitor) Backscatter(ctx context.Context, addr string, at time.Time) error {
	addr = fold(addr)
	m.mu.Lock()
	a := m.abuse[addr]
	if a == nil && len(m.abuse) < maxAbused {
		a = &abuse{first: at, last: at}
		m.abuse[addr] = a
	}
	if a != nil {
		a.mails++
		a.first, a.last = earlier(a.first, at), later(a.last, at)
	}
	due := m.st != nil && time.Since(m.wrote) > flushEvery
	m.mu.Unlock()
	if !due {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, m.o.Timeout)
	defer cancel()
	return m.Flush(ctx)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Flush writes what Backscatter has counted.
func (m *Monitor) Flush(ctx context.Context) error {
	db, err := m.database(ctx)
	if db == nil || err != nil {
		return err
	}
	m.mu.Lock()
	counted := m.abuse
	m.abuse, m.wrote = map[string]*abuse{}, time.Now()
	m.mu.Unlock()
	if len(counted) == 0 {
		return nil
	}
	if err := writeAbuse(ctx, db, counted); err != nil {
		m.putBack(counted)
		return fmt.Errorf("outbound: writing backscatter: %w", err)
	}
	return nil
}

// putBack keeps what could not be written for the next time.
func (m *Monitor) putBack(counted map[string]*abuse) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for addr, a := range counted {
		if newer := m.abuse[addr]; newer != nil {
			a.mails += newer.mails
			a.first, a.last = earlier(a.first, newer.first), later(a.last, newer.last)
		}
		m.abuse[addr] = a
	}
}

func writeAbuse(ctx context.Context, db *sql.DB, counted map[string]*abuse) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for addr, a := range counted {
		if _, err := tx.ExecContext(ctx, `INSERT INTO outbound_abuse (address, day, first, last, mails) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last), mails = mails + excluded.mails`,
			addr, dayOf(a.last), a.first.UnixMilli(), a.last.UnixMilli(), a.mails); err != nil {
			return errors.Join(err, ignoreDone(tx.Rollback()))
		}
	}
	return tx.Commit()
}

func dayOf(t time.Time) int64 { return t.Unix() / int64(day/time.Second) }

// maxImpersonated bounds one answer.
const maxImpersonated = 10_000

// Impersonated sums up since when and how often our addresses are abused elsewhere, from the day of since on, the most abused first.
func (m *Monitor) Impersonated(ctx context.Context, since time.Time) (list []Impersonated, err error) {
	if err := m.Flush(ctx); err != nil {
		return nil, err
	}
	db, err := m.database(ctx)
	if db == nil || err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `SELECT address, sum(mails), min(first), max(last) FROM outbound_abuse WHERE day >= ?
		GROUP BY address ORDER BY sum(mails) DESC, address LIMIT ?`, dayOf(since), maxImpersonated)
	if err != nil {
		return nil, fmt.Errorf("outbound: impersonated: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var i Impersonated
		var first, last int64
		if err := rows.Scan(&i.Address, &i.Mails, &first, &last); err != nil {
			return nil, fmt.Errorf("outbound: impersonated: %w", err)
		}
		i.First, i.Last = time.UnixMilli(first), time.UnixMilli(last)
		list = append(list, i)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("outbound: impersonated: %w", err)
	}
	return list, nil
}
