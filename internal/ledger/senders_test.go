package ledger

import (
	"fmt"
	"testing"
	"time"

	"sekisho/internal/store"
)

func TestSendersAreKnownToTheNextProcess(t *testing.T) {
	st := newStore(t)
	m := Mail{Time: time.Now(), From: "p@partner.example", Rcpts: []string{"mori@us.example"}}
	for range 2 {
		l, err := Open(st, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Remember(t.Context(), m, nil, []string{"himitsu"}); err != nil {
			t.Fatal(err)
		}
	}
	l, err := Open(st, Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.From = "other@partner.example" // of the same organisation
	if words, err := l.Words(t.Context(), m); err != nil || len(words) != 1 {
		t.Errorf("%q, %v", words, err)
	}
	if l.senders.any([]string{"stranger.example"}) {
		t.Error("a stranger costs a question")
	}
}

// Who gives a password under a new address each time leaves nothing behind but what the database holds.
func TestForgottenSendersAreForgotten(t *testing.T) {
	st := newStore(t)
	l, err := Open(st, Options{Keep: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	l.senders.add([]string{"kept.example"}) // not in the database
	for i := range 1500 {
		l.senders.add([]string{fmt.Sprintf("attacker%d.example", i)})
	}
	m := Mail{Time: begun, From: "p@partner.example", Rcpts: []string{"mori@us.example"}}
	if _, err := l.Remember(t.Context(), m, nil, []string{"himitsu"}); err != nil {
		t.Fatal(err)
	}
	if err := l.Expire(t.Context(), begun); err != nil {
		t.Fatal(err)
	}
	if n := len(l.senders.hashes); n != 1 || !l.senders.any(m.senders()) {
		t.Errorf("%d left", n)
	}
	if words, err := l.Words(t.Context(), m); err != nil || len(words) != 1 {
		t.Errorf("%q, %v", words, err)
	}
}

func newStore(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}
