package mtatest

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// metricsServer serves one gauge.
func metricsServer(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "# TYPE demo_gauge gauge\ndemo_gauge{kind=\"a\"} 42\n")
	})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		srv.Serve(l) //nolint:errcheck // the error of Close
	}()
	t.Cleanup(func() { srv.Close(); <-done })
	return l.Addr().String()
}

func ruleFile(t *testing.T, expr string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "rules.yml")
	text := "groups:\n- name: g\n  rules:\n  - alert: Demo\n    expr: '" + expr + "'\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestPrometheus(t *testing.T) {
	p := StartPrometheus(t, PrometheusOptions{Target: metricsServer(t), Rules: []string{ruleFile(t, "demo_gauge > 1")}})
	got, err := p.Query("demo_gauge")
	if err != nil || len(got) != 1 || got[0].Value != 42 || got[0].Labels["kind"] != "a" {
		t.Errorf("query: %v %v", got, err)
	}
	if got, err := p.Query("1 + 1"); err != nil || len(got) != 1 || got[0].Value != 2 {
		t.Errorf("scalar: %v %v", got, err)
	}
	if _, err := p.Query("demo_gauge{"); err == nil {
		t.Error("a broken query gave no error")
	}
	if err := p.WaitFor(`ALERTS{alertname="Demo", alertstate="firing"}`, wait); err != nil {
		t.Error(err)
	}
	rules, err := p.Rules()
	if err != nil || len(rules) != 1 || rules[0].Name != "Demo" || rules[0].Health != "ok" || rules[0].State != "firing" {
		t.Errorf("rules: %+v %v", rules, err)
	}
}

func TestCheckRules(t *testing.T) {
	out, err := CheckRules(t.Context(), t.Logf, ruleFile(t, "up == 0"))
	if err != nil || !strings.Contains(out, "1 rules found") {
		t.Errorf("good rules: %v\n%s", err, out)
	}
	if out, err := CheckRules(t.Context(), t.Logf, ruleFile(t, "up ==")); err == nil {
		t.Errorf("bad rules pass:\n%s", out)
	}
}
