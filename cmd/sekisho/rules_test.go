package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/internal/fixture"
)

// sekisho runs a command and returns what it printed and its exit status.
func sekisho(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), append([]string{"--lang", "en"}, args...), streams{&o, &e})
	return o.String(), e.String(), code
}

// keep writes files into a new folder.
func keep(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func jsonLines(t *testing.T, s string) (objects []map[string]any) {
	t.Helper()
	for line := range strings.Lines(s) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		objects = append(objects, o)
	}
	return objects
}

func TestRulesList(t *testing.T) {
	dir := keep(t, map[string]string{"p": "include: default\nrules:\n  - {name: macro-present, monitor: true}\npolicies:\n  - {name: lab, recipients: ['@lab.example'], actions: {dde: tag}}\n"})
	out, _, code := sekisho(t, "rules", "list", filepath.Join(dir, "p"))
	if code != exitOK || !strings.Contains(out, "macro-present ") || !strings.Contains(out, "tag (monitor)") || !strings.Contains(out, "lab") {
		t.Errorf("exit status %d\n%s", code, out)
	}
	out, _, _ = sekisho(t, "rules", "list", "--json", filepath.Join(dir, "p"))
	for _, o := range jsonLines(t, out) {
		if o["rule"] == "dde" && (o["policies"].([]any)[0] != "lab" || o["file"] != "default" || o["line"].(float64) == 0 || o["kinds"].([]any)[0] != "office.dde") {
			t.Errorf("got %v", o)
		}
	}
}

func TestRulesCheck(t *testing.T) {
	good := onePack("quarantine")
	dir := keep(t, map[string]string{
		"warned":  good,
		"bad":     strings.Replace(good, "has(", "moon(", 1),
		"failing": strings.Replace(good, "match: false", "match: true", 1),
	})
	for _, tc := range []struct {
		pack string
		code int
		want string
	}{
		{"warned", exitVerdict, "warning: mail from outside that could not be inspected passes"},
		{"bad", exitError, ":3:15 ours: error: undeclared reference to 'moon'"},
		{"failing", exitError, `rule "ours", test 2: match is false`},
		{"none", exitError, "no such file"},
	} {
		t.Run(tc.pack, func(t *testing.T) {
			out, errs, code := sekisho(t, "rules", "check", filepath.Join(dir, tc.pack))
			if code != tc.code || !strings.Contains(out+errs, tc.want) {
				t.Errorf("exit status %d, want %d:\n%s%s", code, tc.code, out, errs)
			}
		})
	}
	if out, _, code := sekisho(t, "rules", "check", "default"); code != exitOK || !strings.Contains(out, "default is good: ") {
		t.Errorf("the built-in pack: exit status %d: %s", code, out)
	}
	out, _, _ := sekisho(t, "rules", "check", "--json", filepath.Join(dir, "bad"))
	if o := jsonLines(t, out)[0]; o["level"] != "error" || o["line"] != 3.0 || o["column"] != 15.0 || o["rule"] != "ours" {
		t.Errorf("got %v", o)
	}
}

// mailPack is onePack with tests by mails.
func mailPack(first, whole string) string {
	return strings.Replace(onePack("quarantine"), "    tests:\n", "    tests:\n      - {match: "+first+", mail: macro.eml}\n", 1) +
		"tests:\n  - {mail: macro.eml, action: " + whole + ", rule: ours}\n"
}

