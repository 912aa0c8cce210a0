package audit

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

func TestAnAlertIsALineAmongTheRecords(t *testing.T) {
	l, path := openLog(t)
	write(t, l, Record{QueueID: "4ABC"})
	at := time.Date(2026, 11, 23, 21, 0, 0, 0, time.FixedZone("JST", 9*3600))
	a := Alert{Time: at, Kind: "password-later", QueueID: "4DEF", File: "見積書.zip", First: First{QueueID: "4ABC", Time: at, Rcpts: []string{"b@example.org"}}}
	if err := l.Alert(a); err != nil {
		t.Fatal(err)
	}
	got := lines(t, path)
	if len(got) != 2 {
		t.Fatalf("%d lines", len(got))
	}
	if _, there := got[0]["event"]; there {
		t.Error("a message's record has an event")
	}
	first, ok := got[1]["first"].(map[string]any)
	if got[1]["event"] != "alert" || got[1]["schema"] != float64(Schema) || got[1]["ts"] != "2026-11-23T12:00:00Z" || got[1]["findings"] == nil || !ok {
		t.Errorf("%v", got[1])
	}
	if first["ts"] != "2026-11-23T12:00:00Z" || first["held"] != false || first["queue_id"] != "4ABC" || len(first["rcpt_to"].([]any)) != 1 {
		t.Errorf("%v", first)
	}
}

func TestAnAlertIsBounded(t *testing.T) {
	l, path := openLog(t)
	long := strings.Repeat("あ", textMax)
	a := Alert{File: long, Findings: strings.Repeat("x", lineMax), First: First{Subject: long, Rcpts: make([]string, rcptMax+1)}}
	if err := l.Alert(a); err != nil {
		t.Fatal(err)
	}
	got := lines(t, path)[0]
	first := got["first"].(map[string]any)
	if got["truncated"] != true || len(got["file"].(string)) > textMax || len(first["subject"].(string)) > textMax || len(first["rcpt_to"].([]any)) != rcptMax {
		t.Error("something is longer than its limit, or nothing says that it was cut")
	}
	if f, ok := got["findings"].([]any); !ok || len(f) != 0 {
		t.Errorf("findings %T", got["findings"])
	}
	if len(a.First.Rcpts) != rcptMax+1 {
		t.Error("the caller's list was changed")
	}
}

func TestAnAlertsLogLineNamesNoRecipient(t *testing.T) {
	var b bytes.Buffer
	l, err := NewLogger(&b, "info", "text")
	if err != nil {
		t.Fatal(err)
	}
	Alert{Kind: "password-later", File: "a\x1b.zip", First: First{QueueID: "4ABC", Rcpts: []string{"b@example.org"}}}.Log(context.Background(), l)
	line := b.String()
	if !strings.Contains(line, `WARN NOQUEUE: alert=password-later`) || !strings.Contains(line, `file="a\x1b.zip" first=4ABC from=<> rcpts=1 held=false`) || strings.Contains(line, "b@example.org") {
		t.Error(line)
	}
}

func TestAClosedLogTakesNoAlert(t *testing.T) {
	l, _ := openLog(t)
	l.Close()
	if err := l.Alert(Alert{}); err == nil {
		t.Error("no error")
	}
}
