package filter

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/inspect"
	"sekisho/internal/ledger"
	"sekisho/internal/message"
	"sekisho/internal/store"
	"sekisho/rules"
)

// TestMain puts the tests' databases into memory where it can.
func TestMain(m *testing.M) {
	if fi, err := os.Stat("/dev/shm"); err == nil && fi.IsDir() && os.Getenv("TMPDIR") == "" {
		os.Setenv("TMPDIR", "/dev/shm")
	}
	os.Exit(m.Run())
}

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// gateway is a filter with a memory, and a clock.
type gateway struct {
	*testing.T
	f   *Filter
	l   *ledger.Ledger
	st  *store.Store
	now time.Time
	n   int
}

func newGateway(t *testing.T, more ...func(*inspect.Options)) *gateway {
	t.Helper()
	st, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	l, err := ledger.Open(st, ledger.Options{Keep: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	f := newFilter(t, func(o *Options, scan *inspect.Options) {
		o.Ledger = l
		o.Site.LocalDomains = []string{"our.example"}
		for _, set := range more {
			set(scan)
		}
	})
	return &gateway{T: t, f: f, l: l, st: st, now: noon}
}

// letter is one mail of a test.
type letter struct {
	from, to string
	text     string
	files    []fixture.Mail
	sasl     string
}

const (
	taro   = "taro@partner.example"
	hanako = "hanako@our.example"
)

func ppapFile(files ...fixture.Mail) letter {
	return letter{taro, hanako, "お世話になっております。見積書をお送りします。パスワードは別途お送りします。", files, ""}
}

func ppapWord(word string) letter {
	return letter{taro, hanako, "先ほどお送りした添付ファイルのパスワードをお知らせします。\r\n\r\nパスワード: " + word + "\r\n\r\nよろしくお願いいたします。", nil, ""}
}

// pass takes a mail through the filter a minute after the one before, and does with the memory what the milter does.
func (g *gateway) pass(l letter) (*Result, Remembered) {
	g.Helper()
	res := g.judge(l)
	return res, g.remember(res)
}

func (g *gateway) remember(res *Result) Remembered {
	g.Helper()
	out, err := g.f.Remember(g.Context(), res, res.Verdict.Action < rules.Disarm, "")
	if err != nil {
		g.Fatal(err)
	}
	return out
}

// judge is the first half of pass.
func (g *gateway) judge(l letter) *Result {
	g.Helper()
	g.n++
	g.now = g.now.Add(time.Minute)
	parts := append([]fixture.Mail{fixture.TextPart(l.text)}, l.files...)
	raw := fixture.Message(l.from, l.to, "見積書の件", parts...).Bytes()
	env := message.Envelope{QueueID: fmt.Sprint("Q", g.n), MailFrom: l.from, Rcpts: []string{l.to}, ClientIP: netip.MustParseAddr("192.0.2.7"),
		Time: g.now, SASLUser: l.sasl}
	res, err := g.f.Message(g.Context(), Session{Envelope: env}, bytes.NewReader(raw))
	if err != nil {
		g.Fatal(err)
	}
	g.Cleanup(func() { res.Close() })
	return res
}

func lockedZip(name, word, inner string, data []byte) fixture.Mail {
	z := fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: inner, Data: data, Method: 8, Password: word}}}
	return fixture.FilePart(name, "application/zip", z.Bytes())
}

func hostileZip(word string) fixture.Mail {
	return lockedZip("見積書.zip", word, "見積書.doc", fixture.DocVBA(autoOpen))
}
func harmlessZip(word string) fixture.Mail {
	return lockedZip("見積書.zip", word, "見積書.docx", fixture.DOCX())
}

func paths(r *Result) string {
	var list []string
	for _, f := range r.Facts.Findings {
		list = append(list, string(f.Kind)+" "+f.Path.String())
	}
	return strings.Join(list, "\n")
}

