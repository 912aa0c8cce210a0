package main

import (
	"bytes"
	"testing"

	"sekisho/internal/quarantine"
)

func TestTableCountsWideCharactersTwice(t *testing.T) {
	var b bytes.Buffer
	if err := table(&b, [][]string{{"件名", "B"}, {"abcdef", "x"}, {"e\u0301", "y"}}); err != nil {
		t.Fatal(err)
	}
	if want := "件名    B\nabcdef  x\ne\u0301       y\n"; b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestShortCutsByColumns(t *testing.T) {
	wide := "請求書請求書請求書請求書請求書請求書請求書請求書"
	got := short(wide)
	if n := cells(got); n > columnMax+1 || n < columnMax-1 {
		t.Errorf("%q takes %d columns", got, n)
	}
	if got := short("plain"); got != "plain" {
		t.Errorf("got %q", got)
	}
}

func TestEveryKindOfProblemHasWords(t *testing.T) {
	for _, kind := range []string{quarantine.NoRow, quarantine.NoFile, quarantine.Damaged, quarantine.Gone, quarantine.Foreign,
		quarantine.Leftover, quarantine.Abandoned} {
		if text("en", "v_"+kind) == "" || text("ja", "v_"+kind) == "" {
			t.Errorf("%s has no words", kind)
		}
	}
}
