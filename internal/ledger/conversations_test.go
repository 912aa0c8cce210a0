package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/store"
)

// office is a memory of conversations in which ours write from us.example.
type office struct {
	*testing.T
	c   *Conversations
	st  *store.Store
	now time.Time
	n   int
}

func newOffice(t *testing.T, o ConversationOptions) *office {
	t.Helper()
	st, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	if o.Gather == 0 {
		o.Gather = -1 // what is learned is known at once
	}
	c, err := OpenConversations(t.Context(), st, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetLocal(func(a string) bool { return strings.HasSuffix(a, "@us.example") })
	return &office{T: t, c: c, st: st, now: time.Date(2026, 5, 11, 9, 0, 0, 0, time.UTC)}
}

const boss = "boss@us.example"

// send learns a mail of ours and gives its Message-ID.
func (o *office) send(s Sent) string {
	o.Helper()
	o.n++
	if s.From == "" {
		s.From = boss
	}
	if s.MessageID == "" {
		s.MessageID = fmt.Sprintf("%d@us.example", o.n)
	}
	if s.Rcpts == nil {
		s.Rcpts = append(append([]string{}, s.To...), s.Cc...)
	}
	if s.Time.IsZero() {
		s.Time = o.now
	}
	if err := o.c.LearnSent(o.Context(), s); err != nil {
		o.Fatal(err)
	}
	return s.MessageID
}

// sendMany learns mails of ours in one transaction.
func (o *office) sendMany(n int, mail func(i int) Sent) {
	o.Helper()
	err := o.c.wait(o.Context(), func(ctx context.Context, b *batch) error {
		for i := range n {
			s := mail(i)
			s.From, s.MessageID = boss, fmt.Sprintf("%d@us.example", o.n+i+1)
			if s.Time.IsZero() {
				s.Time = o.now
			}
			if err := b.sent(ctx, &s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		o.Fatal(err)
	}
	o.n += n
}

// getMany learns mails from outside in one transaction.
func (o *office) getMany(n int, mail func(i int) Received) {
	o.Helper()
	err := o.c.wait(o.Context(), func(ctx context.Context, b *batch) error {
		for i := range n {
			r := mail(i)
			r.Time, r.MessageID = o.now, fmt.Sprintf("many%d@outside.example", o.n+i+1)
			if err := b.received(ctx, &r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		o.Fatal(err)
	}
	o.n += n
}

// get learns a mail from outside and gives its Message-ID.
func (o *office) get(r Received) string {
	o.Helper()
	o.n++
	if r.MessageID == "" {
		r.MessageID = fmt.Sprintf("%d@outside.example", o.n)
	}
	if r.Time.IsZero() {
		r.Time = o.now
	}
	if r.To == nil {
		r.To = []string{boss}
	}
	if err := o.c.LearnReceived(o.Context(), r); err != nil {
		o.Fatal(err)
	}
	return r.MessageID
}

func (o *office) ask(q Question) Answer {
	o.Helper()
	if q.Time.IsZero() {
		q.Time = o.now
	}
	a, err := o.c.Ask(o.Context(), q)
	if err != nil {
		o.Fatal(err)
	}
	return a
}

func (o *office) stats() ConversationStats {
	o.Helper()
	s, err := o.c.Stats(o.Context(), o.now)
	if err != nil {
		o.Fatal(err)
	}
	return s
}

func TestAddresseesOfOursAreParties(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	id := o.send(Sent{To: []string{"p@partner.example"}, Cc: []string{"f@gmail.com"}, Rcpts: []string{"bcc@third.example"}, Subject: "spare belts"})
	for from, want := range map[string]Citations{
		"p@partner.example":     {Ours: 1, Party: true, OrgParty: true},
		"x@dep.partner.example": {Ours: 1, OrgParty: true},
		"bcc@third.example":     {Ours: 1, Party: true, OrgParty: true},
		"f@gmail.com":           {Ours: 1, Party: true},
		"g@gmail.com":           {Ours: 1},
		"x@evil.example":        {Ours: 1},
		"other@us.example":      {Ours: 1},
	} {
		a := o.ask(Question{From: from, Refs: []string{id, "unknown@elsewhere.example"}, Subject: "spare belts"})
		if a.Cited != want || a.Subject != want {
			t.Errorf("%s: cited %+v, subject %+v, want %+v", from, a.Cited, a.Subject, want)
		}
	}
}

func TestCorrespondentIsWhomWeWroteTo(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	o.send(Sent{To: []string{"p@partner.example"}, Cc: []string{"q@partner.example"}})
	o.get(Received{From: "p@partner.example", Names: []string{"suzuki"}, Passed: true})
	a := o.ask(Question{From: "p@partner.example", Quoted: []string{"q@partner.example", boss, "n@nobody.example"}})
	if p := a.From; p.Begun != 1 || p.Received != 1 || p.Passed != 1 || p.Address != "p@partner.example" || !p.First.Equal(o.now) {
		t.Errorf("%+v", p)
	}
	if p := a.Org; p.Begun != 2 || p.Received != 1 {
		t.Errorf("organisation: %+v", p)
	}
	if a.Quoted[0].Begun != 1 || !a.Quoted[1].Ours || a.Quoted[2] != (Partner{}) {
		t.Errorf("quoted: %+v", a.Quoted)
	}
	a = o.ask(Question{From: "x@evil.example", Names: []string{"suzuki"}})
	if len(a.Namesake) != 1 || a.Namesake[0].Address != "p@partner.example" {
		t.Errorf("namesakes: %+v", a.Namesake)
	}
}

func TestLearningTwiceTeachesOnce(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	for range 3 {
		in := o.get(Received{MessageID: "in@p", From: "p@partner.example", Passed: true})
		o.send(Sent{MessageID: "out@us.example", To: []string{"p@partner.example"}, Refs: []string{in}})
	}
	a := o.ask(Question{From: "p@partner.example", Refs: []string{"out@us.example"}})
	if a.From.Answered != 1 || a.From.Received != 1 || a.From.Passed != 1 || a.Org.Received != 1 || a.Cited.Ours != 1 {
		t.Errorf("%+v", a)
	}
	if s := o.stats(); s.Ours != 1 || s.Strangers != 1 || s.Known != 2 {
		t.Errorf("%+v", s)
	}
}

func TestImportGoesByWhatCanBeTrue(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	now := time.Now()
	mails := []Sent{
		{Time: now.Add(-30 * day), From: boss, MessageID: "1@us.example", To: []string{"p@partner.example"}},
		{Time: now.Add(-30 * day), From: boss, MessageID: "1@us.example", To: []string{"p@partner.example"}},
		{Time: now.Add(-500 * day), From: boss, MessageID: "2@us.example", To: []string{"old@partner.example"}},
		{Time: now.Add(500 * day), From: boss, MessageID: "3@us.example", To: []string{"future@partner.example"}},
	}
	for i := range 2 * maxImport {
		mails = append(mails, Sent{Time: now, From: boss, MessageID: fmt.Sprintf("m%d@us.example", i), To: []string{"q@partner.example"}})
	}
	for _, want := range []int{2*maxImport + 1, 0} {
		if n, err := o.c.ImportSent(t.Context(), mails); err != nil || n != want {
			t.Errorf("%d learned, %v, want %d", n, err, want)
		}
	}
	a := o.ask(Question{Time: now, From: "p@partner.example", Refs: []string{"1@us.example", "2@us.example", "3@us.example"}})
	if a.Cited.Ours != 1 || a.From.Begun != 1 {
		t.Errorf("%+v", a)
	}
}

func TestMailWithoutMessageIDTeachesCorrespondents(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	for range 2 {
		if err := o.c.LearnSent(t.Context(), Sent{Time: o.now, From: boss, To: []string{"p@partner.example"}, Rcpts: []string{"p@partner.example"}}); err != nil {
			t.Fatal(err)
		}
	}
	if a := o.ask(Question{From: "p@partner.example", Refs: []string{""}}); a.From.Begun != 1 || a.Cited.Ours != 0 {
		t.Errorf("%+v", a)
	}
}

func TestSubjectOfOursIsKnown(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	for i := range 5 {
		o.send(Sent{To: []string{fmt.Sprintf("c%d@customer.example", i)}, Subject: "spare belts"})
	}
	for i := range maxForeign {
		o.send(Sent{To: []string{fmt.Sprintf("c%d@customer%d.example", i, i)}, Subject: "your invoice"})
	}
	for from, want := range map[string]Citations{
		"c3@customer.example": {Ours: 5, Party: true, OrgParty: true},
		"x@evil.example":      {Ours: 5},
	} {
		if a := o.ask(Question{From: from, Subject: "spare belts"}); a.Subject != want {
			t.Errorf("%s: %+v, want %+v", from, a.Subject, want)
		}
	}
	if a := o.ask(Question{From: "x@evil.example", Subject: "your invoice"}); a.Subject != (Citations{}) {
		t.Errorf("a subject for everybody: %+v", a.Subject)
	}
}

func TestPartiesBringOthersIn(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	ours := o.send(Sent{To: []string{"p@partner.example"}})
	theirs := o.get(Received{From: "p@partner.example", Refs: []string{ours}, To: []string{boss}, Cc: []string{"c@carrier.example"}, Known: true, Passed: true})
	for from, want := range map[string]Citations{
		"c@carrier.example":     {Ours: 1, Theirs: 1, Party: true, OrgParty: true},
		"other@carrier.example": {Ours: 1, Theirs: 1, OrgParty: true},
		"x@evil.example":        {Ours: 1, Theirs: 1},
	} {
		if a := o.ask(Question{From: from, Refs: []string{theirs, ours}}); a.Cited != want {
			t.Errorf("%s: %+v, want %+v", from, a.Cited, want)
		}
	}
}

func TestAnswersCountForWhomTheyAnswer(t *testing.T) {
	p, q, x := "p@partner.example", "q@quarry.example", "x@evil.example"
	for name, c := range map[string]struct {
		in   Received // a mail from p unless From says otherwise
		out  Sent
		want map[string]int // answers
	}{
		"to the writer":                     {Received{}, Sent{To: []string{p}}, map[string]int{p: 1}},
		"to all":                            {Received{Cc: []string{x}}, Sent{To: []string{p}, Cc: []string{x}}, map[string]int{p: 1, x: 0}},
		"to all, all in To":                 {Received{To: []string{boss, x}}, Sent{To: []string{x, p}}, map[string]int{p: 1, x: 0}},
		"to another address of the writer":  {Received{}, Sent{To: []string{q}}, map[string]int{p: 0, q: 1}},
		"to Reply-To, and others":           {Received{}, Sent{To: []string{q}, Cc: []string{x}}, map[string]int{p: 0, q: 1, x: 0}},
		"to what is not remembered":         {Received{MessageID: "gone@else"}, Sent{To: []string{p, x}, Refs: []string{"never@seen"}}, map[string]int{p: 1, x: 0}},
		"without References, to all":        {Received{}, Sent{To: []string{p, x}, Refs: []string{}, Reply: true}, map[string]int{p: 1, x: 0}},
		"to a colleague, copy to the other": {Received{}, Sent{To: []string{"c@us.example"}, Cc: []string{p, x}}, map[string]int{p: 1, x: 0}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, ConversationOptions{})
			c.in.From, c.in.Passed = p, true
			in := o.get(c.in)
			if c.out.Refs == nil {
				c.out.Refs = []string{in}
			}
			o.send(c.out)
			for addr, want := range c.want {
				if a := o.ask(Question{From: addr}).From; a.Answered != want || a.Begun != 0 {
					t.Errorf("%s: %+v, want %d answers", addr, a, want)
				}
			}
		})
	}
}

func TestNamesAreThoseOfOursAndOfCorrespondents(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	o.send(Sent{From: boss, Names: []string{"suzuki"}, To: []string{"p@partner.example"}})
	o.get(Received{From: "p@partner.example", Names: []string{"tanaka"}, Passed: true})
	o.get(Received{From: "stranger@elsewhere.example", Names: []string{"sato"}, Passed: true})
	for name, want := range map[string][]Partner{
		"suzuki": {{Address: boss, Ours: true}},
		"tanaka": {{Address: "p@partner.example"}},
		"sato":   nil,
	} {
		var got []Partner
		for _, p := range o.ask(Question{From: "x@evil.example", Names: []string{name}}).Namesake {
			got = append(got, Partner{Address: p.Address, Ours: p.Ours})
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if a := o.ask(Question{From: "p@partner.example", Names: []string{"tanaka"}}); len(a.Namesake) != 0 {
		t.Errorf("his own namesake: %+v", a.Namesake)
	}
}

func TestNameFromBeforeTheAnswerIsKnownAfterIt(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	in := o.get(Received{From: "p@partner.example", Names: []string{"tanaka"}, Passed: true})
	o.send(Sent{To: []string{"p@partner.example"}, Refs: []string{in}})
	if a := o.ask(Question{From: "x@evil.example", Names: []string{"tanaka"}}); len(a.Namesake) != 1 {
		t.Errorf("%+v", a.Namesake)
	}
}

func TestDomainsOfCorrespondentsAreFoundByTheirLooks(t *testing.T) {
	o := newOffice(t, ConversationOptions{Neighbours: neighbours})
	o.send(Sent{To: []string{"p@mail.partner.example", "f@gmail.com"}})
	o.get(Received{From: "s@stranger.example", Passed: true})
	for domain, want := range map[string][]string{
		"partmer.example":  {"partner.example"},
		"partner.example":  nil,
		"strangen.example": nil,
		"uss.example":      nil,
		"uz.example":       {"us.example"},
		"gmeil.com":        nil,
	} {
		if got := o.ask(Question{From: "x@" + domain, Alike: neighbours(domain)}).Alike; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", domain, got, want)
		}
	}
	if got := o.ask(Question{From: "new@partner.example", Alike: neighbours("partmer.example")}).Alike; got != nil {
		t.Errorf("a correspondent looks like %v", got)
	}
}

func TestNothingIsKnownOfNothing(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	a := o.ask(Question{From: "x@evil.example", Refs: []string{"a@us.example", "", "@", "noat"}, Subject: "hello", Names: []string{"n"}, Alike: []string{"k"}})
	if a.Warm || a.Cited != (Citations{}) || a.Subject != (Citations{}) || a.From != (Partner{}) || a.Org != (Partner{}) || a.Namesake != nil || a.Alike != nil {
		t.Errorf("%+v", a)
	}
}
