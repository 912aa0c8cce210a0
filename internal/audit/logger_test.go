package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTextLine(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	tests := []struct {
		name    string
		journal bool
		with    func(*slog.Logger) *slog.Logger
		level   slog.Level
		msg     string
		attrs   []any
		want    string
	}{
		{name: "time and level stand first", level: slog.LevelInfo, msg: "started", attrs: []any{"port", 8899},
			want: "2026-11-23T09:00:00.000Z INFO started port=8899\n"},
		{name: "the journal gets a priority and no time", journal: true, level: slog.LevelWarn, msg: "4F1:", attrs: []any{"a", "b"},
			want: "<4>4F1: a=b\n"},
		{name: "values that could be read in two ways are quoted", journal: true, level: slog.LevelInfo, msg: "m",
			attrs: []any{"a", "x y=z", "b", `q"`, "c", "", "d", "\x1b[2J", "e", "請求書"},
			want:  `<6>m a="x y=z" b="q\"" c="" d="\x1b[2J" e=請求書` + "\n"},
		{name: "a message cannot leave its line", journal: true, level: slog.LevelError, msg: "a\nb\x1b\xff", want: "<3>a b ?\n"},
		{name: "groups join with dots", journal: true, level: slog.LevelDebug, msg: "m",
			with:  func(l *slog.Logger) *slog.Logger { return l.With("x", 1).WithGroup("g").With("y", 2) },
			attrs: []any{slog.Group("h", "z", 3), slog.Group("", "w", 4)},
			want:  "<7>m x=1 g.y=2 g.h.z=3 g.w=4\n"},
		{name: "times and durations are readable", journal: true, level: slog.LevelInfo, msg: "m",
			attrs: []any{"at", at, "for", 90 * time.Second, slog.Attr{}}, want: "<6>m at=2026-11-23T09:00:00Z for=1m30s\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			l := slog.New(&textHandler{w: &b, level: slog.LevelDebug, journal: tt.journal, mu: &sync.Mutex{}})
			if tt.with != nil {
				l = tt.with(l)
			}
			r := slog.NewRecord(at, tt.level, tt.msg, 0)
			r.Add(tt.attrs...)
			if err := l.Handler().Handle(context.Background(), r); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, b.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMessageLineStartsWithTheQueueID(t *testing.T) {
	var b bytes.Buffer
	l := slog.New(&textHandler{w: &b, journal: true, mu: &sync.Mutex{}})
	r := Record{QueueID: "4XyZ", Verdict: "quarantine", Done: "quarantine", Rule: "vba-autoexec", Direction: "in", ClientIP: "192.0.2.1",
		MailFrom: "a@example.com", Rcpts: []string{"b@example.jp", "c@example.jp"}, MessageID: "<1@x>", Size: 10, Quarantine: "q1", ElapsedMS: 1.5}
	r.Log(context.Background(), l)
	Record{Error: "store: disk full"}.Log(context.Background(), l)
	want := "<6>4XyZ: verdict=quarantine done=quarantine rule=vba-autoexec direction=in client=192.0.2.1 from=<a@example.com> rcpts=2 " +
		"msgid=<1@x> size=10 incomplete=false ms=1.5 quarantine=q1\n" +
		"<4>NOQUEUE: verdict=\"\" done=\"\" rule=\"\" direction=\"\" client=\"\" from=<> rcpts=0 msgid=\"\" size=0 incomplete=false ms=0 " +
		"error=\"store: disk full\"\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}

func TestLevelsBelowTheLimitAreSilent(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var b bytes.Buffer
		l, err := NewLogger(&b, "warn", format)
		if err != nil {
			t.Fatal(err)
		}
		l.Info("quiet")
		l.Warn("loud")
		if strings.Contains(b.String(), "quiet") || !strings.Contains(b.String(), "loud") {
			t.Errorf("%s: wrote %q", format, b.String())
		}
	}
}

func TestUnknownLevelAndFormatAreErrors(t *testing.T) {
	for _, c := range [][2]string{{"loud", "text"}, {"info", "xml"}} {
		if _, err := NewLogger(&bytes.Buffer{}, c[0], c[1]); err == nil {
			t.Errorf("no error for level %q, format %q", c[0], c[1])
		}
	}
}

// TestJournalIsKnownByItsStream writes to the file that $JOURNAL_STREAM names, and to another with the variable inherited.
func TestJournalIsKnownByItsStream(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		journal, other := create(t), create(t)
		info, err := journal.Stat()
		if err != nil {
			t.Fatal(err)
		}
		st := info.Sys().(*syscall.Stat_t)
		t.Setenv("JOURNAL_STREAM", fmt.Sprintf("%d:%d", st.Dev, st.Ino))
		for _, f := range []*os.File{journal, other} {
			l, err := NewLogger(f, "info", format)
			if err != nil {
				t.Fatal(err)
			}
			l.Info("hello")
			b, _ := os.ReadFile(f.Name())
			if hasTime := regexp.MustCompile(`\d\d:\d\d:\d\d`).Match(b); hasTime != (f == other) {
				t.Errorf("%s, journal %v: wrote %q", format, f == journal, b)
			}
			if format == "json" && !json.Valid(b) {
				t.Errorf("not JSON: %q", b)
			}
		}
	}
}

func create(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
