package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sekisho/bench/load"
)

func TestTheTableComparesWithinOnePlaceOnly(t *testing.T) {
	c := func(way, filter string, perSec, cpu float64) cell {
		return cell{Filter: filter, Way: way, Workload: "text", Concurrency: 4, CPU: cpu, Stats: load.Stats{PerSec: perSec}}
	}
	var out strings.Builder
	err := table(&out, []cell{c("milter", "null", 1000, 1), c("milter", "sekisho", 500, 2), c("milter", "slow", 100, 8), c("postfix", "sekisho", 90, 2)})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{ // of null, sekisho/it, CPU, CPU sekisho/it
		{"milter", "null", "1.00", "0.50", "1.000", "2.00"},
		{"milter", "sekisho", "0.50", "1.00", "2.000", "1.00"},
		{"milter", "slow", "0.10", "5.00", "8.000", "0.25"},
		{"postfix", "sekisho", "1.00", "2.000", "1.00"},
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")[1:]
	for i, line := range lines {
		f := strings.Fields(line)
		got := append([]string{f[0], f[3]}, f[5:len(f)-6]...)
		if strings.Join(got, " ") != strings.Join(want[i], " ") {
			t.Errorf("%q, want %q", got, want[i])
		}
	}
}

func TestNotesSayWhatOlefileIs(t *testing.T) {
	corpus := filepath.Join(t.TempDir(), "files")
	record := `{"has_vba":true,"t_olevba":0.030,"t_mraptor":0.010}
{"has_vba":true,"t_olevba":0.010,"t_mraptor":0.010}
{"has_vba":true,"encrypted":true,"t_olevba":9,"t_mraptor":9}
{"has_vba":false,"t_olevba":9,"t_mraptor":9}
`
	if err := os.WriteFile(filepath.Join(filepath.Dir(corpus), "files.jsonl"), []byte(record), 0o644); err != nil {
		t.Fatal(err)
	}
	var with, without strings.Builder
	if err := errors.Join(notes(&with, options{corpus: corpus}, []cell{{Filter: "olefile"}}), notes(&without, options{}, []cell{{Filter: "null"}})); err != nil {
		t.Fatal(err)
	}
	if s := with.String(); !strings.Contains(s, "at most this") || !strings.Contains(s, "30.0 ms a file for 2 files") {
		t.Errorf("%q", s)
	}
	if s := without.String(); strings.Contains(s, "olevba") {
		t.Errorf("%q", s)
	}
}

func TestAFilterIsStartedByItsNameOnly(t *testing.T) {
	if _, err := start(t.Context(), "nonsense", t.TempDir(), options{}); err == nil {
		t.Error("a filter of no known name started")
	}
	if _, err := start(t.Context(), "olevba", t.TempDir(), options{olevba: t.TempDir()}); err == nil {
		t.Error("olevba started without oletools")
	}
}
