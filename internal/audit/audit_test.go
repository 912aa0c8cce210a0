package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func openLog(t *testing.T) (*Log, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, path
}

func write(t *testing.T, l *Log, r Record) {
	t.Helper()
	if err := l.Write(r); err != nil {
		t.Fatal(err)
	}
}

// lines returns the file's records, each of which must be one JSON object.
func lines(t *testing.T, path string) []map[string]any {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 0 && b[len(b)-1] != '\n' {
		t.Errorf("%s ends inside a line", path)
	}
	var out []map[string]any
	s := bufio.NewScanner(bytes.NewReader(b))
	s.Buffer(nil, 4*lineMax)
	for s.Scan() {
		var m map[string]any
		if err := json.Unmarshal(s.Bytes(), &m); err != nil {
			t.Fatalf("line %q: %v", s.Text(), err)
		}
		out = append(out, m)
	}
	return out
}

func TestRecordShapeIsStable(t *testing.T) {
	l, path := openLog(t)
	at := time.Date(2026, 11, 23, 18, 30, 0, 0, time.FixedZone("JST", 9*3600))
	write(t, l, Record{Time: at, QueueID: "4F1", MailFrom: "a@example.com"})
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"schema":1,"ts":"2026-11-23T09:30:00Z","queue_id":"4F1","direction":"","client_ip":"","mail_from":"a@example.com","rcpt_to":[],` +
		`"message_id":"","subject":"","size":0,"sha256":"","verdict":"","done":"","enforced":false,"rule":"","rules":[],"findings":[],` +
		`"attachments":[],"incomplete":false,"elapsed_ms":0}` + "\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestAbsentListsAreEmptyLists(t *testing.T) {
	l, path := openLog(t)
	write(t, l, Record{Findings: []string(nil), Attachments: []int{1}})
	got := lines(t, path)[0]
	if diff := cmp.Diff([]any{[]any{}, []any{1.0}}, []any{got["findings"], got["attachments"]}); diff != "" {
		t.Error(diff)
	}
}

func TestHostileTextCannotLeaveItsLineOrReachATerminal(t *testing.T) {
	for name, subject := range map[string]string{
		"line end":        "a\r\n{\"verdict\":\"accept\"}",
		"escape sequence": "\x1b[2J\u009b31m",
		"right to left":   "invoice\u202Efdp.exe",
		"line separator":  "a\u2028b\u2029c\u0085d",
		"NUL and DEL":     "a\x00b\x7f",
		"tag characters":  "a\U000E0041b",
		"Japanese":        "【請求書】\u3000ご確認ください",
	} {
		t.Run(name, func(t *testing.T) {
			l, path := openLog(t)
			write(t, l, Record{Subject: subject})
			got := lines(t, path)
			if len(got) != 1 || got[0]["subject"] != subject {
				t.Errorf("subject reads back as %q in %d lines, want %q in 1", got[0]["subject"], len(got), subject)
			}
			b, _ := os.ReadFile(path)
			if i := strings.IndexFunc(strings.TrimSuffix(string(b), "\n"), unprintable); i >= 0 {
				t.Errorf("the line holds an unprintable rune: %q", b)
			}
		})
	}
}

func TestInvalidUTF8BecomesReplacementCharacters(t *testing.T) {
	l, path := openLog(t)
	write(t, l, Record{Subject: "\x90\xbf\x8b\x81", MailFrom: "a\xff@example.com", Rcpts: []string{"\xfe"}})
	got := lines(t, path)[0]
	if got["mail_from"] != "a\uFFFD@example.com" || got["rcpt_to"].([]any)[0] != "\uFFFD" {
		t.Errorf("got %q, %q", got["mail_from"], got["rcpt_to"])
	}
}

func TestRecordIsBounded(t *testing.T) {
	many := make([]string, 5000)
	for i := range many {
		many[i] = fmt.Sprintf("user%d@example.com", i)
	}
	huge := make([]string, 30000)
	for i := range huge {
		huge[i] = strings.Repeat("x", 60)
	}
	tests := []struct {
		name  string
		in    Record
		check func(map[string]any) bool
	}{
		{"a long subject is cut at a rune", Record{Subject: strings.Repeat("請", 5000)},
			func(m map[string]any) bool {
				s := m["subject"].(string)
				return len(s) <= textMax && !strings.Contains(s, "\uFFFD")
			}},
		{"a long recipient is cut", Record{Rcpts: []string{strings.Repeat("r", 9999)}},
			func(m map[string]any) bool { return len(m["rcpt_to"].([]any)[0].(string)) == textMax }},
		{"recipients stop at their limit", Record{Rcpts: many},
			func(m map[string]any) bool { return len(m["rcpt_to"].([]any)) == rcptMax }},
		{"too many findings give way", Record{Findings: huge, Attachments: huge, Verdict: "quarantine"},
			func(m map[string]any) bool { return len(m["findings"].([]any)) == 0 && m["verdict"] == "quarantine" }},
		{"a broken clock's NaN is no number", Record{ElapsedMS: math.NaN(), Subject: strings.Repeat("s", textMax+1)},
			func(m map[string]any) bool { return m["elapsed_ms"] == 0.0 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, path := openLog(t)
			write(t, l, tt.in)
			got := lines(t, path)[0]
			if !tt.check(got) || got["truncated"] != true {
				t.Errorf("got %.300v", got)
			}
		})
	}
	if many[0] != "user0@example.com" {
		t.Error("the caller's list was changed")
	}
}

func TestWhatJSONCannotHoldIsAnError(t *testing.T) {
	l, path := openLog(t)
	if err := l.Write(Record{Findings: make(chan int)}); err == nil {
		t.Error("no error for a channel")
	}
	if n := len(lines(t, path)); n != 0 {
		t.Errorf("%d lines were written", n)
	}
}

func TestConcurrentWritersOfTwoLogsKeepLinesWhole(t *testing.T) {
	a, path := openLog(t)
	b, err := Open(path) // as another process would
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	const writers, each = 8, 50
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				l := []*Log{a, b}[i%2]
				if err := l.Write(Record{QueueID: fmt.Sprint(w), Subject: strings.Repeat("s", 500*w)}); err != nil {
					t.Error(err)
				}
				if w == 0 && i%10 == 0 {
					if err := a.Reopen(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if n := len(lines(t, path)); n != writers*each {
		t.Errorf("%d records, want %d", n, writers*each)
	}
}

func TestRotationFollowsReopen(t *testing.T) {
	l, path := openLog(t)
	write(t, l, Record{QueueID: "1"})
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, l, Record{QueueID: "2"})
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	write(t, l, Record{QueueID: "3"})
	if old, now := len(lines(t, path+".1")), len(lines(t, path)); old != 2 || now != 1 {
		t.Errorf("old file has %d records and new one %d, want 2 and 1", old, now)
	}
}

func TestFailedReopenKeepsTheOldFile(t *testing.T) {
	l, path := openLog(t)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err == nil {
		t.Error("a folder was opened as the log")
	}
	write(t, l, Record{QueueID: "1"})
	if n := len(lines(t, path+".1")); n != 1 {
		t.Errorf("the old file has %d records, want 1", n)
	}
}

func TestTornRecordIsClosedByTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	if err := os.WriteFile(path, []byte(`{"schema":1,"ts":"2026`), 0o640); err != nil {
		t.Fatal(err)
	}
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	write(t, l, Record{QueueID: "1"})
	write(t, l, Record{QueueID: "2"})
	b, _ := os.ReadFile(path)
	parts := strings.Split(string(b), "\n")
	if len(parts) != 4 || parts[0] != `{"schema":1,"ts":"2026` || !strings.Contains(parts[1], `"queue_id":"1"`) {
		t.Errorf("file is %q", b)
	}
}

