package main

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"sekisho/internal/filter"
	"sekisho/internal/inspect"
	"sekisho/internal/message"
	"sekisho/internal/miltertest"
	"sekisho/rules"
)

func lifeOf(life int, rss func(second int) float64) (list []sample) {
	for i := range 120 {
		list = append(list, sample{life: life, age: time.Duration(i) * time.Second, rss: rss(i)})
	}
	return list
}

func bad(list []grown, within string) (n int) {
	for _, g := range list {
		if g.Within == within && g.Bad {
			n++
		}
	}
	return n
}

func TestFlatTellsALeakFromAWarmCache(t *testing.T) {
	leak := flat(lifeOf(0, func(i int) float64 { return 60 + float64(i) }))
	if bad(leak, "life 0") != 1 {
		t.Errorf("a megabyte a second: %+v", leak)
	}
	cache := flat(lifeOf(0, func(i int) float64 { return min(100, 40+10*float64(i)) }))
	if bad(cache, "life 0") != 0 {
		t.Errorf("a cache that fills in six seconds: %+v", cache)
	}
}

func TestFlatSeesGrowthFromLifeToLife(t *testing.T) {
	var all []sample
	for life := range 9 {
		all = append(all, lifeOf(life, func(int) float64 { return 60 + 20*float64(life) })...)
	}
	got := flat(all)
	if bad(got, "lives") != 1 || bad(got, "life 4") != 0 {
		t.Errorf("%+v", got)
	}
}

func TestAccountsThatDoNotAgree(t *testing.T) {
	good := books{Sent: 9, Delivered: 7, Held: 2, Copies: 3, Twice: 1, AlsoHeld: 1, AlsoExplain: 1, Verified: true}
	if !good.kept() {
		t.Error("a mail held twice, and one that an outage divided, are allowed")
	}
	for name, spoil := range map[string]func(*books){
		"lost": func(b *books) { b.Lost++ }, "changed": func(b *books) { b.Changed++ }, "waiting": func(b *books) { b.Waiting++ }, "refused": func(b *books) { b.Refused++ },
		"strange": func(b *books) { b.Strange++ }, "spool": func(b *books) { b.SpoolLeft++ }, "verify": func(b *books) { b.Verified = false },
		"delivered and held": func(b *books) { b.AlsoHeld++ },
	} {
		b := good
		if spoil(&b); b.kept() {
			t.Errorf("%s: kept", name)
		}
	}
}

