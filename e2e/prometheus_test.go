package e2e

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"sekisho/internal/mtatest"
)

const (
	alertRules = "../deploy/prometheus/sekisho.rules.yml"
	dashboard  = "../deploy/grafana/sekisho.json"
)

func TestPromtoolAcceptsTheAlertRules(t *testing.T) {
	out, err := mtatest.CheckRules(t.Context(), t.Logf, alertRules)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(out)
}

// A real Prometheus watches a daemon that has seen mail: every query of the dashboard and every series of the alert rules has data.
func TestPrometheusHasDataForEveryQuery(t *testing.T) {
	p := postfix(t)
	d := behindPostfix(t, p, mtatest.DaemonOptions{})
	prom := mtatest.StartPrometheus(t, mtatest.PrometheusOptions{Target: d.Web, Rules: []string{alertRules}})
	for _, subject := range []string{"watched", "[tag] watched", "[quarantine] watched", "[reject] watched"} {
		r, err := mtatest.SendMail(p.Inbound, mailOf(subject), outside...)
		if err != nil {
			t.Fatal(r, err)
		}
	}
	if err := prom.WaitFor(`sum(sekisho_messages_total) == 4`, wait); err != nil {
		t.Fatal(err)
	}
	// A rate needs two samples after the mails.
	if err := prom.WaitFor(`sum(rate(sekisho_messages_total[30s])) > 0`, wait); err != nil {
		t.Fatal(err)
	}
	for _, q := range dashboardQueries(t) {
		s, err := prom.Query(q)
		if err != nil || len(s) == 0 {
			t.Errorf("dashboard: %q: %d series, %v", q, len(s), err)
		}
	}
	checkRules(t, prom)
}

// selector is a series by name and labels. Names of functions and labels do not have our prefix.
var selector = regexp.MustCompile(`\b(?:sekisho_[a-z0-9_]+|up|process_[a-z0-9_]+|go_[a-z0-9_]+)(?:\{[^}]*\})?`)

func checkRules(t *testing.T, prom *mtatest.Prometheus) {
	t.Helper()
	rules, err := prom.Rules()
	if err != nil || len(rules) == 0 {
		t.Fatalf("%d rules, %v", len(rules), err)
	}
	for _, r := range rules {
		if r.Health == "err" || r.State == "firing" {
			t.Errorf("alert %s: health %s, state %s %s", r.Name, r.Health, r.State, r.Error)
		}
		names := selector.FindAllString(r.Query, -1)
		if len(names) == 0 {
			t.Errorf("alert %s: no series in %q", r.Name, r.Query)
		}
		for _, sel := range names {
			if s, err := prom.Query(sel); err != nil || len(s) == 0 {
				t.Errorf("alert %s: %q: %d series, %v", r.Name, sel, len(s), err)
			}
		}
	}
	t.Logf("%d alert rules, %d dashboard queries", len(rules), len(dashboardQueries(t)))
}

// grafana are the variables that Grafana fills in, with what suits a Prometheus that has run for seconds.
var grafana = strings.NewReplacer("$__rate_interval", "30s", "${__rate_interval}", "30s", "$__interval", "5s", "$__range", "30s", "${__range}", "30s")

var variable = regexp.MustCompile(`\$\{?\w+(?::\w+)?\}?`)

// dashboardQueries are the PromQL expressions of all panels, rows' panels included.
func dashboardQueries(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile(dashboard)
	if err != nil {
		t.Fatal(err)
	}
	var top any
	if err := json.Unmarshal(b, &top); err != nil {
		t.Fatal(err)
	}
	var queries []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if expr, ok := v["expr"].(string); ok {
				queries = append(queries, variable.ReplaceAllString(grafana.Replace(expr), ".+"))
			}
			for _, e := range v {
				walk(e)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(top)
	if len(queries) == 0 {
		t.Fatal("the dashboard has no queries")
	}
	return queries
}
