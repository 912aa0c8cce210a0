package filter

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/inspect"
	"sekisho/internal/message"
	"sekisho/rules"
)

const autoOpen = "Sub AutoOpen()\n  CreateObject(\"WScript.Shell\").Run \"calc\"\nEnd Sub\n"

func newFilter(t testing.TB, change func(*Options, *inspect.Options)) *Filter {
	t.Helper()
	dir := t.TempDir()
	o := Options{Mode: rules.ModeEnforce, Walk: message.Limits{SpoolDir: dir}}
	io := inspect.Options{SpoolDir: dir}
	if change != nil {
		change(&o, &io)
	}
	s, err := inspect.New(io)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	o.Scanner = s
	return New(o)
}

func docMail() []byte {
	return fixture.Message("Sato <sato@example.net>", "mori@example.org", "請求書",
		fixture.TextPart("ご確認ください。"), fixture.FilePart("請求書.doc", "application/msword", fixture.DocVBA(autoOpen))).Bytes()
}

func run(t testing.TB, f *Filter, raw []byte) *Result {
	t.Helper()
	res, err := f.Message(context.Background(), Session{Envelope: message.Envelope{Rcpts: []string{"mori@example.org"}}}, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Close() })
	return res
}

func kinds(r *Result) map[finding.Kind]bool {
	m := map[finding.Kind]bool{}
	for _, f := range r.Facts.Findings {
		m[f.Kind] = true
	}
	return m
}

func TestMacroMailIsHeldAndDescribed(t *testing.T) {
	raw := docMail()
	res := run(t, newFilter(t, nil), raw)
	if res.Verdict.Action != rules.Quarantine || !res.Verdict.Enforced || res.Facts.Incomplete {
		t.Errorf("verdict %+v, incomplete %v", res.Verdict, res.Facts.Incomplete)
	}
	if k := kinds(res); !k[finding.VBAPresent] || !k[finding.VBAAutoexec] || !k[finding.VBASuspicious] {
		t.Errorf("findings %v", res.Facts.Findings)
	}
	if res.Facts.Subject != "請求書" || res.Facts.From != "sato@example.net" || res.Facts.Direction != message.In {
		t.Errorf("facts %+v", res.Facts)
	}
	doc := fixture.DocVBA(autoOpen)
	sum := sha256.Sum256(doc)
	want := []Attachment{{Path: "2", Name: "請求書.doc", Kind: "doc", Declared: "application/msword",
		SHA256: hex.EncodeToString(sum[:]), Size: int64(len(doc))}}
	if diff := cmp.Diff(want, res.Attachments); diff != "" {
		t.Error(diff)
	}
	whole := sha256.Sum256(raw)
	if res.Digest() != hex.EncodeToString(whole[:]) || res.Size != int64(len(raw)) {
		t.Errorf("digest or size of the raw message is wrong")
	}
}

func TestKeptBytesAreTheMessagesBytes(t *testing.T) {
	raw := docMail()
	res := run(t, newFilter(t, func(o *Options, _ *inspect.Options) { o.Walk.Memory = 100 }), raw)
	got, err := io.ReadAll(io.NewSectionReader(res.Raw, 0, res.Raw.Size()))
	if err != nil || !bytes.Equal(got, raw) {
		t.Errorf("%d bytes kept of %d, %v", len(got), len(raw), err)
	}
}

