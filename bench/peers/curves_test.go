package main

import (
	"testing"
	"time"

	"sekisho/bench/load"
	"sekisho/internal/ledger"
	"sekisho/internal/store"
)

func TestCurvesSendWhatTheirAxesSay(t *testing.T) {
	for _, c := range curves(options{}) {
		for _, s := range c.series {
			for _, x := range c.xs[:3] {
				mails := s.mails(x)
				if len(mails) == 0 {
					t.Fatalf("%s, %s: nothing at %.0f", c.file, s.name, x)
				}
				size := float64(len(mails[0].Body)) * 3 / 4
				if c.file == "size" && (size < x*0.9 || size > x*1.1+2000) { // beside the attachment a few lines
					t.Errorf("%s of %.0f bytes is %.0f", s.name, x, size)
				}
				if ids := distinct(mails); c.file == "ledger" && ids != len(mails) {
					t.Errorf("%s: %d writers in %d mails", s.name, ids, len(mails))
				}
			}
		}
	}
}

func distinct(mails []load.Mail) int {
	m := map[string]bool{}
	for i := range mails {
		m[string(mails[i].Numbered("a"))] = true
	}
	return len(m)
}

func TestMemoryIsFilledAsAsked(t *testing.T) {
	dir := t.TempDir()
	if err := remember(t.Context(), dir, 1000); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	c, err := ledger.OpenConversations(t.Context(), st, ledger.ConversationOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if stats, err := c.Stats(t.Context(), time.Now()); err != nil || stats.Ours != 1000 {
		t.Errorf("%+v (%v), want 1000 mails of ours", stats, err)
	}
	a, err := c.Ask(t.Context(), ledger.Question{Time: time.Now(), From: partner(7, 1000), Refs: []string{ourID(7)}})
	if err != nil || !a.Cited.Party {
		t.Errorf("%+v (%v), want an answer of a party", a, err)
	}
}
