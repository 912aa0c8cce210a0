package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mode runs sekisho mode beside the daemon.
func (d *daemonTest) mode(args ...string) string {
	d.t.Helper()
	var out, errs bytes.Buffer
	if code := run(context.Background(), append([]string{"-c", d.config(), "--lang", "en", "mode"}, args...), streams{&out, &errs}); code != exitOK {
		d.t.Fatalf("mode %v: exit status %d: %s", args, code, errs.String())
	}
	return out.String()
}

func TestModeIsFollowedWithoutARestart(t *testing.T) {
	d := startDaemon(t, "")
	s := d.session()
	d.send(s, inert(), discarded)
	if got := d.mode(); got != "enforce, as the configuration says\n" {
		t.Errorf("got %q", got)
	}
	d.mode("monitor", "--reason", "a wave of\x1b[2J false alarms", "--as", "mori")
	d.await("monitor", func() bool { return d.metric(`sekisho_mode{mode="monitor"} 1`) })
	d.send(s, inert(), accepted)
	got := d.mode()
	if !strings.HasPrefix(got, "monitor, ordered by mori at ") || !strings.Contains(got, "the configuration says enforce") || !strings.Contains(got, `why: a wave of\u{1b}[2J false alarms`) {
		t.Errorf("got %q", got)
	}
	d.configure("mode: tag\n")
	d.hup("ok", 1) // the order outlives a reload
	d.send(s, inert(), accepted)
	if !d.metric(`sekisho_mode{mode="monitor"} 1`) {
		t.Error("a reload took the order back")
	}
	if got := d.mode("default"); got != "tag, as the configuration says\n" {
		t.Errorf("got %q", got)
	}
	d.await("tag", func() bool {
		return d.metric(`sekisho_mode{mode="tag"} 1`) && d.metric(`sekisho_mode{mode="monitor"} 0`)
	})
	d.mode("default") // twice is no error
	d.end()
	if log := d.log.String(); !strings.Contains(log, `mode changed old=enforce new=monitor source=command who=mori`) {
		t.Error("the log does not name who ordered the mode")
	}
}

func TestModeIsKeptAcrossARestart(t *testing.T) {
	d := startDaemon(t, "")
	d.mode("tag")
	d.await("tag", func() bool { return d.metric(`sekisho_mode{mode="tag"} 1`) })
	var o modeOrder
	if err := json.Unmarshal([]byte(d.mode("--json")), &o); err != nil || o.Source != fromCommand || o.Configured != "enforce" || o.Mode.String() != "tag" || o.Since == nil {
		t.Errorf("got %+v, %v", o, err)
	}
	d.end()
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	go func() { d.result <- run(ctx, []string{"-c", d.config(), "serve"}, streams{io.Discard, d.log}) }()
	d.await("ready", func() bool { return d.metric(`sekisho_mode{mode="tag"} 1`) })
	d.end()
}

func TestDamagedModeFileChangesNothing(t *testing.T) {
	d := startDaemon(t, "")
	s := d.session()
	d.mode("monitor")
	d.await("monitor", func() bool { return d.metric(`sekisho_mode{mode="monitor"} 1`) })
	file := filepath.Join(d.dir, "state", modeFile)
	for _, content := range []string{"{", `{"mode":"off"}`, strings.Repeat(" ", 2*modeFileMax) + `{"mode":"tag"}`} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		told := strings.Count(d.log.String(), "the mode stays")
		d.await("told", func() bool { return strings.Count(d.log.String(), "the mode stays") > told })
		d.send(s, inert(), accepted)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	d.await("enforce", func() bool { return d.metric(`sekisho_mode{mode="enforce"} 1`) })
	d.end()
}

func TestModeOfNoState(t *testing.T) {
	var errs bytes.Buffer
	missing := filepath.Join(t.TempDir(), "none")
	if code := run(context.Background(), []string{"--state", missing, "mode", "tag"}, streams{io.Discard, &errs}); code != exitError {
		t.Errorf("exit status %d", code)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("the state folder was made")
	}
	if code := run(context.Background(), []string{"mode", "soft"}, streams{io.Discard, &errs}); code != exitError {
		t.Errorf("an unknown mode: exit status %d", code)
	}
}

// onePack is a pack that does one thing with macros from outside.
func onePack(action string) string {
	return `rules:
  - name: ours
    when: has("vba.present") && direction == "in"
    action: ` + action + `
    title: {en: T, ja: 題}
    advice: {en: A, ja: 助}
    tests:
      - {match: true, facts: {findings: [vba.present]}}
      - {match: false, facts: {}}
`
}

func TestChangedPackIsFollowed(t *testing.T) {
	dir := t.TempDir()
	root, part := filepath.Join(dir, "pack.yaml"), filepath.Join(dir, "part.yaml")
	write := func(file, content string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write(root, "include: part.yaml\n")
	write(part, onePack("quarantine"))
	d := startDaemon(t, "rules: {pack: "+root+"}\n")
	s := d.session()
	d.send(s, inert(), discarded)
	reloads := func(result, n string) func() bool {
		return func() bool { return d.metric(`sekisho_config_reloads_total{result="` + result + `"} ` + n) }
	}

	write(part, onePack("tag"))
	d.await("followed", reloads("ok", "1"))
	d.send(s, inert(), accepted)

	write(part, strings.Replace(onePack("quarantine"), "has(", "moon(", 1))
	d.await("refused", reloads("error", "1"))
	d.send(s, inert(), accepted)
	write(part, strings.Replace(onePack("quarantine"), "match: false", "match: true", 1))
	d.await("refused for its tests", reloads("error", "2"))
	d.send(s, inert(), accepted)
	if err := os.Remove(part); err != nil {
		t.Fatal(err)
	}
	d.await("refused for a file that is missing", reloads("error", "3"))
	d.send(s, inert(), accepted)

	write(part, onePack("quarantine"))
	d.await("mended", reloads("ok", "2"))
	d.send(s, inert(), discarded)
	d.end()
	log := d.log.String()
	for _, want := range []string{part + `: [3:15] rule \"ours\": undeclared reference to 'moon'`, `rule \"ours\", test 2: match is false`, "part.yaml: open", `pack=` + root + ` rules=1 policies=0`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %s", want)
		}
	}
}

func TestWatchWaitsUntilAFileRests(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p")
	write := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("1")
	w := packWatch{done: map[string]fileStamp{file: stampOf(file)}}
	for range 2 {
		if w.changed() {
			t.Error("changed, and nobody touched it")
		}
	}
	write("22")
	if w.changed() {
		t.Error("taken while it may still be written")
	}
	write("333")
	if w.changed() {
		t.Error("taken while it is being written")
	}
	if !w.changed() {
		t.Error("not noticed once it rests")
	}
}

func TestReloadRefusesAPackThatFailsItsTests(t *testing.T) {
	d := startDaemon(t, "")
	file := filepath.Join(d.dir, "pack.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(onePack("reject"), "match: false", "match: true", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	d.configure("rules: {pack: " + file + "}\n")
	d.hup("error", 1)
	d.send(d.session(), inert(), discarded)
	d.end()
}
