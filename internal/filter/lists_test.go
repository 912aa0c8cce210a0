package filter

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/inspect"
	"sekisho/internal/lists"
	"sekisho/internal/message"
	"sekisho/internal/store"
	"sekisho/rules"
)

const (
	toHanako = "hanako@our.example"
	toJiro   = "jiro@our.example"
)

// fromPartner is a mail whose sender our gateway has proven, unless it says otherwise.
func fromPartner(auth string, parts ...fixture.Mail) []byte {
	m := fixture.Message("Taro <taro@partner.example>", toHanako, "注文書", append([]fixture.Mail{fixture.TextPart("ご確認ください。")}, parts...)...)
	return append([]byte(auth), m.Bytes()...)
}

func doc(source string) fixture.Mail {
	return fixture.FilePart("order.doc", "application/msword", fixture.DocVBA(source))
}

// macroOf is the fingerprint of a document's macros.
func macroOf(t *testing.T, content []byte) string {
	t.Helper()
	res, err := newFilter(t, nil).File(t.Context(), "a.doc", bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return res.Files[0].MacroHash
}

// allowing is a filter with one entry by hand: autoOpen from taro to toHanako.
func allowing(t *testing.T) *Filter {
	t.Helper()
	st, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	db, err := st.Database(t.Context(), store.Memory)
	if err != nil {
		t.Fatal(err)
	}
	book, err := lists.OpenBook(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	e := lists.Entry{Use: lists.Allow, Type: lists.Macro, Value: macroOf(t, fixture.DocVBA(autoOpen)), Sender: "taro@partner.example", Rcpt: toHanako,
		Owner: "mori", Reason: "order form", Expires: time.Now().Add(time.Hour)}
	if _, err := book.Add(t.Context(), e, time.Now(), false); err != nil {
		t.Fatal(err)
	}
	return newFilter(t, func(o *Options, _ *inspect.Options) { o.Site, o.Book = ourSite, book })
}

// judged runs a mail from outside.
func judged(t *testing.T, f *Filter, raw []byte, rcpts ...string) *Result {
	t.Helper()
	return judgedFrom(t, f, "192.0.2.7", raw, rcpts...)
}

func judgedFrom(t *testing.T, f *Filter, client string, raw []byte, rcpts ...string) *Result {
	t.Helper()
	res, err := f.Message(t.Context(), Session{Envelope: message.Envelope{
		ClientIP: netip.MustParseAddr(client), MailFrom: "taro@partner.example", Rcpts: rcpts, Time: time.Now(),
	}}, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Close() })
	return res
}

func matches(res *Result) (details []string) {
	for _, f := range res.Facts.Findings {
		if f.Kind == finding.ListMatch {
			details = append(details, f.Path.String()+" "+f.Detail)
		}
	}
	return details
}

func TestAnEntryLetsOneMacroPassToOneRecipient(t *testing.T) {
	f := allowing(t)
	raw := fromPartner(passed, doc(autoOpen))
	res := judged(t, f, raw, toHanako)
	if res.Verdict.Action >= rules.Disarm {
		t.Errorf("held although allowed: %+v", res.Verdict)
	}
	if got := matches(res); len(got) != 1 || !strings.HasPrefix(got[0], `2 entry 1 of "mori" (allow): macros set aside for all recipients until `) {
		t.Errorf("what was set aside is not said: %q", got)
	}
	if !kinds(res)[finding.VBASuspicious] {
		t.Error("what was found is not reported any more")
	}
	both := judged(t, f, raw, toHanako, toJiro)
	if both.Verdict.Action != rules.Quarantine || both.Verdict.For(toHanako) >= rules.Disarm || both.Verdict.For(toJiro) != rules.Quarantine {
		t.Errorf("for two recipients: %+v", both.Verdict)
	}
	if got := matches(both); len(got) != 1 || !strings.Contains(got[0], "for 1 of the recipients") {
		t.Errorf("%q", got)
	}
	if other := judged(t, f, raw, toJiro); other.Verdict.Action != rules.Quarantine || len(matches(other)) != 0 {
		t.Errorf("for another recipient: %+v", other.Verdict)
	}
}

// Each is what somebody tries who knows of an entry, or has the very document.
func TestAnEntryCannotBeUsedForAnythingElse(t *testing.T) {
	f := allowing(t)
	other := "Sub AutoOpen()\n  CreateObject(\"WScript.Shell\").Run \"calc2\"\nEnd Sub\n"
	allowed := fixture.DocVBA(autoOpen)
	twoFrom := strings.Replace(string(fromPartner(passed, doc(autoOpen))), "From: ", "From: Evil <x@evil.example>\r\nFrom: ", 1)
	listed := strings.Replace(string(fromPartner(passed, doc(autoOpen))), "From: Taro <taro@partner.example>", "From: taro@partner.example, x@evil.example", 1)
	foreign := strings.ReplaceAll(string(fromPartner(passed, doc(autoOpen))), "taro@partner.example", "taro@evil.example")
	elsewhere := strings.Replace(passed, "gw.our.example", "gw.evil.example", 1)
	for name, raw := range map[string][]byte{
		"another sender":                       []byte(foreign),
		"a forged sender":                      fromPartner(failed, doc(autoOpen)),
		"a sender that nobody checked":         fromPartner("", doc(autoOpen)),
		"a sender that somebody else checked":  fromPartner(elsewhere, doc(autoOpen)),
		"two From fields":                      []byte(twoFrom),
		"two senders in one field":             []byte(listed),
		"a changed macro":                      fromPartner(passed, doc(other)),
		"a macro more":                         fromPartner(passed, doc(autoOpen+"Sub B()\nEnd Sub\n")),
		"a second document":                    fromPartner(passed, doc(autoOpen), doc(other)),
		"a second one in an archive":           fromPartner(passed, doc(autoOpen), fixture.FilePart("a.zip", "application/zip", fixture.Zip("a.doc", string(fixture.DocVBA(other))))),
		"two members of one name":              fromPartner(passed, fixture.FilePart("a.zip", "application/zip", fixture.Zip("a.doc", string(allowed), "a.doc", string(fixture.DocVBA(other))))),
		"a program beside it":                  fromPartner(passed, doc(autoOpen), fixture.FilePart("a.scr", "application/octet-stream", slices.Concat([]byte("MZ"), make([]byte, 600)))),
		"the macro around a document with one": fromPartner(passed, fixture.FilePart("a.zip", "application/zip", fixture.Zip("x/order.doc", string(allowed), "order.doc", string(fixture.DocVBA(other))))),
	} {
		t.Run(name, func(t *testing.T) {
			if res := judged(t, f, raw, toHanako); res.Verdict.For(toHanako) < rules.Quarantine {
				t.Errorf("%+v\n%v", res.Verdict, res.Facts.Findings)
			}
		})
	}
}

func TestRunningCodeOtherThanTheSourceIsNeverAllowed(t *testing.T) {
	if slices.Contains(macroKinds, finding.VBAStomped) {
		t.Error("an entry excuses code that the fingerprint does not show")
	}
}

func TestAnIncompleteScanIsNotExcused(t *testing.T) {
	f := allowing(t)
	res := judged(t, f, fromPartner(passed, doc(autoOpen), fixture.Mail{
		Fields: []string{"Content-Type: message/partial; id=a; number=1; total=2"}, Body: []byte("From: a@b.example\r\n\r\nhalf")}), toHanako)
	if !res.Facts.Incomplete {
		t.Fatal("the scan is complete: the test proves nothing")
	}
	if res.Verdict.For(toHanako) < rules.Quarantine {
		t.Errorf("%+v", res.Verdict)
	}
}

func TestOursNeedNoOtherProof(t *testing.T) {
	site := ourSite
	res := &Result{Header: &message.Header{Fields: []message.Field{{Name: "From", Raw: " a@our.example"}}}}
	for name, tc := range map[string]struct {
		facts rules.Facts
		want  bool
	}{
		"from our network":            {rules.Facts{Direction: message.Out, From: "a@our.example"}, true},
		"ours, says one from outside": {rules.Facts{Direction: message.In, From: "a@our.example"}, false},
		"another's, by our network":   {rules.Facts{Direction: message.Out, From: "a@partner.example"}, false},
		"nobody's":                    {rules.Facts{Direction: message.Out}, false},
	} {
		if got := proven(res, &tc.facts, &site); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// listed is a filter with lists in files, by name.
func listed(t *testing.T, use lists.Use, files map[string]string) *Filter {
	t.Helper()
	dir := t.TempDir()
	var sources []lists.Source
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		src := lists.Source{Name: name, File: path, Use: use}
		if name == "macros" {
			src.Type = lists.Macro
		}
		sources = append(sources, src)
	}
	l, err := lists.Open(t.Context(), lists.Options{Sources: sources, Told: func(e lists.Event) {
		if e.Err != nil {
			t.Error(e.Err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return newFilter(t, func(o *Options, io *inspect.Options) { o.Site, o.Lists, io.Digests = ourSite, l, Digests(l) })
}

func TestWhatOfAMailIsLookedUp(t *testing.T) {
	inner := fixture.DocVBA(autoOpen)
	raw := fromPartner(passed, fixture.TextPart("See http://www.shop.bad.example/a?b=c now."),
		fixture.FilePart("a.zip", "application/zip", fixture.Zip("in/order.doc", string(inner))))
	raw = append([]byte("Reply-To: x@reply.example\r\n"), raw...)
	sha, md := sums(inner)
	for name, tc := range map[string]struct {
		list, entry, want string
	}{
		"a file in an archive": {"feed", sha, `3!/in/order.doc feed (block): file sha256 "` + sha + `"`},
		"by MD5":               {"feed", md, `3!/in/order.doc feed (block): file md5 "` + md + `"`},
		"macros":               {"macros", macroOf(t, inner), `3!/in/order.doc macros (block): macros macro "` + macroOf(t, inner) + `"`},
		"the sender":           {"feed", "taro@partner.example", ` feed (block): envelope sender address "taro@partner.example"`},
		"the sender's domain":  {"feed", "partner.example", ` feed (block): envelope sender domain "partner.example"`},
		"where answers go":     {"feed", "reply.example", ` feed (block): Reply-To domain "reply.example"`},
		"a link's host":        {"feed", "bad.example", ` feed (block): link domain "bad.example"`},
		"the client":           {"feed", "192.0.2.0/24", ` feed (block): client ip "192.0.2.0/24"`},
	} {
		t.Run(name, func(t *testing.T) {
			res := judged(t, listed(t, lists.Block, map[string]string{tc.list: tc.entry + "\n"}), raw, toHanako)
			if got := matches(res); len(got) == 0 || got[0] != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
			if got := res.Facts.Lists; !slices.Equal(got, []string{"block", tc.list}) {
				t.Errorf("lists %v", got)
			}
			if res.Verdict.Action < rules.Quarantine {
				t.Errorf("%+v", res.Verdict)
			}
		})
	}
	if res := judged(t, listed(t, lists.Note, map[string]string{"feed": "partner.example\n"}), fromPartner(passed), toHanako); !slices.Equal(res.Facts.Lists, []string{"feed"}) ||
		res.Verdict.Action >= rules.Disarm {
		t.Errorf("a list that only notes: %v %+v", res.Facts.Lists, res.Verdict)
	}
}

func TestOfOurOwnMailFilesAndLinksAreLookedUpAndNotTheWriter(t *testing.T) {
	f := listed(t, lists.Block, map[string]string{"feed": "our.example\n10.0.0.0/8\nbad.example\n"})
	raw := fixture.Message("Hanako <hanako@our.example>", "x@partner.example", "hi", fixture.TextPart("See http://bad.example/a now.")).Bytes()
	res := judgedFrom(t, f, "10.0.0.5", raw, "x@partner.example")
	if got := matches(res); len(got) != 1 || !strings.Contains(got[0], "link domain") {
		t.Errorf("%q", got)
	}
}

func TestAMailCannotFillTheReportWithMatches(t *testing.T) {
	var text strings.Builder
	for i := range 900 {
		text.WriteString("http://h" + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + ".bad.example/\r\n")
	}
	res := judged(t, listed(t, lists.Block, map[string]string{"feed": "bad.example\n"}), fromPartner(passed, fixture.TextPart(text.String())), toHanako)
	if n := len(matches(res)); n == 0 || n > listFindings {
		t.Errorf("%d findings", n)
	}
}

func TestADeadListIsSaidAndStopsNoMail(t *testing.T) {
	f := listed(t, lists.Block, map[string]string{"feed": "bad.example\n"})
	f.o.Lists.Close()
	if res := judged(t, f, fromPartner(passed), toHanako); res.Verdict.Action >= rules.Disarm || len(res.Facts.Lists) != 0 {
		t.Errorf("%+v", res.Verdict)
	}
}

func sums(content []byte) (sha, md string) {
	a, b := sha256.Sum256(content), md5.Sum(content)
	return hex.EncodeToString(a[:]), hex.EncodeToString(b[:])
}
