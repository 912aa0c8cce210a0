package main

import (
	"bytes"
	"encoding/json"
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

func TestJSONHoldsNothingThatActsOnATerminal(t *testing.T) {
	in := map[string]string{"s": "a\x1b[31m\u202egpj.exe \u009b \x7f 請求書 <b> \u2028 \U000e0001"}
	var b bytes.Buffer
	if err := encodeJSON(&b, in); err != nil {
		t.Fatal(err)
	}
	if want := `{"s":"a\u001b[31m\u202egpj.exe \u009b \u007f 請求書 <b> \u2028 \udb40\udc01"}` + "\n"; b.String() != want {
		t.Errorf("got  %q\nwant %q", b.String(), want)
	}
	var back map[string]string
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || back["s"] != in["s"] {
		t.Errorf("reads back as %q, %v", back["s"], err)
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
