package metrics

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"sekisho/internal/finding"
	"sekisho/rules"
)

func fresh(t *testing.T) (*Metrics, *prometheus.Registry) {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	return New(r, "1.2.3"), r
}

// sample is one exposed series: its labels as "name=value" and its value.
type sample struct {
	labels []string
	value  float64
}

// gathered returns the samples of sekisho's own families by name; a histogram counts by its number of observations.
func gathered(t *testing.T, r *prometheus.Registry) map[string][]sample {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]sample{}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "sekisho_") {
			continue
		}
		for _, m := range f.Metric {
			s := sample{value: m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())}
			for _, l := range m.Label {
				s.labels = append(s.labels, l.GetName()+"="+l.GetValue())
			}
			out[f.GetName()] = append(out[f.GetName()], s)
		}
	}
	return out
}

func TestNamesPassPromlint(t *testing.T) {
	_, r := fresh(t)
	problems, err := testutil.GatherAndLint(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "sekisho_") { // go_memstats_* are client_golang's
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	// The linter itself must be able to object.
	bad, err := promlint.New(strings.NewReader("# HELP x_total h\n# TYPE x_total gauge\nx_total 1\n")).Lint()
	if err != nil || len(bad) == 0 {
		t.Fatalf("promlint has no objection to a gauge named _total (err %v)", err)
	}
}

func TestEverySeriesExistsAndStartsAtZero(t *testing.T) {
	_, r := fresh(t)
	notZero := map[string]bool{"sekisho_build_info": true, "sekisho_config_last_reload_successful": true}
	got := gathered(t, r)
	for name, samples := range got {
		for _, s := range samples {
			if want := notZero[name]; want != (s.value != 0) {
				t.Errorf("%s%v starts at %v", name, s.labels, s.value)
			}
		}
	}
	counts := map[string]int{
		"sekisho_messages_total":                3 * len(rules.Actions()),
		"sekisho_unenforced_total":              len(rules.Actions()),
		"sekisho_findings_total":                len(finding.Kinds()),
		"sekisho_errors_total":                  9,
		"sekisho_locked_events_total":           5,
		"sekisho_alerts_total":                  2,
		"sekisho_locked_limit_bytes":            1,
		"sekisho_ledger_rows":                   6,
		"sekisho_work_memory_bytes":             1,
		"sekisho_work_memory_limit_bytes":       1,
		"sekisho_work_waiting":                  2,
		"sekisho_work_turns":                    1,
		"sekisho_work_turns_limit":              1,
		"sekisho_hosts":                         5,
		"sekisho_ledger_warm":                   1,
		"sekisho_inspect_cache_lookups_total":   2,
		"sekisho_inspect_cache_limit_bytes":     1,
		"sekisho_ledger_dropped_total":          1,
		"sekisho_sessions_refused_total":        2,
		"sekisho_protocol_errors_total":         2,
		"sekisho_config_reloads_total":          2,
		"sekisho_quarantine_refused_total":      4,
		"sekisho_quarantine_acts_total":         7,
		"sekisho_release_marks_total":           7,
		"sekisho_notices_total":                 2,
		"sekisho_mode":                          3,
		"sekisho_message_duration_seconds":      1,
		"sekisho_quarantine_limit_messages":     1,
		"sekisho_quarantine_min_free_bytes":     1,
		"sekisho_quarantine_oldest_seconds":     1,
		"sekisho_config_last_reload_successful": 1,
		"sekisho_messages_in_work":              1,
		"sekisho_sessions_limit":                1,
		"sekisho_incomplete_total":              1,
	}
	for name, n := range counts {
		if len(got[name]) != n {
			t.Errorf("%s has %d series, want %d", name, len(got[name]), n)
		}
	}
}

func TestProcessSeriesAreThere(t *testing.T) {
	_, r := fresh(t)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	for _, want := range []string{"process_resident_memory_bytes", "process_open_fds", "go_goroutines"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestModeMarksExactlyOne(t *testing.T) {
	for mode, want := range map[string][]string{"tag": {"mode=tag"}, "enforce": {"mode=enforce"}, "bogus": nil} {
		m, r := fresh(t)
		m.SetMode("monitor")
		m.SetMode(mode)
		var got []string
		for _, s := range gathered(t, r)["sekisho_mode"] {
			if s.value == 1 {
				got = append(got, s.labels...)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("SetMode(%q): %s", mode, diff)
		}
	}
}

func TestQuarantineIsReadAtEveryScrape(t *testing.T) {
	m, r := fresh(t)
	var held int64
	m.CollectQuarantine(func() QuarantineStats {
		held++
		return QuarantineStats{Messages: held, MessageLimit: 10, Bytes: 2048, ByteLimit: 1 << 20, Free: 5, MinFree: 3, Waiting: 1,
			Oldest: time.Now().Add(-time.Hour), Acts: map[string]int64{"release": 4, "unknown to us": 9}}
	})
	gathered(t, r)
	got := gathered(t, r)
	for name, want := range map[string]float64{
		"sekisho_quarantine_messages":         2,
		"sekisho_quarantine_limit_messages":   10,
		"sekisho_quarantine_bytes":            2048,
		"sekisho_quarantine_limit_bytes":      1 << 20,
		"sekisho_quarantine_free_bytes":       5,
		"sekisho_quarantine_min_free_bytes":   3,
		"sekisho_quarantine_waiting_messages": 1,
	} {
		if got[name][0].value != want {
			t.Errorf("%s = %v, want %v", name, got[name][0].value, want)
		}
	}
	for _, act := range got["sekisho_quarantine_acts_total"] {
		if want := map[string]float64{"act=release": 4}[act.labels[0]]; act.value != want {
			t.Errorf("%v = %v, want %v", act.labels, act.value, want)
		}
	}
	if age := got["sekisho_quarantine_oldest_seconds"][0].value; age < 3600 {
		t.Errorf("oldest = %v s, want at least an hour", age)
	}
}

func TestTheMemoryIsReadAtEveryScrape(t *testing.T) {
	m, r := fresh(t)
	m.CollectLocked(func() LockedStats { return LockedStats{Files: 3, Bytes: 4096, ByteLimit: 1 << 30} })
	got := gathered(t, r)
	for name, want := range map[string]float64{"sekisho_locked_files": 3, "sekisho_locked_bytes": 4096, "sekisho_locked_limit_bytes": 1 << 30} {
		if got[name][0].value != want {
			t.Errorf("%s = %v, want %v", name, got[name][0].value, want)
		}
	}
	for name, read := range map[string]func() LockedStats{
		"panic": func() LockedStats { panic("index gone") },
		"error": func() LockedStats { return LockedStats{Files: 1, Err: errors.New("index gone")} },
	} {
		m.CollectLocked(read)
		if _, err := r.Gather(); err == nil || !strings.Contains(err.Error(), "index gone") {
			t.Errorf("%s: Gather error = %v, want the text", name, err)
		}
	}
}

func TestMachinesAreCountedByState(t *testing.T) {
	m, r := fresh(t)
	m.CollectHosts(func() HostStats { return HostStats{States: map[string]int64{"infected": 2, "no state": 7}} })
	got := map[string]float64{}
	for _, s := range gathered(t, r)["sekisho_hosts"] {
		got[s.labels[0]] = s.value
	}
	want := map[string]float64{"state=infected": 2, "state=suspected": 0, "state=impersonated": 0, "state=unchecked": 0, "state=clean": 0}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, read := range map[string]func() HostStats{
		"panic": func() HostStats { panic("table gone") },
		"error": func() HostStats {
			return HostStats{States: map[string]int64{"infected": 2}, Err: errors.New("table gone")}
		},
	} {
		m.CollectHosts(read)
		if _, err := r.Gather(); err == nil || !strings.Contains(err.Error(), "table gone") {
			t.Errorf("%s: Gather error = %v, want the text", name, err)
		}
	}
}

func TestOldestIsNeverNegative(t *testing.T) {
	m, r := fresh(t)
	m.CollectQuarantine(func() QuarantineStats { return QuarantineStats{Oldest: time.Now().Add(time.Hour)} })
	if age := gathered(t, r)["sekisho_quarantine_oldest_seconds"][0].value; age != 0 {
		t.Errorf("a message held in the future has age %v, want 0", age)
	}
}

func TestStateThatCannotBeReadIsLeftOut(t *testing.T) {
	for name, read := range map[string]func() QuarantineStats{
		"panic": func() QuarantineStats { panic("index gone") },
		"error": func() QuarantineStats { return QuarantineStats{Messages: 1, Err: errors.New("index gone")} },
	} {
		m, r := fresh(t)
		m.CollectQuarantine(read)
		families, err := r.Gather()
		if err == nil || !strings.Contains(err.Error(), "index gone") {
			t.Errorf("%s: Gather error = %v, want the text", name, err)
		}
		for _, f := range families {
			if f.GetName() == "sekisho_quarantine_messages" {
				t.Errorf("%s: %s is exposed all the same", name, f.GetName())
			}
		}
		if len(families) < 20 {
			t.Errorf("%s: only %d other families are left", name, len(families))
		}
	}
}

func TestRegisteringTwicePanics(t *testing.T) {
	_, r := fresh(t)
	defer func() {
		if recover() == nil {
			t.Error("a second New on the same registry did not panic")
		}
	}()
	New(r, "1.2.3")
}

// TestDocumentsListEverySeries compares the tables of docs/metrics.md and its Japanese twin with what is exposed: name, type and labels.
func TestDocumentsListEverySeries(t *testing.T) {
	_, r := fresh(t)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "sekisho_") {
			var labels []string
			for _, l := range f.Metric[0].Label {
				labels = append(labels, l.GetName())
			}
			want[f.GetName()] = strings.ToLower(f.GetType().String()) + " " + strings.Join(labels, ", ")
		}
	}
	row := regexp.MustCompile("(?m)^\\| `(sekisho_[a-z_]+)` \\| ([a-z]+) \\| ([^|]*) \\| [^|]{8,} \\|$")
	for _, file := range []string{"../../docs/metrics.md", "../../docs/ja/metrics.md"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, m := range row.FindAllStringSubmatch(string(b), -1) {
			got[m[1]] = m[2] + " " + strings.ReplaceAll(strings.TrimSpace(m[3]), "`", "")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-exposed +documented):\n%s", file, diff)
		}
	}
}

// TestDocumentsListEveryLabelValue: every closed list except the kinds, which have a page of their own, stands in both documents.
func TestDocumentsListEveryLabelValue(t *testing.T) {
	lists := [][]string{refusals, protocol, stages, reloads, heldCause, acts, marks, notices, lockedDone, ledgerRows, waits, alerts, modes, hostStates, words(rules.Actions())}
	for _, file := range []string{"../../docs/metrics.md", "../../docs/ja/metrics.md"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range lists {
			if want := "`" + strings.Join(list, "` `") + "`"; !strings.Contains(string(b), want) {
				t.Errorf("%s lacks %s", file, want)
			}
		}
	}
}
