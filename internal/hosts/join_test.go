package hosts

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2023, 3, 20, 12, 0, 0, 0, time.UTC)

func burst(account string, clients ...string) Incident {
	i := Incident{Who: account, Account: true, First: noon, Last: noon.Add(time.Hour), Why: "burst", Mails: 12}
	for _, c := range clients {
		i.Samples = append(i.Samples, Sample{Client: c, Account: account})
	}
	return i
}

func burstFrom(address string) Incident {
	return Incident{Who: address, First: noon, Last: noon.Add(time.Hour), Why: "burst", Mails: 12}
}

func clean(at time.Time) Check { return Check{Name: "PC-1", Scanned: at} }

func sick(at time.Time) Check { return Check{Name: "PC-1", Scanned: at, Since: at, Infected: true} }

// summary is a row in a word: state, who, and a mark for each thing that must be told.
func summary(rows []Row) []string {
	out := []string{}
	for _, r := range rows {
		s := string(r.State) + " " + r.Who()
		if r.Before {
			s += " checked-before"
		}
		if len(r.Hints) > 0 {
			s += " perhaps " + strings.Join(r.Hints, ",")
		}
		out = append(out, s)
	}
	return out
}

func TestTable(t *testing.T) {
	pc1 := Machine{Host: "PC-1", Addresses: addresses("192.0.2.1"), Accounts: []string{"sato@example.co.jp"}}
	pc2 := Machine{Host: "PC-2", Addresses: addresses("192.0.2.2"), Accounts: []string{"mori@example.co.jp"}}
	shared := Machine{Host: "PC-3", Addresses: addresses("192.0.2.1"), Accounts: []string{"sato@example.co.jp"}}
	abused := []Impersonation{{Address: "sato@example.co.jp", Mails: 40, First: noon, Last: noon}}
	cleared := burst("sato@example.co.jp", "192.0.2.1")
	cleared.Cleared = noon.Add(2 * time.Hour)
	named := burst("abe@example.co.jp", "203.0.113.9")
	named.Names = []string{"pc-2.example.co.jp", "unknown"}

	for _, tc := range []struct {
		name     string
		machines []Machine
		checks   map[string]Check
		seen     Seen
		want     []string
	}{
		{"nothing is known", nil, nil, Seen{}, []string{}},
		{"the inventory says who is not checked yet", []Machine{pc1, pc2}, nil, Seen{}, []string{"unchecked PC-1", "unchecked PC-2"}},
		{"a report without an inventory has its row", nil, map[string]Check{"pc-1": clean(noon)}, Seen{}, []string{"clean PC-1"}},
		{"EmoCheck's word stands for itself", []Machine{pc1, pc2}, map[string]Check{"pc-1": sick(noon)}, Seen{}, []string{"infected PC-1", "unchecked PC-2"}},
		{"an account leads to its machine", []Machine{pc1, pc2}, nil, Seen{Incidents: []Incident{burst("sato@example.co.jp")}}, []string{"suspected PC-1", "unchecked PC-2"}},
		{"the address wins over the account", []Machine{pc1, pc2}, nil, Seen{Incidents: []Incident{burst("sato@example.co.jp", "192.0.2.2")}},
			[]string{"suspected PC-2", "unchecked PC-1"}},
		{"an address from outside leaves it to the account", []Machine{pc1}, nil, Seen{Incidents: []Incident{burst("sato@example.co.jp", "203.0.113.1")}}, []string{"suspected PC-1"}},
		{"account and machine of one incident are one row", []Machine{pc1}, nil,
			Seen{Incidents: []Incident{burstFrom("192.0.2.1"), burst("sato@example.co.jp", "192.0.2.1")}}, []string{"suspected PC-1"}},
		{"so they are without a machine", nil, nil, Seen{Incidents: []Incident{burstFrom("192.0.2.7"), burst("abe@example.co.jp", "192.0.2.7")}},
			[]string{"suspected abe@example.co.jp"}},
		{"an address without a machine goes with the account that led to one", []Machine{pc1}, nil,
			Seen{Incidents: []Incident{burstFrom("203.0.113.1"), burst("sato@example.co.jp", "203.0.113.1")}}, []string{"suspected PC-1"}},
		{"two accounts behind one address are three rows", nil, nil,
			Seen{Incidents: []Incident{burst("abe@example.co.jp", "192.0.2.7"), burst("ono@example.co.jp", "192.0.2.7"), burstFrom("192.0.2.7")}},
			[]string{"suspected 192.0.2.7", "suspected abe@example.co.jp", "suspected ono@example.co.jp"}},
		{"what leads to two machines blames neither", []Machine{pc1, shared}, nil, Seen{Incidents: []Incident{burst("sato@example.co.jp", "192.0.2.1")}},
			[]string{"suspected sato@example.co.jp perhaps PC-1,PC-3", "unchecked PC-1", "unchecked PC-3"}},
		{"a name that a client has is a hint and no proof", []Machine{pc2}, map[string]Check{"pc-2": clean(noon)}, Seen{Incidents: []Incident{named}},
			[]string{"suspected abe@example.co.jp perhaps PC-2", "clean PC-2"}},
		{"a login is the local part of an address", []Machine{{Host: "PC-1", Accounts: []string{"sato"}}}, nil,
			Seen{Incidents: []Incident{burst("sato@example.co.jp")}}, []string{"suspected PC-1"}},
		{"not of another domain", []Machine{{Host: "PC-1", Accounts: []string{"sato@example.com"}}}, nil,
			Seen{Incidents: []Incident{burst("sato@example.co.jp")}}, []string{"suspected sato@example.co.jp", "unchecked PC-1"}},
		{"a clean report from before the incident says nothing", []Machine{pc1}, map[string]Check{"pc-1": clean(noon.Add(-time.Hour))},
			Seen{Incidents: []Incident{burst("sato@example.co.jp")}}, []string{"suspected PC-1 checked-before"}},
		{"one from its midst neither", []Machine{pc1}, map[string]Check{"pc-1": clean(noon.Add(time.Minute))},
			Seen{Incidents: []Incident{burst("sato@example.co.jp")}}, []string{"suspected PC-1 checked-before"}},
		{"one from after it does not take the gateway's word back", []Machine{pc1}, map[string]Check{"pc-1": clean(noon.Add(3 * time.Hour))},
			Seen{Incidents: []Incident{burst("sato@example.co.jp")}}, []string{"suspected PC-1"}},
		{"a cleared incident is over", []Machine{pc1}, map[string]Check{"pc-1": clean(noon)}, Seen{Incidents: []Incident{cleared}}, []string{"clean PC-1"}},
		{"but not EmoCheck's word", []Machine{pc1}, map[string]Check{"pc-1": sick(noon)}, Seen{Incidents: []Incident{cleared}}, []string{"infected PC-1"}},
		{"our name abused elsewhere is no infection", []Machine{pc1}, map[string]Check{"pc-1": clean(noon)}, Seen{Impersonated: abused}, []string{"impersonated PC-1"}},
		{"without a machine too", nil, nil, Seen{Impersonated: abused}, []string{"impersonated sato@example.co.jp"}},
		{"both is an infection", []Machine{pc1}, nil, Seen{Incidents: []Incident{burst("sato@example.co.jp")}, Impersonated: abused}, []string{"suspected PC-1"}},
		{"a cut computer name is the one machine that it fits", []Machine{{Host: "tokyo-sales-laptop-042"}}, map[string]Check{"tokyo-sales-lap": {Name: "TOKYO-SALES-LAP", Scanned: noon}},
			Seen{}, []string{"clean tokyo-sales-laptop-042"}},
		{"where it fits two it has its own row", []Machine{{Host: "tokyo-sales-laptop-042"}, {Host: "tokyo-sales-laptop-043"}},
			map[string]Check{"tokyo-sales-lap": {Name: "TOKYO-SALES-LAP", Scanned: noon}}, Seen{},
			[]string{"unchecked tokyo-sales-laptop-042", "unchecked tokyo-sales-laptop-043", "clean TOKYO-SALES-LAP"}},
		{"a report's own address leads to its machine", nil, map[string]Check{"pc-1": {Name: "PC-1", Scanned: noon.Add(-time.Hour), Address: addresses("192.0.2.1")}},
			Seen{Incidents: []Incident{burstFrom("192.0.2.1")}}, []string{"suspected PC-1 checked-before"}},
		{"but not against the inventory", []Machine{pc2}, map[string]Check{"pc-1": {Name: "PC-1", Scanned: noon, Address: addresses("192.0.2.2")}},
			Seen{Incidents: []Incident{burstFrom("192.0.2.2")}}, []string{"suspected PC-2", "clean PC-1"}},
		{"a computer's domain and case are not its name", []Machine{{Host: "pc-1.example.co.jp"}}, map[string]Check{"pc-1": clean(noon)}, Seen{}, []string{"clean pc-1.example.co.jp"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rows := Join(tc.machines, tc.checks, tc.seen)
			if diff := cmp.Diff(tc.want, summary(rows)); diff != "" {
				t.Error(diff)
			}
			for range 5 { // the order of what comes in has no say
				rand.Shuffle(len(tc.machines), func(i, j int) { tc.machines[i], tc.machines[j] = tc.machines[j], tc.machines[i] })
				rand.Shuffle(len(tc.seen.Incidents), func(i, j int) {
					tc.seen.Incidents[i], tc.seen.Incidents[j] = tc.seen.Incidents[j], tc.seen.Incidents[i]
				})
				if again := summary(Join(tc.machines, tc.checks, tc.seen)); len(again) != len(tc.want) || states(again) != states(tc.want) {
					t.Errorf("in another order: %q", again)
				}
			}
		})
	}
}

