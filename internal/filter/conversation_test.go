package filter

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/finding"
	"sekisho/internal/inspect"
	"sekisho/internal/ledger"
	"sekisho/internal/message"
	"sekisho/rules"
)

// told is a memory that gives one answer and notes what it learns.
type told struct {
	answer   ledger.Answer
	err      error
	asked    []ledger.Question
	sent     []ledger.Sent
	received []ledger.Received
}

func (m *told) Ask(_ context.Context, q ledger.Question) (ledger.Answer, error) {
	m.asked = append(m.asked, q)
	a := m.answer
	a.Quoted = make([]ledger.Partner, len(q.Quoted))
	return a, m.err
}

func (m *told) LearnSent(_ context.Context, s ledger.Sent) error {
	m.sent = append(m.sent, s)
	return m.err
}

func (m *told) LearnReceived(_ context.Context, r ledger.Received) error {
	m.received = append(m.received, r)
	return m.err
}

var ourSite = message.Site{
	LocalDomains: []string{"our.example"}, InternalNetworks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Gateway: "gw.our.example",
	AuthservID: "gw.our.example", People: []message.Person{
		{Address: "hanako@our.example", Names: []string{"鈴木 花子", "Hanako Suzuki"}}, {Address: "hanako@private.example", Names: []string{"鈴木 花子"}},
	},
}

const (
	passed   = "Authentication-Results: gw.our.example; spf=pass smtp.mailfrom=partner.example; dmarc=pass header.from=partner.example\r\n"
	failed   = "Authentication-Results: gw.our.example; spf=fail smtp.mailfrom=evil.example; dmarc=fail header.from=partner.example\r\n"
	fromTaro = "From: Taro Yamada <taro@partner.example>\r\nTo: hanako@our.example\r\n"
	fromEvil = "From: Taro Yamada <x@evil.example>\r\nTo: hanako@our.example\r\n"
	quote    = "See file.\r\n\r\n-----Original Message-----\r\nFrom: Taro Yamada <taro@partner.example>\r\nSent: 2026-05-14\r\nTo: hanako@our.example\r\nSubject: Pumps\r\n\r\nTen are left.\r\n"
)

// knownTaro is one whom ours has written to.
var knownTaro = ledger.Partner{Address: "taro@partner.example", Begun: 2, Received: 5, Passed: 4}

// converse runs a mail from outside past a memory.
func converse(t *testing.T, m Conversations, header, body string) *Result {
	t.Helper()
	f := newFilter(t, func(o *Options, _ *inspect.Options) { o.Conversations, o.Site = m, ourSite })
	raw := header + "Message-ID: <m1@x.example>\r\nDate: Mon, 23 Nov 2026 12:00:00 +0900\r\n\r\n" + body
	res, err := f.Message(t.Context(), Session{Envelope: message.Envelope{
		ClientIP: netip.MustParseAddr("192.0.2.7"), MailFrom: "x@evil.example", Rcpts: []string{"hanako@our.example"}, Time: time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC),
	}}, strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Close() })
	return res
}

