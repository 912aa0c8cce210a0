package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"
)

type endure struct {
	For  time.Duration `default:"3m" help:"How long the load lasts."`
	Kill time.Duration `help:"Time between two kill -9; a ninth of the time, a minute at most." placeholder:"DURATION"`
	JSON bool          `help:"One JSON object at the end."`
}

const (
	workers      = 8 // connections at full load
	insideOnes   = 2 // of those, for our own mail
	slowPeers    = 2
	deadPeers    = 2
	tableEvery   = 10 * time.Second
	drainedAfter = 3 * time.Minute // for what is deferred at the end
)

// summary is what came of it. The promises are Books, Verdicts, Grown and Panics.
type summary struct {
	Seconds  float64  `json:"seconds"`
	PerSec   float64  `json:"messages_per_second"`
	P50, P99 float64  `json:"-"`
	Lives    int      `json:"lives"`
	Failed   int      `json:"failed_starts"`
	Faults   []string `json:"faults"`
	Notices  int64    `json:"notices"`
	Events   counts   `json:"events"`
	Books    books    `json:"accounts"`
	Verdicts verdicts `json:"verdicts"`
	Panics   float64  `json:"panics"`
	Orphans  int      `json:"orphans"` // processes left of a daemon that ended
	Grown    []grown  `json:"flat"`
	Most     mostOf   `json:"most"`
	Broken   []string `json:"broken"`
}

type mostOf struct {
	RSS        float64 `json:"rss_mb"`
	Descr      float64 `json:"descriptors"`
	Goroutines float64 `json:"goroutines"`
	Spool      float64 `json:"spool_files"`
}

// Run keeps the daemon under load and faults, lets the MTA's queue run dry, and closes the books.
func (c *endure) Run(ctx context.Context) (err error) {
	s, err := newStage(ctx, shortDeadlines)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	t := &trial{stage: s, mta: newMTA(s.socket())}
	if t.daemon, t.failed, err = s.start(ctx); err != nil {
		return errors.Join(err, s.tail())
	}
	sum, err := c.run(ctx, t)
	if err != nil {
		return errors.Join(err, s.tail())
	}
	if err := c.print(sum); err != nil {
		return err
	}
	if len(sum.Broken) > 0 {
		return errors.Join(errBroken, s.tail())
	}
	return nil
}

func (c *endure) run(ctx context.Context, t *trial) (sum summary, err error) {
	begun := time.Now()
	samples, err := c.load(ctx, t)
	if err != nil {
		return sum, err
	}
	sum.Seconds = time.Since(begun).Seconds()
	if sum.Panics, err = t.metric("sekisho_errors_total{stage=\"panic\"}"); err != nil {
		return sum, err
	}
	sum.Notices = t.sink.notices.Load()
	verified, err := t.verify(ctx)
	if err != nil {
		return sum, err
	}
	last := t.daemon
	if err := last.stop(); err != nil {
		return sum, fmt.Errorf("soak: stopping: %w", err)
	}
	var kept rulings
	if sum.Books, kept, err = t.books(ctx); err != nil {
		return sum, err
	}
	sum.Books.Verified = verified
	if sum.Verdicts, err = t.compareVerdicts(ctx, kept); err != nil {
		return sum, err
	}
	t.finish(&sum, samples)
	return sum, nil
}

// load runs everything at once until the time is over, and the MTA until it has nothing left.
func (c *endure) load(ctx context.Context, t *trial) (samples []sample, err error) {
	mtaCtx, stopMTA := context.WithCancel(ctx)
	defer stopMTA()
	mta := t.startMTA(mtaCtx)
	watchCtx, stopWatch := context.WithCancel(ctx)
	var watched sync.WaitGroup
	watched.Go(func() { samples = t.watch(watchCtx) })
	watched.Go(func() { t.table(watchCtx) })
	defer func() { stopWatch(); watched.Wait() }()

	g, gctx := errgroup.WithContext(ctx)
	faultCtx, stopFaults := context.WithTimeout(gctx, c.For)
	defer stopFaults()
	g.Go(func() error { t.plague(faultCtx); return nil })
	g.Go(func() error { return t.kills(faultCtx, c.Kill, c.For) })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	t.mta.finish()
	select {
	case <-mta:
	case <-time.After(drainedAfter):
	}
	return samples, ctx.Err()
}

// kills ends lives for two thirds of the time; the last third is one life, so that what grows slowly has time to.
func (t *trial) kills(ctx context.Context, every, whole time.Duration) error {
	if every == 0 {
		every = min(time.Minute, whole/9)
	}
	killCtx, stop := context.WithTimeout(ctx, whole*2/3)
	defer stop()
	if err := t.reap(killCtx, every); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case <-t.daemon.done:
		return fmt.Errorf("soak: the daemon ended by itself: %v", t.daemon.err)
	}
}

