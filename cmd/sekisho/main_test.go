package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"sekisho/internal/finding"
	"sekisho/internal/fixture"
	"sekisho/internal/message"
	"sekisho/internal/quarantine"
	"sekisho/internal/store"
	"sekisho/rules"
)

// autoOpen is an inert macro that looks like a downloader's.
const autoOpen = "Sub AutoOpen()\n  CreateObject(\"WScript.Shell\").Run \"calc\"\nEnd Sub\n"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sekisho": main, "fixture": fixtureMain})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "C")
			e.Setenv("LC_ALL", "")
			return nil
		},
	})
}

// fixtureMain is a command of the scripts: fixture KIND FILE.
func fixtureMain() {
	kind, file := os.Args[1], os.Args[2]
	switch kind {
	case "state":
		fill(file, nil)
		return
	case "burst":
		burst(file)
		return
	case "ledger":
		logs(file)
		return
	case "waiting":
		fill(file, func(it *quarantine.Item) { it.Waits = time.Now().Add(time.Hour) })
		return
	case "later":
		fill(file, func(it *quarantine.Item) {
			e := quarantine.Earlier{QueueID: "4FIRST", Time: time.Now(), From: "sato@example.net", Rcpts: []string{"mori@example.org", "abe@example.org"}, File: "\x1b.zip"}
			it.Earlier = []quarantine.Earlier{e, {QueueID: "4SECOND", Rcpts: e.Rcpts[:1], File: "b.zip", Held: true}}
		})
		return
	}
	files := map[string]func() []byte{
		"doc-vba":  func() []byte { return fixture.DocVBA(autoOpen) },
		"doc":      fixture.DocPlain,
		"zip-vba":  func() []byte { return fixture.Zip("in voice!.doc", string(fixture.DocVBA(autoOpen))) },
		"mail-vba": func() []byte { return macroMail().Bytes() },
		"mail": func() []byte {
			return fixture.Message("a@example.net", "b@example.org", "hi", fixture.TextPart("hi")).Bytes()
		},
		"mail-locked": func() []byte {
			z := fixture.ZIP{Entries: []fixture.ZIPEntry{{Name: "a.doc", Data: fixture.DocVBA(autoOpen), Method: 8, Password: "Xk92mQ"}}}
			return fixture.Message("a@example.net", "b@example.org", "quotation", fixture.TextPart("The password follows."),
				fixture.FilePart("a.zip", "application/zip", z.Bytes())).Bytes()
		},
		"mail-word": func() []byte {
			return fixture.Message("a@example.net", "b@example.org", "quotation", fixture.TextPart("Password: Xk92mQ")).Bytes()
		},
		"mbox":      mbox,
		"labels":    func() []byte { return []byte("{\"file\":\"second.eml\"}\n\n{\"file\":\"first.eml\"}\n") },
		"escape":    func() []byte { return []byte("{\"file\":\"../first.eml\"}\n") },
		"badlabels": func() []byte { return []byte("nothing\n") },
	}
	make, ok := files[kind]
	if !ok {
		fmt.Fprintln(os.Stderr, "fixture: no kind", kind)
		os.Exit(2)
	}
	if err := os.WriteFile(file, make(), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, "fixture:", err)
		os.Exit(2)
	}
}

func macroMail() fixture.Mail {
	return fixture.Message("Sato <sato@example.net>", "mori@example.org", "Re: \x1b[31minvoice", fixture.TextPart("see"),
		fixture.FilePart("invoice.doc", "application/msword", fixture.DocVBA(autoOpen)))
}

func mbox() []byte {
	var b bytes.Buffer
	for range 2 {
		b.WriteString("From a@example.net Mon May 11 09:00:00 2026\n")
		b.Write(bytes.ReplaceAll(macroMail().Bytes(), []byte("\r\n"), []byte("\n")))
		b.WriteString("\n")
	}
	return b.Bytes()
}