func TestChunksChangeNothing(t *testing.T) {
	f := newFilter(t, nil)
	raw := docMail()
	whole := run(t, f, raw)
	bytewise, err := f.Message(context.Background(), whole.Session, iotest.OneByteReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	defer bytewise.Close()
	diff := cmp.Diff(whole.Report("a"), bytewise.Report("a"), cmpopts.IgnoreFields(Report{}, "ElapsedMS"))
	if diff != "" {
		t.Error(diff)
	}
}

func TestMonitorDecidesButDoesNotEnforce(t *testing.T) {
	res := run(t, newFilter(t, func(o *Options, _ *inspect.Options) { o.Mode = rules.ModeMonitor }), docMail())
	if res.Verdict.Action != rules.Quarantine || res.Verdict.Enforced {
		t.Errorf("verdict %+v", res.Verdict)
	}
}

func TestReleasedMailPasses(t *testing.T) {
	f := newFilter(t, nil)
	res, err := f.Message(context.Background(), Session{Released: "20261123-k7q2m"}, bytes.NewReader(docMail()))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	if res.Verdict.Action != rules.Accept || res.Verdict.Rule != rules.Released {
		t.Errorf("verdict %+v", res.Verdict)
	}
}

func TestNoTimeLeftIsIncompleteNotClean(t *testing.T) {
	res := run(t, newFilter(t, func(_ *Options, io *inspect.Options) { io.Time = time.Nanosecond }), docMail())
	if !res.Facts.Incomplete || res.Verdict.Action != rules.Quarantine {
		t.Errorf("incomplete %v, verdict %+v", res.Facts.Incomplete, res.Verdict)
	}
}

func TestEndedContextIsIncompleteNotClean(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	res, err := newFilter(t, nil).Message(ctx, Session{}, bytes.NewReader(docMail()))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	if !res.Facts.Incomplete || res.Verdict.Action == rules.Accept {
		t.Errorf("incomplete %v, verdict %+v", res.Facts.Incomplete, res.Verdict)
	}
}

func TestSpoolThatCannotBeWrittenIsAnError(t *testing.T) {
	f := newFilter(t, func(o *Options, _ *inspect.Options) {
		o.Walk.SpoolDir, o.Walk.Memory = "/nonexistent", 100
	})
	if _, err := f.Message(context.Background(), Session{}, bytes.NewReader(docMail())); err == nil {
		t.Error("no error")
	}
}

func TestReadersErrorComesBack(t *testing.T) {
	broken := errors.New("broken")
	if _, err := newFilter(t, nil).Message(context.Background(), Session{}, iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestWalkThatPanicsLeavesTheMessageKeptAndIncomplete(t *testing.T) {
	f := newFilter(t, nil)
	r := f.Begin(context.Background())
	raw := docMail()
	r.guard(func() error { panic("a bug") })
	if _, err := r.Write(raw); err != nil {
		t.Fatal(err)
	}
	res := r.Finish(Session{})
	defer res.Close()
	if !kinds(res)[finding.ParserError] || !res.Facts.Incomplete || res.Verdict.Action != rules.Quarantine || res.Raw.Size() != int64(len(raw)) {
		t.Errorf("findings %v, verdict %+v, %d bytes kept", res.Facts.Findings, res.Verdict, res.Raw.Size())
	}
}

func TestAttachmentsOfAMailWithinAMail(t *testing.T) {
	inner := docMail()
	raw := fixture.Message("a@example.net", "b@example.org", "Fwd", fixture.TextPart("see"),
		fixture.FilePart("", "message/rfc822", inner)).Bytes()
	res := run(t, newFilter(t, nil), raw)
	if len(res.Attachments) != 1 || res.Attachments[0].Path != "2.2" || res.Verdict.Action != rules.Quarantine {
		t.Errorf("attachments %+v, verdict %+v", res.Attachments, res.Verdict)
	}
}

func TestFileIsJudgedAsIfItCameFromOutside(t *testing.T) {
	f := newFilter(t, nil)
	doc := fixture.DocVBA(autoOpen)
	res, err := f.File(context.Background(), "a.doc", bytes.NewReader(doc), int64(len(doc)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	rep := res.Report("a.doc")
	if rep.Verdict != rules.Quarantine || rep.Kind != "doc" || len(rep.Files) != 1 || rep.Files[0].Path != "" || !rep.Files[0].HasVBA {
		t.Errorf("got %+v", rep)
	}
}

func TestFileInAnArchiveHasItsPath(t *testing.T) {
	f := newFilter(t, nil)
	z := fixture.Zip("invoice.doc", string(fixture.DocVBA(autoOpen)))
	res, err := f.File(context.Background(), "a.zip", bytes.NewReader(z), int64(len(z)))
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range res.Facts.Findings {
		paths = append(paths, f.Path.String())
	}
	if !strings.Contains(strings.Join(paths, " "), "invoice.doc!/Macros/VBA/") {
		t.Errorf("paths %q", paths)
	}
}

func TestReportListsAreNeverNull(t *testing.T) {
	rep := (&Result{}).Report("a")
	if rep.Rules == nil || rep.Findings == nil || rep.Attachments == nil || rep.Files == nil || rep.PerRecipient == nil {
		t.Errorf("got %+v", rep)
	}
}

func BenchmarkRunMacroMail(b *testing.B) {
	f := newFilter(b, nil)
	raw := docMail()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		res, err := f.Message(context.Background(), Session{}, bytes.NewReader(raw))
		if err != nil {
			b.Fatal(err)
		}
		res.Close()
	}
}

func TestDigestIsThatOfTheKeptBytesWhereverTheyAre(t *testing.T) {
	raw := docMail()
	whole := sha256.Sum256(raw)
	for name, memory := range map[string]int64{"in memory": 1 << 20, "in the spool": 100} {
		t.Run(name, func(t *testing.T) {
			res := run(t, newFilter(t, func(o *Options, _ *inspect.Options) { o.Walk.Memory = memory }), raw)
			if res.SHA256 != "" {
				t.Error("hashed before anybody asked")
			}
			if got := res.Digest(); got != hex.EncodeToString(whole[:]) || res.SHA256 != got {
				t.Errorf("digest %q", got)
			}
		})
	}
}
