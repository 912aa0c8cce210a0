package ledger

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Each of these is a way in which an attacker tries to become known, or to make others unknown.

const evil = "x@evil.example"

func (o *office) unknown(what string, a Answer) {
	o.Helper()
	if a.Cited.Party || a.Cited.OrgParty || a.Subject.Party || a.From.Begun+a.From.Answered+a.Org.Begun+a.Org.Answered > 0 {
		o.Errorf("%s made him known: %+v", what, a)
	}
}

func TestWritingOftenMakesNobodyKnown(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	var last string
	for range 50 {
		last = o.get(Received{From: evil, Names: []string{"boss"}, Refs: []string{last}, Passed: true})
	}
	a := o.ask(Question{From: evil, Refs: []string{last}})
	o.unknown("writing", a)
	if a.From.Received != 50 || a.Cited != (Citations{}) {
		t.Errorf("%+v", a)
	}
	if n := o.ask(Question{From: boss, Names: []string{"boss"}}).Namesake; n != nil {
		t.Errorf("his name counts as a correspondent's: %+v", n)
	}
}

func TestReplyToAllMakesNobodyInCcKnown(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	in := o.get(Received{From: "p@partner.example", Cc: []string{evil}, Passed: true})
	id := o.send(Sent{To: []string{"p@partner.example"}, Cc: []string{evil}, Refs: []string{in}})
	a := o.ask(Question{From: evil, Refs: []string{id, in}})
	if o.unknown("an answer to all", a); !a.Cited.Copied {
		t.Errorf("he is foreign to a mail that we sent him: %+v", a.Cited)
	}
	if a = o.ask(Question{From: "p@partner.example", Refs: []string{id, in}}); !a.Cited.Party || a.From.Answered != 1 {
		t.Errorf("the writer: %+v", a)
	}
}

func TestWhoCameByACopyMakesNobodyAParty(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	in := o.get(Received{From: "p@partner.example", Cc: []string{evil}, Passed: true})
	ours := o.send(Sent{To: []string{"p@partner.example"}, Cc: []string{evil}, Refs: []string{in}})
	his := o.get(Received{From: evil, Refs: []string{ours, in}, Cc: []string{"y@evil2.example"}, Passed: true, Known: true})
	for _, from := range []string{evil, "y@evil2.example"} {
		o.unknown("his own mail", o.ask(Question{From: from, Refs: []string{his, ours, in}}))
	}
	again := o.send(Sent{To: []string{"p@partner.example"}, Cc: []string{evil, "y@evil2.example"}, Refs: []string{ours, in}})
	o.unknown("a second mail of ours to all", o.ask(Question{From: evil, Refs: []string{again}}))
}

func TestSecondMailOfOursToAllAnswersNobody(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	in := o.get(Received{From: "p@partner.example", To: []string{evil, boss}, Passed: true})
	first := o.send(Sent{To: []string{"p@partner.example", evil}, Refs: []string{in}})
	second := o.send(Sent{To: []string{evil, "p@partner.example"}, Refs: []string{first, in}})
	o.unknown("a second mail", o.ask(Question{From: evil, Refs: []string{second}}))
	if a := o.ask(Question{From: "p@partner.example", Refs: []string{second}}); !a.Cited.Party {
		t.Errorf("%+v", a.Cited)
	}
}

func TestVacationReplyMakesNobodyKnown(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	in := o.get(Received{From: evil, Passed: true})
	id := o.send(Sent{To: []string{evil}, Refs: []string{in}, Subject: "away", Robot: true})
	a := o.ask(Question{From: evil, Refs: []string{id, in}, Subject: "away"})
	o.unknown("a vacation reply", a)
	if a.Cited != (Citations{Robot: 1}) || a.Subject != (Citations{}) {
		t.Errorf("%+v", a)
	}
}

