package maillog

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var tokyo = time.FixedZone("JST", 9*3600)

// parse reads a log that was last written on 15 May 2026.
func parse(t *testing.T, log string) []Mail {
	t.Helper()
	var got []Mail
	r := &Reader{Zone: tokyo, Emit: func(m Mail) error { got = append(got, m); return nil }}
	r.File(time.Date(2026, 5, 15, 0, 0, 0, 0, tokyo))
	for line := range strings.Lines(log) {
		if err := r.Line(strings.TrimRight(line, "\n")); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Flush(); err != nil {
		t.Fatal(err)
	}
	if len(r.open) != 0 {
		t.Errorf("%d mails are still open", len(r.open))
	}
	return got
}

// mta puts the head of a syslog line before each line.
func mta(lines ...string) string {
	s := ""
	for _, l := range lines {
		s += "May 14 12:43:01 mx " + l + "\n"
	}
	return s
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestLogs(t *testing.T) {
	at := time.Date(2026, 5, 14, 12, 43, 1, 0, tokyo)
	const (
		client  = "postfix/submission/smtpd[9]: 4F8B21A2: client=pc1.us.example[192.0.2.12], sasl_method=PLAIN, sasl_username=aya@us.example"
		cleanup = "postfix/cleanup[9]: 4F8B21A2: message-id=<1@us.example>"
		queued  = "postfix/qmgr[9]: 4F8B21A2: from=<aya@us.example>, size=999, nrcpt=2 (queue active)"
		sent    = "postfix/smtp[9]: 4F8B21A2: to=<p@partner.example>, relay=mx.partner.example[203.0.113.9]:25, delay=1, dsn=2.0.0, status=sent (250 ok)"
		removed = "postfix/qmgr[9]: 4F8B21A2: removed"
	)
	aya := Mail{Time: at, From: "aya@us.example", MessageID: "<1@us.example>", Rcpts: []string{"p@partner.example"}, Client: ip("192.0.2.12"), User: "aya@us.example"}
	with := func(change func(*Mail)) []Mail {
		m := aya
		change(&m)
		return []Mail{m}
	}
	for _, c := range []struct {
		name, log string
		want      []Mail
	}{
		{"authenticated", mta(client, cleanup, queued, sent, removed), []Mail{aya}},
		{"not removed yet", mta(client, cleanup, queued, sent), []Mail{aya}},
		{"from a network", mta("postfix/smtpd[9]: 4F8B21A2: client=unknown[IPv6:2001:db8::1]", cleanup, queued, sent, removed),
			with(func(m *Mail) { m.Client, m.User = ip("2001:db8::1"), "" })},
		{"several recipients, one of them twice, one that bounced, one later", mta(client, cleanup, queued, sent, sent,
			"postfix/smtp[9]: 4F8B21A2: to=<b@x.example>, relay=none, dsn=5.1.1, status=bounced (no such user, status=sent)",
			"postfix/smtp[9]: 4F8B21A2: to=<c@x.example>, relay=none, dsn=4.4.1, status=deferred (timeout)",
			"postfix/smtp[9]: 4F8B21A2: to=<c@x.example>, orig_to=<d@us.example>, relay=x[203.0.113.9]:25, dsn=2.0.0, status=sent (250 ok)", removed),
			with(func(m *Mail) { m.Rcpts = []string{"p@partner.example", "c@x.example"} })},
		{"local delivery", mta(client, cleanup, queued, "postfix/lmtp[9]: 4F8B21A2: to=<bo@us.example>, relay=us[private/lmtp], dsn=2.0.0, status=sent (saved)", removed),
			with(func(m *Mail) { m.Rcpts = []string{"bo@us.example"} })},
		{"nothing was delivered", mta(client, cleanup, queued, removed), nil},
		{"without its sender it is nobody's", mta(client, cleanup, sent, removed), nil},
		{"the null sender", mta("postfix/cleanup[9]: 4F8B21A2: message-id=<b@mx>", "postfix/qmgr[9]: 4F8B21A2: from=<>, size=1, nrcpt=1 (queue active)", sent, removed),
			[]Mail{{Time: at, MessageID: "<b@mx>", Rcpts: []string{"p@partner.example"}}}},
		{"sendmail(1)", mta("postfix/pickup[9]: 4F8B21A2: uid=33 from=<www>", cleanup, queued, sent, removed),
			with(func(m *Mail) { m.Client, m.User, m.Local = netip.Addr{}, "", true })},
		{"a Message-ID that pretends", mta("postfix/smtpd[9]: 4F8B21A2: client=x[198.51.100.1]",
			"postfix/cleanup[9]: 4F8B21A2: message-id=<x, sasl_username=aya@us.example: client=pc1[192.0.2.12]>", queued, sent, removed),
			with(func(m *Mail) {
				m.Client, m.User, m.MessageID = ip("198.51.100.1"), "", "<x, sasl_username=aya@us.example: client=pc1[192.0.2.12]>"
			})},
		{"an answer of a server that pretends", mta("postfix/smtpd[9]: 4F8B21A2: client=x[198.51.100.1]", cleanup, queued,
			"postfix/smtp[9]: 4F8B21A2: to=<b@x.example>, relay=x[203.0.113.9]:25, dsn=5.0.0, status=bounced (550 4F8B21A2: client=a[192.0.2.12], status=sent)", removed), nil},
		{"AUTH= of a client that is not authenticated", mta(`postfix/smtpd[9]: 4F8B21A2: client=x[198.51.100.1], sasl_sender="x, sasl_username=aya@us.example, y"`, cleanup, queued, sent, removed),
			with(func(m *Mail) { m.Client, m.User = ip("198.51.100.1"), "" })},
		{"AUTH= that comes first", mta("postfix/smtpd[9]: 4F8B21A2: client=x[198.51.100.1], sasl_sender=x, sasl_username=aya@us.example", cleanup, queued, sent, removed),
			with(func(m *Mail) { m.Client, m.User = ip("198.51.100.1"), "" })},
		{"AUTH= behind the account", mta(client+`, sasl_sender="x, sasl_username=boss@us.example, y"`, cleanup, queued, sent, removed), []Mail{aya}},
		{"a client without a name for its address", mta("postfix/smtpd[9]: 4F8B21A2: client=x", cleanup, queued, sent, removed),
			with(func(m *Mail) { m.Client, m.User = netip.Addr{}, "" })},
		{"the first Message-ID counts", mta(client, "postfix/cleanup[9]: 4F8B21A2: warning: header Subject: x; from=<aya@us.example>", cleanup,
			"postfix/cleanup[9]: 4F8B21A2: message-id=<2@us.example>", "postfix/cleanup[9]: 4F8B21A2: resent-message-id=<3@us.example>", queued, sent, removed), []Mail{aya}},
		{"other words of the daemons", mta(client, cleanup, queued, "postfix/qmgr[9]: 4F8B21A2: skipped, still being delivered", "postfix/smtp[9]: 4F8B21A2: enabling PIX workarounds, status=sent (x)", sent, removed), []Mail{aya}},
		{"two hosts have the same id", mta(client, cleanup, queued) + strings.ReplaceAll(mta(sent), " mx ", " mx2 ") + mta(removed), nil},
		{"a long id and another instance", strings.ReplaceAll(strings.ReplaceAll(mta(client, cleanup, queued, sent, removed), "4F8B21A2", "4bKzWxYyZzHh"), "postfix/", "postfix-out/"), []Mail{aya}},
		{"no id yet", mta("postfix/smtpd[9]: NOQUEUE: client=pc1[192.0.2.1]", "postfix/qmgr[9]: NOQUEUE: from=<a@us.example>, size=1", "postfix/smtp[9]: NOQUEUE: to=<p@partner.example>, status=sent"), nil},
		{"ISO time stamps", strings.ReplaceAll(mta(client, cleanup, queued, sent, removed), "May 14 12:43:01", "2026-05-14T03:43:01.000000+00:00"), []Mail{aya}},
		{"ISO without a zone", strings.ReplaceAll(mta(client, cleanup, queued, sent, removed), "May 14 12:43:01", "2026-05-14 12:43:01"), []Mail{aya}},
		{"ISO with a T, without a zone", strings.ReplaceAll(mta(client, cleanup, queued, sent, removed), "May 14 12:43:01", "2026-05-14T12:43:01"), []Mail{aya}},
		{"ISO with a fraction behind a comma", strings.ReplaceAll(mta(client, cleanup, queued, sent, removed), "May 14 12:43:01", "2026-05-14 12:43:01,000"), []Mail{aya}},
		{"of last year", strings.ReplaceAll(mta(client, cleanup, queued, sent, removed), "May 14", "Dec 31"),
			with(func(m *Mail) { m.Time = time.Date(2025, 12, 31, 12, 43, 1, 0, tokyo) })},
		{"a day with one digit", strings.ReplaceAll(mta(client, cleanup, queued, sent, removed), "May 14", "May  4"),
			with(func(m *Mail) { m.Time = time.Date(2026, 5, 4, 12, 43, 1, 0, tokyo) })},
		{"other programs", mta("sshd[1]: 4F8B21A2: client=x[192.0.2.1]", "postfix/anvil[9]: statistics: max connection", "postfix/smtpd[9]: warning: client=", "kernel: x", "x"), nil},
		{"no log", "\n \nMay\nMay 14 12:43:01\nMay 99 12:43:01 mx postfix/qmgr[1]: 4F8B21A2: removed\n2026\n2026-05-14T12:43:01\n", nil},

		{"Sendmail", mta("sm-mta[9]: 64E3h1aa: from=<aya@us.example>, size=9, class=0, nrcpts=2, msgid=<1@us.example>, proto=ESMTP, daemon=MTA, relay=pc1 [192.0.2.12]",
			"sm-mta[10]: 64E3h1aa: to=<p@partner.example>,<q@partner.example>, delay=00:00:01, mailer=esmtp, relay=mx [203.0.113.9], dsn=2.0.0, stat=Sent (ok)"),
			with(func(m *Mail) { m.User, m.Rcpts = "", []string{"p@partner.example", "q@partner.example"} })},
		{"Sendmail, one deferred first", mta("sendmail[9]: 64E3h1aa: from=<aya@us.example>, size=9, nrcpts=1, msgid=<1@us.example>, relay=pc1 [192.0.2.12]",
			"sendmail[9]: 64E3h1aa: to=<p@partner.example>, delay=1, stat=Deferred: Connection refused", "sendmail[9]: 64E3h1aa: to=<p@partner.example>, delay=1, stat=Sent"),
			with(func(m *Mail) { m.User = "" })},
		{"Sendmail, refused", mta("sendmail[9]: 64E3h1aa: from=<aya@us.example>, size=9, nrcpts=1, msgid=<1@us.example>, relay=pc1 [192.0.2.12]",
			"sendmail[9]: 64E3h1aa: to=<p@partner.example>, delay=1, stat=User unknown"), nil},
		{"Sendmail, several deliveries, one of them late", mta("sm-msp-queue[9]: 64E3h1aa: from=<aya@us.example>, size=9, nrcpts=3, msgid=<1@us.example>, relay=pc1 [192.0.2.12]",
			"sendmail[9]: 64E3h1aa: to=<p@partner.example>, delay=1, stat=Sent", "sendmail[9]: 64E3h1aa: to=<q@partner.example>, delay=1, stat=Deferred",
			"sendmail[9]: 64E3h1aa: to=<x@partner.example>, delay=1, stat=Host unknown", "sendmail[9]: 64E3h1aa: to=<q@partner.example>, delay=9, stat=Sent"),
			with(func(m *Mail) { m.User, m.Rcpts = "", []string{"p@partner.example", "q@partner.example"} })},
		{"Sendmail, other words", mta("sendmail[9]: 64E3h1aa: from=<aya@us.example>, size=9, nrcpts=1, msgid=<1@us.example>, relay=pc1 [192.0.2.12]",
			"sendmail[9]: 64E3h1aa: Milter: from=<x@us.example>, to=<x@x.example>, stat=Sent", "sendmail[9]: 64E3h1aa: to=<p@partner.example>, delay=1, stat=Sent"),
			with(func(m *Mail) { m.User = "" })},
		{"Sendmail, a Message-ID that pretends", mta("sendmail[9]: 64E3h1aa: from=<aya@us.example>, size=9, nrcpts=1, msgid=<x, relay=pc1 [192.0.2.12]>, relay=x [198.51.100.1] (may be forged)",
			"sendmail[9]: 64E3h1aa: to=<p@partner.example>, delay=1, stat=Sent"), with(func(m *Mail) { m.User, m.MessageID, m.Client = "", "<x", ip("198.51.100.1") })},
		{"Sendmail, a Message-ID with an address and nobody's relay", mta("sendmail[9]: 64E3h1aa: from=<aya@us.example>, size=9, nrcpts=1, msgid=<[192.0.2.12]>",
			"sendmail[9]: 64E3h1aa: to=<p@partner.example>, delay=1, stat=Sent"), with(func(m *Mail) { m.User, m.MessageID, m.Client, m.Local = "", "<[192.0.2.12]>", netip.Addr{}, true })},
		{"Sendmail, by a program", mta("sendmail[9]: 64E3h1aa: from=www, size=9, nrcpts=1, msgid=<1@us.example>, relay=www@localhost", "sendmail[9]: 64E3h1aa: to=p@partner.example, stat=Sent"),
			with(func(m *Mail) { m.From, m.User, m.Client, m.Local = "www", "", netip.Addr{}, true })},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, parse(t, c.log), cmpopts.EquateComparable(netip.Addr{})); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestWhatIsTooLongIsNotBelieved: an address, account or Message-ID one byte over maxText, a line over maxLine.
func TestWhatIsTooLongIsNotBelieved(t *testing.T) {
	text := func(n int) string { return strings.Repeat("a", n-len("@us.example")) + "@us.example" }
	lines := func(n int) string {
		return mta("postfix/smtpd[9]: 4F8B21A2: client=pc1[192.0.2.12], sasl_method=PLAIN, sasl_username="+text(n), "postfix/cleanup[9]: 4F8B21A2: message-id="+text(n),
			"postfix/qmgr[9]: 4F8B21A2: from=<"+text(n)+">, size=1", "postfix/smtp[9]: 4F8B21A2: to=<"+text(n)+">, status=sent", "postfix/smtp[9]: 4F8B21A2: to=<b@x.example>, status=sent")
	}
	if got := parse(t, lines(maxText)); len(got) != 1 || got[0].User == "" || got[0].MessageID == "" || got[0].From == "" || len(got[0].Rcpts) != 2 {
		t.Errorf("at the limit: %.99v", got)
	}
	if got := parse(t, lines(maxText+1)); len(got) != 1 || got[0].User != "" || got[0].MessageID != "" || got[0].From != "" || len(got[0].Rcpts) != 1 {
		t.Errorf("over it: %.99v", got)
	}
	for pad, want := range map[int]int{0: 1, 1: 0} {
		line := strings.TrimSpace(mta("postfix/smtp[9]: 4F8B21A2: to=<b@x.example>, status=sent ("))
		line += strings.Repeat("x", maxLine-len(line)+pad)
		if got := parse(t, mta("postfix/qmgr[9]: 4F8B21A2: from=<a@us.example>, size=1")+line+"\n"); len(got) != want {
			t.Errorf("a line of %d bytes: %d mails", len(line), len(got))
		}
	}
}

func TestQueueIDs(t *testing.T) {
	for id, want := range map[string]bool{
		"4F8B21A2": true, "4bKzWxYyZzHh": true, "64E3h1aa012345": true, "12345": true, strings.Repeat("z", 20): true, "azAZ09": true,
		"1234": false, strings.Repeat("z", 21): false, "NOQUEUE": false, "NOQID": false, "": false, "warning ": false, "4F8B/1A2": false, "4F8B:1A2": false, "4F8B@1A2": false, "4F8B[1A2": false, "4F8B`1A2": false, "4F8B{1A2": false,
	} {
		if isQueueID(id) != want {
			t.Errorf("%q: %t", id, !want)
		}
	}
}

// TestAMailIsGivenOutWhenItIsDone: not at the end of the log only, so that memory follows the mails in work; and what is kept of their order follows too.
func TestAMailIsGivenOutWhenItIsDone(t *testing.T) {
	for name, lines := range map[string][]string{
		"postfix":  {"postfix/qmgr[9]: %s: from=<a@us.example>, size=1", "postfix/smtp[9]: %s: to=<b@x.example>, status=sent", "postfix/qmgr[9]: %s: removed"},
		"sendmail": {"sendmail[9]: %s: from=<a@us.example>, size=1, nrcpts=2, msgid=<x>, relay=a [192.0.2.1]", "sendmail[9]: %s: to=<b@x.example>,<c@x.example>, stat=Sent"},
		"bounced":  {"sendmail[9]: %s: from=<a@us.example>, size=1, nrcpts=2, msgid=<x>, relay=a [192.0.2.1]", "sendmail[9]: %s: to=<b@x.example>, stat=Sent", "sendmail[9]: %[1]s: to=<c@x.example>, stat=User unknown"},
	} {
		done := 0
		r := &Reader{Zone: tokyo, Emit: func(Mail) error { done++; return nil }}
		const mails = 2*maxOpen + 10
		for i := range mails {
			for _, l := range lines {
				if err := r.Line("2026-05-14T12:43:01+09:00 mx " + fmt.Sprintf(l, fmt.Sprintf("%08X", i))); err != nil {
					t.Fatal(err)
				}
			}
			if done != i+1 || len(r.open) != 0 {
				t.Fatalf("%s: %d of %d given out, %d in work", name, done, i+1, len(r.open))
			}
		}
		if len(r.order) > 10 {
			t.Errorf("%s: %d mails are remembered that are done", name, len(r.order))
		}
	}
}

func TestALeapDayWithoutAYear(t *testing.T) {
	r := &Reader{Zone: tokyo}
	r.File(time.Date(2024, 3, 1, 0, 0, 0, 0, tokyo))
	at, _, ok := r.stamp("Feb 29 10:00:00 mx x")
	if want := time.Date(2024, 2, 29, 10, 0, 0, 0, tokyo); !ok || !at.Equal(want) {
		t.Errorf("%v %v", at, ok)
	}
}

func TestMailsInWorkAreBounded(t *testing.T) {
	var got int
	r := &Reader{Zone: tokyo, Emit: func(Mail) error { got++; return nil }}
	for i := range maxOpen + 10 {
		id := fmt.Sprintf("%08X", i)
		for _, l := range []string{"postfix/qmgr[9]: " + id + ": from=<a@us.example>, size=1", "postfix/smtp[9]: " + id + ": to=<b@x.example>, dsn=2.0.0, status=sent"} {
			if err := r.Line("2026-05-14T12:43:01+09:00 mx " + l); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(r.open) > maxOpen || got != 10 {
		t.Errorf("%d in work, %d given out", len(r.open), got)
	}
}

func TestRecipientsOfOneMailAreBounded(t *testing.T) {
	log := mta("postfix/qmgr[9]: 4F8B21A2: from=<a@us.example>, size=1")
	for i := range 3 * maxRcpts {
		log += mta(fmt.Sprintf("postfix/smtp[9]: 4F8B21A2: to=<%d@x.example>, dsn=2.0.0, status=sent", i))
	}
	if got := parse(t, log); len(got) != 1 || len(got[0].Rcpts) != maxRcpts {
		t.Errorf("%d mails", len(got))
	}
}

func TestTheCallersErrorEndsIt(t *testing.T) {
	enough := errors.New("enough")
	r := &Reader{Emit: func(Mail) error { return enough }}
	for line := range strings.Lines(mta("postfix/qmgr[9]: 4F8B21A2: from=<a@us.example>, size=1", "postfix/smtp[9]: 4F8B21A2: to=<b@x.example>, status=sent")) {
		if err := r.Line(strings.TrimSpace(line)); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Flush(); !errors.Is(err, enough) {
		t.Errorf("%v", err)
	}
}

// FuzzLine: no line, whatever it holds, makes a mail with more than was said, or longer.
func FuzzLine(f *testing.F) {
	f.Add(mta("postfix/smtpd[9]: 4F8B21A2: client=a[192.0.2.1], sasl_username=x", "postfix/qmgr[9]: 4F8B21A2: from=<a@x>, size=1", "postfix/smtp[9]: 4F8B21A2: to=<b@x>, status=sent"))
	f.Add(mta("sendmail[9]: 64E3h1aa: from=a, size=1, nrcpts=1, msgid=<x>, relay=a [1.2.3.4]", "sendmail[9]: 64E3h1aa: to=b,c, stat=Sent"))
	f.Fuzz(func(t *testing.T, log string) {
		for _, m := range parse(t, log) {
			if len(m.Rcpts) == 0 || len(m.Rcpts) > maxRcpts || len(m.From) > maxText || len(m.MessageID) > maxText || len(m.User) > maxText || m.Time.IsZero() {
				t.Errorf("%+v", m)
			}
			if m.User != "" && !strings.Contains(log, "sasl_username=") {
				t.Errorf("authenticated by nothing: %+v", m)
			}
		}
	})
}

func BenchmarkLine(b *testing.B) {
	log := strings.Split(strings.TrimSpace(mta("postfix/smtpd[9]: 4F8B21A2: client=pc1[192.0.2.12], sasl_method=PLAIN, sasl_username=aya", "postfix/cleanup[9]: 4F8B21A2: message-id=<1@us.example>",
		"postfix/qmgr[9]: 4F8B21A2: from=<aya@us.example>, size=999, nrcpt=1 (queue active)", "postfix/smtp[9]: 4F8B21A2: to=<p@x.example>, relay=x[203.0.113.9]:25, delay=1, dsn=2.0.0, status=sent (250 ok)",
		"postfix/qmgr[9]: 4F8B21A2: removed", "postfix/smtpd[9]: disconnect from pc1[192.0.2.12] ehlo=1 quit=1 commands=2")), "\n")
	r := &Reader{Emit: func(Mail) error { return nil }}
	r.File(time.Now())
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := r.Line(log[i%len(log)]); err != nil {
			b.Fatal(err)
		}
	}
}
