package audit

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestAChangeIsALineAmongTheRecords(t *testing.T) {
	l, path := openLog(t)
	write(t, l, Record{QueueID: "4ABC"})
	c := Change{Time: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Who: "sato\x1b", Why: strings.Repeat("あ", textMax), What: "allow add", Entry: map[string]int{"id": 7}}
	if err := l.Change(c); err != nil {
		t.Fatal(err)
	}
	got := lines(t, path)
	if len(got) != 2 || got[1]["event"] != "change" || got[1]["what"] != "allow add" || got[1]["entry"].(map[string]any)["id"] != float64(7) || len(got[1]["why"].(string)) > textMax {
		t.Errorf("%v", got)
	}
	b, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(b), "\x1b") {
		t.Errorf("a control character in the file (%v)", err)
	}
	if l.Close(); l.Change(c) == nil {
		t.Error("a closed log took a change")
	}
}
