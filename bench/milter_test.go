package bench

import (
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sekisho/internal/audit"
	"sekisho/internal/budget"
	"sekisho/internal/filter"
	"sekisho/internal/fixture"
	"sekisho/internal/inspect"
	"sekisho/internal/message"
	"sekisho/internal/metrics"
	"sekisho/internal/miltertest"
	"sekisho/internal/quarantine"
	"sekisho/internal/store"
	"sekisho/milter"
	"sekisho/rules"
)

// concurrency is what DESIGN's table of peers was measured with.
const concurrency = 4

const macro = "Sub AutoOpen()\n  CreateObject(\"WScript.Shell\").Run \"calc\"\nEnd Sub\n"

// workloads are one mail each: what a filter sees all day, and what it is for.
func workloads() map[string]fixture.Mail {
	mail := func(parts ...fixture.Mail) fixture.Mail {
		return fixture.Message("Sato <sato@example.net>", "mori@example.org", "report", parts...)
	}
	text := fixture.TextPart("Dear Mr Mori,\r\n\r\n" + string(fixture.Base64(fixture.Noise(3500))))
	return map[string]fixture.Mail{
		"text5K":       mail(text),
		"business750K": mail(text, fixture.FilePart("photo.jpg", "image/jpeg", append([]byte("\xff\xd8\xff\xe0"), fixture.Noise(400<<10)...)), fixture.FilePart("report.docx", "application/octet-stream", fixture.DOCX())),
		"base64-10M":   mail(text, fixture.FilePart("film.bin", "application/octet-stream", fixture.Noise(7500<<10))),
		"macro-held":   mail(text, fixture.FilePart("invoice.doc", "application/msword", fixture.DocVBA(macro))),
	}
}

// BenchmarkMilter sends each workload through a null milter and through the whole line: filter, rules, audit, metrics, quarantine on disk.
func BenchmarkMilter(b *testing.B) {
	for name, mail := range workloads() {
		b.Run(name+"/null", func(b *testing.B) { load(b, listen(b, miltertest.Null), mail) })
		b.Run(name+"/sekisho", func(b *testing.B) { load(b, listen(b, serve(b)), mail) })
	}
}

func load(b *testing.B, l net.Listener, mail fixture.Mail) {
	m := miltertest.FromBytes("sato@example.net", []string{"mori@example.org"}, mail.Bytes())
	b.SetBytes(int64(len(mail.Bytes())))
	b.ReportAllocs()
	b.ResetTimer()
	if err := miltertest.Load("unix", l.Addr().String(), miltertest.Postfix(), concurrency, b.N, m); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

func listen(b testing.TB, serve func(net.Listener)) net.Listener {
	b.Helper()
	l, err := net.Listen("unix", filepath.Join(b.TempDir(), "s"))
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); serve(l) }()
	b.Cleanup(func() { l.Close(); <-done })
	return l
}

// serve makes the line as cmd/sekisho wires it.
func serve(b testing.TB) func(net.Listener) { return serveUnder(b, budget.New(budget.Options{})) }

// serveUnder is serve with a budget, nil for none.
func serveUnder(b testing.TB, under *budget.Budget) func(net.Listener) {
	b.Helper()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	st, err := store.Open(context.Background(), b.TempDir())
	must(err)
	q, err := quarantine.Open(context.Background(), st, quarantine.Options{MinFree: -1, MaxBytes: -1, MaxMessages: -1, SourceShare: -1})
	must(err)
	log, err := audit.Open(st.Path("audit.jsonl"))
	must(err)
	spool := st.Path(quarantine.SpoolFolder)
	walk := message.Limits{SpoolDir: spool, Budget: under}
	scanner, err := inspect.New(inspect.Options{SpoolDir: spool, Walk: walk, Journal: st.Path("journal")})
	must(err)
	f := filter.New(filter.Options{Scanner: scanner, Walk: walk, Mode: rules.ModeEnforce})
	srv := milter.New(milter.Options{Holder: q, Audit: log, Metrics: metrics.New(prometheus.NewRegistry(), "bench"), Log: slog.New(slog.DiscardHandler)},
		&milter.Policy{Filter: milter.Line(f), Mode: rules.ModeEnforce})
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		must(srv.Shutdown(ctx))
		must(scanner.Close())
		must(log.Close())
		must(st.Close())
	})
	return func(l net.Listener) { _ = srv.Serve(l) }
}