// startMTA starts the senders; what it gives is closed when all are done.
func (t *trial) startMTA(ctx context.Context) <-chan struct{} {
	var wg sync.WaitGroup
	for i := range workers {
		s := outside
		if i < insideOnes {
			s = inside
		}
		wg.Go(func() { t.mta.work(ctx, s) })
	}
	for range slowPeers {
		wg.Go(func() { t.mta.slowPeer(ctx) })
	}
	for range deadPeers {
		wg.Go(func() { t.mta.deadPeer(ctx) })
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	return done
}

// finish says what was not kept.
func (t *trial) finish(sum *summary, samples []sample) {
	sum.PerSec = float64(sum.Books.Delivered+sum.Books.Held) / sum.Seconds
	sum.Lives, sum.Failed, sum.Events = t.life+1, t.failed, t.mta.count
	for _, o := range t.done {
		sum.Faults = append(sum.Faults, o.Name)
	}
	for _, s := range samples {
		m := &sum.Most
		m.RSS, m.Descr, m.Goroutines, m.Spool = max(m.RSS, s.rss), max(m.Descr, s.descr), max(m.Goroutines, s.goroutines), max(m.Spool, s.spool)
	}
	sum.Grown = flat(samples)
	sum.Orphans = len(t.processes())
	sum.Broken = append(sum.Broken, t.trouble...)
	say := func(bad bool, what string) {
		if bad {
			sum.Broken = append(sum.Broken, what)
		}
	}
	say(!sum.Books.kept(), "accounts do not agree")
	say(sum.Verdicts.Different > 0, "verdicts differ from replay's")
	say(sum.Panics > 0, "panics")
	say(sum.Most.RSS > goMemory+programMemory, "memory is above its limit")
	say(sum.Orphans > 0, "processes are left")
	say(sum.Events.DeadLate > 0, "dead peers are kept")
	say(len(samples) < 3 || slices.ContainsFunc(sum.Grown, func(g grown) bool { return g.Bad }), "something grows")
}

func (c *endure) print(sum summary) error {
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(sum)
	}
	fmt.Printf("\n%.0f s, %.0f messages a second, %d lives (%d starts failed), %d notices\n", sum.Seconds, sum.PerSec, sum.Lives, sum.Failed, sum.Notices)
	fmt.Printf("events    %+v\n", sum.Events)
	fmt.Printf("accounts  %+v\n", sum.Books)
	fmt.Printf("verdicts  %+v\n", sum.Verdicts)
	fmt.Printf("most      %+v\n", sum.Most)
	fmt.Printf("faults    %s\n", tally(sum.Faults))
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "median of thirds\twithin\tfirst\tlast\t")
	for _, g := range sum.Grown {
		fmt.Fprintf(w, "%s\t%s\t%.0f\t%.0f\t%s\n", g.What, g.Within, g.First, g.Last, map[bool]string{true: "GROWS"}[g.Bad])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(sum.Broken) > 0 {
		fmt.Println("BROKEN:   " + strings.Join(sum.Broken, ", "))
	}
	return nil
}

// tally counts equal words.
func tally(words []string) string {
	n := map[string]int{}
	var order []string
	for _, w := range words {
		if n[w]++; n[w] == 1 {
			order = append(order, w)
		}
	}
	for i, w := range order {
		order[i] = fmt.Sprintf("%s %d×", w, n[w])
	}
	return strings.Join(order, ", ")
}

// table prints a line every tableEvery.
func (t *trial) table(ctx context.Context) {
	const row = "%8s %5v %8v %8v %7v %7v %7s %7s %7s %6s %5v %5v %5v  %s\n"
	var w io.Writer = os.Stderr
	fmt.Fprintf(w, row, "time", "life", "sent", "deliv", "held", "queue", "msg/s", "p50 ms", "p99 ms", "MB", "fd", "gor", "spool", "fault")
	begun, before := time.Now(), 0
	for pause(ctx, tableEvery) {
		m := t.mta.look()
		t.mu.Lock()
		s, life, now := t.last, t.life, t.now
		t.mu.Unlock()
		rate := float64(m.delivered+m.held-before) / tableEvery.Seconds()
		before = m.delivered + m.held
		fmt.Fprintf(w, row, time.Since(begun).Round(time.Second), life, m.sent, m.delivered, m.held, m.queue, fmt.Sprintf("%.0f", rate),
			ms(m.took, .5), ms(m.took, .99), fmt.Sprintf("%.0f", s.rss), s.descr, s.goroutines, s.spool, now)
	}
}

func ms(sorted []time.Duration, q float64) string {
	if len(sorted) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", quantile(sorted, q))
}

// quantile is in milliseconds.
func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[int(q*float64(len(sorted)-1))].Microseconds()) / 1000
}

// tail shows the end of the daemon's log.
func (s *stage) tail() error {
	const most = 4000
	b, err := os.ReadFile(s.log.Name())
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "the daemon's last words:\n%s\n", b[max(0, len(b)-most):])
	return nil
}
