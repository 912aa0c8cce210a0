package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/address"
	"sekisho/internal/filter"
	"sekisho/internal/finding"
	"sekisho/internal/ledger"
	"sekisho/internal/mailstore"
	"sekisho/internal/message"
	"sekisho/internal/store"
)

// logs writes a mail log of now, and a compressed file that is damaged.
func logs(dir string) {
	write := func(name, content string) {
		path := filepath.Join(dir, name)
		err := os.MkdirAll(filepath.Dir(path), 0o700)
		if err == nil {
			err = os.WriteFile(path, []byte(content), 0o600)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "fixture:", err)
			os.Exit(2)
		}
	}
	write("log/mail.log", postfixLog("A1", "pc[192.0.2.1]", "bo@us.example", "s@partner.example")+
		postfixLog("A2", "home[203.0.113.7], sasl_method=PLAIN, sasl_username=bo", "bo@us.example", "t@partner.example")+
		postfixLog("A3", "evil[203.0.113.8]", "bo@us.example", "evil@stranger.example"))
	write("broken/a.gz", "\x1f\x8b\x08\x00 damaged")
}

// postfixLog are the lines of one mail.
func postfixLog(id, client, from, to string) string {
	s := ""
	for _, l := range []string{
		"smtpd[1]: 4F8B%s: client=" + client, "cleanup[1]: 4F8B%[1]s: message-id=<%[1]s.log@us.example>", "qmgr[1]: 4F8B%s: from=<" + from + ">, size=1, nrcpt=1 (queue active)",
		"smtp[1]: 4F8B%s: to=<" + to + ">, relay=x[203.0.113.1]:25, dsn=2.0.0, status=sent (ok)", "qmgr[1]: 4F8B%s: removed",
	} {
		s += time.Now().Add(-time.Hour).Format(time.RFC3339) + " mx postfix/" + fmt.Sprintf(l, id) + "\n"
	}
	return s
}

// office is a state folder with its configuration.
type office struct {
	*testing.T
	dir, config string
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, dir: t.TempDir()}
	o.config = o.write("sekisho.yaml", "state: "+filepath.Join(o.dir, "st")+"\nsite:\n  local_domains: [us.example]\n  internal_networks: [192.0.2.0/24, 127.0.0.0/8]\n")
	if err := os.Mkdir(filepath.Join(o.dir, "st"), 0o700); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) write(name, content string) string {
	o.Helper()
	path := filepath.Join(o.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		o.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		o.Fatal(err)
	}
	return path
}

// imports runs sekisho ledger import.
func (o *office) imports(args ...string) string {
	o.Helper()
	var out, errs bytes.Buffer
	if code := run(o.Context(), append([]string{"-c", o.config, "ledger", "import"}, args...), streams{&out, &errs}); code != exitOK {
		o.Fatalf("exit %d: %s%s", code, out.String(), errs.String())
	}
	return out.String()
}

// talks opens the memory that was filled.
func (o *office) talks(f func(*ledger.Conversations)) {
	o.Helper()
	g := &globals{Config: o.config}
	if err := g.withBooks(o.Context(), streams{&bytes.Buffer{}, &bytes.Buffer{}}, func(b *books) error { f(b.talks); return nil }); err != nil {
		o.Fatal(err)
	}
}

// knows reports whether one of ours has written to an address.
func (o *office) knows(addr string) (known bool) {
	o.Helper()
	o.talks(func(c *ledger.Conversations) {
		a, err := c.Ask(o.Context(), ledger.Question{Time: time.Now(), From: address.Fold(addr)})
		if err != nil {
			o.Fatal(err)
		}
		known = a.From.Begun+a.From.Answered > 0
	})
	return known
}

func sentMail(id, to, date string) string {
	return "From: Aya Murakami <aya@us.example>\nTo: " + to + "\nSubject: Return of drill set\nMessage-ID: <" + id + "@us.example>\nDate: " + date + "\n\ntext\n"
}

