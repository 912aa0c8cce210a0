package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"sekisho/internal/hosts"
	"sekisho/internal/outbound"
	"sekisho/internal/quarantine"
	"sekisho/internal/store"
)

// burst makes a state folder in which two accounts have sent bursts, one of them from a machine with a hostile name for a file, and in which bounces came to
// mail that a third never sent.
func burst(dir string) {
	fill(dir, func(it *quarantine.Item) {
		it.Envelope.ClientIP, it.Envelope.ClientName, it.Envelope.Helo = netip.MustParseAddr("192.0.2.99"), "pc-004.example.co.jp", "PC-005"
	})
	must := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, "fixture:", err)
			os.Exit(2)
		}
	}
	ctx := context.Background()
	st, err := store.Open(ctx, dir)
	must(err)
	q, err := quarantine.Open(ctx, st, quarantine.Options{MinFree: -1})
	must(err)
	items, err := q.List(ctx, quarantine.Filter{})
	must(err)
	m, err := outbound.Open(ctx, st, outbound.Options{})
	must(err)
	start := time.Now().Add(-time.Hour)
	for i := range 12 {
		for account, client := range map[string]string{"sato@example.co.jp": "192.0.2.1", "abe@example.co.jp": "192.0.2.99"} {
			mail := outbound.Mail{
				Time: start.Add(time.Duration(i) * time.Second), MessageID: fmt.Sprintf("<%d.%s>", i, account), SHA256: fmt.Sprint(i, account), Account: account,
				Client: netip.MustParseAddr(client), MailFrom: account, From: account, Rcpts: []string{fmt.Sprintf("r%d@example.net", i)},
				Files:    []outbound.File{{Name: "\x1b[31minvoice.doc", SHA256: fmt.Sprint(i)}},
				Carriers: []outbound.Carrier{{Name: "invoice.doc", Kind: "vba.autoexec", Content: "same"}},
			}
			if i == 11 && account == "abe@example.co.jp" {
				mail.SHA256 = items[0].SHA256
			}
			seen, err := m.Count(ctx, mail)
			must(err)
			_, err = m.Keep(ctx, seen, i < 3)
			must(err)
		}
	}
	for range 40 {
		must(m.Backscatter(ctx, "mori@example.co.jp", start))
	}
	must(m.Flush(ctx))
	must(st.Close())
}

func TestCSVIsSafeInASpreadsheet(t *testing.T) {
	at := time.Date(2023, 3, 20, 10, 45, 51, 0, time.UTC)
	rows := []hosts.Row{{
		State: hosts.Suspected, Host: "=cmd|'/c calc'!A1", Accounts: []string{"+1@example.co.jp", "b"}, Addresses: []string{"2001:db8::1"}, Since: at, Last: at,
		Incidents: []hosts.Incident{
			{Mails: 12, Recipients: 40, Findings: []string{"outbound.burst"}}, {Mails: 12, Recipients: 40, Findings: []string{"outbound.burst"}},
			{Mails: 99, Findings: []string{"outbound.carrier"}, Cleared: at},
		},
		Impersonated: []hosts.Impersonation{{Mails: 3}},
		EmoCheck:     &hosts.Check{Scanned: at, Version: "2.4"}, Before: true, Hints: []string{"＝1", "a,\"b\"\r\n"},
	}, {State: hosts.Unchecked, Host: "@SUM(1)"}}
	var b bytes.Buffer
	if err := hostsCSV(&b, rows, false); err != nil {
		t.Fatal(err)
	}
	if strings.Count(b.String(), "\r\n") != 3 {
		t.Errorf("no CRLF: %q", b.String())
	}
	got, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(got) != 3 {
		t.Fatal(got, err)
	}
	want := []string{"suspected", "'=cmd|'/c calc'!A1", "'+1@example.co.jp b", "2001:db8::1", "2023-03-20T10:45:51Z", "2023-03-20T10:45:51Z", "outbound.burst",
		"12", "40", "3", "clean", "2023-03-20T10:45:51Z", "2.4", "true", `'＝1 a,"b"\u{d}\u{a}`}
	for i, w := range want {
		if got[1][i] != w {
			t.Errorf("%s: %q, want %q", got[0][i], got[1][i], w)
		}
	}
	if got[2][1] != "'@SUM(1)" || got[2][10] != "" || len(got[0]) != len(want) {
		t.Errorf("%q", got)
	}
}

// silent is a gateway whose memory is away.
type silent struct{ err error }

func (s silent) Seen(context.Context) (hosts.Seen, error) { return hosts.Seen{}, s.err }

func (s silent) Clear(context.Context, string, string, string) (int, error) { return 0, s.err }

func TestTroubleIsNoAllClear(t *testing.T) {
	away := errors.New("away")
	d := &hostsDesk{desk: &desk{lang: "en"}, gateway: silent{away}}
	for name, err := range map[string]error{
		"list":  (&hostsListCmd{}).list(t.Context(), d),
		"show":  (&hostsShowCmd{Who: []string{"x"}}).show(t.Context(), d),
		"clear": (&hostsClearCmd{Who: []string{"x"}}).clear(t.Context(), d),
	} {
		if !errors.Is(err, away) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryWordOfTheTableIsInTheCatalogue(t *testing.T) {
	var keys []string
	for _, s := range hosts.States() {
		keys = append(keys, "hs_"+string(s), "hx_"+string(s))
	}
	for _, why := range []outbound.Why{outbound.Burst, outbound.Carriers, outbound.Slow} {
		keys = append(keys, "hb_"+string(why))
	}
	for _, key := range keys {
		for _, lang := range []string{"en", "ja"} {
			if text(lang, key) == "" {
				t.Errorf("%s: %s has no text", lang, key)
			}
		}
	}
}

func TestTableIsCountedOnceAMinuteAndSeldomerWhenItIsLarge(t *testing.T) {
	now, counted, takes := time.Now(), 0, time.Duration(0)
	var trouble error
	c := &hostCounter{now: func() time.Time { return now }, count: func(context.Context) (map[string]int64, error) {
		counted++
		now = now.Add(takes)
		return map[string]int64{"infected": int64(counted)}, trouble
	}}
	for _, step := range []struct {
		after   time.Duration
		takes   time.Duration
		trouble error
		want    int
	}{
		{0, 0, nil, 1}, {0, 0, nil, 1}, {hostsEvery - 1, 0, nil, 1}, {1, 6 * time.Second, nil, 2},
		{hostsEvery, 0, nil, 2}, {9 * time.Minute, 8 * time.Second, errors.New("away"), 3}, {0, 0, nil, 3}, {hostsEvery, 0, nil, 4},
	} {
		now, takes, trouble = now.Add(step.after), step.takes, step.trouble
		s := c.stats()
		if counted != step.want || s.Err == nil && s.States["infected"] != int64(step.want) || step.trouble != nil && s.Err == nil {
			t.Errorf("%+v: counted %d times, %+v", step, counted, s)
		}
	}
}

// TestTheDaemonCountsWhatTheTableShows compares the metric's states with those of the table.
func TestTheDaemonCountsWhatTheTableShows(t *testing.T) {
	dir := t.TempDir()
	burst(dir)
	st, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	m, err := outbound.Open(t.Context(), st, outbound.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{st: st, outbound: m}
	got, err := s.countHosts(t.Context())
	if err != nil || len(got) != 2 || got["suspected"] != 2 || got["impersonated"] != 1 {
		t.Errorf("%v, %v", got, err)
	}
}
