package main

import (
	"context"
	"errors"
	"os"

	"sekisho/internal/config"
	"sekisho/internal/ledger"
	"sekisho/internal/store"
)

func ledgerOptions(c *config.Config) ledger.Options {
	l := c.Locked
	return ledger.Options{Keep: l.Keep, MaxBytes: int64(l.MaxBytes), Share: float64(l.MaxSenderPercent) / 100}
}

// remember gives an offline run a fresh memory, which goes with forget. Without locked.keep it has none, as the daemon.
func (o *offline) remember(ctx context.Context) (forget func() error, err error) {
	if o.memory.Keep == 0 {
		return func() error { return nil }, nil
	}
	dir, err := os.MkdirTemp("", "sekisho-replay-")
	if err != nil {
		return nil, err
	}
	gone := func() error { return os.RemoveAll(dir) }
	st, err := store.Open(ctx, dir)
	if err != nil {
		return nil, errors.Join(err, gone())
	}
	forget = func() error { return errors.Join(st.Close(), gone()) }
	if o.options.Ledger, err = ledger.Open(st, o.memory); err != nil {
		return nil, errors.Join(err, forget())
	}
	return forget, nil
}