func TestCitingInStrangersMailMakesNobodyAParty(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	ours := o.send(Sent{To: []string{"p@partner.example"}})
	// The caller believes it: it says Known of a writer who is no party.
	his := o.get(Received{From: evil, Refs: []string{ours}, Cc: []string{"y@evil2.example"}, Passed: true, Known: true})
	for _, from := range []string{evil, "y@evil2.example"} {
		a := o.ask(Question{From: from, Refs: []string{his, ours}})
		if o.unknown("citing a stolen id", a); a.Cited != (Citations{Ours: 1}) {
			t.Errorf("his mail is of the conversation: %+v", a.Cited)
		}
	}
}

func TestGuessedIDsAreForgedOnlyWhereTheMemoryCovers(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	o.send(Sent{To: []string{"p@partner.example"}})
	a := o.ask(Question{From: evil, Refs: []string{"guess@us.example", "other@elsewhere.example"}})
	if a.Cited != (Citations{}) {
		t.Errorf("before anything is measured: %+v", a.Cited)
	}
	o.cover(4, 20)
	a = o.ask(Question{From: evil, Refs: []string{"guess@us.example", "other@elsewhere.example"}})
	if a.Cited != (Citations{Forged: 1}) {
		t.Errorf("covered: %+v", a.Cited)
	}
}

// cover lets correspondents answer mail of ours, each so many times.
func (o *office) cover(partners, answers int) {
	o.Helper()
	for p := range partners {
		from := fmt.Sprintf("p@partner%d.example", p)
		for range answers {
			id := o.send(Sent{To: []string{from}})
			o.get(Received{From: from, Refs: []string{id}, Passed: true, Known: true})
		}
	}
}

func TestStrangersDoNotMoveTheCoverage(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	o.cover(4, 20)
	was := o.c.known.Load().all
	in := o.get(Received{From: evil, Passed: true})
	o.send(Sent{To: []string{evil}, Refs: []string{in}})
	for i := range 100 {
		guess := fmt.Sprintf("guess%d@us.example", i)
		o.get(Received{From: fmt.Sprintf("s%d@evil.example", i), Refs: []string{guess}, Passed: true})
		o.get(Received{From: evil, Refs: []string{guess}, Passed: true})   // answered once
		o.get(Received{From: "p@partner1.example", Refs: []string{guess}}) // spoofs a partner
		o.get(Received{From: "p@partner1.example", Refs: []string{guess}, Failed: true})
	}
	if now := o.c.known.Load().all; now != was {
		t.Errorf("%+v before, %+v after", was, now)
	}
}

func TestOneCorrespondentDoesNotMoveTheCoverageAlone(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	o.cover(1, 200)
	if o.c.known.Load().covers(o.c.hash.of(hashDomain, "us.example")) {
		t.Error("one correspondent's word covers a domain")
	}
	o.cover(12, 20)
	for i := range 500 {
		o.get(Received{From: "p@partner1.example", Refs: []string{fmt.Sprintf("guess%d@us.example", i)}, Passed: true})
	}
	if !o.c.known.Load().covers(o.c.hash.of(hashDomain, "us.example")) {
		t.Errorf("one correspondent's word uncovers a domain: %+v", o.c.known.Load().all)
	}
}

func TestOtherServicesThatSendForUsAreNotCovered(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	for i := range 200 { // half of what leaves under this domain goes past the gateway
		from := fmt.Sprintf("p@partner%d.example", i%20)
		id := o.send(Sent{To: []string{from}})
		if i%2 == 0 {
			id = fmt.Sprintf("crm%d@us.example", i)
		}
		o.get(Received{From: from, Refs: []string{id}, Passed: true})
	}
	if a := o.ask(Question{From: "p@partner1.example", Refs: []string{"crm9999@us.example"}}); a.Cited.Forged != 0 {
		t.Errorf("%+v", a.Cited)
	}
}