// fill makes a state folder that holds one message, with hostile words in every field a person will see.
func fill(dir string, change func(*quarantine.Item)) {
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
	raw := message.NewBuffer(st.Path(quarantine.SpoolFolder), 1<<20)
	_, err = raw.Write(macroMail().Bytes())
	must(err)
	path := finding.Path{"2", "Macros/VBA/ThisDocument"}
	it := quarantine.Item{
		Direction: message.In, Source: "198.51.100.0/24", Subject: "Re: \x1b[31minvoice\u202ecod.exe", From: "Sato <sato@example.net>",
		MessageID: "<1@example.net>",
		Envelope: message.Envelope{QueueID: "4A", MailFrom: "sato@example.net", Rcpts: []string{"mori@example.org"},
			ClientIP: netip.MustParseAddr("198.51.100.7")},
		Verdict: rules.Verdict{Action: rules.Quarantine, Rule: "macro-autoexec", Rules: []string{"macro-autoexec"}, Enforced: true,
			Why: []finding.Finding{finding.New(finding.VBAAutoexec, path, "AutoOpen")}},
		Attachments: []quarantine.Attachment{{Path: "2", Name: "invoice\x07.doc", Kind: "doc", SHA256: "00", Size: 3}},
	}
	if change != nil {
		change(&it)
	}
	_, err = q.Put(ctx, it, raw)
	must(err)
	must(st.Close())
}

func TestEveryTextExistsInBothLanguages(t *testing.T) {
	for key, c := range catalogue {
		if c.en == "" || c.ja == "" {
			t.Errorf("%s: en %q, ja %q", key, c.en, c.ja)
		}
		if strings.Count(c.en, "%") != strings.Count(c.ja, "%") {
			t.Errorf("%s: the verbs differ", key)
		}
	}
}

func TestLanguage(t *testing.T) {
	for _, tt := range []struct {
		flag, lcAll, lang, want string
	}{
		{"", "", "", "en"}, {"", "", "ja_JP.UTF-8", "ja"}, {"en", "", "ja_JP.UTF-8", "en"}, {"", "C", "ja_JP.UTF-8", "en"}, {"ja", "C", "", "ja"},
	} {
		env := map[string]string{"LC_ALL": tt.lcAll, "LANG": tt.lang}
		if got := language(tt.flag, func(k string) string { return env[k] }); got != tt.want {
			t.Errorf("%+v: got %s", tt, got)
		}
	}
}

// TestReportHasTheFieldsOfTheSchema guards the names that tools rely on.
func TestReportHasTheFieldsOfTheSchema(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.eml")
	if err := os.WriteFile(file, macroMail().Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"scan", "--json", "--macros", file}, streams{&out, &errs}); code != exitVerdict {
		t.Fatalf("exit status %d: %s", code, errs.String())
	}
	var o map[string]any
	if err := json.Unmarshal(out.Bytes(), &o); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"": {"schema", "file", "kind", "sha256", "size", "verdict", "rule", "rules", "incomplete", "elapsed_ms", "direction",
			"enforced", "per_recipient", "findings", "attachments", "files"},
		"findings":    {"kind", "severity", "path", "detail"},
		"attachments": {"path", "name", "kind", "declared", "sha256", "size"},
		"files": {"path", "kind", "has_vba", "has_xlm", "encrypted", "default_password", "external_template", "dde", "ole_objects", "rtf_objects",
			"onenote_embedded", "lnk_target", "lnk_args"},
	}
	for list, fields := range want {
		obj := o
		if list != "" {
			obj = o[list].([]any)[0].(map[string]any)
		}
		for _, f := range fields {
			if _, ok := obj[f]; !ok {
				t.Errorf("%s: no field %q", list, f)
			}
		}
	}
	if o["schema"] != float64(1) || o["verdict"] != "quarantine" {
		t.Errorf("schema %v, verdict %v", o["schema"], o["verdict"])
	}
	if !strings.Contains(out.String(), `"source":"Attribute VB_Name`) {
		t.Error("--macros gives no source")
	}
}