func TestAReplyToImportedMailIsInAKnownThread(t *testing.T) {
	o := newOffice(t)
	for i := range 260 {
		date := time.Now().Add(-time.Duration(i) * time.Hour).Format(time.RFC1123Z)
		o.write(fmt.Sprintf("Maildir/.Sent/cur/%d.x:2,S", i), sentMail(fmt.Sprint(i), "Pat <pat@partner.example>", date))
	}
	if got := o.imports(filepath.Join(o.dir, "Maildir")); !strings.HasPrefix(got, "260 mails learned") {
		t.Fatal(got)
	}
	off, err := (&globals{Config: o.config}).offline(false)
	if err != nil {
		t.Fatal(err)
	}
	defer off.close()
	o.talks(func(c *ledger.Conversations) {
		off.options.Conversations = c
		off.renew()
		for from, want := range map[string]finding.Kind{"pat@partner.example": finding.ThreadKnown, "evil@stranger.example": finding.ThreadStolen} {
			raw := "From: Pat <" + from + ">\r\nTo: aya@us.example\r\nSubject: Re: Return of drill set\r\nIn-Reply-To: <7@us.example>\r\n\r\nYes.\r\n"
			e := message.Envelope{MailFrom: from, Rcpts: []string{"aya@us.example"}, ClientIP: netip.MustParseAddr("203.0.113.9"), Time: time.Now()}
			res, err := off.filter.Message(t.Context(), filter.Session{Envelope: e}, strings.NewReader(raw))
			if err != nil {
				t.Fatal(err)
			}
			if !res.Facts.Warm || !slices.ContainsFunc(res.Facts.Findings, func(f finding.Finding) bool { return f.Kind == want }) {
				t.Errorf("%s: warm %v, %v", from, res.Facts.Warm, res.Facts.Findings)
			}
			if err := res.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestNobodyTeachesTheImport: whatever came to our mailboxes and passed our servers, its writer becomes no correspondent.
func TestNobodyTeachesTheImport(t *testing.T) {
	const evil = "evil@stranger.example"
	now := time.Now().Format(time.RFC1123Z)
	forged := sentMail("1", evil, now)
	local := postfixLog("B1", "pc[192.0.2.1]", "aya@us.example", "known@partner.example")
	for _, c := range []struct{ name, file, content string }{
		{"our name on a mail in the inbox", "Maildir/cur/1.a:2,S", "Return-Path: <x@stranger.example>\n" + forged},
		{"… delivered by Dovecot", "Maildir/cur/1.a:2,S", "Delivered-To: aya@us.example\n" + forged},
		{"… with nothing but a Received field", "Maildir/.Lists/cur/1.a:2,S", "Received: from x by us.example; " + now + "\n" + forged},
		{"… in an mbox", "mail/inbox", "From x Mon May 11 09:00:00 2026\nReceived: x\n" + forged},
		{"a mail of ours quoted in one of his, as an mbox would begin it", "mail/Sent", "From a Mon May 11 09:00:00 2026\nFrom: aya@us.example\nTo: known@partner.example\nDate: " + now +
			"\nMessage-ID: <2@us.example>\nContent-Length: " + fmt.Sprint(len("From a Mon May 11 09:00:00 2026\n"+forged)) + "\n\nFrom a Mon May 11 09:00:00 2026\n" + forged},
		{"a draft", "Maildir/.Drafts/cur/1.a:2,S", forged},
		{"another From first", "Maildir/.Sent/cur/1.a:2,S", "From: " + evil + ", aya@us.example\nTo: " + evil + "\nDate: " + now + "\n\n"},
		{"a domain that only ends like ours", "Maildir/.Sent/cur/1.a:2,S", strings.ReplaceAll(forged, "aya@us.example", "aya@not-us.example")},
		{"our automatic answer", "Maildir/.Sent/cur/1.a:2,S", "Auto-Submitted: auto-replied\n" + forged},
		{"our envelope sender from outside", "log/mail.log", postfixLog("A1", "x[203.0.113.9]", "aya@us.example", evil)},
		{"… by a content filter on this host", "log/mail.log", postfixLog("A1", "localhost[127.0.0.1]", "aya@us.example", evil)},
		{"a bounce", "log/mail.log", postfixLog("A1", "pc[192.0.2.1]", "", evil)},
		{"his own mail through an account of ours", "log/mail.log", postfixLog("A1", "pc[192.0.2.1]", evil, evil)},
		{"a program on the server", "log/mail.log", strings.ReplaceAll(postfixLog("A1", "x", "aya@us.example", evil), "smtpd[1]: 4F8BA1: client=x", "pickup[1]: 4F8BA1: uid=33 from=<www>")},
		{"an answer to all in a log", "log/mail.log", strings.Replace(local, "qmgr[1]: 4F8BB1: removed", "smtp[1]: 4F8BB1: to=<"+evil+">, dsn=2.0.0, status=sent (ok)", 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			o.write("in/"+c.file, c.content)
			out := o.imports(filepath.Join(o.dir, "in"))
			if o.knows(evil) {
				t.Errorf("he is known: %s", out)
			}
		})
	}
	o := newOffice(t)
	o.write("in/Maildir/.Sent/cur/1.a:2,S", forged)
	o.write("in/log/mail.log", local)
	if o.imports(filepath.Join(o.dir, "in")); !o.knows(evil) || !o.knows("known@partner.example") {
		t.Error("the same, sent by us, teaches nothing")
	}
}

func TestFoldersGoBeforeLogs(t *testing.T) {
	o := newOffice(t)
	logged := o.write("a/mail.log", postfixLog("A1", "pc[192.0.2.1]", "aya@us.example", "pat@partner.example"))
	sent := o.write("b/Sent/1.eml", sentMail("A1.log", "pat@partner.example", time.Now().Format(time.RFC1123Z)))
	if got := o.imports(logged, sent); !strings.HasPrefix(got, "1 mails learned, 1 known before") {
		t.Error(got)
	}
	o.talks(func(c *ledger.Conversations) {
		a, err := c.Ask(t.Context(), ledger.Question{Time: time.Now(), From: "x@stranger.example", Subject: "return of drill set"})
		if err != nil || a.Subject.Ours != 1 {
			t.Errorf("the log was read first, and knows no subject: %+v, %v", a.Subject, err)
		}
	})
}

func TestDatesOfImportedMail(t *testing.T) {
	now := time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)
	i := &importer{now: now, oldest: now.Add(-400 * 24 * time.Hour)}
	f := mailstore.File{ModTime: now.Add(-time.Hour)}
	for _, c := range []struct {
		date string
		kind mailstore.Kind
		want time.Time
		why  reason
	}{
		{"Wed, 13 May 2026 12:00:00 +0000", mailstore.Message, now.Add(-24 * time.Hour), ""},
		{"nonsense", mailstore.Message, f.ModTime, ""},
		{"", mailstore.Message, f.ModTime, ""},
		{"", mailstore.Mbox, time.Time{}, passUndated},
		{"Wed, 13 May 2037 12:00:00 +0000", mailstore.Mbox, now, ""},
		{"Wed, 13 May 1998 12:00:00 +0000", mailstore.Mbox, time.Time{}, passOld},
	} {
		h := &message.Header{Fields: []message.Field{{Name: "Date", Raw: c.date}}}
		if got, why := i.time(f, c.kind, h); why != c.why || why == "" && !got.Equal(c.want) {
			t.Errorf("%q: %v %q", c.date, got, why)
		}
	}
}

func TestEveryReasonHasAText(t *testing.T) {
	keys := []string{"li_other", "li_failed"}
	for _, why := range []reason{passForeign, passReceived, passDraft, passUndated, passOld, passNobody, passNull, passOutside, passProgram, passUnreadble} {
		keys = append(keys, "li_"+string(why))
	}
	for _, l := range []ledger.Lack{ledger.FewMails, ledger.ShortTime, ledger.LongAgo, ledger.Uncovered} {
		keys = append(keys, "lg_"+string(l))
	}
	for _, key := range keys {
		for _, lang := range []string{"en", "ja"} {
			if text(lang, key) == "" {
				t.Errorf("%s: %s has no text", lang, key)
			}
		}
	}
}

func TestAmount(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 3 << 30: "3.0 GiB"} {
		if got := amount(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

// TestImportedFilesBelongToTheStatesOwner: whoever runs it, the daemon can go on with the database.
func TestImportedFilesBelongToTheStatesOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can run it for another user")
	}
	o := newOffice(t)
	st := filepath.Join(o.dir, "st")
	if err := os.Chown(st, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	o.imports(o.write("Sent/1.eml", sentMail("1", "pat@partner.example", time.Now().Format(time.RFC1123Z))))
	for _, name := range []string{store.DatabaseName, store.Memory + ".db"} {
		fi, err := os.Stat(filepath.Join(st, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%+v", fi.Sys()); !strings.Contains(got, "Uid:12345 Gid:12345") {
			t.Errorf("%s: %s", name, got)
		}
	}
}
