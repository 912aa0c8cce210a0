package outbound

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"
)

var (
	noon = time.Date(2026, 5, 18, 12, 0, 0, 0, time.UTC)
	pc   = netip.MustParseAddr("172.16.3.20")
)

// post makes mails of one account and machine, each with its own Message-ID and recipient.
type post struct {
	account string
	client  netip.Addr
	n       int
}

func yui() *post { return &post{account: "yui", client: pc} }

// plain is a mail without anything.
func (p *post) plain(at time.Time) Mail {
	p.n++
	return Mail{
		Time: at, QueueID: fmt.Sprintf("Q%d", p.n), MessageID: fmt.Sprintf("<%s.%d@kitanoworks.example>", p.account, p.n), Account: p.account, Client: p.client,
		MailFrom: p.account + "@kitanoworks.example", Rcpts: []string{fmt.Sprintf("p%d@example.org", p.n)},
	}
}

// carrier is a mail with a file that starts by itself.
func (p *post) carrier(at time.Time, content string) Mail {
	m := p.plain(at)
	m.Carriers = []Carrier{{Name: "a.doc", Kind: "vba.autoexec", Content: content}}
	m.Files = []File{{Name: "a.doc", SHA256: content}}
	return m
}

// fresh is one with a content that no other has.
func (p *post) fresh(at time.Time) Mail {
	return p.carrier(at, fmt.Sprintf("%s%s%d", p.account, p.client, p.n))
}

func count(t *testing.T, m *Monitor, mail Mail) *Seen {
	t.Helper()
	s, err := m.Count(context.Background(), mail)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// send counts a mail and lets it be kept, and returns what it opened.
func send(t *testing.T, m *Monitor, mail Mail) (*Seen, []Incident) {
	t.Helper()
	s := count(t, m, mail)
	opened, err := m.Keep(context.Background(), s, true)
	if err != nil {
		t.Fatal(err)
	}
	return s, opened
}

func TestTheTenthRiskyMailIsABurst(t *testing.T) {
	m, p := New(Options{}), yui()
	for i := 1; i <= 12; i++ {
		s := count(t, m, p.fresh(noon.Add(time.Duration(i)*time.Second)))
		if got, want := s.Burst != nil, i >= 10; got != want {
			t.Errorf("mail %d: burst %v", i, got)
		}
		if s.Counts.Risky != i || s.Counts.DifferentCarriers != i || s.Counts.Carriers != i || s.Counts.Mails != i || s.Counts.Recipients != i {
			t.Errorf("mail %d: %+v", i, s.Counts)
		}
	}
	if s := count(t, m, p.plain(noon.Add(20*time.Second))); s.Burst != nil || s.Counts.Risky != 12 {
		t.Errorf("a plain mail beside a burst: %+v", s)
	}
}

func TestRiskyMailsAgeOutOfTheWindow(t *testing.T) {
	m, p := New(Options{}), yui()
	for i := range 9 {
		count(t, m, p.fresh(noon.Add(time.Duration(i)*time.Second)))
	}
	if s := count(t, m, p.fresh(noon.Add(10*time.Minute+4*time.Second))); s.Counts.Risky != 5 {
		t.Errorf("%d risky mails, want the 4 that are younger than ten minutes and this one", s.Counts.Risky)
	}
}

// TestHonestBursts: what honest people send in numbers is never risky.
func TestHonestBursts(t *testing.T) {
	every := func(n int, gap time.Duration, make func(p *post, at time.Time, i int) Mail) func() []Mail {
		return func() (list []Mail) {
			p := yui()
			for i := range n {
				list = append(list, make(p, noon.Add(time.Duration(i)*gap), i))
			}
			return list
		}
	}
	for _, tc := range []struct {
		name  string
		mails func() []Mail
		want  Counts
	}{
		{"newsletter to 5,000 in one mail", every(1, 0, func(p *post, at time.Time, _ int) Mail {
			m := p.plain(at)
			m.Rcpts, m.Link = make([]string, 5000), true
			return m
		}), Counts{Mails: 1, Recipients: 5000}},
		{"newsletter in 5,000 mails", every(5000, 100*time.Millisecond, func(p *post, at time.Time, _ int) Mail {
			m := p.plain(at)
			m.Link, m.New = true, 1
			return m
		}), Counts{Mails: 5000, Recipients: 5000, NewRecipients: 5000}},
		{"300 invoices as PDF", every(300, time.Second, func(p *post, at time.Time, i int) Mail {
			m := p.plain(at)
			m.Files = []File{{"invoice.pdf", fmt.Sprint(i)}}
			return m
		}), Counts{Mails: 300, Recipients: 300, SameFile: 1}},
		{"PPAP day: 100 locked files and their passwords", every(200, 2*time.Second, func(p *post, at time.Time, i int) Mail {
			m := p.plain(at)
			if i%2 == 0 {
				m.Files = []File{{"a.zip", fmt.Sprint(i)}}
			}
			return m
		}), Counts{Mails: 200, Recipients: 200, SameFile: 1}},
		{"scanner that sends one file to many", every(20, time.Second, func(p *post, at time.Time, _ int) Mail {
			m := p.plain(at)
			m.Account, m.Files = "", []File{{"scan.pdf", "same"}}
			return m
		}), Counts{Mails: 20, Recipients: 20, SameFile: 20}},
		{"ticket system: answers that cite, with links", every(50, time.Second, func(p *post, at time.Time, _ int) Mail {
			m := p.plain(at)
			m.Answer, m.Cites, m.Link = true, true, true
			return m
		}), Counts{Mails: 50, Recipients: 50}},
		{"old mail program: answers that cite nothing", every(30, time.Second, func(p *post, at time.Time, _ int) Mail {
			m := p.plain(at)
			m.Answer = true
			return m
		}), Counts{Mails: 30, Recipients: 30, RepliesWithoutThread: 30}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := New(Options{})
			var last *Seen
			for _, mail := range tc.mails() {
				last = count(t, m, mail)
				if last.Risky || last.Burst != nil || last.Several != nil || last.Unusual != nil || len(last.opens) > 0 {
					t.Fatalf("%+v", last)
				}
			}
			if last.Counts != tc.want {
				t.Errorf("got  %+v\nwant %+v", last.Counts, tc.want)
			}
		})
	}
}

