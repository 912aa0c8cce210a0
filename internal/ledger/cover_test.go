package ledger

import (
	"fmt"
	"testing"
	"time"
)

func TestMemoryIsWarmAfterEnoughMailOverEnoughTime(t *testing.T) {
	for name, c := range map[string]struct {
		mails, days int
		robot       bool
		ago         time.Duration
		want        bool
	}{
		"nothing":                   {0, 0, false, 0, false},
		"a week, many mails":        {warmMails, 7, false, 0, true},
		"a week, few mails":         {warmMails - 1, 7, false, 0, false},
		"six days":                  {2 * warmMails, 6, false, 0, false},
		"a week of notices":         {2 * warmMails, 7, true, 0, false},
		"an import of last quarter": {warmMails, 90, false, 30 * day, true},
		"an import of long ago":     {warmMails, 90, false, 61 * day, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, ConversationOptions{})
			var mails []Sent
			for i := range c.mails {
				ago := c.ago + time.Duration(i%c.days)*day
				mails = append(mails, Sent{Time: time.Now().Add(-ago), From: boss, MessageID: fmt.Sprintf("%d@us.example", i), To: []string{"p@partner.example"}, Robot: c.robot})
			}
			if _, err := o.c.ImportSent(t.Context(), mails); err != nil {
				t.Fatal(err)
			}
			if a := o.ask(Question{Time: time.Now()}); a.Warm != c.want || o.c.known.Load().warm(time.Now()) != c.want {
				t.Errorf("warm: %v", a.Warm)
			}
		})
	}
}

func TestMemoryIsColdWhileCorrespondentsCiteWhatItMisses(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	for i := range warmMails {
		o.send(Sent{Time: o.now.Add(-time.Duration(i%8) * day), To: []string{fmt.Sprintf("p@partner%d.example", i%20)}})
	}
	if !o.ask(Question{}).Warm {
		t.Fatal("not warm before anybody cites")
	}
	for i := range coverLeast { // one Sent folder was imported, others are missing
		o.get(Received{From: fmt.Sprintf("p@partner%d.example", i%20), Refs: []string{fmt.Sprintf("colleague%d@us.example", i)}, Passed: true})
	}
	if o.ask(Question{}).Warm {
		t.Errorf("warm, though nothing of what is cited is remembered: %+v", o.c.known.Load().all)
	}
}

func TestWindowKeepsTheLastOfEach(t *testing.T) {
	var w window
	for i := range int64(1000) {
		w = w.push(i%50<<32, i >= 500)
	}
	if s := w.share(); s != (share{coverWindow, coverWindow}) {
		t.Errorf("%+v", s)
	}
	w = window{}
	for range 100 {
		w = w.push(1<<32, true)
	}
	w = w.push(2<<32, false)
	for range coverPartner {
		w = w.push(1<<32, false)
	}
	if s := w.share(); s != (share{0, coverPartner + 1}) {
		t.Errorf("%+v", s)
	}
}

func TestDomainsOfOurIDsAreBounded(t *testing.T) {
	o := newOffice(t, ConversationOptions{})
	for i := range 2 * maxDomains {
		o.send(Sent{MessageID: fmt.Sprintf("id@desktop-%d.local", i), To: []string{"p@partner.example"}})
	}
	if n := len(o.c.known.Load().domains); n != maxDomains {
		t.Errorf("%d domains", n)
	}
	o.expire(o.now.Add(2 * domainAge))
	if n := len(o.c.known.Load().domains); n != 0 {
		t.Errorf("%d domains after two years", n)
	}
}