func TestHostilePairIsStoppedAtThePassword(t *testing.T) {
	g := newGateway(t)
	first, _ := g.pass(ppapFile(hostileZip("Xk92mQ")))
	if first.Verdict.Action != rules.Tag || len(first.Locked) != 1 {
		t.Fatalf("the first mail: %+v", first.Verdict)
	}
	second, out := g.pass(ppapWord("Xk92mQ"))
	if second.Verdict.Action != rules.Quarantine || !strings.HasPrefix(second.Verdict.Rule, "macro-") {
		t.Errorf("verdict %+v", second.Verdict)
	}
	if k := kinds(second); !k[finding.ArchivePasswordLater] || !k[finding.VBAAutoexec] || k[finding.ZipEncrypted] {
		t.Errorf("findings:\n%s", paths(second))
	}
	if !strings.Contains(paths(second), "vba.autoexec earlier mail!/Q1!/見積書.zip!/見積書.doc!/") {
		t.Errorf("findings:\n%s", paths(second))
	}
	if len(out.Hostile) != 1 || len(out.Harmless) != 0 {
		t.Fatalf("%+v", out)
	}
	h := out.Hostile[0]
	if h.File.Mail.QueueID != "Q1" || h.Word != "Xk92mQ" || h.Verdict.Action != rules.Quarantine || h.File.Mail.Rcpts[0] != hanako || len(h.Why) == 0 || !h.Whole {
		t.Errorf("%+v", h)
	}
	if again, _ := g.pass(ppapWord("Xk92mQ")); again.Verdict.Action != rules.Quarantine {
		t.Errorf("sent once more it passes: %+v", again.Verdict)
	}
}

func TestThePasswordLaterSaysWhichFileWhenFromWhomAndTheWord(t *testing.T) {
	g := newGateway(t)
	g.pass(ppapFile(hostileZip("Xk92mQ")))
	second, _ := g.pass(ppapWord("Xk92mQ"))
	for _, f := range second.Facts.Findings {
		if f.Kind == finding.ArchivePasswordLater {
			if want := `"見積書.zip" of 2026-11-23 12:01:00Z from "taro@partner.example", opened by "Xk92mQ"`; f.Detail != want {
				t.Errorf("%s\nwant %s", f.Detail, want)
			}
		}
	}
}

func TestHarmlessPairPassesAndIsForgotten(t *testing.T) {
	g := newGateway(t)
	g.pass(ppapFile(harmlessZip("Xk92mQ")))
	second, out := g.pass(ppapWord("Xk92mQ"))
	if second.Verdict.Action != rules.Accept || second.Facts.Incomplete || second.Facts.Locked {
		t.Errorf("verdict %+v\n%s", second.Verdict, paths(second))
	}
	if !kinds(second)[finding.ArchivePasswordLater] {
		t.Errorf("findings:\n%s", paths(second))
	}
	if len(out.Harmless) != 1 || out.Harmless[0].QueueID != "Q1" || len(out.Hostile) != 0 {
		t.Errorf("%+v", out)
	}
	if third, _ := g.pass(ppapWord("Xk92mQ")); kinds(third)[finding.ArchivePasswordLater] {
		t.Error("the archive is remembered for good")
	}
}

func TestThePasswordMayComeFirst(t *testing.T) {
	g := newGateway(t)
	g.pass(ppapWord("Xk92mQ"))
	file, _ := g.pass(ppapFile(hostileZip("Xk92mQ")))
	if file.Verdict.Action != rules.Quarantine || !kinds(file)[finding.VBAAutoexec] || len(file.Locked) != 0 {
		t.Errorf("%+v\n%s", file.Verdict, paths(file))
	}
	good, _ := g.pass(ppapFile(harmlessZip("Xk92mQ")))
	if good.Verdict.Action != rules.Accept || !kinds(good)[finding.ArchivePasswordFound] {
		t.Errorf("%+v\n%s", good.Verdict, paths(good))
	}
}

func TestSeveralFilesWait(t *testing.T) {
	g := newGateway(t)
	g.pass(ppapFile(harmlessZip("first1"), lockedZip("b.zip", "second2", "b.docx", fixture.DOCX())))
	g.pass(ppapFile(hostileZip("third3")))
	one, out := g.pass(ppapWord("first1"))
	if one.Verdict.Action != rules.Accept || len(out.Harmless) != 0 {
		t.Errorf("the first of two: %+v, %+v", one.Verdict, out)
	}
	two, out := g.pass(ppapWord("second2"))
	if two.Verdict.Action != rules.Accept || len(out.Harmless) != 1 || out.Harmless[0].QueueID != "Q1" {
		t.Errorf("the second of two: %+v, %+v", two.Verdict, out)
	}
	if three, out := g.pass(ppapWord("third3")); three.Verdict.Action != rules.Quarantine || len(out.Hostile) != 1 || out.Hostile[0].File.Mail.QueueID != "Q2" {
		t.Errorf("the third: %+v, %+v", three.Verdict, out)
	}
}