func TestFileModeIgnoresTheUmask(t *testing.T) {
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	_, path := openLog(t)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, want 0640", info.Mode().Perm())
	}
}

func TestRootLeavesTheFileToTheOwnerOfTheFolder(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 4711, 4712); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "audit.jsonl")
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if got := owner(path); got != (ids{4711, 4712}) {
		t.Errorf("owner %v, want 4711:4712", got)
	}
}

func TestRootFollowsNoLinkLaidByTheOwnerOfTheFolder(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root is in danger")
	}
	dir := t.TempDir()
	target := filepath.Join(t.TempDir(), "shadow")
	if err := errors.Join(os.WriteFile(target, nil, 0o600), os.Chown(dir, 4711, 4711)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "audit.jsonl")
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("error %v, want ELOOP", err)
	}
}

func TestClosedLogRefusesToWrite(t *testing.T) {
	l, _ := openLog(t)
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Fatal(err)
	}
	if err := l.Write(Record{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Write: %v, want ErrClosed", err)
	}
	if err := l.Reopen(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Reopen: %v, want ErrClosed", err)
	}
}

func TestFullDiskIsAnError(t *testing.T) {
	l, err := Open("/dev/full")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Write(Record{}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v, want ENOSPC", err)
	}
}

// gathering is a log whose records gather, and what it says of lost ones.
func gathering(t *testing.T, path string) (*Log, *int) {
	t.Helper()
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	lost := new(int)
	l.Gather(func(n int, _ error) { *lost += n })
	l.timed = true // no timer of its own
	return l, lost
}

