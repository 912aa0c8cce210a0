package outbound

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sekisho/internal/store"
)

func openStore(t testing.TB, dir string) *store.Store {
	t.Helper()
	st, err := store.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// open is a Monitor over a state folder, as a process of its own has it.
func open(t *testing.T, dir string) *Monitor {
	t.Helper()
	m, err := Open(context.Background(), openStore(t, dir), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// burst sends n risky mails from a time on and returns what they opened.
func burst(t *testing.T, m *Monitor, p *post, from time.Time, n int) (opened []Incident) {
	t.Helper()
	for i := range n {
		_, in := send(t, m, p.fresh(from.Add(time.Duration(i)*time.Second)))
		opened = append(opened, in...)
	}
	return opened
}

func incidents(t *testing.T, m *Monitor, since time.Time) []Incident {
	t.Helper()
	list, err := m.Incidents(context.Background(), since)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAnIncidentTellsWhoReceivedWhat(t *testing.T) {
	m, p := open(t, t.TempDir()), yui()
	if opened := burst(t, m, p, noon, 12); len(opened) != 2 || opened[0].Kind != Account || opened[1].Kind != Client || opened[0].Why != Carriers || opened[0].Mails != 5 {
		t.Fatalf("%+v", opened)
	}
	list := incidents(t, m, noon)
	if len(list) != 2 {
		t.Fatalf("%+v", list)
	}
	for _, in := range list {
		if in.Mails != 12 || in.Recipients != 12 || !in.Since.Equal(noon) || !in.Last.Equal(noon.Add(11*time.Second)) || len(in.Samples) != 12 || !in.Cleared.IsZero() {
			t.Errorf("%+v", in)
		}
	}
	s := list[0].Samples[2]
	if s.QueueID != "Q3" || !slices.Equal(s.Rcpts, []string{"p3@example.org"}) || !slices.Equal(s.Files, []string{"a.doc"}) || !s.Delivered || s.Account != "yui" || s.Client != "172.16.3.20" {
		t.Errorf("%+v", s)
	}
}

func TestARestartForgetsNoBurstUnderWay(t *testing.T) {
	dir := t.TempDir()
	p := yui()
	for i := range 9 {
		send(t, open(t, dir), p.carrier(noon.Add(time.Duration(i)*time.Second), "form"))
	}
	last := p.carrier(noon.Add(10*time.Second), "form")
	if s, opened := send(t, open(t, dir), last); s.Burst == nil || len(opened) != 2 || opened[0].Why != Burst {
		t.Fatalf("%+v, %+v", s.Counts, opened)
	}
	if s := count(t, open(t, dir), p.carrier(noon.Add(9*24*time.Hour), "form")); len(s.Open) != 2 {
		t.Errorf("nine days and a restart later: %+v", s.Open)
	}
}

func TestARestartForgetsNoSlowDrip(t *testing.T) {
	dir, p := t.TempDir(), yui()
	burst := func(n int, at time.Time) (in []Incident) {
		m := open(t, dir)
		for i := range n {
			_, opened := send(t, m, p.fresh(at.Add(time.Duration(i)*20*time.Minute)))
			in = append(in, opened...)
		}
		return in
	}
	if in := burst(29, noon); len(in) != 0 {
		t.Fatalf("%+v", in)
	}
	if in := burst(1, noon.Add(10*time.Hour)); len(in) != 2 || in[0].Why != Slow || in[0].Mails != 30 {
		t.Errorf("%+v", in)
	}
}

// TestTwoProcessesOpenAnIncidentOnce: whoever comes second finds it open.
func TestTwoProcessesOpenAnIncidentOnce(t *testing.T) {
	dir := t.TempDir()
	a, b, p := open(t, dir), open(t, dir), yui()
	opened := burst(t, a, p, noon, 10)
	opened = append(opened, burst(t, b, p, noon.Add(time.Minute), 10)...)
	if len(opened) != 2 {
		t.Errorf("%+v", opened)
	}
	if s := count(t, b, p.fresh(noon.Add(time.Hour))); len(s.Open) != 2 {
		t.Errorf("%+v", s.Open)
	}
}

func TestClear(t *testing.T) {
	ctx := context.Background()
	for _, who := range []string{"yui", "YUI", "172.16.3.20", "::ffff:172.16.3.20"} {
		dir := t.TempDir()
		now := time.Now().Add(-time.Minute)
		daemon, p := open(t, dir), yui()
		burst(t, daemon, p, now, 12)
		cleared, err := open(t, dir).Clear(ctx, who, "admin", "password changed")
		if err != nil || len(cleared) != 2 {
			t.Fatalf("%s: %+v, %v", who, cleared, err)
		}
		s, opened := send(t, daemon, p.fresh(time.Now().Add(time.Second)))
		if len(s.Open) != 0 || s.Burst != nil || s.Several != nil || s.Counts.Risky != 1 || len(opened) != 0 {
			t.Errorf("%s: after it was cleared: %+v, %+v", who, s, opened)
		}
		list := incidents(t, daemon, now)
		if len(list) != 2 || list[0].Cleared.IsZero() || list[0].ClearedBy != "admin" || list[0].ClearedWhy != "password changed" || list[0].Mails != 12 {
			t.Errorf("%s: %+v", who, list)
		}
		if again, err := daemon.Clear(ctx, who, "admin", ""); err != nil || len(again) != 0 {
			t.Errorf("%s: cleared twice: %+v, %v", who, again, err)
		}
		if opened := burst(t, daemon, p, time.Now().Add(2*time.Second), 12); len(opened) != 2 || opened[0].Mails != 5 {
			t.Errorf("%s: a second burst: %+v", who, opened)
		}
	}
}

func TestClearLeavesOthersAlone(t *testing.T) {
	m := open(t, t.TempDir())
	burst(t, m, yui(), noon, 10)
	burst(t, m, &post{account: "takumi", client: netip.MustParseAddr("172.16.3.21")}, noon, 10)
	for _, who := range []string{"nobody", "", "%", "yui' OR 1=1 --"} {
		if cleared, err := m.Clear(context.Background(), who, "", ""); err != nil || len(cleared) != 0 {
			t.Errorf("%q: %+v, %v", who, cleared, err)
		}
	}
	if _, err := m.Clear(context.Background(), "takumi", "", ""); err != nil {
		t.Fatal(err)
	}
	open := slices.DeleteFunc(incidents(t, m, noon), func(in Incident) bool { return !in.Cleared.IsZero() })
	if len(open) != 2 || open[0].Who == "takumi" || open[1].Who == "172.16.3.21" {
		t.Errorf("%+v", open)
	}
}

func TestSamplesAreBounded(t *testing.T) {
	m, p := open(t, t.TempDir()), yui()
	for i := range maxKept + 50 {
		mail := p.fresh(noon.Add(time.Duration(i) * time.Second))
		if i == 0 {
			mail.Rcpts = slices.Repeat([]string{string(slices.Repeat([]byte("\xff"), 1000))}, 1000)
		}
		send(t, m, mail)
	}
	var rows, bytes int
	if err := m.db.QueryRow(`SELECT count(*), max(length(mail)) FROM outbound_mails`).Scan(&rows, &bytes); err != nil || rows != maxKept || bytes > 2*maxRcpts*maxText*3 {
		t.Errorf("%d rows, %d bytes, %v", rows, bytes, err)
	}
	list := incidents(t, m, noon)
	if in := list[0]; in.Mails != maxKept+50 || len(in.Samples) != maxSamples || in.Samples[0].More != 1000-maxRcpts {
		t.Errorf("%d mails, %d samples", in.Mails, len(in.Samples))
	}
}

// TestSamplesWithoutALoginAreBounded: behind a shared server anybody names the account, so its machine is bounded too.
func TestSamplesWithoutALoginAreBounded(t *testing.T) {
	m := open(t, t.TempDir())
	if _, err := m.db.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO outbound_mails (at, account, client, rcpts, delivered, mail) SELECT ?, 'x' || i, ?, 1, 1, '{}' FROM n`,
		maxKeptOfMachine-2, noon.UnixMilli(), local); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		p := &post{account: fmt.Sprint("y", i)}
		mail := p.fresh(noon.Add(time.Duration(i) * time.Second))
		mail.Account = ""
		send(t, m, mail)
	}
	var rows int
	if err := m.db.QueryRow(`SELECT count(*) FROM outbound_mails`).Scan(&rows); err != nil || rows != maxKeptOfMachine {
		t.Errorf("%d rows, %v", rows, err)
	}
}

func TestExpire(t *testing.T) {
	ctx := context.Background()
	m := open(t, t.TempDir())
	burst(t, m, yui(), noon, 10)
	send(t, m, (&post{account: "takumi", client: netip.MustParseAddr("172.16.3.21")}).fresh(noon))
	if err := m.Backscatter(ctx, "aya@kitanoworks.example", noon); err != nil {
		t.Fatal(err)
	}
	rows := func() (incidents, mails, abuse int) {
		err := m.db.QueryRow(`SELECT (SELECT count(*) FROM outbound_incidents), (SELECT count(*) FROM outbound_mails), (SELECT count(*) FROM outbound_abuse)`).Scan(&incidents, &mails, &abuse)
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, tc := range []struct {
		at                      time.Time
		incidents, mails, abuse int
	}{
		{noon.Add(time.Hour), 2, 11, 1},
		{noon.Add(25 * time.Hour), 2, 10, 1},
		{noon.Add(200 * day), 2, 10, 0}, // open ones stay
	} {
		if err := m.Expire(ctx, tc.at); err != nil {
			t.Fatal(err)
		}
		if i, n, a := rows(); i != tc.incidents || n != tc.mails || a != tc.abuse {
			t.Errorf("%s: %d incidents, %d mails, %d abused", tc.at, i, n, a)
		}
	}
	if _, err := m.Clear(ctx, "yui", "", ""); err != nil {
		t.Fatal(err)
	}
	if err := m.Expire(ctx, time.Now().Add(91*day)); err != nil {
		t.Fatal(err)
	}
	if i, n, _ := rows(); i != 0 || n != 0 {
		t.Errorf("%d incidents and %d mails are left", i, n)
	}
}

func TestAPlainMailAsksNoDatabase(t *testing.T) {
	m, p := open(t, t.TempDir()), yui()
	if err := m.db.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := m.Count(context.Background(), p.plain(noon))
	if err != nil || s.Counts.Mails != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := m.Keep(context.Background(), s, true); err != nil {
		t.Error(err)
	}
}

// TestADeadDatabaseStopsNothing: counts go on, an incident is opened once, and written when the database is there again.
func TestADeadDatabaseStopsNothing(t *testing.T) {
	dir, ctx, p := t.TempDir(), context.Background(), yui()
	m := open(t, dir)
	alive := m.db
	dead := openStore(t, t.TempDir())
	var err error
	if m.db, err = dead.Database(ctx, store.Memory); err != nil {
		t.Fatal(err)
	}
	if err := m.db.Close(); err != nil {
		t.Fatal(err)
	}
	opened := 0
	for i := range 12 {
		s, err := m.Count(ctx, p.fresh(noon.Add(time.Duration(i)*time.Second)))
		if err == nil || s.Counts.Risky != i+1 || (s.Burst != nil) != (i >= 9) || (len(s.Open) == 2) != (i >= 5) {
			t.Fatalf("mail %d: %+v, %v", i, s, err)
		}
		in, err := m.Keep(ctx, s, true)
		if opened += len(in); err == nil {
			t.Error("no error")
		}
	}
	if opened != 2 {
		t.Errorf("opened %d incidents", opened)
	}
	m.db = alive
	if _, again := send(t, m, p.fresh(noon.Add(time.Hour))); len(again) != 0 {
		t.Errorf("opened, and alerted, once more: %+v", again)
	}
	if list := incidents(t, m, noon); len(list) != 2 {
		t.Errorf("%+v", list)
	}
}

func TestADamagedDatabaseIsTriedAgain(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	st := openStore(t, dir)
	path := filepath.Join(dir, "memory.db")
	if err := os.WriteFile(path, slices.Repeat([]byte("no database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := Open(ctx, st, Options{})
	if err == nil || m == nil {
		t.Fatal(m, err)
	}
	p := yui()
	s, err := m.Count(ctx, p.fresh(noon))
	if err == nil || s.Counts.Risky != 1 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	m.tried = time.Time{}
	m.mu.Unlock()
	for range 1000 {
		if s, err = m.Count(ctx, p.fresh(noon)); err == nil {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("not opened again: %+v, %v", s, err)
}

func TestALockedDatabaseCostsNoMoreThanTheTimeout(t *testing.T) {
	dir, ctx, p := t.TempDir(), context.Background(), yui()
	m, err := Open(ctx, openStore(t, dir), Options{Timeout: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	tx, err := open(t, dir).db.BeginTx(ctx, nil) // takes the write lock
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	s := count(t, m, p.fresh(noon)) // readers never wait
	if _, err := m.Keep(ctx, s, true); err == nil {
		t.Error("written in spite of the lock")
	}
}

func TestImpersonated(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	m := open(t, dir)
	for i := range 20 {
		if err := m.Backscatter(ctx, []string{"Aya@kitanoworks.example", "yui@kitanoworks.example"}[i/15], noon.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Backscatter(ctx, "aya@kitanoworks.example", noon.Add(-40*day)); err != nil {
		t.Fatal(err)
	}
	if err := m.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	list, err := open(t, dir).Impersonated(ctx, noon.Add(-100*day))
	if err != nil || fmt.Sprint(list) == "" || len(list) != 2 {
		t.Fatal(list, err)
	}
	if a := list[0]; a.Address != "aya@kitanoworks.example" || a.Mails != 16 || !a.Last.Equal(noon.Add(14*time.Minute)) {
		t.Errorf("%+v", a)
	}
	if got := incidents(t, m, time.Time{}); len(got) != 0 {
		t.Errorf("who is impersonated is not infected: %+v", got)
	}
}

// TestAWaveOfBouncesIsBounded: between two writings no more addresses are kept than one site has.
func TestAWaveOfBouncesIsBounded(t *testing.T) {
	m := New(Options{})
	for i := range maxAbused + 100 {
		if err := m.Backscatter(context.Background(), fmt.Sprintf("a%d@kitanoworks.example", i), noon); err != nil {
			t.Fatal(err)
		}
	}
	if len(m.abuse) != maxAbused {
		t.Errorf("%d addresses", len(m.abuse))
	}
}

func TestBounces(t *testing.T) {
	m, p := New(Options{}), yui()
	for i := range 3 {
		m.Bounced("Yui@kitanoworks.example", noon.Add(time.Duration(i)*time.Second))
	}
	m.Bounced("aya@kitanoworks.example", noon)
	if s := count(t, m, p.plain(noon.Add(time.Minute))); s.Counts.Bounces != 3 {
		t.Errorf("%+v", s.Counts)
	}
	if s := count(t, m, p.plain(noon.Add(time.Hour))); s.Counts.Bounces != 0 {
		t.Errorf("an hour later: %+v", s.Counts)
	}
}
