// Package deploy_test checks what is shipped beside the binary: the Grafana dashboard, the Prometheus alert rules and the systemd unit.
package deploy_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"

	"sekisho/internal/metrics"
)

const (
	dashboardPath = "grafana/sekisho.json"
	rulesPath     = "prometheus/sekisho.rules.yml"
)

// dashboard is what is checked of Grafana's JSON model.
type dashboard struct {
	Inputs        []struct{ Name, Type, PluginID string } `json:"__inputs"`
	UID           string
	Title         string
	ID            *int
	SchemaVersion int
	Panels        []panel
	Templating    struct {
		List []struct {
			Name, Type, Definition string
		}
	}
}

type panel struct {
	ID         int
	Type       string
	Title      string
	Datasource struct{ UID string }
	GridPos    struct{ H, W, X, Y int }
	Targets    []struct {
		Expr       string
		Datasource struct{ UID string }
	}
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	b, err := os.ReadFile(dashboardPath)
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// alert is one rule.
type alert struct {
	Alert, Expr, For    string
	Labels, Annotations map[string]string
}

func readAlerts(t *testing.T) []alert {
	t.Helper()
	b, err := os.ReadFile(rulesPath)
	if err != nil {
		t.Fatal(err)
	}
	var f struct {
		Groups []struct {
			Name  string
			Rules []alert
		}
	}
	if err := yaml.UnmarshalWithOptions(b, &f, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	var all []alert
	for _, g := range f.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// grafanaVariables is what Grafana fills into a query, for everything and a short time.
var grafanaVariables = strings.NewReplacer("$__rate_interval", "1m", "$__range", "1h", "$job", ".*", "$instance", ".*")

// dashboardQueries are the dashboard's queries as Prometheus gets them, those of its variables included.
func dashboardQueries(t *testing.T) []string {
	t.Helper()
	var qs []string
	d := readDashboard(t)
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			qs = append(qs, grafanaVariables.Replace(target.Expr))
		}
	}
	labelValues := regexp.MustCompile(`^label_values\((.*), *(\w+)\)$`)
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		m := labelValues.FindStringSubmatch(v.Definition)
		if m == nil {
			t.Fatalf("variable %s has no label_values: %q", v.Name, v.Definition)
		}
		qs = append(qs, grafanaVariables.Replace("group by ("+m[2]+") ("+m[1]+")"))
	}
	return qs
}

// condition is the comparison at the end of an alert's expression; before it stands the figure.
var condition = regexp.MustCompile(`(?s)^(.*\S)\s*[<>]\s*[0-9.]+$`)

// alertFigures are the alerts' expressions without their comparison, by the alert's name.
func alertFigures(t *testing.T) map[string]string {
	t.Helper()
	figures := map[string]string{}
	for _, a := range readAlerts(t) {
		m := condition.FindStringSubmatch(a.Expr)
		if m == nil {
			t.Fatalf("%s is not a figure, a comparison and a number: %s", a.Alert, a.Expr)
		}
		figures[a.Alert] = m[1]
	}
	return figures
}

// japanese reports whether a text has Japanese in it.
func japanese(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) })
}

// TestQueriesUseSeriesThatExist: every series named in a query is one that sekisho exposes.
func TestQueriesUseSeriesThatExist(t *testing.T) {
	r := prometheus.NewRegistry()
	metrics.New(r, "test")
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	known := []string{"up"}
	for _, f := range families {
		known = append(known, f.GetName(), f.GetName()+"_bucket", f.GetName()+"_sum", f.GetName()+"_count")
	}
	series := regexp.MustCompile(`\b(sekisho|process|go)_[a-z_]+\b`)
	queries := dashboardQueries(t)
	for _, q := range alertFigures(t) {
		queries = append(queries, q)
	}
	seen := 0
	for _, q := range queries {
		for _, name := range series.FindAllString(q, -1) {
			seen++
			if !slices.Contains(known, name) {
				t.Errorf("%s is no series of sekisho: %s", name, q)
			}
		}
	}
	if seen < 60 {
		t.Errorf("only %d series found in %d queries: the pattern is wrong", seen, len(queries))
	}
}

// TestEverySeriesIsShown: what is worth a series is worth a place on the dashboard.
func TestEverySeriesIsShown(t *testing.T) {
	r := prometheus.NewRegistry()
	metrics.New(r, "test")
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(dashboardQueries(t), "\n")
	notShown := []string{"sekisho_config_reloads_total"} // its outcome is: sekisho_config_last_reload_successful
	for _, f := range families {
		name := f.GetName()
		if strings.HasPrefix(name, "sekisho_") && !strings.Contains(all, name) && !slices.Contains(notShown, name) {
			t.Errorf("%s is on no panel", name)
		}
	}
}

