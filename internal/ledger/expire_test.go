package ledger

import (
	"database/sql"
	"fmt"
	"os"
	"testing"
	"time"
)

func TestMemoryEndsWithItsTime(t *testing.T) {
	o := newOffice(t, ConversationOptions{Keep: 100 * day, KeepPartners: 200 * day})
	id := o.send(Sent{To: []string{"p@partner.example"}, Names: []string{"boss"}, Subject: "belts"})
	theirs := o.get(Received{From: "p@partner.example", Names: []string{"tanaka"}, Refs: []string{id}, Known: true, Passed: true, Source: "n"})
	o.get(Received{From: evil, Source: "n"})
	for _, c := range []struct {
		after time.Duration
		want  ConversationStats
	}{
		{89 * day, ConversationStats{Ours: 1, Theirs: 1, Strangers: 1, People: 2, Known: 2, Unknown: 2}},
		{91 * day, ConversationStats{Ours: 1, Theirs: 1, People: 2, Known: 2, Unknown: 2}},
		{101 * day, ConversationStats{People: 2, Known: 2}},
		{201 * day, ConversationStats{}},
	} {
		now := o.now.Add(c.after)
		a := o.ask(Question{Time: now, From: evil, Refs: []string{id, theirs}, Subject: "belts"})
		if want := int(c.want.Ours + c.want.Theirs); a.Cited.Ours+a.Cited.Theirs != want || a.Subject.Ours != int(c.want.Ours) {
			t.Errorf("after %v, before it is deleted: %+v", c.after, a)
		}
		o.expire(now)
		got := o.stats()
		if got.Bytes = 0; got != c.want {
			t.Errorf("after %v: %+v, want %+v", c.after, got, c.want)
		}
	}
	o.empty("talk_mails", "talk_partners", "talk_keys", "talk_days")
}

func (o *office) empty(tables ...string) {
	o.Helper()
	for _, table := range tables {
		if n := o.rows(table); n != 0 {
			o.Errorf("%s: %d rows", table, n)
		}
	}
}

func (o *office) rows(table string) (n int) {
	o.Helper()
	if err := o.c.db.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
		o.Fatal(err)
	}
	return n
}

func TestCorrespondentsStayWhileTheyWrite(t *testing.T) {
	o := newOffice(t, ConversationOptions{Keep: 100 * day, KeepPartners: 200 * day})
	o.send(Sent{To: []string{"p@partner.example"}})
	for i := range 5 {
		o.get(Received{From: "p@partner.example", Time: o.now.Add(time.Duration(i) * 100 * day), Passed: true})
		o.expire(o.now.Add(time.Duration(i) * 100 * day))
	}
	if p := o.ask(Question{From: "p@partner.example"}).From; p.Begun != 1 || p.Received != 5 || p.Last.Sub(p.First) != 400*day {
		t.Errorf("%+v", p)
	}
}

func TestTheOldestGoWhereTheCapIsPassed(t *testing.T) {
	o := newOffice(t, ConversationOptions{MaxMails: 1000, MaxPartners: 100})
	const mails = 3000
	o.sendMany(mails, func(i int) Sent {
		return Sent{Time: o.now.Add(time.Duration(i) * time.Minute), To: []string{fmt.Sprintf("p@partner%d.example", i/10)}}
	})
	o.expire(o.now)
	s := o.stats()
	if s.Ours < 900 || s.Ours > 1100 || s.Known+s.People < 80 || s.Known+s.People > 120 {
		t.Errorf("%+v", s)
	}
	if int(s.Ours) != o.rows("talk_mails") || int(s.Known+s.People) != o.rows("talk_partners") {
		t.Errorf("the counts are wrong: %+v", s)
	}
	kept := map[bool]int{}
	for i := range mails / maxRefs {
		var refs []string
		for j := range maxRefs {
			refs = append(refs, fmt.Sprintf("%d@us.example", i*maxRefs+j+1))
		}
		kept[i >= mails/maxRefs/2] += o.ask(Question{Refs: refs}).Cited.Ours
	}
	if kept[false] > 20 || kept[true] < 900 { // the oldest of each part of the memory, that is about the oldest
		t.Errorf("%d of the older half kept, %d of the newer", kept[false], kept[true])
	}
}

func TestBytesAreACap(t *testing.T) {
	o := newOffice(t, ConversationOptions{MaxBytes: 400_000})
	o.sendMany(4000, func(i int) Sent {
		return Sent{Time: o.now.Add(time.Duration(i) * time.Minute), To: []string{fmt.Sprintf("p@partner%d.example", i/10)}, Subject: fmt.Sprint(i)}
	})
	before := o.stats()
	o.expire(o.now)
	after := o.stats()
	if before.Bytes < 500_000 || after.Bytes > 440_000 || after.Ours < 500 {
		t.Errorf("%+v before, %+v after", before, after)
	}
}

