package outbound

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"
)

// TestSlowDrip: who stays below the window's number, with nothing different at once, is found by the day.
func TestSlowDrip(t *testing.T) {
	m, p := New(Options{}), yui()
	at := noon
	for i := 1; i <= 200; i++ {
		_, opened := send(t, m, p.fresh(at))
		if len(opened) > 0 {
			if i != 30 || opened[0].Why != Slow {
				t.Fatalf("mail %d: %+v", i, opened)
			}
			return
		}
		at = at.Add(20 * time.Minute)
	}
	t.Error("two hundred mails with different files that start by themselves, and no incident")
}

func TestAlternatingAccountsOfOneMachine(t *testing.T) {
	m := New(Options{})
	var last *Seen
	for i := range 10 {
		p := &post{account: fmt.Sprintf("user%d", i%5), client: pc, n: i}
		last = count(t, m, p.carrier(noon.Add(time.Duration(i)*time.Second), fmt.Sprint(i)))
	}
	if last.Burst == nil || last.Burst.Kind != Client || last.Burst.Who != "172.16.3.20" {
		t.Errorf("%+v", last)
	}
}

func TestOneAccountFromManyMachines(t *testing.T) {
	m := New(Options{})
	var last *Seen
	for i := range 10 {
		p := &post{account: "yui", client: netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), n: i}
		last = count(t, m, p.carrier(noon.Add(time.Duration(i)*time.Second), fmt.Sprint(i)))
	}
	if last.Burst == nil || last.Burst.Kind != Account || last.Burst.Who != "yui" {
		t.Errorf("%+v", last)
	}
}

func TestForgedSendersChangeNothing(t *testing.T) {
	m, p := New(Options{}), yui()
	var last *Seen
	for i := range 10 {
		mail := p.fresh(noon.Add(time.Duration(i) * time.Second))
		mail.MailFrom = fmt.Sprintf("x%d@example.net", i)
		last = count(t, m, mail)
	}
	if last.Burst == nil || last.Burst.Who != "yui" {
		t.Errorf("%+v", last)
	}
}

func TestTheSpellingOfALoginChangesNothing(t *testing.T) {
	m, p := New(Options{}), yui()
	var last *Seen
	for i := range 10 {
		mail := p.fresh(noon.Add(time.Duration(i) * time.Second))
		mail.Account = []string{"yui", "Yui", "YUI ", "yUI"}[i%4]
		mail.Client = netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})
		last = count(t, m, mail)
	}
	if last.Burst == nil {
		t.Errorf("%+v", last.Counts)
	}
}

// TestAFloodEvictsNoBurst: an attacker with many times more client addresses, or accounts, than there is room makes nobody forgotten who is sending a burst.
func TestAFloodEvictsNoBurst(t *testing.T) {
	const senders = 160 // ten a shard
	for _, risky := range []bool{false, true} {
		m, p := New(Options{Senders: senders}), yui()
		for i := range 5 {
			count(t, m, p.fresh(noon.Add(time.Duration(i)*time.Second)))
		}
		for i := range 3000 {
			q := &post{account: fmt.Sprintf("bot%d", i), client: netip.AddrFrom4([4]byte{203, 0, byte(i >> 8), byte(i)})}
			mail := q.plain(noon.Add(10 * time.Second))
			if risky {
				mail = q.fresh(noon.Add(10 * time.Second))
			}
			count(t, m, mail)
		}
		var last *Seen
		for i := range 5 {
			last = count(t, m, p.fresh(noon.Add(time.Duration(20+i)*time.Second)))
		}
		if last.Burst == nil || last.Counts.Risky != 10 {
			t.Errorf("risky flood %v: %+v", risky, last.Counts)
		}
		if n := size(m.accounts) + size(m.clients); n > 2*senders {
			t.Errorf("%d senders in memory", n)
		}
	}
}

func size(t *table) (n int) {
	for i := range t.shards {
		n += len(t.shards[i].m)
	}
	return n
}

// TestWhoHasNoRoomIsJudgedByHimself: where everybody in memory did more, a newcomer's mail counts as one mail.
func TestWhoHasNoRoomIsJudgedByHimself(t *testing.T) {
	m := New(Options{Senders: 1}) // one a shard
	for i := range 200 {
		p := &post{account: fmt.Sprintf("user%d", i), client: netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})}
		for range 2 {
			count(t, m, p.fresh(noon))
		}
	}
	p := &post{account: "newcomer", client: pc}
	for range 3 {
		if s := count(t, m, p.plain(noon)); s.Counts.Mails != 1 {
			t.Errorf("%+v", s.Counts)
		}
	}
	if s := count(t, m, p.plain(noon.Add(time.Hour))); s.Counts.Mails != 1 {
		t.Errorf("%+v", s.Counts)
	}
	if s := count(t, m, p.plain(noon.Add(time.Hour))); s.Counts.Mails != 2 {
		t.Errorf("the others have been silent for an hour: %+v", s.Counts)
	}
}