func TestMailToManyMakesNobodyACorrespondent(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	to := []string{evil}
	for i := range maxParties {
		to = append(to, fmt.Sprintf("c%d@customer%d.example", i, i))
	}
	id := o.send(Sent{To: []string{boss}, Rcpts: to, Subject: "news"})
	a := o.ask(Question{From: evil, Refs: []string{id}, Subject: "news"})
	o.unknown("a newsletter", a)
	if a.Cited != (Citations{Ours: 1, Listed: true}) || a.Subject != (Citations{}) {
		t.Errorf("%+v", a)
	}
}

func TestThousandsInToAndCcStayOut(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	ours := o.send(Sent{To: []string{"p@partner.example"}})
	var many []string
	for i := range 5000 {
		many = append(many, fmt.Sprintf("y%d@evil%d.example", i, i))
	}
	his := o.get(Received{From: "p@partner.example", Refs: []string{ours}, To: many, Cc: many, Passed: true, Known: true})
	a := o.ask(Question{From: "y1@evil1.example", Refs: []string{his}})
	if o.unknown("a mail to thousands", a); !a.Cited.Listed {
		t.Errorf("%+v", a.Cited)
	}
	if s := o.stats(); s.Unknown+s.Known > 4 {
		t.Errorf("rows of addressees: %+v", s)
	}
}

func TestSpoofedPartnerStaysWhatHeIs(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	o.send(Sent{To: []string{"p@partner.example"}})
	o.get(Received{From: "p@partner.example", Names: []string{"tanaka"}, Passed: true})
	was := o.ask(Question{From: "p@partner.example"})
	for i := range 20 {
		o.get(Received{From: "p@partner.example", Names: []string{fmt.Sprint("spoof", i)}, Failed: true})
	}
	if now := o.ask(Question{From: "p@partner.example"}); now.From != was.From {
		t.Errorf("mail that failed authentication: %+v", now.From)
	}
	for i := range 20 {
		o.get(Received{From: "p@partner.example", Names: []string{fmt.Sprint("spoof", i)}})
	}
	now := o.ask(Question{From: "p@partner.example", Names: []string{"spoof1"}})
	if now.From.Passed != was.From.Passed || now.From.Unproven != 20 {
		t.Errorf("mail that nothing proves: %+v", now.From)
	}
	if a := o.ask(Question{From: evil, Names: []string{"spoof1"}}); a.Namesake != nil {
		t.Errorf("a spoofer names him: %+v", a.Namesake)
	}
	if a := o.ask(Question{From: evil, Names: []string{"tanaka"}}); len(a.Namesake) != 1 {
		t.Errorf("his own name is gone: %+v", a.Namesake)
	}
}

func TestMailUnderOurOwnAddressTeachesNothing(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	o.get(Received{From: boss, Names: []string{"evil"}, Passed: true})
	if s := o.stats(); s != (ConversationStats{Bytes: s.Bytes}) {
		t.Errorf("%+v", s)
	}
	// One of ours who sends under a foreign address makes nobody one of ours.
	o.send(Sent{From: "p@partner.example", Names: []string{"tanaka"}, To: []string{"q@quarry.example"}})
	if a := o.ask(Question{From: "q@quarry.example", Quoted: []string{"p@partner.example"}}); a.Quoted[0].Ours {
		t.Errorf("%+v", a.Quoted)
	}
}

func TestForeignMailCannotTakeTheIDOfOurs(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	o.get(Received{MessageID: "next@us.example", From: evil, Passed: true})
	o.send(Sent{MessageID: "next@us.example", To: []string{"p@partner.example"}})
	a := o.ask(Question{From: "p@partner.example", Refs: []string{"next@us.example"}})
	if !a.Cited.Party || a.Cited.Ours != 1 {
		t.Errorf("%+v", a.Cited)
	}
	o.unknown("a foreseen id", o.ask(Question{From: evil, Refs: []string{"next@us.example"}}))
}

