package main

import (
	"cmp"
	"context"
	"time"

	"sekisho/internal/address"
	"sekisho/internal/config"
	"sekisho/internal/metrics"
	"sekisho/internal/store"
	"sekisho/internal/trace"
)

// traceOptions are the configuration's. Where addresses are to be hashed and there is no key, nothing may be kept.
func traceOptions(c *config.Config, st *store.Store) (o trace.Options, err error) {
	o = trace.Options{Keep: c.Trace.Keep, MaxBytes: int64(c.Trace.MaxBytes), MinFree: int64(c.Quarantine.MinFreeBytes)}
	if c.Ledger.HashAddresses {
		key, err := st.Key(cmp.Or(c.Ledger.KeyFile, keyName))
		if err != nil {
			return o, err
		}
		o.Hide = address.NewHider(key).Address
	}
	return o, nil
}

// openTrace begins to keep the record of messages. A database that cannot be opened costs records, not mail.
func (s *server) openTrace(ctx context.Context) {
	o, err := traceOptions(s.cfg, s.st)
	o.Written = func(n int) { s.metrics.Trace.WithLabelValues("written").Add(float64(n)) }
	o.Dropped = func(n int) { s.metrics.Trace.WithLabelValues("dropped").Add(float64(n)) }
	o.Failed = func(err error) {
		s.metrics.Errors.WithLabelValues("trace").Inc()
		s.log.Error("trace: it is tried again", "error", err.Error())
	}
	var t *trace.Trace
	if err == nil {
		t, err = trace.Open(ctx, s.st, o)
	}
	if err == nil && s.cfg.Trace.Keep == 0 { // of earlier times, with other settings
		err, t = t.Clear(ctx), nil
	}
	switch {
	case err != nil && s.cfg.Trace.Keep > 0:
		s.tracer = lostTrace{s.metrics}
		fallthrough
	case err != nil:
		s.metrics.Errors.WithLabelValues("trace").Inc()
		s.log.Error("trace: no record of messages is kept until the next start; mail is not touched by it", "error", err.Error())
	case t != nil:
		s.trace, s.tracer = t, t
		t.Start()
	}
}

// closePatience is how long the last records may take.
const closePatience = 5 * time.Second

func (s *server) closeTrace() {
	if s.trace == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	if err := s.trace.Close(ctx); err != nil {
		s.log.Error("trace: closing", "error", err.Error())
	}
}

// lostTrace counts the records of a trace that cannot be opened.
type lostTrace struct{ metrics *metrics.Metrics }

// Add implements milter.Tracer.
func (l lostTrace) Add(trace.Record) { l.metrics.Trace.WithLabelValues("dropped").Inc() }