func TestRulesTestRunsMails(t *testing.T) {
	macro := string(fixture.Message("Sato <sato@example.net>", "mori@example.org", "invoice", fixture.FilePart("a.doc", "application/msword", fixture.DocVBA(autoOpen))).Bytes())
	dir := keep(t, map[string]string{"macro.eml": macro, "good": mailPack("true", "quarantine"), "bad": mailPack("false", "tag"), "gone": strings.ReplaceAll(mailPack("true", "tag"), "macro.eml", "x.eml")})
	out, _, code := sekisho(t, "rules", "test", filepath.Join(dir, "good"))
	if code != exitOK || !strings.Contains(out, "2 tests by facts, 2 by mails; 0 failures") {
		t.Errorf("exit status %d:\n%s", code, out)
	}
	out, _, code = sekisho(t, "rules", "test", filepath.Join(dir, "bad"))
	for _, want := range []string{`rule "ours", test 1: match is true, the test wants false`, `test 1: the verdict is quarantine by "ours", the test wants tag`, "; 2 failures"} {
		if code != exitVerdict || !strings.Contains(out, want) {
			t.Errorf("exit status %d, no %q in\n%s", code, want, out)
		}
	}
	if out, _, code := sekisho(t, "rules", "test", filepath.Join(dir, "gone")); code != exitVerdict || strings.Count(out, "no such file") != 2 {
		t.Errorf("mails that are gone: exit status %d:\n%s", code, out)
	}
	out, _, _ = sekisho(t, "rules", "test", "--json", filepath.Join(dir, "bad"))
	os := jsonLines(t, out)
	if len(os) != 2 || os[0]["rule"] != "ours" || os[0]["tests"] != 3.0 || os[0]["cost"].(float64) == 0 || len(os[1]["failures"].([]any)) != 1 || os[1]["rule"] != "" {
		t.Errorf("got %v", os)
	}
}

func TestRulesExplainARule(t *testing.T) {
	dir := keep(t, map[string]string{"p": "include: default\nrules:\n  - {name: dde, attack: [T1559.002, T9999]}\n"})
	out, _, code := sekisho(t, "rules", "explain", "--pack", filepath.Join(dir, "p"), "dde")
	for _, want := range []string{"dde: quarantine", `Condition: has("office.dde")`, "Facts: kinds", "ATT&CK: T1559.002 Inter-Process Communication: Dynamic Data Exchange\n",
		"ATT&CK: T9999\n", "p:3", "office.dde\n", "/ 50000"} {
		if code != exitOK || !strings.Contains(out, want) {
			t.Errorf("exit status %d, no %q in\n%s", code, want, out)
		}
	}
	if _, errs, code := sekisho(t, "rules", "explain", "no-such-rule"); code != exitError || !strings.Contains(errs, "neither a rule") {
		t.Errorf("exit status %d: %s", code, errs)
	}
}

func TestRulesExplainAMail(t *testing.T) {
	macro := string(fixture.Message("Sato <sato@example.net>", "mori@example.org", "invoice\x1b[2J", fixture.FilePart("a.doc", "application/msword", fixture.DocVBA(autoOpen))).Bytes())
	dir := keep(t, map[string]string{"m.eml": macro, "m.json": `{"direction":"in","mail_from":"sato@example.net","rcpt_to":["mori@example.org","a@lab.example"],"ts":"2026-11-23T09:00:00Z"}`,
		"p": "include: default\npolicies:\n  - {name: lab, recipients: ['@lab.example'], mode: tag, actions: {macro-autoexec: tag}}\n"})
	out, _, code := sekisho(t, "rules", "explain", "--pack", filepath.Join(dir, "p"), filepath.Join(dir, "m.eml"))
	for _, want := range []string{"m.eml: quarantine (macro-", "matches: macro-autoexec (quarantine; cost ", `+ has("vba.autoexec")`, "vba.autoexec  1!/", "nearly: lure-with-macro", `- has("office.lure")`, "<a@lab.example> ", "(policy: lab)"} {
		if code != exitOK || !strings.Contains(out, want) {
			t.Errorf("exit status %d, no %q in\n%s", code, want, out)
		}
	}
	if strings.ContainsRune(out, '\x1b') {
		t.Error("the mail's escape sequence reached the terminal")
	}
	out, _, _ = sekisho(t, "rules", "explain", "--json", "--pack", filepath.Join(dir, "p"), filepath.Join(dir, "m.eml"))
	o := jsonLines(t, out)[0]
	if o["verdict"] != "quarantine" || o["policies"].(map[string]any)["a@lab.example"] != "lab" || len(o["rules"].([]any)) < 2 {
		t.Errorf("got %v", o)
	}
}