func TestFloodOfStrangersEvictsNoCorrespondent(t *testing.T) {
	o := newOffice(t, ConversationOptions{MaxStrangers: 200, MaxPartners: 20, Share: 0.25})
	o.send(Sent{To: []string{"p@partner.example"}})
	honest := o.get(Received{From: "h@honest.example", Source: "198.51.100.0/24", Passed: true})
	o.getMany(1000, func(i int) Received {
		return Received{From: fmt.Sprintf("y%d@evil%d.example", i, i), Source: "192.0.2.0/24", Passed: true}
	})
	if s := o.stats(); s.Strangers > 51 || s.Unknown > 52 {
		t.Errorf("one network has more than its part: %+v", s)
	}
	if a := o.ask(Question{From: "h@honest.example"}); a.From.Received != 1 {
		t.Errorf("one network pushes out a stranger of another: %+v", a.From)
	}
	o.send(Sent{To: []string{"h@honest.example", "q@quarry.example"}, Refs: []string{honest}})
	o.getMany(1000, func(i int) Received {
		return Received{From: fmt.Sprintf("z%d@evil%d.example", i, i), Source: fmt.Sprintf("192.0.%d.0/24", i), Passed: true}
	})
	o.expire(o.now)
	if s := o.stats(); s.Strangers > 220 || s.Unknown > 220 {
		t.Errorf("strangers have more than their room: %+v", s)
	}
	a := o.ask(Question{From: "p@partner.example", Quoted: []string{"h@honest.example"}})
	if a.From.Begun != 1 || a.Quoted[0].Answered != 1 {
		t.Errorf("correspondents are forgotten: %+v", a)
	}
}

func TestFloodOfOnePartyEvictsNothingOfOurs(t *testing.T) {
	o := newOffice(t, ConversationOptions{MaxMails: 100, MaxStrangers: 50, Share: 0.2})
	var ids []string
	for i := range 60 {
		ids = append(ids, o.send(Sent{Time: o.now.Add(-time.Duration(i) * day), To: []string{"p@partner.example"}}))
	}
	o.getMany(500, func(int) Received {
		return Received{From: "p@partner.example", Refs: ids[:1], Source: "192.0.2.0/24", Known: true, Passed: true}
	})
	o.expire(o.now)
	if s := o.stats(); s.Ours != 60 || s.Theirs != 20 || s.Strangers > 11 {
		t.Errorf("%+v", s)
	}
}

func TestHugeTextsTakeNoRoom(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	huge := strings.Repeat("長", 1<<14)
	names := slices.Repeat([]string{huge}, 300)
	for i := range names {
		names[i] += fmt.Sprint(i)
	}
	before := o.stats().Bytes
	in := o.get(Received{From: huge + "@evil.example", Names: names, Subject: huge, MessageID: huge, Refs: names, Passed: true, Source: huge, Time: o.now})
	o.send(Sent{To: []string{evil}, Refs: []string{in}, Subject: huge, Names: names})
	o.ask(Question{From: huge, Names: names, Refs: names, Subject: huge, Quoted: names, Alike: names})
	if grown := o.stats().Bytes - before; grown > 1<<16 {
		t.Errorf("%d bytes", grown)
	}
}

// expire looks over everything.
func (o *office) expire(now time.Time) {
	o.Helper()
	for range 20 {
		if err := o.c.Expire(o.Context(), now); err != nil {
			o.Fatal(err)
		}
	}
}

func TestAListIsOneOnlyWhereOursWroteToIt(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	m := o.send(Sent{To: []string{"pumps@lists.club.example"}, Subject: "cavitation"})
	for _, tt := range []struct {
		via  []string
		want bool
	}{
		{nil, false},
		{[]string{"pumps@lists.club.example"}, true},
		{[]string{"pumps-bounces@lists.club.example"}, true},
		{[]string{evil}, false},
		{[]string{evil, evil, evil, evil, "pumps@lists.club.example"}, false}, // more than a mail has
	} {
		a := o.ask(Question{From: evil, Via: tt.via, Refs: []string{m}, Subject: "cavitation"})
		if a.Cited.Ours != 1 || a.Cited.Via != tt.want || a.Subject.Via != tt.want {
			t.Errorf("%q: %+v %+v", tt.via, a.Cited, a.Subject)
		}
	}
}
