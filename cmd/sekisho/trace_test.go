package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"sekisho/internal/config"
	"sekisho/internal/fixture"
	"sekisho/internal/metrics"
	"sekisho/internal/store"
	"sekisho/internal/trace"
)

// sekisho runs a command beside the daemon and gives what it printed.
func (d *daemonTest) sekisho(want int, args ...string) (out, errs string) {
	d.t.Helper()
	var o, e bytes.Buffer
	code := run(d.t.Context(), append([]string{"-c", d.config(), "--lang", "en"}, args...), streams{&o, &e})
	if code != want {
		d.t.Errorf("sekisho %q: exit status %d, want %d: %s%s", args, code, want, o.String(), e.String())
	}
	return o.String(), e.String()
}

// A mail that passed before its file was known is found by the file; so is the one that was held.
func TestTraceFindsWhoReceivedAFile(t *testing.T) {
	d := startDaemon(t, "mode: monitor\n")
	d.send(d.session(), macroMail(), 'a')
	d.configure("mode: enforce\n")
	d.hup("ok", 1)
	s := d.session()
	d.send(s, macroMail(), 'd')
	d.send(s, fixture.Message("sato@example.net", "mori@example.org", "lunch", fixture.TextPart("noon?")), 'a')
	d.await("written", func() bool { return d.metric(`sekisho_trace_records_total{result="written"} 3`) })

	doc := filepath.Join(d.dir, "invoice.doc")
	mail := filepath.Join(d.dir, "m.eml")
	zip := filepath.Join(d.dir, "other.zip") // the same document, packed otherwise
	for path, b := range map[string][]byte{
		doc: fixture.DocVBA(autoOpen), mail: macroMail().Bytes(), zip: fixture.Zip("x.doc", string(fixture.DocVBA(autoOpen))),
	} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{doc, mail, zip} {
		out, _ := d.sekisho(exitOK, "trace", file)
		for _, want := range []string{"2 messages, 2 copies: delivered 1, held 1", "mori@example.org", "invoice.doc", `\u{1b}[31minvoice`} {
			if !strings.Contains(out, want) {
				t.Errorf("trace %s: no %q in\n%s", filepath.Base(file), want, out)
			}
		}
		if strings.Contains(out, "lunch") || strings.Contains(out, "\x1b") {
			t.Errorf("trace %s:\n%q", filepath.Base(file), out)
		}
	}
	out, _ := d.sekisho(exitOK, "trace", "--json", "--subject", "lunch")
	var got traced
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err, out)
	}
	if got.Schema != 1 || len(got.Rcpts) != 1 || got.Rcpts[0].State != fateDelivered || got.From != "sato@example.net" || got.Direction != "in" ||
		got.SHA256 == "" || got.ClientIP != "198.51.100.7" || time.Since(got.Time) > patience {
		t.Errorf("%s", out)
	}
	if out, _ := d.sekisho(exitVerdict, "trace", "--subject", "lunc"); !strings.Contains(out, "No message") {
		t.Errorf("%q", out)
	}
	d.sekisho(exitVerdict, "trace", "--json", "--since", "2030-01-01")
	d.sekisho(exitError, "trace", "--sha256", "abc")
	d.sekisho(exitError, "trace", "--since", "soon")
	d.sekisho(exitError, "trace", filepath.Join(d.dir, "none"))
	if out, errs := d.sekisho(exitOK, "trace", "--limit", "1"); strings.Count(out, "\n") != 2 || !strings.Contains(errs, "--before 3") {
		t.Errorf("%q %q", out, errs)
	}
	if out, _ := d.sekisho(exitOK, "trace", "--before", "3", "--limit", "1"); !strings.Contains(out, "held") || strings.Contains(out, "lunch") {
		t.Errorf("%q", out)
	}
	d.end()
}

// A trace that cannot be opened costs records, which are counted, and no mail.
func TestADamagedTraceCostsRecordsOnly(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "trace.db"), bytes.Repeat([]byte("garbage "), 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var log syncBuffer
	s := &server{cfg: config.Default(), st: st, metrics: metrics.New(prometheus.NewRegistry(), ""), log: slog.New(slog.NewTextHandler(&log, nil))}
	s.openTrace(t.Context())
	defer s.closeTrace()
	if s.tracer == nil || !strings.Contains(log.String(), "trace") {
		t.Fatalf("nothing counts the records; log: %s", log.String())
	}
	s.tracer.Add(trace.Record{})
	if n := testutil.ToFloat64(s.metrics.Trace.WithLabelValues("dropped")); n != 1 {
		t.Errorf("%v dropped", n)
	}
}

// With hashed addresses the questions stay, and no answer names anybody.
func TestTraceWithHashedAddresses(t *testing.T) {
	d := startDaemon(t, "mode: monitor\nledger: {hash_addresses: true}\n")
	d.send(d.session(), macroMail(), 'a')
	d.await("written", func() bool { return d.metric(`sekisho_trace_records_total{result="written"} 1`) })
	for _, args := range [][]string{{"--sender", "sato@example.net"}, {"--recipient", "example.org"}, {"--address", "mori@example.org"}} {
		out, _ := d.sekisho(exitOK, append([]string{"trace", "--json"}, args...)...)
		if strings.Contains(out, "sato@") || strings.Contains(out, "mori") || !strings.Contains(out, `"hidden":true`) {
			t.Errorf("%q: %s", args, out)
		}
	}
	d.sekisho(exitVerdict, "trace", "--sender", "mori@example.org")
	if out, errs := d.sekisho(exitError, "trace", "--doveadm", "--name", "invoice.doc"); out != "" || errs == "" {
		t.Errorf("%q %q", out, errs)
	}
	d.end()
}
