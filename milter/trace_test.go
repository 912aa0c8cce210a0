package milter

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sekisho/internal/filter"
	"sekisho/internal/inspect"
	"sekisho/internal/miltertest"
	"sekisho/internal/trace"
	"sekisho/rules"
)

// fakeTrace keeps records, or panics.
type fakeTrace struct {
	panic bool
	mu    sync.Mutex
	rs    []trace.Record
}

func (f *fakeTrace) Add(r trace.Record) {
	if f.panic {
		panic("trace")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rs = append(f.rs, r)
}

func (f *fakeTrace) last(t *testing.T) trace.Record {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.rs) != 1 {
		t.Fatalf("%d records", len(f.rs))
	}
	return f.rs[0]
}

func TestEveryMessageIsTraced(t *testing.T) {
	both := func(done string) []trace.Rcpt {
		return []trace.Rcpt{{Address: "b@example.org", Done: done}, {Address: "c@example.org", Done: done}}
	}
	for name, tc := range map[string]struct {
		change func(*Options, *Policy, *rig)
		want   trace.Record
	}{
		"accepted": {nil, trace.Record{Verdict: "accept", Done: "accept", Rcpts: both("accept")}},
		"held": {func(_ *Options, _ *Policy, r *rig) { r.filter.verdict = evidence(rules.Quarantine) },
			trace.Record{Verdict: "quarantine", Done: "quarantine", Rule: "vba-autoexec", Rcpts: both("quarantine"), Quarantine: "20261123-1",
				Findings: []string{"vba.autoexec", "vba.present"}}},
		"let pass by mode monitor": {func(_ *Options, p *Policy, r *rig) {
			p.Mode = rules.ModeMonitor
			r.filter.verdict = evidence(rules.Reject)
		}, trace.Record{Verdict: "reject", Done: "accept", Rule: "vba-autoexec", Rcpts: both("accept"), Findings: []string{"vba.autoexec", "vba.present"}}},
		"not to be stored": {func(_ *Options, _ *Policy, r *rig) {
			r.filter.verdict = evidence(rules.Quarantine)
			r.holder.err = errors.New("full")
		}, trace.Record{Verdict: "quarantine", Done: "tempfail", Rule: "vba-autoexec", Rcpts: both("tempfail"), Findings: []string{"vba.autoexec", "vba.present"}}},
		"failed": {func(_ *Options, _ *Policy, r *rig) { r.filter.writeErr = errors.New("no disk") },
			trace.Record{Verdict: "tempfail", Done: "tempfail", Rcpts: both("tempfail"), Incomplete: true}},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeTrace{}
			r := start(t, func(o *Options, p *Policy, r *rig) {
				o.Trace = f
				if tc.change != nil {
					tc.change(o, p, r)
				}
			})
			r.send(r.greet(miltertest.Postfix()), plain())
			got := f.last(t)
			if time.Since(got.Time) > time.Minute {
				t.Error("its time is", got.Time)
			}
			if len(got.Quarantine) > 0 {
				got.Quarantine = "20261123-1"
			}
			want := tc.want
			want.QueueID, want.Direction, want.MailFrom, want.MessageID, want.ClientIP = "4Xq1", "in", "a@example.com", "<1@example.com>", got.ClientIP
			if name != "failed" {
				want.Subject, want.SHA256, want.Size = "件名", strings.Repeat("ab", 32), got.Size
			}
			got.Time = time.Time{}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestATraceThatPanicsChangesNothing(t *testing.T) {
	r := start(t, func(o *Options, _ *Policy, r *rig) {
		o.Trace = &fakeTrace{panic: true}
		r.filter.verdict = evidence(rules.Quarantine)
	})
	if o := r.send(r.greet(miltertest.Postfix()), plain()); o.Code != 'd' {
		t.Errorf("reply %q", o.Code)
	}
	if n := len(r.holder.held()); n != 1 {
		t.Errorf("%d held", n)
	}
}

func TestTraceFilesNamesWhatAMailCarries(t *testing.T) {
	sum := func(c string) string { return strings.Repeat(c, 64) }
	files := []inspect.FileReport{
		{Path: "1", Kind: "html", SHA256: sum("1")}, // a text of the mail
		{Path: "2", Kind: "zip", SHA256: sum("2")},
		{Path: `2!/mail\!/a.doc`, Kind: "doc", SHA256: sum("3"), MacroHash: sum("4")},
		{Path: "3", Kind: "xls", MacroHash: sum("5")}, // a part that is called no attachment
	}
	res := &filter.Result{Files: files, Attachments: []filter.Attachment{{Path: "2", Name: "a.zip", Kind: "zip", SHA256: sum("2")}}}
	want := []trace.File{
		{Name: "a.zip", Kind: "zip", SHA256: sum("2")}, {Path: `2!/mail\!/a.doc`, Name: "mail!/a.doc", Kind: "doc", SHA256: sum("3"), Macros: sum("4")},
		{Path: "3", Name: "3", Kind: "xls", Macros: sum("5")},
	}
	if diff := cmp.Diff(want, TraceFiles(res)); diff != "" {
		t.Error(diff)
	}
	bare := &filter.Result{Kind: "zip", SHA256: sum("2"), Facts: rules.Facts{Bare: true}, Files: []inspect.FileReport{
		{Path: "", Kind: "zip", SHA256: sum("2")}, {Path: "a.doc", Kind: "doc", SHA256: sum("3")}}}
	want = []trace.File{{Kind: "zip", SHA256: sum("2")}, {Path: "a.doc", Name: "a.doc", Kind: "doc", SHA256: sum("3")}}
	if diff := cmp.Diff(want, TraceFiles(bare)); diff != "" {
		t.Error(diff)
	}
}