func TestClockJumps(t *testing.T) {
	for _, tc := range []struct {
		name string
		jump time.Duration
		want int // risky, after five before the jump and one behind it
	}{
		{"none", time.Second, 6},
		{"back by less than the window", -time.Minute, 6},
		{"back by an hour", -time.Hour, 1},
		{"back by years", -200_000 * time.Hour, 1},
		{"ahead by an hour", time.Hour, 1},
		{"ahead by years", 200_000 * time.Hour, 1},
	} {
		m, p := New(Options{}), yui()
		for i := range 5 {
			count(t, m, p.fresh(noon.Add(time.Duration(i)*time.Second)))
		}
		s := count(t, m, p.fresh(noon.Add(tc.jump)))
		if s.Counts.Risky != tc.want || s.Counts.Mails != tc.want {
			t.Errorf("%s: %+v, want %d", tc.name, s.Counts, tc.want)
		}
		for range 9 {
			s = count(t, m, p.fresh(noon.Add(tc.jump)))
		}
		if s.Burst == nil {
			t.Errorf("%s: a burst behind the jump is not seen: %+v", tc.name, s.Counts)
		}
	}
	s := count(t, New(Options{}), yui().fresh(time.Time{}))
	if s.Counts.Risky != 1 {
		t.Errorf("without a time: %+v", s.Counts)
	}
}

// TestManyFilesInOneMail: what one mail carries is one mail's, and bounded.
func TestManyFilesInOneMail(t *testing.T) {
	m, p := New(Options{}), yui()
	for i := range 3 {
		mail := p.plain(noon.Add(time.Duration(i) * time.Second))
		for j := range 1000 {
			mail.Carriers = append(mail.Carriers, Carrier{Content: fmt.Sprint(i, j)})
			mail.Files = append(mail.Files, File{SHA256: fmt.Sprint(i, j)})
		}
		if s := count(t, m, mail); s.Counts.Risky != i+1 || s.Counts.DifferentCarriers != i+1 || len(s.sums.carriers) > maxDigests {
			t.Errorf("%+v", s.Counts)
		}
	}
}

func TestWhatASenderTakesIsBounded(t *testing.T) {
	m, p := New(Options{}), yui()
	for i := range 2000 {
		mail := p.fresh(noon.Add(time.Duration(i) * time.Millisecond))
		for j := range maxDigests {
			mail.Files = append(mail.Files, File{SHA256: fmt.Sprint(i, j)})
		}
		count(t, m, mail)
	}
	m.accounts.peek("yui", noon.Add(3*time.Second), func(s *sender) {
		if len(s.risky) != keepFactor*10 || len(s.slow) > keepFactor*10 || len(s.files) > maxFiles || len(s.recent) > maxRecent {
			t.Errorf("%d risky, %d slow, %d files, %d recent", len(s.risky), len(s.slow), len(s.files), len(s.recent))
		}
	})
}

// TestAnIncidentOutlivesTheWindow: waiting does not help.
func TestAnIncidentOutlivesTheWindow(t *testing.T) {
	m, p := New(Options{}), yui()
	opened := 0
	for i := range 15 {
		_, in := send(t, m, p.fresh(noon.Add(time.Duration(i)*time.Second)))
		opened += len(in)
	}
	if opened != 2 {
		t.Errorf("%d incidents, want the account's and the machine's, once each", opened)
	}
	s := count(t, m, p.fresh(noon.Add(48*time.Hour)))
	if len(s.Open) != 2 || s.Burst != nil {
		t.Errorf("two days later: %+v", s)
	}
	other := &post{account: "takumi", client: pc}
	if s := count(t, m, other.fresh(noon.Add(49*time.Hour))); len(s.Open) != 1 || s.Open[0].Kind != Client {
		t.Errorf("another account of the same machine: %+v", s.Open)
	}
	if s := count(t, m, other.plain(noon.Add(49*time.Hour))); len(s.Open) != 0 {
		t.Errorf("a plain mail: %+v", s.Open)
	}
	list, err := m.Incidents(context.Background(), time.Time{})
	if err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
}