func TestAShortMailWithoutAnyPhraseOpensToo(t *testing.T) {
	g := newGateway(t)
	g.pass(ppapFile(hostileZip("Xk92mQ")))
	if res, _ := g.pass(letter{taro, hanako, "こちらです。\r\n\r\nXk92mQ\r\n", nil, ""}); res.Verdict.Action != rules.Quarantine {
		t.Errorf("%+v\n%s", res.Verdict, paths(res))
	}
}

func TestOthersAndLateOnesDoNotOpen(t *testing.T) {
	with := func(from, to, sasl string) letter {
		l := ppapWord("Xk92mQ")
		l.from, l.to, l.sasl = from, to, sasl
		return l
	}
	for name, tt := range map[string]struct {
		file, word letter
		wait       time.Duration
	}{
		"another sender":              {ppapFile(hostileZip("Xk92mQ")), with("x@other.example", hanako, ""), 0},
		"another recipient":           {ppapFile(hostileZip("Xk92mQ")), with(taro, "jiro@our.example", ""), 0},
		"too late":                    {ppapFile(hostileZip("Xk92mQ")), ppapWord("Xk92mQ"), time.Hour},
		"another password":            {ppapFile(hostileZip("Xk92mQ")), ppapWord("wrong55"), 0},
		"our own, who answers":        {ppapFile(hostileZip("Xk92mQ")), with(hanako, taro, "hanako"), 0},
		"a stranger at a free mailer": {letter{"a@gmail.com", hanako, "見積書です。", []fixture.Mail{hostileZip("Xk92mQ")}, ""}, with("b@gmail.com", hanako, ""), 0},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t)
			g.pass(tt.file)
			g.now = g.now.Add(tt.wait)
			res, out := g.pass(tt.word)
			if kinds(res)[finding.ArchivePasswordLater] || len(out.Hostile)+len(out.Harmless) > 0 || res.Verdict.Action == rules.Quarantine {
				t.Errorf("%+v\n%s", res.Verdict, paths(res))
			}
		})
	}
}

func TestTheSameAddressAtAFreeMailerOpens(t *testing.T) {
	g := newGateway(t)
	g.pass(letter{"a@gmail.com", hanako, "見積書です。", []fixture.Mail{hostileZip("Xk92mQ")}, ""})
	w := ppapWord("Xk92mQ")
	w.from = "a@gmail.com"
	if res, _ := g.pass(w); res.Verdict.Action != rules.Quarantine {
		t.Errorf("%+v", res.Verdict)
	}
}

// Both mails of a pair are judged before either is remembered, as those of a program that sends both at once.
func TestPairsOfTheSameMoment(t *testing.T) {
	for name, hostile := range map[string]bool{"hostile": true, "harmless": false} {
		for _, fileFirst := range []bool{true, false} {
			t.Run(fmt.Sprint(name, ", file first: ", fileFirst), func(t *testing.T) {
				g := newGateway(t)
				zip := harmlessZip("Xk92mQ")
				if hostile {
					zip = hostileZip("Xk92mQ")
				}
				file, word := g.judge(ppapFile(zip)), g.judge(ppapWord("Xk92mQ"))
				if file.Verdict.Action != rules.Tag || word.Verdict.Action == rules.Quarantine {
					t.Fatalf("%+v, %+v", file.Verdict, word.Verdict)
				}
				first, last := file, word
				if !fileFirst {
					first, last = word, file
				}
				if out := g.remember(first); out.Changed {
					t.Errorf("the first changed: %+v", out)
				}
				out := g.remember(last)
				want := map[bool]rules.Action{true: rules.Quarantine, false: rules.Accept}[hostile]
				if !out.Changed || last.Verdict.Action != want {
					t.Errorf("changed %v: %+v\n%s", out.Changed, last.Verdict, paths(last))
				}
				if (len(out.Hostile) == 1) != (hostile && fileFirst) || (len(out.Harmless) == 1) == hostile {
					t.Errorf("%+v", out)
				}
				if third, _ := g.pass(ppapWord("Xk92mQ")); kinds(third)[finding.ArchivePasswordLater] != hostile {
					t.Errorf("remembered afterwards:\n%s", paths(third))
				}
			})
		}
	}
}