// What the kinds are for: without it the soak could find nothing.
func TestKindsAreDeliveredAndHeld(t *testing.T) {
	scanner, err := inspect.New(inspect.Options{SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer scanner.Close()
	f := filter.New(filter.Options{Scanner: scanner, Site: message.Site{LocalDomains: []string{"us.example"}}, Mode: rules.ModeEnforce})
	isHeld := map[string]bool{"macro": true, "locked-macro": true, "stolen": true}
	for i, k := range kinds() {
		l := letter{id: i, kind: k}
		from, to := l.ends()
		res, err := f.Message(t.Context(), filter.Session{Envelope: message.Envelope{MailFrom: from, Rcpts: []string{to}}}, bytes.NewReader(raw(l.mail())))
		if err != nil {
			t.Fatal(err)
		}
		if got := res.Verdict.Action >= rules.Quarantine; got != isHeld[k.name] && k.name != "7z" { // which needs a worker
			t.Errorf("%s: %s by %s", k.name, res.Verdict.Action, res.Verdict.Rule)
		}
		res.Close()
	}
}

func TestALetterIsTheSameEachTime(t *testing.T) {
	k := kinds()
	if a, b := sum(letter{7, 0, k[0]}), sum(letter{7, 0, k[0]}); a != b || a == sum(letter{8, 0, k[0]}) {
		t.Error("the same letter differs, or two letters do not")
	}
}

func TestTheQueueBringsADeferredLetterAgainAndEndsWhenItIsEmpty(t *testing.T) {
	m := newMTA("")
	l, ok, _ := m.take(outside)
	if !ok {
		t.Fatal("no letter")
	}
	m.finish()
	m.settle(l, miltertest.Outcome{Reply: miltertest.Reply{Code: 'y', Text: "451 4.7.1 Try again later"}}, 0)
	if _, ok, end := m.take(outside); ok || end || m.count.Deferred != 1 {
		t.Fatalf("sent at once %v, ended %v, %+v", ok, end, m.count)
	}
	m.queue[outside][0].at = time.Time{}
	again, ok, _ := m.take(outside)
	if !ok || again.id != l.id {
		t.Fatalf("letter %d, %v", again.id, ok)
	}
	m.settle(again, miltertest.Outcome{Reply: miltertest.Reply{Code: 'c'}}, 0)
	if _, _, end := m.take(outside); !end || m.accounts[l.id].fate != delivered || m.accounts[l.id].tries != 2 {
		t.Errorf("end %v, %+v", end, m.accounts[l.id])
	}
}

func TestASlowConnectionWritesEveryByte(t *testing.T) {
	near, far := net.Pipe()
	c := &slowConn{Conn: near}
	c.slow.Store(2)
	go func() { c.Write([]byte("slowly, then fast")); near.Close() }()
	var got bytes.Buffer
	if _, err := got.ReadFrom(far); err != nil || got.String() != "slowly, then fast" {
		t.Errorf("%q, %v", got.String(), err)
	}
}

func TestOutagesExplainWhatWasAnsweredInThem(t *testing.T) {
	at := time.Now()
	later := at.Add(time.Minute)
	tr := &trial{done: []outage{{"kill -9", at, at.Add(time.Second), true}, {"trace.db locked", later, later.Add(time.Second), false}}}
	if !tr.outage(at.Add(2*time.Second)) || tr.outage(at.Add(30*time.Second)) {
		t.Error("the grace is wrong")
	}
	if tr.outage(later) {
		t.Error("no verdict needs the trace")
	}
}

func TestPauseEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if pause(ctx, time.Hour) {
		t.Error("slept")
	}
}

func TestInputsAreTheStringsOfAKeptFuzzInput(t *testing.T) {
	got := inputs("go test fuzz v1\n[]byte(\"a\\x00\")\nstring(\"b\")\nint(7)\nrune('c')\n[]byte(\"\")\n")
	if len(got) != 2 || string(got[0]) != "a\x00" || string(got[1]) != "b" {
		t.Errorf("%q", got)
	}
}

func TestCrashersOfTheModuleAreFound(t *testing.T) {
	found, err := crashers(t.Context())
	if err != nil || len(found) == 0 {
		t.Errorf("%d, %v", len(found), err)
	}
}

func TestHostileMailIsTheFileOrCarriesIt(t *testing.T) {
	if m := wrapped("a.eml", []byte("A: b\r\n\r\nbody")); string(m.Body) != "body" || len(m.Header) != 1 {
		t.Errorf("%+v", m)
	}
	if m := wrapped("a.doc", []byte("MSCF")); !bytes.Contains(m.Body, []byte("TVNDRg==")) {
		t.Errorf("%s", m.Body)
	}
}

func TestOrdinaryMailThatWaitsBreaksThePromise(t *testing.T) {
	tr := &trial{stage: &stage{dir: t.TempDir()}}
	judged := func(r report) int {
		(&hostile{}).judge(tr, &r)
		return len(r.Broken)
	}
	good := func() report {
		return report{P99: 400, Own: 150, RSS: 400, Workers: 1, Limit: 200, Traps: []*trap{{Most: 60, Answers: map[string]int{"quarantine": 1}}}}
	}
	if n := judged(good()); n != 0 {
		t.Errorf("%d broken of a good one", n)
	}
	for name, spoil := range map[string]func(*report){
		"tail": func(r *report) { r.P99 = 1001 }, "daemon": func(r *report) { r.Own = 201 }, "workers": func(r *report) { r.RSS = 457 },
		"late": func(r *report) { r.Traps[0].Most = 300 }, "unanswered": func(r *report) { r.Traps[0].Answers["no answer"]++ },
	} {
		r := good()
		if spoil(&r); judged(r) != 1 {
			t.Errorf("%s: not told", name)
		}
	}
}

func TestTailsAreByKind(t *testing.T) {
	m := newMTA("")
	m.byKind = map[string][]time.Duration{"text": {3 * time.Millisecond, time.Millisecond, 2 * time.Millisecond}}
	if got := m.tails(); len(got) != 1 || got[0] != (tail{"text", 3, 2, 2, 3}) {
		t.Errorf("%+v", got)
	}
}