// TestOneWorkbookToMany: a teacher sends the same form to forty parents one by one. It is nothing different, so no wave; but so many files that start by themselves
// are a burst by definition.
func TestOneWorkbookToMany(t *testing.T) {
	m, p := New(Options{}), yui()
	for i := 1; i <= 40; i++ {
		s := count(t, m, p.carrier(noon.Add(time.Duration(i)*time.Second), "form"))
		if s.Several != nil || s.Counts.DifferentCarriers != 1 {
			t.Fatalf("mail %d: %+v", i, s.Counts)
		}
		if got, want := s.Burst != nil, i >= 10; got != want {
			t.Fatalf("mail %d: burst %v", i, got)
		}
	}
}

func TestDifferentCarriers(t *testing.T) {
	p := yui()
	a, b, c := p.carrier(noon, "one"), p.carrier(noon.Add(time.Second), "two"), p.carrier(noon.Add(2*time.Second), "three")
	answer := func(m Mail) Mail { m.Answer = true; return m }
	to := func(m Mail, rcpts ...string) Mail { m.Rcpts = rcpts; return m }
	at := func(m Mail, d time.Duration) Mail { m.Time = noon.Add(d); return m }
	both := a
	both.Carriers = []Carrier{{Content: "one"}, {Content: "two"}, {Content: "three"}}
	for _, tc := range []struct {
		name  string
		mails []Mail
		wave  bool
	}{
		{"three files to three people", []Mail{a, b, c}, true},
		{"two files to two people", []Mail{a, b}, false},
		{"two files to two people, one an answer to nothing", []Mail{a, answer(b)}, true},
		{"the earlier one of them is", []Mail{answer(a), b}, true},
		{"three files to one person", []Mail{a, to(b, a.Rcpts...), to(c, a.Rcpts...)}, false},
		{"three files in one mail", []Mail{answer(both)}, false},
		{"all in one mail, then each to another", []Mail{both, answer(b), c}, false},
		{"an eleven minutes' pause between them", []Mail{a, answer(at(b, 11*time.Minute)), at(c, 22*time.Minute)}, false},
	} {
		m := New(Options{})
		var last *Seen
		for _, mail := range tc.mails {
			last = count(t, m, mail)
		}
		if got := last.Several != nil; got != tc.wave {
			t.Errorf("%s: %v, want %v (%+v)", tc.name, got, tc.wave, last.Counts)
		}
	}
}

