package main

import (
	"context"
	"time"

	"sekisho/internal/config"
	"sekisho/internal/metrics"
	"sekisho/internal/trace"
)

func traceOptions(c *config.Config) trace.Options {
	return trace.Options{Keep: c.Trace.Keep, MaxBytes: int64(c.Trace.MaxBytes), MinFree: int64(c.Quarantine.MinFreeBytes)}
}

// openTrace begins to keep the record of messages. A database that cannot be opened costs records, not mail.
func (s *server) openTrace(ctx context.Context) {
	o := traceOptions(s.cfg)
	o.Written = func(n int) { s.metrics.Trace.WithLabelValues("written").Add(float64(n)) }
	o.Dropped = func(n int) { s.metrics.Trace.WithLabelValues("dropped").Add(float64(n)) }
	o.Failed = func(err error) {
		s.metrics.Errors.WithLabelValues("trace").Inc()
		s.log.Error("trace: it is tried again", "error", err.Error())
	}
	t, err := trace.Open(ctx, s.st, o)
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
