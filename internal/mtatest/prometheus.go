package mtatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// PrometheusOptions says what a Prometheus watches. Interval is also how often rules are evaluated.
type PrometheusOptions struct {
	Target   string               // HOST:PORT that serves /metrics, as job "sekisho"
	Rules    []string             // files of alert rules, copied
	Interval time.Duration        // default 1s
	Logf     func(string, ...any) // progress, such as fetching; default silent
}

// Prometheus is a running Prometheus.
type Prometheus struct {
	Version string
	Addr    string // its HTTP API

	jail *jail
	proc *proc
	out  *os.File
}

// StartPrometheus starts a Prometheus that ends with the test, once it has seen its target up.
func StartPrometheus(tb testing.TB, o PrometheusOptions) *Prometheus {
	tb.Helper()
	if o.Logf == nil {
		o.Logf = tb.Logf
	}
	p, err := RunPrometheus(tb.Context(), o)
	p = must(tb, p, err)
	tb.Logf("real Prometheus %s (Debian's package, unpacked) at %s", p.Version, p.Addr)
	return p
}

// RunPrometheus starts a Prometheus. The caller calls Close.
func RunPrometheus(ctx context.Context, o PrometheusOptions) (*Prometheus, error) {
	if o.Logf == nil {
		o.Logf = func(string, ...any) {}
	}
	if o.Interval == 0 {
		o.Interval = time.Second
	}
	root, err := PrometheusSet.Fetch(ctx, o.Logf)
	if err != nil {
		return nil, err
	}
	p := &Prometheus{}
	if p.jail, err = newJail(filepath.Join(root, "usr")); err != nil {
		return nil, err
	}
	if err := p.start(o); err != nil {
		return nil, errors.Join(fmt.Errorf("mtatest: prometheus: %w\n%s", err, p.log()), p.Close())
	}
	return p, nil
}

const prometheusYml = `global: {scrape_interval: %[1]s, scrape_timeout: %[1]s, evaluation_interval: %[1]s}
rule_files: ["/mta/rules/*"]
scrape_configs: [{job_name: sekisho, static_configs: [{targets: [%[2]q]}]}]
`

func (p *Prometheus) start(o PrometheusOptions) error {
	ports, err := freePorts(1)
	if err != nil {
		return err
	}
	p.Addr = ports[0]
	config := fmt.Sprintf(prometheusYml, o.Interval, o.Target)
	if err := errors.Join(copyFiles(filepath.Join(p.jail.dir, "rules"), o.Rules),
		os.WriteFile(filepath.Join(p.jail.dir, "prometheus.yml"), []byte(config), 0o644)); err != nil {
		return err
	}
	if p.Version, err = p.jail.run(nil, "/usr/bin/prometheus", "--version"); err != nil {
		return err
	}
	p.Version = strings.TrimPrefix(strings.SplitN(p.Version, " (", 2)[0], "prometheus, version ")
	if p.out, err = os.Create(filepath.Join(p.jail.dir, "prometheus.log")); err != nil {
		return err
	}
	cmd := p.jail.cmd("/usr/bin/prometheus", "--config.file=/mta/prometheus.yml", "--storage.tsdb.path=/mta/data", "--web.listen-address="+p.Addr)
	cmd.Stdout, cmd.Stderr = p.out, p.out
	if p.proc, err = startProc(cmd); err != nil {
		return err
	}
	if err := awaitTCP(p.Addr, p.proc.done); err != nil {
		return err
	}
	return p.WaitFor(`up{job="sekisho"} == 1`, startLimit)
}

// copyFiles copies files flat into a new folder, numbered, so that equal names do not meet.
func copyFiles(dir string, files []string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for i, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%02d-%s", i, filepath.Base(f))), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (p *Prometheus) log() string {
	b, err := os.ReadFile(filepath.Join(p.jail.dir, "prometheus.log"))
	if err != nil {
		return ""
	}
	return tail(string(b), 4000)
}

// Close stops it and removes its data.
func (p *Prometheus) Close() error {
	var errs []error
	if p.proc != nil {
		p.proc.stop()
	}
	if p.out != nil {
		errs = append(errs, p.out.Close())
	}
	return errors.Join(append(errs, p.jail.close())...)
}