func TestAnAnswerThatCitesNothing(t *testing.T) {
	answers := func(cited, uncited int) *Seen {
		m, p := New(Options{}), yui()
		at := noon
		for i := range cited + uncited {
			mail := p.plain(at)
			mail.Answer, mail.Cites = true, i < cited
			count(t, m, mail)
			at = at.Add(time.Hour)
		}
		mail := p.carrier(at, "x")
		mail.Answer = true
		return count(t, m, mail)
	}
	for _, tc := range []struct {
		name           string
		cited, uncited int
		want           bool
	}{
		{"from an account whose answers cite", 20, 0, true},
		{"from one that did so once before", 20, 1, true},
		{"from one whose program never cites", 0, 20, false},
		{"from one that does both", 15, 5, false},
		{"from one that is new", 0, 0, false},
		{"from one that answered twice", 2, 0, false},
	} {
		if got := answers(tc.cited, tc.uncited).Unusual != nil; got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestExemptSendersAreCountedOnly(t *testing.T) {
	mine := Options{ExemptAccounts: []string{"Payroll@example.jp"}, ExemptClients: []netip.Prefix{netip.MustParsePrefix("172.16.3.20/32")}}
	for _, tc := range []struct {
		name    string
		account string
		client  string
		want    Kind
	}{
		{"account and machine", "payroll@example.jp", "172.16.3.20", ""},
		{"in IPv6 dress", "payroll@example.jp", "::ffff:172.16.3.20", ""},
		{"the account from another machine", "payroll@example.jp", "172.16.3.21", Client},
		{"another account from the machine", "yui", "172.16.3.20", Account},
	} {
		m, p := New(mine), &post{account: tc.account, client: netip.MustParseAddr(tc.client)}
		var last *Seen
		opened := 0
		for i := range 12 {
			var in []Incident
			last, in = send(t, m, p.fresh(noon.Add(time.Duration(i)*time.Second)))
			opened += len(in)
		}
		if last.Counts.Risky != 12 {
			t.Errorf("%s: not counted: %+v", tc.name, last.Counts)
		}
		var got Kind
		if last.Burst != nil {
			got = last.Burst.Kind
		}
		if got != tc.want || (opened > 0) != (tc.want != "") || (last.Several != nil) != (tc.want != "") {
			t.Errorf("%s: burst of %q, want %q; %d incidents", tc.name, got, tc.want, opened)
		}
	}
}

func TestWhoIsCounted(t *testing.T) {
	m := New(Options{Shared: []netip.Prefix{netip.MustParsePrefix("172.16.1.25/32")}})
	for _, tc := range []struct {
		name string
		mail Mail
		want []key
	}{
		{"account and machine", Mail{Account: "Yui", Client: pc}, []key{{Account, "yui"}, {Client, "172.16.3.20"}}},
		{"machine alone", Mail{Client: pc, MailFrom: "a@example.jp"}, []key{{Client, "172.16.3.20"}}},
		{"IPv4 in IPv6", Mail{Client: netip.MustParseAddr("::ffff:172.16.3.20")}, []key{{Client, "172.16.3.20"}}},
		{"link-local address", Mail{Client: netip.MustParseAddr("fe80::1%eth0")}, []key{{Client, "fe80::1"}}},
		{"account behind webmail", Mail{Account: "yui", Client: netip.MustParseAddr("172.16.1.25")}, []key{{Account, "yui"}}},
		{"inner mail server without a login", Mail{Client: netip.MustParseAddr("172.16.1.25"), MailFrom: "Yui@Kitanoworks.example"}, []key{{Account, "yui@kitanoworks.example"}}},
		{"its bounces", Mail{Client: netip.MustParseAddr("172.16.1.25")}, []key{{Client, "172.16.1.25"}}},
		{"account on this host", Mail{Account: "yui", Client: netip.MustParseAddr("127.0.0.1")}, []key{{Account, "yui"}}},
		{"sendmail(1)", Mail{MailFrom: "www@kitanoworks.example"}, []key{{Account, "www@kitanoworks.example"}}},
		{"nobody from nowhere", Mail{}, []key{{Client, "local"}}},
	} {
		if got := m.senders(&tc.mail); fmt.Sprint(got) != fmt.Sprint(tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestAMailThatComesAgainIsOneMail(t *testing.T) {
	m, p := New(Options{}), yui()
	for i := range 9 {
		mail := p.fresh(noon.Add(time.Duration(i) * time.Second))
		for range 3 { // a temporary failure: the client brings it again
			if s := count(t, m, mail); s.Counts.Risky != i+1 || s.Counts.Mails != i+1 {
				t.Fatalf("mail %d: %+v", i, s.Counts)
			}
			mail.Time, mail.QueueID = mail.Time.Add(100*time.Millisecond), mail.QueueID+"x"
		}
	}
}

func TestOneMessageIDForAllHidesNothing(t *testing.T) {
	m, p := New(Options{}), yui()
	var last *Seen
	for i := range 10 {
		mail := p.fresh(noon.Add(time.Duration(i) * time.Second))
		mail.MessageID = "<same@example.org>"
		last = count(t, m, mail)
	}
	if last.Burst == nil {
		t.Errorf("%+v", last.Counts)
	}
}

func TestConcurrentMailsAreCountedOnce(t *testing.T) {
	m := New(Options{})
	var wg sync.WaitGroup
	var mu sync.Mutex
	bursts, opened := 0, 0
	p := yui()
	for range 40 {
		mail := p.fresh(noon)
		wg.Go(func() {
			s, err := m.Count(context.Background(), mail)
			if err != nil {
				t.Error(err)
				return
			}
			in, err := m.Keep(context.Background(), s, false)
			mu.Lock()
			defer mu.Unlock()
			if opened += len(in); err != nil {
				t.Error(err)
			}
			if s.Burst != nil {
				bursts++
			}
		})
	}
	wg.Wait()
	if bursts != 31 || opened != 2 {
		t.Errorf("%d of 40 mails at once are a burst, want 31; %d incidents, want the account's and the machine's", bursts, opened)
	}
}
