package main

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"sekisho/internal/config"
	"sekisho/internal/ledger"
	"sekisho/internal/metrics"
	"sekisho/internal/store"
)

// TestAMemoryThatCannotBeOpenedIsTriedAgain: until then every mail hears that it is away, so that it is counted.
func TestAMemoryThatCannotBeOpenedIsTriedAgain(t *testing.T) {
	ctx := t.Context()
	st, err := store.Open(ctx, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	if err := os.WriteFile(st.Path("memory.db"), bytes.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := &server{cfg: config.Default(), st: st, metrics: metrics.New(prometheus.NewRegistry(), ""), log: slog.New(slog.NewTextHandler(&log, nil))}
	s.openConversations(ctx)
	_, err = s.talks.Ask(ctx, ledger.Question{})
	sent, got := s.talks.LearnSent(ctx, ledger.Sent{}), s.talks.LearnReceived(ctx, ledger.Received{})
	if !errors.Is(err, errAway) || !errors.Is(sent, errAway) || !errors.Is(got, errAway) || log.Len() == 0 {
		t.Fatalf("%v, %v, %v, %q", err, sent, got, &log)
	}
	if err := os.Remove(st.Path("memory.db")); err != nil {
		t.Fatal(err)
	}
	s.forgetConversations(ctx)
	if _, err := s.talks.Ask(ctx, ledger.Question{}); err != nil {
		t.Fatal(err)
	}
	if err := s.talks.open.Load().Close(); err != nil {
		t.Error(err)
	}
}
