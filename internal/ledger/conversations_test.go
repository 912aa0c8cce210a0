package ledger

import (
	"fmt"
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
	c, err := OpenConversations(t.Context(), st, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetHome(Home{Local: func(a string) bool { return strings.HasSuffix(a, "@us.example") }})
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

func TestReplyToAllMakesNobodyInCcKnown(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	in := o.get(Received{From: "p@partner.example", Cc: []string{"x@evil.example"}, Passed: true})
	id := o.send(Sent{To: []string{"p@partner.example"}, Cc: []string{"x@evil.example"}, Refs: []string{in}})
	a := o.ask(Question{From: "x@evil.example", Refs: []string{id, in}})
	if a.Cited.Party || a.Cited.OrgParty || !a.Cited.Copied || a.From.Answered+a.From.Begun > 0 {
		t.Errorf("the copied: %+v", a)
	}
	a = o.ask(Question{From: "p@partner.example", Refs: []string{id, in}})
	if !a.Cited.Party || a.From.Answered != 1 {
		t.Errorf("the writer: %+v", a)
	}
}

func TestVacationReplyMakesNobodyKnown(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	in := o.get(Received{From: "x@evil.example", Passed: true})
	id := o.send(Sent{To: []string{"x@evil.example"}, Refs: []string{in}, Robot: true})
	a := o.ask(Question{From: "x@evil.example", Refs: []string{id, in}})
	if a.Cited != (Citations{Robot: 1}) || a.From.Answered+a.From.Begun > 0 {
		t.Errorf("%+v", a)
	}
}