func TestWhatAMailFromOutsideIsSaidToBe(t *testing.T) {
	known := ledger.Answer{Warm: true, From: knownTaro}
	cited := func(c ledger.Citations) ledger.Answer { return ledger.Answer{Warm: true, Cited: c} }
	const refs = "In-Reply-To: <a@our.example>\r\nSubject: Re: Pumps\r\n"
	const list, robot = "List-Id: <l.example>\r\n", "Auto-Submitted: auto-replied\r\n"
	tests := []struct {
		name   string
		answer ledger.Answer
		header string
		body   string
		want   []finding.Kind
	}{
		{"a correspondent writes", known, fromTaro + passed, "Hello\r\n", []finding.Kind{finding.SenderKnown}},
		{"his address, DMARC failed", known, fromTaro + failed, "Hello\r\n", []finding.Kind{finding.AuthFail}},
		{"his address, and the proof he used to give is missing", known, fromTaro + "Authentication-Results: gw.our.example; spf=none\r\n", "Hello\r\n", []finding.Kind{finding.AuthFail}},
		{"his address, and our gateway does not check", known, fromTaro, "Hello\r\n", []finding.Kind{finding.SenderKnown}},
		{"a field with our name below a foreign Received is his own word", known,
			"Received: from a by evil.example; Mon, 23 Nov 2026 12:00:00 +0900\r\n" + fromTaro + passed, "Hello\r\n", []finding.Kind{finding.SenderKnown}},
		{"a stranger", ledger.Answer{Warm: true}, fromEvil, "Hello\r\n", []finding.Kind{finding.SenderNew}},
		{"a stranger to an empty memory", ledger.Answer{}, fromEvil, "Hello\r\n", nil},
		{"a colleague of a correspondent", ledger.Answer{Warm: true, Org: ledger.Partner{Begun: 1}}, fromEvil, "Hello\r\n", nil},
		{"a genuine answer", cited(ledger.Citations{Ours: 1, Party: true}), fromTaro + passed + refs, "Hello\r\n", []finding.Kind{finding.ThreadKnown, finding.SenderNew}},
		{"an answer by somebody of the addressee's firm", cited(ledger.Citations{Ours: 1, OrgParty: true}), fromTaro + passed + refs, "Hello\r\n",
			[]finding.Kind{finding.ThreadKnown, finding.SenderNew}},
		{"an addressee's address without his proof", ledger.Answer{Warm: true, From: knownTaro, Cited: ledger.Citations{Ours: 1, Party: true}}, fromTaro + failed + refs, "Hello\r\n",
			[]finding.Kind{finding.AuthFail, finding.ThreadUnknown}},
		{"a stolen conversation", cited(ledger.Citations{Ours: 1}), fromEvil + refs, "Hello\r\n", []finding.Kind{finding.ThreadStolen, finding.SenderNew}},
		{"the same by a list that ours wrote to", cited(ledger.Citations{Ours: 1, Via: true}), fromEvil + refs + list, "Hello\r\n", []finding.Kind{finding.SenderNew}},
		{"the same by somebody who says that he is one", cited(ledger.Citations{Ours: 1}), fromEvil + refs + list, "Hello\r\n", []finding.Kind{finding.SenderNew, finding.ThreadStolen}},
		{"… under that list's address, which SPF denies", cited(ledger.Citations{Ours: 1, Via: true}),
			"Authentication-Results: gw.our.example; spf=fail smtp.mailfrom=evil.example; dkim=pass header.d=evil.example\r\n" + fromEvil + refs + list, "Hello\r\n",
			[]finding.Kind{finding.SenderNew, finding.ThreadStolen}},
		{"… without references", ledger.Answer{Subject: ledger.Citations{Ours: 1}}, fromEvil + "Subject: Re: Pumps\r\n" + list, "Hello\r\n",
			[]finding.Kind{finding.ReplyNoReference, finding.ThreadSubjectForeign}},
		{"… with one of ours in a quotation", ledger.Answer{}, fromEvil + "Subject: Pumps\r\n" + list, quote, []finding.Kind{finding.ThreadQuoteMismatch}},
		{"a list that nobody of ours wrote to", ledger.Answer{}, fromEvil + "Subject: Re: Pumps\r\n" + list, "Hello\r\n", nil},
		{"mail of ours to a list, answered there", cited(ledger.Citations{Ours: 1, Listed: true}), fromEvil + refs, "Hello\r\n", []finding.Kind{finding.SenderNew}},
		{"an automatic answer from elsewhere", cited(ledger.Citations{Ours: 1}), fromEvil + refs + robot, "Hello\r\n", []finding.Kind{finding.SenderNew}},
		{"… that leads to its own site and ours", cited(ledger.Citations{Ours: 1}), fromEvil + refs + robot, "https://help.evil.example/1 https://www.our.example/\r\n", []finding.Kind{finding.SenderNew}},
		{"… that leads elsewhere", cited(ledger.Citations{Ours: 1}), fromEvil + refs + robot, "https://hacked.example/1\r\n", []finding.Kind{finding.SenderNew, finding.ThreadStolen}},
		{"… to a document", cited(ledger.Citations{Ours: 1}), fromEvil + refs + robot, "https://evil.example/1.doc\r\n", []finding.Kind{finding.SenderNew, finding.ThreadStolen}},
		{"… with a file", cited(ledger.Citations{Ours: 1}), fromEvil + refs + robot + "Content-Type: application/octet-stream; name=a.bin\r\nContent-Disposition: attachment\r\n", "Hello\r\n",
			[]finding.Kind{finding.SenderNew, finding.ThreadStolen}},
		{"a machine that answers nobody of ours leads where it likes", ledger.Answer{}, fromEvil + "Subject: Re: Pumps\r\n" + robot, "https://hacked.example/1\r\n", nil},
		{"an id of ours that was never sent", cited(ledger.Citations{Forged: 1}), fromEvil + refs, "Hello\r\n", []finding.Kind{finding.ThreadForged, finding.SenderNew}},
		{"an answer to what is not remembered", cited(ledger.Citations{}), fromEvil + refs, "Hello\r\n", []finding.Kind{finding.ThreadUnknown, finding.SenderNew}},
		{"an answer that names nothing", ledger.Answer{}, fromEvil + "Subject: Re: Pumps\r\n", "Hello\r\n", []finding.Kind{finding.ReplyNoReference}},
		{"a subject of ours from a foreigner", ledger.Answer{Subject: ledger.Citations{Ours: 1}}, fromEvil + "Subject: Re: Pumps\r\n", "Hello\r\n",
			[]finding.Kind{finding.ReplyNoReference, finding.ThreadSubjectForeign}},
		{"he quotes himself at another address", ledger.Answer{}, fromEvil + "Subject: Re: Pumps\r\n", quote, []finding.Kind{finding.ReplyNoReference, finding.ThreadQuoteMismatch}},
		{"he quotes one of ours at a false address", ledger.Answer{}, fromEvil + "Subject: Re: Pumps\r\n",
			strings.NewReplacer("Taro Yamada", "Hanako Suzuki", "taro@partner", "hanako@0ur").Replace(quote), []finding.Kind{finding.ReplyNoReference, finding.ThreadQuoteMismatch}},
		{"he quotes himself at his own", ledger.Answer{}, fromTaro + "Subject: Re: Pumps\r\n", quote, []finding.Kind{finding.ReplyNoReference}},
		{"a colleague of his answers", ledger.Answer{}, "From: Taro Yamada <t2@sales.partner.example>\r\nSubject: Re: Pumps\r\n", quote, []finding.Kind{finding.ReplyNoReference}},
		{"an address of ours cites, and nothing proves that it is", cited(ledger.Citations{Ours: 1, Party: true}), "From: hanako@our.example\r\nAuthentication-Results: gw.our.example; spf=none\r\n" + refs, "Hello\r\n",
			[]finding.Kind{finding.SenderNew, finding.ThreadUnknown}},
		{"an unknown colleague of an addressee, without the proof that his firm always gives", ledger.Answer{Org: ledger.Partner{Received: 3, Passed: 3}, Cited: ledger.Citations{Ours: 1, OrgParty: true}},
			fromTaro + "Authentication-Results: gw.our.example; spf=none\r\n" + refs, "Hello\r\n", []finding.Kind{finding.ThreadUnknown}},
		{"… that it does not always give", ledger.Answer{Org: ledger.Partner{Received: 4, Passed: 3, Unproven: 1}, Cited: ledger.Citations{Ours: 1, OrgParty: true}},
			fromTaro + "Authentication-Results: gw.our.example; spf=none\r\n" + refs, "Hello\r\n", []finding.Kind{finding.ThreadKnown}},
		{"several authors, one of ours behind", ledger.Answer{}, "From: x@evil.example, hanako@our.example\r\n", "Hello\r\n", []finding.Kind{finding.SenderInternalSpoof}},
		{"… before", ledger.Answer{}, "From: hanako@our.example\r\nFrom: x@evil.example\r\n", "Hello\r\n", []finding.Kind{finding.SenderInternalSpoof}},
		{"… by name", ledger.Answer{}, "From: <y@evil.example>, Hanako Suzuki <x@evil.example>\r\n", "Hello\r\n", []finding.Kind{finding.SenderInternalSpoof}},
		{"two authors of another firm", ledger.Answer{}, "From: a@pumps.example, b@pumps.example\r\n", "Hello\r\n", nil},
		{"her name by a list", ledger.Answer{}, "From: Hanako Suzuki <x@evil.example>\r\n" + list, "Hello\r\n", []finding.Kind{finding.SenderInternalSpoof}},
		{"her name by a list that ours wrote to", ledger.Answer{From: ledger.Partner{Begun: 1}}, "From: Hanako Suzuki <x@evil.example>\r\n" + list, "Hello\r\n", []finding.Kind{finding.SenderKnown}},
		{"her name by a service that proves itself", ledger.Answer{}, "From: Hanako Suzuki <notifications@partner.example>\r\nList-Id: <a/b.partner.example>\r\n" + passed, "https://hacked.example/\r\n", nil},
		{"… with a document", ledger.Answer{}, "From: Hanako Suzuki <notifications@partner.example>\r\nList-Id: <a/b.partner.example>\r\n" + passed, "https://hacked.example/a.zip\r\n",
			[]finding.Kind{finding.SenderInternalSpoof}},
		{"the name of one of ours", ledger.Answer{}, "From: 鈴木花子 <x@evil.example>\r\n", "Hello\r\n", []finding.Kind{finding.SenderInternalSpoof}},
		{"her private address, which is listed", ledger.Answer{}, "From: 鈴木花子 <hanako@private.example>\r\n", "Hello\r\n", nil},
		{"her address as the name", ledger.Answer{}, "From: \"hanako@our.example\" <x@evil.example>\r\n", "Hello\r\n", []finding.Kind{finding.SenderInternalSpoof}},
		{"a service that writes for her", ledger.Answer{}, "From: \"Hanako Suzuki via Docs\" <no-reply@docs.example>\r\n", "Hello\r\n", nil},
		{"somebody who says that a service writes for her", ledger.Answer{}, "From: \"Hanako Suzuki via Docs\" <no-reply@evil.example>\r\n", "Hello\r\n",
			[]finding.Kind{finding.SenderInternalSpoof}},
		{"the name of a correspondent", ledger.Answer{Namesake: []ledger.Partner{knownTaro}}, fromEvil, "Hello\r\n", []finding.Kind{finding.SenderNameSpoof}},
		{"a correspondent with another's name, proven", ledger.Answer{From: knownTaro, Namesake: []ledger.Partner{{Address: "t@other.example", Begun: 1}}}, fromTaro + passed, "Hello\r\n",
			[]finding.Kind{finding.SenderKnown}},
		{"… not proven", ledger.Answer{From: knownTaro, Namesake: []ledger.Partner{{Address: "t@other.example", Begun: 1}}}, fromTaro, "Hello\r\n",
			[]finding.Kind{finding.SenderKnown, finding.SenderNameSpoof}},
		{"… with the name of one of ours", ledger.Answer{From: knownTaro}, "From: Hanako Suzuki <taro@partner.example>\r\n" + passed, "Hello\r\n",
			[]finding.Kind{finding.SenderInternalSpoof, finding.SenderKnown}},
		{"… to whom ours write often", ledger.Answer{From: ledger.Partner{Begun: 1, Answered: 2}}, "From: Hanako Suzuki <taro@partner.example>\r\n" + passed, "Hello\r\n",
			[]finding.Kind{finding.SenderKnown}},
		{"… who does not prove it", ledger.Answer{From: ledger.Partner{Begun: 1, Answered: 2, Passed: 3}}, "From: Hanako Suzuki <taro@partner.example>\r\n", "Hello\r\n",
			[]finding.Kind{finding.SenderInternalSpoof, finding.SenderKnown}},
		{"a colleague with the same name", ledger.Answer{Namesake: []ledger.Partner{knownTaro}}, "From: Taro Yamada <t2@partner.example>\r\n", "Hello\r\n", nil},
		{"a domain like ours", ledger.Answer{}, "From: a@xn--ur-emc.example\r\n", "Hello\r\n", []finding.Kind{finding.SenderLookalike}},
		{"a domain like a correspondent's", ledger.Answer{Alike: []string{"yamato-kouzai.example"}}, "From: a@yamato-kouzal.example\r\n", "Hello\r\n", []finding.Kind{finding.SenderLookalike}},
		{"a correspondent's with a word added", ledger.Answer{Alike: []string{"yamato-kouzai.example"}}, "From: a@yamato-kouzai-group.example\r\n", "Hello\r\n", nil},
		{"another domain", ledger.Answer{}, "From: a@pumps.example\r\n", "Hello\r\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := conversationKinds(converse(t, &told{answer: tt.answer}, tt.header, tt.body))
			want := slices.Clone(tt.want)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// conversationKinds are the kinds that speak of sender and conversation, sorted.
func conversationKinds(res *Result) (ks []finding.Kind) {
	for _, f := range res.Facts.Findings {
		group, _, _ := strings.Cut(string(f.Kind), ".")
		if slices.Contains([]string{"thread", "sender", "reply", "auth", "outbound"}, group) {
			ks = append(ks, f.Kind)
		}
	}
	slices.Sort(ks)
	return ks
}

func TestAMemoryThatDoesNotAnswerMakesNobodyKnownOrStrange(t *testing.T) {
	res := converse(t, &told{answer: ledger.Answer{Warm: true, From: knownTaro}, err: errors.New("slow")}, fromEvil+"In-Reply-To: <a@our.example>\r\nSubject: Re: Pumps\r\n", "Hello\r\n")
	if got := conversationKinds(res); len(got) > 0 || res.Facts.Warm || res.Conversation.Err == nil || res.Verdict.Action != rules.Accept {
		t.Errorf("%v, warm %v, %v, %s", got, res.Facts.Warm, res.Conversation.Err, res.Verdict.Action)
	}
}

// TestWhatIsLearned: by direction, verdict and kind of mail.
func TestWhatIsLearned(t *testing.T) {
	tests := []struct {
		name      string
		client    string
		mailFrom  string
		header    string
		delivered bool
		released  string
		sent      int
		robot     bool
		received  int
	}{
		{"mail that leaves", "10.0.0.1", "hanako@our.example", "From: hanako@our.example\r\nTo: taro@partner.example\r\n", true, "", 1, false, 0},
		{"mail of a foreigner that one of ours forwards by a rule", "10.0.0.1", "hanako@our.example", "From: x@evil.example\r\nTo: hanako@our.example\r\nCc: y@evil.example\r\n", true, "", 0, false, 0},
		{"mail that leaves, held", "10.0.0.1", "hanako@our.example", "From: hanako@our.example\r\n", false, "", 0, false, 0},
		{"an automatic answer of ours", "10.0.0.1", "", "From: hanako@our.example\r\nAuto-Submitted: auto-replied\r\n", true, "", 1, true, 0},
		{"an automatic answer of ours, by its subject", "10.0.0.1", "hanako@our.example", "From: hanako@our.example\r\nSubject: Out of office: Pumps\r\n", true, "", 1, true, 0},
		{"an answer of ours to an invitation", "10.0.0.1", "hanako@our.example", "From: hanako@our.example\r\nSubject: Accepted: Pumps\r\n", true, "", 1, true, 0},
		{"what a web form of ours answers a stranger", "10.0.0.1", "www@our.example", "From: No-Reply@our.example\r\n", true, "", 1, true, 0},
		{"mail of ours that was released", "10.0.0.1", "hanako@our.example", "From: hanako@our.example\r\n", true, "20261123-aaaaaaaa", 1, true, 0},
		{"mail from outside", "192.0.2.7", "taro@partner.example", fromTaro, true, "", 0, false, 1},
		{"the same, marked", "192.0.2.7", "taro@partner.example", fromTaro + failed, true, "", 0, false, 0},
		{"the same, released", "192.0.2.7", "taro@partner.example", fromTaro, true, "20261123-aaaaaaaa", 0, false, 0},
		{"a bounce", "192.0.2.7", "", fromTaro, true, "", 0, false, 0},
		{"a list", "192.0.2.7", "l@partner.example", fromTaro + "List-Id: <l.example>\r\n", true, "", 0, false, 0},
		{"a vacation reply", "192.0.2.7", "taro@partner.example", fromTaro + "Auto-Submitted: auto-replied\r\n", true, "", 0, false, 0},
		{"a receipt", "192.0.2.7", "taro@partner.example", fromTaro + "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n", true, "", 0, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &told{}
			f := newFilter(t, func(o *Options, _ *inspect.Options) { o.Conversations, o.Site = m, ourSite })
			res, err := f.Message(t.Context(), Session{Released: tt.released, Envelope: message.Envelope{
				ClientIP: netip.MustParseAddr(tt.client), MailFrom: tt.mailFrom, Rcpts: []string{"taro@partner.example"},
			}}, strings.NewReader(tt.header+"Message-ID: <m1@x.example>\r\n\r\nHello\r\n"))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Close()
			if _, err := f.Remember(t.Context(), res, tt.delivered, ""); err != nil {
				t.Fatal(err)
			}
			if len(m.sent) != tt.sent || len(m.received) != tt.received {
				t.Fatalf("learned %d sent and %d received, want %d and %d", len(m.sent), len(m.received), tt.sent, tt.received)
			}
			if tt.sent > 0 && m.sent[0].Robot != tt.robot {
				t.Errorf("robot %v, want %v", m.sent[0].Robot, tt.robot)
			}
		})
	}
}

func TestWhatCannotBeLearnedIsToldAndNothingElse(t *testing.T) {
	m := &told{}
	res := converse(t, m, fromTaro, "Hello\r\n")
	m.err = errors.New("disk full")
	f := newFilter(t, func(o *Options, _ *inspect.Options) { o.Conversations, o.Site = m, ourSite })
	if _, err := f.Remember(t.Context(), res, true, ""); !errors.Is(err, m.err) {
		t.Errorf("%v", err)
	}
}

// TestALinkToTheWritersOwnSiteIsNoSign: the new reader of a forwarded mail answers it, with a signature.
func TestALinkToTheWritersOwnSiteIsNoSign(t *testing.T) {
	const refs = "In-Reply-To: <a@our.example>\r\nSubject: Re: Pumps\r\n"
	for link, want := range map[string]rules.Action{"https://www.evil.example/": rules.Accept, "https://our.example/": rules.Accept, "https://other.example/x": rules.Tag} {
		res := converse(t, &told{answer: ledger.Answer{Cited: ledger.Citations{Ours: 1}}}, "From: Jiro Kato <x@evil.example>\r\n"+refs, "Yes.\r\n"+link+"\r\n")
		if res.Verdict.Action != want {
			t.Errorf("%s: %s by %v, links %v", link, res.Verdict.Action, res.Verdict.Rules, res.Facts.Links)
		}
	}
}
