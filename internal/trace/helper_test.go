package trace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sekisho/internal/store"
)

func TestMain(m *testing.M) {
	if os.Getenv(killDir) != "" {
		child()
	}
	goleak.VerifyTestMain(m)
}

// epoch is when the tests' first record came.
var epoch = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// rig is a trace with its store and what it told.
type rig struct {
	*Trace
	t   testing.TB
	st  *store.Store
	now time.Time

	mu               sync.Mutex
	written, dropped int
	failed           []error
}

// newRig opens a trace in a fresh folder. Nothing is written before flushed or Start.
func newRig(t testing.TB, o Options) *rig {
	t.Helper()
	return openRig(t, t.TempDir(), o)
}

func openRig(t testing.TB, dir string, o Options) *rig {
	t.Helper()
	st, err := store.Open(context.Background(), dir)
	must(t, err)
	t.Cleanup(func() { must(t, st.Close()) })
	r := &rig{t: t, st: st, now: epoch.Add(24 * time.Hour)}
	o.Written = func(n int) { r.mu.Lock(); r.written += n; r.mu.Unlock() }
	o.Dropped = func(n int) { r.mu.Lock(); r.dropped += n; r.mu.Unlock() }
	o.Failed = func(err error) { r.mu.Lock(); r.failed = append(r.failed, err); r.mu.Unlock() }
	o.now = func() time.Time { return r.now }
	o.Gather = time.Millisecond
	r.Trace, err = Open(context.Background(), st, o)
	must(t, err)
	return r
}

// counts are the records written and dropped so far.
func (r *rig) counts() (written, dropped int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.written, r.dropped
}

// keep adds records and writes them.
func (r *rig) keep(records ...Record) {
	r.t.Helper()
	for _, x := range records {
		r.Add(x)
	}
	must(r.t, r.flush(context.Background()))
}

// fill writes n ordinary records, one a second.
func (r *rig) fill(n int) {
	r.t.Helper()
	for i := range n {
		r.Add(ordinary(i))
		if i%batchMost == 0 {
			must(r.t, r.flush(context.Background()))
		}
	}
	must(r.t, r.flush(context.Background()))
}

// found are the Message-IDs that a query finds, in its order.
func (r *rig) found(q Query) (ids []string) {
	r.t.Helper()
	must(r.t, r.Search(context.Background(), q, func(x *Record) bool {
		ids = append(ids, x.MessageID)
		return true
	}))
	return ids
}

// digest makes a digest of a number.
func digest(n int) string { return fmt.Sprintf("%064x", n+1) }

// ordinary is the nth mail of an ordinary day.
func ordinary(n int) Record {
	return Record{
		Time: epoch.Add(time.Duration(n) * time.Second), QueueID: fmt.Sprintf("4Q%d", n), Direction: "in", Verdict: "accept", Done: "accept",
		MailFrom: fmt.Sprintf("s%d@example.net", n%1000), From: fmt.Sprintf("s%d@example.net", n%1000),
		Rcpts:     []Rcpt{{fmt.Sprintf("r%d@example.org", n%300), "accept"}},
		MessageID: fmt.Sprintf("<m%d@example.net>", n), Subject: fmt.Sprintf("Re: order %d", n), Size: 1000, SHA256: digest(n),
		ClientIP: fmt.Sprintf("198.51.100.%d", n%200),
	}
}

// infected is a mail with a macro document in an archive.
func infected() Record {
	return Record{
		Time: epoch, QueueID: "4BAD", Direction: "in", Verdict: "quarantine", Done: "quarantine", Rule: "macro-autoexec",
		MailFrom: "bounce@mail.bad.example.com", From: "Suzuki@Bad.Example.com",
		Rcpts:     []Rcpt{{"mori@example.org", "quarantine"}, {"abe@example.org", "accept"}},
		MessageID: "<bad@bad.example.com>", Subject: "RE: 【重要】請求書 ２０２６", Size: 54321, SHA256: digest(1 << 20),
		Files: []File{
			{Name: "請求書.zip", Kind: "zip", SHA256: digest(1<<20 + 1)},
			{Path: "2!/Invoice.DOC", Name: "Invoice.DOC", Kind: "doc", SHA256: digest(1<<20 + 2), Macros: digest(1<<20 + 3)},
		},
		Findings: []string{"vba.autoexec", "vba.suspicious"}, ClientIP: "2001:db8::25", Account: "Sato@example.org",
		Quarantine: "20261123-15var7wq",
	}
}

var errAway = errors.New("the database is away")