func states(rows []string) string {
	out := make([]string, 0, len(rows))
	for _, r := range rows {
		s, _, _ := strings.Cut(r, " perhaps")
		out = append(out, s)
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func TestSinceIsTheFirstSign(t *testing.T) {
	m := []Machine{{Host: "PC-1", Accounts: []string{"sato@example.co.jp"}}}
	seen := Seen{Incidents: []Incident{burst("sato@example.co.jp")}}
	for name, tc := range map[string]struct {
		check Check
		since time.Time
	}{
		"the gateway saw it first": {sick(noon.Add(time.Hour)), noon},
		"EmoCheck did":             {sick(noon.Add(-time.Hour)), noon.Add(-time.Hour)},
	} {
		r := Join(m, map[string]Check{"pc-1": tc.check}, seen)[0]
		if r.State != Infected || !r.Since.Equal(tc.since) || r.Last.Before(r.Since) {
			t.Errorf("%s: %s since %v until %v", name, r.State, r.Since, r.Last)
		}
	}
}

func TestRowIsFoundByEveryNameItHas(t *testing.T) {
	r := Row{Host: "PC-1", Addresses: []string{"192.0.2.1"}, Accounts: []string{"sato@example.co.jp"}}
	for who, want := range map[string]bool{
		"pc-1": true, "ＰＣ-1.example.co.jp": true, "192.0.2.1": true, "::ffff:192.0.2.1": true, "SATO@example.co.jp": true, "sato": true, `EXAMPLE\sato`: true,
		"": false, "pc": false, "192.0.2.2": false, "sato@example.com": false, "ato": false,
	} {
		if r.Is(who) != want {
			t.Errorf("%q: %v", who, !want)
		}
	}
	hotel := Row{Host: "PC-1", Incidents: []Incident{burstFrom("203.0.113.1")}}
	if !hotel.Is("203.0.113.1") || hotel.Is("203.0.113.2") {
		t.Error("a row is not found by the address that its incident is on")
	}
	if stray := (Row{Accounts: []string{"x"}}); stray.Is("") || stray.Who() != "x" {
		t.Error("a row without a machine is found by no name")
	}
}

func TestInfectedAndSuspectedLookInfected(t *testing.T) {
	var bad []State
	for _, s := range States() {
		if s.LooksInfected() {
			bad = append(bad, s)
		}
	}
	if !slices.Equal(bad, []State{Infected, Suspected}) {
		t.Error(bad)
	}
}
