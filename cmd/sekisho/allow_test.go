package main

import (
	"strings"
	"testing"
	"time"
)

// What --expires takes is what list shows.
func TestEndsReadAsTheyWereGiven(t *testing.T) {
	now := time.Now()
	for given, want := range map[string]string{"2099-03-31": "2099-03-31", "2099-12-31": "2099-12-31", "12h": stamp(now.Add(12 * time.Hour))} {
		end, err := until(given, now)
		if got := lastOf(end); err != nil || got != want {
			t.Errorf("%s: %s, want %s (%v)", given, got, want, err)
		}
	}
}

func TestRefusedValuesAreExplainedInBothLanguages(t *testing.T) {
	dir := traceState(t)
	for value, says := range map[string][2]string{
		"co.jp": {"too broad", "広すぎます"}, "=cmd": {"neither a hash", "いずれでもありません"}, "0.0.0.0/0": {"too broad", "広すぎます"}, "a@": {"not of this type", "種類が違います"},
		strings.Repeat("a.", 2000): {"too long", "長すぎます"},
	} {
		_, en := sekishoIn(t, dir, exitError, "block", "add", value, "--reason", "test")
		_, ja := sekishoIn(t, dir, exitError, "--lang", "ja", "block", "add", value, "--reason", "test")
		if !strings.Contains(en, says[0]) || !strings.Contains(ja, says[1]) {
			t.Errorf("%.20s: %q, %q", value, en, ja)
		}
	}
}
