package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sekisho/internal/quarantine"
	"sekisho/internal/store"
	"sekisho/internal/trace"
)

// shellWords are the arguments that a command gets which sh(1) runs by that line, and whether it ran nothing else.
func shellWords(t *testing.T, line string) []string {
	t.Helper()
	script := "PATH=; doveadm() { printf '%s\\0' \"$@\"; }\n" + line + "\n"
	out, err := exec.Command("/bin/sh", "-e", "-u", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("sh refuses %q: %v %s", line, err, out)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// FuzzDoveadm: whatever a mail calls itself, the command removes from one mailbox the mails whose Message-ID is that whole text, or is not printed.
func FuzzDoveadm(f *testing.F) {
	for _, s := range [][2]string{
		{"mori@example.org", "<a@example.net>"}, {"mori@example.org", "<'; touch x; '@example.net>"}, {"o'brien@example.org", "<$(id)`id`\\\"@x>"},
		{"*@example.org", "<a@b>"}, {"-A@example.org", "<a@b>"}, {"mori@example.org", ""}, {"mori@example.org", "@"}, {"mori@example.org", "<a@b"},
		{"mori@example.org", "<a\n@b>"}, {"mori@example.org", "<!!@b>"}, {"a b@example.org", "<a@b>"}, {"\x00@b", "<\x00>"}, {"é@example.org", "<é@b>"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, rcpt, id string) {
		c := mailCopy{rcpt: rcpt, id: id, since: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
		if c.unsafe(true) != "" {
			return
		}
		want := []string{"expunge", "-u", rcpt, "mailbox", "*", "SAVEDSINCE", "2026-11-22", "HEADER", "Message-ID", id}
		if got := shellWords(t, c.doveadm()); !slices.Equal(got, want) {
			t.Errorf("sh reads %q as %q", c.doveadm(), got)
		}
		// The search is one for a part of the field.
		if len(id) < 3 || id[0] != '<' || id[len(id)-1] != '>' || strings.ContainsAny(id[1:len(id)-1], "<> \t\r\n") || strings.ContainsAny(rcpt, "*?") {
			t.Errorf("%q of %q may name other mails", id, rcpt)
		}
	})
}

// traceState makes a state folder whose trace has these records, and whose quarantine has had the items.
func traceState(t *testing.T, records ...trace.Record) (dir string) {
	t.Helper()
	dir = t.TempDir()
	st, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	tr, err := trace.Open(t.Context(), st, trace.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tr.Start()
	for _, r := range records {
		tr.Add(r)
	}
	if err := tr.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	return dir
}

func sekishoIn(t *testing.T, dir string, want int, args ...string) (out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code := run(t.Context(), append([]string{"--state", dir, "--lang", "en"}, args...), streams{&o, &e})
	if code != want {
		t.Errorf("sekisho %q: exit status %d, want %d: %s%s", args, code, want, o.String(), e.String())
	}
	return o.String(), e.String()
}

var badSum = strings.Repeat("ab", 32)

// bad is a mail with the file in question.
func bad(id string, rcpts ...trace.Rcpt) trace.Record {
	return trace.Record{
		Time: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), Direction: "in", Done: "accept", Verdict: "accept", MailFrom: "a@example.net",
		MessageID: id, Rcpts: rcpts, Files: []trace.File{{Name: "a.doc", Kind: "doc", SHA256: badSum}},
	}
}

func to(addr, done string) trace.Rcpt { return trace.Rcpt{Address: addr, Done: done} }

func TestCopiesAreThoseThatLieInOurMailboxes(t *testing.T) {
	again := bad("<one@x>", to("Mori@example.org", "accept")) // came twice
	other := bad("<stolen@x>", to("kato@example.org", "accept"))
	other.Files = nil
	out := bad("<sent@x>", to("partner@example.net", "accept"))
	out.Direction = "out"
	dir := traceState(t, other,
		bad("<one@x>", to("mori@example.org", "accept"), to("abe@example.org", "tag"), to("sato@example.org", "quarantine")), again,
		bad("<held@x>", to("mori@example.org", "quarantine")), bad("<late@x>", to("mori@example.org", "tempfail")), out)
	got, errs := sekishoIn(t, dir, exitOK, "trace", "--message-ids", "--sha256", badSum)
	if want := "Mori@example.org\t<one@x>\nabe@example.org\t<one@x>\n"; got != want || errs != "" {
		t.Errorf("got %q, %q", got, errs)
	}
	got, _ = sekishoIn(t, dir, exitOK, "trace", "--doveadm", "--sha256", badSum)
	if want := "doveadm expunge -u 'abe@example.org' mailbox '*' SAVEDSINCE 2026-11-22 HEADER Message-ID '<one@x>'\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got %q", got)
	}
	got, _ = sekishoIn(t, dir, exitOK, "trace", "--sha256", strings.ToUpper(badSum))
	if want := "5 messages, 7 copies: delivered 4, held 2, deferred 1"; !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}

// What an attacker may have chosen so that more goes than his mail is left out, said, and the exit status tells.
func TestCopiesThatCannotBeNamedAreLeftOut(t *testing.T) {
	honest := bad("<honest@x>", to("mori@example.org", "accept"))
	honest.Files = nil
	for name, tc := range map[string]struct {
		r    trace.Record
		says string
	}{
		"no Message-ID":                {bad("", to("mori@example.org", "accept")), "names no single mail"},
		"one that others hold":         {bad("@", to("mori@example.org", "accept")), "names no single mail"},
		"two in one":                   {bad("<a@x> <b@x>", to("mori@example.org", "accept")), "names no single mail"},
		"a control character":          {bad("<a\x1b[2J@x>", to("mori@example.org", "accept")), `\u{1b}`},
		"everybody":                    {bad("<a@x>", to("*@example.org", "accept")), "cannot be named"},
		"that of a mail he has stolen": {bad("<honest@x>", to("mori+tag@example.org", "accept")), "same Message-ID"},
	} {
		dir := traceState(t, honest, tc.r, bad("<good@x>", to("abe@example.org", "accept")))
		for _, form := range []string{"--doveadm", "--message-ids"} {
			out, errs := sekishoIn(t, dir, exitError, "trace", form, "--sha256", badSum)
			if !strings.Contains(out, "<good@x>") || strings.Count(out, "\n") != 1 || !strings.Contains(errs, tc.says) || strings.Contains(errs, "\x1b") {
				t.Errorf("%s %s: %q, %q", name, form, out, errs)
			}
		}
	}
}

// The mailbox that has the other mail may be known by another name, or keep what its owner sent.
func TestAMessageIDThatIsInUseElsewhereIsLeftOut(t *testing.T) {
	alias := bad("<honest@x>", to("info@example.org", "accept"))
	sent := bad("<Honest@x>", to("partner@example.net", "accept"))
	sent.Direction, sent.MailFrom = "out", "mori@example.org"
	released := bad("<honest@x>", to("mori@example.org", "accept"))
	released.Released = "20261123-aaaaaaaa"
	refused := bad("<honest@x>", to("info@example.org", "reject"))
	for name, tc := range map[string]struct {
		other trace.Record
		code  int
	}{"an alias": {alias, exitError}, "a sent mail": {sent, exitError}, "the same, released": {released, exitOK}, "one that was refused": {refused, exitOK}} {
		tc.other.Files = nil
		dir := traceState(t, tc.other, bad("<honest@x>", to("mori@example.org", "accept")))
		out, errs := sekishoIn(t, dir, tc.code, "trace", "--doveadm", "--sha256", badSum)
		if (tc.code == exitOK) != (out != "") {
			t.Errorf("%s: %q, %q", name, out, errs)
		}
	}
}

// Who has to look in the night is not stopped by a feed or a pack that is broken.
func TestTracingAFileNeedsNeitherListsNorRules(t *testing.T) {
	dir := traceState(t, bad("<one@x>", to("mori@example.org", "accept")))
	config := filepath.Join(dir, "sekisho.yaml")
	file := filepath.Join(dir, "a.doc")
	broken := "lists: [{name: feed, file: /nonexistent/feed.json, format: misp}]\nrules: {pack: /nonexistent/pack.yaml}\n"
	if err := errors.Join(os.WriteFile(config, []byte(broken), 0o600), os.WriteFile(file, []byte("hello"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if out, errs := sekishoIn(t, dir, exitVerdict, "-c", config, "trace", file); errs != "" {
		t.Errorf("%q, %q", out, errs)
	}
}

func TestWordsForAShell(t *testing.T) {
	for s, want := range map[string]string{
		"PC-042": "PC-042", "sato@example.co.jp": "sato@example.co.jp", "2001:db8::1": "2001:db8::1", "": "''", "-x": "'-x'", "a;b": "'a;b'", "o'hara@x.example": `'o'\''hara@x.example'`,
		"$(id)@x.example": "'$(id)@x.example'", "営業": "'営業'",
	} {
		if got := shellWord(s); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

func TestFatesFollowTheQuarantine(t *testing.T) {
	r := bad("<a@x>", to("mori@example.org", "quarantine"), to("abe@example.org", "quarantine"))
	f := fates{t: &trace.Trace{}}
	for name, tc := range map[string]struct {
		it   *quarantine.Item
		want []string
	}{
		"held":            {&quarantine.Item{State: quarantine.StateHeld}, []string{fateHeld, fateHeld}},
		"released to one": {&quarantine.Item{State: quarantine.StateHeld, Released: []string{"abe@example.org"}}, []string{fateHeld, fateReleased}},
		"released":        {&quarantine.Item{State: quarantine.StateReleased}, []string{fateReleased, fateReleased}},
		"deleted":         {&quarantine.Item{State: quarantine.StateDeleted}, []string{fateDeleted, fateDeleted}},
		"deleted for one": {&quarantine.Item{State: quarantine.StateDeleted, Released: []string{"mori@example.org"}}, []string{fateReleased, fateDeleted}},
		"expired":         {&quarantine.Item{State: quarantine.StateExpired}, []string{fateExpired, fateExpired}},
		"lost":            {&quarantine.Item{State: quarantine.StateLost}, []string{fateLost, fateLost}},
		"gone altogether": {nil, []string{fateHeld, fateHeld}},
		"waiting":         {&quarantine.Item{State: quarantine.StateHeld, Waits: time.Now().Add(time.Hour)}, []string{fateWaiting, fateWaiting}},
	} {
		var got []string
		for _, rcpt := range r.Rcpts {
			got = append(got, f.held(tc.it, &r, rcpt.Address))
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestMoments(t *testing.T) {
	zone := time.FixedZone("JST", 9*60*60)
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, zone)
	for s, want := range map[string]string{
		"2h": "2026-11-23T10:00:00+09:00", "7d": "2026-11-16T12:00:00+09:00", "2026-11-01": "2026-11-01T00:00:00+09:00",
		"2026-11-01 09:30": "2026-11-01T09:30:00+09:00", "2026-11-01T09:30:05": "2026-11-01T09:30:05+09:00",
		"2026-11-01T00:00:00Z": "2026-11-01T00:00:00Z",
	} {
		got, err := moment("en", s, now, false)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s: %s, %v", s, got.Format(time.RFC3339), err)
		}
	}
	if got, err := moment("en", "2026-11-01", now, true); err != nil || got.Format(time.DateOnly) != "2026-11-02" {
		t.Errorf("a day as an end: %s, %v", got, err)
	}
	for _, s := range []string{"-2h", "yesterday", "2026-13-01", "99999999d", "d"} {
		if got, err := moment("en", s, now, false); err == nil {
			t.Errorf("%s: %s", s, got)
		}
	}
}
