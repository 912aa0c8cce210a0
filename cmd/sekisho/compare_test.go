package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/internal/fixture"
	"sekisho/rules"
)

func TestChangeOf(t *testing.T) {
	v := func(a rules.Action, rule string) rules.Verdict { return rules.Verdict{Action: a, Rule: rule} }
	divided := v(rules.Tag, "a")
	divided.PerRecipient = map[string]rules.Action{"x@example.com": rules.Accept}
	for _, tc := range []struct {
		old, now rules.Verdict
		want     string
	}{
		{v(rules.Tag, "a"), v(rules.Tag, "a"), ""},
		{v(rules.Tag, "a"), v(rules.Tag, "b"), "rule"},
		{v(rules.Accept, ""), v(rules.Tag, "a"), "harder"},
		{v(rules.Quarantine, "a"), v(rules.Reject, "a"), "harder"},
		{v(rules.Tag, "a"), v(rules.Accept, ""), "milder"},
		{v(rules.Tag, "a"), v(rules.Quarantine, "a"), "held"},
		{v(rules.Quarantine, "a"), v(rules.Tag, "a"), "let-through"},
		{v(rules.Tag, "a"), divided, "recipients"},
	} {
		if got := changeOf(tc.old, tc.now); got != tc.want {
			t.Errorf("%v to %v: %q, want %q", tc.old, tc.now, got, tc.want)
		}
	}
}

func mailOf(subject string, parts ...fixture.Mail) string {
	return string(fixture.Message("Sato <sato@example.net>", "mori@example.org", subject, parts...).Bytes())
}

func macroPart() fixture.Mail {
	return fixture.FilePart("a.doc", "application/msword", fixture.DocVBA(autoOpen))
}

func TestCompareAFolder(t *testing.T) {
	dir := keep(t, map[string]string{"1.eml": mailOf("macro", macroPart()), "2.eml": mailOf("plain", fixture.TextPart("hello"))})
	packs := keep(t, map[string]string{
		"same":   "include: default\n",
		"softer": "include: default\nrules:\n  - {name: macro-autoexec, action: tag}\n  - {name: macro-suspicious, action: tag}\n",
		"bad":    "include: nothing\n",
	})
	out, errs, code := sekisho(t, "replay", "--compare", filepath.Join(packs, "same"), dir)
	if code != exitOK || !strings.Contains(out, "2 mails, 0 judged otherwise") {
		t.Errorf("the same pack: exit status %d\n%s%s", code, out, errs)
	}
	out, _, code = sekisho(t, "replay", "--compare", filepath.Join(packs, "softer"), dir)
	if code != exitVerdict || !strings.Contains(out, "1.eml  let through  quarantine (macro-autoexec)  tag (macro-autoexec)  <>") || !strings.Contains(out, "2 mails, 1 judged otherwise\nlet through 1\n") {
		t.Errorf("a softer pack: exit status %d\n%s", code, out)
	}
	out, _, code = sekisho(t, "replay", "--json", "--compare", filepath.Join(packs, "softer"), dir)
	lines := jsonLines(t, out)
	if code != exitVerdict || len(lines) != 2 || lines[0]["change"] != "let-through" || lines[0]["mail"] != "1.eml" || lines[1]["mails"] != 2.0 || lines[1]["changes"].(map[string]any)["let-through"] != 1.0 {
		t.Errorf("exit status %d\n%s", code, out)
	}
	if _, errs, code := sekisho(t, "replay", "--compare", filepath.Join(packs, "bad"), dir); code != exitError || !strings.Contains(errs, "[1:10]") {
		t.Errorf("a pack with a fault: exit status %d: %s", code, errs)
	}
	for _, args := range [][]string{{"replay"}, {"replay", "--history"}, {"replay", "--compare", filepath.Join(packs, "same")}} {
		if _, errs, code := sekisho(t, args...); code != exitError || !strings.Contains(errs, "Name a folder") {
			t.Errorf("%v: exit status %d: %s", args, code, errs)
		}
	}
}

// What the daemon held and recorded can be asked again: held mail by its bytes, other mail by its record, in rotated logs too.
func TestCompareHistory(t *testing.T) {
	d := startDaemon(t, "")
	s := d.session()
	d.send(s, inert(), discarded)
	d.send(s, plainMail(), accepted)
	d.send(s, fixture.Message("Sato <sato@example.net>", "mori@example.org", "locked", fixture.FilePart("a.zip", "application/zip", lockedZIP())), accepted)
	d.end()
	log := filepath.Join(d.dir, "state", "audit.jsonl")
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(b)
	w.Close()
	old := `{"schema":1,"queue_id":"OLD","direction":"in","rcpt_to":[],"sha256":"00","verdict":"quarantine","rule":"archive-locked","findings":[{"kind":"zip.encrypted","severity":"info","path":"2","detail":""}]}` + "\nno record\n" +
		`{"event":"alert"}` + "\n"
	for name, content := range map[string]string{log + ".1.gz": z.String(), log: old, log + ".2.gz": "broken"} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	packs := keep(t, map[string]string{"p": "include: default\nrules:\n  - {name: macro-autoexec, action: tag}\n  - {name: macro-suspicious, action: tag}\n  - {name: archive-locked, action: quarantine}\n"})
	out, errs, code := sekisho(t, "-c", d.config(), "replay", "--json", "--history", "--compare", filepath.Join(packs, "p"))
	if code != exitVerdict {
		t.Fatalf("exit status %d\n%s%s", code, out, errs)
	}
	got := map[string]map[string]any{}
	lines := jsonLines(t, out)
	for _, l := range lines[:len(lines)-1] {
		got[l["source"].(string)+" "+l["change"].(string)] = l
	}
	if l := got["quarantine let-through"]; l == nil || l["reproduced"] != true || l["mail_from"] != "sato@example.net" {
		t.Errorf("the held mail: %v", l)
	}
	if l := got["audit held"]; l == nil || l["subject"] != "locked" || l["reproduced"] != true {
		t.Errorf("the mail that is gone: %v", l)
	}
	last := lines[len(lines)-1]
	if last["mails"] != 4.0 || last["without_facts"] != 1.0 || last["unreproduced"] != 1.0 || last["unread"] != 2.0 {
		t.Errorf("totals %v", last)
	}
	out, _, _ = sekisho(t, "-c", d.config(), "replay", "--history", "--compare", filepath.Join(packs, "p"))
	for _, want := range []string{"4 mails, 2 judged otherwise", "1 recorded verdicts are not", "1 records are of a version that did not record: auth, client_name"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestReadRecordsEndsAtALineTooLong(t *testing.T) {
	dir := keep(t, map[string]string{"a": `{"queue_id":"1"}` + "\n" + strings.Repeat("x", recordMax+1) + "\n"})
	n := 0
	unread, err := readRecords(filepath.Join(dir, "a"), func(*record) error { n++; return nil })
	if err != nil || n != 1 || unread != 1 {
		t.Errorf("%d records, %d unread, %v", n, unread, err)
	}
	if _, err := readRecords(filepath.Join(dir, "a"), func(*record) error { return context.Canceled }); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

func lockedZIP() []byte {
	return fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "a.txt", Data: []byte("hello"), Password: "pass-word"}}}.Bytes()
}
