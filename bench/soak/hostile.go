package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"sekisho/internal/fixture"
	"sekisho/internal/miltertest"
)

type hostile struct {
	For   time.Duration `default:"1m" help:"How long hostile and ordinary mail are sent together; each hostile one is sent once at least."`
	At    int           `default:"32" help:"Hostile mails at once."`
	Only  string        `help:"Send only hostile mails with this in their name." placeholder:"TEXT"`
	Alone bool          `help:"Before that, send each hostile mail by itself and say what it costs."`
	JSON  bool          `help:"One JSON object at the end."`
}

const (
	ordinaryOnes = 4               // connections of ordinary mail
	ordinaryP99  = time.Second     // its tail, beside anything
	calmFor      = 5 * time.Second // ordinary mail alone, to compare
	hostileWait  = 5 * time.Minute // far above any deadline, so that an answer that never comes is seen as that
	hostileLate  = 10 * time.Second
)

// trap is a hostile mail and what became of it.
type trap struct {
	Name    string         `json:"name"`
	Size    int            `json:"bytes"`
	Alone   float64        `json:"alone_s,omitempty"`
	CPU     float64        `json:"alone_cpu_s,omitempty"`
	RSS     float64        `json:"alone_mb,omitempty"`
	Most    float64        `json:"most_s"` // beside all others
	Answers map[string]int `json:"answers"`

	mail miltertest.Mail
}

// report is what came of it.
type report struct {
	Hostile  int      `json:"hostile"` // answers
	Ordinary int      `json:"ordinary"`
	CalmP50  float64  `json:"calm_p50_ms"`
	CalmP99  float64  `json:"calm_p99_ms"`
	P50      float64  `json:"p50_ms"` // of ordinary mail beside hostile
	P99      float64  `json:"p99_ms"`
	Max      float64  `json:"max_ms"`
	Kinds    []tail   `json:"kinds"`
	RSS      float64  `json:"rss_mb"` // the most of the daemon and its workers together
	Own      float64  `json:"daemon_rss_mb"`
	Workers  int      `json:"workers"`
	Limit    float64  `json:"daemon_limit_mb"`
	Crashes  int64    `json:"crash_journal_bytes"`
	Traps    []*trap  `json:"traps"`
	Broken   []string `json:"broken"`
}