// However two mails of a pair overlap, one of them is stopped.
func TestPairsInParallel(t *testing.T) {
	g := newGateway(t)
	const rounds = 40
	results := make([][2]*Result, rounds)
	for i := range rounds {
		word := fmt.Sprintf("Xk92mQ%d", i)
		pair := [2]letter{ppapFile(hostileZip(word)), ppapWord(word)}
		var wg sync.WaitGroup
		for side, l := range pair {
			raw := fixture.Message(l.from, l.to, "見積書の件", append([]fixture.Mail{fixture.TextPart(l.text)}, l.files...)...).Bytes()
			env := message.Envelope{QueueID: fmt.Sprint(i, "-", side), MailFrom: l.from, Rcpts: []string{l.to}, ClientIP: netip.MustParseAddr("192.0.2.7"), Time: g.now}
			wg.Go(func() {
				res, err := g.f.Message(g.Context(), Session{Envelope: env}, bytes.NewReader(raw))
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := g.f.Remember(g.Context(), res, res.Verdict.Action < rules.Disarm, ""); err != nil {
					t.Error(err)
				}
				results[i][side] = res
			})
		}
		wg.Wait()
	}
	for i, pair := range results {
		if pair[0].Verdict.Action != rules.Quarantine && pair[1].Verdict.Action != rules.Quarantine {
			t.Errorf("round %d: both pass", i)
		}
		for _, r := range pair {
			r.Close()
		}
	}
}

func TestAMailThatComesBackIsKnown(t *testing.T) {
	g := newGateway(t)
	first := g.judge(ppapFile(hostileZip("Xk92mQ")))
	if _, err := g.f.Remember(t.Context(), first, false, "20261123-aaaaaaaa"); err != nil {
		t.Fatal(err)
	}
	again := g.judge(ppapFile(hostileZip("Xk92mQ")))
	if ids, err := g.f.Waited(t.Context(), again); err != nil || len(ids) != 1 || ids[0] != "20261123-aaaaaaaa" {
		t.Errorf("%q, %v", ids, err)
	}
	other := g.judge(ppapFile(hostileZip("Xk92mQ-other")))
	if ids, err := g.f.Waited(t.Context(), other); err != nil || len(ids) != 0 {
		t.Errorf("%q, %v", ids, err)
	}
}

func TestOthersOfTheSameMomentChangeNothing(t *testing.T) {
	g := newGateway(t)
	file := g.judge(ppapFile(hostileZip("Xk92mQ")))
	other := ppapWord("Xk92mQ")
	other.from = "x@other.example"
	g.pass(other)
	wrong := ppapWord("wrong55")
	g.pass(wrong)
	if out := g.remember(file); out.Changed || file.Verdict.Action != rules.Tag || len(file.Facts.Findings) != 1 {
		t.Errorf("%+v\n%s", out, paths(file))
	}
}

// A sender may bury the file of a password under others: what was not tried is not called clean.
func TestMoreFilesThanCanBeTriedMakeTheMailIncomplete(t *testing.T) {
	g := newGateway(t)
	var files []ledger.Locked
	for range 100 {
		files = append(files, ledger.Locked{Path: []string{"2"}, Name: "a.zip", Content: strings.NewReader("x"), Size: 1})
	}
	for n := 0; n <= ledger.MaxWaiting; n += len(files) {
		if _, err := g.l.Remember(t.Context(), ledger.Mail{Time: g.now, From: taro, Rcpts: []string{hanako}}, files, nil); err != nil {
			t.Fatal(err)
		}
	}
	if res, _ := g.pass(ppapWord("Xk92mQ")); !res.Facts.Incomplete || !kinds(res)[finding.LimitFiles] || res.Verdict.Action != rules.Quarantine {
		t.Errorf("incomplete %v: %+v", res.Facts.Incomplete, res.Verdict)
	}
	if res, _ := g.pass(letter{taro, hanako, "明日の会議は10時からです。", nil, ""}); res.Facts.Incomplete {
		t.Errorf("an ordinary mail is incomplete:\n%s", paths(res))
	}
}

