package main

import (
	"context"
	"fmt"
	"time"

	"sekisho/internal/config"
	"sekisho/internal/ledger"
	"sekisho/internal/metrics"
)

func ledgerOptions(c *config.Config) ledger.Options {
	l := c.Locked
	return ledger.Options{Keep: l.Keep, MaxBytes: int64(l.MaxBytes), Share: float64(l.MaxSenderPercent) / 100}
}

// openLedger opens the memory of recent mail, and removes what a killed daemon left in its folder.
func (s *server) openLedger(ctx context.Context) (err error) {
	o := ledgerOptions(s.cfg)
	o.MinFree = int64(s.cfg.Quarantine.MinFreeBytes)
	o.Evicted = func(mails int) { s.metrics.Locked.WithLabelValues("evicted").Add(float64(mails)) }
	l, err := ledger.Open(s.st, o)
	if err != nil {
		return err
	}
	if s.cfg.Locked.Keep == 0 { // of earlier times, with other settings
		return l.Clear(ctx)
	}
	s.ledger = l
	n, err := s.ledger.Sweep(ctx)
	if err != nil {
		return err
	}
	if n > 0 {
		s.log.Info("memory of recent mail: files without a record removed", "files", n)
	}
	s.metrics.CollectLocked(s.lockedStats)
	return nil
}

func (s *server) lockedStats() metrics.LockedStats {
	ctx, cancel := context.WithTimeout(context.Background(), statsTimeout)
	defer cancel()
	st, err := s.ledger.Stats(ctx)
	return metrics.LockedStats{Files: st.Files, Bytes: st.Bytes, ByteLimit: st.LimitBytes, Err: err}
}

func (s *server) cacheStats() metrics.CacheStats {
	st := s.cache.Stats()
	return metrics.CacheStats{Hits: st.Hits, Misses: st.Misses, Bytes: st.Bytes, ByteLimit: st.Most}
}

// forget ends what has been remembered long enough.
func (s *server) forget(ctx context.Context) {
	if s.ledger == nil {
		return
	}
	if err := s.ledger.Expire(ctx, time.Now()); err != nil && ctx.Err() == nil {
		s.metrics.Errors.WithLabelValues("ledger").Inc()
		s.log.Error("memory of recent mail: expiring", "error", err.Error())
	}
}

const (
	dueEvery = 2 * time.Second  // mail that has waited long enough, or whose password came: a person hardly notices it
	dueAfter = 30 * time.Second // a relay that is away: its restart is soon enough noticed, and the log stays readable
)

// releaseDue delivers what has waited for its password, until ctx ends.
func (s *server) releaseDue(ctx context.Context) {
	next := time.NewTimer(dueEvery)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		pause := dueEvery
		n, err := s.safeReleaseDue(ctx)
		if err != nil && ctx.Err() == nil {
			s.metrics.Errors.WithLabelValues("release").Inc()
			s.log.Error("quarantine: mail whose wait is over was not delivered; it is tried again", "error", err.Error())
			pause = dueAfter
		}
		next.Reset(pause)
		if n > 0 {
			s.log.Info("quarantine: delivered after its wait", "messages", n)
		}
	}
}

// safeReleaseDue keeps a fault of ours from ending the daemon.
func (s *server) safeReleaseDue(ctx context.Context) (n int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return s.q.ReleaseDue(ctx, time.Now())
}