// tail is how long one kind of ordinary mail took.
type tail struct {
	Kind  string  `json:"kind"`
	Mails int     `json:"mails"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

// Run sends everything hostile at once, ordinary mail beside it, and looks at both.
func (c *hostile) Run(ctx context.Context) (err error) {
	traps, err := c.traps(ctx)
	if err != nil {
		return err
	}
	s, err := newStage(ctx, defaultDeadlines)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.configure("inspect: {cache: 0}"); err != nil { // each is looked at each time
		return err
	}
	t := &trial{stage: s, mta: newMTA(s.socket())}
	if t.daemon, _, err = s.start(ctx); err != nil {
		return errors.Join(err, s.tail())
	}
	defer func() { err = errors.Join(err, t.daemon.stop()) }()
	r := &report{Limit: goMemory + programMemory, Traps: traps}
	if err := c.load(ctx, t, r); err != nil {
		return errors.Join(err, s.tail())
	}
	c.judge(t, r)
	if err := c.print(r); err != nil {
		return err
	}
	if len(r.Broken) > 0 {
		return errors.Join(errBroken, s.tail())
	}
	return nil
}

// traps builds the mails, two at a time: some take seconds.
func (c *hostile) traps(ctx context.Context) ([]*trap, error) {
	files := map[string]func() []byte{}
	for _, m := range []map[string]func() []byte{fixture.PaddedFiles(), fixture.Bombs(), fixture.Traps()} {
		maps.Copy(files, m)
	}
	kept, err := crashers(ctx)
	if err != nil {
		return nil, err
	}
	for name, data := range kept {
		files[name] = func() []byte { return data }
	}
	var list []*trap
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.Contains(name, c.Only) {
			list = append(list, &trap{Name: name, Answers: map[string]int{}})
		}
	}
	each(2, list, func(tr *trap) {
		data := files[tr.Name]()
		tr.mail, tr.Size = wrapped(tr.Name, data), len(data)
	})
	return list, ctx.Err()
}

// wrapped is a mail that is the file, or carries it.
func wrapped(name string, data []byte) miltertest.Mail {
	if filepath.Ext(name) == ".eml" {
		return miltertest.FromBytes("thief@stolen.example", []string{"clerk1@us.example"}, data)
	}
	m := fixture.Message("Thief <thief@stolen.example>", "clerk1@us.example", name, fixture.TextPart("see there\r\n"), fixture.FilePart(name, "application/octet-stream", data))
	return miltertest.FromBytes("thief@stolen.example", []string{"clerk1@us.example"}, m.Bytes())
}

// each does f for all, n at once.
func each[T any](n int, list []T, f func(T)) {
	next := make(chan T)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for v := range next {
				f(v)
			}
		})
	}
	for _, v := range list {
		next <- v
	}
	close(next)
	wg.Wait()
}

func (c *hostile) load(ctx context.Context, t *trial, r *report) error {
	if c.Alone {
		for _, tr := range r.Traps {
			if err := t.alone(ctx, tr); err != nil {
				return err
			}
		}
	}
	ordinaryCtx, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	wg.Go(func() { t.weigh(ordinaryCtx, r) })
	for range ordinaryOnes {
		wg.Go(func() { t.mta.work(ordinaryCtx, outside) })
	}
	pause(ctx, calmFor)
	calm := t.mta.look()
	r.CalmP50, r.CalmP99 = quantile(calm.took, .5), quantile(calm.took, .99)
	t.mta.clear()
	c.send(ctx, t, r)
	s := t.mta.look()
	r.Ordinary, r.P50, r.P99, r.Max = len(s.took), quantile(s.took, .5), quantile(s.took, .99), quantile(s.took, 1)
	stop()
	wg.Wait()
	r.Kinds = t.mta.tails()
	select {
	case <-t.daemon.done:
		return fmt.Errorf("soak: the daemon ended: %w", t.daemon.err)
	default:
		return ctx.Err()
	}
}

// tails are of all kinds, by name. Nobody sends any more.
func (m *mta) tails() (list []tail) {
	for _, k := range slices.Sorted(maps.Keys(m.byKind)) {
		d := m.byKind[k]
		slices.Sort(d)
		list = append(list, tail{k, len(d), quantile(d, .5), quantile(d, .99), quantile(d, 1)})
	}
	return list
}

// send has hostile mails in work all the time, by turns, each sent once at least.
func (c *hostile) send(ctx context.Context, t *trial, r *report) {
	var mu sync.Mutex
	end, sent := time.Now().Add(c.For), 0
	next := func() *trap {
		mu.Lock()
		defer mu.Unlock()
		if ctx.Err() != nil || sent >= len(r.Traps) && time.Now().After(end) {
			return nil
		}
		sent++
		return r.Traps[(sent-1)%len(r.Traps)]
	}
	var wg sync.WaitGroup
	for range c.At {
		wg.Go(func() {
			for tr := next(); tr != nil; tr = next() {
				begun := time.Now()
				word := t.hostileWord(tr.mail)
				mu.Lock()
				tr.Most = max(tr.Most, time.Since(begun).Seconds())
				tr.Answers[word]++
				r.Hostile++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

// hostileWord sends a mail over a connection of its own and gives the answer's word.
func (t *trial) hostileWord(m miltertest.Mail) string {
	s, err := dial(t.socket(), nil)
	if err != nil {
		return "no connection"
	}
	defer s.Drop()
	s.Timeout = hostileWait
	if err := hello(s, clients[outside]); err != nil {
		return "no connection"
	}
	o, err := s.Send(m)
	switch {
	case err != nil:
		return "no answer"
	case o.Code == 'd':
		return "quarantine"
	case o.Code == 'y' || o.Code == 't':
		return "tempfail"
	}
	return cmp.Or(verdict(o), strconv.QuoteRune(rune(o.Code)))
}

// alone sends a hostile mail by itself and notes what it costs the daemon; what its workers cost stands only in the time.
func (t *trial) alone(ctx context.Context, tr *trap) error {
	before, err := t.metric("process_cpu_seconds_total")
	if err != nil {
		return err
	}
	begun := time.Now()
	word := t.hostileWord(tr.mail)
	tr.Alone = time.Since(begun).Seconds()
	tr.Answers["alone: "+word]++
	after, err := t.metric("process_cpu_seconds_total")
	if err != nil {
		return err
	}
	tr.CPU = after - before
	tr.RSS, err = rss(t.daemon.pid)
	return errors.Join(err, ctx.Err())
}

// weigh notes the most that the daemon and its workers have in memory.
func (t *trial) weigh(ctx context.Context, r *report) {
	for pause(ctx, 100*time.Millisecond) {
		own, all, n := t.memory(t.daemon)
		r.Own, r.RSS, r.Workers = max(r.Own, own), max(r.RSS, all), max(r.Workers, n)
	}
}

// judge says what was not kept.
func (c *hostile) judge(t *trial, r *report) {
	if fi, err := os.Stat(filepath.Join(t.state(), "journal")); err == nil {
		r.Crashes = fi.Size()
	}
	say := func(bad bool, what string) {
		if bad {
			r.Broken = append(r.Broken, what)
		}
	}
	say(r.P99 > float64(ordinaryP99.Milliseconds()), fmt.Sprintf("ordinary mail waits: p99 %.0f ms", r.P99))
	say(r.Own > r.Limit, fmt.Sprintf("the daemon takes %.0f MB of %.0f", r.Own, r.Limit))
	say(r.RSS > r.Limit+float64(r.Workers*workerMemory), fmt.Sprintf("the daemon and %d workers take %.0f MB", r.Workers, r.RSS))
	say(r.Crashes > 0, "the crash journal has entries")
	for _, tr := range r.Traps {
		say(tr.Most > (defaultDeadlines.message+defaultDeadlines.hold+hostileLate).Seconds(), tr.Name+" was answered too late")
		say(tr.Answers["no answer"]+tr.Answers["no connection"] > 0, tr.Name+" was not answered")
	}
}

func (c *hostile) print(r *report) error {
	slices.SortFunc(r.Traps, func(a, b *trap) int { return cmp.Compare(b.Most, a.Most) })
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(r)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "hostile\tKB\talone s\tcpu s\tMB after\tmost s\tanswers")
	for _, tr := range r.Traps {
		fmt.Fprintf(w, "%s\t%d\t%.2f\t%.2f\t%.0f\t%.2f\t%v\n", tr.Name, tr.Size>>10, tr.Alone, tr.CPU, tr.RSS, tr.Most, tr.Answers)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Printf("\nhostile   %d answers at concurrency %d\n", r.Hostile, c.At)
	fmt.Printf("ordinary  %d mails, p50 %.1f ms, p99 %.1f ms, most %.1f ms; alone p50 %.1f ms, p99 %.1f ms\n", r.Ordinary, r.P50, r.P99, r.Max, r.CalmP50, r.CalmP99)
	for _, k := range r.Kinds {
		fmt.Printf("          %-12s %6d mails, p50 %.1f ms, p99 %.1f ms, most %.1f ms\n", k.Kind, k.Mails, k.P50, k.P99, k.Max)
	}
	fmt.Printf("memory    %.0f MB with %d workers at most, the daemon itself %.0f MB\n", r.RSS, r.Workers, r.Own)
	for _, b := range r.Broken {
		fmt.Println("BROKEN:   " + b)
	}
	return nil
}