func TestGatheredRecordsComeInOrderWithWhateverEndsTheWait(t *testing.T) {
	for name, end := range map[string]func(*Log) error{
		"closing":   (*Log).Close,
		"an alert":  func(l *Log) error { return l.Alert(Alert{QueueID: "3"}) },
		"a change":  func(l *Log) error { return l.Change(Change{Who: "3"}) },
		"many more": func(l *Log) error { return l.Write(Record{Findings: strings.Repeat("x", gatherMost)}) },
		"the time": func(l *Log) error {
			l.timed = false
			err := l.Write(Record{QueueID: "3"})
			for l.mu.Lock(); l.timed; l.mu.Lock() {
				l.mu.Unlock()
				time.Sleep(time.Millisecond)
			}
			l.mu.Unlock()
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "audit.jsonl")
			l, lost := gathering(t, path)
			write(t, l, Record{QueueID: "1"})
			write(t, l, Record{QueueID: "2"})
			if got := lines(t, path); len(got) != 0 {
				t.Fatalf("%d lines at once", len(got))
			}
			if err := end(l); err != nil {
				t.Fatal(err)
			}
			got := lines(t, path)
			if len(got) < 2 || got[0]["queue_id"] != "1" || got[1]["queue_id"] != "2" || len(l.buf) > 0 || *lost > 0 {
				t.Errorf("%v, %d bytes left, %d lost", got, len(l.buf), *lost)
			}
		})
	}
}

func TestRotationLeavesGatheredRecordsInTheOldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	l, _ := gathering(t, path)
	write(t, l, Record{QueueID: "old"})
	if err := errors.Join(os.Rename(path, path+".1"), l.Reopen()); err != nil {
		t.Fatal(err)
	}
	write(t, l, Record{QueueID: "new"})
	l.Close()
	if got := lines(t, path+".1"); len(got) != 1 || got[0]["queue_id"] != "old" {
		t.Errorf("old file: %v", got)
	}
	if got := lines(t, path); len(got) != 1 || got[0]["queue_id"] != "new" {
		t.Errorf("new file: %v", got)
	}
}

func TestGatheredRecordsThatCannotBeWrittenAreCounted(t *testing.T) {
	l, lost := gathering(t, "/dev/full")
	for range 3 {
		write(t, l, Record{})
	}
	if err := l.Alert(Alert{}); !errors.Is(err, syscall.ENOSPC) || *lost != 3 || len(l.buf) > 0 {
		t.Errorf("%v, %d lost, %d bytes left", err, *lost, len(l.buf))
	}
}

func TestALargeRecordsMemoryDoesNotStay(t *testing.T) {
	l, _ := gathering(t, filepath.Join(t.TempDir(), "audit.jsonl"))
	write(t, l, Record{Findings: strings.Repeat("x", 8*gatherMost)})
	if cap(l.buf) > 4*gatherMost {
		t.Errorf("%d bytes", cap(l.buf))
	}
}

func TestFactsAreBoundedAndTheCallersStay(t *testing.T) {
	l, path := openLog(t)
	f := &Facts{From: strings.Repeat("あ", textMax), Links: make([]string, rcptMax+1), Outbound: map[string]int{"mails": 2}, TLS: true}
	write(t, l, Record{Facts: f, Monitored: []string{"watch"}})
	got := lines(t, path)[0]
	facts, ok := got["facts"].(map[string]any)
	if !ok || len(facts["from"].(string)) > textMax || len(facts["links"].([]any)) != rcptMax || got["truncated"] != true || got["monitored"] == nil {
		t.Errorf("got %v", got["facts"])
	}
	if len(f.Links) != rcptMax+1 || len(f.From) != 3*textMax {
		t.Error("the caller's facts were changed")
	}
}

func TestFactsOfALongRecordGo(t *testing.T) {
	l, path := openLog(t)
	f := &Facts{}
	for range rcptMax {
		f.Links = append(f.Links, strings.Repeat("x", textMax))
	}
	write(t, l, Record{Facts: f})
	if got := lines(t, path)[0]; got["facts"] != nil || got["truncated"] != true {
		t.Errorf("a record of %d bytes kept its facts", len(fmt.Sprint(got)))
	}
}