func TestDashboardCanBeImportedAnywhere(t *testing.T) {
	d := readDashboard(t)
	if len(d.Inputs) != 1 || d.Inputs[0].Name != "DS_PROMETHEUS" || d.Inputs[0].Type != "datasource" || d.Inputs[0].PluginID != "prometheus" {
		t.Errorf("__inputs: %+v", d.Inputs)
	}
	if d.UID == "" || d.ID != nil || d.SchemaVersion < 39 {
		t.Errorf("uid %q, id %v, schemaVersion %d", d.UID, d.ID, d.SchemaVersion)
	}
	var variables []string
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
	}
	if !slices.Equal(variables, []string{"datasource", "job", "instance"}) {
		t.Errorf("variables %v", variables)
	}
	for _, p := range d.Panels {
		if p.Type == "row" {
			continue
		}
		if p.Datasource.UID != "${datasource}" {
			t.Errorf("panel %q has the fixed data source %q", p.Title, p.Datasource.UID)
		}
		for _, target := range p.Targets {
			if target.Datasource.UID != "${datasource}" {
				t.Errorf("a query of %q has the fixed data source %q", p.Title, target.Datasource.UID)
			}
			if !strings.Contains(target.Expr, `job=~"$job",instance=~"$instance"`) {
				t.Errorf("a query of %q does not follow the variables: %s", p.Title, target.Expr)
			}
		}
	}
}

func TestDashboardIsLaidOut(t *testing.T) {
	var rows []string
	ids := map[int]bool{}
	taken := map[[2]int]string{}
	for _, p := range readDashboard(t).Panels {
		if ids[p.ID] {
			t.Errorf("panel id %d is used twice", p.ID)
		}
		ids[p.ID] = true
		if !japanese(p.Title) && p.Title != "CPU" {
			t.Errorf("panel %q has no Japanese title", p.Title)
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("panel %q lies over %q or outside", p.Title, other)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			rows = append(rows, strings.Fields(p.Title)[0])
		} else if len(p.Targets) == 0 {
			t.Errorf("panel %q has no query", p.Title)
		}
	}
	if want := []string{"Throughput", "Verdicts", "Latency", "Errors", "Quarantine", "Conversations", "Process"}; !slices.Equal(rows, want) {
		t.Errorf("rows %v, want %v", rows, want)
	}
}

func TestAlertsAreComplete(t *testing.T) {
	tests, err := os.ReadFile("prometheus/tests.yml")
	if err != nil {
		t.Fatal(err)
	}
	long, err := os.ReadFile("prometheus/tests-days.yml")
	if err != nil {
		t.Fatal(err)
	}
	severities := []string{"critical", "warning", "info"}
	names := map[string]bool{}
	for _, a := range readAlerts(t) {
		if names[a.Alert] || !strings.HasPrefix(a.Alert, "Sekisho") {
			t.Errorf("%s: a name used twice, or not ours", a.Alert)
		}
		names[a.Alert] = true
		if !slices.Contains(severities, a.Labels["severity"]) {
			t.Errorf("%s: severity %q", a.Alert, a.Labels["severity"])
		}
		for _, key := range []string{"summary", "description"} {
			en, ja, ok := strings.Cut(a.Annotations[key], " / ")
			if !ok || en == "" || japanese(en) || !japanese(ja) {
				t.Errorf("%s: %s is not English / Japanese: %q", a.Alert, key, a.Annotations[key])
			}
		}
		if !strings.Contains(a.Annotations["summary"], "{{ $labels.instance }}") {
			t.Errorf("%s: the summary does not name the instance", a.Alert)
		}
		if want := `ALERTS{alertname="` + a.Alert + `",alertstate="firing",severity="` + a.Labels["severity"]; !strings.Contains(string(tests)+string(long), want) {
			t.Errorf("%s: no promtool test sees it fire", a.Alert)
		}
	}
	if len(names) < 12 {
		t.Errorf("only %d alerts", len(names))
	}
}

func TestAlertFiguresAreTaken(t *testing.T) {
	got := alertFigures(t)
	for name, want := range map[string]string{
		"SekishoDown":         `up{job=~".*sekisho.*"}`,
		"SekishoReloadFailed": `sekisho_config_last_reload_successful`,
		"SekishoDiskLow":      `sekisho_quarantine_free_bytes / sekisho_quarantine_min_free_bytes`,
	} {
		if got[name] != want {
			t.Errorf("%s: figure %q, want %q", name, got[name], want)
		}
	}
}
