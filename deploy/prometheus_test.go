package deploy_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sekisho/internal/fixture"
	"sekisho/internal/miltertest"
	"sekisho/internal/mtatest"
)

// wait ends a test that would never end; nothing is timed by it.
const wait = 30 * time.Second

// TestEachAlertFires runs the alerts' own tests: silent while all is well, firing when it is not.
func TestEachAlertFires(t *testing.T) {
	out, err := mtatest.TestRules(t.Context(), t.Logf, "prometheus", "tests.yml", "tests-days.yml")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out, "SUCCESS"); n != 2 {
		t.Errorf("promtool reports %d successes, want 2:\n%s", n, out)
	}
}

// TestPromtoolSeesAFailure: a test file that expects the wrong thing fails, so that success above means something.
func TestPromtoolSeesAFailure(t *testing.T) {
	dir := t.TempDir()
	rules, err := os.ReadFile(rulesPath)
	if err != nil {
		t.Fatal(err)
	}
	wrong := "rule_files: [r.yml]\ntests:\n- interval: 1m\n  input_series: [{series: 'up{job=\"sekisho\"}', values: '0x20'}]\n" +
		"  promql_expr_test: [{expr: 'ALERTS', eval_time: 10m, exp_samples: []}]\n"
	for name, text := range map[string]string{"r.yml": string(rules), "t.yml": wrong} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := mtatest.TestRules(t.Context(), t.Logf, dir, "t.yml"); err == nil {
		t.Errorf("promtool is content:\n%s", out)
	}
}

// TestEveryQueryHasData: a real Prometheus watches a daemon that has seen two mails. Every figure that an alert compares, every panel
// and every variable of the dashboard has data, and no alert fires.
func TestEveryQueryHasData(t *testing.T) {
	socket := filepath.Join(socketDir(t), "s")
	d := mtatest.StartDaemon(t, mtatest.DaemonOptions{Binary: build(t), Listen: "unix:" + socket, Config: "mode: enforce\n"})
	prom := mtatest.StartPrometheus(t, mtatest.PrometheusOptions{Target: d.Web, Rules: []string{rulesPath}})
	send(t, socket, fixture.DOCX())
	send(t, socket, fixture.DocVBA(""))
	if err := prom.WaitFor(`sum(rate(sekisho_messages_total[1m])) > 0`, wait); err != nil {
		t.Fatal(err)
	}
	queries := alertFigures(t)
	for _, q := range dashboardQueries(t) {
		queries["dashboard: "+q] = q
	}
	for name, q := range queries {
		if s, err := prom.Query(q); err != nil || len(s) == 0 {
			t.Errorf("%s: %d samples, %v\n%s", name, len(s), err, q)
		}
	}
	rules, err := prom.Rules()
	if err != nil || len(rules) != len(readAlerts(t)) {
		t.Fatalf("Prometheus has %d rules, the file %d: %v", len(rules), len(readAlerts(t)), err)
	}
	for _, r := range rules {
		if r.State != "inactive" && r.State != "pending" || r.Health == "err" {
			t.Errorf("%s is %s (%s): %s", r.Name, r.State, r.Health, r.Error)
		}
	}
	t.Logf("%d queries have data", len(queries))
}

// socketDir is a short path (unix(7): 108 bytes) that the daemon's user may write to.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dep")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chown(dir, mtatest.NobodyID, mtatest.NobodyID); err != nil {
		t.Fatal(err)
	}
	return dir
}

// build makes the binary where the daemon's user can reach it.
func build(t *testing.T) string {
	t.Helper()
	dir := socketDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "sekisho")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "../cmd/sekisho")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// send sends a mail with one file, as Postfix would.
func send(t *testing.T, socket string, file []byte) {
	t.Helper()
	s, err := miltertest.Dial("unix", socket, miltertest.Postfix())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Connect("client.example.com", '4', 25025, "192.0.2.7"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Helo("client.example.com"); err != nil {
		t.Fatal(err)
	}
	raw := fixture.Message("a@example.com", "b@example.co.jp", "watched", fixture.FilePart("report.doc", "application/msword", file)).Bytes()
	head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	if _, err := s.Send(miltertest.Mail{
		From: "<a@example.com>", Rcpts: []string{"<b@example.co.jp>"}, Header: fields(string(head)), Body: body,
		Macros: map[byte][]string{'N': {"i", "4Xq1"}},
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// fields splits a header into its fields, folding kept.
func fields(head string) []miltertest.Header {
	var all []miltertest.Header
	for _, line := range strings.Split(head, "\r\n") {
		if n := len(all); n > 0 && strings.HasPrefix(line, " ") {
			all[n-1].Value += "\n" + line
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		all = append(all, miltertest.Header{Name: name, Value: value})
	}
	return all
}