// A file on which a try costs more than there is time for must not pass with its password, whichever comes first.
func TestAFileTooDearToTryIsNotCalledClean(t *testing.T) {
	for _, wordFirst := range []bool{false, true} {
		g := newGateway(t, func(o *inspect.Options) { o.TryTime = time.Nanosecond })
		z := fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "a.txt", Data: []byte("text"), Password: "Xk92mQ", AES: 3}}}
		file, word := ppapFile(fixture.FilePart("a.zip", "application/zip", z.Bytes())), ppapWord("Xk92mQ")
		first, second := file, word
		if wordFirst {
			first, second = word, file
		}
		if res, _ := g.pass(first); res.Verdict.Action > rules.Tag {
			t.Errorf("the first: %+v", res.Verdict)
		}
		if res, _ := g.pass(second); !res.Facts.Incomplete || !kinds(res)[finding.LimitTime] || res.Verdict.Action != rules.Quarantine {
			t.Errorf("word first %v: incomplete %v: %+v", wordFirst, res.Facts.Incomplete, res.Verdict)
		}
	}
}

func TestOutgoingMailIsNotRemembered(t *testing.T) {
	g := newGateway(t)
	l := ppapFile(hostileZip("Xk92mQ"))
	l.from, l.to, l.sasl = hanako, taro, "hanako"
	res, _ := g.pass(l)
	w := ppapWord("Xk92mQ")
	w.from, w.to, w.sasl = hanako, taro, "hanako"
	word, _ := g.pass(w)
	if s, err := g.l.Stats(t.Context()); err != nil || s.Bytes != 0 || res.Memory != nil || word.Memory != nil {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestWhatIsHeldIsNotRemembered(t *testing.T) {
	g := newGateway(t)
	bad := ppapFile(hostileZip("Xk92mQ"), fixture.FilePart("b.doc", "application/msword", fixture.DocVBA(autoOpen)))
	if res, _ := g.pass(bad); res.Verdict.Action != rules.Quarantine {
		t.Fatal(res.Verdict)
	}
	if res, _ := g.pass(ppapWord("Xk92mQ")); kinds(res)[finding.ArchivePasswordLater] {
		t.Error("a file that its recipient never got is opened")
	}
}

// The sender of the password mail may put something hostile of his own into it: that says nothing of the first mail.
func TestOnlyWhatTheFileHoldsCountsAgainstTheFirstMail(t *testing.T) {
	g := newGateway(t)
	g.pass(ppapFile(harmlessZip("Xk92mQ")))
	w := ppapWord("Xk92mQ")
	w.files = []fixture.Mail{fixture.FilePart("b.doc", "application/msword", fixture.DocVBA(autoOpen))}
	res, out := g.pass(w)
	if res.Verdict.Action != rules.Quarantine || len(out.Hostile) != 0 || len(out.Harmless) != 1 {
		t.Errorf("%+v, %+v", res.Verdict, out)
	}
}

func TestAStoreOutOfReachLetsMailFlow(t *testing.T) {
	g := newGateway(t)
	g.pass(ppapWord("Xk92mQ")) // of a stranger nothing can be remembered
	g.st.Close()
	raw := fixture.Message(taro, hanako, "件名", fixture.TextPart("パスワード: Xk92mQ"), harmlessZip("other1")).Bytes()
	res, err := g.f.Message(context.Background(), Session{Envelope: message.Envelope{MailFrom: taro, Rcpts: []string{hanako}}}, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	if res.Memory.Err == nil || res.Facts.Incomplete {
		t.Errorf("error %v, incomplete %v", res.Memory.Err, res.Facts.Incomplete)
	}
	if _, err := g.f.Remember(t.Context(), res, true, ""); err == nil {
		t.Error("remembering failed without a word")
	}
}

func TestReleasedMailHasNoMemory(t *testing.T) {
	g := newGateway(t)
	raw := fixture.Message(taro, hanako, "件名", fixture.TextPart("パスワード: Xk92mQ")).Bytes()
	res, err := g.f.Message(t.Context(), Session{Released: "20261123-aaaaaaaa"}, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Close()
	if res.Memory != nil || res.Verdict.Rule != rules.Released {
		t.Errorf("%+v", res.Memory)
	}
	waited, err := g.f.Message(t.Context(), Session{Released: "20261123-aaaaaaaa", Waited: &rules.Verdict{Action: rules.Tag, Rule: "archive-locked"}}, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer waited.Close()
	if waited.Memory != nil || waited.Verdict.Action != rules.Tag || waited.Verdict.Rule != "archive-locked" {
		t.Errorf("%+v", waited.Verdict)
	}
}
