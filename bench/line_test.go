package bench

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sekisho/internal/audit"
	"sekisho/internal/budget"
	"sekisho/internal/filter"
	"sekisho/internal/fixture"
	"sekisho/internal/inspect"
	"sekisho/internal/ledger"
	"sekisho/internal/lists"
	"sekisho/internal/message"
	"sekisho/internal/metrics"
	"sekisho/internal/miltertest"
	"sekisho/internal/outbound"
	"sekisho/internal/quarantine"
	"sekisho/internal/sender"
	"sekisho/internal/store"
	"sekisho/internal/trace"
	"sekisho/milter"
	"sekisho/rules"
)

// BenchmarkLine sends mails that all differ in Message-ID and writer through all that a daemon has: memory of locked files and of conversations, outbound,
// entries by hand, trace, audit, metrics, quarantine, all on disk. cpu-us/op is that of the whole process, driver included: what the null milter of
// BenchmarkMilter takes is to be taken off.
func BenchmarkLine(b *testing.B) {
	for _, c := range []int{1, 4, 16} {
		for _, name := range []string{"text5K", "macro-held"} {
			b.Run(fmt.Sprintf("%s/%d/sekisho", name, c), func(b *testing.B) { loadVaried(b, listen(b, serveAll(b)), workloads()[name], c) })
			b.Run(fmt.Sprintf("%s/%d/null", name, c), func(b *testing.B) { loadVaried(b, listen(b, miltertest.Null), workloads()[name], c) })
		}
	}
}

// loadVaried is load with another Message-ID and one of a thousand writers for each mail.
func loadVaried(b *testing.B, l net.Listener, mail fixture.Mail, concurrency int) {
	m := miltertest.FromBytes("sato@example.net", []string{"mori@example.org"}, mail.Bytes())
	m.Header = slices.DeleteFunc(m.Header, func(h miltertest.Header) bool { return h.Name == "Message-ID" || h.Name == "From" })
	var n atomic.Int64
	vary := func() miltertest.Mail {
		i, v := n.Add(1), m
		v.From = fmt.Sprintf("sato%d@firm%d.example", i%1000, i%1000/3)
		v.Header = append(slices.Clone(m.Header), miltertest.Header{Name: "Message-ID", Value: fmt.Sprintf(" <%d.%d@firm.example>", i, b.N)},
			miltertest.Header{Name: "From", Value: " Sato <" + v.From + ">"})
		return v
	}
	b.SetBytes(int64(len(mail.Bytes())))
	b.ReportAllocs()
	b.ResetTimer()
	begun := cpu(b)
	if err := miltertest.LoadEach("unix", l.Addr().String(), miltertest.Postfix(), concurrency, b.N, vary); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64((cpu(b)-begun).Microseconds())/float64(b.N), "cpu-us/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

// serveAll makes the line as the daemon wires it, with everything on.
func serveAll(b *testing.B) func(net.Listener) {
	b.Helper()
	ctx := context.Background()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	st, err := store.Open(ctx, b.TempDir())
	must(err)
	m := metrics.New(prometheus.NewRegistry(), "bench")
	q, err := quarantine.Open(ctx, st, quarantine.Options{MinFree: -1, MaxBytes: -1, MaxMessages: -1, SourceShare: -1})
	must(err)
	locked, err := ledger.Open(st, ledger.Options{})
	must(err)
	talks, err := ledger.OpenConversations(ctx, st, ledger.ConversationOptions{
		Neighbours: sender.Neighbours, Asked: func(d time.Duration) { m.LedgerLookup.Observe(d.Seconds()) },
		Dropped: func(n int) { m.LedgerDropped.Add(float64(n)) }, Share: 1,
	})
	must(err)
	sent, err := outbound.Open(ctx, st, outbound.Options{})
	must(err)
	db, err := st.Database(ctx, store.Memory)
	must(err)
	book, err := lists.OpenBook(ctx, db)
	must(err)
	tr, err := trace.Open(ctx, st, trace.Options{})
	must(err)
	tr.Start()
	log, err := audit.Open(st.Path("audit.jsonl"))
	must(err)
	spool := st.Path(quarantine.SpoolFolder)
	const memory = 1 << 20 // as the configuration has it
	walk := message.Limits{SpoolDir: spool, Memory: memory, Budget: budget.New(budget.Options{})}
	scanner, err := inspect.New(inspect.Options{SpoolDir: spool, Walk: walk, Memory: memory, Journal: st.Path("journal")})
	must(err)
	site := message.Site{LocalDomains: []string{"example.org"}}
	talks.SetLocal(site.Local)
	f := filter.New(filter.Options{
		Scanner: scanner, Walk: walk, Mode: rules.ModeEnforce, Site: site, Ledger: locked, Conversations: talks, Outbound: sent, Book: book,
	})
	logger, err := audit.NewLogger(nowhere{}, "info", "text")
	must(err)
	srv := milter.New(milter.Options{Holder: q, Audit: log, Trace: tr, Metrics: m, Log: logger}, &milter.Policy{Filter: milter.Line(f), Mode: rules.ModeEnforce, Site: site})
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		must(srv.Shutdown(ctx))
		must(tr.Close(ctx))
		must(talks.Close())
		must(scanner.Close())
		must(log.Close())
		must(st.Close())
	})
	return func(l net.Listener) { _ = srv.Serve(l) }
}

// nowhere is a log that costs what formatting costs.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
