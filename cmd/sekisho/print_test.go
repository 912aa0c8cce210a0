package main

import (
	"bytes"
	"encoding/json"
	"strings"
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

func TestBarOfKnownLength(t *testing.T) {
	var b strings.Builder
	p := progress{w: &b, of: 4}
	for range 5 { // an archive has more files than were counted
		p.step("a\x1b.txt")
	}
	lines := strings.Split(b.String(), "\r\x1b[K")
	for i, want := range map[int]string{
		1: "[#####...............]  25 % 1 a\\u{1b}.txt", 4: "[####################] 100 % 4 a\\u{1b}.txt", 5: "[####################] 100 % 5 a\\u{1b}.txt",
	} {
		if lines[i] != want {
			t.Errorf("%d: %q, want %q", i, lines[i], want)
		}
	}
	p = progress{w: &b}
	if p.bar() != "" {
		t.Error("a bar without a length")
	}
}