func TestSizesAreThoseOfTheFile(t *testing.T) {
	o := newOffice(t, ConversationOptions{Neighbours: neighbours})
	o.sendMany(5000, func(i int) Sent {
		return Sent{To: []string{fmt.Sprintf("p%d@partner%d.example", i, i/3)}, Subject: fmt.Sprint(i)}
	})
	if err := o.c.Expire(t.Context(), o.now); err != nil {
		t.Fatal(err)
	}
	if err := o.c.scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	fi, err := os.Stat(o.st.Path("memory.db"))
	if err != nil {
		t.Fatal(err)
	}
	if s := float64(o.stats().Bytes) / float64(fi.Size()); s < 0.7 || s > 1.7 {
		t.Errorf("%.2f of the file", s)
	}
}

func TestFloodOfStrangersTakesNoBytesOfCorrespondents(t *testing.T) {
	o := newOffice(t, ConversationOptions{MaxBytes: 400_000, Share: 1})
	o.sendMany(700, func(i int) Sent { return Sent{To: []string{fmt.Sprintf("p%d@partner.example", i)}} })
	was := o.stats()
	o.getMany(3000, func(i int) Received {
		return Received{From: fmt.Sprintf("y%d@evil%d.example", i, i), Source: fmt.Sprint(i), Passed: true}
	})
	o.expire(o.now.Add(time.Hour))
	if s := o.stats(); s.Ours != was.Ours || s.Known != was.Known || s.Bytes > 440_000 || s.Unknown == 0 {
		t.Errorf("%+v before, %+v after", was, s)
	}
}

func TestForgottenAddressIsNowhere(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	var ids []string
	for range 50 {
		ids = append(ids, o.send(Sent{To: []string{"p@partner.example"}, Cc: []string{"q@partner.example"}}))
	}
	in := o.get(Received{From: "p@partner.example", Names: []string{"tanaka"}, Refs: ids[:1], Known: true, Passed: true})
	copied := o.send(Sent{To: []string{"q@partner.example"}, Cc: []string{"p@partner.example", "r@else.example"}, Refs: []string{"gone@else"}})
	if found, err := o.c.Forget(t.Context(), "P@Partner.example"); !found || err != nil {
		t.Fatal(found, err)
	}
	a := o.ask(Question{From: "p@partner.example", Refs: append(ids, in, copied)})
	if a.From != (Partner{}) || a.Cited.Party || a.Cited.Copied || a.Cited.Theirs != 0 || a.Cited.Ours != 51 {
		t.Errorf("%+v", a)
	}
	if a := o.ask(Question{From: "q@partner.example", Refs: ids}); !a.Cited.Party || a.From.Begun != 50 {
		t.Errorf("others are forgotten too: %+v", a)
	}
	if a := o.ask(Question{From: evil, Names: []string{"tanaka"}}); a.Namesake != nil {
		t.Errorf("%+v", a.Namesake)
	}
	if found, err := o.c.Forget(t.Context(), "p@partner.example"); found || err != nil {
		t.Errorf("twice: %v, %v", found, err)
	}
	o.notOnDisk("p@partner.example")
}

func TestCorrespondentsTakeNoRoomOfTheirNetwork(t *testing.T) {
	o := newOffice(t, ConversationOptions{MaxStrangers: 100, Share: 0.02})
	for i := range 10 { // two at a time
		from := fmt.Sprintf("p%d@gmail.com", i)
		o.get(Received{From: from, Source: "192.0.2.0/24", Passed: true})
		o.send(Sent{To: []string{from}})
		if p := o.ask(Question{From: from}).From; p.Received != 1 {
			t.Fatalf("%s: %+v", from, p)
		}
	}
	o.expire(o.now.Add(2 * o.c.opts.KeepPartners))
	o.empty("talk_partners")
	var n int64
	if err := o.c.db.QueryRow(`SELECT coalesce(sum(abs(n)), 0) FROM talk_usage`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows are counted, %v", n, err)
	}
}

func TestForgettingKeepsTheCounts(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	o.get(Received{From: evil, Source: "n"})
	o.get(Received{From: evil, Source: "n"})
	if _, err := o.c.Forget(t.Context(), evil); err != nil {
		t.Fatal(err)
	}
	if s := o.stats(); int(s.Strangers) != o.rows("talk_mails") || int(s.Unknown) != o.rows("talk_partners") {
		t.Errorf("%+v", s)
	}
	var n int64
	err := o.c.db.QueryRow(`SELECT n FROM talk_usage WHERE source <> 0 AND kind = ?`, mailStranger).Scan(&n)
	if err != sql.ErrNoRows {
		t.Errorf("the network still has %d mails, %v", n, err)
	}
}