// Sample is one element of an instant vector.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// Query evaluates a PromQL expression now.
func (p *Prometheus) Query(expr string) ([]Sample, error) {
	var data struct {
		Type   string          `json:"resultType"`
		Result json.RawMessage `json:"result"`
	}
	if err := p.get("/api/v1/query?query="+url.QueryEscape(expr), &data); err != nil {
		return nil, fmt.Errorf("%w (query %q)", err, expr)
	}
	if data.Type == "scalar" {
		v, err := sampleValue(data.Result)
		return []Sample{{Value: v}}, err
	}
	var vector []struct {
		Metric map[string]string `json:"metric"`
		Value  json.RawMessage   `json:"value"`
	}
	if err := json.Unmarshal(data.Result, &vector); err != nil {
		return nil, fmt.Errorf("mtatest: prometheus: %w", err)
	}
	samples := make([]Sample, 0, len(vector))
	for _, e := range vector {
		v, err := sampleValue(e.Value)
		if err != nil {
			return nil, err
		}
		samples = append(samples, Sample{e.Metric, v})
	}
	return samples, nil
}

// sampleValue reads [time, "value"].
func sampleValue(raw json.RawMessage) (float64, error) {
	var pair [2]json.RawMessage
	var text string
	if err := errors.Join(json.Unmarshal(raw, &pair), json.Unmarshal(pair[1], &text)); err != nil {
		return 0, fmt.Errorf("mtatest: prometheus: value %s: %w", raw, err)
	}
	return strconv.ParseFloat(text, 64)
}

// WaitFor waits until the expression has a result.
func (p *Prometheus) WaitFor(expr string, limit time.Duration) error {
	for end := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		s, err := p.Query(expr)
		if err == nil && len(s) > 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("mtatest: prometheus: no result of %q after %v (%w)", expr, limit, err)
		}
	}
}

// Rule is one alert or recording rule as Prometheus runs it.
type Rule struct {
	Name   string `json:"name"`
	Query  string `json:"query"`
	Type   string `json:"type"`   // alerting, recording
	State  string `json:"state"`  // inactive, pending, firing
	Health string `json:"health"` // ok, err, unknown
	Error  string `json:"lastError"`
}

// Rules lists all rules.
func (p *Prometheus) Rules() ([]Rule, error) {
	var data struct {
		Groups []struct {
			Rules []Rule `json:"rules"`
		} `json:"groups"`
	}
	if err := p.get("/api/v1/rules", &data); err != nil {
		return nil, err
	}
	var all []Rule
	for _, g := range data.Groups {
		all = append(all, g.Rules...)
	}
	return all, nil
}

// answerLimit bounds one answer of the API; the tests' vectors are small.
const answerLimit = 16 << 20

func (p *Prometheus) get(path string, into any) error {
	c := http.Client{Timeout: toolLimit}
	resp, err := c.Get("http://" + p.Addr + path)
	if err != nil {
		return fmt.Errorf("mtatest: prometheus: %w", err)
	}
	defer resp.Body.Close()
	var answer struct {
		Status string          `json:"status"`
		Error  string          `json:"error"`
		Data   json.RawMessage `json:"data"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, answerLimit)).Decode(&answer); err != nil {
		return fmt.Errorf("mtatest: prometheus: %s: %w", resp.Status, err)
	}
	if answer.Status != "success" {
		return fmt.Errorf("mtatest: prometheus: %s", answer.Error)
	}
	return json.Unmarshal(answer.Data, into)
}

// CheckRules runs promtool check rules on the files and returns what it says.
func CheckRules(ctx context.Context, logf func(string, ...any), files ...string) (out string, err error) {
	root, err := PrometheusSet.Fetch(ctx, logf)
	if err != nil {
		return "", err
	}
	j, err := newJail(filepath.Join(root, "usr"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, j.close()) }()
	rules := filepath.Join(j.dir, "rules")
	if err := copyFiles(rules, files); err != nil {
		return "", fmt.Errorf("mtatest: %w", err)
	}
	names, err := os.ReadDir(rules)
	if err != nil {
		return "", fmt.Errorf("mtatest: %w", err)
	}
	args := []string{"/usr/bin/promtool", "check", "rules"}
	for _, n := range names {
		args = append(args, "/mta/rules/"+n.Name())
	}
	return j.run(nil, args...)
}
